#include "controller/compute/mesh/pivot_search.h"

#include <algorithm>

namespace waymark {

PivotSearch::PivotSearch(const MeshProblem& problem, const MeshGraphs& graphs)
    : problem_(problem),
      from_tail_(graphs.forwards),
      to_head_(graphs.backwards),
      place_(problem.node_count, -1) {}

void PivotSearch::Run(int32_t tail, int32_t head, std::span<const double> length,
                      std::span<const int32_t> sources, std::span<const int32_t> targets) {
  length_ = length;
  tail_ = tail;
  head_ = head;
  from_tail_.RunTo(tail, length, targets);
  to_head_.RunTo(head, length, sources);
}

double PivotSearch::Around(std::span<const int32_t> route, size_t to_tail, size_t from_head,
                           double below, std::vector<int32_t>* links) {
  links->clear();
  const int32_t source = problem_.links[route.front()].from;
  const int32_t target = problem_.links[route.back()].to;
  const auto before = route.first(to_tail), after = route.last(from_head);
  double by_tail = from_tail_.distance(target), by_head = to_head_.distance(source);
  for (const int32_t link : before) by_tail += length_[link];
  for (const int32_t link : after) by_head += length_[link];
  if (std::min(by_tail, by_head) >= below) return TreeSearch::kFar;
  if (by_tail <= by_head) {
    for (int32_t node = target; node != tail_;) {
      links->push_back(from_tail_.last_link(node));
      node = problem_.links[links->back()].from;
    }
    links->insert(links->end(), before.rbegin(), before.rend());
    std::ranges::reverse(*links);
  } else {
    for (int32_t node = source; node != head_;) {
      links->push_back(to_head_.last_link(node));
      node = problem_.links[links->back()].to;
    }
    links->insert(links->end(), after.begin(), after.end());
  }
  CutLoops(problem_, source, &place_, links);
  double length = 0;
  for (const int32_t link : *links) length += length_[link];
  return length;
}

void CutLoops(const MeshProblem& problem, int32_t from, std::vector<int32_t>* place,
              std::vector<int32_t>* links) {
  size_t size = 0;
  (*place)[from] = 0;
  for (const int32_t link : *links) {
    const int32_t node = problem.links[link].to;
    if ((*place)[node] >= 0) {
      // What came since this node was a loop.
      const size_t back = static_cast<size_t>((*place)[node]);
      while (size > back) (*place)[problem.links[(*links)[--size]].to] = -1;
      (*place)[node] = static_cast<int32_t>(size);
    } else {
      (*links)[size++] = link;
      (*place)[node] = static_cast<int32_t>(size);
    }
  }
  links->resize(size);
  (*place)[from] = -1;
  for (const int32_t link : *links) (*place)[problem.links[link].to] = -1;
}

}  // namespace waymark
