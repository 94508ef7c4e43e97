#include "controller/compute/k_shortest.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "controller/compute/test_network.h"

namespace waymark {
namespace {

TEST(KShortestPathsTest, MatchesExhaustionInOrder) {
  std::mt19937 random(11);
  size_t most = 0;
  for (int round = 0; round < 3000; ++round) {
    const int nodes = 2 + static_cast<int>(random() % 5);
    const auto snapshot = RandomNetwork(random, nodes, static_cast<int>(random() % 18));
    const SearchGraph graph(*snapshot, RandomConstraints(random), {});
    const NodeId from = static_cast<NodeId>(random() % nodes);
    const NodeId to = static_cast<NodeId>(random() % nodes);
    std::vector<ComputedPath> expected = AllPaths(graph, from, to);
    most = std::max(most, expected.size());
    const size_t k = random() % 3 == 0 ? 100'000 : 1 + random() % 8;
    const KShortestResult actual = KShortestPaths(graph, from, to, k);
    ASSERT_EQ(actual.outcome, expected.empty() ? Outcome::kInfeasible : Outcome::kFound) << round;
    if (expected.size() > k) expected.resize(k);
    ASSERT_EQ(actual.paths, expected) << round;
  }
  EXPECT_GT(most, 20u);
}

TEST(KShortestPathsTest, ParallelLinksMakeDistinctPaths) {
  TestNetwork network;
  network.Node("a");
  network.Node("b");
  for (const char* suffix : {".1", ".2", ".3"}) network.Fibre("a", "b", 1000, 10, suffix);
  const auto snapshot = network.Build();
  const auto result = KShortestPaths(SearchGraph(*snapshot, {}, {}), NodeId{0}, NodeId{1}, 10);
  ASSERT_EQ(result.paths.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(snapshot->link(result.paths[i].links[0]).name, "links/a--b." + std::to_string(i + 1));
  }
}

TEST(KShortestPathsTest, NoneAskedNoneGiven) {
  const auto snapshot = CarrierNetwork(1, 10, 20);
  const SearchGraph graph(*snapshot, {}, {});
  EXPECT_TRUE(KShortestPaths(graph, NodeId{0}, NodeId{5}, 0).paths.empty());
  EXPECT_TRUE(KShortestPaths(graph, NodeId{5}, NodeId{5}, 3).paths.empty());
}

TEST(KShortestPathsTest, BudgetEndsInACorrectBeginning) {
  const auto snapshot = CarrierNetwork(1, 10, 20);
  const SearchGraph free(*snapshot, {}, {});
  const ComputedPath least = CheapestPath(free, NodeId{0}, NodeId{5}).path;
  // The least path is too slow, so that it takes a search to find the first.
  const SearchGraph bounded(*snapshot, {.max_delay_ns = least.metric.delay_ns - 1}, {});
  EXPECT_EQ(KShortestPaths(bounded, NodeId{0}, NodeId{5}, 4, 1).outcome, Outcome::kBudgetSpent);

  // More paths than anyone can list.
  const auto large = CarrierNetwork(1, 60, 150);
  const SearchGraph many(*large, {}, {});
  const auto begun = KShortestPaths(many, NodeId{0}, NodeId{30}, 1'000'000'000, 5'000);
  EXPECT_EQ(begun.outcome, Outcome::kBudgetSpent);
  ASSERT_GT(begun.paths.size(), 10u);
  EXPECT_TRUE(std::is_sorted(begun.paths.begin(), begun.paths.end()));
}

TEST(KShortestPathsTest, StopsWhenAsked) {
  const auto large = CarrierNetwork(1, 60, 150);
  const SearchGraph many(*large, {}, {});
  int asked = 0;
  const auto stopped = KShortestPaths(many, NodeId{0}, NodeId{30}, 1'000, kDefaultLabelBudget,
                                      [&asked] { return ++asked > 20; });
  EXPECT_EQ(stopped.outcome, Outcome::kBudgetSpent);
  EXPECT_EQ(asked, 21);
  const auto all = KShortestPaths(many, NodeId{0}, NodeId{30}, 1'000).paths;
  ASSERT_LT(stopped.paths.size(), all.size());
  EXPECT_TRUE(std::equal(stopped.paths.begin(), stopped.paths.end(), all.begin()));
}

}  // namespace
}  // namespace waymark
