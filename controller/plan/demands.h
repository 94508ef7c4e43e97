// What the services of a network ask of its pinned paths.
#ifndef WAYMARK_CONTROLLER_PLAN_DEMANDS_H_
#define WAYMARK_CONTROLLER_PLAN_DEMANDS_H_

#include <vector>

#include "controller/plan/pinned.h"
#include "controller/plan/service.h"

namespace waymark {

// What a path of the class holds of a committed rate, and how firmly.
int64_t HeldRate(const v1::TrafficClass& traffic_class, int64_t committed_bps);
int HoldPriority(const v1::TrafficClass& traffic_class);

// Links that can carry: up, as far as is known, and with the identifiers to be programmed.
LinkState LinkStateOf(const PlanInput& input);

// What the pinned classes of one service ask for. References to the arguments stay in it.
std::vector<PinnedDemand> PinnedDemandsOf(const Snapshot& snapshot, const ResolvedService& service);

// References to all three arguments stay in it.
PinnedInput PinnedInputOf(const PlanInput& input, const ResolvedServices& resolved,
                          const LinkState& link_state);

// Of a placed policy.
stored::v1::Placement PlacementOf(const Snapshot& snapshot, const PlacedPolicy& placed);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_DEMANDS_H_
