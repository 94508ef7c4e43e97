#include "controller/plan/guarantee.h"

#include <gtest/gtest.h>

#include <random>

#include "controller/plan/paths.h"
#include "controller/plan/test_carrier.h"

namespace waymark {
namespace {

constexpr int64_t kGiga = 1'000'000'000;

// One path a pair, so that figures are easy to tell: zrh - par - lon.
class GuaranteeTest : public testing::Test {
 protected:
  GuaranteeTest() { carrier_.intents.traffic_classes.at("trafficClasses/bulk").set_max_paths(1); }

  void AddHose(const std::string& id, const std::vector<std::string>& nodes, int64_t bps) {
    carrier_.AddService(id, v1::E_LAN, nodes, "plain");
    SetHose(id, bps);
  }
  void SetHose(const std::string& id, int64_t bps) {
    for (v1::ServiceEndpoint& endpoint :
         *carrier_.intents.services.at(Name(id)).mutable_endpoints()) {
      endpoint.set_ingress_bps(bps);
      endpoint.set_egress_bps(bps);
    }
  }
  static std::string Name(const std::string& id) { return "customers/c/services/" + id; }
  static const v1::Status& StatusOf(const Plan& plan, const std::string& id) {
    return plan.services.at(Name(id))->status;
  }
  bool Carried(const Plan& plan, const std::string& id) const {
    const std::string key =
        "instance:" + std::to_string(carrier_.intents.services.at(Name(id)).vni());
    return plan.objects.at("zrh").Find(key) != nullptr;
  }
  int64_t Held(const std::string& id, const std::string& link) const {
    const auto snapshot = carrier_.network.Build();
    const auto& record = carrier_.guarantees.at(Name(id));
    for (int i = 0; i < record.sids_size(); ++i) {
      if (record.sids(i) == snapshot->link(*snapshot->FindLink(link)).adjacency_sid) {
        return record.bps(i);
      }
    }
    return 0;
  }

