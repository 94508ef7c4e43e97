// Reads of the durable store.
#ifndef WAYMARK_CONTROLLER_STORE_READER_H_
#define WAYMARK_CONTROLLER_STORE_READER_H_

#include <rocksdb/db.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/store/history.h"
#include "controller/store/store.h"

namespace waymark {

// Thread-safe; takes no lock. Errors and meanings are those of the methods of Store. as_of 0: now.
class Reader {
 public:
  // `db` must outlive it.
  Reader(rocksdb::DB& db, std::string folder) : db_(db), folder_(std::move(folder)) {}

  absl::StatusOr<Record> Get(const std::string& key, Revision as_of, const History& history) const;
  // O(versions of the records listed), at worst a seek a record.
  absl::StatusOr<std::vector<Record>> List(const std::string& prefix, Revision as_of,
                                           const std::string& after, size_t limit,
                                           const History& history) const;
  // O(log revisions) reads.
  absl::StatusOr<Revision> RevisionAt(absl::Time time, const History& history) const;
  absl::StatusOr<absl::Time> TimeOf(Revision revision, const History& history) const;
  // A revision that is in the log, with the values that it wrote.
  absl::StatusOr<ChangeSet> ReadLog(Revision revision) const;

 private:
  absl::StatusOr<std::string> Read(const std::string& raw, const std::string& what) const;
  absl::Status ReadError(const rocksdb::Status& status, const std::string& what) const;

  rocksdb::DB& db_;
  const std::string folder_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_STORE_READER_H_
