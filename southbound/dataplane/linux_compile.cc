#include "southbound/dataplane/linux_compile.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/base/object.h"
#include "controller/base/srv6.h"

namespace waymark {
namespace {

using southbound::v1::AttachmentObject;
using southbound::v1::ClassEntry;
using southbound::v1::InstanceObject;
using southbound::v1::LinkObject;
using southbound::v1::NodeObject;
using southbound::v1::Object;
using southbound::v1::PolicyObject;
using southbound::v1::RouteObject;

// Customers' IP packets up to 1,500 bytes; a VLAN tag comes on top of a device's MTU.
constexpr uint32_t kCustomerMtu = 1'500;
constexpr int64_t kPermille = 1'000;
constexpr int64_t kBitsPerByte = 8;
constexpr uint8_t kLocatorLength = 48;

Ipv6 Prefix(uint16_t first, uint16_t second, uint16_t third = 0, uint16_t last = 0) {
  Ipv6 a{};
  const std::array<std::pair<int, uint16_t>, 4> groups = {
      {{0, first}, {1, second}, {2, third}, {7, last}}};
  for (const auto& [group, value] : groups) {
    a[group * 2] = static_cast<uint8_t>(value >> 8);
    a[group * 2 + 1] = static_cast<uint8_t>(value);
  }
  return a;
}

Ipv6 LinkAddress(const LinkObject& link, bool own) {
  const uint32_t there = link.adjacency_sid(), back = link.reverse_sid();
  const uint32_t lower = back == 0 ? there : std::min(there, back);
  const bool first = (there == lower) == own;
  return Prefix(0xfd01, 0, static_cast<uint16_t>(lower), first ? 1 : 2);
}

SysctlSpec InterfaceSysctl(const std::string& interface, const char* name, const char* value) {
  return {absl::StrCat("net/ipv6/conf/", interface, "/", name), value, false};
}

RouteSpec LocatorRoute(uint32_t sid, LocalSid behaviour) {
  return {.prefix = UsidPrefix(sid),
          .length = kLocatorLength,
          .device = kAnchorDevice,
          .sid = std::move(behaviour)};
}

RouteSpec LocalRoute(const Ipv6& prefix, uint8_t length) {
  return {.table = kLocalTable,
          .prefix = prefix,
          .length = length,
          .kind = RouteSpec::Kind::kLocal,
          .device = "lo"};
}

RouteSpec LastResort(const Ipv6& prefix, uint8_t length, RouteSpec::Kind kind, uint32_t table) {
  return {.table = table,
          .prefix = prefix,
          .length = length,
          .metric = kLastResortMetric,
          .kind = kind};
}

// Bytes a second of each queue. Queue 0 takes what has no queue; a share is at least one permille.
QueuesSpec QueuesOf(const NodeObject& node, const LinkObject& link) {
  QueuesSpec spec{.device = link.interface(),
                  .capacity = static_cast<uint64_t>(link.capacity_bps() / kBitsPerByte)};
  const auto share = [&spec](uint32_t permille) {
    return std::max<uint64_t>(1, spec.capacity / kPermille * std::max(1u, permille));
  };
  spec.guaranteed[0] = share(1);
  for (const auto& queue : node.queues()) spec.guaranteed[queue.queue()] = share(queue.permille());
  return spec;
}

bool HasBridge(const InstanceObject& instance) {
  return instance.type() != southbound::v1::INSTANCE_E_LINE;
}

bool HasTunnel(const InstanceObject& instance) {
  return HasBridge(instance) || instance.remote_sids_size() > 0;
}

bool StartsAt(const PolicyObject& policy, uint32_t sid) {
  const auto first = [sid](const southbound::v1::SegmentList& list) {
    return list.sids_size() > 0 && list.sids(0) == sid;
  };
  return std::any_of(policy.working().begin(), policy.working().end(), first) ||
         first(policy.protect());
}

std::string InstanceKey(uint32_t vni) { return absl::StrCat("instance:", vni); }

}  // namespace

Ipv6 OwnLinkAddress(const LinkObject& link) { return LinkAddress(link, true); }
Ipv6 FarLinkAddress(const LinkObject& link) { return LinkAddress(link, false); }

std::string BridgeName(uint32_t vni) { return absl::StrCat(kDevicePrefix, "b", vni); }
std::string TunnelName(uint32_t vni) { return absl::StrCat(kDevicePrefix, "x", vni); }

const NodeObject* LinuxCompiler::node() const {
  const auto found = objects_.find("node:");
  return found == objects_.end() ? nullptr : &found->second.node();
}

LinuxCompiler::Pieces LinuxCompiler::Compile(const Object& object, uint32_t group) const {
  if (object.kind_case() != Object::kNode && node() == nullptr) {
    return absl::FailedPreconditionError("node: must be put before anything else");
  }
  switch (object.kind_case()) {
    case Object::kNode:
      return CompileNode(object.node());
    case Object::kLink:
      return CompileLink(object.link());
    case Object::kRoute:
      return CompileRoute(object.route());
    case Object::kPolicy:
      return CompilePolicy(object.policy(), group);
    case Object::kInstance:
      return CompileInstance(object.instance());
    case Object::kAttachment:
      return CompileAttachment(object.attachment());
    case Object::KIND_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError("object: no kind is set");
}

LinuxCompiler::Pieces LinuxCompiler::CompileNode(const NodeObject& node) const {
  const uint32_t sid = node.node_sid();
  std::vector<Piece> pieces = {
      InterfaceSysctl("all", "forwarding", "1"),
      InterfaceSysctl("all", "keep_addr_on_down", "1"),
      InterfaceSysctl("all", "ignore_routes_with_linkdown", "1"),
      InterfaceSysctl("all", "seg6_enabled", "1"),
      InterfaceSysctl("default", "seg6_enabled", "1"),
      InterfaceSysctl("lo", "seg6_enabled", "1"),
      // Replacing one nexthop must not notify, or walk, every route behind it.
      SysctlSpec{"net/ipv4/nexthop_compat_mode", "0", false},
      // By addresses and flow label, which steering sets: when it has the kernel route a packet
      // anew, the kernel does not look at ports, whatever this says.
      SysctlSpec{"net/ipv6/fib_multipath_hash_policy", "0", false},
      DeviceSpec{.name = kAnchorDevice, .kind = DeviceSpec::Kind::kAnchor, .mtu = kAnchorMtu},
      AddressSpec{"lo", Vtep(sid), 128},
      RuleSpec{},
      // A first hop that is gone must not be reached by another way.
      LastResort(Prefix(0xfcbb, 0xbbbb, kMinAdjacencySid), 33, RouteSpec::Kind::kUnreachable,
                 kFirstHopTable),
      LastResort(Prefix(0xfcbb, 0xbbbb), 32, RouteSpec::Kind::kUnreachable, kMainTable),
      // Nor may End.X find its neighbour through another link.
      LastResort(Prefix(0xfd01, 0), 32, RouteSpec::Kind::kBlackhole, kMainTable),
      LocatorRoute(sid, LocalSid{}),
      // Where a uSID is the last of its carrier, its node takes the packet as its own.
      LocalRoute(UsidPrefix(sid), 128),
      LocalRoute(BindingSidPrefix(sid), 64),
      SteeringTableSpec{},
      FilterSpec{kAnchorDevice, Direction::kIngress, Program::kKeeper},
  };
  // Every VTEP and binding SID: VXLAN finds a route here before steering chooses the real one, and
  // an IFB drops what is routed to it. So without steering, whoever took it away, nothing leaves.
  RouteSpec sink = LastResort(Prefix(0xfd00, 0), 32, RouteSpec::Kind::kUnicast, kMainTable);
  sink.device = kAnchorDevice;
  pieces.push_back(sink);
  for (const auto& queue : node.queues()) {
    for (uint32_t dscp : queue.dscp()) {
      pieces.push_back(DscpSpec{static_cast<uint8_t>(dscp), QueueClassId(queue.queue())});
    }
  }
  return pieces;
}

LinuxCompiler::Pieces LinuxCompiler::CompileLink(const LinkObject& link) const {
  const std::string& interface = link.interface();
  if (index_of_(interface) == 0) {
    return absl::UnavailableError(
        absl::StrCat("link.interface: no interface \"", interface, "\" yet"));
  }
  std::vector<Piece> pieces = {
      InterfaceSysctl(interface, "seg6_enabled", "1"),
      InterfaceSysctl(interface, "forwarding", "1"),
      InterfaceSysctl(interface, "accept_dad", "0"),
      InterfaceSysctl(interface, "keep_addr_on_down", "1"),
      InterfaceSysctl(interface, "ignore_routes_with_linkdown", "1"),
      AddressSpec{interface, OwnLinkAddress(link), 64},
      LocatorRoute(link.adjacency_sid(), LocalSid{true, FarLinkAddress(link), interface}),
      // The far end, not we, consumes our own adjacency SID when we are the headend.
      RouteSpec{.table = kFirstHopTable,
                .prefix = UsidPrefix(link.adjacency_sid()),
                .length = kLocatorLength,
                .device = interface,
                .gateway = FarLinkAddress(link)},
  };
  if (link.reverse_sid() != 0) {
    pieces.push_back(LocatorRoute(link.reverse_sid(), LocalSid{}));
    pieces.push_back(LocalRoute(UsidPrefix(link.reverse_sid()), 128));
  }
  if (link.capacity_bps() >= kBitsPerByte && node()->queues_size() > 0) {
    pieces.push_back(QueuesOf(*node(), link));
    pieces.push_back(FilterSpec{interface, Direction::kEgress, Program::kQueue});
  }
  return pieces;
}

LinuxCompiler::Pieces LinuxCompiler::CompileRoute(const RouteObject& route) const {
  std::vector<Piece> pieces;
  uint32_t metric = kMetric;
  for (const std::string& id : route.links()) {
    const auto found = objects_.find("link:" + id);
    if (found == objects_.end()) {
      return absl::FailedPreconditionError(absl::StrCat("route.links: no link \"", id, "\" here"));
    }
    const LinkObject& link = found->second.link();
    // No route to the VTEP: unsteered frames would follow it, by links their class may not use.
    pieces.push_back(RouteSpec{.prefix = UsidPrefix(route.node_sid()),
                               .length = kLocatorLength,
                               .metric = metric++,
                               .device = link.interface(),
                               .gateway = FarLinkAddress(link)});
  }
  return pieces;
}

LinuxCompiler::Pieces LinuxCompiler::CompilePolicy(const PolicyObject& policy,
                                                   uint32_t group) const {
  return std::vector<Piece>{
      RouteSpec{.prefix = BindingSid(policy.endpoint_sid(), policy.color()), .nexthop = group},
      SteeringSpec{policy.color(), policy.endpoint_sid(), static_cast<uint8_t>(policy.dscp())},
  };
}

LinuxCompiler::Pieces LinuxCompiler::CompileInstance(const InstanceObject& instance) const {
  std::vector<Piece> pieces;
  const bool bridged = HasBridge(instance);
  const std::string tunnel = TunnelName(instance.vni());
  if (bridged) {
    pieces.push_back(DeviceSpec{.name = BridgeName(instance.vni()),
                                .kind = DeviceSpec::Kind::kBridge,
                                .mtu = kCustomerMtu});
    // A bridge without addresses still answers for those of other interfaces. A customer must not
    // reach the switch itself.
    pieces.push_back(FilterSpec{BridgeName(instance.vni()), Direction::kIngress, Program::kBlock});
  }
  if (!HasTunnel(instance)) return pieces;
  pieces.push_back(DeviceSpec{.name = tunnel,
                              .kind = DeviceSpec::Kind::kVxlan,
                              .vni = instance.vni(),
                              .local = Vtep(node()->node_sid()),
                              .learning = bridged,
                              .mtu = kCustomerMtu});
  if (bridged) {
    pieces.push_back(BridgePortSpec{tunnel, BridgeName(instance.vni()), false});
  } else {
    // Also before there is an attachment: until then it drops.
    pieces.push_back(FilterSpec{tunnel, Direction::kIngress, Program::kExit});
  }
  for (uint32_t remote : instance.remote_sids()) pieces.push_back(FloodSpec{tunnel, Vtep(remote)});
  return pieces;
}

const AttachmentObject* LinuxCompiler::OtherEnd(const AttachmentObject& attachment) const {
  for (auto it = objects_.lower_bound("attachment:"); it != objects_.end(); ++it) {
    if (!it->second.has_attachment()) break;
    const AttachmentObject& other = it->second.attachment();
    const bool self =
        other.interface() == attachment.interface() && other.vlan() == attachment.vlan();
    if (other.vni() == attachment.vni() && !self) return &other;
  }
  return nullptr;
}

LinuxCompiler::Pieces LinuxCompiler::CompileAttachment(const AttachmentObject& attachment) const {
  const auto found = objects_.find(InstanceKey(attachment.vni()));
  if (found == objects_.end()) {
    return absl::FailedPreconditionError(
        absl::StrCat("attachment.vni: no instance ", attachment.vni(), " here"));
  }
  const InstanceObject& instance = found->second.instance();
  const std::string& port = attachment.interface();
  const int index = index_of_(port);
  if (index == 0) {
    return absl::UnavailableError(
        absl::StrCat("attachment.interface: no interface \"", port, "\" yet"));
  }
  const auto vlan = static_cast<uint16_t>(attachment.vlan());
  EntrySpec entry{.device = port, .vlan = vlan, .default_color = attachment.default_color()};
  std::vector<Piece> pieces = {InterfaceSysctl(port, "disable_ipv6", "1")};
  std::get<SysctlSpec>(pieces.back()).optional = true;
  if (!HasBridge(instance) || vlan != 0) pieces.push_back(PromiscuousSpec{port});
  if (HasBridge(instance)) {
    const std::string bridge = BridgeName(instance.vni());
    const bool isolated = instance.type() == southbound::v1::INSTANCE_E_TREE && attachment.leaf();
    std::string member = port;
    if (vlan != 0) {
      member = absl::StrFormat("%si%x.%d", kDevicePrefix, index, vlan);
      pieces.push_back(
          DeviceSpec{.name = member, .kind = DeviceSpec::Kind::kRelay, .mtu = kCustomerMtu});
      entry.deliver = EntrySpec::Deliver::kRelay;
      entry.target = member;
    }
    pieces.push_back(ExitSpec{member, vlan == 0 ? "" : port, vlan});
    pieces.push_back(FilterSpec{member, Direction::kEgress, Program::kExit});
    pieces.push_back(BridgePortSpec{member, bridge, isolated});
  } else if (HasTunnel(instance)) {
    const std::string tunnel = TunnelName(instance.vni());
    entry.deliver = EntrySpec::Deliver::kTunnel;
    entry.target = tunnel;
    pieces.push_back(ExitSpec{tunnel, port, vlan});
    pieces.push_back(FilterSpec{tunnel, Direction::kIngress, Program::kExit});
  } else if (const AttachmentObject* other = OtherEnd(attachment)) {
    entry.deliver = EntrySpec::Deliver::kPort;
    entry.target = other->interface();
    entry.out_vlan = static_cast<uint16_t>(other->vlan());
  }
  for (const ClassEntry& c : attachment.classes()) {
    const bool pcp = c.mark_case() == ClassEntry::kPcp;
    pieces.push_back(
        ClassSpec{port, vlan, pcp, static_cast<uint8_t>(pcp ? c.pcp() : c.dscp()), c.color()});
  }
  // An E-Line whose other end is not here yet has nowhere to send to.
  if (entry.deliver != EntrySpec::Deliver::kBridge || HasBridge(instance)) pieces.push_back(entry);
  pieces.push_back(FilterSpec{port, Direction::kIngress, Program::kEnter});
  return pieces;
}

std::vector<std::string> LinuxCompiler::Dependents(const Object& object) const {
  std::vector<std::string> keys;
  for (const auto& [key, other] : objects_) {
    bool depends = false;
    if (object.has_node()) {
      depends = other.has_link() || other.has_instance();
    } else if (object.has_link()) {
      const auto& links = other.route().links();
      depends = std::find(links.begin(), links.end(), object.link().link()) != links.end() ||
                StartsAt(other.policy(), object.link().adjacency_sid());
    } else if (object.has_instance()) {
      depends = other.has_attachment() && other.attachment().vni() == object.instance().vni();
    } else if (object.has_attachment()) {
      depends = other.has_attachment() && other.attachment().vni() == object.attachment().vni() &&
                key != ObjectKey(object);
    }
    if (depends) keys.push_back(key);
  }
  return keys;
}

Policies::FirstHops LinuxCompiler::FirstHops() const {
  Policies::FirstHops hops;
  for (auto it = objects_.lower_bound("link:"); it != objects_.end(); ++it) {
    if (!it->second.has_link()) break;
    hops[it->second.link().adjacency_sid()] = it->second.link().interface();
  }
  return hops;
}

}  // namespace waymark
