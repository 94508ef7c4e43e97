// Who must leave a link before somebody else arrives there, from one plan to the next.
#ifndef WAYMARK_CONTROLLER_PLAN_HANDOVERS_H_
#define WAYMARK_CONTROLLER_PLAN_HANDOVERS_H_

#include "controller/plan/phases.h"
#include "controller/plan/plan.h"

namespace waymark {

// By link name: the policies of `after` that hold less there than in `before`, and those that hold
// more, wherever what was held and what arrives is together more than can be promised on the link:
// after a pre-emption, a re-optimisation, or whatever else gave room to one that another had. A
// shared protect path counts like any other: now and then somebody waits for nothing. Policies of
// `before` that `after` does not have are not waited for. Pure. O(links of what has changed * log),
// and where something is handed over of all placements.
Successions HandoversOf(const Snapshot& snapshot, const Plan& before, const Plan& after);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_HANDOVERS_H_
