#include "southbound/dataplane/linux_nexthops.h"

#include <linux/lwtunnel.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <linux/seg6.h>
#include <linux/seg6_iptunnel.h>

#include <cstring>

#include "absl/strings/str_cat.h"
#include "southbound/dataplane/linux_specs.h"

namespace waymark {
namespace {

constexpr size_t kModeSize = sizeof(int);
constexpr size_t kSrhSize = sizeof(ipv6_sr_hdr);
constexpr uint8_t kSegmentRouting = 4;  // routing header type (RFC 8754)

// RFC 8754: segments in reverse. Inline mode wants one more slot, the last of the path, for the
// destination that the packet had.
std::vector<uint8_t> InlineSrh(const std::vector<Ipv6>& carriers) {
  const size_t slots = carriers.size() + 1;
  std::vector<uint8_t> bytes(kModeSize + kSrhSize + slots * sizeof(Ipv6));
  const int mode = SEG6_IPTUN_MODE_INLINE;
  std::memcpy(bytes.data(), &mode, sizeof mode);
  ipv6_sr_hdr header{};
  header.hdrlen = static_cast<uint8_t>(slots * 2);
  header.type = kSegmentRouting;
  header.segments_left = header.first_segment = static_cast<uint8_t>(slots - 1);
  std::memcpy(bytes.data() + kModeSize, &header, kSrhSize);
  for (size_t i = 0; i < carriers.size(); ++i) {
    std::copy(carriers[i].begin(), carriers[i].end(),
              bytes.begin() + kModeSize + kSrhSize + (slots - 1 - i) * sizeof(Ipv6));
  }
  return bytes;
}

std::vector<Ipv6> ParseSrh(std::span<const uint8_t> bytes) {
  std::vector<Ipv6> carriers;
  if (bytes.size() < kModeSize + kSrhSize + sizeof(Ipv6)) return carriers;
  int mode;
  std::memcpy(&mode, bytes.data(), sizeof mode);
  if (mode != SEG6_IPTUN_MODE_INLINE) return carriers;
  const size_t slots = (bytes.size() - kModeSize - kSrhSize) / sizeof(Ipv6);
  for (size_t slot = slots - 1; slot > 0; --slot) {
    const uint8_t* at = bytes.data() + kModeSize + kSrhSize + slot * sizeof(Ipv6);
    std::copy(at, at + sizeof(Ipv6), carriers.emplace_back().begin());
  }
  return carriers;
}

}  // namespace

NetlinkMessage NexthopMessage(uint32_t id, const Nexthop& nexthop, int anchor) {
  NetlinkMessage message(RTM_NEWNEXTHOP, NLM_F_CREATE | NLM_F_REPLACE);
  auto& header = message.Header<nhmsg>();
  header.nh_protocol = kWaymarkProtocol;
  header.nh_family = nexthop.members.empty() ? AF_INET6 : AF_UNSPEC;
  message.U32(NHA_ID, id);
  if (!nexthop.members.empty()) {
    std::vector<nexthop_grp> group;
    for (const auto& [member, weight] : nexthop.members) {
      nexthop_grp entry{};
      entry.id = member;
      entry.weight = static_cast<uint8_t>(weight - 1);
      group.push_back(entry);
    }
    message.Bytes(NHA_GROUP, {reinterpret_cast<const uint8_t*>(group.data()),
                              group.size() * sizeof(nexthop_grp)});
  } else if (nexthop.carriers.empty()) {
    message.Flag(NHA_BLACKHOLE);
  } else {
    message.U32(NHA_OIF, anchor);
    nlattr* encap = message.BeginNest(NHA_ENCAP | NLA_F_NESTED);
    message.Bytes(SEG6_IPTUNNEL_SRH, InlineSrh(nexthop.carriers));
    message.EndNest(encap);
    message.U16(NHA_ENCAP_TYPE, LWTUNNEL_ENCAP_SEG6);
  }
  return message;
}

absl::Status SetNexthop(NetlinkSocket& kernel, uint32_t id, const Nexthop& nexthop, int anchor) {
  NetlinkMessage message = NexthopMessage(id, nexthop, anchor);
  return kernel.Request(message, absl::StrCat("nexthop ", id));
}

absl::Status DeleteNexthop(NetlinkSocket& kernel, uint32_t id) {
  NetlinkMessage message(RTM_DELNEXTHOP, 0);
  message.Header<nhmsg>();
  message.U32(NHA_ID, id);
  const absl::Status status = kernel.Request(message, absl::StrCat("remove nexthop ", id));
  return absl::IsNotFound(status) ? absl::OkStatus() : status;
}

std::optional<std::pair<uint32_t, Nexthop>> ParseNexthop(const nlmsghdr* message) {
  const auto* header = NetlinkHeader<nhmsg>(message);
  if (header == nullptr || header->nh_protocol != kWaymarkProtocol) return std::nullopt;
  const NetlinkAttributes attributes(message, sizeof(nhmsg));
  const auto id = attributes.Get<uint32_t>(NHA_ID);
  if (id < kBlackholeNexthop || id > kLastGroupNexthop) return std::nullopt;
  Nexthop nexthop;
  const std::span<const uint8_t> group = attributes.Bytes(NHA_GROUP);
  for (size_t at = 0; at + sizeof(nexthop_grp) <= group.size(); at += sizeof(nexthop_grp)) {
    nexthop_grp entry;
    std::memcpy(&entry, group.data() + at, sizeof entry);
    nexthop.members[entry.id] = entry.weight + 1u;
  }
  if (attributes.Get<uint16_t>(NHA_ENCAP_TYPE) == LWTUNNEL_ENCAP_SEG6) {
    nexthop.carriers = ParseSrh(attributes.Nest(NHA_ENCAP).Bytes(SEG6_IPTUNNEL_SRH));
  }
  return std::make_pair(id, std::move(nexthop));
}

absl::Status DumpNexthops(NetlinkSocket& kernel, Nexthops* nexthops) {
  nexthops->clear();
  NetlinkMessage dump(RTM_GETNEXTHOP, NLM_F_DUMP);
  dump.Header<nhmsg>();
  return kernel.Query(dump, "list nexthops", [nexthops](const nlmsghdr* m) {
    if (auto found = ParseNexthop(m)) nexthops->insert(std::move(*found));
  });
}

}  // namespace waymark
