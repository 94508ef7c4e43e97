#include "controller/compute/k_shortest.h"

#include <algorithm>
#include <set>
#include <utility>

namespace waymark {
namespace {

// Of one query: a subspace takes some hundred bytes.
constexpr int64_t kMostSubspaces = 200'000;

// A subspace of paths: those that begin with the links of `path` up to `deviation` and then leave
// by none of `forbidden`. `path` is the least of them once `exact`; before, `cost` is a lower bound
// and `path` holds the common beginning alone. Most subspaces are never asked for more.
struct Subspace {
  PathCost cost = 0;
  bool exact = false;
  std::vector<LinkId> links;
  size_t deviation = 0;
  std::vector<LinkId> forbidden;  // out of the deviation node

  // Bounds before paths of the same cost: what they stand for may come earlier in order.
  friend bool operator<(const Subspace& a, const Subspace& b) {
    if (a.cost != b.cost) return a.cost < b.cost;
    if (a.exact != b.exact) return !a.exact;
    if (a.links != b.links) return a.links < b.links;
    return a.forbidden < b.forbidden;
  }
};

class Yen {
 public:
  Yen(PathSearch& search, NodeId from, int64_t label_budget, const std::function<bool()>& stop)
      : search_(search),
        graph_(search.graph()),
        from_(from),
        label_budget_(label_budget),
        stop_(stop),
        explorations_left_(std::min<int64_t>(label_budget, kMostSubspaces)),
        banned_links_(graph_.snapshot().links().size(), false),
        banned_nodes_(graph_.snapshot().nodes().size(), false) {}

  KShortestResult Run(size_t k) {
    KShortestResult result;
    if (k == 0 || from_ == search_.target()) return result;
    Explore({});
    while (result.paths.size() < k && !subspaces_.empty() && !budget_spent_) {
      if (stop_ && stop_()) {
        budget_spent_ = true;
        break;
      }
      Subspace best = std::move(subspaces_.extract(subspaces_.begin()).value());
      if (!best.exact) {
        Solve(std::move(best));
        continue;
      }
      result.paths.push_back({best.links, SearchGraph::MetricOf(best.cost)});
      if (result.paths.size() < k) Split(best);
    }
    // A subspace that was given up might have held the next path: what follows can't be trusted.
    result.outcome = budget_spent_          ? Outcome::kBudgetSpent
                     : result.paths.empty() ? Outcome::kInfeasible
                                            : Outcome::kFound;
    return result;
  }

 private:
  // The rest of `best`'s subspace, parted by the place where a path leaves `best`.
  void Split(const Subspace& best) {
    for (size_t i = best.deviation; i < best.links.size(); ++i) {
      Subspace rest;
      rest.deviation = i;
      if (i == best.deviation) rest.forbidden = best.forbidden;
      rest.forbidden.push_back(best.links[i]);
      rest.links.assign(best.links.begin(), best.links.begin() + static_cast<ptrdiff_t>(i));
      Explore(std::move(rest));
    }
  }

  // Marks the nodes before the deviation and gives the deviation node and the cost up to it.
  std::pair<NodeId, PathCost> Ban(const Subspace& subspace, bool banned) {
    NodeId node = from_;
    PathCost cost = 0;
    for (size_t i = 0; i < subspace.deviation; ++i) {
      banned_nodes_[Index(node)] = banned;
      cost += graph_.LinkCost(subspace.links[i]);
      node = graph_.snapshot().link(subspace.links[i]).target;
    }
    for (const LinkId link : subspace.forbidden) banned_links_[Index(link)] = banned;
    return {node, cost};
  }

  // Enters a subspace with the cost of leaving by its best link and following the tree of least
  // paths: a lower bound, and when that path is allowed, the least path itself.
  void Explore(Subspace subspace) {
    if (--explorations_left_ < 0) {
      budget_spent_ = true;
      return;
    }
    const auto [spur, before] = Ban(subspace, true);
    const SearchGraph::Arc* least = nullptr;
    PathCost cost = kNoPathCost;
    for (const SearchGraph::Arc& arc : graph_.out_arcs(spur)) {
      const PathCost ahead = search_.CostToTarget(arc.node);
      if (ahead == kNoPathCost || banned_links_[Index(arc.link)] ||
          banned_nodes_[Index(arc.node)] || before + arc.cost + ahead >= cost) {
        continue;
      }
      cost = before + arc.cost + ahead;
      least = &arc;
    }
    if (least != nullptr) {
      subspace.cost = cost;
      subspace.exact = search_.MeetsBounds(cost) && TreeIsFree(spur, least->node);
      if (subspace.exact) {
        subspace.links.push_back(least->link);
        search_.AppendTreePath(least->node, &subspace.links);
      }
    }
    Ban(subspace, false);
    if (least != nullptr) subspaces_.insert(std::move(subspace));
  }

  bool TreeIsFree(NodeId spur, NodeId node) const {
    for (; node != search_.target(); node = graph_.snapshot().link(search_.NextLink(node)).target) {
      if (node == spur || banned_nodes_[Index(node)]) return false;
    }
    return true;
  }

  // The least path of a subspace, by search.
  void Solve(Subspace subspace) {
    const auto [spur, before] = Ban(subspace, true);
    const PathResult found = search_.Run(
        spur, {&banned_links_, &banned_nodes_, SearchGraph::MetricOf(before)}, label_budget_);
    Ban(subspace, false);
    budget_spent_ = budget_spent_ || found.outcome == Outcome::kBudgetSpent;
    if (found.outcome != Outcome::kFound) return;
    subspace.cost = SearchGraph::CostOf(found.path.metric);
    subspace.exact = true;
    subspace.links.insert(subspace.links.end(), found.path.links.begin(), found.path.links.end());
    subspaces_.insert(std::move(subspace));
  }

  PathSearch& search_;
  const SearchGraph& graph_;
  const NodeId from_;
  const int64_t label_budget_;
  const std::function<bool()>& stop_;
  int64_t explorations_left_;
  bool budget_spent_ = false;
  std::vector<bool> banned_links_, banned_nodes_;
  std::set<Subspace> subspaces_;
};

}  // namespace

KShortestResult KShortestPaths(const SearchGraph& graph, NodeId from, NodeId to, size_t k,
                               int64_t label_budget, const std::function<bool()>& stop) {
  PathSearch search(graph, to, stop);
  return KShortestPaths(search, from, k, label_budget, stop);
}

KShortestResult KShortestPaths(PathSearch& search, NodeId from, size_t k, int64_t label_budget,
                               const std::function<bool()>& stop) {
  return Yen(search, from, label_budget, stop).Run(k);
}

}  // namespace waymark
