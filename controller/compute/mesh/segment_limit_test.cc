#include "controller/compute/mesh/segment_limit.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <random>

#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/mesh_testing.h"
#include "controller/compute/mesh/optimize.h"

namespace waymark {
namespace {

// The paths of one segment, by hop count, from all simple paths of a small network.
class Paths {
 public:
  explicit Paths(const MeshProblem& problem) : problem_(problem) {
    const size_t n = static_cast<size_t>(problem.node_count);
    paths_.resize(n * n);
    for (int32_t from = 0; from < problem.node_count; ++from) {
      std::vector<int32_t> links;
      std::vector<bool> on_path(n, false);
      on_path[from] = true;
      Extend(from, from, &on_path, &links);
    }
  }

  const std::vector<std::vector<int32_t>>& All(int32_t from, int32_t to) const {
    return paths_[from * problem_.node_count + to];
  }
  // The one shortest; empty: none, or several.
  std::vector<int32_t> Only(int32_t from, int32_t to) const {
    std::vector<int32_t> shortest;
    size_t count = 0;
    for (const std::vector<int32_t>& path : All(from, to)) {
      if (count > 0 && path.size() > shortest.size()) continue;
      count = count > 0 && path.size() == shortest.size() ? count + 1 : 1;
      shortest = path;
    }
    return count == 1 ? shortest : std::vector<int32_t>();
  }
  int Count(std::span<const int32_t> links) const {
    std::vector<int> least(links.size() + 1, 1'000);
    least[0] = 0;
    for (size_t i = 0; i < links.size(); ++i) {
      for (size_t j = i + 1; j <= links.size(); ++j) {
        const std::vector<int32_t> part(links.begin() + static_cast<ptrdiff_t>(i),
                                        links.begin() + static_cast<ptrdiff_t>(j));
        const bool one = part.size() == 1 || part == Only(problem_.links[part.front()].from,
                                                          problem_.links[part.back()].to);
        if (one) least[j] = std::min(least[j], least[i] + 1);
      }
    }
    return least.back();
  }
  SegmentRules Rules(int most) const {
    return {.most = most,
            .count = [this](std::span<const int32_t> links) { return Count(links); },
            .last_link =
                [this](int32_t from, int32_t to) {
                  const std::vector<int32_t> path = Only(from, to);
                  return path.empty() ? -1 : path.back();
                }};
  }

 private:
  void Extend(int32_t from, int32_t node, std::vector<bool>* on_path, std::vector<int32_t>* links) {
    for (size_t e = 0; e < problem_.links.size(); ++e) {
      const MeshLink& link = problem_.links[e];
      if (link.from != node || link.capacity <= 0 || (*on_path)[link.to]) continue;
      links->push_back(static_cast<int32_t>(e));
      (*on_path)[link.to] = true;
      paths_[from * problem_.node_count + link.to].push_back(*links);
      Extend(from, link.to, on_path, links);
      (*on_path)[link.to] = false;
      links->pop_back();
    }
  }

  const MeshProblem& problem_;
  std::vector<std::vector<std::vector<int32_t>>> paths_;
};

TEST(SegmentLimitTest, EveryRouteFitsAndOnlyWhatHasNoWayIsLeftOut) {
  std::mt19937_64 random(1);
  size_t changed = 0, impossible = 0;
  for (int i = 0; i < 60; ++i) {
    const MeshProblem problem = SmallMesh(random, 7);
    if (problem.links.empty()) continue;
    const Paths paths(problem);
    const auto plan = OptimizeMesh(problem, {});
    ASSERT_TRUE(plan.ok());
    for (const int most : {1, 2, 3}) {
      const SegmentRules rules = paths.Rules(most);
      const auto limited = LimitSegments(problem, plan->routes, rules, {});
      ASSERT_TRUE(limited.ok()) << limited.status();
      for (size_t d = 0; d < problem.demands.size(); ++d) {
        const MeshDemand& demand = problem.demands[d];
        const PairRoutes before = plan->routes.pair(d), after = limited->routes.pair(d);
        for (const WeightedRoute& route : after) {
          EXPECT_TRUE(rules.Fits(route.links));
          EXPECT_EQ(problem.links[route.links.front()].from, demand.from);
          EXPECT_EQ(problem.links[route.links.back()].to, demand.to);
        }
        if (before.empty()) continue;
        const bool can =
            std::ranges::any_of(paths.All(demand.from, demand.to),
                                [&](const std::vector<int32_t>& path) { return rules.Fits(path); });
        EXPECT_EQ(after.empty(), !can);
        EXPECT_EQ(std::ranges::binary_search(limited->impossible, static_cast<int32_t>(d)), !can);
        EXPECT_EQ(std::ranges::binary_search(limited->changed, static_cast<int32_t>(d)),
                  before != after);
      }
      changed += limited->changed.size();
      impossible += limited->impossible.size();
    }
    EXPECT_EQ(LimitSegments(problem, plan->routes, paths.Rules(9), {})->routes, plan->routes);
  }
  EXPECT_GT(changed, 100u);
  EXPECT_GT(impossible, 10u);
}

// Stopped at its first question, its second, and so on.
TEST(SegmentLimitTest, WhatIsStoppedBeforeItIsSoughtIsNotCalledImpossible) {
  std::mt19937_64 random(3);
  size_t unsought = 0, scaled = 0;
  for (int i = 0; i < 40; ++i) {
    const MeshProblem problem = SmallMesh(random, 7);
    if (problem.links.empty()) continue;
    const Paths paths(problem);
    const auto plan = OptimizeMesh(problem, {});
    ASSERT_TRUE(plan.ok());
    const SegmentRules rules = paths.Rules(2);
    const std::vector<int32_t> never = LimitSegments(problem, plan->routes, rules, {})->impossible;
    for (int most = 0; most < 4; ++most) {
      int asked = 0;
      const auto limited =
          LimitSegments(problem, plan->routes, rules, {.stop = [&] { return asked++ >= most; }});
      ASSERT_TRUE(limited.ok()) << limited.status();
      EXPECT_TRUE(limited->unsought.empty() || limited->stopped);
      EXPECT_TRUE(std::ranges::includes(never, limited->impossible));
      std::vector<int32_t> without;
      for (size_t d = 0; d < problem.demands.size(); ++d) {
        const PairRoutes before = plan->routes.pair(d), after = limited->routes.pair(d);
        if (after.empty() && !before.empty()) without.push_back(static_cast<int32_t>(d));
        int64_t sum = 0;
        for (const WeightedRoute& route : after) {
          EXPECT_TRUE(rules.Fits(route.links));
          sum += route.weight;
        }
        EXPECT_TRUE(after.empty() || sum == 64) << sum;
        scaled += most == 0 && !after.empty() && after != before;
      }
      std::vector<int32_t> listed;
      std::ranges::set_union(limited->impossible, limited->unsought, std::back_inserter(listed));
      EXPECT_EQ(without, listed);
      unsought += limited->unsought.size();
    }
  }
  EXPECT_GT(unsought, 10u);
  EXPECT_GT(scaled, 0u);
}

// Two equal ways from 0 to 3: neither is one segment, each is two. One segment is the long way
// round on a link of its own.
TEST(SegmentLimitTest, WhatDoesNotFitTakesTheCheapestWayThatDoes) {
  MeshProblem problem;
  problem.node_count = 4;
  problem.links = {{0, 1, 10}, {1, 3, 10}, {0, 2, 40}, {2, 3, 40}};
  problem.demands = {{0, 3, 8}};
  const Paths paths(problem);
  MeshRoutes routes;
  routes.AddRoute(std::vector<int32_t>{0, 1}, 64);
  routes.EndDemand();
  EXPECT_EQ(LimitSegments(problem, routes, paths.Rules(1), {})->impossible,
            (std::vector<int32_t>{0}));
  EXPECT_TRUE(LimitSegments(problem, routes, paths.Rules(2), {})->changed.empty());
  problem.links.push_back({0, 3, 1});
  const Paths more(problem);
  const auto limited = LimitSegments(problem, routes, more.Rules(1), {});
  ASSERT_TRUE(limited.ok());
  EXPECT_EQ(limited->routes.pair(0), (PairRoutes{{{4}, 64}}));
  EXPECT_DOUBLE_EQ(EvaluateMesh(problem, limited->routes).mlu, 8);
}

// Nor does their count take time then.
TEST(SegmentLimitTest, PathsOfFewLinksFitWhateverTheirSegments) {
  std::mt19937_64 random(4);
  const MeshProblem problem = SmallMesh(random, 7);
  const auto plan = OptimizeMesh(problem, {});
  const SegmentRules rules = {.most = 7,
                              .count =
                                  [](std::span<const int32_t>) {
                                    ADD_FAILURE() << "counted";
                                    return 0;
                                  },
                              .last_link = [](int32_t, int32_t) { return -1; }};
  const auto limited = LimitSegments(problem, plan->routes, rules, {});
  ASSERT_TRUE(limited.ok()) << limited.status();
  EXPECT_EQ(limited->routes, plan->routes);
}

TEST(SegmentLimitTest, BadInputIsRefused) {
  std::mt19937_64 random(2);
  const MeshProblem problem = SmallMesh(random, 7);
  const Paths paths(problem);
  const auto plan = OptimizeMesh(problem, {});
  EXPECT_EQ(LimitSegments(problem, plan->routes, paths.Rules(0), {}).status().message(),
            "most: is 0; must be 1 segment or more");
  EXPECT_FALSE(LimitSegments(problem, MeshRoutes(), paths.Rules(2), {}).ok());
  EXPECT_FALSE(LimitSegments(problem, plan->routes, paths.Rules(2), {.max_paths = 0}).ok());
}

}  // namespace
}  // namespace waymark
