// The lines of a text of any size, in little memory whatever its bytes are.
#ifndef WAYMARK_NORTHBOUND_CLI_LINE_SOURCE_H_
#define WAYMARK_NORTHBOUND_CLI_LINE_SOURCE_H_

#include <cstdint>
#include <istream>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace waymark::cli {

// A byte order mark is passed over; what is xz-compressed is unpacked, at most 64 MiB before and
// after. Else at most 1 GiB, and 1 MiB a line.
class LineSource {
 public:
  // `file`: for messages. Keeps `in`.
  LineSource(std::string file, std::istream& in) : file_(std::move(file)), in_(in) {}

  // Without its line break; valid until the next call. Nothing: the text has ended. Errors begin
  // with "FILE:LINE: ". Blocks on the stream.
  absl::StatusOr<std::optional<std::string_view>> Next();
  // Of the line that Next gave last, from 1; 0 before that.
  int line() const { return line_; }

 private:
  absl::Status Fill();
  absl::Status Begin();
  absl::Status Error(const char* message) const;

  const std::string file_;
  std::istream& in_;
  std::string buffer_;
  size_t at_ = 0;  // of the next line in buffer_
  int64_t bytes_ = 0;
  int line_ = 0;
  bool begun_ = false, ended_ = false;
};

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_LINE_SOURCE_H_
