#include "controller/compute/constraints.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <span>
#include <string>

#include "controller/compute/search_graph.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

struct Case {
  const char* what;
  PathConstraints constraints;
  bool known_node, unknown_node;  // CH and alpha; neither stated
  bool known_link, unknown_link;  // alpha with [gold, satellite]; no provider, no affinity
};

TEST(ConstraintsTest, PlacesByNameAndPlacesThatSayNothing) {
  TestNetwork network;
  network.Node("known", "CH").set_provider("alpha");
  network.Node("silent", "");
  v1::Link& link = network.OneWay("known", "silent");
  link.set_provider("alpha");
  link.add_admin_groups("gold");
  link.add_admin_groups("satellite");
  network.OneWay("silent", "known");
  const auto snapshot = network.Build();
  const std::vector<Case> cases = {
      {"none", {}, true, true, true, true},
      {"allowed jurisdiction", {.allowed_jurisdictions = {"CH"}}, true, false, true, true},
      {"other jurisdiction", {.allowed_jurisdictions = {"DE"}}, false, false, true, true},
      {"forbidden jurisdiction", {.forbidden_jurisdictions = {"CH"}}, false, false, true, true},
      {"forbidden elsewhere", {.forbidden_jurisdictions = {"DE"}}, true, false, true, true},
      {"allowed and forbidden",
       {.allowed_jurisdictions = {"CH"}, .forbidden_jurisdictions = {"CH"}},
       false,
       false,
       true,
       true},
      {"allowed provider", {.allowed_providers = {"alpha"}}, true, false, true, false},
      {"absent provider", {.allowed_providers = {"nobody"}}, false, false, false, false},
      {"forbidden provider", {.forbidden_providers = {"alpha"}}, false, true, false, true},
      {"include any", {.include_any = {"gold", "x"}}, true, true, true, false},
      {"include all", {.include_all = {"gold", "x"}}, true, true, false, false},
      {"include both", {.include_all = {"gold", "satellite"}}, true, true, true, false},
      {"exclude", {.exclude = {"satellite"}}, true, true, false, true},
  };
  const NodeId known = *snapshot->FindNode("nodes/known");
  const NodeId silent = *snapshot->FindNode("nodes/silent");
  for (const Case& c : cases) {
    EXPECT_EQ(NodeMeets(*snapshot, c.constraints, known), c.known_node) << c.what;
    EXPECT_EQ(NodeMeets(*snapshot, c.constraints, silent), c.unknown_node) << c.what;
    EXPECT_EQ(LinkMeets(*snapshot, c.constraints, *snapshot->FindLink("links/known--silent")),
              c.known_link)
        << c.what;
    EXPECT_EQ(LinkMeets(*snapshot, c.constraints, *snapshot->FindLink("links/silent--known")),
              c.unknown_link)
        << c.what;
  }
}

TEST(ConstraintsTest, OfAClassWithItsDefaults) {
  v1::TrafficClass plain;
  const PathConstraints defaults = ConstraintsOf(plain, 7);
  EXPECT_EQ(defaults.objective, v1::MIN_TE_METRIC);
  EXPECT_EQ(defaults.max_hops, kMaxPathHops);
  EXPECT_EQ(defaults.bandwidth_bps, 7);
  EXPECT_FALSE(defaults.protection.any());
  v1::TrafficClass full;
  full.set_objective(v1::MIN_DELAY);
  full.set_max_hops(9);
  full.add_allowed_jurisdictions("DE");
  full.add_allowed_jurisdictions("CH");
  full.add_protection(v1::PROVIDER);
  const PathConstraints c = ConstraintsOf(full, 0);
  EXPECT_EQ(c.objective, v1::MIN_DELAY);
  EXPECT_EQ(c.max_hops, 9);
  EXPECT_EQ(c.allowed_jurisdictions, (std::vector<std::string>{"CH", "DE"}));
  EXPECT_EQ(c.protection, (Protection{.link = true, .provider = true}));
}

