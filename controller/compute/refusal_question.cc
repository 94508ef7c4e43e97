#include "controller/compute/refusal_question.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "controller/compute/availability_search.h"
#include "controller/compute/disjoint_set.h"
#include "controller/compute/explicit_path.h"
#include "controller/compute/k_shortest.h"
#include "controller/compute/partner_search.h"
#include "controller/compute/path_solver.h"
#include "controller/compute/trade_offs.h"

namespace waymark {
namespace {

// Usual attempts that a great one is worth.
constexpr int kGreat = 16;
constexpr int64_t kAttemptLabels = 200'000;
// Paths among which one that meets the targets is looked for.
constexpr size_t kCandidates = 12;
// Of one search for an availability target, and what it counts for among the routes computed.
constexpr int64_t kAvailabilityWork = 300'000;
constexpr int kAvailabilityRoutes = 2;
// Small changes that are tried one by one; and sets of several of one size.
constexpr size_t kMostSingles = 64;
constexpr size_t kMostSets = 300;

// The question with all its changes made.
class Applied {
 public:
  Applied(const Snapshot& snapshot, const WhatIfQuestion& question, PreparedGraphs* prepared)
      : constraints_(question.constraints), environment_(question.environment) {
    environment_.prepared = prepared;
    std::vector<std::string>& excluded = constraints_.exclude_resources;
    excluded.insert(excluded.end(), question.also_excluded.begin(), question.also_excluded.end());
    std::sort(excluded.begin(), excluded.end());
    if (environment_.link_state == nullptr || question.repaired.empty()) return;
    mended_.emplace(snapshot);
    for (size_t i = 0; i < snapshot.links().size(); ++i) {
      const LinkId link = static_cast<LinkId>(i);
      if (!environment_.link_state->IsUp(link) && !question.repaired.contains(link)) {
        mended_->SetDown(link);
      }
    }
    environment_.link_state = &*mended_;
  }
  Applied(const Applied&) = delete;
  Applied& operator=(const Applied&) = delete;

  const PathConstraints& constraints() const { return constraints_; }
  const SearchGraph::Environment& environment() const { return environment_; }

