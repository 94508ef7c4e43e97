#include "controller/compute/explicit_path.h"

#include <algorithm>
#include <map>
#include <optional>
#include <queue>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/compute/conflict_search.h"
#include "controller/compute/explicit_hops.h"
#include "controller/compute/set_flow.h"
#include "controller/compute/walk_search.h"

namespace waymark {
namespace {

// Labels and searches between two questions whether to stop: well below a millisecond.
constexpr int64_t kLabelStride = 1024;
constexpr int64_t kSearchStride = 16;

// A walk, and what it was not allowed to pass.
struct Candidate {
  ComputedPath walk;
  std::vector<WalkState> banned;
  int64_t number = 0;  // order of creation: makes the search deterministic

  bool operator<(const Candidate& other) const {  // the least is the heap's top
    const auto order = walk <=> other.walk;
    return order != 0 ? order > 0 : number > other.number;
  }
};

class ExplicitSearch {
 public:
  ExplicitSearch(const SearchGraph& graph, std::span<const ExplicitHop> hops, NodeId from,
                 NodeId to)
      : graph_(graph), hops_(hops), plan_(PlanHops(graph, hops, from, to)) {
    if (plan_.problem == HopProblem::kNone) walks_.emplace(graph, plan_);
  }

  PathResult Run(const std::vector<bool>* banned_links, WorkMeter& work) {
    PathResult result;
    if (walks_) result.path = Least(banned_links, work);
    if (!result.path.links.empty()) {
      result.outcome = Outcome::kFound;
    } else if (work.ended()) {
      result.outcome = Outcome::kBudgetSpent;
    }
    return result;
  }

  ExplicitResult Explained(PathResult found) {
    ExplicitResult result;
    result.outcome = found.outcome;
    result.path = std::move(found.path);
    if (result.outcome == Outcome::kBudgetSpent) result.message = "the work budget was spent";
    if (result.outcome == Outcome::kInfeasible) Explain(result);
    return result;
  }

 private:
  // No links: there is none, or the work has ended.
  ComputedPath Least(const std::vector<bool>* banned_links, WorkMeter& work) {
    std::priority_queue<Candidate> open;
    int64_t number = 0;
    const auto add = [&](std::vector<WalkState> banned) {
      auto walk = walks_->Run(banned_links, banned, work);
      if (walk) open.push({*std::move(walk), std::move(banned), number++});
    };
    add({});
    while (!open.empty() && !work.ended()) {
      Candidate candidate = open.top();
      open.pop();
      const auto twice = PassedTwice(candidate.walk);
      if (!twice) return std::move(candidate.walk);
      for (const WalkState state : {twice->first, twice->second}) {
        std::vector<WalkState> banned = candidate.banned;
        banned.push_back(state);
        add(std::move(banned));
      }
    }
    return {};
  }

  std::optional<std::pair<WalkState, WalkState>> PassedTwice(const ComputedPath& walk) const {
    std::map<int32_t, WalkState> passed;
    for (const WalkState state : walks_->StatesOf(walk.links)) {
      const int32_t node = state % static_cast<int32_t>(graph_.snapshot().nodes().size());
      const auto [known, fresh] = passed.emplace(node, state);
      if (!fresh) return std::pair(known->second, state);
    }
    return std::nullopt;
  }

  void Explain(ExplicitResult& result) {
    result.problem = plan_.problem;
    result.hop = plan_.hop;
    result.message = plan_.message;
    if (!walks_) return;
    if (const auto leg = walks_->BrokenLeg()) {
      result.problem = HopProblem::kUnreachable;
      result.hop = plan_.legs[*leg].hop;
      result.message = BrokenLegText(plan_.legs[*leg]);
      return;
    }
    result.problem = HopProblem::kNoPath;
    if (walks_->LeastDelay() > graph_.max_delay_ns()) {
      result.message = absl::StrFormat("the hops take at least %.3f ms, and max_delay is %.3f ms",
                                       static_cast<double>(walks_->LeastDelay()) / 1e6,
                                       static_cast<double>(graph_.max_delay_ns()) / 1e6);
    } else if (walks_->LeastHops() > graph_.max_hops()) {
      result.message = absl::StrCat("the hops take at least ", walks_->LeastHops(),
                                    " links, and max_hops is ", graph_.max_hops());
    } else {
      result.message =
          "every hop can be reached, but no path passes all of them within max_delay and max_hops "
          "without passing a node twice";
    }
  }

  std::string BrokenLegText(const ExplicitLeg& leg) const {
    const Snapshot& snapshot = graph_.snapshot();
    const std::string place = leg.hop < 0 ? absl::StrCat("the end, ", snapshot.node(leg.end).name)
                                          : HopText(snapshot, hops_, leg.hop);
    return absl::StrCat("no admitted ", leg.loose ? "way" : "link", " leads from ",
                        snapshot.node(leg.start).name, " to ", place, ", past the other hops");
  }

