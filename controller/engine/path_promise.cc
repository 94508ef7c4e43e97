#include "controller/engine/path_promise.h"

#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/compute/promise.h"
#include "controller/plan/plan.h"

namespace waymark {

RouteTargets TargetsOf(const PathQuestion& question, const AvailabilityModel& model,
                       const QueueLoads& loads) {
  RouteTargets targets;
  targets.availability = question.availability_target;
  targets.model = &model;
  targets.max_latency_ns = question.max_latency_ns;
  targets.loads = &loads;
  targets.queue = question.queue;
  targets.rate_bps = question.rate_bps;
  targets.burst_bytes = question.burst_bytes;
  targets.guard_others = question.pinned != nullptr && loads.GuardsUpTo(question.queue);
  targets.share_protect = question.share_protect;
  return targets;
}

v1::Promise PromiseOf(const Snapshot& snapshot, const PathQuestion& question,
                      const RouteTargets& targets, const std::vector<ComputedPath>& paths) {
  const bool disjoint = question.constraints.protection.any() && paths.size() > 1;
  PromiseQuery query;
  query.working = paths[0].links;
  if (disjoint) query.protect = paths[1].links;
  query.queue = targets.queue;
  query.rate_bps = targets.rate_bps;
  query.burst_bytes = targets.burst_bytes;
  query.probe_interval_us = PlanOptions().pinned_probe_interval_us;
  const auto loads = LoadsWith(targets, std::span(paths).first(disjoint ? 2 : 1));
  // What is out of range has no bound: the promise says why.
  query.in_loads = loads.ok();
  v1::Promise promise =
      MakePromise(snapshot, *targets.model, loads.ok() ? *loads : *targets.loads, query);
  if (!disjoint || paths.size() == 2) return promise;
  std::vector<std::vector<LinkId>> all;
  for (const ComputedPath& path : paths) all.push_back(path.links);
  const Availability availability = targets.model->Explain(all);
  if (!availability.stated) return promise;
  promise.set_availability(availability.availability());
  promise.set_downtime_minutes_a_year(availability.downtime_minutes_a_year());
  v1::PromiseTerm* term = promise.add_terms();
  term->set_label(absl::StrCat("availability of all ", paths.size(), " paths"));
  term->set_value(AvailabilityText(availability.unavailability));
  return promise;
}

}  // namespace waymark
