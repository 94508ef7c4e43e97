#include "controller/base/srv6.h"

#include <gtest/gtest.h>

namespace waymark {
namespace {

TEST(Srv6Test, AddressPlan) {
  EXPECT_EQ(ToString(Vtep(0x0001)), "fd00:0:1::1");
  EXPECT_EQ(ToString(Vtep(0x7fff)), "fd00:0:7fff::1");
  EXPECT_EQ(ToString(BindingSidPrefix(0x12)), "fd00:0:12:b::");
  EXPECT_EQ(ToString(BindingSid(0x12, 0x00abcdef)), "fd00:0:12:b::ab:cdef");
  EXPECT_EQ(ToString(BindingSid(0x12, 0xffffffff)), "fd00:0:12:b::ffff:ffff");
  EXPECT_EQ(ToString(UsidPrefix(0x8000)), "fcbb:bbbb:8000::");
}

TEST(Srv6Test, SixUsidsACarrierInTravelOrder) {
  const std::vector<uint32_t> sids = {1, 2, 3, 4, 5, 6, 0xffff, 8};
  const auto six = PackCarriers(std::span(sids).first(6));
  ASSERT_EQ(six.size(), 1u);
  EXPECT_EQ(ToString(six[0]), "fcbb:bbbb:1:2:3:4:5:6");
  const auto eight = PackCarriers(sids);
  ASSERT_EQ(eight.size(), 2u);
  EXPECT_EQ(eight[0], six[0]);
  EXPECT_EQ(ToString(eight[1]), "fcbb:bbbb:ffff:8::");
  EXPECT_EQ(ToString(PackCarriers(std::span(sids).first(1))[0]), "fcbb:bbbb:1::");
  EXPECT_EQ(PackCarriers(std::vector<uint32_t>(kMaxUsids, 1)).size(), 11u);
}

TEST(Srv6Test, ColorHoldsVniAndClass) {
  EXPECT_EQ(Color(0xabcdef, 0x12), 0xabcdef12u);
  EXPECT_EQ(ColorVni(0xabcdef12), 0xabcdefu);
  EXPECT_EQ(ColorClass(0xabcdef12), 0x12u);
  EXPECT_EQ(Color(0, 3), 3u);
}

}  // namespace
}  // namespace waymark
