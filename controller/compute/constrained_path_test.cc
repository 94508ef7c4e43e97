#include "controller/compute/constrained_path.h"

#include <gtest/gtest.h>

#include "controller/compute/test_network.h"

namespace waymark {
namespace {

NodeId NodeOf(const Snapshot& snapshot, const std::string& id) {
  return *snapshot.FindNode("nodes/" + id);
}

std::vector<std::string> Names(const Snapshot& snapshot, const ComputedPath& path) {
  std::vector<std::string> names;
  for (const LinkId link : path.links) names.push_back(snapshot.link(link).name.substr(6));
  return names;
}

TEST(CheapestPathTest, MatchesExhaustionOnRandomMultigraphs) {
  std::mt19937 random(1);
  int found = 0, bounded = 0;
  for (int round = 0; round < 3000; ++round) {
    const int nodes = 2 + static_cast<int>(random() % 6);
    const auto snapshot = RandomNetwork(random, nodes, static_cast<int>(random() % 18));
    const PathConstraints constraints = RandomConstraints(random);
    const SearchGraph graph(*snapshot, constraints, {.corouted = random() % 4 == 0});
    const NodeId from = static_cast<NodeId>(random() % nodes);
    const NodeId to = static_cast<NodeId>(random() % nodes);
    const auto expected = AllPaths(graph, from, to);
    const PathResult actual = CheapestPath(graph, from, to);
    ASSERT_EQ(actual.outcome, expected.empty() ? Outcome::kInfeasible : Outcome::kFound) << round;
    if (expected.empty()) continue;
    ASSERT_EQ(actual.path, expected.front()) << round;
    ++found;
    PathConstraints unbounded = constraints;
    unbounded.max_delay_ns = 0;
    unbounded.max_hops = kMaxPathHops;
    const auto free = AllPaths(SearchGraph(*snapshot, unbounded, {}), from, to);
    if (free.front() != expected.front()) ++bounded;
  }
  EXPECT_GT(found, 300);
  EXPECT_GT(bounded, 30);  // the bounds did bind
}

// Dense, all metrics alike: nothing but ties.
TEST(CheapestPathTest, LedByCheaperCostsIsTheSame) {
  std::mt19937 random(97);
  size_t found = 0;
  for (int round = 0; round < 1500; ++round) {
    const int nodes = 2 + static_cast<int>(random() % 9);
    const auto snapshot = RandomNetwork(random, nodes, 4 + static_cast<int>(random() % 30));
    const SearchGraph cheap(*snapshot, RandomConstraints(random), {});
    SearchGraph graph = cheap;
    for (uint32_t dearer = random() % 5; dearer > 0; --dearer) {
      const auto link = static_cast<LinkId>(random() % snapshot->links().size());
      graph.AddCost(link, static_cast<int64_t>(random() % 4));
    }
    const NodeId from = static_cast<NodeId>(random() % nodes);
    const std::vector<PathCost> costs = CostsFrom(cheap, from);
    for (int to = 0; to < nodes; ++to) {
      const PathResult expected = CheapestPath(graph, from, NodeId{to});
      const PathResult led = CheapestPathLedBy(costs, graph, from, NodeId{to});
      ASSERT_EQ(led.outcome, expected.outcome) << round;
      if (expected.outcome != Outcome::kFound) continue;
      ASSERT_EQ(led.path, expected.path) << round;
      ++found;
    }
  }
  EXPECT_GT(found, 2'000u);
}

TEST(CheapestPathTest, TiesGoToTheLeastLinkNumbers) {
  std::mt19937 random(2);
  for (int round = 0; round < 300; ++round) {
    TestNetwork network;
    for (int i = 0; i < 6; ++i) network.Node("n" + std::to_string(i));
    for (int i = 0; i < 16; ++i) {
      const uint32_t a = random() % 6, b = (a + 1 + random() % 5) % 6;
      network.OneWay("n" + std::to_string(a), "n" + std::to_string(b), 0, 1,
                     "." + std::to_string(random() % 1000) + "." + std::to_string(i));
    }
    const auto snapshot = network.Build();
    const SearchGraph graph(*snapshot, {.max_delay_ns = 1, .max_hops = 3}, {});
    for (int to = 1; to < 6; ++to) {
      const auto expected = AllPaths(graph, NodeId{0}, NodeId{to});
      const PathResult actual = CheapestPath(graph, NodeId{0}, NodeId{to});
      ASSERT_EQ(actual.path, expected.empty() ? ComputedPath{} : expected.front());
    }
  }
}

// To m: cheap in three hops, or dear in one. On to t: dear in one hop, or cheap in two. Four hops
// in all: what is dearer at m leads to the cheapest path, and a search that keeps the cheapest
// label of m alone misses it. The same for delay.
TEST(CheapestPathTest, DearerWithFewerHopsOrLessDelayIsKept) {
  TestNetwork network;
  for (const char* id : {"s", "a", "b", "m", "n", "t"}) network.Node(id);
  network.OneWay("s", "a", 1, 1);
  network.OneWay("a", "b", 1, 1);
  network.OneWay("b", "m", 1, 1);
  network.OneWay("s", "m", 10, 10);
  network.OneWay("m", "t", 1, 100);
  network.OneWay("m", "n", 1, 1);
  network.OneWay("n", "t", 1, 1);
  const auto snapshot = network.Build();
  const NodeId s = NodeOf(*snapshot, "s"), t = NodeOf(*snapshot, "t");
  const PathResult few = CheapestPath(SearchGraph(*snapshot, {.max_hops = 4}, {}), s, t);
  EXPECT_EQ(Names(*snapshot, few.path), (std::vector<std::string>{"s--m", "m--n", "n--t"}));

  TestNetwork slow;
  for (const char* id : {"s", "m", "t"}) slow.Node(id);
  slow.OneWay("s", "m", 10, 1, ".cheap");
  slow.OneWay("s", "m", 1, 5, ".fast");
  slow.OneWay("m", "t", 10, 1, ".cheap");
  slow.OneWay("m", "t", 1, 100, ".fast");
  const auto by_delay = slow.Build();
  const PathResult quick = CheapestPath(SearchGraph(*by_delay, {.max_delay_ns = 11'000}, {}),
                                        NodeOf(*by_delay, "s"), NodeOf(*by_delay, "t"));
  EXPECT_EQ(Names(*by_delay, quick.path), (std::vector<std::string>{"s--m.fast", "m--t.cheap"}));
}

TEST(CheapestPathTest, AvoidedOnlyWhenNothingElseMeetsTheConstraints) {
  TestNetwork network;
  for (const char* id : {"a", "b", "c", "d"}) network.Node(id);
  network.Fibre("a", "b", 1000, 1).set_admin_state(v1::AVOID);
  network.Fibre("a", "c", 9000, 1'000'000);
  network.Fibre("c", "b", 9000, 1'000'000);
  const auto snapshot = network.Build();
  const NodeId a = NodeOf(*snapshot, "a"), b = NodeOf(*snapshot, "b");
  const PathResult wide = CheapestPath(SearchGraph(*snapshot, {}, {}), a, b);
  EXPECT_EQ(Names(*snapshot, wide.path), (std::vector<std::string>{"a--c", "c--b"}));
  EXPECT_EQ(wide.path.avoided(), 0);
  const PathResult tight =
      CheapestPath(SearchGraph(*snapshot, {.max_delay_ns = 5'000'000}, {}), a, b);
  EXPECT_EQ(Names(*snapshot, tight.path), std::vector<std::string>{"a--b"});
  EXPECT_EQ(tight.path.avoided(), 1);
  EXPECT_EQ(tight.path.objective(), 1);
}

TEST(CheapestPathTest, LargestMetricsAddWithoutOverflow) {
  TestNetwork network;
  for (int i = 0; i < 80; ++i) network.Node("n" + std::to_string(i)).set_admin_state(v1::AVOID);
  for (int i = 0; i + 1 < 80; ++i) {
    v1::Link& link = network.OneWay("n" + std::to_string(i), "n" + std::to_string(i + 1),
                                    10'000'000, (1 << 24) - 1);
    link.set_cost(1e9);
    link.set_admin_state(v1::AVOID);
  }
  const auto snapshot = network.Build();
  for (const v1::Objective objective : {v1::MIN_TE_METRIC, v1::MIN_DELAY, v1::MIN_COST}) {
    const SearchGraph graph(*snapshot, {.objective = objective}, {});
    const PathResult most = CheapestPath(graph, NodeOf(*snapshot, "n0"), NodeOf(*snapshot, "n64"));
    ASSERT_EQ(most.outcome, Outcome::kFound);
    EXPECT_EQ(most.path.metric.hops, 64);
    EXPECT_EQ(most.path.metric.delay_ns, 640'000'000'000);
    EXPECT_EQ(most.path.avoided(), 128);
    if (objective == v1::MIN_COST) {
      EXPECT_EQ(most.path.objective(), 64'000'000'000'000);
    }
    // One hop more than any path may have.
    EXPECT_EQ(CheapestPath(graph, NodeOf(*snapshot, "n0"), NodeOf(*snapshot, "n65")).outcome,
              Outcome::kInfeasible);
  }
  EXPECT_EQ(SaturatingAdd(kUnreachable, kUnreachable), kUnreachable);
  EXPECT_EQ(SaturatingAdd(kUnreachable - 1, 1), kUnreachable);
}

TEST(CheapestPathTest, BudgetIsHonoured) {
  const auto snapshot = CarrierNetwork(3, 60, 120);
  const SearchGraph graph(*snapshot, {}, {});
  EXPECT_EQ(CheapestPath(graph, NodeId{0}, NodeId{30}, 1).outcome, Outcome::kBudgetSpent);
}

// At each of 16 steps one way costs as much as the other delays, twice as much as the step before:
// no label dominates another.
TEST(CheapestPathTest, OneHardSearchCanBeStopped) {
  constexpr int kSteps = 16;
  TestNetwork network;
  network.Node("n0");
  for (int i = 0; i < kSteps; ++i) {
    const std::string from = "n" + std::to_string(i), to = "n" + std::to_string(i + 1);
    network.Node(to);
    network.OneWay(from, to, 1, 1 + (1u << i), ".dear");
    network.OneWay(from, to, 1 + (1 << i), 1, ".slow");
  }
  const auto snapshot = network.Build();
  const NodeId end = NodeOf(*snapshot, "n16");
  const SearchGraph graph(*snapshot, {.max_delay_ns = 21'111'000}, {});
  const auto ended_after = [&](int looks) {
    int asked = 0;
    const PathResult found =
        CheapestPath(graph, NodeId{0}, end, kDefaultLabelBudget, [&] { return ++asked == looks; });
    EXPECT_EQ(found.outcome == Outcome::kBudgetSpent, asked == looks);
    return asked;
  };
  EXPECT_EQ(ended_after(1), 1);
  EXPECT_EQ(ended_after(3), 3);
  EXPECT_GT(ended_after(0), 3);
}

TEST(CheapestPathTest, SameNodeAndForbiddenEnds) {
  TestNetwork network;
  network.Node("a");
  network.Node("b").set_admin_state(v1::FORBID);
  network.Fibre("a", "b");
  const auto snapshot = network.Build();
  const SearchGraph graph(*snapshot, {}, {});
  EXPECT_EQ(CheapestPath(graph, NodeId{0}, NodeId{0}).outcome, Outcome::kInfeasible);
  EXPECT_EQ(CheapestPath(graph, NodeId{0}, NodeId{1}).outcome, Outcome::kInfeasible);
  EXPECT_EQ(CheapestPath(graph, NodeId{1}, NodeId{0}).outcome, Outcome::kInfeasible);
}

TEST(CheapestPathTest, DownLinksAndFullLinksAreNotUsed) {
  TestNetwork network;
  for (const char* id : {"a", "b", "c"}) network.Node(id);
  network.Fibre("a", "b", 1000, 1);
  network.Fibre("a", "c", 1000, 5);
  network.Fibre("c", "b", 1000, 5);
  const auto snapshot = network.Build();
  const NodeId a = NodeOf(*snapshot, "a"), b = NodeOf(*snapshot, "b");
  const LinkId direct = *snapshot->FindLink("links/a--b");
  LinkState state(*snapshot);
  state.SetDown(snapshot->link(direct).reverse);
  EXPECT_EQ(
      CheapestPath(SearchGraph(*snapshot, {}, {.link_state = &state}), a, b).path.links.size(), 1u);
  state.SpreadToReverse(*snapshot);
  EXPECT_EQ(
      CheapestPath(SearchGraph(*snapshot, {}, {.link_state = &state}), a, b).path.links.size(), 2u);
  Ledger ledger(*snapshot);
  ASSERT_TRUE(ledger.Add("p", std::vector<LinkId>{direct}, 9'000'000'000).ok());
  const PathConstraints two_gigabits = {.bandwidth_bps = 2'000'000'000};
  EXPECT_EQ(CheapestPath(SearchGraph(*snapshot, two_gigabits, {.ledger = &ledger}), a, b)
                .path.links.size(),
            2u);
}

TEST(CheapestPathTest, CoroutedNeedsAUsableReverseAndCountsTheLargerDelay) {
  TestNetwork network;
  for (const char* id : {"a", "b"}) network.Node(id);
  network.OneWay("a", "b", 10, 1, ".oneway");
  v1::Link& forward = network.Fibre("a", "b", 1000, 5);
  network.Link(forward.reverse()).set_delay_ns(3'000'000);
  const auto snapshot = network.Build();
  const PathResult path =
      CheapestPath(SearchGraph(*snapshot, {}, {.corouted = true}), NodeId{0}, NodeId{1});
  EXPECT_EQ(Names(*snapshot, path.path), std::vector<std::string>{"a--b"});
  EXPECT_EQ(path.path.metric.delay_ns, 3'000'000);
}

// A chain longer than the hops that a cost can count: no path is made up, and none is disproved.
TEST(CheapestPathTest, WaysLongerThanCanBeCountedAreNotFollowed) {
  std::vector<v1::Node> nodes(kMostHopsOnPaper + 100);
  std::vector<v1::Link> links(nodes.size() - 1);
  for (size_t i = 0; i < nodes.size(); ++i) nodes[i].set_name("nodes/" + std::to_string(i));
  for (size_t i = 0; i < links.size(); ++i) {
    links[i].set_name("links/" + std::to_string(i));
    links[i].set_source(nodes[i].name());
    links[i].set_target(nodes[i + 1].name());
    links[i].set_capacity_bps(1);
    links[i].set_te_metric(1);
    links[i].set_igp_metric(1);
  }
  const auto snapshot = Snapshot::Build(nodes, links, {});
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  const SearchGraph graph(**snapshot, {.max_hops = kMostHopsOnPaper},
                          {.most_hops = kMostHopsOnPaper});
  const auto node = [&](size_t i) { return *(*snapshot)->FindNode(nodes[i].name()); };
  const PathResult longest = CheapestPath(graph, node(0), node(kMostHopsOnPaper));
  ASSERT_EQ(longest.outcome, Outcome::kFound);
  EXPECT_EQ(longest.path.metric.hops, kMostHopsOnPaper);
  EXPECT_EQ(CheapestPath(graph, node(0), node(kMostHopsOnPaper + 1)).outcome,
            Outcome::kBudgetSpent);
  std::vector<bool> banned(links.size(), false);
  PathSearch search(graph, node(kMostHopsOnPaper + 1));
  EXPECT_EQ(search.Run(node(0), {.banned_links = &banned}).outcome, Outcome::kBudgetSpent);
  EXPECT_EQ(search.Run(node(1), {.banned_links = &banned}).outcome, Outcome::kFound);
  EXPECT_EQ(CheapestPath(graph, node(5), node(0)).outcome, Outcome::kInfeasible);
}

}  // namespace
}  // namespace waymark
