#include "controller/compute/mesh/min_mlu.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "controller/compute/mesh/linear_program.h"
#include "controller/compute/mesh/mesh_testing.h"

namespace waymark {
namespace {

// Flow is carried where it should go: what enters a node and does not leave it is its demand.
void ExpectConserved(const MeshProblem& problem, const MinMlu& solved) {
  const SourceFlows& flows = solved.flows();
  std::vector<double> load(problem.links.size(), 0);
  for (size_t s = 0; s < flows.sources.size(); ++s) {
    std::vector<double> ends(problem.node_count, 0);
    double total = 0;
    for (size_t d = flows.first_demand[s]; d < flows.first_demand[s + 1]; ++d) {
      if (std::ranges::count(solved.unreachable(), static_cast<int32_t>(d)) > 0) continue;
      ends[problem.demands[d].to] = problem.demands[d].rate;
      total += problem.demands[d].rate;
    }
    for (size_t e = 0; e < load.size(); ++e) {
      const double flow = flows.row(s)[e];
      ASSERT_GE(flow, 0);
      if (problem.links[e].capacity == 0) {
        ASSERT_EQ(flow, 0);
      }
      load[e] += flow;
      ends[problem.links[e].to] -= flow;
      ends[problem.links[e].from] += flow;
    }
    for (int32_t node = 0; node < problem.node_count; ++node) {
      EXPECT_NEAR(ends[node], node == flows.sources[s] ? total : 0, 1e-9 * (1 + total));
    }
  }
  for (size_t e = 0; e < load.size(); ++e) {
    EXPECT_NEAR(load[e], solved.load()[e], 1e-9 * (1 + load[e]));
  }
}

TEST(MinMluTest, TheOptimumOfTheLinearProgrammeIsBetweenTheBounds) {
  std::mt19937_64 random(1);
  int loaded = 0;
  for (int i = 0; i < 500; ++i) {
    MeshProblem problem = SmallMesh(random);
    // In bit/s as in the file's Gbit/s.
    if (i % 3 == 0) {
      for (MeshLink& link : problem.links) link.capacity *= 1e9;
      for (MeshDemand& demand : problem.demands) demand.rate *= 1e9;
    }
    const std::optional<double> optimum = EdgeOptimum(problem);
    ASSERT_TRUE(optimum.has_value()) << i;
    const double gap = i % 2 == 0 ? 0.01 : 0.001;
    MinMlu solver(problem, {});
    EXPECT_GE(solver.mlu(), *optimum * (1 - 1e-7)) << i;
    // Both sides hold in every round, not only at the end.
    solver.Refine({.gap = gap, .progress = [&](const MeshProgress& at) {
                     EXPECT_LE(at.lower_bound, *optimum * (1 + 1e-7)) << i;
                     EXPECT_GE(at.mlu, *optimum * (1 - 1e-7)) << i;
                   }});
    EXPECT_LE(solver.lower_bound(), *optimum * (1 + 1e-7)) << i;
    EXPECT_GE(solver.mlu(), *optimum * (1 - 1e-7)) << i;
    EXPECT_LE(solver.mlu(), *optimum * (1 + gap) + 1e-12) << i << " rounds " << solver.rounds();
    ExpectConserved(problem, solver);
    loaded += *optimum > 0;
  }
  EXPECT_GT(loaded, 400);
}

TEST(MinMluTest, RefiningAgainNeverLoosensTheBound) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 20; ++i) {
    const MeshProblem problem = SmallMesh(random);
    MinMlu solver(problem, {});
    double bound = 0;
    for (const double gap : {0.3, 0.03, 0.003}) {
      solver.Refine({.gap = gap});
      EXPECT_GE(solver.lower_bound(), bound);
      bound = solver.lower_bound();
      EXPECT_LE(solver.mlu(), (1 + gap) * bound);
    }
  }
}

MeshProblem Ring(int32_t nodes) {
  MeshProblem problem;
  problem.node_count = nodes;
  for (int32_t node = 0; node < nodes; ++node) {
    const int32_t next = (node + 1) % nodes;
    problem.links.push_back({node, next, 10.0 + node});
    problem.links.push_back({next, node, 10.0 + node});
  }
  for (int32_t from = 0; from < nodes; ++from) {
    for (int32_t to = 0; to < nodes; ++to) {
      if (from != to) problem.demands.push_back({from, to, 1.0 + (from * 7 + to) % 5});
    }
  }
  return problem;
}

