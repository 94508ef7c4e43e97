#include "controller/plan/placer_joint.h"

#include <algorithm>

namespace waymark {

Placer::JointSearch::JointSearch(Placer* placer, std::vector<PinnedJob*> movable)
    : placer_(placer), movable_(std::move(movable)) {}

void Placer::JointSearch::Run(const std::vector<PinnedJob*>& refused) {
  if (movable_.empty() || refused.empty()) return;
  // Its searches are limited by themselves: what it does in vain changes nothing for what follows.
  const SearchBudget budget = placer_->budget_;
  for (PinnedJob* job : movable_) Rebook(job, kTentativePriority);
  // Whoever lacks room alone comes first: to find routes that keep a promise takes longer.
  std::vector<PinnedJob*> order = refused;
  std::stable_partition(order.begin(), order.end(), [](const PinnedJob* job) {
    return !job->least_unavailability && !job->least_latency_ns && job->would_break.empty();
  });
  for (PinnedJob* job : order) {
    undo_.clear();
    settled_.clear();
    if (!Displace(job, kDepth)) continue;
    movable_.push_back(job);
    for (const Undo& undo : undo_) placer_->Settle(undo.job);
  }
  for (PinnedJob* job : movable_) Rebook(job, job->demand->hold_priority);
  placer_->budget_ = budget;
}

// In the ledger alone: on the same links at the same rate, it always fits.
void Placer::JointSearch::Rebook(PinnedJob* job, int hold) {
  placer_->ledger_.Remove(job->key());
  for (const PairReservation& pair : placer_->Wanted(*job, job->route, job->reserved_bps, hold)) {
    const absl::Status again = placer_->ledger_.AddPair(job->key(), pair);
    static_cast<void>(again);
  }
}

bool Placer::JointSearch::PlaceFree(PinnedJob* job) {
  return MaySolve(1) &&
         placer_->PlaceAt(job, kTentativePriority, kTentativePriority, /*spare_others=*/false);
}

bool Placer::JointSearch::Displace(PinnedJob* job, int depth) {
  const auto displaces = [&](const Route& route) {
    const size_t before = undo_.size();
    if (DisplaceFrom(job, route, depth)) return true;
    RollBack(before);
    return false;
  };
  // First where fewest are in the way, then where it would be best.
  for (const bool spare_others : {true, false}) {
    if (!MaySolve(1)) return false;
    const auto route = placer_->solver_.Solve(*job, kWeakestPriority, spare_others);
    if (!route) return false;
    if (displaces(*route)) return true;
  }
  // Then those that keep its promises, or those of others.
  if (job->target() == 0 && !placer_->Guards(*job)) return false;
  if (!MaySolve(kSolvesOfAlternatives)) return false;
  std::vector<Route> others = placer_->solver_.Alternatives(*job, kWeakestPriority);
  std::erase_if(others, [&](const Route& route) {
    return job->target() > 0 && !placer_->solver_.AvailabilityOf(route).Meets(job->target());
  });
  if (others.size() > kMostAlternatives) others.resize(kMostAlternatives);
  return std::any_of(others.begin(), others.end(), displaces);
}

bool Placer::JointSearch::MaySolve(int solves) {
  solves_ -= solves;
  return solves_ >= 0 && !placer_->Stopped();
}

bool Placer::JointSearch::DisplaceFrom(PinnedJob* job, const Route& route, int depth) {
  const auto in_the_way = placer_->ledger_.Preempt(
      placer_->Wanted(*job, route, job->wanted(), kTentativePriority), kWeakestPriority);
  if (!in_the_way || in_the_way->size() > kMostDisplaced) return false;
  std::vector<PinnedJob*> displaced;
  for (const std::string& key : *in_the_way) {
    displaced.push_back(placer_->by_key_.at(key));
    if (settled_.contains(displaced.back())) return false;
  }
  std::sort(displaced.begin(), displaced.end(),
            [](const PinnedJob* a, const PinnedJob* b) { return a->number < b->number; });
  for (PinnedJob* other : displaced) {
    Note(other);
    placer_->Release(other);
  }
  Note(job);
  if (!placer_->Reserve(job, route, job->wanted(), kTentativePriority)) return false;
  settled_.insert(job);
  const bool all = std::all_of(displaced.begin(), displaced.end(), [&](PinnedJob* other) {
    return PlaceFree(other) || (depth > 1 && Displace(other, depth - 1));
  });
  if (!all) settled_.erase(job);
  return all;
}

void Placer::JointSearch::Note(PinnedJob* job) {
  undo_.push_back({job, job->placed, job->route, job->reserved_bps});
}

// First all give back, then each takes what it had at first: which fitted, all of it together.
void Placer::JointSearch::RollBack(size_t to) {
  std::set<const PinnedJob*> restored;
  for (size_t i = to; i < undo_.size(); ++i) {
    if (undo_[i].job->placed) placer_->Release(undo_[i].job);
    settled_.erase(undo_[i].job);
  }
  for (size_t i = to; i < undo_.size(); ++i) {
    const Undo& undo = undo_[i];
    if (!restored.insert(undo.job).second) continue;
    undo.job->route = undo.route;
    undo.job->reserved_bps = undo.reserved_bps;
    if (undo.placed) {
      placer_->Book(undo.job, undo.route, undo.reserved_bps, kTentativePriority);
    }
  }
  undo_.resize(to);
}

}  // namespace waymark
