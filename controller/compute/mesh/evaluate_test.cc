#include "controller/compute/mesh/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>
#include <set>
#include <vector>

namespace waymark {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// Two ways from 0 to 2: over 1 (links 0 and 1) and the direct link 2; link 3 is parallel to 2.
MeshProblem Triangle() {
  return {.node_count = 3,
          .links = {{0, 1, 10}, {1, 2, 20}, {0, 2, 10}, {0, 2, 0}},
          .demands = {{0, 1, 4}, {0, 2, 8}, {2, 0, 0}}};
}

MeshRoutes TriangleRoutes() {
  MeshRoutes routes;
  routes.AddRoute(std::vector{0}, 64);
  routes.EndDemand();
  routes.AddRoute(std::vector{0, 1}, 1);
  routes.AddRoute(std::vector{2}, 3);
  routes.EndDemand();
  routes.EndDemand();
  return routes;
}

TEST(EvaluateMeshTest, SharesByWeight) {
  const MeshLoads loads = EvaluateMesh(Triangle(), TriangleRoutes());
  EXPECT_THAT(loads.load, ElementsAre(6, 2, 6, 0));
  EXPECT_DOUBLE_EQ(loads.mlu, 0.6);
  EXPECT_EQ(loads.worst_link, 0);  // the first of two
  EXPECT_EQ(loads.offered, 12);
  EXPECT_EQ(loads.carried, 12);
  EXPECT_THAT(loads.lost, IsEmpty());
}

TEST(EvaluateMeshTest, HeadendsReweightOntoWhatIsLeft) {
  const MeshLoads direct = EvaluateMesh(Triangle(), TriangleRoutes(), {false, true, false, false});
  EXPECT_THAT(direct.load, ElementsAre(4, 0, 8, 0));
  EXPECT_DOUBLE_EQ(direct.mlu, 0.8);
  EXPECT_EQ(direct.worst_link, 2);
  EXPECT_THAT(direct.lost, IsEmpty());

  const MeshLoads cut = EvaluateMesh(Triangle(), TriangleRoutes(), {true, false, false, false});
  EXPECT_THAT(cut.load, ElementsAre(0, 0, 8, 0));
  EXPECT_THAT(cut.lost, ElementsAre(0));
  EXPECT_EQ(cut.offered, 12);
  EXPECT_EQ(cut.carried, 8);

  const MeshLoads all = EvaluateMesh(Triangle(), TriangleRoutes(), {true, true, true, true});
  EXPECT_EQ(all.mlu, 0);
  EXPECT_EQ(all.worst_link, -1);
  EXPECT_EQ(all.carried, 0);
  EXPECT_THAT(all.lost, ElementsAre(0, 1));
}

TEST(EvaluateMeshTest, LoadWithoutCapacityIsWorseThanAnyLoad) {
  MeshRoutes routes;
  routes.EndDemand();
  routes.AddRoute(std::vector{3}, 1);
  routes.EndDemand();
  routes.EndDemand();
  const MeshLoads loads = EvaluateMesh(Triangle(), routes);
  EXPECT_TRUE(std::isinf(loads.mlu));
  EXPECT_EQ(loads.worst_link, 3);
  EXPECT_THAT(loads.lost, ElementsAre(0));  // the demand of rate 0 loses nothing
}

TEST(EvaluateMeshTest, NothingToCarry) {
  MeshRoutes none;
  const MeshLoads loads = EvaluateMesh({.node_count = 1, .links = {}, .demands = {}}, none);
  EXPECT_EQ(loads.mlu, 0);
  EXPECT_EQ(loads.worst_link, -1);
}

// Another way round: every link's load as the sum over who crosses it.
TEST(EvaluateMeshTest, AgreesWithCountingByLink) {
  std::mt19937 random(7);
  const auto below = [&](int n) { return static_cast<int>(random() % static_cast<uint32_t>(n)); };
  for (int round = 0; round < 300; ++round) {
    const int links = 1 + below(12);
    MeshProblem problem{.node_count = 2, .links = {}, .demands = {}};
    for (int i = 0; i < links; ++i) problem.links.push_back({0, 1, 1.0 + below(100)});
    MeshRoutes routes;
    const int demands = below(8);
    for (int d = 0; d < demands; ++d) {
      problem.demands.push_back({0, 1, static_cast<double>(below(50))});
      for (int k = below(4); k > 0; --k) {
        std::set<int> some;
        for (int i = 1 + below(4); i > 0; --i) some.insert(below(links));
        routes.AddRoute(std::vector<int32_t>(some.begin(), some.end()), 1 + below(64));
      }
      routes.EndDemand();
    }
    std::vector<bool> failed(links);
    for (int i = 0; i < links; ++i) failed[i] = below(5) == 0;
    const MeshLoads loads = EvaluateMesh(problem, routes, failed);

    std::vector<double> alive(demands);
    const auto dead = [&](size_t r) {
      return std::ranges::any_of(routes.links(r), [&](int32_t l) { return failed[l]; });
    };
    for (int d = 0; d < demands; ++d) {
      for (size_t r = routes.first_route(d); r < routes.first_route(d + 1); ++r) {
        if (!dead(r)) alive[d] += routes.weight(r);
      }
    }
    double mlu = 0;
    for (int i = 0; i < links; ++i) {
      double load = 0;
      for (int d = 0; d < demands; ++d) {
        for (size_t r = routes.first_route(d); r < routes.first_route(d + 1); ++r) {
          if (dead(r) || !std::ranges::count(routes.links(r), i)) continue;
          load += problem.demands[d].rate * (routes.weight(r) / alive[d]);
        }
      }
      EXPECT_NEAR(loads.load[i], load, 1e-9);
      EXPECT_TRUE(!failed[i] || loads.load[i] == 0);
      mlu = std::max(mlu, load / problem.links[i].capacity);
    }
    EXPECT_NEAR(loads.mlu, mlu, 1e-9);
    double carried = 0;
    std::vector<int32_t> lost;
    for (int d = 0; d < demands; ++d) {
      if (alive[d] > 0) carried += problem.demands[d].rate;
      if (alive[d] == 0 && problem.demands[d].rate > 0) lost.push_back(d);
    }
    EXPECT_EQ(loads.carried, carried);
    EXPECT_EQ(loads.lost, lost);
  }
}

}  // namespace
}  // namespace waymark
