// What was promised with protection and has lost both its paths.
#include <gtest/gtest.h>

#include <random>

#include "controller/compute/disjoint_pair.h"
#include "controller/plan/test_carrier.h"

namespace waymark {
namespace {

constexpr int64_t kGig = 1'000'000'000;

// bank's class swiss asks for two paths in CH, apart in nodes: "zrh gva" and "zrh ber gva". By lau
// there is a third.
class RestoreTest : public testing::Test {
 protected:
  RestoreTest() {
    carrier_.network.Node("lau", "CH");
    carrier_.network.Fibre("zrh", "lau", 5000, 50);
    carrier_.network.Fibre("lau", "gva", 5000, 50);
    Bank("bank", kGig);
  }
  void Bank(const std::string& id, int64_t rate) {
    carrier_.AddService(id, v1::E_LINE, {"zrh", "gva"}, "bank");
    carrier_.SetRate(id, "swiss", rate);
  }
  v1::TrafficClass& Swiss() { return carrier_.intents.traffic_classes["trafficClasses/swiss"]; }
  const Plan& Commit(const std::set<std::string>& links_down) {
    carrier_.links_down = links_down;
    plan_ = carrier_.Commit();
    return plan_;
  }
  v1::Policy Of(uint32_t n = 0, const char* from = "zrh", const char* to = "gva") {
    return plan_.policies.at(PolicyName(from, (0x100 + n) << 8 | 1, to))->Message();
  }
  std::string Working(uint32_t n = 0) {
    return Of(n).working_size() == 0 ? "" : TestCarrier::Hops(Of(n).working(0));
  }
  std::string Protect(uint32_t n = 0) { return TestCarrier::Hops(Of(n).protect()); }
  v1::State State(uint32_t n = 0) { return Of(n).status().state(); }
  std::string Reason(uint32_t n = 0) { return Of(n).status().reason(); }

