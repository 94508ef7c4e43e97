// The k least loop-free paths, in order.
#ifndef WAYMARK_CONTROLLER_COMPUTE_K_SHORTEST_H_
#define WAYMARK_CONTROLLER_COMPUTE_K_SHORTEST_H_

#include <cstddef>
#include <cstdint>
#include <functional>
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

// Yen 1971 with Lawler's 1972 rule (each subspace is searched once), lazily: a subspace is entered
// with the cost of its best continuation by the tree of least paths, and searched only when no
// other can hold the next path. `label_budget` bounds each search, and the number of subspaces.
// Every path keeps the graph's bounds. Memory O(k * hops^2); at most k * hops searches, mostly
// about k.
// `stop` is asked before each search; once true, the answer is kBudgetSpent with what there is.
KShortestResult KShortestPaths(const SearchGraph& graph, NodeId from, NodeId to, size_t k,
                               int64_t label_budget = kDefaultLabelBudget,
                               const std::function<bool()>& stop = {});

// The same towards the target of `search`, for many sources.
KShortestResult KShortestPaths(PathSearch& search, NodeId from, size_t k,
                               int64_t label_budget = kDefaultLabelBudget,
                               const std::function<bool()>& stop = {});

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_K_SHORTEST_H_
