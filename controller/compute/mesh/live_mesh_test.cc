#include "controller/compute/mesh/live_mesh.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <random>
#include <thread>

#include "controller/compute/mesh/check_routes.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/linear_program.h"
#include "controller/compute/mesh/mesh_testing.h"
#include "controller/compute/mesh/optimize.h"

namespace waymark {
namespace {

struct Network {
  MeshProblem problem;
  MeshPlan plan;
  LiveMesh live;
};

Network Solved(const MeshProblem& problem) {
  auto plan = OptimizeMesh(problem, {});
  auto live = LiveMesh::Create(problem, plan->routes, plan->prices);
  EXPECT_TRUE(live.ok()) << live.status();
  return {problem, *std::move(plan), *std::move(live)};
}

MeshProblem Without(MeshProblem problem, const std::vector<int32_t>& links) {
  for (const int32_t link : links) problem.links[link].capacity = 0;
  return problem;
}

std::vector<int32_t> SomeLinks(const MeshProblem& problem, std::mt19937_64& random) {
  std::vector<int32_t> links;
  for (size_t i = 0; i < 1 + random() % 3; ++i) {
    links.push_back(static_cast<int32_t>(random() % problem.links.size()));
  }
  return links;
}

// Failures one after another; after each, everything that is told is held against the routes, the
// graph and the linear programme's optimum.
TEST(LiveMeshTest, AfterEachFailureEveryPairThatCanHasUsableRoutes) {
  std::mt19937_64 random(1);
  double worst = 1;
  for (int i = 0; i < 60; ++i) {
    const MeshProblem problem = SmallMesh(random, 14);
    if (problem.links.empty()) continue;
    Network network = Solved(problem);
    MeshProblem left = problem;
    std::vector<int32_t> lost = network.plan.unreachable;
    for (int failure = 0; failure < 3; ++failure) {
      const MeshRoutes before = network.live.Routes();
      const std::vector<int32_t> links = SomeLinks(problem, random);
      left = Without(left, links);
      const auto answer = network.live.Fail(links, {});
      ASSERT_TRUE(answer.ok());
      const MeshRoutes routes = network.live.Routes();
      ASSERT_TRUE(CheckMeshRoutes(left, routes).ok());
      EXPECT_NEAR(EvaluateMesh(left, routes).mlu, answer->mlu, 1e-9 * (1 + answer->mlu));
      EXPECT_LE(answer->mlu, answer->detoured_mlu * (1 + 1e-9));
      const auto full = OptimizeMesh(left, {});
      ASSERT_TRUE(full.ok());
      for (size_t d = 0; d < problem.demands.size(); ++d) {
        const int32_t demand = static_cast<int32_t>(d);
        if (!std::ranges::binary_search(answer->changed, demand)) {
          EXPECT_EQ(routes.pair(d), before.pair(d)) << d;
        }
        if (problem.demands[d].rate <= 0) continue;
        EXPECT_EQ(routes.pair(d).empty(), std::ranges::binary_search(full->unreachable, demand));
        if (std::ranges::binary_search(answer->unreachable, demand)) {
          EXPECT_FALSE(before.pair(d).empty());
        }
      }
      const std::optional<double> optimum = EdgeOptimum(left);
      ASSERT_TRUE(optimum.has_value());
      EXPECT_LE(answer->lower_bound, *optimum * (1 + 1e-9) + 1e-12);
      if (*optimum > 0) worst = std::max(worst, answer->mlu / *optimum);
    }
  }
  // In networks of a few nodes single pairs are coarse; that it is far off would be wrong.
  EXPECT_LE(worst, 2);
}

TEST(LiveMeshTest, ACopyIsANetworkOfItsOwn) {
  std::mt19937_64 random(2);
  const MeshProblem problem = SmallMesh(random, 14);
  const Network network = Solved(problem);
  LiveMesh copy = network.live;
  ASSERT_TRUE(copy.Fail(std::vector<int32_t>{0, 1}, {}).ok());
  EXPECT_EQ(network.live.Routes(), network.plan.routes);
  EXPECT_GT(network.live.problem().links[0].capacity + network.live.problem().links[1].capacity, 0);
  EXPECT_EQ(copy.problem().links[0].capacity, 0);
}

// The share of a route that died goes elsewhere, what the others carry stays about as it was.
TEST(LiveMeshTest, RoutesThatAreLeftStay) {
  MeshProblem problem;
  problem.node_count = 2;
  problem.links = {{0, 1, 10}, {0, 1, 10}, {0, 1, 10}};
  problem.demands = {{0, 1, 4}};
  MeshRoutes routes;
  for (const int32_t link : {0, 1}) routes.AddRoute(std::vector<int32_t>{link}, 32);
  routes.EndDemand();
  auto live = LiveMesh::Create(problem, routes, std::vector<double>(3, 0.1));
  ASSERT_TRUE(live.ok());
  const auto answer = live->Fail(std::vector<int32_t>{1}, {});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(live->routes_of(0), (PairRoutes{{{0}, 32}, {{2}, 32}}));
  EXPECT_DOUBLE_EQ(answer->mlu, 0.2);
}

TEST(LiveMeshTest, TheAnswerOfTwoThreadsIsThatOfOne) {
  const ParallelFor two = [](int count, const std::function<void(int)>& task) {
    std::atomic<int> next = 0;
    const auto work = [&] {
      for (int i = next++; i < count; i = next++) task(i);
    };
    std::thread other(work);
    work();
    other.join();
  };
  std::mt19937_64 random(3);
  for (int i = 0; i < 12; ++i) {
    const MeshProblem problem = SmallMesh(random, 16);
    if (problem.links.empty()) continue;
    Network one = Solved(problem);
    LiveMesh other = one.live;
    const std::vector<int32_t> links = SomeLinks(problem, random);
    const auto alone = one.live.Fail(links, {});
    const auto threaded = other.Fail(links, {.parallel = two});
    ASSERT_TRUE(alone.ok() && threaded.ok());
    EXPECT_EQ(one.live.Routes(), other.Routes());
    EXPECT_EQ(alone->changed, threaded->changed);
    EXPECT_EQ(alone->mlu, threaded->mlu);
  }
}

TEST(LiveMeshTest, StoppedAtOnceEveryPairStillHasItsWayAround) {
  std::mt19937_64 random(4);
  const MeshProblem problem = SmallMesh(random, 20);
  Network network = Solved(problem);
  const std::vector<int32_t> links = {0, 1};
  const auto answer = network.live.Fail(links, {.stop = [] { return true; }});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->rounds, 0);
  EXPECT_EQ(answer->mlu, answer->detoured_mlu);
  EXPECT_TRUE(CheckMeshRoutes(problem, network.live.Routes()).ok());
}

TEST(LiveMeshTest, BadInputIsRefusedAndChangesNothing) {
  std::mt19937_64 random(5);
  Network network = Solved(SmallMesh(random, 14));
  const auto refusal = [&](std::vector<int32_t> links, const LiveMeshOptions& options) {
    return std::string(network.live.Fail(links, options).status().message());
  };
  EXPECT_NE(refusal({0, 9999}, {}).find("link 9999 does not exist"), std::string::npos);
  EXPECT_NE(refusal({-1}, {}).find("link -1 does not exist"), std::string::npos);
  EXPECT_EQ(refusal({0}, {.max_paths = 65}), "max_paths: is 65; must be 1 to 64");
  EXPECT_EQ(refusal({0}, {.gap = 2}), "gap: is 2; must be 0.000001 to 1");
  EXPECT_EQ(network.live.Routes(), network.plan.routes);
  const auto creating = [&](const MeshRoutes& routes, std::vector<double> prices) {
    return std::string(LiveMesh::Create(network.problem, routes, prices).status().message());
  };
  EXPECT_NE(creating(MeshRoutes(), {}), "");
  std::vector<double> prices = network.plan.prices;
  prices[1] = -1;
  EXPECT_EQ(creating(network.plan.routes, prices),
            "prices[1]: is -1; must be 0 or more, and finite");
  prices.pop_back();
  EXPECT_NE(creating(network.plan.routes, prices)
                .find("but " + std::to_string(prices.size() + 1) + " links"),
            std::string::npos);
}

// A node on a single fibre is lost with it: what is left has a bound all the same.
TEST(LiveMeshTest, WhatIsCutOffLeavesTheBound) {
  MeshProblem problem;
  problem.node_count = 4;
  problem.links = {{0, 1, 10}, {0, 2, 10}, {1, 2, 10}, {2, 1, 10}, {2, 3, 20}};
  problem.demands = {{0, 1, 8}, {0, 2, 8}, {0, 3, 2}};
  Network network = Solved(problem);
  EXPECT_GT(network.plan.mlu, 0.89);
  const auto answer = network.live.Fail(std::vector<int32_t>{4}, {});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->unreachable, (std::vector<int32_t>{2}));
  EXPECT_NEAR(answer->lower_bound, 0.8, 0.01);
  EXPECT_NEAR(answer->mlu, 0.8, 0.015);
}

