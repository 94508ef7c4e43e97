#include <algorithm>
#include <charconv>

#include "absl/strings/str_cat.h"
#include "controller/plan/paths.h"
#include "controller/plan/placer.h"

namespace waymark {

std::string ShareText(double share) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, share);
  return std::string(text, end.ptr);
}

std::vector<PairReservation> Placer::Wanted(const PinnedJob& job, const Route& route, int64_t bps,
                                            int hold) const {
  std::vector<PairReservation> wanted = {
      {route.working, route.protect, bps, route.share_protect, hold}};
  if (!job.corouted) return wanted;
  wanted.push_back({ReversePath(snapshot_, route.working).value_or(std::vector<LinkId>()),
                    ReversePath(snapshot_, route.protect).value_or(std::vector<LinkId>()), bps,
                    route.share_protect, hold});
  return wanted;
}

bool Placer::Book(PinnedJob* job, const Route& route, int64_t bps) {
  return Book(job, route, bps, job->demand->hold_priority);
}

bool Placer::Book(PinnedJob* job, const Route& route, int64_t bps, int hold) {
  for (const PairReservation& pair : Wanted(*job, route, bps, hold)) {
    if (!ledger_.AddPair(job->key(), pair).ok()) {
      ledger_.Remove(job->key());
      return false;
    }
  }
  if (&job->route != &route) job->route = route;
  job->reserved_bps = bps;
  job->placed = true;
  if (Guards(*job)) AddLoads(*job, /*guarded=*/true);
  return true;
}

// What it had before: its bounds are broken or kept as they were.
void Placer::BookAgain(PinnedJob* job, const Route& route, int64_t bps) {
  Book(job, route, bps);
  UnguardBroken();
}

void Placer::AddLoads(const PinnedJob& job, bool guarded) {
  const PinnedDemand& demand = *job.demand;
  const uint32_t queue = demand.traffic_class->queue();
  for (const PairReservation& pair : Wanted(job, job.route, 0, 0)) {
    const auto add = [&](const std::vector<LinkId>& links, const std::vector<int32_t>& risks) {
      if (links.empty()) return;
      // What is out of its range has no bound, and the promise says so.
      const absl::Status added =
          loads_.AddShared(job.key(), links, queue, demand.rate_bps, demand.burst_bytes,
                           guarded ? demand.max_latency_ns : 0, risks);
      static_cast<void>(added);
    };
    add(pair.working, {});
    add(pair.protect, pair.share_protect ? ledger_.RisksOf(pair.working) : std::vector<int32_t>());
  }
}

void Placer::Release(PinnedJob* job) {
  ledger_.Remove(job->key());
  if (Guards(*job)) loads_.Remove(job->key());
  job->placed = false;
}

bool Placer::Reserve(PinnedJob* job, const Route& route, int64_t bps, int hold) {
  const double target = job->target();
  if (target > 0) {
    const Availability availability = solver_.AvailabilityOf(route);
    if (!availability.Meets(target)) {
      job->least_unavailability = std::min(job->least_unavailability.value_or(1),
                                           availability.stated ? availability.unavailability : 1);
      return false;
    }
  }
  if (!Book(job, route, bps, hold)) return false;
  if (!Guards(*job) || !loads_.OverLimit()) return true;
  // Its own bound, or that of another whom it would slow down.
  if (job->demand->max_latency_ns > 0) {
    job->least_latency_ns =
        std::min(job->least_latency_ns.value_or(kUnreachable), WorstLatency(*job));
  } else if (job->would_break.empty()) {
    job->would_break = *loads_.OverLimit();
  }
  Release(job);
  return false;
}

