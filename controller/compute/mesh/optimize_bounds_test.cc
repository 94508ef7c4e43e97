// Bounds on delay, hops and stretch hold on every route, and what is certified is of routings
// within them: against linear programmes over all bounded paths.
#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <vector>

#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/linear_program.h"
#include "controller/compute/mesh/mesh_testing.h"
#include "controller/compute/mesh/optimize.h"
#include "controller/compute/mesh/protect.h"

namespace waymark {
namespace {

using Paths = std::vector<std::vector<std::vector<int32_t>>>;

void ExpectAmong(const Paths& paths, const MeshRoutes& routes) {
  for (size_t d = 0; d < routes.demand_count(); ++d) {
    for (size_t r = routes.first_route(d); r < routes.first_route(d + 1); ++r) {
      const auto links = routes.links(r);
      const std::vector<int32_t> route(links.begin(), links.end());
      EXPECT_EQ(std::ranges::count(paths[d], route), 1) << "out of bounds";
    }
  }
}

TEST(OptimizeBoundsTest, AgainstLinearProgrammesOverAllBoundedPaths) {
  std::mt19937_64 random(5);
  int tighter = 0, split = 0;
  for (int i = 0; i < 3'000; ++i) {
    MeshProblem problem = SmallMesh(random, 7);
    AddBounds(random, &problem);
    const Paths paths = BoundedPaths(problem);
    const MeshOptions options = {.max_paths = 16, .weight_total = 4'096, .gap = 0.01};
    const auto plan = OptimizeMesh(problem, options);
    ASSERT_TRUE(plan.ok()) << plan.status();
    ExpectProgrammable(problem, plan->routes, 16, 4'096, plan->unreachable);
    ExpectAmong(paths, plan->routes);
    const std::optional<double> optimum = PathOptimum(problem, paths);
    ASSERT_TRUE(optimum.has_value());
    EXPECT_LE(plan->lower_bound, *optimum * (1 + 1e-7) + 1e-9);
    EXPECT_GE(plan->mlu, *optimum * (1 - 1e-7) - 1e-9);
    EXPECT_GE(plan->fractional_mlu, *optimum * (1 - 1e-7) - 1e-9);
    EXPECT_LE(plan->mlu, plan->lower_bound * 1.01 + 1e-9) << i;
    EXPECT_EQ(plan->mlu, EvaluateMesh(problem, plan->routes).mlu);
    tighter += *optimum > *EdgeOptimum(problem) * 1.001;
    split += plan->routes.route_count() > problem.demands.size() - plan->unreachable.size();
  }
  EXPECT_GT(tighter, 500);
  EXPECT_GT(split, 100);
}

TEST(OptimizeBoundsTest, WhyADemandIsUnreachable) {
  MeshProblem problem;
  problem.node_count = 4;
  problem.links = {{0, 1, 10, 5}, {1, 2, 10, 5}};
  problem.demands = {{0, 1, 5}, {0, 2, 5}, {0, 3, 5}, {1, 2, 0}};
  problem.max_delay = 9;
  const auto plan = OptimizeMesh(problem, {});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->unreachable, (std::vector<int32_t>{1, 2}));
  EXPECT_EQ(plan->out_of_bound, (std::vector<int32_t>{1}));
  EXPECT_DOUBLE_EQ(plan->mlu, 0.5);
  EXPECT_NEAR(plan->lower_bound, 0.5, 0.005);
}

// The delay and the hops are each within reach, but not on one way.
TEST(OptimizeBoundsTest, BoundsHoldTogether) {
  MeshProblem problem;
  problem.node_count = 3;
  problem.links = {{0, 2, 10, 9}, {0, 1, 10, 1}, {1, 2, 10, 1}};
  problem.demands = {{0, 2, 5}};
  problem.max_delay = 5;
  problem.max_hops = 1;
  const auto none = OptimizeMesh(problem, {});
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->out_of_bound, (std::vector<int32_t>{0}));
  problem.max_hops = 2;
  const auto two = OptimizeMesh(problem, {});
  ASSERT_TRUE(two.ok());
  EXPECT_DOUBLE_EQ(two->mlu, 0.5);
  problem.max_delay = 0;
  problem.max_hops = 1;
  const auto one = OptimizeMesh(problem, {});
  ASSERT_TRUE(one.ok());
  ASSERT_EQ(one->routes.route_count(), 1u);
  EXPECT_EQ(one->routes.links(0)[0], 0);
}

TEST(OptimizeBoundsTest, ThreadsDoNotChangeThePlanAndAStopGivesRoutesWithinBounds) {
  std::mt19937_64 random(6);
  for (int i = 0; i < 100; ++i) {
    MeshProblem problem = SmallMesh(random, 7);
    AddBounds(random, &problem);
    const auto one = OptimizeMesh(problem, {});
    const auto other = OptimizeMesh(problem, {.parallel = [](int count, const auto& task) {
                                      for (int k = count; k-- > 0;) task(k);
                                    }});
    ASSERT_TRUE(one.ok() && other.ok());
    EXPECT_EQ(one->routes, other->routes);
    EXPECT_EQ(one->lower_bound, other->lower_bound);
    const auto stopped = OptimizeMesh(problem, {.stop = [] { return true; }});
    ASSERT_TRUE(stopped.ok());
    ExpectProgrammable(problem, stopped->routes, 8, 64, stopped->unreachable);
    ExpectAmong(BoundedPaths(problem), stopped->routes);
    EXPECT_GE(stopped->mlu, stopped->lower_bound);
  }
}

// Backups too; and what is called cut has no way within the bounds in that failure.
TEST(OptimizeBoundsTest, BackupsKeepTheBounds) {
  std::mt19937_64 random(8);
  int backed = 0, cut = 0;
  for (int i = 0; i < 300; ++i) {
    MeshProblem problem = SmallMesh(random, 7);
    AddBounds(random, &problem);
    const Paths paths = BoundedPaths(problem);
    const auto plan = OptimizeMesh(problem, {});
    ASSERT_TRUE(plan.ok());
    ProtectOptions options = {.max_paths = 16};
    for (int32_t link = 0; link + 1 < static_cast<int32_t>(problem.links.size()); link += 2) {
      options.failures.push_back({link, link + 1});
    }
    const auto guarded = ProtectMesh(problem, plan->routes, options);
    ASSERT_TRUE(guarded.ok()) << guarded.status();
    ExpectAmong(paths, guarded->routes);
    backed += guarded->routes.route_count() > plan->routes.route_count();
    for (const auto& [failure, demand] : guarded->cut) {
      ++cut;
      for (const auto& path : paths[demand]) {
        EXPECT_TRUE(
            std::ranges::any_of(path, [f = failure](int32_t link) { return link / 2 == f; }));
      }
    }
    EXPECT_TRUE(guarded->exposed.empty());
  }
  EXPECT_GT(backed, 100);
  EXPECT_GT(cut, 100);
}

}  // namespace
}  // namespace waymark
