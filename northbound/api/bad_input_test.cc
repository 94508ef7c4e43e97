// Every kind of bad input, one row each: the reply names the resource and the field, and the store
// does not change.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "northbound/api/testing.h"

namespace waymark {
namespace {

struct Row {
  const char* what;
  std::function<void(v1::Bundle&)> spoil;
  const char* resource;
  const char* field;
};

v1::Service& Lan(v1::Bundle& b) { return *b.mutable_services(0); }
v1::ClassMap& Marks(v1::Bundle& b) { return *b.mutable_class_maps(0); }
v1::TrafficClass& Voice(v1::Bundle& b) { return *b.mutable_traffic_classes(0); }

const char kBankLan[] = "customers/bank/services/lan";
const char kBankMarks[] = "customers/bank/classMaps/marks";
const char kVoice[] = "trafficClasses/voice";
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

std::vector<Row> TopologyRows() {
  return {
      {"unknown city", [](v1::Bundle& b) { b.mutable_links(0)->set_target("nodes/atlantis"); },
       "links/a--b", "target"},
      {"unknown link end", [](v1::Bundle& b) { b.mutable_links(0)->set_source("b"); }, "links/a--b",
       "source"},
      {"duplicate node", [](v1::Bundle& b) { *b.add_nodes() = b.nodes(0); }, "\"nodes/a\"", "name"},
      {"duplicate site", [](v1::Bundle& b) { *b.add_sites() = b.sites(0); },
       "\"customers/bank/sites/a\"", "name"},
      {"zero capacity", [](v1::Bundle& b) { b.mutable_links(0)->set_capacity_bps(0); },
       "links/a--b", "capacity_bps"},
      {"negative capacity", [](v1::Bundle& b) { b.mutable_links(0)->set_capacity_bps(-1); },
       "links/a--b", "capacity_bps"},
      {"negative delay", [](v1::Bundle& b) { b.mutable_links(0)->set_delay_ns(-1); }, "links/a--b",
       "delay_ns"},
      {"endless delay",
       [](v1::Bundle& b) { b.mutable_links(0)->set_delay_ns(std::numeric_limits<int64_t>::max()); },
       "links/a--b", "delay_ns"},
      {"NaN cost", [](v1::Bundle& b) { b.mutable_links(0)->set_cost(kNan); }, "links/a--b", "cost"},
      {"infinite MTBF", [](v1::Bundle& b) { b.mutable_links(0)->set_mtbf_hours(kInf); },
       "links/a--b", "mtbf_hours"},
      {"MTBF without MTTR", [](v1::Bundle& b) { b.mutable_links(0)->set_mtbf_hours(10'000); },
       "links/a--b", "mttr_hours"},
      {"MTTR without MTBF", [](v1::Bundle& b) { b.mutable_nodes(0)->set_mttr_hours(4); }, "nodes/a",
       "mtbf_hours"},
      {"NaN oversubscription",
       [](v1::Bundle& b) { b.mutable_links(0)->set_oversubscription(kNan); }, "links/a--b",
       "oversubscription"},
      {"oversubscription of 101",
       [](v1::Bundle& b) { b.mutable_links(0)->set_oversubscription(101); }, "links/a--b",
       "oversubscription"},
      {"NaN latitude", [](v1::Bundle& b) { b.mutable_nodes(0)->set_latitude(kNan); }, "nodes/a",
       "latitude"},
      {"unknown jurisdiction", [](v1::Bundle& b) { b.mutable_nodes(0)->set_jurisdiction("ZZ"); },
       "nodes/a", "jurisdiction"},
      {"metric over 24 bits", [](v1::Bundle& b) { b.mutable_links(0)->set_te_metric(1u << 24); },
       "links/a--b", "te_metric"},
      {"unknown risk group", [](v1::Bundle& b) { b.mutable_links(0)->add_srlgs("srlgs/x"); },
       "links/a--b", "srlgs"},
      {"reverse of another pair",
       [](v1::Bundle& b) { b.mutable_links(0)->set_reverse("links/b--c"); }, "links/a--b",
       "reverse"},
      {"port named twice", [](v1::Bundle& b) { b.mutable_nodes(0)->add_ports()->set_id("c1"); },
       "nodes/a", "ports[2].id"},
      {"admin state 9",
       [](v1::Bundle& b) { b.mutable_nodes(0)->set_admin_state(static_cast<v1::AdminState>(9)); },
       "nodes/a", "admin_state"},
      {"capital letters", [](v1::Bundle& b) { b.mutable_nodes(0)->set_name("nodes/A"); },
       "\"nodes/A\"", "name"},
      {"no name", [](v1::Bundle& b) { b.add_srlgs(); }, "", "name"},
      {"name of another kind", [](v1::Bundle& b) { b.add_srlgs()->set_name("nodes/a"); },
       "\"nodes/a\"", "name"},
  };
}

std::vector<Row> ClassRows() {
  return {
      {"overlapping DSCP",
       [](v1::Bundle& b) {
         auto& rule = *Marks(b).add_rules();
         rule.add_dscp(46);
         rule.set_traffic_class("trafficClasses/rest");
       },
       kBankMarks, "rules[2].dscp[0]"},
      {"overlapping PCP", [](v1::Bundle& b) { Marks(b).mutable_rules(1)->add_pcp(5); }, kBankMarks,
       "rules[1].pcp[1]"},
      {"DSCP over 63", [](v1::Bundle& b) { Marks(b).mutable_rules(0)->set_dscp(0, 64); },
       kBankMarks, "rules[0].dscp[0]"},
      {"PCP over 7", [](v1::Bundle& b) { Marks(b).mutable_rules(1)->set_pcp(0, 8); }, kBankMarks,
       "rules[1].pcp[0]"},
      {"both lists", [](v1::Bundle& b) { Marks(b).mutable_rules(0)->add_pcp(1); }, kBankMarks,
       "rules[0]"},
      {"neither list", [](v1::Bundle& b) { Marks(b).mutable_rules(0)->clear_dscp(); }, kBankMarks,
       "rules[0]"},
      {"no default class", [](v1::Bundle& b) { Marks(b).clear_default_class(); }, kBankMarks,
       "default_class"},
      {"unknown traffic class",
       [](v1::Bundle& b) { Marks(b).set_default_class("trafficClasses/gold"); }, kBankMarks,
       "default_class"},
      {"queue 8", [](v1::Bundle& b) { Voice(b).set_queue(8); }, kVoice, "queue"},
      {"outer DSCP 64", [](v1::Bundle& b) { Voice(b).set_dscp(64); }, kVoice, "dscp"},
      {"one DSCP, two queues", [](v1::Bundle& b) { Voice(b).set_dscp(0); }, kVoice, "dscp"},
      {"no treatment", [](v1::Bundle& b) { Voice(b).clear_treatment(); }, kVoice, "treatment"},
      {"objective 9", [](v1::Bundle& b) { Voice(b).set_objective(static_cast<v1::Objective>(9)); },
       kVoice, "objective"},
      {"negative delay bound", [](v1::Bundle& b) { Voice(b).set_max_delay_ns(-1); }, kVoice,
       "max_delay_ns"},
      {"unknown jurisdiction in a class",
       [](v1::Bundle& b) { Voice(b).add_allowed_jurisdictions("Switzerland"); }, kVoice,
       "allowed_jurisdictions[0]"},
      {"allowed and forbidden",
       [](v1::Bundle& b) {
         Voice(b).add_allowed_jurisdictions("CH");
         Voice(b).add_forbidden_jurisdictions("CH");
       },
       kVoice, "forbidden_jurisdictions"},
      {"a protected mesh without a path to spare",
       [](v1::Bundle& b) {
         b.mutable_traffic_classes(1)->add_protection(v1::LINK);
         b.mutable_traffic_classes(1)->set_max_paths(1);
       },
       "trafficClasses/rest", "max_paths"},
      {"a mesh's pair objective",
       [](v1::Bundle& b) { b.mutable_traffic_classes(1)->set_pair_objective(v1::MIN_MAX); },
       "trafficClasses/rest", "pair_objective"},
      {"a mesh shorter than the shortest",
       [](v1::Bundle& b) { b.mutable_traffic_classes(1)->set_max_stretch(0.5); },
       "trafficClasses/rest", "max_stretch"},
      {"a pinned class's stretch", [](v1::Bundle& b) { Voice(b).set_max_stretch(2); }, kVoice,
       "max_stretch"},
      {"sharing nobody knows",
       [](v1::Bundle& b) {
         b.mutable_traffic_classes(1)->set_sharing(static_cast<v1::MeshSharing>(9));
       },
       "trafficClasses/rest", "sharing"},
      {"a mesh's setup priority",
       [](v1::Bundle& b) { b.mutable_traffic_classes(1)->set_setup_priority(7); },
       "trafficClasses/rest", "setup_priority"},
      {"a mesh's hold priority",
       [](v1::Bundle& b) { b.mutable_traffic_classes(1)->set_hold_priority(0); },
       "trafficClasses/rest", "hold_priority"},
      {"a mesh's latency",
       [](v1::Bundle& b) { b.mutable_traffic_classes(1)->set_max_latency_ns(1'000'000); },
       "trafficClasses/rest", "max_latency_ns"},
      {"an available mesh without a path to spare",
       [](v1::Bundle& b) {
         b.mutable_traffic_classes(1)->set_availability_target(0.9);
         b.mutable_traffic_classes(1)->set_max_paths(1);
       },
       "trafficClasses/rest", "max_paths"},
      {"nine paths", [](v1::Bundle& b) { Voice(b).set_max_paths(9); }, kVoice, "max_paths"},
      {"NaN availability", [](v1::Bundle& b) { Voice(b).set_availability_target(kNan); }, kVoice,
       "availability_target"},
      {"availability 1", [](v1::Bundle& b) { Voice(b).set_availability_target(1); }, kVoice,
       "availability_target"},
      {"availability 2", [](v1::Bundle& b) { Voice(b).set_availability_target(2); }, kVoice,
       "availability_target"},
      {"65 hops", [](v1::Bundle& b) { Voice(b).set_max_hops(65); }, kVoice, "max_hops"},
      {"protection level 6",
       [](v1::Bundle& b) { Voice(b).add_protection(static_cast<v1::Disjointness>(6)); }, kVoice,
       "protection[0]"},
      {"a level twice",
       [](v1::Bundle& b) {
         Voice(b).add_protection(v1::BUILDING_DISJOINT);
         Voice(b).add_protection(v1::BUILDING_DISJOINT);
       },
       kVoice, "protection[1]"},
      {"shared risks of nothing", [](v1::Bundle& b) { Voice(b).set_allow_shared_risks(true); },
       kVoice, "allow_shared_risks"},
      {"pair objective 3",
       [](v1::Bundle& b) {
         Voice(b).add_protection(v1::LINK);
         Voice(b).set_pair_objective(static_cast<v1::PairObjective>(3));
       },
       kVoice, "pair_objective"},
      {"pair objective of one path",
       [](v1::Bundle& b) { Voice(b).set_pair_objective(v1::MIN_MAX); }, kVoice, "pair_objective"},
      {"shared bandwidth of nothing",
       [](v1::Bundle& b) { Voice(b).set_protect_bandwidth(v1::SHARED); }, kVoice,
       "protect_bandwidth"},
      {"protect bandwidth 3",
       [](v1::Bundle& b) { Voice(b).set_protect_bandwidth(static_cast<v1::ProtectBandwidth>(3)); },
       kVoice, "protect_bandwidth"},
      {"setup priority 8", [](v1::Bundle& b) { Voice(b).set_setup_priority(8); }, kVoice,
       "setup_priority"},
      {"hold priority 8", [](v1::Bundle& b) { Voice(b).set_hold_priority(8); }, kVoice,
       "hold_priority"},
      {"hold weaker than setup",
       [](v1::Bundle& b) {
         Voice(b).set_setup_priority(3);
         Voice(b).set_hold_priority(4);
       },
       kVoice, "hold_priority"},
      {"negative latency bound", [](v1::Bundle& b) { Voice(b).set_max_latency_ns(-1); }, kVoice,
       "max_latency_ns"},
      {"oversubscription under 1", [](v1::Bundle& b) { Voice(b).set_oversubscription(0.5); },
       kVoice, "oversubscription"},
      {"oversubscription of 1001", [](v1::Bundle& b) { Voice(b).set_oversubscription(1'001); },
       kVoice, "oversubscription"},
      {"NaN oversubscription", [](v1::Bundle& b) { Voice(b).set_oversubscription(kNan); }, kVoice,
       "oversubscription"},
      {"included and excluded",
       [](v1::Bundle& b) {
         Voice(b).add_include_any("gold");
         Voice(b).add_exclude("gold");
       },
       kVoice, "exclude"},
      {"control character", [](v1::Bundle& b) { Voice(b).set_display_name("a\nb"); }, kVoice,
       "display_name"},
      {"long display name", [](v1::Bundle& b) { Voice(b).set_display_name(std::string(257, 'x')); },
       kVoice, "display_name"},
  };
}

std::vector<Row> ServiceRows() {
  return {
      {"VLAN over 4094", [](v1::Bundle& b) { Lan(b).mutable_endpoints(0)->set_vlan(4095); },
       kBankLan, "endpoints[0].vlan"},
      {"one site", [](v1::Bundle& b) { Lan(b).mutable_endpoints()->RemoveLast(); }, kBankLan,
       "endpoints"},
      {"an E-Line of three",
       [](v1::Bundle& b) {
         v1::Site& site = *b.add_sites();
         site.set_name("customers/bank/sites/c");
         site.set_node("nodes/c");
         site.set_port("c1");
         Lan(b).set_type(v1::E_LINE);
         Lan(b).add_endpoints()->set_site(site.name());
       },
       kBankLan, "endpoints"},
      {"an E-Tree without root",
       [](v1::Bundle& b) {
         Lan(b).set_type(v1::E_TREE);
         for (auto& e : *Lan(b).mutable_endpoints()) e.set_role(v1::LEAF);
       },
       kBankLan, "endpoints"},
      {"a leaf in an E-LAN", [](v1::Bundle& b) { Lan(b).mutable_endpoints(1)->set_role(v1::LEAF); },
       kBankLan, "endpoints[1].role"},
      {"no type", [](v1::Bundle& b) { Lan(b).clear_type(); }, kBankLan, "type"},
      {"a site twice",
       [](v1::Bundle& b) { Lan(b).mutable_endpoints(1)->set_site("customers/bank/sites/a"); },
       kBankLan, "endpoints[1].site"},
      {"an unknown site",
       [](v1::Bundle& b) { Lan(b).mutable_endpoints(0)->set_site("customers/bank/sites/x"); },
       kBankLan, "endpoints[0].site"},
      {"another customer's site",
       [](v1::Bundle& b) { Lan(b).mutable_endpoints(0)->set_site("customers/shop/sites/a"); },
       kBankLan, "endpoints[0].site"},
      {"another customer's class map",
       [](v1::Bundle& b) { Lan(b).set_class_map("customers/shop/classMaps/marks"); }, kBankLan,
       "class_map"},
      {"a rate for an unused class", [](v1::Bundle& b) { Marks(b).clear_rules(); }, kBankLan,
       "rates[0].traffic_class"},
      {"two rates for a class", [](v1::Bundle& b) { *Lan(b).add_rates() = Lan(b).rates(0); },
       kBankLan, "rates[1].traffic_class"},
      {"a negative rate", [](v1::Bundle& b) { Lan(b).mutable_rates(0)->set_cir_bps(-1); }, kBankLan,
       "rates[0].cir_bps"},
      {"a negative burst", [](v1::Bundle& b) { Lan(b).mutable_rates(0)->set_burst_bytes(-1); },
       kBankLan, "rates[0].burst_bytes"},
      {"a burst over 10^9",
       [](v1::Bundle& b) { Lan(b).mutable_rates(0)->set_burst_bytes(1'000'000'001); }, kBankLan,
       "rates[0].burst_bytes"},
      {"a negative hose", [](v1::Bundle& b) { Lan(b).mutable_endpoints(0)->set_egress_bps(-1); },
       kBankLan, "endpoints[0].egress_bps"},
      {"a site on an unknown node", [](v1::Bundle& b) { b.mutable_sites(0)->set_node("nodes/x"); },
       "customers/bank/sites/a", "node"},
      {"a site on an unknown port", [](v1::Bundle& b) { b.mutable_sites(0)->set_port("c9"); },
       "customers/bank/sites/a", "port"},
      {"a site of no customer",
       [](v1::Bundle& b) { b.mutable_sites(0)->set_name("customers/x/sites/a"); },
       "customers/x/sites/a", "name"},
      {"one whole port, two services", [](v1::Bundle& b) { b.mutable_sites(2)->set_port("c1"); },
       "customers/shop/services/lan", "endpoints[0].vlan"},
      {"one VLAN, two services",
       [](v1::Bundle& b) {
         b.mutable_sites(2)->set_port("c1");
         for (int i : {0, 1}) b.mutable_services(i)->mutable_endpoints(0)->set_vlan(7);
       },
       "customers/shop/services/lan", "endpoints[0].vlan"},
      {"a VLAN of a port that is taken whole",
       [](v1::Bundle& b) {
         b.mutable_sites(2)->set_port("c1");
         b.mutable_services(1)->mutable_endpoints(0)->set_vlan(7);
       },
       "customers/shop/services/lan", "endpoints[0].vlan"},
      {"a 5 MB name", [](v1::Bundle& b) { b.add_customers()->set_name(std::string(5 << 20, 'x')); },
       "\"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...\"",
       "name"},
  };
}

void CheckRows(const std::vector<Row>& rows, bool filled) {
  Server server;
  if (filled) {
    ASSERT_TRUE(server.Apply(SmallCarrier()).ok());
  }
  const Revision before = server.store.current();
  for (const Row& row : rows) {
    v1::Bundle bundle = SmallCarrier();
    row.spoil(bundle);
    const grpc::Status status = server.Apply(bundle);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << row.what;
    const Problems problems = ProblemsOf(status);
    ASSERT_FALSE(problems.empty()) << row.what;
    EXPECT_EQ(problems[0].resource(), row.resource) << row.what << ": " << Describe(status);
    EXPECT_EQ(problems[0].field(), row.field) << row.what << ": " << Describe(status);
    EXPECT_GT(problems[0].description().size(), 5u) << row.what;
    EXPECT_LT(status.error_message().size(), 600u) << row.what;
    EXPECT_EQ(server.store.current(), before) << row.what;
  }
}

TEST(BadInputTest, TopologyOfAnEmptyStore) { CheckRows(TopologyRows(), false); }
TEST(BadInputTest, ClassesOfAnEmptyStore) { CheckRows(ClassRows(), false); }
TEST(BadInputTest, ServicesOfAnEmptyStore) { CheckRows(ServiceRows(), false); }
TEST(BadInputTest, TopologyOfAFullStore) { CheckRows(TopologyRows(), true); }
TEST(BadInputTest, ClassesOfAFullStore) { CheckRows(ClassRows(), true); }
TEST(BadInputTest, ServicesOfAFullStore) { CheckRows(ServiceRows(), true); }

TEST(BadInputTest, SmallCarrierItselfIsGood) {
  Server server;
  const grpc::Status status = server.Apply(SmallCarrier());
  EXPECT_TRUE(status.ok()) << Describe(status);
}

TEST(BadInputTest, ManyProblemsFitIntoOneReply) {
  Server server;
  v1::Bundle bundle = SmallCarrier();
  for (auto& link : *bundle.mutable_links()) {
    link.set_capacity_bps(0);
    link.set_delay_ns(-1);
    link.set_cost(kNan);
    link.set_te_metric(1u << 30);
  }
  const grpc::Status status = server.Apply(bundle);
  EXPECT_EQ(ProblemsOf(status).size(), kMaxProblems);
  EXPECT_LT(status.error_details().size(), 7'000u);
}

// What is put in one change may break what another resource, not in the change, relies on.
TEST(BadInputTest, ChangesThatBreakWhatRefersToThem) {
  Server server;
  ASSERT_TRUE(server.Apply(SmallCarrier()).ok());
  const Revision before = server.store.current();
  v1::Bundle port_gone;
  *port_gone.add_nodes() = SmallCarrier().nodes(0);
  port_gone.mutable_nodes(0)->mutable_ports()->RemoveLast();
  grpc::Status status = server.Apply(port_gone);
  EXPECT_EQ(ProblemsOf(status).at(0).resource(), "customers/shop/sites/a") << Describe(status);

  v1::Bundle rule_gone;
  *rule_gone.add_class_maps() = SmallCarrier().class_maps(0);
  rule_gone.mutable_class_maps(0)->clear_rules();
  status = server.Apply(rule_gone);
  EXPECT_EQ(ProblemsOf(status).at(0).resource(), kBankLan) << Describe(status);

  v1::Bundle moved;
  *moved.add_sites() = SmallCarrier().sites(2);
  moved.mutable_sites(0)->set_port("c1");
  status = server.Apply(moved);
  EXPECT_EQ(ProblemsOf(status).at(0).field(), "endpoints[0].vlan") << Describe(status);
  EXPECT_EQ(server.store.current(), before);
}

}  // namespace
}  // namespace waymark
