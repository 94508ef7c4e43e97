#include "controller/store/store_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "controller/store/record.h"

namespace waymark {
namespace {

namespace fs = std::filesystem;

// One disk sector: written whole or not at all.
constexpr size_t kHeaderBytes = 512;
constexpr std::string_view kMagic = "WAYMARKS";

#pragma pack(push, 1)
struct RawHeader {
  char magic[8];
  uint32_t format;
  int64_t durable;
  int64_t fence;
  // Over the four fields before, in this order.
  uint32_t crc;
};
#pragma pack(pop)

uint32_t HeaderCrc(const RawHeader& raw) {
  return Crc(std::string_view(reinterpret_cast<const char*>(&raw), offsetof(RawHeader, crc)));
}

// ext4 puts a lost+found into the root of every file system: still an empty folder.
absl::StatusOr<bool> IsEmpty(const std::string& path) {
  std::error_code error;
  fs::directory_iterator it(path, error);
  if (error) return ErrnoStatus(error.value(), "cannot read the folder", path);
  for (; it != fs::directory_iterator(); it.increment(error)) {
    if (error) return ErrnoStatus(error.value(), "cannot read the folder", path);
    if (it->path().filename() != "lost+found") return false;
  }
  return true;
}

}  // namespace

absl::Status ErrnoStatus(int error, const std::string& what, const std::string& path) {
  const std::string text = absl::StrCat(what, " ", path, ": ", strerror(error));
  switch (error) {
    case ENOSPC:
    case EDQUOT:
      return absl::ResourceExhaustedError(text + "; free some space");
    case EACCES:
    case EPERM:
    case EROFS:
      return absl::PermissionDeniedError(text + "; give this user the right to write there");
    case ENOENT:
    case ENOTDIR:
      return absl::NotFoundError(text);
    default:
      return absl::UnavailableError(text);
  }
}

absl::StatusOr<uint64_t> FreeBytes(const std::string& path) {
  struct statvfs stat;
  if (statvfs(path.c_str(), &stat) != 0) return ErrnoStatus(errno, "cannot examine", path);
  return uint64_t{stat.f_bavail} * stat.f_frsize;
}

StoreFolder::~StoreFolder() {
  if (header_fd_ >= 0) close(header_fd_);
  if (folder_fd_ >= 0) close(folder_fd_);  // Gives up the lock.
}

absl::StatusOr<std::unique_ptr<StoreFolder>> StoreFolder::Open(const std::string& path, bool make,
                                                               Lock lock) {
  if (make) {
    std::error_code error;
    fs::create_directories(path, error);
    if (error) return ErrnoStatus(error.value(), "cannot make the folder", path);
  }
  std::unique_ptr<StoreFolder> folder(new StoreFolder(path));
  folder->folder_fd_ = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder->folder_fd_ < 0) return ErrnoStatus(errno, "cannot open the folder", path);
  const int how = lock == Lock::kExclusive ? LOCK_EX : LOCK_SH;
  if (flock(folder->folder_fd_, how | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return ErrnoStatus(errno, "cannot lock the folder", path);
    return absl::UnavailableError(absl::StrCat("the store in ", path,
                                               " is in use by another process: stop that one, or "
                                               "choose another folder"));
  }
  if (absl::Status status = folder->OpenHeader(lock); !status.ok()) return status;
  return folder;
}

absl::Status StoreFolder::OpenHeader(Lock lock) {
  const int flags = lock == Lock::kExclusive ? O_RDWR : O_RDONLY;
  header_fd_ = open(header_path().c_str(), flags | O_CLOEXEC);
  if (header_fd_ < 0) {
    if (errno != ENOENT) return ErrnoStatus(errno, "cannot open", header_path());
    const auto empty = IsEmpty(path_);
    if (!empty.ok()) return empty.status();
    if (*empty) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat(
        path_,
        " has files, but no valid store (waymark-store is missing): if it held one, restore "
        "a backup into an empty folder; if it never did, choose an empty folder and use --init"));
  }
  RawHeader raw;
  if (pread(header_fd_, &raw, sizeof raw, 0) != sizeof raw ||
      std::string_view(raw.magic, sizeof raw.magic) != kMagic || raw.crc != HeaderCrc(raw)) {
    return absl::DataLossError(absl::StrCat("the store in ", path_,
                                            " is corrupt: its header waymark-store is damaged; "
                                            "restore a backup into an empty folder"));
  }
  if (raw.format != kStoreFormat) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the store in ", path_, " has format ", raw.format, "; this program knows format ",
        kStoreFormat, ": use the version that wrote it, or restore a backup made with this one"));
  }
  header_ = {raw.format, raw.durable, raw.fence};
  return absl::OkStatus();
}

absl::Status StoreFolder::WriteHeader(int fd) const {
  RawHeader raw{};
  memcpy(raw.magic, kMagic.data(), sizeof raw.magic);
  raw.format = header_.format;
  raw.durable = header_.durable;
  raw.fence = header_.fence;
  raw.crc = HeaderCrc(raw);
  if (pwrite(fd, &raw, sizeof raw, 0) != sizeof raw) {
    return ErrnoStatus(errno, "cannot write", header_path());
  }
  return absl::OkStatus();
}

absl::Status StoreFolder::Create(Revision durable) {
  header_ = {kStoreFormat, durable, 0};
  const std::string temporary = header_path() + ".new";
  const int fd = open(temporary.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return ErrnoStatus(errno, "cannot write", temporary);
  const std::string blank(kHeaderBytes, '\0');
  absl::Status status;
  if (pwrite(fd, blank.data(), blank.size(), 0) != static_cast<ssize_t>(blank.size())) {
    status = ErrnoStatus(errno, "cannot write", temporary);
  }
  if (status.ok()) status = WriteHeader(fd);
  if (status.ok() && fsync(fd) != 0) status = ErrnoStatus(errno, "cannot sync", temporary);
  if (status.ok() && rename(temporary.c_str(), header_path().c_str()) != 0) {
    status = ErrnoStatus(errno, "cannot write", header_path());
  }
  if (status.ok() && fsync(folder_fd_) != 0) status = ErrnoStatus(errno, "cannot sync", path_);
  if (!status.ok()) {
    close(fd);
    return status;
  }
  header_fd_ = fd;
  // The folder's own entry. Its parent may be unreadable to us, which is no reason to fail.
  const fs::path parent = fs::absolute(path_).lexically_normal().parent_path();
  if (const int up = open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); up >= 0) {
    fsync(up);
    close(up);
  }
  return absl::OkStatus();
}

absl::Status StoreFolder::SetDurable(Revision revision) {
  header_.durable = revision;
  return WriteHeader(header_fd_);
}

absl::Status StoreFolder::SetFence(Revision fence) {
  header_.fence = fence;
  if (absl::Status status = WriteHeader(header_fd_); !status.ok()) return status;
  if (fsync(header_fd_) != 0) return ErrnoStatus(errno, "cannot sync", header_path());
  return absl::OkStatus();
}

}  // namespace waymark
