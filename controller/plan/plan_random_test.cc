// Random networks and services through their lives: what a plan promises fits, what stands does not
// move, and plans come to rest.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "controller/compute/path_risks.h"
#include "controller/compute/test_network.h"
#include "controller/plan/paths.h"
#include "controller/plan/reoptimize.h"

namespace waymark {
namespace {

class PlanRandomTest : public testing::TestWithParam<uint32_t> {
 protected:
  int Pick(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }

  void MakeNetwork() {
    const auto shape = RandomNetwork(random_, 8, 26);
    nodes_.assign(shape->node_resources().begin(), shape->node_resources().end());
    links_.assign(shape->link_resources().begin(), shape->link_resources().end());
    srlgs_.assign(shape->srlg_resources().begin(), shape->srlg_resources().end());
    for (v1::Link& link : links_) link.set_capacity_bps(50 + Pick(100));
    Rebuild();
  }
  void Rebuild() { snapshot_ = *Snapshot::Build(nodes_, links_, srlgs_); }

  void MakeClasses() {
    for (uint32_t i = 1; i <= 6; ++i) {
      const std::string id = "c" + std::to_string(i);
      v1::TrafficClass& made = intents_.traffic_classes["trafficClasses/" + id];
      made.set_name("trafficClasses/" + id);
      made.set_class_index(i);
      made.set_queue(i);
      made.set_treatment(v1::PINNED);
      for (const auto level : {v1::LINK, v1::NODE, v1::SRLG, v1::PROVIDER}) {
        if (Pick(3) == 0) made.add_protection(level);
      }
      if (Pick(2) == 0) made.set_protect_bandwidth(v1::SHARED);
      made.set_allow_shared_risks(Pick(2) == 0);
      if (Pick(2) == 0) made.set_oversubscription(1 + Pick(3));
      if (Pick(2) == 0) {
        const uint32_t hold = static_cast<uint32_t>(Pick(8));
        made.set_hold_priority(hold);
        made.set_setup_priority(hold + static_cast<uint32_t>(Pick(static_cast<int>(8 - hold))));
      }
      if (Pick(4) == 0) made.set_max_latency_ns(2'000'000 + Pick(5'000'000));
      v1::ClassMap& map = intents_.class_maps["customers/c/classMaps/" + id];
      map.set_name("customers/c/classMaps/" + id);
      map.set_default_class(made.name());
    }
  }
  void AddService() {
    const std::string id = "s" + std::to_string(next_vni_);
    v1::Service& service = intents_.services["customers/c/services/" + id];
    service.set_name("customers/c/services/" + id);
    service.set_type(v1::E_LINE);
    const std::string c = "c" + std::to_string(1 + Pick(6));
    service.set_class_map("customers/c/classMaps/" + c);
    service.set_vni(next_vni_++);
    const int from = Pick(8);
    const int to = (from + 1 + Pick(7)) % 8;
    for (const int node : {from, to}) {
      v1::Site& site = intents_.sites[service.name() + std::to_string(node)];
      site.set_name(service.name() + std::to_string(node));
      site.set_node(nodes_[static_cast<size_t>(node)].name());
      site.set_port("c1");
      v1::ServiceEndpoint* endpoint = service.add_endpoints();
      endpoint->set_site(site.name());
      endpoint->set_vlan(service.vni());
    }
    v1::ClassRate* rate = service.add_rates();
    rate->set_traffic_class("trafficClasses/" + c);
    rate->set_cir_bps(1 + Pick(60));
  }

  PlanInput Input() { return {*snapshot_, intents_, links_down_, placements_, {}}; }

  // The most that any one failure could ask of each link, added up from what the plan says alone.
  void ExpectFits(const Plan& plan) {
    std::vector<int64_t> alone(snapshot_->links().size(), 0);
    std::vector<std::map<int32_t, int64_t>> shared(alone.size());
    for (const auto& [name, placement] : plan.placements) {
      const auto working = LinksOf(*snapshot_, placement.working());
      const auto protect = LinksOf(*snapshot_, placement.protect());
      ASSERT_TRUE(working && protect && !working->empty());
      for (const LinkId link : *working) alone[Index(link)] += placement.reserved_bps();
      const PathRisks risks(*snapshot_, kAllRisks, snapshot_->link(working->front()).source,
                            snapshot_->link(working->back()).target);
      for (const LinkId link : *protect) {
        if (!placement.protect_shared()) alone[Index(link)] += placement.reserved_bps();
        if (!placement.protect_shared()) continue;
        for (const int32_t risk : risks.Of(*working)) {
          shared[Index(link)][risk] += placement.reserved_bps();
        }
      }
    }
    for (size_t i = 0; i < alone.size(); ++i) {
      int64_t most = 0;
      for (const auto& [risk, bps] : shared[i]) most = std::max(most, bps);
      ASSERT_LE(alone[i] + most, snapshot_->links()[i].reservable_bps);
    }
  }

