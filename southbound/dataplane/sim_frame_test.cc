#include "southbound/dataplane/sim_frame.h"

#include <gtest/gtest.h>

#include <string>

namespace waymark {
namespace {

const std::string kAddresses("\x02\x00\x00\x00\x00\x01\x02\x00\x00\x00\x00\x02", 12);

std::string Bytes(std::initializer_list<int> values) {
  std::string bytes;
  for (int value : values) bytes.push_back(static_cast<char>(value));
  return bytes;
}

// DSCP 46 with ECN bits set, UDP from `port`.
std::string Ipv4(int port, int fragment = 0) {
  return Bytes(
      {0x08, 0x00, 0x45, 46 << 2 | 3, 0,  32, 0, 0, fragment >> 8, fragment & 0xff, 64, 17, 0, 0,
       10,   0,    0,    1,           10, 0,  0, 2, port >> 8,     port & 0xff,     0,  7,  0, 8,
       0,    0});
}

TEST(SimFrame, ReadsDscpOfBothFamiliesBehindTags) {
  EXPECT_EQ(ParseFrame(kAddresses + Ipv4(1))->dscp, 46);
  // Version 6, traffic class 0x6b (DSCP 26, ECN 3).
  EXPECT_EQ(ParseFrame(kAddresses + Bytes({0x86, 0xdd, 0x66, 0xb0, 0, 0}))->dscp, 26);
  const auto tagged = ParseFrame(kAddresses + Bytes({0x81, 0x00, 0xa0, 0x64}) + Ipv4(1));
  EXPECT_EQ(tagged->dscp, 46);
  EXPECT_EQ(tagged->tag->pcp, 5);
  EXPECT_EQ(tagged->tag->vid, 100);
  EXPECT_EQ(tagged->payload_offset, 18u);
  const auto twice =
      ParseFrame(kAddresses + Bytes({0x88, 0xa8, 0x20, 0x05, 0x81, 0, 0, 9}) + Ipv4(1));
  EXPECT_EQ(twice->tag->ethertype, kEtherTypeServiceTag);
  EXPECT_EQ(twice->tag->vid, 5);
  EXPECT_EQ(twice->tag_count, 2u);
  EXPECT_EQ(twice->dscp, 46);
}

TEST(SimFrame, EveryPrefixOfAFrameIsSafe) {
  const std::string frame = kAddresses + Bytes({0x81, 0, 0, 5, 0x88, 0xa8, 0, 6}) + Ipv4(1);
  for (size_t size = 0; size <= frame.size(); ++size) {
    const auto info = ParseFrame(frame.substr(0, size));
    EXPECT_EQ(info.has_value(), size >= 22) << size;
    FlowHash(frame.substr(0, size));
  }
  EXPECT_FALSE(ParseFrame(kAddresses + Bytes({0x08, 0x00, 0x45}))->dscp.has_value());
  EXPECT_FALSE(ParseFrame(kAddresses + Bytes({0x08, 0x00, 0x65, 0xff}))->dscp.has_value())
      << "not version 4";
}

TEST(SimFrame, TagsComeAndGo) {
  const std::string frame = kAddresses + Ipv4(1);
  const std::string tagged = PushTag(frame, {.pcp = 7, .vid = 4094});
  EXPECT_EQ(tagged.substr(12, 4), Bytes({0x81, 0x00, 0xef, 0xfe}));
  EXPECT_EQ(PopTag(tagged), frame);
}

TEST(SimFrame, FlowsAreToldApartByPortsButNotFragments) {
  EXPECT_EQ(FlowHash(kAddresses + Ipv4(1)), FlowHash(kAddresses + Ipv4(1)));
  EXPECT_NE(FlowHash(kAddresses + Ipv4(1)), FlowHash(kAddresses + Ipv4(2)));
  EXPECT_EQ(FlowHash(kAddresses + Ipv4(1, 0x2000)), FlowHash(kAddresses + Ipv4(2, 0x0010)));
}

TEST(SimFrame, GroupAndLinkLocalAddresses) {
  FrameInfo info;
  info.destination = {0x01, 0x80, 0xc2, 0, 0, 0x0e};
  EXPECT_TRUE(info.group_destination());
  EXPECT_TRUE(info.link_local());
  info.destination[5] = 0x10;
  EXPECT_FALSE(info.link_local());
  info.destination = {0x02, 0x80, 0xc2, 0, 0, 0};
  EXPECT_FALSE(info.link_local());
  EXPECT_FALSE(info.group_destination());
}

}  // namespace
}  // namespace waymark
