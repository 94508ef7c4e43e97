// What a class may ask of its routes beside room: to outlive failures, shares, length, guarantees.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <random>

#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/fill_routes.h"
#include "controller/compute/mesh/reoptimize.h"
#include "controller/engine/mesh_optimizer_testing.h"
#include "controller/engine/mesh_solve.h"
#include "controller/engine/mesh_work.h"
#include "controller/engine/resources.h"

namespace waymark {
namespace {

class MeshModesTest : public MeshOptimizerTest {
 protected:
  v1::TrafficClass& gold() { return *bundle_.mutable_traffic_classes(0); }
  void Rate(int64_t bps) { bundle_.mutable_services(0)->mutable_rates(0)->set_cir_bps(bps); }
  void Hose(int64_t bps) {
    Rate(0);
    for (v1::ServiceEndpoint& site : *bundle_.mutable_services(0)->mutable_endpoints()) {
      site.set_ingress_bps(bps);
      site.set_egress_bps(bps);
    }
  }
  std::string Reason() const { return views_.Get()->statuses.at(kLine)->reason(); }
  bool Refused() const { return Reason().find("cannot be held") != std::string::npos; }

  MeshWork Work() {
    EXPECT_TRUE(resources_.Load(store_, store_.current()).ok());
    auto work = MakeMeshWork(resources_, {});
    EXPECT_TRUE(work.ok()) << work.status();
    return *std::move(work);
  }

