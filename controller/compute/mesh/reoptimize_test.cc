#include "controller/compute/mesh/reoptimize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "controller/compute/mesh/check_routes.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/linear_program.h"
#include "controller/compute/mesh/mesh_testing.h"
#include "controller/compute/mesh/optimize.h"

namespace waymark {
namespace {

MeshRoutes NoRoutes(const MeshProblem& problem) {
  MeshRoutes routes;
  for (size_t d = 0; d < problem.demands.size(); ++d) routes.EndDemand();
  return routes;
}

ReoptimizedMesh Reoptimized(const MeshProblem& problem, const MeshRoutes& present,
                            const ReoptimizeOptions& options = {}) {
  auto result = ReoptimizeMesh(problem, present, options);
  EXPECT_TRUE(result.ok()) << result.status();
  return result.ok() ? *std::move(result) : ReoptimizedMesh();
}

// All that is true whatever was in force.
void ExpectSound(const MeshProblem& problem, const MeshRoutes& present,
                 const ReoptimizedMesh& result) {
  ASSERT_TRUE(CheckMeshRoutes(problem, result.routes).ok());
  std::vector<int32_t> changed;
  for (size_t d = 0; d < problem.demands.size(); ++d) {
    const PairRoutes pair = result.routes.pair(d);
    if (pair != present.pair(d)) changed.push_back(static_cast<int32_t>(d));
    for (const WeightedRoute& route : pair) {
      for (const int32_t link : route.links) EXPECT_GT(problem.links[link].capacity, 0);
    }
    const bool lost = std::ranges::binary_search(result.unreachable, static_cast<int32_t>(d));
    if (problem.demands[d].rate > 0) {
      EXPECT_EQ(pair.empty(), lost) << d;
    }
  }
  EXPECT_EQ(result.changed, changed);
  EXPECT_TRUE(std::ranges::includes(result.changed, result.forced));
  EXPECT_DOUBLE_EQ(result.mlu, EvaluateMesh(problem, result.routes).mlu);
  EXPECT_GE(result.mlu, result.lower_bound * (1 - 1e-9));
}

TEST(ReoptimizeTest, FromNothingItFindsAGoodPlan) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 60; ++i) {
    const MeshProblem problem = SmallMesh(random);
    const MeshRoutes present = NoRoutes(problem);
    const ReoptimizedMesh result = Reoptimized(problem, present);
    ExpectSound(problem, present, result);
    EXPECT_EQ(result.mlu_before, 0);
    const std::optional<double> optimum = EdgeOptimum(problem);
    ASSERT_TRUE(optimum.has_value());
    EXPECT_LE(result.lower_bound, *optimum * (1 + 1e-9) + 1e-12) << i;
    EXPECT_GE(result.optimum, *optimum * (1 - 1e-9)) << i;
    EXPECT_LE(result.mlu, result.optimum) << i;
  }
}

TEST(ReoptimizeTest, WhatIsGoodEnoughStays) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 40; ++i) {
    const MeshProblem problem = SmallMesh(random, 14);
    const auto plan = OptimizeMesh(problem, {.gap = 0.001});
    ASSERT_TRUE(plan.ok());
    if (plan->mlu > 1.005 * plan->lower_bound) continue;
    const ReoptimizedMesh result = Reoptimized(problem, plan->routes);
    EXPECT_EQ(result.routes, plan->routes) << i;
    EXPECT_TRUE(result.changed.empty()) << i;
  }
}

