// The simulated carrier as a world: in this process with simulated time, or behind a socket in real
// time.
#ifndef WAYMARK_TESTS_CONFORMANCE_SIM_WORLD_H_
#define WAYMARK_TESTS_CONFORMANCE_SIM_WORLD_H_

#include <memory>

#include "absl/status/statusor.h"
#include "tests/conformance/world.h"

namespace waymark {

absl::StatusOr<std::unique_ptr<DataPlaneWorld>> MakeSimWorld();
// A SimFabricServer, and everything through its RPCs alone.
absl::StatusOr<std::unique_ptr<DataPlaneWorld>> MakeRemoteSimWorld();

}  // namespace waymark

#endif  // WAYMARK_TESTS_CONFORMANCE_SIM_WORLD_H_
