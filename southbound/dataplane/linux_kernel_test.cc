// Netlink messages: what we write is what we would read back, and what the kernel's own tools would
// write.
#include <gtest/gtest.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/rtnetlink.h>

#include <cstring>
#include <random>
#include <string>

#include "southbound/dataplane/linux_nexthops.h"
#include "southbound/dataplane/linux_specs.h"
#include "southbound/dataplane/linux_steering.h"

namespace waymark {
namespace {

const InterfaceNames kNames = {{1, "lo"}, {2, "eth0"}, {3, "wm-sr0"}, {4, "wm-x100"}};

std::string Hex(NetlinkMessage& message) {
  std::string text;
  const auto* bytes = reinterpret_cast<const uint8_t*>(message.header());
  for (size_t i = MNL_NLMSG_HDRLEN; i < message.header()->nlmsg_len; ++i) {
    char digits[3];
    snprintf(digits, sizeof digits, "%02x", bytes[i]);
    text += digits;
  }
  return text;
}

TEST(LinuxKernelTest, RoutesRoundTrip) {
  RouteSpec plain{.table = 100, .prefix = UsidPrefix(0x8001), .length = 48, .device = "eth0"};
  plain.gateway = Vtep(7);
  RouteSpec grouped{.prefix = BindingSid(2, 257), .nexthop = kFirstGroupNexthop + 5};
  RouteSpec local{.table = 255, .prefix = Vtep(3), .kind = RouteSpec::Kind::kLocal, .device = "lo"};
  RouteSpec end{.prefix = UsidPrefix(3), .length = 48, .device = "wm-sr0", .sid = LocalSid{}};
  RouteSpec cross = end;
  cross.sid = LocalSid{true, Vtep(9), "eth0"};
  RouteSpec hole{.prefix = Vtep(0), .length = 32, .metric = 4096};
  hole.kind = RouteSpec::Kind::kBlackhole;
  for (const RouteSpec& spec : {plain, grouped, local, end, cross, hole}) {
    int device = 0;
    for (const auto& [index, name] : kNames) device = name == spec.device ? index : device;
    NetlinkMessage message = RouteMessage(RTM_NEWROUTE, 0, spec, device, 2);
    const std::optional<RouteSpec> read = ParseRoute(message.header(), kNames);
    ASSERT_TRUE(read.has_value()) << KeyOf(spec);
    EXPECT_EQ(*read, spec) << KeyOf(spec);
  }
}

TEST(LinuxKernelTest, OthersRoutesAreNotOurs) {
  NetlinkMessage message =
      RouteMessage(RTM_NEWROUTE, 0, RouteSpec{.prefix = Vtep(3), .device = "eth0"}, 2, 0);
  static_cast<rtmsg*>(mnl_nlmsg_get_payload(message.header()))->rtm_protocol = RTPROT_STATIC;
  EXPECT_FALSE(ParseRoute(message.header(), kNames).has_value());
}

// As `ip -6 route add fcbb:bbbb:8001::/48 encap seg6local action End.X nh6 fd01:0:1::2 oif eth0
// flavors next-csid lblen 32 nflen 16 count dev wm-sr0 metric 1024 proto 87` would have it,
// attribute by attribute (RFC 9800, seg6_local.h).
TEST(LinuxKernelTest, CrossConnectGolden) {
  Ipv6 far{0xfd, 0x01, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};
  RouteSpec spec{.prefix = UsidPrefix(0x8001), .length = 48, .device = "wm-sr0"};
  spec.sid = LocalSid{true, far, "eth0"};
  NetlinkMessage message = RouteMessage(RTM_NEWROUTE, 0, spec, 3, 2);
  EXPECT_EQ(Hex(message),
            "0a300000fe57000100000000"                  // rtmsg
            "14000100fcbbbbbb800100000000000000000000"  // RTA_DST
            "08000f00fe000000"                          // RTA_TABLE
            "0800060000040000"                          // RTA_PRIORITY
            "0800040003000000"                          // RTA_OIF
            "6c001680"                                  // RTA_ENCAP
            "0800010002000000"                          // action End.X
            "14000500fd010000000100000000000000000002"  // nh6
            "0800070002000000"                          // oif
            "1c000b80"
            "0800010010000000"
            "0500020020000000"
            "0500030010000000"  // next-csid
            "28000a80"
            "0c0002000000000000000000"
            "0c0003000000000000000000"
            "0c0004000000000000000000"  // counters
            "0600150007000000");        // SEG6_LOCAL
}

TEST(LinuxKernelTest, NexthopsRoundTrip) {
  Nexthop path{.carriers = {UsidPrefix(0x8001), UsidPrefix(0x8002)}};
  Nexthop group{.members = {{kFirstPathNexthop, 1}, {kFirstPathNexthop + 1, 255}}};
  const Nexthop hole;
  uint32_t id = kFirstPathNexthop;
  for (const Nexthop& nexthop : {path, group, hole}) {
    NetlinkMessage message = NexthopMessage(id, nexthop, 3);
    const auto read = ParseNexthop(message.header());
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->first, id++);
    EXPECT_EQ(read->second, nexthop);
  }
}

// Whatever stands in a message, parsing it reads nothing outside and takes no harm; run under ASan.
TEST(LinuxKernelTest, AnyBytesCanBeParsed) {
  std::mt19937 random(1);
  RouteSpec spec{.prefix = UsidPrefix(3), .length = 48, .device = "wm-sr0"};
  spec.sid = LocalSid{true, Vtep(9), "eth0"};
  NetlinkMessage seed = RouteMessage(RTM_NEWROUTE, 0, spec, 3, 2);
  NetlinkMessage other =
      NexthopMessage(kFirstPathNexthop, Nexthop{.carriers = {UsidPrefix(1), UsidPrefix(2)}}, 3);
  NetlinkMessage steering =
      SteeringMessage(NFT_MSG_NEWSETELEM, SteeringMap::kDscp, SteeringSpec{257, 2, 46});
  for (int round = 0; round < 30'000; ++round) {
    const nlmsghdr* from = round % 3 == 0   ? seed.header()
                           : round % 3 == 1 ? other.header()
                                            : steering.header();
    const size_t size = MNL_NLMSG_HDRLEN + random() % (from->nlmsg_len - MNL_NLMSG_HDRLEN + 1);
    std::vector<uint64_t> copy((size + 7) / 8);
    auto* bytes = reinterpret_cast<uint8_t*>(copy.data());
    std::memcpy(bytes, from, size);
    for (int flips = 0; flips < 4 && size > MNL_NLMSG_HDRLEN; ++flips) {
      bytes[MNL_NLMSG_HDRLEN + random() % (size - MNL_NLMSG_HDRLEN)] =
          static_cast<uint8_t>(random());
    }
    auto* message = reinterpret_cast<nlmsghdr*>(bytes);
    message->nlmsg_len = static_cast<uint32_t>(size);
    (void)ParseRoute(message, kNames);
    (void)ParseNexthop(message);
    (void)ParseAddress(message, kNames);
    (void)ParseRule(message);
    (void)ParseDevice(message);
    (void)ParseBridgePort(message, kNames);
    (void)ParseFlood(message, kNames);
    (void)ParseInterface(message);
    (void)ParseSteering(message, SteeringMap::kDscp);
  }
}

TEST(LinuxKernelTest, SteeringRoundTrip) {
  const SteeringSpec spec{257, 2, 46};
  NetlinkMessage binding = SteeringMessage(NFT_MSG_NEWSETELEM, SteeringMap::kBinding, spec);
  NetlinkMessage dscp = SteeringMessage(NFT_MSG_NEWSETELEM, SteeringMap::kDscp, spec);
  const std::pair<uint32_t, uint32_t> id{257, 2};
  EXPECT_EQ(ParseSteering(binding.header(), SteeringMap::kBinding).at(id), 0);
  EXPECT_EQ(ParseSteering(dscp.header(), SteeringMap::kDscp).at(id), 46);
  // One map's element is none of the other's.
  EXPECT_EQ(ParseSteering(dscp.header(), SteeringMap::kBinding).at(id), kHalfAnEntry);
}

}  // namespace
}  // namespace waymark
