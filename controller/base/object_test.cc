#include "controller/base/object.h"

#include <gtest/gtest.h>

#include <set>

namespace waymark {
namespace {

using southbound::v1::Object;

Object Route(uint32_t node_sid) {
  Object object;
  object.mutable_route()->set_node_sid(node_sid);
  return object;
}

Object Instance(uint32_t vni) {
  Object object;
  object.mutable_instance()->set_vni(vni);
  return object;
}

TEST(ObjectKeyTest, OneKeyAKind) {
  EXPECT_EQ(ObjectKey(Object()), "");
  Object object;
  object.mutable_node();
  EXPECT_EQ(ObjectKey(object), "node:");
  object.mutable_link()->set_link("links/a--b");
  EXPECT_EQ(ObjectKey(object), "link:links/a--b");
  EXPECT_EQ(ObjectKey(Route(7)), "route:7");
  object.mutable_policy()->set_color(0x102);
  object.mutable_policy()->set_endpoint_sid(9);
  EXPECT_EQ(ObjectKey(object), "policy:258:9");
  EXPECT_EQ(ObjectKey(object), PolicyKey(258, 9));
  EXPECT_EQ(ObjectKey(Instance(3)), "instance:3");
  object.mutable_attachment()->set_interface("eth1");
  object.mutable_attachment()->set_vlan(20);
  EXPECT_EQ(ObjectKey(object), "attachment:eth1:20");
}

TEST(ObjectHashTest, EqualObjectsHashEqualAndOthersDont) {
  EXPECT_EQ(ObjectHash(Route(7)), ObjectHash(Route(7)));
  std::set<uint64_t> hashes;
  for (uint32_t i = 0; i < 1000; ++i) {
    hashes.insert(ObjectHash(Route(i)));
    hashes.insert(ObjectHash(Instance(i)));
  }
  EXPECT_EQ(hashes.size(), 2000u);
}

// Both ends compute it: a change would make every agent in the field look out of step.
TEST(ObjectHashTest, IsTheSameForEver) {
  EXPECT_EQ(HashBytes(""), 0xf52a15e9a9b5e89bu);
  EXPECT_EQ(HashBytes("waymark"), 0x9ea278286d81db5au);
}

TEST(ObjectTableTest, DigestIsThatOfTheSetWhateverTheOrder) {
  ObjectTable one;
  ObjectTable two;
  EXPECT_EQ(one.digest(), 0u);
  for (uint32_t i = 1; i <= 50; ++i) one.Put(Route(i));
  for (uint32_t i = 50; i >= 1; --i) {
    two.Put(Instance(i));
    two.Put(Route(i));
  }
  EXPECT_NE(one.digest(), two.digest());
  for (uint32_t i = 1; i <= 50; ++i) EXPECT_TRUE(two.Erase("instance:" + std::to_string(i)));
  EXPECT_EQ(one.digest(), two.digest());
  EXPECT_EQ(one.size(), 50u);
}

TEST(ObjectTableTest, ReplacingCountsOnce) {
  Object changed = Instance(1);
  ObjectTable table;
  table.Put(changed);
  const uint64_t before = table.digest();
  Object other = changed;
  other.mutable_instance()->add_remote_sids(5);
  table.Put(other);
  EXPECT_EQ(table.size(), 1u);
  EXPECT_NE(table.digest(), before);
  table.Put(changed);
  EXPECT_EQ(table.digest(), before);
}

TEST(ObjectTableTest, EraseIsIdempotentAndClearEmpties) {
  ObjectTable table;
  table.Put(Route(1));
  ASSERT_NE(table.Find("route:1"), nullptr);
  EXPECT_EQ(table.Find("route:1")->route().node_sid(), 1u);
  EXPECT_TRUE(table.Erase("route:1"));
  EXPECT_FALSE(table.Erase("route:1"));
  EXPECT_EQ(table.Find("route:1"), nullptr);
  EXPECT_EQ(table.digest(), 0u);
  table.Put(Route(2));
  table.Clear();
  EXPECT_EQ(table.size(), 0u);
  EXPECT_EQ(table.digest(), 0u);
}

}  // namespace
}  // namespace waymark
