// tc filters that run a BPF program, by netlink.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_CLASSIFIER_FILTERS_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_CLASSIFIER_FILTERS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "southbound/dataplane/linux_classifier.h"
#include "southbound/dataplane/linux_netlink.h"

namespace waymark {

// Replaces what stands there in one step. Adds the device's clsact hook if it has none.
absl::Status AttachFilter(NetlinkSocket& kernel, int device, Direction direction, int program_fd,
                          const std::string& name, const std::string& what);
// OK if there is none.
absl::Status DetachFilter(NetlinkSocket& kernel, int device, Direction direction,
                          const std::string& what);
// The program that our filter there runs; 0 if there is none.
uint32_t FilterProgramId(NetlinkSocket& kernel, int device, Direction direction);
// Devices with a clsact hook.
absl::Status ListHookedDevices(NetlinkSocket& kernel, std::vector<int>* devices);

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_CLASSIFIER_FILTERS_H_
