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

// Many groups of targets, some of which do not reach one another; every third with metrics that are
// too large for lanes.
TEST(ShortestPathsTest, AllTargetsAtOnceAreAsOneByOne) {
  std::mt19937 random(6);
  for (int round = 0; round < 60; ++round) {
    const int nodes = 20 + static_cast<int>(random() % 100);
    const uint32_t scale = round % 3 == 2 ? (1u << 24) - 20 : 1;
    TestNetwork network;
    for (int i = 0; i < nodes; ++i) network.Node("n" + std::to_string(i));
    for (int i = 0; i < nodes * 3 / 2; ++i) {
      const int from = static_cast<int>(random() % static_cast<uint32_t>(nodes));
      const int to = (from + 1 + static_cast<int>(random() % 9)) % nodes;
      const uint32_t metric = scale + static_cast<uint32_t>(random() % 20);
      network.OneWay("n" + std::to_string(from), "n" + std::to_string(to), 0, metric,
                     "." + std::to_string(i));
      if (random() % 2 == 0) {
        network.OneWay("n" + std::to_string(to), "n" + std::to_string(from), 0, metric,
                       ".back" + std::to_string(i));
      }
    }
    const auto snapshot = network.Build();
    const auto graph = MetricGraph::Make(*snapshot, LinkMetricKind::kIgpMetric);
    ASSERT_TRUE(graph.ok());
    const size_t n = static_cast<size_t>(nodes);
    std::vector<uint32_t> distance(n * n), row_distance(n);
    std::vector<LinkId> next(n * n), row_next(n);
    ShortestPaths paths(*graph);
    paths.All(distance, next);
    for (size_t target = 0; target < n; ++target) {
      paths.To(static_cast<NodeId>(target), row_distance, row_next);
      ASSERT_TRUE(std::equal(row_distance.begin(), row_distance.end(), &distance[target * n]));
      ASSERT_TRUE(std::equal(row_next.begin(), row_next.end(), &next[target * n]));
    }
  }
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
