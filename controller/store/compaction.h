#ifndef WAYMARK_CONTROLLER_STORE_COMPACTION_H_
#define WAYMARK_CONTROLLER_STORE_COMPACTION_H_

#include <rocksdb/db.h>

#include <string>

#include "absl/status/status.h"
#include "controller/store/store.h"

namespace waymark {

// Removes log entries before `oldest`, and versions that no revision from `oldest` on shows. Safe
// to interrupt at any write: what is left over is invisible, and goes with the next compaction. One
// at a time; commits may go on. O(store).
absl::Status CompactDatabase(rocksdb::DB& db, Revision oldest, const std::string& folder);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_STORE_COMPACTION_H_
