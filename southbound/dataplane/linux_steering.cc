#include "southbound/dataplane/linux_steering.h"

#include <arpa/inet.h>
#include <nftables/libnftables.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "controller/base/object.h"
#include "controller/base/srv6.h"
#include "nlohmann/json.hpp"

namespace waymark {
namespace {

using Json = nlohmann::json;
using PolicyId = std::pair<uint32_t, uint32_t>;  // color, endpoint_sid

constexpr int kDscps = 64;
constexpr uint8_t kHalfAnEntry = 255;

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
                  "add rule ip6 waymark vx @nh,16,16 set jhash udp sport mod 65536 seed 0x57\n"
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
      "\tchain vx {\n\t\t@nh,16,16 set jhash udp sport mod 65536 seed 0x57\n"
      "\t\tmeta mark . ip6 daddr vmap @cos\n"
      "\t\tip6 daddr set meta mark . ip6 daddr map @bsid accept\n"
      "\t\tcounter name \"nopath\" drop\n\t}\n";
  for (int dscp = 0; dscp < kDscps; ++dscp) {
    absl::StrAppend(&text, "\n\tchain ", DscpChain(dscp), " {\n\t\tip6 dscp set 0x",
                    absl::Hex(dscp, absl::kZeroPad2), "\n\t}\n");
  }
  return text + "}\n";
}

// The node SID of a VTEP; 0 if it is none.
uint32_t NodeOf(const std::string& address) {
  Ipv6 parsed;
  if (inet_pton(AF_INET6, address.c_str(), parsed.data()) != 1) return 0;
  const uint32_t sid = static_cast<uint32_t>(parsed[4]) << 8 | parsed[5];
  return parsed == Vtep(sid) ? sid : 0;
}

using ElementVisitor = std::function<void(const PolicyId&, const Json&)>;

void ForEachElement(std::string_view text, const ElementVisitor& visit) {
  const Json root = Json::parse(text, nullptr, false);
  if (!root.is_object() || !root.contains("nftables") || !root["nftables"].is_array()) return;
  for (const Json& object : root["nftables"]) {
    if (!object.is_object() || !object.contains("map") || !object["map"].is_object()) continue;
    const Json& map = object["map"];
    if (!map.contains("elem") || !map["elem"].is_array()) continue;
    for (const Json& element : map["elem"]) {
      if (!element.is_array() || element.size() != 2 || !element[0].is_object()) continue;
      if (!element[0].contains("concat")) continue;
      const Json& key = element[0]["concat"];
      if (!key.is_array() || key.size() != 2 || !key[0].is_number_unsigned() ||
          !key[1].is_string()) {
        continue;
      }
      visit({key[0].get<uint32_t>(), NodeOf(key[1].get<std::string>())}, element[1]);
    }
  }
}

std::string ElementKey(const SteeringSpec& spec) {
  return absl::StrCat(spec.color, " . ", ToString(Vtep(spec.endpoint_sid)));
}

std::string AddElement(const SteeringSpec& spec) {
  const std::string key = ElementKey(spec);
  return absl::StrCat("add element ip6 waymark cos { ", key, " : jump ", DscpChain(spec.dscp),
                      " }\nadd element ip6 waymark bsid { ", key, " : ",
                      ToString(BindingSid(spec.endpoint_sid, spec.color)), " }\n");
}

std::string DeleteElement(const SteeringSpec& spec, const char* map) {
  return absl::StrCat("delete element ip6 waymark ", map, " { ", ElementKey(spec), " }\n");
}

}  // namespace

std::string KeyOf(const SteeringSpec& spec) {
  return absl::StrCat("steer:", spec.color, ":", spec.endpoint_sid);
}
std::string KeyOf(const SteeringTableSpec&) { return "steering"; }

std::map<PolicyId, uint8_t> ParseDscpMap(std::string_view json) {
  std::map<PolicyId, uint8_t> result;
  ForEachElement(json, [&result](const PolicyId& id, const Json& value) {
    if (!value.is_object() || !value.contains("jump") || !value["jump"].is_object()) return;
    const std::string target = value["jump"].value("target", "");
    for (int dscp = 0; dscp < kDscps; ++dscp) {
      if (target == DscpChain(dscp)) result[id] = static_cast<uint8_t>(dscp);
    }
  });
  return result;
}

std::map<PolicyId, std::string> ParseBindingMap(std::string_view json) {
  std::map<PolicyId, std::string> result;
  ForEachElement(json, [&result](const PolicyId& id, const Json& value) {
    if (value.is_string()) result[id] = value.get<std::string>();
  });
  return result;
}

Steering::Steering()
    : context_(nft_ctx_new(NFT_CTX_DEFAULT)), expected_rules_(HashBytes(SkeletonListing())) {
  nft_ctx_buffer_output(context_);
  nft_ctx_buffer_error(context_);
}

Steering::~Steering() { nft_ctx_free(context_); }

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
  std::string commands;
  // A map's element has to go before one with another value can come; one transaction, so that no
  // packet sees it.
  if (before != nullptr && before->dscp == kHalfAnEntry) (void)Uninstall(*before);
  if (before != nullptr && before->dscp != kHalfAnEntry) {
    commands = DeleteElement(*before, "cos") + DeleteElement(*before, "bsid");
  }
  return Run(commands + AddElement(spec), "add " + KeyOf(spec)).status();
}

absl::Status Steering::Uninstall(const SteeringSpec& spec) {
  absl::Status status = absl::OkStatus();
  for (const char* map : {"bsid", "cos"}) {
    const absl::Status removed = Run(DeleteElement(spec, map), "remove " + KeyOf(spec)).status();
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
  nft_ctx_output_set_flags(context_, NFT_CTX_OUTPUT_JSON);
  absl::StatusOr<std::string> bsid = Run("list map ip6 waymark bsid", "list binding SIDs");
  absl::StatusOr<std::string> cos = Run("list map ip6 waymark cos", "list classes");
  nft_ctx_output_set_flags(context_, 0);
  std::map<PolicyId, uint8_t> dscps;
  std::map<PolicyId, std::string> bindings;
  if (cos.ok()) dscps = ParseDscpMap(*cos);
  if (bsid.ok()) bindings = ParseBindingMap(*bsid);
  for (const auto& [id, dscp] : dscps) {
    const auto binding = bindings.find(id);
    const bool whole =
        binding != bindings.end() && binding->second == ToString(BindingSid(id.second, id.first));
    entry({id.first, id.second, whole ? dscp : kHalfAnEntry});
    if (binding != bindings.end()) bindings.erase(binding);
  }
  for (const auto& [id, text] : bindings) entry({id.first, id.second, kHalfAnEntry});
  return absl::OkStatus();
}

}  // namespace waymark
