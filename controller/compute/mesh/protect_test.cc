#include "controller/compute/mesh/protect.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <random>
#include <set>
#include <tuple>

#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/linear_program.h"
#include "controller/compute/mesh/optimize.h"

namespace waymark {
namespace {

struct World {
  MeshProblem problem;
  std::vector<std::vector<int32_t>> failures;  // every fibre
};

// Capacities over `decades` of ten.
World RandomWorld(std::mt19937_64& random, double decades = 0.8) {
  const auto number = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  World world;
  MeshProblem& problem = world.problem;
  problem.node_count = number(3, 8);
  const auto fibre = [&](int a, int b) {
    if (a == b) return;
    const int32_t first = static_cast<int32_t>(problem.links.size());
    const double capacity =
        10 * std::pow(10, std::uniform_real_distribution<double>(0, decades)(random));
    problem.links.push_back({a, b, capacity});
    problem.links.push_back({b, a, capacity});
    world.failures.push_back({first, first + 1});
  };
  for (int node = 1; node < problem.node_count; ++node) fibre(number(0, node - 1), node);
  for (int i = number(1, 2 * problem.node_count); i > 0; --i) {
    fibre(number(0, problem.node_count - 1), number(0, problem.node_count - 1));
  }
  for (int from = 0; from < problem.node_count; ++from) {
    for (int to = 0; to < problem.node_count; ++to) {
      if (from != to) problem.demands.push_back({from, to, static_cast<double>(number(0, 9))});
    }
  }
  return world;
}

bool Joined(const MeshProblem& problem, const std::vector<int32_t>& failure, int32_t from,
            int32_t to) {
  std::set<int32_t> reached = {from};
  for (size_t before = 0; before != reached.size();) {
    before = reached.size();
    for (size_t e = 0; e < problem.links.size(); ++e) {
      if (std::ranges::count(failure, static_cast<int32_t>(e)) > 0) continue;
      if (reached.contains(problem.links[e].from)) reached.insert(problem.links[e].to);
    }
  }
  return reached.contains(to);
}

// What a failure does to the routes, by the problem alone.
struct Aftermath {
  double mlu = 0;
  std::vector<double> load;
  std::vector<int32_t> exposed, cut;
};

Aftermath Suffer(const MeshProblem& problem, const MeshRoutes& routes,
                 const std::vector<int32_t>& failure) {
  const std::set<int32_t> failed(failure.begin(), failure.end());
  std::vector<double> load(problem.links.size(), 0);
  Aftermath after;
  for (size_t d = 0; d < problem.demands.size(); ++d) {
    const MeshDemand& demand = problem.demands[d];
    PairRoutes alive = routes.pair(d);
    if (alive.empty()) continue;
    std::erase_if(alive, [&](const WeightedRoute& route) {
      return std::ranges::any_of(route.links, [&](int32_t e) { return failed.contains(e); });
    });
    if (alive.empty()) {
      (Joined(problem, failure, demand.from, demand.to) ? after.exposed : after.cut).push_back(d);
      continue;
    }
    double total = 0;
    for (const WeightedRoute& route : alive) total += route.weight;
    for (const WeightedRoute& route : alive) {
      for (const int32_t link : route.links) load[link] += demand.rate * route.weight / total;
    }
  }
  for (size_t e = 0; e < load.size(); ++e) {
    after.mlu = std::max(after.mlu, load[e] / problem.links[e].capacity);
  }
  after.load = std::move(load);
  return after;
}

// All links of a node, by node.
std::vector<std::vector<int32_t>> NodeFailures(const MeshProblem& problem) {
  std::vector<std::vector<int32_t>> failures(problem.node_count);
  for (size_t e = 0; e < problem.links.size(); ++e) {
    failures[problem.links[e].from].push_back(static_cast<int32_t>(e));
    failures[problem.links[e].to].push_back(static_cast<int32_t>(e));
  }
  return failures;
}

// No routing at all has less in the worst of the failures: an LP each.
double OptimumOverFailures(const World& world) {
  double worst = EdgeOptimum(world.problem).value();
  for (const std::vector<int32_t>& failure : world.failures) {
    MeshProblem left = world.problem;
    for (const int32_t link : failure) left.links[link].capacity = 0;
    worst = std::max(worst, EdgeOptimum(left).value());
  }
  return worst;
}

TEST(ProtectMeshTest, NobodyIsExposedWhateverTheCapacitiesAndHoweverFewThePaths) {
  std::mt19937_64 random(41);
  for (int i = 0; i < 300; ++i) {
    World world = RandomWorld(random, 4.5);
    if (i % 3 == 0) {
      for (auto& failure : NodeFailures(world.problem)) world.failures.push_back(failure);
    }
    const int max_paths = std::array{2, 3, 8}[i % 3];
    const auto base = OptimizeMesh(world.problem, {.max_paths = max_paths});
    ASSERT_TRUE(base.ok());
    const auto plan = ProtectMesh(
        world.problem, base->routes,
        {.failures = world.failures, .max_paths = max_paths, .lower_bound = base->lower_bound});
    ASSERT_TRUE(plan.ok()) << plan.status();
    SCOPED_TRACE(i);
    EXPECT_TRUE(plan->exposed.empty());
    EXPECT_TRUE(plan->covered);
    double worst = Suffer(world.problem, plan->routes, {}).mlu;
    std::vector<std::pair<int32_t, int32_t>> cut;
    for (size_t f = 0; f < world.failures.size(); ++f) {
      const Aftermath after = Suffer(world.problem, plan->routes, world.failures[f]);
      EXPECT_TRUE(after.exposed.empty());
      for (const int32_t demand : after.cut) cut.emplace_back(f, demand);
      worst = std::max(worst, after.mlu);
    }
    EXPECT_EQ(plan->cut, cut);
    EXPECT_NEAR(plan->worst_mlu, worst, 1e-9 * worst);
  }
}

TEST(ProtectMeshTest, TheBoundIsBelowEveryOptimumAndThePlanNearIt) {
  std::mt19937_64 random(43);
  int near = 0, all = 0;
  for (int i = 0; i < 120; ++i) {
    const World world = RandomWorld(random, i % 2 == 0 ? 0.8 : 4);
    const auto base = OptimizeMesh(world.problem, {});
    ASSERT_TRUE(base.ok());
    const double optimum = OptimumOverFailures(world);
    const auto plan = ProtectMesh(
        world.problem, base->routes,
        {.failures = world.failures, .limit = optimum, .lower_bound = base->lower_bound});
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_LE(plan->worst_lower_bound, optimum * (1 + 1e-6)) << i;
    EXPECT_GE(plan->worst_mlu, optimum * (1 - 1e-6)) << i;
    // Routes for all failures at once, of whole weights, cannot always be as good as those for one.
    near += plan->worst_mlu <= 1.1 * optimum;
    ++all;
  }
  EXPECT_GE(near, all * 3 / 4);
}

TEST(ProtectMeshTest, BesideStrongerTrafficTheWorstIsOfAllTogether) {
  std::mt19937_64 random(47);
  int better = 0;
  for (int i = 0; i < 150; ++i) {
    const World world = RandomWorld(random, i % 2 == 0 ? 0.8 : 3);
    MeshProblem strong = world.problem, weak = world.problem;
    for (size_t d = 0; d < weak.demands.size(); ++d)
      (d % 2 == 0 ? weak : strong).demands[d].rate = 0;
    const auto first = OptimizeMesh(strong, {});
    ASSERT_TRUE(first.ok());
    const auto stronger = ProtectMesh(strong, first->routes, {.failures = world.failures});
    ASSERT_TRUE(stronger.ok());
    const auto base = OptimizeMesh(weak, {});
    ASSERT_TRUE(base.ok());
    ProtectOptions options{.failures = world.failures, .others = {{&strong, &stronger->routes}}};
    const auto plan = ProtectMesh(weak, base->routes, options);
    ASSERT_TRUE(plan.ok()) << plan.status();
    SCOPED_TRACE(i);
    EXPECT_TRUE(plan->exposed.empty());
    const auto together = [&](const MeshRoutes& routes) {
      double worst = 0;
      for (int f = -1; f < static_cast<int>(world.failures.size()); ++f) {
        const std::vector<int32_t> failure = f < 0 ? std::vector<int32_t>() : world.failures[f];
        const std::vector<double> others = Suffer(strong, stronger->routes, failure).load;
        const std::vector<double> own = Suffer(weak, routes, failure).load;
        for (size_t e = 0; e < own.size(); ++e) {
          const double capacity = weak.links[e].capacity;
          worst = std::max(worst, (own[e] + std::min(others[e], capacity)) / capacity);
        }
      }
      return worst;
    };
    EXPECT_NEAR(plan->worst_mlu, together(plan->routes), 1e-9 * plan->worst_mlu);
    EXPECT_LE(plan->worst_lower_bound, plan->worst_mlu);
    // As if they were alone.
    options.others.clear();
    const auto alone = ProtectMesh(weak, base->routes, options);
    ASSERT_TRUE(alone.ok());
    const double unaware = together(alone->routes);
    EXPECT_LE(plan->worst_lower_bound, unaware * (1 + 1e-9));
    if (unaware <= 1) continue;
    EXPECT_LE(plan->worst_mlu, unaware * 1.05);
    better += plan->worst_mlu < unaware * 0.99;
  }
  EXPECT_GE(better, 10);
}

TEST(ProtectMeshTest, TheBoundCountsStrongerTraffic) {
  // Without the direct link 4 share 5 with 3 that are there before.
  MeshProblem problem;
  problem.node_count = 3;
  problem.links = {{0, 1, 10}, {0, 2, 5}, {2, 1, 5}};
  problem.demands = {{0, 1, 3}};
  MeshRoutes around;
  around.AddRoutes({{{1, 2}, 1}});
  around.EndDemand();
  const MeshProblem strong = problem;
  problem.demands[0].rate = 4;
  const auto base = OptimizeMesh(problem, {});
  ASSERT_TRUE(base.ok());
  const auto plan =
      ProtectMesh(problem, base->routes, {.failures = {{0}}, .others = {{&strong, &around}}});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_NEAR(plan->worst_mlu, 1.4, 1e-9);
  EXPECT_NEAR(plan->worst_lower_bound, 1.4, 0.01);
  EXPECT_LE(plan->mlu, 1);
}

TEST(ProtectMeshTest, SurvivorsShareByWhatTheyCanCarry) {
  // A direct link, and detours of 8 and 2: what is lost with it fits both, but not in equal parts.
  MeshProblem problem;
  problem.node_count = 4;
  for (const auto& [a, b, capacity] : std::vector<std::tuple<int, int, double>>{
           {0, 1, 20}, {0, 2, 8}, {2, 1, 8}, {0, 3, 2}, {3, 1, 2}}) {
    problem.links.push_back({a, b, capacity});
  }
  problem.demands = {{0, 1, 9.9}};
  const auto base = OptimizeMesh(problem, {});
  ASSERT_TRUE(base.ok());
  const auto plan = ProtectMesh(problem, base->routes, {.failures = {{0}, {1}, {2}, {3}, {4}}});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_LE(plan->worst_mlu, 1);
}

TEST(ProtectMeshTest, EndsWhereTheBoundSaysThatMoreIsInVain) {
  // Half of the traffic has one fibre to go in the worst failure: 1.8 and no less.
  MeshProblem problem;
  problem.node_count = 3;
  problem.links = {{0, 1, 10}, {0, 2, 5}, {2, 1, 5}};
  problem.demands = {{0, 1, 9}};
  const auto base = OptimizeMesh(problem, {});
  ASSERT_TRUE(base.ok());
  int asked = 0;
  const auto plan = ProtectMesh(
      problem, base->routes, {.failures = {{0}, {1}, {2}}, .stop = [&] { return ++asked > 40; }});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_FALSE(plan->stopped);
  EXPECT_NEAR(plan->worst_mlu, 1.8, 1e-9);
  EXPECT_NEAR(plan->worst_lower_bound, 1.8, 0.018);
}

TEST(ProtectMeshTest, EveryFailureIsOutlivedWhereTheNetworkCan) {
  std::mt19937_64 random(17);
  for (int i = 0; i < 150; ++i) {
    const World world = RandomWorld(random);
    const auto base = OptimizeMesh(world.problem, {});
    ASSERT_TRUE(base.ok());
    const auto plan = ProtectMesh(world.problem, base->routes, {.failures = world.failures});
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_TRUE(plan->exposed.empty());
    std::vector<std::pair<int32_t, int32_t>> lost;
    double worst = EvaluateMesh(world.problem, plan->routes).mlu;
    EXPECT_EQ(plan->mlu, worst);
    for (size_t f = 0; f < world.failures.size(); ++f) {
      std::vector<bool> failed(world.problem.links.size(), false);
      for (const int32_t link : world.failures[f]) failed[link] = true;
      worst = std::max(worst, EvaluateMesh(world.problem, plan->routes, failed).mlu);
      for (size_t d = 0; d < world.problem.demands.size(); ++d) {
        const MeshDemand& demand = world.problem.demands[d];
        if (demand.rate > 0 && !Joined(world.problem, world.failures[f], demand.from, demand.to)) {
          lost.emplace_back(f, d);
        }
      }
    }
    EXPECT_EQ(plan->worst_mlu, worst);
    EXPECT_EQ(plan->cut, lost);
  }
}

TEST(ProtectMeshTest, RoutesAreProgrammable) {
  std::mt19937_64 random(23);
  for (int i = 0; i < 100; ++i) {
    const World world = RandomWorld(random);
    const int max_paths = 2 + i % 3;
    const auto base = OptimizeMesh(world.problem, {.max_paths = max_paths});
    ASSERT_TRUE(base.ok());
    const auto plan = ProtectMesh(world.problem, base->routes,
                                  {.failures = world.failures, .max_paths = max_paths});
    ASSERT_TRUE(plan.ok()) << plan.status();
    for (size_t d = 0; d < world.problem.demands.size(); ++d) {
      std::set<std::vector<int32_t>> seen;
      int weights = 0;
      for (size_t r = plan->routes.first_route(d); r < plan->routes.first_route(d + 1); ++r) {
        int32_t node = world.problem.demands[d].from;
        std::set<int32_t> visited = {node};
        for (const int32_t link : plan->routes.links(r)) {
          ASSERT_EQ(world.problem.links[link].from, node);
          node = world.problem.links[link].to;
          EXPECT_TRUE(visited.insert(node).second);
        }
        EXPECT_EQ(node, world.problem.demands[d].to);
        EXPECT_GE(plan->routes.weight(r), 1);
        weights += plan->routes.weight(r);
        const auto links = plan->routes.links(r);
        EXPECT_TRUE(seen.emplace(links.begin(), links.end()).second);
      }
      EXPECT_LE(seen.size(), static_cast<size_t>(max_paths));
      EXPECT_EQ(weights, world.problem.demands[d].rate > 0 ? 64 : 0);
    }
  }
}

TEST(ProtectMeshTest, BackupsOfWhatNeverFailsTogetherShareALink) {
  // Two pairs, each with a fibre of its own; between both ends one common detour that is just wide
  // enough for one of them.
  World world;
  world.problem.node_count = 6;
  world.problem.links = {{0, 1, 10}, {2, 3, 10}, {0, 4, 10}, {2, 4, 10},
                         {4, 5, 10}, {5, 1, 10}, {5, 3, 10}};
  world.problem.demands = {{0, 1, 9}, {2, 3, 9}};
  world.failures = {{0}, {1}};
  const auto base = OptimizeMesh(world.problem, {});
  ASSERT_TRUE(base.ok());
  const auto plan = ProtectMesh(world.problem, base->routes, {.failures = world.failures});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_TRUE(plan->exposed.empty());
  EXPECT_TRUE(plan->cut.empty());
  EXPECT_LE(plan->worst_mlu, 1);
}

TEST(ProtectMeshTest, WorkingRoutesStayWhereBackupsAreEnough) {
  std::mt19937_64 random(31);
  for (int i = 0; i < 100; ++i) {
    World world = RandomWorld(random);
    for (MeshDemand& demand : world.problem.demands) demand.rate /= 50;
    const auto base = OptimizeMesh(world.problem, {});
    ASSERT_TRUE(base.ok());
    const auto plan = ProtectMesh(world.problem, base->routes, {.failures = world.failures});
    ASSERT_TRUE(plan.ok()) << plan.status();
    EXPECT_LE(plan->worst_mlu, 1);
    // Backups of weight 1 in 64 carry a little.
    EXPECT_LE(plan->mlu, base->mlu * 1.15) << i;
  }
}

TEST(ProtectMeshTest, TrapsAreCoveredByMoreThanOneBackup) {
  // The working route crosses all three rungs; what avoids one fibre needs another of them, so no
  // single backup survives every failure, but two do.
  MeshProblem problem;
  problem.node_count = 3;
  problem.links = {{0, 1, 10}, {0, 1, 10}, {1, 2, 10}, {1, 2, 10}};
  problem.demands = {{0, 2, 1}};
  // Link 0 fails with 3, and 1 with 2: crossing over from 0 to 2 meets every failure.
  const std::vector<std::vector<int32_t>> failures = {{0}, {1}, {2}, {3}, {0, 3}, {1, 2}};
  const auto base = OptimizeMesh(problem, {});
  ASSERT_TRUE(base.ok());
  const auto plan = ProtectMesh(problem, base->routes, {.failures = failures});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_TRUE(plan->exposed.empty());
  EXPECT_TRUE(plan->cut.empty());
}

TEST(ProtectMeshTest, StoppedAtOnceKeepsTheWorkingRoutes) {
  std::mt19937_64 random(29);
  const World world = RandomWorld(random);
  const auto base = OptimizeMesh(world.problem, {});
  ASSERT_TRUE(base.ok());
  const auto plan = ProtectMesh(world.problem, base->routes,
                                {.failures = world.failures, .stop = [] { return true; }});
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_TRUE(plan->stopped);
  EXPECT_FALSE(plan->covered);
  EXPECT_EQ(plan->mlu, base->mlu);
  // What would be lost is told all the same.
  std::vector<std::pair<int32_t, int32_t>> exposed, cut;
  for (size_t f = 0; f < world.failures.size(); ++f) {
    const Aftermath after = Suffer(world.problem, plan->routes, world.failures[f]);
    for (const int32_t demand : after.exposed) exposed.emplace_back(f, demand);
    for (const int32_t demand : after.cut) cut.emplace_back(f, demand);
  }
  EXPECT_EQ(plan->exposed, exposed);
  EXPECT_EQ(plan->cut, cut);
}

TEST(ProtectMeshTest, WheneverStoppedTheFiguresAreThoseOfTheRoutes) {
  std::mt19937_64 random(47);
  for (int i = 0; i < 60; ++i) {
    const World world = RandomWorld(random, 3);
    const auto base = OptimizeMesh(world.problem, {.max_paths = 3});
    ASSERT_TRUE(base.ok());
    int asked = 0;
    const auto plan =
        ProtectMesh(world.problem, base->routes,
                    {.failures = world.failures, .max_paths = 3, .limit = 1e-9, .stop = [&] {
                       return ++asked > i;
                     }});
    ASSERT_TRUE(plan.ok()) << plan.status();
    double worst = Suffer(world.problem, plan->routes, {}).mlu;
    size_t exposed = 0;
    for (const std::vector<int32_t>& failure : world.failures) {
      const Aftermath after = Suffer(world.problem, plan->routes, failure);
      worst = std::max(worst, after.mlu);
      exposed += after.exposed.size();
    }
    EXPECT_NEAR(plan->worst_mlu, worst, 1e-9 * worst);
    EXPECT_EQ(plan->exposed.size(), exposed);
    if (plan->covered) {
      EXPECT_EQ(exposed, 0u);
    }
  }
}

TEST(ProtectMeshTest, BadOptionsNameTheField) {
  const MeshProblem problem = {.node_count = 2, .links = {{0, 1, 1}}, .demands = {{0, 1, 1}}};
  const auto base = OptimizeMesh(problem, {});
  ASSERT_TRUE(base.ok());
  const std::vector<std::pair<ProtectOptions, std::string>> rows = {
      {{.max_paths = 1}, "max_paths"},
      {{.weight_total = 7}, "weight_total"},
      {{.limit = 0}, "limit"},
      {{.gap = 0}, "gap"},
      {{.lower_bound = -1}, "lower_bound"},
      {{.failures = {{1}}}, "failures[0]"},
      {{.failures = {{-1}}}, "failures[0]"},
  };
  for (const auto& [options, field] : rows) {
    const auto plan = ProtectMesh(problem, base->routes, options);
    EXPECT_EQ(plan.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_EQ(plan.status().message().find(field + ":"), 0u) << plan.status();
  }
  MeshRoutes three;
  for (int i = 0; i < 3; ++i) three.AddRoute(std::array{0}, 1);
  three.EndDemand();
  const auto many = ProtectMesh(problem, three, {.max_paths = 2});
  EXPECT_EQ(many.status().message(), "routes: demands[0] has 3, more than max_paths (2)");
  EXPECT_EQ(ProtectMesh(problem, MeshRoutes(), {}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace waymark
