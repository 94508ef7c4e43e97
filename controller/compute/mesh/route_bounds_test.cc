#include "controller/compute/mesh/route_bounds.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "controller/compute/mesh/mesh_testing.h"

namespace waymark {
namespace {

constexpr double kFar = TreeSearch::kFar;

// Against all paths: which demands can be carried, and what the cheapest way is under any prices.
TEST(RouteBoundsTest, CheapestRoutesAreThoseOfAllPaths) {
  std::mt19937_64 random(1);
  int bound = 0, out = 0;
  for (int i = 0; i < 1'500; ++i) {
    MeshProblem problem = SmallMesh(random, 7);
    AddBounds(random, &problem);
    const auto free_paths = AllPaths(problem), paths = BoundedPaths(problem);
    const MeshGraph graph(problem);
    const RouteBounds bounds(problem);
    std::vector<double> length;
    for (size_t e = 0; e < problem.links.size(); ++e) {
      length.push_back(random() % 8 == 0 ? kFar : static_cast<double>(random() % 20) / 4);
    }
    BoundedSearch search(problem, graph, bounds);
    std::vector<int32_t> no_way, out_of_bound;
    for (size_t first = 0; first < problem.demands.size();) {
      size_t end = first;
      while (end < problem.demands.size() &&
             problem.demands[end].from == problem.demands[first].from) {
        ++end;
      }
      search.Run(first, end, length);
      for (size_t d = first; d < end; ++d) {
        if (problem.demands[d].rate > 0 && free_paths[d].empty()) {
          no_way.push_back(static_cast<int32_t>(d));
        } else if (problem.demands[d].rate > 0 && paths[d].empty()) {
          out_of_bound.push_back(static_cast<int32_t>(d));
        }
        EXPECT_EQ(bounds.feasible(d), !paths[d].empty());
        const auto cost = [&](const std::vector<int32_t>& links) {
          double sum = 0;
          for (const int32_t link : links) sum += length[link];
          return sum;
        };
        double least = kFar, least_free = kFar;
        for (const auto& path : paths[d]) least = std::min(least, cost(path));
        for (const auto& path : free_paths[d]) least_free = std::min(least_free, cost(path));
        ASSERT_DOUBLE_EQ(search.distance(d), least);
        bound += least_free < least && least < kFar;
        std::vector<int32_t> links;
        ASSERT_EQ(search.RouteTo(d, &links), least < kFar);
        if (least == kFar) continue;
        EXPECT_DOUBLE_EQ(cost(links), least);
        EXPECT_TRUE(bounds.Keeps(d, links));
        // Some way as cheap may have a loop of links that cost nothing.
        EXPECT_TRUE(std::ranges::count(paths[d], links) == 1);
      }
      first = end;
    }
    EXPECT_EQ(bounds.no_way(), no_way);
    EXPECT_EQ(bounds.out_of_bound(), out_of_bound);
    out += static_cast<int>(out_of_bound.size());
  }
  EXPECT_GT(bound, 1'000);
  EXPECT_GT(out, 1'000);
}

TEST(RouteBoundsTest, ABillionthOfSlackAndNoMore) {
  MeshProblem problem{.node_count = 2, .links = {{0, 1, 1, 10}}, .demands = {{0, 1, 1}}};
  problem.max_delay = 10 * (1 - 5e-10);
  EXPECT_TRUE(RouteBounds(problem).feasible(0));
  problem.max_delay = 10 * (1 - 2e-9);
  EXPECT_FALSE(RouteBounds(problem).feasible(0));
}

TEST(RouteBoundsTest, TooMuchMemoryIsRefused) {
  MeshProblem problem{.node_count = kMostMeshNodes, .links = {{0, 1, 1}}, .demands = {}};
  for (int32_t to = 1; to < 2'000; ++to) problem.demands.push_back({0, to, 1});
  EXPECT_TRUE(RouteBounds::CheckMemory(problem).ok());
  problem.max_hops = 3;
  EXPECT_EQ(RouteBounds::CheckMemory(problem).code(), absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace waymark
