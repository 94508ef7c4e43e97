// Shortest paths without constraints: what routing by a metric alone does (underlay, segment lists,
// planners).
//
// Dijkstra 1959 over compressed sparse rows with a 4-ary heap. Trees are rooted at the target, as
// forwarding is: `next` of a node is the link that it sends by.
#ifndef WAYMARK_CONTROLLER_COMPUTE_SHORTEST_PATHS_H_
#define WAYMARK_CONTROLLER_COMPUTE_SHORTEST_PATHS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/constraints.h"
#include "controller/compute/min_heap.h"
#include "controller/topology/snapshot.h"

namespace waymark {

enum class LinkMetricKind { kIgpMetric, kTeMetric };

// The links that are up, with one 32-bit metric each, by target. Immutable; threads may share it.
class MetricGraph {
 public:
  static constexpr uint32_t kUnreachable = UINT32_MAX;

  // OUT_OF_RANGE when the metrics of a path could add up to 2^32 - 1 or more. `link_state` null:
  // all links are up. Admin states do not matter. O(nodes + links).
  static absl::StatusOr<MetricGraph> Make(const Snapshot& snapshot, LinkMetricKind kind,
                                          const LinkState* link_state = nullptr);

  int32_t node_count() const { return static_cast<int32_t>(in_begin_.size()) - 1; }

 private:
  friend class ShortestPaths;
  // 1 <= metric, so that trees have no cycles and nodes are settled before those behind them.
  struct Arc {
    uint32_t metric;
    int32_t source;
  };
  std::vector<int32_t> in_begin_;
  std::vector<Arc> in_;
  std::vector<LinkId> in_link_;  // of the arcs
};

// Trees over one graph; holds the working memory of the searches. Not thread-safe: one a thread.
class ShortestPaths {
 public:
  // Keeps a reference to `graph`.
  explicit ShortestPaths(const MetricGraph& graph);

  // From every node to `target`: its distance (kUnreachable if there is no path), and the link that
  // its shortest path begins with (kNone at the target and where there is none); of several
  // shortest paths, the one whose link numbers are least, first hop first. Both spans have a place
  // a node. O((n + m) log n).
  void To(NodeId target, std::span<uint32_t> distance, std::span<LinkId> next);
  // Row t of both is To(t): n * n places.
  void All(std::span<uint32_t> distance, std::span<LinkId> next);

 private:
  const MetricGraph& graph_;
  MinHeap<uint64_t> queue_;  // distance, node
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_SHORTEST_PATHS_H_
