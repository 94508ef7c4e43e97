// What the carrier sells: the mark chooses the policy, and the policy chooses the wires, exactly.
#include <set>

#include "tests/conformance/suite.h"

namespace waymark {
namespace {

using southbound::v1::INSTANCE_E_LAN;
using southbound::v1::INSTANCE_E_LINE;

using Links = std::set<std::string>;

constexpr uint32_t kDefault = 1;
constexpr uint32_t kVoice = 2;
constexpr uint32_t kData = 3;
const Links kByB = {"a-b", "b-d"};
const Links kByC = {"a-c", "c-d"};
const Links kDirect = {"a-d"};

// Sent from ha to hd, whose address every bridge knows.
Links TakenBy(TestCarrier& carrier, FrameSpec spec = {}) {
  return carrier.PathTaken("ha", "hd", spec);
}

TEST_P(DataPlaneConformance, DscpAndPcpChooseThePolicy) {
  MakeDiamond({.default_color = kDefault,
               .color_of_dscp = {{46, kVoice}, {26, kData}},
               .color_of_pcp = {{5, kVoice}, {1, kDefault}}});
  carrier().PutPolicy("a", "d", {.color = kDefault, .working = {{"a-d"}}});
  carrier().PutPolicy("a", "d", {.color = kVoice, .dscp = 46, .working = {{"a-b", "b-d"}}});
  carrier().PutPolicy("a", "d", {.color = kData, .dscp = 26, .working = {{"a-c", "c-d"}}});
  carrier().Acquaint("ha", "hd");
  EXPECT_EQ(TakenBy(carrier()), kDirect);
  EXPECT_EQ(TakenBy(carrier(), {.dscp = 46}), kByB);
  EXPECT_EQ(TakenBy(carrier(), {.dscp = 26}), kByC);
  EXPECT_EQ(TakenBy(carrier(), {.dscp = 46, .ipv6 = true}), kByB);
  EXPECT_EQ(TakenBy(carrier(), {.dscp = 26, .ipv6 = true}), kByC);
  EXPECT_EQ(TakenBy(carrier(), {.dscp = 10}), kDirect) << "not in the map";
  EXPECT_EQ(TakenBy(carrier(), {.vlan = 0, .pcp = 5}), kByB) << "priority tag alone";
  EXPECT_EQ(TakenBy(carrier(), {.vlan = 50, .pcp = 5, .dscp = 26}), kByB) << "PCP wins";
  EXPECT_EQ(TakenBy(carrier(), {.vlan = 50, .pcp = 1, .dscp = 46}), kDirect) << "PCP wins";
  EXPECT_EQ(TakenBy(carrier(), {.vlan = 50, .pcp = 2, .dscp = 46}), kByB) << "PCP not in the map";
}

TEST_P(DataPlaneConformance, ChangedClassesTakeEffect) {
  MakeDiamond({.default_color = kDefault});
  carrier().PutPolicy("a", "d", {.color = kDefault, .working = {{"a-d"}}});
  carrier().PutPolicy("a", "d", {.color = kVoice, .dscp = 46, .working = {{"a-b", "b-d"}}});
  carrier().Acquaint("ha", "hd");
  EXPECT_EQ(TakenBy(carrier(), {.dscp = 46}), kDirect);
  carrier().Put("a", carrier().AttachmentObjectOf(
                         "ha", 100, {.default_color = kDefault, .color_of_dscp = {{46, kVoice}}}));
  EXPECT_EQ(TakenBy(carrier(), {.dscp = 46}), kByB);
  EXPECT_EQ(TakenBy(carrier()), kDirect);
}

TEST_P(DataPlaneConformance, StrictPathsTakeExactlyTheirWires) {
  // A ring of nine: the short way round is one hop, the long way eight.
  const std::vector<std::string> ring = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
  carrier().AddLine(ring);
  carrier().AddLink("i", "a");
  carrier().PutRoutes();
  carrier().AddHost("ha", "a");
  struct Case {
    std::string end;
    std::vector<std::string> path;
  };
  const std::vector<Case> cases = {
      {"b", {"a-b"}},
      {"c", {"a-b", "b-c"}},
      {"d", {"a-b", "b-c", "c-d"}},
      {"i", {"a-b", "b-c", "c-d", "d-e", "e-f", "f-g", "g-h", "h-i"}},
  };
  uint32_t vni = 100;
  for (const Case& test : cases) {
    SCOPED_TRACE(test.end);
    const std::string host = "h" + test.end;
    carrier().AddHost(host, test.end);
    AttachmentSpec spec{.vlan = vni, .default_color = vni};
    carrier().PutPolicy("a", test.end, {.color = vni, .working = {test.path}});
    carrier().PutPolicy(test.end, "a",
                        {.color = vni, .working = {carrier().ShortestPath(test.end, "a")}});
    carrier().PutService(vni, INSTANCE_E_LINE, {"ha", host}, spec);
    const Links expected(test.path.begin(), test.path.end());
    EXPECT_EQ(carrier().PathTaken("ha", host, {.vlan = static_cast<uint16_t>(vni)}), expected);
    ++vni;
  }
}

TEST_P(DataPlaneConformance, ParallelLinksAreToldApart) {
  MakeDiamond({.default_color = kDefault, .color_of_dscp = {{46, kVoice}}});
  carrier().PutPolicy("a", "d", {.color = kDefault, .working = {{"a-d"}}});
  carrier().PutPolicy("a", "d", {.color = kVoice, .dscp = 46, .working = {{"a-d2"}}});
  carrier().Acquaint("ha", "hd");
  EXPECT_EQ(TakenBy(carrier()), kDirect);
  EXPECT_EQ(TakenBy(carrier(), {.dscp = 46}), Links{"a-d2"});
}

TEST_P(DataPlaneConformance, PathMayCrossASwitchTwice) {
  MakeDiamond({.default_color = kDefault});
  const std::vector<std::string> path = {"a-d", "d-a2", "a-b", "b-d"};
  carrier().PutPolicy("a", "d", {.color = kDefault, .working = {path}});
  carrier().Acquaint("ha", "hd");
  EXPECT_EQ(TakenBy(carrier()), Links(path.begin(), path.end()));
}

TEST_P(DataPlaneConformance, ReplacedPolicyMovesItsTrafficOnly) {
  MakeDiamond({.default_color = kDefault, .color_of_dscp = {{46, kVoice}}});
  carrier().PutPolicy("a", "d", {.color = kDefault, .working = {{"a-d"}}});
  carrier().PutPolicy("a", "d", {.color = kVoice, .dscp = 46, .working = {{"a-b", "b-d"}}});
  carrier().Acquaint("ha", "hd");
  EXPECT_EQ(TakenBy(carrier(), {.dscp = 46}), kByB);
  carrier().PutPolicy("a", "d", {.color = kVoice, .dscp = 46, .working = {{"a-c", "c-d"}}});
  EXPECT_EQ(TakenBy(carrier(), {.dscp = 46}), kByC);
  EXPECT_EQ(TakenBy(carrier()), kDirect);
}

TEST_P(DataPlaneConformance, EmptyAndMissingPoliciesDropAndLeakNowhere) {
  MakeDiamond({.default_color = kDefault, .color_of_dscp = {{46, kVoice}, {26, kData}}});
  carrier().PutPolicy("a", "d", {.color = kDefault, .working = {{"a-d"}}});
  carrier().PutPolicy("a", "d", {.color = kVoice, .dscp = 46});  // empty; kData has none
  carrier().Acquaint("ha", "hd");
  for (const uint8_t dscp : {uint8_t{46}, uint8_t{26}}) {
    SCOPED_TRACE(int{dscp});
    std::string text;
    EXPECT_TRUE(
        carrier().Crossed([&] { text = carrier().Send("ha", "hd", {.dscp = dscp}); }).empty());
    EXPECT_TRUE(carrier().Absent("hd", text));
  }
  EXPECT_EQ(TakenBy(carrier()), kDirect);
  // A policy that is taken away leaves no underlay behind either.
  carrier().Remove("a", carrier().PolicyObjectOf("a", "d", {.color = kDefault}));
  std::string text;
  EXPECT_TRUE(carrier().Crossed([&] { text = carrier().Send("ha", "hd"); }).empty());
  EXPECT_TRUE(carrier().Absent("hd", text));
}

TEST_P(DataPlaneConformance, MeshUsesAllListsAndKeepsFlowsTogether) {
  constexpr int kFlows = 240;
  MakeDiamond({.default_color = kDefault});
  carrier().PutPolicy("a", "d",
                      {.color = kDefault,
                       .working = {{"a-b", "b-d"}, {"a-c", "c-d"}, {"a-d"}},
                       .weights = {1, 1, 2}});
  carrier().Acquaint("ha", "hd");
  std::vector<std::string> texts;
  const std::map<std::string, uint64_t> crossed = carrier().Crossed([&] {
    for (int flow = 0; flow < kFlows; ++flow) {
      texts.push_back(
          carrier().Send("ha", "hd", {.source_port = static_cast<uint16_t>(2000 + flow)}));
    }
  });
  for (const std::string& text : texts) EXPECT_TRUE(carrier().Arrives("hd", text));
  ASSERT_EQ(crossed.count("a-b") + crossed.count("a-c") + crossed.count("a-d"), 3u);
  EXPECT_EQ(crossed.at("a-b") + crossed.at("a-c") + crossed.at("a-d"), kFlows);
  EXPECT_FALSE(crossed.contains("a-d2"));
  // Half of them, give or take what chance allows.
  EXPECT_GT(crossed.at("a-d"), kFlows / 4);
  EXPECT_LT(crossed.at("a-d"), kFlows * 3 / 4);

  const Links first = TakenBy(carrier(), {.source_port = 7777});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(TakenBy(carrier(), {.source_port = 7777}), first);
}

}  // namespace
}  // namespace waymark