TEST(MinMluTest, ThereIsABoundFromTheStart) {
  std::mt19937_64 random(3);
  int loaded = 0;
  for (int i = 0; i < 100; ++i) {
    const MeshProblem problem = SmallMesh(random);
    const std::optional<double> optimum = EdgeOptimum(problem);
    ASSERT_TRUE(optimum.has_value()) << i;
    MinMlu solver(problem, {});
    EXPECT_LE(solver.lower_bound(), *optimum * (1 + 1e-7)) << i;
    EXPECT_EQ(solver.lower_bound() > 0, *optimum > 0) << i;
    const double first = solver.lower_bound();
    solver.Refine({.gap = 0.01, .stop = [] { return true; }});
    EXPECT_EQ(solver.lower_bound(), first);
    loaded += *optimum > 0;
  }
  EXPECT_GT(loaded, 80);
}

// What idle links cost beside the one that matters must not count, however many there are.
TEST(MinMluTest, IdleLinksDoNotKeepTheBoundAway) {
  for (const int32_t nodes : {20, 1'000}) {
    MeshProblem problem;
    problem.node_count = nodes;
    for (int32_t node = 0; node + 1 < nodes; ++node) {
      const double capacity = node == nodes / 2 ? 1 : 1e6;
      problem.links.push_back({node, node + 1, capacity});
      problem.links.push_back({node + 1, node, capacity});
    }
    problem.demands = {{0, nodes - 1, 0.7}, {1, nodes / 2, 0.5}};
    for (const double gap : {1e-4, 1e-6}) {
      MinMlu solver(problem, {});
      solver.Refine({.gap = gap});
      EXPECT_DOUBLE_EQ(solver.mlu(), 0.7);
      EXPECT_LE(solver.mlu(), (1 + gap) * solver.lower_bound()) << solver.rounds() << " rounds";
      EXPECT_LE(solver.lower_bound(), 0.7 * (1 + 1e-12));
    }
  }
}

// A round of a large network takes long.
TEST(MinMluTest, StopIsAskedWithinARound) {
  const MeshProblem problem = Ring(40);
  for (int most : {0, 1, 5, 12, 20, 22}) {
    MinMlu solver(problem, {});
    int asked = 0;
    bool stop = false;
    solver.Refine({.gap = 1e-6, .max_rounds = 1, .stop = [&] {
                     stop = ++asked > most;
                     return stop;
                   }});
    EXPECT_TRUE(stop) << "asked only " << asked << " times in a round of 40 sources";
    EXPECT_TRUE(solver.stopped());
    EXPECT_EQ(asked, most + 1) << "went on";
    ExpectConserved(problem, solver);
    const std::optional<double> optimum = EdgeOptimum(problem);
    ASSERT_TRUE(optimum.has_value());
    EXPECT_LE(solver.lower_bound(), *optimum * (1 + 1e-7));
    EXPECT_GE(solver.mlu(), *optimum * (1 - 1e-7));
  }
}

// Rates and capacities at the ends of what is allowed: the figures stay figures.
TEST(MinMluTest, Extremes) {
  struct Row {
    double fat, thin, large, small;
  };
  for (const Row& row :
       {Row{1e18, 1e-18, 1e18, 1e-18}, Row{1e-18, 1e-18, 1e18, 1e18}, Row{1e18, 1e18, 1e-18, 1e-18},
        Row{1e18, 1e18, 1e-300, 1e-310}, Row{1, 1e-9, 1e18, 1e-9}, Row{1e18, 1, 5e-324, 5e-324}}) {
    MeshProblem problem;
    problem.node_count = 4;
    problem.links = {{0, 1, row.fat}, {0, 1, row.thin}, {0, 2, row.thin}, {2, 1, row.fat},
                     {1, 3, row.fat}, {1, 3, row.thin}, {3, 0, row.thin}, {2, 3, row.fat}};
    problem.demands = {{0, 1, row.large}, {0, 2, row.small}, {0, 3, row.small}, {1, 3, row.large}};
    MinMlu solver(problem, {});
    solver.Refine({.gap = 0.01});
    EXPECT_TRUE(std::isfinite(solver.mlu()));
    EXPECT_TRUE(std::isfinite(solver.lower_bound()));
    EXPECT_GE(solver.lower_bound(), 0);
    EXPECT_LE(solver.lower_bound(), solver.mlu());
    if (row.large > 1e-100) {
      EXPECT_LE(solver.mlu(), 1.01 * solver.lower_bound());
    }
    for (const double flow : solver.flows().flow) {
      EXPECT_GE(flow, 0);
      EXPECT_TRUE(std::isfinite(flow));
    }
  }
}

TEST(MinMluTest, OneNodeAndNoDemands) {
  const MeshProblem problem = {.node_count = 1};
  MinMlu solver(problem, {});
  solver.Refine({});
  EXPECT_EQ(solver.mlu(), 0);
  EXPECT_EQ(solver.lower_bound(), 0);
  EXPECT_EQ(solver.rounds(), 0);
}

}  // namespace
}  // namespace waymark
