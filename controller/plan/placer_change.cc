// One plan more on the books of the one before (placer.h, Change).
#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "controller/plan/placer.h"

namespace waymark {
namespace {

// Jobs that are no more stay in the list: beyond so many it is made anew.
constexpr size_t kMostRetired = 4'096;

}  // namespace

bool Placer::Stands(const PinnedJob& job) const {
  const bool share = job.demand->share_protect && !job.route.protect.empty();
  return job.placed && job.corouted && !job.retired && job.reserved_bps == job.wanted() &&
         job.route.share_protect == share && job.route.shared_risks.empty() &&
         job.status.state() == v1::PENDING && job.status.reason().empty() && !Dead(job);
}

bool Placer::WouldStand(const PinnedJob& job) {
  PinnedJob again = job;
  again.standing = Standing::kNone;
  Assess(job.route, &again);
  return again.standing == Standing::kWhole && again.route.shared_risks.empty() &&
         again.route.working == job.route.working && again.route.protect == job.route.protect;
}

bool Placer::Settled() {
  if (stopped_ || !budget_.enough() || loads_.OverLimit()) return false;
  refused_bps_.reset();
  for (const PinnedJob& job : jobs_) {
    if (job.placed) {
      if (!Stands(job)) return false;
      shares_ = shares_ || job.route.share_protect;
      continue;
    }
    if (!ForWantOfRoomAlone(job)) return false;
    refused_ += job.retired ? 0 : 1;
    refused_bps_ = std::max(refused_bps_.value_or(0), job.wanted());
  }
  const auto links = snapshot_.links().size();
  for (size_t i = 0; i < links && !down_; ++i) down_ = !link_state_.IsUp(static_cast<LinkId>(i));
  return !(shares_ && down_);
}

// It found no way on what has room for it, and nobody was to give way to it.
bool Placer::ForWantOfRoomAlone(const PinnedJob& job) {
  return job.no_route && !job.budget_spent && !job.demand->share_protect &&
         job.demand->hold_priority == 0;
}

void Placer::Touch(const PinnedJob& job, std::set<LinkId>* touched) const {
  for (const PairReservation& pair : Wanted(job, job.route, 0, 0)) {
    touched->insert(pair.working.begin(), pair.working.end());
    touched->insert(pair.protect.begin(), pair.protect.end());
  }
}

bool Placer::HaveRoomForRefused(const std::set<LinkId>& links) const {
  return !refused_bps_ || std::all_of(links.begin(), links.end(), [&](LinkId link) {
    return ledger_.Residual(link, kTentativePriority) >= *refused_bps_;
  });
}

void Placer::Drop(PinnedJob* job) {
  if (job->placed) {
    Release(job);
    if (!Guards(*job)) loads_.Remove(job->key());
  } else {
    --refused_;
  }
  by_key_.erase(job->key());
  job->retired = true;
  ++dropped_;
}

bool Placer::Retake(const std::vector<PinnedJob*>& jobs) {
  std::vector<PinnedJob*> order;
  for (PinnedJob* job : jobs) {
    if (job->standing != Standing::kNone) order.push_back(job);
  }
  std::stable_sort(order.begin(), order.end(), [](const PinnedJob* a, const PinnedJob* b) {
    return a->demand->hold_priority < b->demand->hold_priority;
  });
  for (PinnedJob* job : order) {
    if (job->standing != Standing::kWhole || Dead(*job) || !job->route.shared_risks.empty() ||
        !Book(job, Route(job->route), std::min(StoredRate(*job), job->wanted()))) {
      return false;
    }
    Settle(job);
  }
  return !loads_.OverLimit();
}

// Mend's first and usual answers.
bool Placer::MendInPlace(PinnedJob* job) {
  if (!Shortfall(*job).empty()) return false;
  if (Stands(*job)) return true;
  Route as_asked = job->route;
  as_asked.share_protect = job->demand->share_protect && !as_asked.protect.empty();
  Release(job);
  if (!Reserve(job, as_asked, job->wanted(), job->demand->hold_priority)) return false;
  Settle(job);
  return true;
}

bool Placer::PlaceFresh(PinnedJob* job) {
  if (PlaceAnew(job, /*take=*/false)) Settle(job);
  return budget_.enough();
}

// As PlaceNewOnes does with those that find no room.
bool Placer::RefuseFresh(PinnedJob* job, std::vector<PinnedJob*>* refused) {
  // It might take from others.
  if (job->constraints().setup_priority < kWeakestPriority) return false;
  PlaceRefused(job);
  if (!job->retired || !ForWantOfRoomAlone(*job)) return false;
  std::vector<PinnedJob*> legs = {&jobs_[jobs_.size() - 2], &jobs_.back()};
  for (PinnedJob* leg : legs) PlaceRefused(leg);
  for (PinnedJob* leg : legs) {
    if (leg->placed || !ForWantOfRoomAlone(*leg)) return false;
    explained_ = refused_++;
    Refuse(leg);
    refused->push_back(leg);
  }
  refused_bps_ = std::max(refused_bps_.value_or(0), job->wanted());
  return budget_.enough() && ExplainsAll();
}

void Placer::UpdatePromises(PinnedJob* job, PinnedChange* change) {
  size_t leg = 0;
  for (const PairReservation& pair : Wanted(*job, job->route, 0, 0)) {
    v1::Promise promise = job->promises[leg];
    const PromiseQuery query = PromiseAsked(*job, pair.working, pair.protect);
    if (!UpdateLatencies(snapshot_, loads_, query, &promise)) {
      promise = MakePromise(snapshot_, solver_.Model(), loads_, query);
    }
    job->promises[leg] = promise;
    change->promises.emplace_back(job->demand->policies[leg++], std::move(promise));
  }
}

bool Placer::Change(const std::map<std::string, stored::v1::Placement>& stored,
                    const std::vector<const PinnedDemand*>& gone,
                    const std::vector<const PinnedDemand*>& come, PinnedChange* change) {
  stored_ = &stored;
  if (dropped_ + gone.size() > kMostRetired) return false;
  std::set<LinkId> touched;
  std::vector<PinnedJob*> dropped;
  for (const PinnedDemand* demand : gone) {
    PinnedJob& job = *by_key_.at(demand->policies[0]);
    dropped.push_back(&job);
    if (!job.corouted) dropped.push_back(by_key_.at(demand->policies[1]));
    if (demand->max_latency_ns > 0) --bounded_[demand->traffic_class->queue() % kQueues];
    // What is said of those that stay must not depend on it.
    if (!job.placed && !ExplainsAll()) return false;
    Touch(job, &touched);
  }
  if (!HaveRoomForRefused(touched)) return false;
  for (PinnedJob* job : dropped) Drop(job);
  std::vector<PinnedJob*> jobs, refused;
  for (const PinnedDemand* demand : come) {
    if (demand->max_latency_ns > 0) ++bounded_[demand->traffic_class->queue() % kQueues];
    AddJobs(*demand);
    if (!jobs_.back().corouted) return false;
    jobs.push_back(&jobs_.back());
  }
  if (guarded_from_ != LowestBounded()) return false;
  budget_.RenewOwn();
  if (!Retake(jobs)) return false;
  for (PinnedJob* job : jobs) {
    if (job->standing == Standing::kWhole && !MendInPlace(job)) return false;
  }
  for (PinnedJob* job : jobs) {
    if (job->standing == Standing::kNone && !PlaceFresh(job)) return false;
  }
  for (PinnedJob* job : jobs) {
    if (!job->placed && !RefuseFresh(job, &refused)) return false;
  }
  std::erase_if(jobs, [](const PinnedJob* job) { return job->retired; });
  for (PinnedJob* job : jobs) {
    if (!Stands(*job) || !WouldStand(*job)) return false;
    shares_ = shares_ || job->route.share_protect;
    if (!Guards(*job)) AddLoads(*job, /*guarded=*/false);
    Touch(*job, &touched);
  }
  if (!HaveRoomForRefused(touched) || (shares_ && down_)) return false;
  const std::vector<std::string> slowed = loads_.TakeNews();
  jobs.insert(jobs.end(), refused.begin(), refused.end());
  for (PinnedJob* job : jobs) Tell(job, &change->placed);
  for (const std::string& key : slowed) {
    if (!change->placed.contains(key)) UpdatePromises(by_key_.at(key), change);
  }
  return true;
}

}  // namespace waymark
