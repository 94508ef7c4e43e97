#include "controller/store/health.h"

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "controller/store/disk.h"

namespace waymark {

absl::Status Health::status() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return failure_.ok() ? background_error_ : failure_;
}

void Health::Fail(const absl::Status& why) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!failure_.ok()) return;
  failure_ = absl::UnavailableError(
      absl::StrCat("the store in ", folder_, " takes no commits since an earlier error (",
                   std::string(why.message()), "): mend the cause, then restart the controller"));
  failed_.store(true, std::memory_order_release);
  Log(LogLevel::kError, "store refuses commits until reopened",
      {{"folder", folder_}, {"error", why.ToString()}});
}

void Health::ClearBackground() {
  std::lock_guard<std::mutex> lock(mutex_);
  background_error_ = absl::OkStatus();
  background_.store(false, std::memory_order_release);
  Log(LogLevel::kWarning, "store resumed", {{"folder", folder_}});
}

void Health::OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) {
  std::lock_guard<std::mutex> lock(mutex_);
  background_error_ = DiskStatus(*error, "writing", folder_);
  background_.store(true, std::memory_order_release);
  Log(LogLevel::kError, "store error", {{"folder", folder_}, {"error", error->ToString()}});
}

void Health::OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status,
                                  bool* auto_recovery) {
  *auto_recovery = false;
}

}  // namespace waymark