// A failed link's capacity goes from the bound: here it was as good as any other.
TEST(LiveMeshTest, TheBoundRisesWhereTheFailureTakesWhatWasShort) {
  MeshProblem problem;
  problem.node_count = 2;
  problem.links = {{0, 1, 10}, {0, 1, 10}, {0, 1, 10}};
  problem.demands = {{0, 1, 24}};
  Network network = Solved(problem);
  const auto answer = network.live.Fail(std::vector<int32_t>{1}, {});
  ASSERT_TRUE(answer.ok());
  EXPECT_NEAR(answer->mlu, 1.2, 0.04);  // to one of 64 parts
  EXPECT_NEAR(answer->lower_bound, 1.2, 0.02);
  EXPECT_LE(answer->lower_bound, answer->mlu);
}

TEST(LiveMeshTest, NewRoutesKeepTheBoundsOfTheProblem) {
  MeshProblem problem;
  problem.node_count = 3;
  problem.links = {{0, 1, 10, 1}, {0, 1, 1, 4}, {0, 2, 10, 3}, {2, 1, 10, 3}};
  problem.demands = {{0, 1, 2}};
  problem.max_delay = 5;
  auto live = LiveMesh::Create(problem, OptimizeMesh(problem, {})->routes, {});
  ASSERT_TRUE(live.ok());
  ASSERT_TRUE(live->Fail(std::vector<int32_t>{0}, {}).ok());
  // The way over node 2 has ten times the room, and is too long.
  EXPECT_EQ(live->routes_of(0), (PairRoutes{{{1}, 64}}));
  const auto answer = live->Fail(std::vector<int32_t>{1}, {});
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->unreachable, (std::vector<int32_t>{0}));
  EXPECT_TRUE(live->routes_of(0).empty());
}

}  // namespace
}  // namespace waymark
