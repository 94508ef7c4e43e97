#include "controller/compute/route_targets.h"

#include <algorithm>
#include <vector>

namespace waymark {
namespace {

std::vector<std::vector<LinkId>> LinksOf(std::span<const ComputedPath> paths) {
  std::vector<std::vector<LinkId>> links;
  for (const ComputedPath& path : paths) links.push_back(path.links);
  return links;
}

}  // namespace

double UnavailabilityOf(const RouteTargets& targets, std::span<const ComputedPath> paths) {
  const Availability told = targets.model->Of(LinksOf(paths));
  return told.stated ? told.unavailability : 1;
}

int64_t LatencyOf(const RouteTargets& targets, std::span<const ComputedPath> paths) {
  QueueLoads with = *targets.loads;
  for (const ComputedPath& path : paths) {
    if (!with.Add("", path.links, targets.queue, targets.rate_bps, targets.burst_bytes).ok()) {
      return -1;
    }
  }
  int64_t worst = 0;
  for (const ComputedPath& path : paths) {
    const LatencyBound bound = with.PathLatency(path.links, targets.queue);
    if (!bound.bounded()) return -1;
    worst = std::max(worst, bound.latency_ns);
  }
  return worst;
}

bool MeetsAvailability(const RouteTargets& targets, std::span<const ComputedPath> paths) {
  if (targets.availability <= 0) return true;
  return targets.model->Of(LinksOf(paths)).Meets(targets.availability);
}

bool MeetsLatency(const RouteTargets& targets, std::span<const ComputedPath> paths) {
  if (targets.max_latency_ns <= 0) return true;
  // What the paths take as things are is less than with their own flows, and cheap to say.
  for (const ComputedPath& path : paths) {
    if (path.metric.delay_ns > targets.max_latency_ns) return false;
    const LatencyBound before = targets.loads->PathLatency(path.links, targets.queue);
    if (!before.bounded() || before.latency_ns > targets.max_latency_ns) return false;
  }
  const int64_t latency = LatencyOf(targets, paths);
  return latency >= 0 && latency <= targets.max_latency_ns;
}

}  // namespace waymark
