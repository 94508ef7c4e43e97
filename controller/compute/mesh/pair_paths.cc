#include "controller/compute/mesh/pair_paths.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "controller/compute/mesh/route_bounds.h"

namespace waymark {
namespace {

// Flow below this share of a demand is dust of floating-point sums.
constexpr double kDust = 1e-9;

class Decomposer {
 public:
  Decomposer(const MeshProblem& problem, std::span<const double> row)
      : problem_(problem), left_(row.begin(), row.end()), on_path_(problem.node_count, -1) {
    in_begin_.assign(static_cast<size_t>(problem.node_count) + 1, 0);
    for (size_t e = 0; e < row.size(); ++e) {
      if (row[e] > 0) ++in_begin_[problem.links[e].to + 1];
    }
    for (size_t i = 1; i < in_begin_.size(); ++i) in_begin_[i] += in_begin_[i - 1];
    in_.resize(static_cast<size_t>(in_begin_.back()));
    std::vector<int32_t> next(in_begin_.begin(), in_begin_.end() - 1);
    for (size_t e = 0; e < row.size(); ++e) {
      if (row[e] > 0) in_[next[problem.links[e].to]++] = static_cast<int32_t>(e);
    }
  }

  // Takes up to `rate` of one path from the source to `to` out of the flow; 0 if none is left.
  double Take(int32_t from, int32_t to, double rate, LinkList* links) {
    for (;;) {
      const int32_t cycle_at = Walk(from, to, rate);
      if (cycle_at == kNoWay) return 0;
      if (cycle_at == kArrived) break;
      CancelCycle(cycle_at);
    }
    double amount = rate;
    for (const int32_t link : walk_) amount = std::min(amount, left_[link]);
    for (const int32_t link : walk_) left_[link] -= amount;
    links->assign(walk_.rbegin(), walk_.rend());
    return amount;
  }

 private:
  static constexpr int32_t kArrived = -1, kNoWay = -2;

  // Back from `to` over what carries most, into walk_ (last link first). The node where it met
  // itself, or how it ended.
  int32_t Walk(int32_t from, int32_t to, double rate) {
    for (const int32_t link : walk_) on_path_[problem_.links[link].to] = -1;
    walk_.clear();
    int32_t node = to;
    while (node != from) {
      if (on_path_[node] >= 0) return node;
      int32_t best = -1;
      for (int32_t i = in_begin_[node]; i < in_begin_[node + 1]; ++i) {
        if (left_[in_[i]] > kDust * rate && (best < 0 || left_[in_[i]] > left_[best]))
          best = in_[i];
      }
      if (best < 0) return kNoWay;
      on_path_[node] = static_cast<int32_t>(walk_.size());
      walk_.push_back(best);
      node = problem_.links[best].from;
    }
    return kArrived;
  }

  void CancelCycle(int32_t node) {
    const size_t first = static_cast<size_t>(on_path_[node]);
    double least = left_[walk_[first]];
    for (size_t i = first; i < walk_.size(); ++i) least = std::min(least, left_[walk_[i]]);
    for (size_t i = first; i < walk_.size(); ++i) left_[walk_[i]] -= least;
  }

  const MeshProblem& problem_;
  std::vector<double> left_;
  std::vector<int32_t> in_begin_, in_, on_path_, walk_;
};

}  // namespace

void DecomposeSource(const MeshProblem& problem, const SourceFlows& flows, size_t source,
                     const std::vector<bool>& lost, std::span<PairPaths> paths) {
  const std::span<const MeshDemand> demands = flows.demands(problem, source);
  const size_t first = flows.first_demand[source];
  std::vector<int32_t> order(demands.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order,
                           [&](int32_t a, int32_t b) { return demands[a].rate > demands[b].rate; });
  Decomposer rest(problem, flows.row(source));
  for (const int32_t i : order) {
    const MeshDemand& demand = demands[i];
    PairPaths& pair = paths[i];
    pair.clear();
    if (!(demand.rate > 0) || lost[first + i]) continue;
    double missing = demand.rate;
    while (missing > kDust * demand.rate) {
      PairPath path;
      path.amount = rest.Take(demand.from, demand.to, missing, &path.links);
      if (path.amount <= 0) break;
      missing -= path.amount;
      const auto same = std::ranges::find(pair, path.links, &PairPath::links);
      if (same == pair.end())
        pair.push_back(std::move(path));
      else
        same->amount += path.amount;
    }
    std::ranges::stable_sort(
        pair, [](const PairPath& a, const PairPath& b) { return a.amount > b.amount; });
    // What sums lost on the way.
    if (!pair.empty()) pair[0].amount += missing;
  }
}

std::vector<PairPaths> DecomposeAll(const MeshProblem& problem, const MinMlu& solved,
                                    const ParallelFor& parallel) {
  std::vector<PairPaths> pairs(problem.demands.size());
  std::vector<bool> lost(pairs.size(), false);
  for (const int32_t demand : solved.unreachable()) lost[demand] = true;
  const SourceFlows& flows = solved.flows();
  const auto task = [&](int source) {
    const size_t first = flows.first_demand[source];
    DecomposeSource(problem, flows, static_cast<size_t>(source), lost,
                    std::span(pairs).subspan(first, flows.first_demand[source + 1] - first));
  };
  const int sources = static_cast<int>(flows.sources.size());
  if (parallel) {
    parallel(sources, task);
  } else {
    for (int source = 0; source < sources; ++source) task(source);
  }
  std::vector<double> inverse;
  for (const MeshLink& link : problem.links) {
    inverse.push_back(link.capacity > 0 ? 1 / link.capacity : 0);
  }
  RouteFinder finder(problem, solved.graph(), nullptr);
  std::vector<int32_t> links;
  for (size_t d = 0; d < pairs.size(); ++d) {
    if (problem.demands[d].rate <= 0 || lost[d] || !pairs[d].empty()) continue;
    if (finder.Find(d, inverse, &links)) {
      pairs[d].push_back(
          {.links = {links.begin(), links.end()}, .amount = problem.demands[d].rate});
    }
  }
  return pairs;
}

}  // namespace waymark
