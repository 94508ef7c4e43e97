// Seeded damage to valid demand matrices: every outcome is a matrix in range or an error that names
// the file, never a crash.
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>

#include "controller/topology/demand_file.h"
#include "controller/topology/demand_samples.h"
#include "controller/topology/fuzz_mutator.h"

namespace waymark {
namespace {

constexpr int kRounds = 4000;

// True for a matrix.
bool Check(const std::string& text, DemandFormat format, int64_t matrix = 0) {
  const auto read =
      ReadDemands("file", text, SampleDemandGraph(), {.format = format, .matrix = matrix});
  if (!read.ok()) {
    EXPECT_TRUE(read.status().code() == absl::StatusCode::kInvalidArgument ||
                read.status().code() == absl::StatusCode::kFailedPrecondition)
        << read.status();
    EXPECT_EQ(read.status().message().substr(0, 4), "file");
    EXPECT_LT(read.status().message().size(), 20'000u);
    return false;
  }
  std::pair before(-1, -1);
  for (const FileDemand& d : read->demands) {
    const std::pair ends(d.source, d.target);
    EXPECT_TRUE(d.source >= 0 && d.source < 3 && d.target >= 0 && d.target < 3);
    EXPECT_NE(d.source, d.target);
    EXPECT_TRUE(d.bps >= 0 && d.bps <= kMaxDemandBps);
    EXPECT_LT(before, ends);
    before = ends;
  }
  return true;
}

class DemandFuzzTest : public testing::TestWithParam<DemandSample> {};

TEST_P(DemandFuzzTest, DamagedFilesGiveErrors) {
  const DemandSample& sample = GetParam();
  FuzzMutator mutator(static_cast<uint32_t>(sample.format) * 7919 + 1);
  int good = 0, refused = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::string other = kDemandSamples[round % std::size(kDemandSamples)].contents;
    const std::string text = mutator.Damage(sample.contents, other);
    const auto format = round % 2 == 0 ? sample.format : DemandFormat::kAuto;
    Check(text, format, round % 7 == 0 ? 1 : 0) ? ++good : ++refused;
  }
  EXPECT_GT(refused, kRounds / 10);
  EXPECT_GT(good, 0);
}

TEST_P(DemandFuzzTest, EveryPrefixIsHandled) {
  const std::string text = GetParam().contents;
  for (size_t length = 0; length < text.size(); ++length) {
    Check(text.substr(0, length), GetParam().format);
  }
}

TEST_P(DemandFuzzTest, RandomBytesGiveErrors) {
  std::mt19937 random(4711);
  for (int round = 0; round < 200; ++round) {
    std::string text(random() % 2000, '\0');
    for (char& c : text) c = static_cast<char>(random());
    Check(text, GetParam().format);
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, DemandFuzzTest, testing::ValuesIn(kDemandSamples),
                         [](const auto& info) {
                           return std::string(DemandFormatName(info.param.format));
                         });

}  // namespace
}  // namespace waymark
