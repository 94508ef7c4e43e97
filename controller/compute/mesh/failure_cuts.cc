#include "controller/compute/mesh/failure_cuts.h"

#include <algorithm>
#include <span>

namespace waymark {

FailureCuts::FailureCuts(const MeshProblem& problem, const FailureLoads& loads, RouteFinder* finder)
    : problem_(problem),
      loads_(loads),
      finder_(finder),
      out_(problem.node_count),
      in_(problem.node_count),
      hubs_(loads.failure_count()) {
  for (size_t e = 0; e < problem.links.size(); ++e) {
    const MeshLink& link = problem.links[e];
    if (link.capacity <= 0) continue;
    out_[link.from].push_back({link.to, static_cast<int32_t>(e)});
    in_[link.to].push_back({link.from, static_cast<int32_t>(e)});
  }
}

std::vector<bool> FailureCuts::Reach(int32_t failure, int32_t from, bool backwards) const {
  const std::span<const int32_t> failed = loads_.links_of(failure);
  std::vector<bool> reached(problem_.node_count, false);
  std::vector<int32_t> open = {from};
  reached[from] = true;
  while (!open.empty()) {
    const int32_t node = open.back();
    open.pop_back();
    for (const MeshGraph::Arc& arc : (backwards ? in_ : out_)[node]) {
      if (reached[arc.node] || std::ranges::binary_search(failed, arc.link)) continue;
      reached[arc.node] = true;
      open.push_back(arc.node);
    }
  }
  return reached;
}

const FailureCuts::Hub& FailureCuts::HubOf(int32_t failure) {
  Hub& hub = hubs_[failure];
  if (!hub.from.empty()) return hub;
  std::vector<int32_t> degree(problem_.node_count, 0);
  for (int32_t node = 0; node < problem_.node_count; ++node) {
    degree[node] = static_cast<int32_t>(out_[node].size());
  }
  for (const int32_t link : loads_.links_of(failure)) --degree[problem_.links[link].from];
  const auto widest = static_cast<int32_t>(std::ranges::max_element(degree) - degree.begin());
  hub = {Reach(failure, widest, false), Reach(failure, widest, true)};
  return hub;
}

bool FailureCuts::Apart(int32_t failure, int32_t from, int32_t to) {
  const Hub& hub = HubOf(failure);
  if (hub.to[from] && hub.from[to]) return false;
  // From what the hub reaches only what it reaches can be reached, and likewise backwards.
  if ((hub.from[from] && !hub.from[to]) || (hub.to[to] && !hub.to[from])) return true;
  std::vector<bool>& reached = reached_[{failure, from}];
  if (reached.empty()) reached = Reach(failure, from, false);
  return !reached[to];
}

bool FailureCuts::Cuts(int32_t failure, size_t demand) {
  const MeshDemand& d = problem_.demands[demand];
  if (Apart(failure, d.from, d.to)) return true;
  if (!problem_.bounded()) return false;
  const auto known = bounded_.find({failure, demand});
  if (known != bounded_.end()) return known->second;
  if (skip_bounds_) return false;
  std::vector<double> length(problem_.links.size(), 1);
  for (const int32_t link : loads_.links_of(failure)) length[link] = TreeSearch::kFar;
  std::vector<int32_t> links;
  const bool cut = !finder_->Find(demand, length, &links);
  bounded_[{failure, demand}] = cut;
  return cut;
}

}  // namespace waymark
