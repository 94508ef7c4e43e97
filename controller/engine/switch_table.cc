#include "controller/engine/switch_table.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"

namespace waymark {
namespace {

using southbound::v1::ControllerMessage;
using southbound::v1::Object;
using southbound::v1::Operation;

}  // namespace

SwitchTable::SwitchTable(EventLoop& loop, Metrics& metrics, Options options,
                         std::function<void()> on_change, OnLinkChange on_link_change)
    : loop_(loop),
      metrics_(metrics),
      options_(options),
      on_change_(std::move(on_change)),
      on_link_change_(std::move(on_link_change)),
      waves_(options.waves) {}

SwitchTable::~SwitchTable() {
  loop_.Cancel(retry_timer_);
  loop_.Cancel(wake_timer_);
  for (const EventLoop::TimerId timer : timers_) loop_.Cancel(timer);
  for (auto& [node, state] : switches_) {
    if (state.sent.has_value()) loop_.Cancel(state.sent->timeout);
    loop_.Cancel(state.hashes_timeout);
  }
}

void SwitchTable::ScheduleAdvance(absl::Duration delay) {
  auto id = std::make_shared<EventLoop::TimerId>(0);
  *id = loop_.RunAfter(delay, [this, id] {
    timers_.erase(*id);
    Advance();
    on_change_();
  });
  timers_.insert(*id);
}

void SwitchTable::HoldUntilHeard(absl::Duration limit, absl::Duration settle) {
  held_ = true;
  settle_ = settle;
  auto id = std::make_shared<EventLoop::TimerId>(0);
  *id = loop_.RunAfter(limit, [this, id] {
    timers_.erase(*id);
    held_ = false;
    Advance();
  });
  timers_.insert(*id);
}

void SwitchTable::ReleaseIfHeard() {
  if (!held_) return;
  for (const auto& [node, state] : switches_) {
    if (state.wanted && !state.synced) return;
  }
  // What they see may still have to be computed with.
  auto id = std::make_shared<EventLoop::TimerId>(0);
  *id = loop_.RunAfter(settle_, [this, id] {
    timers_.erase(*id);
    held_ = false;
    Advance();
  });
  timers_.insert(*id);
}

const SwitchState* SwitchTable::Find(const std::string& node) const {
  auto it = switches_.find(node);
  return it == switches_.end() ? nullptr : &it->second;
}

bool SwitchTable::Converged() const {
  for (const auto& [node, state] : switches_) {
    if (state.wanted && (!state.HoldsDesired() || !state.rib_only.empty())) return false;
  }
  return true;
}

namespace {

// Before it must hold something else.
void NoteLeaving(SwitchState& state, const ObjectTable& next) {
  SharedMap<ObjectTable::Entry>::ForEachUnshared(
      state.desired.entries(), next.entries(),
      [&](const std::string& key, const ObjectTable::Entry* before,
          const ObjectTable::Entry* after) {
        if (before == nullptr || !before->object->has_attachment()) return;
        const uint32_t vni = before->object->attachment().vni();
        if (after != nullptr && after->object->attachment().vni() == vni) return;
        state.leaving[key].insert(vni);
      });
  if (state.sent.has_value()) return;
  std::erase_if(state.leaving, [&](const auto& entry) {
    const auto held = state.acked.hashes().find(entry.first);
    if (held == state.acked.hashes().end()) return true;
    const auto wanted = next.entries().find(entry.first);
    return wanted != next.entries().end() && wanted->second.hash == held->second;
  });
}

}  // namespace

void SwitchTable::SetDesired(const std::map<std::string, ObjectTable>& objects, Revision revision,
                             const Successions& handovers, const std::set<std::string>& repaired) {
  revision_ = revision;
  for (const auto& [link, handover] : handovers) {
    Succession& known = handovers_[link];
    known.leaving.insert(handover.leaving.begin(), handover.leaving.end());
    known.arriving.insert(handover.arriving.begin(), handover.arriving.end());
  }
  sid_owners_ = SidOwners(objects);
  std::set<std::string> touched;
  for (auto& [node, state] : switches_) {
    state.queued.clear();
    if (objects.contains(node)) continue;
    // Of one that is gone as well, nobody will ever hear.
    if (state.desired.size() > 0 && state.session != nullptr) touched.insert(node);
    NoteLeaving(state, {});
    state.desired.Clear();
    state.wanted = false;
  }
  for (const auto& [node, table] : objects) {
    SwitchState& state = switches_[node];
    state.wanted = true;
    if (state.desired.digest() == table.digest()) continue;
    NoteLeaving(state, table);
    state.desired = table;
    touched.insert(node);
  }
  for (const std::string& node : repaired) NoteRepaired(node);
  if (waves_.running()) {
    std::set<std::string> asked;
    std::set_difference(touched.begin(), touched.end(), repaired.begin(), repaired.end(),
                        std::inserter(asked, asked.end()));
    waves_.Joins(asked, objects.size());
  }
  if (follower_ != nullptr) {
    follower_->Touched(touched);
    for (const std::string& node : touched) TellIfHolds(node, switches_[node]);
  }
  Advance();
}

void SwitchTable::TellIfHolds(const std::string& node, const SwitchState& state) {
  if (follower_ != nullptr && state.HoldsDesired()) follower_->Holds(node);
}

void SwitchTable::SetFrozen(bool frozen) {
  if (frozen_ == frozen) return;
  frozen_ = frozen;
  for (auto& [node, state] : switches_) state.queued.clear();
  Advance();
  on_change_();
}

void SwitchTable::ScheduleRetry() {
  if (retry_scheduled_) return;
  retry_scheduled_ = true;
  retry_timer_ = loop_.RunAfter(options_.retry_rejected, [this] {
    retry_scheduled_ = false;
    for (auto& [node, state] : switches_) state.rejected.clear();
    Advance();
    on_change_();
  });
}

namespace {

bool IsUnderlay(const Object& object) {
  return object.has_node() || object.has_link() || object.has_route();
}

}  // namespace

std::map<std::string, NodeDiff> SwitchTable::Differences(const std::set<std::string>* only) {
  NodeSegments segments(switches_, sid_owners_);
  Stragglers stragglers;
  for (const std::string& node : unanswered_) stragglers.Add(node, switches_[node]);
  std::map<std::string, NodeDiff> diffs;
  for (const auto& [node, state] : switches_) {
    if (state.session == nullptr || !state.synced || state.HoldsDesired() ||
        state.sent.has_value() || loop_.clock().Monotonic() < state.left_out_until) {
      continue;
    }
    NodeDiff diff = Diff(state.desired, state.acked.hashes());
    KeepProgrammable(node, state, segments, &diff);
    if (only != nullptr && !only->contains(node)) {
      stragglers.Add(node, state);
      diff.deletes.clear();
      std::erase_if(diff.puts, [](const Object& object) { return !IsUnderlay(object); });
    }
    if (!diff.empty() || only != nullptr || !stragglers.empty())
      diffs.emplace(node, std::move(diff));
  }
  if (!stragglers.empty()) stragglers.HoldBack(switches_, handovers_, &diffs);
  return diffs;
}

namespace {

bool Steers(const southbound::v1::AttachmentObject& attachment, const std::set<uint32_t>& colors) {
  return colors.contains(attachment.default_color()) ||
         std::any_of(attachment.classes().begin(), attachment.classes().end(),
                     [&](const auto& entry) { return colors.contains(entry.color()); });
}

// Color and endpoint.
using Policies = std::set<std::pair<uint32_t, uint32_t>>;

// Whether frames of the attachment would need one of these.
bool Needs(const SwitchState& state, const southbound::v1::AttachmentObject& attachment,
           const Policies& policies) {
  if (policies.empty()) return false;
  const Object* found = state.desired.Find(absl::StrCat("instance:", attachment.vni()));
  if (found == nullptr) return false;
  const auto& remotes = found->instance().remote_sids();
  return std::any_of(policies.begin(), policies.end(), [&](const auto& policy) {
    return Steers(attachment, {policy.first}) &&
           std::find(remotes.begin(), remotes.end(), policy.second) != remotes.end();
  });
}

}  // namespace

void SwitchTable::KeepProgrammable(const std::string& node, const SwitchState& state,
                                   NodeSegments& segments, NodeDiff* diff) const {
  std::set<uint32_t> refused_colors;
  Policies waiting;  // that are not there
  bool steering_stays = false;
  std::erase_if(diff->puts, [&](Object& object) {
    const std::string key = ObjectKey(object);
    if (object.has_route() && !segments.MayPut(node, object.route())) return true;
    if (object.has_policy()) {
      auto policy = segments.Programmable(node, object.policy());
      if (!policy.has_value()) {
        if (!state.acked.hashes().contains(key)) {
          waiting.emplace(object.policy().color(), object.policy().endpoint_sid());
        }
        return true;
      }
      *object.mutable_policy() = *std::move(policy);
      if (state.acked.Has(key, ObjectHash(object))) return true;
    }
    auto it = state.rejected.find(key);
    if (it == state.rejected.end() || it->second.hash != ObjectHash(object)) return false;
    if (object.has_policy()) refused_colors.insert(object.policy().color());
    steering_stays = steering_stays || object.has_attachment();
    return true;
  });
  // Frames are not steered away from what stands to what was refused, or waits for a switch of
  // which nobody knows what it holds.
  std::erase_if(diff->puts, [&](const Object& object) {
    if (!object.has_attachment() || !state.acked.hashes().contains(ObjectKey(object))) return false;
    if (!Steers(object.attachment(), refused_colors) &&
        !Needs(state, object.attachment(), waiting)) {
      return false;
    }
    steering_stays = true;
    return true;
  });
  std::erase_if(diff->deletes, [&](const std::string& key) {
    // As long as an attachment stays as it was, so do the policies that it steers to.
    if (steering_stays && RankOf(key) == ObjectRank::kPolicy) return true;
    auto it = state.rejected.find(key);
    return it != state.rejected.end() && it->second.hash == 0;
  });
}

void SwitchTable::ForgetWhoHasLeft() {
  for (auto& [link, handover] : handovers_) {
    std::erase_if(handover.leaving, [&](const PolicyPlace& place) {
      const SwitchState* state = Find(place.first);
      if (state == nullptr) return true;
      const auto wanted = state->desired.entries().find(place.second);
      return wanted == state->desired.entries().end() ||
             state->Confirmed(place.second, wanted->second.hash);
    });
  }
  std::erase_if(handovers_, [](const auto& entry) { return entry.second.leaving.empty(); });
}

bool SwitchTable::MayGoOn() {
  constexpr size_t kFew = 10;  // in a hundred
  if (unanswered_.empty()) return true;
  const absl::Duration now = loop_.clock().Monotonic();
  // Many are late, and answers come.
  if (unanswered_.size() > std::max<size_t>(1, switches_.size() * kFew / 100) &&
      now - last_answer_ < options_.patience) {
    WakeAt(last_answer_ + options_.patience);
    return false;
  }
  for (const std::string& node : unanswered_) {
    const SwitchState& state = switches_[node];
    const absl::Duration until =
        state.phase_begun + (state.slow ? options_.less_patience : options_.patience);
    if (now >= until) continue;
    WakeAt(until);
    return false;
  }
  for (const std::string& node : unanswered_) {
    SwitchState& state = switches_[node];
    // A batch of the same phase may have followed.
    for (const auto& [key, hash] : state.sent->operations) state.uncertain.insert(key);
    if (std::exchange(state.slow, true)) continue;
    metrics_
        .Counter("waymark_southbound_slow_agents_total",
                 "Times that programming went on without an agent that had been prompt before")
        .Increment();
    Log(LogLevel::kWarning, "agent does not answer; programming goes on without it",
        {{"node", node}, {"operations", static_cast<int64_t>(state.sent->operations.size())}});
  }
  return true;
}

void SwitchTable::WakeAt(absl::Duration monotonic) {
  if (wake_at_ <= monotonic) return;
  loop_.Cancel(wake_timer_);
  wake_at_ = monotonic;
  wake_timer_ = loop_.RunAfter(monotonic - loop_.clock().Monotonic(), [this] {
    wake_at_ = absl::InfiniteDuration();
    if (StaysShut()) return;
    Advance();
    on_change_();
  });
}

void SwitchTable::Advance() {
  if (held_ || frozen_) return;
  if (!MayGoOn()) return;
  for (auto& [node, state] : switches_) LetGoIfDone(node, state);
  ForgetWhoHasLeft();
  std::vector<NodeBatch> batches = NextBatches();
  if (batches.empty()) return;
  for (auto& [node, state] : switches_) {
    // Who is gone on without has not forgotten what follows: it is of this plan.
    if (!state.sent.has_value()) state.queued.clear();
  }
  SendPhase(std::move(batches));
}

void SwitchTable::SendPhase(std::vector<NodeBatch> batches) {
  std::set<std::string> begun;
  for (NodeBatch& batch : batches) {
    if (begun.insert(batch.node).second) {
      switches_[batch.node].phase_begun = loop_.clock().Monotonic();
      SendBatch(batch);
    } else {
      switches_[batch.node].queued.push_back(std::move(batch));
    }
  }
  // Looks again when the first of them has been waited for long enough.
  (void)MayGoOn();
}

void SwitchTable::SendNext(SwitchState& state) {
  if (state.queued.empty() || state.sent.has_value() || state.session == nullptr) return;
  const NodeBatch batch = std::move(state.queued.front());
  state.queued.pop_front();
  SendBatch(batch);
}

void SwitchTable::LetGoIfDone(const std::string& node, SwitchState& state) {
  if (state.wanted || state.session == nullptr || !state.HoldsDesired()) return;
  DropSession(state, absl::NotFoundError("node " + node + " is no longer part of the network"));
}

void SwitchTable::SendBatch(const NodeBatch& batch) {
  SwitchState& state = switches_[batch.node];
  SwitchState::SentBatch sent;
  sent.id = next_batch_++;
  sent.revision = revision_;
  ControllerMessage message;
  southbound::v1::Batch& wire = *message.mutable_batch();
  wire.set_id(sent.id);
  wire.set_revision(revision_);
  for (const Operation& operation : batch.operations) {
    Operation& copy = *wire.add_operations();
    copy = operation;
    copy.set_id(next_operation_++);
    sent.operation_ids.push_back(copy.id());
    if (copy.has_put()) {
      const std::string key = ObjectKey(copy.put());
      const uint64_t hash = ObjectHash(copy.put());
      sent.operations.emplace_back(key, hash);
    } else {
      sent.operations.emplace_back(copy.delete_(), std::nullopt);
    }
  }
  const uint64_t after = state.acked.DigestAfter(sent.operations);
  if (after == state.desired.digest()) wire.set_expected_digest(after);
  state.operations_sent += static_cast<int64_t>(sent.operations.size());
  const std::string node = batch.node;
  sent.timeout = loop_.RunAfter(options_.batch_timeout, [this, node, id = sent.id] {
    const SwitchState& stuck = switches_[node];
    if (stuck.sent.has_value() && stuck.sent->id == id) {
      OnStuck(node, "a batch was not answered in time");
    }
  });
  state.sent = std::move(sent);
  unanswered_.insert(node);
  if (follower_ != nullptr) follower_->Sent(node);
  if (absl::Status status = state.session->Send(std::move(message)); !status.ok()) {
    DropSession(state, status);
  }
}

}  // namespace waymark
