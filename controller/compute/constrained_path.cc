#include "controller/compute/constrained_path.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "controller/compute/label_links.h"

namespace waymark {
namespace {

constexpr int64_t kNever = std::numeric_limits<int64_t>::max() / 2;

bool Banned(const std::vector<bool>* set, int32_t index) { return set != nullptr && (*set)[index]; }

struct TreeEntry {
  PathCost cost;
  int32_t node;
  bool operator<(const TreeEntry& other) const { return cost < other.cost; }
};

// What a cost can count (path_cost.h).
bool IsLongest(PathCost cost) { return HopsOf(cost) >= kMostHopsOnPaper; }

// Least cost from every node to `to`, and the first link of that path: the one of least number
// where several tie. Since every link costs something, all ties of a node are seen before anything
// behind it, and the path by `next` has the least link numbers, first hop first.
void ReverseTree(const SearchGraph& graph, NodeId to, std::vector<PathCost>* cost,
                 std::vector<LinkId>* next, bool* too_long) {
  const size_t nodes = graph.snapshot().nodes().size();
  cost->assign(nodes, kNoPathCost);
  next->assign(nodes, LinkId::kNone);
  if (!graph.NodeUsable(to)) return;
  MinHeap<TreeEntry> queue;
  (*cost)[Index(to)] = 0;
  queue.Push({0, Index(to)});
  while (!queue.empty()) {
    const TreeEntry top = queue.Pop();
    if (top.cost != (*cost)[top.node]) continue;
    if (IsLongest(top.cost)) {
      *too_long = true;
      continue;
    }
    for (const SearchGraph::Arc& arc : graph.in_arcs(static_cast<NodeId>(top.node))) {
      const PathCost through = top.cost + arc.cost;
      PathCost& best = (*cost)[Index(arc.node)];
      if (through > best) continue;
      LinkId& first = (*next)[Index(arc.node)];
      if (through == best) {
        first = std::min(first, arc.link);
        continue;
      }
      best = through;
      first = arc.link;
      queue.Push({through, Index(arc.node)});
    }
  }
}

// The part of ReverseTree that `from` needs: what lies on least paths from `from`. False if there
// is none, or it is longer than a cost can count. With equal sums the node nearer to the target
// comes first, so that all ties behind a node are seen before it.
bool LedTree(std::span<const PathCost> lead, const SearchGraph& graph, NodeId from, NodeId to,
             std::vector<PathCost>* cost, std::vector<LinkId>* next) {
  struct Entry {
    PathCost sum, cost;
    int32_t node;
    bool operator<(const Entry& other) const {
      return sum != other.sum ? sum < other.sum : cost < other.cost;
    }
  };
  const size_t nodes = graph.snapshot().nodes().size();
  cost->assign(nodes, kNoPathCost);
  next->assign(nodes, LinkId::kNone);
  if (!graph.NodeUsable(to) || lead[Index(to)] == kNoPathCost) return false;
  MinHeap<Entry> queue;
  (*cost)[Index(to)] = 0;
  queue.Push({lead[Index(to)], 0, Index(to)});
  while (!queue.empty()) {
    const Entry top = queue.Pop();
    if (top.cost != (*cost)[top.node]) continue;
    if (top.node == Index(from)) return true;
    if (IsLongest(top.cost)) return false;
    for (const SearchGraph::Arc& arc : graph.in_arcs(static_cast<NodeId>(top.node))) {
      const int32_t node = Index(arc.node);
      const PathCost through = top.cost + arc.cost;
      if (lead[node] == kNoPathCost || through > (*cost)[node]) continue;
      if (through == (*cost)[node]) {
        (*next)[node] = std::min((*next)[node], arc.link);
        continue;
      }
      (*cost)[node] = through;
      (*next)[node] = arc.link;
      queue.Push({through + lead[node], through, node});
    }
  }
  return false;
}

// Least delay from every node to `to`; kNever where there is no path, or none within the bound.
std::vector<int64_t> LeastDelays(const SearchGraph& graph, NodeId to) {
  std::vector<int64_t> least(graph.snapshot().nodes().size(), kNever);
  MinHeap<std::pair<int64_t, int32_t>> queue;
  least[Index(to)] = 0;
  queue.Push({0, Index(to)});
  while (!queue.empty()) {
    const auto [so_far, node] = queue.Pop();
    if (so_far != least[node]) continue;
    for (const SearchGraph::Arc& arc : graph.in_arcs(static_cast<NodeId>(node))) {
      const int64_t through = so_far + DelayOf(arc.cost);
      if (through >= least[Index(arc.node)] || through > graph.max_delay_ns()) continue;
      least[Index(arc.node)] = through;
      queue.Push({through, Index(arc.node)});
    }
  }
  return least;
}

// Fewest hops from every node to `to`, breadth first; kNever where there is no path.
std::vector<int64_t> FewestHops(const SearchGraph& graph, NodeId to) {
  std::vector<int64_t> fewest(graph.snapshot().nodes().size(), kNever);
  std::vector<NodeId> order = {to};
  fewest[Index(to)] = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    for (const SearchGraph::Arc& arc : graph.in_arcs(order[i])) {
      if (fewest[Index(arc.node)] != kNever) continue;
      fewest[Index(arc.node)] = fewest[Index(order[i])] + 1;
      order.push_back(arc.node);
    }
  }
  return fewest;
}

}  // namespace

