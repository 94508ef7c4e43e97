#include "controller/compute/walk_search.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <utility>

#include "controller/compute/label_links.h"

namespace waymark {
namespace {

constexpr Metric kNoWay{kUnreachable, kUnreachable, kUnreachable};

}  // namespace

struct WalkSearch::Label {
  Metric spent;  // from the start
  Metric total;  // spent + lower bound to the end
  WalkState state;
  LinkId link;     // into the state; kNone at the start
  int32_t parent;  // index of a settled label; -1 at the start
};

// Labels by (total, hops spent, link numbers): when a label is settled, every label that ties with
// it at its state is in the queue already, and the first of them has the least link numbers.
class WalkSearch::Queue {
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

  std::vector<LinkId> Links(int32_t index) const { return LabelLinks(labels_, index); }

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
    return LabelLinksLess(labels_, a, b);
  }

  std::vector<Label> labels_;
  std::vector<int32_t> heap_;
};

namespace {

// The labels settled at each state. They come in growing order of metric, so a later one is worth
// keeping only for what the bounds still see: less delay or fewer hops.
class Settled {
 public:
  Settled(size_t states, bool bounded) : bounded_(bounded), any_(states, false) {
    if (bounded) kept_.resize(states);
  }

  bool Dominated(WalkState state, const Metric& spent) const {
    if (!bounded_) return any_[state];
    const auto& kept = kept_[state];
    return std::any_of(kept.begin(), kept.end(), [&](const auto& earlier) {
      return earlier.first <= spent.delay_ns && earlier.second <= spent.hops;
    });
  }
  // False when an earlier label of the state dominates.
  bool Admit(WalkState state, const Metric& spent) {
    if (Dominated(state, spent)) return false;
    any_[state] = true;
    if (bounded_) kept_[state].emplace_back(spent.delay_ns, spent.hops);
    return true;
  }

 private:
  bool bounded_;
  std::vector<bool> any_;
  std::vector<std::vector<std::pair<int64_t, int64_t>>> kept_;
};

}  // namespace

WalkSearch::WalkSearch(const SearchGraph& graph, const HopPlan& plan)
    : graph_(graph),
      snapshot_(graph.snapshot()),
      plan_(plan),
      nodes_(static_cast<int32_t>(snapshot_.nodes().size())),
      start_(Index(plan.legs.front().start)),
      metric_to_end_(ToEnd([](const Metric& metric) { return metric; })) {}

bool WalkSearch::MayPass(size_t leg, NodeId node) const {
  const int32_t only = plan_.only_leg[Index(node)];
  return only == kAnyLeg || only == static_cast<int32_t>(leg);
}

WalkState WalkSearch::Follow(WalkState state, LinkId link) const {
  const int32_t number = state / nodes_;
  const NodeId at = static_cast<NodeId>(state % nodes_);
  const NodeId target = snapshot_.link(link).target;
  const ExplicitLeg& leg = plan_.legs[number];
  const WalkState next_leg = (number + 1) * nodes_ + Index(leg.end);
  if (leg.link != LinkId::kNone) {
    if (link == leg.link) return next_leg;
    // Whoever stands where the link starts and goes elsewhere could not come back.
    if (at == snapshot_.link(leg.link).source) return kNowhere;
  } else if (target == leg.end) {
    return next_leg;
  }
  return leg.loose && MayPass(number, target) ? number * nodes_ + Index(target) : kNowhere;
}

template <typename Project>
std::vector<Metric> WalkSearch::ToEnd(Project project) {
  using Entry = std::pair<Metric, NodeId>;
  std::vector<Metric> best((plan_.legs.size() + 1) * snapshot_.nodes().size(), kNoWay);
  Metric ahead;
  for (size_t number = plan_.legs.size(); number-- > 0;) {
    const ExplicitLeg& leg = plan_.legs[number];
    const WalkState base = static_cast<int32_t>(number) * nodes_;
    std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue;
    const auto relax = [&](LinkId link, const Metric& onwards, WalkState next) {
      const NodeId source = snapshot_.link(link).source;
      if (!graph_.LinkUsable(link) || !MayPass(number, source) ||
          (!leg.loose && source != leg.start) || Follow(base + Index(source), link) != next) {
        return;
      }
      const Metric through = project(graph_.LinkMetric(link)) + onwards;
      Metric& known = best[base + Index(source)];
      if (through.cost >= kUnreachable || through >= known) return;
      known = through;
      queue.emplace(through, source);
    };
    best[base + nodes_ + Index(leg.end)] = ahead;
    for (const LinkId link : snapshot_.in_links(leg.end)) {
      relax(link, ahead, base + nodes_ + Index(leg.end));
    }
    while (!queue.empty()) {
      const auto [metric, node] = queue.top();
      queue.pop();
      if (metric != best[base + Index(node)]) continue;
      for (const LinkId link : snapshot_.in_links(node)) relax(link, metric, base + Index(node));
    }
    ahead = best[base + Index(leg.start)];
    if (ahead.cost >= kUnreachable) {
      broken_leg_ = number;
      ahead = {};
    }
  }
  return best;
}

