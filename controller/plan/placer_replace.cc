#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/plan/placer.h"

namespace waymark {
namespace {

// In the class's units: te metric; nanoseconds; cost.
double Units(const RouteQuery& query, const Metric& metric, int64_t unit) {
  const auto objective = static_cast<double>(metric.cost % kAvoidCost);
  return query.constraints().objective == v1::MIN_COST
             ? objective * static_cast<double>(unit) / static_cast<double>(kCostUnit)
             : objective;
}

std::string UnitsText(const RouteQuery& query, const Metric& metric, int64_t unit) {
  const int64_t objective = metric.cost % kAvoidCost;
  switch (query.constraints().objective) {
    case v1::MIN_DELAY:
      return DelayText(objective);
    case v1::MIN_COST:
      return MoneyText(objective, unit);
    default:
      return std::to_string(objective);
  }
}

const char* UnitsName(const RouteQuery& query) {
  switch (query.constraints().objective) {
    case v1::MIN_DELAY:
      return "delay ";
    case v1::MIN_COST:
      return "cost ";
    default:
      return "te metric ";
  }
}

}  // namespace

std::vector<PinnedMove> Placer::Replace(const std::string& service, double min_gain_percent) {
  std::vector<PinnedMove> moves;
  const auto concerned = [&](const PinnedJob& job) {
    return service.empty() || job.demand->service == service;
  };
  for (PinnedJob& job : jobs_) {
    if (Stopped()) return {};
    PinnedMove move;
    if (job.placed && concerned(job) && TryMove(&job, min_gain_percent, &move)) {
      moves.push_back(std::move(move));
    }
  }
  for (PinnedJob& job : jobs_) {
    if (job.placed || !concerned(job)) continue;
    if (Stopped()) return {};
    if (job.retired) {
      // Both ways together again, if neither has found its own way.
      const auto alone = [&](size_t leg) { return by_key_.at(job.demand->policies[leg]); };
      if (alone(0)->placed || alone(1)->placed || !PlaceAnew(&job, /*take=*/false)) continue;
      alone(0)->retired = alone(1)->retired = true;
      job.retired = false;
      job.status.set_reason(alone(0)->status.reason());
    } else if (!PlaceAnew(&job, /*take=*/false)) {
      continue;
    }
    PinnedMove move;
    move.policies = {job.key()};
    if (job.corouted) move.policies.push_back(job.demand->policies[1]);
    move.new_objective = Units(job, solver_.Objective(job, job.route), solver_.ObjectiveUnit(job));
    move.reason = "was BLOCKED: " + job.status.reason();
    Settle(&job);
    move.mends = job.status.state() == v1::PENDING;
    moves.push_back(std::move(move));
  }
  return moves;
}

bool Placer::TryMove(PinnedJob* job, double min_gain_percent, PinnedMove* move) {
  const Route old = job->route;
  const int64_t held = job->reserved_bps;
  const v1::Status status = job->status;
  const Metric before = solver_.Objective(*job, old);
  Release(job);
  const auto stay = [&] {
    BookAgain(job, old, held);
    job->status = status;
    return false;
  };
  // A path that is down, or one that is missing, is replaced where the other may stay.
  const bool half_dead = !old.protect.empty() && Up(old.working) != Up(old.protect);
  if (!(half_dead && PlacePartner(job, Up(old.working) ? old.working : old.protect)) &&
      !PlaceAnew(job, /*take=*/false)) {
    return stay();
  }
  const Route made = job->route;
  const auto undo = [&] {
    Release(job);
    return stay();
  };
  const Metric after = solver_.Objective(*job, made);
  const int64_t unit = solver_.ObjectiveUnit(*job);
  Settle(job);
  const bool was_whole = status.state() == v1::PENDING;
  const bool is_whole = job->status.state() == v1::PENDING;
  if (was_whole && !is_whole) return undo();
  move->mends = (!was_whole || half_dead) && is_whole;
  move->old_objective = Units(*job, before, unit);
  move->new_objective = Units(*job, after, unit);
  const int64_t avoided_before = before.cost / kAvoidCost, avoided_after = after.cost / kAvoidCost;
  const double gain = move->old_objective - move->new_objective;
  if (!move->mends) {
    if (avoided_after > avoided_before) return undo();
    const bool gains = gain > 0 && gain * 100 >= min_gain_percent * move->old_objective;
    if (avoided_after == avoided_before && !gains) return undo();
  }
  move->policies = {job->key()};
  if (job->corouted) move->policies.push_back(job->demand->policies[1]);
  move->reason = absl::StrCat(UnitsName(*job), UnitsText(*job, before, unit), " -> ",
                              UnitsText(*job, after, unit));
  if (avoided_after < avoided_before) {
    const int64_t left = avoided_before - avoided_after;
    move->reason = absl::StrCat("leaves ", left, left == 1 ? " place" : " places",
                                " in maintenance; ", move->reason);
  }
  if (move->mends) {
    move->reason =
        was_whole ? absl::StrCat(DownText(old), "; another is up: ", move->reason)
                  : absl::StrCat("was ", v1::State_Name(status.state()), ": ", status.reason());
  }
  return true;
}

}  // namespace waymark
