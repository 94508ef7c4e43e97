// The carrier's SRv6 address plan, in one place: controller and switches must agree on it bit for
// bit.
//
//   uSID block        fcbb:bbbb::/32, 16-bit uSIDs, six behind each other in one carrier (RFC 9800
//   NEXT-C-SID) node              fcbb:bbbb:NODE_SID::/48                                NODE_SID
//   0x0001..0x7fff adjacency         fcbb:bbbb:ADJACENCY_SID::/48, network-wide unique
//   0x8000..0xffff VTEP, loopback    fd00:0:NODE_SID::1 binding SIDs      fd00:0:NODE_SID:b::/64,
//   interface id = color           (RFC 9256 section 6)
#ifndef WAYMARK_CONTROLLER_BASE_SRV6_H_
#define WAYMARK_CONTROLLER_BASE_SRV6_H_

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace waymark {

inline constexpr uint32_t kMinNodeSid = 0x0001;
inline constexpr uint32_t kMaxNodeSid = 0x7fff;
inline constexpr uint32_t kMinAdjacencySid = 0x8000;
inline constexpr uint32_t kMaxAdjacencySid = 0xffff;
inline constexpr int kUsidsPerCarrier = 6;
// Most uSIDs in one explicit path: eleven carriers and the binding SID keep an SRH within its
// 255-octet unit count and a 1,500-byte customer packet within a 1,800-byte WAN MTU.
inline constexpr int kMaxUsids = 64;

// An IPv6 address or prefix base in network byte order.
using Ipv6 = std::array<uint8_t, 16>;

Ipv6 Vtep(uint32_t node_sid);
// /64.
Ipv6 BindingSidPrefix(uint32_t node_sid);
Ipv6 BindingSid(uint32_t endpoint_sid, uint32_t color);
// /48 of a node or adjacency uSID.
Ipv6 UsidPrefix(uint32_t sid);

// Packs uSIDs in travel order into carriers, six each, the last padded with zero. Requires 1 <=
// size <= kMaxUsids and each in 1..0xffff. O(size).
std::vector<Ipv6> PackCarriers(std::span<const uint32_t> sids);

// RFC 5952 text.
std::string ToString(const Ipv6& address);

// A color names a policy at its headend: (service, class) for pinned ones, class alone (vni 0) for
// mesh. 24 bits of VNI, 8 bits of class index.
constexpr uint32_t Color(uint32_t vni, uint32_t class_index) { return vni << 8 | class_index; }
constexpr uint32_t ColorVni(uint32_t color) { return color >> 8; }
constexpr uint32_t ColorClass(uint32_t color) { return color & 0xff; }

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_BASE_SRV6_H_
