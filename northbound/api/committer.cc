#include "northbound/api/committer.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "controller/store/resource_key.h"
#include "northbound/api/errors.h"

namespace waymark {
namespace {

using google::protobuf::Message;

// Answers even when the loop drops the task that holds it. Result: a Status or a StatusOr.
template <typename Result>
class Answer {
 public:
  explicit Answer(std::function<void(Result)> done) : done_(std::move(done)) {}
  Answer(const Answer&) = delete;
  Answer& operator=(const Answer&) = delete;
  ~Answer() {
    if (done_) done_(absl::CancelledError("the controller is shutting down: nothing was changed"));
  }
  void Give(Result result) { std::exchange(done_, nullptr)(std::move(result)); }

 private:
  std::function<void(Result)> done_;
};

std::string StoredBytes(const Message& message) {
  const auto copy = Clone(message);
  ClearVolatile(*copy);
  return DeterministicBytes(*copy);
}

// What the request log keeps. Revisions are filled in when it is repeated: they are not known
// before the commit.
std::string ReplyBytes(const Committer::Request& request, const Staged& staged,
                       const std::vector<IntentResult>& results) {
  if (request.single) {
    const Intent& intent = request.intents.front();
    return StoredBytes(*staged.Find(intent.kind, intent.name));
  }
  v1::ApplyResponse reply;
  for (const IntentResult& result : results) {
    v1::ApplyResult* added = reply.add_results();
    added->set_name(result.name);
    added->set_change(result.change);
  }
  return reply.SerializeAsString();
}

bool AnyChange(const std::vector<IntentResult>& results) {
  for (const IntentResult& result : results) {
    if (result.change != v1::UNCHANGED) return true;
  }
  return false;
}

}  // namespace

Committer::Committer(Store& store, EventLoop& loop, Metrics& metrics)
    : store_(store),
      loop_(loop),
      committed_(metrics.Counter("waymark_northbound_changes_total", "Change requests by outcome.",
                                 {{"outcome", "ok"}})),
      refused_(metrics.Counter("waymark_northbound_changes_total", "Change requests by outcome.",
                               {{"outcome", "refused"}})) {}

absl::StatusOr<std::unique_ptr<Committer>> Committer::Open(Store& store, EventLoop& loop,
                                                           Metrics& metrics) {
  std::unique_ptr<Committer> committer(new Committer(store, loop, metrics));
  if (absl::Status s = committer->Load(); !s.ok()) return s;
  return committer;
}

absl::Status Committer::Load() {
  Model model;
  model.revision = store_.current();
  for (const Kind kind : kAllKinds) {
    const std::string prefix(InfoOf(kind).store_prefix);
    std::string after;
    for (;;) {
      const auto records = store_.List(prefix, model.revision, after, 1'000);
      if (!records.ok()) return records.status();
      for (const Record& record : *records) {
        auto resource = Decode(kind, record.key, record.value, record.modified);
        if (!resource.ok()) return resource.status();
        model.Put(kind, *std::move(resource));
      }
      if (records->empty()) break;
      after = records->back().key;
    }
  }
  stored::v1::Allocator allocator;
  Revision allocator_revision = 0;
  const auto record = store_.Get(std::string(kAllocatorKey), model.revision);
  if (record.ok()) {
    if (!allocator.ParseFromString(record->value)) {
      return absl::DataLossError(
          "the record meta:allocator of the store does not parse: restore a backup");
    }
    allocator_revision = record->modified;
  } else if (!absl::IsNotFound(record.status()) && model.revision != 0) {
    return record.status();
  }
  if (absl::Status s = requests_.Load(store_); !s.ok()) return s;
  std::unique_lock<std::shared_mutex> lock(mutex_);
  model_ = std::move(model);
  allocator_ = allocator;
  allocator_revision_ = allocator_revision;
  return absl::OkStatus();
}

template <typename Result>
void Committer::Enqueue(std::function<Result()> work, std::function<void(Result)> done) {
  auto answer = std::make_shared<Answer<Result>>(std::move(done));
  if (++waiting_ > kMaxWaiting) {
    --waiting_;
    refused_.Increment();
    return answer->Give(absl::ResourceExhaustedError(
        absl::StrCat(kMaxWaiting, " changes are waiting already: try again later")));
  }
  const bool posted = loop_.Post([this, work = std::move(work), answer] {
    Result result = work();
    --waiting_;
    answer->Give(std::move(result));
  });
  if (posted) return;
  --waiting_;
  refused_.Increment();
  answer->Give(absl::UnavailableError("the controller takes no changes now: try again later"));
}

void Committer::Submit(Request request, Done done) {
  auto shared = std::make_shared<Request>(std::move(request));
  Enqueue<absl::StatusOr<Outcome>>(
      [this, shared] {
        absl::StatusOr<Outcome> outcome = Run(*shared);
        (outcome.ok() ? committed_ : refused_).Increment();
        return outcome;
      },
      std::move(done));
}

void Committer::Recall(const std::string& request_id, uint64_t request_hash,
                       std::function<void(absl::StatusOr<std::string>)> done) {
  Enqueue<absl::StatusOr<std::string>>(
      [this, request_id, request_hash] { return RecallNow(request_id, request_hash); },
      std::move(done));
}

void Committer::Remember(const std::string& request_id, uint64_t request_hash,
                         const std::string& reply, std::function<void(absl::Status)> done) {
  Enqueue<absl::Status>([this, request_id, request_hash,
                         reply] { return RememberNow(request_id, request_hash, reply); },
                        std::move(done));
}

absl::StatusOr<std::string> Committer::RecallNow(const std::string& id, uint64_t hash) const {
  if (absl::Status s = RequestLog::CheckId(id); !s.ok()) return s;
  if (id.empty()) return absl::NotFoundError("no request id");
  const auto first = requests_.Find(id, hash);
  if (!first.ok()) return first.status();
  const auto stored = store_.Get(StoreKey(kRequestPrefix, id));
  if (!stored.ok()) return stored.status();
  stored::v1::RequestRecord record;
  if (!record.ParseFromString(stored->value)) return absl::DataLossError(stored->key);
  return record.reply();
}

absl::Status Committer::RememberNow(const std::string& id, uint64_t hash,
                                    const std::string& reply) {
  if (id.empty()) return absl::OkStatus();
  stored::v1::RequestRecord record;
  record.set_request_hash(hash);
  record.set_reply(reply);
  const absl::StatusOr<Revision> revision = store_.CommitAndWait(requests_.Record(id, record));
  if (!revision.ok()) {
    Log(LogLevel::kWarning, "request id not remembered", {{"error", revision.status().ToString()}});
    return revision.status();
  }
  requests_.Added(id, record, *revision);
  return absl::OkStatus();
}

absl::StatusOr<Committer::Outcome> Committer::Run(const Request& request) {
  if (absl::Status s = RequestLog::CheckId(request.request_id); !s.ok()) return s;
  if (!request.request_id.empty()) {
    const auto first = requests_.Find(request.request_id, request.request_hash);
    if (first.ok()) return Replay(request, *first);
    if (!absl::IsNotFound(first.status())) return first.status();
  }
  Staged staged(model_);
  stored::v1::Allocator allocator = allocator_;
  std::vector<IntentResult> results;
  if (absl::Status s = Stage(request.intents, staged, allocator, results); !s.ok()) return s;
  if (!request.validate_only && AnyChange(results)) {
    return Commit(request, staged, allocator, std::move(results));
  }
  Outcome outcome{model_.revision, std::move(results), nullptr};
  if (request.single) {
    const Intent& intent = request.intents.front();
    const Message* before = model_.Find(intent.kind, intent.name);
    auto resource = Clone(*staged.Find(intent.kind, intent.name));
    // Identifiers are given out by commits only.
    CopyOutputOnly(before, *resource);
    if (before == nullptr && intent.kind == Kind::kLink) {
      static_cast<v1::Link&>(*resource).set_interface(
          static_cast<const v1::Link&>(*intent.resource).interface());
    }
    outcome.resource = std::move(resource);
  }
  return outcome;
}

absl::StatusOr<Committer::Outcome> Committer::Replay(const Request& request,
                                                     Revision revision) const {
  const auto stored = store_.Get(StoreKey(kRequestPrefix, request.request_id));
  if (!stored.ok()) return stored.status();
  stored::v1::RequestRecord record;
  if (!record.ParseFromString(stored->value)) return absl::DataLossError(stored->key);
  Outcome outcome;
  outcome.revision = revision;
  if (request.single) {
    auto resource = Decode(request.intents.front().kind, stored->key, record.reply(), revision);
    if (!resource.ok()) return resource.status();
    outcome.resource = *std::move(resource);
    return outcome;
  }
  v1::ApplyResponse reply;
  if (!reply.ParseFromString(record.reply())) return absl::DataLossError(stored->key);
  for (const v1::ApplyResult& result : reply.results()) {
    outcome.results.push_back(
        {KindOfName(result.name()).value_or(Kind::kNode), result.name(), result.change()});
  }
  return outcome;
}

std::vector<Mutation> Committer::MutationsOf(const Staged& staged) const {
  std::vector<Mutation> mutations;
  for (const auto& [key, resource] : staged.changes()) {
    const Message* before = model_.Find(key.first, key.second);
    if (before == nullptr && resource == nullptr) continue;
    if (before != nullptr && resource != nullptr && SameContent(*before, *resource)) continue;
    Mutation mutation{KeyOf(key.first, key.second), std::nullopt,
                      before == nullptr ? 0 : RevisionOf(*before)};
    if (resource != nullptr) mutation.value = StoredBytes(*resource);
    mutations.push_back(std::move(mutation));
  }
  return mutations;
}

absl::StatusOr<Committer::Outcome> Committer::Commit(const Request& request, const Staged& staged,
                                                     const stored::v1::Allocator& allocator,
                                                     std::vector<IntentResult> results) {
  std::vector<Mutation> mutations = MutationsOf(staged);
  const bool allocated = allocator.SerializeAsString() != allocator_.SerializeAsString();
  if (allocated) {
    mutations.push_back(
        {std::string(kAllocatorKey), allocator.SerializeAsString(), allocator_revision_});
  }
  stored::v1::RequestRecord record;
  if (!request.request_id.empty()) {
    record.set_request_hash(request.request_hash);
    record.set_reply(ReplyBytes(request, staged, results));
    for (Mutation& m : requests_.Record(request.request_id, record)) {
      mutations.push_back(std::move(m));
    }
  }
  const absl::StatusOr<Revision> revision = store_.CommitAndWait(std::move(mutations));
  if (!revision.ok()) {
    Log(LogLevel::kError, "change not committed", {{"error", revision.status().ToString()}});
    if (absl::IsAborted(revision.status())) {
      // Someone else wrote what only this class writes. Start again from what the store holds.
      if (absl::Status s = Load(); !s.ok()) return s;
    }
    return revision.status();
  }
  if (allocated) {
    allocator_ = allocator;
    allocator_revision_ = *revision;
  }
  if (!request.request_id.empty()) requests_.Added(request.request_id, record, *revision);
  TakeOver(staged, *revision);
  Outcome outcome{*revision, std::move(results), nullptr};
  if (request.single) {
    const Intent& intent = request.intents.front();
    outcome.resource = model_.All(intent.kind).at(intent.name);
  }
  return outcome;
}

void Committer::TakeOver(const Staged& staged, Revision revision) {
  std::unique_lock<std::shared_mutex> lock(mutex_);
  for (const auto& [key, resource] : staged.changes()) {
    if (resource == nullptr) {
      model_.Erase(key.first, key.second);
      continue;
    }
    const Message* before = model_.Find(key.first, key.second);
    if (before != nullptr && SameContent(*before, *resource)) continue;
    std::shared_ptr<Message> message = Clone(*resource);
    SetRevision(*message, revision);
    model_.Put(key.first, std::move(message));
  }
  model_.revision = revision;
}

}  // namespace waymark
