#include "controller/compute/disjoint_pair.h"

#include <gtest/gtest.h>

#include <optional>

#include "controller/compute/partner_search.h"
#include "controller/compute/risk_oracle.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

struct Question {
  std::shared_ptr<const Snapshot> snapshot;
  PathConstraints constraints;
  Protection protection;
  bool corouted = false;
  NodeId from, to;
};

Question RandomQuestion(std::mt19937& random) {
  Question q;
  const int nodes = 2 + static_cast<int>(random() % 6);
  q.snapshot = RandomNetwork(random, nodes, 4 + static_cast<int>(random() % 13));
  q.constraints = RandomConstraints(random);
  if (random() % 2 == 0) {
    q.constraints = {.objective = q.constraints.objective,
                     .max_delay_ns = q.constraints.max_delay_ns};
  }
  q.protection = RandomProtection(random);
  q.corouted = random() % 4 == 0;
  q.from = static_cast<NodeId>(random() % nodes);
  q.to = static_cast<NodeId>(random() % nodes);
  return q;
}

// The best rank of any two different paths.
std::optional<RankInWords> BestRank(const Question& q, const std::vector<ComputedPath>& paths,
                                    const PairOptions& options) {
  std::optional<RankInWords> best;
  for (size_t i = 0; i < paths.size(); ++i) {
    for (size_t j = i + 1; j < paths.size(); ++j) {
      const size_t shared =
          SharedInWords(*q.snapshot, q.protection, q.from, q.to, paths[i], paths[j]).size();
      if (shared > 0 && !options.allow_shared_risks) continue;
      const RankInWords rank = RankInWordsOf({paths[i], paths[j]}, options.order, shared);
      if (!best || rank < *best) best = rank;
    }
  }
  return best;
}

TEST(DisjointPairTest, MatchesExhaustionOnRandomMultigraphs) {
  std::mt19937 random(21);
  int found = 0, alone = 0, sharing = 0;
  for (int round = 0; round < 12000; ++round) {
    const Question q = RandomQuestion(random);
    const SearchGraph graph(*q.snapshot, q.constraints, {.corouted = q.corouted});
    const PairOptions options = {
        random() % 2 == 0 ? PairOrder::kMinSum : PairOrder::kMinMax, random() % 2 == 0, {}};
    const auto paths = AllPaths(graph, q.from, q.to);
    const auto best = BestRank(q, paths, options);
    const PairResult actual = DisjointPair(graph, q.protection, q.from, q.to, options);
    ASSERT_EQ(actual.outcome, best ? Outcome::kFound : Outcome::kInfeasible) << round;
    ASSERT_EQ(actual.single.outcome, paths.empty() ? Outcome::kInfeasible : Outcome::kFound);
    if (!paths.empty()) {
      ASSERT_EQ(actual.single.path, paths.front());
    }
    ASSERT_EQ(actual.has_pair(), best.has_value());
    if (!best) {
      alone += !paths.empty();
      continue;
    }
    ++found;
    sharing += !actual.shared_risks.empty();
    ASSERT_LT(actual.working, actual.protect);
    ASSERT_TRUE(std::binary_search(paths.begin(), paths.end(), actual.working)) << round;
    ASSERT_TRUE(std::binary_search(paths.begin(), paths.end(), actual.protect)) << round;
    std::vector<std::string> named = actual.shared_risks;
    std::sort(named.begin(), named.end());
    ASSERT_EQ(named, SharedInWords(*q.snapshot, q.protection, q.from, q.to, actual.working,
                                   actual.protect))
        << round;
    ASSERT_EQ(RankInWordsOf({actual.working, actual.protect}, options.order, named.size()), *best)
        << round;
    if (options.order == PairOrder::kMinMax || !named.empty()) continue;
    const PathResult partner =
        PartnerSearch(graph, q.protection, q.from, q.to, {}).Of(actual.working.links);
    ASSERT_EQ(partner.path.metric, actual.protect.metric);
  }
  EXPECT_GT(found, 2000);
  EXPECT_GT(alone, 300);
  EXPECT_GT(sharing, 200);
}

// A budget that ends early may cost the proof, never the validity, and never proves falsely.
TEST(DisjointPairTest, SmallBudgetsGiveValidPairsOrNone) {
  std::mt19937 random(22);
  int spent = 0, unproven_pairs = 0;
  for (int round = 0; round < 6000; ++round) {
    const Question q = RandomQuestion(random);
    const SearchGraph graph(*q.snapshot, q.constraints, {.corouted = q.corouted});
    PairOptions options = {random() % 2 == 0 ? PairOrder::kMinSum : PairOrder::kMinMax,
                           random() % 2 == 0,
                           {.budget = static_cast<int64_t>(random() % 12)}};
    const PairResult actual = DisjointPair(graph, q.protection, q.from, q.to, options);
    const auto best = BestRank(q, AllPaths(graph, q.from, q.to), options);
    if (actual.outcome == Outcome::kFound) {
      ASSERT_EQ(RankInWordsOf({actual.working, actual.protect}, options.order,
                              actual.shared_risks.size()),
                *best);
    } else if (actual.outcome == Outcome::kInfeasible) {
      ASSERT_FALSE(best);
    } else if (actual.has_pair()) {
      ASSERT_EQ(actual.shared_risks.size(), SharedInWords(*q.snapshot, q.protection, q.from, q.to,
                                                          actual.working, actual.protect)
                                                .size());
      ASSERT_TRUE(options.allow_shared_risks || actual.shared_risks.empty());
      ++unproven_pairs;
    }
    spent += actual.outcome == Outcome::kBudgetSpent;
  }
  EXPECT_GT(spent, 100);
  EXPECT_GT(unproven_pairs, 20);
}

