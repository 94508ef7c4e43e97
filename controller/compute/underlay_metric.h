// What the underlay (controller/plan/underlay.h) counts for a link: for it, and for whoever reckons
// where its routes go.
#ifndef WAYMARK_CONTROLLER_COMPUTE_UNDERLAY_METRIC_H_
#define WAYMARK_CONTROLLER_COMPUTE_UNDERLAY_METRIC_H_

#include <cstdint>

#include "controller/compute/constraints.h"
#include "controller/topology/snapshot.h"

namespace waymark {

// Above any sum of metrics: 2^24 times 2^15 nodes; 2^15 of it stay below 2^63.
inline constexpr uint64_t kUnderlayAvoid = uint64_t{1} << 40;

// igp_metric; more for gentle maintenance of the link or of the node that it enters. 0 when the
// underlay does not use it: down, or in strict maintenance with one of its ends or itself.
inline uint64_t UnderlayMetric(const Snapshot& snapshot, const LinkState* link_state, LinkId id) {
  const LinkInfo& link = snapshot.link(id);
  const v1::AdminState source = snapshot.node(link.source).admin;
  const v1::AdminState target = snapshot.node(link.target).admin;
  if ((link_state != nullptr && !link_state->IsUp(id)) || link.admin == v1::FORBID ||
      source == v1::FORBID || target == v1::FORBID) {
    return 0;
  }
  return link.igp_metric + (link.admin == v1::AVOID || target == v1::AVOID ? kUnderlayAvoid : 0);
}

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_UNDERLAY_METRIC_H_
