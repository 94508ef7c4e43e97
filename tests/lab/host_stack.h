// What the kernel's own network stack in a customer's host makes of the LAN.
#ifndef WAYMARK_TESTS_LAB_HOST_STACK_H_
#define WAYMARK_TESTS_LAB_HOST_STACK_H_

#include <string>

#include "absl/status/statusor.h"
#include "tests/lab/frame.h"

namespace waymark::lab {

// Forgets `to` in the neighbour tables of `from_netns`, sends to it over IPv4 and IPv6, and checks
// that ARP and neighbour discovery found its MAC address. Says what was found.
absl::StatusOr<std::string> ResolveNeighbour(const std::string& from_netns, const HostAddress& to);

// One TCP connection for two seconds: "5.1 Gbit/s". OUT_OF_RANGE below 100 Mbit/s: then
// segmentation offload is broken.
absl::StatusOr<std::string> MeasureTcp(const std::string& from_netns, const std::string& to_netns,
                                       const HostAddress& to);

}  // namespace waymark::lab

#endif  // WAYMARK_TESTS_LAB_HOST_STACK_H_
