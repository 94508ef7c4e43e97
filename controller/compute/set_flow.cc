#include "controller/compute/set_flow.h"

#include <algorithm>
#include <compare>
#include <functional>
#include <queue>
#include <utility>

namespace waymark {
namespace {

// Uses beyond the first, then metric. An ordered group, unlike Metric: potentials may be negative.
struct Cost {
  int64_t shared = 0;
  Metric metric;

  friend auto operator<=>(const Cost&, const Cost&) = default;
};

Cost Plus(const Cost& a, const Cost& b, int64_t sign) {
  Cost sum;
  sum.shared = a.shared + sign * b.shared;
  sum.metric.cost = a.metric.cost + sign * b.metric.cost;
  sum.metric.delay_ns = a.metric.delay_ns + sign * b.metric.delay_ns;
  sum.metric.hops = a.metric.hops + sign * b.metric.hops;
  return sum;
}

class Flow {
 public:
  Flow(const PathSearch& search, NodeId from, int units, bool node_disjoint, Sharing sharing,
       const std::vector<bool>* banned)
      : search_(search),
        graph_(search.graph()),
        snapshot_(graph_.snapshot()),
        from_(from),
        units_(units),
        node_disjoint_(node_disjoint),
        sharing_(sharing),
        out_(snapshot_.nodes().size() * 2),
        potential_(out_.size()) {
    for (size_t i = 0; i < snapshot_.nodes().size(); ++i) {
      const NodeId node = static_cast<NodeId>(i);
      if (!Useful(node)) continue;
      // Distances to the target, negated, make every reduced cost zero or more.
      for (const int32_t state : {Arrival(node), Departure(node)}) {
        potential_[state] = Plus({}, {.metric = search_.LowerBound(node)}, -1);
      }
      if (Arrival(node) != Departure(node)) {
        AddUses(Arrival(node), Departure(node), LinkId::kNone, {});
      }
      AddLinks(node, banned);
    }
  }

  std::optional<SetFlow> Run() {
    for (int unit = 0; unit < units_; ++unit) {
      if (!Augment()) return std::nullopt;
    }
    SetFlow flow;
    flow.shared = Shared();
    for (int unit = 0; unit < units_; ++unit) flow.paths.push_back(TakePath());
    std::sort(flow.paths.begin(), flow.paths.end());
    for (const ComputedPath& path : flow.paths) flow.total = flow.total + path.metric;
    return flow;
  }

 private:
  // Arc i and arc i ^ 1 are each other's opposite; even ones are the network's.
  struct Arc {
    int32_t head = 0;
    int room = 0;
    LinkId link = LinkId::kNone;
    Cost cost;
  };
  using Entry = std::pair<Cost, int32_t>;

  bool Useful(NodeId node) const { return search_.LowerBound(node).cost < kUnreachable; }
  bool Split(NodeId node) const {
    return node_disjoint_ && node != from_ && node != search_.target();
  }
  int32_t Arrival(NodeId node) const { return Index(node) * 2; }
  int32_t Departure(NodeId node) const { return Index(node) * 2 + (Split(node) ? 1 : 0); }

  void AddLinks(NodeId node, const std::vector<bool>* banned) {
    for (const LinkId link : snapshot_.out_links(node)) {
      const NodeId target = snapshot_.link(link).target;
      if (!graph_.LinkUsable(link) || !Useful(target)) continue;
      if (banned != nullptr && (*banned)[Index(link)]) continue;
      AddUses(Departure(node), Arrival(target), link, graph_.LinkMetric(link));
    }
  }

  // The first use is free of charge, the others cost one each.
  void AddUses(int32_t tail, int32_t head, LinkId link, const Metric& metric) {
    AddArc(tail, head, 1, link, {.metric = metric});
    if (sharing_ == Sharing::kCounted && units_ > 1) {
      AddArc(tail, head, units_ - 1, link, {.shared = 1, .metric = metric});
    }
  }

