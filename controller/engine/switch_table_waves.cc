// Large changes in waves, and what goes past them.
//
// A repair never waits for a rollout, be it running or paused: switches whose plan has changed with
// the network (SetDesired), or that have lost what they held, are let through, with their own share
// of the rollout, and all others count as stragglers meanwhile: what depends on what they have yet
// to do waits, as it does for a switch that does not answer. Only of their underlay all is sent,
// for the repair may lie on it. So a link that flaps widens a rollout by the switches that it
// touches, and does not open it. Two things can keep a repair waiting all the same, for without
// them traffic would break: a link that has no room before those have left it whom the rollout
// moves, and a service that the rollout is just changing (only its instances and attachments).
#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "controller/engine/switch_table.h"

namespace waymark {
namespace {

bool FramesEnter(const SwitchState& state) {
  constexpr std::string_view kAttachments = "attachment:";
  const auto first = state.acked.hashes().lower_bound(std::string(kAttachments));
  return first != state.acked.hashes().end() && first->first.starts_with(kAttachments);
}

bool IsDown(const southbound::v1::PolicyEvent& policy) {
  return !policy.protect_up() && policy.working_up_size() > 0 &&
         std::none_of(policy.working_up().begin(), policy.working_up().end(),
                      [](bool up) { return up; });
}

bool HoldsDesiredNow(const SwitchState& state) {
  return state.heard && state.acked.digest() == state.desired.digest();
}

}  // namespace

void SwitchTable::BeginWaves(const std::map<std::string, NodeDiff>& diffs) {
  const absl::Duration now = loop_.clock().Monotonic();
  if (carries_since_ == absl::InfiniteDuration()) {
    for (const auto& [node, state] : switches_) {
      if (!FramesEnter(state)) continue;
      // What was there when its session began may have been there for long.
      carries_since_ = state.operations_sent == 0 ? -absl::InfiniteDuration() : now;
      break;
    }
  }
  if (waves_.running() || now - carries_since_ < options_.waves.young) return;
  size_t touched = 0, wanted = 0;
  for (const auto& [node, state] : switches_) wanted += state.wanted ? 1 : 0;
  for (const auto& [node, diff] : diffs) {
    // A switch that holds nothing carries nothing.
    if (diff.empty() || repaired_.contains(node) || switches_[node].acked.hashes().empty())
      continue;
    ++touched;
  }
  if (!waves_.IsLarge(touched, wanted)) return;
  waves_.Begin(static_cast<uint64_t>(revision_), wanted, Look());
  rollout_revision_ = revision_;
  Log(LogLevel::kInfo, "a change of many switches goes out in waves",
      {{"revision", revision_},
       {"switches", static_cast<int64_t>(touched)},
       {"of", static_cast<int64_t>(wanted)}});
  RolloutChanged();
}

void SwitchTable::NoteRepaired(const std::string& node) {
  if (waves_.enabled() || waves_.running()) repaired_.insert(node);
}

void SwitchTable::ForgetRepaired() {
  std::erase_if(repaired_, [&](const std::string& node) {
    const SwitchState* state = Find(node);
    return state == nullptr || HoldsDesiredNow(*state);
  });
}

std::vector<NodeBatch> SwitchTable::NextBatches() {
  gate_shut_ = false;
  if (!waves_.enabled() && !waves_.running()) {
    std::vector<Phase> phases = options_.sequencer(Differences(), handovers_);
    return phases.empty() ? std::vector<NodeBatch>() : std::move(phases.front().batches);
  }
  ForgetRepaired();
  const std::map<std::string, NodeDiff> diffs = Differences();
  BeginWaves(diffs);
  if (waves_.running()) {
    const bool repairs = std::any_of(diffs.begin(), diffs.end(), [this](const auto& entry) {
      return repaired_.contains(entry.first);
    });
    if (repairs) {
      std::vector<Phase> phases = options_.sequencer(Differences(&repaired_), handovers_);
      if (!phases.empty()) return std::move(phases.front().batches);
    }
  }
  std::vector<Phase> phases = options_.sequencer(diffs, handovers_);
  if (!waves_.running()) {
    return phases.empty() ? std::vector<NodeBatch>() : std::move(phases.front().batches);
  }
  if (phases.empty()) {
    EndWaves();
    return {};
  }
  Gate(&phases.front());
  return std::move(phases.front().batches);
}

void SwitchTable::Gate(Phase* phase) {
  const int64_t wave = waves_.wave();
  const bool paused = !waves_.paused().empty();
  const auto next =
      waves_.Admit([this] { return Look(); }, loop_.clock().Monotonic(), repaired_, phase);
  gate_shut_ = phase->batches.empty();
  if (waves_.wave() != wave) {
    Log(LogLevel::kInfo, "next wave",
        {{"wave", waves_.wave()},
         {"phase", PhaseName(phase->kind)},
         {"switches", static_cast<int64_t>(waves_.out().size())}});
  }
  if (waves_.wave() != wave) RolloutChanged();
  NotePaused(paused);
  if (next.has_value()) WakeAt(*next);
}

void SwitchTable::NotePaused(bool before) {
  if (before || waves_.paused().empty()) return;
  Log(LogLevel::kError, "the rollout is paused: its last wave does not do well",
      {{"reason", waves_.paused()}, {"wave", waves_.wave()}});
  RolloutChanged();
}

bool SwitchTable::StaysShut() {
  if (!gate_shut_ || !waves_.running() || !unanswered_.empty()) return false;
  const bool paused = !waves_.paused().empty();
  const auto next = waves_.Judge([this] { return Look(); }, loop_.clock().Monotonic());
  NotePaused(paused);
  if (!next.has_value()) return false;
  WakeAt(*next);
  return true;
}

void SwitchTable::EndWaves() {
  if (!unanswered_.empty()) return;
  if (!waves_.paused().empty()) {
    // Who is not connected may have something to get.
    for (const auto& [node, state] : switches_) {
      if (state.wanted && !HoldsDesiredNow(state)) return;
    }
  } else if (const auto next = waves_.Judge([this] { return Look(); }, loop_.clock().Monotonic());
             next.has_value()) {
    // The last wave is judged as well.
    gate_shut_ = true;
    WakeAt(*next);
    return;
  }
  const char* outcome = waves_.paused().empty() ? "done" : "done, not well";
  Log(waves_.paused().empty() ? LogLevel::kInfo : LogLevel::kError, "the rollout ends",
      {{"outcome", outcome}, {"waves", waves_.wave()}, {"reason", waves_.paused()}});
  waves_.End();
  metrics_.Counter("waymark_rollouts_total", "Rollouts in waves", {{"outcome", outcome}})
      .Increment();
  RolloutChanged();
}

void SwitchTable::RolloutChanged() {
  metrics_.Gauge("waymark_rollout_wave", "Waves of the rollout that are out; 0 when there is none")
      .Set(static_cast<double>(waves_.wave()));
  metrics_.Gauge("waymark_rollout_paused", "1 while a rollout waits to be resumed")
      .Set(waves_.paused().empty() ? 0 : 1);
  if (on_rollout_) on_rollout_();
}

void SwitchTable::PauseRollout(const std::string& reason) {
  if (!waves_.running() || !waves_.paused().empty()) return;
  waves_.Pause(reason);
  RolloutChanged();
  on_change_();
}

void SwitchTable::RestoreRollout(Revision revision, const std::string& reason) {
  waves_.Begin(static_cast<uint64_t>(revision), switches_.size(), {});
  rollout_revision_ = revision;
  waves_.Pause(reason);
  RolloutChanged();
}

void SwitchTable::ResumeRollout() {
  if (waves_.paused().empty()) return;
  waves_.Resume(Look());
  RolloutChanged();
  Advance();
  on_change_();
}

Waves::Evidence SwitchTable::Look() const {
  Waves::Evidence seen;
  for (const auto& [node, state] : switches_) {
    auto faults = static_cast<int64_t>(state.rejected.size() + state.rib_only.size());
    for (const auto& [key, policy] : state.policies) {
      if (IsDown(policy) && state.desired.entries().contains(key)) ++faults;
    }
    if (faults > 0) seen.faults.emplace(node, faults);
  }
  for (const std::string& node : waves_.out()) {
    const SwitchState* state = Find(node);
    if (state == nullptr || !state->wanted) continue;
    if (state->synced && !state->sent.has_value()) continue;
    seen.missing =
        absl::StrCat("nodes/", node, state->synced ? " has not answered" : " is not connected");
    break;
  }
  return seen;
}

}  // namespace waymark
