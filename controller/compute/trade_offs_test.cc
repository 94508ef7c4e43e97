#include "controller/compute/trade_offs.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "controller/compute/refusal.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

const auto kNever = [] { return false; };

TEST(TradeOffsTest, GoesFromTheCheapestToTheMostAvailable) {
  TestNetwork network;
  network.Node("a");
  network.Node("b");
  for (uint32_t i = 0; i < 12; ++i) {
    const std::string middle = "m" + std::to_string(i);
    network.Node(middle);
    for (v1::Link* link :
         {&network.OneWay("a", middle, 1000, 10 + i), &network.OneWay(middle, "b", 1000, 10 + i)}) {
      link->set_mtbf_hours(1000 * (i + 1));
      link->set_mttr_hours(100);
    }
  }
  const auto snapshot = network.Build();
  const AvailabilityModel model(*snapshot);
  const SearchGraph graph(*snapshot, {}, {});
  const auto prices = UnavailabilityPrices(*snapshot, model);
  const NodeId a = *snapshot->FindNode("nodes/a"), b = *snapshot->FindNode("nodes/b");
  for (const Protection& protection : {Protection{}, Protection{.link = true, .node = true}}) {
    const auto found = TradeOffs(graph, protection, a, b, prices, kNever);
    ASSERT_GE(found.size(), 3u);
    EXPECT_EQ(found.front()[0].objective(), 20);
    EXPECT_EQ(found.back()[0].objective(), protection.any() ? 40 : 42);
    for (const auto& paths : found) {
      EXPECT_EQ(paths.size(), protection.any() ? 2u : 1u);
      for (const ComputedPath& path : paths) {
        EXPECT_EQ(path.metric, graph.PathMetric(path.links));
      }
    }
  }
  EXPECT_EQ(TradeOffs(graph, {}, a, b, prices, [] { return true; }).size(), 1u);
}

// A cheap link that says nothing, many that say little, and one that keeps the target: what says
// nothing must not outshine it, whatever is asked.
TEST(TradeOffsTest, WhatSaysNothingDoesNotOutshineWhatKeepsTheTarget) {
  TestNetwork network;
  network.Node("a");
  network.Node("b");
  network.OneWay("a", "b", 1000, 1, "-silent");
  const auto state = [&](const std::string& suffix, uint32_t metric, double mtbf, double mttr) {
    v1::Link& link = network.OneWay("a", "b", 1000, metric, suffix);
    link.set_mtbf_hours(mtbf);
    link.set_mttr_hours(mttr);
  };
  for (int i = 0; i < 70; ++i) state("-" + std::to_string(i), 10, 98, 2);
  state("-good", 20, 999'999, 1);
  const auto snapshot = network.Build();
  const AvailabilityModel model(*snapshot);
  const SearchGraph graph(*snapshot, {}, {});
  const RouteTargets targets = {.availability = 0.9999, .model = &model};
  const NodeId a = *snapshot->FindNode("nodes/a"), b = *snapshot->FindNode("nodes/b");
  for (const Protection& protection : {Protection{}, Protection{.link = true}}) {
    const auto found = TargetTradeOffs(graph, protection, a, b, targets, kNever);
    EXPECT_TRUE(std::any_of(found.begin(), found.end(),
                            [&](const auto& route) { return MeetsAvailability(targets, route); }));
    for (const auto& route : found) {
      for (const ComputedPath& path : route) EXPECT_EQ(path.metric, graph.PathMetric(path.links));
    }
  }
  // The explanation tries them too.
  const RefusalExplanation told = ExplainRefusalInFull({.snapshot = *snapshot,
                                                        .constraints = PathConstraints(),
                                                        .environment = {},
                                                        .from = "nodes/a",
                                                        .to = "nodes/b",
                                                        .targets = targets});
  EXPECT_TRUE(told.possible);
}

// Prices as large as they can be, beside an objective as small as it can be.
TEST(TradeOffsTest, GreatPricesDoNotOverflow) {
  TestNetwork network;
  network.Node("a");
  network.Node("b");
  network.OneWay("a", "b", 1000, 1, "-1");
  network.OneWay("a", "b", 1000, 16'000'000, "-2");
  const auto snapshot = network.Build();
  const SearchGraph graph(*snapshot, {}, {});
  const std::vector<int64_t> prices = {0, int64_t{64'000'000'000'000}};
  const auto found = TradeOffs(graph, {}, NodeId{0}, NodeId{1}, prices, kNever);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0][0].objective(), 1);
}

// The last one is the least by price alone.
TEST(TradeOffsTest, EndsWithTheBestByPriceAlone) {
  std::mt19937 random(3);
  int compared = 0;
  for (int round = 0; round < 500; ++round) {
    const int nodes = 3 + static_cast<int>(random() % 4);
    const auto snapshot = RandomNetwork(random, nodes, static_cast<int>(random() % 18));
    const SearchGraph graph(*snapshot, RandomConstraints(random), {});
    std::vector<int64_t> prices(snapshot->links().size());
    for (int64_t& price : prices) price = static_cast<int64_t>(random() % 1000);
    const NodeId from{0}, to{1};
    const auto all = AllPaths(graph, from, to);
    const auto found = TradeOffs(graph, {}, from, to, prices, kNever);
    ASSERT_EQ(found.empty(), all.empty());
    if (all.empty()) continue;
    ASSERT_EQ(found.front()[0], all.front());
    const auto price_of = [&](const ComputedPath& path) {
      int64_t sum = path.avoided() * kAvoidCost;
      for (const LinkId link : path.links) sum += prices[Index(link)];
      return sum;
    };
    int64_t least = kUnreachable, offered = kUnreachable;
    for (const ComputedPath& path : all) least = std::min(least, price_of(path));
    for (const auto& paths : found) offered = std::min(offered, price_of(paths[0]));
    ASSERT_EQ(offered, least) << round;
    ++compared;
  }
  EXPECT_GT(compared, 100);
}

TEST(TradeOffsTest, EndsBoundEveryRoute) {
  std::mt19937 random(4);
  for (int round = 0; round < 300; ++round) {
    const auto snapshot = RandomNetwork(random, 4, 10);
    const AvailabilityModel model(*snapshot);
    const double ends = UnavailabilityOfEnds(*snapshot, model, NodeId{0}, NodeId{1});
    for (const ComputedPath& path :
         AllPaths(SearchGraph(*snapshot, {}, {}), NodeId{0}, NodeId{1})) {
      const std::vector<std::vector<LinkId>> links = {path.links};
      EXPECT_LE(ends, model.Unavailability(links) + 1e-12);
    }
  }
}

}  // namespace
}  // namespace waymark
