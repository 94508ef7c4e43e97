#include "controller/compute/mesh/polish.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/linear_program.h"
#include "controller/compute/mesh/mesh_testing.h"

namespace waymark {
namespace {

// Coarse, so that there is something to polish.
const MeshOptions kCoarse = {.max_paths = 4, .weight_total = 16, .gap = 0.3};

MeshPlan Solved(const MeshProblem& problem, const MeshOptions& options) {
  auto plan = OptimizeMesh(problem, options);
  EXPECT_TRUE(plan.ok()) << plan.status();
  return *std::move(plan);
}

// `optimum`: of the linear programme.
void ExpectExact(const MeshProblem& problem, double optimum, const MeshPlan& before,
                 const PolishedMesh& polished) {
  const MeshPlan& plan = polished.plan;
  EXPECT_TRUE(polished.exact);
  EXPECT_FALSE(polished.stopped);
  EXPECT_NEAR(plan.fractional_mlu, optimum, 1e-6 * optimum);
  EXPECT_NEAR(plan.lower_bound, optimum, 1e-6 * optimum);
  EXPECT_LE(plan.fractional_mlu, plan.lower_bound * (1 + kLeastPolishGap));
  EXPECT_GE(plan.lower_bound, before.lower_bound);
  EXPECT_LE(plan.mlu, before.mlu);
  EXPECT_EQ(plan.mlu, EvaluateMesh(problem, plan.routes).mlu);
  ExpectProgrammable(problem, plan.routes, static_cast<size_t>(kCoarse.max_paths),
                     kCoarse.weight_total, plan.unreachable);
}

TEST(PolishMeshTest, ReachesTheOptimumOfTheEdgeProgramme) {
  std::mt19937_64 random(41);
  int improved = 0;
  for (int i = 0; i < 150; ++i) {
    MeshProblem problem = SmallMesh(random);
    // In bit/s as in the file's Gbit/s.
    if (i % 3 == 0) {
      for (MeshLink& link : problem.links) link.capacity *= 1e9;
      for (MeshDemand& demand : problem.demands) demand.rate *= 1e9;
    }
    const auto optimum = EdgeOptimum(problem);
    ASSERT_TRUE(optimum.has_value());
    const MeshPlan before = Solved(problem, kCoarse);
    const auto polished = PolishMesh(problem, kCoarse, {}, before);
    ASSERT_TRUE(polished.ok()) << polished.status();
    SCOPED_TRACE(i);
    ExpectExact(problem, *optimum, before, *polished);
    improved += polished->plan.fractional_mlu < before.fractional_mlu * (1 - 1e-3);
  }
  EXPECT_GT(improved, 30);
}

TEST(PolishMeshTest, ReachesTheOptimumWithinBoundsOnRoutes) {
  std::mt19937_64 random(42);
  int improved = 0, out_of_bound = 0;
  for (int i = 0; i < 150; ++i) {
    MeshProblem problem = SmallMesh(random, 7);
    AddBounds(random, &problem);
    const auto paths = BoundedPaths(problem);
    const auto optimum = PathOptimum(problem, paths);
    ASSERT_TRUE(optimum.has_value());
    const MeshPlan before = Solved(problem, kCoarse);
    const auto polished = PolishMesh(problem, kCoarse, {}, before);
    ASSERT_TRUE(polished.ok()) << polished.status();
    SCOPED_TRACE(i);
    ExpectExact(problem, *optimum, before, *polished);
    for (size_t d = 0; d < paths.size(); ++d) {
      for (const WeightedRoute& route : polished->plan.routes.pair(d)) {
        EXPECT_EQ(std::ranges::count(paths[d], route.links), 1);
      }
    }
    improved += polished->plan.fractional_mlu < before.fractional_mlu * (1 - 1e-3);
    out_of_bound += !before.out_of_bound.empty();
  }
  EXPECT_GT(improved, 15);
  EXPECT_GT(out_of_bound, 15);
}

TEST(PolishMeshTest, DemandsAndCapacitiesOfManySizesCertifyWhatTheyCan) {
  std::mt19937_64 random(43);
  for (int i = 0; i < 100; ++i) {
    MeshProblem problem = SmallMesh(random);
    std::uniform_real_distribution<double> exponent(-6, 6);
    for (MeshLink& link : problem.links) link.capacity *= std::pow(10, exponent(random));
    for (MeshDemand& demand : problem.demands) demand.rate *= std::pow(10, exponent(random));
    const MeshPlan before = Solved(problem, kCoarse);
    const auto polished = PolishMesh(problem, kCoarse, {.gap = 1e-6}, before);
    ASSERT_TRUE(polished.ok()) << polished.status();
    EXPECT_TRUE(polished->exact) << i;
    EXPECT_LE(polished->plan.mlu, before.mlu);
    EXPECT_GE(polished->plan.mlu, polished->plan.lower_bound);
    EXPECT_GE(polished->plan.fractional_mlu, polished->plan.lower_bound * (1 - 1e-12));
  }
}

TEST(PolishMeshTest, PricesCertifyTheBound) {
  // Two ways of 10 each; all on one of them is what it begins with.
  MeshProblem problem;
  problem.node_count = 3;
  problem.links = {{0, 1, 10}, {0, 2, 10}, {2, 1, 10}};
  problem.demands = {{0, 1, 10}};
  const MeshPlan before = Solved(problem, {.max_paths = 1, .weight_total = 1, .max_rounds = 0});
  const auto polished = PolishMesh(problem, {}, {}, before);
  ASSERT_TRUE(polished.ok()) << polished.status();
  EXPECT_TRUE(polished->exact);
  EXPECT_NEAR(polished->plan.lower_bound, 0.5, 1e-9);
  EXPECT_DOUBLE_EQ(polished->plan.mlu, 0.5);
  const std::vector<double>& prices = polished->plan.prices;
  double weight = 0;
  for (size_t e = 0; e < prices.size(); ++e) weight += prices[e] * problem.links[e].capacity;
  EXPECT_NEAR(10 * std::min(prices[0], prices[1] + prices[2]) / weight, 0.5, 1e-9);
}

TEST(PolishMeshTest, StoppedAtAnyTimeItIsNoWorse) {
  std::mt19937_64 random(44);
  MeshProblem problem = SmallMesh(random, 9);
  while (problem.demands.size() < 40) problem = SmallMesh(random, 9);
  const MeshPlan before = Solved(problem, {.max_paths = 1, .weight_total = 1, .max_rounds = 0});
  int ended = 0;
  for (int most = 0; ended < 2; ++most) {
    ASSERT_LT(most, 10'000);
    MeshOptions options;
    int asked = 0;
    options.stop = [&] { return ++asked > most; };
    const auto polished = PolishMesh(problem, options, {}, before);
    ASSERT_TRUE(polished.ok()) << polished.status();
    EXPECT_LE(polished->plan.mlu, before.mlu);
    EXPECT_LE(polished->plan.fractional_mlu, before.fractional_mlu);
    EXPECT_GE(polished->plan.lower_bound, before.lower_bound);
    EXPECT_GE(polished->plan.fractional_mlu, polished->plan.lower_bound);
    // It may be exact before the rounding is over.
    EXPECT_TRUE(polished->exact || polished->stopped);
    if (most == 0) {
      EXPECT_TRUE(polished->stopped);
      EXPECT_EQ(polished->plan.routes, before.routes);
    }
    ended += asked <= most;
  }
}

TEST(PolishMeshTest, NothingToDoIsExact) {
  const MeshProblem empty;
  auto polished = PolishMesh(empty, {}, {}, Solved(empty, {}));
  ASSERT_TRUE(polished.ok()) << polished.status();
  EXPECT_TRUE(polished->exact);
  // A demand without a way, and one of 0.
  MeshProblem problem;
  problem.node_count = 3;
  problem.links = {{0, 1, 10}, {1, 2, 0}};
  problem.demands = {{0, 1, 0}, {0, 2, 5}};
  polished = PolishMesh(problem, {}, {}, Solved(problem, {}));
  ASSERT_TRUE(polished.ok()) << polished.status();
  EXPECT_TRUE(polished->exact);
  EXPECT_EQ(polished->plan.unreachable, std::vector<int32_t>{1});
  EXPECT_EQ(polished->plan.lower_bound, 0);
}

TEST(PolishMeshTest, BadInputIsRefusedByName) {
  MeshProblem problem;
  problem.node_count = 2;
  problem.links = {{0, 1, 10}};
  problem.demands = {{0, 1, 5}};
  const MeshPlan plan = Solved(problem, {});
  const auto message = [&](const MeshOptions& options, const PolishOptions& polish,
                           const MeshPlan& of) {
    return std::string(PolishMesh(problem, options, polish, of).status().message());
  };
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(message({}, {.gap = nan}, plan), "gap: is nan; must be 1e-09 to 1");
  EXPECT_EQ(message({}, {.max_rounds = -1}, plan), "max_rounds: is -1; must be 0 or more");
  EXPECT_NE(message({.max_paths = 0}, {}, plan), "");
  EXPECT_NE(message({}, {}, MeshPlan()), "");
  const auto none = PolishMesh(problem, {}, {.max_rounds = 0}, plan);
  ASSERT_TRUE(none.ok()) << none.status();
  EXPECT_EQ(none->plan.routes, plan.routes);
}

}  // namespace
}  // namespace waymark
