// What agents say: sessions that come and go, what a switch holds, events, results.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "controller/engine/switch_table.h"

namespace waymark {
namespace {

using southbound::v1::BatchResult;
using southbound::v1::ControllerMessage;
using southbound::v1::Event;
using southbound::v1::OperationResult;

// What it holds before it has said so is not known: reports on as many objects are kept meanwhile.
constexpr size_t kMostUnknown = 10'000;
// As many false digests in a row cost no pause: a switch may have been changed by hand.
constexpr int kFreeDisputes = 2;
constexpr int kMostDoublings = 5;

std::string LinkName(const std::string& id) { return "links/" + id; }

// Unless what it holds now is already old.
void ForgetIfLeft(SwitchState& state, const std::string& key, std::optional<uint64_t> hash) {
  const auto wanted = state.desired.entries().find(key);
  const bool as_wanted = wanted == state.desired.entries().end()
                             ? !hash.has_value()
                             : hash == std::optional<uint64_t>(wanted->second.hash);
  if (as_wanted) state.leaving.erase(key);
}

}  // namespace

void SwitchTable::Connected(std::shared_ptr<SwitchSession> session,
                            const southbound::v1::Hello& hello) {
  SwitchState& state = switches_[session->node()];
  if (state.session != nullptr) DropSession(state, absl::AbortedError("replaced by a new session"));
  state.session = std::move(session);
  state.hello = hello;
  state.hello.clear_observed();
  state.connected_since = loop_.clock().Now();
  state.ever_connected = true;
  state.rejected.clear();
  state.rib_only.clear();
  state.policies.clear();
  for (const Event& event : hello.observed()) OnEvent(state, event);
  Log(LogLevel::kInfo, "agent connected",
      {{"node", state.session->node()},
       {"instance", hello.instance()},
       {"objects", hello.object_count()},
       {"in_step", hello.digest() == state.desired.digest() ? "yes" : "no"}});
  if (hello.digest() == state.desired.digest()) {
    // The common case after a restart of either side: nothing to ask, nothing to send.
    state.acked.Clear();
    for (const auto& [key, entry] : state.desired.entries()) state.acked.Put(key, entry.hash);
    state.last_acked_revision = hello.last_revision();
    state.synced = state.heard = true;
    ForgetUnknown(state);
    TellIfHolds(state.session->node(), state);
    ReleaseIfHeard();
    Advance();
  } else {
    AskForHashes(state, hello.digest(), hello.object_count());
  }
  on_change_();
}

void SwitchTable::AskForHashes(SwitchState& state, uint64_t digest, int64_t count) {
  state.synced = false;
  Ask(state, state.resync.Begin(state.desired, digest, count));
}

void SwitchTable::Ask(SwitchState& state, southbound::v1::Get get) {
  ControllerMessage message;
  *message.mutable_get() = std::move(get);
  const std::string node = state.session->node();
  loop_.Cancel(state.hashes_timeout);
  state.hashes_timeout = loop_.RunAfter(options_.batch_timeout, [this, node] {
    if (!switches_[node].synced) OnStuck(node, "what it holds was not answered in time");
  });
  if (absl::Status status = state.session->Send(std::move(message)); !status.ok()) {
    DropSession(state, status);
  }
}

void SwitchTable::OnStuck(const std::string& node, const char* what) {
  SwitchState& state = switches_[node];
  metrics_
      .Counter("waymark_southbound_batch_timeouts_total", "Requests that no agent answered in time")
      .Increment();
  LeaveOut(state, state.times_stuck++);
  DropSession(state, absl::DeadlineExceededError(what));
}

void SwitchTable::LeaveOut(SwitchState& state, int times_before) {
  const absl::Duration pause = options_.stuck_pause * (1 << std::min(times_before, kMostDoublings));
  state.left_out_until = loop_.clock().Monotonic() + pause;
  ScheduleAdvance(pause);
}

void SwitchTable::CountProtocolError() {
  metrics_
      .Counter("waymark_southbound_protocol_errors_total",
               "Messages from agents that break the protocol")
      .Increment();
}

void SwitchTable::DropForProtocol(SwitchState& state, absl::Status reason) {
  CountProtocolError();
  DropSession(state, std::move(reason));
}

void SwitchTable::Disconnected(const std::shared_ptr<SwitchSession>& session,
                               const absl::Status& reason) {
  SwitchState* state = SessionState(session);
  if (state == nullptr) return;
  Log(LogLevel::kWarning, "agent disconnected; its switch keeps forwarding",
      {{"node", session->node()}, {"reason", reason.ToString()}});
  DropSession(*state, absl::OkStatus());
  Advance();
  on_change_();
}

void SwitchTable::ForgetSent(SwitchState& state) {
  if (!state.sent.has_value()) return;
  loop_.Cancel(state.sent->timeout);
  state.sent.reset();
  state.uncertain.clear();
  unanswered_.erase(state.session->node());
}

void SwitchTable::DropSession(SwitchState& state, absl::Status reason) {
  ForgetSent(state);
  loop_.Cancel(state.hashes_timeout);
  state.queued.clear();
  state.synced = false;
  std::shared_ptr<SwitchSession> session = std::move(state.session);
  state.session = nullptr;
  if (session != nullptr && !reason.ok()) {
    Log(LogLevel::kWarning, "closing an agent's session",
        {{"node", session->node()}, {"reason", reason.ToString()}});
    session->Close(reason);
    // The others must not wait for what it will not answer; its end will not be told to us again.
    ScheduleAdvance(absl::ZeroDuration());
  }
}

SwitchState* SwitchTable::SessionState(const std::shared_ptr<SwitchSession>& session) {
  auto it = switches_.find(session->node());
  // A message of a session that has been replaced is of no interest.
  return it == switches_.end() || it->second.session != session ? nullptr : &it->second;
}

void SwitchTable::Message(const std::shared_ptr<SwitchSession>& session,
                          const southbound::v1::AgentMessage& message) {
  SwitchState* state = SessionState(session);
  if (state == nullptr) return;
  switch (message.body_case()) {
    case southbound::v1::AgentMessage::kBatchResult:
      OnBatchResult(*state, message.batch_result());
      break;
    case southbound::v1::AgentMessage::kGetResponse:
      OnGetResponse(*state, message.get_response());
      break;
    case southbound::v1::AgentMessage::kEvent:
      OnEvent(*state, message.event());
      // It tells nothing of what the switch holds: there is nothing more to send.
      on_change_();
      return;
    case southbound::v1::AgentMessage::kFlushResult:
    case southbound::v1::AgentMessage::kHello:
    case southbound::v1::AgentMessage::BODY_NOT_SET:
      DropForProtocol(*state, absl::InvalidArgumentError("unexpected message"));
      break;
  }
  Advance();
  on_change_();
}

void SwitchTable::OnGetResponse(SwitchState& state, const southbound::v1::GetResponse& response) {
  if (state.synced) return CountProtocolError();  // it was not asked; what it says is not taken
  if (!response.error().empty()) {
    DropSession(state, absl::UnavailableError("cannot say what it holds: " + response.error()));
    return;
  }
  auto next = state.resync.Take(response, state.desired);
  if (!next.ok()) {
    DropForProtocol(state, next.status());
    return;
  }
  if (next->has_value()) Ask(state, **std::move(next));
  if (!state.resync.done()) return;
  metrics_
      .Counter("waymark_southbound_resync_hashes_total",
               "Hashes that agents sent to say what they hold")
      .Increment(static_cast<double>(state.resync.told()));
  const uint64_t known = state.acked.digest();
  state.acked = state.resync.TakeHeld();
  // What it has lost is not kept from it. Before it was heard first, what it held is not known.
  if (state.heard ? state.acked.digest() != known : state.acked.hashes().empty()) {
    NoteRepaired(state.session->node());
  }
  loop_.Cancel(state.hashes_timeout);
  state.synced = state.heard = true;
  ForgetUnknown(state);
  TellIfHolds(state.session->node(), state);
  ReleaseIfHeard();
}

void SwitchTable::ForgetUnknown(SwitchState& state) {
  std::erase_if(state.policies, [&](const auto& entry) { return !Knows(state, entry.first); });
  std::erase_if(state.rib_only, [&](const auto& key) { return !Knows(state, key); });
}

bool SwitchTable::Knows(const SwitchState& state, const std::string& key) {
  if (state.desired.entries().contains(key) || state.acked.hashes().contains(key)) return true;
  // What is on its way may be wanted no longer.
  return state.sent.has_value() &&
         std::any_of(state.sent->operations.begin(), state.sent->operations.end(),
                     [&](const auto& operation) { return operation.first == key; });
}

bool SwitchTable::MayReportOn(const SwitchState& state, const std::string& key) {
  if (Knows(state, key)) return true;
  if (!state.synced &&
      state.policies.size() + state.rib_only.size() < state.desired.size() + kMostUnknown) {
    return true;
  }
  metrics_
      .Counter("waymark_southbound_unknown_object_events_total",
               "Events of agents on objects that their switches were not sent and do not hold")
      .Increment();
  return false;
}

void SwitchTable::OnEvent(SwitchState& state, const Event& event) {
  switch (event.kind_case()) {
    case Event::kLink: {
      const std::string& link = event.link().link();
      if (!state.desired.entries().contains("link:" + link) &&
          !state.acked.hashes().contains("link:" + link)) {
        // Not one of its links: a switch speaks for its own only.
        metrics_
            .Counter("waymark_southbound_foreign_events_total",
                     "Events of agents on links that are not theirs")
            .Increment();
        break;
      }
      auto [it, inserted] = state.link_up.try_emplace(link, event.link().up());
      const bool changed = inserted ? !event.link().up() : it->second != event.link().up();
      it->second = event.link().up();
      if (event.link().up()) {
        links_down_.erase(LinkName(link));
      } else {
        links_down_.insert(LinkName(link));
      }
      if (changed) {
        Log(event.link().up() ? LogLevel::kInfo : LogLevel::kWarning,
            event.link().up() ? "link is up" : "link is down", {{"link", link}});
        on_link_change_(LinkName(link), event.link().up());
      }
      break;
    }
    case Event::kPolicy: {
      const std::string key = PolicyKey(event.policy().color(), event.policy().endpoint_sid());
      if (MayReportOn(state, key)) state.policies[key] = event.policy();
      break;
    }
    case Event::kObject:
      if (event.object().status() == southbound::v1::FIB_ACKED) {
        state.rib_only.erase(event.object().key());
      } else if (event.object().status() == southbound::v1::RIB_ACKED) {
        if (!MayReportOn(state, event.object().key())) break;
        state.rib_only.insert(event.object().key());
        state.last_rib_detail = event.object().detail();
      }
      if (!event.object().detail().empty()) {
        Log(LogLevel::kWarning, "switch reports on an object",
            {{"node", state.session == nullptr ? "" : state.session->node()},
             {"key", event.object().key()},
             {"detail", event.object().detail()}});
      }
      break;
    case Event::KIND_NOT_SET:
      break;
  }
}

void SwitchTable::OnBatchResult(SwitchState& state, const BatchResult& result) {
  const std::string node = state.session->node();
  if (!state.sent.has_value() || state.sent->id != result.batch_id() ||
      static_cast<size_t>(result.results_size()) != state.sent->operations.size()) {
    DropForProtocol(state, absl::InvalidArgumentError(absl::StrCat(
                               "answers batch ", result.batch_id(), " with ", result.results_size(),
                               " results, which was not sent so")));
    return;
  }
  const SwitchState::SentBatch sent = *state.sent;
  ForgetSent(state);
  state.times_stuck = 0;
  last_answer_ = loop_.clock().Monotonic();
  if (last_answer_ - state.phase_begun < options_.patience) state.slow = false;
  for (size_t i = 0; i < sent.operations.size(); ++i) {
    if (result.results(static_cast<int>(i)).id() != sent.operation_ids[i]) {
      DropForProtocol(state, absl::InvalidArgumentError("answers operations out of order"));
      return;
    }
  }
  std::map<std::string, int> answers;
  for (size_t i = 0; i < sent.operations.size(); ++i) {
    ++answers[TakeResult(node, state, sent.operations[i], result.results(static_cast<int>(i)))];
  }
  for (const auto& [label, count] : answers) {
    metrics_
        .Counter("waymark_southbound_operations_total", "Operations answered by agents",
                 {{"result", label}})
        .Increment(count);
  }
  if (answers.contains("rejected") || answers.contains("undone")) state.queued.clear();
  state.last_acked_revision = sent.revision;
  if (result.digest() == state.acked.digest()) {
    state.times_disputed = 0;
  } else {
    metrics_
        .Counter("waymark_southbound_disputed_batches_total",
                 "Batches after which an agent's digest was not that of what it had acked")
        .Increment();
    Log(LogLevel::kWarning, "switch holds something else than it has acked; asking what it holds",
        {{"node", node}, {"times", state.times_disputed + 1}});
    // Or it would be sent the same, and asked, as fast as it answers.
    if (++state.times_disputed > kFreeDisputes) {
      LeaveOut(state, state.times_disputed - kFreeDisputes - 1);
    }
    AskForHashes(state, result.digest(), static_cast<int64_t>(state.acked.hashes().size()));
  }
  TellIfHolds(node, state);
  if (state.synced) SendNext(state);
}

const char* SwitchTable::TakeResult(const std::string& node, SwitchState& state,
                                    const HeldObjects::Change& operation,
                                    const OperationResult& result) {
  const auto& [key, hash] = operation;
  const char* label = "undone";
  switch (result.status()) {
    case southbound::v1::FIB_ACKED:
    case southbound::v1::RIB_ACKED:
      label = result.status() == southbound::v1::FIB_ACKED ? "fib_acked" : "rib_acked";
      state.rejected.erase(key);
      state.rib_only.erase(key);
      if (hash.has_value()) {
        state.acked.Put(key, *hash);
        if (result.status() == southbound::v1::RIB_ACKED) {
          state.rib_only.insert(key);
          state.last_rib_detail = result.error();
        }
      } else {
        state.acked.Erase(key);
        state.policies.erase(key);
        if (key.starts_with("link:")) {
          const std::string link = key.substr(5);
          state.link_up.erase(link);
          links_down_.erase(LinkName(link));
        }
      }
      ForgetIfLeft(state, key, hash);
      break;
    case southbound::v1::REJECTED:
      label = "rejected";
      state.rejected[key] = {hash.value_or(0), result.error()};
      Log(LogLevel::kError, "switch rejected an object",
          {{"node", node}, {"key", key}, {"error", result.error()}});
      ScheduleRetry();
      break;
    case southbound::v1::UNDONE:
    default:
      break;
  }
  return label;
}

}  // namespace waymark
