#include "northbound/cli/whole_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace waymark::cli {

WholeFile::WholeFile(const std::string& path) : path_(path) {
  struct stat there = {};
  direct_ = stat(path.c_str(), &there) == 0 && !S_ISREG(there.st_mode);
  if (direct_) {
    file_ = std::fopen(path.c_str(), "wb");
  } else {
    OpenPart();
  }
  if (file_ == nullptr) error_ = errno;
}

WholeFile::~WholeFile() {
  if (file_ == nullptr) return;
  std::fclose(file_);
  if (!direct_) std::remove(part_.c_str());
}

absl::Status WholeFile::status() const {
  if (error_ == 0) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat(path_, ": cannot be written: ", std::generic_category().message(error_)));
}

absl::Status WholeFile::Write(std::string_view text) {
  if (error_ == 0 && std::fwrite(text.data(), 1, text.size(), file_) != text.size()) {
    error_ = errno;
  }
  return status();
}

absl::Status WholeFile::Finish() {
  if (file_ == nullptr) return status();
  if (std::fclose(std::exchange(file_, nullptr)) != 0) error_ = errno;
  if (direct_) return status();
  if (error_ == 0 && std::rename(part_.c_str(), path_.c_str()) != 0) error_ = errno;
  if (error_ != 0) std::remove(part_.c_str());
  return status();
}

// A file of this run alone: another run may be writing the same one, and one that was killed may
// have left its own behind, even one with this process's number.
void WholeFile::OpenPart() {
  constexpr int kMostParts = 1'000;
  for (int i = 0; file_ == nullptr && i < kMostParts; ++i) {
    part_ = absl::StrCat(path_, ".", getpid(), "-", i, ".part");
    file_ = std::fopen(part_.c_str(), "wbx");
    if (file_ == nullptr && errno != EEXIST) return;
  }
}

}  // namespace waymark::cli
