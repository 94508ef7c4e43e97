#include "controller/compute/mesh/optimize.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <tuple>

#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/mesh_testing.h"

namespace waymark {
namespace {

// As the options and the plan have it.
void ExpectProgrammable(const MeshProblem& problem, const MeshOptions& options,
                        const MeshPlan& plan) {
  ExpectProgrammable(problem, plan.routes, static_cast<size_t>(options.max_paths),
                     options.weight_total, plan.unreachable);
}

TEST(OptimizeMeshTest, TwoWaysShareByCapacity) {
  // 0 -> 1 by two parallel links and a detour of three times their capacity.
  MeshProblem problem;
  problem.node_count = 3;
  problem.links = {{0, 1, 10}, {0, 1, 10}, {0, 2, 60}, {2, 1, 60}};
  problem.demands = {{0, 1, 40}};
  const auto plan = OptimizeMesh(problem, {.gap = 0.001});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_NEAR(plan->fractional_mlu, 0.5, 0.0005);
  EXPECT_NEAR(plan->lower_bound, 0.5, 0.0005);
  EXPECT_DOUBLE_EQ(plan->mlu, 0.5);  // 8, 8 and 48 of 64
  ExpectProgrammable(problem, {}, *plan);
}

TEST(OptimizeMeshTest, RandomNetworksAreProgrammableAndCertified) {
  std::mt19937_64 random(7);
  int certified = 0;
  for (int i = 0; i < 400; ++i) {
    const MeshProblem problem = SmallMesh(random);
    // Fine weights: with few and large demands the gap is the solver's, not the rounding's.
    const MeshOptions options = {.max_paths = 16, .weight_total = 4'096, .gap = 0.01};
    const auto plan = OptimizeMesh(problem, options);
    ASSERT_TRUE(plan.ok()) << plan.status();
    ExpectProgrammable(problem, options, *plan);
    EXPECT_EQ(plan->mlu, EvaluateMesh(problem, plan->routes).mlu);
    EXPECT_GE(plan->mlu, plan->lower_bound - 1e-9);
    EXPECT_GE(plan->fractional_mlu, plan->lower_bound - 1e-9);
    certified += plan->mlu <= 1.01 * plan->lower_bound + 1e-12;
  }
  EXPECT_EQ(certified, 400);
}

TEST(OptimizeMeshTest, FewPathsAndCoarseWeightsHold) {
  std::mt19937_64 random(11);
  for (const auto& [paths, weights] : {std::pair(1, 1), std::pair(2, 4), std::pair(3, 8)}) {
    for (int i = 0; i < 100; ++i) {
      const MeshProblem problem = SmallMesh(random);
      const MeshOptions options = {.max_paths = paths, .weight_total = weights};
      const auto plan = OptimizeMesh(problem, options);
      ASSERT_TRUE(plan.ok()) << plan.status();
      ExpectProgrammable(problem, options, *plan);
      EXPECT_GE(plan->mlu, plan->lower_bound - 1e-9);
    }
  }
}

TEST(OptimizeMeshTest, ThreadsDoNotChangeThePlan) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20; ++i) {
    const MeshProblem problem = SmallMesh(random);
    const auto one = OptimizeMesh(problem, {});
    // Backwards: as if another thread had been faster.
    const auto other = OptimizeMesh(problem, {.parallel = [](int count, const auto& task) {
                                      for (int k = count; k-- > 0;) task(k);
                                    }});
    ASSERT_TRUE(one.ok() && other.ok());
    EXPECT_EQ(one->routes, other->routes);
    EXPECT_EQ(one->lower_bound, other->lower_bound);
  }
}

TEST(OptimizeMeshTest, UnreachableDemandsAreListedAndTheRestIsSolved) {
  MeshProblem problem;
  problem.node_count = 4;
  problem.links = {{0, 1, 10}, {1, 0, 10}, {1, 2, 0}};
  problem.demands = {{0, 1, 5}, {0, 2, 5}, {0, 3, 0}, {3, 0, 1}};
  const auto plan = OptimizeMesh(problem, {});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->unreachable, (std::vector<int32_t>{1, 3}));
  EXPECT_DOUBLE_EQ(plan->mlu, 0.5);
  ExpectProgrammable(problem, {}, *plan);
}

