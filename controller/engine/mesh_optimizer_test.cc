#include "controller/engine/mesh_optimizer.h"

#include <gtest/gtest.h>

#include "controller/engine/mesh_holds.h"
#include "controller/engine/mesh_optimizer_testing.h"
#include "controller/engine/mesh_work.h"
#include "controller/engine/resources.h"

namespace waymark {
namespace {

TEST_F(MeshOptimizerTest, RoutesBecomeBetterAtOnceAndThenStay) {
  Start();
  EXPECT_EQ(views_.Get()->policies.size(), 0u);
  loop_.Advance(absl::Milliseconds(50));
  EXPECT_NE(Paths("policies/a:1:b"), "ab 64");
  Pass(absl::Seconds(1));
  EXPECT_EQ(Paths("policies/a:1:b"), "ab 64");
  EXPECT_EQ(Paths("policies/c:1:b"), "cb 64");
  EXPECT_NEAR(Mlu(), 0.8, 1e-9);
  EXPECT_EQ(Runs("committed"), 1);
  const Revision settled = store_.current();
  Pass(absl::Seconds(100));
  EXPECT_EQ(store_.current(), settled);
  EXPECT_EQ(Solves(), 1);
  EXPECT_EQ(Runs("failed"), 0);
}

TEST_F(MeshOptimizerTest, ALinkThatFailsIsAnsweredAtOnceAndDemandWithinItsPeriod) {
  Start();
  Pass(absl::Seconds(40));
  ASSERT_EQ(Solves(), 1);
  const auto agent = std::make_shared<FakeAgent>(*engine_, "a");
  ASSERT_TRUE(agent->Connect().ok());
  agent->ReportLink("a--b", false);
  Pass(absl::Milliseconds(200));
  EXPECT_EQ(Paths("policies/a:1:b"), "acb 64");
  EXPECT_EQ(Solves(), 2);
  EXPECT_NEAR(Mlu(), 1.6, 1e-9);
  agent->ReportLink("a--b", true);
  Pass(absl::Milliseconds(200));
  EXPECT_EQ(Paths("policies/a:1:b"), "ab 64");
  EXPECT_EQ(Solves(), 3);
  // Demand that changes all the time is answered once a period.
  for (int i = 1; i <= 40; ++i) {
    SetRate(7'000'000'000 + i);
    Pass(absl::Seconds(1));
  }
  EXPECT_EQ(Solves(), 4);
  Pass(absl::Seconds(31));
  EXPECT_EQ(Solves(), 5);
  EXPECT_NEAR(Mlu(), 0.7, 1e-6);
}

// Pairs that had to leave a link go back as soon as it is up, before any solve.
TEST_F(MeshOptimizerTest, AChangeOfTheNetworkIsAnsweredBeforeTheSolve) {
  AddFourth();
  Start();
  Pass(absl::Seconds(1));
  const auto agent = std::make_shared<FakeAgent>(*engine_, "a");
  ASSERT_TRUE(agent->Connect().ok());
  agent->ReportLink("a--b", false);
  Pass(absl::Seconds(1));
  const double solves = Solves();
  const double worse = Mlu();
  agent->ReportLink("a--b", true);
  while (Runs("answered") == 0 && Solves() == solves) Pass(absl::Milliseconds(10));
  EXPECT_EQ(Runs("answered"), 1);
  EXPECT_EQ(Solves(), solves);
  Pass(absl::Seconds(1));
  EXPECT_EQ(Solves(), solves + 1);
  EXPECT_EQ(Runs("failed"), 0);
  EXPECT_LT(Mlu(), worse);
}

// The network is that of the last solve again, but its routes are those of an answer to another.
TEST_F(MeshOptimizerTest, ANetworkThatFlapsIsSolvedAgainAfterAnAnswerAtOnce) {
  AddFourth();
  Start();
  Pass(absl::Seconds(1));
  const auto agent = std::make_shared<FakeAgent>(*engine_, "a");
  ASSERT_TRUE(agent->Connect().ok());
  agent->ReportLink("a--b", false);
  Pass(absl::Seconds(1));
  const double solves = Solves();
  agent->ReportLink("a--b", true);
  while (Runs("answered") == 0 && Solves() == solves) Pass(absl::Milliseconds(10));
  ASSERT_EQ(Runs("answered"), 1);
  ASSERT_EQ(Solves(), solves);
  agent->ReportLink("a--b", false);
  Pass(absl::Seconds(1));
  EXPECT_GT(Solves(), solves);
}

TEST_F(MeshOptimizerTest, WhatChangesNothingThatMattersDoesNotLoseTheAnswer) {
  Start();
  const auto agent = std::make_shared<FakeAgent>(*engine_, "a");
  loop_.Advance(absl::Milliseconds(50));
  ASSERT_TRUE(agent->Connect().ok());
  loop_.Advance(absl::Milliseconds(50));
  // The engine hears of these before it hears of the answer.
  agent->ReportLink("a--b", false);
  agent->ReportLink("a--b", true);
  own_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(Solves(), 1);
  Pass(absl::Seconds(1));
  EXPECT_EQ(Runs("stale"), 1);
  EXPECT_EQ(Runs("committed"), 1);
  EXPECT_EQ(Solves(), 1);
  EXPECT_EQ(Paths("policies/a:1:b"), "ab 64");
}

TEST_F(MeshOptimizerTest, StaleAnswersAreDroppedButNotForEver) {
  AddFourth();
  Start();
  const auto agent = std::make_shared<FakeAgent>(*engine_, "a");
  loop_.Advance(absl::Milliseconds(50));
  ASSERT_TRUE(agent->Connect().ok());
  loop_.Advance(absl::Milliseconds(50));
  for (int i = 1; i <= 4; ++i) {
    // Each time before the engine hears of the answer to how it was.
    agent->ReportLink("a--b", i % 2 == 0);
    own_.Advance(absl::Milliseconds(150));
    loop_.Advance(absl::Milliseconds(50));
  }
  own_.Advance(absl::Milliseconds(150));
  EXPECT_EQ(Runs("stale"), 4);
  // Answers at once, each to another network, of which none was stored.
  EXPECT_EQ(Solves(), 1);
  Pass(absl::Seconds(1));
  EXPECT_EQ(Runs("committed"), 1);
  EXPECT_EQ(Paths("policies/a:1:b"), "ab 64");
}

TEST_F(MeshOptimizerTest, RoutesThatWouldBreakAGuaranteeAreKnown) {
  bundle_.mutable_services(0)->mutable_rates(0)->set_cir_bps(6'000'000'000);
  Start();
  Pass(absl::Seconds(1));
  Resources resources;
  ASSERT_TRUE(resources.Load(store_, store_.current()).ok());
  ASSERT_TRUE(resources.guarantees().contains(kLine));
  ASSERT_GT(resources.guarantees().at(kLine).sids_size(), 0);
  const auto work = MakeMeshWork(resources, {});
  ASSERT_TRUE(work.ok()) << work.status();
  ASSERT_EQ(work->classes.size(), 1u);
  const MeshClassWork& gold = work->classes[0];
  std::vector<MeshClassResult> results(1);
  results[0].traffic_class = gold.traffic_class;
  results[0].routes = gold.present;
  EXPECT_TRUE(MeshHolds(resources, *work).Kept(results));
  // Two pairs over the same link: 12 of 10 Gbit/s.
  const Snapshot& snapshot = *work->snapshot;
  const std::vector<int32_t> around = {Index(*snapshot.FindLink("links/a--c")),
                                       Index(*snapshot.FindLink("links/c--b"))};
  MeshRoutes detour;
  for (size_t i = 0; i < gold.problem.demands.size(); ++i) {
    const MeshDemand& demand = gold.problem.demands[i];
    if (snapshot.node(static_cast<NodeId>(demand.from)).name == "nodes/a" &&
        snapshot.node(static_cast<NodeId>(demand.to)).name == "nodes/b") {
      detour.AddRoute(around, 64);
    } else {
      const size_t end = gold.present.first_route(i + 1);
      for (size_t r = gold.present.first_route(i); r < end; ++r) {
        detour.AddRoute(gold.present.links(r), gold.present.weight(r));
      }
    }
    detour.EndDemand();
  }
  results[0].routes = detour;
  EXPECT_FALSE(MeshHolds(resources, *work).Kept(results));
  // What was never promised cannot be broken.
  ASSERT_TRUE(store_.CommitAndWait({{StoreKey(kGuaranteePrefix, kLine), std::nullopt, {}}}).ok());
  Resources without;
  ASSERT_TRUE(without.Load(store_, store_.current()).ok());
  EXPECT_TRUE(MeshHolds(without, *work).Kept(results));
}

TEST_F(MeshOptimizerTest, SaysHowItStandsAndSolvesWhenAsked) {
  Start();
  EXPECT_EQ(Status().run(), 0);
  Pass(absl::Seconds(1));
  v1::MeshStatus status = Status();
  EXPECT_EQ(status.run(), 1);
  EXPECT_EQ(status.result(), "committed");
  EXPECT_EQ(status.reason(), "the network changed");
  EXPECT_FALSE(status.has_under_way());
  ASSERT_EQ(status.classes_size(), 1);
  EXPECT_EQ(status.classes(0).traffic_class(), "trafficClasses/gold");
  EXPECT_NEAR(status.classes(0).mlu(), 0.8, 1e-9);
  EXPECT_GE(status.classes(0).lower_bound(), 0.79);
  EXPECT_EQ(status.classes(0).policies(), 6);
  EXPECT_EQ(status.classes(0).changed(), 6);
  EXPECT_EQ(status.classes(0).demand_bps(), 48'000'000'000);
  EXPECT_EQ(status.classes(0).granted_bps(), 48'000'000'000);
  // Twice the demand is granted as far as it goes; that run would come in its time.
  SetRate(16'000'000'000);
  Pass(absl::Milliseconds(100));
  EXPECT_EQ(Status().next_reason(), "demands or reservations changed");
  EXPECT_GT(Status().next().seconds(), absl::ToUnixSeconds(own_.clock().Now()) + 1);
  EXPECT_EQ(*optimizer_->Optimize("anna", absl::ZeroDuration()), 2);
  Pass(absl::Milliseconds(200));
  status = Status();
  EXPECT_EQ(status.run(), 2);
  EXPECT_EQ(status.reason(), "asked by anna");
  EXPECT_NEAR(status.classes(0).mlu(), 1.6, 1e-6);
  EXPECT_NEAR(static_cast<double>(status.classes(0).granted_bps()), 60e9, 1e6);
  EXPECT_EQ(Solves(), 2);
  // Asked again, it solves again, and finds nothing better.
  EXPECT_EQ(*optimizer_->Optimize("bea", absl::Seconds(1)), 3);
  Pass(absl::Milliseconds(200));
  EXPECT_EQ(Status().result(), "unchanged");
  EXPECT_EQ(Status().classes(0).changed(), 0);
  EXPECT_EQ(Solves(), 3);
}

TEST_F(MeshOptimizerTest, NewsComesWhenThereIsSomeOrTheWaitIsOver) {
  Start();
  std::vector<absl::StatusOr<v1::MeshStatus>> heard;
  const auto hear = [&](absl::StatusOr<v1::MeshStatus> status) { heard.push_back(status); };
  Pass(absl::Seconds(40));
  const int64_t version = Status().version();
  optimizer_->GetStatus(version, absl::Seconds(1), hear);
  Pass(absl::Milliseconds(900));
  EXPECT_TRUE(heard.empty());
  Pass(absl::Milliseconds(100));
  ASSERT_EQ(heard.size(), 1u);
  EXPECT_EQ(heard[0]->version(), version);
  optimizer_->GetStatus(version, absl::Minutes(1), hear);
  ASSERT_TRUE(optimizer_->Optimize("anna", absl::ZeroDuration()).ok());
  Pass(absl::Milliseconds(10));
  ASSERT_EQ(heard.size(), 2u);
  EXPECT_GT(heard[1]->version(), version);
  // Not too many.
  const int64_t latest = Status().version() + 1'000;
  for (size_t i = 0; i <= MeshRuns::kMostWaiting; ++i) {
    optimizer_->GetStatus(latest, absl::Minutes(1), hear);
  }
  ASSERT_EQ(heard.size(), 3u);
  EXPECT_TRUE(absl::IsResourceExhausted(heard[2].status()));
  // Who still waits in the end is told.
  optimizer_->Stop();
  ASSERT_EQ(heard.size(), 3 + MeshRuns::kMostWaiting);
  EXPECT_TRUE(absl::IsCancelled(heard.back().status()));
  EXPECT_TRUE(absl::IsCancelled(optimizer_->Optimize("anna", absl::ZeroDuration()).status()));
  EXPECT_TRUE(absl::IsCancelled(optimizer_->Cancel(0).status()));
}

TEST_F(MeshOptimizerTest, ARunIsCancelledBeforeItsRoutesAreStored) {
  const auto cancel = [&] { return optimizer_->Cancel(0).status().code(); };
  bool cancels = true;
  options_.solve.begins = [&](size_t) {
    if (!cancels) return;
    EXPECT_EQ(Status().under_way().phase(), "solving");
    EXPECT_EQ(Status().under_way().classes(), 1);
    EXPECT_EQ(optimizer_->Cancel(7).status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_EQ(cancel(), absl::StatusCode::kOk);
  };
  Start();
  const Revision before = store_.current();
  Pass(absl::Seconds(1));
  EXPECT_EQ(Status().result(), "cancelled");
  EXPECT_EQ(Status().classes_size(), 0);
  EXPECT_NE(Paths("policies/a:1:b"), "ab 64");
  EXPECT_GE(store_.current(), before);
  EXPECT_EQ(cancel(), absl::StatusCode::kFailedPrecondition);
  // What waits is cancelled too.
  cancels = false;
  ASSERT_EQ(*optimizer_->Optimize("anna", absl::ZeroDuration()), 2);
  EXPECT_EQ(cancel(), absl::StatusCode::kOk);
  Pass(absl::Seconds(1));
  EXPECT_EQ(Status().run(), 1);
  ASSERT_EQ(*optimizer_->Optimize("anna", absl::ZeroDuration()), 2);
  Pass(absl::Seconds(1));
  EXPECT_EQ(Status().result(), "committed");
  EXPECT_EQ(Paths("policies/a:1:b"), "ab 64");
}

TEST_F(MeshOptimizerTest, TheTimeLimitEndsTheSearchAndThatIsSaid) {
  options_.longest = absl::ZeroDuration();
  Start();
  Pass(absl::Seconds(1));
  ASSERT_EQ(Status().classes_size(), 1);
  EXPECT_TRUE(Status().classes(0).partial());
  EXPECT_GT(Status().classes(0).lower_bound(), 0);
  EXPECT_GE(Status().classes(0).mlu(), Status().classes(0).lower_bound());
  // Whoever asks may give more.
  ASSERT_TRUE(optimizer_->Optimize("anna", absl::Seconds(5)).ok());
  Pass(absl::Seconds(1));
  EXPECT_EQ(Status().result(), "committed");
  EXPECT_FALSE(Status().classes(0).partial());
  EXPECT_EQ(Paths("policies/a:1:b"), "ab 64");
}

TEST_F(MeshOptimizerTest, NeverOverAForbiddenPlaceAndEndsWhenTold) {
  bundle_.mutable_traffic_classes(0)->set_max_hops(1);
  Start();
  Pass(absl::Seconds(1));
  EXPECT_EQ(Paths("policies/a:1:b"), "ab 64");
  optimizer_->Stop();
  SetRate(1'000);
  Pass(absl::Seconds(60));
  EXPECT_EQ(Solves(), 1);
}

}  // namespace
}  // namespace waymark
