// Ethernet frames as bytes: IEEE 802.1Q tags, DSCP, and the hash that keeps a flow on one path.
//
// A frame that enters by a VLAN attachment carries that VLAN as an 802.1ad service tag while it is
// inside the carrier, so that the egress knows which tag is the attachment's and which is the
// customer's own.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_SIM_FRAME_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_SIM_FRAME_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace waymark {

using MacAddress = std::array<uint8_t, 6>;

inline constexpr uint16_t kEtherTypeVlan = 0x8100;        // IEEE 802.1Q customer tag
inline constexpr uint16_t kEtherTypeServiceTag = 0x88a8;  // IEEE 802.1ad service tag
inline constexpr size_t kEthernetHeader = 14;
inline constexpr size_t kVlanTag = 4;
// Longest customer payload behind the Ethernet header and its tags, bytes.
inline constexpr size_t kCustomerMtu = 1500;

struct VlanTag {
  uint16_t ethertype = kEtherTypeVlan;
  uint8_t pcp = 0;   // 0..7
  uint16_t vid = 0;  // 0..4095
};

// What is read from a frame. O(1).
struct FrameInfo {
  MacAddress destination{};
  MacAddress source{};
  // The outermost tag.
  std::optional<VlanTag> tag;
  // At most two tags are looked behind.
  size_t tag_count = 0;
  // Behind the tags.
  uint16_t ethertype = 0;
  // Of an IPv4 or IPv6 packet, 0..63.
  std::optional<uint8_t> dscp;
  size_t payload_offset = 0;

  bool group_destination() const { return (destination[0] & 1) != 0; }
  bool group_source() const { return (source[0] & 1) != 0; }
  // 01:80:c2:00:00:00 to 0f: never relayed by a bridge (IEEE 802.1Q table 8-1).
  bool link_local() const;
};

// Nothing when the bytes are too short for their own headers.
std::optional<FrameInfo> ParseFrame(std::string_view frame);

// The frame with `tag` outermost. The frame must have parsed.
std::string PushTag(std::string_view frame, const VlanTag& tag);
// The frame without its outermost tag. It must have one.
std::string PopTag(std::string_view frame);

// Equal for all frames of one flow: addresses, protocol and ports. Not a secret.
uint64_t FlowHash(std::string_view frame);

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_SIM_FRAME_H_