bool Placer::Claim(PinnedJob* job, const Route& route, int64_t bps) {
  const int hold = job->demand->hold_priority;
  if (Reserve(job, route, bps, hold)) return true;
  const auto victims =
      ledger_.Preempt(Wanted(*job, route, bps, hold), job->constraints().setup_priority);
  // Nobody in the way: it failed for something else, and taking would not help.
  if (!victims || victims->empty()) return false;
  const double target = job->target();
  if (target > 0 && !solver_.AvailabilityOf(route).Meets(target)) return false;
  std::vector<std::pair<PinnedJob*, int64_t>> taken;
  for (const std::string& victim : *victims) {
    PinnedJob* other = by_key_.at(victim);
    taken.emplace_back(other, other->reserved_bps);
    Release(other);
  }
  if (!Reserve(job, route, bps, hold)) {
    for (const auto& [other, held] : taken) BookAgain(other, Route(other->route), held);
    return false;
  }
  for (const auto& [other, held] : taken) {
    other->standing = Standing::kNone;
    other->status.Clear();
  }
  return true;
}

bool Placer::PlaceAt(PinnedJob* job, int setup, int hold, bool spare_others) {
  const auto take = [&](const Route& route) {
    return setup == kTentativePriority ? Reserve(job, route, job->wanted(), hold)
                                       : Claim(job, route, job->wanted());
  };
  const auto best = solver_.Solve(*job, setup, spare_others);
  job->budget_spent = job->budget_spent || solver_.budget_spent();
  job->no_route = job->no_route && !best;
  if (!best) return false;
  if (take(*best)) return true;
  if (!Guards(*job) && job->target() == 0) return false;
  const std::vector<Route> others = solver_.Alternatives(*job, setup);
  job->most_available_known = solver_.most_available_known();
  for (const Route& route : others) {
    if (take(route)) return true;
  }
  return false;
}

bool Placer::PlaceAnew(PinnedJob* job, bool take) {
  job->budget_spent = false;
  job->no_route = true;
  job->least_latency_ns.reset();
  job->least_unavailability.reset();
  job->most_available_known = false;
  job->would_break.clear();
  if (PlaceAt(job, kTentativePriority, job->demand->hold_priority, false)) return true;
  const int setup = job->constraints().setup_priority;
  return take && setup < kWeakestPriority &&
         PlaceAt(job, setup, job->demand->hold_priority, /*spare_others=*/true);
}

int64_t Placer::WorstLatency(const PinnedJob& job) const {
  int64_t worst = 0;
  for (const PairReservation& pair : Wanted(job, job.route, 0, 0)) {
    for (const std::vector<LinkId>* links : {&pair.working, &pair.protect}) {
      if (links->empty()) continue;
      const LatencyBound bound = loads_.PathLatency(*links, job.demand->traffic_class->queue());
      if (!bound.bounded()) return kUnreachable;
      worst = std::max(worst, bound.latency_ns);
    }
  }
  return worst;
}

std::string Placer::Shortfall(const PinnedJob& job) {
  const PinnedDemand& demand = *job.demand;
  if (demand.availability_target > 0) {
    const Availability availability = solver_.AvailabilityOf(job.route);
    if (!availability.stated) {
      return "nothing on its paths states MTBF and MTTR, so that no availability can be promised";
    }
    if (!availability.Meets(demand.availability_target)) {
      return absl::StrCat("its availability is ", AvailabilityText(availability.unavailability),
                          ", asked are ", ShareText(demand.availability_target));
    }
  }
  if (demand.max_latency_ns == 0) return "";
  const int64_t latency = WorstLatency(job);
  if (latency <= demand.max_latency_ns) return "";
  return latency == kUnreachable
             ? "its worst-case latency has no bound"
             : absl::StrCat("its worst-case latency is ", DelayText(latency),
                            ", asked are at most ", DelayText(demand.max_latency_ns));
}

// What is over its limit already must not make every new promise look like the one that broke it.
void Placer::UnguardBroken() {
  if (guarded_from_ == kQueues) return;
  while (const auto over = loads_.OverLimit()) {
    const PinnedJob& job = *by_key_.at(*over);
    loads_.Remove(job.key());
    AddLoads(job, /*guarded=*/false);
  }
}

}  // namespace waymark
