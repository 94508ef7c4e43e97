#include "controller/compute/disjoint_pair.h"

#include <gtest/gtest.h>

#include <optional>

#include "controller/compute/test_network.h"

namespace waymark {
namespace {

// Shared risks by the words of the contract, not by the table under test.
bool ShareRisk(const Snapshot& s, const Protection& protection, NodeId from, NodeId to,
               const ComputedPath& a, const ComputedPath& b) {
  const auto is_end = [&](NodeId n) { return n == from || n == to; };
  const auto exempt = [&](SrlgId id) {
    for (const NodeId end : {from, to}) {
      for (const SrlgId own : s.node(end).srlgs) {
        if (own == id) return true;
      }
    }
    return false;
  };
  const auto collect = [&](const ComputedPath& path) {
    std::set<std::string> risks;
    for (const LinkId id : path.links) {
      const LinkInfo& link = s.link(id);
      risks.insert(link.name);
      if (link.reverse != LinkId::kNone) risks.insert(s.link(link.reverse).name);
      const NodeInfo& target = s.node(link.target);
      const bool end = is_end(link.target);
      if (protection.node && !end) risks.insert(target.name);
      if (protection.srlg) {
        for (const SrlgId srlg : link.srlgs) {
          if (!exempt(srlg)) risks.insert("srlg" + std::to_string(Index(srlg)));
        }
        for (const SrlgId srlg : target.srlgs) {
          if (!end && !exempt(srlg)) risks.insert("srlg" + std::to_string(Index(srlg)));
        }
      }
      if (protection.provider) {
        if (link.provider != ProviderId::kNone) {
          risks.insert("provider" + std::to_string(Index(link.provider)));
        }
        if (!end && target.provider != ProviderId::kNone) {
          risks.insert("provider" + std::to_string(Index(target.provider)));
        }
      }
    }
    return risks;
  };
  const auto of_a = collect(a), of_b = collect(b);
  return std::any_of(of_a.begin(), of_a.end(), [&](const auto& r) { return of_b.contains(r); });
}

TEST(DisjointPairTest, MatchesExhaustionOnRandomMultigraphs) {
  std::mt19937 random(21);
  int found = 0, alone = 0;
  for (int round = 0; round < 6000; ++round) {
    const int nodes = 2 + static_cast<int>(random() % 6);
    const auto snapshot = RandomNetwork(random, nodes, 4 + static_cast<int>(random() % 13));
    PathConstraints constraints = RandomConstraints(random);
    if (random() % 2 == 0)
      constraints = {.objective = constraints.objective, .max_delay_ns = constraints.max_delay_ns};
    const Protection protection = {true, random() % 2 == 0, random() % 2 == 0, random() % 3 == 0};
    const SearchGraph graph(*snapshot, constraints, {.corouted = random() % 4 == 0});
    const NodeId from = static_cast<NodeId>(random() % nodes);
    const NodeId to = static_cast<NodeId>(random() % nodes);
    const auto paths = AllPaths(graph, from, to);
    std::optional<Metric> best;
    for (size_t i = 0; i < paths.size(); ++i) {
      for (size_t j = i + 1; j < paths.size(); ++j) {
        const Metric total = paths[i].metric + paths[j].metric;
        if ((!best || total < *best) &&
            !ShareRisk(*snapshot, protection, from, to, paths[i], paths[j])) {
          best = total;
        }
      }
    }
    const PairResult actual = DisjointPair(graph, protection, from, to);
    ASSERT_EQ(actual.outcome, best ? Outcome::kFound : Outcome::kInfeasible) << round;
    ASSERT_EQ(actual.single.outcome, paths.empty() ? Outcome::kInfeasible : Outcome::kFound);
    if (!paths.empty()) {
      ASSERT_EQ(actual.single.path, paths.front());
    }
    if (!best) {
      alone += !paths.empty();
      continue;
    }
    ++found;
    ASSERT_EQ(actual.working.metric + actual.protect.metric, *best) << round;
    ASSERT_LE(actual.working, actual.protect);
    ASSERT_TRUE(std::binary_search(paths.begin(), paths.end(), actual.working)) << round;
    ASSERT_TRUE(std::binary_search(paths.begin(), paths.end(), actual.protect)) << round;
    ASSERT_FALSE(ShareRisk(*snapshot, protection, from, to, actual.working, actual.protect));
    const PathResult partner = DisjointFrom(graph, protection, from, to, actual.working.links);
    ASSERT_EQ(partner.path.metric, actual.protect.metric);
  }
  EXPECT_GT(found, 500);
  EXPECT_GT(alone, 300);
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

}  // namespace
}  // namespace waymark
