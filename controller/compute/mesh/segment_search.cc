#include "controller/compute/mesh/segment_search.h"

#include <algorithm>
#include <limits>

#include "controller/compute/mesh/pivot_search.h"

namespace waymark {
namespace {

constexpr double kFar = std::numeric_limits<double>::infinity();
constexpr double kUnknown = -1;

}  // namespace

SegmentSearch::SegmentSearch(const MeshProblem& problem, const SegmentRules& rules)
    : problem_(problem), rules_(rules), out_(problem.node_count), place_(problem.node_count, -1) {
  for (size_t e = 0; e < problem.links.size(); ++e) {
    if (problem.links[e].capacity > 0) {
      out_[problem.links[e].from].push_back(static_cast<int32_t>(e));
    }
  }
  for (int32_t from = 0; from < problem.node_count; ++from) {
    for (int32_t to = 0; to < problem.node_count; ++to) {
      last_link_.push_back(from == to ? -1 : rules.last_link(from, to));
    }
  }
  segment_.resize(last_link_.size());
}

void SegmentSearch::SetPrices(std::span<const double> length) {
  length_.assign(length.begin(), length.end());
  for (int32_t from = 0; from < problem_.node_count; ++from) PriceRow(from, length);
}

// A segment costs what the one to its last link's tail does, and that link.
void SegmentSearch::PriceRow(int32_t from, std::span<const double> length) {
  for (int32_t to = 0; to < problem_.node_count; ++to) segment_[Cell(from, to)] = kUnknown;
  segment_[Cell(from, from)] = 0;
  for (int32_t to = 0; to < problem_.node_count; ++to) {
    chain_.clear();
    int32_t node = to;
    while (segment_[Cell(from, node)] == kUnknown) {
      chain_.push_back(node);
      const int32_t link = last_link_[Cell(from, node)];
      if (link < 0) break;
      node = problem_.links[link].from;
    }
    double cost = segment_[Cell(from, node)];
    if (cost == kUnknown) cost = kFar;
    for (size_t i = chain_.size(); i-- > 0;) {
      const int32_t link = last_link_[Cell(from, chain_[i])];
      const bool usable = link >= 0 && problem_.links[link].capacity > 0;
      cost = usable ? cost + length[link] : kFar;
      segment_[Cell(from, chain_[i])] = cost;
    }
  }
}

bool SegmentSearch::Extend(const Stage& last, const std::vector<bool>& fresh, Stage* next,
                           std::vector<bool>* reached) const {
  bool better = false;
  const auto reach = [&](int32_t from, int32_t to, int32_t link, double cost) {
    if (cost >= next->cost[to]) return;
    next->cost[to] = cost;
    next->step[to] = {from, link};
    (*reached)[to] = better = true;
  };
  for (int32_t from = 0; from < problem_.node_count; ++from) {
    if (!fresh[from]) continue;
    const double before = last.cost[from];
    for (int32_t to = 0; to < problem_.node_count; ++to) {
      if (to != from) reach(from, to, -1, before + segment_[Cell(from, to)]);
    }
    for (const int32_t link : out_[from]) {
      reach(from, problem_.links[link].to, link, before + length_[link]);
    }
  }
  return better;
}

void SegmentSearch::Run(int32_t source) {
  const size_t nodes = static_cast<size_t>(problem_.node_count);
  source_ = source;
  stages_.assign(1, {std::vector<double>(nodes, kFar), std::vector<Step>(nodes)});
  stages_[0].cost[source] = 0;
  std::vector<bool> fresh(nodes, false);
  fresh[source] = true;
  for (int stage = 0; stage < rules_.most; ++stage) {
    Stage next = {stages_.back().cost, std::vector<Step>(nodes)};
    std::vector<bool> reached(nodes, false);
    if (!Extend(stages_.back(), fresh, &next, &reached)) break;
    stages_.push_back(std::move(next));
    fresh = std::move(reached);
  }
}

bool SegmentSearch::RouteTo(int32_t target, std::vector<int32_t>* links) {
  links->clear();
  if (stages_.back().cost[target] == kFar) return false;
  int32_t node = target;
  for (size_t stage = stages_.size(); stage-- > 1;) {
    const Step step = stages_[stage].step[node];
    if (step.from < 0) continue;
    if (step.link >= 0) {
      links->push_back(step.link);
      node = step.from;
    }
    while (node != step.from) {
      links->push_back(last_link_[Cell(step.from, node)]);
      node = problem_.links[links->back()].from;
    }
  }
  std::ranges::reverse(*links);
  // Parts of segments are segments: what is left needs no more of them.
  CutLoops(problem_, source_, &place_, links);
  return true;
}

}  // namespace waymark
