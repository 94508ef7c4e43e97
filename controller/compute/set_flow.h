// Private to this folder. The least set of k link- or node-disjoint paths without regard to bounds
// and risk groups, as a minimum-cost flow of k units by successive shortest paths (Edmonds and
// Karp 1972; nodes split for node disjointness, Bhandari 1999). For DisjointSet it is a lower
// bound, a proof of infeasibility, and most often already the answer.
#ifndef WAYMARK_CONTROLLER_COMPUTE_SET_FLOW_H_
#define WAYMARK_CONTROLLER_COMPUTE_SET_FLOW_H_

#include <optional>
#include <vector>

#include "controller/compute/constrained_path.h"

namespace waymark {

enum class Sharing {
  kNever,
  // A fibre or node may be used again; each further use counts one, and fewest count first. The
  // fewest shared fibres and nodes, then the least total.
  kCounted,
};

struct SetFlow {
  std::vector<ComputedPath> paths;  // `units` of them, in order; equal ones only with kCounted
  Metric total;
  int64_t shared = 0;
};

// `banned_links` by link number; null: none. nullopt: no such paths exist. `search.target()` is the
// other end; from != target; `units` >= 1. O(units * (n + m) log n).
std::optional<SetFlow> LeastSetFlow(const PathSearch& search, NodeId from, int units,
                                    bool node_disjoint, Sharing sharing,
                                    const std::vector<bool>* banned_links = nullptr);

// Their paths alone, none shared: what ConflictProblem::least_together asks.
std::optional<std::vector<ComputedPath>> LeastTogether(const PathSearch& search, NodeId from,
                                                       size_t units, bool node_disjoint,
                                                       const std::vector<bool>& banned_links);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_SET_FLOW_H_
