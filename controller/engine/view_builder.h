// From the plan and the four states of every switch to what people are told: the state of each
// policy, service, node, link and agent, with a reason. Status comes from the data plane: nothing
// is UP that a switch has not confirmed and its liveness does not support.
#ifndef WAYMARK_CONTROLLER_ENGINE_VIEW_BUILDER_H_
#define WAYMARK_CONTROLLER_ENGINE_VIEW_BUILDER_H_

#include <memory>

#include "absl/time/time.h"
#include "controller/engine/switch_table.h"
#include "controller/plan/plan.h"
#include "controller/store/network_view.h"
#include "controller/topology/snapshot.h"

namespace waymark {

struct ViewInput {
  const Plan& plan;
  const Snapshot& snapshot;
  const SwitchTable& switches;
  Revision computed_from = 0;
  absl::Time now;
};

// Shares with `previous` every value that did not change; a status that keeps its state keeps its
// `since`. O(policies + objects + nodes + links).
std::shared_ptr<const NetworkView> BuildView(const ViewInput& input, const NetworkView& previous);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_VIEW_BUILDER_H_
