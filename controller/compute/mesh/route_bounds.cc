#include "controller/compute/mesh/route_bounds.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

constexpr double kSlack = 1 + 1e-9;
constexpr size_t kMostCells = size_t{1} << 27;
constexpr size_t kMostLabels = 2'000'000;
constexpr double kFar = TreeSearch::kFar;

// The end of the demands that begin where demand `first` does.
size_t EndOfSource(const MeshProblem& problem, size_t first) {
  size_t end = first;
  while (end < problem.demands.size() && problem.demands[end].from == problem.demands[first].from) {
    ++end;
  }
  return end;
}

}  // namespace

absl::Status RouteBounds::CheckMemory(const MeshProblem& problem) {
  if (!problem.bounded()) return absl::OkStatus();
  std::vector<bool> is_end(problem.node_count, false);
  for (const MeshDemand& demand : problem.demands) is_end[demand.to] = true;
  const size_t ends = static_cast<size_t>(std::ranges::count(is_end, true));
  if (ends * is_end.size() <= kMostCells) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("bounds on routes to ", ends, " of ", is_end.size(),
                   " nodes need more memory than is allowed; split the network into regions"));
}

RouteBounds::RouteBounds(const MeshProblem& problem)
    : problem_(problem),
      hops_(problem.max_hops > 0 ? problem.max_hops : kAnyHops),
      delay_(problem.demands.size(), kFar),
      feasible_(problem.demands.size(), true) {
  if (any()) MeasureWays();
  FindFeasible();
}

void RouteBounds::MeasureWays() {
  MeshProblem backwards{.node_count = problem_.node_count, .links = problem_.links, .demands = {}};
  std::vector<double> delay(problem_.links.size()), one(problem_.links.size(), 1);
  for (size_t e = 0; e < delay.size(); ++e) {
    std::swap(backwards.links[e].from, backwards.links[e].to);
    delay[e] = problem_.links[e].delay;
  }
  const MeshGraph graph(backwards);
  TreeSearch search(graph);
  std::vector<int32_t> end_at(problem_.node_count, -1);
  int32_t ends = 0;
  for (const MeshDemand& demand : problem_.demands) {
    int32_t& end = end_at[demand.to];
    if (end < 0) {
      end = ends++;
      search.Run(demand.to, delay);
      for (int32_t v = 0; v < problem_.node_count; ++v) to_delay_.push_back(search.distance(v));
      search.Run(demand.to, one);
      for (int32_t v = 0; v < problem_.node_count; ++v) {
        const double hops = search.distance(v);
        to_hops_.push_back(hops == kFar ? kAnyHops : static_cast<int32_t>(hops));
      }
    }
    end_.push_back(end);
  }
  for (size_t d = 0; d < delay_.size(); ++d) {
    if (problem_.max_delay > 0) delay_[d] = problem_.max_delay * kSlack;
    const double least = delay_to_end(d, problem_.demands[d].from);
    if (problem_.max_stretch > 0 && least < kFar) {
      delay_[d] = std::min(delay_[d], problem_.max_stretch * least * kSlack);
    }
  }
}

void RouteBounds::FindFeasible() {
  const MeshGraph graph(problem_);
  std::vector<double> delay;
  for (const MeshLink& link : problem_.links) delay.push_back(link.delay);
  const bool jointly =
      problem_.max_hops > 0 && (problem_.max_delay > 0 || problem_.max_stretch > 0);
  TreeSearch tree(graph);
  // In order of delay a node has at most as many labels as hops are allowed.
  BoundedSearch search(problem_, graph, *this);
  for (size_t first = 0; first < delay_.size();) {
    const size_t end = EndOfSource(problem_, first);
    tree.Run(problem_.demands[first].from, delay);
    if (jointly) search.Run(first, end, delay);
    for (; first < end; ++first) {
      const MeshDemand& demand = problem_.demands[first];
      const bool way = tree.distance(demand.to) < kFar;
      feasible_[first] = way && (!any() || (delay_to_end(first, demand.from) <= delay_[first] &&
                                            hops_to_end(first, demand.from) <= hops_));
      if (jointly && feasible_[first]) feasible_[first] = search.distance(first) < kFar;
      if (feasible_[first] || demand.rate <= 0) continue;
      (way ? out_of_bound_ : no_way_).push_back(static_cast<int32_t>(first));
    }
  }
}

