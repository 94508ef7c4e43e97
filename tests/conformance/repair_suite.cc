// What happens when wires break: protect, back again, or nothing at all, but never another way.
#include <optional>
#include <set>

#include "tests/conformance/suite.h"

namespace waymark {
namespace {

using southbound::v1::Event;
using southbound::v1::PolicyEvent;

using Links = std::set<std::string>;

constexpr uint32_t kColor = 1;
constexpr absl::Duration kDeadline = TestCarrier::kDeadline;
const Links kByB = {"a-b", "b-d"};
const Links kByC = {"a-c", "c-d"};

// Probed every 10 ms; back after 300 ms.
PolicySpec Probed() {
  return {.color = kColor, .probe_interval_us = 10'000, .wait_to_restore_ms = 300};
}

// The latest state of the policy from a to d that the data plane knows.
PolicyEvent StateOf(DataPlaneWorld& world, uint32_t endpoint_sid) {
  for (const Event& event : world.At("a").Observe()) {
    if (event.policy().color() == kColor && event.policy().endpoint_sid() == endpoint_sid) {
      return event.policy();
    }
  }
  return {};
}

class RepairWaits {
 public:
  RepairWaits(DataPlaneWorld& world, TestCarrier& carrier) : world_(world), carrier_(carrier) {}

  bool Until(const std::function<bool(const PolicyEvent&)>& predicate) {
    return world_.WaitFor([&] { return predicate(StateOf(world_, carrier_.Sid("d"))); }, kDeadline);
  }
  bool UntilOnProtect(bool on_protect) {
    return Until([=](const PolicyEvent& state) { return state.on_protect() == on_protect; });
  }
  // One event after another, until one says so.
  bool UntilEvent(const std::function<bool(const PolicyEvent&)>& predicate) {
    return world_.WaitFor(
        [&] {
          for (const Event& event : world_.TakeEvents("a")) {
            if (event.has_policy() && predicate(event.policy())) return true;
          }
          return false;
        },
        kDeadline);
  }

 private:
  DataPlaneWorld& world_;
  TestCarrier& carrier_;
};

// A frame may be lost while a repair is under way, and on a busy machine another can follow at
// once; the first frame that arrives tells the path. Nothing when three in a row are lost.
std::set<std::string> PathAfterRepair(TestCarrier& carrier, const std::string& from,
                                      const std::string& to) {
  for (int attempt = 0; attempt < 3; ++attempt) {
    std::set<std::string> links = carrier.PathTaken(from, to);
    if (!links.empty()) return links;
  }
  return {};
}

TEST_P(DataPlaneConformance, DeadWorkingListGoesToProtectAndComesBack) {
  MakeDiamond({.default_color = kColor});
  PolicySpec spec = Probed();
  spec.working = {{"a-b", "b-d"}};
  spec.protect = {"a-c", "c-d"};
  carrier().PutPolicy("a", "d", spec);
  RepairWaits waits(world(), carrier());
  ASSERT_TRUE(waits.Until([](const PolicyEvent& state) {
    return state.working_up_size() == 1 && state.working_up(0) && state.protect_up();
  }));
  carrier().Acquaint("ha", "hd");
  EXPECT_EQ(PathAfterRepair(carrier(), "ha", "hd"), kByB);
  world().TakeEvents("a");

  // Not at the headend: only probes can tell it.
  ASSERT_TRUE(world().CutWire(carrier().Wire("b-d")).ok());
  EXPECT_TRUE(waits.UntilEvent([](const PolicyEvent& state) {
    return state.on_protect() && !state.working_up(0) && state.protect_up();
  }));
  EXPECT_EQ(PathAfterRepair(carrier(), "ha", "hd"), kByC);

  ASSERT_TRUE(world().RestoreWire(carrier().Wire("b-d")).ok());
  // It answers again before it carries again.
  ASSERT_TRUE(waits.Until([](const PolicyEvent& state) { return state.working_up(0); }));
  EXPECT_TRUE(waits.UntilEvent([](const PolicyEvent& state) { return !state.on_protect(); }));
  EXPECT_EQ(PathAfterRepair(carrier(), "ha", "hd"), kByB);
}

TEST_P(DataPlaneConformance, ReturnWaitsForWaitToRestore) {
  MakeDiamond({.default_color = kColor});
  PolicySpec spec = Probed();
  spec.working = {{"a-b", "b-d"}};
  spec.protect = {"a-c", "c-d"};
  spec.wait_to_restore_ms = 600'000;  // longer than any test
  carrier().PutPolicy("a", "d", spec);
  carrier().Acquaint("ha", "hd");
  RepairWaits waits(world(), carrier());
  ASSERT_TRUE(world().CutWire(carrier().Wire("b-d")).ok());
  ASSERT_TRUE(waits.UntilOnProtect(true));
  ASSERT_TRUE(world().RestoreWire(carrier().Wire("b-d")).ok());
  ASSERT_TRUE(waits.Until([](const PolicyEvent& state) { return state.working_up(0); }));
  EXPECT_EQ(PathAfterRepair(carrier(), "ha", "hd"), kByC);
  // The protect list dies meanwhile: better early than not at all.
  ASSERT_TRUE(world().CutWire(carrier().Wire("c-d")).ok());
  ASSERT_TRUE(waits.UntilOnProtect(false));
  EXPECT_EQ(PathAfterRepair(carrier(), "ha", "hd"), kByB);
}

TEST_P(DataPlaneConformance, LocalLinkDownGoesToProtect) {
  MakeDiamond({.default_color = kColor});
  PolicySpec spec = Probed();
  spec.working = {{"a-b", "b-d"}};
  spec.protect = {"a-c", "c-d"};
  carrier().PutPolicy("a", "d", spec);
  carrier().Acquaint("ha", "hd");
  RepairWaits waits(world(), carrier());
  ASSERT_TRUE(world().CutWire(carrier().Wire("a-b")).ok());
  ASSERT_TRUE(waits.UntilOnProtect(true));
  EXPECT_EQ(PathAfterRepair(carrier(), "ha", "hd"), kByC);
}

TEST_P(DataPlaneConformance, UnprotectedPolicyDropsRatherThanStrays) {
  MakeDiamond({.default_color = kColor});
  PolicySpec spec = Probed();
  spec.working = {{"a-b", "b-d"}};
  carrier().PutPolicy("a", "d", spec);
  carrier().Acquaint("ha", "hd");
  RepairWaits waits(world(), carrier());
  ASSERT_TRUE(world().CutWire(carrier().Wire("b-d")).ok());
  ASSERT_TRUE(waits.Until([](const PolicyEvent& state) { return !state.working_up(0); }));
  std::string text;
  const auto crossed = carrier().Crossed([&] { text = carrier().Send("ha", "hd"); });
  for (const auto& [link, packets] : crossed) EXPECT_EQ(link, "a-b") << "strayed";
  EXPECT_TRUE(carrier().Absent("hd", text));
  // And is carried again when the wire is back.
  ASSERT_TRUE(world().RestoreWire(carrier().Wire("b-d")).ok());
  ASSERT_TRUE(waits.Until([](const PolicyEvent& state) { return state.working_up(0); }));
  EXPECT_EQ(PathAfterRepair(carrier(), "ha", "hd"), kByB);
}

TEST_P(DataPlaneConformance, UnprobedPolicyStaysOnItsPath) {
  MakeDiamond({.default_color = kColor});
  carrier().PutPolicy("a", "d", {.color = kColor, .working = {{"a-b", "b-d"}}});
  carrier().Acquaint("ha", "hd");
  ASSERT_TRUE(world().CutWire(carrier().Wire("b-d")).ok());
  std::string text;
  const auto crossed = carrier().Crossed([&] { text = carrier().Send("ha", "hd"); });
  for (const auto& [link, packets] : crossed) EXPECT_EQ(link, "a-b") << "strayed";
  EXPECT_TRUE(carrier().Absent("hd", text));
}

TEST_P(DataPlaneConformance, MeshGoesOnWithTheListsThatLive) {
  MakeDiamond({.default_color = kColor});
  PolicySpec spec = Probed();
  spec.working = {{"a-b", "b-d"}, {"a-c", "c-d"}};
  carrier().PutPolicy("a", "d", spec);
  carrier().Acquaint("ha", "hd");
  RepairWaits waits(world(), carrier());
  ASSERT_TRUE(world().CutWire(carrier().Wire("b-d")).ok());
  ASSERT_TRUE(waits.Until(
      [](const PolicyEvent& state) { return !state.working_up(0) && state.working_up(1); }));
  for (uint16_t port = 3000; port < 3020; ++port) {
    EXPECT_EQ(carrier().PathTaken("ha", "hd", {.source_port = port}), kByC);
  }
}

TEST_P(DataPlaneConformance, LinkEventsAtBothEnds) {
  MakeDiamond({.default_color = kColor});
  const auto seen = [&](const std::string& node, const std::string& link, bool up) {
    return world().WaitFor(
        [&] {
          for (const Event& event : world().TakeEvents(node)) {
            if (event.link().link() == link && event.link().up() == up) return true;
          }
          return false;
        },
        kDeadline);
  };
  const auto observed = [&](const std::string& node, const std::string& link) {
    for (const Event& event : world().At(node).Observe()) {
      if (event.has_link() && event.link().link() == link) return std::optional(event.link().up());
    }
    return std::optional<bool>();
  };
  EXPECT_EQ(observed("a", "a-b"), true);
  ASSERT_TRUE(world().CutWire(carrier().Wire("a-b")).ok());
  EXPECT_TRUE(seen("a", "a-b", false));
  EXPECT_TRUE(seen("b", "b-a", false));
  EXPECT_EQ(observed("a", "a-b"), false);
  EXPECT_EQ(observed("a", "a-c"), true);
  ASSERT_TRUE(world().RestoreWire(carrier().Wire("a-b")).ok());
  EXPECT_TRUE(seen("a", "a-b", true));
  EXPECT_TRUE(seen("b", "b-a", true));
  EXPECT_EQ(observed("a", "a-b"), true);
}

}  // namespace
}  // namespace waymark
