#include "southbound/dataplane/linux_steering.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <nftables/libnftables.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controller/base/object.h"
#include "controller/base/srv6.h"

namespace waymark {
namespace {

using PolicyId = std::pair<uint32_t, uint32_t>;  // color, endpoint_sid

constexpr int kDscps = 64;

// nft can't set the DSCP from a map, but it can jump by one.
std::string DscpChain(int dscp) { return absl::StrCat("d", dscp); }

// VXLAN's source port is the flow's; a hash of it becomes the flow label (RFC 6438), by which
// groups of paths spread flows.
std::string Skeleton() {
  std::string text =
      "add table ip6 waymark\n"
      "add counter ip6 waymark nopath\n"
      "add map ip6 waymark bsid { type mark . ipv6_addr : ipv6_addr; }\n"
      "add map ip6 waymark cos { type mark . ipv6_addr : verdict; }\n"
      "add chain ip6 waymark out { type route hook output priority mangle; policy accept; }\n"
      "add chain ip6 waymark vx\n";
  for (int dscp = 0; dscp < kDscps; ++dscp) {
    absl::StrAppend(&text, "add chain ip6 waymark ", DscpChain(dscp), "\nflush chain ip6 waymark ",
                    DscpChain(dscp), "\nadd rule ip6 waymark ", DscpChain(dscp), " ip6 dscp set ",
                    dscp, "\n");
  }
  absl::StrAppend(&text,
                  "flush chain ip6 waymark out\nflush chain ip6 waymark vx\n"
                  "add rule ip6 waymark out udp dport 4789 goto vx\n"
                  "add rule ip6 waymark vx @nh,16,16 set jhash udp sport mod 4294967295 seed 0x57\n"
                  "add rule ip6 waymark vx meta mark . ip6 daddr vmap @cos\n"
                  "add rule ip6 waymark vx ip6 daddr set meta mark . ip6 daddr map @bsid accept\n"
                  "add rule ip6 waymark vx counter name nopath drop\n");
  return text;
}

// How nft lists Skeleton().
std::string SkeletonListing() {
  std::string text =
      "table ip6 waymark {\n"
      "\tcounter nopath {\n\t}\n\n"
      "\tmap bsid {\n\t\ttype mark . ipv6_addr : ipv6_addr\n\t}\n\n"
      "\tmap cos {\n\t\ttype mark . ipv6_addr : verdict\n\t}\n\n"
      "\tchain out {\n\t\ttype route hook output priority mangle; policy accept;\n"
      "\t\tudp dport 4789 goto vx\n\t}\n\n"
      "\tchain vx {\n\t\t@nh,16,16 set jhash udp sport mod 4294967295 seed 0x57\n"
      "\t\tmeta mark . ip6 daddr vmap @cos\n"
      "\t\tip6 daddr set meta mark . ip6 daddr map @bsid accept\n"
      "\t\tcounter name \"nopath\" drop\n\t}\n";
  for (int dscp = 0; dscp < kDscps; ++dscp) {
    absl::StrAppend(&text, "\n\tchain ", DscpChain(dscp), " {\n\t\tip6 dscp set 0x",
                    absl::Hex(dscp, absl::kZeroPad2), "\n\t}\n");
  }
  return text + "}\n";
}

constexpr size_t kKeySize = sizeof(uint32_t) + sizeof(Ipv6);

const char* MapName(SteeringMap map) { return map == SteeringMap::kBinding ? "bsid" : "cos"; }

NetlinkMessage TableMessage(uint16_t type, uint16_t flags, SteeringMap map) {
  NetlinkMessage message(NFNL_SUBSYS_NFTABLES << 8 | type, flags);
  auto& header = message.Header<nfgenmsg>();
  header.nfgen_family = NFPROTO_IPV6;
  header.version = NFNETLINK_V0;
  message.Text(NFTA_SET_ELEM_LIST_TABLE, "waymark");
  message.Text(NFTA_SET_ELEM_LIST_SET, MapName(map));
  return message;
}

// The policy of an element's key: the mark as the host has it, then the VTEP.
std::optional<PolicyId> PolicyOf(std::span<const uint8_t> key) {
  if (key.size() != kKeySize) return std::nullopt;
  uint32_t color;
  std::memcpy(&color, key.data(), sizeof color);
  Ipv6 vtep;
  std::copy(key.begin() + sizeof color, key.end(), vtep.begin());
  const uint32_t sid = static_cast<uint32_t>(vtep[4]) << 8 | vtep[5];
  if (vtep != Vtep(sid)) return std::nullopt;
  return PolicyId{color, sid};
}

uint8_t DscpOfChain(const std::string& chain) {
  for (int dscp = 0; dscp < kDscps; ++dscp) {
    if (chain == DscpChain(dscp)) return static_cast<uint8_t>(dscp);
  }
  return kHalfAnEntry;
}

}  // namespace

std::string KeyOf(const SteeringSpec& spec) {
  return absl::StrCat("steer:", spec.color, ":", spec.endpoint_sid);
}
std::string KeyOf(const SteeringTableSpec&) { return "steering"; }

NetlinkMessage SteeringMessage(uint16_t type, SteeringMap map, const SteeringSpec& spec) {
  NetlinkMessage message = TableMessage(type, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0, map);
  const Ipv6 vtep = Vtep(spec.endpoint_sid);
  std::vector<uint8_t> key(kKeySize);
  std::memcpy(key.data(), &spec.color, sizeof spec.color);
  std::copy(vtep.begin(), vtep.end(), key.begin() + sizeof spec.color);
  nlattr* elements = message.BeginNest(NFTA_SET_ELEM_LIST_ELEMENTS | NLA_F_NESTED);
  nlattr* element = message.BeginNest(NFTA_LIST_ELEM | NLA_F_NESTED);
  nlattr* key_nest = message.BeginNest(NFTA_SET_ELEM_KEY | NLA_F_NESTED);
  message.Bytes(NFTA_DATA_VALUE, key);
  message.EndNest(key_nest);
  if (type == NFT_MSG_NEWSETELEM) {
    nlattr* data = message.BeginNest(NFTA_SET_ELEM_DATA | NLA_F_NESTED);
    if (map == SteeringMap::kBinding) {
      message.Address(NFTA_DATA_VALUE, BindingSid(spec.endpoint_sid, spec.color));
    } else {
      nlattr* verdict = message.BeginNest(NFTA_DATA_VERDICT | NLA_F_NESTED);
      message.U32(NFTA_VERDICT_CODE, htonl(static_cast<uint32_t>(NFT_JUMP)));
      message.Text(NFTA_VERDICT_CHAIN, DscpChain(spec.dscp));
      message.EndNest(verdict);
    }
    message.EndNest(data);
  }
  message.EndNest(element);
  message.EndNest(elements);
  return message;
}

std::map<PolicyId, uint8_t> ParseSteering(const nlmsghdr* message, SteeringMap map) {
  std::map<PolicyId, uint8_t> result;
  if (NetlinkHeader<nfgenmsg>(message) == nullptr) return result;
  const NetlinkAttributes attributes(message, sizeof(nfgenmsg));
  attributes.Nest(NFTA_SET_ELEM_LIST_ELEMENTS).ForEach([&](const NetlinkAttributes& element) {
    const auto policy = PolicyOf(element.Nest(NFTA_SET_ELEM_KEY).Bytes(NFTA_DATA_VALUE));
    if (!policy) return;
    const NetlinkAttributes data = element.Nest(NFTA_SET_ELEM_DATA);
    if (map == SteeringMap::kDscp) {
      result[*policy] = DscpOfChain(data.Nest(NFTA_DATA_VERDICT).Text(NFTA_VERDICT_CHAIN));
      return;
    }
    const std::span<const uint8_t> value = data.Bytes(NFTA_DATA_VALUE);
    const Ipv6 wanted = BindingSid(policy->second, policy->first);
    const bool same = std::equal(value.begin(), value.end(), wanted.begin(), wanted.end());
    result[*policy] = same ? 0 : kHalfAnEntry;
  });
  return result;
}

Steering::Steering() : expected_rules_(HashBytes(SkeletonListing())) {}

Steering::~Steering() {
  if (context_ != nullptr) nft_ctx_free(context_);
}

absl::Status Steering::Open() {
  absl::StatusOr<std::unique_ptr<NetlinkSocket>> socket = NetlinkSocket::Open(0, NETLINK_NETFILTER);
  if (!socket.ok()) return socket.status();
  kernel_ = *std::move(socket);
  context_ = nft_ctx_new(NFT_CTX_DEFAULT);
  if (context_ == nullptr) return absl::InternalError("nftables: no context");
  nft_ctx_buffer_output(context_);
  nft_ctx_buffer_error(context_);
  return absl::OkStatus();
}

absl::StatusOr<std::string> Steering::Run(const std::string& commands, const std::string& what) {
  const int error = nft_run_cmd_from_buffer(context_, commands.c_str());
  std::string output = nft_ctx_get_output_buffer(context_);
  const std::string reason = nft_ctx_get_error_buffer(context_);
  if (error == 0) return output;
  const std::string text = absl::StrCat("nftables: ", what, ": ", reason);
  if (absl::StrContains(reason, "No such file or directory")) return absl::NotFoundError(text);
  if (absl::StrContains(reason, "not permitted")) return absl::PermissionDeniedError(text);
  return absl::InternalError(text);
}

absl::StatusOr<uint64_t> Steering::RulesDigest() {
  nft_ctx_output_set_flags(
      context_, NFT_CTX_OUTPUT_STATELESS | NFT_CTX_OUTPUT_TERSE | NFT_CTX_OUTPUT_NUMERIC_SYMBOL);
  absl::StatusOr<std::string> text = Run("list table ip6 waymark", "list the table");
  nft_ctx_output_set_flags(context_, 0);
  if (!text.ok()) return text.status();
  return HashBytes(*text);
}

absl::Status Steering::Install(const SteeringTableSpec&) {
  absl::Status status = Run(Skeleton(), "make the table").status();
  if (!status.ok()) return status;
  absl::StatusOr<uint64_t> digest = RulesDigest();
  if (!digest.ok()) return digest.status();
  expected_rules_ = *digest;
  return absl::OkStatus();
}

absl::Status Steering::Uninstall(const SteeringTableSpec&) {
  const absl::Status status = Run("delete table ip6 waymark", "remove the table").status();
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

absl::Status Steering::Install(const SteeringSpec& spec, const SteeringSpec* before) {
  // Of half an entry it is not known which half.
  if (before != nullptr && before->dscp == kHalfAnEntry) (void)Uninstall(*before);
  std::vector<NetlinkMessage> messages;
  // A map's element has to go before one with another value can come; one transaction, so that no
  // packet sees it.
  if (before != nullptr && before->dscp != kHalfAnEntry) {
    messages.push_back(SteeringMessage(NFT_MSG_DELSETELEM, SteeringMap::kDscp, *before));
  } else {
    messages.push_back(SteeringMessage(NFT_MSG_NEWSETELEM, SteeringMap::kBinding, spec));
  }
  messages.push_back(SteeringMessage(NFT_MSG_NEWSETELEM, SteeringMap::kDscp, spec));
  return kernel_->Transaction(messages, KeyOf(spec));
}

absl::Status Steering::Uninstall(const SteeringSpec& spec) {
  absl::Status status = absl::OkStatus();
  // The binding SID first: without it frames are dropped.
  for (SteeringMap map : {SteeringMap::kBinding, SteeringMap::kDscp}) {
    std::vector<NetlinkMessage> messages;
    messages.push_back(SteeringMessage(NFT_MSG_DELSETELEM, map, spec));
    const absl::Status removed = kernel_->Transaction(messages, "remove " + KeyOf(spec));
    if (!removed.ok() && !absl::IsNotFound(removed)) status = removed;
  }
  return status;
}

absl::Status Steering::Dump(const std::function<void(const SteeringTableSpec&)>& table,
                            const std::function<void(const SteeringSpec&)>& entry) {
  absl::StatusOr<uint64_t> digest = RulesDigest();
  if (absl::IsNotFound(digest.status())) return absl::OkStatus();
  if (!digest.ok()) return digest.status();
  table({*digest});
  std::map<PolicyId, uint8_t> bindings, dscps;
  for (SteeringMap map : {SteeringMap::kBinding, SteeringMap::kDscp}) {
    NetlinkMessage dump = TableMessage(NFT_MSG_GETSETELEM, NLM_F_DUMP, map);
    const absl::Status status = kernel_->Query(dump, "list steering", [&](const nlmsghdr* message) {
      (map == SteeringMap::kBinding ? bindings : dscps).merge(ParseSteering(message, map));
    });
    if (!status.ok() && !absl::IsNotFound(status)) return status;
  }
  for (const auto& [id, dscp] : dscps) {
    const auto binding = bindings.find(id);
    const bool whole = binding != bindings.end() && binding->second != kHalfAnEntry;
    entry({id.first, id.second, whole ? dscp : kHalfAnEntry});
    bindings.erase(id);
  }
  for (const auto& [id, unused] : bindings) entry({id.first, id.second, kHalfAnEntry});
  return absl::OkStatus();
}

}  // namespace waymark
