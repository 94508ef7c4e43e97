// Network namespaces of this machine's kernel as a world: a switch is one, a host another. Needs
// root.
#ifndef WAYMARK_TESTS_CONFORMANCE_LINUX_WORLD_H_
#define WAYMARK_TESTS_CONFORMANCE_LINUX_WORLD_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "tests/conformance/world.h"

namespace waymark {

// FAILED_PRECONDITION: no right to make namespaces here. They begin with "wmc-" and the process's
// number, and are removed with the world.
absl::StatusOr<std::unique_ptr<DataPlaneWorld>> MakeLinuxWorld();

// The namespace of a switch, or of host "host-NAME", for other programs to work in. `world` comes
// from MakeLinuxWorld.
std::string LinuxNamespace(const DataPlaneWorld& world, const std::string& node);

}  // namespace waymark

#endif  // WAYMARK_TESTS_CONFORMANCE_LINUX_WORLD_H_
