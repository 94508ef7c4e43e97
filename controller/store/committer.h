// The durable store's commit thread and its queue.
#ifndef WAYMARK_CONTROLLER_STORE_COMMITTER_H_
#define WAYMARK_CONTROLLER_STORE_COMMITTER_H_

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "controller/base/clock.h"
#include "controller/base/metrics.h"
#include "controller/store/disk.h"
#include "controller/store/health.h"
#include "controller/store/history.h"
#include "controller/store/store_folder.h"

namespace waymark {

struct CommitLimits {
  size_t queued_commits = 0;
  size_t queued_bytes = 0;
  uint64_t min_free_bytes = 0;
};

// Takes everything that waits, writes it as one batch with one sync, publishes it, and only then
// answers: writers share the sync, and each commit is a revision of its own. Thread-safe.
class Committer {
 public:
  // All references must outlive it. `metrics` may be null.
  Committer(rocksdb::DB& db, StoreFolder& folder, Health& health, History& history,
            const Clock& clock, Metrics* metrics, CommitLimits limits, DiskState state);
  // What waits is CANCELLED.
  ~Committer();

  void Commit(std::vector<Mutation> mutations, Store::Done done);
  // When nothing else is under way the caller writes by itself: that saves two thread switches a
  // commit. Otherwise false, and nothing done.
  bool TryCommitHere(std::vector<Mutation>& mutations, absl::StatusOr<Revision>& result);

 private:
  struct Pending {
    std::vector<Mutation> mutations;
    Store::Done done;
    size_t bytes = 0;
    absl::StatusOr<Revision> result = 0;
  };
  struct Meters {
    prometheus::Counter* committed = nullptr;
    prometheus::Counter* refused = nullptr;
    prometheus::Gauge* queued = nullptr;
    prometheus::Histogram* group = nullptr;
    prometheus::Histogram* seconds = nullptr;
  };

  void Run();
  void Process(std::vector<Pending>& group);
  // Whether the disk is sound and has room for `bytes` more.
  absl::Status Admit(size_t bytes);
  // Adds one commit to batch_ and sets_, or sets its error.
  void Stage(Pending& commit);
  absl::Status CheckExpected(const std::vector<Mutation>& mutations) const;
  // Puts the batch on stable storage and publishes it.
  absl::Status Write();
  absl::Status WriteFailed(const rocksdb::Status& status);
  void Answer(std::vector<Pending>& group);

  rocksdb::DB& db_;
  StoreFolder& folder_;
  Health& health_;
  History& history_;
  const Clock& clock_;
  const CommitLimits limits_;
  Meters meters_;

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<Pending> queue_;
  size_t queued_bytes_ = 0;
  bool stopping_ = false;
  // Someone has what follows to himself: the commit thread, or a caller in its place.
  bool busy_ = false;

  absl::flat_hash_map<std::string, Live> live_;
  Revision last_;
  absl::Time last_time_;
  absl::Duration next_resume_;
  rocksdb::WriteBatch batch_;
  std::vector<SharedChangeSet> sets_;
  std::thread thread_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_STORE_COMMITTER_H_
