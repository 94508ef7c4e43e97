// Networks on which no search for a pair can be sure: whose patience ends.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "controller/plan/test_carrier.h"

namespace waymark {
namespace {

class SearchBudgetTest : public testing::Test {
 protected:
  static constexpr int kSide = 10;

  // A grid whose fibres lie in many risk groups at random.
  SearchBudgetTest() {
    std::mt19937 random(7);
    for (int i = 0; i < 100; ++i) carrier_.network.Srlg("group" + std::to_string(i));
    for (int i = 0; i < kSide * kSide; ++i) carrier_.network.Node(Name(i % kSide, i / kSide));
    const auto fibre = [&](const std::string& a, const std::string& b) {
      v1::Link& there =
          carrier_.network.Fibre(a, b, 1000, 10 + static_cast<uint32_t>(random() % 10));
      std::set<uint32_t> groups;
      for (int i = 0; i < 11; ++i) groups.insert(static_cast<uint32_t>(random() % 100));
      for (const uint32_t group : groups) there.add_srlgs("srlgs/group" + std::to_string(group));
      *carrier_.network.Link(there.reverse()).mutable_srlgs() = there.srlgs();
    };
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        if (x + 1 < kSide) fibre(Name(x, y), Name(x + 1, y));
        if (y + 1 < kSide) fibre(Name(x, y), Name(x, y + 1));
      }
    }
    v1::TrafficClass& gold = carrier_.intents.traffic_classes.at("trafficClasses/gold");
    gold.add_protection(v1::SRLG);
  }
  static std::string Name(int x, int y) { return "g" + std::to_string(y * kSide + x); }
  void AddServices(int count) {
    for (int i = 0; i < count; ++i) {
      carrier_.AddService("s" + std::to_string(i), v1::E_LINE,
                          {Name(i % 3, i % 4), Name(kSide - 1 - i % 4, kSide - 1 - i % 5)}, "gold");
    }
  }
  static size_t BudgetSpent(const Plan& plan) {
    size_t spent = 0;
    for (const auto& [name, planned] : plan.policies) {
      spent += planned->status.reason().find("search budget spent; ") != std::string::npos;
    }
    return spent;
  }

  TestCarrier carrier_;
};

TEST_F(SearchBudgetTest, WhoseSearchEndsEarlySaysSo) {
  AddServices(100);
  const Plan plan = carrier_.MakePlan(1);
  EXPECT_GT(BudgetSpent(plan), 0u);
  const Plan again = carrier_.MakePlan(2);
  for (const auto& [policy, planned] : plan.policies) {
    EXPECT_EQ(again.policies.at(policy)->Message().SerializeAsString(),
              planned->Message().SerializeAsString());
  }
}

// Those before it have spent the pot: what is easy finds its pair all the same.
TEST_F(SearchBudgetTest, EachHasAShareOfItsOwn) {
  AddServices(100);
  carrier_.network.Node("e", "CH");
  carrier_.network.Node("f", "CH");
  for (const char* suffix : {"1", "2", "3"}) {
    v1::Link& there = carrier_.network.Fibre("e", "f", 1000, 10, suffix);
    const std::string group = suffix == std::string("3") ? "1" : "0";
    there.add_srlgs("srlgs/group" + group);
    carrier_.network.Link(there.reverse()).add_srlgs("srlgs/group" + group);
  }
  carrier_.AddService("z", v1::E_LINE, {"e", "f"}, "gold");  // the last by name
  const uint32_t vni = carrier_.intents.services.at("customers/c/services/z").vni();
  const Plan plan = carrier_.MakePlan();
  EXPECT_GT(BudgetSpent(plan), 0u);
  const v1::Policy policy = plan.policies.at(PolicyName("e", vni << 8 | 2, "f"))->Message();
  EXPECT_EQ(policy.status().state(), v1::PENDING) << policy.status().reason();
  EXPECT_TRUE(policy.has_protect());
}

}  // namespace
}  // namespace waymark
