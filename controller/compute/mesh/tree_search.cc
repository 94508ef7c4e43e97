#include "controller/compute/mesh/tree_search.h"

#include <algorithm>
#include <utility>

namespace waymark {

MeshGraph::MeshGraph(const MeshProblem& problem, Direction direction)
    : begin_(static_cast<size_t>(problem.node_count) + 1, 0) {
  const auto ends = [direction](const MeshLink& link) {
    return direction == Direction::kForwards ? std::pair(link.from, link.to)
                                             : std::pair(link.to, link.from);
  };
  for (const MeshLink& link : problem.links) {
    if (link.capacity > 0) ++begin_[ends(link).first + 1];
  }
  for (size_t node = 1; node < begin_.size(); ++node) begin_[node] += begin_[node - 1];
  arcs_.resize(static_cast<size_t>(begin_.back()));
  std::vector<int32_t> next(begin_.begin(), begin_.end() - 1);
  for (size_t i = 0; i < problem.links.size(); ++i) {
    const auto [from, to] = ends(problem.links[i]);
    if (problem.links[i].capacity > 0) arcs_[next[from]++] = {to, static_cast<int32_t>(i)};
  }
}

TreeSearch::TreeSearch(const MeshGraph& graph)
    : graph_(graph),
      distance_(graph.node_count()),
      last_link_(graph.node_count()),
      place_(graph.node_count()),
      wanted_(graph.node_count(), false) {
  order_.reserve(distance_.size());
  heap_.reserve(distance_.size());
}

void TreeSearch::Raise(size_t hole, Entry entry) {
  while (hole > 0) {
    const size_t parent = (hole - 1) / 4;
    if (entry.distance >= heap_[parent].distance) break;
    heap_[hole] = heap_[parent];
    place_[heap_[hole].node] = static_cast<int32_t>(hole);
    hole = parent;
  }
  heap_[hole] = entry;
  place_[entry.node] = static_cast<int32_t>(hole);
}

TreeSearch::Entry TreeSearch::PopLeast() {
  const Entry least = heap_.front(), last = heap_.back();
  heap_.pop_back();
  const size_t size = heap_.size();
  if (size == 0) return least;
  size_t hole = 0;
  for (;;) {
    const size_t first = hole * 4 + 1;
    if (first >= size) break;
    size_t child = first;
    const size_t end = std::min(first + 4, size);
    double smallest = heap_[first].distance;
    for (size_t i = first + 1; i < end; ++i) {
      const double distance = heap_[i].distance;
      child = distance < smallest ? i : child;
      smallest = distance < smallest ? distance : smallest;
    }
    if (smallest >= last.distance) break;
    heap_[hole] = heap_[child];
    place_[heap_[hole].node] = static_cast<int32_t>(hole);
    hole = child;
  }
  heap_[hole] = last;
  place_[last.node] = static_cast<int32_t>(hole);
  return least;
}

void TreeSearch::RunTo(int32_t source, std::span<const double> length,
                       std::span<const int32_t> ends) {
  size_t missing = 0;
  for (const int32_t end : ends) {
    missing += wanted_[end] ? 0 : 1;
    wanted_[end] = true;
  }
  std::fill(distance_.begin(), distance_.end(), kFar);
  std::fill(last_link_.begin(), last_link_.end(), -1);
  order_.clear();
  heap_.clear();
  distance_[source] = 0;
  heap_.push_back({0, source});
  while (!heap_.empty()) {
    const Entry least = PopLeast();
    order_.push_back(least.node);
    if (missing > 0 && wanted_[least.node]) {
      wanted_[least.node] = false;
      if (--missing == 0) break;
    }
    for (const MeshGraph::Arc& arc : graph_.out(least.node)) {
      const double distance = least.distance + length[arc.link], before = distance_[arc.node];
      if (distance >= before) continue;
      distance_[arc.node] = distance;
      last_link_[arc.node] = arc.link;
      size_t hole = static_cast<size_t>(place_[arc.node]);
      if (before == kFar) {
        hole = heap_.size();
        heap_.push_back({});
      }
      Raise(hole, {distance, arc.node});
    }
  }
  // Those that cannot be reached.
  if (missing > 0) {
    for (const int32_t end : ends) wanted_[end] = false;
  }
}

}  // namespace waymark
