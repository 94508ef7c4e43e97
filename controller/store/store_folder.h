// A store's folder on disk: who holds it, what it is, how far it got.
//
//   FOLDER/waymark-store   the header: format version, newest acknowledged revision, fence
//   FOLDER/rocksdb/        the data
//
// The header is written last when a store is made: a folder without it was never a complete store.
#ifndef WAYMARK_CONTROLLER_STORE_STORE_FOLDER_H_
#define WAYMARK_CONTROLLER_STORE_STORE_FOLDER_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/store/store.h"

namespace waymark {

struct StoreHeader {
  uint32_t format = 0;
  // At least this revision was acknowledged: a store that comes up with less has lost something.
  // Written after each commit without a sync of its own, so it may lag after a power cut, but is
  // never ahead of the data.
  Revision durable = 0;
  // 0, or the first revision of a failed write: it and what follows was refused, and is removed on
  // the next opening.
  Revision fence = 0;
};

// Holds the folder's lock (flock) while it lives. Not thread-safe.
class StoreFolder {
 public:
  enum class Lock { kExclusive, kShared };
  enum class Content { kEmpty, kStore };

  ~StoreFolder();
  StoreFolder(const StoreFolder&) = delete;
  StoreFolder& operator=(const StoreFolder&) = delete;

  // NOT_FOUND: no such folder; UNAVAILABLE: another process holds it; FAILED_PRECONDITION: neither
  // empty nor a store, or a newer format; DATA_LOSS: a damaged header; PERMISSION_DENIED. Makes the
  // folder when `make` is set.
  static absl::StatusOr<std::unique_ptr<StoreFolder>> Open(const std::string& path, bool make,
                                                           Lock lock);

  Content content() const { return header_fd_ >= 0 ? Content::kStore : Content::kEmpty; }
  const std::string& path() const { return path_; }
  std::string rocksdb_path() const { return path_ + "/rocksdb"; }
  const StoreHeader& header() const { return header_; }

  // Makes this a store, durably: the data must be complete.
  absl::Status Create(Revision durable);
  // In place, so that it works on a full disk.
  absl::Status SetDurable(Revision revision);
  // On stable storage when it returns.
  absl::Status SetFence(Revision fence);

 private:
  explicit StoreFolder(std::string path) : path_(std::move(path)) {}
  absl::Status OpenHeader(Lock lock);
  absl::Status WriteHeader(int fd) const;
  std::string header_path() const { return path_ + "/waymark-store"; }

  const std::string path_;
  int folder_fd_ = -1;
  int header_fd_ = -1;
  StoreHeader header_;
};

// The error for an errno: RESOURCE_EXHAUSTED, PERMISSION_DENIED, NOT_FOUND or UNAVAILABLE, "what
// PATH: why".
absl::Status ErrnoStatus(int error, const std::string& what, const std::string& path);
// Bytes that an unprivileged process may still write there.
absl::StatusOr<uint64_t> FreeBytes(const std::string& path);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_STORE_STORE_FOLDER_H_
