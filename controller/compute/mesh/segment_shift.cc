#include "controller/compute/mesh/segment_shift.h"

#include <algorithm>

namespace waymark {

SegmentShift::SegmentShift(const MeshProblem& problem)
    : problem_(problem),
      in_begin_(static_cast<size_t>(problem.node_count) + 1, 0),
      on_tree_path_(problem.node_count, 0),
      visited_(problem.node_count, 0) {
  for (const MeshLink& link : problem.links) ++in_begin_[link.to + 1];
  for (size_t node = 1; node < in_begin_.size(); ++node) in_begin_[node] += in_begin_[node - 1];
  in_links_.resize(problem.links.size());
  std::vector<int32_t> next(in_begin_.begin(), in_begin_.end() - 1);
  for (size_t i = 0; i < problem.links.size(); ++i) {
    in_links_[next[problem.links[i].to]++] = static_cast<int32_t>(i);
  }
}

void SegmentShift::Run(const TreeSearch& tree, double tolerance, std::span<double> row,
                       SoftMax* soft_max, SegmentPairs* pairs, int32_t source) {
  mark_ = 0;
  std::ranges::fill(on_tree_path_, 0);
  std::ranges::fill(visited_, 0);
  const std::span<const int32_t> order = tree.order();
  for (size_t i = order.size(); i-- > 1;) {
    const int32_t node = order[i], by_tree = tree.last_link(node);
    for (int32_t k = in_begin_[node]; k < in_begin_[node + 1]; ++k) {
      const int32_t link = in_links_[k];
      if (link == by_tree || row[link] <= 0) continue;
      const double way = tree.distance(problem_.links[link].from) + soft_max->length()[link];
      if (way <= tree.distance(node) * (1 + tolerance)) continue;
      Found found = Follow(tree, node, link, row);
      // Each cycle that is cancelled empties a link.
      while (found == Found::kCycle) {
        CancelCycle(row, soft_max);
        found = row[link] > 0 ? Follow(tree, node, link, row) : Found::kNothing;
      }
      if (found == Found::kSegments && Shift(tree, node, row, soft_max) && pairs != nullptr) {
        pairs->Add(source, direction_.links, segment_.size());
      }
    }
  }
}

SegmentShift::Found SegmentShift::Follow(const TreeSearch& tree, int32_t node, int32_t link,
                                         std::span<const double> row) {
  ++mark_;
  for (int32_t n = node; tree.last_link(n) >= 0;) {
    n = problem_.links[tree.last_link(n)].from;
    on_tree_path_[n] = mark_;
  }
  segment_.clear();
  visited_[node] = mark_;
  for (;;) {
    segment_.push_back(link);
    const int32_t tail = problem_.links[link].from;
    if (visited_[tail] == mark_) {
      cycle_begin_ = 0;
      while (problem_.links[segment_[cycle_begin_]].to != tail) ++cycle_begin_;
      return Found::kCycle;
    }
    if (on_tree_path_[tail] == mark_) return Found::kSegments;
    visited_[tail] = mark_;
    link = -1;
    for (int32_t k = in_begin_[tail]; k < in_begin_[tail + 1]; ++k) {
      const int32_t in = in_links_[k];
      if (row[in] > 0 && (link < 0 || row[in] > row[link])) link = in;
    }
    if (link < 0) return Found::kNothing;  // dust of floating-point sums
  }
}

void SegmentShift::CancelCycle(std::span<double> row, SoftMax* soft_max) {
  const auto cycle = std::span(segment_).subspan(cycle_begin_);
  double least = row[cycle[0]];
  for (const int32_t link : cycle) least = std::min(least, row[link]);
  for (const int32_t link : cycle) {
    row[link] -= least;
    soft_max->Add(link, -least);
  }
}

bool SegmentShift::Shift(const TreeSearch& tree, int32_t node, std::span<double> row,
                         SoftMax* soft_max) {
  const std::span<const double> inverse = soft_max->inverse();
  const size_t away = segment_.size();
  const int32_t fork = problem_.links[segment_.back()].from;
  double most = row[segment_[0]];
  direction_.Clear();
  for (const int32_t link : segment_) {
    most = std::min(most, row[link]);
    direction_.Add(link, -inverse[link]);
  }
  for (int32_t n = node; n != fork;) {
    const int32_t link = tree.last_link(n);
    direction_.Add(link, inverse[link]);
    n = problem_.links[link].from;
  }
  const double step = soft_max->StepAlong(direction_, most);
  if (step <= 0) return false;
  for (size_t i = 0; i < direction_.links.size(); ++i) {
    const int32_t link = direction_.links[i];
    const double change = i < away ? -std::min(step, row[link]) : step;
    row[link] += change;
    soft_max->Add(link, change);
  }
  return true;
}

}  // namespace waymark