// Labels between two looks at whether to go on: about a millisecond. Without bounds that bind, a
// search settles each node once and is over before that.
constexpr int64_t kLabelStride = 4'096;

struct PathSearch::Label {
  PathCost spent;  // from the start to `node`
  PathCost total;  // spent + lower bound to the target
  NodeId node;
  LinkId link;     // into `node`; kNone at the start
  int32_t parent;  // index of a settled label; -1 at the start
};

// Labels by (total, hops spent, link numbers). Among labels of equal total those with fewer hops
// come first, so that when a label is settled every label that ties with it at its node is in the
// queue already: the first of them has the least link numbers, and its parents are final.
class PathSearch::LabelQueue {
 public:
  LabelQueue() : heap_(Less{this}) {}

  void Push(const Label& label) {
    labels_.push_back(label);
    heap_.Push(static_cast<int32_t>(labels_.size() - 1));
  }
  int32_t Pop() { return heap_.Pop(); }
  bool empty() const { return heap_.empty(); }
  const Label& at(int32_t index) const { return labels_[index]; }

  std::vector<LinkId> Links(int32_t index) const { return LabelLinks(labels_, index); }

 private:
  struct Less {
    const LabelQueue* queue;
    bool operator()(int32_t a, int32_t b) const {
      const Label& x = queue->labels_[a];
      const Label& y = queue->labels_[b];
      if (x.total != y.total) return x.total < y.total;
      const int64_t x_hops = HopsOf(x.spent), y_hops = HopsOf(y.spent);
      return x_hops != y_hops ? x_hops < y_hops : LabelLinksLess(queue->labels_, a, b);
    }
  };

  std::vector<Label> labels_;
  MinHeap<int32_t, Less> heap_;
};

namespace {

// The labels settled at each node. They come in growing order of cost, so a later one is worth
// keeping only for what the bounds still see: less delay or fewer hops.
class Settled {
 public:
  explicit Settled(size_t nodes) : last_(nodes, -1) {}

  // False when an earlier label of the node dominates.
  bool Admit(NodeId node, PathCost spent) {
    if (Dominated(node, spent)) return false;
    int32_t& last = last_[Index(node)];
    kept_.push_back({DelayOf(spent), HopsOf(spent), last});
    last = static_cast<int32_t>(kept_.size() - 1);
    return true;
  }
  bool Dominated(NodeId node, PathCost spent) const {
    for (int32_t i = last_[Index(node)]; i >= 0; i = kept_[i].before) {
      if (kept_[i].delay_ns <= DelayOf(spent) && kept_[i].hops <= HopsOf(spent)) return true;
    }
    return false;
  }

 private:
  struct Kept {
    int64_t delay_ns, hops;
    int32_t before;  // the one kept before at the same node; -1: none
  };
  std::vector<int32_t> last_;  // by node; -1: none
  std::vector<Kept> kept_;
};

}  // namespace

PathSearch::PathSearch(const SearchGraph& graph, NodeId to, std::function<bool()> stop)
    : graph_(&graph), to_(to), stop_(std::move(stop)) {
  ReverseTree(graph, to, &to_target_, &next_, &too_long_);
}

Metric PathSearch::LowerBound(NodeId node) const {
  const PathCost cost = CostToTarget(node);
  if (cost == kNoPathCost) return {kUnreachable, kUnreachable, kUnreachable};
  return SearchGraph::MetricOf(cost);
}

void PathSearch::AppendTreePath(NodeId from, std::vector<LinkId>* links) const {
  for (NodeId node = from; node != to_; node = graph_->snapshot().link(links->back()).target) {
    links->push_back(NextLink(node));
  }
}