bool RouteBounds::Keeps(size_t demand, std::span<const int32_t> links) const {
  double delay = 0;
  for (const int32_t link : links) delay += problem_.links[link].delay;
  return delay <= delay_[demand] && links.size() <= static_cast<size_t>(hops_);
}

BoundedSearch::BoundedSearch(const MeshProblem& problem, const MeshGraph& graph,
                             const RouteBounds& bounds)
    : problem_(problem), graph_(graph), bounds_(bounds), tree_(graph) {
  if (!bounds.any()) return;
  const size_t nodes = static_cast<size_t>(problem.node_count);
  wanted_at_.assign(nodes, -1);
  on_tree_.resize(nodes);
  latest_.resize(nodes);
  front_.resize(nodes);
}

void BoundedSearch::Run(size_t first, size_t end, std::span<const double> length) {
  first_ = first;
  tree_.Run(problem_.demands[first].from, length);
  distance_.resize(end - first);
  label_.assign(end - first, kOnTree);
  wanted_.clear();
  if (bounds_.any()) MeasureTree();
  for (size_t d = first; d < end; ++d) {
    const int32_t to = problem_.demands[d].to;
    double& distance = distance_[d - first];
    distance = tree_.distance(to);
    if (!bounds_.any() || distance == kFar) continue;
    if (on_tree_[to].delay <= bounds_.delay(d) && on_tree_[to].hops <= bounds_.hops()) continue;
    distance = kFar;
    label_[d - first] = kNone;
    if (bounds_.feasible(d)) wanted_.push_back(static_cast<int32_t>(d));
  }
  if (!wanted_.empty()) SearchLabels(length);
}

bool BoundedSearch::RouteTo(size_t demand, std::vector<int32_t>* links) const {
  links->clear();
  const MeshDemand& d = problem_.demands[demand];
  int32_t at = label_[demand - first_];
  if (at == kNone || distance(demand) == kFar) return false;
  if (at == kOnTree) {
    LinksOnTree(problem_, tree_, d.from, d.to, links);
    return true;
  }
  for (; labels_[at].parent >= 0; at = labels_[at].parent) links->push_back(labels_[at].link);
  std::ranges::reverse(*links);
  return true;
}

void BoundedSearch::MeasureTree() {
  for (const int32_t node : tree_.order()) {
    const int32_t link = tree_.last_link(node);
    if (link < 0) {
      on_tree_[node] = {0, 0};
      continue;
    }
    const Spent& before = on_tree_[problem_.links[link].from];
    on_tree_[node] = {before.delay + problem_.links[link].delay, before.hops + 1};
  }
}

// By node, what a label may have spent and still reach one of the wanted ends.
void BoundedSearch::SetLatest() {
  std::ranges::fill(latest_, Spent{-1, -1});
  for (const int32_t demand : wanted_) {
    const size_t d = static_cast<size_t>(demand);
    for (int32_t node = 0; node < problem_.node_count; ++node) {
      const int32_t hops = bounds_.hops_to_end(d, node);
      if (hops == RouteBounds::kAnyHops) continue;
      Spent& latest = latest_[node];
      latest.delay = std::max(latest.delay, bounds_.delay(d) - bounds_.delay_to_end(d, node));
      latest.hops = std::max(latest.hops, bounds_.hops() - hops);
    }
  }
}

