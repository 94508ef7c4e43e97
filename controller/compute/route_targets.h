// What a route must promise beyond what a search can steer by: availability and latency.
#ifndef WAYMARK_CONTROLLER_COMPUTE_ROUTE_TARGETS_H_
#define WAYMARK_CONTROLLER_COMPUTE_ROUTE_TARGETS_H_

#include <cstdint>
#include <span>

#include "controller/compute/availability.h"
#include "controller/compute/latency.h"
#include "controller/compute/search_graph.h"

namespace waymark {

struct RouteTargets {
  // 0: none asked; else `model` is set.
  double availability = 0;
  const AvailabilityModel* model = nullptr;
  // 0: none asked; else `loads` is set, without the flow in question.
  int64_t max_latency_ns = 0;
  const QueueLoads* loads = nullptr;
  uint32_t queue = 0;
  int64_t rate_bps = 0;
  int64_t burst_bytes = 0;

  bool any() const { return availability > 0 || max_latency_ns > 0; }
};

// Of all the paths together; 1 when nothing on them states figures (then no target is met).
double UnavailabilityOf(const RouteTargets& targets, std::span<const ComputedPath> paths);
// The worst bound among the paths, with all their flows added; -1: no bound. O(all flows).
int64_t LatencyOf(const RouteTargets& targets, std::span<const ComputedPath> paths);

bool MeetsAvailability(const RouteTargets& targets, std::span<const ComputedPath> paths);
bool MeetsLatency(const RouteTargets& targets, std::span<const ComputedPath> paths);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_ROUTE_TARGETS_H_
