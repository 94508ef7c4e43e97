// The Linux kernel as a switch: SRv6 with NEXT-C-SID (RFC 9800), VXLAN (RFC 7348), tc and nftables.
//
// What is ours in the kernel, and only that is touched: linux_specs.h. It all stays when the agent
// ends, and the next agent takes it over by comparison.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_DATAPLANE_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_DATAPLANE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "controller/base/clock.h"
#include "controller/base/metrics.h"
#include "southbound/dataplane/dataplane.h"

namespace waymark {

struct LinuxDataPlaneOptions {
  // As `ip netns` names it; empty: the namespace of the thread that calls MakeLinuxDataPlane.
  std::string netns;
  // Must outlive the data plane. Probes are timed by it: it must be a real one.
  const Clock* clock = &RealClock();
  // If given: must outlive the data plane.
  Metrics* metrics = nullptr;
};

// Makes the handle; touches nothing yet. NOT_FOUND: no such namespace.
absl::StatusOr<std::unique_ptr<DataPlane>> MakeLinuxDataPlane(const LinuxDataPlaneOptions& options);

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_DATAPLANE_H_
