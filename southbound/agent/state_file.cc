#include "southbound/agent/state_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "southbound/agent/validate.h"

namespace waymark {
namespace {

using southbound::v1::Batch;
using southbound::v1::Operation;

constexpr std::string_view kMagic = "WMAGENT1";
constexpr size_t kHeaderSize = 16;
constexpr size_t kMarkSize = 17;
// A Flush of the largest table is one record.
constexpr uint32_t kMaxPayload = 256u << 20;
constexpr uint64_t kLeastToCompact = 4u << 20;

template <typename T>
void AppendFixed(std::string* out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) {
    out->push_back(static_cast<char>(static_cast<uint64_t>(value) >> (8 * i)));
  }
}

template <typename T>
T ReadFixed(std::string_view bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    value |= uint64_t{static_cast<uint8_t>(bytes[i])} << (8 * i);
  }
  return static_cast<T>(value);
}

uint32_t LengthCheck(std::string_view length_bytes) {
  return static_cast<uint32_t>(HashBytes(length_bytes));
}

std::string EncodeRecord(const StateMark& mark, const Batch& batch) {
  std::string payload;
  AppendFixed(&payload, mark.highest_epoch);
  AppendFixed(&payload, mark.last_revision);
  payload.push_back(mark.complete ? 1 : 0);
  batch.AppendToString(&payload);
  std::string record;
  record.reserve(kHeaderSize + payload.size());
  AppendFixed(&record, static_cast<uint32_t>(payload.size()));
  AppendFixed(&record, LengthCheck(record));
  AppendFixed(&record, HashBytes(payload));
  record += payload;
  return record;
}

enum class ScanEnd { kClean, kTorn, kDamaged };

struct Scan {
  ScanEnd end = ScanEnd::kClean;
  // Bytes up to and with the last good record.
  size_t good = 0;
  StateImage image;
};

bool AllZero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == 0; });
}

bool ApplyPayload(std::string_view payload, StateImage* image) {
  Batch batch;
  if (payload.size() < kMarkSize ||
      !batch.ParseFromArray(payload.data() + kMarkSize,
                            static_cast<int>(payload.size() - kMarkSize))) {
    return false;
  }
  image->mark.highest_epoch = ReadFixed<uint64_t>(payload);
  image->mark.last_revision = ReadFixed<int64_t>(payload.substr(8));
  image->mark.complete = payload[16] != 0;
  for (const Operation& operation : batch.operations()) {
    if (operation.has_put()) {
      if (ObjectKey(operation.put()).empty()) return false;
      image->table.Put(operation.put());
    } else {
      image->table.Erase(operation.delete_());
    }
  }
  return true;
}

Scan ScanLog(std::string_view bytes) {
  Scan scan;
  if (bytes.size() < kMagic.size()) {
    // A file that was being made: cut to nothing, which holds nothing.
    scan.end = bytes == kMagic.substr(0, bytes.size()) ? ScanEnd::kTorn : ScanEnd::kDamaged;
    return scan;
  }
  if (bytes.substr(0, kMagic.size()) != kMagic) {
    scan.end = ScanEnd::kDamaged;
    return scan;
  }
  scan.good = kMagic.size();
  while (scan.good < bytes.size()) {
    const std::string_view rest = bytes.substr(scan.good);
    if (AllZero(rest) || rest.size() < kHeaderSize) {
      scan.end = ScanEnd::kTorn;
      return scan;
    }
    const uint32_t length = ReadFixed<uint32_t>(rest);
    if (ReadFixed<uint32_t>(rest.substr(4)) != LengthCheck(rest.substr(0, 4)) ||
        length > kMaxPayload) {
      scan.end = ScanEnd::kDamaged;
      return scan;
    }
    if (rest.size() - kHeaderSize < length) {
      scan.end = ScanEnd::kTorn;
      return scan;
    }
    const std::string_view payload = rest.substr(kHeaderSize, length);
    if (HashBytes(payload) != ReadFixed<uint64_t>(rest.substr(8)) ||
        !ApplyPayload(payload, &scan.image)) {
      scan.end = ScanEnd::kDamaged;
      return scan;
    }
    scan.good += kHeaderSize + length;
  }
  return scan;
}

std::string Reason() { return std::strerror(errno); }

absl::Status IoError(const std::string& what, const std::string& path) {
  const std::string text = absl::StrCat("cannot ", what, " ", path, ": ", Reason());
  if (errno == ENOSPC || errno == EDQUOT) {
    return absl::ResourceExhaustedError(text + ": make room on the disk of --state-dir");
  }
  if (errno == EACCES || errno == EPERM || errno == EROFS) {
    return absl::PermissionDeniedError(text + ": let the agent's user write --state-dir");
  }
  return absl::InternalError(text);
}

absl::StatusOr<std::string> ReadFile(int fd, const std::string& path) {
  std::string bytes;
  char buffer[1 << 16];
  for (;;) {
    const ssize_t n = read(fd, buffer, sizeof(buffer));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return IoError("read", path);
    if (n == 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(n));
  }
}

}  // namespace

StateFile::Io StateFile::Io::Real() {
  return Io{
      [](int fd, const char* data, size_t size) -> int64_t { return ::write(fd, data, size); },
      [](int fd) { return fsync(fd); }};
}

StateFile::StateFile(std::string directory, Io io, int lock_fd)
    : directory_(std::move(directory)), io_(std::move(io)), lock_fd_(lock_fd) {}

StateFile::~StateFile() {
  if (fd_ >= 0) close(fd_);
  close(lock_fd_);
}

