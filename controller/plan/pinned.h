// Private to this folder. Places pinned policies: keeps what stands, repairs what is broken, then
// places what is new (plan.h, "Stickiness" and "Order").
#ifndef WAYMARK_CONTROLLER_PLAN_PINNED_H_
#define WAYMARK_CONTROLLER_PLAN_PINNED_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "controller/compute/constraints.h"
#include "controller/plan/plan.h"

namespace waymark {

// One class of one service between two nodes, both ways.
struct PinnedDemand {
  NodeId a = NodeId::kNone, b = NodeId::kNone;  // a < b
  std::array<std::string, 2> policies;          // names of a -> b, b -> a
  uint32_t queue = 0;
  PathConstraints constraints;  // bandwidth_bps is the committed rate
};

struct PlacedPolicy {
  std::vector<LinkId> working, protect;  // working is empty when BLOCKED
  int64_t reserved_bps = 0;
  v1::Status status;
};

// By policy name: an entry for each policy of each demand. `link_state`: fibres, both directions
// alike.
std::map<std::string, PlacedPolicy> PlacePinned(
    const Snapshot& snapshot, const LinkState& link_state,
    const std::map<std::string, stored::v1::Placement>& stored, std::vector<PinnedDemand> demands);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_PINNED_H_
