// The cheapest path under a delay bound and a hop bound: the resource-constrained shortest path
// problem, solved exactly by label setting with dominance (Desrochers and Soumis 1988), directed by
// lower bounds from reverse Dijkstra searches (A*, Hart, Nilsson, Raphael 1968).
#ifndef WAYMARK_CONTROLLER_COMPUTE_CONSTRAINED_PATH_H_
#define WAYMARK_CONTROLLER_COMPUTE_CONSTRAINED_PATH_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "controller/compute/min_heap.h"
#include "controller/compute/search_graph.h"

namespace waymark {

struct PathResult {
  Outcome outcome = Outcome::kInfeasible;
  ComputedPath path;  // set when kFound
};

// Labels that one search may settle before it gives up. The problem is NP-hard in theory; carrier
// networks need some thousands.
inline constexpr int64_t kDefaultLabelBudget = 2'000'000;

// The least path by (metric, link numbers) from `from` to `to` that keeps the graph's bounds. Both
// ends must be nodes of the snapshot; from == to is kInfeasible (a path has a link). Never
// overflows: a least way of more than kMostHopsOnPaper hops is not followed, and where that leaves
// no path the answer is kBudgetSpent. Without bounds that bind, one Dijkstra: O((n + m) log n).
// With them, in the labels settled, at most `label_budget`. `stop` is asked now and then where the
// bounds bind; once true, the answer is kBudgetSpent.
PathResult CheapestPath(const SearchGraph& graph, NodeId from, NodeId to,
                        int64_t label_budget = kDefaultLabelBudget,
                        const std::function<bool()>& stop = {});

// Least cost from `from` to every node; kNoPathCost: none. One Dijkstra.
std::vector<PathCost> CostsFrom(const SearchGraph& graph, NodeId from);

// The answer of CheapestPath(graph, from, to). `costs` are those of CostsFrom(other, from), where
// `other` is `graph` or one in which no link costs more: they lead the search (A*, Hart, Nilsson,
// Raphael 1968) from the target straight to `from`. Where bounds bind it falls back to
// CheapestPath.
PathResult CheapestPathLedBy(std::span<const PathCost> costs, const SearchGraph& graph, NodeId from,
                             NodeId to);

// What a single search must not use, and where it starts.
struct PathRestriction {
  const std::vector<bool>* banned_links = nullptr;  // by link number; null: none
  const std::vector<bool>* banned_nodes = nullptr;  // by node number; null: none
  // Metric spent before `from`: counts against the bounds and is part of the result's metric.
  Metric spent;
};

// Many searches towards one target over one graph: the lower bounds are computed once. Not
// thread-safe.
class PathSearch {
 public:
  // O((n + m) log n). Keeps a reference to `graph`, which must not change. `stop` is asked every
  // few thousand labels; once true, a search ends soon with kBudgetSpent. Empty: never.
  PathSearch(const SearchGraph& graph, NodeId to, std::function<bool()> stop = {});

  // As CheapestPath. The path holds only the links from `from` on. Without restriction, and where
  // the bounds do not bind: O(hops).
  PathResult Run(NodeId from, const PathRestriction& restriction = {},
                 int64_t label_budget = kDefaultLabelBudget);

  // Least metric to the target ignoring the bounds; cost kUnreachable when there is none.
  Metric LowerBound(NodeId node) const;
  const SearchGraph& graph() const { return *graph_; }
  NodeId target() const { return to_; }

  // The tree of those least paths. kNoPathCost: none.
  PathCost CostToTarget(NodeId node) const { return to_target_[Index(node)]; }
  LinkId NextLink(NodeId node) const { return next_[Index(node)]; }
  // Appends the tree's links from `from` to the target, which must be reachable.
  void AppendTreePath(NodeId from, std::vector<LinkId>* links) const;
  bool MeetsBounds(PathCost cost) const {
    return DelayOf(cost) <= graph_->max_delay_ns() && HopsOf(cost) <= graph_->max_hops();
  }

 private:
  struct Label;
  class LabelQueue;
  struct Open {
    PathCost total;  // least that a path by way of this node can cost
    int32_t node;
    int32_t hops;  // from the start
  };
  struct OpenLess {
    bool operator()(const Open& a, const Open& b) const {
      if (a.total != b.total) return a.total < b.total;
      return a.hops < b.hops;
    }
  };

  // Least path by the restriction alone.
  PathResult Unbounded(NodeId from, const PathRestriction& restriction, int64_t* label_budget);
  PathResult Bounded(NodeId from, const PathRestriction& restriction, int64_t* label_budget);
  bool Settle(NodeId from, const PathRestriction& restriction, int64_t* label_budget);
  std::vector<LinkId> LeastOfTies(NodeId from, const PathRestriction& restriction);
  void ComputeBounds();

  const SearchGraph* graph_;
  NodeId to_;
  std::function<bool()> stop_;
  std::vector<PathCost> to_target_;
  std::vector<LinkId> next_;
  // Least delay alone and fewest hops alone; empty until a search needs them.
  std::vector<int64_t> delay_to_target_, hops_to_target_;

  // Some way was longer than kMostHopsOnPaper, and was not followed: none is then no proof.
  bool too_long_ = false;

  // Working memory of Unbounded: valid where the mark is this search's.
  uint32_t search_ = 0;
  std::vector<uint32_t> seen_, settled_, leads_;
  std::vector<PathCost> spent_;
  MinHeap<Open, OpenLess> open_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_CONSTRAINED_PATH_H_
