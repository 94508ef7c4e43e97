#include "controller/compute/mesh/stretch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/mesh_testing.h"
#include "controller/compute/mesh/optimize.h"

namespace waymark {
namespace {

TEST(StretchTest, OfTwoWays) {
  MeshProblem problem;
  problem.node_count = 3;
  problem.links = {{0, 1, 10, 2}, {0, 2, 10, 3}, {2, 1, 10, 2}};
  problem.demands = {{0, 1, 8}};
  MeshRoutes routes;
  routes.AddRoute(std::vector<int32_t>{0}, 48);
  routes.AddRoute(std::vector<int32_t>{1, 2}, 16);
  routes.EndDemand();
  const MeshStretch stretch = MeasureStretch(problem, routes);
  EXPECT_DOUBLE_EQ(stretch.mean, 0.75 + 0.25 * 2.5);
  EXPECT_DOUBLE_EQ(stretch.worst, 2.5);
  EXPECT_EQ(stretch.worst_demand, 0);
  EXPECT_DOUBLE_EQ(stretch.mean_delay, 2.75);
  EXPECT_DOUBLE_EQ(stretch.worst_delay, 5);
  // 8 do not fit below 0.7; they do below 0.8, and the two become one.
  EXPECT_EQ(ShortenRoutes(problem, routes, 0.7), routes);
  const MeshRoutes shorter = ShortenRoutes(problem, routes, 0.8);
  ASSERT_EQ(shorter.route_count(), 1u);
  EXPECT_EQ(shorter.weight(0), 64);
  EXPECT_EQ(ShortenRoutes(problem, routes, 0.8, [] { return true; }), routes);
  for (MeshLink& link : problem.links) link.delay = 0;
  EXPECT_EQ(MeasureStretch(problem, routes).worst_demand, -1);
}

TEST(StretchTest, ShorterRoutesKeepTheMluAndTheBounds) {
  std::mt19937_64 random(31);
  int shorter = 0;
  for (int i = 0; i < 300; ++i) {
    MeshProblem problem = SmallMesh(random, 8);
    AddBounds(random, &problem);
    const auto plan = OptimizeMesh(problem, {});
    ASSERT_TRUE(plan.ok());
    const MeshRoutes routes = ShortenRoutes(problem, plan->routes, plan->mlu);
    ExpectProgrammable(problem, routes, 8, 64, plan->unreachable);
    EXPECT_LE(EvaluateMesh(problem, routes).mlu, plan->mlu * (1 + 1e-9));
    const auto paths = BoundedPaths(problem);
    for (size_t d = 0; d < paths.size(); ++d) {
      for (const WeightedRoute& route : routes.pair(d)) {
        EXPECT_EQ(std::ranges::count(paths[d], route.links), 1);
      }
    }
    const MeshStretch before = MeasureStretch(problem, plan->routes);
    const MeshStretch after = MeasureStretch(problem, routes);
    EXPECT_LE(after.mean_delay, before.mean_delay * (1 + 1e-9));
    shorter += after.mean_delay < before.mean_delay * 0.999;
  }
  EXPECT_GT(shorter, 50);
}

}  // namespace
}  // namespace waymark
