// Why no path exists, in words a NOC engineer can act on.
#ifndef WAYMARK_CONTROLLER_COMPUTE_REFUSAL_H_
#define WAYMARK_CONTROLLER_COMPUTE_REFUSAL_H_

#include <string>
#include <string_view>

#include "controller/compute/constraints.h"
#include "controller/compute/search_graph.h"

namespace waymark {

// As the fields of waymark.v1.Status.
struct Refusal {
  // One sentence: "no path from nodes/zrh to nodes/bom meets max delay 12.0 ms".
  std::string reason;
  // "max_delay 12.0 ms", "allowed_jurisdictions [CH]", "protection PROVIDER", "bandwidth 10
  // Gbit/s", "topology", "link state", "maintenance", or several joined by " and " when no one
  // alone is to blame.
  std::string blocking_constraint;
  // The nearest change that would help: "max delay 12.0 ms -> 14.3 ms", "allow jurisdiction DE",
  // "bandwidth 10 Gbit/s -> 4 Gbit/s". Empty when none is known.
  std::string relaxation;
};

// For a query that has just failed: drops each constraint in turn (delay, hops, bandwidth,
// jurisdictions, providers, affinities, protection, links that are down, strict maintenance) to
// find one that alone is to blame, and the smallest change of it that gives a path (a pair, when
// protection is asked). Says distinctly when the topology is empty, a node is unknown, the ends are
// the same, or nothing connects them. Ends are resource names. O(20) solves.
Refusal ExplainRefusal(const Snapshot& snapshot, const PathConstraints& constraints,
                       const SearchGraph::Environment& environment, std::string_view from,
                       std::string_view to);

// "12.0 ms", "850 us"; "10 Gbit/s", "4.5 Mbit/s".
std::string DelayText(int64_t delay_ns);
std::string BandwidthText(int64_t bps);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_REFUSAL_H_
