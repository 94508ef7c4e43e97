#include "controller/topology/import.h"

#include <gtest/gtest.h>
#include <lzma.h>

#include <algorithm>
#include <string>
#include <vector>

#include "controller/topology/country.h"
#include "controller/topology/import_samples.h"
#include "controller/topology/link_speed.h"
#include "controller/topology/snapshot.h"

namespace waymark {
namespace {

const Sample& SampleOf(TopologyFormat format) {
  return *std::ranges::find(kSamples, format, &Sample::format);
}

ImportResult Import(std::string_view path, std::string_view contents,
                    TopologyFormat format = TopologyFormat::kAuto, std::string_view names = {}) {
  auto result = ImportTopology(path, contents, format, names);
  EXPECT_TRUE(result.ok()) << result.status().message();
  return result.ok() ? *std::move(result) : ImportResult();
}

ImportResult Import(TopologyFormat format) {
  return Import(SampleOf(format).path, SampleOf(format).contents);
}

std::string Replaced(TopologyFormat format, std::string_view from, std::string_view to) {
  std::string text = SampleOf(format).contents;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

bool Warned(const ImportResult& result, std::string_view part) {
  return std::ranges::any_of(
      result.warnings, [&](const std::string& w) { return w.find(part) != std::string::npos; });
}

TEST(ImportTest, DetectsEveryFormatWhateverThePath) {
  for (const Sample& sample : kSamples) {
    EXPECT_EQ(Import(sample.path, sample.contents).format, sample.format) << sample.path;
    EXPECT_EQ(Import("noname", sample.contents).format, sample.format) << sample.path;
    EXPECT_EQ(Import("x", sample.contents, sample.format).format, sample.format) << sample.path;
    EXPECT_EQ(Import("x", std::string("\xef\xbb\xbf") + sample.contents).format, sample.format)
        << sample.path;
  }
}

TEST(ImportTest, EveryImportIsAValidTopology) {
  for (const Sample& sample : kSamples) {
    const v1::Bundle b = Import(sample.path, sample.contents).bundle;
    const std::vector<v1::Node> nodes(b.nodes().begin(), b.nodes().end());
    const std::vector<v1::Link> links(b.links().begin(), b.links().end());
    const std::vector<v1::Srlg> srlgs(b.srlgs().begin(), b.srlgs().end());
    EXPECT_TRUE(Snapshot::Build(nodes, links, srlgs).ok()) << sample.path;
    EXPECT_GE(nodes.size(), 2u);
    EXPECT_GE(links.size(), 2u);
  }
}

TEST(ImportTest, WindowsLineEndsChangeNothing) {
  for (const Sample& sample : kSamples) {
    std::string text;
    for (const char* c = sample.contents; *c != 0; ++c)
      text.append(*c == '\n' ? "\r\n" : std::string(1, *c));
    EXPECT_EQ(Import(sample.path, text).bundle.SerializeAsString(),
              Import(sample.path, sample.contents).bundle.SerializeAsString())
        << sample.path;
  }
}

TEST(ImportTest, Yaml) {
  const v1::Bundle b = Import(TopologyFormat::kYaml).bundle;
  EXPECT_EQ(b.links_size(), 3);
  EXPECT_EQ(b.links(1).name(), "links/fra--zrh");
  EXPECT_EQ(b.srlgs(0).type(), v1::DUCT);
}

TEST(ImportTest, Repetita) {
  const ImportResult r = Import(TopologyFormat::kRepetita);
  const v1::Bundle& b = r.bundle;
  ASSERT_EQ(b.nodes_size(), 3);
  ASSERT_EQ(b.links_size(), 4);
  EXPECT_EQ(b.nodes(0).name(), "nodes/0-z-c3-bcrich");
  EXPECT_EQ(b.nodes(1).name(), "nodes/new-york");
  EXPECT_EQ(b.nodes(2).name(), "nodes/new-york-2");
  EXPECT_EQ(b.nodes(2).display_name(), "New_York");
  EXPECT_TRUE(b.nodes(0).has_coordinates());
  EXPECT_EQ(b.nodes(0).latitude(), 47.4);
  const v1::Link& edge = b.links(0);
  EXPECT_EQ(edge.name(), "links/edge-0");
  EXPECT_EQ(edge.source(), "nodes/0-z-c3-bcrich");
  EXPECT_EQ(edge.capacity_bps(), 1'000'000'000);
  EXPECT_EQ(edge.delay_ns(), 32'000'000);
  EXPECT_EQ(edge.igp_metric(), 10u);
  EXPECT_EQ(edge.reverse(), "links/edge-1");
  EXPECT_EQ(b.links(1).reverse(), "links/edge-0");
  EXPECT_EQ(b.links(2).reverse(), "");
  EXPECT_EQ(b.links(2).delay_ns(), 0);
  EXPECT_EQ(b.links(3).delay_ns(), 4500);
  EXPECT_EQ(b.links(3).igp_metric(), 0u);
  ASSERT_EQ(r.warnings.size(), 1u);
  EXPECT_EQ(r.warnings[0], "net.graph:12: weight is less than 1: the default of 10 used");
}

TEST(ImportTest, PlanarAndZeroCoordinatesAreLeftOut) {
  ImportResult r = Import("x", Replaced(TopologyFormat::kRepetita, "8.5 47.4", "300 47.4"));
  EXPECT_FALSE(r.bundle.nodes(0).has_coordinates());
  EXPECT_FALSE(r.bundle.nodes(1).has_coordinates());
  EXPECT_TRUE(Warned(r, "x:3: coordinates are no longitude and latitude"));
  r = Import("x",
             "NODES 2\nlabel x y\na 0.0 0.0\nb 0 0\nEDGES 0\nlabel src dest weight bw delay\n");
  EXPECT_FALSE(r.bundle.nodes(0).has_coordinates());
  EXPECT_TRUE(Warned(r, "all coordinates are 0, 0"));
}

TEST(ImportTest, Graphml) {
  const ImportResult r = Import(TopologyFormat::kGraphml);
  const v1::Bundle& b = r.bundle;
  ASSERT_EQ(b.nodes_size(), 4);
  EXPECT_EQ(b.nodes(0).name(), "nodes/zurich");
  EXPECT_EQ(b.nodes(1).name(), "nodes/zurich-2");
  EXPECT_EQ(b.nodes(1).display_name(), "Zürich");
  EXPECT_EQ(b.nodes(3).name(), "nodes/8");
  EXPECT_EQ(b.nodes(0).jurisdiction(), "CH");
  EXPECT_EQ(b.nodes(1).jurisdiction(), "");
  EXPECT_EQ(b.nodes(2).jurisdiction(), "GB");
  EXPECT_TRUE(b.nodes(0).has_coordinates());
  EXPECT_FALSE(b.nodes(1).has_coordinates());
  ASSERT_EQ(b.links_size(), 8);
  EXPECT_EQ(b.links(0).name(), "links/zurich--london");
  EXPECT_EQ(b.links(1).name(), "links/london--zurich");
  EXPECT_EQ(b.links(0).reverse(), b.links(1).name());
  EXPECT_EQ(b.links(2).name(), "links/zurich--london-2");
  EXPECT_EQ(b.links(0).capacity_bps(), 2'500'000'000);
  EXPECT_EQ(b.links(2).capacity_bps(), 155'000'000);
  EXPECT_EQ(b.links(4).capacity_bps(), 45'000'000);
  EXPECT_EQ(b.links(6).capacity_bps(), 10'000'000'000);
  // Zürich to London is 776 km.
  EXPECT_NEAR(static_cast<double>(b.links(0).delay_ns()), 776 * 5003.46, 776 * 20);
  EXPECT_EQ(b.links(4).delay_ns(), 1'000'000);
  EXPECT_TRUE(Warned(r, "net.graphml:39: link from a node to itself: left out"));
  EXPECT_TRUE(Warned(r, "net.graphml:40: link without a capacity: 10 Gbit/s assumed"));
  EXPECT_TRUE(Warned(r, "country \"Atlantis\" is not known"));
  EXPECT_TRUE(Warned(r, "great-circle"));
}

TEST(ImportTest, DirectedGraphmlPairsLinks) {
  const v1::Bundle b = Import("x", R"(<graphml><graph edgedefault="directed">
<node id="a"/><node id="b"/><edge source="a" target="b"/><edge source="b" target="a"/>
<edge source="b" target="a"/></graph></graphml>)")
                           .bundle;
  ASSERT_EQ(b.links_size(), 3);
  EXPECT_EQ(b.links(0).reverse(), b.links(1).name());
  EXPECT_EQ(b.links(2).reverse(), "");
}

TEST(ImportTest, Sndlib) {
  const ImportResult r = Import(TopologyFormat::kSndlib);
  const v1::Bundle& b = r.bundle;
  ASSERT_EQ(b.nodes_size(), 3);
  EXPECT_EQ(b.nodes(0).name(), "nodes/bern");
  EXPECT_EQ(b.nodes(0).display_name(), "Bern");
  EXPECT_EQ(b.nodes(0).longitude(), 7.45);
  EXPECT_FALSE(b.nodes(2).has_coordinates());
  ASSERT_EQ(b.links_size(), 6);
  EXPECT_EQ(b.links(0).name(), "links/l1");
  EXPECT_EQ(b.links(1).name(), "links/l1-rev");
  EXPECT_EQ(b.links(1).source(), "nodes/genf");
  EXPECT_EQ(b.links(0).capacity_bps(), 2'500'000'000);
  EXPECT_EQ(b.links(2).capacity_bps(), 40'000'000'000);
  EXPECT_EQ(b.links(4).capacity_bps(), 10'000'000'000);
  EXPECT_TRUE(Warned(r, "net.txt:14: link without pre-installed capacity"));
  EXPECT_TRUE(Warned(r, "net.txt:15: link without a capacity"));
}

TEST(ImportTest, Topohub) {
  const ImportResult r = Import(TopologyFormat::kTopohub);
  const v1::Bundle& b = r.bundle;
  ASSERT_EQ(b.nodes_size(), 3);
  EXPECT_EQ(b.nodes(0).name(), "nodes/r0");
  EXPECT_EQ(b.nodes(2).display_name(), "R \"2\" ]");
  EXPECT_FALSE(b.nodes(2).has_coordinates());
  ASSERT_EQ(b.links_size(), 4);
  EXPECT_EQ(b.links(0).delay_ns(), 500'346);
  EXPECT_EQ(b.links(1).delay_ns(), 500'346);
  EXPECT_TRUE(
      Warned(r, "hub.json:11: link without a capacity: 10 Gbit/s assumed (4 times, first here)"));
}

TEST(ImportTest, Metaopt) {
  const ImportResult r = Import(TopologyFormat::kMetaopt);
  const v1::Bundle& b = r.bundle;
  ASSERT_EQ(b.nodes_size(), 3);
  EXPECT_EQ(b.nodes(2).name(), "nodes/two");
  ASSERT_EQ(b.links_size(), 3);
  EXPECT_EQ(b.links(0).reverse(), b.links(1).name());
  EXPECT_EQ(b.links(0).capacity_bps(), 5'000'000'000);
  EXPECT_EQ(b.links(2).capacity_bps(), 2'500'500'000);
  EXPECT_TRUE(
      Warned(r, "swan.json:7: capacity has no unit in this format: read as Mbit/s (3 times"));
}

TEST(ImportTest, Teavar) {
  const ImportResult r = Import(TopologyFormat::kTeavar);
  const v1::Bundle& b = r.bundle;
  ASSERT_EQ(b.nodes_size(), 3);
  EXPECT_EQ(b.nodes(0).name(), "nodes/s1");
  ASSERT_EQ(b.links_size(), 3);
  EXPECT_EQ(b.links(0).name(), "links/s2--s1");
  EXPECT_EQ(b.links(0).capacity_bps(), 5'000'000'000);
  const double up = b.links(0).mtbf_hours(), down = b.links(0).mttr_hours();
  EXPECT_NEAR(down / (up + down), 0.004, 1e-12);
  EXPECT_EQ(b.links(2).mtbf_hours(), 0);
  const v1::Bundle named =
      Import("topology.txt", SampleOf(TopologyFormat::kTeavar).contents, TopologyFormat::kAuto,
             "String_node_names\nZürich West\nFrankfurt\nParis\nOslo\n")
          .bundle;
  ASSERT_EQ(named.nodes_size(), 4);
  EXPECT_EQ(named.nodes(0).name(), "nodes/zurich-west");
  EXPECT_EQ(named.links(0).source(), "nodes/frankfurt");
}

TEST(ImportTest, ForeignRfc8345) {
  const ImportResult r = Import(TopologyFormat::kRfc8345);
  const v1::Bundle& b = r.bundle;
  ASSERT_EQ(b.nodes_size(), 2);
  EXPECT_EQ(b.nodes(0).name(), "nodes/urn-node-d1");
  EXPECT_EQ(b.nodes(0).display_name(), "Dallas 1");
  EXPECT_EQ(b.nodes(1).name(), "nodes/d2");
  ASSERT_EQ(b.links_size(), 2);
  EXPECT_EQ(b.links(0).name(), "links/d1-1-0-1-d2");
  EXPECT_EQ(b.links(0).reverse(), "links/back");
  EXPECT_EQ(b.links(0).igp_metric(), 100u);
  EXPECT_EQ(b.links(0).capacity_bps(), 10'000'000'000);
  EXPECT_EQ(b.links(1).capacity_bps(), int64_t{8} << 30);
  EXPECT_EQ(b.links(1).te_metric(), 7u);
  EXPECT_EQ(b.links(1).delay_ns(), 1'500'000);
  EXPECT_TRUE(Warned(r, "rfc.json:14: link without a capacity"));
}

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

TEST(ImportTest, LinksToThemselvesAreLeftOut) {
  const ImportResult repetita =
      Import("x", Replaced(TopologyFormat::kRepetita, "edge_1 1 0", "edge_1 1 1"));
  EXPECT_EQ(repetita.bundle.links_size(), 3);
  EXPECT_TRUE(Warned(repetita, "x:10: link from a node to itself: left out"));
  EXPECT_EQ(repetita.link_entries, (std::vector<int32_t>{0, 2, 3}));
  const ImportResult sndlib =
      Import("x", Replaced(TopologyFormat::kSndlib, "( Genf Chur )", "( Genf Genf )"));
  EXPECT_EQ(sndlib.bundle.links_size(), 4);
  EXPECT_TRUE(Warned(sndlib, "x:14: link from a node to itself"));
  EXPECT_EQ(sndlib.link_entries, (std::vector<int32_t>{0, 0, 2, 2}));
  const ImportResult teavar =
      Import("x", Replaced(TopologyFormat::kTeavar, "3           1 ", "1           1 "));
  EXPECT_EQ(teavar.bundle.links_size(), 2);
  EXPECT_TRUE(Warned(teavar, "x:4: link from a node to itself"));
}

TEST(ImportTest, ManyEqualLabelsStayFast) {
  std::string text = "NODES 50000\nlabel x y\n";
  for (int i = 0; i < 50'000; ++i) text += "same 1 1\n";
  text += "EDGES 0\nlabel src dest weight bw delay\n";
  const v1::Bundle b = Import("x", text).bundle;
  EXPECT_EQ(b.nodes(49'999).name(), "nodes/same-50000");
}

TEST(ImportTest, LongLabelsGetUniqueIds) {
  const std::string label(63, 'a');
  const v1::Bundle b =
      Import("x", "NODES 2\nlabel x y\n" + label + " 1 1\n" + label +
                      " 2 2\nEDGES 2\nlabel src dest weight bw delay\n- 0 1 1 1 1\n- 0 1 1 1 1\n")
          .bundle;
  EXPECT_EQ(b.nodes(0).name(), "nodes/" + label);
  EXPECT_NE(b.nodes(1).name(), b.nodes(0).name());
  EXPECT_EQ(b.links(0).name(), "links/n0--n1");
  EXPECT_EQ(b.links(1).name(), "links/n0--n1-2");
}

TEST(ImportTest, FormatNames) {
  for (const Sample& sample : kSamples)
    EXPECT_EQ(*ParseFormatName(FormatName(sample.format)), sample.format);
  EXPECT_NE(ParseFormatName("graph-ml").status().message().find("did you mean graphml?"),
            std::string_view::npos);
}

TEST(LinkSpeedTest, ReadsLabels) {
  const std::pair<const char*, double> cases[] = {{"10 Gbps", 10e9},
                                                  {"< 2.5 Gbit/s", 2.5e9},
                                                  {"155Mb/s", 155e6},
                                                  {"OC-192", 192 * 51.84e6},
                                                  {"STM-16c", 16 * 155.52e6},
                                                  {"100GE", 100e9},
                                                  {"10GigE", 10e9},
                                                  {"2 x 10G", 0},
                                                  {"45M", 0},
                                                  {"Fibre", 0},
                                                  {"", 0},
                                                  {"E1 (2 Mbps)", 2e6},
                                                  {"0 Gbps", 0},
                                                  {"64kbps", 64e3}};
  for (const auto& [label, bps] : cases) EXPECT_DOUBLE_EQ(LinkSpeed(label), bps) << label;
}

TEST(CountryTest, Codes) {
  EXPECT_EQ(CountryCode("Switzerland"), "CH");
  EXPECT_EQ(CountryCode("UNITED STATES"), "US");
  EXPECT_EQ(CountryCode("FR"), "FR");
  EXPECT_EQ(CountryCode("Korea"), "");
  EXPECT_EQ(CountryCode(""), "");
}

}  // namespace
}  // namespace waymark
