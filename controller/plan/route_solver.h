// Private to this folder. Finds the route of one pinned demand on what is free.
#ifndef WAYMARK_CONTROLLER_PLAN_ROUTE_SOLVER_H_
#define WAYMARK_CONTROLLER_PLAN_ROUTE_SOLVER_H_

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/compute/availability.h"
#include "controller/compute/availability_search.h"
#include "controller/compute/disjoint_pair.h"
#include "controller/compute/ledger.h"
#include "controller/compute/partner_search.h"
#include "controller/compute/refusal.h"
#include "controller/compute/route_targets.h"
#include "controller/plan/pinned.h"

namespace waymark {

struct Route {
  std::vector<LinkId> working, protect;
  bool share_protect = false;
  // By name, where the class allows them.
  std::vector<std::string> shared_risks;
};

// One direction of a demand, or both when they use the same fibres.
struct RouteQuery {
  const PinnedDemand* demand = nullptr;
  bool corouted = false;
  size_t leg = 0;  // 0 a -> b, 1 b -> a; 0 when corouted
  // A path without protection is sought, whatever the class asks.
  bool alone = false;
  // Whatever its availability.
  bool waives_target = false;

  NodeId from() const { return leg == 0 ? demand->a : demand->b; }
  NodeId to() const { return leg == 0 ? demand->b : demand->a; }
  const PathConstraints& constraints() const { return demand->constraints; }
  // Of availability; 0: none.
  double target() const { return waives_target ? 0 : demand->availability_target; }
};

// Whether two paths share risk groups is NP-hard to search: what all such searches of one plan may
// cost, in path searches (compute/disjoint_pair.h), so that no network stalls the loop that plans.
// Deterministic: no clock. Each demand has a share of its own, whoever comes before it; beyond, all
// draw from one pot in the order of service.
class SearchBudget {
 public:
  // Of one pair.
  static constexpr int64_t kPair = 2'000;
  static constexpr int64_t kOwn = 128;
  static constexpr int64_t kPot = 50'000;
  // To tell why there is no route: of one explanation, and of all.
  static constexpr int64_t kExplanation = 5'000;
  static constexpr int64_t kExplanations = 100'000;

  // Pays for kSearchesAsked searches; false: nothing is left for this demand.
  bool Draw(const PinnedDemand* demand);
  // What one explanation may cost, taken from what is left for all; 0: nothing is.
  int64_t TakeForExplanation();
  void GiveBack(int64_t searches) { explanations_ += std::max<int64_t>(0, searches); }
  // Whether each explanation had, and one more would have, all that it may cost.
  bool explains_all() const { return explanations_ >= kExplanation; }
  // Whether all that has been asked for was there.
  bool enough() const { return enough_; }
  // All demands have their own again.
  void RenewOwn() { own_.clear(); }
  // DisjointPair asks once in so many whether to go on.
  static constexpr int64_t kSearchesAsked = 16;

 private:
  int64_t pot_ = kPot;
  int64_t explanations_ = kExplanations;
  bool enough_ = true;
  std::map<const PinnedDemand*, int64_t> own_;  // left; of those that have drawn
};

class RouteSolver {
 public:
  // Keeps references; reads the ledger as it is at each call. `prepared`: of the snapshot; null:
  // its own.
  RouteSolver(const Snapshot& snapshot, const LinkState& link_state, const Ledger& ledger,
              SearchBudget& budget, PreparedGraphs* prepared);

  // The best route that meets every constraint, but for availability target and latency bound, on
  // what is free to `setup_priority`. `spare_others`: links on which it would have to take from
  // others are the last resort.
  std::optional<Route> Solve(const RouteQuery& query, int setup_priority,
                             bool spare_others = false);
  // Whether the last Solve that found nothing might have, with more searches than the budget left
  // it. What it then tries in their place is a partner for each of the least paths.
  bool budget_spent() const { return budget_spent_; }
  // Other routes that meet the same, where availability or latency rule the best one out: the best
  // that keeps the availability target (compute/availability_search.h), those that trade the
  // objective for either (compute/trade_offs.h); pairs further apart than the class asks, and the
  // protect paths of the eight least paths; where no protection is asked for, the 64 least. Best
  // first; not all there are. Where it is proven that none keeps the availability target, only the
  // most available.
  std::vector<Route> Alternatives(const RouteQuery& query, int setup_priority);
  // Whether that is what the last Alternatives gave.
  bool most_available_known() const { return most_available_known_; }
  // A protect path for a working path that stays. With everything else as Solve.
  std::optional<Route> Protect(const RouteQuery& query, const std::vector<LinkId>& working,
                               int setup_priority);

  // A path by itself: everything but load, link state, availability and latency.
  bool PathValid(const RouteQuery& query, const std::vector<LinkId>& links);
  // What working and protect share that the class forbids, by name.
  std::vector<std::string> SharedRisks(const RouteQuery& query, const Route& route);
  Availability AvailabilityOf(const Route& route);
  const AvailabilityModel& Model();
  // By the class's pair order: of both paths together, or of the dearer one.
  Metric Objective(const RouteQuery& query, const Route& route);

  // SearchGraph::objective_unit of that.
  int64_t ObjectiveUnit(const RouteQuery& query) { return ClassGraph(query).objective_unit(); }

  // Why Solve finds nothing, for people. Some hundred searches.
  Refusal Why(const RouteQuery& query);
  // The same in one search: whether for want of bandwidth or for something else.
  Refusal WhyInShort(const RouteQuery& query);

 private:
  // For pairs, on what is left of the budget.
  PairOptions Limited(const RouteQuery& query, PairOrder order);
  // For any search: whether what is left of the budget is spent.
  std::function<bool()> Stop(const RouteQuery& query);
  // What the class asks, of this search.
  static PathConstraints Asked(const RouteQuery& query);
  SearchGraph::Environment EnvironmentOf(const RouteQuery& query) const;
  SearchGraph MakeGraph(const RouteQuery& query, const PathConstraints& constraints) const;
  // The class's graph without load and link state: made once a class.
  const SearchGraph& ClassGraph(const RouteQuery& query);
  std::optional<Route> Least(const RouteQuery& query, const SearchGraph& graph,
                             const PathConstraints& constraints);
  RouteTargets TargetsOf(const RouteQuery& query);
  // Adds the best routes that keep the availability target, as far as the work goes; beside those
  // that are known. The most available one when it is proven that none does.
  std::optional<Route> Available(const RouteQuery& query, const SearchGraph& graph,
                                 const PathConstraints& constraints,
                                 std::vector<AvailableRoute>* routes);
  // Where its protect path is sought, and the search over that.
  SearchGraph PartnerGraph(const RouteQuery& query, int setup_priority);
  PartnerSearch Partners(const RouteQuery& query, const SearchGraph& graph, int setup_priority);

  const Snapshot& snapshot_;
  const LinkState& link_state_;
  const Ledger& ledger_;
  SearchBudget& budget_;
  bool budget_spent_ = false;
  bool most_available_known_ = false;
  std::unique_ptr<AvailabilityModel> model_;
  // Whoever asks: the same graphs, made once a class.
  PreparedGraphs own_prepared_;
  PreparedGraphs& prepared_;
  std::map<std::pair<const v1::TrafficClass*, bool>, std::unique_ptr<SearchGraph>> class_graphs_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_ROUTE_SOLVER_H_
