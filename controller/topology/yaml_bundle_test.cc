#include "controller/topology/yaml_bundle.h"

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "controller/topology/human_units.h"

namespace waymark {
namespace {

using google::protobuf::util::MessageDifferencer;

constexpr char kSample[] = R"(# a small carrier
nodes:
  - name: zrh
    display_name: "Zürich"
    jurisdiction: CH
    latitude: 47.4
    longitude: 8.5
    srlgs: [house]
    ports:
      - {id: c1, capacity_bps: 10G}
  - {name: nodes/fra, jurisdiction: DE, admin_state: avoid}
  - {name: osl, jurisdiction: NO}
links:
  - {source: zrh, target: fra, both_ways: true, capacity_bps: 100G, delay_ns: 3.2ms, interface: e0, target_interface: e1, cost: 1.5}
  - {name: extra, source: fra, target: osl, both_ways: true, capacity_bps: 2.5G, delay_ns: 250us, igp_metric: 7, oversubscription: 0.8}
  - {source: osl, target: zrh, capacity_bps: 1000, delay_ns: 17, admin_groups: [satellite, "two words"]}
srlgs:
  - {name: house, type: building, mtbf_hours: 1e5}
customers:
  - name: bank
sites:
  - {name: bank/hq, node: zrh, port: c1}
traffic_classes:
  - name: gold
    treatment: pinned
    objective: min-delay
    max_delay_ns: 10ms
    protection: [node, SRLG]
    allowed_jurisdictions: [CH, NO]
    availability_target: 0.9999
    allow_shared_risks: true
    pair_objective: min-max
    setup_priority: 3
    hold_priority: 0
    protect_bandwidth: shared
    max_latency_ns: 12ms
    oversubscription: 2.5
class_maps:
  - name: bank/std
    default_class: gold
    rules:
      - {dscp: [46, 34], traffic_class: gold}
      - {pcp: [5], traffic_class: trafficClasses/gold}
services:
  - name: customers/bank/services/lan
    type: e-lan
    class_map: std
    endpoints:
      - {site: hq, vlan: 100, role: root}
      - {site: bank/branch}
    rates: [{traffic_class: gold, cir_bps: 10 Mbps}]
)";

YamlBundle Read(std::string_view text) {
  auto read = ReadYamlBundle("net.yaml", text);
  EXPECT_TRUE(read.ok()) << read.status().message();
  return read.ok() ? *std::move(read) : YamlBundle();
}

std::string ReadError(std::string_view text) {
  auto read = ReadYamlBundle("net.yaml", text);
  EXPECT_FALSE(read.ok());
  EXPECT_TRUE(absl::IsInvalidArgument(read.status()));
  return std::string(read.status().message());
}

TEST(YamlBundleTest, ReadsEveryKindOfResource) {
  const v1::Bundle bundle = Read(kSample).bundle;
  ASSERT_EQ(bundle.nodes_size(), 3);
  EXPECT_EQ(bundle.nodes(0).name(), "nodes/zrh");
  EXPECT_EQ(bundle.nodes(0).display_name(), "Zürich");
  EXPECT_TRUE(bundle.nodes(0).has_coordinates());
  EXPECT_EQ(bundle.nodes(0).srlgs(0), "srlgs/house");
  EXPECT_EQ(bundle.nodes(0).ports(0).capacity_bps(), 10'000'000'000);
  EXPECT_EQ(bundle.nodes(1).name(), "nodes/fra");
  EXPECT_EQ(bundle.nodes(1).admin_state(), v1::AVOID);
  EXPECT_FALSE(bundle.nodes(1).has_coordinates());
  EXPECT_EQ(bundle.nodes(2).jurisdiction(), "NO");
  EXPECT_EQ(bundle.srlgs(0).type(), v1::BUILDING);
  EXPECT_EQ(bundle.srlgs(0).mtbf_hours(), 1e5);
  EXPECT_EQ(bundle.customers(0).name(), "customers/bank");
  EXPECT_EQ(bundle.sites(0).name(), "customers/bank/sites/hq");
  EXPECT_EQ(bundle.sites(0).node(), "nodes/zrh");
  const v1::TrafficClass& gold = bundle.traffic_classes(0);
  EXPECT_EQ(gold.name(), "trafficClasses/gold");
  EXPECT_EQ(gold.treatment(), v1::PINNED);
  EXPECT_EQ(gold.objective(), v1::MIN_DELAY);
  EXPECT_EQ(gold.protection(1), v1::SRLG);
  EXPECT_EQ(gold.allowed_jurisdictions(1), "NO");
  EXPECT_TRUE(gold.allow_shared_risks());
  EXPECT_EQ(gold.pair_objective(), v1::MIN_MAX);
  EXPECT_EQ(gold.setup_priority(), 3u);
  EXPECT_TRUE(gold.has_hold_priority());  // 0 is not unset
  EXPECT_EQ(gold.protect_bandwidth(), v1::SHARED);
  EXPECT_EQ(gold.max_latency_ns(), 12'000'000);
  EXPECT_EQ(gold.oversubscription(), 2.5);
  EXPECT_EQ(bundle.links(2).oversubscription(), 0.8);
  EXPECT_EQ(bundle.class_maps(0).name(), "customers/bank/classMaps/std");
  EXPECT_EQ(bundle.class_maps(0).rules(0).dscp(1), 34u);
  EXPECT_EQ(bundle.class_maps(0).rules(1).traffic_class(), "trafficClasses/gold");
  const v1::Service& lan = bundle.services(0);
  EXPECT_EQ(lan.type(), v1::E_LAN);
  EXPECT_EQ(lan.class_map(), "customers/bank/classMaps/std");
  EXPECT_EQ(lan.endpoints(0).site(), "customers/bank/sites/hq");
  EXPECT_EQ(lan.endpoints(1).site(), "customers/bank/sites/branch");
  EXPECT_EQ(lan.rates(0).cir_bps(), 10'000'000);
}

TEST(YamlBundleTest, BothWaysMakesAPair) {
  const v1::Bundle bundle = Read(kSample).bundle;
  ASSERT_EQ(bundle.links_size(), 5);
  const v1::Link& out = bundle.links(0);
  const v1::Link& back = bundle.links(1);
  EXPECT_EQ(out.name(), "links/zrh--fra");
  EXPECT_EQ(out.delay_ns(), 3'200'000);
  EXPECT_EQ(out.interface(), "e0");
  EXPECT_EQ(out.reverse(), "links/fra--zrh");
  EXPECT_EQ(back.name(), "links/fra--zrh");
  EXPECT_EQ(back.source(), "nodes/fra");
  EXPECT_EQ(back.target(), "nodes/zrh");
  EXPECT_EQ(back.interface(), "e1");
  EXPECT_EQ(back.reverse(), "links/zrh--fra");
  EXPECT_EQ(back.capacity_bps(), 100'000'000'000);
  EXPECT_EQ(back.cost(), 1.5);
  EXPECT_EQ(bundle.links(2).name(), "links/extra");
  EXPECT_EQ(bundle.links(3).name(), "links/extra-rev");
  EXPECT_EQ(bundle.links(3).interface(), "");
  EXPECT_EQ(bundle.links(4).name(), "links/osl--zrh");
  EXPECT_EQ(bundle.links(4).reverse(), "");
  EXPECT_EQ(bundle.links(4).delay_ns(), 17);
}

TEST(YamlBundleTest, RemembersLines) {
  const SourceLines lines = Read(kSample).lines;
  EXPECT_EQ(lines.Find("nodes/zrh"), 3);
  EXPECT_EQ(lines.Find("nodes/zrh", "jurisdiction"), 5);
  EXPECT_EQ(lines.Find("nodes/zrh", "ports[0].id"), 9);
  EXPECT_EQ(lines.Find("nodes/zrh", "mtbf_hours"), 3);
  EXPECT_EQ(lines.Find("links/fra--zrh", "capacity_bps"), 14);
  EXPECT_EQ(lines.Find("nodes/none"), 0);
}

TEST(YamlBundleTest, WritesWhatItReads) {
  const v1::Bundle bundle = Read(kSample).bundle;
  const std::string text = WriteYamlBundle(bundle);
  EXPECT_NE(text.find("delay_ns: 3200us"), std::string::npos) << text;
  EXPECT_NE(text.find("jurisdiction: \"NO\""), std::string::npos) << text;
  EXPECT_TRUE(MessageDifferencer::Equals(bundle, Read(text).bundle)) << text;
  EXPECT_EQ(WriteYamlBundle(Read(text).bundle), text);
}

TEST(YamlBundleTest, WritesOddTextSafely) {
  std::mt19937 random(11);
  const std::vector<std::string> bits = {
      "\"", "\\", ": ", "# ", "ü",   "漢", "- ",   "{",      "]",      "'",  "|",  "&a", "*a",
      "%",  "@",  "`",  " ",  "0x1", "~",  "null", "\u0085", "\u2028", "!t", "<<", ","};
  for (int round = 0; round < 300; ++round) {
    v1::Bundle bundle;
    v1::Node& node = *bundle.add_nodes();
    node.set_name("nodes/a");
    std::string text;
    for (int i = 0; i < 6; ++i) text += bits[random() % bits.size()];
    node.set_display_name(text);
    bundle.add_links()->set_name("links/l");
    bundle.mutable_links(0)->set_source("nodes/a");
    bundle.mutable_links(0)->set_target("nodes/b");
    bundle.mutable_links(0)->set_provider(bits[random() % bits.size()]);
    bundle.mutable_links(0)->set_cost(std::uniform_real_distribution<double>(0, 1e9)(random));
    bundle.mutable_links(0)->set_delay_ns(random());
    bundle.mutable_links(0)->set_capacity_bps(random() * int64_t{1000} + 1);
    const std::string yaml = WriteYamlBundle(bundle);
    ASSERT_TRUE(MessageDifferencer::Equals(bundle, Read(yaml).bundle)) << yaml;
  }
}

TEST(YamlBundleTest, LeavesOutWhatTheControllerGives) {
  v1::Bundle bundle;
  v1::Node& node = *bundle.add_nodes();
  node.set_name("nodes/a");
  node.set_node_sid(7);
  node.set_revision(9);
  node.mutable_status()->set_state(v1::UP);
  EXPECT_EQ(WriteYamlBundle(bundle), "nodes:\n  - name: nodes/a\n");
}

TEST(YamlBundleTest, EmptyFilesAndDocuments) {
  EXPECT_EQ(Read("").bundle.ByteSizeLong(), 0u);
  EXPECT_EQ(Read("# nothing\n").bundle.ByteSizeLong(), 0u);
  EXPECT_EQ(Read("nodes:\nlinks: []\n").bundle.ByteSizeLong(), 0u);
  EXPECT_EQ(Read("nodes: [{name: a}]\n---\nnodes: [{name: b}]\n").bundle.nodes_size(), 2);
}

TEST(YamlBundleTest, AliasesWork) {
  const v1::Bundle bundle =
      Read("nodes:\n- {name: a, ports: &p [{id: c1}]}\n- {name: b, ports: *p}\n").bundle;
  EXPECT_EQ(bundle.nodes(1).ports(0).id(), "c1");
}

struct ErrorCase {
  const char* what;
  const char* text;
  const char* expected;  // a part of the message
};

class YamlErrorTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(YamlErrorTest, SaysWhereAndHow) {
  const std::string message = ReadError(GetParam().text);
  EXPECT_NE(message.find(GetParam().expected), std::string::npos) << message;
}

#define LINK(rest) "links:\n- source: a\n  target: b\n  " rest "\n"
const ErrorCase kErrors[] = {
    {"no yaml", "nodes: [", "net.yaml:1: not valid YAML"},
    {"unclosed quote", "nodes:\n- {name: \"x}\n", "not valid YAML"},
    {"stray bracket", "nodes: []\n]\n", "not valid YAML"},
    {"stray bracket alone", "]", "net.yaml:1: not valid YAML"},
    {"stray comma", "{}\n, a", "not valid YAML"},
    {"top is a list", "- a\n", "net.yaml:1: the file must be a mapping"},
    {"top is a scalar", "hello\n", "net.yaml:1: the file must be a mapping"},
    {"unknown section", "nodez: []\n", "net.yaml:1: unknown key \"nodez\": did you mean nodes?"},
    {"section twice", "nodes: []\nnodes: []\n", "net.yaml:2: the key \"nodes\" is here twice"},
    {"section is no list", "nodes: {a: b}\n", "net.yaml:1: nodes must be a list"},
    {"entry is no mapping", "nodes:\n- zrh\n", "net.yaml:2: an entry of nodes must be a mapping"},
    {"unknown key", LINK("capcity_bps: 1G"),
     "net.yaml:4: unknown key \"capcity_bps\": did you mean capacity_bps?"},
    {"unknown short key", LINK("delay: 1ms"), "did you mean delay_ns?"},
    {"unknown far key", LINK("xyzzy: 1"), "use one of both_ways"},
    {"key twice", LINK("cost: 1\n  cost: 2"), "net.yaml:5: the key \"cost\" is here twice"},
    {"both_ways twice", LINK("both_ways: true\n  both_ways: true"),
     "net.yaml:5: the key \"both_ways\""},
    {"output only", "nodes:\n- name: a\n  node_sid: 5\n",
     "net.yaml:3: node_sid is given by the controller"},
    {"status", "nodes:\n- name: a\n  status: {state: UP}\n", "net.yaml:3: status is given"},
    {"no rate", LINK("capacity_bps: fast"), "net.yaml:4: capacity_bps: \"fast\" is no rate"},
    {"split bit", LINK("capacity_bps: 1.5"), "not a whole number of bit/s"},
    {"rate overflow", LINK("capacity_bps: 99999999P"), "too large"},
    {"absurd factor", LINK("oversubscription: 101"),
     "net.yaml:4: oversubscription: \"101\" is out of range: give 0 to 100"},
    {"no priority", "traffic_classes:\n- name: a\n  setup_priority: 8\n",
     "net.yaml:3: setup_priority: \"8\" is out of range: give 0 to 7"},
    {"negative priority", "traffic_classes:\n- name: a\n  hold_priority: -1\n", "give 0 to 7"},
    {"absurd class factor", "traffic_classes:\n- name: a\n  oversubscription: 1001\n",
     "give 0 to 1,000"},
    {"absurd rate", LINK("capacity_bps: 11P"), "net.yaml:4: capacity_bps: \"11P\" is out of range"},
    {"zero rate", LINK("capacity_bps: 0"), "out of range: give 1 to 10P"},
    {"negative rate", LINK("capacity_bps: -5G"), "out of range"},
    {"no duration", LINK("delay_ns: 3 min"), "\"3 min\" is no duration"},
    {"negative delay", LINK("delay_ns: -1ms"), "delay_ns: \"-1ms\" is out of range"},
    {"slow link", LINK("delay_ns: 11s"), "out of range: give 0 to 10s"},
    {"endless delay bound", "traffic_classes:\n- {name: c, max_delay_ns: 1001s}\n",
     "out of range: give 0 to 1000s"},
    {"always available", "traffic_classes:\n- {name: c, availability_target: 1}\n",
     "out of range: give 0 to 0.999999999"},
    {"nan delay", LINK("delay_ns: .nan"), "is no duration"},
    {"inf cost", LINK("cost: inf"), "cost: \"inf\" is not finite"},
    {"nan cost", LINK("cost: nan"), "not finite"},
    {"yaml inf cost", LINK("cost: .inf"), "is no number"},
    {"huge cost", LINK("cost: 1e999"), "too large"},
    {"cost range", LINK("cost: 2e9"), "out of range: give 0 to 1,000,000,000"},
    {"metric overflow", LINK("igp_metric: 4294967296"), "out of range"},
    {"metric text", LINK("igp_metric: ten"), "\"ten\" is no whole number"},
    {"metric huge", LINK("igp_metric: 99999999999999999999"), "too large"},
    {"null value", LINK("cost:"), "cost must be a single value, not nothing"},
    {"list for value", LINK("cost: [1]"), "cost must be a single value, not a list"},
    {"value for list", LINK("srlgs: duct"),
     "srlgs must be a list, not a single value: write [A, B]"},
    {"bad enum", LINK("admin_state: down"), "unknown value \"down\""},
    {"near enum", LINK("admin_state: forbidd"), "did you mean FORBID?"},
    {"bad bool", LINK("both_ways: perhaps"), "neither true nor false"},
    {"bad id", "nodes:\n- name: Zürich\n", "net.yaml:2: name: \"Zürich\" is no valid name"},
    {"wrong collection", "nodes:\n- name: links/a\n", "no valid name"},
    {"no name", "nodes:\n- jurisdiction: CH\n", "net.yaml:2: an entry of nodes has no name"},
    {"node twice", "nodes:\n- name: a\n- name: nodes/a\n",
     "net.yaml:3: nodes/a is defined twice (first on line 2)"},
    {"link twice", "links:\n- {source: a, target: b}\n- {source: a, target: b}\n",
     "links/a--b is defined twice"},
    {"link ends", "links:\n- {source: a}\n", "net.yaml:2: a link needs source"},
    {"reverse and both_ways", LINK("both_ways: true\n  reverse: x"), "both_ways makes the reverse"},
    {"target_interface alone", LINK("target_interface: e0"), "goes with both_ways"},
    {"half a place", "nodes:\n- {name: a, latitude: 5}\n", "go together"},
    {"latitude", "nodes:\n- {name: a, latitude: 91, longitude: 0}\n",
     "latitude: \"91\" is out of range"},
    {"jurisdiction", "nodes:\n- {name: a, jurisdiction: Switzerland}\n", "ISO 3166-1"},
    {"dscp", "class_maps:\n- {name: c/m, rules: [{dscp: [64]}]}\n",
     "dscp: \"64\" is out of range: give 0 to 63"},
    {"pcp", "class_maps:\n- {name: c/m, rules: [{pcp: [8]}]}\n", "pcp: \"8\" is out of range"},
    {"vlan", "services:\n- {name: c/s, endpoints: [{site: x, vlan: 4095}]}\n",
     "vlan: \"4095\" is out of range"},
    {"site without customer", "sites:\n- {name: hq, node: a, port: p}\n", "write CUSTOMER/ID"},
    {"tag", "nodes: !!python/object {}\n", "the tag"},
    {"alias loop", "nodes: &a [*a]\n", "alias"},
    {"unknown alias", "nodes: *zz\n", "not valid YAML"},
    {"control", "nodes:\n- {name: \"a\x04\"}\n", "net.yaml:2: contains control characters"},
    {"not utf8", "nodes:\n- {name: \"a\xff\"}\n", "net.yaml:2: the text is not UTF-8"},
};

INSTANTIATE_TEST_SUITE_P(All, YamlErrorTest, testing::ValuesIn(kErrors),
                         [](const testing::TestParamInfo<ErrorCase>& info) {
                           std::string name = info.param.what;
                           std::ranges::replace(name, ' ', '_');
                           return name;
                         });

TEST(YamlBundleTest, ReportsSeveralErrorsButNotEndlessly) {
  std::string text = "nodes:\n";
  for (int i = 0; i < 100; ++i) text += "- {name: n" + std::to_string(i) + ", jurisdiction: QQ}\n";
  const std::string message = ReadError(text);
  EXPECT_EQ(std::ranges::count(message, '\n'), 19);
  EXPECT_NE(message.find("net.yaml:2: "), std::string::npos);
  EXPECT_NE(message.find("net.yaml:21: "), std::string::npos);
}

TEST(YamlBundleTest, RefusesBombs) {
  std::string laughs = "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    laughs += "k" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) laughs += (j ? ", *a" : "*a") + std::to_string(i - 1);
    laughs += "]\n";
  }
  EXPECT_NE(ReadError(laughs).find("more than 4000000 values"), std::string::npos);
  EXPECT_NE(ReadError(std::string(100'000, '[')).find("nested deeper than 32"), std::string::npos);
  EXPECT_NE(ReadError(std::string(100'000, '{')).find("net.yaml:1: "), std::string::npos);
  std::string block;
  for (int i = 0; i < 3000; ++i) block += std::string(i, ' ') + "a:\n";
  EXPECT_NE(ReadError(block).find("nested deeper than 32"), std::string::npos);
  EXPECT_NE(ReadError(std::string(2 << 20, 'x')).find("longer than 1 MiB"), std::string::npos);
  EXPECT_NE(ReadError(std::string((64 << 20) + 1, '\n')).find("larger than 64 MiB"),
            std::string::npos);
  const std::string name = ReadError("nodes:\n- name: " + std::string(1'000'000, 'x') + "\n");
  EXPECT_LT(name.size(), 400u);
}

TEST(HumanUnitsTest, Rates) {
  const std::pair<const char*, int64_t> good[] = {{"0", 0},
                                                  {"1", 1},
                                                  {"100G", 100'000'000'000},
                                                  {"2.5G", 2'500'000'000},
                                                  {"10m", 10'000'000},
                                                  {"64kbit/s", 64'000},
                                                  {"1.001k", 1001},
                                                  {"10 Mbps", 10'000'000},
                                                  {"-5", -5},
                                                  {"9223372036854775807", INT64_MAX}};
  for (const auto& [text, value] : good) {
    auto parsed = ParseBitRate(text);
    ASSERT_TRUE(parsed.ok()) << text << parsed.status();
    EXPECT_EQ(*parsed, value) << text;
    EXPECT_EQ(*ParseBitRate(FormatBitRate(value)), value);
  }
  for (const char* bad :
       {"", "G", "1.", ".5G", "1e9", "0x10", "1 0", "1.0001k", "10X", "9223372036854775808",
        "99999999999999999999999999999999999", "1..5G", "--1"}) {
    EXPECT_FALSE(ParseBitRate(bad).ok()) << bad;
  }
  EXPECT_EQ(FormatBitRate(2'500'000'000), "2500M");
}

TEST(HumanUnitsTest, Durations) {
  EXPECT_EQ(*ParseDurationNs("3.2ms"), 3'200'000);
  EXPECT_EQ(*ParseDurationNs("250us"), 250'000);
  EXPECT_EQ(*ParseDurationNs("250µs"), 250'000);
  EXPECT_EQ(*ParseDurationNs("1 s"), 1'000'000'000);
  EXPECT_EQ(*ParseDurationNs("17"), 17);
  EXPECT_EQ(*ParseDurationNs("0.5us"), 500);
  for (const char* bad : {"", "ms", "0.5ns", "3.2", "5m", "1h", "5 MS"})
    EXPECT_FALSE(ParseDurationNs(bad).ok()) << bad;
  for (int64_t v :
       {int64_t{0}, int64_t{1}, int64_t{1000}, int64_t{3'200'000}, INT64_MAX, int64_t{-5000}}) {
    EXPECT_EQ(*ParseDurationNs(FormatDurationNs(v)), v);
  }
}

}  // namespace
}  // namespace waymark
