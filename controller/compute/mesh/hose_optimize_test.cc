#include "controller/compute/mesh/hose_optimize.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <string>

#include "controller/compute/mesh/hose_linear_program.h"
#include "controller/compute/mesh/mesh_testing.h"

namespace waymark {
namespace {

struct Instance {
  MeshProblem problem;  // demands: the pipes
  std::vector<Hose> hoses;
};

Instance RandomInstance(uint64_t seed, int most_nodes) {
  std::mt19937_64 random(seed);
  const auto number = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  Instance instance = {.problem = SmallMesh(random, most_nodes)};
  if (number(0, 1) == 0) {
    instance.problem.demands.clear();
  } else {
    std::erase_if(instance.problem.demands, [&](const MeshDemand&) { return number(0, 2) > 0; });
  }
  for (int h = number(1, 3); h > 0; --h) {
    Hose& hose = instance.hoses.emplace_back();
    const bool tree = number(0, 3) == 0;
    for (int i = number(1, 6); i > 0; --i) {
      hose.sites.push_back({number(0, instance.problem.node_count - 1),
                            static_cast<double>(number(0, 12)), static_cast<double>(number(0, 12)),
                            tree && number(0, 1) == 0});
    }
  }
  return instance;
}

// From the plan's routes alone.
std::vector<double> LoadsOf(const Instance& instance, const HosePlan& plan) {
  std::vector<double> load(instance.problem.links.size(), 0);
  const MeshProblem pairs = {.demands = plan.demands};
  for (size_t d = 0; d < plan.demands.size(); ++d) {
    double total = 0;
    for (size_t r = plan.routes.first_route(d); r < plan.routes.first_route(d + 1); ++r) {
      total += plan.routes.weight(r);
    }
    for (size_t r = plan.routes.first_route(d); r < plan.routes.first_route(d + 1); ++r) {
      const double share = plan.demands[d].rate * plan.routes.weight(r) / total;
      for (const int32_t link : plan.routes.links(r)) load[link] += share;
    }
  }
  HoseLoader loader;
  const HoseRoutes classes[] = {RoutesOfDemands(pairs, plan.routes)};
  for (const Hose& hose : instance.hoses) {
    for (const HoseLinkLoad& worst : loader.Load(hose, classes)) load[worst.link] += worst.load;
  }
  return load;
}

void CheckRoutes(const Instance& instance, const HosePlan& plan, const HoseOptions& options) {
  ASSERT_EQ(plan.routes.demand_count(), plan.demands.size());
  std::set<int32_t> without(plan.unreachable.begin(), plan.unreachable.end());
  for (size_t d = 0; d < plan.demands.size(); ++d) {
    const size_t begin = plan.routes.first_route(d), end = plan.routes.first_route(d + 1);
    EXPECT_EQ(begin == end, without.contains(static_cast<int32_t>(d)));
    EXPECT_LE(end - begin, options.max_paths);
    int64_t total = 0;
    for (size_t r = begin; r < end; ++r) {
      EXPECT_GT(plan.routes.weight(r), 0);
      total += plan.routes.weight(r);
      int32_t at = plan.demands[d].from;
      std::set<int32_t> passed = {at};
      for (const int32_t link : plan.routes.links(r)) {
        ASSERT_EQ(instance.problem.links[link].from, at);
        ASSERT_GT(instance.problem.links[link].capacity, 0);
        at = instance.problem.links[link].to;
        EXPECT_TRUE(passed.insert(at).second) << "a node twice";
      }
      EXPECT_EQ(at, plan.demands[d].to);
    }
    EXPECT_EQ(total, begin < end ? options.weight_total : 0);
  }
}

// By Bellman and Ford; infinite: no way.
double LeastDelay(const MeshProblem& problem, const MeshDemand& demand) {
  std::vector<double> least(static_cast<size_t>(problem.node_count),
                            std::numeric_limits<double>::infinity());
  least[demand.from] = 0;
  for (int i = 0; i < problem.node_count; ++i) {
    for (const MeshLink& link : problem.links) {
      if (link.capacity > 0) {
        least[link.to] = std::min(least[link.to], least[link.from] + link.delay);
      }
    }
  }
  return least[demand.to];
}

TEST(HoseOptimizeTest, NeverBelowTheOptimumAndNeverBelowItsOwnBound) {
  std::vector<double> ratios, bounds;
  size_t seen = 0;
  for (uint64_t seed = 0; seed < 250; ++seed) {
    const Instance instance = RandomInstance(seed, 7);
    const HoseOptions options;
    const auto plan = OptimizeHose(instance.problem, instance.hoses, options);
    ASSERT_TRUE(plan.ok()) << plan.status();
    CheckRoutes(instance, *plan, options);
    const std::vector<double> loads = LoadsOf(instance, *plan);
    double mlu = 0;
    for (size_t e = 0; e < loads.size(); ++e) {
      EXPECT_NEAR(loads[e], plan->load[e], 1e-9);
      if (loads[e] > 0) mlu = std::max(mlu, loads[e] / instance.problem.links[e].capacity);
    }
    EXPECT_NEAR(mlu, plan->mlu, 1e-9);
    EXPECT_LE(plan->lower_bound, mlu + 1e-9) << seed;
    if (!plan->unreachable.empty()) continue;
    const auto optimum = ObliviousOptimum(instance.problem, instance.hoses);
    ASSERT_TRUE(optimum) << seed;
    EXPECT_GE(mlu, *optimum - 1e-6) << seed;
    EXPECT_LE(plan->lower_bound, *optimum + 1e-6) << seed;
    if (*optimum < 1e-6) continue;
    // A limit that nothing keeps is mostly seen at the start; one that something keeps, never.
    const auto within = OptimizeHose(instance.problem, instance.hoses, {.limit = *optimum * 0.95});
    const auto above = OptimizeHose(instance.problem, instance.hoses, {.limit = mlu});
    ASSERT_TRUE(within.ok() && above.ok());
    seen += within->lower_bound > *optimum * 0.95 && within->rounds == 0 ? 1 : 0;
    EXPECT_LE(within->lower_bound, *optimum + 1e-6) << seed;
    EXPECT_LE(above->mlu, mlu + 1e-9) << seed;
    ratios.push_back(mlu / *optimum);
    bounds.push_back(plan->lower_bound / *optimum);
  }
  ASSERT_GT(ratios.size(), 100);
  EXPECT_GT(seen, ratios.size() * 3 / 4);
  std::ranges::sort(ratios);
  std::ranges::sort(bounds);
  const auto at = [](const std::vector<double>& of, double part) {
    return of[static_cast<size_t>(part * static_cast<double>(of.size() - 1))];
  };
  // Few paths and whole weights against any fractions.
  EXPECT_LE(at(ratios, 0.5), 1.002);
  EXPECT_LE(at(ratios, 0.75), 1.01);
  EXPECT_LE(at(ratios, 0.9), 1.02);
  EXPECT_LE(ratios.back(), 1.06);
  EXPECT_GE(bounds.front(), 0.99);
}

TEST(HoseOptimizeTest, EveryWayKeepsTheBounds) {
  size_t bound = 0, out = 0;
  for (uint64_t seed = 0; seed < 150; ++seed) {
    Instance instance = RandomInstance(seed, 8);
    MeshProblem& problem = instance.problem;
    std::mt19937_64 random(seed);
    for (MeshLink& link : problem.links) link.delay = static_cast<double>(1 + random() % 9);
    const auto free = OptimizeHose(problem, instance.hoses, {});
    ASSERT_TRUE(free.ok()) << free.status();
    if (seed % 3 == 0) problem.max_hops = 2;
    if (seed % 3 == 1) problem.max_delay = 8;
    if (seed % 3 == 2) problem.max_stretch = 1.25;
    const HoseOptions options;
    const auto plan = OptimizeHose(problem, instance.hoses, options);
    ASSERT_TRUE(plan.ok()) << plan.status();
    SCOPED_TRACE(seed);
    CheckRoutes(instance, *plan, options);
    for (size_t d = 0; d < plan->demands.size(); ++d) {
      const double least = LeastDelay(problem, plan->demands[d]);
      const bool lost = plan->routes.first_route(d) == plan->routes.first_route(d + 1);
      EXPECT_EQ(lost, std::ranges::binary_search(plan->unreachable, static_cast<int32_t>(d)));
      // Whoever has a way within the bounds gets one.
      if (seed % 3 == 1) {
        EXPECT_EQ(lost, least > 8);
      }
      if (seed % 3 == 2) {
        EXPECT_EQ(lost, std::isinf(least));
      }
      out += lost && std::isfinite(least);
      for (size_t r = plan->routes.first_route(d); r < plan->routes.first_route(d + 1); ++r) {
        const auto links = plan->routes.links(r);
        double delay = 0;
        for (const int32_t link : links) delay += problem.links[link].delay;
        EXPECT_LE(links.size(), seed % 3 == 0 ? 2 : problem.links.size());
        EXPECT_LE(delay, (seed % 3 == 1 ? 8 : seed % 3 == 2 ? 1.25 * least : 1e9) + 1e-6);
      }
    }
    EXPECT_LE(plan->lower_bound, plan->mlu + 1e-9);
    bound += plan->routes != free->routes;
  }
  EXPECT_GT(bound, 50);
  EXPECT_GT(out, 10);
}

TEST(HoseOptimizeTest, OnePathAPair) {
  const HoseOptions options = {.max_paths = 1, .weight_total = 1};
  for (uint64_t seed = 0; seed < 200; ++seed) {
    const Instance instance = RandomInstance(seed, 8);
    const auto plan = OptimizeHose(instance.problem, instance.hoses, options);
    ASSERT_TRUE(plan.ok()) << plan.status();
    CheckRoutes(instance, *plan, options);
    EXPECT_LE(plan->lower_bound, plan->mlu + 1e-9) << seed;
  }
}

TEST(HoseOptimizeTest, BackgroundsCountAndTheLimitEndsTheSearch) {
  size_t given_up = 0;
  for (uint64_t seed = 0; seed < 200; ++seed) {
    Instance instance = RandomInstance(seed, 8);
    HoseOptions options = {.limit = 1};
    std::mt19937_64 random(seed);
    for (const MeshLink& link : instance.problem.links) {
      options.background.push_back(link.capacity * static_cast<double>(random() % 100) / 100);
    }
    const auto plan = OptimizeHose(instance.problem, instance.hoses, options);
    ASSERT_TRUE(plan.ok()) << plan.status();
    CheckRoutes(instance, *plan, options);
    std::vector<double> loads = LoadsOf(instance, *plan);
    double mlu = 0;
    for (size_t e = 0; e < loads.size(); ++e) {
      loads[e] += options.background[e];
      EXPECT_NEAR(loads[e], plan->load[e], 1e-9);
      if (loads[e] > 0) mlu = std::max(mlu, loads[e] / instance.problem.links[e].capacity);
    }
    EXPECT_NEAR(mlu, plan->mlu, 1e-9);
    EXPECT_LE(plan->lower_bound, mlu + 1e-9);
    options.limit = 0;
    if (plan->mlu > 1 && plan->rounds == 0) {
      // Given up at once: and the best that is found keeps it no better.
      const auto best = OptimizeHose(instance.problem, instance.hoses, options);
      ASSERT_TRUE(best.ok());
      EXPECT_GT(best->mlu, 1) << seed;
      ++given_up;
    }
    // Never better than without.
    options.background.clear();
    const auto free = OptimizeHose(instance.problem, instance.hoses, options);
    ASSERT_TRUE(free.ok());
    EXPECT_LE(free->lower_bound, mlu + 1e-9) << seed;
  }
  EXPECT_GT(given_up, 20);
}

// Two ways for a customer who may fill either: he is spread over both.
TEST(HoseOptimizeTest, SpreadsWhatOneLinkCannotHold) {
  MeshProblem problem = {.node_count = 4};
  for (const auto& [a, b] : {std::pair(0, 1), std::pair(1, 3), std::pair(0, 2), std::pair(2, 3)}) {
    problem.links.push_back({a, b, 10});
    problem.links.push_back({b, a, 10});
  }
  const Hose hose = {{{0, 16, 16}, {3, 16, 16}}};
  const auto spread = OptimizeHose(problem, {&hose, 1}, {});
  ASSERT_TRUE(spread.ok());
  EXPECT_NEAR(spread->mlu, 0.8, 1e-9);
  EXPECT_NEAR(spread->lower_bound, 0.8, 0.01);
  const auto one = OptimizeHose(problem, {&hose, 1}, {.max_paths = 1});
  ASSERT_TRUE(one.ok());
  EXPECT_NEAR(one->mlu, 1.6, 1e-9);
  const auto enough = OptimizeHose(problem, {&hose, 1}, {.limit = 1});
  ASSERT_TRUE(enough.ok());
  EXPECT_LE(enough->mlu, 1);
}

TEST(HoseOptimizeTest, TheSameAgainAndStoppedAtOnce) {
  const Instance instance = RandomInstance(11, 9);
  const auto one = OptimizeHose(instance.problem, instance.hoses, {});
  const auto two = OptimizeHose(instance.problem, instance.hoses, {});
  ASSERT_TRUE(one.ok() && two.ok());
  EXPECT_EQ(one->routes, two->routes);
  EXPECT_EQ(one->lower_bound, two->lower_bound);
  const HoseOptions at_once = {.stop = [] { return true; }};
  const auto stopped = OptimizeHose(instance.problem, instance.hoses, at_once);
  ASSERT_TRUE(stopped.ok());
  EXPECT_TRUE(stopped->stopped);
  EXPECT_EQ(stopped->rounds, 0);
  CheckRoutes(instance, *stopped, at_once);
}

TEST(HoseOptimizeTest, NothingToRoute) {
  const MeshProblem empty;
  EXPECT_EQ(OptimizeHose(empty, {}, {})->worst_link, -1);
  const MeshProblem apart = {.node_count = 2};
  const Hose hose = {{{0, 1, 1}, {1, 1, 1}}};
  const auto plan = OptimizeHose(apart, {&hose, 1}, {});
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->unreachable, (std::vector<int32_t>{0, 1}));
  EXPECT_EQ(plan->mlu, 0);
}

TEST(HoseOptimizeTest, GravityIsWithinTheHose) {
  for (uint64_t seed = 0; seed < 300; ++seed) {
    for (const Hose& hose : RandomInstance(seed, 9).hoses) {
      const std::vector<HosePair> pairs = HosePairs(hose);
      const std::vector<double> rates = GravityOfHose(hose);
      ASSERT_EQ(rates.size(), pairs.size());
      std::vector<double> left_in(9, 0), left_out(9, 0);
      for (const HoseSite& site : hose.sites) {
        left_in[site.node] += site.ingress;
        left_out[site.node] += site.egress;
      }
      for (size_t p = 0; p < pairs.size(); ++p) {
        EXPECT_GT(rates[p], 0);
        left_in[pairs[p].from] -= rates[p];
        left_out[pairs[p].to] -= rates[p];
      }
      for (int node = 0; node < 9; ++node) EXPECT_GE(std::min(left_in[node], left_out[node]), 0);
    }
  }
}

TEST(HoseOptimizeTest, HowMuchFits) {
  const double load[] = {0, 8, 5, 3}, room[] = {-1, 4, 10, 1.5};
  const HoseFit fit = FitHoses(load, room);
  EXPECT_EQ(fit.link, 1);
  EXPECT_EQ(fit.scale, 0.5);
  EXPECT_EQ(fit.missing, 4);
  const double much[] = {0, 16, 50, 4};
  EXPECT_EQ(FitHoses(load, much).scale, 4.0 / 3);
  EXPECT_EQ(FitHoses(load, much).missing, 0);
  const double below[] = {0, 1, -3, 4};
  EXPECT_EQ(FitHoses(load, below).scale, 0);
  EXPECT_EQ(FitHoses(load, below).missing, 5);
  EXPECT_EQ(FitHoses({}, {}).link, -1);
  EXPECT_EQ(FitHoses({}, {}).scale, std::numeric_limits<double>::infinity());
}

TEST(HoseOptimizeTest, BadInputIsRefusedByField) {
  const MeshProblem problem = {.node_count = 2, .links = {{0, 1, 1}}};
  const Hose bad = {{{0, 1, 1}, {2, 1, 1}}};
  const auto message = [&](const HoseOptions& options, std::span<const Hose> hoses = {}) {
    return std::string(OptimizeHose(problem, hoses, options).status().message());
  };
  EXPECT_EQ(message({}, {&bad, 1}), "hoses[0].sites[1].node is 2: there are nodes 0 to 1");
  EXPECT_EQ(message({.max_paths = 0}), "max_paths: is 0; must be 1 to 64");
  EXPECT_EQ(message({.weight_total = 7}), "weight_total: is 7; must be max_paths (8) to 65536");
  EXPECT_EQ(message({.limit = -1}), "limit: is -1; must be 0 or more");
  EXPECT_EQ(message({.max_rounds = -1}), "max_rounds: is -1; must be 0 to 1000000");
  EXPECT_EQ(message({.background = {1, 2}}), "background: has 2 loads for 1 links");
  EXPECT_EQ(message({.background = {-2}}), "background[0]: is -2; must be 0 to 1e+18");
  Hose huge;
  for (int32_t node = 0; node < 4'000; ++node) huge.sites.push_back({node, 1, 1});
  EXPECT_EQ(OptimizeHose({.node_count = 4'000}, {&huge, 1}, {}).status().code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace waymark
