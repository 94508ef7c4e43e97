// What a question asks of latency and availability, and what is promised of its answer. Pure.
#ifndef WAYMARK_CONTROLLER_ENGINE_PATH_PROMISE_H_
#define WAYMARK_CONTROLLER_ENGINE_PATH_PROMISE_H_

#include <vector>

#include "controller/compute/availability.h"
#include "controller/compute/latency.h"
#include "controller/compute/route_targets.h"
#include "controller/engine/path_question.h"

namespace waymark {

// What is asked of latency and availability; `model` and `loads` must outlive it. Always set, for
// promises are made even where nothing is asked. Not Completed.
RouteTargets TargetsOf(const PathQuestion& question, const AvailabilityModel& model,
                       const QueueLoads& loads);

// The contract figures of the first path, and with disjoint paths of the first two; availability is
// that of all disjoint ones.
v1::Promise PromiseOf(const Snapshot& snapshot, const PathQuestion& question,
                      const RouteTargets& targets, const std::vector<ComputedPath>& paths);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_PATH_PROMISE_H_