  Resources resources_;
};

TEST_F(MeshModesTest, PairsOutliveWhatTheirClassIsProtectedAgainst) {
  gold().add_protection(v1::NODE);
  Rate(3'000'000'000);
  Start();
  Pass(absl::Seconds(1));
  EXPECT_EQ(Paths("policies/a:1:b"), "ab 63, acb 1");
  EXPECT_EQ(Status().result(), "committed");
  v1::MeshFailures failures = Status().classes(0).failures();
  // Three fibres, three nodes.
  EXPECT_EQ(failures.failures(), 6);
  EXPECT_EQ(failures.cut(), 0);
  EXPECT_EQ(failures.exposed(), 0);
  EXPECT_NEAR(failures.worst_mlu(), 0.6, 1e-2);
  EXPECT_EQ(failures.worst().substr(0, 6), "links/");
  EXPECT_EQ(failures.availability_target(), 0);
  const Revision settled = store_.current();
  Pass(absl::Seconds(60));
  EXPECT_EQ(store_.current(), settled);
  // More than can be outlived is told.
  SetRate(6'000'000'000);
  Pass(absl::Seconds(40));
  failures = Status().classes(0).failures();
  EXPECT_NEAR(failures.worst_mlu(), 1.2, 1e-2);
  EXPECT_NEAR(failures.lower_bound(), 1.2, 1e-2);
  EXPECT_EQ(failures.exposed(), 0);
  EXPECT_EQ(Paths("policies/a:1:b"), "ab 63, acb 1");
  // The link fails: what was prepared carries on; where there is no other way, that is told.
  const auto agent = std::make_shared<FakeAgent>(*engine_, "a");
  ASSERT_TRUE(agent->Connect().ok());
  agent->ReportLink("a--b", false);
  Pass(absl::Seconds(1));
  EXPECT_EQ(Paths("policies/a:1:b"), "acb 1");
  EXPECT_GT(Status().classes(0).failures().cut(), 0);
}

TEST_F(MeshModesTest, AvailabilityIsPreparedForAndMeasured) {
  for (v1::Link& link : *bundle_.mutable_links()) {
    link.set_mtbf_hours(9'990);
    link.set_mttr_hours(10);
  }
  gold().set_availability_target(0.9999);
  Rate(3'000'000'000);
  Start();
  Pass(absl::Seconds(1));
  v1::MeshFailures failures = Status().classes(0).failures();
  // Each fibre alone.
  EXPECT_EQ(failures.failures(), 3);
  EXPECT_EQ(failures.availability_target(), 0.9999);
  // A pair is down when its fibre and one of the two others are: to first order 2 in a million.
  EXPECT_NEAR(failures.least_availability(), 1 - 2e-6, 1e-7);
  EXPECT_EQ(failures.below_target(), 0);
  EXPECT_LT(failures.residual(), 1e-8);
  // More than the network has.
  v1::TrafficClass high = gold();
  high.set_availability_target(0.9999999);
  ASSERT_TRUE(store_
                  .CommitAndWait(
                      {{StoreKey(kTrafficClassPrefix, high.name()), high.SerializeAsString(), {}}})
                  .ok());
  Pass(absl::Seconds(40));
  failures = Status().classes(0).failures();
  EXPECT_EQ(failures.below_target(), 6);
  EXPECT_EQ(failures.least_from().substr(0, 6), "nodes/");
  EXPECT_EQ(failures.exposed(), 0);
  EXPECT_GT(failures.cut(), 0);
}

TEST_F(MeshModesTest, NoAvailabilityIsToldOfFibresThatDoNotSayHowOftenTheyFail) {
  gold().set_availability_target(0.9999);
  Rate(3'000'000'000);
  // All but one do.
  for (v1::Link& link : *bundle_.mutable_links()) {
    if (link.name() == "links/a--b" || link.name() == "links/b--a") continue;
    link.set_mtbf_hours(9'990);
    link.set_mttr_hours(10);
  }
  Start();
  Pass(absl::Seconds(1));
  const v1::MeshFailures failures = Status().classes(0).failures();
  EXPECT_EQ(failures.least_availability(), 0);
  EXPECT_EQ(failures.below_target(), 6);
  EXPECT_EQ(failures.residual(), 1);
}

TEST_F(MeshModesTest, ExcessRatesNeedNotOutliveFailures) {
  gold().add_protection(v1::LINK);
  Rate(3'000'000'000);
  bundle_.mutable_services(0)->mutable_rates(0)->set_eir_bps(20'000'000'000);
  Start();
  Pass(absl::Seconds(1));
  const v1::MeshClassStatus status = Status().classes(0);
  EXPECT_GT(status.mlu(), 2);
  EXPECT_EQ(status.failures().exposed(), 0);
  EXPECT_LE(status.failures().worst_mlu(), 1);
  EXPECT_LE(status.failures().lower_bound(), status.failures().worst_mlu());
}

TEST_F(MeshModesTest, NothingIsKnownOfWhatIsDownMostOfTheTime) {
  for (v1::Link& link : *bundle_.mutable_links()) {
    link.set_mtbf_hours(10);
    link.set_mttr_hours(11);
  }
  gold().set_availability_target(0.9);
  Start();
  Pass(absl::Seconds(1));
  EXPECT_EQ(Status().classes(0).failures().least_availability(), 0);
  EXPECT_EQ(Status().classes(0).failures().residual(), 1);
}

TEST_F(MeshModesTest, WeakerClassesHaveWhatStrongerOnesLeaveInEachFailure) {
  gold().add_protection(v1::LINK);
  Rate(3'000'000'000);
  Start();
  Pass(absl::Seconds(1));
  MeshWork work = Work();
  work.classes.push_back(work.classes[0]);
  work.classes[1].traffic_class = "trafficClasses/weak";
  const auto results = SolveMesh(work, {});
  ASSERT_TRUE(results.ok()) << results.status();
  // 6 of 10 are taken by the stronger when a fibre fails, and 6 are asked of the 4 left.
  ASSERT_TRUE((*results)[1].guarded.has_value());
  EXPECT_NEAR((*results)[0].guarded->worst_mlu, 0.6, 1e-2);
  EXPECT_NEAR((*results)[1].guarded->worst_mlu, 1.2, 1e-2);
  EXPECT_NEAR((*results)[1].guarded->lower_bound, 1.2, 1e-2);
}

// Made for the likeliest traffic all go the direct way, which holds 10 of 12: two thirds of it hold
// whatever the sites send.
TEST_F(MeshModesTest, AHoseThatTheLikeliestRoutesRefuseGetsRoutesOfItsOwn) {
  Hose(12'000'000'000);
  Start();
  loop_.Advance(absl::Milliseconds(50));
  EXPECT_TRUE(Refused()) << Reason();
  Pass(absl::Seconds(1));
  EXPECT_EQ(Status().result(), "committed");
  EXPECT_FALSE(Refused()) << Reason();
  const auto held = [&] {
    Resources resources;
    EXPECT_TRUE(resources.Load(store_, store_.current()).ok());
    const auto record = resources.guarantees().find(kLine);
    return record == resources.guarantees().end() ? "" : record->second.SerializeAsString();
  };
  const std::string before = held();
  EXPECT_NE(before, "");
  // Nothing moves any more, and of what no routes can hold nothing is promised.
  const Revision settled = store_.current();
  Pass(absl::Seconds(60));
  EXPECT_EQ(store_.current(), settled);
  Hose(22'000'000'000);
  ASSERT_TRUE(
      store_
          .CommitAndWait(
              {{StoreKey(kServicePrefix, kLine), bundle_.services(0).SerializeAsString(), {}}})
          .ok());
  Pass(absl::Seconds(60));
  EXPECT_EQ(held(), before);
}

TEST_F(MeshModesTest, WhatDoesNotFitIsSharedAsTheClassSays) {
  // A line a - b - c, where all ask for 10 of 10.
  auto* links = bundle_.mutable_links();
  links->erase(std::remove_if(links->begin(), links->end(),
                              [](const v1::Link& link) {
                                return link.name() == "links/a--c" || link.name() == "links/c--a";
                              }),
               links->end());
  Rate(0);
  bundle_.mutable_services(0)->mutable_rates(0)->set_eir_bps(10'000'000'000);
  Start();
  Pass(absl::Seconds(1));
  EXPECT_NEAR(static_cast<double>(Status().classes(0).granted_bps()), 30e9, 1e3);
  EXPECT_NEAR(static_cast<double>(Status().classes(0).elastic_granted_bps()), 30e9, 1e3);
  v1::TrafficClass most = gold();
  most.set_sharing(v1::MOST_THROUGHPUT);
  ASSERT_TRUE(store_
                  .CommitAndWait(
                      {{StoreKey(kTrafficClassPrefix, most.name()), most.SerializeAsString(), {}}})
                  .ok());
  Pass(absl::Seconds(40));
  EXPECT_NEAR(static_cast<double>(Status().classes(0).granted_bps()), 40e9, 1e3);
  EXPECT_NEAR(static_cast<double>(Status().classes(0).elastic_granted_bps()), 40e9, 1e3);
}

// Never worse than what the routes of the least MLU would give, and nothing is overloaded.
TEST_F(MeshModesTest, SharesAreAtLeastThoseOfTheLeastLoadedRoutes) {
  AddFourth();
  Start();
  Pass(absl::Seconds(1));
  const MeshWork plain = Work();
  std::mt19937 random(5);
  int better = 0;
  for (int round = 0; round < 60; ++round) {
    MeshWork work = plain;
    MeshClassWork& one = work.classes[0];
    one.sharing = round % 2 == 0 ? v1::MAX_MIN_FAIR : v1::MOST_THROUGHPUT;
    for (MeshLink& link : one.problem.links) link.capacity = 1 + random() % 20;
    for (MeshDemand& demand : one.problem.demands) demand.rate = random() % 20;
    const auto results = SolveMesh(work, {.min_gain = 0});
    ASSERT_TRUE(results.ok()) << results.status();
    const MeshClassResult& result = (*results)[0];
    MeshProblem granted = one.problem;
    for (size_t d = 0; d < granted.demands.size(); ++d) {
      ASSERT_LE(result.granted[d], granted.demands[d].rate * (1 + 1e-9));
      granted.demands[d].rate = result.granted[d];
    }
    EXPECT_LE(EvaluateMesh(granted, result.routes).mlu, 1 + 1e-9);
    const auto least = ReoptimizeMesh(one.problem, one.present, {.max_paths = one.max_paths});
    ASSERT_TRUE(least.ok());
    const std::vector<double> none(granted.demands.size(), 0);
    std::vector<double> mine = result.granted;
    if (one.sharing == v1::MOST_THROUGHPUT) {
      const std::vector<double> other = FillUp(one.problem, least->routes, none);
      const double sum = std::accumulate(mine.begin(), mine.end(), 0.0);
      const double without = std::accumulate(other.begin(), other.end(), 0.0);
      EXPECT_GE(sum, without * (1 - 2e-3));
      better += sum > without * 1.01;
      continue;
    }
    std::vector<double> other = FillFairly(one.problem, least->routes, none);
    std::sort(mine.begin(), mine.end());
    std::sort(other.begin(), other.end());
    for (size_t d = 0; d < mine.size(); ++d) {
      if (std::abs(mine[d] - other[d]) <= 2e-3 * other[d]) continue;
      EXPECT_GT(mine[d], other[d]) << round;
      ++better;
      break;
    }
  }
  EXPECT_GT(better, 10);
}

TEST_F(MeshModesTest, RoutesAreNoLongerThanTheClassAllows) {
  bundle_.mutable_services(0)->mutable_endpoints()->RemoveLast();
  Rate(6'000'000'000);
  gold().set_max_stretch(1.5);
  Start();
  Pass(absl::Seconds(1));
  EXPECT_EQ(Paths("policies/a:1:b"), "ab 64");
  EXPECT_NEAR(Mlu(), 0.6, 1e-9);
  v1::TrafficClass longer = gold();
  longer.set_max_stretch(2);
  ASSERT_TRUE(
      store_
          .CommitAndWait(
              {{StoreKey(kTrafficClassPrefix, longer.name()), longer.SerializeAsString(), {}}})
          .ok());
  Pass(absl::Seconds(40));
  EXPECT_NEAR(Mlu(), 0.3, 1e-9);
}

TEST_F(MeshModesTest, FailuresTakeDownWhatBelongsTogether) {
  for (const auto& [name, type] :
       {std::pair("srlgs/duct", v1::DUCT), {"srlgs/house", v1::BUILDING}}) {
    v1::Srlg& srlg = *bundle_.add_srlgs();
    srlg.set_name(name);
    srlg.set_type(type);
    srlg.set_mtbf_hours(99);
    srlg.set_mttr_hours(1);
  }
  bundle_.mutable_links(0)->add_srlgs("srlgs/duct");  // a to b
  bundle_.mutable_links(2)->add_srlgs("srlgs/duct");  // a to c
  bundle_.mutable_nodes(2)->add_srlgs("srlgs/house");
  bundle_.mutable_links(4)->set_provider("p");  // c to b
  Start();
  const MeshWork work = Work();
  const auto named = [&](const Protection& kinds) {
    std::map<std::string, size_t> links;
    for (const Failure& failure : SingleFailures(*work.snapshot, kinds)) {
      links[failure.name] = failure.links.size();
      const double expected = failure.name.starts_with("srlgs/") ? 0.01 : 0;
      EXPECT_NEAR(failure.unavailability, expected, 1e-12);
    }
    return links;
  };
  EXPECT_EQ(named({.link = true}).size(), 3u);
  using Links = std::map<std::string, size_t>;
  Links all = named({.link = true, .node = true, .srlg = true, .provider = true});
  EXPECT_EQ(all.size(), 3u + 3 + 2 + 1);
  EXPECT_EQ(all["nodes/a"], 4u);
  EXPECT_EQ(all["srlgs/duct"], 4u);
  EXPECT_EQ(all["srlgs/house"], 4u);
  EXPECT_EQ(all["provider p"], 2u);
  const Links buildings = named({.link = true, .building = true});
  EXPECT_EQ(buildings.size(), 4u);
  EXPECT_TRUE(buildings.contains("srlgs/house"));
}

}  // namespace
}  // namespace waymark
