#include "controller/compute/route_targets.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "controller/compute/refusal.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

constexpr int64_t kGbit = 1'000'000'000;

// a -- b, 10 Gbit/s each way; queue 6.
class RouteTargetsTest : public testing::Test {
 protected:
  RouteTargetsTest() {
    network_.Node("a");
    network_.Node("b");
    network_.Fibre("a", "b");
    snapshot_ = network_.Build();
    loads_.emplace(*snapshot_);
    ledger_.emplace(*snapshot_);
    there_ = *snapshot_->FindLink("links/a--b");
    back_ = *snapshot_->FindLink("links/b--a");
    targets_.max_latency_ns = 2'000'000;
    targets_.loads = &*loads_;
    targets_.queue = 6;
    targets_.rate_bps = kGbit;
  }
  std::vector<ComputedPath> Paths() const { return {{{there_}, {.delay_ns = 1'000'000}}}; }

  TestNetwork network_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::optional<QueueLoads> loads_;
  std::optional<Ledger> ledger_;
  LinkId there_, back_;
  RouteTargets targets_;
};

TEST_F(RouteTargetsTest, TheWayBackMustKeepTheBoundToo) {
  ASSERT_TRUE(loads_->Add("x", std::vector<LinkId>{back_}, 6, kGbit, 2'000'000).ok());
  EXPECT_TRUE(MeetsLatency(targets_, Paths()));
  targets_.both_ways = true;
  EXPECT_FALSE(MeetsLatency(targets_, Paths()));
  EXPECT_GT(LatencyOf(targets_, Paths()), 2'000'000);
}

TEST_F(RouteTargetsTest, WhatIsPromisedToOthersIsGuarded) {
  const int64_t now = loads_->LatencyIfAdded(std::vector<LinkId>{there_}, 6, kGbit, 0).latency_ns;
  ASSERT_TRUE(loads_->Add("x", std::vector<LinkId>{there_}, 6, kGbit, 0, now).ok());
  EXPECT_TRUE(MeetsLatency(targets_, Paths()));
  targets_.guard_others = true;
  EXPECT_FALSE(MeetsLatency(targets_, Paths()));
  targets_.max_latency_ns = 0;
  EXPECT_FALSE(MeetsLatency(targets_, Paths()));
  // Those above it do not feel it.
  EXPECT_TRUE(loads_->GuardsUpTo(6));
  EXPECT_FALSE(loads_->GuardsUpTo(5));
  const PathConstraints constraints = {.bandwidth_bps = kGbit};
  const RefusalExplanation why = ExplainRefusalInFull({.snapshot = *snapshot_,
                                                       .constraints = constraints,
                                                       .environment = {.ledger = &*ledger_},
                                                       .from = "nodes/a",
                                                       .to = "nodes/b",
                                                       .targets = targets_});
  EXPECT_EQ(why.refusal.blocking_constraint, "max_latency of others");
  EXPECT_NE(why.refusal.relaxation.find("loosen the latency bounds of what it would slow down, x"),
            std::string::npos)
      << why.refusal.relaxation;
}

TEST_F(RouteTargetsTest, TheGreatestBandwidthThatOthersBearIsProposed) {
  const int64_t alone = loads_->LatencyIfAdded(std::vector<LinkId>{there_}, 6, kGbit, 0).latency_ns;
  ASSERT_TRUE(loads_->Add("x", std::vector<LinkId>{there_}, 6, kGbit, 0, alone + 20'000).ok());
  targets_.guard_others = true;
  targets_.max_latency_ns = 0;
  const PathConstraints constraints = {.bandwidth_bps = kGbit};
  const RefusalExplanation why = ExplainRefusalInFull({.snapshot = *snapshot_,
                                                       .constraints = constraints,
                                                       .environment = {.ledger = &*ledger_},
                                                       .from = "nodes/a",
                                                       .to = "nodes/b",
                                                       .targets = targets_});
  ASSERT_FALSE(why.relaxations.empty());
  const std::string& change = why.relaxations[0].change;
  const std::string begin = "bandwidth 1 Gbit/s -> ";
  ASSERT_EQ(change.substr(0, begin.size()), begin);
  ASSERT_EQ(change.substr(change.size() - 7), " Mbit/s") << change;
  const int64_t rate = std::stoll(change.substr(begin.size())) * 1'000'000;
  targets_.rate_bps = rate;
  EXPECT_TRUE(MeetsLatency(targets_, Paths())) << change;
  targets_.rate_bps = rate + 1'000'000;
  EXPECT_FALSE(MeetsLatency(targets_, Paths())) << change;
}

TEST_F(RouteTargetsTest, TheQueuesOfThoseWhoGiveWayAreFree) {
  ASSERT_TRUE(loads_->Add("x", std::vector<LinkId>{there_}, 6, 9 * kGbit, 2'000'000).ok());
  ASSERT_TRUE(ledger_
                  ->Add("x", std::vector<LinkId>{there_}, 9 * kGbit, ReservationKind::kWorking,
                        kWeakestPriority)
                  .ok());
  targets_.rate_bps = 2 * kGbit;
  const PathConstraints constraints = {.bandwidth_bps = 2 * kGbit, .setup_priority = 0};
  EXPECT_FALSE(MeetsLatency(targets_, Paths()));
  const RouteTargets taking = Completed(targets_, constraints, {.ledger = &*ledger_});
  EXPECT_TRUE(MeetsLatency(taking, Paths()));
}

}  // namespace
}  // namespace waymark
