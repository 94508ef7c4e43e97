#include "controller/topology/import.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "controller/topology/country.h"
#include "controller/topology/import_testing.h"
#include "controller/topology/link_speed.h"
#include "controller/topology/snapshot.h"

namespace waymark {
namespace {

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
  EXPECT_TRUE(r.warnings.empty());
  ASSERT_EQ(r.weight_warnings.size(), 1u);
  EXPECT_EQ(r.weight_warnings[0], "net.graph:12: weight is less than 1: the default of 10 used");
  ASSERT_EQ(r.link_weights.size(), 4u);
  EXPECT_EQ(r.link_weights[0]->value, 10);
  EXPECT_EQ(r.link_weights[3]->value, 0);
  EXPECT_EQ(r.link_weights[3]->line, 12);
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

TEST(ImportTest, CapacitiesAreAlsoKeptAsStated) {
  const ImportResult repetita = Import("x", Replaced(TopologyFormat::kRepetita, "1544", "1.5447"));
  EXPECT_EQ(repetita.bundle.links(2).capacity_bps(), 1545);
  EXPECT_NEAR(repetita.link_capacities[2], 1544.7, 1e-9);
  for (const Sample& sample : kSamples) {
    const ImportResult r = Import(sample.path, sample.contents);
    ASSERT_EQ(r.link_capacities.size(), static_cast<size_t>(r.bundle.links_size()));
    for (int i = 0; i < r.bundle.links_size(); ++i) {
      EXPECT_NEAR(r.link_capacities[i], r.bundle.links(i).capacity_bps(), 0.5) << sample.path;
    }
  }
  // One-way and both-ways links alike.
  for (const char* directed : {"true", "false"}) {
    const ImportResult r =
        Import("x", absl::StrCat(R"({"directed": )", directed, R"(, "nodes": [{"id": 1}, {"id": 2}],
                  "links": [{"source": 1, "target": 2, "capacity": 2.0000005}]})"));
    for (const double capacity : r.link_capacities) EXPECT_NEAR(capacity, 2000000.5, 1e-9);
  }
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

TEST(ImportTest, SaysWhatUnitRatesAreIn) {
  EXPECT_EQ(Import(TopologyFormat::kRepetita).rate_unit_bps, 1e3);
  EXPECT_EQ(Import(TopologyFormat::kTeavar).rate_unit_bps, 1e3);
  EXPECT_EQ(Import(TopologyFormat::kMetaopt).rate_unit_bps, 1e6);
  EXPECT_EQ(Import(TopologyFormat::kSndlib).rate_unit_bps, 1e9);  // META's
  EXPECT_EQ(Import(TopologyFormat::kGraphml).rate_unit_bps, 1);
  EXPECT_EQ(Import(TopologyFormat::kYaml).rate_unit_bps, 1);
}

}  // namespace
}  // namespace waymark
