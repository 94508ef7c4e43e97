// A Store for other rooms' tests: the same semantics as the durable one (both pass
// store_conformance_test), in memory.
#ifndef WAYMARK_CONTROLLER_STORE_MEMORY_STORE_H_
#define WAYMARK_CONTROLLER_STORE_MEMORY_STORE_H_

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "controller/base/event_loop.h"
#include "controller/store/store.h"

namespace waymark {

// Has no thread, so that a simulation on one thread stays deterministic: `done` runs on the
// caller's thread before Commit returns (so CommitAndWait works on the loop's own thread too),
// watchers run on `loop`. Backup is UNIMPLEMENTED. FailCommits makes a broken disk. Thread-safe.
// `loop` must outlive it and its subscriptions, and subscriptions may outlive it.
class MemoryStore final : public Store {
 public:
  explicit MemoryStore(EventLoop& loop);
  ~MemoryStore() override;

  void Commit(std::vector<Mutation> mutations, Done done) override;
  Revision current() const override;
  Revision oldest() const override;
  absl::StatusOr<Record> Get(const std::string& key, Revision as_of = 0) const override;
  absl::StatusOr<std::vector<Record>> List(const std::string& prefix, Revision as_of = 0,
                                           const std::string& after = "",
                                           size_t limit = 0) const override;
  absl::StatusOr<Revision> RevisionAt(absl::Time time) const override;
  absl::StatusOr<absl::Time> TimeOf(Revision revision) const override;
  absl::StatusOr<std::unique_ptr<Subscription>> Watch(Revision after, OnChange on_change) override;
  absl::StatusOr<Revision> Backup(const std::string& folder) override;
  absl::Status Compact(Revision before) override;

  // Every commit from now on gets this error; OK: they succeed again.
  void FailCommits(absl::Status status);

 private:
  class Watcher;
  struct State {
    mutable std::mutex mutex;
    struct Version {
      Revision revision = 0;
      Revision created = 0;
      std::optional<std::string> value;
    };
    // Versions by growing revision.
    std::map<std::string, std::vector<Version>> records;
    // By revision.
    std::map<Revision, std::shared_ptr<const ChangeSet>> log;
    Revision current = 0;
    Revision oldest = 0;
    absl::Status failure;
    std::vector<std::weak_ptr<Watcher>> watchers;
  };

  absl::StatusOr<Revision> Apply(std::vector<Mutation> mutations);
  static const State::Version* At(const std::vector<State::Version>& versions, Revision as_of);

  EventLoop& loop_;
  const std::shared_ptr<State> state_ = std::make_shared<State>();
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_STORE_MEMORY_STORE_H_
