#include "controller/topology/limits.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace waymark {
namespace {

TEST(LimitsTest, NumbersAreWrittenOut) {
  EXPECT_EQ(PlainNumber(0), "0");
  EXPECT_EQ(PlainNumber(-90), "-90");
  EXPECT_EQ(PlainNumber(999), "999");
  EXPECT_EQ(PlainNumber(1'000), "1,000");
  EXPECT_EQ(PlainNumber(-123'456), "-123,456");
  EXPECT_EQ(PlainNumber(16'777'215), "16,777,215");
  EXPECT_EQ(PlainNumber(1e10), "10,000,000,000");
  EXPECT_EQ(PlainNumber(1234.5678), "1,234.5678");
  EXPECT_EQ(PlainNumber(0.00001), "0.00001");
  EXPECT_EQ(PlainNumber(kMaxAvailabilityTarget), "0.999999999");
  EXPECT_EQ(PlainNumber(std::nan("")), "not a number");
  EXPECT_EQ(PlainNumber(std::numeric_limits<double>::infinity()), "infinite");
  EXPECT_GT(PlainNumber(std::numeric_limits<double>::max()).size(), 309u);
  EXPECT_GT(PlainNumber(std::numeric_limits<double>::denorm_min()).size(), 300u);
}

}  // namespace
}  // namespace waymark
