#include "southbound/dataplane/linux_sysctl.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

constexpr char kRoot[] = "/proc/sys/";

absl::Status FileError(const std::string& path) {
  const std::string text = absl::StrCat(kRoot, path, ": ", strerror(errno));
  if (errno == ENOENT) return absl::NotFoundError(text);
  if (errno == EACCES || errno == EPERM || errno == EROFS) {
    return absl::FailedPreconditionError(
        absl::StrCat(text, ": the agent must run as root with a writable /proc/sys"));
  }
  return absl::InternalError(text);
}

}  // namespace

NamespaceScope::NamespaceScope(int namespace_fd) {
  if (namespace_fd < 0) return;
  home_ = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  if (home_ >= 0) (void)setns(namespace_fd, CLONE_NEWNET);
}

NamespaceScope::~NamespaceScope() {
  if (home_ < 0) return;
  (void)setns(home_, CLONE_NEWNET);
  close(home_);
}

absl::StatusOr<int> OpenNamespace(const std::string& name) {
  const std::string path = absl::StrCat("/run/netns/", name);
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return absl::NotFoundError(absl::StrCat(path, ": ", strerror(errno)));
  return fd;
}

absl::StatusOr<std::string> ReadSysctl(const std::string& path) {
  const int fd = open(absl::StrCat(kRoot, path).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return FileError(path);
  char text[256];
  const ssize_t size = read(fd, text, sizeof text);
  absl::Status status = size < 0 ? FileError(path) : absl::OkStatus();
  close(fd);
  if (!status.ok()) return status;
  return std::string(absl::StripAsciiWhitespace(absl::string_view(text, size)));
}

absl::Status WriteSysctl(const std::string& path, const std::string& value) {
  absl::StatusOr<std::string> now = ReadSysctl(path);
  if (!now.ok()) return now.status();
  if (*now == value) return absl::OkStatus();
  const int fd = open(absl::StrCat(kRoot, path).c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return FileError(path);
  absl::Status status = absl::OkStatus();
  if (write(fd, value.data(), value.size()) < 0) status = FileError(path);
  close(fd);
  return status;
}

absl::Status DisableIpv6(const std::string& device) {
  const absl::Status status =
      WriteSysctl(absl::StrCat("net/ipv6/conf/", device, "/disable_ipv6"), "1");
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

}  // namespace waymark
