// Whether commits may still be taken.
#ifndef WAYMARK_CONTROLLER_STORE_HEALTH_H_
#define WAYMARK_CONTROLLER_STORE_HEALTH_H_

#include <rocksdb/listener.h>

#include <atomic>
#include <mutex>
#include <string>

#include "absl/status/status.h"

namespace waymark {

// A failed write or damaged data is final until the store is reopened. An error of RocksDB's own
// background work (flush, compaction) harms nothing that was acknowledged: it ends when RocksDB has
// resumed. Thread-safe.
class Health final : public rocksdb::EventListener {
 public:
  explicit Health(std::string folder) : folder_(std::move(folder)) {}

  // Cheap when all is well.
  bool ok() const { return !failed_.load(std::memory_order_acquire) && !background(); }
  bool background() const { return background_.load(std::memory_order_acquire); }
  // What a commit is refused with.
  absl::Status status() const;
  // The first failure stays. Logged.
  void Fail(const absl::Status& why);
  bool failed() const { return failed_.load(std::memory_order_acquire); }
  // After DB::Resume.
  void ClearBackground();

  void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status* error) override;
  // RocksDB is not to resume by itself: only we know whether a write failed.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason reason, rocksdb::Status error,
                            bool* auto_recovery) override;

 private:
  const std::string folder_;
  mutable std::mutex mutex_;
  std::atomic<bool> failed_ = false;
  std::atomic<bool> background_ = false;
  absl::Status failure_;
  absl::Status background_error_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_STORE_HEALTH_H_
