// A ComputePathRequest understood against one network: names found, the class's constraints and
// the request's own made one. Pure.
#ifndef WAYMARK_CONTROLLER_ENGINE_PATH_QUESTION_H_
#define WAYMARK_CONTROLLER_ENGINE_PATH_QUESTION_H_

#include <cstdint>

#include "absl/status/statusor.h"
#include "controller/compute/constraints.h"
#include "controller/plan/plan.h"
#include "controller/topology/snapshot.h"
#include "waymark/v1/services.pb.h"

namespace waymark {

struct PathQuestion {
  NodeId from = NodeId::kNone, to = NodeId::kNone;
  PathConstraints constraints;
  // 1 to 1,000 of the best paths; 2 to 8 mutually disjoint ones when constraints.protection.any().
  int count = 1;
  int64_t max_latency_ns = 0;  // 0: no bound
  uint32_t queue = 0;
  double availability_target = 0;  // 0: none
  // What may be sent; constraints.bandwidth_bps of it is held, less where the class oversubscribes.
  int64_t rate_bps = 0;
  int64_t burst_bytes = 0;  // 0: the default of the rate
  // Of a pinned class, whose service it would be.
  const v1::TrafficClass* pinned = nullptr;
  bool share_protect = false;
  int hold_priority = 0;
};

// The class's constraints and the request's add up: forbidden, excluded and required names and
// levels of disjointness of both count, allowed names are those that both allow, and a scalar that
// the request sets wins. NOT_FOUND and INVALID_ARGUMENT begin with the field and a colon. Ranges
// have been checked by the API and are clamped, so that no request can cost more than the API
// allows.
absl::StatusOr<PathQuestion> ReadQuestion(const Snapshot& snapshot, const Intents& intents,
                                          const v1::ComputePathRequest& request);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_PATH_QUESTION_H_
