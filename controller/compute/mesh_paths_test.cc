#include "controller/compute/mesh_paths.h"

#include <gtest/gtest.h>

#include <set>

#include "controller/compute/test_network.h"

namespace waymark {
namespace {

TEST(MeshPathsTest, PathsAreValidDistinctOrderedAndWeighted) {
  std::mt19937 random(31);
  size_t several = 0;
  for (int round = 0; round < 1500; ++round) {
    const int nodes = 2 + static_cast<int>(random() % 6);
    const auto snapshot = RandomNetwork(random, nodes, 4 + static_cast<int>(random() % 14));
    const SearchGraph graph(*snapshot, RandomConstraints(random), {});
    const NodeId from = static_cast<NodeId>(random() % nodes);
    const NodeId to = static_cast<NodeId>(random() % nodes);
    const int max_paths = 1 + static_cast<int>(random() % 8);
    const auto all = AllPaths(graph, from, to);
    const MeshResult result = MeshPaths(graph, CostsFrom(graph, from), from, to, max_paths);
    ASSERT_EQ(result.outcome, all.empty() ? Outcome::kInfeasible : Outcome::kFound);
    if (all.empty()) continue;
    ASSERT_LE(result.paths.size(), static_cast<size_t>(max_paths));
    ASSERT_EQ(result.paths.front().path, all.front());
    int total = 0;
    for (size_t i = 0; i < result.paths.size(); ++i) {
      ASSERT_TRUE(std::binary_search(all.begin(), all.end(), result.paths[i].path)) << round;
      ASSERT_GE(result.paths[i].weight, 1);
      ASSERT_EQ(result.paths[i].path.avoided(), all.front().avoided());
      ASSERT_LE(result.paths[i].path.objective(), 2 * all.front().objective());
      total += result.paths[i].weight;
      if (i > 0) {
        ASSERT_LT(result.paths[i - 1].path, result.paths[i].path);
      }
    }
    ASSERT_EQ(total, kMeshWeightTotal);
    several += result.paths.size() > 1;
  }
  EXPECT_GT(several, 50u);
}

TEST(MeshPathsTest, AnotherPathIsNoneOfThoseThatThereAre) {
  std::mt19937 random(32);
  size_t found = 0, none = 0;
  for (int round = 0; round < 1500; ++round) {
    const int nodes = 2 + static_cast<int>(random() % 6);
    const auto snapshot = RandomNetwork(random, nodes, 4 + static_cast<int>(random() % 14));
    const SearchGraph graph(*snapshot, RandomConstraints(random), {});
    const NodeId from = static_cast<NodeId>(random() % nodes);
    const NodeId to = static_cast<NodeId>(random() % nodes);
    const auto all = AllPaths(graph, from, to);
    if (all.empty()) continue;
    std::vector<std::vector<LinkId>> used;
    for (const ComputedPath& path : all) {
      if (random() % 2 == 0) used.push_back(path.links);
    }
    const bool least_used = std::find(used.begin(), used.end(), all.front().links) != used.end();
    AnotherMeshPath another(graph);
    const std::vector<PathCost> costs = CostsFrom(graph, from);
    for (int i = 0; i < 2; ++i) {  // what was sought before leaves nothing behind
      const auto path = another.Find(costs, from, to, all.front(), used);
      ASSERT_TRUE(least_used || path == all.front());
      if (!path) continue;
      ASSERT_TRUE(std::binary_search(all.begin(), all.end(), *path)) << round;
      ASSERT_EQ(std::find(used.begin(), used.end(), path->links), used.end());
      ASSERT_LE(path->objective(), 2 * all.front().objective());
      ASSERT_EQ(path->avoided(), all.front().avoided());
      found += least_used;
    }
    none += least_used && !another.Find(costs, from, to, all.front(), used);
  }
  EXPECT_GT(found, 50u);
  EXPECT_GT(none, 50u);
}

TEST(MeshPathsTest, SpreadsOverDistinctLinksAndFavoursCapacity) {
  TestNetwork network;
  for (const char* id : {"s", "a", "b", "c", "t"}) network.Node(id);
  int64_t capacity = 10'000'000'000;
  for (const char* middle : {"a", "b", "c"}) {
    network.Fibre("s", middle).set_capacity_bps(capacity);
    network.Fibre(middle, "t").set_capacity_bps(2 * capacity);
    capacity *= 3;
  }
  const auto snapshot = network.Build();
  const SearchGraph graph(*snapshot, {}, {});
  const NodeId s = *snapshot->FindNode("nodes/s");
  const MeshResult result =
      MeshPaths(graph, CostsFrom(graph, s), s, *snapshot->FindNode("nodes/t"), 4);
  ASSERT_EQ(result.paths.size(), 3u);
  std::set<LinkId> used;
  for (const MeshPath& path : result.paths) {
    for (const LinkId link : path.path.links) EXPECT_TRUE(used.insert(link).second);
  }
  // 10 : 30 : 90 of 64.
  EXPECT_EQ(result.paths[0].weight, 6);
  EXPECT_EQ(result.paths[1].weight, 15);
  EXPECT_EQ(result.paths[2].weight, 43);
}

}  // namespace
}  // namespace waymark
