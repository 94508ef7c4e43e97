#include "controller/compute/disjoint_set.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/compute/conflict_search.h"
#include "controller/compute/set_flow.h"

namespace waymark {
namespace {

// Searches between two questions whether to stop: well below a millisecond.
constexpr int64_t kStopStride = 16;

SetResult OfPair(PairResult pair) {
  SetResult result;
  result.outcome = pair.outcome;
  result.single = std::move(pair.single);
  result.shared_risks = std::move(pair.shared_risks);
  if (pair.has_pair()) result.paths = {std::move(pair.working), std::move(pair.protect)};
  return result;
}

bool InBounds(const SearchGraph& graph, const ComputedPath& path) {
  return path.metric.delay_ns <= graph.max_delay_ns() && path.metric.hops <= graph.max_hops();
}

bool Valid(const SearchGraph& graph, const PathRisks& risks,
           const std::vector<ComputedPath>& paths) {
  for (size_t i = 0; i < paths.size(); ++i) {
    if (!InBounds(graph, paths[i])) return false;
    for (size_t j = 0; j < i; ++j) {
      if (!risks.Disjoint(paths[i].links, paths[j].links)) return false;
    }
  }
  return true;
}

// No path of a set whose total this is can all be cheaper than an equal share.
SetRank FloorOf(const Metric& total, int count, PairOrder order) {
  SetRank floor;
  floor.total = total;
  if (order == PairOrder::kMinMax) floor.dearest.cost = (total.cost + count - 1) / count;
  return floor;
}

SetResult Solve(const SearchGraph& graph, const Protection& protection, NodeId from, NodeId to,
                int count, const PairOptions& options) {
  SetResult result;
  PathSearch search(graph, to, options.limit.stop);
  result.single = search.Run(from);
  result.outcome = result.single.outcome;
  if (result.outcome != Outcome::kFound) return result;
  auto flow = LeastSetFlow(search, from, count, protection.node, Sharing::kNever);
  if (!flow) {
    result.outcome = Outcome::kInfeasible;
    return result;
  }
  const PathRisks risks(graph.snapshot(), protection, from, to);
  const bool valid = Valid(graph, risks, flow->paths);
  if (valid && options.order == PairOrder::kMinSum) {
    result.paths = std::move(flow->paths);
    return result;
  }
  WorkMeter work(options.limit, kStopStride);
  const auto least = [&](size_t, const std::vector<bool>& banned) {
    return search.Run(from, {.banned_links = &banned});
  };
  const auto least_together = [&](size_t paths, const std::vector<bool>& banned) {
    return LeastTogether(search, from, paths, protection.node, banned);
  };
  ConflictResult found =
      SearchConflicts({.risks = &risks,
                       .link_count = graph.snapshot().links().size(),
                       .members = static_cast<size_t>(count),
                       .least = least,
                       .least_together = least_together,
                       .in_bounds = [&](const ComputedPath& path) { return InBounds(graph, path); },
                       .order = options.order,
                       .floor = FloorOf(flow->total, count, options.order),
                       .work = &work},
                      valid ? std::move(flow->paths) : std::vector<ComputedPath>());
  result.outcome = found.outcome;
  result.paths = std::move(found.paths);
  std::sort(result.paths.begin(), result.paths.end());
  return result;
}

}  // namespace

absl::Status CheckDisjointPaths(int count) {
  if (count >= 2 && count <= kMaxDisjointPaths) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("paths: ", count, " disjoint paths; ask for 2 to ", kMaxDisjointPaths));
}

absl::StatusOr<SetResult> DisjointSet(const SearchGraph& graph, const Protection& protection,
                                      NodeId from, NodeId to, int count,
                                      const PairOptions& options) {
  if (absl::Status status = CheckDisjointPaths(count); !status.ok()) return status;
  if (count == 2) return OfPair(DisjointPair(graph, protection, from, to, options));
  return Solve(graph, protection, from, to, count, options);
}

}  // namespace waymark
