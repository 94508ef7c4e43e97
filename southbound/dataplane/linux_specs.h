// What the agent holds in a Linux kernel, as plain values: each has a key (its identity there), a
// value (compared when looking for drift) and the netlink messages that make and remove it. What a
// dump yields is the same type, so "what should be" and "what is" are compared by ==.
//
// Marks of ownership: routes, nexthops, addresses and rules have protocol 'W' (0x57); devices have
// names that begin with "wm-"; the nftables table is "ip6 waymark". Nothing else is ever changed,
// but for customer ports' bridge membership and filters while an attachment names them.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_SPECS_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_SPECS_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "controller/base/srv6.h"
#include "southbound/dataplane/linux_netlink.h"

namespace waymark {

inline constexpr uint8_t kWaymarkProtocol = 0x57;
inline constexpr char kDevicePrefix[] = "wm-";
// Carries every seg6 and seg6local object: tied to a real port they would vanish with its carrier.
inline constexpr char kAnchorDevice[] = "wm-sr0";
inline constexpr uint32_t kAnchorMtu = 9000;
// Looked up for packets of our own: the first hop of a path.
inline constexpr uint32_t kFirstHopTable = 100;
inline constexpr uint32_t kFirstHopRule = 100;
inline constexpr uint32_t kMainTable = 254;
inline constexpr uint32_t kLocalTable = 255;
inline constexpr uint32_t kMetric = 1024;
// Last resorts stand behind everything else.
inline constexpr uint32_t kLastResortMetric = 4096;

using InterfaceNames = std::map<int, std::string>;

// RFC 8986 behaviours with the NEXT-C-SID flavor (RFC 9800) and counters.
struct LocalSid {
  bool cross_connect = false;  // End.X, else End
  Ipv6 next_hop{};             // End.X
  std::string interface;       // End.X
  bool operator==(const LocalSid&) const = default;
};

struct RouteSpec {
  enum class Kind : uint8_t { kUnicast, kLocal, kBlackhole, kUnreachable };
  uint32_t table = kMainTable;
  Ipv6 prefix{};
  uint8_t length = 128;
  uint32_t metric = kMetric;
  Kind kind = Kind::kUnicast;
  std::string device;  // empty for kBlackhole, kUnreachable and with a nexthop
  std::optional<Ipv6> gateway;
  uint32_t nexthop = 0;
  std::optional<LocalSid> sid;
  bool operator==(const RouteSpec&) const = default;
};

// An address; no duplicate address detection: the plan makes it unique.
struct AddressSpec {
  std::string device;
  Ipv6 address{};
  uint8_t length = 128;
  bool operator==(const AddressSpec&) const = default;
};

// "Packets of our own look into kFirstHopTable first."
struct RuleSpec {
  bool operator==(const RuleSpec&) const = default;
};

// A device of ours. Made without IPv6 (its own neighbour discovery would be taken for a customer's
// frame) but for the anchor. Always up.
struct DeviceSpec {
  enum class Kind : uint8_t { kAnchor, kRelay, kBridge, kVxlan };  // anchor and relay are IFBs
  std::string name;
  Kind kind = Kind::kAnchor;
  uint32_t vni = 0;      // kVxlan
  Ipv6 local{};          // kVxlan
  bool learning = true;  // kVxlan
  uint32_t mtu = 1500;
  bool operator==(const DeviceSpec&) const = default;
};

// A device in a bridge: ours, or a customer's port.
struct BridgePortSpec {
  std::string device;
  std::string bridge;
  bool isolated = false;  // may not reach other isolated ports of the bridge
  bool operator==(const BridgePortSpec&) const = default;
};

// A port that takes frames for any address. A bridge asks for that by itself; a redirect does not.
// What the kernel lists does not tell whose wish it was, so it is never found unwanted.
struct PromiscuousSpec {
  std::string device;
  bool operator==(const PromiscuousSpec&) const = default;
};

// A VXLAN device floods to this VTEP.
struct FloodSpec {
  std::string device;
  Ipv6 remote{};
  bool operator==(const FloodSpec&) const = default;
};

std::string KeyOf(const RouteSpec& spec);
std::string KeyOf(const AddressSpec& spec);
std::string KeyOf(const RuleSpec& spec);
std::string KeyOf(const DeviceSpec& spec);
std::string KeyOf(const BridgePortSpec& spec);
std::string KeyOf(const FloodSpec& spec);
std::string KeyOf(const PromiscuousSpec& spec);

// Makes or replaces it. `before`, if not null: what stands under the key now. UNAVAILABLE: a device
// is missing.
absl::Status Install(NetlinkSocket& kernel, const RouteSpec& spec, const RouteSpec* before);
absl::Status Install(NetlinkSocket& kernel, const AddressSpec& spec, const AddressSpec* before);
absl::Status Install(NetlinkSocket& kernel, const RuleSpec& spec, const RuleSpec* before);
absl::Status Install(NetlinkSocket& kernel, const DeviceSpec& spec, const DeviceSpec* before);
absl::Status Install(NetlinkSocket& kernel, const BridgePortSpec& spec,
                     const BridgePortSpec* before);
absl::Status Install(NetlinkSocket& kernel, const FloodSpec& spec, const FloodSpec* before);
absl::Status Install(NetlinkSocket& kernel, const PromiscuousSpec& spec,
                     const PromiscuousSpec* before);
// OK if it is gone already, or its device is.
absl::Status Uninstall(NetlinkSocket& kernel, const RouteSpec& spec);
absl::Status Uninstall(NetlinkSocket& kernel, const AddressSpec& spec);
absl::Status Uninstall(NetlinkSocket& kernel, const RuleSpec& spec);
absl::Status Uninstall(NetlinkSocket& kernel, const DeviceSpec& spec);
absl::Status Uninstall(NetlinkSocket& kernel, const BridgePortSpec& spec);
absl::Status Uninstall(NetlinkSocket& kernel, const FloodSpec& spec);
absl::Status Uninstall(NetlinkSocket& kernel, const PromiscuousSpec& spec);

// From a dump's message; nothing if it is not ours or not of this form.
std::optional<RouteSpec> ParseRoute(const nlmsghdr* message, const InterfaceNames& names);
std::optional<AddressSpec> ParseAddress(const nlmsghdr* message, const InterfaceNames& names);
std::optional<RuleSpec> ParseRule(const nlmsghdr* message);
std::optional<DeviceSpec> ParseDevice(const nlmsghdr* message);
// Any device in a bridge of ours.
std::optional<BridgePortSpec> ParseBridgePort(const nlmsghdr* message, const InterfaceNames& names);
std::optional<FloodSpec> ParseFlood(const nlmsghdr* message, const InterfaceNames& names);

// Messages, for tests. `indexes` gives interface numbers by name.
NetlinkMessage RouteMessage(uint16_t type, uint16_t flags, const RouteSpec& spec, int device_index,
                            int sid_index);

// Every interface: number, name, up and with carrier.
struct InterfaceState {
  std::string name;
  bool running = false;
};
std::optional<std::pair<int, InterfaceState>> ParseInterface(const nlmsghdr* message);
absl::Status DumpInterfaces(NetlinkSocket& kernel, std::map<int, InterfaceState>* interfaces);

bool IsOwnDevice(const std::string& name);

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_SPECS_H_
