// What a route must promise beyond what a search can steer by: availability and latency.
#ifndef WAYMARK_CONTROLLER_COMPUTE_ROUTE_TARGETS_H_
#define WAYMARK_CONTROLLER_COMPUTE_ROUTE_TARGETS_H_

#include <cstdint>
#include <span>

#include "absl/status/statusor.h"
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
  // What `loads` guards for others must hold as well (QueueLoads::OverLimit).
  bool guard_others = false;
  // The same is sent the other way over the same fibres, and must keep the same bound.
  bool both_ways = false;
  // Null: nobody gives way. Else `held_bps` are taken at this priority from whom Ledger::Preempt
  // names: their flows are gone then. It names policies as `loads` does.
  const Ledger* ledger = nullptr;
  int64_t held_bps = 0;
  int setup_priority = kWeakestPriority;
  bool share_protect = false;
  // The second path protects the first, and may share.
  bool protected_pair = false;

  bool any() const { return availability > 0 || bounds_latency(); }
  bool bounds_latency() const { return max_latency_ns > 0 || guard_others; }
};

// With what follows from the search: both ways, and what is taken from others.
RouteTargets Completed(RouteTargets targets, const PathConstraints& constraints,
                       const SearchGraph::Environment& environment);

// Of all the paths together; 1 when nothing on them states figures (then no target is met).
double UnavailabilityOf(const RouteTargets& targets, std::span<const ComputedPath> paths);
// The loads once the paths carry their flows, of policy "", and those who give way are gone.
// INVALID_ARGUMENT as QueueLoads::Add. O(all flows).
absl::StatusOr<QueueLoads> LoadsWith(const RouteTargets& targets,
                                     std::span<const ComputedPath> paths);
// The worst bound among the paths, with all their flows added; -1: no bound. O(all flows).
int64_t LatencyOf(const RouteTargets& targets, std::span<const ComputedPath> paths);

bool MeetsAvailability(const RouteTargets& targets, std::span<const ComputedPath> paths);
// Its own bound and, where they are guarded, those of others.
bool MeetsLatency(const RouteTargets& targets, std::span<const ComputedPath> paths);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_ROUTE_TARGETS_H_