absl::StatusOr<std::unique_ptr<StateFile>> StateFile::Open(const std::string& directory, Io io) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    errno = error.value();
    return IoError("make the state directory", directory);
  }
  const std::string lock = directory + "/lock";
  const int fd = open(lock.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return IoError("write the state directory's", lock);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    close(fd);
    return absl::AlreadyExistsError(
        absl::StrCat("the state directory ", directory,
                     " is in use by another agent: stop it, or give each "
                     "agent a --state-dir of its own"));
  }
  std::unique_ptr<StateFile> file(new StateFile(directory, std::move(io), fd));
  struct statfs fs;
  if (statfs(directory.c_str(), &fs) == 0 && fs.f_type == TMPFS_MAGIC) {
    file->persistence_ = southbound::v1::PERSIST_PROCESS;
  }
  return file;
}

absl::StatusOr<StateImage> StateFile::Load() {
  const int fd = open(path().c_str(), O_RDWR | O_CLOEXEC | O_APPEND);
  if (fd < 0 && errno != ENOENT) return IoError("open", path());
  Scan scan;
  if (fd >= 0) {
    absl::StatusOr<std::string> bytes = ReadFile(fd, path());
    if (!bytes.ok()) {
      close(fd);
      return bytes.status();
    }
    scan = ScanLog(*bytes);
    if (scan.end == ScanEnd::kClean && scan.good >= kMagic.size()) {
      fd_ = fd;
      size_ = base_size_ = scan.good;
      return std::move(scan.image);
    }
    close(fd);
    if (scan.end == ScanEnd::kTorn) {
      Log(LogLevel::kWarning, "state file ends in an unfinished record, which is cut off",
          {{"file", path()},
           {"good_bytes", static_cast<uint64_t>(scan.good)},
           {"bytes", static_cast<uint64_t>(bytes->size())}});
    } else {
      const std::string aside = path() + ".damaged";
      Log(LogLevel::kError,
          "state file is damaged: starting with an empty table; forwarding is left as it is until "
          "the controller has sent everything again",
          {{"file", path()},
           {"set_aside_as", aside},
           {"damage_at_byte", static_cast<uint64_t>(scan.good)}});
      if (rename(path().c_str(), aside.c_str()) != 0) return IoError("set aside", path());
      scan.image.table.Clear();
      scan.image.mark.last_revision = 0;
      scan.image.mark.complete = false;
    }
  }
  // Also proves at once that the directory can be written.
  if (auto s = Rewrite(scan.image.mark, scan.image.table); !s.ok()) return s;
  return std::move(scan.image);
}

absl::Status StateFile::WriteAll(int fd, std::string_view bytes) const {
  while (!bytes.empty()) {
    const int64_t n = io_.write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return IoError("write", path());
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

absl::Status StateFile::SyncDirectory() const {
  const int fd = open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return IoError("open", directory_);
  const bool ok = io_.sync(fd) == 0;
  const absl::Status status = ok ? absl::OkStatus() : IoError("sync", directory_);
  close(fd);
  return status;
}

absl::Status StateFile::Commit(const StateMark& mark, std::span<const Operation> operations) {
  if (fd_ < 0 || in_doubt_) {
    return absl::UnavailableError(absl::StrCat(path(), " is being rewritten after an error"));
  }
  Batch batch;
  for (const Operation& operation : operations) *batch.add_operations() = operation;
  const std::string record = EncodeRecord(mark, batch);
  if (record.size() > kMaxPayload) {
    return absl::ResourceExhaustedError("a state record would be over 256 MiB");
  }
  absl::Status status = WriteAll(fd_, record);
  if (status.ok() && io_.sync(fd_) != 0) {
    status = IoError("sync", path());
    // What an fsync that failed has left on the disk is unknown, even after another that succeeds.
    in_doubt_ = true;
  }
  if (status.ok()) {
    size_ += record.size();
    return status;
  }
  if (ftruncate(fd_, static_cast<off_t>(size_)) != 0) in_doubt_ = true;
  return status;
}

absl::Status StateFile::Compact(const StateMark& mark, const ObjectTable& table) {
  if (!in_doubt_ && size_ < std::max(kLeastToCompact, 3 * base_size_)) return absl::OkStatus();
  return Rewrite(mark, table);
}

absl::Status StateFile::Rewrite(const StateMark& mark, const ObjectTable& table) {
  const std::string fresh = path() + ".new";
  const int fd = open(fresh.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_APPEND, 0600);
  if (fd < 0) return IoError("write", fresh);
  uint64_t size = 0;
  const auto append = [this, fd, &size](std::string_view bytes) {
    size += bytes.size();
    return WriteAll(fd, bytes);
  };
  absl::Status status = append(kMagic);
  Batch batch;
  auto it = table.entries().begin();
  // At least one record, even for an empty table: it carries the mark.
  do {
    batch.Clear();
    for (; it != table.entries().end() &&
           batch.operations_size() < static_cast<int>(kMaxOperationsPerBatch);
         ++it) {
      *batch.add_operations()->mutable_put() = *it->second.object;
    }
    if (status.ok()) status = append(EncodeRecord(mark, batch));
  } while (status.ok() && it != table.entries().end());
  if (status.ok() && io_.sync(fd) != 0) status = IoError("sync", fresh);
  if (status.ok() && rename(fresh.c_str(), path().c_str()) != 0) status = IoError("rename", fresh);
  if (!status.ok()) {
    close(fd);
    unlink(fresh.c_str());
    return status;
  }
  if (fd_ >= 0) close(fd_);
  fd_ = fd;
  size_ = base_size_ = size;
  in_doubt_ = false;
  // The new file is in force in this process; if the rename itself is not durable, commits must not
  // be acknowledged.
  status = SyncDirectory();
  if (!status.ok()) in_doubt_ = true;
  return status;
}

}  // namespace waymark
