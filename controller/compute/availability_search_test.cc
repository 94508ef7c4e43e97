#include "controller/compute/availability_search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "controller/compute/refusal.h"
#include "controller/compute/route_oracle.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

constexpr double kJust = 1e-4;  // of what is down

int Pick(std::mt19937& random, int count) {
  return static_cast<int>(random() % static_cast<uint32_t>(count));
}

// Ducts, nodes and fibres that fail more and less often, some that say nothing, and links that
// share ducts with others and with nodes.
std::shared_ptr<const Snapshot> FailingNetwork(std::mt19937& random, int nodes, int links) {
  TestNetwork network;
  const auto state = [&](auto& place, int silent_of_eight) {
    if (Pick(random, 8) < silent_of_eight) return;
    const double mtbf_hours[] = {500, 3e3, 2e4, 1e5, 1e6};
    place.set_mtbf_hours(mtbf_hours[Pick(random, 5)]);
    place.set_mttr_hours(10);
  };
  const int silent = Pick(random, 4) == 0 ? 7 : 1;
  for (int i = 0; i < 5; ++i) state(network.Srlg("g" + std::to_string(i), v1::DUCT), silent);
  const auto group = [&] { return "srlgs/g" + std::to_string(Pick(random, 5)); };
  for (int i = 0; i < nodes; ++i) {
    v1::Node& node = network.Node("n" + std::to_string(i));
    state(node, silent);
    if (Pick(random, 6) == 0) node.add_srlgs(group());
  }
  for (int i = 0; i < links; ++i) {
    const int from = Pick(random, nodes), to = (from + 1 + Pick(random, nodes - 1)) % nodes;
    const std::string a = "n" + std::to_string(from), b = "n" + std::to_string(to);
    const uint32_t metric = 1 + static_cast<uint32_t>(Pick(random, 9));
    const std::string suffix = "." + std::to_string(i);
    std::vector<v1::Link*> both;
    if (Pick(random, 3) == 0) {
      both = {&network.OneWay(a, b, Pick(random, 4), metric, suffix)};
    } else {
      both = {&network.Fibre(a, b, Pick(random, 4), metric, suffix)};
      both.push_back(&network.Link(both[0]->reverse()));
    }
    for (v1::Link* link : both) state(*link, silent);
    for (int j = Pick(random, 3); j > 0; --j) {
      const std::string name = group();
      for (v1::Link* link : both) {
        if (std::find(link->srlgs().begin(), link->srlgs().end(), name) == link->srlgs().end()) {
          link->add_srlgs(name);
        }
      }
    }
  }
  return network.Build();
}

struct Known {
  AvailableRoute route;
  Availability told;
};

// Everything there is, by exhaustion.
class Exhaustion {
 public:
  Exhaustion(const Snapshot& snapshot, const PathConstraints& constraints)
      : graph_(snapshot, constraints, {}), model_(snapshot), constraints_(constraints) {
    const std::vector<ComputedPath> paths = AllPaths(graph_, NodeId{0}, NodeId{1});
    const RouteOracle oracle({.snapshot = snapshot,
                              .constraints = constraints,
                              .down = {},
                              .from = NodeId{0},
                              .to = NodeId{1}});
    for (size_t i = 0; i < paths.size(); ++i) {
      if (!constraints.protection.any()) Add({paths[i]});
      for (size_t j = i + 1; constraints.protection.any() && j < paths.size(); ++j) {
        if (oracle.Shared(paths[i].links, paths[j].links).empty()) Add({paths[i], paths[j]});
      }
    }
    std::sort(all_.begin(), all_.end(),
              [&](const Known& a, const Known& b) { return RankOf(a.route) < RankOf(b.route); });
  }

