// Private to this folder. The best set of paths that share no risk (or, of two, fewest), exactly.
//
// Finding two paths disjoint in risk groups is NP-hard (Hu 2003). Solved by branch and bound on
// conflicts (as in conflict-based search, Sharon, Stern, Felner, Sturtevant 2015): relax to
// independent least paths; while some of them share a risk, branch over who may keep it, the others
// must avoid it; or, where sharing is allowed, both keep it at the price of one. The least paths
// bound a branch from below, in number of shared risks, in the dearest path and in the total.
//
// Paths with the same bans may trade places: one of them stands for all when a risk is given away,
// and a flow through all of them at once tells early that there are too many.
#ifndef WAYMARK_CONTROLLER_COMPUTE_CONFLICT_SEARCH_H_
#define WAYMARK_CONTROLLER_COMPUTE_CONFLICT_SEARCH_H_

#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "controller/compute/constrained_path.h"
#include "controller/compute/path_risks.h"
#include "controller/compute/work_limit.h"

namespace waymark {

// What sets are ordered by, first field first.
struct SetRank {
  int64_t shared = 0;
  Metric dearest;  // zero with kMinSum
  Metric total;

  friend auto operator<=>(const SetRank&, const SetRank&) = default;
};

// Of `total` alone with kMinSum; the dearest path, then the total, with kMinMax.
SetRank RankOf(std::span<const ComputedPath> paths, PairOrder order, int64_t shared);

struct ConflictProblem {
  const PathRisks* risks = nullptr;
  size_t link_count = 0;
  size_t members = 2;
  // The least path of a member that uses no banned link. kBudgetSpent ends the search.
  std::function<PathResult(size_t member, const std::vector<bool>& banned_links)> least;
  // Members may trade places, `least` does not depend on `member`; but for the first, if so said.
  bool first_apart = false;
  // Of members that may trade places; may be empty: the least `count` paths by total that use no
  // banned link and share no link (or node, if those are risks), without regard to bounds and other
  // risks; nullopt: there are none.
  std::function<std::optional<std::vector<ComputedPath>>(size_t count,
                                                         const std::vector<bool>& banned_links)>
      least_together;
  std::function<bool(const ComputedPath&)> in_bounds;  // with least_together
  PairOrder order = PairOrder::kMinSum;
  // For two members only. The two still differ.
  bool allow_shared_risks = false;
  SetRank floor;  // no set ranks below this
  WorkMeter* work = nullptr;
};

struct ConflictResult {
  Outcome outcome = Outcome::kInfeasible;
  std::vector<ComputedPath> paths;  // by member; empty when there is no set
  std::vector<int32_t> shared;      // risks; sorted
};

// `start`: a valid set known beforehand, or empty. Deterministic, but for what `work` stops.
ConflictResult SearchConflicts(const ConflictProblem& problem, std::vector<ComputedPath> start);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_CONFLICT_SEARCH_H_
