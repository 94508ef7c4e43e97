// Shortest paths without constraints: what routing by a metric alone does (underlay, segment lists,
// planners).
//
// Dijkstra 1959 over compressed sparse rows, with buckets (Dial 1969) instead of a heap: routing
// metrics are small numbers, and a bucket costs no comparison. Metrics that spread further than the
// buckets share them by a power of two; a node that improves within its bucket is expanded again,
// as in delta-stepping (Meyer and Sanders 2003). All pairs are found for several targets that are
// near each other at once, a target a lane of a vector: sweeps over the nodes in the order of their
// distance from one of the targets, which is nearly that of the others', until nothing improves
// (Yen 1970; lanes as in PHAST, Delling et al. 2011). Trees are rooted at the target, as forwarding
// is: `next` of a node is the link that it sends by.
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
  // With these metrics, by link number; 0 leaves a link out.
  static absl::StatusOr<MetricGraph> Make(const Snapshot& snapshot,
                                          std::span<const uint32_t> metric_of_link);

  int32_t node_count() const { return static_cast<int32_t>(in_begin_.size()) - 1; }
  uint32_t largest_metric() const { return largest_metric_; }

 private:
  friend class ShortestPaths;
  // 1 <= metric, so that trees have no cycles and nodes are settled before those behind them.
  struct Arc {
    uint32_t metric;
    int32_t node;  // at the other end
  };
  std::vector<int32_t> in_begin_, out_begin_;
  std::vector<Arc> in_, out_;
  std::vector<LinkId> in_link_, out_link_;  // of the arcs; of a node's out_ ascending
  uint32_t largest_metric_ = 1;
  uint32_t longest_path_ = 0;  // no path has more
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
  // Row t of both is To(t): n * n places. O(s n (n + m) / 16) vector steps for s sweeps a group: a
  // handful where targets that are near have much the same order of distances, at most n.
  void All(std::span<uint32_t> distance, std::span<LinkId> next);

 private:
  static constexpr size_t kLanes = 16;
  using Lanes = int32_t __attribute__((vector_size(kLanes * sizeof(int32_t))));
  // A ring of buckets of equal width, which holds every distance from the present one to that of
  // the largest metric ahead; bits tell which are not empty.
  void Push(uint32_t distance, int32_t node);
  // The next node by bucket; -1 when none is left.
  int32_t Pop();
  // Row t of both for the targets, settled_ being of one near them.
  void Sweep(std::span<const int32_t> targets, std::span<uint32_t> distance,
             std::span<LinkId> next);

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
  std::vector<int32_t> settled_;    // nodes by distance from the last target
  std::vector<Lanes> lanes_;        // a node: its distance from each of the targets
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_SHORTEST_PATHS_H_
