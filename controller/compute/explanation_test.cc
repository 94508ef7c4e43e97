#include "controller/compute/explanation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "controller/compute/disjoint_pair.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

using Links = std::vector<LinkId>;

// zrh -- fra -- lon (DE), zrh -- par -- lon (FR), zrh -- mil -- lon (IT), dearer in this order.
class ExplanationTest : public testing::Test {
 protected:
  ExplanationTest() {
    network_.Node("zrh", "CH");
    network_.Node("lon", "GB");
    network_.Node("fra", "DE");
    network_.Node("par", "FR");
    network_.Node("mil", "IT");
    network_.Srlg("tunnel");
    uint32_t metric = 10;
    for (const char* by : {"fra", "par", "mil"}) {
      network_.Fibre("zrh", by, 5'000, metric);
      network_.Fibre(by, "lon", 5'000, metric);
      metric += 5;
    }
  }
  Links Path(const std::string& by) {
    return {*snapshot_->FindLink("links/zrh--" + by),
            *snapshot_->FindLink("links/" + by + "--lon")};
  }
  std::vector<std::string> Reasons(const RouteExplanation& told) {
    std::vector<std::string> reasons;
    for (const RuledOutPath& alternative : told.alternatives) {
      std::string line;
      for (const LinkId link : alternative.links) {
        line += snapshot_->link(link).name.substr(6) + " ";
      }
      reasons.push_back(line + ": " + alternative.ruled_out);
    }
    return reasons;
  }
  RouteExplanation Explain(const PathConstraints& constraints, const Links& working,
                           const Links& protect = {},
                           const SearchGraph::Environment& environment = {}) {
    return ExplainRoute({.snapshot = *snapshot_,
                         .constraints = constraints,
                         .environment = environment,
                         .working = working,
                         .protect = protect,
                         .placed = true});
  }
  TestNetwork network_;
  std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(ExplanationTest, BetterOnesAreRuledOutAndTheNextIsDearer) {
  network_.Link("links/zrh--fra").set_delay_ns(9'300'000);
  snapshot_ = network_.Build();
  const RouteExplanation told = Explain({.max_delay_ns = 12'000'000}, Path("par"));
  EXPECT_EQ(Reasons(told),
            (std::vector<std::string>{"zrh--fra fra--lon : max delay 12.0 ms: it takes 14.3 ms",
                                      "zrh--mil mil--lon : dearer: te metric 40 against 30"}));
  EXPECT_EQ(told.chosen,
            "least te metric (30) of the paths that meet every constraint; 1 less by themselves "
            "are ruled out");
  EXPECT_TRUE(told.complete);
}

// On paper, paths that no packet could hold are among the cheaper ones.
TEST(LongPathExplanationTest, CheaperPathOfManyHops) {
  TestNetwork network;
  const auto name = [](int i) { return "n" + std::to_string(i); };
  for (int i = 0; i <= 70; ++i) network.Node(name(i));
  for (int i = 0; i < 70; ++i) network.Fibre(name(i), name(i + 1), 1'000, 1);
  network.Fibre("n0", "n70", 1'000, 1'000);
  const auto snapshot = network.Build();
  const PathConstraints constraints = {.max_hops = 69};
  const Links working = {*snapshot->FindLink("links/n0--n70")};
  const RouteExplanation told = ExplainRoute({.snapshot = *snapshot,
                                              .constraints = constraints,
                                              .environment = {.most_hops = kMostHopsOnPaper},
                                              .working = working});
  ASSERT_EQ(told.alternatives.size(), 1u);
  EXPECT_EQ(told.alternatives[0].links.size(), 70u);
  EXPECT_EQ(told.alternatives[0].ruled_out, "max hops 69: it takes 70");
}

TEST_F(ExplanationTest, PlacesAndRoom) {
  snapshot_ = network_.Build();
  LinkState state(*snapshot_);
  state.SetDown(*snapshot_->FindLink("links/fra--lon"));
  Ledger ledger(*snapshot_);
  const Links par = Path("par");
  ASSERT_TRUE(ledger.Add("p", std::span(par).first(1), 8'000'000'000).ok());
  EXPECT_EQ(Reasons(Explain({.bandwidth_bps = 5'000'000'000}, Path("mil"), {},
                            {.ledger = &ledger, .link_state = &state})),
            (std::vector<std::string>{
                "zrh--fra fra--lon : links/fra--lon is down",
                "zrh--par par--lon : no room: 2 Gbit/s free on links/zrh--par, 5 Gbit/s asked"}));
  EXPECT_EQ(Reasons(Explain({.forbidden_jurisdictions = {"DE", "FR"}}, Path("mil"))),
            (std::vector<std::string>{"zrh--fra fra--lon : jurisdiction DE of nodes/fra",
                                      "zrh--par par--lon : jurisdiction FR of nodes/par"}));
  EXPECT_EQ(
      Reasons(Explain({.explicit_hops = {{.node = *snapshot_->FindNode("nodes/par")}}}, par))[0],
      "zrh--fra fra--lon : explicit hops: it does not pass nodes/par in its turn");
}

// What an operator asks about first is the link that was best before its maintenance.
TEST_F(ExplanationTest, GentleMaintenanceIsNamedThoughManyOthersAreCheaperThanIt) {
  network_.Link("links/zrh--fra").set_admin_state(v1::AVOID);
  for (const char* more : {"ams", "bru", "vie"}) {
    network_.Node(more);
    network_.Fibre("zrh", more, 1'000'000, 50);
    network_.Fibre(more, "lon", 1'000'000, 50);
  }
  snapshot_ = network_.Build();
  const RouteExplanation told = Explain({}, Path("par"));
  EXPECT_EQ(Reasons(told)[0],
            "zrh--fra fra--lon : dearer: places in maintenance (admin_state AVOID) 1 against 0");
}

TEST_F(ExplanationTest, PairsAndSharedRisks) {
  for (const char* link : {"links/zrh--fra", "links/par--lon"}) {
    network_.Link(link).add_srlgs("srlgs/tunnel");
  }
  snapshot_ = network_.Build();
  const PathConstraints constraints = {.protection = {.link = true, .srlg = true}};
  const RouteExplanation told = Explain(constraints, Path("fra"), Path("mil"));
  EXPECT_EQ(Reasons(told),
            (std::vector<std::string>{
                "zrh--par par--lon : with its protect path links/zrh--mil, links/mil--lon: dearer: "
                "te metric 70 against 60",
                "zrh--par par--lon : as protect path: shares srlgs/tunnel with the working path"}));
  EXPECT_EQ(told.chosen,
            "least total te metric (60) of the pairs of paths that meet every constraint");
}

TEST_F(ExplanationTest, APlacedRouteThatIsOutdoneSaysSo) {
  snapshot_ = network_.Build();
  const RouteExplanation told = Explain({}, Path("par"));
  EXPECT_EQ(Reasons(told)[0],
            "zrh--fra fra--lon : better: a route that is placed is not moved unasked");
  EXPECT_TRUE(told.chosen.starts_with("stays where it was placed")) << told.chosen;
}

TEST_F(ExplanationTest, WhatHasJustBeenFoundIsNotPlaced) {
  snapshot_ = network_.Build();
  const PathConstraints none;
  const Links par = Path("par");
  const RouteExplanation told =
      ExplainRoute({.snapshot = *snapshot_, .constraints = none, .working = par});
  EXPECT_EQ(Reasons(told)[0], "zrh--fra fra--lon : better: the search ended before it was tried");
}

TEST(DisjointSetExplanationTest, APathMayBeLessThanThoseOfTheSet) {
  // The least path, s-a-b-t, takes what two of three disjoint ones need.
  TestNetwork network;
  for (const char* node : {"s", "a", "b", "c", "t"}) network.Node(node);
  network.Fibre("s", "a", 10, 1);
  network.Fibre("a", "t", 10, 10);
  network.Fibre("s", "b", 10, 10);
  network.Fibre("b", "t", 10, 1);
  network.Fibre("a", "b", 10, 1);
  network.Fibre("s", "c", 10, 20);
  network.Fibre("c", "t", 10, 20);
  const auto snapshot = network.Build();
  const auto path = [&](std::initializer_list<const char*> names) {
    std::vector<LinkId> links;
    for (const char* name : names)
      links.push_back(*snapshot->FindLink(std::string("links/") + name));
    return links;
  };
  const PathConstraints constraints = {.protection = {.link = true, .node = true}};
  const std::vector<LinkId> first = path({"s--a", "a--t"}), second = path({"s--b", "b--t"});
  const RouteExplanation told = ExplainRoute({.snapshot = *snapshot,
                                              .constraints = constraints,
                                              .working = first,
                                              .protect = second,
                                              .disjoint_paths = 3});
  ASSERT_FALSE(told.alternatives.empty());
  EXPECT_EQ(told.alternatives[0].links, path({"s--a", "a--b", "b--t"}));
  // Of two it could be one, of three it cannot.
  EXPECT_EQ(told.alternatives[0].ruled_out, "no 3 disjoint paths of which it is one are better");
}

TEST_F(ExplanationTest, TargetsRuleOut) {
  network_.Link("links/zrh--fra").set_mtbf_hours(99);
  network_.Link("links/zrh--fra").set_mttr_hours(1);
  network_.Link("links/zrh--par").set_mtbf_hours(999'999);
  network_.Link("links/zrh--par").set_mttr_hours(1);
  snapshot_ = network_.Build();
  const AvailabilityModel model(*snapshot_);
  const PathConstraints none;
  const Links par = Path("par");
  const RouteExplanation told = ExplainRoute({.snapshot = *snapshot_,
                                              .constraints = none,
                                              .working = par,
                                              .targets = {.availability = 0.999, .model = &model}});
  EXPECT_EQ(Reasons(told)[0], "zrh--fra fra--lon : availability target 99.90 %: it gives 99.0 %");
}

TEST_F(ExplanationTest, WorkEndsEarlyAndSaysSo) {
  snapshot_ = network_.Build();
  const PathConstraints none;
  const Links fra = Path("fra");
  EXPECT_FALSE(
      ExplainRoute(
          {.snapshot = *snapshot_, .constraints = none, .working = fra, .limit = {.budget = 1}})
          .complete);
}

// What a reason says, checked by other means.
class Judge {
 public:
  Judge(const Snapshot& snapshot, const PathConstraints& constraints,
        const SearchGraph::Environment& environment, const SearchGraph& graph,
        const std::vector<ComputedPath>& all)
      : snapshot_(snapshot),
        constraints_(constraints),
        environment_(environment),
        graph_(graph),
        all_(all) {}

  void LinkReason(const Links& path, const std::string& reason) {
    std::istringstream stream(reason);
    std::vector<std::string> words;
    for (std::string word; stream >> word;) words.push_back(word);
    const auto has = [&](const char* part) { return reason.find(part) != std::string::npos; };
    std::string place = words[0];
    if (has(" is excluded")) place = words[words.size() - 3];
    if (reason.starts_with("jurisdiction ") || reason.starts_with("provider ")) place = words[3];
    if (reason.starts_with("no room: ")) place = words[6].substr(0, words[6].size() - 1);
    ASSERT_TRUE(On(path, place)) << reason;
    const auto node = snapshot_.FindNode(place);
    const auto link = snapshot_.FindLink(place);
    if (reason == place + " is down") {
      ASSERT_FALSE(environment_.link_state->IsUp(*link));
    } else if (has(" is in maintenance")) {
      ASSERT_EQ(node ? snapshot_.node(*node).admin : snapshot_.link(*link).admin, v1::FORBID);
    } else if (reason.starts_with("no room: ")) {
      ASSERT_EQ(environment_.ledger->Residual(*link), std::stoi(words[2]));
      ASSERT_LT(std::stoi(words[2]), constraints_.bandwidth_bps);
    } else if (has(" has no reverse link")) {
      ASSERT_TRUE(environment_.corouted);
      ASSERT_EQ(snapshot_.link(*link).reverse, LinkId::kNone);
    } else {
      ASSERT_FALSE(Meets(place)) << reason;
    }
  }

  void PathReason(const Links& links, const std::string& reason, const ComputedPath& working,
                  const ComputedPath* protect) {
    const ComputedPath path{links, graph_.PathMetric(links)};
    const bool usable = std::all_of(links.begin(), links.end(),
                                    [&](LinkId link) { return graph_.LinkUsable(link); });
    const bool valid = std::find(all_.begin(), all_.end(), path) != all_.end();
    if (!usable) return LinkReason(links, reason);
    if (reason.starts_with("max hops")) {
      ASSERT_GT(path.metric.hops, graph_.max_hops());
    } else if (reason.starts_with("max delay")) {
      ASSERT_GT(path.metric.delay_ns, graph_.max_delay_ns());
    } else if (reason.starts_with("no path without a risk in common")) {
      ASSERT_TRUE(valid);
      ASSERT_EQ(BestPartner(path), nullptr);
    } else if (reason.starts_with("as protect path: shares ")) {
      ASSERT_TRUE(valid);
      ASSERT_FALSE(Risks().Disjoint(links, working.links));
    } else if (reason.starts_with("as protect path: ")) {
      ASSERT_TRUE(valid && Risks().Disjoint(links, working.links));
      ASSERT_GE(path, *protect);
    } else if (protect != nullptr) {
      ASSERT_TRUE(valid);
      const ComputedPath* partner = BestPartner(path);
      ASSERT_NE(partner, nullptr);
      const Metric its = path.metric + partner->metric;
      const Metric chosen = working.metric + protect->metric;
      if (reason.starts_with("as good as")) {
        ASSERT_EQ(its, chosen);
      } else {
        ASSERT_GT(its, chosen) << reason;
      }
    } else {
      ASSERT_TRUE(valid);
      ASSERT_GT(path, working) << reason;
    }
  }

 private:
  PathRisks Risks() const {
    return {snapshot_, constraints_.protection, snapshot_.link(all_[0].links.front()).source,
            snapshot_.link(all_[0].links.back()).target};
  }
  const ComputedPath* BestPartner(const ComputedPath& path) const {
    const PathRisks risks = Risks();
    for (const ComputedPath& other : all_) {
      if (risks.Disjoint(path.links, other.links)) return &other;
    }
    return nullptr;
  }
  // Of the path, or of its way back where that counts.
  bool On(const Links& path, const std::string& place) const {
    for (const LinkId link : path) {
      const LinkInfo& info = snapshot_.link(link);
      if (info.name == place || snapshot_.node(info.source).name == place ||
          snapshot_.node(info.target).name == place) {
        return true;
      }
      if (environment_.corouted && info.reverse != LinkId::kNone &&
          snapshot_.link(info.reverse).name == place) {
        return true;
      }
    }
    return false;
  }
  bool Meets(const std::string& place) const {
    const auto node = snapshot_.FindNode(place);
    return node ? NodeMeets(snapshot_, constraints_, *node)
                : LinkMeets(snapshot_, constraints_, *snapshot_.FindLink(place));
  }

  const Snapshot& snapshot_;
  const PathConstraints& constraints_;
  const SearchGraph::Environment& environment_;
  const SearchGraph& graph_;
  const std::vector<ComputedPath>& all_;
};

TEST(ExplanationOracleTest, EveryReasonIsTrue) {
  std::mt19937 random(8);
  int paths = 0, pairs = 0;
  std::map<std::string, int> seen;
  for (int round = 0; round < 6000; ++round) {
    SCOPED_TRACE(round);
    const auto snapshot = RandomNetwork(random, 3 + random() % 4, 4 + random() % 8);
    PathConstraints constraints = RandomConstraints(random);
    if (random() % 6 == 0) constraints.exclude_resources = {"nodes/n3", "srlgs/s1"};
    if (random() % 2 == 0) constraints.protection.link = true;
    if (constraints.protection.link && random() % 2 == 0) constraints.protection.srlg = true;
    LinkState state(*snapshot);
    Ledger ledger(*snapshot);
    for (size_t i = 0; i < snapshot->links().size(); ++i) {
      const LinkId link = static_cast<LinkId>(i);
      if (random() % 10 == 0) state.SetDown(link);
      if (random() % 4 != 0) continue;
      ASSERT_TRUE(ledger.Add("p", std::span(&link, 1), 1).ok());
    }
    const SearchGraph::Environment environment = {
        .ledger = &ledger, .link_state = &state, .corouted = random() % 3 == 0};
    const SearchGraph graph(*snapshot, constraints, environment);
    for (size_t i = 0; i < snapshot->links().size(); ++i) {
      const LinkId link = static_cast<LinkId>(i);
      const std::string why = WhyNotUsable(*snapshot, constraints, environment, link);
      ASSERT_EQ(why.empty(), graph.LinkUsable(link)) << why;
    }
    const NodeId from = static_cast<NodeId>(0), to = static_cast<NodeId>(1);
    const std::vector<ComputedPath> all = AllPaths(graph, from, to);
    if (all.empty()) continue;
    ComputedPath working = all.front(), protect;
    if (constraints.protection.any()) {
      const PairResult pair = DisjointPair(graph, constraints.protection, from, to);
      if (!pair.has_pair()) continue;
      working = pair.working;
      protect = pair.protect;
      ++pairs;
    }
    const RouteExplanation told = ExplainRoute({.snapshot = *snapshot,
                                                .constraints = constraints,
                                                .environment = environment,
                                                .working = working.links,
                                                .protect = protect.links});
    ASSERT_TRUE(told.complete);
    Judge judge(*snapshot, constraints, environment, graph, all);
    for (const RuledOutPath& alternative : told.alternatives) {
      ASSERT_NE(alternative.links, working.links);
      ASSERT_NO_FATAL_FAILURE(judge.PathReason(alternative.links, alternative.ruled_out, working,
                                               protect.links.empty() ? nullptr : &protect))
          << alternative.ruled_out;
      ++seen[alternative.ruled_out.substr(0, 9)];
      ++paths;
    }
    // The least by the objective alone, in order, is what is told first.
    PathConstraints objective_alone;
    objective_alone.objective = constraints.objective;
    const SearchGraph everything(*snapshot, objective_alone,
                                 {.ignore_forbid = true, .ignore_avoid = true});
    size_t at = 0;
    for (const ComputedPath& path : AllPaths(everything, from, to)) {
      if (path.links == working.links || path.links == protect.links) continue;
      if (at == 3 || at == told.alternatives.size()) break;
      ASSERT_EQ(told.alternatives[at++].links, path.links);
    }
  }
  EXPECT_GT(paths, 3000);
  EXPECT_GT(pairs, 200);
  for (const char* start :
       {"max delay", "no room: ", "as protec", "with its ", "no path w", "dearer: t"}) {
    EXPECT_GT(seen[start], 5) << start;
  }
}

}  // namespace
}  // namespace waymark