// Rates and links change; whatever comes out then comes out again.
TEST(ReoptimizeTest, TheOutputAsInputComesOutUnchanged) {
  std::mt19937_64 random(3);
  int moved = 0;
  for (int i = 0; i < 120; ++i) {
    MeshProblem problem = SmallMesh(random, 14);
    const auto plan = OptimizeMesh(problem, {});
    ASSERT_TRUE(plan.ok());
    for (MeshDemand& demand : problem.demands) {
      demand.rate *= std::uniform_real_distribution<double>(0.5, 2)(random);
    }
    if (i % 3 == 0 && !problem.links.empty()) {
      problem.links[random() % problem.links.size()].capacity = 0;
    }
    const ReoptimizeOptions options = {.limit = i % 2 == 0 ? 1.0 : 1e9,
                                       .min_gain = i % 4 < 2 ? 1e-5 : 0.01};
    const ReoptimizedMesh once = Reoptimized(problem, plan->routes, options);
    ExpectSound(problem, plan->routes, once);
    moved += once.changed.size() > once.forced.size();
    const ReoptimizedMesh twice = Reoptimized(problem, once.routes, options);
    EXPECT_EQ(twice.routes, once.routes) << i << ": " << once.mlu << " then " << twice.mlu;
    EXPECT_EQ(twice.mlu_before, once.mlu);
  }
  EXPECT_GT(moved, 20);
}

// Two parallel links of 10; ten pairs of 1 all on the first.
struct TwoWays {
  MeshProblem problem;
  MeshRoutes present;
  explicit TwoWays(double capacity) {
    problem.node_count = 22;
    problem.links = {{0, 1, capacity}, {0, 1, capacity}};
    for (int i = 0; i < 10; ++i) {
      problem.links.push_back({2 + i, 0, 1000});
      problem.links.push_back({1, 12 + i, 1000});
      problem.demands.push_back({2 + i, 12 + i, 1});
      const std::vector<int32_t> route = {2 + 2 * i, 0, 3 + 2 * i};
      present.AddRoute(route, 64);
      present.EndDemand();
    }
  }
};

TEST(ReoptimizeTest, MovesNoMoreThanItTakes) {
  const TwoWays ways(10);
  const ReoptimizedMesh result = Reoptimized(ways.problem, ways.present);
  EXPECT_DOUBLE_EQ(result.mlu_before, 1);
  EXPECT_NEAR(result.mlu, 0.5, 0.005);
  EXPECT_EQ(result.changed.size(), 5u);
  EXPECT_TRUE(result.forced.empty());
}

// Every pair of a triangle goes half directly, half around: 12 on each link. No pair gains by going
// directly alone; all together come to 8.
TEST(ReoptimizeTest, LeavesASymmetricStateThatNoPairCanLeaveAlone) {
  MeshProblem problem;
  problem.node_count = 3;
  MeshRoutes present;
  const auto link = [](int32_t from, int32_t to) { return from * 2 + (to > from ? to - 1 : to); };
  for (int32_t from = 0; from < 3; ++from) {
    for (int32_t to = 0; to < 3; ++to) {
      if (from == to) continue;
      problem.links.push_back({from, to, 10});
      problem.demands.push_back({from, to, 8});
      const int32_t around = 3 - from - to;
      present.AddRoute(std::vector<int32_t>{link(from, to)}, 32);
      present.AddRoute(std::vector<int32_t>{link(from, around), link(around, to)}, 32);
      present.EndDemand();
    }
  }
  for (const double min_gain : {1e-5, 0.01, 0.05}) {
    const ReoptimizedMesh result = Reoptimized(problem, present, {.min_gain = min_gain});
    EXPECT_DOUBLE_EQ(result.mlu_before, 1.2);
    EXPECT_DOUBLE_EQ(result.mlu, 0.8) << min_gain;
  }
  // Under the limit a third for six pairs is too little.
  EXPECT_TRUE(Reoptimized(problem, present, {.limit = 2, .min_gain = 0.06}).changed.empty());
}

// Each pair that goes lowers the MLU by a tenth, at first: 0.1, 0.111, ... but one in two gains
// nothing once it stands at its best.
TEST(ReoptimizeTest, MovesOnlyWhatPays) {
  const TwoWays ways(10);
  EXPECT_TRUE(Reoptimized(ways.problem, ways.present, {.min_gain = 0.3}).changed.empty());
  EXPECT_FALSE(Reoptimized(ways.problem, ways.present, {.min_gain = 0.05}).changed.empty());
}

