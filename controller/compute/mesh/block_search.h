// Private to this folder. The best answer of one source's traffic to prices: all of it on the
// shortest-path tree.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_BLOCK_SEARCH_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_BLOCK_SEARCH_H_

#include <cstdint>
#include <span>
#include <vector>

#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/soft_max.h"
#include "controller/compute/mesh/tree_search.h"

namespace waymark {

// Working memory of one source at a time; one a thread.
class BlockSearch {
 public:
  BlockSearch(const MeshProblem& problem, const MeshGraph& graph);

  // All of the source's demands on its shortest-path tree; those that lead nowhere are left out.
  // The flow by link is all(). `demands` have one source.
  void RouteOnTree(std::span<const MeshDemand> demands, std::span<const double> length);
  std::span<const double> all() const { return all_; }
  const TreeSearch& tree() const { return tree_; }
  const TreeSearch& Tree(int32_t source, std::span<const double> length) {
    tree_.Run(source, length);
    return tree_;
  }

  // From `row`, the source's present flow, to all().
  void SetDirection(std::span<const double> row, std::span<const double> inverse);
  const FlowDirection& direction() const { return direction_; }

 private:
  const MeshProblem& problem_;
  TreeSearch tree_;
  std::vector<double> through_;  // what passes a node, or ends there
  std::vector<double> all_;
  FlowDirection direction_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_BLOCK_SEARCH_H_
