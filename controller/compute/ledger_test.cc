#include "controller/compute/ledger.h"

#include <gtest/gtest.h>

#include <limits>

#include "controller/compute/test_network.h"

namespace waymark {
namespace {

class LedgerTest : public testing::Test {
 protected:
  LedgerTest() {
    for (const char* id : {"a", "b", "c"}) network_.Node(id);
    network_.OneWay("a", "b").set_capacity_bps(100);
    network_.OneWay("b", "c").set_capacity_bps(10'000'000'000'000'000);
    snapshot_ = network_.Build();
    ab_ = *snapshot_->FindLink("links/a--b");
    bc_ = *snapshot_->FindLink("links/b--c");
  }
  TestNetwork network_;
  std::shared_ptr<const Snapshot> snapshot_;
  LinkId ab_, bc_;
};

TEST_F(LedgerTest, AddsAndGivesBackByPolicy) {
  Ledger ledger(*snapshot_);
  ASSERT_TRUE(ledger.Add("p", std::vector{ab_, bc_}, 60).ok());
  ASSERT_TRUE(ledger.Add("p", std::vector{ab_}, 10).ok());
  ASSERT_TRUE(ledger.Add("q", std::vector{ab_}, 30).ok());
  EXPECT_EQ(ledger.Residual(ab_), 0);
  EXPECT_EQ(ledger.Reserved(bc_), 60);
  EXPECT_TRUE(ledger.Remove("p"));
  EXPECT_FALSE(ledger.Remove("p"));
  EXPECT_EQ(ledger.Residual(ab_), 70);
  EXPECT_EQ(ledger.Reserved(bc_), 0);
}

TEST_F(LedgerTest, ChangesNothingWhenALinkLacksRoom) {
  Ledger ledger(*snapshot_);
  EXPECT_EQ(ledger.Add("p", std::vector{bc_, ab_}, 101).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ledger.Reserved(bc_), 0);
  EXPECT_FALSE(ledger.Remove("p"));
  // Twice on one link is twice the room.
  EXPECT_FALSE(ledger.Add("p", std::vector{ab_, ab_}, 51).ok());
  EXPECT_EQ(ledger.Reserved(ab_), 0);
}

TEST_F(LedgerTest, RefusesNonsenseAndNeverOverflows) {
  Ledger ledger(*snapshot_);
  EXPECT_EQ(ledger.Add("p", std::vector{ab_}, -1).code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ledger.Add("p", std::vector{bc_, LinkId::kNone}, 1).code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ledger.Add("p", std::vector{LinkId{2}}, 1).code(), absl::StatusCode::kInvalidArgument);
  ASSERT_TRUE(ledger.Add("q", std::vector{bc_}, 10'000'000'000'000'000).ok());
  EXPECT_EQ(ledger.Add("p", std::vector{bc_}, std::numeric_limits<int64_t>::max()).code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ledger.Residual(bc_), 0);
}

TEST_F(LedgerTest, HoldsWhatMayBePromised) {
  network_.Link("links/a--b").set_oversubscription(2.5);
  const auto snapshot = network_.Build();
  Ledger ledger(*snapshot);
  EXPECT_EQ(ledger.Residual(ab_), 250);
  EXPECT_TRUE(ledger.Add("p", std::vector{ab_}, 250).ok());
  EXPECT_EQ(ledger.Add("p", std::vector{ab_}, 1).code(), absl::StatusCode::kResourceExhausted);
}

TEST_F(LedgerTest, KeepsKindsAndPrioritiesApart) {
  Ledger ledger(*snapshot_);
  const std::vector links = {ab_};
  ASSERT_TRUE(ledger.Add("hose", links, 10, ReservationKind::kMesh, 3).ok());
  ASSERT_TRUE(ledger.Add("backup", links, 20, ReservationKind::kBulk, 7).ok());
  ASSERT_TRUE(ledger.Add("p", links, 5).ok());
  ASSERT_TRUE(ledger.AddPair("q", {{bc_}, {ab_}, 7, false, 1}).ok());
  ASSERT_TRUE(ledger.AddPair("r", {{bc_}, {ab_}, 8, true, 2}).ok());
  EXPECT_EQ(ledger.Usage(ab_), (LinkUsage{100, 5, 7, 8, 10, 20}));
  EXPECT_EQ(ledger.Usage(ab_).reserved(), 50);
  EXPECT_EQ(ledger.Residual(ab_, kTentativePriority), 50);
  EXPECT_EQ(ledger.Residual(ab_, 6), 70);
  EXPECT_EQ(ledger.Residual(ab_, 2), 80);
  EXPECT_EQ(ledger.Residual(ab_, 1), 88);
  EXPECT_EQ(ledger.Residual(ab_, 0), 95);
  EXPECT_EQ(ledger.Residual(ab_, -5), 95);
  EXPECT_EQ(ledger.Holders(ab_), (std::vector<std::string>{"backup", "hose", "p", "q", "r"}));
  // What is weaker counts as free, but is in the way until it has been removed.
  EXPECT_FALSE(ledger.Add("s", links, 60, ReservationKind::kWorking, 6).ok());
  EXPECT_EQ(ledger.Preempt(links, 60, 6), (std::vector<std::string>{"backup"}));
  EXPECT_EQ(ledger.Preempt(links, 60, 7), std::nullopt);
  EXPECT_EQ(ledger.Preempt(links, 50, 0), std::vector<std::string>());
  EXPECT_EQ(ledger.Preempt(links, 75, 2), (std::vector<std::string>{"backup", "hose"}));
}

TEST_F(LedgerTest, RefusesBadKindsAndPriorities) {
  Ledger ledger(*snapshot_);
  const std::vector links = {ab_};
  for (const auto& status :
       {ledger.Add("p", links, 1, ReservationKind::kProtectShared, 0),
        ledger.Add("p", links, 1, ReservationKind::kWorking, kTentativePriority + 1),
        ledger.AddPair("p", {links, {LinkId{9}}, 1}), ledger.AddPair("p", {links, {}, -1})}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  }
  // Half a pair is none.
  EXPECT_FALSE(ledger.AddPair("p", {{bc_}, {ab_}, 101}).ok());
  EXPECT_EQ(ledger.Reserved(bc_), 0);
  EXPECT_FALSE(ledger.Remove("p"));
}

// Two services whose working paths nothing takes down together share their protect bandwidth; a
// third that shares a risk with one of them adds to it.
TEST(LedgerSharingTest, SharesWhatCannotFailTogether) {
  TestNetwork network;
  for (const char* id : {"s", "t", "x", "y", "z", "w"}) network.Node(id);
  network.Srlg("duct");
  for (const char* middle : {"x", "y", "z", "w"}) {
    network.Fibre("s", middle).set_capacity_bps(100);
    network.Fibre(middle, "t").set_capacity_bps(100);
  }
  network.Link("links/s--y").add_srlgs("srlgs/duct");
  network.Link("links/s--z").add_srlgs("srlgs/duct");
  const auto snapshot = network.Build();
  const auto via = [&](const std::string& node) {
    return std::vector{*snapshot->FindLink("links/s--" + node),
                       *snapshot->FindLink("links/" + node + "--t")};
  };
  Ledger ledger(*snapshot);
  ASSERT_TRUE(ledger.AddPair("x", {via("x"), via("w"), 60, true}).ok());
  EXPECT_EQ(ledger.SharedProtectNeed(via("y"), via("w"), 70), (std::vector<int64_t>{10, 10}));
  ASSERT_TRUE(ledger.AddPair("y", {via("y"), via("w"), 70, true}).ok());
  EXPECT_EQ(ledger.Usage(via("w")[0]).protect_shared, 70);
  EXPECT_EQ(ledger.SharedProtectNeed(via("z"), via("w"), 20), (std::vector<int64_t>{20, 20}));
  EXPECT_FALSE(ledger.AddPair("z", {via("z"), via("w"), 40, true}).ok());
  ASSERT_TRUE(ledger.AddPair("z", {via("z"), via("w"), 30, true}).ok());
  EXPECT_EQ(ledger.Residual(via("w")[0]), 0);

  const Ledger::AfterFailure after = ledger.WithFailed(std::vector{via("y")[0]});
  EXPECT_EQ(after.moved, std::vector<std::string>{"y"});
  EXPECT_EQ(after.lost, std::vector<std::string>());
  // 70 of 100 are in use: 60 for x no longer fit, 30 for z do.
  EXPECT_EQ(after.unprotected, std::vector<std::string>{"x"});
  EXPECT_EQ(after.ledger.Usage(via("w")[0]), (LinkUsage{100, 70, 0, 30, 0, 0}));
  EXPECT_EQ(after.ledger.Usage(via("y")[1]).working, 0);
  EXPECT_EQ(after.ledger.Usage(via("x")[0]).working, 60);

  EXPECT_TRUE(ledger.Remove("y"));
  EXPECT_EQ(ledger.Usage(via("w")[1]).protect_shared, 60);
}

}  // namespace
}  // namespace waymark
