// Rates and durations as people write them. Exact decimal arithmetic, no floating point.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_HUMAN_UNITS_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_HUMAN_UNITS_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace waymark {

// "100G", "2.5G", "10 Mbps", "64kbit/s", "1000000": decimal multiples k M G T P in either case, of
// bit/s. INVALID_ARGUMENT (no such form, or not a whole bit/s) or OUT_OF_RANGE (not in int64),
// saying how to write it.
absl::StatusOr<int64_t> ParseBitRate(std::string_view text);

// "3.2ms", "250us", "1 s", "17ns", "17": a bare number is nanoseconds. Errors as above.
absl::StatusOr<int64_t> ParseDurationNs(std::string_view text);

// The shortest whole-number form that the parsers read back: "100G", "2500M", "3200us".
std::string FormatBitRate(int64_t bps);
std::string FormatDurationNs(int64_t ns);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_HUMAN_UNITS_H_
