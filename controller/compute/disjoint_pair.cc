#include "controller/compute/disjoint_pair.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "controller/compute/conflict_search.h"
#include "controller/compute/disjoint_flow.h"
#include "controller/compute/set_flow.h"

namespace waymark {
namespace {

// Searches between two questions whether to stop: well below a millisecond.
constexpr int64_t kStopStride = 16;

class PairSolver {
 public:
  PairSolver(PathSearch& search, const Protection& protection, NodeId from,
             const PairOptions& options)
      : search_(search),
        graph_(search.graph()),
        protection_(protection),
        from_(from),
        options_(options) {}

  PairResult Run() {
    result_.single = search_.Run(from_);
    if (result_.single.outcome != Outcome::kFound) {
      result_.outcome = result_.single.outcome;
      return std::move(result_);
    }
    if (auto flow = LeastDisjointFlow(search_, from_, protection_.node)) {
      // The total bounds disjoint pairs alone: pairs that share may be cheaper.
      SetRank floor;
      if (!options_.allow_shared_risks) floor.total = flow->total;
      Improve({flow->paths[0], flow->paths[1]}, floor);
    } else if (options_.allow_shared_risks) {
      auto shared = LeastSetFlow(search_, from_, 2, protection_.node, Sharing::kCounted);
      // The same path twice only when there is no other.
      if (shared && shared->paths[0].links != shared->paths[1].links) {
        Improve(std::move(shared->paths), {.shared = shared->shared});
      }
    }
    return std::move(result_);
  }

 private:
  // `flow`: best of all without regard to bounds and groups.
  void Improve(std::vector<ComputedPath> flow, SetRank floor) {
    const bool valid = std::all_of(flow.begin(), flow.end(),
                                   [&](const ComputedPath& path) {
                                     return path.metric.delay_ns <= graph_.max_delay_ns() &&
                                            path.metric.hops <= graph_.max_hops();
                                   }) &&
                       (options_.allow_shared_risks || Shared(flow).empty());
    const bool best = valid && options_.order == PairOrder::kMinSum &&
                      static_cast<int64_t>(Shared(flow).size()) == floor.shared;
    if (best) {
      result_.outcome = Outcome::kFound;
      Give(flow, Shared(flow));
      return;
    }
    if (options_.allow_shared_risks) floor.shared = std::max(floor.shared, options_.least_shared);
    if (options_.order == PairOrder::kMinMax) {
      floor.dearest.cost = floor.total.cost / 2 + floor.total.cost % 2;
    }
    WorkMeter work(options_.limit, kStopStride);
    ConflictResult found =
        SearchConflicts({.risks = &Risks(),
                         .link_count = graph_.snapshot().links().size(),
                         .least =
                             [&](size_t, const std::vector<bool>& banned) {
                               return search_.Run(from_, {.banned_links = &banned});
                             },
                         .order = options_.order,
                         .allow_shared_risks = options_.allow_shared_risks,
                         .floor = floor,
                         .work = &work},
                        valid ? std::move(flow) : std::vector<ComputedPath>());
    result_.outcome = found.outcome;
    if (!found.paths.empty()) Give(found.paths, found.shared);
  }

  void Give(const std::vector<ComputedPath>& paths, const std::vector<int32_t>& shared) {
    result_.working = std::min(paths[0], paths[1]);
    result_.protect = std::max(paths[0], paths[1]);
    if (!shared.empty()) result_.shared_risks = Risks().Names(shared);
  }

  std::vector<int32_t> Shared(const std::vector<ComputedPath>& paths) {
    const bool groups = protection_.srlg || protection_.building || protection_.provider;
    // The flow has seen to links and nodes.
    if (!groups && !options_.allow_shared_risks) return {};
    return Risks().Shared(paths[0].links, paths[1].links);
  }

  const PathRisks& Risks() {
    if (!risks_) risks_.emplace(graph_.snapshot(), protection_, from_, search_.target());
    return *risks_;
  }

  PathSearch& search_;
  const SearchGraph& graph_;
  const Protection protection_;
  const NodeId from_;
  const PairOptions& options_;
  std::optional<PathRisks> risks_;
  PairResult result_;
};

}  // namespace

PairOptions PairOptionsOf(const PathConstraints& constraints, WorkLimit limit) {
  return {.order = constraints.pair_order,
          .allow_shared_risks = constraints.allow_shared_risks,
          .limit = std::move(limit)};
}

PairResult DisjointPair(PathSearch& search, const Protection& protection, NodeId from,
                        const PairOptions& options) {
  return PairSolver(search, protection, from, options).Run();
}

PairResult DisjointPair(const SearchGraph& graph, const Protection& protection, NodeId from,
                        NodeId to, const PairOptions& options) {
  PathSearch search(graph, to, options.limit.stop);
  return DisjointPair(search, protection, from, options);
}

PairResult DisjointPair(const SearchGraph& graph, const Protection& protection, NodeId from,
                        NodeId to, int64_t search_budget) {
  return DisjointPair(graph, protection, from, to, {.limit = {.budget = search_budget}});
}

}  // namespace waymark
