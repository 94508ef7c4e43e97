#include "controller/plan/reoptimize.h"

#include <gtest/gtest.h>

#include "controller/plan/test_carrier.h"

namespace waymark {
namespace {

constexpr int64_t kGig = 1'000'000'000;

class ReoptimizeTest : public testing::Test {
 protected:
  Reoptimization Moves(double min_gain_percent = 0, const std::string& service = "") {
    const auto snapshot = carrier_.network.Build();
    return Reoptimize({*snapshot, carrier_.intents, carrier_.links_down, carrier_.placements, {}},
                      {service, min_gain_percent});
  }
  // As somebody who wants it would.
  Plan Adopt(const Reoptimization& moves) {
    carrier_.placements = moves.placements;
    return carrier_.Commit();
  }
  std::string Working(const Plan& plan, uint32_t n, const char* from, const char* to) {
    const v1::Policy policy =
        plan.policies.at(PolicyName(from, (0x100 + n) << 8 | 2, to))->Message();
    return policy.working_size() == 0 ? "" : TestCarrier::Hops(policy.working(0));
  }
  void SetCapacity(const std::string& link, int64_t bps) {
    carrier_.network.Link(link).set_capacity_bps(bps);
    carrier_.network.Link(carrier_.network.Link(link).reverse()).set_capacity_bps(bps);
  }
  TestCarrier carrier_;
};

TEST_F(ReoptimizeTest, OffersWhatGainsAndMovesOnlyWhenAsked) {
  carrier_.AddService("one", v1::E_LINE, {"zrh", "lon"}, "gold");
  carrier_.AddService("two", v1::E_LINE, {"ber", "gva"}, "gold");
  carrier_.Commit();
  const Reoptimization before = Moves();
  EXPECT_TRUE(before.moves.empty());
  EXPECT_EQ(before.placements.size(), 4u);
  carrier_.network.Fibre("zrh", "lon", 2600, 26);  // half of 5.2 ms
  EXPECT_EQ(Working(carrier_.Commit(), 0, "zrh", "lon"), "zrh par lon");
  const Reoptimization moves = Moves();
  EXPECT_NE(moves.name, before.name);
  EXPECT_EQ(moves.name, Moves().name);
  ASSERT_EQ(moves.moves.size(), 2u);  // both ways
  EXPECT_EQ(moves.moves[0].policy, PolicyName("lon", 0x10002, "zrh"));
  EXPECT_EQ(moves.moves[0].before.working(0), "links/lon--par");
  EXPECT_EQ(moves.moves[0].after.working(0), "links/lon--zrh");
  EXPECT_EQ(moves.moves[1].old_objective, 5'200'000);
  EXPECT_EQ(moves.moves[1].new_objective, 2'600'000);
  EXPECT_EQ(moves.moves[1].reason, "delay 5.2 ms -> 2.6 ms");
  EXPECT_TRUE(moves.mended.empty());
  EXPECT_EQ(Moves(50).moves.size(), 2u);
  EXPECT_TRUE(Moves(50.1).moves.empty());
  EXPECT_TRUE(Moves(0, "customers/c/services/two").moves.empty());
  EXPECT_EQ(Moves(0, "customers/c/services/one").moves.size(), 2u);
  EXPECT_EQ(Working(carrier_.Commit(), 0, "zrh", "lon"), "zrh par lon");
  const Plan adopted = Adopt(moves);
  EXPECT_EQ(Working(adopted, 0, "zrh", "lon"), "zrh lon");
  EXPECT_TRUE(adopted.changed_placements.empty());
  EXPECT_TRUE(Moves().moves.empty());
}

TEST_F(ReoptimizeTest, LeavesMaintenanceEvenAtACost) {
  carrier_.AddService("one", v1::E_LINE, {"zrh", "lon"}, "gold");
  carrier_.Commit();
  for (const char* link : {"links/zrh--par", "links/par--zrh"}) {
    carrier_.network.Link(link).set_admin_state(v1::AVOID);
  }
  const Reoptimization moves = Moves(90);
  ASSERT_EQ(moves.moves.size(), 2u);
  EXPECT_EQ(moves.moves[0].reason, "leaves 1 place in maintenance; delay 5.2 ms -> 6.0 ms");
}

TEST_F(ReoptimizeTest, MoneyIsToldInItsOwnUnit) {
  carrier_.intents.traffic_classes["trafficClasses/gold"].set_objective(v1::MIN_COST);
  const auto price = [&](const char* link, double cost) {
    carrier_.network.Link(link).set_cost(cost);
    carrier_.network.Link(carrier_.network.Link(link).reverse()).set_cost(cost);
  };
  price("links/zrh--fra", 2'000'000.5);
  carrier_.AddService("one", v1::E_LINE, {"zrh", "fra"}, "gold");
  for (const char* link :
       {"links/zrh--gva", "links/zrh--par", "links/zrh--ber", "links/lon--fra"}) {
    price(link, 1e7);
  }
  carrier_.Commit();
  price("links/zrh--fra", 12.5);
  price("links/zrh--par", 0.25);
  carrier_.network.Fibre("par", "fra", 1000, 10);
  price("links/par--fra", 1'000'000);
  EXPECT_TRUE(Moves().moves.empty());
  price("links/zrh--fra", 2'000'000.5);
  const Reoptimization moves = Moves();
  ASSERT_EQ(moves.moves.size(), 2u);
  EXPECT_EQ(moves.moves[0].old_objective, 2'000'000.5);
  EXPECT_EQ(moves.moves[0].new_objective, 1'000'000.25);
  EXPECT_EQ(moves.moves[0].reason, "cost 2000000.5 -> 1000000.25");
}

// What is blocked is mended by the room that moves make; nobody is pushed out of his place.
TEST_F(ReoptimizeTest, MendsWhatTheMovesMakeRoomFor) {
  carrier_.AddService("roams", v1::E_LINE, {"zrh", "lon"}, "gold");
  carrier_.SetRate("roams", "gold", 6 * kGig);
  for (const char* link : {"links/zrh--par", "links/par--lon"}) SetCapacity(link, 1 * kGig);
  carrier_.Commit();  // by fra
  for (const char* link : {"links/zrh--par", "links/par--lon"}) SetCapacity(link, 10 * kGig);
  SetCapacity("links/zrh--gva", 1);
  SetCapacity("links/zrh--ber", 1);
  carrier_.intents.traffic_classes["trafficClasses/gold"].add_forbidden_jurisdictions("XX");
  carrier_.AddService("german", v1::E_LINE, {"zrh", "fra"}, "gold");
  carrier_.SetRate("german", "gold", 7 * kGig);
  for (const char* link : {"links/fra--lon"}) SetCapacity(link, 6 * kGig);
  const Plan plan = carrier_.Commit();
  EXPECT_EQ(Working(plan, 0, "zrh", "lon"), "zrh fra lon");
  EXPECT_EQ(Working(plan, 1, "zrh", "fra"), "");
  const Reoptimization moves = Moves();
  ASSERT_EQ(moves.moves.size(), 4u);
  EXPECT_EQ(moves.mended, (std::vector<std::string>{PolicyName("fra", 0x10102, "zrh"),
                                                    PolicyName("zrh", 0x10102, "fra")}));
  EXPECT_EQ(moves.moves[3].before.working_size(), 0);
  EXPECT_EQ(moves.moves[3].reason.substr(0, 12), "was BLOCKED:");
  const Plan adopted = Adopt(moves);
  EXPECT_EQ(Working(adopted, 0, "zrh", "lon"), "zrh par lon");
  EXPECT_EQ(Working(adopted, 1, "zrh", "fra"), "zrh fra");
  // Nothing is taken from a placed one for it.
  EXPECT_TRUE(Moves(0, "customers/c/services/german").moves.empty());
}

// A pair of which one path is down stays where it is; another partner is there for the asking.
TEST_F(ReoptimizeTest, OffersAnotherPartnerForWhatIsHalfDead) {
  carrier_.AddService("bank", v1::E_LINE, {"zrh", "gva"}, "bank");
  carrier_.Commit();
  carrier_.network.Node("lau", "CH");
  carrier_.network.Fibre("zrh", "lau", 5000, 50);
  carrier_.network.Fibre("lau", "gva", 5000, 50);
  const std::string policy = PolicyName("zrh", 0x10001, "gva");
  EXPECT_TRUE(Moves().moves.empty());
  const auto hops = [&](const Plan& plan) {
    const v1::Policy of = plan.policies.at(policy)->Message();
    return TestCarrier::Hops(of.working(0)) + ", " + TestCarrier::Hops(of.protect());
  };
  carrier_.links_down = {"links/zrh--ber"};
  EXPECT_EQ(hops(carrier_.Commit()), "zrh gva, zrh ber gva");
  Reoptimization moves = Moves(90);
  ASSERT_EQ(moves.moves.size(), 2u);
  EXPECT_EQ(moves.moves[1].policy, policy);
  EXPECT_EQ(moves.moves[1].reason,
            "protect path: links/ber--zrh down; another is up: te metric 32 -> 115");
  EXPECT_EQ(moves.mended.size(), 2u);
  // On protect: that is the one that stays.
  carrier_.links_down = {"links/zrh--gva"};
  moves = Moves(90);
  ASSERT_EQ(moves.moves.size(), 2u);
  EXPECT_EQ(hops(Adopt(moves)), "zrh ber gva, zrh lau gva");
  EXPECT_TRUE(Moves().moves.empty());
}

// Wherever it is called off, it ends at once and offers nothing.
TEST_F(ReoptimizeTest, EndsSoonWhenItIsCalledOff) {
  carrier_.AddService("one", v1::E_LINE, {"zrh", "lon"}, "gold");
  carrier_.AddService("two", v1::E_LINE, {"ber", "gva"}, "gold");
  carrier_.Commit();
  carrier_.network.Fibre("zrh", "lon", 2600, 26);
  const auto snapshot = carrier_.network.Build();
  const auto run = [&](int patience, int* asked) {
    return Reoptimize({*snapshot, carrier_.intents, carrier_.links_down, carrier_.placements, {}},
                      {"", 0, [=] { return ++*asked > patience; }});
  };
  int all = 0;
  EXPECT_EQ(run(1000, &all).moves.size(), 2u);
  ASSERT_GT(all, 1);
  for (int patience = 0; patience < all; ++patience) {
    int asked = 0;
    const Reoptimization moves = run(patience, &asked);
    EXPECT_TRUE(moves.stopped);
    EXPECT_TRUE(moves.moves.empty());
    EXPECT_EQ(asked, patience + 1);  // never again
  }
}

}  // namespace
}  // namespace waymark
