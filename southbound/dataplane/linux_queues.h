// Queues of a core link: HTB, one class a queue (guaranteed share, may borrow up to the link's
// capacity, the higher queue first). Packets find their class by skb->priority, which the
// classifier sets from the outer DSCP.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_QUEUES_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_QUEUES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "southbound/dataplane/linux_specs.h"

namespace waymark {

struct QueuesSpec {
  std::string device;
  // Whole bytes a second, as the kernel counts.
  uint64_t capacity = 0;
  // Queue 0..7 -> guaranteed bytes a second. Queue 0, the default, is always there.
  std::map<uint32_t, uint64_t> guaranteed;
  bool operator==(const QueuesSpec&) const = default;
};

// The class of a queue, as skb->priority holds it.
uint32_t QueueClassId(uint32_t queue);

std::string KeyOf(const QueuesSpec& spec);
absl::Status Install(NetlinkSocket& kernel, const QueuesSpec& spec, const QueuesSpec* before);
absl::Status Uninstall(NetlinkSocket& kernel, const QueuesSpec& spec);
absl::Status DumpQueues(NetlinkSocket& kernel, const InterfaceNames& names,
                        const std::function<void(const QueuesSpec&)>& visit);

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_QUEUES_H_