  void AddArc(int32_t tail, int32_t head, int room, LinkId link, const Cost& cost) {
    out_[tail].push_back(static_cast<int32_t>(arcs_.size()));
    arcs_.push_back({head, room, link, cost});
    out_[head].push_back(static_cast<int32_t>(arcs_.size()));
    arcs_.push_back({tail, 0, link, Plus({}, cost, -1)});
  }

  int Used(size_t arc) const { return arcs_[arc ^ 1].room; }

  // One unit more along the least way that the others leave.
  bool Augment() {
    const int32_t start = Departure(from_), goal = Arrival(search_.target());
    std::vector<Cost> best(out_.size());
    std::vector<int32_t> by(out_.size(), -1);
    std::vector<bool> reached(out_.size(), false), settled(out_.size(), false);
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    reached[start] = true;
    queue.emplace(Cost{}, start);
    while (!queue.empty()) {
      const auto [cost, state] = queue.top();
      queue.pop();
      if (settled[state]) continue;
      settled[state] = true;
      if (state == goal) break;
      for (const int32_t index : out_[state]) {
        const Arc& arc = arcs_[index];
        if (arc.room == 0 || settled[arc.head]) continue;
        const Cost reduced = Plus(Plus(arc.cost, potential_[state], 1), potential_[arc.head], -1);
        const Cost through = Plus(cost, reduced, 1);
        if (reached[arc.head] && best[arc.head] <= through) continue;
        reached[arc.head] = true;
        best[arc.head] = through;
        by[arc.head] = index;
        queue.emplace(through, arc.head);
      }
    }
    if (!settled[goal]) return false;
    const Cost least = best[goal];
    for (size_t state = 0; state < potential_.size(); ++state) {
      const bool nearer = settled[state] && best[state] < least;
      potential_[state] = Plus(potential_[state], nearer ? best[state] : least, 1);
    }
    for (int32_t state = goal; state != start; state = arcs_[by[state] ^ 1].head) {
      --arcs_[by[state]].room;
      ++arcs_[by[state] ^ 1].room;
    }
    return true;
  }

  int64_t Shared() const {
    int64_t shared = 0;
    for (size_t arc = 0; arc < arcs_.size(); arc += 2) shared += arcs_[arc].cost.shared * Used(arc);
    return shared;
  }

  // One path along used arcs, which it uses up. The flow has no cycle (each link costs a hop), so
  // neither has the path.
  ComputedPath TakePath() {
    ComputedPath path;
    const int32_t goal = Arrival(search_.target());
    for (int32_t state = Departure(from_); state != goal;) {
      for (const int32_t index : out_[state]) {
        if (index % 2 != 0 || Used(index) == 0) continue;
        --arcs_[index ^ 1].room;
        if (arcs_[index].link != LinkId::kNone) path.links.push_back(arcs_[index].link);
        state = arcs_[index].head;
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
  const int units_;
  const bool node_disjoint_;
  const Sharing sharing_;
  std::vector<Arc> arcs_;
  std::vector<std::vector<int32_t>> out_;
  std::vector<Cost> potential_;
};

}  // namespace

std::optional<SetFlow> LeastSetFlow(const PathSearch& search, NodeId from, int units,
                                    bool node_disjoint, Sharing sharing,
                                    const std::vector<bool>* banned_links) {
  if (search.LowerBound(from).cost >= kUnreachable) return std::nullopt;
  return Flow(search, from, units, node_disjoint, sharing, banned_links).Run();
}

std::optional<std::vector<ComputedPath>> LeastTogether(const PathSearch& search, NodeId from,
                                                       size_t units, bool node_disjoint,
                                                       const std::vector<bool>& banned_links) {
  auto flow = LeastSetFlow(search, from, static_cast<int>(units), node_disjoint, Sharing::kNever,
                           &banned_links);
  if (!flow) return std::nullopt;
  return std::move(flow->paths);
}

}  // namespace waymark
