// Why a route is the one that it is: the paths that would be better or next, and what ruled each
// out.
#ifndef WAYMARK_CONTROLLER_COMPUTE_EXPLANATION_H_
#define WAYMARK_CONTROLLER_COMPUTE_EXPLANATION_H_

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "controller/compute/constraints.h"
#include "controller/compute/route_targets.h"
#include "controller/compute/search_graph.h"
#include "controller/compute/work_limit.h"

namespace waymark {

// As waymark.v1.PathAlternative.
struct RuledOutPath {
  std::vector<LinkId> links;
  // The first rule that it breaks: "max delay 12.0 ms: it takes 14.3 ms", "jurisdiction FR of
  // nodes/par", "no room: 2 Gbit/s free on links/x, 5 Gbit/s asked", "links/y is down", "dearer: te
  // metric 40 against 30". In front of it "as protect path: " where that is what it would have
  // been.
  std::string ruled_out;
};

struct RouteExplanation {
  // One sentence: what it was chosen by, among how many.
  std::string chosen;
  // For the working path: those that the objective alone would prefer, in its order, and the next
  // one that meets the constraints; then the same for the protect path.
  std::vector<RuledOutPath> alternatives;
  // False when the work ended first: what is said is true, but there may be more to say.
  bool complete = true;
};

// References must outlive the call only.
struct RouteExplanationQuery {
  const Snapshot& snapshot;
  const PathConstraints& constraints;
  // As the route was computed with; a ledger without the route's own reservations.
  SearchGraph::Environment environment;
  // Links from one end to the other; protect empty: none.
  std::span<const LinkId> working, protect;
  // Of each of the two paths; at most kMaxAlternatives.
  size_t alternatives = 5;
  // How many disjoint paths were asked for, of which `working` and `protect` are the first two.
  int disjoint_paths = 2;
  // It stands; else it has just been found, and better ones can be only where a search ended early.
  bool placed = false;
  RouteTargets targets;
  // In path searches.
  WorkLimit limit;
};

inline constexpr size_t kMaxAlternatives = 100;

// Deterministic. `working` must not be empty.
RouteExplanation ExplainRoute(const RouteExplanationQuery& query);

// Why a link is not admitted: "links/x is down", "jurisdiction FR of nodes/par", ...; empty exactly
// when SearchGraph::LinkUsable. O(list lengths).
std::string WhyNotUsable(const Snapshot& snapshot, const PathConstraints& constraints,
                         const SearchGraph::Environment& environment, LinkId link);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_EXPLANATION_H_
