#include "controller/compute/shortest_paths.h"

#include <gtest/gtest.h>

#include "controller/compute/test_network.h"

namespace waymark {
namespace {

TEST(ShortestPathsTest, MatchesExhaustionOnRandomMultigraphs) {
  std::mt19937 random(5);
  int reached = 0, unreachable = 0;
  for (int round = 0; round < 2000; ++round) {
    const int nodes = 1 + static_cast<int>(random() % 6);
    const auto snapshot = RandomNetwork(random, nodes, nodes > 1 ? random() % 18 : 0);
    LinkState state(*snapshot);
    for (size_t i = 0; i < snapshot->links().size(); ++i) {
      if (random() % 5 == 0) state.SetDown(static_cast<LinkId>(i));
    }
    const auto graph = MetricGraph::Make(*snapshot, LinkMetricKind::kTeMetric, &state);
    ASSERT_TRUE(graph.ok());
    const size_t n = static_cast<size_t>(nodes);
    std::vector<uint32_t> distance(n * n);
    std::vector<LinkId> next(n * n);
    ShortestPaths(*graph).All(distance, next);
    // The order of least paths by metric alone; the oracle orders by hops and delay too, so it is
    // asked for every path.
    SearchGraph all(*snapshot, {}, {.link_state = &state, .ignore_forbid = true});
    for (int to = 0; to < nodes; ++to) {
      for (int from = 0; from < nodes; ++from) {
        const size_t at = static_cast<size_t>(to) * n + static_cast<size_t>(from);
        if (from == to) {
          EXPECT_EQ(distance[at], 0u);
          EXPECT_EQ(next[at], LinkId::kNone);
          continue;
        }
        std::pair<int64_t, std::vector<LinkId>> least{MetricGraph::kUnreachable, {}};
        for (const ComputedPath& path : AllPaths(all, NodeId{from}, NodeId{to})) {
          int64_t metric = 0;
          for (const LinkId link : path.links) metric += snapshot->link(link).te_metric;
          least = std::min(least, {metric, path.links});
        }
        ASSERT_EQ(distance[at], least.first) << round;
        ++(least.second.empty() ? unreachable : reached);
        std::vector<LinkId> walked;
        for (int node = from; distance[at] != MetricGraph::kUnreachable && node != to;) {
          walked.push_back(next[static_cast<size_t>(to) * n + static_cast<size_t>(node)]);
          node = Index(snapshot->link(walked.back()).target);
        }
        ASSERT_EQ(walked, least.second) << round;
      }
    }
  }
  EXPECT_GT(reached, 5000);
  EXPECT_GT(unreachable, 1000);
}

TEST(ShortestPathsTest, RefusesMetricsThatCouldOverflow) {
  TestNetwork network;
  for (int i = 0; i < 300; ++i) network.Node("n" + std::to_string(i));
  for (int i = 0; i + 1 < 300; ++i) {
    network.OneWay("n" + std::to_string(i), "n" + std::to_string(i + 1), 0, (1 << 24) - 1);
  }
  const auto snapshot = network.Build();
  const auto graph = MetricGraph::Make(*snapshot, LinkMetricKind::kIgpMetric);
  EXPECT_EQ(graph.status().code(), absl::StatusCode::kOutOfRange);
}

}  // namespace
}  // namespace waymark
