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

}  // namespace
}  // namespace waymark
