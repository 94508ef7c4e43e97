#include "controller/plan/route_solver.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/compute/availability_search.h"
#include "controller/compute/k_shortest.h"
#include "controller/compute/trade_offs.h"
#include "controller/plan/paths.h"

namespace waymark {
namespace {

// Working paths that are tried for a partner, where the least pair will not do.
constexpr size_t kWorkingTried = 8;
// Paths that are tried where no partner is asked for.
constexpr size_t kMostTried = 64;
// Of one search for an availability target (compute/availability_search.h): as some hundred path
// searches.
constexpr int64_t kAvailabilityWork = 300'000;
// Added for a link on which another would have to give way: any detour is better.
constexpr int64_t kInTheWay = int64_t{1} << 36;

// Stronger protections than the class asks for, weakest first: more apart, more available.
std::vector<Protection> Stronger(const Protection& protection) {
  std::vector<Protection> levels;
  Protection level = protection;
  for (bool Protection::*more : {&Protection::node, &Protection::srlg, &Protection::provider}) {
    if (level.*more) continue;
    level.*more = true;
    levels.push_back(level);
  }
  return levels;
}

Route Made(ComputedPath working, ComputedPath protect, std::vector<std::string> shared = {}) {
  return {std::move(working.links), std::move(protect.links), false, std::move(shared)};
}

}  // namespace

RouteSolver::RouteSolver(const Snapshot& snapshot, const LinkState& link_state,
                         const Ledger& ledger, SearchBudget& budget, PreparedGraphs* prepared)
    : snapshot_(snapshot),
      link_state_(link_state),
      ledger_(ledger),
      budget_(budget),
      prepared_(prepared != nullptr ? *prepared : own_prepared_) {}

PathConstraints RouteSolver::Asked(const RouteQuery& query) {
  PathConstraints constraints = query.constraints();
  if (query.alone) constraints.protection = {};
  return constraints;
}

SearchGraph::Environment RouteSolver::EnvironmentOf(const RouteQuery& query) const {
  return {.ledger = &ledger_,
          .link_state = &link_state_,
          .corouted = query.corouted,
          .prepared = &prepared_};
}

SearchGraph RouteSolver::MakeGraph(const RouteQuery& query,
                                   const PathConstraints& constraints) const {
  return SearchGraph(snapshot_, constraints, EnvironmentOf(query));
}

const SearchGraph& RouteSolver::ClassGraph(const RouteQuery& query) {
  std::unique_ptr<SearchGraph>& graph =
      class_graphs_[{query.demand->traffic_class, query.corouted}];
  if (graph == nullptr) {
    PathConstraints constraints = query.constraints();
    constraints.bandwidth_bps = 0;
    graph = std::make_unique<SearchGraph>(
        snapshot_, constraints,
        SearchGraph::Environment{.corouted = query.corouted, .prepared = &prepared_});
  }
  return *graph;
}

const AvailabilityModel& RouteSolver::Model() {
  if (model_ == nullptr) model_ = std::make_unique<AvailabilityModel>(snapshot_);
  return *model_;
}

bool SearchBudget::Draw(const PinnedDemand* demand) {
  int64_t& own = own_.try_emplace(demand, kOwn).first->second;
  int64_t& from = own > 0 ? own : pot_;
  from -= kSearchesAsked;
  const bool had = from > -kSearchesAsked;
  enough_ = enough_ && had;
  return had;
}

int64_t SearchBudget::TakeForExplanation() {
  const int64_t taken = std::clamp<int64_t>(explanations_, 0, kExplanation);
  explanations_ -= taken;
  return taken;
}

PairOptions RouteSolver::Limited(const RouteQuery& query, PairOrder order) {
  PairOptions options;
  options.order = order;
  options.limit.budget = SearchBudget::kPair;
  options.limit.stop = Stop(query);
  return options;
}

std::function<bool()> RouteSolver::Stop(const RouteQuery& query) {
  return [this, demand = query.demand] { return !budget_.Draw(demand); };
}

std::optional<Route> RouteSolver::Solve(const RouteQuery& query, int setup_priority,
                                        bool spare_others) {
  budget_spent_ = false;
  PathConstraints constraints = Asked(query);
  constraints.setup_priority = setup_priority;
  SearchGraph graph = MakeGraph(query, constraints);
  if (spare_others) {
    for (size_t i = 0; i < snapshot_.links().size(); ++i) {
      const auto link = static_cast<LinkId>(i);
      const LinkId back = snapshot_.link(link).reverse;
      const auto full = [&](LinkId id) {
        return ledger_.Residual(id, kTentativePriority) < constraints.bandwidth_bps;
      };
      if (full(link) || (query.corouted && back != LinkId::kNone && full(back))) {
        graph.AddCost(link, kInTheWay);
      }
    }
  }
  return Least(query, graph, constraints);
}

std::optional<Route> RouteSolver::Least(const RouteQuery& query, const SearchGraph& graph,
                                        const PathConstraints& constraints) {
  const Protection& protection = constraints.protection;
  if (!protection.any()) {
    PathResult path =
        CheapestPath(graph, query.from(), query.to(), kDefaultLabelBudget, Stop(query));
    budget_spent_ = path.outcome == Outcome::kBudgetSpent;
    if (path.outcome != Outcome::kFound) return std::nullopt;
    return Made(std::move(path.path), {});
  }
  PairOptions options = Limited(query, constraints.pair_order);
  PairResult pair = DisjointPair(graph, protection, query.from(), query.to(), options);
  std::optional<Route> route;
  if (pair.has_pair()) {
    route = Made(std::move(pair.working), std::move(pair.protect));
  } else if (pair.single.outcome == Outcome::kFound &&
             (query.demand->share_protect || pair.outcome == Outcome::kBudgetSpent)) {
    // Room that is held already for others that cannot fail together with it.
    PartneredPairs found = LeastPartnered({.snapshot = snapshot_,
                                           .constraints = constraints,
                                           .environment = EnvironmentOf(query),
                                           .from = query.from(),
                                           .to = query.to(),
                                           .share_protect = query.demand->share_protect,
                                           .working_graph = &graph,
                                           .limit = options.limit});
    if (!found.pairs.empty()) {
      route = Made(std::move(found.pairs[0][0]), std::move(found.pairs[0][1]));
    }
  }
  budget_spent_ = !route && pair.outcome == Outcome::kBudgetSpent;
  if (!route && constraints.allow_shared_risks && pair.single.outcome == Outcome::kFound) {
    options.allow_shared_risks = true;
    pair = DisjointPair(graph, protection, query.from(), query.to(), options);
    if (pair.has_pair()) {
      route = Made(std::move(pair.working), std::move(pair.protect), std::move(pair.shared_risks));
    }
  }
  if (!route) return route;
  budget_spent_ = false;
  route->share_protect = query.demand->share_protect;
  return route;
}

PartnerSearch RouteSolver::Partners(const RouteQuery& query, const SearchGraph& graph,
                                    int setup_priority) {
  SharedRoom room;
  if (query.demand->share_protect) {
    room = {&ledger_, query.constraints().bandwidth_bps, setup_priority, query.corouted};
  }
  return PartnerSearch(graph, query.constraints().protection, query.from(), query.to(), Stop(query),
                       room);
}

SearchGraph RouteSolver::PartnerGraph(const RouteQuery& query, int setup_priority) {
  PathConstraints constraints = query.constraints();
  constraints.setup_priority = setup_priority;
  if (query.demand->share_protect) constraints.bandwidth_bps = 0;
  return MakeGraph(query, constraints);
}

std::optional<Route> RouteSolver::Protect(const RouteQuery& query,
                                          const std::vector<LinkId>& working, int setup_priority) {
  const SearchGraph graph = PartnerGraph(query, setup_priority);
  PathResult found = Partners(query, graph, setup_priority).Of(working);
  if (found.outcome != Outcome::kFound) return std::nullopt;
  return Route{working, std::move(found.path.links), query.demand->share_protect, {}};
}

std::vector<Route> RouteSolver::Alternatives(const RouteQuery& query, int setup_priority) {
  PathConstraints constraints = Asked(query);
  constraints.setup_priority = setup_priority;
  const SearchGraph graph = MakeGraph(query, constraints);
  std::vector<std::pair<Metric, Route>> routes;
  const auto offer = [&](Route route) {
    const Metric objective = Objective(query, route);
    routes.emplace_back(objective, std::move(route));
  };
  const bool alone = !constraints.protection.any();
  // The objective may rank what would keep the promise behind any number of others.
  std::vector<AvailableRoute> traded = TargetTradeOffs(graph, constraints.protection, query.from(),
                                                       query.to(), TargetsOf(query), Stop(query));
  most_available_known_ = false;
  if (query.target() > 0) {
    if (auto known = Available(query, graph, constraints, &traded)) return {*std::move(known)};
  }
  std::vector<ComputedPath> paths =
      KShortestPaths(graph, query.from(), query.to(), alone ? kMostTried : kWorkingTried,
                     kDefaultLabelBudget, Stop(query))
          .paths;
  for (AvailableRoute& route : traded) {
    if (query.demand->share_protect) paths.insert(paths.end(), route.begin(), route.end());
    if (alone) {
      offer(Made(std::move(route[0]), {}));
    } else {
      Route pair = Made(std::move(route[0]), std::move(route[1]));
      pair.share_protect = query.demand->share_protect;
      offer(std::move(pair));
    }
  }
  if (alone) {
    for (ComputedPath& path : paths) offer(Made(std::move(path), {}));
  } else {
    for (const Protection& stronger : Stronger(constraints.protection)) {
      PairResult pair = DisjointPair(graph, stronger, query.from(), query.to(),
                                     Limited(query, constraints.pair_order));
      if (!pair.has_pair()) continue;
      Route route = Made(std::move(pair.working), std::move(pair.protect));
      route.share_protect = query.demand->share_protect;
      offer(std::move(route));
    }
    const SearchGraph partner_graph = PartnerGraph(query, setup_priority);
    PartnerSearch partners = Partners(query, partner_graph, setup_priority);
    for (ComputedPath& path : paths) {
      PathResult found = partners.Of(path.links);
      if (found.outcome != Outcome::kFound) continue;
      Route route = Made(std::move(path), std::move(found.path));
      route.share_protect = query.demand->share_protect;
      offer(std::move(route));
    }
  }
  std::sort(routes.begin(), routes.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first, a.second.working, a.second.protect) <
           std::tie(b.first, b.second.working, b.second.protect);
  });
  std::vector<Route> sorted;
  for (auto& [objective, route] : routes) sorted.push_back(std::move(route));
  return sorted;
}

