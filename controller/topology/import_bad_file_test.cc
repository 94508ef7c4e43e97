// Files that are packed, damaged, hostile or wrong.
#include <lzma.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "controller/topology/import_testing.h"

namespace waymark {
namespace {

std::string Xz(std::string_view text) {
  std::string out(text.size() / 2 + 4096, '\0');
  size_t used = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, nullptr,
                                    reinterpret_cast<const uint8_t*>(text.data()), text.size(),
                                    reinterpret_cast<uint8_t*>(out.data()), &used, out.size()),
            LZMA_OK);
  out.resize(used);
  return out;
}

TEST(ImportTest, UnpacksXz) {
  const Sample& sample = SampleOf(TopologyFormat::kRepetita);
  const std::string packed = Xz(sample.contents);
  EXPECT_EQ(Import("net.graph.xz", packed).bundle.nodes_size(), 3);
  auto cut = ImportTopology("net.graph.xz", packed.substr(0, packed.size() - 20));
  EXPECT_NE(cut.status().message().find("ends too early"), std::string_view::npos) << cut.status();
  std::string damaged = packed;
  damaged[packed.size() / 2] ^= 0x55;
  EXPECT_NE(ImportTopology("n.xz", damaged).status().message().find("damaged"),
            std::string_view::npos);
  auto bomb = ImportTopology("n.xz", Xz(std::string((64 << 20) + 1, ' ')));
  EXPECT_NE(bomb.status().message().find("larger than 64 MiB"), std::string_view::npos)
      << bomb.status();
}

struct BadFile {
  const char* what;
  TopologyFormat format;
  const char* from;
  const char* to;
  const char* expected;
};

class BadFileTest : public testing::TestWithParam<BadFile> {};

TEST_P(BadFileTest, SaysWhereAndHow) {
  const BadFile& bad = GetParam();
  const std::string text = bad.from == nullptr ? bad.to : Replaced(bad.format, bad.from, bad.to);
  const auto result =
      ImportTopology("f", text, bad.from == nullptr ? TopologyFormat::kAuto : bad.format);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_NE(result.status().message().find(bad.expected), std::string_view::npos)
      << result.status();
}