// The least path crosses both others: whoever takes it first finds no partner.
TEST(DisjointPairTest, TrapTopology) {
  TestNetwork network;
  for (const char* id : {"s", "a", "b", "t"}) network.Node(id);
  network.Fibre("s", "a", 1, 1);
  network.Fibre("a", "b", 1, 1);
  network.Fibre("b", "t", 1, 1);
  network.Fibre("s", "b", 1, 10);
  network.Fibre("a", "t", 1, 10);
  const auto snapshot = network.Build();
  const NodeId s = *snapshot->FindNode("nodes/s"), t = *snapshot->FindNode("nodes/t");
  const SearchGraph graph(*snapshot, {}, {});
  for (const bool nodes : {false, true}) {
    const PairResult pair = DisjointPair(graph, {.link = true, .node = nodes}, s, t);
    ASSERT_EQ(pair.outcome, Outcome::kFound);
    EXPECT_EQ(pair.single.path.metric.cost, 3);
    EXPECT_EQ(pair.working.metric.cost + pair.protect.metric.cost, 22);
  }
}

// The same trap made of ducts: the flow alone cannot see it.
TEST(DisjointPairTest, TrapOfRiskGroups) {
  TestNetwork network;
  network.Srlg("x");
  network.Srlg("y");
  network.Node("s");
  network.Node("t");
  v1::Link& both = network.Fibre("s", "t", 1, 1, ".both");
  both.add_srlgs("srlgs/x");
  both.add_srlgs("srlgs/y");
  network.Fibre("s", "t", 1, 5, ".x").add_srlgs("srlgs/x");
  network.Fibre("s", "t", 1, 7, ".y").add_srlgs("srlgs/y");
  const auto snapshot = network.Build();
  const SearchGraph graph(*snapshot, {}, {});
  const PairResult pair = DisjointPair(graph, {.link = true, .srlg = true}, NodeId{0}, NodeId{1});
  ASSERT_EQ(pair.outcome, Outcome::kFound);
  EXPECT_EQ(pair.working.metric.cost, 5);
  EXPECT_EQ(pair.protect.metric.cost, 7);
}

TEST(DisjointPairTest, EndNodesOwnRisksAreExempt) {
  TestNetwork network;
  network.Srlg("house");
  v1::Node& s = network.Node("s");
  s.add_srlgs("srlgs/house");
  s.set_provider("alpha");
  network.Node("t");
  network.Node("m").add_srlgs("srlgs/house");
  network.Node("n").add_srlgs("srlgs/house");
  for (const char* middle : {"m", "n"}) {
    v1::Link& in = network.Fibre("s", middle);
    in.add_srlgs("srlgs/house");
    in.set_provider(middle == std::string("m") ? "alpha" : "beta");
    network.Fibre(middle, "t");
  }
  const auto snapshot = network.Build();
  const NodeId from = *snapshot->FindNode("nodes/s"), to = *snapshot->FindNode("nodes/t");
  const Protection all = {true, true, true, true};
  EXPECT_EQ(DisjointPair(SearchGraph(*snapshot, {}, {}), all, from, to).outcome, Outcome::kFound);
  // A link of the provider that owns the end node still counts.
  network.Link("links/s--n").set_provider("alpha");
  const auto shared = network.Build();
  EXPECT_EQ(DisjointPair(SearchGraph(*shared, {}, {}), all, from, to).outcome,
            Outcome::kInfeasible);
}

TEST(DisjointPairTest, BudgetSpentIsSaid) {
  const auto snapshot = CarrierNetwork(5, 80, 200);
  const SearchGraph graph(*snapshot, {}, {});
  int spent = 0;
  for (int to = 20; to < 60; ++to) {
    const PairResult pair = DisjointPair(graph, {.link = true, .srlg = true, .provider = true},
                                         NodeId{0}, NodeId{to}, 1);
    spent += pair.outcome == Outcome::kBudgetSpent;
    ASSERT_EQ(pair.single.outcome, Outcome::kFound);
  }
  EXPECT_GT(spent, 0);
}