void WalkSearch::ComputeBounds() {
  if (!delay_to_end_.empty()) return;
  const auto only = [](int64_t value) {
    Metric metric;
    metric.cost = value;
    return metric;
  };
  for (const Metric& m : ToEnd([&](const Metric& metric) { return only(metric.delay_ns); })) {
    delay_to_end_.push_back(m.cost);
  }
  for (const Metric& m : ToEnd([&](const Metric& metric) { return only(metric.hops); })) {
    hops_to_end_.push_back(m.cost);
  }
}

int64_t WalkSearch::LeastDelay() {
  ComputeBounds();
  return delay_to_end_[start_];
}

int64_t WalkSearch::LeastHops() {
  ComputeBounds();
  return hops_to_end_[start_];
}

bool WalkSearch::MeetsBounds(const Metric& metric) const {
  return metric.delay_ns <= graph_.max_delay_ns() && metric.hops <= graph_.max_hops();
}

std::optional<ComputedPath> WalkSearch::Run(const std::vector<bool>* banned_links,
                                            std::span<const WalkState> banned, WorkMeter& work) {
  if (broken_leg_) return std::nullopt;
  banned_.assign(metric_to_end_.size(), false);
  for (const WalkState state : banned) banned_[state] = true;
  // The bounds seldom bind: the unbounded search is cheap, and its answer, when it keeps them, is
  // the answer.
  auto walk = Search(/*bounded=*/false, banned_links, work);
  if (!walk || MeetsBounds(walk->metric)) return walk;
  ComputeBounds();
  return Search(/*bounded=*/true, banned_links, work);
}

std::optional<ComputedPath> WalkSearch::Search(bool bounded, const std::vector<bool>* banned_links,
                                               WorkMeter& work) {
  const WalkState end =
      static_cast<int32_t>(plan_.legs.size()) * nodes_ + Index(plan_.legs.back().end);
  Queue queue;
  Settled settled(metric_to_end_.size(), bounded);
  queue.Push({Metric{}, metric_to_end_[start_], start_, LinkId::kNone, -1});
  while (!queue.empty()) {
    const int32_t index = queue.Pop();
    const Label label = queue.at(index);
    if (!settled.Admit(label.state, label.spent)) continue;
    if (!work.Spend()) return std::nullopt;
    if (label.state == end) return ComputedPath{queue.Links(index), label.spent};
    for (const LinkId link : snapshot_.out_links(static_cast<NodeId>(label.state % nodes_))) {
      if (!graph_.LinkUsable(link)) continue;
      if (banned_links != nullptr && (*banned_links)[Index(link)]) continue;
      const WalkState next = Follow(label.state, link);
      if (next == kNowhere || banned_[next] || metric_to_end_[next].cost >= kUnreachable) continue;
      const Metric spent = label.spent + graph_.LinkMetric(link);
      if (settled.Dominated(next, spent)) continue;
      if (bounded && (spent.delay_ns > graph_.max_delay_ns() - delay_to_end_[next] ||
                      spent.hops > graph_.max_hops() - hops_to_end_[next])) {
        continue;
      }
      queue.Push({spent, spent + metric_to_end_[next], next, link, index});
    }
  }
  return std::nullopt;
}

std::vector<WalkState> WalkSearch::StatesOf(std::span<const LinkId> links) const {
  std::vector<WalkState> states;
  WalkState state = start_;
  for (const LinkId link : links) states.push_back(state = Follow(state, link));
  return states;
}

}  // namespace waymark
