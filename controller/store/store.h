// The controller's memory: an ordered map of keys to records with a history, changed only by atomic
// commits.
//
// One commit is one revision. Revisions start at 1 and grow by 1; revision 0 is the empty store. A
// commit is durable before anyone can see it: Get, List, current() and watchers show revision R
// only after R is on stable storage. The store knows nothing of what its values mean. Keys are
// "KIND:resource name", e.g. "link:links/zrh--fra" (resource_key.h), so that one kind is one
// prefix.
#ifndef WAYMARK_CONTROLLER_STORE_STORE_H_
#define WAYMARK_CONTROLLER_STORE_STORE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace waymark {

using Revision = int64_t;

struct Record {
  std::string key;
  std::string value;
  Revision created = 0;
  Revision modified = 0;
};

struct Mutation {
  std::string key;
  // Absent: delete. Deleting what does not exist is allowed and changes nothing.
  std::optional<std::string> value;
  // When set, the commit is refused (ABORTED) unless the record's `modified` is this; 0: it must
  // not exist.
  std::optional<Revision> expected;
};

struct Change {
  std::string key;
  // Absent: deleted.
  std::optional<std::string> value;
  bool created = false;
};

// All changes of one revision, in key order.
struct ChangeSet {
  Revision revision = 0;
  absl::Time time;
  std::vector<Change> changes;
};

// Keeps a watcher alive; destruction stops it: no callback runs after the destructor returns.
class Subscription {
 public:
  virtual ~Subscription() = default;
};

// Thread-safe.
class Store {
 public:
  using Done = std::function<void(absl::StatusOr<Revision>)>;
  using OnChange = std::function<void(const ChangeSet&)>;

  virtual ~Store() = default;

  // Queues a commit; `done` runs once, on the store's commit thread, and must not block. Commits
  // take effect in the order of the calls. Errors: ABORTED (an `expected` does not hold),
  // INVALID_ARGUMENT (empty key, one over 1,024 bytes or with a zero byte, same key twice, over
  // 100,000 mutations or 64 MiB), RESOURCE_EXHAUSTED (queue at its cap, or disk full: the message
  // names the folder), UNAVAILABLE (I/O error; later commits are refused too until the store is
  // reopened), CANCELLED (closing). After an error nothing of the commit is visible, now or after a
  // restart. An empty commit, or one that only deletes what does not exist, returns the current
  // revision without making one. A queue at twice its cap refuses on the calling thread, so don't
  // hold a lock that `done` takes.
  virtual void Commit(std::vector<Mutation> mutations, Done done) = 0;
  // The same, waiting. Not from `done` or a watcher.
  virtual absl::StatusOr<Revision> CommitAndWait(std::vector<Mutation> mutations);

  virtual Revision current() const = 0;
  // Oldest revision that can be read; 0 when nothing has been compacted.
  virtual Revision oldest() const = 0;

  // as_of 0: now. NOT_FOUND; OUT_OF_RANGE if as_of is compacted or in the future; DATA_LOSS on a
  // checksum error.
  virtual absl::StatusOr<Record> Get(const std::string& key, Revision as_of = 0) const = 0;
  // Records whose key begins with `prefix` and is greater than `after`, in key order, at most
  // `limit` (0: no limit).
  virtual absl::StatusOr<std::vector<Record>> List(const std::string& prefix, Revision as_of = 0,
                                                   const std::string& after = "",
                                                   size_t limit = 0) const = 0;
  // The newest revision committed at or before `time`. OUT_OF_RANGE when none is kept from then
  // (never 0, which would mean "now" as an as_of).
  virtual absl::StatusOr<Revision> RevisionAt(absl::Time time) const = 0;
  virtual absl::StatusOr<absl::Time> TimeOf(Revision revision) const = 0;

  // Calls `on_change` for every revision after `after`, in order, without gap, history first, then
  // live. Runs on a thread of the store; a slow callback delays its own watcher only, and holds no
  // lock of the store. OUT_OF_RANGE as for Get.
  virtual absl::StatusOr<std::unique_ptr<Subscription>> Watch(Revision after,
                                                              OnChange on_change) = 0;

  // Writes a consistent copy to an absent or empty folder, while in use. Returns its revision.
  virtual absl::StatusOr<Revision> Backup(const std::string& folder) = 0;
  // Forgets history older than `before` (records that are current stay). OUT_OF_RANGE if in the
  // future; FAILED_PRECONDITION, and nothing forgotten, while a watcher is further behind.
  virtual absl::Status Compact(Revision before) = 0;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_STORE_STORE_H_
