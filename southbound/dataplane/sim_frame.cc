#include "southbound/dataplane/sim_frame.h"

#include <algorithm>

#include "controller/base/object.h"

namespace waymark {
namespace {

constexpr size_t kAddresses = 12;
constexpr uint16_t kEtherTypeIpv4 = 0x0800;
constexpr uint16_t kEtherTypeIpv6 = 0x86dd;
constexpr uint8_t kTcp = 6;
constexpr uint8_t kUdp = 17;
constexpr size_t kMostTags = 2;

uint8_t Byte(std::string_view bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }

uint16_t Word(std::string_view bytes, size_t at) {
  return static_cast<uint16_t>(Byte(bytes, at) << 8 | Byte(bytes, at + 1));
}

bool IsTag(uint16_t ethertype) {
  return ethertype == kEtherTypeVlan || ethertype == kEtherTypeServiceTag;
}

std::optional<uint8_t> ReadDscp(std::string_view packet, uint16_t ethertype) {
  if (packet.size() < 2) return std::nullopt;
  if (ethertype == kEtherTypeIpv4 && Byte(packet, 0) >> 4 == 4) return Byte(packet, 1) >> 2;
  if (ethertype == kEtherTypeIpv6 && Byte(packet, 0) >> 4 == 6) {
    return static_cast<uint8_t>((Word(packet, 0) >> 6) & 0x3f);
  }
  return std::nullopt;
}

// Addresses, protocol and ports, as far as the packet has them. A fragment has no ports behind its
// first, so none is read from any: the parts of one packet must not part.
std::string FlowOfIp(std::string_view packet, uint16_t ethertype) {
  std::string flow;
  uint8_t protocol = 0;
  size_t ports = 0;
  if (ethertype == kEtherTypeIpv4 && packet.size() >= 20) {
    flow = packet.substr(12, 8);
    protocol = Byte(packet, 9);
    const bool fragment = (Word(packet, 6) & 0x3fff) != 0;
    ports = fragment ? packet.size() : static_cast<size_t>(Byte(packet, 0) & 0xf) * 4;
  } else if (ethertype == kEtherTypeIpv6 && packet.size() >= 40) {
    flow = packet.substr(8, 32);
    protocol = Byte(packet, 6);
    ports = 40;
  } else {
    return flow;
  }
  flow.push_back(static_cast<char>(protocol));
  if ((protocol == kTcp || protocol == kUdp) && ports + 4 <= packet.size()) {
    flow += packet.substr(ports, 4);
  }
  return flow;
}

}  // namespace

bool FrameInfo::link_local() const {
  constexpr MacAddress kBlock = {0x01, 0x80, 0xc2, 0x00, 0x00, 0x00};
  return std::equal(kBlock.begin(), kBlock.end() - 1, destination.begin()) && destination[5] < 0x10;
}

std::optional<FrameInfo> ParseFrame(std::string_view frame) {
  if (frame.size() < kEthernetHeader) return std::nullopt;
  FrameInfo info;
  std::copy_n(frame.begin(), 6, info.destination.begin());
  std::copy_n(frame.begin() + 6, 6, info.source.begin());
  size_t at = kAddresses;
  while (info.tag_count < kMostTags && IsTag(Word(frame, at))) {
    if (frame.size() < at + kVlanTag + 2) return std::nullopt;
    const uint16_t control = Word(frame, at + 2);
    if (!info.tag) {
      info.tag = VlanTag{.ethertype = Word(frame, at),
                         .pcp = static_cast<uint8_t>(control >> 13),
                         .vid = static_cast<uint16_t>(control & 0xfff)};
    }
    ++info.tag_count;
    at += kVlanTag;
  }
  info.ethertype = Word(frame, at);
  info.payload_offset = at + 2;
  info.dscp = ReadDscp(frame.substr(info.payload_offset), info.ethertype);
  return info;
}

std::string PushTag(std::string_view frame, const VlanTag& tag) {
  const auto control = static_cast<uint16_t>(tag.pcp << 13 | tag.vid);
  std::string tagged(frame.substr(0, kAddresses));
  tagged.push_back(static_cast<char>(tag.ethertype >> 8));
  tagged.push_back(static_cast<char>(tag.ethertype));
  tagged.push_back(static_cast<char>(control >> 8));
  tagged.push_back(static_cast<char>(control));
  tagged += frame.substr(kAddresses);
  return tagged;
}

std::string PopTag(std::string_view frame) {
  std::string untagged(frame.substr(0, kAddresses));
  untagged += frame.substr(kAddresses + kVlanTag);
  return untagged;
}

uint64_t FlowHash(std::string_view frame) {
  const std::optional<FrameInfo> info = ParseFrame(frame);
  if (!info) return 0;
  std::string flow(frame.substr(0, kAddresses));
  flow += FlowOfIp(frame.substr(info->payload_offset), info->ethertype);
  const uint64_t hash = HashBytes(flow);
  // The low bits choose the path: fold the high ones in, FNV leaves structure there.
  return hash ^ hash >> 32;
}

}  // namespace waymark