  // Plans until nothing changes; nothing that stands moves meanwhile.
  Plan Settle() {
    Plan plan;
    for (int round = 0; round < 6; ++round) {
      plan = MakePlan(Input());
      ExpectFits(plan);
      if (HasFatalFailure()) return plan;
      placements_ = {plan.placements.begin(), plan.placements.end()};
      if (plan.changed_placements.empty() && plan.deleted_placements.empty()) return plan;
    }
    ADD_FAILURE() << "does not come to rest";
    return plan;
  }

  std::mt19937 random_{GetParam()};
  std::vector<v1::Node> nodes_;
  std::vector<v1::Link> links_;
  std::vector<v1::Srlg> srlgs_;
  std::shared_ptr<const Snapshot> snapshot_;
  Intents intents_;
  std::set<std::string> links_down_;
  std::map<std::string, stored::v1::Placement> placements_;
  uint32_t next_vni_ = 0x100;
};

bool SamePaths(const stored::v1::Placement& a, const stored::v1::Placement& b) {
  return std::equal(a.working().begin(), a.working().end(), b.working().begin(),
                    b.working().end()) &&
         std::equal(a.protect().begin(), a.protect().end(), b.protect().begin(), b.protect().end());
}

TEST_P(PlanRandomTest, FitsRestsAndStays) {
  for (int life = 0; life < 4; ++life) {
    intents_ = {};
    placements_.clear();
    links_down_.clear();
    MakeNetwork();
    MakeClasses();
    std::map<std::string, v1::State> states;
    for (int step = 0; step < 8; ++step) {
      for (int i = Pick(6); i >= 0; --i) AddService();
      const bool removes = step % 3 == 2;
      if (removes) intents_.services.erase(intents_.services.begin());
      const auto before = placements_;
      const Plan plan = Settle();
      if (HasFailure()) return;
      for (const auto& [name, placement] : before) {
        const auto found = plan.policies.find(name);
        if (found == plan.policies.end() || states[name] != v1::PENDING) continue;
        const auto now = plan.placements.find(name);
        const bool stays = now != plan.placements.end() && SamePaths(now->second, placement);
        // Only who may be taken from is ever moved by what is new.
        const auto& c = intents_.traffic_classes.at(found->second->traffic_class);
        EXPECT_TRUE(stays || c.hold_priority() > 0) << name;
      }
      states.clear();
      for (const auto& [name, policy] : plan.policies) {
        states[name] = policy->status.state();
      }
      const Reoptimization better = Reoptimize(Input(), {});
      EXPECT_EQ(better.name, Reoptimize(Input(), {}).name);
      if (Pick(2) == 0) continue;
      placements_ = better.placements;
      const Plan adopted = MakePlan(Input());
      ExpectFits(adopted);
      if (HasFatalFailure()) return;
      // Only who was not content before, or may be taken from, gets something else yet.
      const auto settled = [&](const std::string& name) {
        const auto& c = intents_.traffic_classes.at(adopted.policies.at(name)->traffic_class);
        return states[name] == v1::PENDING && c.hold_priority() == 0;
      };
      for (const std::string& name : adopted.changed_placements) {
        EXPECT_FALSE(settled(name)) << name;
      }
      for (const auto& [name, policy] : adopted.policies) {
        const v1::State state = policy->status.state();
        EXPECT_TRUE(!settled(name) || state == v1::PENDING) << name;
      }
      for (const auto& [name, policy] : adopted.policies) {
        states[name] = policy->status.state();
      }
      if (adopted.changed_placements.empty()) {
        for (const std::string& name : better.mended) EXPECT_EQ(states[name], v1::PENDING);
      }
      placements_ = {adopted.placements.begin(), adopted.placements.end()};
    }
  }
}

TEST_P(PlanRandomTest, FailuresMoveOnlyWhatIsDead) {
  MakeNetwork();
  MakeClasses();
  for (int i = 0; i < 20; ++i) AddService();
  Settle();
  for (int failure = 0; failure < 12 && !HasFailure(); ++failure) {
    const auto before = placements_;
    links_down_ = {links_[static_cast<size_t>(Pick(static_cast<int>(links_.size())))].name()};
    const Plan plan = Settle();
    LinkState state(*snapshot_);
    state.SetDown(*snapshot_->FindLink(*links_down_.begin()));
    state.SpreadToReverse(*snapshot_);
    const auto up = [&](const auto& names) {
      const auto links = LinksOf(*snapshot_, names);
      return !links->empty() && std::all_of(links->begin(), links->end(),
                                            [&](LinkId link) { return state.IsUp(link); });
    };
    for (const auto& [name, placement] : before) {
      const auto now = plan.placements.find(name);
      const auto& c = intents_.traffic_classes.at(plan.policies.at(name)->traffic_class);
      if (c.hold_priority() > 0 || !(up(placement.working()) || up(placement.protect()))) continue;
      EXPECT_TRUE(now != plan.placements.end() &&
                  std::equal(now->second.working().begin(), now->second.working().end(),
                             placement.working().begin(), placement.working().end()))
          << name;
    }
    links_down_.clear();
    Settle();
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, PlanRandomTest, testing::Range(1u, 13u));

}  // namespace
}  // namespace waymark