 private:
  PathConstraints constraints_;
  SearchGraph::Environment environment_;
  std::optional<LinkState> mended_;
};

}  // namespace

std::string JoinNames(const std::vector<std::string>& items, const std::string& separator) {
  std::string joined;
  for (const std::string& item : items) joined += (joined.empty() ? "" : separator) + item;
  return joined;
}

std::string ListNames(const std::vector<std::string>& items) {
  return "[" + JoinNames(items, ", ") + "]";
}

WorkLimit WhatIfSolver::Attempt() const {
  return {.budget = attempt_ * (effort_ == WhatIfEffort::kGreat ? kGreat : 1), .stop = limit_.stop};
}

WhatIfRoute WhatIfSolver::Solve(const WhatIfQuestion& question, WhatIfEffort effort) {
  effort_ = effort;
  unknown_ = dearer_ = false;
  WhatIfRoute route = question.targets.any() ? Meeting(question) : SolveConstraints(question);
  unknown_ |= meter_.ended();
  unproven_ |= route.empty() && unknown_;
  return route;
}

WhatIfRoute WhatIfSolver::Best(const WhatIfQuestion& question) {
  if (!question.targets.any()) {
    WhatIfRoute route = Solve(question);
    if (!dearer_ || ended()) return route;
    WhatIfRoute better = Solve(question, WhatIfEffort::kGreat);
    return better.empty() ? route : better;
  }
  const Applied applied(snapshot_, question, &prepared_);
  const int count = question.constraints.protection.any() ? question.disjoint_paths : 1;
  PathSolution solution =
      SolvePaths(snapshot_, applied.environment(), {from_, to_, applied.constraints(), count},
                 TargetsOf(question), [this] { return limit_.stop && limit_.stop(); });
  if (static_cast<int>(solution.paths.size()) == count) return std::move(solution.paths);
  return Solve(question);
}

WhatIfVerdict WhatIfSolver::Judge(const WhatIfQuestion& question, WhatIfEffort effort) {
  if (!Solve(question, effort).empty()) return WhatIfVerdict::kPossible;
  return unknown_ ? WhatIfVerdict::kUnknown : WhatIfVerdict::kImpossible;
}

WhatIfRoute WhatIfSolver::Meeting(const WhatIfQuestion& asked) {
  const RouteTargets targets = TargetsOf(asked);
  WhatIfQuestion question = asked;
  // Latency is propagation and more, so that its bound is one on delay.
  int64_t& max_delay_ns = question.constraints.max_delay_ns;
  if (targets.max_latency_ns > 0 && (max_delay_ns == 0 || max_delay_ns > targets.max_latency_ns)) {
    max_delay_ns = targets.max_latency_ns;
  }
  std::vector<WhatIfRoute> candidates = Candidates(question);
  for (WhatIfRoute& route : candidates) {
    if (MeetsAvailability(targets, route) && MeetsLatency(targets, route)) {
      return std::move(route);
    }
  }
  // There may be others than the candidates.
  sampled_ |= !candidates.empty() && !ruled_out_;
  return {};
}

std::vector<WhatIfRoute> WhatIfSolver::Candidates(const WhatIfQuestion& question) {
  WhatIfQuestion plain = question;
  plain.targets = {.share_protect = question.targets.share_protect};
  std::vector<WhatIfRoute> routes;
  const auto add = [&](WhatIfRoute route) {
    if (!route.empty() && std::find(routes.begin(), routes.end(), route) == routes.end()) {
      routes.push_back(std::move(route));
    }
  };
  add(SolveConstraints(plain));
  ruled_out_ = false;
  if (routes.empty()) return routes;
  // From here on more candidates only help.
  const bool unknown = unknown_;
  AddAvailable(question, add);
  plain.constraints.objective = v1::MIN_DELAY;
  plain.constraints.pair_order = PairOrder::kMinMax;
  add(SolveConstraints(plain));
  Protection& protection = plain.constraints.protection;
  if (protection.any()) {
    // Stricter than asked: more of what fails is on one path only.
    protection.node = protection.srlg = true;
    add(SolveConstraints(plain));
    plain.constraints = question.constraints;
    for (WhatIfRoute& route : Sharing(plain)) add(std::move(route));
  }
  AddSearched(question, add);
  unknown_ = unknown;
  return routes;
}

void WhatIfSolver::AddAvailable(const WhatIfQuestion& question,
                                const std::function<void(WhatIfRoute)>& add) {
  const RouteTargets targets = TargetsOf(question);
  const PathConstraints& constraints = question.constraints;
  const bool pair = constraints.protection.any();
  if (targets.availability <= 0 || !constraints.explicit_hops.empty() ||
      (pair && question.disjoint_paths > 2)) {
    return;
  }
  for (int i = 0; i < kAvailabilityRoutes; ++i) {
    if (!meter_.Spend()) return;
  }
  const Applied applied(snapshot_, question, &prepared_);
  const SearchGraph graph(snapshot_, applied.constraints(), applied.environment());
  AvailabilityQuery query{.graph = graph,
                          .model = *targets.model,
                          .protection = constraints.protection,
                          .from = from_,
                          .to = to_,
                          .target = targets.availability,
                          .order = constraints.pair_order,
                          .keeps = {},
                          .known = {},
                          .limit = {.budget = kAvailabilityWork, .stop = limit_.stop}};
  if (targets.bounds_latency()) {
    query.keeps = [&targets](std::span<const ComputedPath> paths) {
      return MeetsLatency(targets, paths);
    };
  }
  AvailableRoutes found = SearchAvailable(query);
  for (AvailableRoute& route : found.routes) add(std::move(route));
  if (found.outcome != Outcome::kInfeasible) return;
  // Pairs that share risks, or room that others hold, are not among those.
  ruled_out_ = !pair || (!constraints.allow_shared_risks && !targets.share_protect);
  for (AvailableRoute& route : SearchMostAvailable(query).routes) add(std::move(route));
}

void WhatIfSolver::AddSearched(const WhatIfQuestion& question,
                               const std::function<void(WhatIfRoute)>& add) {
  const Applied applied(snapshot_, question, &prepared_);
  const SearchGraph graph(snapshot_, applied.constraints(), applied.environment());
  const Protection& protection = question.constraints.protection;
  const auto stopped = [this] { return limit_.stop && limit_.stop(); };
  const bool hops = !question.constraints.explicit_hops.empty();
  if (hops || (question.disjoint_paths > 2 && protection.any())) {
    const auto least = [&](const SearchGraph& priced) {
      if (!meter_.Spend()) return WhatIfRoute();
      return protection.any() ? Several(priced, question) : Single(priced, question);
    };
    for (WhatIfRoute& route : TargetTradeOffs(graph, least, TargetsOf(question), stopped)) {
      add(std::move(route));
    }
    return;
  }
  if (!protection.any()) {
    for (ComputedPath& path :
         KShortestPaths(graph, from_, to_, kCandidates, kAttemptLabels, limit_.stop).paths) {
      add({std::move(path)});
    }
  }
  for (WhatIfRoute& route :
       TargetTradeOffs(graph, protection, from_, to_, TargetsOf(question), stopped)) {
    add(std::move(route));
  }
}

WhatIfRoute WhatIfSolver::SolveConstraints(const WhatIfQuestion& question) {
  for (int i = 0; i < (effort_ == WhatIfEffort::kGreat ? kGreat : 1); ++i) {
    if (!meter_.Spend()) return {};
  }
  const Applied applied(snapshot_, question, &prepared_);
  SearchGraph graph(snapshot_, applied.constraints(), applied.environment());
  if (!question.prices.empty()) graph.SetObjectives(question.prices);
  return question.constraints.protection.any() ? Several(graph, question) : Single(graph, question);
}

WhatIfRoute WhatIfSolver::Single(const SearchGraph& graph, const WhatIfQuestion& question) {
  const std::vector<ExplicitHop>& hops = question.constraints.explicit_hops;
  if (!hops.empty()) {
    ExplicitResult found =
        ExplicitPath(graph, hops, from_, to_, {.budget = kAttemptLabels, .stop = limit_.stop});
    Note(found);
    return found.outcome == Outcome::kFound ? WhatIfRoute{std::move(found.path)} : WhatIfRoute{};
  }
  PathResult found = CheapestPath(graph, from_, to_, kAttemptLabels, limit_.stop);
  Note(found);
  return found.outcome == Outcome::kFound ? WhatIfRoute{std::move(found.path)} : WhatIfRoute{};
}

WhatIfRoute WhatIfSolver::Several(const SearchGraph& graph, const WhatIfQuestion& question) {
  const PathConstraints& constraints = question.constraints;
  PairOptions options = PairOptionsOf(constraints, Attempt());
  options.least_shared = least_shared_;
  if (!constraints.explicit_hops.empty()) {
    PairResult pair =
        ExplicitPair(graph, constraints.explicit_hops, constraints.protection, from_, to_, options)
            .pair;
    if (pair.has_pair()) return {std::move(pair.working), std::move(pair.protect)};
    Note(pair);
    return {};
  }
  if (question.disjoint_paths > 2) {
    auto set =
        DisjointSet(graph, constraints.protection, from_, to_, question.disjoint_paths, options);
    if (!set.ok()) return {};
    if (set->paths.empty()) Note(*set);
    dearer_ = set->outcome == Outcome::kBudgetSpent;
    return std::move(set->paths);
  }
  PairResult pair = DisjointPair(graph, constraints.protection, from_, to_, options);
  const bool apart = pair.has_pair() && pair.shared_risks.empty();
  if (!apart && pair.single.outcome == Outcome::kFound) {
    if (auto sharing = Sharing(question); !sharing.empty()) return std::move(sharing.front());
  }
  if (pair.has_pair()) {
    dearer_ = pair.outcome == Outcome::kBudgetSpent;
    // Which risks are shared is told: they may not be the fewest.
    unproven_ |= dearer_ && static_cast<int64_t>(pair.shared_risks.size()) > least_shared_;
    return {std::move(pair.working), std::move(pair.protect)};
  }
  Note(pair);
  return {};
}

std::vector<WhatIfRoute> WhatIfSolver::Sharing(const WhatIfQuestion& question) {
  const PathConstraints& constraints = question.constraints;
  if (!question.targets.share_protect || question.environment.ledger == nullptr ||
      constraints.bandwidth_bps == 0 || question.disjoint_paths > 2 ||
      !constraints.explicit_hops.empty()) {
    return {};
  }
  const Applied applied(snapshot_, question, &prepared_);
  PartneredPairs found = LeastPartnered({.snapshot = snapshot_,
                                         .constraints = applied.constraints(),
                                         .environment = applied.environment(),
                                         .from = from_,
                                         .to = to_,
                                         .limit = Attempt()});
  unknown_ |= found.pairs.empty() && !found.exhausted;
  return std::move(found.pairs);
}

namespace {

std::vector<size_t> FirstNumbers(size_t count) {
  std::vector<size_t> numbers(count);
  for (size_t i = 0; i < count; ++i) numbers[i] = i;
  return numbers;
}

// Of each link, how many of the changes it needs, far above its own weight of one: a search by this
// spares changes.
std::vector<int64_t> PricesOf(const Snapshot& snapshot, const SmallChanges& changes) {
  constexpr int64_t kOfAChange = 1'000;
  std::vector<int64_t> prices;
  for (size_t i = 0; i < snapshot.links().size(); ++i) {
    ComputedPath link;
    link.links = {static_cast<LinkId>(i)};
    prices.push_back(1 + kOfAChange * static_cast<int64_t>(changes.used({link}).size()));
  }
  return prices;
}

// The single change that has the best route.
std::optional<std::vector<size_t>> BestSingle(WhatIfSolver& solver, const SmallChanges& changes) {
  std::optional<std::pair<WhatIfRoute, size_t>> best;
  for (size_t i = 0; i < changes.count; ++i) {
    WhatIfRoute route = solver.Solve(changes.with({i}));
    if (!route.empty() && (!best || route < best->first)) best.emplace(std::move(route), i);
  }
  if (!best) return std::nullopt;
  return std::vector<size_t>{best->second};
}

// What a route with all changes needs, less what it can do without; of the best route, and of one
// that spares changes.
std::optional<std::vector<size_t>> FewOfAll(WhatIfSolver& solver, const SmallChanges& changes) {
  std::optional<std::vector<size_t>> fewest;
  for (const bool sparing : {true, false}) {
    WhatIfQuestion question = changes.with(FirstNumbers(changes.count));
    if (sparing) question.prices = PricesOf(solver.snapshot(), changes);
    const WhatIfRoute route = solver.Solve(question);
    if (route.empty()) continue;
    std::vector<size_t> chosen = changes.used(route);
    for (size_t i = chosen.size(); i-- > 0 && chosen.size() > 1;) {
      std::vector<size_t> fewer = chosen;
      fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(i));
      if (solver.Solvable(changes.with(fewer))) chosen = std::move(fewer);
    }
    if (chosen.empty() || (fewest && fewest->size() <= chosen.size())) continue;
    fewest = std::move(chosen);
  }
  return fewest;
}

bool FewSets(size_t of, size_t size) {
  size_t sets = 1;
  for (size_t i = 0; i < size && sets <= kMostSets; ++i) sets = sets * (of - i) / (i + 1);
  return sets <= kMostSets;
}

}  // namespace

bool NextSet(size_t of, std::vector<size_t>* set) {
  for (size_t i = set->size(); i-- > 0;) {
    if ((*set)[i] + (set->size() - i) >= of) continue;
    for (size_t next = (*set)[i] + 1; i < set->size(); ++i, ++next) (*set)[i] = next;
    return true;
  }
  return false;
}

std::optional<std::vector<size_t>> FewestChanges(WhatIfSolver& solver,
                                                 const SmallChanges& changes) {
  const bool singles = changes.count <= kMostSingles;
  if (singles) {
    if (auto best = BestSingle(solver, changes)) return best;
  }
  std::optional<std::vector<size_t>> fewest = FewOfAll(solver, changes);
  if (!fewest) return std::nullopt;
  for (size_t size = singles ? 2 : 1; size < fewest->size(); ++size) {
    if (!FewSets(changes.count, size)) break;
    std::vector<size_t> set = FirstNumbers(size);
    do {
      if (solver.Solvable(changes.with(set))) return set;
    } while (!solver.ended() && NextSet(changes.count, &set));
  }
  return fewest;
}

}  // namespace waymark
