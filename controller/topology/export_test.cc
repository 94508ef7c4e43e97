#include "controller/topology/export.h"

#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "controller/topology/import.h"
#include "controller/topology/snapshot.h"
#include "controller/topology/yaml_bundle.h"

namespace waymark {
namespace {

using google::protobuf::util::MessageDifferencer;

class Generator {
 public:
  explicit Generator(uint32_t seed) : random_(seed) {}

  v1::Bundle Topology() {
    v1::Bundle b;
    const int srlgs = Below(5), nodes = Below(12), links = nodes < 2 ? 0 : Below(40);
    for (int i = 0; i < srlgs; ++i) Fill(*b.add_srlgs(), i);
    for (int i = 0; i < nodes; ++i) Fill(*b.add_nodes(), i, srlgs);
    for (int i = 0; i < links; ++i) Fill(b, *b.add_links(), i, srlgs);
    return b;
  }

  int Below(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }

 private:
  bool Maybe() { return Below(2) == 0; }
  double Real(double max) { return std::uniform_real_distribution<double>(0, max)(random_); }
  std::string Text() {
    static const char* const kTexts[] = {"",   "Zürich \"HB\"", "a: b # c", "漢字", "null", "0",
                                         "NO", "\\x",           " x "};
    return kTexts[Below(9)];
  }
  v1::AdminState Admin() { return static_cast<v1::AdminState>(Below(4)); }
  template <typename Resource>
  void Reliability(Resource& r) {
    if (Maybe()) r.set_mtbf_hours(Real(1e9));
    if (Maybe()) r.set_mttr_hours(Real(100));
  }
  template <typename Resource>
  void Srlgs(Resource& r, int srlgs) {
    for (int i = 0; i < srlgs; ++i) {
      if (Below(3) == 0) r.add_srlgs("srlgs/s" + std::to_string(i));
    }
  }

  void Fill(v1::Srlg& srlg, int i) {
    srlg.set_name("srlgs/s" + std::to_string(i));
    srlg.set_display_name(Text());
    srlg.set_type(static_cast<v1::SrlgType>(Below(6)));
    Reliability(srlg);
  }

  void Fill(v1::Node& node, int i, int srlgs) {
    node.set_name("nodes/n-" + std::to_string(i * 7 % 12) + ".x");
    node.set_display_name(Text());
    if (Maybe()) node.set_jurisdiction(Maybe() ? "CH" : "NO");
    if (Maybe()) node.set_provider("alpine");
    if (Maybe()) {
      node.set_has_coordinates(true);
      node.set_latitude(Real(90));
      node.set_longitude(-Real(180));
    }
    for (int p = Below(3); p > 0; --p) {
      v1::Port& port = *node.add_ports();
      port.set_id("c" + std::to_string(p));
      port.set_capacity_bps(Maybe() ? 0 : static_cast<int64_t>(random_()) * 1000);
      port.set_description(Text());
    }
    Srlgs(node, srlgs);
    Reliability(node);
    node.set_admin_state(Admin());
    // What an export leaves out.
    node.set_node_sid(static_cast<uint32_t>(i) + 1);
    node.set_loopback("fd00::1");
    node.set_etag("e");
    node.set_revision(5);
    node.mutable_status()->set_state(v1::UP);
  }

  void Fill(v1::Bundle& b, v1::Link& link, int i, int srlgs) {
    link.set_name("links/l--" + std::to_string(i));
    const int source = Below(b.nodes_size());
    link.set_source(b.nodes(source).name());
    link.set_target(b.nodes((source + 1 + Below(b.nodes_size() - 1)) % b.nodes_size()).name());
    link.set_capacity_bps(1 + static_cast<int64_t>(random_()) * 1'000'000);
    link.set_delay_ns(random_());
    if (Maybe()) link.set_interface("e" + std::to_string(i));
    if (Maybe()) link.set_igp_metric(static_cast<uint32_t>(Below(1 << 24)));
    if (Maybe()) link.set_te_metric(static_cast<uint32_t>(Below(1 << 24)));
    for (const char* group : {"satellite", "two words", "é"}) {
      if (Below(3) == 0) link.add_admin_groups(group);
    }
    Srlgs(link, srlgs);
    if (Maybe()) link.set_provider("rhine");
    if (Maybe()) link.set_cost(Real(1e9));
    Reliability(link);
    link.set_admin_state(Admin());
    link.set_revision(9);
    Pair(b, link);
  }

  void Pair(v1::Bundle& b, v1::Link& link) {
    for (v1::Link& other : *b.mutable_links()) {
      if (other.source() == link.target() && other.target() == link.source() &&
          other.reverse().empty() && Maybe()) {
        other.set_reverse(link.name());
        link.set_reverse(other.name());
        return;
      }
    }
  }

