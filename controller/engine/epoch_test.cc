#include "controller/engine/epoch.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "controller/base/event_loop.h"

namespace waymark {
namespace {

class EpochTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = testing::TempDir() + "/epoch-" +
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_);
  }
  void Write(const std::string& text) { std::ofstream(folder_ + "/epoch") << text; }

  std::string folder_;
  SimulatedEventLoop loop_{absl::FromUnixSeconds(1000)};
};

TEST_F(EpochTest, GrowsWithEveryStartEvenWhenTheClockDoesNot) {
  EXPECT_EQ(TakeNextEpoch(folder_, loop_.clock()).value(), 1000u);
  EXPECT_EQ(TakeNextEpoch(folder_, loop_.clock()).value(), 1001u);
  SimulatedEventLoop earlier(absl::FromUnixSeconds(10));
  EXPECT_EQ(TakeNextEpoch(folder_, earlier.clock()).value(), 1002u);
  loop_.Advance(absl::Seconds(500));
  EXPECT_EQ(TakeNextEpoch(folder_, loop_.clock()).value(), 1500u);
}

TEST_F(EpochTest, BadFileIsRefusedAndKept) {
  for (const char* text : {"", "abc", "-3", "0", "18446744073709551615", "99999999999999999999"}) {
    Write(text);
    EXPECT_EQ(TakeNextEpoch(folder_, loop_.clock()).status().code(), absl::StatusCode::kDataLoss)
        << text;
    std::ifstream file(folder_ + "/epoch");
    std::string kept;
    std::getline(file, kept);
    EXPECT_EQ(kept, text);
  }
}

TEST_F(EpochTest, FolderThatCannotBeWrittenIsNamed) {
  const auto taken = TakeNextEpoch("/proc", loop_.clock());
  EXPECT_EQ(taken.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(taken.status().message().find("/proc"), std::string::npos);
}

}  // namespace
}  // namespace waymark
