#include "controller/compute/refusal_question.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "controller/compute/disjoint_set.h"
#include "controller/compute/explicit_path.h"
#include "controller/compute/k_shortest.h"

namespace waymark {
namespace {

// Searches that one attempt may cost: an explanation need not be exact at any price.
constexpr int64_t kAttemptBudget = 500;
constexpr int64_t kAttemptLabels = 200'000;
// Paths among which one that meets the targets is looked for.
constexpr size_t kCandidates = 12;
// Small changes that are tried one by one, and two by two.
constexpr size_t kMostSingles = 64;
constexpr size_t kMostInPairs = 12;

}  // namespace

std::string JoinNames(const std::vector<std::string>& items, const std::string& separator) {
  std::string joined;
  for (const std::string& item : items) joined += (joined.empty() ? "" : separator) + item;
  return joined;
}

std::string ListNames(const std::vector<std::string>& items) {
  return "[" + JoinNames(items, ", ") + "]";
}

WorkLimit WhatIfSolver::Attempt() const { return {.budget = kAttemptBudget, .stop = limit_.stop}; }

WhatIfRoute WhatIfSolver::Solve(const WhatIfQuestion& question) {
  if (!question.targets.any()) return SolveConstraints(question);
  for (WhatIfRoute& route : Candidates(question)) {
    if (MeetsAvailability(question.targets, route) && MeetsLatency(question.targets, route)) {
      return std::move(route);
    }
  }
  // There may be others than the candidates.
  unproven_ = true;
  return {};
}

std::vector<WhatIfRoute> WhatIfSolver::Candidates(const WhatIfQuestion& question) {
  WhatIfQuestion plain = question;
  plain.targets = {};
  std::vector<WhatIfRoute> routes;
  const auto add = [&](WhatIfRoute route) {
    if (!route.empty() && std::find(routes.begin(), routes.end(), route) == routes.end()) {
      routes.push_back(std::move(route));
    }
  };
  add(SolveConstraints(plain));
  if (routes.empty()) return routes;
  plain.constraints.objective = v1::MIN_DELAY;
  plain.constraints.pair_order = PairOrder::kMinMax;
  add(SolveConstraints(plain));
  Protection& protection = plain.constraints.protection;
  if (protection.any()) {
    // Stricter than asked: more of what fails is on one path only.
    protection.node = protection.srlg = true;
    add(SolveConstraints(plain));
  } else if (question.constraints.explicit_hops.empty()) {
    const SearchGraph graph(snapshot_, question.constraints, question.environment);
    for (ComputedPath& path :
         KShortestPaths(graph, from_, to_, kCandidates, kAttemptLabels).paths) {
      add({std::move(path)});
    }
  }
  return routes;
}

WhatIfRoute WhatIfSolver::SolveConstraints(const WhatIfQuestion& question) {
  if (!meter_.Spend()) return {};
  PathConstraints constraints = question.constraints;
  std::vector<std::string>& excluded = constraints.exclude_resources;
  excluded.insert(excluded.end(), question.also_excluded.begin(), question.also_excluded.end());
  std::sort(excluded.begin(), excluded.end());
  SearchGraph::Environment environment = question.environment;
  std::optional<LinkState> mended;
  if (environment.link_state != nullptr && !question.repaired.empty()) {
    mended.emplace(snapshot_);
    for (size_t i = 0; i < snapshot_.links().size(); ++i) {
      const LinkId link = static_cast<LinkId>(i);
      if (!environment.link_state->IsUp(link) && !question.repaired.contains(link)) {
        mended->SetDown(link);
      }
    }
    environment.link_state = &*mended;
  }
  const SearchGraph graph(snapshot_, constraints, environment);
  return constraints.protection.any() ? Several(graph, question) : Single(graph, question);
}

WhatIfRoute WhatIfSolver::Single(const SearchGraph& graph, const WhatIfQuestion& question) {
  const std::vector<ExplicitHop>& hops = question.constraints.explicit_hops;
  if (!hops.empty()) {
    ExplicitResult found =
        ExplicitPath(graph, hops, from_, to_, {.budget = kAttemptLabels, .stop = limit_.stop});
    Note(found);
    return found.outcome == Outcome::kFound ? WhatIfRoute{std::move(found.path)} : WhatIfRoute{};
  }
  PathResult found = CheapestPath(graph, from_, to_, kAttemptLabels);
  Note(found);
  return found.outcome == Outcome::kFound ? WhatIfRoute{std::move(found.path)} : WhatIfRoute{};
}

WhatIfRoute WhatIfSolver::Several(const SearchGraph& graph, const WhatIfQuestion& question) {
  const PathConstraints& constraints = question.constraints;
  const PairOptions options = PairOptionsOf(constraints, Attempt());
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
    return std::move(set->paths);
  }
  PairResult pair = DisjointPair(graph, constraints.protection, from_, to_, options);
  if (pair.has_pair()) return {std::move(pair.working), std::move(pair.protect)};
  Note(pair);
  return {};
}

std::optional<std::vector<size_t>> FewestChanges(WhatIfSolver& solver,
                                                 const SmallChanges& changes) {
  if (changes.count <= kMostSingles) {
    std::optional<std::pair<WhatIfRoute, size_t>> best;
    for (size_t i = 0; i < changes.count; ++i) {
      WhatIfRoute route = solver.Solve(changes.with({i}));
      if (!route.empty() && (!best || route < best->first)) best.emplace(std::move(route), i);
    }
    if (best) return std::vector<size_t>{best->second};
  }
  for (size_t i = 0; changes.count <= kMostInPairs && i < changes.count; ++i) {
    for (size_t j = i + 1; j < changes.count; ++j) {
      if (solver.Solvable(changes.with({i, j}))) return std::vector<size_t>{i, j};
    }
  }
  std::vector<size_t> chosen(changes.count);
  for (size_t i = 0; i < chosen.size(); ++i) chosen[i] = i;
  const WhatIfRoute with_all = solver.Solve(changes.with(chosen));
  if (with_all.empty()) return std::nullopt;
  chosen = changes.used(with_all);
  if (chosen.empty()) return std::nullopt;
  for (size_t i = chosen.size(); i-- > 0 && chosen.size() > 1;) {
    std::vector<size_t> fewer = chosen;
    fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(i));
    if (solver.Solvable(changes.with(fewer))) chosen = std::move(fewer);
  }
  return chosen;
}

}  // namespace waymark
