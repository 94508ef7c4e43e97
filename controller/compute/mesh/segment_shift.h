// Private to this folder. Brings the flow of one source near its equilibrium under prices that
// answer at once.
//
// Wherever flow enters a node other than by the present shortest-path tree, the way it came is
// followed back over the links that carry most, to where it leaves the tree's path to that node:
// two segments between the same two nodes. Flow is moved from the dearer one to the tree's until
// their prices meet or it has none left (pairs of alternative segments: Bar-Gera 2010, "Traffic
// assignment by paired alternative segments"). Each shift is an exact line search over a few links,
// so one pair is not held up by another as in a step of the whole flow.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_SEGMENT_SHIFT_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_SEGMENT_SHIFT_H_

#include <cstdint>
#include <span>
#include <vector>

#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/segment_pairs.h"
#include "controller/compute/mesh/soft_max.h"
#include "controller/compute/mesh/tree_search.h"

namespace waymark {

class SegmentShift {
 public:
  explicit SegmentShift(const MeshProblem& problem);

  // `row`: the source's flow by link, changed in place as are the loads in `soft_max`. `tree`: the
  // source's under the prices, or nearly. What is less than `tolerance` dearer, relatively, stays.
  // What was shifted between goes into `pairs` (null: not asked for) as `source`'s. O(m + links off
  // the tree * hops).
  void Run(const TreeSearch& tree, double tolerance, std::span<double> row, SoftMax* soft_max,
           SegmentPairs* pairs = nullptr, int32_t source = 0);

 private:
  enum class Found { kSegments, kCycle, kNothing };
  // Into segment_ (last link first), from `node` back by `link`.
  Found Follow(const TreeSearch& tree, int32_t node, int32_t link, std::span<const double> row);
  // False: nothing was.
  bool Shift(const TreeSearch& tree, int32_t node, std::span<double> row, SoftMax* soft_max);
  void CancelCycle(std::span<double> row, SoftMax* soft_max);

  const MeshProblem& problem_;
  std::vector<int32_t> in_begin_, in_links_;
  std::vector<int32_t> on_tree_path_, visited_;  // by node: equal to mark_ if it is
  int32_t mark_ = 0;
  std::vector<int32_t> segment_;
  size_t cycle_begin_ = 0;  // of segment_, where Follow found a cycle
  FlowDirection direction_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_SEGMENT_SHIFT_H_