TEST(OptimizeMeshTest, NothingToCarry) {
  MeshProblem problem;
  problem.node_count = 2;
  for (int step = 0; step < 3; ++step) {
    if (step == 1) problem.links = {{0, 1, 10}};
    if (step == 2) problem.demands = {{0, 1, 0}};
    const auto plan = OptimizeMesh(problem, {});
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_EQ(plan->mlu, 0);
    EXPECT_EQ(plan->lower_bound, 0);
    EXPECT_EQ(plan->routes.route_count(), 0u);
  }
}

TEST(OptimizeMeshTest, RatesAndCapacitiesFarApart) {
  MeshProblem problem;
  problem.node_count = 3;
  problem.links = {{0, 1, 1e15}, {0, 2, 1e3}, {2, 1, 1e3}};
  problem.demands = {{0, 1, 1e12}, {0, 2, 1e-3}, {2, 1, 1e-9}};
  const auto plan = OptimizeMesh(problem, {});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_NEAR(plan->mlu, 1e-3, 1e-5);
  ExpectProgrammable(problem, {}, *plan);
}

// Beside 1e18, 1e-9 leaves no trace in a sum; it is carried all the same.
TEST(OptimizeMeshTest, WhatDrownsBesideOthersHasRoutes) {
  MeshProblem problem;
  problem.node_count = 4;
  problem.links = {{0, 1, 1e18}, {1, 2, 1}, {1, 2, 1}, {2, 3, 1e-9}, {2, 3, 1}};
  problem.demands = {{0, 1, 1e18}, {0, 2, 1e-9}, {0, 3, 1e-12}};
  for (const bool stopped : {false, true}) {
    const auto plan = OptimizeMesh(problem, {.stop = [&] { return stopped; }});
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_TRUE(plan->unreachable.empty());
    EXPECT_NEAR(plan->mlu, 1, 1e-9);
    ExpectProgrammable(problem, {}, *plan);
  }
}

TEST(OptimizeMeshTest, ZeroDemandToAnUnreachableNodeDoesNotSpoilTheBound) {
  MeshProblem problem;
  problem.node_count = 3;
  problem.links = {{0, 1, 10}};
  problem.demands = {{0, 1, 5}, {0, 2, 0}};
  const auto plan = OptimizeMesh(problem, {});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_NEAR(plan->lower_bound, 0.5, 1e-9);
  EXPECT_TRUE(plan->unreachable.empty());
}

TEST(OptimizeMeshTest, StoppedAtOnceStillGivesRoutesAndAnHonestBound) {
  std::mt19937_64 random(5);
  for (int i = 0; i < 20; ++i) {
    const MeshProblem problem = SmallMesh(random);
    const auto plan = OptimizeMesh(problem, {.stop = [] { return true; }});
    ASSERT_TRUE(plan.ok()) << plan.status();
    ExpectProgrammable(problem, {}, *plan);
    EXPECT_EQ(plan->stopped, plan->mlu > 0);
    EXPECT_GE(plan->mlu, plan->lower_bound);
  }
}

TEST(OptimizeMeshTest, BadOptionsNameTheField) {
  const MeshProblem problem = {.node_count = 2, .links = {{0, 1, 1}}, .demands = {{0, 1, 1}}};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<std::pair<MeshOptions, std::string>> rows = {
      {{.max_paths = 0}, "max_paths"},
      {{.max_paths = 65}, "max_paths"},
      {{.weight_total = 7}, "weight_total"},
      {{.weight_total = 65'537}, "weight_total"},
      {{.gap = 0}, "gap"},
      {{.gap = nan}, "gap"},
      {{.gap = -1}, "gap"},
      {{.max_rounds = -1}, "max_rounds"},
  };
  for (const auto& [options, field] : rows) {
    const auto plan = OptimizeMesh(problem, options);
    EXPECT_EQ(plan.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(plan.status().message().find(field + ":"), 0u) << plan.status();
  }
}

}  // namespace
}  // namespace waymark
