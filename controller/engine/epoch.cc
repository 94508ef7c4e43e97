#include "controller/engine/epoch.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <sstream>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

absl::Status Failed(const std::string& path) {
  return absl::UnavailableError(absl::StrCat("cannot write ", path, " (", strerror(errno),
                                             "): free space or mend the folder's rights"));
}

absl::Status SyncFolder(const std::string& folder) {
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Failed(folder);
  const int result = fsync(fd);
  close(fd);
  return result == 0 ? absl::OkStatus() : Failed(folder);
}

absl::Status WriteDurably(const std::string& folder, const std::string& path,
                          const std::string& text) {
  const std::string temporary = path + ".new";
  const int fd = open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) return Failed(temporary);
  const bool written =
      write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && fsync(fd) == 0;
  if (close(fd) != 0 || !written) return Failed(temporary);
  if (rename(temporary.c_str(), path.c_str()) != 0) return Failed(path);
  return SyncFolder(folder);
}

}  // namespace

absl::StatusOr<uint64_t> TakeNextEpoch(const std::string& folder, const Clock& clock) {
  const std::string path = folder + "/epoch";
  uint64_t last = 0;
  if (std::ifstream file(path); file) {
    std::stringstream text;
    text << file.rdbuf();
    if (!absl::SimpleAtoi(absl::StripAsciiWhitespace(text.str()), &last) || last == 0 ||
        last == std::numeric_limits<uint64_t>::max()) {
      return absl::DataLossError(absl::StrCat(
          path,
          " holds no election id: write a number into it that is higher than any before "
          "(`waymark info` showed it), e.g. the seconds since 1970"));
    }
  } else if (access(path.c_str(), F_OK) == 0) {
    return absl::UnavailableError(absl::StrCat("cannot read ", path, ": ", strerror(errno)));
  }
  const int64_t seconds = absl::ToUnixSeconds(clock.Now());
  const uint64_t next = std::max(last + 1, static_cast<uint64_t>(std::max<int64_t>(seconds, 1)));
  absl::Status status = WriteDurably(folder, path, absl::StrCat(next, "\n"));
  if (!status.ok()) return status;
  return next;
}

}  // namespace waymark
