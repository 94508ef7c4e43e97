// Devices of ours, bridge membership, flood lists.
#include <arpa/inet.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "southbound/dataplane/linux_specs.h"
#include "southbound/dataplane/linux_sysctl.h"

namespace waymark {
namespace {

constexpr uint16_t kVxlanPort = 4789;  // RFC 7348
constexpr uint8_t kOuterHopLimit = 64;

absl::Status MissingDevice(const std::string& what, const std::string& device) {
  return absl::UnavailableError(absl::StrCat(what, ": no interface \"", device, "\" yet"));
}

absl::Status IgnoreMissing(absl::Status status) {
  return absl::IsNotFound(status) || absl::IsUnavailable(status) ? absl::OkStatus() : status;
}

const char* KindName(DeviceSpec::Kind kind) {
  switch (kind) {
    case DeviceSpec::Kind::kAnchor:
    case DeviceSpec::Kind::kRelay:
      return "ifb";
    case DeviceSpec::Kind::kBridge:
      return "bridge";
    case DeviceSpec::Kind::kVxlan:
      return "vxlan";
  }
  return "";
}

void PutKindData(NetlinkMessage& message, const DeviceSpec& spec) {
  nlattr* info = message.BeginNest(IFLA_LINKINFO | NLA_F_NESTED);
  message.Text(IFLA_INFO_KIND, KindName(spec.kind));
  nlattr* data = message.BeginNest(IFLA_INFO_DATA | NLA_F_NESTED);
  if (spec.kind == DeviceSpec::Kind::kBridge) {
    message.U8(IFLA_BR_MCAST_SNOOPING, 0);
  } else if (spec.kind == DeviceSpec::Kind::kVxlan) {
    message.U32(IFLA_VXLAN_ID, spec.vni);
    message.Address(IFLA_VXLAN_LOCAL6, spec.local);
    message.U16(IFLA_VXLAN_PORT, htons(kVxlanPort));
    message.U8(IFLA_VXLAN_TTL, kOuterHopLimit);
    message.U8(IFLA_VXLAN_LEARNING, spec.learning ? 1 : 0);
  }
  message.EndNest(data);
  message.EndNest(info);
}

absl::Status CreateDevice(NetlinkSocket& kernel, const DeviceSpec& spec) {
  NetlinkMessage message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
  message.Header<ifinfomsg>();
  message.Text(IFLA_IFNAME, spec.name);
  message.U32(IFLA_MTU, spec.mtu);
  PutKindData(message, spec);
  return kernel.Request(message, "create " + spec.name);
}

absl::Status SetUp(NetlinkSocket& kernel, const DeviceSpec& spec) {
  NetlinkMessage message(RTM_NEWLINK, 0);
  auto& header = message.Header<ifinfomsg>();
  header.ifi_change = IFF_UP;
  header.ifi_flags = IFF_UP;
  message.Text(IFLA_IFNAME, spec.name);
  message.U32(IFLA_MTU, spec.mtu);
  return kernel.Request(message, "set up " + spec.name);
}

bool SameMake(const DeviceSpec& a, const DeviceSpec& b) {
  DeviceSpec c = a;
  c.mtu = b.mtu;
  return c == b;
}

absl::Status SetPromiscuous(NetlinkSocket& kernel, const PromiscuousSpec& spec, unsigned flag) {
  NetlinkMessage message(RTM_NEWLINK, 0);
  auto& header = message.Header<ifinfomsg>();
  header.ifi_change = IFF_PROMISC;
  header.ifi_flags = flag;
  message.Text(IFLA_IFNAME, spec.device);
  return kernel.Request(message, KeyOf(spec));
}

absl::Status SetMaster(NetlinkSocket& kernel, const std::string& device, int master,
                       const std::string& what) {
  NetlinkMessage message(RTM_NEWLINK, 0);
  message.Header<ifinfomsg>();
  message.Text(IFLA_IFNAME, device);
  message.U32(IFLA_MASTER, master);
  return kernel.Request(message, what);
}

absl::Status SetIsolated(NetlinkSocket& kernel, const BridgePortSpec& spec) {
  const int index = kernel.InterfaceIndex(spec.device);
  NetlinkMessage message(RTM_SETLINK, 0);
  auto& header = message.Header<ifinfomsg>();
  header.ifi_family = AF_BRIDGE;
  header.ifi_index = index;
  nlattr* port = message.BeginNest(IFLA_PROTINFO | NLA_F_NESTED);
  message.U8(IFLA_BRPORT_ISOLATED, spec.isolated ? 1 : 0);
  message.EndNest(port);
  return kernel.Request(message, "isolate " + KeyOf(spec));
}

NetlinkMessage FloodMessage(uint16_t type, uint16_t flags, const FloodSpec& spec, int index) {
  NetlinkMessage message(type, flags);
  auto& header = message.Header<ndmsg>();
  header.ndm_family = AF_BRIDGE;
  header.ndm_ifindex = index;
  header.ndm_state = NUD_NOARP | NUD_PERMANENT;
  header.ndm_flags = NTF_SELF;
  constexpr std::array<uint8_t, 6> kEveryone{};
  message.Bytes(NDA_LLADDR, kEveryone);
  message.Address(NDA_DST, spec.remote);
  return message;
}

// What the device learned about hosts behind a VTEP that is no longer flooded to.
absl::Status ForgetLearned(NetlinkSocket& kernel, const FloodSpec& spec, int index) {
  NetlinkMessage dump(RTM_GETNEIGH, NLM_F_DUMP);
  auto& header = dump.Header<ndmsg>();
  header.ndm_family = AF_BRIDGE;
  header.ndm_ifindex = index;
  std::vector<std::vector<uint8_t>> learned;
  absl::Status status = kernel.Query(dump, "list learned addresses", [&](const nlmsghdr* m) {
    const auto* entry = NetlinkHeader<ndmsg>(m);
    if (entry == nullptr || entry->ndm_ifindex != index) return;
    const NetlinkAttributes attributes(m, sizeof(ndmsg));
    const std::span<const uint8_t> remote = attributes.Bytes(NDA_DST);
    const std::span<const uint8_t> mac = attributes.Bytes(NDA_LLADDR);
    if (!std::equal(remote.begin(), remote.end(), spec.remote.begin(), spec.remote.end())) return;
    learned.emplace_back(mac.begin(), mac.end());
  });
  for (const std::vector<uint8_t>& mac : learned) {
    NetlinkMessage remove(RTM_DELNEIGH, 0);
    auto& entry = remove.Header<ndmsg>();
    entry.ndm_family = AF_BRIDGE;
    entry.ndm_ifindex = index;
    entry.ndm_flags = NTF_SELF;
    remove.Bytes(NDA_LLADDR, mac);
    remove.Address(NDA_DST, spec.remote);
    const absl::Status removed = IgnoreMissing(kernel.Request(remove, "forget a learned address"));
    if (status.ok()) status = removed;
  }
  return status;
}

}  // namespace

bool IsOwnDevice(const std::string& name) { return absl::StartsWith(name, kDevicePrefix); }

std::string KeyOf(const DeviceSpec& spec) { return absl::StrCat("device:", spec.name); }

absl::Status Install(NetlinkSocket& kernel, const DeviceSpec& spec, const DeviceSpec* before) {
  if (before != nullptr && SameMake(*before, spec)) return SetUp(kernel, spec);
  if (kernel.InterfaceIndex(spec.name) != 0) {
    if (absl::Status status = Uninstall(kernel, spec); !status.ok()) return status;
  }
  absl::Status status = CreateDevice(kernel, spec);
  if (status.ok() && spec.kind != DeviceSpec::Kind::kAnchor) status = DisableIpv6(spec.name);
  if (status.ok()) status = SetUp(kernel, spec);
  if (!status.ok()) (void)Uninstall(kernel, spec);
  return status;
}

absl::Status Uninstall(NetlinkSocket& kernel, const DeviceSpec& spec) {
  NetlinkMessage message(RTM_DELLINK, 0);
  message.Header<ifinfomsg>();
  message.Text(IFLA_IFNAME, spec.name);
  return IgnoreMissing(kernel.Request(message, "remove " + spec.name));
}

std::optional<DeviceSpec> ParseDevice(const nlmsghdr* message) {
  const auto* header = NetlinkHeader<ifinfomsg>(message);
  if (header == nullptr) return std::nullopt;
  const NetlinkAttributes attributes(message, sizeof(ifinfomsg));
  DeviceSpec spec;
  spec.name = attributes.Text(IFLA_IFNAME);
  if (!IsOwnDevice(spec.name)) return std::nullopt;
  // One that is down differs from any that should be.
  spec.mtu = (header->ifi_flags & IFF_UP) != 0 ? attributes.Get<uint32_t>(IFLA_MTU) : 0;
  const NetlinkAttributes info = attributes.Nest(IFLA_LINKINFO);
  const std::string kind = info.Text(IFLA_INFO_KIND);
  const NetlinkAttributes data = info.Nest(IFLA_INFO_DATA);
  if (kind == "bridge") {
    spec.kind = DeviceSpec::Kind::kBridge;
  } else if (kind == "vxlan") {
    spec.kind = DeviceSpec::Kind::kVxlan;
    spec.vni = data.Get<uint32_t>(IFLA_VXLAN_ID);
    spec.local = data.Get<Ipv6>(IFLA_VXLAN_LOCAL6);
    spec.learning = data.Get<uint8_t>(IFLA_VXLAN_LEARNING) != 0;
  } else if (spec.name != kAnchorDevice) {
    spec.kind = DeviceSpec::Kind::kRelay;
  }
  return spec;
}

std::string KeyOf(const BridgePortSpec& spec) { return absl::StrCat("port:", spec.device); }

absl::Status Install(NetlinkSocket& kernel, const BridgePortSpec& spec, const BridgePortSpec*) {
  const int bridge = kernel.InterfaceIndex(spec.bridge);
  if (bridge == 0) return MissingDevice(KeyOf(spec), spec.bridge);
  absl::Status status = SetMaster(kernel, spec.device, bridge, KeyOf(spec));
  if (status.ok()) status = SetIsolated(kernel, spec);
  return status;
}

absl::Status Uninstall(NetlinkSocket& kernel, const BridgePortSpec& spec) {
  return IgnoreMissing(SetMaster(kernel, spec.device, 0, "remove " + KeyOf(spec)));
}

std::optional<BridgePortSpec> ParseBridgePort(const nlmsghdr* message,
                                              const InterfaceNames& names) {
  if (NetlinkHeader<ifinfomsg>(message) == nullptr) return std::nullopt;
  const NetlinkAttributes attributes(message, sizeof(ifinfomsg));
  const auto master = names.find(attributes.Get<int>(IFLA_MASTER));
  if (master == names.end() || !IsOwnDevice(master->second)) return std::nullopt;
  const NetlinkAttributes data = attributes.Nest(IFLA_LINKINFO).Nest(IFLA_INFO_SLAVE_DATA);
  return BridgePortSpec{attributes.Text(IFLA_IFNAME), master->second,
                        data.Get<uint8_t>(IFLA_BRPORT_ISOLATED) != 0};
}

std::string KeyOf(const FloodSpec& spec) {
  return absl::StrCat("flood:", spec.device, ":", ToString(spec.remote));
}

absl::Status Install(NetlinkSocket& kernel, const FloodSpec& spec, const FloodSpec*) {
  const int index = kernel.InterfaceIndex(spec.device);
  if (index == 0) return MissingDevice(KeyOf(spec), spec.device);
  NetlinkMessage message = FloodMessage(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_APPEND, spec, index);
  const absl::Status status = kernel.Request(message, KeyOf(spec));
  return absl::IsAlreadyExists(status) ? absl::OkStatus() : status;
}

absl::Status Uninstall(NetlinkSocket& kernel, const FloodSpec& spec) {
  const int index = kernel.InterfaceIndex(spec.device);
  if (index == 0) return absl::OkStatus();
  NetlinkMessage message = FloodMessage(RTM_DELNEIGH, 0, spec, index);
  absl::Status status = IgnoreMissing(kernel.Request(message, "remove " + KeyOf(spec)));
  if (status.ok()) status = ForgetLearned(kernel, spec, index);
  return status;
}

std::optional<FloodSpec> ParseFlood(const nlmsghdr* message, const InterfaceNames& names) {
  const auto* header = NetlinkHeader<ndmsg>(message);
  if (header == nullptr || header->ndm_family != AF_BRIDGE) return std::nullopt;
  const auto name = names.find(header->ndm_ifindex);
  if (name == names.end() || !IsOwnDevice(name->second)) return std::nullopt;
  const NetlinkAttributes attributes(message, sizeof(ndmsg));
  const std::span<const uint8_t> mac = attributes.Bytes(NDA_LLADDR);
  const std::span<const uint8_t> remote = attributes.Bytes(NDA_DST);
  FloodSpec spec{name->second, {}};
  if (mac.size() != 6 || remote.size() != spec.remote.size()) return std::nullopt;
  if (std::any_of(mac.begin(), mac.end(), [](uint8_t b) { return b != 0; })) return std::nullopt;
  std::copy(remote.begin(), remote.end(), spec.remote.begin());
  return spec;
}

std::string KeyOf(const PromiscuousSpec& spec) { return "promiscuous:" + spec.device; }

absl::Status Install(NetlinkSocket& kernel, const PromiscuousSpec& spec, const PromiscuousSpec*) {
  return SetPromiscuous(kernel, spec, IFF_PROMISC);
}

absl::Status Uninstall(NetlinkSocket& kernel, const PromiscuousSpec& spec) {
  return IgnoreMissing(SetPromiscuous(kernel, spec, 0));
}

std::optional<std::pair<int, InterfaceState>> ParseInterface(const nlmsghdr* message) {
  const auto* header = NetlinkHeader<ifinfomsg>(message);
  if (header == nullptr || header->ifi_family != AF_UNSPEC) return std::nullopt;
  constexpr unsigned kReady = IFF_UP | IFF_RUNNING;
  InterfaceState state{NetlinkAttributes(message, sizeof(ifinfomsg)).Text(IFLA_IFNAME),
                       (header->ifi_flags & kReady) == kReady};
  return std::make_pair(header->ifi_index, std::move(state));
}

absl::Status DumpInterfaces(NetlinkSocket& kernel, std::map<int, InterfaceState>* interfaces) {
  interfaces->clear();
  NetlinkMessage dump(RTM_GETLINK, NLM_F_DUMP);
  dump.Header<ifinfomsg>();
  return kernel.Query(dump, "list interfaces", [interfaces](const nlmsghdr* m) {
    if (auto found = ParseInterface(m)) interfaces->insert(*found);
  });
}

}  // namespace waymark
