#include "controller/compute/k_shortest.h"

#include <gtest/gtest.h>

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
  EXPECT_TRUE(
      KShortestPaths(SearchGraph(*snapshot, {}, {}), NodeId{0}, NodeId{5}, 0).paths.empty());
  EXPECT_EQ(KShortestPaths(SearchGraph(*snapshot, {}, {}), NodeId{0}, NodeId{5}, 4, 1).outcome,
            Outcome::kBudgetSpent);
}

}  // namespace
}  // namespace waymark