  const SearchGraph& graph_;
  const std::span<const ExplicitHop> hops_;
  const HopPlan plan_;
  std::optional<WalkSearch> walks_;
};

// What sets of any paths give as a bound; nullopt: there are none.
std::optional<SetRank> FloorOf(const PathSearch& search, NodeId from, const Protection& protection,
                               int count, bool may_share) {
  SetRank floor;
  if (const auto flow = LeastSetFlow(search, from, count, protection.node, Sharing::kNever)) {
    // Sets that share may be cheaper.
    if (!may_share) floor.total = flow->total;
    return floor;
  }
  if (!may_share) return std::nullopt;
  const auto flow = LeastSetFlow(search, from, count, protection.node, Sharing::kCounted);
  if (flow) floor.shared = flow->shared;
  return floor;
}

}  // namespace

ExplicitResult ExplicitPath(const SearchGraph& graph, std::span<const ExplicitHop> hops,
                            NodeId from, NodeId to, const WorkLimit& limit) {
  ExplicitSearch search(graph, hops, from, to);
  WorkMeter work(limit, kLabelStride);
  return search.Explained(search.Run(nullptr, work));
}

namespace {

ExplicitSetResult SolveSet(const SearchGraph& graph, std::span<const ExplicitHop> hops,
                           const Protection& protection, NodeId from, NodeId to, int count,
                           const PairOptions& options) {
  ExplicitSearch first(graph, hops, from, to);
  const auto least_first = [&](const std::vector<bool>* banned) {
    WorkMeter labels({kDefaultLabelBudget, options.limit.stop}, kLabelStride);
    return first.Run(banned, labels);
  };
  ExplicitSetResult result;
  SetResult& set = result.set;
  set.single = least_first(nullptr);
  set.outcome = set.single.outcome;
  result.first = first.Explained(set.single);
  if (set.outcome != Outcome::kFound) return result;
  PathSearch others(graph, to, options.limit.stop);
  const bool may_share = options.allow_shared_risks && count == 2;
  const auto floor = FloorOf(others, from, protection, count, may_share);
  if (!floor) {
    set.outcome = Outcome::kInfeasible;
    return result;
  }
  const PathRisks risks(graph.snapshot(), protection, from, to);
  const auto least = [&](size_t member, const std::vector<bool>& banned) {
    return member == 0 ? least_first(&banned) : others.Run(from, {.banned_links = &banned});
  };
  const auto least_together = [&](size_t paths, const std::vector<bool>& banned) {
    return LeastTogether(others, from, paths, protection.node, banned);
  };
  const auto in_bounds = [&](const ComputedPath& path) {
    return path.metric.delay_ns <= graph.max_delay_ns() && path.metric.hops <= graph.max_hops();
  };
  WorkMeter work(options.limit, kSearchStride);
  ConflictResult found = SearchConflicts({.risks = &risks,
                                          .link_count = graph.snapshot().links().size(),
                                          .members = static_cast<size_t>(count),
                                          .least = least,
                                          .first_apart = true,
                                          .least_together = least_together,
                                          .in_bounds = in_bounds,
                                          .order = options.order,
                                          .allow_shared_risks = may_share,
                                          .floor = *floor,
                                          .work = &work},
                                         {});
  set.outcome = found.outcome;
  set.paths = std::move(found.paths);
  if (!set.paths.empty()) std::sort(set.paths.begin() + 1, set.paths.end());
  set.shared_risks = risks.Names(found.shared);
  return result;
}

}  // namespace

absl::StatusOr<ExplicitSetResult> ExplicitSet(const SearchGraph& graph,
                                              std::span<const ExplicitHop> hops,
                                              const Protection& protection, NodeId from, NodeId to,
                                              int count, const PairOptions& options) {
  if (absl::Status status = CheckDisjointPaths(count); !status.ok()) return status;
  return SolveSet(graph, hops, protection, from, to, count, options);
}

ExplicitPairResult ExplicitPair(const SearchGraph& graph, std::span<const ExplicitHop> hops,
                                const Protection& protection, NodeId from, NodeId to,
                                const PairOptions& options) {
  ExplicitSetResult two = SolveSet(graph, hops, protection, from, to, 2, options);
  ExplicitPairResult result;
  result.first = std::move(two.first);
  result.pair.outcome = two.set.outcome;
  result.pair.single = std::move(two.set.single);
  result.pair.shared_risks = std::move(two.set.shared_risks);
  if (two.set.paths.empty()) return result;
  result.pair.working = std::move(two.set.paths[0]);
  result.pair.protect = std::move(two.set.paths[1]);
  return result;
}

}  // namespace waymark