  const std::vector<Known>& all() const { return all_; }
  AvailabilityQuery Query(double target) const {
    return {.graph = graph_,
            .model = model_,
            .protection = constraints_.protection,
            .from = NodeId{0},
            .to = NodeId{1},
            .target = target,
            .order = constraints_.pair_order,
            .keeps = {},
            .known = {}};
  }
  std::pair<Metric, Metric> RankOf(const AvailableRoute& route) const {
    Metric dearest, total;
    for (const ComputedPath& path : route) {
      total = total + path.metric;
      dearest = std::max(dearest, path.metric);
    }
    return {constraints_.pair_order == PairOrder::kMinMax ? dearest : total, total};
  }
  // Of those that meet the target and `keeps`, the ranks in order.
  std::vector<std::pair<Metric, Metric>> Meeting(const AvailabilityQuery& query) const {
    std::vector<std::pair<Metric, Metric>> ranks;
    for (const Known& known : all_) {
      if (!known.told.Meets(query.target) || (query.keeps && !query.keeps(known.route))) continue;
      ranks.push_back(RankOf(known.route));
    }
    return ranks;
  }
  std::optional<double> LeastDown() const {
    std::optional<double> least;
    for (const Known& known : all_) {
      if (!known.told.stated || (least && *least <= known.told.unavailability)) continue;
      least = known.told.unavailability;
    }
    return least;
  }
  Availability Of(const AvailableRoute& route) const {
    std::vector<std::vector<LinkId>> links;
    for (const ComputedPath& path : route) links.push_back(path.links);
    return model_.Of(links);
  }

 private:
  void Add(AvailableRoute route) {
    const Availability told = Of(route);
    all_.push_back({std::move(route), told});
  }

  const SearchGraph graph_;
  const AvailabilityModel model_;
  const PathConstraints constraints_;
  std::vector<Known> all_;
};

// What was proven of how many.
struct Tally {
  int found = 0, infeasible = 0;
};

void Check(const Exhaustion& truth, const AvailabilityQuery& query, Tally* tally) {
  const auto expected = truth.Meeting(query);
  const AvailableRoutes found = SearchAvailable(query);
  ASSERT_EQ(found.outcome, expected.empty() ? Outcome::kInfeasible : Outcome::kFound);
  ASSERT_EQ(found.routes.size(), std::min(expected.size(), query.count));
  for (size_t i = 0; i < found.routes.size(); ++i) {
    ASSERT_EQ(truth.RankOf(found.routes[i]), expected[i]) << i;
    ASSERT_TRUE(truth.Of(found.routes[i]).Meets(query.target));
    ASSERT_TRUE(!query.keeps || query.keeps(found.routes[i]));
    ASSERT_TRUE(std::any_of(truth.all().begin(), truth.all().end(),
                            [&](const Known& known) { return known.route == found.routes[i]; }));
  }
  ++(expected.empty() ? tally->infeasible : tally->found);
}

void CheckMostAvailable(const Exhaustion& truth) {
  const AvailableRoutes most = SearchMostAvailable(truth.Query(0));
  const auto least = truth.LeastDown();
  ASSERT_EQ(most.outcome, least ? Outcome::kFound : Outcome::kInfeasible);
  if (!least) return;
  ASSERT_EQ(most.routes.size(), 1u);
  ASSERT_TRUE(truth.Of(most.routes[0]).stated);
  ASSERT_LE(truth.Of(most.routes[0]).unavailability, *least * (1 + 1e-9));
}

// Targets just within what is possible, just beyond, and what some route has.
std::vector<double> TargetsFor(const Exhaustion& truth, std::mt19937& random) {
  std::vector<double> targets = {0.999};
  if (const auto least = truth.LeastDown()) {
    targets = {1 - *least * (1 + kJust), 1 - *least * (1 - kJust)};
    for (int i = 0; i < 3; ++i) {
      const size_t any = static_cast<size_t>(Pick(random, static_cast<int>(truth.all().size())));
      targets.push_back(1 - truth.all()[any].told.unavailability);
    }
  }
  std::erase_if(targets, [](double target) { return target <= 0 || target >= 1; });
  return targets;
}