TEST(ReoptimizeTest, AnOverloadIsRelievedWhateverItCosts) {
  const TwoWays ways(8);
  const ReoptimizedMesh result = Reoptimized(ways.problem, ways.present, {.min_gain = 1});
  EXPECT_LE(result.mlu, 1);
}

TEST(ReoptimizeTest, OnlyWhatLostItsLinkMoves) {
  TwoWays ways(10);
  ways.problem.links[0].capacity = 0;
  const ReoptimizedMesh result = Reoptimized(ways.problem, ways.present);
  EXPECT_EQ(result.forced.size(), 10u);
  EXPECT_EQ(result.changed, result.forced);
  EXPECT_EQ(result.mlu_before, 0);
  EXPECT_DOUBLE_EQ(result.mlu, 1);
}

TEST(ReoptimizeTest, EveryRouteKeepsTheBounds) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 60; ++i) {
    MeshProblem problem = SmallMesh(random, 14);
    for (MeshLink& link : problem.links) link.delay = 1 + static_cast<double>(random() % 9);
    const auto plan = OptimizeMesh(problem, {});
    ASSERT_TRUE(plan.ok());
    problem.max_hops = 3;
    problem.max_delay = 15;
    const ReoptimizedMesh result = Reoptimized(problem, plan->routes);
    ExpectSound(problem, plan->routes, result);
    for (size_t r = 0; r < result.routes.route_count(); ++r) {
      double delay = 0;
      for (const int32_t link : result.routes.links(r)) delay += problem.links[link].delay;
      EXPECT_LE(result.routes.links(r).size(), 3u);
      EXPECT_LE(delay, 15);
    }
  }
}

TEST(ReoptimizeTest, StoppedAtOnceEveryPairStillHasItsWay) {
  std::mt19937_64 random(5);
  const MeshProblem problem = SmallMesh(random, 20);
  const ReoptimizedMesh result =
      Reoptimized(problem, NoRoutes(problem), {.stop = [] { return true; }});
  EXPECT_TRUE(result.stopped);
  ExpectSound(problem, NoRoutes(problem), result);
}

TEST(ReoptimizeTest, BadInputIsRefused) {
  const TwoWays ways(10);
  const auto refusal = [&](const MeshRoutes& present, const ReoptimizeOptions& options) {
    return std::string(ReoptimizeMesh(ways.problem, present, options).status().message());
  };
  EXPECT_EQ(refusal(MeshRoutes(), {}), "routes: are of 0 demands; the problem has 10");
  EXPECT_EQ(refusal(ways.present, {.min_gain = -1}), "min_gain: is -1; must be 0 to 1");
  EXPECT_EQ(refusal(ways.present, {.limit = 0}), "limit: is 0; must be greater than 0");
  EXPECT_EQ(refusal(ways.present, {.max_paths = 0}), "max_paths: is 0; must be 1 to 64");
  EXPECT_EQ(refusal(ways.present, {.gap = 0}), "gap: is 0; must be 1e-06 to 1");
  const auto with = [&](std::vector<int32_t> links, int32_t weight) {
    MeshRoutes routes;
    routes.AddRoute(links, weight);
    for (size_t d = 0; d < ways.problem.demands.size(); ++d) routes.EndDemand();
    return refusal(routes, {});
  };
  EXPECT_EQ(with({2, 0}, 1), "routes: route 0 of demand 0 ends at node 1, not 12");
  EXPECT_EQ(with({2, 3}, 1),
            "routes: route 0 of demand 0 goes on with link 3, which does not leave node 0");
  EXPECT_EQ(with({99}, 1), "routes: route 0 of demand 0 names link 99; there are 22");
  EXPECT_EQ(with({2, 0, 3}, 0), "routes: route 0 of demand 0 has weight 0; give 1 to 65536");
}

}  // namespace
}  // namespace waymark
