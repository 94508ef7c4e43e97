// The cheapest path through given places in order (RFC 3209 section 4.3.3), and the best pair whose
// first path is such a one.
//
// A simple path through given places is NP-hard to find (Fortune, Hopcroft, Wyllie 1980). Solved
// exactly: label setting over (node, places passed) finds the least walk; where it passes a node in
// two legs, branch: the one or the other leg must not (conflict-based search, Sharon, Stern,
// Felner, Sturtevant 2015).
#ifndef WAYMARK_CONTROLLER_COMPUTE_EXPLICIT_PATH_H_
#define WAYMARK_CONTROLLER_COMPUTE_EXPLICIT_PATH_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/disjoint_set.h"

namespace waymark {

inline constexpr int kMaxExplicitHops = kMaxPathHops;

// Why there is no path.
enum class HopProblem {
  kNone,         // there is one, or the work ended first
  kInvalid,      // the list is wrong on any network like this: it does not connect, passes a node
                 // twice, goes on behind the end
  kNotAdmitted,  // it names a place that the constraints or the network's state forbid
  kUnreachable,  // no admitted way leads to a hop from the one before
  kNoPath,       // every leg exists, but no path has them all within the bounds
};

struct ExplicitResult {
  // kBudgetSpent: neither found nor disproved; there is no path.
  Outcome outcome = Outcome::kInfeasible;
  ComputedPath path;  // when kFound: the least by (metric, link numbers)
  // When kInfeasible. Index into the list as given; -1 when it is no hop's fault (an end's, or of
  // all together).
  HopProblem problem = HopProblem::kNone;
  int hop = -1;
  std::string message;  // a sentence for people: "hop 2 (nodes/b): the path would pass it twice"
};

// The rules of a list, beyond strict and loose:
//   * A node hop that names where the path stands already (the start, or where a link hop led) is
//     passed; a second one is a repetition.
//   * A strict link hop starts where the path stands.
//   * `to` need not be named; the way there from the last hop is loose.
//   * A named place is passed in its turn only.
// `hops` at most kMaxExplicitHops; empty: CheapestPath. Ends must be nodes of the snapshot; ids of
// hops are checked. `limit` counts labels settled.
ExplicitResult ExplicitPath(const SearchGraph& graph, std::span<const ExplicitHop> hops,
                            NodeId from, NodeId to,
                            const WorkLimit& limit = {.budget = kDefaultLabelBudget});

struct ExplicitPairResult {
  // `working` goes by the hops, also when it is the dearer one; `single` is the least such path
  // without regard to a partner. The rest as DisjointPair.
  PairResult pair;
  // Of the first path alone: the problem when there is none.
  ExplicitResult first;
};

// Jointly: where hops leave a choice, a first path that has a partner is chosen, and the best pair
// of all. `options.limit` counts path searches; each of the first path's may settle
// kDefaultLabelBudget labels.
ExplicitPairResult ExplicitPair(const SearchGraph& graph, std::span<const ExplicitHop> hops,
                                const Protection& protection, NodeId from, NodeId to,
                                const PairOptions& options = {});

struct ExplicitSetResult {
  SetResult set;  // the first path goes by the hops, the others follow in order
  ExplicitResult first;
};

// The same of `count` paths, 2 to kMaxDisjointPaths, else INVALID_ARGUMENT. Risks can be shared by
// two paths only.
absl::StatusOr<ExplicitSetResult> ExplicitSet(const SearchGraph& graph,
                                              std::span<const ExplicitHop> hops,
                                              const Protection& protection, NodeId from, NodeId to,
                                              int count, const PairOptions& options = {});

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_EXPLICIT_PATH_H_
