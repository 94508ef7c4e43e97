// Private to this folder. An explicit hop list as legs: from place to place, each a search of its
// own but for the rule that no node is passed twice.
#ifndef WAYMARK_CONTROLLER_COMPUTE_EXPLICIT_HOPS_H_
#define WAYMARK_CONTROLLER_COMPUTE_EXPLICIT_HOPS_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "controller/compute/explicit_path.h"
#include "controller/compute/search_graph.h"

namespace waymark {

// From where the leg before ends to a node, or over a link.
struct ExplicitLeg {
  LinkId link = LinkId::kNone;  // its last link, when the hop names one
  NodeId start = NodeId::kNone;
  NodeId end = NodeId::kNone;
  bool loose = false;
  int hop = -1;  // in the list; -1: the end of the path, which no hop names
};

struct HopPlan {
  HopProblem problem = HopProblem::kNone;
  int hop = -1;
  std::string message;

  std::vector<ExplicitLeg> legs;  // at least one when there is no problem
  // By node: the only leg within which, or at whose start, it may be passed; kAnyLeg, or the number
  // of legs for the end.
  std::vector<int32_t> only_leg;
};

inline constexpr int32_t kAnyLeg = -1;

// O(nodes + hops * links of a node).
HopPlan PlanHops(const SearchGraph& graph, std::span<const ExplicitHop> hops, NodeId from,
                 NodeId to);

// "hop 2 (nodes/b)", counted from 1 as people do.
std::string HopText(const Snapshot& snapshot, std::span<const ExplicitHop> hops, int hop);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_EXPLICIT_HOPS_H_
