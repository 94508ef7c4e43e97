#include "southbound/agent/rib.h"

#include <gtest/gtest.h>

#include "southbound/agent/test_objects.h"

namespace waymark {
namespace {

using southbound::v1::Object;

Rib SmallRib() {
  Rib rib;
  rib.Put(TestNode());
  rib.Put(TestLink("a"));
  rib.Put(TestLink("b"));
  rib.Put(TestInstance(100));
  return rib;
}

TEST(Rib, NamesTheReferenceThatIsMissing) {
  const Rib rib = SmallRib();
  EXPECT_TRUE(rib.CheckReferences(TestRoute(2, {"a", "b"})).ok());
  EXPECT_TRUE(rib.CheckReferences(TestPolicy(1, 2, 0x8002)).ok());
  EXPECT_TRUE(rib.CheckReferences(TestAttachment("c1", 0, 100)).ok());
  EXPECT_NE(rib.CheckReferences(TestRoute(2, {"a", "z"})).ToString().find("link z"),
            std::string::npos);
  EXPECT_NE(rib.CheckReferences(TestPolicy(1, 2, 0x8003)).ToString().find("32771"),
            std::string::npos);
  EXPECT_NE(rib.CheckReferences(TestAttachment("c1", 0, 101)).ToString().find("101"),
            std::string::npos);
  EXPECT_NE(rib.CheckReferences(TestRoute(1, {"a"})).ToString().find("own"), std::string::npos);
  EXPECT_NE(Rib().CheckReferences(TestLink("a")).ToString().find("node object"), std::string::npos);
}

TEST(Rib, FindsOrphansOfWhatWasErasedOrChanged) {
  Rib rib = SmallRib();
  rib.Put(TestRoute(2, {"a"}));
  rib.Put(TestPolicy(1, 2, 0x8002));
  rib.Put(TestAttachment("c1", 0, 100));

  EXPECT_NE(rib.CheckIntegrity("link:a", rib.Erase("link:a")).ToString().find("route:2"),
            std::string::npos);
  rib.Put(TestLink("a"));

  Object renumbered = TestLink("b");
  renumbered.mutable_link()->set_adjacency_sid(0x8005);
  const auto before = rib.Put(renumbered);
  EXPECT_TRUE(rib.CheckIntegrity("link:b", before).ok()) << "the policy follows in a later batch";
  EXPECT_FALSE(rib.CheckReferences(TestPolicy(1, 2, 0x8002)).ok());
  EXPECT_TRUE(rib.CheckStored(TestPolicy(1, 2, 0x8002)).ok());
  EXPECT_FALSE(rib.CheckStored(TestRoute(2, {"z"})).ok());
  rib.Put(*before);
  EXPECT_NE(rib.CheckIntegrity("link:b", rib.Erase("link:b")).ToString().find("policy:1:2"),
            std::string::npos);
  rib.Put(*before);

  EXPECT_NE(rib.CheckIntegrity("instance:100", rib.Erase("instance:100"))
                .ToString()
                .find("attachment:c1:0"),
            std::string::npos);
  rib.Put(TestInstance(100));
  EXPECT_FALSE(rib.CheckIntegrity("node:", rib.Erase("node:")).ok());
}

TEST(Rib, OneSidIsOneLinks) {
  Rib rib = SmallRib();
  Object twin = TestLink("c");
  twin.mutable_link()->set_adjacency_sid(0x8001);
  EXPECT_EQ(rib.CheckIntegrity("link:c", rib.Put(twin)).code(), absl::StatusCode::kAlreadyExists);
  rib.Erase("link:a");
  EXPECT_TRUE(rib.CheckIntegrity("link:c", std::nullopt).ok());
}

TEST(Rib, ELineHasTwoEnds) {
  Rib rib = SmallRib();
  Object line = TestInstance(7);
  line.mutable_instance()->set_type(southbound::v1::INSTANCE_E_LINE);
  rib.Put(line);
  EXPECT_TRUE(rib.CheckIntegrity("attachment:c1:0", rib.Put(TestAttachment("c1", 0, 7))).ok());
  EXPECT_FALSE(rib.CheckIntegrity("attachment:c2:0", rib.Put(TestAttachment("c2", 0, 7))).ok());
  line.mutable_instance()->clear_remote_sids();
  EXPECT_TRUE(rib.CheckIntegrity("instance:7", rib.Put(line)).ok());
}

TEST(Rib, DependencyOrderPutsUsersLast) {
  Rib rib = SmallRib();
  rib.Put(TestAttachment("c1", 0, 100));
  rib.Put(TestPolicy(1, 2, 0x8002));
  rib.Put(TestRoute(2, {"a"}));
  std::vector<std::string> keys;
  for (const Object& object : rib.InDependencyOrder()) keys.push_back(ObjectKey(object));
  EXPECT_EQ(keys, (std::vector<std::string>{"node:", "link:a", "link:b", "instance:100", "route:2",
                                            "policy:1:2", "attachment:c1:0"}));
}

}  // namespace
}  // namespace waymark
