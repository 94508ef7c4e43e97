// Customers' frames as the suite sends them: UDP in IPv4 or IPv6, with a text in the payload by
// which a frame is found again at the far end.
#ifndef WAYMARK_TESTS_CONFORMANCE_FRAMES_H_
#define WAYMARK_TESTS_CONFORMANCE_FRAMES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace waymark {

inline constexpr char kBroadcastMac[] = "\xff\xff\xff\xff\xff\xff";

struct FrameSpec {
  std::string to = kBroadcastMac;  // 6 bytes
  std::string from;                // 6 bytes
  std::optional<uint16_t> vlan;    // 802.1Q tag
  uint8_t pcp = 0;
  uint8_t dscp = 0;
  bool ipv6 = false;
  uint16_t source_port = 1000;
  // Of the IP packet, bytes; at least what the text needs.
  size_t ip_bytes = 100;
  std::string text;
};

// 02:00:00:00:00:NN
std::string HostMac(uint8_t number);
std::string MakeFrame(const FrameSpec& spec);
// `payload` behind any EtherType, untagged.
std::string MakeRawFrame(const std::string& to, const std::string& from, uint16_t ethertype,
                         const std::string& payload);

}  // namespace waymark

#endif  // WAYMARK_TESTS_CONFORMANCE_FRAMES_H_
