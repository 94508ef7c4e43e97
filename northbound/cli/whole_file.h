// A file that is there whole or not at all.
#ifndef WAYMARK_NORTHBOUND_CLI_WHOLE_FILE_H_
#define WAYMARK_NORTHBOUND_CLI_WHOLE_FILE_H_

#include <cstdio>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace waymark::cli {

// Written beside its place and renamed by Finish; without Finish nothing stays behind. A device or
// a pipe is written directly, not replaced. Blocks on the disk.
class WholeFile {
 public:
  explicit WholeFile(const std::string& path);
  ~WholeFile();
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;

  // INTERNAL "PATH: cannot be written: why", from then on the same at every call.
  absl::Status Write(std::string_view text);
  // Once, last.
  absl::Status Finish();

 private:
  void OpenPart();
  absl::Status status() const;

  const std::string path_;
  std::string part_;
  bool direct_ = false;
  std::FILE* file_ = nullptr;
  int error_ = 0;
};

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_WHOLE_FILE_H_
