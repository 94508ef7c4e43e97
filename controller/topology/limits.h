// Ranges that more than one room checks: files, the API and the command line refuse the same.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_LIMITS_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_LIMITS_H_

#include <cstdint>
#include <string>

namespace waymark {

// Of capacities and of what is asked of them, in bit/s.
inline constexpr int64_t kMaxRateBps = 10'000'000'000'000'000;  // 10^16
// Of one link.
inline constexpr int64_t kMaxLinkDelayNs = 10'000'000'000;  // 10 s
// Bounds on delay and latency from end to end: 64 links of the slowest, and some.
inline constexpr int64_t kMaxDelayBoundNs = 1'000'000'000'000;  // 1,000 s
// Nothing is always up: a target of 1 could never be met.
inline constexpr double kMaxAvailabilityTarget = 0.999'999'999;
// MTBF and MTTR.
inline constexpr double kMaxReliabilityHours = 1e9;

// For people: "10,000,000,000" and "0.00001", never "1e+10". As many digits as tell it apart.
std::string PlainNumber(double number);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_LIMITS_H_
