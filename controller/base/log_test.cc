#include "controller/base/log.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace waymark {
namespace {

// What is logged while it runs.
template <typename Body>
std::string Logged(LogLevel least, Body body) {
  testing::internal::CaptureStderr();
  InitLog("program", least);
  body();
  return testing::internal::GetCapturedStderr();
}

TEST(LogTest, OneLineWithFields) {
  const std::string text = Logged(LogLevel::kInfo, [] {
    Log(LogLevel::kInfo, "agent connected",
        {{"node", "nodes/zrh"}, {"epoch", int64_t{-7}}, {"n", 3}});
  });
  EXPECT_NE(text.find("Z info program agent connected node=nodes/zrh epoch=-7 n=3\n"),
            std::string::npos)
      << text;
}

TEST(LogTest, LessThanTheLevelIsLeftOut) {
  const std::string text = Logged(LogLevel::kWarning, [] {
    Log(LogLevel::kInfo, "quiet");
    Log(LogLevel::kWarning, "loud");
  });
  EXPECT_EQ(text.find("quiet"), std::string::npos);
  EXPECT_NE(text.find("loud"), std::string::npos);
}

// A customer's name must not be able to forge a line.
TEST(LogTest, ValuesAreQuotedEscapedAndCut) {
  const std::string text = Logged(LogLevel::kInfo, [] {
    Log(LogLevel::kError, "e",
        {{"a", "x\nfake \"line\""},
         {"b", ""},
         {"c", std::string(5000, 'y')},
         {"d", "back\\slash"}});
  });
  EXPECT_NE(text.find("a=\"x\\x0afake \\\"line\\\"\" b=\"\" c=\""), std::string::npos) << text;
  EXPECT_NE(text.find("d=\"back\\\\slash\""), std::string::npos) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 1);
  EXPECT_LT(text.size(), 1300u);
  EXPECT_NE(text.find("yyy...\""), std::string::npos);
}

TEST(LogTest, ParsesLevels) {
  LogLevel level = LogLevel::kError;
  EXPECT_TRUE(ParseLogLevel("debug", &level));
  EXPECT_EQ(level, LogLevel::kDebug);
  EXPECT_TRUE(ParseLogLevel("warning", &level));
  EXPECT_EQ(level, LogLevel::kWarning);
  EXPECT_FALSE(ParseLogLevel("loud", &level));
  EXPECT_FALSE(ParseLogLevel("", &level));
  EXPECT_EQ(level, LogLevel::kWarning);
}

}  // namespace
}  // namespace waymark