std::optional<Route> RouteSolver::Available(const RouteQuery& query, const SearchGraph& graph,
                                            const PathConstraints& constraints,
                                            std::vector<AvailableRoute>* routes) {
  AvailabilityQuery asked{.graph = graph,
                          .model = Model(),
                          .protection = constraints.protection,
                          .from = query.from(),
                          .to = query.to(),
                          .target = query.target(),
                          .order = constraints.pair_order,
                          // Some of them may break a latency bound.
                          .count = query.demand->max_latency_ns > 0 ? kWorkingTried : 1,
                          .keeps = {},
                          .known = *routes,
                          .limit = {.budget = kAvailabilityWork, .stop = Stop(query)}};
  AvailableRoutes found = SearchAvailable(asked);
  std::move(found.routes.begin(), found.routes.end(), std::back_inserter(*routes));
  // With room that others hold already there may be more.
  if (found.outcome != Outcome::kInfeasible || query.demand->share_protect) return std::nullopt;
  AvailableRoutes most = SearchMostAvailable(asked);
  if (most.outcome != Outcome::kFound) return std::nullopt;
  most_available_known_ = true;
  std::vector<ComputedPath>& paths = most.routes[0];
  return Made(std::move(paths[0]), paths.size() > 1 ? std::move(paths[1]) : ComputedPath());
}

