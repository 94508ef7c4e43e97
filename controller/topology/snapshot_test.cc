#include "controller/topology/snapshot.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace waymark {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

struct Topology {
  std::vector<v1::Node> nodes;
  std::vector<v1::Link> links;
  std::vector<v1::Srlg> srlgs;

  v1::Node& AddNode(const std::string& id) {
    v1::Node& node = nodes.emplace_back();
    node.set_name("nodes/" + id);
    return node;
  }
  v1::Link& AddLink(const std::string& id, const std::string& source, const std::string& target) {
    v1::Link& link = links.emplace_back();
    link.set_name("links/" + id);
    link.set_source("nodes/" + source);
    link.set_target("nodes/" + target);
    link.set_capacity_bps(1'000'000'000);
    link.set_delay_ns(1'000'000);
    return link;
  }
  void AddSrlg(const std::string& id) { srlgs.emplace_back().set_name("srlgs/" + id); }

  std::vector<Snapshot::Problem> Validate(size_t max = 20) const {
    return Snapshot::Validate(nodes, links, srlgs, max);
  }
  absl::StatusOr<std::shared_ptr<const Snapshot>> Build() const {
    return Snapshot::Build(nodes, links, srlgs);
  }
};

// Two nodes, a fibre pair with a parallel one-way link, two risk groups: every field in use, all
// valid.
Topology Valid() {
  Topology t;
  v1::Node& zrh = t.AddNode("zrh");
  zrh.set_display_name("Zürich");
  zrh.set_jurisdiction("CH");
  zrh.set_provider("alpine");
  zrh.set_latitude(47.4);
  zrh.set_longitude(8.5);
  zrh.set_has_coordinates(true);
  zrh.add_ports()->set_id("c1");
  zrh.add_srlgs("srlgs/house");
  zrh.set_mtbf_hours(1000);
  t.AddNode("fra").set_jurisdiction("DE");
  t.AddSrlg("house");
  t.AddSrlg("duct");
  v1::Link& out = t.AddLink("zrh--fra", "zrh", "fra");
  out.set_reverse("links/fra--zrh");
  out.set_interface("eth0");
  out.set_igp_metric(20);
  out.set_provider("rhine");
  out.add_srlgs("srlgs/duct");
  out.add_srlgs("srlgs/house");
  out.add_admin_groups("gold");
  out.add_admin_groups("fibre");
  v1::Link& back = t.AddLink("fra--zrh", "fra", "zrh");
  back.set_reverse("links/zrh--fra");
  back.set_te_metric(7);
  back.set_adjacency_sid(0x8abc);
  v1::Link& second = t.AddLink("zrh--fra-2", "zrh", "fra");
  second.set_admin_state(v1::AVOID);
  return t;
}

TEST(SnapshotTest, ResolvesEveryName) {
  auto built = Valid().Build();
  ASSERT_TRUE(built.ok()) << built.status();
  const Snapshot& s = **built;
  ASSERT_EQ(s.nodes().size(), 2u);
  ASSERT_EQ(s.links().size(), 3u);
  const NodeId fra = *s.FindNode("nodes/fra"), zrh = *s.FindNode("nodes/zrh");
  EXPECT_EQ(Index(fra), 0);
  EXPECT_EQ(Index(zrh), 1);
  EXPECT_EQ(s.node(zrh).jurisdiction, *s.FindJurisdiction("CH"));
  EXPECT_EQ(s.node(zrh).provider, *s.FindProvider("alpine"));
  EXPECT_EQ(s.node(fra).provider, ProviderId::kNone);
  EXPECT_EQ(s.node(fra).admin, v1::ENABLED);
  const LinkId there = *s.FindLink("links/zrh--fra"), back = *s.FindLink("links/fra--zrh");
  const LinkInfo& link = s.link(there);
  EXPECT_EQ(link.source, zrh);
  EXPECT_EQ(link.target, fra);
  EXPECT_EQ(link.reverse, back);
  EXPECT_EQ(link.interface, "eth0");
  EXPECT_EQ(s.link(back).interface, "l8abc");
  EXPECT_EQ(s.link(*s.FindLink("links/zrh--fra-2")).interface, "l-2");
  EXPECT_EQ(s.link(*s.FindLink("links/zrh--fra-2")).reverse, LinkId::kNone);
  EXPECT_EQ(s.link(*s.FindLink("links/zrh--fra-2")).admin, v1::AVOID);
  EXPECT_EQ(link.igp_metric, 20u);
  EXPECT_EQ(link.te_metric, 20u);
  EXPECT_EQ(s.link(back).igp_metric, 10u);
  EXPECT_EQ(s.link(back).te_metric, 7u);
  EXPECT_EQ(link.srlgs, (std::vector<SrlgId>{SrlgId{0}, SrlgId{1}}));
  EXPECT_EQ(s.srlg_names()[0], "srlgs/duct");
  EXPECT_EQ(link.admin_groups,
            (std::vector<AffinityId>{*s.FindAffinity("fibre"), *s.FindAffinity("gold")}));
  EXPECT_EQ(s.FindNode("nodes/none"), std::nullopt);
  EXPECT_EQ(s.FindAffinity("none"), std::nullopt);
}

TEST(SnapshotTest, ReservableIsCapacityTimesTheFactor) {
  Topology t = Valid();
  for (v1::Link& link : t.links) link.set_capacity_bps(10'000'000'000'000'000);
  t.links[1].set_oversubscription(100);
  t.links[2].set_capacity_bps(3);
  t.links[2].set_oversubscription(0.5);
  auto built = t.Build();
  ASSERT_TRUE(built.ok()) << built.status();
  const Snapshot& s = **built;
  EXPECT_EQ(s.link(*s.FindLink("links/zrh--fra")).reservable_bps, 10'000'000'000'000'000);
  EXPECT_EQ(s.link(*s.FindLink("links/fra--zrh")).reservable_bps, 1'000'000'000'000'000'000);
  EXPECT_EQ(s.link(*s.FindLink("links/zrh--fra-2")).reservable_bps, 1);
}

TEST(SnapshotTest, RowsHoldParallelLinksInLinkOrder) {
  auto built = Valid().Build();
  ASSERT_TRUE(built.ok());
  const Snapshot& s = **built;
  const NodeId fra = *s.FindNode("nodes/fra"), zrh = *s.FindNode("nodes/zrh");
  const auto out = s.out_links(zrh);
  EXPECT_EQ(std::vector<LinkId>(out.begin(), out.end()),
            (std::vector<LinkId>{LinkId{1}, LinkId{2}}));
  const auto in = s.in_links(fra);
  EXPECT_EQ(std::vector<LinkId>(in.begin(), in.end()), (std::vector<LinkId>{LinkId{1}, LinkId{2}}));
  EXPECT_EQ(s.out_links(fra).size(), 1u);
  EXPECT_EQ(s.in_links(zrh)[0], LinkId{0});
}

TEST(SnapshotTest, EmptyIsValid) {
  auto built = Topology().Build();
  ASSERT_TRUE(built.ok());
  EXPECT_TRUE((*built)->nodes().empty());
  EXPECT_TRUE((*built)->links().empty());
}

std::string Describe(const Snapshot& s) {
  std::string out;
  for (const NodeInfo& n : s.nodes()) {
    out += n.name + " " + std::to_string(Index(n.jurisdiction)) + "," +
           std::to_string(Index(n.provider)) + "\n";
  }
  for (const LinkInfo& l : s.links()) {
    out += l.name + " " + std::to_string(Index(l.source)) + ">" + std::to_string(Index(l.target)) +
           " " + std::to_string(Index(l.reverse)) + " " + l.interface + "\n";
  }
  for (size_t n = 0; n < s.nodes().size(); ++n) {
    for (LinkId l : s.out_links(NodeId{static_cast<int32_t>(n)}))
      out += std::to_string(Index(l)) + " ";
    for (LinkId l : s.in_links(NodeId{static_cast<int32_t>(n)}))
      out += std::to_string(Index(l)) + " ";
  }
  return out;
}

TEST(SnapshotTest, OrderOfInputDoesNotMatter) {
  Topology t;
  for (const char* id : {"a", "b", "c", "d", "e"})
    t.AddNode(id).set_jurisdiction(id[0] < 'c' ? "CH" : "DE");
  for (int i = 0; i < 12; ++i) {
    t.AddLink("l" + std::to_string(i), std::string(1, "abcde"[i % 5]),
              std::string(1, "abcde"[(i + 1 + i / 5) % 5]));
  }
  const std::string expected = Describe(**t.Build());
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    std::ranges::shuffle(t.nodes, random);
    std::ranges::shuffle(t.links, random);
    auto built = t.Build();
    ASSERT_TRUE(built.ok()) << built.status();
    EXPECT_EQ(Describe(**built), expected);
  }
}

struct BadCase {
  const char* what;
  std::function<void(Topology&)> damage;
  const char* resource;
  const char* field;
  const char* message;  // a part of it
};

class BadTopologyTest : public testing::TestWithParam<BadCase> {};

TEST_P(BadTopologyTest, NamesTheField) {
  Topology t = Valid();
  ASSERT_TRUE(t.Validate().empty());
  GetParam().damage(t);
  const auto problems = t.Validate();
  ASSERT_FALSE(problems.empty());
  const bool found = std::ranges::any_of(problems, [](const Snapshot::Problem& p) {
    return p.resource == GetParam().resource && p.field == GetParam().field &&
           p.message.find(GetParam().message) != std::string::npos;
  });
  for (const auto& p : problems) EXPECT_LT(p.message.size(), 400u);
  EXPECT_TRUE(found) << problems[0].resource << ": " << problems[0].field << " "
                     << problems[0].message;
  const auto built = t.Build();
  EXPECT_EQ(built.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_LT(built.status().message().size(), 600u);
}

v1::Node& Zrh(Topology& t) { return t.nodes[0]; }
v1::Link& Out(Topology& t) { return t.links[0]; }

const BadCase kBadCases[] = {
    {"unknown source", [](Topology& t) { Out(t).set_source("nodes/atlantis"); }, "links/zrh--fra",
     "source", "\"nodes/atlantis\" is not known"},
    {"unknown target", [](Topology& t) { Out(t).set_target("nodes/atlantis"); }, "links/zrh--fra",
     "target", "not known"},
    {"missing source", [](Topology& t) { Out(t).clear_source(); }, "links/zrh--fra", "source",
     "missing"},
    {"self link", [](Topology& t) { t.AddLink("x", "zrh", "zrh"); }, "links/x", "target",
     "also the source"},
    {"duplicate node", [](Topology& t) { t.AddNode("zrh"); }, "nodes/zrh", "name", "used twice"},
    {"duplicate link", [](Topology& t) { t.AddLink("zrh--fra", "zrh", "fra"); }, "links/zrh--fra",
     "name", "used twice"},
    {"duplicate srlg", [](Topology& t) { t.AddSrlg("duct"); }, "srlgs/duct", "name", "used twice"},
    {"bad node id", [](Topology& t) { t.AddNode("Zürich"); }, "nodes/Zürich", "name", "no valid"},
    {"bad prefix", [](Topology& t) { t.AddNode("x").set_name("zrh2"); }, "zrh2", "name",
     "no valid"},
    {"empty name", [](Topology& t) { t.AddNode("x").clear_name(); }, "nodes/?", "name", "no valid"},
    {"zero capacity", [](Topology& t) { Out(t).set_capacity_bps(0); }, "links/zrh--fra",
     "capacity_bps", "is 0"},
    {"negative capacity", [](Topology& t) { Out(t).set_capacity_bps(-5); }, "links/zrh--fra",
     "capacity_bps", "is -5"},
    {"absurd capacity", [](Topology& t) { Out(t).set_capacity_bps(10'000'000'000'000'001); },
     "links/zrh--fra", "capacity_bps", "10^16"},
    {"too little promised", [](Topology& t) { Out(t).set_oversubscription(0.009); },
     "links/zrh--fra", "oversubscription", "give a number from 0.01 to 100"},
    {"too much promised", [](Topology& t) { Out(t).set_oversubscription(100.5); }, "links/zrh--fra",
     "oversubscription", "is 100.5"},
    {"NaN promised", [](Topology& t) { Out(t).set_oversubscription(std::nan("")); },
     "links/zrh--fra", "oversubscription", "not a number"},
    {"negative delay", [](Topology& t) { Out(t).set_delay_ns(-1); }, "links/zrh--fra", "delay_ns",
     "is -1"},
    {"absurd delay", [](Topology& t) { Out(t).set_delay_ns(10'000'000'001); }, "links/zrh--fra",
     "delay_ns", "10 s"},
    {"nan cost", [](Topology& t) { Out(t).set_cost(kNan); }, "links/zrh--fra", "cost",
     "not a number"},
    {"infinite cost", [](Topology& t) { Out(t).set_cost(kInf); }, "links/zrh--fra", "cost",
     "infinite"},
    {"negative cost", [](Topology& t) { Out(t).set_cost(-1); }, "links/zrh--fra", "cost", "is -1"},
    {"nan mtbf", [](Topology& t) { Zrh(t).set_mtbf_hours(kNan); }, "nodes/zrh", "mtbf_hours",
     "not a number"},
    {"infinite mttr", [](Topology& t) { Out(t).set_mttr_hours(kInf); }, "links/zrh--fra",
     "mttr_hours", "infinite"},
    {"negative srlg mtbf", [](Topology& t) { t.srlgs[0].set_mtbf_hours(-3); }, "srlgs/house",
     "mtbf_hours", "is -3"},
    {"unknown jurisdiction", [](Topology& t) { Zrh(t).set_jurisdiction("XX"); }, "nodes/zrh",
     "jurisdiction", "ISO 3166-1"},
    {"small jurisdiction", [](Topology& t) { Zrh(t).set_jurisdiction("ch"); }, "nodes/zrh",
     "jurisdiction", "capitals"},
    {"latitude", [](Topology& t) { Zrh(t).set_latitude(90.5); }, "nodes/zrh", "latitude", "90"},
    {"longitude", [](Topology& t) { Zrh(t).set_longitude(-181); }, "nodes/zrh", "longitude", "180"},
    {"nan latitude", [](Topology& t) { Zrh(t).set_latitude(kNan); }, "nodes/zrh", "latitude",
     "not a number"},
    {"reverse unknown", [](Topology& t) { Out(t).set_reverse("links/none"); }, "links/zrh--fra",
     "reverse", "not known"},
    {"reverse not mutual", [](Topology& t) { t.links[1].clear_reverse(); }, "links/zrh--fra",
     "reverse", "its own reverse"},
    {"reverse elsewhere",
     [](Topology& t) {
       t.AddNode("lon");
       t.links[1].set_source("nodes/lon");
     },
     "links/zrh--fra", "reverse", "other way"},
    {"reverse in parallel",
     [](Topology& t) {
       Out(t).set_reverse("links/zrh--fra-2");
       t.links[2].set_reverse("links/zrh--fra");
       t.links[1].clear_reverse();
     },
     "links/zrh--fra", "reverse", "other way"},
    {"interface twice", [](Topology& t) { t.links[2].set_interface("eth0"); }, "links/zrh--fra-2",
     "interface", "used twice"},
    {"interface is a port", [](Topology& t) { Out(t).set_interface("c1"); }, "links/zrh--fra",
     "interface", "used twice"},
    {"interface is a derived one", [](Topology& t) { Out(t).set_interface("l-2"); },
     "links/zrh--fra-2", "interface", "used twice"},
    {"long interface", [](Topology& t) { Out(t).set_interface("sixteen-letters-"); },
     "links/zrh--fra", "interface", "1 to 15"},
    {"interface with a slash", [](Topology& t) { Out(t).set_interface("ge-0/0"); },
     "links/zrh--fra", "interface", "no interface name"},
    {"long port", [](Topology& t) { Zrh(t).add_ports()->set_id("sixteen-letters-"); }, "nodes/zrh",
     "ports[1].id", "1 to 15"},
    {"port without id", [](Topology& t) { Zrh(t).add_ports(); }, "nodes/zrh", "ports[1].id",
     "no interface name"},
    {"port twice", [](Topology& t) { Zrh(t).add_ports()->set_id("c1"); }, "nodes/zrh",
     "ports[1].id", "used twice"},
    {"negative port rate", [](Topology& t) { Zrh(t).mutable_ports(0)->set_capacity_bps(-1); },
     "nodes/zrh", "ports[0].capacity_bps", "is -1"},
    {"long port description",
     [](Topology& t) { Zrh(t).mutable_ports(0)->set_description(std::string(2000, 'x')); },
     "nodes/zrh", "ports[0].description", "2000 bytes"},
    {"srlg unknown", [](Topology& t) { Out(t).add_srlgs("srlgs/none"); }, "links/zrh--fra", "srlgs",
     "not known"},
    {"node srlg unknown", [](Topology& t) { Zrh(t).add_srlgs("srlgs/none"); }, "nodes/zrh", "srlgs",
     "not known"},
    {"srlg twice", [](Topology& t) { Out(t).add_srlgs("srlgs/duct"); }, "links/zrh--fra", "srlgs",
     "listed twice"},
    {"srlg type", [](Topology& t) { t.srlgs[0].set_type(static_cast<v1::SrlgType>(77)); },
     "srlgs/house", "type", "is 77"},
    {"affinity twice", [](Topology& t) { Out(t).add_admin_groups("gold"); }, "links/zrh--fra",
     "admin_groups", "listed twice"},
    {"affinity empty", [](Topology& t) { Out(t).add_admin_groups(""); }, "links/zrh--fra",
     "admin_groups", "empty name"},
    {"igp metric", [](Topology& t) { Out(t).set_igp_metric(1 << 24); }, "links/zrh--fra",
     "igp_metric", "16777215"},
    {"te metric", [](Topology& t) { Out(t).set_te_metric(1 << 24); }, "links/zrh--fra", "te_metric",
     "16777215"},
    {"link admin", [](Topology& t) { Out(t).set_admin_state(static_cast<v1::AdminState>(9)); },
     "links/zrh--fra", "admin_state", "is 9"},
    {"node admin", [](Topology& t) { Zrh(t).set_admin_state(static_cast<v1::AdminState>(-1)); },
     "nodes/zrh", "admin_state", "is -1"},
    {"node sid", [](Topology& t) { Zrh(t).set_node_sid(0x8000); }, "nodes/zrh", "node_sid",
     "32767"},
    {"node sid twice",
     [](Topology& t) {
       t.nodes[0].set_node_sid(5);
       t.nodes[1].set_node_sid(5);
     },
     "nodes/fra", "node_sid", "another node"},
    {"adjacency sid", [](Topology& t) { Out(t).set_adjacency_sid(0x7fff); }, "links/zrh--fra",
     "adjacency_sid", "32768"},
    {"adjacency sid twice", [](Topology& t) { Out(t).set_adjacency_sid(0x8abc); }, "links/fra--zrh",
     "adjacency_sid", "another link"},
    {"huge name", [](Topology& t) { t.AddNode(std::string(5 << 20, 'x')); },
     "\"nodes/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\"", "name", "no valid"},
    {"huge display name", [](Topology& t) { Zrh(t).set_display_name(std::string(5 << 20, 'x')); },
     "nodes/zrh", "display_name", "5242880 bytes"},
    {"broken text", [](Topology& t) { Zrh(t).set_display_name("Z\xfcrich"); }, "nodes/zrh",
     "display_name", "not UTF-8"},
    {"control text", [](Topology& t) { Out(t).set_provider("a\nb"); }, "links/zrh--fra", "provider",
     "control characters"},
};

INSTANTIATE_TEST_SUITE_P(All, BadTopologyTest, testing::ValuesIn(kBadCases),
                         [](const testing::TestParamInfo<BadCase>& info) {
                           std::string name = info.param.what;
                           std::ranges::replace(name, ' ', '_');
                           return name;
                         });

TEST(SnapshotTest, ProblemsAreInInputOrderAndBounded) {
  Topology t;
  for (int i = 0; i < 100; ++i) t.AddNode("n" + std::to_string(99 - i)).set_jurisdiction("QQ");
  const auto problems = t.Validate(7);
  ASSERT_EQ(problems.size(), 7u);
  EXPECT_EQ(problems[0].resource, "nodes/n99");
  EXPECT_EQ(problems[6].resource, "nodes/n93");
  EXPECT_EQ(t.Validate().size(), 20u);
}

TEST(SnapshotTest, ResourceIds) {
  for (const char* good : {"a", "0", "zrh", "zrh--fra", "a.b", "9-9"})
    EXPECT_TRUE(IsResourceId(good)) << good;
  EXPECT_TRUE(IsResourceId(std::string(63, 'a')));
  for (const char* bad : {"", "-a", "a-", ".a", "a.", "A", "a_b", "a b", "ä", "a/b"}) {
    EXPECT_FALSE(IsResourceId(bad)) << bad;
  }
  EXPECT_FALSE(IsResourceId(std::string(64, 'a')));
}

TEST(SnapshotTest, JurisdictionCodes) {
  for (const char* good : {"AD", "CH", "GB", "US", "ZW"})
    EXPECT_TRUE(IsJurisdictionCode(good)) << good;
  for (const char* bad : {"", "C", "ch", "UK", "EU", "XX", "CHE", "ZZ"}) {
    EXPECT_FALSE(IsJurisdictionCode(bad)) << bad;
  }
}

}  // namespace
}  // namespace waymark
