#include "controller/compute/disjoint_flow.h"

#include <algorithm>
#include <utility>

namespace waymark {

DisjointFlowSearch::DisjointFlowSearch(const PathSearch& search)
    : search_(search),
      graph_(search.graph()),
      snapshot_(graph_.snapshot()),
      target_(search.target()),
      used_(snapshot_.links().size(), 0),
      on_first_(snapshot_.nodes().size(), 0),
      into_(snapshot_.nodes().size(), LinkId::kNone),
      reached_(snapshot_.nodes().size() * 2, 0),
      best_(reached_.size()),
      steps_(reached_.size()) {}

std::optional<DisjointFlow> DisjointFlowSearch::Run(NodeId from, bool node_disjoint) {
  if (search_.CostToTarget(from) == kNoPathCost) return std::nullopt;
  ++run_;
  node_disjoint_ = node_disjoint;
  // The least path by itself, whatever the graph's bounds say.
  for (NodeId node = from; node != target_;) {
    const LinkId link = search_.NextLink(node);
    node = snapshot_.link(link).target;
    used_[Index(link)] = run_;
    on_first_[Index(node)] = run_;
    into_[Index(node)] = link;
  }
  if (!Augment(from)) return std::nullopt;
  DisjointFlow flow;
  for (ComputedPath& path : flow.paths) path = TakePath(from);
  if (flow.paths[1] < flow.paths[0]) std::swap(flow.paths[0], flow.paths[1]);
  flow.total = flow.paths[0].metric + flow.paths[1].metric;
  return flow;
}

void DisjointFlowSearch::Relax(const Entry& at, NodeId node, Half half, PathCost cost, Step step) {
  const int32_t state = State(node, half);
  const PathCost through = at.cost + cost;
  if (reached_[state] == run_ && best_[state] <= through) return;
  reached_[state] = run_;
  best_[state] = through;
  step.previous = at.state;
  steps_[state] = step;
  queue_.Push({through, state});
}

void DisjointFlowSearch::Expand(const Entry& at) {
  const NodeId node = static_cast<NodeId>(at.state / 2);
  const bool split = Split(node);
  const bool departs = !split || at.state % 2 == static_cast<int32_t>(Half::kDeparture);
  const bool arrives = !split || !departs;
  if (arrives && OnFirst(node)) {
    // Links of the least path have a reduced cost of zero, and so has going against one.
    const LinkId entering = into_[Index(node)];
    Relax(at, snapshot_.link(entering).source, Half::kDeparture, 0,
          {.link = entering, .cancels = true});
  }
  if (split && departs) Relax(at, node, Half::kArrival, 0, {});
  if (!departs) return;
  const PathCost here = search_.CostToTarget(node);
  for (const SearchGraph::Arc& arc : graph_.out_arcs(node)) {
    const PathCost ahead = search_.CostToTarget(arc.node);
    if (ahead == kNoPathCost || used_[Index(arc.link)] == run_) continue;
    // Reduced by the distances to the target as potentials: never negative.
    Relax(at, arc.node, Half::kArrival, arc.cost + ahead - here, {.link = arc.link});
  }
}

bool DisjointFlowSearch::Augment(NodeId from) {
  queue_.clear();
  const int32_t start = State(from, Half::kDeparture);
  const int32_t goal = State(target_, Half::kArrival);
  reached_[start] = run_;
  best_[start] = 0;
  queue_.Push({0, start});
  for (;;) {
    if (queue_.empty()) return false;
    const Entry at = queue_.Pop();
    if (at.cost != best_[at.state]) continue;
    if (at.state == goal) break;
    Expand(at);
  }
  for (int32_t state = goal; state != start; state = steps_[state].previous) {
    const Step& step = steps_[state];
    if (step.link != LinkId::kNone) used_[Index(step.link)] = step.cancels ? 0 : run_;
  }
  return true;
}

// One path along used links, which it uses up. The flow has no cycle (every link costs something),
// so neither has the path.
ComputedPath DisjointFlowSearch::TakePath(NodeId from) {
  ComputedPath path;
  PathCost cost = 0;
  for (NodeId node = from; node != target_;) {
    for (const SearchGraph::Arc& arc : graph_.out_arcs(node)) {
      if (used_[Index(arc.link)] != run_) continue;
      used_[Index(arc.link)] = 0;
      path.links.push_back(arc.link);
      cost += arc.cost;
      node = arc.node;
      break;
    }
  }
  path.metric = SearchGraph::MetricOf(cost);
  return path;
}

std::optional<DisjointFlow> LeastDisjointFlow(const PathSearch& search, NodeId from,
                                              bool node_disjoint) {
  return DisjointFlowSearch(search).Run(from, node_disjoint);
}

}  // namespace waymark
