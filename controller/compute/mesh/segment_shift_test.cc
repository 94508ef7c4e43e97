#include "controller/compute/mesh/segment_shift.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "controller/compute/mesh/block_search.h"
#include "controller/compute/mesh/mesh_testing.h"

namespace waymark {
namespace {

std::vector<double> Ends(const MeshProblem& problem, std::span<const double> row) {
  std::vector<double> ends(problem.node_count, 0);
  for (size_t e = 0; e < row.size(); ++e) {
    ends[problem.links[e].to] += row[e];
    ends[problem.links[e].from] -= row[e];
  }
  return ends;
}

// What shifts minimise: the soft maximum's sum and the floor under its prices.
double Potential(const MeshProblem& problem, std::span<const double> load, double softness,
                 double top) {
  const double sharpness = std::log(static_cast<double>(load.size()) + 1) / (softness * top);
  double sum = 0;
  for (size_t e = 0; e < load.size(); ++e) {
    if (problem.links[e].capacity == 0) continue;
    const double u = load[e] / problem.links[e].capacity;
    sum += std::exp(sharpness * (u - top)) / sharpness + 1e-7 * u;
  }
  return sum;
}

TEST(SegmentShiftTest, KeepsTheDemandsAndNeverRaisesThePotential) {
  std::mt19937_64 random(1);
  int shifted = 0;
  for (int i = 0; i < 500; ++i) {
    const MeshProblem problem = SmallMesh(random, 12);
    if (problem.demands.empty()) continue;
    const int32_t source = problem.demands[0].from;
    std::vector<MeshDemand> demands;
    for (const MeshDemand& demand : problem.demands) {
      if (demand.from == source) demands.push_back(demand);
    }
    const MeshGraph graph(problem);
    BlockSearch search(problem, graph);
    // The source's flow: an average over trees under random lengths, which splits everything.
    std::vector<double> row(problem.links.size(), 0), length(problem.links.size());
    for (int k = 0; k < 3; ++k) {
      for (double& l : length) l = 1 + static_cast<double>(random() % 100);
      search.RouteOnTree(demands, length);
      for (size_t e = 0; e < row.size(); ++e) row[e] += search.all()[e] / 3;
    }
    // What others carry.
    std::vector<double> load = row;
    for (size_t e = 0; e < load.size(); ++e) {
      if (problem.links[e].capacity > 0) load[e] += static_cast<double>(random() % 20);
    }
    const std::vector<double> others = [&] {
      std::vector<double> rest = load;
      for (size_t e = 0; e < load.size(); ++e) rest[e] -= row[e];
      return rest;
    }();
    const std::vector<double> ends = Ends(problem, row);
    SoftMax soft_max(problem);
    soft_max.SetLoad(load);
    if (soft_max.mlu() == 0) continue;
    SegmentShift shift(problem);
    const double softness = 0.05;
    soft_max.SetPrices(softness);
    const double top = soft_max.top();
    for (int pass = 0; pass < 4; ++pass) {
      const double before = Potential(problem, soft_max.load(), softness, top);
      const std::vector<double> was = row;
      shift.Run(search.Tree(source, soft_max.length()), 1e-3, row, &soft_max);
      EXPECT_LE(Potential(problem, soft_max.load(), softness, top), before * (1 + 1e-9)) << i;
      const std::vector<double> now = Ends(problem, row);
      for (int32_t node = 0; node < problem.node_count; ++node) {
        EXPECT_NEAR(now[node], ends[node], 1e-9) << i;
      }
      for (size_t e = 0; e < row.size(); ++e) {
        EXPECT_GE(row[e], 0);
        EXPECT_NEAR(soft_max.load()[e], others[e] + row[e], 1e-9);
      }
      shifted += row != was;
    }
  }
  EXPECT_GT(shifted, 300);
}

TEST(SegmentPairsTest, KeepTheDemandsAndNeverRaiseThePotential) {
  std::mt19937_64 random(2);
  size_t moved = 0;
  for (int i = 0; i < 300; ++i) {
    const MeshProblem problem = SmallMesh(random, 12);
    const size_t links = problem.links.size(), demands = problem.demands.size();
    const MeshGraph graph(problem);
    BlockSearch search(problem, graph);
    // Each demand has a row of its own, split over trees of random lengths.
    std::vector<double> flow(demands * links, 0), length(links), load(links, 0);
    const auto row = [&](size_t d) { return std::span(flow).subspan(d * links, links); };
    std::vector<std::vector<double>> ends;
    for (size_t d = 0; d < demands; ++d) {
      for (int k = 0; k < 3; ++k) {
        for (double& l : length) l = 1 + static_cast<double>(random() % 100);
        search.RouteOnTree(std::span(problem.demands).subspan(d, 1), length);
        for (size_t e = 0; e < links; ++e) row(d)[e] += search.all()[e] / 3;
      }
      ends.push_back(Ends(problem, row(d)));
      for (size_t e = 0; e < links; ++e) load[e] += row(d)[e];
    }
    SoftMax soft_max(problem);
    soft_max.SetLoad(load);
    if (soft_max.mlu() == 0) continue;
    const double softness = 0.05;
    soft_max.SetPrices(softness);
    const double top = soft_max.top();
    SegmentShift shift(problem);
    SegmentPairs pairs;
    for (size_t d = 0; d < demands; ++d) {
      shift.Run(search.Tree(problem.demands[d].from, soft_max.length()), 1e-3, row(d), &soft_max,
                &pairs, static_cast<int32_t>(d));
    }
    for (int sweep = 0; sweep < 4; ++sweep) {
      const double before = Potential(problem, soft_max.load(), softness, top);
      moved += pairs.Even(1e-3, links, flow, &soft_max);
      EXPECT_LE(Potential(problem, soft_max.load(), softness, top), before * (1 + 1e-9)) << i;
    }
    std::ranges::fill(load, 0);
    for (size_t d = 0; d < demands; ++d) {
      const std::vector<double> now = Ends(problem, row(d));
      for (int32_t node = 0; node < problem.node_count; ++node) {
        EXPECT_NEAR(now[node], ends[d][node], 1e-9) << i;
      }
      for (size_t e = 0; e < links; ++e) {
        EXPECT_GE(row(d)[e], 0);
        load[e] += row(d)[e];
      }
    }
    for (size_t e = 0; e < links; ++e) EXPECT_NEAR(soft_max.load()[e], load[e], 1e-9);
  }
  EXPECT_GT(moved, 300u);
}

TEST(SegmentPairsTest, SourcesShareAPair) {
  // From 0 to 1 there are two ways of the same price; three sources, one of which has little there.
  const MeshProblem problem = {.node_count = 2, .links = {{0, 1, 10}, {0, 1, 10}}, .demands = {}};
  std::vector<double> flow = {8, 0, 4, 0, 0, 2};
  SoftMax soft_max(problem);
  soft_max.SetLoad(std::vector<double>{12, 2});
  soft_max.SetPrices(0.1);
  SegmentPairs pairs;
  for (const int32_t source : {0, 1, 1, 2}) pairs.Add(source, std::vector<int32_t>{0, 1}, 1);
  EXPECT_EQ(pairs.size(), 1u);
  for (int i = 0; i < 30; ++i) {
    soft_max.SetPrices(0.1);
    pairs.Even(1e-6, 2, flow, &soft_max);
  }
  EXPECT_NEAR(soft_max.load()[0], 7, 1e-3);
  // In proportion; the third stayed where it was.
  EXPECT_NEAR(flow[0], 8 * 7.0 / 12, 1e-3);
  EXPECT_NEAR(flow[2], 4 * 7.0 / 12, 1e-3);
  EXPECT_EQ(flow[5], 2);
  // Back again.
  soft_max.SetLoad(std::vector<double>{0, 14});
  flow = {0, 8, 0, 4, 0, 2};
  for (int i = 0; i < 30; ++i) {
    soft_max.SetPrices(0.1);
    pairs.Even(1e-6, 2, flow, &soft_max);
  }
  EXPECT_NEAR(soft_max.load()[0], 7, 1e-3);
  EXPECT_NEAR(flow[4], 1, 1e-3);
  // Another order is another pair.
  pairs.Add(0, std::vector<int32_t>{1, 0}, 1);
  EXPECT_EQ(pairs.size(), 2u);
  pairs.Clear();
  EXPECT_EQ(pairs.size(), 0u);
  EXPECT_EQ(pairs.Even(1e-6, 2, flow, &soft_max), 0u);
}

TEST(SegmentShiftTest, TwoParallelWaysMeet) {
  const MeshProblem problem = {
      .node_count = 3, .links = {{0, 1, 10}, {0, 2, 30}, {2, 1, 30}}, .demands = {{0, 1, 20}}};
  const MeshGraph graph(problem);
  TreeSearch tree(graph);
  SoftMax soft_max(problem);
  SegmentShift shift(problem);
  std::vector<double> row = {20, 0, 0};
  soft_max.SetLoad(row);
  for (int i = 0; i < 30; ++i) {
    soft_max.SetPrices(0.1);
    tree.Run(0, soft_max.length());
    shift.Run(tree, 1e-4, row, &soft_max);
  }
  // 5 and 15; a little less on the way of two links.
  EXPECT_NEAR(row[0], 5, 0.3);
  EXPECT_NEAR(row[1], 15, 0.3);
  EXPECT_DOUBLE_EQ(row[1], row[2]);
}

TEST(SegmentShiftTest, CyclesAreCancelled) {
  // 0 -> 1 -> 2 -> 3 with a cycle 1 -> 2 -> 1 upon it.
  const MeshProblem problem = {
      .node_count = 4, .links = {{0, 1, 10}, {1, 2, 10}, {2, 1, 10}, {2, 3, 10}, {3, 0, 10}}};
  const MeshGraph graph(problem);
  TreeSearch tree(graph);
  SoftMax soft_max(problem);
  SegmentShift shift(problem);
  std::vector<double> row = {4, 7, 3, 4, 0};
  soft_max.SetLoad(row);
  soft_max.SetPrices(0.1);
  tree.Run(0, soft_max.length());
  shift.Run(tree, 1e-4, row, &soft_max);
  EXPECT_EQ(row, (std::vector<double>{4, 4, 0, 4, 0}));
  EXPECT_EQ(soft_max.load()[1], 4);
  EXPECT_EQ(soft_max.load()[2], 0);
}

}  // namespace
}  // namespace waymark
