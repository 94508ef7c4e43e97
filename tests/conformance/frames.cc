#include "tests/conformance/frames.h"

#include <algorithm>

namespace waymark {
namespace {

constexpr size_t kUdpHeader = 8;

void Append16(std::string* out, uint32_t value) {
  out->push_back(static_cast<char>(value >> 8));
  out->push_back(static_cast<char>(value));
}

// RFC 791: kernels drop a packet whose header's sum is wrong.
uint16_t HeaderChecksum(const std::string& header) {
  uint32_t sum = 0;
  for (size_t i = 0; i + 1 < header.size(); i += 2) {
    sum += static_cast<uint32_t>(static_cast<uint8_t>(header[i]) << 8 |
                                 static_cast<uint8_t>(header[i + 1]));
  }
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

std::string Ipv4Header(const FrameSpec& spec, size_t total) {
  std::string header = {0x45, static_cast<char>(spec.dscp << 2)};
  Append16(&header, static_cast<uint32_t>(total));
  header += std::string("\x00\x00\x40\x00\x40\x11\x00\x00", 8);
  header += std::string("\x0a\x00\x00", 3) + spec.from.back();
  header += std::string("\x0a\x00\x00", 3) + spec.to.back();
  const uint16_t sum = HeaderChecksum(header);
  header[10] = static_cast<char>(sum >> 8);
  header[11] = static_cast<char>(sum);
  return header;
}

std::string Ipv6Header(const FrameSpec& spec, size_t total) {
  std::string header;
  Append16(&header, 0x6000u | static_cast<uint32_t>(spec.dscp) << 6);
  Append16(&header, 0);
  Append16(&header, static_cast<uint32_t>(total - 40));
  header += "\x11\x40";
  for (const char last : {spec.from.back(), spec.to.back()}) {
    header += std::string("\x20\x01\x0d\xb8", 4) + std::string(11, '\0') + last;
  }
  return header;
}

}  // namespace

std::string HostMac(uint8_t number) {
  return std::string("\x02\x00\x00\x00\x00", 5) + static_cast<char>(number);
}

std::string MakeFrame(const FrameSpec& spec) {
  std::string frame = spec.to + spec.from;
  if (spec.vlan) {
    Append16(&frame, 0x8100);
    Append16(&frame, static_cast<uint32_t>(spec.pcp) << 13 | *spec.vlan);
  }
  Append16(&frame, spec.ipv6 ? 0x86dd : 0x0800);
  const size_t ip_header = spec.ipv6 ? 40 : 20;
  const size_t total = std::max(spec.ip_bytes, ip_header + kUdpHeader + spec.text.size());
  frame += spec.ipv6 ? Ipv6Header(spec, total) : Ipv4Header(spec, total);
  Append16(&frame, spec.source_port);
  Append16(&frame, 7);
  Append16(&frame, static_cast<uint32_t>(total - ip_header));
  Append16(&frame, 0);
  frame += spec.text;
  frame.append(total - ip_header - kUdpHeader - spec.text.size(), '.');
  return frame;
}

std::string MakeRawFrame(const std::string& to, const std::string& from, uint16_t ethertype,
                         const std::string& payload) {
  std::string frame = to + from;
  Append16(&frame, ethertype);
  frame += payload;
  // Shortest Ethernet frame without FCS.
  if (frame.size() < 60) frame.append(60 - frame.size(), '\0');
  return frame;
}

}  // namespace waymark