using enum TopologyFormat;
const BadFile kBadFiles[] = {
    {"empty", kAuto, nullptr, "", "f: is empty"},
    {"blank", kAuto, nullptr, " \n\n", "f: is empty"},
    {"random", kAuto, nullptr, "\x7f\x45\x4c\x46\x02\x01", "f: cannot tell the format: name it"},
    {"prose", kAuto, nullptr, "hello world\n", "cannot tell the format"},
    {"demands", kAuto, nullptr, "DEMANDS 5\nlabel src dest bw\n", "is a demand matrix"},
    {"yaml zero capacity", kYaml, "capacity_bps: 10M", "capacity_bps: 0", "f:7: capacity_bps"},
    {"yaml no capacity", kYaml, "capacity_bps: 10M, ", "", "f:7: links/x: capacity_bps is 0"},
    {"yaml unknown end", kYaml, "source: fra", "source: ams",
     "f:7: links/x: source \"nodes/ams\" is not known"},
    {"yaml unknown srlg", kYaml, "srlgs: [duct]", "srlgs: [pipe]",
     "f:4: nodes/fra: srlgs \"srlgs/pipe\" is not known"},
    {"yaml long port", kYaml, "id: c1", "id: a-very-long-port-name", "f:2: nodes/zrh: ports[0].id"},
    {"repetita no nodes", kRepetita, "NODES 3", "KNOTEN 3",
     "f:1: \"KNOTEN 3\" found where \"NODES N\""},
    {"repetita count", kRepetita, "NODES 3", "NODES many", "found where"},
    {"repetita few nodes", kRepetita, "NODES 3", "NODES 4",
     "f:7: NODES says 4 lines, but 3 follow"},
    {"repetita huge count", kRepetita, "NODES 3", "NODES 9223372036854775807", "but 3 follow"},
    {"repetita many nodes", kRepetita, "NODES 3", "NODES 2",
     "f:5: \"New_York -74.1 40.8\" found where \"EDGES N\""},
    {"repetita few edges", kRepetita, "EDGES 4", "EDGES 5", "EDGES says 5 lines, but 4 follow"},
    {"repetita many edges", kRepetita, "EDGES 4", "EDGES 3", "f:12: more lines than EDGES says"},
    {"repetita no header", kRepetita, "label x y\n", "", "should be"},
    {"repetita nan place", kRepetita, "8.5 47.4", "nan 47.4", "f:3: "},
    {"repetita end", kRepetita, "edge_1 1 0", "edge_1 1 3",
     "f:10: dest \"3\" is no node: give its number, 0 to 2"},
    {"repetita negative end", kRepetita, "edge_1 1 0", "edge_1 -1 0", "src \"-1\" is no node"},
    {"repetita zero bw", kRepetita, "1544", "0", "f:11: bw (kbit/s) is 0: give more than 0"},
    {"repetita tiny bw", kRepetita, "1544", "0.0001",
     "f:11: bw (kbit/s) is 0.0001, less than 1 bit/s: give at least 0.001, at most"},
    {"repetita negative bw", kRepetita, "1544", "-3", "f:11: bw (kbit/s) is -3"},
    {"repetita absurd bw", kRepetita, "1544", "1e300", "f:11: bw (kbit/s) is 1e+300"},
    {"repetita nan delay", kRepetita, "4.5", "nan", "f:12: "},
    {"repetita inf delay", kRepetita, "4.5", "inf", "with finite numbers"},
    {"repetita negative delay", kRepetita, "4.5", "-1",
     "f:12: delay (microseconds) is -1: give 0 to"},
    {"repetita negative weight", kRepetita, "0 1 10 1000000", "0 1 -1 1000000",
     "f:9: weight is -1"},
    {"graphml broken", kGraphml, "</graph>", "", "not valid XML"},
    {"graphml other", kGraphml, "<graphml", "<html", "f:"},
    {"graphml svg", kAuto, nullptr, "<svg></svg>", "is it GraphML?"},
    {"graphml end", kGraphml, "source=\"8\" target=\"0\"", "source=\"8\" target=\"9\"",
     "f:40: <edge> target \"9\" is no node"},
    {"graphml id twice", kGraphml, "node id=\"7\"", "node id=\"1\"", "node id \"1\" is used twice"},
    {"graphml no id", kGraphml, "node id=\"7\"", "node", "<node> without an id"},
    {"graphml speed", kGraphml, "2500000000.0", "fast",
     "LinkSpeedRaw \"fast\" is no finite number"},
    {"graphml negative speed", kGraphml, "2500000000.0", "-1", "LinkSpeedRaw is -1"},
    {"graphml nan place", kGraphml, "47.37", "nan", "f:12: Latitude \"nan\""},
    {"graphml no graph nodes", kAuto, nullptr, "<graphml><graph/></graphml>", "has no nodes"},
    {"sndlib end", kSndlib, "( Genf Chur )", "( Genf Basel )",
     "f:14: expected a node of the NODES section, not \"Basel\""},
    {"sndlib node twice", kSndlib, "Chur\n", "Bern\n", "f:10: node \"Bern\" is defined twice"},
    {"sndlib number", kSndlib, "2.5 0.00", "x 0.00",
     "f:13: expected a pre-installed capacity as a finite number, not \"x\""},
    {"sndlib nan", kSndlib, "2.5 0.00", "nan 0.00", "expected a pre-installed capacity"},
    {"sndlib negative", kSndlib, "2.5 0.00", "-2.5 0.00", "f:13: capacity is -2.5"},
    {"sndlib cut", kSndlib, "UNLIMITED\n)\n", "", "the file ends: is it cut off?"},
    {"json cut", kTopohub, "]\n}", "", "the file ends too early"},
    {"json comma", kTopohub, "\"multigraph\": false,", "\"multigraph\": false",
     "f:4: not valid JSON here"},
    {"json nan", kTopohub, "65.52", "NaN", "not valid JSON here"},
    {"json number", kTopohub, "65.52", "1e999", "not valid JSON: a number is out of range"},
    {"node link no nodes", kTopohub, "\"nodes\": [", "\"knots\": [", "has no list \"nodes\""},
    {"node link end", kTopohub, "\"source\": 1, \"target\": 2", "\"source\": 1, \"target\": 9",
     "f:12: target \"9\" is no node"},
    {"node link no end", kTopohub, "\"source\": 1, ", "", "f:12: link without a \"source\""},
    {"node link id twice", kTopohub, "\"id\": 2", "\"id\": 1", "f:8: node id \"1\" is used twice"},
    {"node link dist", kTopohub, "65.52", "\"far\"", "f:12: dist is no finite number"},
    {"node link negative", kTopohub, "65.52", "-1", "f:12: dist (km) is -1"},
    {"node link pos", kTopohub, "[1.5, 2.5]", "[1.5]", "f:8: \"pos\" must be"},
    {"metaopt zero", kMetaopt, "2500.5", "0", "f:9: capacity is 0"},
    {"metaopt text", kMetaopt, "2500.5", "\"big\"", "f:9: capacity is no finite number"},
    {"teavar header", kTeavar, "prob_failure", "p", "f:1: the header has no column prob_failure"},
    {"teavar node", kTeavar, "3           1 ", "3.5         1 ", "f:4: to_node \"3.5\" is no node"},
    {"teavar node zero", kTeavar, "3           1 ", "0           1 ", "to_node \"0\" is no node"},
    {"teavar huge node", kTeavar, "3           1 ", "999999999    1 ", "is no node"},
    {"teavar short", kTeavar, "1200000           0", "1200000", "f:4: has 3 columns: give 4"},
    {"teavar zero", kTeavar, "1200000", "0", "f:4: capacity is 0"},
    {"teavar certain", kTeavar, "1200000           0", "1200000           1",
     "f:4: prob_failure is 1"},
    {"teavar tiny sure", kTeavar, "1200000           0", "1200000           nan",
     "f:4: prob_failure \"nan\" is no number"},
    {"rfc8345 no networks", kRfc8345, "\"network\": [", "\"net\": [", "has no list \"network\""},
    {"rfc8345 node id", kRfc8345, "\"node-id\": \"d2\"", "\"node\": \"d2\"",
     "f:11: node without a \"node-id\""},
    {"rfc8345 node twice", kRfc8345, "\"node-id\": \"d2\"", "\"node-id\": \"urn:node:D1\"",
     "f:11: node-id"},
    {"rfc8345 link twice", kRfc8345, "\"back\"", "\"D1,1-0-1,D2\"", "f:18: link-id"},
    {"rfc8345 end", kRfc8345, "\"dest-node\": \"d2\"", "\"dest-node\": \"d3\"",
     "f:14: dest-node \"d3\" is no node"},
    {"rfc8345 no end", kRfc8345, "\"source-node\": \"d2\"", "\"x\": \"d2\"",
     "f:18: link without \"source\""},
    {"rfc8345 metric", kRfc8345, "\"100\"", "\"-1\"", "f:14: metric1 is -1"},
    {"rfc8345 bandwidth", kRfc8345, "0x1p30", "much", "f:18: te-bandwidth \"much\" is no number"},
    {"rfc8345 inf bandwidth", kRfc8345, "0x1p30", "inf", "f:18: te-bandwidth (bytes/s) is inf"},
    {"rfc8345 ours unknown", kRfc8345,
     "\"ietf-l3-unicast-topology:l3-link-attributes\": {\"metric1\": \"100\"}",
     "\"waymark:link\": {\"colour\": 1}", "f:14: \"waymark:link\": "},
    {"rfc8345 ours invalid", kRfc8345,
     "\"ietf-l3-unicast-topology:l3-link-attributes\": {\"metric1\": \"100\"}",
     "\"waymark:link\": {\"delay_ns\": \"-5\", \"capacity_bps\": 1}",
     "f:14: links/d1-1-0-1-d2: delay_ns is -5"},
    {"rfc8345 ours nan", kRfc8345,
     "\"ietf-l3-unicast-topology:l3-link-attributes\": {\"metric1\": \"100\"}",
     "\"waymark:link\": {\"cost\": \"NaN\", \"capacity_bps\": 1}", "cost is not a number"},
};

