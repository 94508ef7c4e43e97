// Private to this folder. What the bounds of a problem on delay, hops and stretch mean for each of
// its pairs, and the cheapest routes that keep them.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_ROUTE_BOUNDS_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_ROUTE_BOUNDS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/tree_search.h"

namespace waymark {

// Computed once for a problem; immutable, and safe from several threads then. Memory: 12 bytes *
// ends of demands * nodes, nothing without bounds.
class RouteBounds {
 public:
  // RESOURCE_EXHAUSTED when there are bounds and ends of demands x nodes are more than 2^27.
  static absl::Status CheckMemory(const MeshProblem& problem);

  static constexpr int32_t kAnyHops = INT32_MAX;

  // O(ends * (n + m) log n); with delay and hops both bounded also one search a source. `problem`
  // must outlive this.
  explicit RouteBounds(const MeshProblem& problem);

  bool any() const { return problem_.bounded(); }
  // The most that a route of the demand may have. Delays have a billionth of slack, since sums
  // depend on their order.
  double delay(size_t demand) const { return delay_[demand]; }  // infinite: no bound
  int32_t hops() const { return hops_; }                        // kAnyHops: no bound
  bool Keeps(size_t demand, std::span<const int32_t> links) const;

  // Demands with rate > 0 that have no way at all, or none within the bounds. Both ascending.
  const std::vector<int32_t>& no_way() const { return no_way_; }
  const std::vector<int32_t>& out_of_bound() const { return out_of_bound_; }
  // In neither list (whatever its rate).
  bool feasible(size_t demand) const { return feasible_[demand]; }

  // From a node to the demand's end, at the least. Only with bounds.
  double delay_to_end(size_t demand, int32_t node) const { return to_delay_[Cell(demand, node)]; }
  int32_t hops_to_end(size_t demand, int32_t node) const { return to_hops_[Cell(demand, node)]; }

 private:
  void MeasureWays();
  void FindFeasible();
  size_t Cell(size_t demand, int32_t node) const {
    return static_cast<size_t>(end_[demand]) * static_cast<size_t>(problem_.node_count) +
           static_cast<size_t>(node);
  }

  const MeshProblem& problem_;
  const int32_t hops_;
  std::vector<int32_t> end_;  // by demand: which of the ends
  std::vector<double> delay_, to_delay_;
  std::vector<int32_t> to_hops_;
  std::vector<bool> feasible_;
  std::vector<int32_t> no_way_, out_of_bound_;
};

// The cheapest route of each demand of one source that keeps its bounds. A shortest-path tree
// answers for all whose way on it keeps them; for the others together one label-setting search with
// dominance over (cost, delay, hops) (Desrochers and Soumis 1988), in order of cost, which leaves
// out what cannot reach any of their ends in time. Working memory of one search at a time; one a
// thread.
class BoundedSearch {
 public:
  // All must outlive this.
  BoundedSearch(const MeshProblem& problem, const MeshGraph& graph, const RouteBounds& bounds);

  // For the demands from `first` up to `end`, which have one source, under `length` (by link, >= 0;
  // infinite: not that one). Exact, but for what is over 2 million labels: there distance() is a
  // lower bound, and no route is given.
  void Run(size_t first, size_t end, std::span<const double> length);

  // Infinite: there is none.
  double distance(size_t demand) const { return distance_[demand - first_]; }
  // False: there is none, or the search was too hard.
  bool RouteTo(size_t demand, std::vector<int32_t>* links) const;

 private:
  static constexpr int32_t kOnTree = -1, kNone = -2;
  struct Label {
    double cost, delay;
    int32_t hops, node, parent, link;
  };
  struct Open {
    double cost;
    int32_t label;
    // A heap's greatest is what comes first.
    bool operator<(const Open& other) const {
      return cost != other.cost ? cost > other.cost : label > other.label;
    }
  };
  struct Spent {
    double delay;
    int32_t hops;
  };

  void MeasureTree();
  void SetLatest();
  void SearchLabels(std::span<const double> length);
  void Expand(int32_t label, std::span<const double> length);
  bool Dominated(const Label& label) const;
  void Push(const Label& label);

  const MeshProblem& problem_;
  const MeshGraph& graph_;
  const RouteBounds& bounds_;
  TreeSearch tree_;
  size_t first_ = 0;
  std::vector<double> distance_;    // by demand
  std::vector<int32_t> label_;      // by demand: of its route, or kOnTree, kNone
  std::vector<int32_t> wanted_;     // demands whose way on the tree is out of bounds
  std::vector<int32_t> wanted_at_;  // by node: such a demand that ends there and has no label; -1
  std::vector<Spent> on_tree_, latest_;    // by node
  std::vector<std::vector<Spent>> front_;  // by node: of the labels settled there
  std::vector<int32_t> touched_;
  std::vector<Label> labels_;
  std::vector<Open> heap_;
};

// The cheapest route of one demand at a time, with or without bounds.
class RouteFinder {
 public:
  // `bounds` null: none. All must outlive this.
  RouteFinder(const MeshProblem& problem, const MeshGraph& graph, const RouteBounds* bounds);

  // False: there is none, or the search was too hard. `length` as BoundedSearch::Run has it.
  bool Find(size_t demand, std::span<const double> length, std::vector<int32_t>* links);

 private:
  const MeshProblem& problem_;
  std::optional<BoundedSearch> bounded_;
  std::optional<TreeSearch> tree_;
};

// From `from` to `to` on the tree found last; `to` must be in it. The links in travel order.
void LinksOnTree(const MeshProblem& problem, const TreeSearch& tree, int32_t from, int32_t to,
                 std::vector<int32_t>* links);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_ROUTE_BOUNDS_H_
