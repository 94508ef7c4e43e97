// What customers see: one LAN, one wire, their own tags, nobody else's frames.
#include "tests/conformance/suite.h"

namespace waymark {
namespace {

using southbound::v1::INSTANCE_E_LAN;
using southbound::v1::INSTANCE_E_LINE;
using southbound::v1::INSTANCE_E_TREE;

constexpr uint32_t kColor = 7;
const AttachmentSpec kPlain = {.default_color = kColor};

size_t TagAt(const std::string& frame) { return frame.find(std::string("\x81\x00", 2), 12); }

// The 802.1Q control word of a frame, -1 if it has no tag.
int TagOf(const std::string& frame) {
  if (TagAt(frame) != 12) return -1;
  return static_cast<uint8_t>(frame[14]) << 8 | static_cast<uint8_t>(frame[15]);
}

TEST_P(DataPlaneConformance, LanFloodsBroadcastToEverySite) {
  MakeThreeSites(kColor);
  carrier().PutService(100, INSTANCE_E_LAN, {"ha", "hb", "hc"}, kPlain);
  const std::string text = carrier().SendTo("ha", {});
  EXPECT_TRUE(carrier().Arrives("hb", text));
  EXPECT_TRUE(carrier().Arrives("hc", text));
  EXPECT_TRUE(carrier().Absent("ha", text));
  EXPECT_EQ(carrier().Seen("hb", text).size(), 1u);
  EXPECT_EQ(carrier().Seen("hc", text).size(), 1u);
}

TEST_P(DataPlaneConformance, LanFloodsUnknownUnicastThenLearns) {
  MakeThreeSites(kColor);
  carrier().PutService(100, INSTANCE_E_LAN, {"ha", "hb", "hc"}, kPlain);
  const std::string unknown = carrier().Send("ha", "hc");
  EXPECT_TRUE(carrier().Arrives("hc", unknown));
  EXPECT_TRUE(carrier().Arrives("hb", unknown));
  // hc answers: its address is known from now on.
  EXPECT_TRUE(carrier().Arrives("ha", carrier().Send("hc", "ha")));
  const std::string known = carrier().Send("ha", "hc");
  EXPECT_TRUE(carrier().Arrives("hc", known));
  EXPECT_TRUE(carrier().Absent("hb", known));
}

TEST_P(DataPlaneConformance, LanFollowsAnAddressThatMoves) {
  MakeThreeSites(kColor);
  carrier().PutService(100, INSTANCE_E_LAN, {"ha", "hb", "hc"}, kPlain);
  carrier().Acquaint("ha", "hb");
  // So that no earlier frame of hb is still on its way to c when the address moves there.
  carrier().Acquaint("hb", "hc");
  FrameSpec moved;
  moved.from = carrier().Mac("hb");
  EXPECT_TRUE(carrier().Arrives("ha", carrier().SendTo("hc", moved)));
  world().Drain();
  const std::string text = carrier().Send("ha", "hb");
  EXPECT_TRUE(carrier().Arrives("hc", text));
  EXPECT_TRUE(carrier().Absent("hb", text));
}

TEST_P(DataPlaneConformance, LanSwitchesLocallyWithoutTheWan) {
  MakeThreeSites(kColor);
  carrier().AddHost("ha2", "a");
  carrier().PutService(100, INSTANCE_E_LAN, {"ha", "ha2", "hb"}, kPlain);
  carrier().Acquaint("ha", "ha2");
  EXPECT_TRUE(carrier().PathTaken("ha", "ha2").empty());
  EXPECT_TRUE(carrier().Arrives("ha2", carrier().Send("ha", "ha2")));
}

TEST_P(DataPlaneConformance, LansWithTheSameAddressesAreIsolated) {
  MakeThreeSites(kColor);
  carrier().AddHost("xa", "a");
  carrier().AddHost("xc", "c");
  carrier().PutService(100, INSTANCE_E_LAN, {"ha", "hc"}, kPlain);
  carrier().PutService(200, INSTANCE_E_LAN, {"xa", "xc"}, kPlain);
  carrier().Acquaint("ha", "hc");
  // The other customer's hosts have the same addresses.
  FrameSpec same;
  same.from = carrier().Mac("hc");
  EXPECT_TRUE(carrier().Arrives("xc", carrier().SendTo("xa", same)));
  same = {.to = carrier().Mac("hc"), .from = carrier().Mac("ha")};
  const std::string first = carrier().SendTo("ha", same);
  EXPECT_TRUE(carrier().Arrives("hc", first));
  EXPECT_TRUE(carrier().Absent("xc", first));
  EXPECT_TRUE(carrier().Absent("xa", first));
  const std::string broadcast = carrier().SendTo("xa", {});
  EXPECT_TRUE(carrier().Arrives("xc", broadcast));
  EXPECT_TRUE(carrier().Absent("ha", broadcast));
  EXPECT_TRUE(carrier().Absent("hc", broadcast));
}

TEST_P(DataPlaneConformance, LanKeepsCustomersTagsOnAWholePort) {
  MakeThreeSites(kColor);
  carrier().PutService(100, INSTANCE_E_LAN, {"ha", "hc"}, kPlain);
  const std::string text = carrier().SendTo("ha", {.vlan = 300, .pcp = 3});
  ASSERT_TRUE(carrier().Arrives("hc", text));
  EXPECT_EQ(TagOf(carrier().Seen("hc", text).front()), 3 << 13 | 300);
}

TEST_P(DataPlaneConformance, LineIsTransparent) {
  MakeThreeSites(kColor);
  carrier().PutService(300, INSTANCE_E_LINE, {"ha", "hc"}, kPlain);
  // LLDP (IEEE 802.1AB): a bridge would keep it.
  const std::string lldp = MakeRawFrame(std::string("\x01\x80\xc2\x00\x00\x0e", 6),
                                        carrier().Mac("ha"), 0x88cc, "wm-lldp-frame");
  carrier().SendRaw("ha", lldp);
  ASSERT_TRUE(carrier().Arrives("hc", "wm-lldp-frame"));
  EXPECT_EQ(carrier().Seen("hc", "wm-lldp-frame").front(), lldp);
  // An address that both sides use, unknown addresses, tags, IPv6: all the same.
  for (FrameSpec spec : {FrameSpec{.to = carrier().Mac("ha")}, FrameSpec{.to = HostMac(99)},
                         FrameSpec{.vlan = 4000, .pcp = 6}, FrameSpec{.ipv6 = true}}) {
    const std::string text = carrier().SendTo("hc", spec);
    ASSERT_TRUE(carrier().Arrives("ha", text));
    EXPECT_EQ(carrier().Seen("ha", text).size(), 1u);
    spec.from = carrier().Mac("hc");
    spec.text = text;
    EXPECT_EQ(carrier().Seen("ha", text).front(), MakeFrame(spec));
  }
}

TEST_P(DataPlaneConformance, LineBetweenTwoPortsOfOneSwitch) {
  MakeThreeSites(kColor);
  carrier().AddHost("ha2", "a");
  carrier().PutService(300, INSTANCE_E_LINE, {"ha", "ha2"}, kPlain);
  EXPECT_TRUE(carrier().Arrives("ha2", carrier().SendTo("ha", {})));
  EXPECT_TRUE(carrier().Arrives("ha", carrier().SendTo("ha2", {})));
}

TEST_P(DataPlaneConformance, TreeLeavesReachRootsButNotLeavesBesideThem) {
  MakeThreeSites(kColor);
  carrier().AddHost("hb2", "b");
  // ha is the root; hb and hb2 are leaves on one switch, hc is a leaf on another. Leaf switches
  // flood to the root's only.
  carrier().Put("a", carrier().InstanceObjectOf(400, INSTANCE_E_TREE, {"b", "c"}));
  carrier().Put("b", carrier().InstanceObjectOf(400, INSTANCE_E_TREE, {"a"}));
  carrier().Put("c", carrier().InstanceObjectOf(400, INSTANCE_E_TREE, {"a"}));
  AttachmentSpec leaf = kPlain;
  leaf.leaf = true;
  carrier().Put("a", carrier().AttachmentObjectOf("ha", 400, kPlain));
  carrier().Put("b", carrier().AttachmentObjectOf("hb", 400, leaf));
  carrier().Put("b", carrier().AttachmentObjectOf("hb2", 400, leaf));
  carrier().Put("c", carrier().AttachmentObjectOf("hc", 400, leaf));

  const std::string down = carrier().SendTo("ha", {});
  for (const char* leaf_host : {"hb", "hb2", "hc"}) {
    EXPECT_TRUE(carrier().Arrives(leaf_host, down));
  }
  const std::string up = carrier().SendTo("hb", {});
  EXPECT_TRUE(carrier().Arrives("ha", up));
  EXPECT_TRUE(carrier().Absent("hb2", up));
  EXPECT_TRUE(carrier().Absent("hc", up));
  // Not by a known address either.
  EXPECT_TRUE(carrier().Arrives("ha", carrier().SendTo("hb2", {})));
  EXPECT_TRUE(carrier().Absent("hb2", carrier().Send("hb", "hb2")));
}

TEST_P(DataPlaneConformance, VlanAttachmentsTranslateAndKeepPcp) {
  MakeThreeSites(kColor);
  carrier().Put("a", carrier().InstanceObjectOf(500, INSTANCE_E_LAN, {"b", "c"}));
  carrier().Put("b", carrier().InstanceObjectOf(500, INSTANCE_E_LAN, {"a", "c"}));
  carrier().Put("c", carrier().InstanceObjectOf(500, INSTANCE_E_LAN, {"a", "b"}));
  AttachmentSpec spec = kPlain;
  spec.vlan = 100;
  carrier().Put("a", carrier().AttachmentObjectOf("ha", 500, spec));
  spec.vlan = 200;
  carrier().Put("b", carrier().AttachmentObjectOf("hb", 500, spec));
  carrier().Put("c", carrier().AttachmentObjectOf("hc", 500, kPlain));

  const std::string tagged = carrier().SendTo("ha", {.vlan = 100, .pcp = 5});
  ASSERT_TRUE(carrier().Arrives("hb", tagged));
  EXPECT_EQ(TagOf(carrier().Seen("hb", tagged).front()), 5 << 13 | 200) << "rewritten";
  ASSERT_TRUE(carrier().Arrives("hc", tagged));
  EXPECT_EQ(TagOf(carrier().Seen("hc", tagged).front()), -1) << "popped";

  const std::string untagged = carrier().SendTo("hc", {});
  ASSERT_TRUE(carrier().Arrives("ha", untagged));
  EXPECT_EQ(TagOf(carrier().Seen("ha", untagged).front()), 100) << "pushed";

  // Another VLAN of the port, and untagged frames on it, belong to nobody.
  EXPECT_TRUE(carrier().Absent("hb", carrier().SendTo("ha", {.vlan = 101})));
  EXPECT_TRUE(carrier().Absent("hb", carrier().SendTo("ha", {})));
}

TEST_P(DataPlaneConformance, VlansOfOnePortAreServicesOfTheirOwn) {
  MakeThreeSites(kColor);
  for (const uint32_t vni : {500u, 600u}) {
    carrier().Put("a", carrier().InstanceObjectOf(vni, INSTANCE_E_LAN, {"b", "c"}));
    carrier().Put("b", carrier().InstanceObjectOf(vni, INSTANCE_E_LAN, {"a"}));
    carrier().Put("c", carrier().InstanceObjectOf(vni, INSTANCE_E_LAN, {"a"}));
  }
  AttachmentSpec spec = kPlain;
  spec.vlan = 10;
  carrier().Put("a", carrier().AttachmentObjectOf("ha", 500, spec));
  carrier().Put("b", carrier().AttachmentObjectOf("hb", 500, spec));
  spec.vlan = 20;
  carrier().Put("a", carrier().AttachmentObjectOf("ha", 600, spec));
  carrier().Put("c", carrier().AttachmentObjectOf("hc", 600, spec));
  const std::string ten = carrier().SendTo("ha", {.vlan = 10});
  const std::string twenty = carrier().SendTo("ha", {.vlan = 20});
  EXPECT_TRUE(carrier().Arrives("hb", ten));
  EXPECT_TRUE(carrier().Arrives("hc", twenty));
  EXPECT_TRUE(carrier().Absent("hb", twenty));
  EXPECT_TRUE(carrier().Absent("hc", ten));
}

TEST_P(DataPlaneConformance, FullSizePacketsPass) {
  MakeThreeSites(kColor);
  carrier().PutService(100, INSTANCE_E_LAN, {"ha", "hc"}, kPlain);
  for (const FrameSpec& spec :
       {FrameSpec{.ip_bytes = 1500}, FrameSpec{.vlan = 9, .ip_bytes = 1500},
        FrameSpec{.ipv6 = true, .ip_bytes = 1500}, FrameSpec{.ip_bytes = 28}}) {
    const std::string text = carrier().SendTo("ha", spec);
    ASSERT_TRUE(carrier().Arrives("hc", text)) << spec.ip_bytes;
    FrameSpec sent = spec;
    sent.from = carrier().Mac("ha");
    sent.text = text;
    EXPECT_EQ(carrier().Seen("hc", text).front(), MakeFrame(sent));
  }
}

}  // namespace
}  // namespace waymark
