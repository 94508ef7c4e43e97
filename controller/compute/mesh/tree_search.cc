#include "controller/compute/mesh/tree_search.h"

#include <algorithm>

namespace waymark {

MeshGraph::MeshGraph(const MeshProblem& problem)
    : begin_(static_cast<size_t>(problem.node_count) + 1, 0) {
  for (const MeshLink& link : problem.links) {
    if (link.capacity > 0) ++begin_[link.from + 1];
  }
  for (size_t node = 1; node < begin_.size(); ++node) begin_[node] += begin_[node - 1];
  arcs_.resize(static_cast<size_t>(begin_.back()));
  std::vector<int32_t> next(begin_.begin(), begin_.end() - 1);
  for (size_t i = 0; i < problem.links.size(); ++i) {
    const MeshLink& link = problem.links[i];
    if (link.capacity > 0) arcs_[next[link.from]++] = {link.to, static_cast<int32_t>(i)};
  }
}

TreeSearch::TreeSearch(const MeshGraph& graph)
    : graph_(graph), distance_(graph.node_count()), last_link_(graph.node_count()) {}

void TreeSearch::Run(int32_t source, std::span<const double> length) {
  std::fill(distance_.begin(), distance_.end(), kFar);
  std::fill(last_link_.begin(), last_link_.end(), -1);
  order_.clear();
  heap_.clear();
  distance_[source] = 0;
  heap_.Push({0, source});
  while (!heap_.empty()) {
    const Entry least = heap_.Pop();
    if (least.distance > distance_[least.node]) continue;  // it improved after this was pushed
    order_.push_back(least.node);
    for (const MeshGraph::Arc& arc : graph_.out(least.node)) {
      const double distance = least.distance + length[arc.link];
      if (distance < distance_[arc.node]) {
        distance_[arc.node] = distance;
        last_link_[arc.node] = arc.link;
        heap_.Push({distance, arc.node});
      }
    }
  }
}

}  // namespace waymark
