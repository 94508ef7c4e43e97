// The k least loop-free paths, in order.
#ifndef WAYMARK_CONTROLLER_COMPUTE_K_SHORTEST_H_
#define WAYMARK_CONTROLLER_COMPUTE_K_SHORTEST_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "controller/compute/constrained_path.h"

namespace waymark {

struct KShortestResult {
  // kFound: `paths` are the k least, or all there are. kInfeasible: there is none. kBudgetSpent: a
  // correct beginning.
  Outcome outcome = Outcome::kInfeasible;
  // Growing by (metric, link numbers); no two equal; parallel links make distinct paths.
  std::vector<ComputedPath> paths;
};

// Yen 1971 with Lawler's 1972 rule (each subspace is searched once); every path keeps the graph's
// bounds. O(k * hops) searches.
KShortestResult KShortestPaths(const SearchGraph& graph, NodeId from, NodeId to, size_t k,
                               int64_t label_budget = kDefaultLabelBudget);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_K_SHORTEST_H_
