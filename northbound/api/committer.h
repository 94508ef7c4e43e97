// The only writer of resources. Requests are judged one after another against the latest committed
// resources, which it keeps decoded, and committed one revision each: what has been validated
// cannot have changed when it is committed.
//
// One commit is in flight at a time, so that a failed one leaves nothing staged behind it. Requests
// that wait for it are bounded; more are refused with RESOURCE_EXHAUSTED.
#ifndef WAYMARK_NORTHBOUND_API_COMMITTER_H_
#define WAYMARK_NORTHBOUND_API_COMMITTER_H_

#include <atomic>
#include <functional>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/base/event_loop.h"
#include "controller/base/metrics.h"
#include "controller/store/store.h"
#include "northbound/api/model.h"
#include "northbound/api/request_log.h"
#include "northbound/api/stage.h"

namespace waymark {

class Committer {
 public:
  // Most requests that wait.
  static constexpr int kMaxWaiting = 1'000;

  struct Request {
    std::vector<Intent> intents;
    std::string request_id;
    // Of the request without its id, and of who calls. Used only with a request_id.
    uint64_t request_hash = 0;
    bool validate_only = false;
    // The reply is the one resource that the one intent puts.
    bool single = false;
  };
  struct Outcome {
    // The store's revision after the commit, or as it was when nothing differed.
    Revision revision = 0;
    std::vector<IntentResult> results;
    // For `single`. A resource that validate_only would create has no identifiers, revision or etag
    // yet.
    Resource resource;
  };
  using Done = std::function<void(absl::StatusOr<Outcome>)>;

  // Reads the store. Commits run on `loop`, which they block while they wait for the disk; it must
  // be no loop of the store's. `store`, `loop` and `metrics` must outlive it. DATA_LOSS names a
  // record that does not parse.
  static absl::StatusOr<std::unique_ptr<Committer>> Open(Store& store, EventLoop& loop,
                                                         Metrics& metrics);
  // The loop must have stopped, or be idle.
  ~Committer() = default;

  // Any thread. `done` runs once, on the loop, or on the caller's thread when refused. The errors
  // of Stage and Store::Commit; RESOURCE_EXHAUSTED; CANCELLED when the loop stops first. After an
  // error nothing has changed.
  //
  // A request with an id is remembered with its commit; a request that changed nothing makes no
  // commit and is not remembered, since to repeat it is harmless while nothing else changes.
  void Submit(Request request, Done done);

  // For mutations that another room commits: what this request was answered first (serialized).
  // NOT_FOUND when the id is new (or empty); INVALID_ARGUMENT when it was used for another request.
  // As Submit otherwise.
  void Recall(const std::string& request_id, uint64_t request_hash,
              std::function<void(absl::StatusOr<std::string>)> done);
  // Commits a reply for Recall. Not one commit with the mutation that it tells of, so a crash
  // between the two forgets the id: such a mutation must be harmless to repeat.
  void Remember(const std::string& request_id, uint64_t request_hash, const std::string& reply,
                std::function<void(absl::Status)> done);

  // Calls `read(const Model&)`, which must be quick: commits wait for it. Any thread.
  template <typename Read>
  auto WithModel(Read read) const {
    std::shared_lock<std::shared_mutex> lock(mutex_);
    return read(static_cast<const Model&>(model_));
  }

 private:
  Committer(Store& store, EventLoop& loop, Metrics& metrics);

  absl::Status Load();
  absl::StatusOr<Outcome> Run(const Request& request);
  // Runs `work` on the loop and gives what it returns, or why it did not run, to `done`.
  template <typename Result>
  void Enqueue(std::function<Result()> work, std::function<void(Result)> done);
  absl::StatusOr<std::string> RecallNow(const std::string& id, uint64_t hash) const;
  absl::Status RememberNow(const std::string& id, uint64_t hash, const std::string& reply);
  absl::StatusOr<Outcome> Replay(const Request& request, Revision revision) const;
  absl::StatusOr<Outcome> Commit(const Request& request, const Staged& staged,
                                 const stored::v1::Allocator& allocator,
                                 std::vector<IntentResult> results);
  std::vector<Mutation> MutationsOf(const Staged& staged) const;
  void TakeOver(const Staged& staged, Revision revision);

  Store& store_;
  EventLoop& loop_;
  prometheus::Counter& committed_;
  prometheus::Counter& refused_;
  std::atomic<int> waiting_{0};

  // Written on the loop only; read under the mutex elsewhere.
  mutable std::shared_mutex mutex_;
  Model model_;
  // Loop only.
  stored::v1::Allocator allocator_;
  Revision allocator_revision_ = 0;
  RequestLog requests_;
};

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_COMMITTER_H_
