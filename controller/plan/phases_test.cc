#include "controller/plan/phases.h"

#include <gtest/gtest.h>

#include "controller/plan/diff.h"

namespace waymark {
namespace {

using southbound::v1::Object;

Object Node() {
  Object o;
  o.mutable_node()->set_node_sid(1);
  return o;
}
Object Link(const std::string& id) {
  Object o;
  o.mutable_link()->set_link(id);
  return o;
}
Object Route(uint32_t sid) {
  Object o;
  o.mutable_route()->set_node_sid(sid);
  return o;
}
Object Policy(uint32_t color, uint32_t endpoint) {
  Object o;
  o.mutable_policy()->set_color(color);
  o.mutable_policy()->set_endpoint_sid(endpoint);
  return o;
}
Object Instance(uint32_t vni, southbound::v1::InstanceType type) {
  Object o;
  o.mutable_instance()->set_vni(vni);
  o.mutable_instance()->set_type(type);
  return o;
}
Object Attachment(const std::string& interface, uint32_t vlan) {
  Object o;
  o.mutable_attachment()->set_interface(interface);
  o.mutable_attachment()->set_vlan(vlan);
  return o;
}

ObjectTable Table(const std::vector<Object>& objects) {
  ObjectTable table;
  for (const Object& object : objects) table.Put(object);
  return table;
}
std::map<std::string, uint64_t> Hashes(const std::vector<Object>& objects) {
  std::map<std::string, uint64_t> hashes;
  for (const Object& object : objects) hashes[ObjectKey(object)] = ObjectHash(object);
  return hashes;
}

const std::vector<Object>& Everything() {
  static const std::vector<Object> objects = {
      Attachment("c1", 0), Instance(7, southbound::v1::INSTANCE_E_LAN),
      Policy(3, 2),        Route(2),
      Link("a--b"),        Node()};
  return objects;
}

TEST(DiffTest, PutsUpTheRanksAndDeletesDown) {
  const NodeDiff made = Diff(Table(Everything()), {});
  std::vector<std::string> keys;
  for (const Object& object : made.puts) keys.push_back(ObjectKey(object));
  EXPECT_EQ(keys, (std::vector<std::string>{"node:", "link:a--b", "route:2", "policy:3:2",
                                            "instance:7", "attachment:c1:0"}));
  EXPECT_TRUE(made.deletes.empty());
  const NodeDiff gone = Diff(ObjectTable(), Hashes(Everything()));
  EXPECT_EQ(gone.deletes, (std::vector<std::string>{"attachment:c1:0", "instance:7", "policy:3:2",
                                                    "route:2", "link:a--b", "node:"}));
}

TEST(DiffTest, OnlyWhatDiffers) {
  EXPECT_TRUE(Diff(Table(Everything()), Hashes(Everything())).empty());
  auto held = Hashes(Everything());
  held["link:a--b"] ^= 1;
  held["mystery:1"] = 1;
  const NodeDiff diff = Diff(Table(Everything()), held);
  ASSERT_EQ(diff.puts.size(), 1u);
  EXPECT_EQ(ObjectKey(diff.puts[0]), "link:a--b");
  EXPECT_EQ(diff.deletes, std::vector<std::string>{"mystery:1"});
}

// A route that changes waits behind what a failure moves; a new one comes before what may need it.
TEST(PhasesTest, RoutesThatChangeComeAfterPolicies) {
  std::map<std::string, uint64_t> held = Hashes({Node(), Link("a--b"), Route(2)});
  held["route:2"] ^= 1;
  const NodeDiff diff = Diff(
      Table({Node(), Link("a--b"), Route(2), Route(3), Policy(3, 2), Attachment("c1", 0)}), held);
  EXPECT_EQ(diff.changed_routes, std::set<std::string>{"route:2"});
  EXPECT_EQ(DebugText(MakePhases({{"zrh", diff}})), R"(phase underlay
  zrh
    put route:3
phase policies
  zrh
    put policy:3:2
phase attachments
  zrh
    put attachment:c1:0
phase routes
  zrh
    put route:2
)");
}

// The order is a promise to the network: a change of this text is a change of behaviour.
TEST(PhasesTest, Golden) {
  std::map<std::string, NodeDiff> diffs;
  diffs["zrh"] = Diff(Table(Everything()), {});
  diffs["fra"] =
      Diff(Table({Node(), Link("b--c"), Policy(9, 1), Attachment("c2", 10)}), Hashes(Everything()));
  diffs["lon"] = Diff(ObjectTable(), Hashes(Everything()));
  diffs["par"] = Diff(Table(Everything()), Hashes(Everything()));
  EXPECT_EQ(DebugText(MakePhases(diffs)), R"(phase underlay
  fra
    put link:b--c
  zrh
    put node:
    put link:a--b
    put route:2
phase policies
  fra
    put policy:9:1
  zrh
    put policy:3:2
phase instances
  zrh
    put instance:7
phase attachments
  fra
    delete attachment:c1:0
    put attachment:c2:10
  zrh
    put attachment:c1:0
phase delete attachments
  lon
    delete attachment:c1:0
phase delete instances
  fra
    delete instance:7
  lon
    delete instance:7
phase delete policies
  fra
    delete policy:3:2
  lon
    delete policy:3:2
phase delete underlay
  fra
    delete route:2
    delete link:a--b
  lon
    delete route:2
    delete link:a--b
    delete node:
)");
}

// An E-Line whose second end moves away: attachment out and remote in, never three ends.
TEST(PhasesTest, LinePointsNeverExceedTwo) {
  const Object line = Instance(7, southbound::v1::INSTANCE_E_LINE);
  Object with_remote = line;
  with_remote.mutable_instance()->add_remote_sids(5);
  std::map<std::string, NodeDiff> diffs;
  diffs["zrh"] = Diff(Table({Node(), with_remote, Attachment("c1", 0)}),
                      Hashes({Node(), line, Attachment("c1", 0), Attachment("c2", 0)}));
  EXPECT_EQ(DebugText(MakePhases(diffs)),
            "phase instances\n  zrh\n    delete attachment:c2:0\n    put instance:7\n");
}

// Whoever arrives on a link that others must leave first arrives after them.
TEST(PhasesTest, PoliciesTakeTurns) {
  std::map<std::string, NodeDiff> diffs;
  diffs["zrh"] = Diff(
      Table({Policy(1, 9), Policy(2, 9), Policy(3, 9), Instance(7, {}), Attachment("c1", 0)}), {});
  diffs["fra"] = Diff(Table({Policy(4, 9)}), {});
  // 1 takes the place of 4, which takes that of 2; 3 has nothing to do with it.
  const Successions successions = {
      {"links/x", {{{"fra", "policy:4:9"}}, {{"zrh", "policy:1:9"}}}},
      {"links/y", {{{"zrh", "policy:2:9"}}, {{"fra", "policy:4:9"}}}},
      {"links/z", {{{"lon", "policy:5:9"}}, {{"zrh", "policy:3:9"}}}}};  // has left
  EXPECT_EQ(DebugText(MakePhases(diffs, successions)), R"(phase policies
  zrh
    put policy:2:9
    put policy:3:9
phase policies
  fra
    put policy:4:9
phase policies
  zrh
    put policy:1:9
phase instances
  zrh
    put instance:7
phase attachments
  zrh
    put attachment:c1:0
)");
  // Once one has been acked it is not waited for.
  diffs.erase("fra");
  EXPECT_EQ(MakePhases(diffs, successions).size(), 3u);
}

TEST(PhasesTest, RingsBeginSomewhere) {
  std::map<std::string, NodeDiff> diffs;
  Successions ring;
  std::vector<Object> policies;
  constexpr uint32_t kRing = 40;
  for (uint32_t i = 0; i < kRing; ++i) {
    policies.push_back(Policy(100 + i, 9));
    ring["links/" + std::to_string(i)] = {
        {{"zrh", "policy:" + std::to_string(100 + i) + ":9"}},
        {{"zrh", "policy:" + std::to_string(100 + (i + 1) % kRing) + ":9"}}};
  }
  diffs["zrh"] = Diff(Table(policies), {});
  const auto phases = MakePhases(diffs, ring);
  ASSERT_EQ(phases.size(), kMostTurns + 1);
  size_t operations = 0;
  for (const Phase& phase : phases) operations += phase.batches.at(0).operations.size();
  EXPECT_EQ(operations, kRing);
}

TEST(PhasesTest, BatchesAreBounded) {
  std::vector<Object> many;
  for (uint32_t i = 0; i < 2500; ++i) many.push_back(Policy(i, 1));
  const auto phases = MakePhases({{"zrh", Diff(Table(many), {})}});
  ASSERT_EQ(phases.size(), 1u);
  ASSERT_EQ(phases[0].batches.size(), 3u);
  EXPECT_EQ(phases[0].batches[0].operations.size(), kMaxBatchOperations);
  EXPECT_EQ(phases[0].batches[2].operations.size(), 500u);
  EXPECT_TRUE(MakePhases({{"zrh", NodeDiff()}}).empty());
}

}  // namespace
}  // namespace waymark
