// Private to this folder. Shortest-path trees under prices that change all the time.
//
// Dijkstra 1959 over compressed sparse rows with a 4-ary heap. Lengths are read by link number, so
// that a change of price costs one store.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_TREE_SEARCH_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_TREE_SEARCH_H_

#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "controller/compute/mesh/problem.h"

namespace waymark {

// The links that have capacity, by their tails; or backwards: by their heads, so that trees lead to
// their root. Immutable.
class MeshGraph {
 public:
  enum class Direction { kForwards, kBackwards };
  explicit MeshGraph(const MeshProblem& problem, Direction direction = Direction::kForwards);

  struct Arc {
    int32_t node;  // the head; backwards: the tail
    int32_t link;
  };
  int32_t node_count() const { return static_cast<int32_t>(begin_.size()) - 1; }
  std::span<const Arc> out(int32_t node) const {
    const size_t first = static_cast<size_t>(begin_[node]);
    return std::span(arcs_).subspan(first, static_cast<size_t>(begin_[node + 1]) - first);
  }

 private:
  std::vector<int32_t> begin_;  // nodes + 1
  std::vector<Arc> arcs_;
};

// Working memory of one search at a time; one a thread. It asks for all of it where it is made: on
// another thread, the first large block may have to wait for an allocator that tidies up what was
// freed there. Copies ask for it when they run.
class TreeSearch {
 public:
  static constexpr double kFar = std::numeric_limits<double>::infinity();

  explicit TreeSearch(const MeshGraph& graph);

  // The tree from `source` under `length` (by link, >= 0). Of several shortest paths, one that
  // depends on lengths and numbers alone. O((n + m) log n).
  void Run(int32_t source, std::span<const double> length) { RunTo(source, length, {}); }

  // The same, but it ends once it knows the ways to all of `ends`: others are not in order(), and
  // have perhaps too great a distance. Without ends: all are found.
  void RunTo(int32_t source, std::span<const double> length, std::span<const int32_t> ends);

  double distance(int32_t node) const { return distance_[node]; }     // kFar: no way
  int32_t last_link(int32_t node) const { return last_link_[node]; }  // -1: the source, or no way
  // The nodes of the tree, each after its parent; the source first.
  std::span<const int32_t> order() const { return order_; }

 private:
  struct Entry {
    double distance;
    int32_t node;
  };
  // A 4-ary heap in which a node stands once and rises when its distance falls: most do not fall
  // twice, and stale entries would cost a way down each.
  void Raise(size_t hole, Entry entry);
  Entry PopLeast();

  const MeshGraph& graph_;
  std::vector<double> distance_;
  std::vector<int32_t> last_link_, order_;
  std::vector<Entry> heap_;
  std::vector<int32_t> place_;  // by node: in heap_; meaningless unless it is there
  std::vector<bool> wanted_;    // by node: of the ends, not found yet
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_TREE_SEARCH_H_
