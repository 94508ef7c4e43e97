#include <gtest/gtest.h>

#include <algorithm>

#include "controller/plan/test_carrier.h"

namespace waymark {
namespace {

constexpr int64_t kGig = 1'000'000'000;

class PinnedTest : public testing::Test {
 protected:
  // The policy of service number `n` (from 0) between two nodes in a class.
  v1::Policy Of(const Plan& plan, uint32_t n, uint32_t index, const char* from, const char* to) {
    return plan.policies.at(PolicyName(from, (0x100 + n) << 8 | index, to))->Message();
  }
  std::string Working(const Plan& plan, uint32_t n, uint32_t index, const char* from,
                      const char* to) {
    const v1::Policy& policy = Of(plan, n, index, from, to);
    return policy.working_size() == 0 ? "" : TestCarrier::Hops(policy.working(0));
  }
  void SetCapacity(const std::string& link, int64_t bps) {
    carrier_.network.Link(link).set_capacity_bps(bps);
    carrier_.network.Link(carrier_.network.Link(link).reverse()).set_capacity_bps(bps);
  }
  TestCarrier carrier_;
};

TEST_F(PinnedTest, BothWaysUseTheSameFibresAndStayInSwitzerland) {
  carrier_.AddService("bank", v1::E_LINE, {"zrh", "gva"}, "bank");
  carrier_.SetRate("bank", "swiss", 2 * kGig);
  const Plan plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, 0, 1, "zrh", "gva"), "zrh gva");
  EXPECT_EQ(Working(plan, 0, 1, "gva", "zrh"), "gva zrh");
  EXPECT_EQ(TestCarrier::Hops(Of(plan, 0, 1, "zrh", "gva").protect()), "zrh ber gva");
  EXPECT_EQ(TestCarrier::Hops(Of(plan, 0, 1, "gva", "zrh").protect()), "gva ber zrh");
  EXPECT_EQ(Of(plan, 0, 1, "zrh", "gva").reserved_bps(), 2 * kGig);
  EXPECT_EQ(plan.changed_placements.size(), 4u);  // swiss and gold, both ways
  const Plan again = carrier_.Commit();
  EXPECT_TRUE(again.changed_placements.empty());
  EXPECT_TRUE(again.deleted_placements.empty());
}

TEST_F(PinnedTest, NothingMovesBecauseSomethingElseGetsBetter) {
  carrier_.AddService("call", v1::E_LINE, {"zrh", "lon"}, "gold");
  EXPECT_EQ(Working(carrier_.Commit(), 0, 2, "zrh", "lon"), "zrh par lon");
  carrier_.network.Fibre("zrh", "lon", 10, 1);
  EXPECT_EQ(Working(carrier_.Commit(), 0, 2, "zrh", "lon"), "zrh par lon");
  carrier_.network.Link("links/zrh--par").set_admin_state(v1::AVOID);
  EXPECT_EQ(Working(carrier_.Commit(), 0, 2, "zrh", "lon"), "zrh par lon");
  carrier_.network.Link("links/zrh--par").set_admin_state(v1::FORBID);
  EXPECT_EQ(Working(carrier_.Commit(), 0, 2, "zrh", "lon"), "zrh lon");
}

TEST_F(PinnedTest, ADownLinkMovesOnlyWhatHasNoLivePath) {
  carrier_.AddService("bank", v1::E_LINE, {"zrh", "gva"}, "bank");
  carrier_.Commit();
  // Reported by one end only: the fibre is dead both ways.
  carrier_.links_down = {"links/gva--zrh", "links/no-such-link"};
  Plan plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, 0, 1, "zrh", "gva"), "zrh gva");  // on protect
  EXPECT_EQ(Of(plan, 0, 1, "zrh", "gva").status().state(), v1::PENDING);
  EXPECT_EQ(Working(plan, 0, 2, "zrh", "gva"), "zrh ber gva");  // unprotected: moved
  carrier_.links_down.clear();
  EXPECT_EQ(Working(carrier_.Commit(), 0, 2, "zrh", "gva"), "zrh ber gva");  // and sticks
}

TEST_F(PinnedTest, WithEveryPathDownItWaitsForItsLinks) {
  carrier_.AddService("bank", v1::E_LINE, {"zrh", "gva"}, "bank");
  carrier_.Commit();
  carrier_.links_down = {"links/zrh--gva", "links/ber--gva"};
  const Plan plan = carrier_.Commit();
  const v1::Policy& policy = Of(plan, 0, 1, "zrh", "gva");
  EXPECT_EQ(policy.status().state(), v1::DOWN);
  EXPECT_EQ(TestCarrier::Hops(policy.working(0)), "zrh gva");
  EXPECT_EQ(policy.status().blocking_constraint(), "link state and allowed_jurisdictions [CH]");
  EXPECT_NE(policy.status().relaxation().find("repair links/"), std::string::npos);
}