bool BoundedSearch::Dominated(const Label& label) const {
  const bool delays = problem_.max_delay > 0 || problem_.max_stretch > 0;
  return std::ranges::any_of(front_[label.node], [&](const Spent& spent) {
    return (!delays || spent.delay <= label.delay) &&
           (problem_.max_hops == 0 || spent.hops <= label.hops);
  });
}

void BoundedSearch::Push(const Label& label) {
  heap_.push_back({label.cost, static_cast<int32_t>(labels_.size())});
  std::push_heap(heap_.begin(), heap_.end());
  labels_.push_back(label);
}

void BoundedSearch::Expand(int32_t label, std::span<const double> length) {
  const Label from = labels_[label];
  for (const MeshGraph::Arc& arc : graph_.out(from.node)) {
    if (length[arc.link] == kFar) continue;
    const Label next = {from.cost + length[arc.link],
                        from.delay + problem_.links[arc.link].delay,
                        from.hops + 1,
                        arc.node,
                        label,
                        arc.link};
    const Spent& latest = latest_[arc.node];
    if (next.delay > latest.delay || next.hops > latest.hops || Dominated(next)) continue;
    Push(next);
  }
}

void BoundedSearch::SearchLabels(std::span<const double> length) {
  SetLatest();
  for (const int32_t demand : wanted_) wanted_at_[problem_.demands[demand].to] = demand;
  for (const int32_t node : touched_) front_[node].clear();
  touched_.clear();
  labels_.clear();
  heap_.clear();
  Push({0, 0, 0, problem_.demands[first_].from, -1, -1});
  size_t missing = wanted_.size();
  double reached = kFar;
  while (!heap_.empty() && missing > 0) {
    std::pop_heap(heap_.begin(), heap_.end());
    const int32_t at = heap_.back().label;
    heap_.pop_back();
    const Label& label = labels_[at];
    if (Dominated(label)) continue;
    if (labels_.size() > kMostLabels) {
      reached = label.cost;
      break;
    }
    if (front_[label.node].empty()) touched_.push_back(label.node);
    front_[label.node].push_back({label.delay, label.hops});
    const int32_t demand = wanted_at_[label.node];
    if (demand >= 0 && label.delay <= bounds_.delay(static_cast<size_t>(demand)) &&
        label.hops <= bounds_.hops()) {
      distance_[static_cast<size_t>(demand) - first_] = label.cost;
      label_[static_cast<size_t>(demand) - first_] = at;
      wanted_at_[label.node] = -1;
      --missing;
    }
    Expand(at, length);
  }
  for (const int32_t demand : wanted_) {
    int32_t& waiting = wanted_at_[problem_.demands[demand].to];
    // Whatever is cheaper has been seen.
    if (waiting >= 0) distance_[static_cast<size_t>(demand) - first_] = reached;
    waiting = -1;
  }
}

RouteFinder::RouteFinder(const MeshProblem& problem, const MeshGraph& graph,
                         const RouteBounds* bounds)
    : problem_(problem) {
  if (bounds != nullptr && bounds->any()) {
    bounded_.emplace(problem, graph, *bounds);
  } else {
    tree_.emplace(graph);
  }
}

bool RouteFinder::Find(size_t demand, std::span<const double> length, std::vector<int32_t>* links) {
  if (bounded_) {
    bounded_->Run(demand, demand + 1, length);
    return bounded_->RouteTo(demand, links);
  }
  const MeshDemand& d = problem_.demands[demand];
  tree_->Run(d.from, length);
  if (tree_->distance(d.to) == kFar) return false;
  LinksOnTree(problem_, *tree_, d.from, d.to, links);
  return true;
}

void LinksOnTree(const MeshProblem& problem, const TreeSearch& tree, int32_t from, int32_t to,
                 std::vector<int32_t>* links) {
  links->clear();
  for (int32_t node = to; node != from;) {
    links->push_back(tree.last_link(node));
    node = problem.links[links->back()].from;
  }
  std::ranges::reverse(*links);
}

}  // namespace waymark
