#include "controller/plan/handovers.h"

#include <gtest/gtest.h>

#include <random>

#include "controller/plan/test_carrier.h"

namespace waymark {
namespace {

constexpr int64_t kGig = 1'000'000'000;

// Three ways from aa to bb, of 10 Gbit/s each; classes k0 (strong) to k3 (weak).
class HandoversTest : public testing::Test {
 protected:
  HandoversTest() {
    carrier_.network.Node("aa", "CH");
    carrier_.network.Node("bb", "CH");
    for (const uint32_t i : {1, 2, 3}) {
      const std::string middle = "m" + std::to_string(i);
      carrier_.network.Node(middle, "CH");
      carrier_.network.Fibre("aa", middle, 1000, 10 * i);
      carrier_.network.Fibre(middle, "bb", 1000, 10 * i);
    }
    for (uint32_t i = 0; i < 4; ++i) {
      const std::string id = "k" + std::to_string(i);
      v1::TrafficClass& made = carrier_.intents.traffic_classes["trafficClasses/" + id];
      made.set_name("trafficClasses/" + id);
      made.set_class_index(10 + i);
      made.set_queue(5);
      made.set_treatment(v1::PINNED);
      made.set_hold_priority(2 * i);
      made.set_setup_priority(2 * i);
      v1::ClassMap& map = carrier_.intents.class_maps["customers/c/classMaps/" + id];
      map.set_name("customers/c/classMaps/" + id);
      map.set_default_class(made.name());
    }
  }
  void Serve(const std::string& id, uint32_t strength, int64_t rate) {
    const std::string of_class = "k" + std::to_string(strength);
    carrier_.AddService(id, v1::E_LINE, {"aa", "bb"}, of_class);
    carrier_.SetRate(id, of_class, rate);
  }
  Successions Handovers(const Plan& before, const Plan& after) {
    return HandoversOf(*carrier_.network.Build(), before, after);
  }
  static std::string Key(uint32_t vni, uint32_t strength, const char* endpoint) {
    return "policy:" + std::to_string(vni << 8 | (10 + strength)) + ":" + endpoint;
  }
  TestCarrier carrier_;
};

TEST_F(HandoversTest, WhoeverIsPreEmptedLeavesFirst) {
  for (const char* id : {"w1", "w2", "w3"}) Serve(id, 3, 6 * kGig);
  const Plan before = carrier_.Commit();
  EXPECT_TRUE(Handovers({}, before).empty());
  EXPECT_TRUE(Handovers(before, carrier_.Commit()).empty());
  Serve("s", 0, 8 * kGig);
  const Plan after = carrier_.Commit();
  const Successions found = Handovers(before, after);
  ASSERT_EQ(found.size(), 4u);  // two links, both ways
  const Succession& there = found.at("links/aa--m1");
  ASSERT_EQ(there.leaving.size(), 1u);
  ASSERT_EQ(there.arriving.size(), 1u);
  EXPECT_EQ(there.leaving.begin()->first, "aa");
  EXPECT_EQ(there.leaving.begin()->second.find("policy:" + std::to_string(0x100 << 8 | 13)), 0u);
  EXPECT_EQ(there.arriving.begin()->second.find("policy:" + std::to_string(0x103 << 8 | 10)), 0u);
  EXPECT_EQ(found.at("links/m1--aa").leaving.begin()->first, "bb");
  // And the other way round, when the strong one goes.
  carrier_.intents.services.erase("customers/c/services/s");
  EXPECT_TRUE(Handovers(after, carrier_.Commit()).empty());
}

TEST_F(HandoversTest, WhereThereIsRoomForBothNobodyWaits) {
  Serve("w1", 3, 2 * kGig);
  const Plan before = carrier_.Commit();
  carrier_.network.Link("links/aa--m1").set_admin_state(v1::FORBID);
  Serve("w2", 3, 2 * kGig);
  EXPECT_TRUE(Handovers(before, carrier_.Commit()).empty());
}

// Random lives: whatever part of a phase has been done, no link carries more than was promised.
TEST_F(HandoversTest, NoPrefixOverrunsALink) {
  std::mt19937 random(5);
  const auto pick = [&](uint32_t n) { return static_cast<uint32_t>(random()) % n; };
  Plan before = carrier_.Commit();
  int turns = 0;
  for (int step = 0; step < 150; ++step) {
    const std::string id = "s" + std::to_string(pick(12));
    if (carrier_.intents.services.erase("customers/c/services/" + id) == 0) {
      Serve(id, pick(4), static_cast<int64_t>(1 + pick(8)) * kGig);
      before = carrier_.Commit();
      // Admitted somewhere; now a link is taken out of use or put back, and others give way.
    }
    before = carrier_.Commit();
    v1::Link& link = carrier_.network.Link("links/aa--m" + std::to_string(1 + pick(3)));
    const int64_t capacity = link.capacity_bps() == 10 * kGig ? 1 : 10 * kGig;
    // Both ways, so that nobody arrives where others flee from: no ring.
    for (v1::Link* each : {&link, &carrier_.network.Link(link.reverse())}) {
      each->set_capacity_bps(capacity);
      v1::Link& next = carrier_.network.Link("links/" + link.target().substr(6) + "--bb");
      next.set_capacity_bps(capacity);
      carrier_.network.Link(next.reverse()).set_capacity_bps(capacity);
    }
    const Plan after = carrier_.Commit();
    const auto snapshot = carrier_.network.Build();
    std::map<std::string, NodeDiff> diffs;
    for (const auto& [node, objects] : after.objects) {
      std::map<std::string, uint64_t> held;
      for (const auto& [key, entry] : before.objects.at(node).entries()) held[key] = entry.hash;
      diffs[node] = Diff(objects, held);
    }
    std::map<PolicyPlace, std::string> names;
    for (const auto& [name, policy] : after.policies) {
      names[{policy->headend_id, policy->object_key}] = name;
    }
    const auto held_on = [](const Plan& plan, const std::string& name, const std::string& on) {
      const auto found = plan.placements.find(name);
      if (found == plan.placements.end()) return int64_t{0};
      const auto& links = found->second.working();
      return std::count(links.begin(), links.end(), on) * found->second.reserved_bps();
    };
    std::set<std::string> moved;
    const auto phases = MakePhases(diffs, Handovers(before, after));
    for (const Phase& phase : phases) {
      if (phase.kind != PhaseKind::kPolicies) continue;
      ++turns;
      std::set<std::string> moving;
      for (const NodeBatch& batch : phase.batches) {
        for (const auto& operation : batch.operations) {
          moving.insert(names.at({batch.node, ObjectKey(operation.put())}));
        }
      }
      for (const LinkInfo& info : snapshot->links()) {
        int64_t most = 0, held_before = 0;
        for (const auto& [name, policy] : after.policies) {
          const int64_t was = held_on(before, name, info.name);
          const int64_t is = held_on(after, name, info.name);
          held_before += was;
          most += moving.contains(name) ? std::max(was, is) : moved.contains(name) ? is : was;
        }
        // What was held on a link that has shrunk is not of this change's making.
        EXPECT_LE(most, std::max(info.reservable_bps, held_before)) << info.name << " " << step;
      }
      moved.insert(moving.begin(), moving.end());
    }
  }
  EXPECT_GT(turns, 20);
}

}  // namespace
}  // namespace waymark