TEST_F(PinnedTest, ARaisedRateDisplacesNobody) {
  SetCapacity("links/zrh--par", 10 * kGig);
  carrier_.AddService("first", v1::E_LINE, {"zrh", "lon"}, "gold");
  carrier_.AddService("second", v1::E_LINE, {"zrh", "lon"}, "gold");
  carrier_.SetRate("first", "gold", 4 * kGig);
  carrier_.SetRate("second", "gold", 4 * kGig);
  carrier_.Commit();
  carrier_.SetRate("second", "gold", 7 * kGig);
  Plan plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, 0, 2, "zrh", "lon"), "zrh par lon");
  EXPECT_EQ(Working(plan, 1, 2, "zrh", "lon"), "zrh fra lon");
  EXPECT_EQ(Of(plan, 1, 2, "lon", "zrh").reserved_bps(), 7 * kGig);
  carrier_.SetRate("second", "gold", 20 * kGig);
  plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, 1, 2, "zrh", "lon"), "zrh fra lon");
  EXPECT_EQ(Of(plan, 1, 2, "zrh", "lon").reserved_bps(), 7 * kGig);
  EXPECT_EQ(Of(plan, 1, 2, "zrh", "lon").status().state(), v1::DEGRADED);
  EXPECT_EQ(Of(plan, 1, 2, "zrh", "lon").status().relaxation(), "bandwidth 20 Gbit/s -> 10 Gbit/s");
}

TEST_F(PinnedTest, TheSurvivorStaysAndGetsAPartner) {
  carrier_.AddService("bank", v1::E_LINE, {"zrh", "gva"}, "bank");
  carrier_.Commit();
  // The working path is taken out of use: traffic is on protect, which stays and becomes the
  // working path.
  carrier_.network.Node("lau", "CH");
  carrier_.network.Fibre("zrh", "lau", 5000, 50);
  carrier_.network.Fibre("lau", "gva", 5000, 50);
  carrier_.network.Link("links/zrh--gva").set_admin_state(v1::FORBID);
  const Plan plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, 0, 1, "zrh", "gva"), "zrh ber gva");
  EXPECT_EQ(TestCarrier::Hops(Of(plan, 0, 1, "zrh", "gva").protect()), "zrh lau gva");
  // And where there is no partner, it stays alone and says so.
  carrier_.network.Link("links/zrh--lau").set_admin_state(v1::FORBID);
  const Plan alone = carrier_.Commit();
  EXPECT_EQ(Working(alone, 0, 1, "zrh", "gva"), "zrh ber gva");
  EXPECT_EQ(Of(alone, 0, 1, "zrh", "gva").status().state(), v1::DEGRADED);
  EXPECT_FALSE(Of(alone, 0, 1, "zrh", "gva").has_protect());
}

TEST_F(PinnedTest, BlockedSaysWhyAndDropsItsFrames) {
  carrier_.AddService("bank", v1::E_LINE, {"zrh", "lon"}, "bank");
  const Plan plan = carrier_.Commit();
  const PlannedPolicy& policy = *plan.policies.at(PolicyName("zrh", 0x10001, "lon"));
  EXPECT_TRUE(policy.blocked());
  EXPECT_EQ(policy.status.blocking_constraint(), "allowed_jurisdictions [CH]");
  EXPECT_FALSE(plan.placements.contains(policy.Message().name()));
  const auto* object = plan.objects.at("zrh").Find(policy.object_key);
  ASSERT_NE(object, nullptr);
  EXPECT_EQ(object->policy().working_size(), 0);
  EXPECT_EQ(std::count_if(plan.policies.begin(), plan.policies.end(),
                          [](const auto& named) { return named.second->blocked(); }),
            2);
}

TEST_F(PinnedTest, LinksWithoutReverseArePlacedApart) {
  TestCarrier carrier;
  carrier.network.Node("x", "CH");
  carrier.network.OneWay("zrh", "x", 100, 1);
  carrier.network.OneWay("x", "zrh", 100, 1);
  carrier.AddService("call", v1::E_LINE, {"zrh", "x"}, "gold");
  const Plan plan = carrier.Commit();
  EXPECT_EQ(Working(plan, 0, 2, "zrh", "x"), "zrh x");
  EXPECT_EQ(Working(plan, 0, 2, "x", "zrh"), "x zrh");
  const auto& policy = plan.policies.at(PolicyName("x", 0x10002, "zrh"));
  EXPECT_TRUE(plan.objects.at("x")
                  .Find(policy->object_key)
                  ->policy()
                  .working(0)
                  .probe_return_sids()
                  .empty());
  EXPECT_TRUE(carrier.Commit().changed_placements.empty());
}

