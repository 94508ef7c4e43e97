#include "controller/compute/constrained_path.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

namespace waymark {
namespace {

constexpr Metric kNoPath{kUnreachable, kUnreachable, kUnreachable};

// Least metric from every node to `to`, of `project`ed link metrics.
template <typename Project>
std::vector<Metric> ReverseDijkstra(const SearchGraph& graph, NodeId to, Project project) {
  const Snapshot& snapshot = graph.snapshot();
  std::vector<Metric> best(snapshot.nodes().size(), kNoPath);
  if (!graph.NodeUsable(to)) return best;
  using Entry = std::pair<Metric, NodeId>;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
  best[Index(to)] = Metric{};
  queue.emplace(Metric{}, to);
  while (!queue.empty()) {
    const auto [metric, node] = queue.top();
    queue.pop();
    if (metric != best[Index(node)]) continue;
    for (const LinkId link : snapshot.in_links(node)) {
      if (!graph.LinkUsable(link)) continue;
      const NodeId source = snapshot.link(link).source;
      const Metric through = metric + project(graph.LinkMetric(link));
      if (through.cost >= kUnreachable || through >= best[Index(source)]) continue;
      best[Index(source)] = through;
      queue.emplace(through, source);
    }
  }
  return best;
}

}  // namespace

struct PathSearch::Label {
  Metric spent;  // from the start to `node`
  Metric total;  // spent + lower bound to the target
  NodeId node;
  LinkId link;     // into `node`; kNone at the start
  int32_t parent;  // index of a settled label; -1 at the start
};

// Labels by (total, hops spent, link numbers). Among labels of equal total those with fewer hops
// come first, so that when a label is settled every label that ties with it at its node is in the
// queue already: the first of them has the least link numbers, and its parents are final.
class PathSearch::Queue {
 public:
  void Push(const Label& label) {
    labels_.push_back(label);
    heap_.push_back(static_cast<int32_t>(labels_.size() - 1));
    std::push_heap(heap_.begin(), heap_.end(), After{this});
  }
  int32_t Pop() {
    std::pop_heap(heap_.begin(), heap_.end(), After{this});
    const int32_t top = heap_.back();
    heap_.pop_back();
    return top;
  }
  bool empty() const { return heap_.empty(); }
  const Label& at(int32_t index) const { return labels_[index]; }

  std::vector<LinkId> Links(int32_t index) const {
    std::vector<LinkId> links;
    for (; labels_[index].parent >= 0; index = labels_[index].parent) {
      links.push_back(labels_[index].link);
    }
    std::reverse(links.begin(), links.end());
    return links;
  }

 private:
  struct After {
    const Queue* queue;
    bool operator()(int32_t a, int32_t b) const { return queue->Less(b, a); }
  };

  bool Less(int32_t a, int32_t b) const {
    const Label& x = labels_[a];
    const Label& y = labels_[b];
    if (const auto order = x.total <=> y.total; order != 0) return order < 0;
    if (x.spent.hops != y.spent.hops) return x.spent.hops < y.spent.hops;
    return SequenceLess(a, b);
  }

  // Of two labels with equally many hops: at the first link in which they differ.
  bool SequenceLess(int32_t a, int32_t b) const {
    bool less = a < b;
    while (a != b && labels_[a].parent >= 0) {
      if (labels_[a].link != labels_[b].link) less = labels_[a].link < labels_[b].link;
      a = labels_[a].parent;
      b = labels_[b].parent;
    }
    return less;
  }

  std::vector<Label> labels_;
  std::vector<int32_t> heap_;
};

namespace {

// The labels settled at each node. They come in growing order of metric, so a later one is worth
// keeping only for what the bounds still see: less delay or fewer hops.
class Settled {
 public:
  Settled(size_t nodes, bool bounded) : bounded_(bounded), any_(nodes, false) {
    if (bounded) kept_.resize(nodes);
  }

