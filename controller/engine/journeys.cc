#include "controller/engine/journeys.h"

#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

using google::protobuf::util::TimeUtil;

constexpr size_t kMostChanged = 20;
constexpr int kMostNamed = 100;

google::protobuf::Duration ToProto(absl::Duration duration) {
  return TimeUtil::NanosecondsToDuration(absl::ToInt64Nanoseconds(duration));
}

std::string WhyWaiting(const std::string& node, const SwitchTable& switches) {
  const SwitchState* state = switches.Find(node);
  if (state == nullptr || state->session == nullptr) return "not connected";
  if (!state->rejected.empty()) {
    const auto& [key, rejection] = *state->rejected.begin();
    return absl::StrCat("rejected ", key, ": ", rejection.error);
  }
  if (switches.frozen()) return "programming is frozen";
  if (state->sent.has_value() || !switches.waves().running()) return "not answered yet";
  const std::string& paused = switches.waves().paused();
  return paused.empty() ? "waits for its wave" : absl::StrCat("the rollout is paused: ", paused);
}

}  // namespace

uint32_t Journeys::Number(const std::string& node) {
  const auto [it, inserted] = numbers_.try_emplace(node, static_cast<uint32_t>(nodes_.size()));
  if (inserted) nodes_.push_back(node);
  return it->second;
}

void Journeys::Noticed(Revision revision, std::string what) {
  if (!next_) {
    next_ = Journey();
    next_->first = revision;
    next_->noticed = clock_.Now();
    next_->begin = clock_.Monotonic();
  }
  next_->last = revision;
  if (next_->changes++ < kMostChanged) next_->changed.push_back(std::move(what));
}

void Journeys::Computing() { computing_since_ = clock_.Monotonic(); }

void Journeys::Computed(Revision revision) {
  if (!next_) return;
  next_->last = revision;
  next_->computed = Since(*next_);
  next_->computation = clock_.Monotonic() - computing_since_;
}

void Journeys::Adopted(Revision revision) {
  if (!next_) return;
  next_->last = revision;
  next_->stored = Since(*next_);
  const Key key = {revision, next_number_++};
  adopted_.emplace(key, *std::move(next_));
  next_.reset();
  under_way_.insert(key);
  if (adopted_.size() > kMost) {
    under_way_.erase(adopted_.begin()->first);
    adopted_.erase(adopted_.begin());
  }
}

void Journeys::Touched(const std::set<std::string>& nodes) {
  if (under_way_.empty()) return;
  const Key key = *under_way_.rbegin();
  Journey& journey = adopted_.at(key);
  if (journey.touched > 0) return;
  journey.touched = nodes.size();
  for (const std::string& node : nodes) journey.waiting.insert(Number(node));
  if (nodes.empty()) under_way_.erase(key);
}

void Journeys::Sent(const std::string& node) {
  const uint32_t number = Number(node);
  // Nearly always it is for the latest.
  for (auto it = under_way_.rbegin(); it != under_way_.rend(); ++it) {
    Journey& journey = adopted_.at(*it);
    if (!journey.waiting.contains(number)) continue;
    if (!journey.first_sent) journey.first_sent = Since(journey);
    return;
  }
}

void Journeys::Holds(const std::string& node) {
  const auto known = numbers_.find(node);
  if (known == numbers_.end()) return;
  for (auto it = under_way_.begin(); it != under_way_.end();) {
    Journey& journey = adopted_.at(*it);
    const bool last = journey.waiting.erase(known->second) > 0 && journey.waiting.empty();
    if (last) Finish(journey);
    it = last ? under_way_.erase(it) : std::next(it);
  }
}

void Journeys::Finish(Journey& journey) {
  journey.acked = Since(journey);
  metrics_
      .Histogram("waymark_engine_journey_seconds",
                 "From a change being noticed to the last switch that it touches holding it",
                 {0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100})
      .Observe(absl::ToDoubleSeconds(*journey.acked));
}

absl::StatusOr<v1::RevisionJourney> Journeys::Find(Revision revision, Revision computed,
                                                   const SwitchTable& switches) const {
  const Revision latest = next_ ? std::max(next_->last, computed) : computed;
  if (revision == 0) {
    if (next_) return Tell(*next_, switches);
    if (adopted_.empty()) return absl::NotFoundError("nothing has been computed yet");
    return Tell(adopted_.rbegin()->second, switches);
  }
  if (revision > latest) {
    return absl::NotFoundError(
        absl::StrCat("revision ", revision, " does not exist yet: the latest is ", latest));
  }
  if (next_ && revision >= next_->first) return Tell(*next_, switches);
  const auto it = adopted_.lower_bound({revision, 0});
  if (it != adopted_.end() && it->second.first <= revision) return Tell(it->second, switches);
  if (adopted_.empty() || revision < adopted_.begin()->second.first) {
    return absl::NotFoundError(absl::StrCat(
        "revision ", revision, " is older than what is remembered: the last ", kMost,
        " computations since the controller started",
        adopted_.empty() ? "" : absl::StrCat(", from revision ", adopted_.begin()->second.first)));
  }
  // Nothing that is computed with: the record of a request, or what a computation itself stored.
  v1::RevisionJourney journey;
  journey.set_first_revision(revision);
  journey.set_revision(revision);
  journey.set_state(v1::NOTHING_TO_DO);
  return journey;
}

v1::RevisionJourney Journeys::Tell(const Journey& journey, const SwitchTable& switches) const {
  v1::RevisionJourney told;
  told.set_first_revision(journey.first);
  told.set_revision(journey.last);
  told.set_state(!journey.stored           ? v1::STORING
                 : journey.touched == 0    ? v1::NOTHING_TO_DO
                 : journey.waiting.empty() ? v1::ACKED
                                           : v1::PROGRAMMING);
  *told.mutable_noticed() = TimeUtil::NanosecondsToTimestamp(absl::ToUnixNanos(journey.noticed));
  if (journey.computed) {
    *told.mutable_computed() = ToProto(*journey.computed);
    *told.mutable_computation() = ToProto(journey.computation);
  }
  if (journey.stored) *told.mutable_stored() = ToProto(*journey.stored);
  if (journey.first_sent) *told.mutable_first_sent() = ToProto(*journey.first_sent);
  if (journey.acked) *told.mutable_acked() = ToProto(*journey.acked);
  told.set_switches(static_cast<int32_t>(journey.touched));
  told.set_switches_waiting(static_cast<int32_t>(journey.waiting.size()));
  std::set<std::string> names;
  for (const uint32_t number : journey.waiting) names.insert(nodes_[number]);
  for (const std::string& node : names) {
    if (told.waiting_size() == kMostNamed) break;
    v1::JourneyWait& wait = *told.add_waiting();
    wait.set_node("nodes/" + node);
    wait.set_reason(WhyWaiting(node, switches));
  }
  told.set_changes(static_cast<int32_t>(journey.changes));
  for (const std::string& what : journey.changed) told.add_changed(what);
  return told;
}

}  // namespace waymark
