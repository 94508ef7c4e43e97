#include "controller/plan/placer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/plan/paths.h"
#include "controller/plan/placer_joint.h"

namespace waymark {

void SetRefusal(const Refusal& refusal, v1::State state, v1::Status* status) {
  status->set_state(state);
  status->set_reason(refusal.reason);
  status->set_blocking_constraint(refusal.blocking_constraint);
  status->set_relaxation(refusal.relaxation);
}

Placer::Placer(const PinnedInput& input, std::function<bool()> stop)
    : input_(input),
      snapshot_(input.snapshot),
      link_state_(input.link_state),
      stored_(&input.stored),
      ledger_(snapshot_),
      loads_(snapshot_),
      solver_(snapshot_, link_state_, ledger_, budget_, input.prepared),
      mesh_holds_(input.mesh_holds),
      stop_(std::move(stop)) {
  loads_.MarkUnreserved(input.unreserved_queue);
  for (const PinnedDemand& demand : input.demands) {
    if (demand.max_latency_ns > 0) ++bounded_[demand.traffic_class->queue() % kQueues];
  }
  guarded_from_ = LowestBounded();
  for (const PinnedDemand& demand : input.demands) AddJobs(demand);
}

uint32_t Placer::LowestBounded() const {
  uint32_t lowest = 0;
  while (lowest < kQueues && bounded_[lowest] == 0) ++lowest;
  return lowest;
}

void Placer::Place() {
  RetakeAll();
  BookMeshHolds(HoldAge::kOld, snapshot_, &mesh_holds_, &ledger_);
  const size_t count = jobs_.size();
  for (size_t i = 0; i < count && !Stopped(); ++i) {
    if (jobs_[i].standing == Standing::kWhole) Mend(&jobs_[i]);
  }
  for (size_t i = 0; i < count && !Stopped(); ++i) {
    if (Dead(jobs_[i])) Restore(&jobs_[i]);
  }
  for (size_t i = 0; i < count && !Stopped(); ++i) {
    if (jobs_[i].standing == Standing::kSurvivor) FindPartner(&jobs_[i]);
  }
  PlaceNewOnes();
  BookMeshHolds(HoldAge::kNew, snapshot_, &mesh_holds_, &ledger_);
  MarkUnprotected();
}

PinnedJob& Placer::AddJob(PinnedJob job) {
  job.number = jobs_.size();
  jobs_.push_back(std::move(job));
  by_key_[jobs_.back().key()] = &jobs_.back();
  return jobs_.back();
}

std::optional<Route> Placer::Stored(const PinnedDemand& demand, size_t leg) const {
  const auto found = stored_->find(demand.policies[leg]);
  if (found == stored_->end()) return std::nullopt;
  // A path with a link that is gone counts as no path; its partner may still stand.
  return Route{LinksOf(snapshot_, found->second.working()).value_or(std::vector<LinkId>()),
               LinksOf(snapshot_, found->second.protect()).value_or(std::vector<LinkId>()),
               found->second.protect_shared(),
               {}};
}

int64_t Placer::StoredRate(const PinnedJob& job) const {
  const auto found = stored_->find(job.key());
  return found == stored_->end() ? 0 : std::max<int64_t>(0, found->second.reserved_bps());
}

bool Placer::Mirrored(const std::vector<LinkId>& forward,
                      const std::vector<LinkId>& backward) const {
  return ReversePath(snapshot_, forward) == backward;
}

// Directions that share their fibres stay together; those that were placed apart stay apart.
void Placer::AddJobs(const PinnedDemand& demand) {
  const auto forward = Stored(demand, 0);
  const auto backward = Stored(demand, 1);
  const bool fresh = !forward && !backward;
  const bool together = forward && backward && Mirrored(forward->working, backward->working) &&
                        Mirrored(forward->protect, backward->protect);
  if (fresh || together) {
    PinnedJob& job = AddJob({{.demand = &demand, .corouted = true}});
    if (forward) Assess(*forward, &job);
    return;
  }
  for (size_t leg = 0; leg < 2; ++leg) {
    PinnedJob& job = AddJob({{.demand = &demand, .leg = leg}});
    const auto& route = leg == 0 ? forward : backward;
    if (route) Assess(*route, &job);
  }
}

// Which of the stored paths still meet the constraints: not load (the ledger says) nor link state.
void Placer::Assess(const Route& route, PinnedJob* job) {
  const bool working = solver_.PathValid(*job, route.working);
  const bool protect = solver_.PathValid(*job, route.protect);
  const Protection& protection = job->constraints().protection;
  if (!protection.any() && working) {
    job->standing = Standing::kWhole;
    job->route = {route.working, {}, false, {}};
    return;
  }
  if (protection.any() && working && protect) {
    job->route = route;
    job->route.shared_risks = solver_.SharedRisks(*job, route);
    if (job->route.shared_risks.empty() || job->constraints().allow_shared_risks) {
      job->standing = Standing::kWhole;
      return;
    }
  }
  job->standing = Standing::kLost;
  job->route = {};
  if (!working && !protect) return;
  job->standing = protection.any() ? Standing::kSurvivor : Standing::kWhole;
  const bool on_protect = !working || (protect && !Up(route.working) && Up(route.protect));
  job->route.working = on_protect ? route.protect : route.working;
}

bool Placer::Up(const std::vector<LinkId>& links) const {
  return std::all_of(links.begin(), links.end(),
                     [&](LinkId link) { return link_state_.IsUp(link); });
}

bool Placer::Dead(const PinnedJob& job) const {
  if (job.retired || job.standing == Standing::kNone) return false;
  return job.standing == Standing::kLost ||
         (!Up(job.route.working) && (job.route.protect.empty() || !Up(job.route.protect)));
}

// What held bandwidth before gets it back first, at most as much as it held: a raised rate
// displaces nobody. Where there is no longer room for all, the firmest come first.
void Placer::RetakeAll() {
  std::vector<PinnedJob*> order;
  for (PinnedJob& job : jobs_) {
    if (job.standing >= Standing::kSurvivor) order.push_back(&job);
  }
  std::stable_sort(order.begin(), order.end(), [](const PinnedJob* a, const PinnedJob* b) {
    return a->demand->hold_priority < b->demand->hold_priority;
  });
  for (PinnedJob* job : order) {
    if (Book(job, Route(job->route), std::min(StoredRate(*job), job->wanted()))) {
      Settle(job);
    } else {
      job->standing = Standing::kLost;
    }
  }
  UnguardBroken();
}

void Placer::Settle(PinnedJob* job) {
  job->status.Clear();
  job->status.set_state(v1::PENDING);
  if (job->route.shared_risks.empty()) return;
  job->status.set_state(v1::DEGRADED);
  job->status.set_reason("working and protect share " +
                         absl::StrJoin(job->route.shared_risks, ", ") +
                         ": no two paths without common risks are free");
}

// Stays with what it has and says what is missing.
void Placer::Keep(PinnedJob* job, const Route& route, int64_t bps, const std::string& what) {
  // Its own bandwidth must not count against it in the explanation.
  const Refusal why = Why(*job);
  BookAgain(job, route, bps);
  SetRefusal(why, v1::DEGRADED, &job->status);
  job->status.set_reason(what + job->status.reason());
}

// In the order of service, so that those that matter most are explained best.
Refusal Placer::Why(const PinnedJob& job) {
  const PinnedDemand& demand = *job.demand;
  Refusal refusal;
  const std::string ends = snapshot_.node(job.from()).name + " to " + snapshot_.node(job.to()).name;
  if (job.least_unavailability) {
    const std::string best = *job.least_unavailability < 1
                                 ? AvailabilityText(*job.least_unavailability)
                                 : "not stated (MTBF and MTTR are missing)";
    refusal.blocking_constraint = "availability_target " + ShareText(demand.availability_target);
    refusal.relaxation =
        *job.least_unavailability < 1
            ? absl::StrCat("availability target ", ShareText(demand.availability_target), " -> ",
                           best, job.most_available_known ? "" : " (of the routes tried)")
            : "state MTBF and MTTR of the links and nodes between them";
    refusal.reason =
        job.most_available_known
            ? absl::StrCat("of all routes with room from ", ends, " the most available has ", best)
            : absl::StrCat("the best availability of the routes tried from ", ends, " is ", best);
  } else if (job.least_latency_ns) {
    const bool bounded = *job.least_latency_ns < kUnreachable;
    refusal.blocking_constraint = "max_latency " + DelayText(demand.max_latency_ns);
    if (bounded && *job.least_latency_ns > demand.max_latency_ns) {
      refusal.relaxation = absl::StrCat("max latency ", DelayText(demand.max_latency_ns), " -> ",
                                        DelayText(*job.least_latency_ns), " (of the routes tried)");
    }
    refusal.reason = absl::StrCat(
        "the least worst-case latency of the routes tried from ", ends,
        bounded ? absl::StrCat(" is ", DelayText(*job.least_latency_ns)) : " has no bound",
        bounded && refusal.relaxation.empty() ? ", but would break that of others" : "");
  } else if (!job.would_break.empty()) {
    refusal.blocking_constraint = "max_latency of others (" + job.would_break + ")";
    refusal.relaxation = "give it a weaker queue or less bandwidth, or raise their max latency";
    refusal.reason =
        absl::StrCat("each of the routes tried from ", ends,
                     " that has room would break the latency bound of ", job.would_break);
  } else if (job.budget_spent) {
    refusal.blocking_constraint = "search budget";
    refusal.reason = absl::StrCat(
        "search budget spent; no two disjoint paths from ", ends,
        " were found, nor is it proven that there are none: the next plan tries again");
  } else if (input_.explain && explained_ < kMostExplained) {
    ++explained_;
    refusal = solver_.Why(job);
  } else {
    refusal = solver_.WhyInShort(job);
  }
  return refusal;
}

void Placer::PlaceNewOnes() {
  std::vector<PinnedJob*> placed, refused;
  for (PinnedJob& job : jobs_) {
    if (job.standing != Standing::kNone) continue;
    if (Stopped()) return;
    if (PlaceAnew(&job, /*take=*/false)) {
      Settle(&job);
      placed.push_back(&job);
    } else {
      refused.push_back(&job);
    }
  }
  JointSearch(this, placed).Run(refused);
  // In order, and whoever is displaced waits in line after the stronger: ends, because each takes
  // only from those whose setup priority, which is never stronger than their hold priority, is
  // weaker than its own.
  std::set<size_t> waiting;
  for (const PinnedJob& job : jobs_) {
    if (!job.placed) waiting.insert(job.number);
  }
  while (!waiting.empty() && !Stopped()) {
    PinnedJob& job = jobs_[*waiting.begin()];
    waiting.erase(waiting.begin());
    if (job.placed || job.retired) continue;
    PlaceRefused(&job);
    for (const PinnedJob& other : jobs_) {
      if (!other.placed && !other.retired && other.status.state() == v1::STATE_UNSPECIFIED) {
        waiting.insert(other.number);
      }
    }
  }
  for (PinnedJob& job : jobs_) {
    if (job.placed || job.retired) continue;
    if (Stopped()) return;
    Refuse(&job);
  }
}

void Placer::Refuse(PinnedJob* job) {
  const std::string stronger = PreemptedBy(*job);
  SetRefusal(Why(*job), v1::BLOCKED, &job->status);
  job->status.set_reason(stronger + job->status.reason());
}

void Placer::PlaceRefused(PinnedJob* job) {
  if (PlaceAnew(job, /*take=*/true)) return Settle(job);
  job->status.set_state(v1::BLOCKED);
  if (!job->corouted) return;
  // Each way by itself, where no way exists for both.
  job->retired = true;
  for (size_t leg = 0; leg < 2; ++leg) AddJob({{.demand = job->demand, .leg = leg}});
}

// While links are down, shared protect bandwidth that carries for some protects nobody else.
void Placer::MarkUnprotected() {
  std::vector<LinkId> down;
  for (size_t i = 0; i < snapshot_.links().size(); ++i) {
    if (!link_state_.IsUp(static_cast<LinkId>(i))) down.push_back(static_cast<LinkId>(i));
  }
  const bool shares = std::any_of(jobs_.begin(), jobs_.end(), [](const PinnedJob& job) {
    return job.placed && job.route.share_protect;
  });
  if (down.empty() || !shares) return;
  for (const std::string& key : ledger_.WithFailed(down).unprotected) {
    PinnedJob* job = by_key_.at(key);
    if (job->status.state() != v1::PENDING) continue;
    job->status.set_state(v1::DEGRADED);
    job->status.set_reason(
        "the protect bandwidth that it shares carries others now, until links that are down are "
        "back");
  }
}

PromiseQuery Placer::PromiseAsked(const PinnedJob& job, const std::vector<LinkId>& working,
                                  const std::vector<LinkId>& protect) const {
  return {.working = working,
          .protect = protect,
          .queue = job.demand->traffic_class->queue(),
          .rate_bps = job.demand->rate_bps,
          .burst_bytes = job.demand->burst_bytes,
          .probe_interval_us = input_.probe_interval_us,
          .detail = PromiseDetail::kFigures};
}

v1::Promise Placer::PromiseOf(const PinnedJob& job, const PlacedPolicy& policy) {
  if (policy.working.empty()) return {};
  return MakePromise(snapshot_, solver_.Model(), loads_,
                     PromiseAsked(job, policy.working, policy.protect));
}

std::map<std::string, PlacedPolicy> Placer::Result() {
  for (const PinnedJob& job : jobs_) {
    if (job.placed && !Guards(job)) AddLoads(job, /*guarded=*/false);
  }
  static_cast<void>(loads_.TakeNews());
  std::map<std::string, PlacedPolicy> result;
  for (PinnedJob& job : jobs_) {
    if (!job.retired) Tell(&job, &result);
  }
  return result;
}

void Placer::Tell(PinnedJob* job, std::map<std::string, PlacedPolicy>* policies) {
  PlacedPolicy policy;
  policy.status = job->status;
  if (job->placed) {
    policy.working = job->route.working;
    policy.protect = job->route.protect;
    policy.reserved_bps = job->reserved_bps;
    policy.share_protect = job->route.share_protect;
  }
  if (job->corouted) {
    PlacedPolicy back = policy;
    back.working = ReversePath(snapshot_, policy.working).value_or(std::vector<LinkId>());
    back.protect = ReversePath(snapshot_, policy.protect).value_or(std::vector<LinkId>());
    back.promise = job->promises[1] = PromiseOf(*job, back);
    (*policies)[job->demand->policies[1]] = std::move(back);
  }
  policy.promise = job->promises[0] = PromiseOf(*job, policy);
  (*policies)[job->key()] = std::move(policy);
}

}  // namespace waymark
