#include "controller/compute/mesh/tree_search.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "controller/compute/mesh/mesh_testing.h"

namespace waymark {
namespace {

// Bellman 1958, to hold it against.
std::vector<double> Distances(const MeshProblem& problem, int32_t source,
                              const std::vector<double>& length) {
  std::vector<double> distance(problem.node_count, TreeSearch::kFar);
  distance[source] = 0;
  for (int32_t i = 0; i < problem.node_count; ++i) {
    for (size_t e = 0; e < problem.links.size(); ++e) {
      const MeshLink& link = problem.links[e];
      if (link.capacity > 0) {
        distance[link.to] = std::min(distance[link.to], distance[link.from] + length[e]);
      }
    }
  }
  return distance;
}

TEST(TreeSearchTest, AsLongAsBellmanFordHasIt) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 500; ++i) {
    const MeshProblem problem = SmallMesh(random, 14);
    const MeshGraph graph(problem);
    TreeSearch tree(graph);
    std::vector<double> length(problem.links.size());
    // Whole numbers add up exactly; 0 and ties are frequent.
    const int most = i % 3 == 0 ? 1 : i % 3 == 1 ? 5 : 1'000'000;
    for (double& l : length) l = static_cast<double>(random() % static_cast<uint64_t>(most + 1));
    // Reused: what one search leaves behind does not reach the next.
    for (int32_t source = 0; source < problem.node_count; ++source) {
      tree.Run(source, length);
      const std::vector<double> expected = Distances(problem, source, length);
      std::set<int32_t> seen;
      ASSERT_FALSE(tree.order().empty());
      EXPECT_EQ(tree.order()[0], source);
      EXPECT_EQ(tree.last_link(source), -1);
      for (const int32_t node : tree.order()) {
        EXPECT_TRUE(seen.insert(node).second) << "twice";
        if (node == source) continue;
        const int32_t link = tree.last_link(node);
        ASSERT_GE(link, 0);
        EXPECT_EQ(problem.links[link].to, node);
        EXPECT_GT(problem.links[link].capacity, 0);
        EXPECT_TRUE(seen.contains(problem.links[link].from)) << "before its parent";
        EXPECT_EQ(tree.distance(node), tree.distance(problem.links[link].from) + length[link]);
      }
      for (int32_t node = 0; node < problem.node_count; ++node) {
        EXPECT_EQ(tree.distance(node), expected[node]);
        EXPECT_EQ(seen.contains(node), expected[node] < TreeSearch::kFar);
        if (expected[node] == TreeSearch::kFar) {
          EXPECT_EQ(tree.last_link(node), -1);
        }
      }
      std::vector<int32_t> ends;
      for (int k = 0; k < 3; ++k) {
        ends.push_back(static_cast<int32_t>(random() % static_cast<uint64_t>(problem.node_count)));
      }
      tree.RunTo(source, length, ends);
      EXPECT_LE(tree.order().size(), seen.size());
      for (const int32_t end : ends) {
        EXPECT_EQ(tree.distance(end), expected[end]);
        if (end == source || expected[end] == TreeSearch::kFar) continue;
        const int32_t link = tree.last_link(end);
        EXPECT_EQ(expected[end], expected[problem.links[link].from] + length[link]);
      }
    }
  }
}

TEST(TreeSearchTest, ClosedLinksAreNotUsedAndParallelOnesAreToldApart) {
  const MeshProblem problem = {.node_count = 4,
                               .links = {{0, 1, 5}, {0, 1, 5}, {0, 1, 0}, {1, 2, 5}, {2, 3, 5}}};
  const MeshGraph graph(problem);
  TreeSearch tree(graph);
  const std::vector<double> length = {3, 2, 1, 1, TreeSearch::kFar};
  tree.Run(0, length);
  EXPECT_EQ(tree.last_link(1), 1);
  EXPECT_EQ(tree.distance(2), 3);
  EXPECT_EQ(tree.distance(3), TreeSearch::kFar);
  EXPECT_EQ(tree.last_link(3), -1);
  EXPECT_EQ(tree.order().size(), 3u);
}

}  // namespace
}  // namespace waymark