void PathSearch::ComputeBounds() {
  if (!delay_to_target_.empty()) return;
  delay_to_target_ = LeastDelays(*graph_, to_);
  hops_to_target_ = FewestHops(*graph_, to_);
}

PathResult PathSearch::Run(NodeId from, const PathRestriction& restriction, int64_t label_budget) {
  PathResult result;
  if (from == to_) return result;
  if (CostToTarget(from) == kNoPathCost) {
    if (too_long_) result.outcome = Outcome::kBudgetSpent;
    return result;
  }
  // The bounds seldom bind: the unbounded search is cheap, and its answer, when it keeps them, is
  // the answer.
  PathResult unbounded = Unbounded(from, restriction, &label_budget);
  if (unbounded.outcome != Outcome::kFound ||
      MeetsBounds(SearchGraph::CostOf(unbounded.path.metric))) {
    return unbounded;
  }
  ComputeBounds();
  return Bounded(from, restriction, &label_budget);
}

PathResult PathSearch::Unbounded(NodeId from, const PathRestriction& restriction,
                                 int64_t* label_budget) {
  PathResult result;
  const bool restricted =
      restriction.banned_links != nullptr || restriction.banned_nodes != nullptr;
  if (!restricted) {
    AppendTreePath(from, &result.path.links);
    *label_budget -= static_cast<int64_t>(result.path.links.size());
    if (*label_budget < 0) return {.outcome = Outcome::kBudgetSpent, .path = {}};
    result.path.metric =
        SearchGraph::MetricOf(SearchGraph::CostOf(restriction.spent) + CostToTarget(from));
  } else {
    if (!Settle(from, restriction, label_budget)) {
      if (*label_budget < 0 || too_long_) result.outcome = Outcome::kBudgetSpent;
      return result;
    }
    result.path.metric = SearchGraph::MetricOf(spent_[Index(to_)]);
    result.path.links = LeastOfTies(from, restriction);
  }
  result.outcome = Outcome::kFound;
  return result;
}

// A* from `from`; the lower bounds are consistent, so each node is settled once. Of equal totals
// the one with fewer hops comes first: then every node on any least path is settled when the target
// is.
bool PathSearch::Settle(NodeId from, const PathRestriction& restriction, int64_t* label_budget) {
  if (spent_.empty()) {
    const size_t nodes = to_target_.size();
    spent_.resize(nodes);
    for (auto* marks : {&seen_, &settled_, &leads_}) marks->assign(nodes, 0);
  }
  ++search_;
  open_.clear();
  spent_[Index(from)] = SearchGraph::CostOf(restriction.spent);
  seen_[Index(from)] = search_;
  open_.Push({spent_[Index(from)] + CostToTarget(from), Index(from), 0});
  while (!open_.empty()) {
    const Open top = open_.Pop();
    if (settled_[top.node] == search_) continue;
    settled_[top.node] = search_;
    if (top.node == Index(to_)) return true;
    if (--*label_budget < 0) return false;
    const PathCost spent = spent_[top.node];
    if (IsLongest(spent)) {
      too_long_ = true;
      continue;
    }
    for (const SearchGraph::Arc& arc : graph_->out_arcs(static_cast<NodeId>(top.node))) {
      const int32_t next = Index(arc.node);
      if (settled_[next] == search_ || to_target_[next] == kNoPathCost ||
          Banned(restriction.banned_links, Index(arc.link)) ||
          Banned(restriction.banned_nodes, next)) {
        continue;
      }
      const PathCost through = spent + arc.cost;
      if (seen_[next] == search_ && spent_[next] <= through) continue;
      seen_[next] = search_;
      spent_[next] = through;
      open_.Push({through + to_target_[next], next, static_cast<int32_t>(HopsOf(through))});
    }
  }
  return false;
}