// What the objective may have to be traded for.
RouteTargets RouteSolver::TargetsOf(const RouteQuery& query) {
  RouteTargets targets;
  targets.availability = query.target();
  if (targets.availability > 0) targets.model = &Model();
  const bool by_delay = query.constraints().objective == v1::MIN_DELAY;
  if (!by_delay) targets.max_latency_ns = query.demand->max_latency_ns;
  return targets;
}

bool RouteSolver::PathValid(const RouteQuery& query, const std::vector<LinkId>& links) {
  const SearchGraph& graph = ClassGraph(query);
  if (!IsSimplePath(snapshot_, links, query.from(), query.to())) return false;
  if (!std::all_of(links.begin(), links.end(),
                   [&](LinkId link) { return graph.LinkUsable(link); })) {
    return false;
  }
  const Metric metric = graph.PathMetric(links);
  return metric.delay_ns <= graph.max_delay_ns() && metric.hops <= graph.max_hops();
}

std::vector<std::string> RouteSolver::SharedRisks(const RouteQuery& query, const Route& route) {
  const PathRisks risks(snapshot_, query.constraints().protection, query.from(), query.to());
  return risks.Names(risks.Shared(route.working, route.protect));
}

Availability RouteSolver::AvailabilityOf(const Route& route) {
  std::vector<std::vector<LinkId>> paths = {route.working};
  if (!route.protect.empty()) paths.push_back(route.protect);
  return Model().Explain(paths);
}