INSTANTIATE_TEST_SUITE_P(All, BadFileTest, testing::ValuesIn(kBadFiles),
                         [](const testing::TestParamInfo<BadFile>& info) {
                           std::string name = info.param.what;
                           std::ranges::replace(name, ' ', '_');
                           return name;
                         });

TEST(ImportTest, RefusesBombs) {
  const auto message = [](std::string_view contents, TopologyFormat format) {
    auto result = ImportTopology("f", contents, format);
    EXPECT_FALSE(result.ok());
    return std::string(result.status().message());
  };
  EXPECT_NE(message(std::string((64 << 20) + 1, 'x'), kAuto).find("larger than 64 MiB"),
            std::string::npos);
  EXPECT_NE(message(std::string(1 << 20, '['), kTopohub).find("nested deeper than 64"),
            std::string::npos);
  EXPECT_NE(message("[" + std::string(9'000'000, ','), kTopohub).find("more than 8000000 values"),
            std::string::npos);
  std::string xml;
  for (int i = 0; i < 100'000; ++i) xml += "<a>";
  EXPECT_NE(message(xml, kGraphml).find("not valid XML"), std::string::npos);
  EXPECT_NE(message(std::string(5'000'000, '<'), kGraphml).find("more than 4000000"),
            std::string::npos);
  const std::string name(5 << 20, 'x');
  EXPECT_LT(message("NODES 1\nlabel x y\n" + name + " 0 0\nEDGES 0\nlabel\n", kRepetita).size(),
            500u);
  EXPECT_LT(message(name, kSndlib).size(), 500u);
}

}  // namespace
}  // namespace waymark
