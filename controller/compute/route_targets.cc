#include "controller/compute/route_targets.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/compute/reverse_path.h"

namespace waymark {
namespace {

std::vector<std::vector<LinkId>> LinksOf(std::span<const ComputedPath> paths) {
  std::vector<std::vector<LinkId>> links;
  for (const ComputedPath& path : paths) links.push_back(path.links);
  return links;
}

// Of a path and, where both ways count, its way back; links without a reverse have none.
std::vector<std::vector<LinkId>> WaysOf(const RouteTargets& targets,
                                        const std::vector<LinkId>& links) {
  std::vector<std::vector<LinkId>> ways = {links};
  if (!targets.both_ways) return ways;
  if (auto back = ReversePath(targets.loads->snapshot(), links)) ways.push_back(*std::move(back));
  return ways;
}

std::vector<std::string> Yielding(const RouteTargets& targets,
                                  std::span<const ComputedPath> paths) {
  if (targets.ledger == nullptr || targets.held_bps == 0) return {};
  std::vector<PairReservation> wanted;
  const auto want = [&](std::vector<LinkId> working, std::vector<LinkId> protect) {
    wanted.push_back({std::move(working), std::move(protect), targets.held_bps,
                      targets.share_protect, targets.setup_priority});
  };
  const bool pair = targets.protected_pair && paths.size() == 2;
  for (size_t i = 0; i < (pair ? 1 : paths.size()); ++i) {
    const auto working = WaysOf(targets, paths[i].links);
    const auto protect = pair ? WaysOf(targets, paths[1].links) : working;
    for (size_t way = 0; way < std::min(working.size(), protect.size()); ++way) {
      want(working[way], pair ? protect[way] : std::vector<LinkId>());
    }
  }
  return targets.ledger->Preempt(wanted, targets.setup_priority)
      .value_or(std::vector<std::string>());
}

// The worst of the paths in these loads; nullopt: no bound.
std::optional<int64_t> Worst(const RouteTargets& targets, const QueueLoads& loads,
                             std::span<const ComputedPath> paths) {
  int64_t worst = 0;
  for (const ComputedPath& path : paths) {
    for (const std::vector<LinkId>& way : WaysOf(targets, path.links)) {
      const LatencyBound bound = loads.PathLatency(way, targets.queue);
      if (!bound.bounded()) return std::nullopt;
      worst = std::max(worst, bound.latency_ns);
    }
  }
  return worst;
}

}  // namespace

RouteTargets Completed(RouteTargets targets, const PathConstraints& constraints,
                       const SearchGraph::Environment& environment) {
  targets.both_ways = environment.corouted;
  targets.ledger = environment.ledger;
  targets.held_bps = constraints.bandwidth_bps;
  targets.setup_priority = constraints.setup_priority;
  targets.protected_pair = constraints.protection.any();
  return targets;
}

double UnavailabilityOf(const RouteTargets& targets, std::span<const ComputedPath> paths) {
  const Availability told = targets.model->Of(LinksOf(paths));
  return told.stated ? told.unavailability : 1;
}

absl::StatusOr<QueueLoads> LoadsWith(const RouteTargets& targets,
                                     std::span<const ComputedPath> paths) {
  QueueLoads with = *targets.loads;
  for (const std::string& policy : Yielding(targets, paths)) with.Remove(policy);
  const bool shares = targets.share_protect && targets.protected_pair && paths.size() == 2 &&
                      targets.ledger != nullptr;
  for (const ComputedPath& path : paths) {
    const auto ways = WaysOf(targets, path.links);
    const auto working = WaysOf(targets, paths[0].links);
    for (size_t way = 0; way < ways.size(); ++way) {
      // Shared protect paths stand by: they count by the risks that their working paths have.
      const bool stands_by = shares && &path == &paths[1] && way < working.size();
      const absl::Status added = with.AddShared(
          "", ways[way], targets.queue, targets.rate_bps, targets.burst_bytes, 0,
          stands_by ? targets.ledger->RisksOf(working[way]) : std::vector<int32_t>());
      if (!added.ok()) return added;
    }
  }
  return with;
}

int64_t LatencyOf(const RouteTargets& targets, std::span<const ComputedPath> paths) {
  const auto with = LoadsWith(targets, paths);
  return with.ok() ? Worst(targets, *with, paths).value_or(-1) : -1;
}

bool MeetsAvailability(const RouteTargets& targets, std::span<const ComputedPath> paths) {
  if (targets.availability <= 0) return true;
  return targets.model->Of(LinksOf(paths)).Meets(targets.availability);
}

bool MeetsLatency(const RouteTargets& targets, std::span<const ComputedPath> paths) {
  if (!targets.bounds_latency()) return true;
  // Cheap to say: propagation alone is too much.
  if (targets.max_latency_ns > 0 &&
      std::any_of(paths.begin(), paths.end(), [&](const ComputedPath& path) {
        return path.metric.delay_ns > targets.max_latency_ns;
      })) {
    return false;
  }
  const auto with = LoadsWith(targets, paths);
  if (!with.ok()) return targets.max_latency_ns <= 0;
  if (targets.max_latency_ns > 0) {
    const auto worst = Worst(targets, *with, paths);
    if (!worst || *worst > targets.max_latency_ns) return false;
  }
  return !targets.guard_others || !with->OverLimit();
}

}  // namespace waymark