Metric RouteSolver::Objective(const RouteQuery& query, const Route& route) {
  const SearchGraph& graph = ClassGraph(query);
  const Metric working = graph.PathMetric(route.working);
  if (route.protect.empty()) return working;
  const Metric protect = graph.PathMetric(route.protect);
  return query.constraints().pair_order == PairOrder::kMinMax ? std::max(working, protect)
                                                              : working + protect;
}

Refusal RouteSolver::Why(const RouteQuery& query) {
  int64_t left = budget_.TakeForExplanation();
  if (left <= 0) return WhyInShort(query);
  PathConstraints constraints = Asked(query);
  const auto stop = [&left] { return (left -= SearchBudget::kSearchesAsked) < 0; };
  Refusal refusal = ExplainRefusalInFull({.snapshot = snapshot_,
                                          .constraints = constraints,
                                          .environment = EnvironmentOf(query),
                                          .from = snapshot_.node(query.from()).name,
                                          .to = snapshot_.node(query.to()).name,
                                          .targets = {.share_protect = query.demand->share_protect},
                                          .shows_paths = false,
                                          .limit = {.budget = kPlanExplainBudget, .stop = stop}})
                        .refusal;
  budget_.GiveBack(left);
  return refusal;
}

Refusal RouteSolver::WhyInShort(const RouteQuery& query) {
  PathConstraints constraints = Asked(query);
  const std::string ends =
      snapshot_.node(query.from()).name + " to " + snapshot_.node(query.to()).name;
  const std::string bandwidth = "bandwidth " + BandwidthText(constraints.bandwidth_bps);
  constraints.bandwidth_bps = 0;
  const SearchGraph graph = MakeGraph(query, constraints);
  const bool found = constraints.protection.any()
                         ? DisjointPair(graph, constraints.protection, query.from(), query.to(),
                                        Limited(query, constraints.pair_order))
                               .has_pair()
                         : CheapestPath(graph, query.from(), query.to()).outcome == Outcome::kFound;
  Refusal refusal;
  refusal.blocking_constraint =
      found ? bandwidth : "constraints of " + query.demand->traffic_class->name();
  refusal.reason = "no " +
                   std::string(constraints.protection.any() ? "two disjoint paths" : "path") +
                   " from " + ends + " for " + refusal.blocking_constraint +
                   " (in short, of many that are refused: explain its service for the rest)";
  return refusal;
}

}  // namespace waymark
