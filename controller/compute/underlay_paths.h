// The shortest paths that the underlay takes (controller/plan/underlay.h): for it, and for whoever
// reckons where its routes go.
#ifndef WAYMARK_CONTROLLER_COMPUTE_UNDERLAY_PATHS_H_
#define WAYMARK_CONTROLLER_COMPUTE_UNDERLAY_PATHS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "controller/compute/constraints.h"
#include "controller/compute/search_graph.h"
#include "controller/compute/shortest_paths.h"
#include "controller/topology/snapshot.h"

namespace waymark {

// Shortest by igp_metric, over links that are up and not in strict maintenance, nor their ends;
// gentle maintenance last: of two paths the one that meets it less often (a link that is in it, or
// that enters a node that is, counts once each), whatever the metrics.
//
// ShortestPaths finds them where all that a path may add up to fits into its 32 bits, with a place
// in gentle maintenance dearer than any path without. Metrics of millions in a wide network with
// much maintenance do not: those are found by PathSearch, whose costs hold them.
class UnderlayPaths {
 public:
  static constexpr uint64_t kUnreachable = UINT64_MAX;

  // Keeps a reference to `snapshot`. `link_state` null: every link is up; read here only.
  // O(nodes + links).
  explicit UnderlayPaths(const Snapshot& snapshot, const LinkState* link_state = nullptr);

  // What a link adds to a distance; 0: the underlay does not use it. Comparable within one object.
  uint64_t MetricOf(LinkId link) const { return metric_[Index(link)]; }

  // From every node to `target`, by node number. O((n + m) log n). Threads may share a const
  // object.
  std::vector<uint64_t> DistancesTo(NodeId target) const;
  // The same for every target, by number. Faster than one by one; n * n places of 8 bytes on the
  // way.
  void ForEachTarget(
      const std::function<void(NodeId target, std::span<const uint64_t> distance)>& use) const;

 private:
  void TakeNarrow(const LinkState* link_state);

  const Snapshot* snapshot_;
  std::vector<uint64_t> metric_;  // by link
  std::optional<MetricGraph> narrow_;
  std::optional<SearchGraph> wide_;  // where narrow_ is not
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_UNDERLAY_PATHS_H_
