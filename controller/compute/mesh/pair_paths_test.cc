#include "controller/compute/mesh/pair_paths.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "controller/compute/mesh/block_search.h"
#include "controller/compute/mesh/mesh_testing.h"

namespace waymark {
namespace {

void ExpectSimple(const MeshProblem& problem, const MeshDemand& demand, const PairPath& path) {
  int32_t node = demand.from;
  std::set<int32_t> seen = {node};
  for (const int32_t link : path.links) {
    ASSERT_EQ(problem.links[link].from, node);
    node = problem.links[link].to;
    EXPECT_TRUE(seen.insert(node).second) << "loop";
  }
  EXPECT_EQ(node, demand.to);
}

TEST(PairPathsTest, AmountsAddUpAndNoLinkGetsMoreThanTheFlow) {
  std::mt19937_64 random(1);
  size_t split = 0;
  for (int i = 0; i < 400; ++i) {
    const MeshProblem problem = SmallMesh(random, 12);
    const MinMlu start(problem, {});
    const MeshGraph graph(problem);
    BlockSearch search(problem, graph);
    std::vector<bool> lost(problem.demands.size(), false);
    for (const int32_t demand : start.unreachable()) lost[demand] = true;
    SourceFlows flows = start.flows();
    for (size_t s = 0; s < flows.sources.size(); ++s) {
      const std::span<double> row = flows.row(s);
      std::vector<double> length(problem.links.size());
      // Split over trees of random lengths: cycles come of themselves.
      std::ranges::fill(row, 0);
      for (int k = 0; k < 4; ++k) {
        for (double& l : length) l = 1 + static_cast<double>(random() % 100);
        search.RouteOnTree(flows.demands(problem, s), length);
        for (size_t e = 0; e < row.size(); ++e) row[e] += search.all()[e] / 4;
      }
      const std::span<const MeshDemand> demands = flows.demands(problem, s);
      std::vector<PairPaths> paths(demands.size());
      DecomposeSource(problem, flows, s, lost, paths);
      std::vector<double> used(problem.links.size(), 0);
      for (size_t d = 0; d < demands.size(); ++d) {
        if (lost[flows.first_demand[s] + d] || demands[d].rate == 0) {
          EXPECT_TRUE(paths[d].empty());
          continue;
        }
        double sum = 0, before = demands[d].rate * 2;
        std::set<LinkList> seen;
        for (const PairPath& path : paths[d]) {
          ExpectSimple(problem, demands[d], path);
          EXPECT_TRUE(seen.insert(path.links).second) << "twice the same";
          EXPECT_GT(path.amount, 0);
          EXPECT_LE(path.amount, before) << "not in order";
          before = path.amount;
          sum += path.amount;
          for (const int32_t link : path.links) used[link] += path.amount;
        }
        EXPECT_NEAR(sum, demands[d].rate, 1e-9 * demands[d].rate);
        split += paths[d].size() > 1;
      }
      for (size_t e = 0; e < used.size(); ++e) EXPECT_LE(used[e], row[e] + 1e-6);
    }
  }
  EXPECT_GT(split, 1000u);
}

// One source on a chain 0 -> 1 -> 2 -> 3 with a link back, 2 -> 1.
struct Chain {
  MeshProblem problem = {
      .node_count = 4,
      .links = {{0, 1, 1e18}, {1, 2, 1e18}, {2, 1, 1e18}, {2, 3, 1e18}},
  };
  SourceFlows flows = {.sources = {0}, .flow = {}, .link_count = 4};
  std::vector<PairPaths> Decompose(std::vector<double> flow) {
    flows.first_demand = {0, problem.demands.size()};
    flows.flow = std::move(flow);
    std::vector<PairPaths> paths(problem.demands.size());
    DecomposeSource(problem, flows, 0, std::vector<bool>(paths.size(), false), paths);
    return paths;
  }
};

TEST(PairPathsTest, CyclesCarryNothing) {
  Chain chain;
  chain.problem.demands = {{0, 1, 1}, {0, 3, 4}};
  const auto paths = chain.Decompose({5, 104, 100, 4});
  ASSERT_EQ(paths[0].size(), 1u);
  EXPECT_EQ(paths[0][0].links, (LinkList{0}));
  ASSERT_EQ(paths[1].size(), 1u);
  EXPECT_EQ(paths[1][0].links, (LinkList{0, 1, 3}));
  EXPECT_EQ(paths[1][0].amount, 4);
}

}  // namespace
}  // namespace waymark
