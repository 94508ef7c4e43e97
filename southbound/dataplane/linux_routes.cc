// Routes, addresses, the rule.
#include <linux/fib_rules.h>
#include <linux/if_addr.h>
#include <linux/lwtunnel.h>
#include <linux/rtnetlink.h>
#include <linux/seg6_local.h>
#include <net/if.h>

#include "absl/strings/str_cat.h"
#include "southbound/dataplane/linux_specs.h"

namespace waymark {
namespace {

constexpr uint8_t kBlockBits = 32;
constexpr uint8_t kUsidBits = 16;

absl::Status MissingDevice(const std::string& what, const std::string& device) {
  return absl::UnavailableError(absl::StrCat(what, ": no interface \"", device, "\" yet"));
}

absl::Status IgnoreMissing(absl::Status status) {
  return absl::IsNotFound(status) || absl::IsUnavailable(status) ? absl::OkStatus() : status;
}

std::optional<Ipv6> AddressOf(std::span<const uint8_t> bytes) {
  Ipv6 address;
  if (bytes.size() != address.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), address.begin());
  return address;
}

uint8_t RouteType(RouteSpec::Kind kind) {
  switch (kind) {
    case RouteSpec::Kind::kUnicast:
      return RTN_UNICAST;
    case RouteSpec::Kind::kLocal:
      return RTN_LOCAL;
    case RouteSpec::Kind::kBlackhole:
      return RTN_BLACKHOLE;
    case RouteSpec::Kind::kUnreachable:
      return RTN_UNREACHABLE;
  }
  return RTN_UNICAST;
}

std::string NameOf(const InterfaceNames& names, int index) {
  const auto found = names.find(index);
  return found == names.end() ? absl::StrCat("#", index) : found->second;
}

void PutLocalSid(NetlinkMessage& message, const LocalSid& sid, int sid_index) {
  nlattr* encap = message.BeginNest(RTA_ENCAP | NLA_F_NESTED);
  message.U32(SEG6_LOCAL_ACTION,
              sid.cross_connect ? SEG6_LOCAL_ACTION_END_X : SEG6_LOCAL_ACTION_END);
  if (sid.cross_connect) {
    message.Address(SEG6_LOCAL_NH6, sid.next_hop);
    message.U32(SEG6_LOCAL_OIF, sid_index);
  }
  nlattr* flavors = message.BeginNest(SEG6_LOCAL_FLAVORS | NLA_F_NESTED);
  message.U32(SEG6_LOCAL_FLV_OPERATION, 1u << SEG6_LOCAL_FLV_OP_NEXT_CSID);
  message.U8(SEG6_LOCAL_FLV_LCBLOCK_BITS, kBlockBits);
  message.U8(SEG6_LOCAL_FLV_LCNODE_FN_BITS, kUsidBits);
  message.EndNest(flavors);
  nlattr* counters = message.BeginNest(SEG6_LOCAL_COUNTERS | NLA_F_NESTED);
  message.U64(SEG6_LOCAL_CNT_PACKETS, 0);
  message.U64(SEG6_LOCAL_CNT_BYTES, 0);
  message.U64(SEG6_LOCAL_CNT_ERRORS, 0);
  message.EndNest(counters);
  message.EndNest(encap);
  message.U16(RTA_ENCAP_TYPE, LWTUNNEL_ENCAP_SEG6_LOCAL);
}

std::optional<LocalSid> ParseLocalSid(const NetlinkAttributes& encap, const InterfaceNames& names) {
  LocalSid sid;
  const auto action = encap.Get<uint32_t>(SEG6_LOCAL_ACTION);
  const NetlinkAttributes flavors = encap.Nest(SEG6_LOCAL_FLAVORS);
  if (flavors.Get<uint32_t>(SEG6_LOCAL_FLV_OPERATION) != 1u << SEG6_LOCAL_FLV_OP_NEXT_CSID ||
      flavors.Get<uint8_t>(SEG6_LOCAL_FLV_LCBLOCK_BITS) != kBlockBits ||
      flavors.Get<uint8_t>(SEG6_LOCAL_FLV_LCNODE_FN_BITS) != kUsidBits ||
      !encap.Has(SEG6_LOCAL_COUNTERS)) {
    return std::nullopt;
  }
  if (action == SEG6_LOCAL_ACTION_END) return sid;
  if (action != SEG6_LOCAL_ACTION_END_X) return std::nullopt;
  sid.cross_connect = true;
  sid.next_hop = AddressOf(encap.Bytes(SEG6_LOCAL_NH6)).value_or(Ipv6{});
  sid.interface = NameOf(names, encap.Get<int>(SEG6_LOCAL_OIF));
  return sid;
}

NetlinkMessage AddressMessage(uint16_t type, uint16_t flags, const AddressSpec& spec, int index) {
  NetlinkMessage message(type, flags);
  auto& header = message.Header<ifaddrmsg>();
  header.ifa_family = AF_INET6;
  header.ifa_prefixlen = spec.length;
  header.ifa_scope = RT_SCOPE_UNIVERSE;
  header.ifa_index = index;
  message.Address(IFA_LOCAL, spec.address);
  message.U32(IFA_FLAGS, IFA_F_NODAD | IFA_F_PERMANENT);
  message.U8(IFA_PROTO, kWaymarkProtocol);
  return message;
}

NetlinkMessage RuleMessage(uint16_t type, uint16_t flags) {
  NetlinkMessage message(type, flags);
  auto& header = message.Header<fib_rule_hdr>();
  header.family = AF_INET6;
  header.action = FR_ACT_TO_TBL;
  message.U32(FRA_PRIORITY, kFirstHopRule);
  message.U32(FRA_TABLE, kFirstHopTable);
  message.Text(FRA_IIFNAME, "lo");
  message.U8(FRA_PROTOCOL, kWaymarkProtocol);
  return message;
}

}  // namespace

