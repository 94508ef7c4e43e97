// Customers' frames, byte for byte.
#ifndef WAYMARK_TESTS_LAB_FRAME_H_
#define WAYMARK_TESTS_LAB_FRAME_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waymark::lab {

// A host in a customer's LAN. Hosts of different customers have the same numbers, so the same
// addresses, on purpose.
struct HostAddress {
  int number = 0;  // 1..254

  std::string Mac() const;       // 6 bytes
  std::string MacText() const;   // "02:00:00:00:00:01"
  std::string Ipv4() const;      // 4 bytes, network order
  std::string Ipv4Text() const;  // "10.0.0.1"
  std::string Ipv6() const;      // 16 bytes
  std::string Ipv6Text() const;  // "fd77::1"
};

struct Mark {
  uint8_t dscp = 0;
  // An 802.1Q tag with this PCP and `vid`.
  std::optional<uint8_t> pcp;
  uint16_t vid = 7;
};

std::string BroadcastMac();

// UDP over IPv4 with don't-fragment set. `payload` is padded with zeros so that the IP packet has
// `ip_length` bytes (0: as long as it needs).
std::string UdpFrame(const HostAddress& from, const std::string& to_mac, const HostAddress& to,
                     const Mark& mark, std::string_view payload, size_t ip_length = 0);
// Who has `wanted`? Tell `from`. RFC 826.
std::string ArpRequest(const HostAddress& from, const HostAddress& wanted);
std::string ArpReply(const HostAddress& from, const HostAddress& to);
// RFC 4861 neighbour solicitation to the solicited-node multicast address.
std::string NeighbourSolicitation(const HostAddress& from, const HostAddress& wanted);

}  // namespace waymark::lab

#endif  // WAYMARK_TESTS_LAB_FRAME_H_
