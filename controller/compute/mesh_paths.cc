#include "controller/compute/mesh_paths.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace waymark {
namespace {

// Smallest capacity on each path, when every link is shared equally among the paths over it.
std::vector<int64_t> Shares(const Snapshot& snapshot, const std::vector<ComputedPath>& paths) {
  std::vector<int64_t> users(snapshot.links().size(), 0);
  for (const ComputedPath& path : paths) {
    for (const LinkId link : path.links) ++users[Index(link)];
  }
  std::vector<int64_t> shares;
  for (const ComputedPath& path : paths) {
    int64_t share = kUnreachable;
    for (const LinkId link : path.links) {
      share = std::min(share, snapshot.link(link).capacity_bps / users[Index(link)]);
    }
    shares.push_back(std::max<int64_t>(1, share));
  }
  return shares;
}

// Integers of at least one that sum to kMeshWeightTotal: largest remainders, the earlier path first
// when they tie. Capacities are at most 10^16, so that 64 of them fit.
std::vector<int> Weights(const std::vector<int64_t>& shares) {
  const int64_t total = std::accumulate(shares.begin(), shares.end(), int64_t{0});
  const int64_t spread = kMeshWeightTotal - static_cast<int64_t>(shares.size());
  std::vector<int> weights;
  std::vector<std::pair<int64_t, size_t>> remainders;
  for (size_t i = 0; i < shares.size(); ++i) {
    weights.push_back(1 + static_cast<int>(spread * shares[i] / total));
    remainders.emplace_back(-(spread * shares[i] % total), i);
  }
  std::sort(remainders.begin(), remainders.end());
  int missing = kMeshWeightTotal - std::accumulate(weights.begin(), weights.end(), 0);
  for (size_t i = 0; missing > 0; ++i, --missing) ++weights[remainders[i].second];
  return weights;
}

void Penalise(std::span<const LinkId> used, int64_t least_step, const SearchGraph& original,
              SearchGraph& penalised) {
  for (const LinkId link : used) {
    penalised.AddCost(link, std::max(least_step, original.LinkMetric(link).cost % kAvoidCost));
  }
}

// A link that is nearly free gets dearer too: by what a hop of the least path costs.
int64_t LeastStep(const ComputedPath& least) { return least.objective() / least.metric.hops + 1; }

bool NotMuchDearer(const ComputedPath& path, const ComputedPath& least) {
  return path.objective() <= 2 * least.objective() && path.avoided() <= least.avoided();
}

}  // namespace

MeshResult MeshPaths(const SearchGraph& graph, std::span<const PathCost> costs, NodeId from,
                     NodeId to, int max_paths) {
  const size_t wanted = static_cast<size_t>(std::clamp(max_paths, 1, kMaxMeshPaths));
  MeshResult result;
  PathResult least = CheapestPathLedBy(costs, graph, from, to);
  result.outcome = least.outcome;
  if (least.outcome != Outcome::kFound) return result;
  std::vector<ComputedPath> paths = {least.path};
  const int64_t step = LeastStep(least.path);
  SearchGraph penalised = graph;
  ComputedPath last = least.path;
  for (size_t round = 1; round < 2 * wanted && paths.size() < wanted; ++round) {
    Penalise(last.links, step, graph, penalised);
    PathResult next = CheapestPathLedBy(costs, penalised, from, to);
    if (next.outcome != Outcome::kFound) break;
    last = std::move(next.path);
    last.metric = graph.PathMetric(last.links);
    if (std::find(paths.begin(), paths.end(), last) == paths.end() &&
        NotMuchDearer(last, least.path)) {
      paths.push_back(last);
    }
  }
  std::sort(paths.begin(), paths.end());
  const std::vector<int> weights = Weights(Shares(graph.snapshot(), paths));
  for (size_t i = 0; i < paths.size(); ++i) {
    result.paths.push_back({std::move(paths[i]), weights[i]});
  }
  return result;
}

std::optional<ComputedPath> AnotherMeshPath::Find(std::span<const PathCost> costs, NodeId from,
                                                  NodeId to, const ComputedPath& least,
                                                  std::span<const std::vector<LinkId>> used) {
  const auto known = [&](const ComputedPath& path) {
    return std::find(used.begin(), used.end(), path.links) != used.end();
  };
  if (!known(least)) return least;
  const int64_t step = LeastStep(least);
  penalised_ = graph_;
  for (const std::vector<LinkId>& links : used) Penalise(links, step, graph_, penalised_);
  for (int i = 0; i < kMostTries; ++i) {
    PathResult next = CheapestPathLedBy(costs, penalised_, from, to);
    if (next.outcome != Outcome::kFound) break;
    next.path.metric = graph_.PathMetric(next.path.links);
    if (!known(next.path) && NotMuchDearer(next.path, least)) return std::move(next.path);
    Penalise(next.path.links, step, graph_, penalised_);
  }
  return std::nullopt;
}

}  // namespace waymark
