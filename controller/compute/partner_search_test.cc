#include "controller/compute/partner_search.h"

#include <gtest/gtest.h>

#include <limits>
#include <optional>
#include <string>

#include "controller/compute/refusal.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

constexpr int64_t kGbit = 1'000'000'000;

// u and v, 10 Gbit/s each by way of s0, s1 and s2, the nearest first. One of 7 Gbit/s works over s0
// and shares its protect bandwidth over s1.
class PartnerSearchTest : public testing::Test {
 protected:
  PartnerSearchTest() {
    network_.Node("u");
    network_.Node("v");
    for (uint32_t i = 0; i < 3; ++i) {
      const std::string s = "s" + std::to_string(i);
      network_.Node(s);
      network_.Fibre("u", s, 1'000, 10 + i);
      network_.Fibre(s, "v", 1'000, 10 + i);
    }
    snapshot_ = network_.Build();
    ledger_.emplace(*snapshot_);
    EXPECT_TRUE(ledger_
                    ->AddPair("x", {.working = Way("s0"),
                                    .protect = Way("s1"),
                                    .bps = 7 * kGbit,
                                    .share_protect = true})
                    .ok());
    constraints_.protection = {.link = true, .node = true};
    constraints_.bandwidth_bps = 7 * kGbit;
  }
  std::vector<LinkId> Way(const std::string& s) const {
    return {*snapshot_->FindLink("links/u--" + s), *snapshot_->FindLink("links/" + s + "--v")};
  }
  PartneredPairs Pairs() const {
    return LeastPartnered({.snapshot = *snapshot_,
                           .constraints = constraints_,
                           .environment = {.ledger = &*ledger_},
                           .from = *snapshot_->FindNode("nodes/u"),
                           .to = *snapshot_->FindNode("nodes/v"),
                           .share_protect = share_,
                           .working_graph = working_graph_,
                           .limit = limit_});
  }
  RefusalExplanation Explain(bool share) const {
    return ExplainRefusalInFull({.snapshot = *snapshot_,
                                 .constraints = constraints_,
                                 .environment = {.ledger = &*ledger_},
                                 .from = "nodes/u",
                                 .to = "nodes/v",
                                 .targets = {.share_protect = share}});
  }

  TestNetwork network_;
  std::shared_ptr<const Snapshot> snapshot_;
  std::optional<Ledger> ledger_;
  PathConstraints constraints_;
  WorkLimit limit_;
  bool share_ = true;
  const SearchGraph* working_graph_ = nullptr;
};

TEST_F(PartnerSearchTest, ProtectBesideOneThatCannotFailWithIt) {
  const PartneredPairs found = Pairs();
  ASSERT_EQ(found.pairs.size(), 1u);
  EXPECT_EQ(found.pairs[0][0].links, Way("s2"));
  EXPECT_EQ(found.pairs[0][1].links, Way("s1"));
  EXPECT_TRUE(found.exhausted);
}

TEST_F(PartnerSearchTest, OneThatFailsWithItDoesNotShare) {
  // Nothing is left for another working path, and over s0 it would fail with the first.
  ASSERT_TRUE(ledger_->Add("y", Way("s2"), 4 * kGbit).ok());
  EXPECT_TRUE(Pairs().pairs.empty());
  EXPECT_TRUE(Pairs().exhausted);
}

// Also the pair that is sought without regard to load, which the least two paths are not.
TEST_F(PartnerSearchTest, EverySearchCanBeStopped) {
  network_.Srlg("duct");
  for (const char* link : {"u--s0", "s0--u", "u--s1", "s1--u"}) {
    network_.Link("links/" + std::string(link)).add_srlgs("srlgs/duct");
  }
  snapshot_ = network_.Build();
  ledger_.emplace(*snapshot_);
  constraints_.protection.srlg = true;
  int asked = 0;
  int most = std::numeric_limits<int>::max();
  limit_.stop = [&] { return ++asked > most; };
  const PartneredPairs unstopped = Pairs();
  EXPECT_FALSE(unstopped.pairs.empty());
  EXPECT_TRUE(unstopped.exhausted);
  const int all = asked;
  EXPECT_GE(all, 3);
  // Wherever it comes, nothing is tried for long after it, and nothing is said to be all.
  for (most = 0; most < all; ++most) {
    SCOPED_TRACE(most);
    asked = 0;
    EXPECT_FALSE(Pairs().exhausted);
    EXPECT_LE(asked, most + 3);
  }
}

// Where each protect path has its own, working paths may be priced by the caller.
TEST_F(PartnerSearchTest, DedicatedProtectOfPricedWorkingPaths) {
  share_ = false;
  EXPECT_TRUE(Pairs().pairs.empty());
  constraints_.bandwidth_bps = 3 * kGbit;
  ASSERT_FALSE(Pairs().pairs.empty());
  EXPECT_EQ(Pairs().pairs[0][0].links, Way("s0"));
  EXPECT_EQ(Pairs().pairs[0][1].links, Way("s1"));
  SearchGraph priced(*snapshot_, constraints_, {.ledger = &*ledger_});
  priced.AddCost(Way("s0")[0], 1'000);
  working_graph_ = &priced;
  EXPECT_EQ(Pairs().pairs[0][0].links, Way("s1"));
  EXPECT_EQ(Pairs().pairs[0][1].links, Way("s2"));
}

TEST_F(PartnerSearchTest, ExplanationsKnowOfIt) {
  EXPECT_TRUE(Explain(true).possible);
  EXPECT_FALSE(Explain(false).possible);
  EXPECT_EQ(Explain(false).refusal.relaxation.substr(0, 33), "bandwidth 7 Gbit/s -> 3 Gbit/s or");
  constraints_.bandwidth_bps = 11 * kGbit;
  EXPECT_EQ(Explain(true).refusal.blocking_constraint, "bandwidth 11 Gbit/s");
}

}  // namespace
}  // namespace waymark
