// The durable store's work on a whole RocksDB database: opening, verifying, copying, rolling back.
#ifndef WAYMARK_CONTROLLER_STORE_DISK_H_
#define WAYMARK_CONTROLLER_STORE_DISK_H_

#include <rocksdb/db.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/store/store.h"
#include "controller/store/store_folder.h"

namespace waymark {

inline std::string_view View(const rocksdb::Slice& s) { return {s.data(), s.size()}; }

// How every database of ours is opened. `env` null: the machine's.
rocksdb::Options DiskOptions(rocksdb::Env* env);

// `doing`: what failed. Names the folder. Corruption is DATA_LOSS, a full disk RESOURCE_EXHAUSTED,
// the rest UNAVAILABLE.
absl::Status DiskStatus(const rocksdb::Status& status, const std::string& doing,
                        const std::string& folder);

struct Live {
  Revision created = 0;
  Revision modified = 0;
};

struct DiskState {
  Revision oldest = 0;
  Revision current = 0;
  absl::Time time = absl::InfinitePast();
  // Every record that exists now.
  absl::flat_hash_map<std::string, Live> live;
};

// Makes an empty database and then the folder's header.
absl::Status CreateStore(StoreFolder& folder, rocksdb::Env* env);

enum class OpenMode { kReadWrite, kReadOnly };
absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenDatabase(const StoreFolder& folder, OpenMode mode,
                                                          const rocksdb::Options& options);

// Removes revision `from` and everything later. Durable when it returns.
absl::Status RollBack(rocksdb::DB& db, Revision from, const std::string& folder);

// Reads everything: each checksum, a log without a gap, each change in place, nothing that no
// commit made, and at least revision `durable`. DATA_LOSS says what is wrong. O(store).
absl::StatusOr<DiskState> Verify(rocksdb::DB& db, Revision durable, const std::string& folder);

// Copies revisions up to `upto` as `snapshot` (null: now) shows them into the absent or empty
// folder `target`, checking each checksum, and syncs. FAILED_PRECONDITION if the target holds
// anything. After an error the target is no store.
absl::Status CopyStore(rocksdb::DB& db, const rocksdb::Snapshot* snapshot, Revision upto,
                       const std::string& from_folder, const std::string& target);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_STORE_DISK_H_