// Of the least paths that Settle has found, the one whose link numbers are least: walks back from
// the target over links that lie on one, then forward by the first of them at each node.
std::vector<LinkId> PathSearch::LeastOfTies(NodeId from, const PathRestriction& restriction) {
  std::vector<NodeId> back = {to_};
  leads_[Index(to_)] = search_;
  const auto on_least = [&](PathCost before, const SearchGraph::Arc& arc, PathCost after) {
    return before + arc.cost == after && !Banned(restriction.banned_links, Index(arc.link));
  };
  while (!back.empty()) {
    const NodeId node = back.back();
    back.pop_back();
    for (const SearchGraph::Arc& arc : graph_->in_arcs(node)) {
      const int32_t source = Index(arc.node);
      if (settled_[source] != search_ || leads_[source] == search_ ||
          !on_least(spent_[source], arc, spent_[Index(node)])) {
        continue;
      }
      leads_[source] = search_;
      back.push_back(arc.node);
    }
  }
  std::vector<LinkId> links;
  for (NodeId node = from; node != to_;) {
    for (const SearchGraph::Arc& arc : graph_->out_arcs(node)) {
      if (leads_[Index(arc.node)] != search_ ||
          !on_least(spent_[Index(node)], arc, spent_[Index(arc.node)])) {
        continue;
      }
      links.push_back(arc.link);
      node = arc.node;
      break;
    }
  }
  return links;
}

PathResult PathSearch::Bounded(NodeId from, const PathRestriction& restriction,
                               int64_t* label_budget) {
  PathResult result;
  LabelQueue queue;
  Settled settled(to_target_.size());
  const PathCost start = SearchGraph::CostOf(restriction.spent);
  queue.Push({start, start + CostToTarget(from), from, LinkId::kNone, -1});
  while (!queue.empty()) {
    const int32_t index = queue.Pop();
    const Label label = queue.at(index);
    if (!settled.Admit(label.node, label.spent)) continue;
    if (--*label_budget < 0 || (*label_budget % kLabelStride == 0 && stop_ && stop_())) {
      result.outcome = Outcome::kBudgetSpent;
      return result;
    }
    if (label.node == to_) {
      result.outcome = Outcome::kFound;
      result.path = {queue.Links(index), SearchGraph::MetricOf(label.spent)};
      return result;
    }
    for (const SearchGraph::Arc& arc : graph_->out_arcs(label.node)) {
      const int32_t next = Index(arc.node);
      if (Banned(restriction.banned_links, Index(arc.link)) ||
          Banned(restriction.banned_nodes, next) || to_target_[next] == kNoPathCost) {
        continue;
      }
      const PathCost spent = label.spent + arc.cost;
      if (DelayOf(spent) + delay_to_target_[next] > graph_->max_delay_ns() ||
          HopsOf(spent) + hops_to_target_[next] > graph_->max_hops() ||
          settled.Dominated(arc.node, spent)) {
        continue;
      }
      queue.Push({spent, spent + to_target_[next], arc.node, arc.link, index});
    }
  }
  return result;
}

PathResult CheapestPath(const SearchGraph& graph, NodeId from, NodeId to, int64_t label_budget,
                        const std::function<bool()>& stop) {
  return PathSearch(graph, to, stop).Run(from, {}, label_budget);
}

std::vector<PathCost> CostsFrom(const SearchGraph& graph, NodeId from) {
  std::vector<PathCost> cost(graph.snapshot().nodes().size(), kNoPathCost);
  if (!graph.NodeUsable(from)) return cost;
  MinHeap<TreeEntry> queue;
  cost[Index(from)] = 0;
  queue.Push({0, Index(from)});
  while (!queue.empty()) {
    const TreeEntry top = queue.Pop();
    if (top.cost != cost[top.node] || IsLongest(top.cost)) continue;
    for (const SearchGraph::Arc& arc : graph.out_arcs(static_cast<NodeId>(top.node))) {
      const PathCost through = top.cost + arc.cost;
      if (through >= cost[Index(arc.node)]) continue;
      cost[Index(arc.node)] = through;
      queue.Push({through, Index(arc.node)});
    }
  }
  return cost;
}

PathResult CheapestPathLedBy(std::span<const PathCost> costs, const SearchGraph& graph, NodeId from,
                             NodeId to) {
  std::vector<PathCost> cost;
  std::vector<LinkId> next;
  if (from == to || !LedTree(costs, graph, from, to, &cost, &next)) {
    return CheapestPath(graph, from, to);
  }
  const PathCost least = cost[Index(from)];
  if (DelayOf(least) > graph.max_delay_ns() || HopsOf(least) > graph.max_hops()) {
    return CheapestPath(graph, from, to);
  }
  PathResult result{.outcome = Outcome::kFound, .path = {}};
  for (NodeId node = from; node != to;) {
    result.path.links.push_back(next[Index(node)]);
    node = graph.snapshot().link(result.path.links.back()).target;
  }
  result.path.metric = SearchGraph::MetricOf(least);
  return result;
}

}  // namespace waymark
