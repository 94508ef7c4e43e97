// What was placed before and does not stand as it should.
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/plan/paths.h"
#include "controller/plan/placer.h"

namespace waymark {

// What stands, but not as its class and service now ask: another rate, another way to hold protect
// bandwidth, a target that is no longer met, risks shared for want of anything better.
void Placer::Mend(PinnedJob* job) {
  const Route old = job->route;
  const int64_t held = job->reserved_bps;
  const bool share = job->demand->share_protect && !old.protect.empty();
  const std::string shortfall = Shortfall(*job);
  if (held == job->wanted() && old.share_protect == share && old.shared_risks.empty() &&
      shortfall.empty()) {
    return;
  }
  Release(job);
  Route as_asked = old;
  as_asked.share_protect = share;
  if (!old.shared_risks.empty()) {
    if (PlacePartner(job, old.working)) return Settle(job);
  }
  if (shortfall.empty() && Claim(job, as_asked, job->wanted())) return Settle(job);
  if (PlaceAnew(job, /*take=*/true)) return Settle(job);
  if (PlaceApart(job, old.working, /*alone=*/false)) return;
  if (shortfall.empty()) {
    return Keep(job, old, held,
                held < job->wanted() ? absl::StrCat("holds ", BandwidthText(held), " of the ",
                                                    BandwidthText(job->wanted()), " committed: ")
                                     : "its protect bandwidth is not held as its class asks: ");
  }
  if (!Book(job, as_asked, job->wanted())) Book(job, old, held);
  UnguardBroken();
  Settle(job);
  job->status.set_state(v1::DEGRADED);
  job->status.set_reason(shortfall);
}

// Nothing of it is up, or can stay: around what is down, if need be without protection, or else
// back when its links are.
void Placer::Restore(PinnedJob* job) {
  const bool lost = job->standing == Standing::kLost;
  const Route old = job->route;
  const int64_t held = job->reserved_bps;
  job->standing = Standing::kWhole;  // whatever it gets here, it has had its turn
  if (!lost) Release(job);
  if (PlaceAnew(job, /*take=*/true)) return Settle(job);
  if (PlaceApart(job, {}, /*alone=*/false)) return;
  const std::string why = lost ? "none of its paths can stay" : DownText(old);
  if (PlaceUnprotected(job, /*take=*/true)) {
    return KeepUnprotected(job, Route(job->route), job->reserved_bps, why + "; ");
  }
  if (PlaceApart(job, {}, /*alone=*/true)) {
    for (const std::string& policy : job->demand->policies) {
      PinnedJob* leg = by_key_.at(policy);
      if (leg->route.protect.empty()) {
        KeepUnprotected(leg, Route(leg->route), leg->reserved_bps, why + "; ");
      }
    }
    return;
  }
  if (lost) {
    job->standing = Standing::kNone;
    return;
  }
  // Before it takes its bandwidth back, which must not count against it.
  job->alone = job->constraints().protection.any();
  const Refusal refusal = Why(*job);
  job->alone = false;
  BookAgain(job, old, held);
  SetRefusal(refusal, v1::DOWN, &job->status);
  job->status.set_reason(
      absl::StrCat("every path is down (", why, ") and there is no other: ", refusal.reason));
}

bool Placer::PlacePartner(PinnedJob* job, const std::vector<LinkId>& stays) {
  const auto route = solver_.Protect(*job, stays, kTentativePriority);
  return route && Reserve(job, *route, job->wanted(), job->demand->hold_priority);
}

void Placer::FindPartner(PinnedJob* job) {
  const Route old = job->route;
  const int64_t held = job->reserved_bps;
  Release(job);
  if (PlacePartner(job, old.working) || PlaceAnew(job, /*take=*/true)) return Settle(job);
  if (PlaceApart(job, old.working, /*alone=*/false)) return;
  KeepUnprotected(job, old, held, "");
}

// What was promised with protection and lost it carries on by itself, if a path is up at all. Only
// then is an availability target no reason to carry nothing.
bool Placer::PlaceUnprotected(PinnedJob* job, bool take) {
  if (!job->constraints().protection.any()) return false;
  const auto least_latency_ns = job->least_latency_ns;
  const auto least_unavailability = job->least_unavailability;
  const bool most_available_known = job->most_available_known;
  const std::string would_break = job->would_break;
  const bool budget_spent = job->budget_spent;
  job->alone = true;
  bool placed = PlaceAnew(job, take);
  if (!placed && job->demand->availability_target > 0) {
    job->waives_target = true;
    placed = PlaceAnew(job, take);
  }
  job->alone = job->waives_target = false;
  if (placed) {
    // What stands in the way of protection, not of this path, is to be told.
    job->least_latency_ns = least_latency_ns;
    job->least_unavailability = least_unavailability;
    job->most_available_known = most_available_known;
    job->would_break = would_break;
    job->budget_spent = budget_spent;
  }
  return placed;
}

void Placer::KeepUnprotected(PinnedJob* job, const Route& route, int64_t bps,
                             const std::string& why) {
  if (job->placed) Release(job);
  Keep(job, route, bps, "unprotected: " + why);
  const std::string shortfall = Shortfall(*job);
  if (!shortfall.empty()) job->status.set_reason(job->status.reason() + "; " + shortfall);
}

std::string Placer::DownText(const Route& route) const {
  std::string text;
  for (const auto& [name, links] :
       {std::pair("working path: ", &route.working), {"protect path: ", &route.protect}}) {
    std::vector<std::string_view> down;
    for (const LinkId link : *links) {
      if (!link_state_.IsUp(link)) down.push_back(snapshot_.link(link).name);
    }
    if (down.empty()) continue;
    absl::StrAppend(
        &text, text.empty() ? "" : "; ", name,
        absl::StrJoin(down, ", ",
                      [](std::string* out, std::string_view name) { out->append(name); }),
        " down");
  }
  return text;
}

bool Placer::PlaceLeg(PinnedJob* leg, const std::vector<LinkId>& keep, bool alone, bool take) {
  if (!keep.empty() && Up(keep) && leg->constraints().protection.any()) {
    if (PlacePartner(leg, keep)) return true;
  }
  return PlaceAnew(leg, take) || (alone && PlaceUnprotected(leg, take));
}

// Each way by itself, for what stood and finds no fibres for both ways: both or neither.
bool Placer::PlaceApart(PinnedJob* job, const std::vector<LinkId>& keep, bool alone) {
  if (!job->corouted || (alone && !job->constraints().protection.any())) return false;
  const std::vector<LinkId> keeps[] = {
      keep, ReversePath(snapshot_, keep).value_or(std::vector<LinkId>())};
  PinnedJob* legs[2];
  for (size_t leg = 0; leg < 2; ++leg) {
    legs[leg] = &AddJob({{.demand = job->demand, .leg = leg}});
    legs[leg]->standing = Standing::kWhole;
  }
  for (size_t leg = 0; leg < 2; ++leg) PlaceLeg(legs[leg], keeps[leg], alone, /*take=*/false);
  // What is taken from others cannot be given back, so that only the last one may.
  for (size_t leg = 0; leg < 2; ++leg) {
    if (!legs[leg]->placed && legs[1 - leg]->placed) PlaceLeg(legs[leg], keeps[leg], alone, true);
  }
  if (legs[0]->placed && legs[1]->placed) {
    job->retired = true;
    for (PinnedJob* leg : legs) Settle(leg);
    return true;
  }
  for (PinnedJob* leg : legs) {
    if (leg->placed) Release(leg);
    by_key_.erase(leg->key());
  }
  jobs_.pop_back();
  jobs_.pop_back();
  by_key_[job->key()] = job;
  return false;
}

}  // namespace waymark