TEST(AvailabilitySearchTest, PathsAreTheBestOfAllThereAre) {
  std::mt19937 random(1);
  Tally tally;
  for (int round = 0; round < 400; ++round) {
    const auto snapshot = FailingNetwork(random, 4 + Pick(random, 4), 6 + Pick(random, 10));
    PathConstraints constraints;
    if (round % 3 == 1) constraints.max_hops = 2 + Pick(random, 3);
    if (round % 3 == 2) constraints.max_delay_ns = 1000 * (1 + Pick(random, 5));
    const Exhaustion truth(*snapshot, constraints);
    ASSERT_NO_FATAL_FAILURE(CheckMostAvailable(truth)) << round;
    for (const double target : TargetsFor(truth, random)) {
      AvailabilityQuery query = truth.Query(target);
      ASSERT_NO_FATAL_FAILURE(Check(truth, query, &tally)) << round << " " << target;
      query.count = 3;
      ASSERT_NO_FATAL_FAILURE(Check(truth, query, &tally)) << round << " " << target;
      query.count = 1;
      query.keeps = [](const auto& route) { return route[0].links.size() % 2 == 0; };
      ASSERT_NO_FATAL_FAILURE(Check(truth, query, &tally)) << round << " " << target;
    }
  }
  EXPECT_GT(tally.found, 1000);
  EXPECT_GT(tally.infeasible, 500);
}

TEST(AvailabilitySearchTest, PairsAreTheBestOfAllThereAre) {
  std::mt19937 random(2);
  Tally tally;
  const Protection protections[] = {
      {.link = true}, {.link = true, .node = true}, {.link = true, .srlg = true}};
  for (int round = 0; round < 400; ++round) {
    const auto snapshot = FailingNetwork(random, 4 + Pick(random, 3), 6 + Pick(random, 7));
    PathConstraints constraints;
    constraints.protection = protections[round % 3];
    if (round % 2 == 1) constraints.pair_order = PairOrder::kMinMax;
    if (round % 5 == 0) constraints.max_hops = 2 + Pick(random, 2);
    const Exhaustion truth(*snapshot, constraints);
    ASSERT_NO_FATAL_FAILURE(CheckMostAvailable(truth)) << round;
    for (const double target : TargetsFor(truth, random)) {
      AvailabilityQuery query = truth.Query(target);
      ASSERT_NO_FATAL_FAILURE(Check(truth, query, &tally)) << round << " " << target;
      // A valid beginning, the worst there is, changes nothing.
      if (!truth.all().empty()) query.known = {truth.all().back().route};
      ASSERT_NO_FATAL_FAILURE(Check(truth, query, &tally)) << round << " " << target;
      query.known.clear();
      query.keeps = [](const auto& route) {
        return (route[0].links.size() + route[1].links.size()) % 2 == 0;
      };
      ASSERT_NO_FATAL_FAILURE(Check(truth, query, &tally)) << round << " " << target;
    }
  }
  EXPECT_GT(tally.found, 500);
  EXPECT_GT(tally.infeasible, 300);
}

// What is said of a refusal is proven, and the availability that it offers is the best there is.
TEST(AvailabilitySearchTest, RefusalsAreProvenAndOfferTheMostThereIs) {
  std::mt19937 random(4);
  int refused = 0, offered = 0;
  for (int round = 0; round < 60; ++round) {
    const auto snapshot = FailingNetwork(random, 4 + Pick(random, 2), 6 + Pick(random, 5));
    const AvailabilityModel model(*snapshot);
    PathConstraints constraints;
    constraints.protection.link = round % 2 == 1;
    if (round % 3 == 0) constraints.max_hops = 2 + Pick(random, 2);
    const Exhaustion truth(*snapshot, constraints);
    if (truth.all().empty()) continue;
    for (const double target : TargetsFor(truth, random)) {
      const RefusalExplanation why =
          ExplainRefusalInFull({.snapshot = *snapshot,
                                .constraints = constraints,
                                .environment = {},
                                .from = "nodes/n0",
                                .to = "nodes/n1",
                                .targets = {.availability = target, .model = &model},
                                .limit = {.budget = kExplainBudget, .stop = {}}});
      const bool possible = !truth.Meeting(truth.Query(target)).empty();
      ASSERT_EQ(why.possible, possible) << round;
      if (possible) continue;
      ++refused;
      ASSERT_TRUE(why.proven && why.complete) << round << " " << why.refusal.reason;
      for (const RefusalRelaxation& relaxation : why.relaxations) {
        if (!relaxation.change.starts_with("availability target ") || !truth.LeastDown()) continue;
        if (relaxation.constraint.find(" and ") != std::string::npos) continue;
        // Whoever asks for what is told gets a route that keeps that, not the most available one.
        const std::string told = AvailabilityText(*truth.LeastDown());
        ASSERT_TRUE(relaxation.change.ends_with(" -> " + told)) << round << relaxation.change;
        ASSERT_TRUE(truth.Of(relaxation.paths).Meets(std::stod(told) / 100)) << round << told;
        ++offered;
      }
    }
  }
  EXPECT_GT(refused, 40);
  EXPECT_GT(offered, 20);
}