class ApartTest : public PinnedTest {
 protected:
  // Fibres w and q between e and f, and another way there and another back, of one-way links.
  ApartTest() {
    for (const char* id : {"e", "f", "g", "h"}) carrier_.network.Node(id, "CH");
    w_ = carrier_.network.Fibre("e", "f", 1000, 10, "w").name();
    q_ = carrier_.network.Fibre("e", "f", 2000, 20, "q").name();
    carrier_.network.OneWay("e", "g");
    carrier_.network.OneWay("g", "f");
    carrier_.network.OneWay("f", "h");
    carrier_.network.OneWay("h", "e");
    carrier_.AddService("line", v1::E_LINE, {"e", "f"}, "gold");
  }
  v1::TrafficClass& Gold() { return carrier_.intents.traffic_classes.at("trafficClasses/gold"); }
  void Forbid(const std::string& link) {
    carrier_.network.Link(link).set_admin_state(v1::FORBID);
    carrier_.network.Link(carrier_.network.Link(link).reverse()).set_admin_state(v1::FORBID);
  }
  std::string Protect(const Plan& plan, const char* from, const char* to) {
    return TestCarrier::Hops(Of(plan, 0, 2, from, to).protect());
  }
  std::string w_, q_;
};

TEST_F(ApartTest, TheSurvivorGetsAPartnerOfItsOwnEachWay) {
  Gold().add_protection(v1::LINK);
  EXPECT_EQ(Protect(carrier_.Commit(), "e", "f"), "e f");
  Forbid(q_);
  const Plan plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, 0, 2, "e", "f"), "e f");
  EXPECT_EQ(Working(plan, 0, 2, "f", "e"), "f e");
  EXPECT_EQ(Protect(plan, "e", "f"), "e g f");
  EXPECT_EQ(Protect(plan, "f", "e"), "f h e");
  EXPECT_EQ(Of(plan, 0, 2, "e", "f").status().state(), v1::PENDING);
  EXPECT_EQ(Of(plan, 0, 2, "f", "e").status().state(), v1::PENDING);
  EXPECT_TRUE(carrier_.Commit().changed_placements.empty());
}

TEST_F(ApartTest, WhereOneWayFindsNoPartnerBothStayTogether) {
  Gold().add_protection(v1::LINK);
  carrier_.Commit();
  Forbid(q_);
  carrier_.network.Link("links/h--e").set_admin_state(v1::FORBID);
  const Plan plan = carrier_.Commit();
  for (const auto& [from, to] : {std::pair("e", "f"), {"f", "e"}}) {
    EXPECT_EQ(Of(plan, 0, 2, from, to).working(0).links_size(), 1);
    EXPECT_EQ(Protect(plan, from, to), "");
    EXPECT_EQ(Of(plan, 0, 2, from, to).status().state(), v1::DEGRADED);
    EXPECT_NE(Of(plan, 0, 2, from, to).status().reason(), "unprotected: ");
  }
}

TEST_F(ApartTest, WithEveryFibreDownEachWayGoesItsOwn) {
  carrier_.Commit();
  carrier_.links_down = {w_, q_};
  Plan plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, 0, 2, "e", "f"), "e g f");
  EXPECT_EQ(Working(plan, 0, 2, "f", "e"), "f h e");
  EXPECT_EQ(Of(plan, 0, 2, "e", "f").status().state(), v1::PENDING);
  EXPECT_EQ(Of(plan, 0, 2, "f", "e").status().state(), v1::PENDING);
  carrier_.links_down.clear();
  plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, 0, 2, "e", "f"), "e g f");
}

TEST_F(PinnedTest, LargerDemandsAreServedFirstAndForgottenOnesFreeTheirPlace) {
  for (const char* link :
       {"links/zrh--par", "links/zrh--fra", "links/zrh--gva", "links/zrh--ber"}) {
    SetCapacity(link, link == std::string("links/zrh--par") ? 10 * kGig : 1);
  }
  carrier_.AddService("a-small", v1::E_LINE, {"zrh", "lon"}, "gold");
  carrier_.AddService("b-large", v1::E_LINE, {"zrh", "lon"}, "gold");
  carrier_.SetRate("a-small", "gold", 4 * kGig);
  carrier_.SetRate("b-large", "gold", 8 * kGig);
  Plan plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, 0, 2, "zrh", "lon"), "");
  EXPECT_EQ(Working(plan, 1, 2, "zrh", "lon"), "zrh par lon");
  carrier_.intents.services.erase("customers/c/services/b-large");
  plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, 0, 2, "zrh", "lon"), "zrh par lon");
  EXPECT_EQ(plan.deleted_placements.size(), 2u);
}

}  // namespace
}  // namespace waymark
