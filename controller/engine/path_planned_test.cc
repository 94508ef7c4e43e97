// What ComputePath says of a class is what a service of that class gets.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <set>

#include "absl/strings/str_cat.h"
#include "controller/compute/test_network.h"
#include "controller/engine/path_answers.h"
#include "controller/plan/plan.h"

namespace waymark {
namespace {

constexpr int64_t kMbit = 1'000'000;
constexpr int64_t kMillisecond = 1'000'000;

struct Ask {
  std::string traffic_class;
  int from = 0, to = 0;
  int64_t cir_bps = 0;
};

// Small networks, nearly full, with classes of every kind.
class World {
 public:
  explicit World(uint32_t seed) : random_(seed) {
    shape_ = RandomNetwork(random_, kNodes, 26);
    std::vector<v1::Link> links(shape_->link_resources().begin(), shape_->link_resources().end());
    for (v1::Link& link : links) link.set_capacity_bps((50 + Pick(100)) * kMbit);
    snapshot_ =
        *Snapshot::Build({shape_->node_resources().begin(), shape_->node_resources().end()}, links,
                         {shape_->srlg_resources().begin(), shape_->srlg_resources().end()});
    for (uint32_t i = 1; i <= 6; ++i) AddClass(i);
    for (int i = 0; i < 14; ++i) AddService(&intents_, Draw());
    for (int round = 0; round < 6; ++round) {
      const Plan plan = MakePlan(Input(intents_));
      placements_ = {plan.placements.begin(), plan.placements.end()};
    }
  }

  int Pick(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }

  Ask Draw() {
    Ask ask;
    ask.traffic_class = "trafficClasses/c" + std::to_string(1 + Pick(6));
    ask.from = Pick(kNodes);
    ask.to = (ask.from + 1 + Pick(kNodes - 1)) % kNodes;
    ask.cir_bps = (1 + Pick(60)) * kMbit;
    return ask;
  }

  std::string Name(int node) const { return snapshot_->nodes()[static_cast<size_t>(node)].name; }

  v1::ComputePathResponse Compute(
      const Ask& ask, const std::function<bool()>& stop = [] { return false; }) const {
    v1::ComputePathRequest request;
    request.set_from(Name(ask.from));
    request.set_to(Name(ask.to));
    request.set_traffic_class(ask.traffic_class);
    request.mutable_constraints()->set_bandwidth_bps(ask.cir_bps);
    const auto owners = OwnersOf(*snapshot_, intents_);
    const PathBooks books = BooksOf(*snapshot_, intents_, owners, placements_);
    const AvailabilityModel model(*snapshot_);
    const PathWorld world = {*snapshot_, intents_, placements_, owners, books, model, none_down_};
    return AnswerComputePath(world, request, stop).value();
  }

  // The policy of a service that asks for the same.
  v1::Policy Planned(const Ask& ask) {
    Intents with = intents_;
    AddService(&with, ask);
    const Plan plan = MakePlan(Input(with));
    const uint32_t color = plan.services.at(newest_)->colors.front();
    return plan.policies.at(PolicyName(Name(ask.from), color, Name(ask.to)))->Message();
  }

  const v1::TrafficClass& ClassOf(const Ask& ask) const {
    return intents_.traffic_classes.at(ask.traffic_class);
  }

 private:
  static constexpr int kNodes = 8;

  PlanInput Input(const Intents& intents) const {
    return {*snapshot_, intents, none_down_, placements_, {}};
  }

  void AddClass(uint32_t i) {
    const std::string name = "trafficClasses/c" + std::to_string(i);
    v1::TrafficClass& made = intents_.traffic_classes[name];
    made.set_name(name);
    made.set_class_index(i);
    made.set_queue(i);
    made.set_treatment(v1::PINNED);
    for (const auto level : {v1::LINK, v1::NODE, v1::SRLG}) {
      if (Pick(3) == 0) made.add_protection(level);
    }
    if (Pick(2) == 0) made.set_protect_bandwidth(v1::SHARED);
    made.set_allow_shared_risks(Pick(4) == 0);
    if (Pick(3) == 0) made.set_oversubscription(1 + Pick(3));
    if (Pick(2) == 0) {
      const uint32_t hold = static_cast<uint32_t>(Pick(8));
      made.set_hold_priority(hold);
      made.set_setup_priority(hold + static_cast<uint32_t>(Pick(static_cast<int>(8 - hold))));
    }
    if (Pick(2) == 0) made.set_max_latency_ns((3 + Pick(15)) * kMillisecond);
    v1::ClassMap& map = intents_.class_maps["customers/c/classMaps/c" + std::to_string(i)];
    map.set_name("customers/c/classMaps/c" + std::to_string(i));
    map.set_default_class(name);
  }

