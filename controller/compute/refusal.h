// Why no path exists, in words a NOC engineer can act on.
#ifndef WAYMARK_CONTROLLER_COMPUTE_REFUSAL_H_
#define WAYMARK_CONTROLLER_COMPUTE_REFUSAL_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controller/compute/constraints.h"
#include "controller/compute/route_targets.h"
#include "controller/compute/search_graph.h"
#include "controller/compute/work_limit.h"

namespace waymark {

// As the fields of waymark.v1.Status.
struct Refusal {
  // One sentence: "no path from nodes/zrh to nodes/bom meets max_delay 12.0 ms". Of several
  // conflicts the first, and how many there are beside it.
  std::string reason;
  // RefusalExplanation::conflicts, the constraints of one joined by " and ", several conflicts by
  // "; by itself also ": "max_delay 12.0 ms",
  // "allowed_jurisdictions [CH]", "protection PROVIDER", "bandwidth 10 Gbit/s", "topology", "link
  // state", "maintenance".
  std::string blocking_constraint;
  // The first changes of RefusalExplanation::relaxations, joined by " or ": "max delay 12.0 ms ->
  // 14.3 ms", "allow jurisdiction DE". Empty when none is known.
  std::string relaxation;
};

// As waymark.v1.Relaxation.
struct RefusalRelaxation {
  std::string constraint;  // "max_delay 12.0 ms"; several that must change together by " and "
  std::string change;      // "max delay 12.0 ms -> 14.3 ms"
  // The best route when only that is changed: one path, or the pair or set.
  std::vector<ComputedPath> paths;
};

struct RefusalExplanation {
  Refusal refusal;
  // Constraints that contradict each other. Of each conflict: with these constraints alone there is
  // no route, and without any one of them there is one; no smaller set has that property (but see
  // `complete`). An availability target is in the way where it is so with the protection that is
  // asked for as well: a second path makes it easier to keep. More than one where several of the
  // least size have it (at most four are named), and where dropping all of the first would not help
  // yet: the others then share no constraint with it, and dropping all of them gives a route. The
  // smallest first.
  std::vector<std::vector<std::string>> conflicts;
  // Each by itself works. Where one constraint alone can be changed, those; else two together,
  // neither of which could be left out; more at once are no help, and none is given. Of each
  // constraint the nearest change: the least bound, the fewest names, where latency is asked for
  // the greatest bandwidth of four digits; where the work ended before that was proven, the nearest
  // found, and its text says so.
  std::vector<RefusalRelaxation> relaxations;
  // False where it is not known of every constraint of a conflict that it is needed for it, because
  // the work ended first.
  bool minimal = true;
  // There is a route after all: the caller's search ended early, or asked for more than this.
  bool possible = false;
  // It is known that there is none: by the caller, or by a search of this explanation.
  bool proven = true;
  // False when the work ended first: all that is said is true, but a conflict may not be the
  // smallest, or not known at all, a change not the nearest. Where latency is asked for, and where
  // the search for an availability target ended early, a conflict is of the routes that were tried.
  bool complete = true;
};

// Path searches that one attempt may cost: an explanation need not be exact at any price.
inline constexpr int64_t kExplainAttempt = 500;

// References must outlive the call only.
struct RefusalQuery {
  const Snapshot& snapshot;
  const PathConstraints& constraints;
  SearchGraph::Environment environment;
  // Resource names.
  std::string_view from, to;
  // Mutually disjoint paths, 2 to kMaxDisjointPaths; read only where constraints.protection asks.
  int disjoint_paths = 2;
  RouteTargets targets;
  // Somebody looks at the paths of the relaxations: they are worth work to make them the best.
  bool shows_paths = true;
  // In routes computed.
  WorkLimit limit;
  // In path searches, of one pair or set.
  int64_t attempt = kExplainAttempt;
  // The caller has proven that there is no route. Else the explanation proves it first, or names no
  // conflict.
  bool proven = false;
};

// Routes that an explanation may compute for somebody who waits for it, and for one of many blocked
// policies of a plan.
inline constexpr int64_t kExplainBudget = 2'000;
inline constexpr int64_t kPlanExplainBudget = 150;

// For a query that has just failed. Says distinctly when the topology is empty, a node is unknown,
// the ends are the same, or nothing connects them. Deterministic.
RefusalExplanation ExplainRefusalInFull(const RefusalQuery& query);

// The summary alone, of a single path or a pair, within kPlanExplainBudget.
Refusal ExplainRefusal(const Snapshot& snapshot, const PathConstraints& constraints,
                       const SearchGraph::Environment& environment, std::string_view from,
                       std::string_view to);

// "28" or "2.8" of 28: as many digits behind the point as are needed, of `decimals`.
std::string WeightText(int64_t weight, int decimals);
// An objective that is money, in the cost unit: "12.5"; `unit` as SearchGraph::objective_unit.
std::string MoneyText(int64_t objective, int64_t unit);
// "12.0 ms", "850 us"; "10 Gbit/s", "4.5 Mbit/s": a delay rounded up, a bandwidth down.
std::string DelayText(int64_t delay_ns);
std::string BandwidthText(int64_t bps);
// What these texts say: who reads them asks for that.
int64_t DelayAsTold(int64_t delay_ns);
int64_t BandwidthAsTold(int64_t bps);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_REFUSAL_H_