TEST(DisjointPairTest, SameBytesWhateverTheOrderOfInput) {
  TestNetwork network;
  for (int i = 0; i < 9; ++i) network.Node("n" + std::to_string(i));
  for (int i = 0; i < 9; ++i) {
    for (const int step : {1, 2, 4}) {
      network.Fibre("n" + std::to_string(i), "n" + std::to_string((i + step) % 9), 5, 10,
                    "." + std::to_string(step));
    }
  }
  const auto plain = network.Build();
  const PairResult expected =
      DisjointPair(SearchGraph(*plain, {}, {}), {true, true, true, false}, NodeId{0}, NodeId{4});
  for (uint32_t seed = 1; seed < 20; ++seed) {
    const auto shuffled = network.BuildShuffled(seed);
    const PairResult actual = DisjointPair(SearchGraph(*shuffled, {}, {}),
                                           {true, true, true, false}, NodeId{0}, NodeId{4});
    EXPECT_EQ(actual.working, expected.working);
    EXPECT_EQ(actual.protect, expected.protect);
  }
}

// Straight on: 2 and 10, together 12. Crossed over: 7 and 7, together 14.
TEST(DisjointPairTest, MinMaxPrefersTwoMiddlingPaths) {
  TestNetwork network;
  for (const char* id : {"s", "a", "b", "t"}) network.Node(id);
  network.OneWay("s", "a", 1, 1);
  network.OneWay("a", "t", 1, 1);
  network.OneWay("s", "b", 1, 5);
  network.OneWay("b", "t", 1, 5);
  network.OneWay("a", "b", 1, 1);
  network.OneWay("b", "a", 1, 1);
  const auto snapshot = network.Build();
  const NodeId s = *snapshot->FindNode("nodes/s"), t = *snapshot->FindNode("nodes/t");
  const SearchGraph graph(*snapshot, {}, {});
  const PairResult sum = DisjointPair(graph, {.link = true}, s, t, {.order = PairOrder::kMinSum});
  EXPECT_EQ(sum.working.metric.cost, 2);
  EXPECT_EQ(sum.protect.metric.cost, 10);
  const PairResult max = DisjointPair(graph, {.link = true}, s, t, {.order = PairOrder::kMinMax});
  ASSERT_EQ(max.outcome, Outcome::kFound);
  EXPECT_EQ(max.working.metric.cost, 7);
  EXPECT_EQ(max.protect.metric.cost, 7);
}

TEST(DisjointPairTest, SharedRisksAreFewestAndNamed) {
  TestNetwork network;
  network.Srlg("duct");
  for (const char* id : {"s", "g", "h", "t"}) network.Node(id);
  network.OneWay("s", "g", 1, 1);  // the only way out
  network.OneWay("g", "t", 1, 1, ".1").add_srlgs("srlgs/duct");
  network.OneWay("g", "t", 1, 2, ".2").add_srlgs("srlgs/duct");
  network.OneWay("g", "h", 1, 10);
  network.OneWay("h", "t", 1, 10);
  const auto snapshot = network.Build();
  const NodeId s = *snapshot->FindNode("nodes/s"), t = *snapshot->FindNode("nodes/t");
  const SearchGraph graph(*snapshot, {}, {});
  const Protection all = {.link = true, .node = true, .srlg = true};
  EXPECT_EQ(DisjointPair(graph, all, s, t).outcome, Outcome::kInfeasible);
  const PairResult pair = DisjointPair(graph, all, s, t, {.allow_shared_risks = true});
  ASSERT_EQ(pair.outcome, Outcome::kFound);
  EXPECT_EQ(pair.shared_risks, (std::vector<std::string>{"links/s--g", "nodes/g"}));
  EXPECT_EQ(pair.protect.metric.cost, 21);
}

TEST(DisjointPairTest, OnePathTwiceIsNoPair) {
  TestNetwork network;
  for (const char* id : {"s", "m", "t"}) network.Node(id);
  network.Fibre("s", "m");
  network.Fibre("m", "t");
  const auto snapshot = network.Build();
  const NodeId s = *snapshot->FindNode("nodes/s"), t = *snapshot->FindNode("nodes/t");
  const PairResult pair = DisjointPair(SearchGraph(*snapshot, {}, {}), {.link = true}, s, t,
                                       {.allow_shared_risks = true});
  EXPECT_EQ(pair.outcome, Outcome::kInfeasible);
  EXPECT_FALSE(pair.has_pair());
  EXPECT_EQ(pair.single.outcome, Outcome::kFound);
}

TEST(DisjointPairTest, StopEndsTheSearch) {
  const auto snapshot = CarrierNetwork(5, 80, 200);
  const SearchGraph graph(*snapshot, {}, {});
  const Protection protection = {.link = true, .srlg = true, .provider = true};
  int asked = 0, spent = 0;
  for (int to = 20; to < 60; ++to) {
    PairOptions options;
    options.limit.stop = [&] { return ++asked > 0; };
    spent += DisjointPair(graph, protection, NodeId{0}, NodeId{to}, options).outcome ==
             Outcome::kBudgetSpent;
  }
  EXPECT_GT(spent, 0);
  EXPECT_GE(asked, spent);
  EXPECT_LE(asked, 40);
}

}  // namespace
}  // namespace waymark
