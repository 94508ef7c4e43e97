// Errors about files, as people and editors read them: "FILE:LINE: what and how to mend".
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_FILE_ERROR_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_FILE_ERROR_H_

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"

namespace waymark {

// No file is read beyond this size, compressed or not.
inline constexpr size_t kMaxFileBytes = size_t{64} << 20;

// INVALID_ARGUMENT "FILE:LINE: message". `line` counts from 1; 0 leaves it out. A path over 1 KiB
// is cut.
absl::Status FileError(std::string_view file, int line, std::string_view message);
// OK, or an error if `bytes` exceeds kMaxFileBytes.
absl::Status CheckFileSize(std::string_view file, size_t bytes);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_FILE_ERROR_H_
