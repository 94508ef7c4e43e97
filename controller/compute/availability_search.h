// The best paths, or the best pair of paths that share no risk, that keep an availability target;
// and the most available one. Exact within a work budget: what is not found is proven not to be
// there, unless the budget ended first.
//
// A path by itself: labels in the order of the objective (availability_labels.h). A pair: the more
// available of its two paths in the order of the objective, each with its best partner. The more
// available one bounds what the pair can have: its partner is no better, and two paths that share
// nothing but what all paths share fail no more together than any two of the same availability
// (Harris 1960: what takes down one of them makes the other no more likely to be up).
#ifndef WAYMARK_CONTROLLER_COMPUTE_AVAILABILITY_SEARCH_H_
#define WAYMARK_CONTROLLER_COMPUTE_AVAILABILITY_SEARCH_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "controller/compute/availability.h"
#include "controller/compute/constraints.h"
#include "controller/compute/search_graph.h"
#include "controller/compute/work_limit.h"

namespace waymark {

// Of one search, in labels and comparisons of them: about a second at most.
inline constexpr int64_t kAvailabilityBudget = 10'000'000;
// One path, or two.
using AvailableRoute = std::vector<ComputedPath>;

// References must outlive the call only.
struct AvailabilityQuery {
  const SearchGraph& graph;
  const AvailabilityModel& model;
  // With any, a pair, which shares none of these risks (PathRisks); else paths by themselves.
  Protection protection;
  NodeId from = NodeId::kNone, to = NodeId::kNone;
  // 0 to below 1. Read by SearchAvailable alone.
  double target = 0;
  PairOrder order = PairOrder::kMinSum;
  // Paths by themselves that are wanted, 1 or more; of pairs always one.
  size_t count = 1;
  // What else must hold of a route; empty: nothing. Costs some work each time, and with it fewer
  // possibilities can be ruled out together.
  std::function<bool(std::span<const ComputedPath>)> keeps;
  // Valid routes to begin with: the better they are the less is left to search. May be empty.
  std::vector<AvailableRoute> known;
  WorkLimit limit = {.budget = kAvailabilityBudget, .stop = {}};
};

struct AvailableRoutes {
  // kFound: the best, proven, and all there are if they are fewer than asked for. kInfeasible:
  // proven that there are none. kBudgetSpent: what is given is valid, perhaps not the best.
  Outcome outcome = Outcome::kInfeasible;
  // Best first; of a pair the lesser path first.
  std::vector<AvailableRoute> routes;
};

// The least by objective that meet the target (what states nothing meets none).
AvailableRoutes SearchAvailable(const AvailabilityQuery& query);

// At most one: the most available of those that state anything, whatever the target.
AvailableRoutes SearchMostAvailable(const AvailabilityQuery& query);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_AVAILABILITY_SEARCH_H_
