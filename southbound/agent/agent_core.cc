#include "southbound/agent/agent_core.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "southbound/agent/get_chunks.h"
#include "southbound/agent/validate.h"

namespace waymark {
namespace {

using southbound::v1::AgentMessage;
using southbound::v1::Batch;
using southbound::v1::BatchResult;
using southbound::v1::ControllerMessage;
using southbound::v1::Event;
using southbound::v1::FlushResult;
using southbound::v1::Get;
using southbound::v1::Hello;
using southbound::v1::Object;
using southbound::v1::Operation;
using southbound::v1::OperationResult;

// Answers kept for batches that come twice: what a controller can have in flight (switch_session.h)
// and some.
constexpr size_t kMaxAnswered = 128;

}  // namespace

AgentCore::AgentCore(AgentOptions options, EventLoop* loop, DataPlane* dataplane, StateStore* store,
                     Metrics* metrics)
    : options_(std::move(options)),
      loop_(loop),
      dataplane_(dataplane),
      store_(store),
      metrics_(metrics) {
  OpenInbox();
}

absl::Status AgentCore::Start() {
  absl::StatusOr<StateImage> image = store_->Load();
  if (!image.ok()) return image.status();
  mark_ = image->mark;
  if (auto s = LoadObjects(*image); !s.ok()) return s;
  if (auto s = StartDataPlane(); !s.ok()) return s;
  if (!mark_.complete) {
    Log(LogLevel::kWarning,
        "no complete state: nothing unexpected is removed until the controller has sent all",
        {{"node", options_.node}, {"objects", static_cast<uint64_t>(rib_.table().size())}});
  }
  ReadBack("agent started");
  ScheduleReadBack();
  ScheduleRetry();
  UpdateGauges();
  return absl::OkStatus();
}

absl::Status AgentCore::LoadObjects(const StateImage& image) {
  // The file's checksums say that it is what was written, not that this version would have written
  // it.
  std::map<int, std::vector<const Object*>> by_rank;
  for (const auto& [key, entry] : image.table.entries()) {
    by_rank[DependencyRank(key)].push_back(entry.object.get());
  }
  for (const auto& [rank, objects] : by_rank) {
    for (const Object* object : objects) {
      if (object->has_node() && object->node().node() != options_.node) {
        return absl::FailedPreconditionError(
            absl::StrCat("the state directory is that of node \"", object->node().node(),
                         "\", but this agent is \"", options_.node,
                         "\": give each node a --state-dir of its own"));
      }
      absl::Status sound = ValidateForm(*object, options_.node);
      if (sound.ok()) sound = rib_.CheckStored(*object);
      if (sound.ok()) {
        rib_.Put(*object);
        continue;
      }
      mark_.complete = false;
      Log(LogLevel::kError,
          "stored object is not valid: dropped, the controller will send it again",
          {{"key", ObjectKey(*object)}, {"reason", std::string(sound.message())}});
    }
  }
  return absl::OkStatus();
}

Hello AgentCore::OnOpen() {
  answered_.clear();
  answered_order_.clear();
  highest_operation_id_ = 0;
  Hello hello;
  hello.set_node(options_.node);
  hello.set_instance(options_.instance);
  hello.set_version(options_.version);
  hello.set_dataplane(dataplane_->name());
  hello.set_persistence(store_->persistence());
  hello.set_digest(rib_.table().digest());
  hello.set_object_count(static_cast<int64_t>(rib_.table().size()));
  hello.set_highest_epoch(mark_.highest_epoch);
  hello.set_last_revision(mark_.last_revision);
  for (Event& event : dataplane_->Observe()) *hello.add_observed() = std::move(event);
  for (const auto& [key, pending] : pending_) {
    auto* object = hello.add_observed()->mutable_object();
    object->set_key(key);
    object->set_status(southbound::v1::RIB_ACKED);
    object->set_detail(pending.detail);
  }
  return hello;
}

void AgentCore::OnClose(const absl::Status& reason) {
  Log(LogLevel::kInfo, "session with the controller ended; forwarding goes on",
      {{"reason", reason.ToString()}});
}

void AgentCore::OnMessage(ControllerMessage message) {
  const absl::Status epoch = AdmitEpoch(message.epoch());
  if (!epoch.ok()) {
    metrics_.messages_refused.Increment();
    Log(LogLevel::kWarning, "controller message refused", {{"reason", epoch.ToString()}});
    RefuseOther(message, epoch);
    Compact();  // Mends the state file, if that was the reason.
    return;
  }
  switch (message.body_case()) {
    case ControllerMessage::kWelcome:
      Log(LogLevel::kInfo, "controller answered",
          {{"version", message.welcome().controller_version()}, {"epoch", message.epoch()}});
      break;
    case ControllerMessage::kBatch:
      OnBatch(message.batch());
      break;
    case ControllerMessage::kGet:
      if (absl::Status form = CheckGet(message.get()); !form.ok()) {
        metrics_.messages_refused.Increment();
        RefuseOther(message, form);
        break;
      }
      OnGet(message.get());
      break;
    case ControllerMessage::kFlush: {
      AgentMessage reply;
      *reply.mutable_flush_result() = OnFlush();
      Reply(std::move(reply));
      break;
    }
    case ControllerMessage::BODY_NOT_SET:
      // A newer controller may say more than this agent knows; the stream goes on.
      metrics_.messages_refused.Increment();
      Log(LogLevel::kWarning, "controller message of an unknown kind ignored: upgrade the agent");
      break;
  }
}

absl::Status AgentCore::AdmitEpoch(uint64_t epoch) {
  if (epoch == 0) return absl::InvalidArgumentError("the message carries no epoch");
  if (epoch < mark_.highest_epoch) {
    return absl::FailedPreconditionError(
        absl::StrCat("epoch ", epoch, " is lower than ", mark_.highest_epoch,
                     ", which this switch has seen: a newer controller leads"));
  }
  if (epoch == mark_.highest_epoch) return absl::OkStatus();
  StateMark mark = mark_;
  mark.highest_epoch = epoch;
  // Revisions are compared within an epoch only.
  mark.last_revision = 0;
  return Keep(mark, {});
}

void AgentCore::RefuseOther(const ControllerMessage& message, const absl::Status& reason) {
  AgentMessage reply;
  switch (message.body_case()) {
    case ControllerMessage::kBatch:
      *reply.mutable_batch_result() = RejectBatch(message.batch(), reason);
      break;
    case ControllerMessage::kFlush:
      reply.mutable_flush_result()->set_error(std::string(reason.message()));
      reply.mutable_flush_result()->set_digest(rib_.table().digest());
      break;
    case ControllerMessage::kGet:
      reply.mutable_get_response()->set_error(std::string(reason.message()));
      reply.mutable_get_response()->set_last(true);
      break;
    default:
      // A controller that may not lead has nothing to say here.
      if (link_ != nullptr) link_->Disconnect(reason);
      return;
  }
  Reply(std::move(reply));
}

void AgentCore::OnBatch(const Batch& batch) {
  const uint64_t fingerprint = HashBytes(batch.SerializeAsString());
  if (auto it = answered_.find(batch.id()); it != answered_.end()) {
    if (it->second.fingerprint == fingerprint) {
      metrics_.batches_repeated.Increment();
      AgentMessage reply;
      *reply.mutable_batch_result() = it->second.result;
      Reply(std::move(reply));
      return;
    }
    AgentMessage reply;
    *reply.mutable_batch_result() = RejectBatch(
        batch, absl::AlreadyExistsError(absl::StrCat(
                   "batch.id ", batch.id(), " was that of another batch of this session")));
    Reply(std::move(reply));
    return;
  }
  const absl::Status sound = CheckBatch(batch);
  Answer(batch, fingerprint, sound.ok() ? ApplyBatch(batch) : RejectBatch(batch, sound));
}

absl::Status AgentCore::CheckBatch(const Batch& batch) const {
  if (static_cast<size_t>(batch.operations_size()) > kMaxOperationsPerBatch) {
    return absl::InvalidArgumentError(absl::StrCat(
        "batch has ", batch.operations_size(), " operations: at most ", kMaxOperationsPerBatch));
  }
  if (batch.revision() < mark_.last_revision) {
    return absl::FailedPreconditionError(absl::StrCat("batch.revision ", batch.revision(),
                                                      " is older than ", mark_.last_revision,
                                                      ", which this switch has of this epoch"));
  }
  uint64_t highest = highest_operation_id_;
  for (const Operation& operation : batch.operations()) {
    if (operation.id() <= highest) {
      return absl::InvalidArgumentError(
          absl::StrCat("operation id ", operation.id(), " is not above ", highest,
                       ": ids must be unique and grow within a session"));
    }
    highest = operation.id();
  }
  return absl::OkStatus();
}

BatchResult AgentCore::ApplyBatch(const Batch& batch) {
  Transaction transaction(&rib_, dataplane_, options_.node, options_.object_limit, mark_.complete);
  bool applied = transaction.Apply(batch);
  if (applied) {
    StateMark mark = mark_;
    mark.last_revision = batch.revision();
    const bool matches = batch.expected_digest() == rib_.table().digest();
    if (batch.expected_digest() != 0 && matches) mark.complete = true;
    const bool completed = mark.complete && !mark_.complete;
    const std::vector<Operation> operations(batch.operations().begin(), batch.operations().end());
    const absl::Status kept = Keep(mark, operations);
    if (!kept.ok()) {
      transaction.Undo(kept);
      applied = false;
    } else if (completed) {
      loop_->RunAfter(absl::ZeroDuration(),
                      [inbox = inbox_] { WithCore(inbox, &AgentCore::OnResynced); });
    } else if (batch.expected_digest() != 0 && !matches) {
      Log(LogLevel::kWarning, "table is not what the controller expects after the batch",
          {{"batch", batch.id()},
           {"expected_digest", batch.expected_digest()},
           {"digest", rib_.table().digest()}});
    }
  }
  if (applied) {
    std::vector<std::string> links;
    for (const std::string& key : transaction.keys()) {
      pending_.erase(key);
      const Object* object = rib_.Find(key);
      if (object == nullptr) Forget(key);
      if (object != nullptr && object->has_link()) links.push_back(key);
    }
    TellStateOf(links);
    if (batch.operations_size() > 0) {
      highest_operation_id_ = batch.operations(batch.operations_size() - 1).id();
    }
  }
  for (const auto& [key, pending] : transaction.pending()) pending_[key] = pending;
  (applied ? metrics_.batches_applied : metrics_.batches_rejected).Increment();
  BatchResult result;
  result.set_batch_id(batch.id());
  for (const OperationResult& one : transaction.results()) {
    metrics_.CountResult(one.status());
    if (one.status() == southbound::v1::REJECTED) {
      Log(LogLevel::kWarning, "batch rejected",
          {{"batch", batch.id()}, {"operation", one.id()}, {"reason", one.error()}});
    }
    *result.add_results() = one;
  }
  result.set_digest(rib_.table().digest());
  UpdateGauges();
  return result;
}

absl::Status AgentCore::Keep(const StateMark& mark, std::span<const Operation> operations) {
  const absl::Status kept = store_->Commit(mark, operations);
  if (kept.ok()) {
    mark_ = mark;
  } else {
    metrics_.state_errors.Increment();
    Log(LogLevel::kError, "state not kept: refused rather than forgotten at the next start",
        {{"reason", kept.ToString()}});
  }
  return kept;
}

void AgentCore::Compact() {
  if (auto s = store_->Compact(mark_, rib_.table()); !s.ok()) {
    metrics_.state_errors.Increment();
    Log(LogLevel::kWarning, "state file not rewritten", {{"reason", s.ToString()}});
  }
}

BatchResult AgentCore::RejectBatch(const Batch& batch, const absl::Status& reason) {
  metrics_.batches_rejected.Increment();
  Log(LogLevel::kWarning, "batch rejected",
      {{"batch", batch.id()}, {"reason", std::string(reason.message())}});
  BatchResult result;
  result.set_batch_id(batch.id());
  result.set_digest(rib_.table().digest());
  // A batch beyond the limit is answered up to the limit: an answer must not outgrow the wire.
  const int count = std::min(batch.operations_size(), static_cast<int>(kMaxOperationsPerBatch));
  for (int i = 0; i < count; ++i) {
    OperationResult* one = result.add_results();
    one->set_id(batch.operations(i).id());
    one->set_status(southbound::v1::REJECTED);
    one->set_error(std::string(reason.message()));
    metrics_.CountResult(southbound::v1::REJECTED);
  }
  return result;
}

void AgentCore::Answer(const Batch& batch, uint64_t fingerprint, BatchResult result) {
  answered_[batch.id()] = Answered{fingerprint, result};
  answered_order_.push_back(batch.id());
  if (answered_order_.size() > kMaxAnswered) {
    answered_.erase(answered_order_.front());
    answered_order_.pop_front();
  }
  AgentMessage reply;
  *reply.mutable_batch_result() = std::move(result);
  Reply(std::move(reply));
  // After the answer: the controller need not wait for a rewrite.
  Compact();
}

void AgentCore::OnGet(const Get& get) {
  std::vector<std::string> drifted;
  std::string error;
  if (get.from_dataplane()) {
    absl::StatusOr<DataPlane::Report> report =
        dataplane_->Reconcile(rib_.InDependencyOrder(), /*repair=*/false);
    if (report.ok()) {
      drifted = report->repaired;
      drifted.insert(drifted.end(), report->removed.begin(), report->removed.end());
      for (const auto& [key, reason] : report->failed) drifted.push_back(key);
      std::sort(drifted.begin(), drifted.end());
    } else {
      error = absl::StrCat("cannot read the data plane: ", report.status().ToString());
    }
  }
  for (auto& chunk : MakeGetChunks(rib_.table(), get, drifted, error)) {
    AgentMessage reply;
    *reply.mutable_get_response() = std::move(chunk);
    Reply(std::move(reply));
  }
}

FlushResult AgentCore::OnFlush() {
  FlushResult result;
  std::vector<Object> objects = rib_.InDependencyOrder();
  std::reverse(objects.begin(), objects.end());
  std::vector<Operation> operations;
  for (const Object& object : objects) operations.emplace_back().set_delete_(ObjectKey(object));
  StateMark mark = mark_;
  mark.complete = true;
  if (auto s = Keep(mark, operations); !s.ok()) {
    result.set_error(std::string(s.message()));
    result.set_digest(rib_.table().digest());
    Compact();
    return result;
  }
  Log(LogLevel::kWarning, "flush ordered: every object is removed",
      {{"objects", static_cast<uint64_t>(objects.size())}});
  rib_.Clear();
  pending_.clear();
  on_protect_.clear();
  dead_lists_.clear();
  for (Object& object : objects) {
    if (auto s = dataplane_->Remove(object); !s.ok()) {
      std::string key = ObjectKey(object);
      result.set_error(absl::StrCat(key, ": ", std::string(s.message()), "; will be retried"));
      pending_[std::move(key)] = Pending{std::string(s.message()), std::move(object)};
    }
  }
  // What an older agent may have left behind goes as well.
  ReadBack("flush");
  result.set_digest(rib_.table().digest());
  Compact();
  return result;
}

void AgentCore::Reply(AgentMessage message) {
  if (link_ != nullptr) link_->Reply(std::move(message));
}

void AgentCore::UpdateGauges() {
  metrics_.objects.Set(static_cast<double>(rib_.table().size()));
  metrics_.objects_pending.Set(static_cast<double>(pending_.size()));
  metrics_.policies_on_protect.Set(static_cast<double>(on_protect_.size()));
  metrics_.state_complete.Set(mark_.complete ? 1 : 0);
}

}  // namespace waymark
