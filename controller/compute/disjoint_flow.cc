#include "controller/compute/disjoint_flow.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

namespace waymark {
namespace {

// Each node has an arrival half and a departure half; without node disjointness, and at the ends,
// they are one.
enum class Half { kArrival = 0, kDeparture = 1 };

class Flow {
 public:
  Flow(const PathSearch& search, NodeId from, bool node_disjoint)
      : search_(search),
        graph_(search.graph()),
        snapshot_(graph_.snapshot()),
        from_(from),
        node_disjoint_(node_disjoint),
        used_(snapshot_.links().size(), false),
        into_(snapshot_.nodes().size(), LinkId::kNone) {}

  std::optional<DisjointFlow> Run(const ComputedPath& first) {
    for (const LinkId link : first.links) {
      used_[Index(link)] = true;
      into_[Index(snapshot_.link(link).target)] = link;
    }
    if (!Augment()) return std::nullopt;
    DisjointFlow flow;
    for (ComputedPath& path : flow.paths) path = TakePath();
    std::sort(flow.paths.begin(), flow.paths.end());
    flow.total = flow.paths[0].metric + flow.paths[1].metric;
    return flow;
  }

 private:
  struct Step {
    int32_t previous = -1;        // state
    LinkId link = LinkId::kNone;  // kNone: between the halves of a node
    bool cancels = false;         // runs against a link of the first path
  };
  using Entry = std::pair<Metric, int32_t>;

  int32_t State(NodeId node, Half half) const {
    return Index(node) * 2 + (Split(node) ? static_cast<int32_t>(half) : 0);
  }
  // Only nodes within the first path need halves: elsewhere both are joined by a free arc.
  bool Split(NodeId node) const {
    return node_disjoint_ && node != search_.target() && into_[Index(node)] != LinkId::kNone;
  }

  // Cost reduced by the potentials: never negative, since the lower bounds are exact distances;
  // compared by component in order, as Metric is.
  Metric Reduced(LinkId link) const {
    const Metric ahead = search_.LowerBound(snapshot_.link(link).target);
    const Metric here = search_.LowerBound(snapshot_.link(link).source);
    const Metric own = graph_.LinkMetric(link);
    return {own.cost + ahead.cost - here.cost, own.delay_ns + ahead.delay_ns - here.delay_ns,
            own.hops + ahead.hops - here.hops};
  }

  static Metric Sum(const Metric& a, const Metric& b) {
    // Reduced costs are not negative; the components behind them may be, and only break ties.
    return {SaturatingAdd(a.cost, b.cost), a.delay_ns + b.delay_ns, a.hops + b.hops};
  }

  void Relax(const Entry& at, NodeId node, Half half, const Metric& metric, Step step) {
    const int32_t state = State(node, half);
    const Metric through = Sum(at.first, metric);
    if (reached_[state] && best_[state] <= through) return;
    reached_[state] = true;
    best_[state] = through;
    step.previous = at.second;
    steps_[state] = step;
    queue_.emplace(through, state);
  }

  void Expand(const Entry& at) {
    const NodeId node = static_cast<NodeId>(at.second / 2);
    const bool split = Split(node);
    const bool departs = !split || at.second % 2 == static_cast<int32_t>(Half::kDeparture);
    const bool arrives = !split || !departs;
    const LinkId entering = into_[Index(node)];
    if (arrives && entering != LinkId::kNone) {
      // Reduced cost of a link on the least path is zero, and so is that of going against it.
      Relax(at, snapshot_.link(entering).source, Half::kDeparture, Metric{},
            {.link = entering, .cancels = true});
    }
    if (split && departs) Relax(at, node, Half::kArrival, Metric{}, {});
    if (!departs) return;
    for (const LinkId link : snapshot_.out_links(node)) {
      const NodeId target = snapshot_.link(link).target;
      if (!graph_.LinkUsable(link) || used_[Index(link)] ||
          search_.LowerBound(target).cost >= kUnreachable) {
        continue;
      }
      Relax(at, target, Half::kArrival, Reduced(link), {.link = link});
    }
  }

  bool Augment() {
    const size_t states = snapshot_.nodes().size() * 2;
    best_.assign(states, Metric{});
    reached_.assign(states, false);
    steps_.assign(states, Step{});
    const int32_t start = State(from_, Half::kDeparture);
    const int32_t goal = State(search_.target(), Half::kArrival);
    reached_[start] = true;
    queue_.emplace(Metric{}, start);
    while (!queue_.empty()) {
      const Entry at = queue_.top();
      queue_.pop();
      if (at.first != best_[at.second]) continue;
      if (at.second == goal) break;
      Expand(at);
    }
    if (!reached_[goal]) return false;
    for (int32_t state = goal; state != start; state = steps_[state].previous) {
      const Step& step = steps_[state];
      if (step.link != LinkId::kNone) used_[Index(step.link)] = !step.cancels;
    }
    return true;
  }

  // One path along used links, which it uses up. The flow has no cycle (each link costs a hop), so
  // neither has the path.
  ComputedPath TakePath() {
    ComputedPath path;
    NodeId node = from_;
    while (node != search_.target()) {
      for (const LinkId link : snapshot_.out_links(node)) {
        if (!used_[Index(link)]) continue;
        used_[Index(link)] = false;
        path.links.push_back(link);
        node = snapshot_.link(link).target;
        break;
      }
    }
    path.metric = graph_.PathMetric(path.links);
    return path;
  }

  const PathSearch& search_;
  const SearchGraph& graph_;
  const Snapshot& snapshot_;
  const NodeId from_;
  const bool node_disjoint_;
  std::vector<bool> used_;
  std::vector<LinkId> into_;  // link of the first path that enters the node
  std::vector<Metric> best_;
  std::vector<bool> reached_;
  std::vector<Step> steps_;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
};

// The least path that the lower bounds themselves describe, whatever the graph's bounds say.
ComputedPath FollowBounds(const PathSearch& search, NodeId from) {
  const Snapshot& snapshot = search.graph().snapshot();
  ComputedPath path;
  for (NodeId node = from; node != search.target();) {
    for (const LinkId link : snapshot.out_links(node)) {
      const NodeId target = snapshot.link(link).target;
      if (!search.graph().LinkUsable(link) ||
          search.graph().LinkMetric(link) + search.LowerBound(target) != search.LowerBound(node)) {
        continue;
      }
      path.links.push_back(link);
      node = target;
      break;
    }
  }
  return path;
}

}  // namespace

std::optional<DisjointFlow> LeastDisjointFlow(const PathSearch& search, NodeId from,
                                              bool node_disjoint) {
  if (search.LowerBound(from).cost >= kUnreachable) return std::nullopt;
  return Flow(search, from, node_disjoint).Run(FollowBounds(search, from));
}

}  // namespace waymark