std::string KeyOf(const RouteSpec& spec) {
  return absl::StrCat("route:", spec.table, ":", ToString(spec.prefix), "/", spec.length, ":",
                      spec.metric);
}

NetlinkMessage RouteMessage(uint16_t type, uint16_t flags, const RouteSpec& spec, int device_index,
                            int sid_index) {
  NetlinkMessage message(type, flags);
  auto& header = message.Header<rtmsg>();
  header.rtm_family = AF_INET6;
  header.rtm_dst_len = spec.length;
  header.rtm_protocol = kWaymarkProtocol;
  header.rtm_scope = RT_SCOPE_UNIVERSE;
  header.rtm_type = RouteType(spec.kind);
  header.rtm_table = static_cast<uint8_t>(spec.table);
  message.Address(RTA_DST, spec.prefix);
  message.U32(RTA_TABLE, spec.table);
  message.U32(RTA_PRIORITY, spec.metric);
  if (spec.nexthop != 0) message.U32(RTA_NH_ID, spec.nexthop);
  if (device_index != 0) message.U32(RTA_OIF, device_index);
  if (spec.gateway) message.Address(RTA_GATEWAY, *spec.gateway);
  if (spec.sid) PutLocalSid(message, *spec.sid, sid_index);
  return message;
}

absl::Status Install(NetlinkSocket& kernel, const RouteSpec& spec, const RouteSpec*) {
  const std::string what = KeyOf(spec);
  const int device = spec.device.empty() ? 0 : kernel.InterfaceIndex(spec.device);
  if (!spec.device.empty() && device == 0) return MissingDevice(what, spec.device);
  int sid_device = 0;
  if (spec.sid && spec.sid->cross_connect) {
    sid_device = kernel.InterfaceIndex(spec.sid->interface);
    if (sid_device == 0) return MissingDevice(what, spec.sid->interface);
  }
  NetlinkMessage message =
      RouteMessage(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, spec, device, sid_device);
  return kernel.Request(message, what);
}

absl::Status Uninstall(NetlinkSocket& kernel, const RouteSpec& spec) {
  RouteSpec bare = spec;
  bare.sid.reset();
  bare.gateway.reset();
  NetlinkMessage message = RouteMessage(RTM_DELROUTE, 0, bare, 0, 0);
  return IgnoreMissing(kernel.Request(message, "remove " + KeyOf(spec)));
}

