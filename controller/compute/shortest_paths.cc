#include "controller/compute/shortest_paths.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

uint32_t MetricOf(const LinkInfo& link, LinkMetricKind kind) {
  return std::max<uint32_t>(1,
                            kind == LinkMetricKind::kIgpMetric ? link.igp_metric : link.te_metric);
}

}  // namespace

absl::StatusOr<MetricGraph> MetricGraph::Make(const Snapshot& snapshot, LinkMetricKind kind,
                                              const LinkState* link_state) {
  const size_t nodes = snapshot.nodes().size();
  MetricGraph graph;
  graph.in_begin_.reserve(nodes + 1);
  // A path leaves each node at most once.
  std::vector<uint32_t> dearest(nodes, 0);
  for (size_t i = 0; i < nodes; ++i) {
    graph.in_begin_.push_back(static_cast<int32_t>(graph.in_.size()));
    for (const LinkId id : snapshot.in_links(static_cast<NodeId>(i))) {
      if (link_state != nullptr && !link_state->IsUp(id)) continue;
      const LinkInfo& link = snapshot.link(id);
      const uint32_t metric = MetricOf(link, kind);
      dearest[Index(link.source)] = std::max(dearest[Index(link.source)], metric);
      graph.in_.push_back({metric, Index(link.source)});
      graph.in_link_.push_back(id);
    }
  }
  graph.in_begin_.push_back(static_cast<int32_t>(graph.in_.size()));
  uint64_t most = 0;
  for (const uint32_t metric : dearest) most += metric;
  if (most >= kUnreachable) {
    return absl::OutOfRangeError(
        absl::StrCat("the metrics of a path may add up to ", most,
                     ", which must stay below 2^32 - 1: use smaller ones"));
  }
  return graph;
}

ShortestPaths::ShortestPaths(const MetricGraph& graph) : graph_(graph) {}

void ShortestPaths::To(NodeId target, std::span<uint32_t> distance, std::span<LinkId> next) {
  std::fill(distance.begin(), distance.end(), MetricGraph::kUnreachable);
  std::fill(next.begin(), next.end(), LinkId::kNone);
  distance[Index(target)] = 0;
  queue_.Push(static_cast<uint64_t>(Index(target)));
  while (!queue_.empty()) {
    const uint64_t top = queue_.Pop();
    const uint32_t node = static_cast<uint32_t>(top);
    const uint32_t behind = static_cast<uint32_t>(top >> 32);
    if (behind != distance[node]) continue;
    const int32_t end = graph_.in_begin_[node + 1];
    for (int32_t i = graph_.in_begin_[node]; i < end; ++i) {
      const MetricGraph::Arc arc = graph_.in_[i];
      const uint32_t through = behind + arc.metric;
      if (through > distance[arc.source]) continue;
      if (through == distance[arc.source]) {
        // All links of a tie are seen before anything behind the node is: metrics are positive.
        next[arc.source] = std::min(next[arc.source], graph_.in_link_[i]);
        continue;
      }
      distance[arc.source] = through;
      next[arc.source] = graph_.in_link_[i];
      queue_.Push(uint64_t{through} << 32 | static_cast<uint32_t>(arc.source));
    }
  }
}

void ShortestPaths::All(std::span<uint32_t> distance, std::span<LinkId> next) {
  const size_t nodes = static_cast<size_t>(graph_.node_count());
  for (size_t target = 0; target < nodes; ++target) {
    To(static_cast<NodeId>(target), distance.subspan(target * nodes, nodes),
       next.subspan(target * nodes, nodes));
  }
}

}  // namespace waymark
