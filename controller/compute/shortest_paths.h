// Shortest paths without constraints: what routing by a metric alone does (underlay, segment lists,
// planners).
//
// Dijkstra 1959 over compressed sparse rows, with buckets (Dial 1969) instead of a heap: routing
// metrics are small numbers, and a bucket costs no comparison. Metrics that spread further than the
// buckets share them by a power of two; a node that improves within its bucket is expanded again,
// as in delta-stepping (Meyer and Sanders 2003). Trees are rooted at the target, as forwarding is:
// `next` of a node is the link that it sends by.
#ifndef WAYMARK_CONTROLLER_COMPUTE_SHORTEST_PATHS_H_
#define WAYMARK_CONTROLLER_COMPUTE_SHORTEST_PATHS_H_

#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/constraints.h"
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
  uint32_t largest_metric() const { return largest_metric_; }

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
  uint32_t largest_metric_ = 1;
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
  // A ring of buckets of equal width, which holds every distance from the present one to that of
  // the largest metric ahead; bits tell which are not empty.
  void Push(uint32_t distance, int32_t node);
  // The next node by bucket; -1 when none is left.
  int32_t Pop();

  struct Entry {
    int32_t node;
    int32_t below;  // in its bucket; -1: last
  };
  const MetricGraph& graph_;
  uint32_t width_log2_ = 0;
  uint32_t mask_ = 0;      // buckets - 1
  uint32_t position_ = 0;  // of the bucket that Pop looks at first
  std::vector<int32_t> head_;
  std::vector<uint64_t> filled_;
  uint64_t filled_words_ = 0;  // which words of filled_ are not zero
  std::vector<Entry> entries_;
  std::vector<uint32_t> expanded_;  // the distance at which a node was
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_SHORTEST_PATHS_H_
