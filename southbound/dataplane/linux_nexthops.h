// Kernel nexthop objects: a path (a segment list), a group of paths, and one that drops.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_NEXTHOPS_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_NEXTHOPS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "controller/base/srv6.h"
#include "southbound/dataplane/linux_netlink.h"

namespace waymark {

// Numbers of ours: the one that drops, then paths, then groups.
inline constexpr uint32_t kBlackholeNexthop = 0x57000000;
inline constexpr uint32_t kFirstPathNexthop = 0x57000001;
inline constexpr uint32_t kFirstGroupNexthop = 0x57800000;
inline constexpr uint32_t kLastGroupNexthop = 0x57ffffff;

struct Nexthop {
  // A path: its carriers (SRH inline). A group: members with weights 1..256. Neither: drops.
  std::vector<Ipv6> carriers;
  std::map<uint32_t, uint32_t> members;
  bool operator==(const Nexthop&) const = default;
};

using Nexthops = std::map<uint32_t, Nexthop>;

// Makes or replaces number `id`. `anchor`: index of the anchor device. Errors as
// NetlinkSocket::Request.
absl::Status SetNexthop(NetlinkSocket& kernel, uint32_t id, const Nexthop& nexthop, int anchor);
// OK if there is none. A member must have left its groups first: removal would take a group of one
// with it, and that the group's routes.
absl::Status DeleteNexthop(NetlinkSocket& kernel, uint32_t id);

absl::Status DumpNexthops(NetlinkSocket& kernel, Nexthops* nexthops);
std::optional<std::pair<uint32_t, Nexthop>> ParseNexthop(const nlmsghdr* message);
NetlinkMessage NexthopMessage(uint32_t id, const Nexthop& nexthop, int anchor);

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_NEXTHOPS_H_
