// Private to this folder. The least pair of link- or node-disjoint paths without regard to bounds
// and shared risks, as a minimum-cost flow of two units (Suurballe and Tarjan 1984, with nodes
// split for node disjointness). For DisjointPair it is a lower bound, a proof of infeasibility, and
// most often already the answer.
#ifndef WAYMARK_CONTROLLER_COMPUTE_DISJOINT_FLOW_H_
#define WAYMARK_CONTROLLER_COMPUTE_DISJOINT_FLOW_H_

#include <array>
#include <optional>
#include <vector>

#include "controller/compute/constrained_path.h"

namespace waymark {

struct DisjointFlow {
  std::array<ComputedPath, 2> paths;
  Metric total;
};

// nullopt: no two such paths exist. `search.target()` is the other end; from != target. O((n + m)
// log n).
std::optional<DisjointFlow> LeastDisjointFlow(const PathSearch& search, NodeId from,
                                              bool node_disjoint);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_DISJOINT_FLOW_H_