// A ladder: half as many choices as fibres, and as many paths as numbers of that many bits.
TEST(AvailabilitySearchTest, MoreTermsThanPathsCanBeListedAreDecided) {
  TestNetwork network;
  constexpr int kRungs = 40;
  for (int i = 0; i <= kRungs; ++i) network.Node("n" + std::to_string(i));
  std::mt19937 random(3);
  double least_down_log = 0;
  for (int i = 0; i < kRungs; ++i) {
    const std::string a = "n" + std::to_string(i), b = "n" + std::to_string(i + 1);
    double best = 1;
    for (int way = 0; way < 2; ++way) {
      v1::Link& link = network.OneWay(a, b, 0, way == 0 ? 1 : 2, way == 0 ? "-cheap" : "-firm");
      link.set_mttr_hours(1);
      link.set_mtbf_hours(way == 0 ? 999 : 99'999);
      best = std::min(best, way == 0 ? 1e-3 : 1e-5);
    }
    least_down_log += std::log1p(-best);
  }
  const auto snapshot = network.Build();
  const AvailabilityModel model(*snapshot);
  PathConstraints constraints;
  const SearchGraph graph(*snapshot, constraints, {});
  AvailabilityQuery query{.graph = graph,
                          .model = model,
                          .protection = {},
                          .from = *snapshot->FindNode("nodes/n0"),
                          .to = *snapshot->FindNode("nodes/n40"),
                          .keeps = {},
                          .known = {}};
  const double least_down = -std::expm1(least_down_log);
  query.target = 1 - least_down * (1 - kJust);
  EXPECT_EQ(SearchAvailable(query).outcome, Outcome::kInfeasible);
  query.target = 0.99;
  const AvailableRoutes found = SearchAvailable(query);
  ASSERT_EQ(found.outcome, Outcome::kFound);
  // Of every ten thousandths: 100 are allowed, 40 firm ones take 4, each cheap one 9.9 more.
  EXPECT_EQ(found.routes[0][0].objective(), 2 * kRungs - 9);
}

TEST(AvailabilitySearchTest, EndsWithTheBudgetAndWhenTold) {
  std::mt19937 random(5);
  PathConstraints constraints;
  for (const bool pair : {false, true}) {
    constraints.protection.link = pair;
    const auto snapshot = FailingNetwork(random, 6, 16);
    const Exhaustion truth(*snapshot, constraints);
    ASSERT_TRUE(truth.LeastDown());
    AvailabilityQuery query = truth.Query(1 - *truth.LeastDown() * (1 + kJust));
    query.limit.budget = 3;
    EXPECT_EQ(SearchAvailable(query).outcome, Outcome::kBudgetSpent);
    // What was known is given.
    const AvailableRoutes best = SearchMostAvailable(truth.Query(0));
    query.known = best.routes;
    const AvailableRoutes given = SearchAvailable(query);
    EXPECT_EQ(given.routes, best.routes);
    query.limit = {.budget = kAvailabilityBudget, .stop = [] { return true; }};
    EXPECT_EQ(SearchMostAvailable(query).outcome, Outcome::kBudgetSpent);
  }
}

}  // namespace
}  // namespace waymark
