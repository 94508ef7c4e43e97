#include "controller/compute/mesh/allocate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "controller/compute/mesh/allocation_program.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/fair_testing.h"
#include "controller/compute/mesh/fill_routes.h"
#include "controller/compute/mesh/mesh_testing.h"

namespace waymark {
namespace {

// A mesh in which, more often than not, not everything fits; with bounds now and then.
MeshProblem FullMesh(std::mt19937_64& random) {
  MeshProblem problem = SmallMesh(random, 6);
  if (random() % 3 == 0) AddBounds(random, &problem);
  const double factor = std::exp2(static_cast<double>(random() % 6));
  for (MeshDemand& demand : problem.demands) demand.rate *= factor / 4;
  return problem;
}

// From the answer alone.
void ExpectGranted(const MeshProblem& problem, const MeshOptions& options,
                   const MeshAllocation& allocation) {
  ASSERT_EQ(allocation.granted.size(), problem.demands.size());
  MeshProblem granted = problem;
  double carried = 0;
  for (size_t d = 0; d < problem.demands.size(); ++d) {
    EXPECT_GE(allocation.granted[d], 0);
    EXPECT_LE(allocation.granted[d], problem.demands[d].rate);
    granted.demands[d].rate = allocation.granted[d];
    carried += allocation.granted[d];
  }
  EXPECT_DOUBLE_EQ(allocation.carried, carried);
  const MeshLoads loads = EvaluateMesh(granted, allocation.routes);
  EXPECT_LE(loads.mlu, 1);
  EXPECT_EQ(loads.mlu, allocation.mlu);
  EXPECT_TRUE(loads.lost.empty());
  std::vector<int32_t> unrouted;
  for (size_t d = 0; d < problem.demands.size(); ++d) {
    if (allocation.granted[d] == 0) unrouted.push_back(static_cast<int32_t>(d));
  }
  ExpectProgrammable(granted, allocation.routes, static_cast<size_t>(options.max_paths),
                     options.weight_total, unrouted);
  for (const int32_t demand : allocation.unreachable) EXPECT_EQ(allocation.granted[demand], 0);
}

TEST(AllocateMeshTest, ThroughputAgainstLinearProgrammes) {
  std::mt19937_64 random(21);
  const MeshOptions options = {.max_paths = 16, .weight_total = 4'096, .gap = 0.01};
  int full = 0, certified = 0;
  for (int i = 0; i < 1'000; ++i) {
    const MeshProblem problem = FullMesh(random);
    const auto allocation = AllocateMesh(problem, Sharing::kThroughput, options);
    ASSERT_TRUE(allocation.ok()) << allocation.status();
    ExpectGranted(problem, options, *allocation);
    const auto most = MostCarriedOptimum(problem, BoundedPaths(problem));
    ASSERT_TRUE(most.has_value());
    EXPECT_GE(allocation->upper_bound, *most * (1 - 1e-7));
    EXPECT_LE(allocation->carried, *most * (1 + 1e-7));
    EXPECT_GE(allocation->carried, *most * 0.97) << i;
    certified += allocation->carried >= allocation->upper_bound * 0.99;
    full += !allocation->fits;
  }
  EXPECT_GT(full, 300);
  EXPECT_GE(certified, 980);
}

TEST(AllocateMeshTest, MaxMinAgainstASequenceOfLinearProgrammes) {
  std::mt19937_64 random(22);
  const MeshOptions options = {.max_paths = 16, .weight_total = 4'096, .gap = 0.01};
  int full = 0, demands = 0;
  double worst = 0, sum = 0;
  for (int i = 0; i < 300; ++i) {
    const MeshProblem problem = FullMesh(random);
    const auto allocation = AllocateMesh(problem, Sharing::kMaxMin, options);
    ASSERT_TRUE(allocation.ok()) << allocation.status();
    ExpectGranted(problem, options, *allocation);
    const auto fair = FairOptimum(problem, BoundedPaths(problem));
    if (!fair) continue;
    double least = std::numeric_limits<double>::infinity();
    for (size_t d = 0; d < fair->size(); ++d) {
      if ((*fair)[d] <= 0) continue;
      if ((*fair)[d] < problem.demands[d].rate * (1 - 1e-6)) least = std::min(least, (*fair)[d]);
      const double distance = std::abs(allocation->granted[d] / (*fair)[d] - 1);
      ++demands;
      sum += distance;
      worst = std::max(worst, distance);
    }
    if (allocation->fits) continue;
    ++full;
    if (std::isfinite(least)) {
      EXPECT_GE(allocation->least_bound, least * (1 - 1e-6)) << i;
      EXPECT_GE(allocation->least, least * 0.97) << i;
    }
  }
  EXPECT_GT(full, 100);
  EXPECT_LT(sum / demands, 0.0015);
  EXPECT_LT(worst, 0.05);
}

// How far what is granted is from the exact shares, of which it is never far below.
struct Distance {
  double lowest = 1, mean = 0;
};

Distance DistanceFrom(const std::vector<double>& exact, const MeshAllocation& allocation) {
  Distance distance;
  for (size_t d = 0; d < exact.size(); ++d) {
    const double share = allocation.granted[d] / exact[d];
    distance.lowest = std::min(distance.lowest, share);
    distance.mean += std::abs(share - 1) / static_cast<double>(exact.size());
  }
  return distance;
}

// Thousands of demands with one way each, links of very different sizes: exact by water filling.
TEST(AllocateMeshTest, MaxMinOnTreesAgainstWaterFilling) {
  std::mt19937_64 random(31);
  double worst_mean = 0;
  for (int i = 0; i < 24; ++i) {
    const int reach = i % 3 == 0 ? 3 : i % 3 == 1 ? 9 : 1'000;
    const KnownFair known = TreeOfAllPairs(random, i < 20 ? 50 : 100, reach, 1);
    const auto allocation = AllocateMesh(known.problem, Sharing::kMaxMin, {});
    ASSERT_TRUE(allocation.ok()) << allocation.status();
    ExpectGranted(known.problem, {}, *allocation);
    const Distance distance = DistanceFrom(FairRatesOf(known), *allocation);
    EXPECT_GT(distance.lowest, 0.975) << i;
    worst_mean = std::max(worst_mean, distance.mean);
  }
  EXPECT_LT(worst_mean, 0.005);
}

// As before, but each of those ways is a choice among many.
TEST(AllocateMeshTest, MaxMinOnTreesOfParallelLinksAgainstWaterFilling) {
  std::mt19937_64 random(32);
  const MeshOptions options = {.max_paths = 16, .weight_total = 4'096};
  double worst_mean = 0;
  for (int i = 0; i < 12; ++i) {
    const KnownFair known = TreeOfAllPairs(random, 40, i % 2 == 0 ? 5 : 1'000, 3);
    const auto allocation = AllocateMesh(known.problem, Sharing::kMaxMin, options);
    ASSERT_TRUE(allocation.ok()) << allocation.status();
    ExpectGranted(known.problem, options, *allocation);
    const Distance distance = DistanceFrom(FairRatesOf(known), *allocation);
    EXPECT_GT(distance.lowest, 0.96) << i;
    worst_mean = std::max(worst_mean, distance.mean);
  }
  EXPECT_LT(worst_mean, 0.005);
}

// Who is over many links that are half used rises with those who are over one of them, however
// many demands stay below.
TEST(AllocateMeshTest, MaxMinOverManyHalfUsedLinks) {
  for (const int many : {10, 900, 10'000}) {
    for (const int chain : {2, 16}) {
      for (const double gap : {0.3, 0.1, 0.01}) {
        for (const double capacity : {202.0, 220.0, 300.0, 400.0, 2'000.0}) {
          const KnownFair known = ManyAndAChain(many, chain, capacity);
          const auto allocation = AllocateMesh(known.problem, Sharing::kMaxMin, {.gap = gap});
          ASSERT_TRUE(allocation.ok()) << allocation.status();
          const Distance distance = DistanceFrom(FairRatesOf(known), *allocation);
          EXPECT_GT(distance.lowest, 1 - gap) << many << " " << chain << " " << capacity;
        }
      }
    }
  }
}

// All links and demands alike: everyone on a ring gets the same, and each tie is one level.
TEST(AllocateMeshTest, MaxMinOfTies) {
  MeshProblem problem;
  problem.node_count = 24;
  for (int node = 0; node < problem.node_count; ++node) {
    problem.links.push_back({node, (node + 1) % problem.node_count, 100});
  }
  for (int from = 0; from < problem.node_count; ++from) {
    for (int to = 0; to < problem.node_count; ++to) {
      if (from != to) problem.demands.push_back({from, to, 50});
    }
  }
  const auto fair = AllocateMesh(problem, Sharing::kMaxMin, {});
  ASSERT_TRUE(fair.ok()) << fair.status();
  // Each link is on as many ways as all ways have links, shared by the links.
  const double share = 100.0 / (23 * 24 / 2);
  for (const double granted : fair->granted) EXPECT_NEAR(granted, share, share * 1e-6);
  EXPECT_EQ(fair->levels, 1);
}

// Stopped before anything is known of levels, what is granted is still fair on the routes at hand.
TEST(AllocateMeshTest, MaxMinStoppedIsFairOnItsRoutes) {
  std::mt19937_64 random(33);
  const KnownFair known = TreeOfAllPairs(random, 40, 9, 1);
  const std::vector<double> exact = FairRatesOf(known);
  int asked = 0;
  while (asked >= 0) {
    const int steps = asked * 2;
    asked = 0;
    const auto stopped =
        AllocateMesh(known.problem, Sharing::kMaxMin, {.stop = [&] { return asked++ >= steps; }});
    ASSERT_TRUE(stopped.ok()) << stopped.status();
    EXPECT_GT(DistanceFrom(exact, *stopped).lowest, 0.9) << steps;
    if (!stopped->stopped) break;
  }
}

TEST(AllocateMeshTest, SharesOfOneLink) {
  // 0 -> 1 carries 30 for three, one of whom wants little; 2 -> 1 has room to spare.
  MeshProblem problem;
  problem.node_count = 4;
  problem.links = {{0, 1, 30}, {3, 0, 100}, {2, 0, 100}, {2, 1, 40}};
  problem.demands = {{0, 1, 5}, {2, 1, 100}, {3, 1, 100}};
  const auto fair = AllocateMesh(problem, Sharing::kMaxMin, {.gap = 0.002});
  ASSERT_TRUE(fair.ok()) << fair.status();
  EXPECT_FALSE(fair->fits);
  EXPECT_NEAR(fair->granted[0], 5, 0.1);
  EXPECT_NEAR(fair->granted[1], 40, 0.4);
  EXPECT_NEAR(fair->granted[2], 25, 0.2);
  EXPECT_GE(fair->least_bound, 25 - 1e-9);
  EXPECT_EQ(fair->offered, 205);
  const auto most = AllocateMesh(problem, Sharing::kThroughput, {.gap = 0.002});
  ASSERT_TRUE(most.ok()) << most.status();
  EXPECT_NEAR(most->carried, 70, 0.14);
  EXPECT_NEAR(most->upper_bound, 70, 0.14);
  problem.links[0].capacity = 1'000;
  const auto all = AllocateMesh(problem, Sharing::kMaxMin, {});
  ASSERT_TRUE(all.ok());
  EXPECT_TRUE(all->fits);
  EXPECT_EQ(all->granted, (std::vector<double>{5, 100, 100}));
  EXPECT_TRUE(std::isinf(all->least));
}

TEST(AllocateMeshTest, ThreadsDoNotChangeItAndAStopGivesWhatFits) {
  std::mt19937_64 random(23);
  for (int i = 0; i < 60; ++i) {
    const MeshProblem problem = FullMesh(random);
    for (const Sharing sharing : {Sharing::kMaxMin, Sharing::kThroughput}) {
      const auto one = AllocateMesh(problem, sharing, {});
      const auto other =
          AllocateMesh(problem, sharing, {.parallel = [](int count, const auto& task) {
                         for (int k = count; k-- > 0;) task(k);
                       }});
      ASSERT_TRUE(one.ok() && other.ok());
      ExpectGranted(problem, {}, *one);
      EXPECT_EQ(one->routes, other->routes);
      EXPECT_EQ(one->granted, other->granted);
      for (const int steps : {0, 3, 10}) {
        int asked = 0;
        const auto stopped =
            AllocateMesh(problem, sharing, {.stop = [&] { return asked++ >= steps; }});
        ASSERT_TRUE(stopped.ok());
        ExpectGranted(problem, {}, *stopped);
        EXPECT_LE(stopped->carried, stopped->upper_bound * (1 + 1e-9));
      }
    }
  }
}

TEST(AllocateMeshTest, UnreachableDemandsGetNothingAndBadOptionsAreNamed) {
  MeshProblem problem;
  problem.node_count = 3;
  problem.links = {{0, 1, 10, 7}};
  problem.demands = {{0, 1, 15}, {0, 2, 5}};
  const auto fair = AllocateMesh(problem, Sharing::kMaxMin, {});
  ASSERT_TRUE(fair.ok());
  EXPECT_EQ(fair->unreachable, (std::vector<int32_t>{1}));
  EXPECT_NEAR(fair->granted[0], 10, 1e-9);
  EXPECT_LE(fair->upper_bound, 15);
  problem.max_delay = 6;
  const auto none = AllocateMesh(problem, Sharing::kThroughput, {});
  ASSERT_TRUE(none.ok());
  EXPECT_EQ(none->out_of_bound, (std::vector<int32_t>{0}));
  EXPECT_EQ(none->carried, 0);
  EXPECT_EQ(AllocateMesh(problem, Sharing::kMaxMin, {.max_paths = 0}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

// A trace of the second demand on the first one's link does not hold it down.
TEST(FillRoutesTest, RisesFromWhatIsWanted) {
  MeshProblem problem;
  problem.node_count = 4;
  problem.links = {{0, 1, 10}, {2, 3, 100}, {2, 0, 100}, {1, 3, 100}};
  problem.demands = {{0, 1, 50}, {2, 3, 50}};
  MeshRoutes routes;
  routes.AddRoute(std::vector<int32_t>{0}, 64);
  routes.EndDemand();
  routes.AddRoute(std::vector<int32_t>{1}, 63);
  routes.AddRoute(std::vector<int32_t>{2, 0, 3}, 1);
  routes.EndDemand();
  const std::vector<double> wanted = {9, 40}, nothing = {0, 0};
  const std::vector<double> fair = FillFairly(problem, routes, wanted);
  EXPECT_NEAR(fair[0], 10 - 40.0 / 64, 1e-9);
  EXPECT_NEAR(fair[1], 40, 1e-9);
  const std::vector<double> level = FillFairly(problem, routes, nothing);
  EXPECT_NEAR(level[0], 640.0 / 65, 1e-9);
  EXPECT_NEAR(level[1], 640.0 / 65, 1e-9);
  const std::vector<double> most = FillUp(problem, routes, nothing);
  EXPECT_NEAR(most[0], 10, 1e-9);  // fewest links first
  EXPECT_NEAR(most[1], 0, 1e-9);
  const std::vector<double> shrunk = FillUp(problem, routes, std::vector<double>{20, 0});
  EXPECT_NEAR(shrunk[0], 10, 1e-9);
}

}  // namespace
}  // namespace waymark
