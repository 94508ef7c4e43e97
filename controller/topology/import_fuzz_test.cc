// Seeded damage to valid files: every outcome is a topology or an error that names the file, never
// a crash.
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "controller/topology/fuzz_mutator.h"
#include "controller/topology/import.h"
#include "controller/topology/import_samples.h"
#include "controller/topology/yaml_bundle.h"

namespace waymark {
namespace {

constexpr int kRounds = 2000;

void Check(const absl::Status& status) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_TRUE(status.message().substr(0, 4) == "file") << status;
  EXPECT_LT(status.message().size(), 20'000u);
}

class FuzzTest : public testing::TestWithParam<Sample> {};

TEST_P(FuzzTest, DamagedFilesGiveErrors) {
  const Sample& sample = GetParam();
  FuzzMutator mutator(static_cast<uint32_t>(sample.format) * 7919 + 1);
  int imported = 0, refused = 0;
  for (int round = 0; round < kRounds; ++round) {
    const std::string other = kSamples[round % std::size(kSamples)].contents;
    const std::string text = mutator.Damage(sample.contents, other);
    // Half by detection, half forced: each importer sees what it would never be chosen for.
    const bool forced = round % 2 == 0;
    const auto result = ImportTopology("file", text, forced ? sample.format : TopologyFormat::kAuto,
                                       round % 3 == 0 ? text : "");
    result.ok() ? ++imported : ++refused;
    if (!result.ok()) Check(result.status());
    const auto yaml = ReadYamlBundle("file", text);
    if (!yaml.ok()) Check(yaml.status());
  }
  // Otherwise the damage was too light, or so heavy that nothing behind the first check was
  // reached.
  EXPECT_GT(refused, kRounds / 10);
  EXPECT_GT(imported, 0);
}

TEST_P(FuzzTest, EveryPrefixIsHandled) {
  const Sample& sample = GetParam();
  const std::string text = sample.contents;
  for (size_t length = 0; length < text.size(); ++length) {
    const auto result = ImportTopology("file", text.substr(0, length), sample.format);
    if (!result.ok()) Check(result.status());
  }
}

TEST_P(FuzzTest, RandomBytesGiveErrors) {
  std::mt19937 random(4711);
  for (int round = 0; round < 200; ++round) {
    std::string text(random() % 2000, '\0');
    for (char& c : text) c = static_cast<char>(random());
    const auto result = ImportTopology("file", text, GetParam().format);
    if (!result.ok()) Check(result.status());
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, FuzzTest, testing::ValuesIn(kSamples),
                         [](const testing::TestParamInfo<Sample>& info) {
                           return std::string(FormatName(info.param.format));
                         });

}  // namespace
}  // namespace waymark
