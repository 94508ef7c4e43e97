#include "tests/lab/frame.h"

#include <algorithm>

#include "absl/strings/str_format.h"

namespace waymark::lab {
namespace {

constexpr uint16_t kIpv4 = 0x0800, kArp = 0x0806, kVlan = 0x8100, kIpv6 = 0x86dd;
constexpr uint16_t kPort = 7000;

void Put16(std::string& to, uint32_t value) {
  to += static_cast<char>(value >> 8);
  to += static_cast<char>(value);
}

// RFC 1071.
uint16_t Checksum(std::string_view bytes) {
  uint32_t sum = 0;
  for (size_t i = 0; i < bytes.size(); i += 2) {
    sum += static_cast<uint8_t>(bytes[i]) << 8;
    if (i + 1 < bytes.size()) sum += static_cast<uint8_t>(bytes[i + 1]);
  }
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

std::string Ethernet(const std::string& to, const std::string& from, const Mark& mark,
                     uint16_t type) {
  std::string frame = to + from;
  if (mark.pcp.has_value()) {
    Put16(frame, kVlan);
    Put16(frame, static_cast<uint32_t>(*mark.pcp) << 13 | mark.vid);
  }
  Put16(frame, type);
  return frame;
}

std::string Arp(const HostAddress& from, int operation, const std::string& to_mac,
                const std::string& target_mac, const std::string& target_ip) {
  std::string frame = Ethernet(to_mac, from.Mac(), Mark{}, kArp);
  Put16(frame, 1);  // Ethernet
  Put16(frame, kIpv4);
  frame += '\x06';
  frame += '\x04';
  Put16(frame, operation);
  frame += from.Mac() + from.Ipv4() + target_mac + target_ip;
  frame.resize(std::max<size_t>(frame.size(), 60));
  return frame;
}

}  // namespace

std::string HostAddress::Mac() const {
  return std::string("\x02\0\0\0\0", 5) + static_cast<char>(number);
}

std::string HostAddress::MacText() const { return absl::StrFormat("02:00:00:00:00:%02x", number); }

std::string HostAddress::Ipv4() const {
  return std::string("\x0a\0\0", 3) + static_cast<char>(number);
}

std::string HostAddress::Ipv4Text() const { return absl::StrFormat("10.0.0.%d", number); }

std::string HostAddress::Ipv6() const {
  std::string address("\xfd\x77", 2);
  address.resize(15);
  return address + static_cast<char>(number);
}

std::string HostAddress::Ipv6Text() const { return absl::StrFormat("fd77::%x", number); }

std::string BroadcastMac() { return std::string(6, '\xff'); }

std::string UdpFrame(const HostAddress& from, const std::string& to_mac, const HostAddress& to,
                     const Mark& mark, std::string_view payload, size_t ip_length) {
  const size_t length = std::max(ip_length, size_t{20 + 8} + payload.size());
  std::string ip = {'\x45', static_cast<char>(mark.dscp << 2)};
  Put16(ip, static_cast<uint32_t>(length));
  Put16(ip, 0);       // identification
  Put16(ip, 0x4000);  // don't fragment
  ip += '\x40';       // hop limit
  ip += '\x11';       // UDP
  Put16(ip, 0);
  ip += from.Ipv4() + to.Ipv4();
  const uint16_t checksum = Checksum(ip);
  ip[10] = static_cast<char>(checksum >> 8);
  ip[11] = static_cast<char>(checksum);
  Put16(ip, kPort);
  Put16(ip, kPort);
  Put16(ip, static_cast<uint32_t>(length - 20));
  Put16(ip, 0);  // no UDP checksum
  ip += payload;
  ip.resize(length);
  return Ethernet(to_mac, from.Mac(), mark, kIpv4) + ip;
}

std::string ArpRequest(const HostAddress& from, const HostAddress& wanted) {
  return Arp(from, 1, BroadcastMac(), std::string(6, '\0'), wanted.Ipv4());
}

std::string ArpReply(const HostAddress& from, const HostAddress& to) {
  return Arp(from, 2, to.Mac(), to.Mac(), to.Ipv4());
}

std::string NeighbourSolicitation(const HostAddress& from, const HostAddress& wanted) {
  const std::string target = wanted.Ipv6();
  std::string group("\xff\x02\0\0\0\0\0\0\0\0\0\x01\xff", 13);
  group += target.substr(13);
  std::string icmp("\x87\0\0\0\0\0\0\0", 8);  // type 135
  icmp += target;
  icmp += std::string("\x01\x01", 2) + from.Mac();  // source link-layer address
  std::string pseudo = from.Ipv6() + group;
  Put16(pseudo, 0);
  Put16(pseudo, static_cast<uint32_t>(icmp.size()));
  Put16(pseudo, 0);
  Put16(pseudo, 58);
  const uint16_t checksum = Checksum(pseudo + icmp);
  icmp[2] = static_cast<char>(checksum >> 8);
  icmp[3] = static_cast<char>(checksum);
  std::string ip("\x60\0\0\0", 4);
  Put16(ip, static_cast<uint32_t>(icmp.size()));
  ip += '\x3a';
  ip += '\xff';  // hop limit 255, RFC 4861 section 7.1.1
  ip += from.Ipv6() + group;
  const std::string to_mac = std::string("\x33\x33", 2) + group.substr(12);
  return Ethernet(to_mac, from.Mac(), Mark{}, kIpv6) + ip + icmp;
}

}  // namespace waymark::lab
