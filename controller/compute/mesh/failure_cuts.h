// Private to this folder. Which failures leave a pair without any way in the network, whatever
// routes it has.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_FAILURE_CUTS_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_FAILURE_CUTS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "controller/compute/mesh/failure_loads.h"
#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/route_bounds.h"
#include "controller/compute/mesh/tree_search.h"

namespace waymark {

// Answers are kept: most pairs share them. Not thread-safe.
class FailureCuts {
 public:
  // All must outlive this; `finder` keeps the problem's bounds on routes.
  FailureCuts(const MeshProblem& problem, const FailureLoads& loads, RouteFinder* finder);

  // Whether no way of the demand within the bounds outlives the failure. O(1) for most pairs of a
  // failure after the first; O(links) a failure and source where the failure takes the network
  // apart; a search where there are bounds.
  bool Cuts(int32_t failure, size_t demand);
  // Takes pairs that the failure does not take apart to have a way within the bounds too: for when
  // there is no time for searches.
  void SkipBounds() { skip_bounds_ = true; }

 private:
  // What one node that the failure leaves well connected reaches, and what reaches it.
  struct Hub {
    std::vector<bool> from, to;
  };
  const Hub& HubOf(int32_t failure);
  bool Apart(int32_t failure, int32_t from, int32_t to);
  std::vector<bool> Reach(int32_t failure, int32_t from, bool backwards) const;

  const MeshProblem& problem_;
  const FailureLoads& loads_;
  RouteFinder* const finder_;
  std::vector<std::vector<MeshGraph::Arc>> out_, in_;
  std::vector<Hub> hubs_;  // by failure; empty until asked for
  std::map<std::pair<int32_t, int32_t>, std::vector<bool>> reached_;  // by failure and source
  std::map<std::pair<int32_t, size_t>, bool> bounded_;                // by failure and demand
  bool skip_bounds_ = false;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_FAILURE_CUTS_H_
