// What can fail at once, and what goes down with it: for planning ahead of failures.
#ifndef WAYMARK_CONTROLLER_COMPUTE_FAILURE_LIST_H_
#define WAYMARK_CONTROLLER_COMPUTE_FAILURE_LIST_H_

#include <cstdint>
#include <string>
#include <vector>

#include "controller/compute/constraints.h"
#include "controller/topology/snapshot.h"

namespace waymark {

// One cause.
struct Failure {
  std::string name;            // "links/a--b" (of a fibre its first way), "nodes/c", "srlgs/d"
  std::vector<int32_t> links;  // that are down with it, both ways of each fibre; ascending
  std::vector<NodeId> nodes;   // likewise
  // Of the time it is down, by its own MTBF and MTTR; 0: it does not state both.
  double unavailability = 0;
};

// Each alone: the fibres, and the nodes, risk groups (or buildings among them) and providers as
// `kinds` asks. A fibre is a link and its reverse. A node takes its links down; a group or provider
// the fibres and nodes that name it. In this order, each by number; those that take nothing down
// are left out. Providers state no figures. O(size of what is returned).
std::vector<Failure> SingleFailures(const Snapshot& snapshot, const Protection& kinds);

// Both, at once: the name is that of both, the unavailability is lost.
Failure Together(const Failure& a, const Failure& b);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_FAILURE_LIST_H_
