#include "controller/compute/mesh/balance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>

#include "controller/compute/mesh/check_routes.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/mesh_testing.h"
#include "controller/compute/mesh/optimize.h"

namespace waymark {
namespace {

std::vector<double> Sorted(const MeshProblem& problem, const MeshRoutes& routes) {
  const MeshLoads loads = EvaluateMesh(problem, routes);
  std::vector<double> uses;
  for (size_t e = 0; e < problem.links.size(); ++e) {
    if (problem.links[e].capacity > 0) uses.push_back(loads.load[e] / problem.links[e].capacity);
  }
  std::ranges::sort(uses, std::greater<>());
  return uses;
}

// The first difference that counts, relative; 0: none.
double FirstDifference(const std::vector<double>& a, const std::vector<double>& b) {
  for (size_t i = 0; i < a.size(); ++i) {
    if (std::abs(a[i] - b[i]) > 1e-9 * (1 + b[i])) return (a[i] - b[i]) / b[i];
  }
  return 0;
}

TEST(BalanceTest, SortedUtilisationsNeverRiseAndOftenFall) {
  std::mt19937_64 random(1);
  int better = 0;
  for (int i = 0; i < 40; ++i) {
    MeshProblem problem = SmallMesh(random, 12);
    if (problem.links.empty()) continue;
    if (i % 3 == 0) problem.max_hops = 4;
    const auto plan = OptimizeMesh(problem, {.max_paths = 4});
    const auto balanced = BalanceRoutes(problem, plan->routes, {.max_paths = 4});
    ASSERT_TRUE(balanced.ok());
    ASSERT_TRUE(CheckMeshRoutes(problem, *balanced).ok());
    const double difference =
        FirstDifference(Sorted(problem, *balanced), Sorted(problem, plan->routes));
    EXPECT_LE(difference, 0);
    better += difference < 0;
    for (size_t d = 0; d < problem.demands.size(); ++d) {
      const PairRoutes pair = balanced->pair(d);
      EXPECT_EQ(pair.empty(), plan->routes.pair(d).empty());
      EXPECT_TRUE(pair == plan->routes.pair(d) || pair.size() <= 4u);
      for (const WeightedRoute& route : pair) {
        EXPECT_TRUE(problem.max_hops == 0 || route.links.size() <= 4u);
      }
    }
    EXPECT_EQ(*BalanceRoutes(problem, plan->routes, {.stop = [] { return true; }}), plan->routes);
  }
  EXPECT_GT(better, 10);
}

// One link alone makes the MLU; beside it are two equal links for a demand that is all on one.
TEST(BalanceTest, WhatDoesNotMatterForTheMluIsLeveledToo) {
  MeshProblem problem;
  problem.node_count = 4;
  problem.links = {{0, 1, 10}, {2, 3, 10}, {2, 3, 10}};
  problem.demands = {{0, 1, 9}, {2, 3, 8}};
  MeshRoutes routes;
  for (const int32_t link : {0, 1}) {
    routes.AddRoute(std::vector<int32_t>{link}, 64);
    routes.EndDemand();
  }
  const auto balanced = BalanceRoutes(problem, routes, {});
  ASSERT_TRUE(balanced.ok());
  EXPECT_EQ(Sorted(problem, *balanced), (std::vector<double>{0.9, 0.4, 0.4}));
  // What may not be is not.
  const auto refused = BalanceRoutes(
      problem, routes, {.fits = [](std::span<const int32_t> links) { return links[0] != 2; }});
  EXPECT_EQ(*refused, routes);
  EXPECT_FALSE(BalanceRoutes(problem, routes, {.max_paths = 0}).ok());
}

// Far below the top, where a way of less capacity is of more use than its capacity says.
TEST(BalanceTest, WhatIsFarBelowTheTopIsLeveledToo) {
  MeshProblem problem;
  problem.node_count = 5;
  problem.links = {{0, 1, 10}, {2, 3, 1000}, {2, 4, 300}, {4, 3, 300}};
  problem.demands = {{0, 1, 9}, {2, 3, 8}};
  MeshRoutes routes;
  for (const int32_t link : {0, 1}) {
    routes.AddRoute(std::vector<int32_t>{link}, 64);
    routes.EndDemand();
  }
  const auto balanced = BalanceRoutes(problem, routes, {});
  ASSERT_TRUE(balanced.ok());
  const std::vector<double> uses = Sorted(problem, *balanced);
  EXPECT_DOUBLE_EQ(uses[0], 0.9);
  // 8 on 1300 at best; a weight is 1/64 of it.
  EXPECT_GE(uses[1], 8.0 / 1300);
  EXPECT_LE(uses[1], 8.0 / 1300 + 8.0 / 64 / 300);
}

}  // namespace
}  // namespace waymark
