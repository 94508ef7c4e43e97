#include "controller/compute/disjoint_set.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "controller/compute/risk_oracle.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

// The best rank of any `count` paths of which no two share a risk.
std::optional<RankInWords> BestRank(const Snapshot& snapshot, const Protection& protection,
                                    NodeId from, NodeId to, const std::vector<ComputedPath>& paths,
                                    size_t count, PairOrder order) {
  std::vector<std::set<std::string>> risks;
  for (const ComputedPath& path : paths) {
    risks.push_back(RisksInWords(snapshot, protection, from, to, path));
  }
  const auto disjoint = [&](size_t a, size_t b) {
    return std::none_of(risks[a].begin(), risks[a].end(),
                        [&](const std::string& risk) { return risks[b].contains(risk); });
  };
  std::optional<RankInWords> best;
  std::vector<size_t> chosen;
  const std::function<void(size_t)> extend = [&](size_t next) {
    if (chosen.size() == count) {
      std::vector<ComputedPath> set;
      for (const size_t i : chosen) set.push_back(paths[i]);
      const RankInWords rank = RankInWordsOf(set, order, 0);
      if (!best || rank < *best) best = rank;
      return;
    }
    for (size_t i = next; i < paths.size(); ++i) {
      if (!std::all_of(chosen.begin(), chosen.end(), [&](size_t c) { return disjoint(c, i); })) {
        continue;
      }
      chosen.push_back(i);
      extend(i + 1);
      chosen.pop_back();
    }
  };
  extend(0);
  return best;
}

TEST(DisjointSetTest, MatchesExhaustionOnRandomMultigraphs) {
  std::mt19937 random(31);
  int found[6] = {}, none = 0;
  for (int round = 0; round < 12000; ++round) {
    const int nodes = 2 + static_cast<int>(random() % 4);
    const auto snapshot = RandomNetwork(random, nodes, 4 + static_cast<int>(random() % 15));
    PathConstraints constraints = RandomConstraints(random);
    if (random() % 4 != 0) {
      constraints = {.objective = constraints.objective,
                     .max_delay_ns = constraints.max_delay_ns,
                     .max_hops = constraints.max_hops};
    }
    const Protection protection = RandomProtection(random);
    const SearchGraph graph(*snapshot, constraints, {.corouted = random() % 4 == 0});
    const NodeId from = static_cast<NodeId>(random() % nodes);
    const NodeId to = static_cast<NodeId>(random() % nodes);
    const auto paths = AllPaths(graph, from, to);
    if (paths.size() > 60) continue;
    const int count = 2 + static_cast<int>(random() % 4);
    const PairOptions options = {.order =
                                     random() % 2 == 0 ? PairOrder::kMinSum : PairOrder::kMinMax};
    const auto best =
        BestRank(*snapshot, protection, from, to, paths, static_cast<size_t>(count), options.order);
    const auto actual = DisjointSet(graph, protection, from, to, count, options);
    ASSERT_TRUE(actual.ok());
    ASSERT_EQ(actual->outcome, best ? Outcome::kFound : Outcome::kInfeasible) << round;
    ASSERT_EQ(actual->single.outcome, paths.empty() ? Outcome::kInfeasible : Outcome::kFound);
    if (!best) {
      ASSERT_TRUE(actual->paths.empty());
      ++none;
      continue;
    }
    ++found[count];
    ASSERT_EQ(actual->paths.size(), static_cast<size_t>(count));
    ASSERT_TRUE(std::is_sorted(actual->paths.begin(), actual->paths.end()));
    ASSERT_EQ(RankInWordsOf(actual->paths, options.order, 0), *best) << round;
    for (size_t i = 0; i < actual->paths.size(); ++i) {
      ASSERT_TRUE(std::binary_search(paths.begin(), paths.end(), actual->paths[i])) << round;
      for (size_t j = 0; j < i; ++j) {
        ASSERT_TRUE(
            SharedInWords(*snapshot, protection, from, to, actual->paths[i], actual->paths[j])
                .empty());
      }
    }
  }
  for (int count = 2; count <= 5; ++count) EXPECT_GT(found[count], 60) << count;
  EXPECT_GT(none, 1000);
}