TEST(ConstraintsTest, PairsAndPriorityOfAClass) {
  v1::TrafficClass plain;
  const PathConstraints defaults = ConstraintsOf(plain, 0);
  EXPECT_EQ(defaults.pair_order, PairOrder::kMinSum);
  EXPECT_EQ(defaults.setup_priority, 7);
  EXPECT_FALSE(defaults.allow_shared_risks);
  v1::TrafficClass full;
  full.add_protection(v1::BUILDING_DISJOINT);
  full.set_pair_objective(v1::MIN_MAX);
  full.set_allow_shared_risks(true);
  full.set_setup_priority(0);
  const PathConstraints c = ConstraintsOf(full, 0);
  EXPECT_EQ(c.protection, (Protection{.link = true, .building = true}));
  EXPECT_EQ(c.pair_order, PairOrder::kMinMax);
  EXPECT_TRUE(c.allow_shared_risks);
  EXPECT_EQ(c.setup_priority, 0);
}

// What is usable of a - b - c, forth and back, when something is excluded by name.
TEST(ConstraintsTest, ExcludedResources) {
  TestNetwork network;
  network.Srlg("duct");
  network.Srlg("house");
  network.Node("a");
  network.Node("b");
  network.Node("c").add_srlgs("srlgs/house");
  network.Fibre("a", "b").add_srlgs("srlgs/duct");
  network.Fibre("b", "c");
  const auto snapshot = network.Build();
  const auto usable = [&](std::vector<std::string> excluded, bool corouted = false) {
    const SearchGraph graph(*snapshot, {.exclude_resources = std::move(excluded)},
                            {.corouted = corouted});
    std::vector<std::string> names;
    for (const NodeInfo& node : snapshot->nodes()) {
      if (graph.NodeUsable(*snapshot->FindNode(node.name))) names.push_back(node.name);
    }
    for (const LinkInfo& link : snapshot->links()) {
      if (graph.LinkUsable(*snapshot->FindLink(link.name))) names.push_back(link.name);
    }
    return names;
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(usable({"links/nowhere", "nodes/nowhere", "srlgs/nowhere"}),
            (Names{"nodes/a", "nodes/b", "nodes/c", "links/a--b", "links/b--a", "links/b--c",
                   "links/c--b"}));
  // The direction named, and that alone; both ways on one route lose both.
  const Names without_ab = {"nodes/a",    "nodes/b",    "nodes/c",
                            "links/b--a", "links/b--c", "links/c--b"};
  EXPECT_EQ(usable({"links/a--b"}), without_ab);
  EXPECT_EQ(usable({"links/a--b"}, true),
            (Names{"nodes/a", "nodes/b", "nodes/c", "links/b--c", "links/c--b"}));
  EXPECT_EQ(usable({"nodes/b"}), (Names{"nodes/a", "nodes/c"}));
  EXPECT_EQ(usable({"srlgs/duct"}), without_ab);  // only that direction is in the group
  EXPECT_EQ(usable({"srlgs/house"}), (Names{"nodes/a", "nodes/b", "links/a--b", "links/b--a"}));
}

// The ends are places too.
TEST(ConstraintsTest, EndNodesCount) {
  TestNetwork network;
  network.Node("in", "CH");
  network.Node("out", "DE");
  network.Fibre("in", "out");
  const auto snapshot = network.Build();
  const SearchGraph graph(*snapshot, {.allowed_jurisdictions = {"CH"}}, {});
  EXPECT_FALSE(graph.LinkUsable(LinkId{0}));
  EXPECT_FALSE(graph.LinkUsable(LinkId{1}));
}

TEST(ConstraintsTest, NamesThatNothingHasAreTold) {
  TestNetwork network;
  network.Node("a", "CH").set_provider("alpha");
  network.Node("b", "DE").set_provider("beta");
  network.Fibre("a", "b").add_admin_groups("express");
  const auto snapshot = network.Build();
  PathConstraints c;
  c.allowed_providers = {"alpha"};
  c.exclude = {"express"};
  c.forbidden_jurisdictions = {"DE"};
  EXPECT_TRUE(UnknownNames(*snapshot, c).empty());
  c.forbidden_providers = {"alpah"};
  c.include_any = {"expres"};
  c.allowed_jurisdictions = {"FR"};
  EXPECT_EQ(UnknownNames(*snapshot, c),
            (std::vector<std::string>{
                "no node or link is of provider alpah: there are alpha, beta",
                "no link has affinity expres: there are express",
                "no node is in jurisdiction FR: there are CH, DE",
            }));
}

void ExpectSameRows(const SearchGraph& a, const SearchGraph& b) {
  const auto same = [](std::span<const SearchGraph::Arc> x, std::span<const SearchGraph::Arc> y) {
    return std::equal(x.begin(), x.end(), y.begin(), y.end(), [](const auto& p, const auto& q) {
      return p.cost == q.cost && p.node == q.node && p.link == q.link;
    });
  };
  EXPECT_EQ(a.max_delay_ns(), b.max_delay_ns());
  EXPECT_EQ(a.max_hops(), b.max_hops());
  for (size_t i = 0; i < a.snapshot().nodes().size(); ++i) {
    const auto node = static_cast<NodeId>(i);
    EXPECT_EQ(a.NodeUsable(node), b.NodeUsable(node));
    EXPECT_TRUE(same(a.out_arcs(node), b.out_arcs(node)));
    EXPECT_TRUE(same(a.in_arcs(node), b.in_arcs(node)));
  }
  for (size_t i = 0; i < a.snapshot().links().size(); ++i) {
    const auto link = static_cast<LinkId>(i);
    EXPECT_EQ(a.LinkUsable(link), b.LinkUsable(link));
    EXPECT_EQ(a.LinkMetric(link), b.LinkMetric(link));
  }
}

TEST(PreparedGraphsTest, GiveTheSameGraphs) {
  std::mt19937 random(11);
  int left_out = 0, asked = 0;
  for (int round = 0; round < 40; ++round) {
    const auto snapshot = RandomNetwork(random, 8, 24);
    const size_t links = snapshot->links().size();
    Ledger ledger(*snapshot);
    LinkState state(*snapshot);
    for (size_t i = 0; i < links; ++i) {
      const auto link = static_cast<LinkId>(i);
      if (random() % 3 == 0) (void)ledger.Add("p" + std::to_string(i), std::vector{link}, 1);
      if (random() % 6 == 0) state.SetDown(link);
    }
    PreparedGraphs prepared;
    // More sets than are kept, and some that come again.
    std::vector<PathConstraints> sets(PreparedGraphs::kMostSets + 20);
    for (PathConstraints& set : sets) set = RandomConstraints(random);
    for (int i = 0; i < 150; ++i) {
      const PathConstraints& set = sets[random() % (i < 50 ? 5 : sets.size())];
      SearchGraph::Environment environment = {.ledger = random() % 2 ? &ledger : nullptr,
                                              .link_state = random() % 2 ? &state : nullptr,
                                              .corouted = random() % 2 == 0,
                                              .ignore_forbid = random() % 4 == 0,
                                              .ignore_avoid = random() % 4 == 0};
      const SearchGraph plain(*snapshot, set, environment);
      environment.prepared = &prepared;
      const SearchGraph same(*snapshot, set, environment);
      ExpectSameRows(plain, same);
      for (size_t l = 0; l < links; ++l) left_out += !plain.LinkUsable(static_cast<LinkId>(l));
      asked += static_cast<int>(links);
    }
  }
  EXPECT_GT(left_out, asked / 4);
  EXPECT_LT(left_out, asked);
}

}  // namespace
}  // namespace waymark
