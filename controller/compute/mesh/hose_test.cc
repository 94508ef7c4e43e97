#include "controller/compute/mesh/hose.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <string>

#include "controller/compute/mesh/hose_linear_program.h"

namespace waymark {
namespace {

// Routes of one class that need not lead anywhere: the worst load asks for shares alone.
class AnyRoutes {
 public:
  void Add(int32_t from, int32_t to, std::vector<int32_t> links, int32_t weight = 1) {
    routes_[{from, to}].push_back({std::move(links), weight});
  }
  HoseRoutes Ask() const {
    return [this](int32_t from, int32_t to, std::vector<HoseRoute>& found) {
      const auto at = routes_.find({from, to});
      if (at == routes_.end()) return;
      for (const auto& [links, weight] : at->second) found.push_back({links, weight});
    };
  }

 private:
  std::map<HosePair, std::vector<std::pair<std::vector<int32_t>, int32_t>>> routes_;
};

double LoadOf(std::span<const HoseLinkLoad> loads, int32_t link) {
  const auto at = std::ranges::find(loads, link, &HoseLinkLoad::link);
  return at == loads.end() ? 0 : at->load;
}

class RandomHose {
 public:
  explicit RandomHose(uint64_t seed) : random_(seed) {
    nodes_ = Number(1, 7);
    const int sites = Number(1, 9);
    const bool tree = Number(0, 2) == 0;
    kind_ = Number(0, 4);
    for (int i = 0; i < sites; ++i) {
      hose.sites.push_back({Number(0, nodes_ - 1), Rate(), Rate(), tree && Number(0, 1) == 0});
    }
    classes_.resize(Number(1, 3));
    const int most_routes = Number(1, 4);
    for (AnyRoutes& routes : classes_) {
      for (int from = 0; from < nodes_; ++from) {
        for (int to = 0; to < nodes_; ++to) {
          if (from == to || Number(0, 19) == 0) continue;
          for (int r = Number(1, most_routes); r > 0; --r) {
            std::vector<int32_t> links;
            for (int link = 0; link < kLinks; ++link) {
              if (Number(0, 2) == 0) links.push_back(link);
            }
            routes.Add(from, to, links, Number(0, 3) == 0 ? Number(1, 65'536) : Number(1, 4));
          }
        }
      }
    }
    for (const AnyRoutes& routes : classes_) classes.push_back(routes.Ask());
  }

  static constexpr int kLinks = 5;
  Hose hose;
  std::vector<HoseRoutes> classes;

 private:
  int Number(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }
  double Rate() {
    switch (kind_) {
      case 0:
        return 10;  // ties
      case 1:
        return Number(0, 3);
      case 2:
        return Number(0, 1'000'000) * 1e12;  // up to kMostMeshRate
      case 3:
        return Number(0, 1'000) * 1e-20;
      default:  // from nothing to everything
        return Number(0, 4) == 0 ? 0 : std::pow(10, Number(-6, 6)) * Number(1, 9);
    }
  }

  std::mt19937_64 random_;
  int nodes_ = 0, kind_ = 0;
  std::vector<AnyRoutes> classes_;
};

TEST(HoseTest, WorstLoadsAreThoseOfTheLinearProgramme) {
  HoseLoader loader;
  for (uint64_t seed = 0; seed < 2'000; ++seed) {
    const RandomHose instance(seed);
    const auto loads = loader.Load(instance.hose, instance.classes);
    double most = 0;
    for (const HoseSite& site : instance.hose.sites) {
      most = std::max({most, site.ingress, site.egress});
    }
    for (int link = 0; link < RandomHose::kLinks; ++link) {
      const auto optimum = WorstLoadOptimum(instance.hose, instance.classes, link);
      ASSERT_TRUE(optimum);
      EXPECT_NEAR(LoadOf(loads, link), *optimum, 1e-6 * most) << seed << " link " << link;
    }
  }
}

// The matrix is within the hose and has the load, which prices that no matrix beats have too: so
// both are the optimum, to the last digits.
TEST(HoseTest, WorstMatricesAreWithinTheHoseAndHaveTheLoad) {
  HoseLoader loader;
  for (uint64_t seed = 0; seed < 4'000; ++seed) {
    const RandomHose instance(seed);
    const auto span = loader.Load(instance.hose, instance.classes);
    const std::vector<HoseLinkLoad> loads(span.begin(), span.end());
    for (const HoseLinkLoad& load : loads) {
      std::map<int32_t, double> sends, receives;
      double sum = 0;
      for (const HoseTraffic& traffic : loader.WorstMatrix(load.link)) {
        ASSERT_GT(traffic.rate, 0);
        ASSERT_NE(traffic.pair.from, traffic.pair.to);
        sends[traffic.pair.from] += traffic.rate;
        receives[traffic.pair.to] += traffic.rate;
        sum += traffic.rate * traffic.share;
      }
      EXPECT_NEAR(sum, load.load, 1e-12 * load.load) << seed << " link " << load.link;
      std::map<int32_t, double> ingress, egress;
      for (const HoseSite& site : instance.hose.sites) {
        ingress[site.node] += site.ingress;
        egress[site.node] += site.egress;
      }
      for (const auto& [node, rate] : sends) EXPECT_LE(rate, ingress[node] * (1 + 1e-12)) << seed;
      for (const auto& [node, rate] : receives) EXPECT_LE(rate, egress[node] * (1 + 1e-12)) << seed;
    }
  }
}

// Shapes that have a short way through must not differ from what the long way says.
TEST(HoseTest, ShortWaysGiveWhatTheLongWayGives) {
  HoseTransport transport;
  std::mt19937_64 random(7);
  const auto number = [&](int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random);
  };
  for (int round = 0; round < 2'000; ++round) {
    std::vector<double> ingress, egress;
    for (int i = 0; i < 8; ++i) {
      ingress.push_back(number(0, 20));
      egress.push_back(number(0, 20));
    }
    const int rows = number(1, 3), columns = number(1, 3);
    const bool same = number(0, 1) == 0;
    std::vector<HoseShare> shares;
    for (int r = 0; r < rows; ++r) {
      for (int c = 0; c < columns; ++c) {
        shares.push_back(
            {2 * r, 7 - 2 * c, same ? kWholeShare / 2 : ShareOfWeight(number(1, 9), 9)});
      }
    }
    transport.SetRates(ingress, egress);
    const double load = transport.Worst(shares);
    double paid = 0;
    for (size_t s = 0; s < shares.size(); ++s) {
      const double prices = transport.from_price(s) + transport.to_price(s);
      EXPECT_GE(prices, static_cast<double>(shares[s].gain) / kWholeShare);
      if (s % columns == 0) paid += transport.from_price(s) * ingress[shares[s].from];
      if (s < static_cast<size_t>(columns)) paid += transport.to_price(s) * egress[shares[s].to];
    }
    EXPECT_NEAR(load, paid, 1e-9);
    std::vector<double> traffic;
    EXPECT_NEAR(load, transport.Worst(shares, &traffic), 1e-9);
  }
}

TEST(HoseTest, TheSmallerSideOfACutCounts) {
  // Three sites with a star's links: up from i is link i, down to i is link 3 + i.
  AnyRoutes star;
  for (int from = 0; from < 3; ++from) {
    for (int to = 0; to < 3; ++to) {
      if (from != to) star.Add(from, to, {from, 3 + to});
    }
  }
  const HoseRoutes classes[] = {star.Ask()};
  HoseLoader loader;
  const Hose hose = {{{0, 10, 4}, {1, 1, 2}, {2, 3, 30}}};
  const auto loads = loader.Load(hose, classes);
  const std::vector<HoseLinkLoad> expected = {{0, 10}, {1, 1}, {2, 3}, {3, 4}, {4, 2}, {5, 11}};
  EXPECT_EQ(std::vector(loads.begin(), loads.end()), expected);
  EXPECT_TRUE(loader.unrouted().empty());
}

TEST(HoseTest, SitesOfANodeAddUpAndTalkForNothing) {
  AnyRoutes line;
  line.Add(0, 1, {0});
  line.Add(1, 0, {1});
  const HoseRoutes classes[] = {line.Ask()};
  HoseLoader loader;
  // 5 + 6 out of node 0, into 8; back 2, into 20.
  const auto loads = loader.Load({{{0, 5, 10}, {1, 2, 8}, {0, 6, 10}}}, classes);
  EXPECT_EQ(LoadOf(loads, 0), 8);
  EXPECT_EQ(LoadOf(loads, 1), 2);
  EXPECT_TRUE(loader.Load({{{0, 5, 10}, {0, 6, 10}}}, classes).empty());
  EXPECT_TRUE(loader.Load({{{0, 5, 10}}}, classes).empty());
  EXPECT_TRUE(loader.Load({}, classes).empty());
}

TEST(HoseTest, LeavesTalkToRootsOnly) {
  AnyRoutes routes;
  for (int from = 0; from < 3; ++from) {
    for (int to = 0; to < 3; ++to) {
      if (from != to) routes.Add(from, to, {0});
    }
  }
  const HoseRoutes classes[] = {routes.Ask()};
  HoseLoader loader;
  Hose hose = {{{0, 7, 7}, {1, 5, 5}, {2, 5, 5}}};
  EXPECT_EQ(LoadOf(loader.Load(hose, classes), 0), 17);
  EXPECT_EQ(HosePairs(hose).size(), 6);
  hose.sites[1].leaf = hose.sites[2].leaf = true;
  // Root to leaves 7, leaves to the root 7.
  EXPECT_EQ(LoadOf(loader.Load(hose, classes), 0), 14);
  EXPECT_EQ(HosePairs(hose), (std::vector<HosePair>{{0, 1}, {0, 2}, {1, 0}, {2, 0}}));
  // A root beside the leaf at node 1: a node may hold both.
  hose.sites.push_back({1, 1, 0});
  EXPECT_EQ(LoadOf(loader.Load(hose, classes), 0), 15);
}

TEST(HoseTest, TheCustomerSplitsAmongClassesAsHeLikes) {
  AnyRoutes fast, broad;
  for (const auto& [from, to] : {std::pair(0, 1), std::pair(1, 0)}) {
    fast.Add(from, to, {from});
    broad.Add(from, to, {from}, 1);
    broad.Add(from, to, {2}, 3);
  }
  const HoseRoutes classes[] = {broad.Ask(), fast.Ask()};
  HoseLoader loader;
  const auto loads = loader.Load({{{0, 8, 8}, {1, 8, 8}}}, classes);
  EXPECT_EQ(LoadOf(loads, 0), 8);   // all in `fast`
  EXPECT_EQ(LoadOf(loads, 2), 12);  // all in `broad`, 3/4 of both ways
}

TEST(HoseTest, PairsWithoutRoutesAreNamed) {
  AnyRoutes routes, none;
  routes.Add(0, 1, {0});
  routes.Add(1, 0, {0});
  const HoseRoutes classes[] = {routes.Ask(), none.Ask()};
  HoseLoader loader;
  const Hose hose = {{{1, 8, 8}, {0, 8, 8}, {0, 1, 1, true}}};
  EXPECT_EQ(LoadOf(loader.Load(hose, classes), 0), 16);
  EXPECT_EQ(loader.unrouted(), (std::vector<HosePair>{{0, 1}, {1, 0}}));
}

TEST(HoseTest, WorstLinkAndDelays) {
  AnyRoutes routes;
  routes.Add(0, 1, {0, 1});
  routes.Add(0, 1, {2});
  routes.Add(1, 0, {2});
  const HoseRoutes classes[] = {routes.Ask()};
  HoseLoader loader;
  const Hose hose = {{{0, 4, 4}, {1, 4, 4}}};
  const auto loads = loader.Load(hose, classes);
  const double capacity[] = {4, 2, 6};
  const HoseWorstLink worst = WorstHoseLink(loads, capacity);
  EXPECT_EQ(worst.link, 1);  // 2 of 2; link 2 has 6 of 6 and comes later
  EXPECT_EQ(worst.utilisation, 1);
  EXPECT_EQ(WorstHoseLink({}, capacity).link, -1);
  const double down[] = {0, 2, 6};
  EXPECT_EQ(WorstHoseLink(loads, down).utilisation, std::numeric_limits<double>::infinity());

  const double delay[] = {5, 5, 9};
  const HoseDelays delays = WorstHoseDelays(hose, classes, delay);
  ASSERT_EQ(delays.pairs.size(), 2);
  EXPECT_EQ(delays.pairs[0].delay, 10);
  EXPECT_EQ(delays.pairs[1].delay, 9);
  EXPECT_EQ(delays.worst, 0);
  EXPECT_EQ(WorstHoseDelays({}, classes, delay).worst, -1);
}

TEST(HoseTest, RoutesOfDemandsFindsPairs) {
  MeshProblem problem = {.node_count = 3, .demands = {{0, 1, 1}, {0, 2, 0}, {2, 1, 1}}};
  MeshRoutes plan;
  plan.EndDemand();
  const int32_t links[] = {4, 5};
  plan.AddRoute(links, 3);
  plan.EndDemand();
  plan.EndDemand();
  const HoseRoutes routes = RoutesOfDemands(problem, plan);
  std::vector<HoseRoute> found;
  routes(0, 1, found);
  routes(1, 2, found);
  routes(2, 2, found);
  EXPECT_TRUE(found.empty());
  routes(0, 2, found);
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found[0].weight, 3);
  EXPECT_EQ(found[0].links[1], 5);
}

TEST(HoseTest, WholeLoadsHoldTheLoad) {
  EXPECT_EQ(WholeHoseLoad(0), 0);
  EXPECT_EQ(WholeHoseLoad(10e9), 10'000'000'000);
  EXPECT_EQ(WholeHoseLoad(10e9 * (1 + 3e-16)), 10'000'000'000);
  EXPECT_EQ(WholeHoseLoad(10e9 + 0.25), 10'000'000'001);
  EXPECT_EQ(WholeHoseLoad(0.001), 1);
  EXPECT_EQ(WholeHoseLoad(1e18), 1'000'000'000'000'000'000);
}

TEST(HoseTest, BadHosesAreRefusedByField) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const auto message = [](const Hose& hose) { return std::string(CheckHose(hose, 3).message()); };
  EXPECT_EQ(message({{{0, 1, 1}, {3, 1, 1}}}), "sites[1].node is 3: there are nodes 0 to 2");
  EXPECT_EQ(message({{{-1, 1, 1}}}), "sites[0].node is -1: there are nodes 0 to 2");
  EXPECT_EQ(message({{{0, -1, 1}}}), "sites[0].ingress is -1: give 0 to 1e+18");
  EXPECT_EQ(message({{{0, 1, nan}}}), "sites[0].egress is nan: give 0 to 1e+18");
  EXPECT_EQ(message({{{0, 1, 2e18}}}), "sites[0].egress is 2e+18: give 0 to 1e+18");
  EXPECT_EQ(message({std::vector<HoseSite>(4097)}), "sites: there are 4097: give at most 4096");
  EXPECT_TRUE(CheckHose({std::vector<HoseSite>(4096)}, 3).ok());
}

}  // namespace
}  // namespace waymark