TEST(DisjointSetTest, TwoAreThePair) {
  std::mt19937 random(32);
  for (int round = 0; round < 1500; ++round) {
    const int nodes = 2 + static_cast<int>(random() % 6);
    const auto snapshot = RandomNetwork(random, nodes, 4 + static_cast<int>(random() % 13));
    const SearchGraph graph(*snapshot, {}, {});
    const Protection protection = RandomProtection(random);
    const PairOptions options = {
        random() % 2 == 0 ? PairOrder::kMinSum : PairOrder::kMinMax, random() % 2 == 0, {}};
    const NodeId from{0}, to{nodes - 1};
    const PairResult pair = DisjointPair(graph, protection, from, to, options);
    const auto set = DisjointSet(graph, protection, from, to, 2, options);
    ASSERT_TRUE(set.ok());
    ASSERT_EQ(set->outcome, pair.outcome);
    ASSERT_EQ(set->shared_risks, pair.shared_risks);
    ASSERT_EQ(set->paths.empty(), !pair.has_pair());
    if (!pair.has_pair()) continue;
    ASSERT_EQ(set->paths, (std::vector<ComputedPath>{pair.working, pair.protect}));
  }
}

TEST(DisjointSetTest, CountsOutOfRangeAreRefused) {
  TestNetwork network;
  network.Node("a");
  network.Node("b");
  network.Fibre("a", "b");
  const auto snapshot = network.Build();
  const SearchGraph graph(*snapshot, {}, {});
  for (const int count : {-1, 0, 1, 9, 1'000'000'000}) {
    const auto set = DisjointSet(graph, {.link = true}, NodeId{0}, NodeId{1}, count);
    ASSERT_FALSE(set.ok());
    EXPECT_EQ(set.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(set.status().ToString().find("paths: "), std::string::npos);
  }
}

// Eight parallel fibres, two of them in one duct: seven disjoint ways at most.
TEST(DisjointSetTest, EightUnlessADuctHoldsTwo) {
  TestNetwork network;
  network.Srlg("duct");
  network.Node("a");
  network.Node("b");
  for (uint32_t i = 0; i < 8; ++i) {
    v1::Link& link = network.Fibre("a", "b", 1, 1 + i, "." + std::to_string(i));
    if (i < 2) link.add_srlgs("srlgs/duct");
  }
  const auto snapshot = network.Build();
  const SearchGraph graph(*snapshot, {}, {});
  const NodeId a{0}, b{1};
  EXPECT_EQ(DisjointSet(graph, {.link = true}, a, b, 8)->outcome, Outcome::kFound);
  const Protection ducts = {.link = true, .srlg = true};
  EXPECT_EQ(DisjointSet(graph, ducts, a, b, 8)->outcome, Outcome::kInfeasible);
  const auto seven = DisjointSet(graph, ducts, a, b, 7);
  ASSERT_EQ(seven->outcome, Outcome::kFound);
  EXPECT_EQ(seven->paths[0].metric.cost, 1);
  EXPECT_EQ(seven->paths[1].metric.cost, 3);
}

TEST(DisjointSetTest, StopEndsTheSearch) {
  const auto snapshot = CarrierNetwork(5, 80, 320);
  const SearchGraph graph(*snapshot, {}, {});
  PairOptions options;
  options.limit.stop = [] { return true; };
  int spent = 0;
  for (int to = 20; to < 60; ++to) {
    const auto set = DisjointSet(graph, {.link = true, .srlg = true, .provider = true}, NodeId{0},
                                 NodeId{to}, 3, options);
    ASSERT_EQ(set->single.outcome, Outcome::kFound);
    spent += set->outcome == Outcome::kBudgetSpent;
  }
  EXPECT_GT(spent, 0);
}

}  // namespace
}  // namespace waymark
