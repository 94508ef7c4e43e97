// The durable store: RocksDB in a folder of this machine, one process at a time.
//
// A commit is written to RocksDB's log together with all others that wait, synced, and only then
// shown and answered. Every version of a record is kept under (key, revision) until Compact, which
// makes reads as of any revision, and every commit has a log entry, which makes watches without a
// gap. Each record carries a checksum of its own beside RocksDB's. Opening reads the whole store
// once and checks all of it.
#ifndef WAYMARK_CONTROLLER_STORE_ROCKSDB_STORE_H_
#define WAYMARK_CONTROLLER_STORE_ROCKSDB_STORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/base/clock.h"
#include "controller/base/metrics.h"
#include "controller/store/store.h"

namespace rocksdb {
class Env;
}

namespace waymark {

class RocksDbStore {
 public:
  struct Options {
    std::string folder;
    // Makes a store when the folder is absent or empty. A store that is there already is simply
    // opened.
    bool create = false;
    // Must outlive the store.
    const Clock* clock = &RealClock();
    // May be null. Must outlive the store.
    Metrics* metrics = nullptr;
    // Commits that wait, beyond which more are RESOURCE_EXHAUSTED.
    size_t queued_commits = 10'000;
    size_t queued_bytes = size_t{256} << 20;
    // With less than this on the disk, commits are RESOURCE_EXHAUSTED; they succeed again when
    // space has been freed.
    uint64_t min_free_bytes = uint64_t{64} << 20;
    // Null: the machine's. Tests inject errors.
    rocksdb::Env* env = nullptr;
  };

  // Nothing changes on an error, which names the folder and the way out. NOT_FOUND: absent or empty
  // without `create`; FAILED_PRECONDITION: files but no store, or another format; DATA_LOSS:
  // corrupt; UNAVAILABLE: in use by another process, or an I/O error; PERMISSION_DENIED;
  // RESOURCE_EXHAUSTED. O(store). No method of the store may be called while it is destroyed;
  // subscriptions may outlive it.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const Options& options);
};

// Brings a backup back: verifies all of `backup_folder` and copies it, durably, to `data_folder`,
// which must be absent or empty (FAILED_PRECONDITION). DATA_LOSS if the backup is corrupt. Returns
// its revision. The backup is not changed.
absl::StatusOr<Revision> RestoreStore(const std::string& backup_folder,
                                      const std::string& data_folder);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_STORE_ROCKSDB_STORE_H_