  TestCarrier carrier_;
};

TEST_F(GuaranteeTest, WhatFitsIsHeldAndWhatDoesNotIsNotCarried) {
  AddHose("a", {"zrh", "lon"}, 6 * kGiga);
  Plan plan = carrier_.Commit();
  EXPECT_EQ(StatusOf(plan, "a").state(), v1::PENDING) << StatusOf(plan, "a").reason();
  EXPECT_EQ(Held("a", "links/zrh--par"), 6 * kGiga);
  EXPECT_EQ(Held("a", "links/lon--par"), 6 * kGiga);
  EXPECT_EQ(Held("a", "links/zrh--fra"), 0);
  EXPECT_TRUE(carrier_.MakePlan().guarantee_changes.empty());

  AddHose("b", {"zrh", "lon"}, 6 * kGiga);
  plan = carrier_.Commit();
  EXPECT_EQ(StatusOf(plan, "a").state(), v1::PENDING);
  const v1::Status& refused = StatusOf(plan, "b");
  EXPECT_EQ(refused.state(), v1::BLOCKED);
  EXPECT_NE(
      refused.reason().find("links/lon--par would have to hold 6 Gbit/s and has 4 Gbit/s free"),
      std::string::npos)
      << refused.reason();
  EXPECT_NE(refused.reason().find("nodes/lon to nodes/zrh 6 Gbit/s"), std::string::npos);
  EXPECT_EQ(refused.blocking_constraint(), "bandwidth on links/lon--par");
  EXPECT_EQ(refused.relaxation(), "at most 66.6 % of its rates");
  EXPECT_TRUE(Carried(plan, "a"));
  EXPECT_FALSE(Carried(plan, "b"));
  EXPECT_FALSE(carrier_.guarantees.contains(Name("b")));
  // It waits for the room.
  carrier_.intents.services.erase(Name("a"));
  plan = carrier_.Commit();
  EXPECT_EQ(StatusOf(plan, "b").state(), v1::PENDING);
  EXPECT_TRUE(Carried(plan, "b"));
  EXPECT_FALSE(carrier_.guarantees.contains(Name("a")));
}

TEST_F(GuaranteeTest, NobodyNewTakesWhatIsHeldWhateverHisClass) {
  AddHose("a", {"zrh", "lon"}, 6 * kGiga);
  carrier_.Commit();
  carrier_.AddService("call", v1::E_LINE, {"zrh", "lon"}, "gold");
  carrier_.SetRate("call", "gold", 5 * kGiga);
  const Plan plan = carrier_.Commit();
  EXPECT_EQ(StatusOf(plan, "a").state(), v1::PENDING);
  for (const auto& [name, policy] : plan.policies) {
    if (policy->service.empty()) continue;
    const std::string hops = TestCarrier::Hops(policy->Message().working(0));
    EXPECT_NE(hops.find("fra"), std::string::npos) << hops;
  }
  // But what was pinned before stays, and the hose that comes then is refused.
  TestCarrier other;
  other.intents.traffic_classes.at("trafficClasses/bulk").set_max_paths(1);
  std::swap(carrier_, other);
  carrier_.AddService("call", v1::E_LINE, {"zrh", "lon"}, "gold");
  carrier_.SetRate("call", "gold", 5 * kGiga);
  carrier_.Commit();
  AddHose("a", {"zrh", "lon"}, 6 * kGiga);
  EXPECT_EQ(StatusOf(carrier_.MakePlan(), "a").state(), v1::BLOCKED);
}

TEST_F(GuaranteeTest, WhatIsRaisedBeyondTheRoomKeepsWhatItHad) {
  carrier_.AddService("a", v1::E_LAN, {"zrh", "lon"}, "plain");
  carrier_.Commit();
  // Best effort so far: it goes on being carried when it asks for too much.
  SetHose("a", 11 * kGiga);
  Plan plan = carrier_.Commit();
  EXPECT_EQ(StatusOf(plan, "a").state(), v1::DEGRADED);
  EXPECT_TRUE(Carried(plan, "a"));
  SetHose("a", 6 * kGiga);
  carrier_.Commit();
  AddHose("b", {"zrh", "lon"}, 3 * kGiga);
  carrier_.Commit();
  SetHose("a", 8 * kGiga);
  plan = carrier_.Commit();
  EXPECT_EQ(StatusOf(plan, "b").state(), v1::PENDING);
  EXPECT_EQ(StatusOf(plan, "a").state(), v1::DEGRADED);
  EXPECT_NE(StatusOf(plan, "a").reason().find("what it held before stays held"), std::string::npos)
      << StatusOf(plan, "a").reason();
  EXPECT_EQ(Held("a", "links/zrh--par"), 6 * kGiga);
  EXPECT_TRUE(carrier_.MakePlan().guarantee_changes.empty());
}

TEST_F(GuaranteeTest, AFailureThatTakesTheRoomDegradesWhoWasAdmitted) {
  AddHose("a", {"zrh", "lon"}, 6 * kGiga);
  carrier_.Commit();
  carrier_.AddService("call", v1::E_LINE, {"zrh", "lon"}, "gold");
  carrier_.SetRate("call", "gold", 5 * kGiga);
  carrier_.Commit();
  carrier_.links_down = {"links/par--lon"};
  const Plan plan = carrier_.Commit();
  EXPECT_EQ(StatusOf(plan, "a").state(), v1::DEGRADED);
  EXPECT_NE(StatusOf(plan, "a").reason().find("fra"), std::string::npos)
      << StatusOf(plan, "a").reason();
  EXPECT_TRUE(Carried(plan, "a"));
  EXPECT_TRUE(carrier_.guarantees.contains(Name("a")));
}

TEST_F(GuaranteeTest, CommittedRatesOfMeshClassesAreHeldToo) {
  carrier_.AddService("a", v1::E_LAN, {"zrh", "lon", "par"}, "plain");
  carrier_.SetRate("a", "bulk", 2 * kGiga);
  carrier_.Commit();
  // zrh to par and zrh to lon.
  EXPECT_EQ(Held("a", "links/zrh--par"), 4 * kGiga);
  carrier_.SetRate("a", "bulk", 6 * kGiga);
  EXPECT_EQ(StatusOf(carrier_.MakePlan(), "a").state(), v1::DEGRADED);
}

// Whatever comes and goes: what is held fits, nobody new takes from the old, equal input rests.
TEST(GuaranteeRandomTest, WhatIsHeldFitsAndStays) {
  for (uint32_t seed = 1; seed <= 12; ++seed) {
    std::mt19937 random(seed);
    const auto pick = [&](uint32_t n) { return static_cast<size_t>(random() % n); };
    TestCarrier carrier;
    const std::vector<std::string> nodes = {"ber", "fra", "gva", "lon", "par", "zrh"};
    const auto snapshot = carrier.network.Build();
    std::map<uint32_t, LinkId> link_of_sid;
    for (size_t i = 0; i < snapshot->links().size(); ++i) {
      link_of_sid[snapshot->links()[i].adjacency_sid] = static_cast<LinkId>(i);
    }
    for (int step = 0; step < 14; ++step) {
      const std::string id = "s" + std::to_string(step);
      std::vector<std::string> ends = nodes;
      std::shuffle(ends.begin(), ends.end(), random);
      if (pick(2) == 0) {
        ends.resize(2);
        carrier.AddService(id, v1::E_LINE, ends, "gold");
        carrier.SetRate(id, "gold", static_cast<int64_t>(1 + pick(4)) * kGiga);
      } else {
        ends.resize(2 + pick(4));
        v1::Service& made = carrier.AddService(id, v1::E_LAN, ends, "plain");
        for (v1::ServiceEndpoint& endpoint : *made.mutable_endpoints()) {
          endpoint.set_ingress_bps(static_cast<int64_t>(pick(3)) * kGiga);
          endpoint.set_egress_bps(static_cast<int64_t>(pick(3)) * kGiga);
        }
      }
      const bool fails = pick(4) == 0;
      carrier.links_down.clear();
      if (fails) carrier.links_down = {snapshot->links()[pick(16)].name};
      const auto before = carrier.guarantees;
      const Plan plan = carrier.Commit();
      std::vector<int64_t> held(snapshot->links().size(), 0);
      for (const auto& [name, placement] : plan.placements) {
        const auto links = LinksOf(*snapshot, placement.working());
        ASSERT_TRUE(links.has_value()) << name;
        for (const LinkId link : *links) {
          held[static_cast<size_t>(Index(link))] += placement.reserved_bps();
        }
      }
      for (const auto& [name, record] : carrier.guarantees) {
        // Who is DEGRADED may hold less than his record says.
        if (plan.services.at(name)->status.state() != v1::PENDING) continue;
        for (int i = 0; i < record.sids_size(); ++i) {
          held[static_cast<size_t>(Index(link_of_sid.at(record.sids(i))))] += record.bps(i);
        }
      }
      for (size_t i = 0; i < held.size(); ++i) {
        EXPECT_LE(held[i], snapshot->links()[i].reservable_bps) << seed << " " << step;
      }
      for (const auto& [name, record] : before) {
        ASSERT_TRUE(carrier.guarantees.contains(name));
      }
      const Plan again = carrier.MakePlan();
      EXPECT_TRUE(again.guarantee_changes.empty()) << seed << " " << step;
      EXPECT_TRUE(again.mesh_changes.empty());
    }
  }
}

}  // namespace
}  // namespace waymark