  std::mt19937 random_;
};

std::shared_ptr<const Snapshot> Build(const v1::Bundle& b) {
  const std::vector<v1::Node> nodes(b.nodes().begin(), b.nodes().end());
  const std::vector<v1::Link> links(b.links().begin(), b.links().end());
  const std::vector<v1::Srlg> srlgs(b.srlgs().begin(), b.srlgs().end());
  auto built = Snapshot::Build(nodes, links, srlgs);
  EXPECT_TRUE(built.ok()) << built.status();
  return built.ok() ? *built : *Snapshot::Build({}, {}, {});
}

// The resources less what the controller gives.
template <typename Resource>
Resource Spec(Resource r) {
  r.clear_etag();
  r.clear_revision();
  if constexpr (requires { r.clear_status(); }) r.clear_status();
  if constexpr (requires { r.clear_node_sid(); }) r.clear_node_sid();
  if constexpr (requires { r.clear_loopback(); }) r.clear_loopback();
  return r;
}

template <typename Resource>
void ExpectSame(std::span<const Resource> a, std::span<const Resource> b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) {
    EXPECT_TRUE(MessageDifferencer::Equals(Spec(a[i]), Spec(b[i])))
        << Spec(a[i]).ShortDebugString() << "\n"
        << Spec(b[i]).ShortDebugString();
  }
}

class RoundTripTest : public testing::TestWithParam<TopologyFormat> {};

TEST_P(RoundTripTest, GivesTheSameSnapshot) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    Generator generator(seed);
    v1::Bundle bundle = generator.Topology();
    const auto before = Build(bundle);
    const auto text = ExportTopology(*before, GetParam());
    ASSERT_TRUE(text.ok()) << text.status();
    if (bundle.nodes_size() + bundle.srlgs_size() > 0) {
      const auto detected = ImportTopology("file", *text);
      ASSERT_TRUE(detected.ok()) << detected.status() << *text;
      EXPECT_EQ(detected->format, GetParam());
    }
    const auto imported = ImportTopology("file", *text, GetParam());
    ASSERT_TRUE(imported.ok()) << imported.status() << *text;
    EXPECT_TRUE(imported->warnings.empty());
    const auto after = Build(imported->bundle);
    ExpectSame(before->node_resources(), after->node_resources());
    ExpectSame(before->link_resources(), after->link_resources());
    ExpectSame(before->srlg_resources(), after->srlg_resources());
    EXPECT_EQ(*ExportTopology(*after, GetParam()), *text);
    // The order of the input leaves no trace.
    std::mt19937 random(seed);
    std::shuffle(bundle.mutable_links()->pointer_begin(), bundle.mutable_links()->pointer_end(),
                 random);
    std::reverse(bundle.mutable_nodes()->pointer_begin(), bundle.mutable_nodes()->pointer_end());
    EXPECT_EQ(*ExportTopology(*Build(bundle), GetParam()), *text);
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, RoundTripTest,
                         testing::Values(TopologyFormat::kYaml, TopologyFormat::kRfc8345),
                         [](const auto& info) { return std::string(FormatName(info.param)); });

TEST(ExportTest, Rfc8345IsTheStandardsForm) {
  v1::Bundle b;
  b.add_nodes()->set_name("nodes/a");
  b.add_nodes()->set_name("nodes/b");
  v1::Link& link = *b.add_links();
  link.set_name("links/a--b");
  link.set_source("nodes/a");
  link.set_target("nodes/b");
  link.set_capacity_bps(5);
  link.set_interface("e0");
  EXPECT_EQ(*ExportTopology(*Build(b), TopologyFormat::kRfc8345), R"({
  "ietf-network:networks": {
    "network": [
      {
        "network-id": "waymark",
        "network-types": {
          "waymark:network": {}
        },
        "node": [
          {
            "node-id": "a",
            "waymark:node": {},
            "ietf-network-topology:termination-point": [
              {
                "tp-id": "e0"
              }
            ]
          },
          {
            "node-id": "b",
            "waymark:node": {}
          }
        ],
        "ietf-network-topology:link": [
          {
            "link-id": "a--b",
            "source": {
              "source-node": "a",
              "source-tp": "e0"
            },
            "destination": {
              "dest-node": "b"
            },
            "waymark:link": {
              "interface": "e0",
              "capacity_bps": "5"
            }
          }
        ]
      }
    ]
  }
}
)");
}

TEST(ExportTest, OtherFormatsAreRefused) {
  const auto refused = ExportTopology(*Build({}), TopologyFormat::kGraphml);
  EXPECT_EQ(refused.status().message(), "cannot export to graphml: use yaml or rfc8345");
}

}  // namespace
}  // namespace waymark
