#include <gtest/gtest.h>

#include "northbound/cli/exit_code.h"
#include "northbound/cli/format.h"
#include "northbound/cli/kind.h"
#include "northbound/cli/path_text.h"
#include "northbound/cli/proto_text.h"

namespace waymark::cli {
namespace {

TEST(FormatTest, Rates) {
  EXPECT_EQ(FormatRate(0), "-");
  EXPECT_EQ(FormatRate(100'000'000'000), "100G");
  EXPECT_EQ(FormatRate(2'500'000'000), "2.5G");
  EXPECT_EQ(FormatRate(10'000'000), "10M");
  EXPECT_EQ(FormatRate(1'500), "1.5k");
  EXPECT_EQ(FormatRate(999), "999");
  // Not rounded to 1.23G: the exact figure is shown.
  EXPECT_EQ(FormatRate(1'234'567'891), "1234567891");
}

TEST(FormatTest, DelaysAndNumbers) {
  EXPECT_EQ(FormatDelay(34'802'000), "34.802 ms");
  EXPECT_EQ(FormatDelay(0), "0.000 ms");
  EXPECT_EQ(FormatNumber(19.20), "19.2");
  EXPECT_EQ(FormatNumber(100), "100");
  EXPECT_EQ(FormatNumber(0.005), "0.01");
}

TEST(FormatTest, DscpNamesAndNumbers) {
  struct Case {
    const char* text;
    int expected;  // -1: refused
  };
  for (const Case& c : std::vector<Case>{{"EF", 46},
                                         {"ef", 46},
                                         {"AF31", 26},
                                         {"af11", 10},
                                         {"CS5", 40},
                                         {"BE", 0},
                                         {"0", 0},
                                         {"63", 63},
                                         {"64", -1},
                                         {"-1", -1},
                                         {"AF14", -1},
                                         {"", -1},
                                         {"46x", -1},
                                         {"1e1", -1}}) {
    uint32_t dscp = 99;
    EXPECT_EQ(ParseDscp(c.text, &dscp), c.expected >= 0) << c.text;
    if (c.expected >= 0) {
      EXPECT_EQ(dscp, static_cast<uint32_t>(c.expected)) << c.text;
    }
  }
  EXPECT_EQ(FormatDscp(46), "46 (EF)");
  EXPECT_EQ(FormatDscp(0), "0 (BE)");
  EXPECT_EQ(FormatDscp(5), "5");
}

TEST(FormatTest, NothingFromOutsideReachesTheTerminalRaw) {
  EXPECT_EQ(Printable("Zürich 東京"), "Zürich 東京");
  EXPECT_EQ(Printable("a\033[2Jb\r\nc\x7f"), "a?[2Jb??c?");
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "?31m");                            // C1 CSI
  EXPECT_EQ(Printable("\xff\xc3"), "??");       // no UTF-8
  EXPECT_EQ(Printable("\xed\xa0\x80"), "???");  // a surrogate
  EXPECT_EQ(Printable(std::string("a\0b", 3)), "a?b");
}

TEST(FormatTest, StatusSaysWhatBlocksAndWhatWouldHelp) {
  v1::Status status;
  EXPECT_EQ(FormatStatus(status), "-");
  status.set_state(v1::UP);
  EXPECT_EQ(FormatStatus(status), "UP");
  status.set_state(v1::BLOCKED);
  status.set_reason("no path from zrh to gva");
  status.set_blocking_constraint("max delay 1.0 ms");
  status.set_relaxation("max delay 1.5 ms");
  EXPECT_EQ(FormatStatus(status),
            "BLOCKED: no path from zrh to gva [blocked by max delay 1.0 ms; would work with max "
            "delay 1.5 ms]");
  // What the reason says is not said again.
  status.set_reason("no path from zrh to gva meets max delay 1.0 ms");
  EXPECT_EQ(
      FormatStatus(status),
      "BLOCKED: no path from zrh to gva meets max delay 1.0 ms [would work with max delay 1.5 "
      "ms]");
}

TEST(TableTest, AlignsByCodePointsAndLeavesNoTrailingBlanks) {
  Table table({"NAME", "PLACE", "STATE"});
  table.Add({"zrh", "Zürich", "UP"});
  table.Add({"sao", "São Paulo", ""});
  std::ostringstream out;
  table.Print(out, Color::kNever);
  EXPECT_EQ(out.str(),
            "NAME  PLACE      STATE\n"
            "zrh   Zürich     UP\n"
            "sao   São Paulo  -\n");
}

TEST(TableTest, PaintsStatesOnlyWhenAsked) {
  EXPECT_EQ(Painted("UP", Color::kNever), "UP");
  EXPECT_EQ(Painted("UP", Color::kStates), "\033[32mUP\033[0m");
  EXPECT_EQ(Painted("DOWN: cut", Color::kStates), "\033[31mDOWN\033[0m: cut");
  EXPECT_EQ(Painted("UPSTREAM", Color::kStates), "UPSTREAM");
}

TEST(KindTest, WordsForKinds) {
  for (const auto& [word, kind] :
       std::vector<std::pair<const char*, Kind>>{{"node", Kind::kNode},
                                                 {"Nodes", Kind::kNode},
                                                 {"no", Kind::kNode},
                                                 {"trafficclasses", Kind::kTrafficClass},
                                                 {"classes", Kind::kTrafficClass},
                                                 {"cm", Kind::kClassMap},
                                                 {"svc", Kind::kService},
                                                 {"policies", Kind::kPolicy},
                                                 {"ag", Kind::kAgent}}) {
    const auto found = FindKind(word);
    ASSERT_TRUE(found.ok()) << word;
    EXPECT_EQ(*found, kind) << word;
  }
  const auto unknown = FindKind("tunnels");
  EXPECT_EQ(ExitCodeOf(unknown.status()), ExitCode::kUsage);
  EXPECT_NE(unknown.status().message().find("nodes, links"), std::string::npos);
}

TEST(KindTest, NamesBothWays) {
  struct Case {
    Kind kind;
    const char* text;
    const char* customer;
    const char* expected;  // empty: a usage error
  };
  for (const Case& c : std::vector<Case>{
           {Kind::kNode, "zrh", "", "nodes/zrh"},
           {Kind::kNode, "nodes/zrh", "", "nodes/zrh"},
           {Kind::kNode, "links/zrh--fra", "", ""},
           {Kind::kNode, "a/b", "", ""},
           {Kind::kNode, "", "", ""},
           {Kind::kService, "bank/core", "", "customers/bank/services/core"},
           {Kind::kService, "core", "bank", "customers/bank/services/core"},
           {Kind::kService, "core", "", ""},
           {Kind::kService, "customers/bank/services/core", "", "customers/bank/services/core"},
           {Kind::kService, "bank//core", "", ""},
           {Kind::kCustomer, "bank", "", "customers/bank"},
           {Kind::kTrafficClass, "swiss", "", "trafficClasses/swiss"},
           {Kind::kPolicy, "zrh:257:gva", "", "policies/zrh:257:gva"}}) {
    const auto name = ResourceName(c.kind, c.text, c.customer);
    if (*c.expected == '\0') {
      EXPECT_EQ(ExitCodeOf(name.status()), ExitCode::kUsage) << c.text;
    } else {
      ASSERT_TRUE(name.ok()) << c.text << name.status();
      EXPECT_EQ(*name, c.expected);
    }
  }
  EXPECT_EQ(ShortName("customers/bank/services/core"), "bank/core");
  EXPECT_EQ(ShortName("customers/bank"), "bank");
  EXPECT_EQ(ShortName("trafficClasses/swiss"), "swiss");
  EXPECT_EQ(ShortName("something/else/here"), "something/else/here");
  EXPECT_EQ(CustomerOf("customers/bank/services/core"), "bank");
  EXPECT_EQ(CustomerOf("nodes/zrh"), "");
}

TEST(ProtoTextTest, Yaml) {
  v1::Policy policy;
  policy.set_name("policies/zrh:257:gva");
  policy.set_color(257);
  auto* path = policy.add_working();
  path->add_links("links/zrh--brn");
  path->add_links("links/brn--gva");
  path->set_cost(9.9);
  policy.mutable_status()->set_state(v1::UP);
  policy.mutable_status()->set_reason("say \"hi\"\n");
  policy.mutable_status()->mutable_since()->set_seconds(0);
  EXPECT_EQ(ToYaml(policy),
            "name: \"policies/zrh:257:gva\"\n"
            "color: 257\n"
            "working:\n"
            "  - links: [links/zrh--brn, links/brn--gva]\n"
            "    cost: 9.9\n"
            "status:\n"
            "  state: UP\n"
            "  reason: \"say \\\"hi\\\"\\x0a\"\n"
            "  since: \"1970-01-01T00:00:00Z\"\n");
  EXPECT_EQ(ToYaml(v1::Policy()), "{}\n");
}

TEST(ProtoTextTest, JsonKeepsTheProtoFieldNames) {
  v1::Link link;
  link.set_capacity_bps(10'000'000'000);
  EXPECT_EQ(ToJsonLine(link), "{\"capacity_bps\":\"10000000000\"}\n");
}

}  // namespace
}  // namespace waymark::cli
