#ifndef WAYMARK_CONTROLLER_TOPOLOGY_XZ_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_XZ_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace waymark {

// Whether `contents` begins as the .xz format does.
bool IsXz(std::string_view contents);

// What `xz -dc` gives. INVALID_ARGUMENT "FILE: ..." if it is damaged, cut off, grows over 64 MiB or
// needs more than 128 MiB to unpack.
absl::StatusOr<std::string> DecompressXz(std::string_view file, std::string_view contents);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_XZ_H_
