// Private to this folder. Ways around a link for all who use it, with two searches however many
// they are: along the route to the link's tail and from there on a tree, or on a tree to its head
// and on along the route.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_PIVOT_SEARCH_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_PIVOT_SEARCH_H_

#include <cstdint>
#include <span>
#include <vector>

#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/tree_search.h"

namespace waymark {

struct MeshGraphs {
  explicit MeshGraphs(const MeshProblem& problem)
      : forwards(problem), backwards(problem, MeshGraph::Direction::kBackwards) {}
  MeshGraph forwards, backwards;
};

// Leaves out of the links, which join end to end from `from` on, what comes back to where it was:
// no node twice. `place`: by node, all -1, before and after. O(links).
void CutLoops(const MeshProblem& problem, int32_t from, std::vector<int32_t>* place,
              std::vector<int32_t>* links);

// Working memory of one pivot at a time; one a thread.
class PivotSearch {
 public:
  PivotSearch(const MeshProblem& problem, const MeshGraphs& graphs);

  // Trees under `length`; where ends are given, for routes from and to these alone.
  // O((n + m) log n).
  void Run(int32_t tail, int32_t head, std::span<const double> length,
           std::span<const int32_t> sources = {}, std::span<const int32_t> targets = {});

  // The cheaper way round for a route (links in travel order) that comes to the tail by its first
  // `to_tail` links and goes on from the head with its last `from_head`; no node twice. Its length
  // and its links, which are replaced. Empty and kFar: there is none, or not shorter than `below`
  // (loops that it would be cut by counted). O(length of the routes).
  double Around(std::span<const int32_t> route, size_t to_tail, size_t from_head, double below,
                std::vector<int32_t>* links);

 private:
  const MeshProblem& problem_;
  TreeSearch from_tail_, to_head_;
  std::span<const double> length_;
  int32_t tail_ = 0, head_ = 0;
  std::vector<int32_t> place_;  // of CutLoops
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_PIVOT_SEARCH_H_