std::optional<RouteSpec> ParseRoute(const nlmsghdr* message, const InterfaceNames& names) {
  const auto* header = NetlinkHeader<rtmsg>(message);
  if (header == nullptr || header->rtm_protocol != kWaymarkProtocol ||
      header->rtm_family != AF_INET6 || (header->rtm_flags & RTM_F_CLONED) != 0) {
    return std::nullopt;
  }
  const NetlinkAttributes attributes(message, sizeof(rtmsg));
  RouteSpec spec;
  spec.table = attributes.Has(RTA_TABLE) ? attributes.Get<uint32_t>(RTA_TABLE) : header->rtm_table;
  spec.prefix = AddressOf(attributes.Bytes(RTA_DST)).value_or(Ipv6{});
  spec.length = header->rtm_dst_len;
  spec.metric = attributes.Get<uint32_t>(RTA_PRIORITY);
  switch (header->rtm_type) {
    case RTN_UNICAST:
      break;
    case RTN_LOCAL:
      spec.kind = RouteSpec::Kind::kLocal;
      break;
    case RTN_BLACKHOLE:
      spec.kind = RouteSpec::Kind::kBlackhole;
      return spec;
    case RTN_UNREACHABLE:
      spec.kind = RouteSpec::Kind::kUnreachable;
      return spec;
    default:
      return std::nullopt;
  }
  spec.nexthop = attributes.Get<uint32_t>(RTA_NH_ID);
  if (spec.nexthop != 0) return spec;
  if (attributes.Has(RTA_OIF)) spec.device = NameOf(names, attributes.Get<int>(RTA_OIF));
  spec.gateway = AddressOf(attributes.Bytes(RTA_GATEWAY));
  if (attributes.Get<uint16_t>(RTA_ENCAP_TYPE) == LWTUNNEL_ENCAP_SEG6_LOCAL) {
    spec.sid = ParseLocalSid(attributes.Nest(RTA_ENCAP), names);
  }
  return spec;
}

std::string KeyOf(const AddressSpec& spec) {
  return absl::StrCat("address:", spec.device, ":", ToString(spec.address), "/", spec.length);
}

absl::Status Install(NetlinkSocket& kernel, const AddressSpec& spec, const AddressSpec*) {
  const int index = kernel.InterfaceIndex(spec.device);
  if (index == 0) return MissingDevice(KeyOf(spec), spec.device);
  NetlinkMessage message = AddressMessage(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, spec, index);
  return kernel.Request(message, KeyOf(spec));
}

absl::Status Uninstall(NetlinkSocket& kernel, const AddressSpec& spec) {
  const int index = kernel.InterfaceIndex(spec.device);
  if (index == 0) return absl::OkStatus();
  NetlinkMessage message = AddressMessage(RTM_DELADDR, 0, spec, index);
  return IgnoreMissing(kernel.Request(message, "remove " + KeyOf(spec)));
}

std::optional<AddressSpec> ParseAddress(const nlmsghdr* message, const InterfaceNames& names) {
  const auto* header = NetlinkHeader<ifaddrmsg>(message);
  if (header == nullptr || header->ifa_family != AF_INET6) return std::nullopt;
  const NetlinkAttributes attributes(message, sizeof(ifaddrmsg));
  if (attributes.Get<uint8_t>(IFA_PROTO) != kWaymarkProtocol) return std::nullopt;
  std::optional<Ipv6> address = AddressOf(attributes.Bytes(IFA_LOCAL));
  if (!address) address = AddressOf(attributes.Bytes(IFA_ADDRESS));
  if (!address) return std::nullopt;
  return AddressSpec{NameOf(names, static_cast<int>(header->ifa_index)), *address,
                     header->ifa_prefixlen};
}

std::string KeyOf(const RuleSpec&) { return absl::StrCat("rule:", kFirstHopRule); }

absl::Status Install(NetlinkSocket& kernel, const RuleSpec& spec, const RuleSpec*) {
  NetlinkMessage message = RuleMessage(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL);
  const absl::Status status = kernel.Request(message, KeyOf(spec));
  return absl::IsAlreadyExists(status) ? absl::OkStatus() : status;
}

absl::Status Uninstall(NetlinkSocket& kernel, const RuleSpec& spec) {
  NetlinkMessage message = RuleMessage(RTM_DELRULE, 0);
  return IgnoreMissing(kernel.Request(message, "remove " + KeyOf(spec)));
}

std::optional<RuleSpec> ParseRule(const nlmsghdr* message) {
  const auto* header = NetlinkHeader<fib_rule_hdr>(message);
  if (header == nullptr || header->family != AF_INET6) return std::nullopt;
  const NetlinkAttributes attributes(message, sizeof(fib_rule_hdr));
  if (attributes.Get<uint8_t>(FRA_PROTOCOL) != kWaymarkProtocol ||
      attributes.Get<uint32_t>(FRA_PRIORITY) != kFirstHopRule ||
      attributes.Get<uint32_t>(FRA_TABLE) != kFirstHopTable ||
      attributes.Text(FRA_IIFNAME) != "lo") {
    return std::nullopt;
  }
  return RuleSpec{};
}

}  // namespace waymark