  void AddService(Intents* intents, const Ask& ask) {
    const uint32_t vni = next_vni_++;
    newest_ = "customers/c/services/s" + std::to_string(vni);
    v1::Service& service = intents->services[newest_];
    service.set_name(newest_);
    service.set_type(v1::E_LINE);
    service.set_class_map("customers/c/classMaps/" + ask.traffic_class.substr(15));
    service.set_vni(vni);
    for (const int node : {ask.from, ask.to}) {
      v1::Site& site = intents->sites[absl::StrCat(newest_, node)];
      site.set_name(absl::StrCat(newest_, node));
      site.set_node(Name(node));
      site.set_port("c1");
      v1::ServiceEndpoint* endpoint = service.add_endpoints();
      endpoint->set_site(site.name());
      endpoint->set_vlan(vni);
    }
    v1::ClassRate* rate = service.add_rates();
    rate->set_traffic_class(ask.traffic_class);
    rate->set_cir_bps(ask.cir_bps);
  }

  std::mt19937 random_;
  std::shared_ptr<const Snapshot> shape_, snapshot_;
  Intents intents_;
  std::map<std::string, stored::v1::Placement> placements_;
  const std::set<std::string> none_down_;
  uint32_t next_vni_ = 0x100;
  std::string newest_;
};

std::string Links(const v1::Path& path) {
  std::string text;
  for (const std::string& link : path.links()) text += link + " ";
  return text;
}

TEST(PathPlannedTest, TheAnswerIsWhatAServiceGets) {
  int placed = 0, refused = 0, shared = 0, bounded = 0;
  for (uint32_t seed = 1; seed <= 60; ++seed) {
    World world(seed);
    for (int i = 0; i < 8; ++i) {
      const Ask ask = world.Draw();
      const v1::ComputePathResponse answer = world.Compute(ask);
      const v1::Policy policy = world.Planned(ask);
      SCOPED_TRACE(absl::StrCat(
          "seed ", seed, " question ", i, ": ", world.Name(ask.from), " to ", world.Name(ask.to),
          " ", ask.cir_bps, " ", world.ClassOf(ask).ShortDebugString(), "; answered ",
          answer.status().ShortDebugString(), "; planned ", policy.status().ShortDebugString()));
      ASSERT_EQ(answer.paths_size() > 0, policy.working_size() > 0);
      if (policy.working_size() == 0) {
        ++refused;
        EXPECT_NE(answer.outcome(), v1::FOUND);
        EXPECT_EQ(answer.status().state(), v1::BLOCKED);
        continue;
      }
      ++placed;
      shared += world.ClassOf(ask).protect_bandwidth() == v1::SHARED && policy.has_protect();
      bounded += world.ClassOf(ask).max_latency_ns() > 0;
      EXPECT_EQ(answer.outcome(), v1::FOUND);
      EXPECT_EQ(Links(answer.paths(0)), Links(policy.working(0)));
      ASSERT_EQ(answer.paths_size() > 1, policy.has_protect());
      if (policy.has_protect()) {
        EXPECT_EQ(Links(answer.paths(1)), Links(policy.protect()));
      }
      EXPECT_EQ(answer.promise().availability(), policy.promise().availability());
    }
  }
  // The worlds are neither empty nor full, and hold what the questions are about.
  EXPECT_GT(placed, 60);
  EXPECT_GT(refused, 60);
  EXPECT_GT(shared, 10);
  EXPECT_GT(bounded, 10);
}

TEST(PathPlannedTest, WhatThePlannerHadNoTimeForIsNotCalledFound) {
  World world(1);
  for (int i = 0; i < 4; ++i) {
    const v1::ComputePathResponse answer = world.Compute(world.Draw(), [] { return true; });
    EXPECT_EQ(answer.outcome(), v1::BUDGET_SPENT);
    EXPECT_NE(answer.status().reason(), "");
    EXPECT_NE(answer.status().state(), v1::BLOCKED);
    EXPECT_EQ(answer.status().blocking_constraint(), "");
    EXPECT_EQ(answer.blocking_constraints_size(), 0);
  }
}

}  // namespace
}  // namespace waymark