  TestCarrier carrier_;
  Plan plan_;
};

TEST_F(RestoreTest, WhereNoPairIsUpOnePathCarries) {
  Commit({});
  EXPECT_EQ(Working() + ", " + Protect(), "zrh gva, zrh ber gva");
  Commit({"links/gva--zrh", "links/ber--gva"});
  EXPECT_EQ(Working(), "zrh lau gva");
  EXPECT_FALSE(Of().has_protect());
  EXPECT_EQ(State(), v1::DEGRADED);
  EXPECT_EQ(Reason().substr(0, 82),
            "unprotected: working path: links/gva--zrh down; protect path: links/gva--ber down;");
  EXPECT_NE(Of().status().relaxation().find("repair links/"), std::string::npos);
  EXPECT_EQ(Of().reserved_bps(), kGig);
  EXPECT_EQ(TestCarrier::Hops(Of(0, "gva", "zrh").working(0)), "gva lau zrh");
  // A new one is never admitted so.
  Bank("late", kGig);
  EXPECT_EQ(Commit({"links/gva--zrh", "links/ber--gva"}).changed_placements.size(),
            2u);  // its gold
  EXPECT_EQ(State(), v1::DEGRADED);
  EXPECT_EQ(Reason().substr(0, 13), "unprotected: ");
  EXPECT_EQ(State(1), v1::BLOCKED);
  // A partner comes back: the path that carries stays.
  Commit({"links/gva--zrh"});
  EXPECT_EQ(Working() + ", " + Protect(), "zrh lau gva, zrh ber gva");
  EXPECT_EQ(State(), v1::PENDING);
  EXPECT_TRUE(Commit({}).changed_placements.size() <= 2);  // late finds its own
  EXPECT_EQ(Working() + ", " + Protect(), "zrh lau gva, zrh ber gva");
}

TEST_F(RestoreTest, TheOnePathMayDieToo) {
  Commit({});
  Commit({"links/zrh--gva", "links/ber--gva"});
  Commit({"links/zrh--gva", "links/ber--gva", "links/lau--gva"});
  EXPECT_EQ(State(), v1::DOWN);
  EXPECT_EQ(Reason().substr(0, 56), "every path is down (working path: links/gva--lau down) a");
  EXPECT_EQ(Working(), "zrh lau gva");
  // Whatever comes first carries.
  Commit({"links/ber--gva", "links/lau--gva"});
  EXPECT_EQ(Working(), "zrh gva");
  EXPECT_EQ(State(), v1::DEGRADED);
  Commit({"links/ber--gva", "links/lau--gva", "links/zrh--gva"});
  EXPECT_EQ(State(), v1::DOWN);
  Commit({});
  EXPECT_EQ(Working() + ", " + Protect(), "zrh gva, zrh ber gva");
  EXPECT_EQ(State(), v1::PENDING);
}

TEST_F(RestoreTest, DownNamesTheLinksOfBothPaths) {
  Commit({});
  Commit({"links/zrh--gva", "links/ber--gva", "links/zrh--ber", "links/lau--gva"});
  EXPECT_EQ(State(), v1::DOWN);
  EXPECT_NE(Reason().find("(working path: links/gva--zrh down; protect path: links/gva--ber, "
                          "links/ber--zrh down) and there is no other: no path from"),
            std::string::npos)
      << Reason();
  EXPECT_EQ(Working() + ", " + Protect(), "zrh gva, zrh ber gva");
}

TEST_F(RestoreTest, EveryOtherConstraintHolds) {
  Swiss().set_max_delay_ns(9'000'000);
  Commit({});
  Commit({"links/zrh--gva", "links/ber--gva"});  // 10 ms by lau, and Paris is not in CH
  EXPECT_EQ(State(), v1::DOWN);
  EXPECT_EQ(Of().status().blocking_constraint().find("protection"), std::string::npos)
      << Of().status().blocking_constraint();
  Swiss().clear_max_delay_ns();
  carrier_.network.Link("links/lau--gva").set_capacity_bps(kGig - 1);
  Commit({"links/zrh--gva", "links/ber--gva"});
  EXPECT_EQ(State(), v1::DOWN);
  carrier_.network.Link("links/lau--gva").set_capacity_bps(kGig);
  Commit({"links/zrh--gva", "links/ber--gva"});
  EXPECT_EQ(State(), v1::DEGRADED);
}

TEST_F(RestoreTest, ATargetThatOnePathMissesIsSaid) {
  const auto snapshot = carrier_.network.Build();
  for (const v1::Link& link : snapshot->link_resources()) {
    carrier_.network.Link(link.name()).set_mtbf_hours(1000);
    carrier_.network.Link(link.name()).set_mttr_hours(1);
  }
  Swiss().set_availability_target(0.99999);
  Commit({});
  EXPECT_EQ(State(), v1::PENDING) << Reason();
  for (int round = 0; round < 2; ++round) {
    Commit({"links/zrh--gva", "links/ber--gva"});
    EXPECT_EQ(Working(), "zrh lau gva");
    EXPECT_EQ(State(), v1::DEGRADED);
    EXPECT_NE(Reason().find("; its availability is 99.80"), std::string::npos) << Reason();
  }
  Commit({});
  EXPECT_EQ(Working() + ", " + Protect(), "zrh lau gva, zrh gva");
  EXPECT_EQ(State(), v1::PENDING);
}

TEST_F(RestoreTest, TheFirmerComesFirst) {
  carrier_.network.Link("links/lau--gva").set_capacity_bps(3 * kGig);
  carrier_.intents.traffic_classes["trafficClasses/zinc"] = Swiss();
  v1::TrafficClass& zinc = carrier_.intents.traffic_classes["trafficClasses/zinc"];
  zinc.set_name("trafficClasses/zinc");
  zinc.set_class_index(9);
  zinc.set_hold_priority(0);
  Swiss().set_hold_priority(5);
  Swiss().set_setup_priority(5);
  carrier_.intents.class_maps["customers/c/classMaps/zinc"].set_name("customers/c/classMaps/zinc");
  carrier_.intents.class_maps["customers/c/classMaps/zinc"].set_default_class(zinc.name());
  carrier_.SetRate("bank", "swiss", 2 * kGig);
  carrier_.AddService("firm", v1::E_LINE, {"zrh", "gva"}, "zinc");
  carrier_.SetRate("firm", "zinc", 2 * kGig);
  Commit({});
  Commit({"links/zrh--gva", "links/ber--gva"});
  const v1::Policy firm = plan_.policies.at(PolicyName("zrh", 0x101 << 8 | 9, "gva"))->Message();
  EXPECT_EQ(firm.status().state(), v1::DEGRADED);
  EXPECT_EQ(TestCarrier::Hops(firm.working(0)), "zrh lau gva");
  EXPECT_EQ(State(), v1::DOWN);
}

// What is forbidden or gone is as dead as what is down.
TEST_F(RestoreTest, WhatMayNotStayIsRestoredToo) {
  Commit({});
  for (const char* link : {"links/zrh--gva", "links/gva--zrh", "links/ber--gva"}) {
    carrier_.network.Link(link).set_admin_state(v1::FORBID);
  }
  Commit({});
  EXPECT_EQ(Working(), "zrh lau gva");
  EXPECT_EQ(State(), v1::DEGRADED);
  EXPECT_NE(Reason().find("none of its paths can stay"), std::string::npos) << Reason();
}

TEST(RestoreApartTest, EachWayByItselfWhereNoFibreServesBoth) {
  TestCarrier carrier;
  for (const char* id : {"e", "f", "g", "h"}) carrier.network.Node(id, "CH");
  const std::string w = carrier.network.Fibre("e", "f", 1000, 10, "w").name();
  const std::string q = carrier.network.Fibre("e", "f", 2000, 20, "q").name();
  carrier.network.OneWay("e", "g");
  carrier.network.OneWay("g", "f");
  carrier.network.OneWay("f", "h");
  carrier.network.OneWay("h", "e");
  carrier.intents.traffic_classes.at("trafficClasses/gold").add_protection(v1::LINK);
  carrier.AddService("line", v1::E_LINE, {"e", "f"}, "gold");
  carrier.Commit();
  const auto of = [](const Plan& plan, const char* from, const char* to) -> v1::Policy {
    return plan.policies.at(PolicyName(from, 0x10002, to))->Message();
  };
  carrier.links_down = {w, q};
  Plan plan = carrier.Commit();
  EXPECT_EQ(TestCarrier::Hops(of(plan, "e", "f").working(0)), "e g f");
  EXPECT_EQ(TestCarrier::Hops(of(plan, "f", "e").working(0)), "f h e");
  for (const auto& [from, to] : {std::pair("e", "f"), {"f", "e"}}) {
    EXPECT_EQ(of(plan, from, to).status().state(), v1::DEGRADED);
    EXPECT_NE(of(plan, from, to).status().reason().find(w), std::string::npos);
  }
  carrier.links_down = {};
  plan = carrier.Commit();
  for (const auto& [from, to] : {std::pair("e", "f"), {"f", "e"}}) {
    EXPECT_EQ(of(plan, from, to).status().state(), v1::PENDING);
    EXPECT_TRUE(of(plan, from, to).has_protect());
  }
}

// Random failures, several at once and one after the other, where there is room for everybody: what
// carries, and how it is, depends on what is up alone.
class RestoreRandomTest : public testing::TestWithParam<uint32_t> {};

TEST_P(RestoreRandomTest, NobodyIsDownBesideAPathAndAllHeals) {
  std::mt19937 random(GetParam());
  const auto pick = [&](size_t n) { return random() % n; };
  TestCarrier carrier;
  std::vector<std::string> fibres;
  const std::vector<std::string> nodes = {"ber", "gva", "zrh", "fra", "lon", "par"};
  for (const auto& [a, b] : {std::pair("ber", "fra"), {"gva", "lon"}, {"ber", "par"}}) {
    carrier.network.Fibre(a, b, 1000, static_cast<uint32_t>(10 + pick(40)));
  }
  const auto whole = carrier.network.Build();
  for (const v1::Link& link : whole->link_resources()) {
    if (link.name() < link.reverse()) fibres.push_back(link.name());
  }
  v1::TrafficClass& gold = carrier.intents.traffic_classes.at("trafficClasses/gold");
  gold.add_protection(GetParam() % 2 == 0 ? v1::NODE : v1::LINK);
  for (size_t i = 0; i < nodes.size(); ++i) {
    carrier.AddService("s" + std::to_string(i), v1::E_LINE,
                       {nodes[i], nodes[(i + 1 + pick(5)) % 6]}, "gold");
  }
  carrier.Commit();
  const auto states = [&](const Plan& plan) {
    std::map<std::string, std::pair<v1::State, bool>> found;
    for (const auto& [name, planned] : plan.policies) {
      found[name] = {planned->status.state(), planned->Message().has_protect()};
    }
    return found;
  };
  const auto healthy = states(carrier.MakePlan());
  for (int step = 0; step < 40; ++step) {
    carrier.links_down.clear();
    for (size_t n = pick(8); n > 0; --n) carrier.links_down.insert(fibres[pick(fibres.size())]);
    const Plan plan = carrier.Commit();
    // Unprotected only where no pair is up, down only where no path is: as if it had just lost all.
    const auto snapshot = carrier.network.Build();
    LinkState up(*snapshot);
    for (const std::string& link : carrier.links_down) up.SetDown(*snapshot->FindLink(link));
    up.SpreadToReverse(*snapshot);
    for (const auto& [name, planned] : plan.policies) {
      const v1::Policy policy = planned->Message();
      if (policy.status().state() == v1::BLOCKED) {
        EXPECT_EQ(healthy.at(name).first, v1::BLOCKED);
        continue;
      }
      PathConstraints constraints =
          ConstraintsOf(carrier.intents.traffic_classes.at(policy.traffic_class()), 0);
      const SearchGraph graph(*snapshot, constraints, {.link_state = &up, .corouted = true});
      const NodeId from = *snapshot->FindNode(policy.headend());
      const NodeId to = *snapshot->FindNode(policy.endpoint());
      const PairResult pair = DisjointPair(graph, constraints.protection, from, to);
      const bool lives = pair.single.outcome == Outcome::kFound;
      EXPECT_EQ(policy.status().state() == v1::DOWN, !lives) << name << " " << step;
      if (!constraints.protection.any()) continue;
      EXPECT_TRUE(policy.has_protect() || !pair.has_pair()) << name << " " << step;
      EXPECT_EQ(policy.status().state() == v1::DEGRADED, lives && !policy.has_protect())
          << name << " " << step << " " << policy.status().reason();
    }
    if (HasFailure()) return;
    if (pick(4) != 0) continue;
    carrier.links_down.clear();
    EXPECT_EQ(states(carrier.Commit()), healthy);
    EXPECT_TRUE(carrier.Commit().changed_placements.empty());
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, RestoreRandomTest, testing::Range(1u, 21u));

}  // namespace
}  // namespace waymark