  // False when an earlier label of the node dominates.
  bool Admit(NodeId node, const Metric& spent) {
    if (Dominated(node, spent)) return false;
    any_[Index(node)] = true;
    if (bounded_) kept_[Index(node)].emplace_back(spent.delay_ns, spent.hops);
    return true;
  }
  bool Dominated(NodeId node, const Metric& spent) const {
    if (!bounded_) return any_[Index(node)];
    const auto& kept = kept_[Index(node)];
    return std::any_of(kept.begin(), kept.end(), [&](const auto& earlier) {
      return earlier.first <= spent.delay_ns && earlier.second <= spent.hops;
    });
  }

 private:
  bool bounded_;
  std::vector<bool> any_;
  std::vector<std::vector<std::pair<int64_t, int64_t>>> kept_;
};

}  // namespace

PathSearch::PathSearch(const SearchGraph& graph, NodeId to)
    : graph_(&graph),
      to_(to),
      to_target_(ReverseDijkstra(graph, to, [](const Metric& metric) { return metric; })) {}

void PathSearch::ComputeBounds() {
  if (!delay_to_target_.empty()) return;
  const auto by_delay = ReverseDijkstra(*graph_, to_, [](const Metric& m) {
    return Metric{m.delay_ns, 0, 0};
  });
  const auto by_hops = ReverseDijkstra(*graph_, to_, [](const Metric& m) {
    return Metric{m.hops, 0, 0};
  });
  for (const Metric& metric : by_delay) delay_to_target_.push_back(metric.cost);
  for (const Metric& metric : by_hops) hops_to_target_.push_back(metric.cost);
}

bool PathSearch::MeetsBounds(const Metric& metric) const {
  return metric.delay_ns <= graph_->max_delay_ns() && metric.hops <= graph_->max_hops();
}

PathResult PathSearch::Run(NodeId from, const PathRestriction& restriction, int64_t label_budget) {
  // The bounds seldom bind: the unbounded search is cheap, and its answer, when it keeps them, is
  // the answer.
  PathResult unbounded = Search(from, restriction, /*bounded=*/false, &label_budget);
  if (unbounded.outcome != Outcome::kFound || MeetsBounds(unbounded.path.metric)) return unbounded;
  ComputeBounds();
  return Search(from, restriction, /*bounded=*/true, &label_budget);
}

PathResult PathSearch::Search(NodeId from, const PathRestriction& restriction, bool bounded,
                              int64_t* label_budget) {
  const Snapshot& snapshot = graph_->snapshot();
  const auto banned = [](const std::vector<bool>* set, int32_t index) {
    return set != nullptr && (*set)[index];
  };
  PathResult result;
  if (from == to_ || to_target_[Index(from)].cost >= kUnreachable) return result;
  Queue queue;
  Settled settled(snapshot.nodes().size(), bounded);
  queue.Push(
      {restriction.spent, restriction.spent + to_target_[Index(from)], from, LinkId::kNone, -1});
  while (!queue.empty()) {
    const int32_t index = queue.Pop();
    const Label label = queue.at(index);
    if (!settled.Admit(label.node, label.spent)) continue;
    if (--*label_budget < 0) {
      result.outcome = Outcome::kBudgetSpent;
      return result;
    }
    if (label.node == to_) {
      result.outcome = Outcome::kFound;
      result.path = {queue.Links(index), label.spent};
      return result;
    }
    for (const LinkId link : snapshot.out_links(label.node)) {
      const NodeId next = snapshot.link(link).target;
      if (!graph_->LinkUsable(link) || banned(restriction.banned_links, Index(link)) ||
          banned(restriction.banned_nodes, Index(next)) ||
          to_target_[Index(next)].cost >= kUnreachable) {
        continue;
      }
      const Metric spent = label.spent + graph_->LinkMetric(link);
      if (spent.cost >= kUnreachable || settled.Dominated(next, spent)) continue;
      if (bounded && (spent.delay_ns > graph_->max_delay_ns() - delay_to_target_[Index(next)] ||
                      spent.hops > graph_->max_hops() - hops_to_target_[Index(next)])) {
        continue;
      }
      queue.Push({spent, spent + to_target_[Index(next)], next, link, index});
    }
  }
  return result;
}

PathResult CheapestPath(const SearchGraph& graph, NodeId from, NodeId to, int64_t label_budget) {
  return PathSearch(graph, to).Run(from, {}, label_budget);
}

}  // namespace waymark
