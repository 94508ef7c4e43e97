// A working and a protect path that share no risk, the best pair: computed jointly, so that a
// working path that traps its protect path is never chosen. Exact within a work budget
// (conflict_search.h says how).
#ifndef WAYMARK_CONTROLLER_COMPUTE_DISJOINT_PAIR_H_
#define WAYMARK_CONTROLLER_COMPUTE_DISJOINT_PAIR_H_

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "controller/compute/constrained_path.h"
#include "controller/compute/path_risks.h"
#include "controller/compute/work_limit.h"

namespace waymark {

struct PairOptions {
  // kMinSum: least total metric. kMinMax: least metric of the dearer path, then least total.
  PairOrder order = PairOrder::kMinSum;
  // Where no disjoint pair exists: of all pairs of different paths those that share fewest risks
  // (PathRisks: each risk weighs one), of those the best by `order`.
  bool allow_shared_risks = false;
  WorkLimit limit;  // in path searches
  // The caller has proven that no pair shares fewer: spares the search that proof. Read with
  // allow_shared_risks alone.
  int64_t least_shared = 0;
};

// What `constraints` ask of a pair.
PairOptions PairOptionsOf(const PathConstraints& constraints, WorkLimit limit = {});

struct PairResult {
  // Of the pair. kFound: proven best; with shared risks, proven fewest. kInfeasible is a proof that
  // no two paths will do; with allow_shared_risks, that there are no two different paths at all
  // (one path twice protects nothing and is never given).
  Outcome outcome = Outcome::kInfeasible;
  // Both have links when kFound, and when kBudgetSpent found a valid pair not proven best. working
  // <= protect.
  ComputedPath working, protect;
  // The least path by itself, whether or not it has a partner: tells "no path" from "no pair".
  PathResult single;
  // By name (PathRisks::Name), in a fixed order; empty unless allow_shared_risks.
  std::vector<std::string> shared_risks;

  bool has_pair() const { return !working.links.empty(); }
};

// Among equally good pairs the choice is deterministic. Both paths keep the graph's bounds. A
// protection that asks for nothing reads as `link`. from == to is kInfeasible.
PairResult DisjointPair(const SearchGraph& graph, const Protection& protection, NodeId from,
                        NodeId to, const PairOptions& options);
PairResult DisjointPair(const SearchGraph& graph, const Protection& protection, NodeId from,
                        NodeId to, int64_t search_budget = kDefaultPairBudget);
// The same to `search.target()`: for many pairs with that end.
PairResult DisjointPair(PathSearch& search, const Protection& protection, NodeId from,
                        const PairOptions& options);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_DISJOINT_PAIR_H_
