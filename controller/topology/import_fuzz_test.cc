// Seeded damage to valid files: every outcome is a topology or an error that names the file, never
// a crash.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "controller/topology/import.h"
#include "controller/topology/import_samples.h"
#include "controller/topology/yaml_bundle.h"

namespace waymark {
namespace {

constexpr int kRounds = 2000;

class Mutator {
 public:
  explicit Mutator(uint32_t seed) : random_(seed) {}

  std::string Damage(std::string text, const std::string& other) {
    for (uint32_t times = 1 + random_() % 4; times > 0 && !text.empty(); --times) Once(text, other);
    return text;
  }

 private:
  size_t Place(const std::string& text) { return text.empty() ? 0 : random_() % text.size(); }

  void Once(std::string& text, const std::string& other) {
    static const char* const kTokens[] = {"-1",    "99999999999999999999",
                                          "nan",   "1e308",
                                          "\"",    "{",
                                          "[",     "]",
                                          "}",     "(",
                                          ")",     "<",
                                          "&",     "*",
                                          ":",     ",",
                                          "\n",    "- ",
                                          "#",     "\xff",
                                          "\x80",  "%",
                                          "null",  "true",
                                          "|",     ">",
                                          "!",     "<<: ",
                                          "\t",    "---\n",
                                          "...\n", "\xc3"};
    const size_t at = Place(text);
    const size_t length = std::min<size_t>(1 + random_() % 30, text.size() - at);
    switch (random_() % 7) {
      case 0:
        text.resize(at);
        break;
      case 1:
        text[at] = static_cast<char>(text[at] ^ (1 << random_() % 8));
        break;
      case 2:
        text.erase(at, length);
        break;
      case 3:
        text.insert(Place(text), text.substr(at, length));
        break;
      case 4:
        text.insert(at, kTokens[random_() % std::size(kTokens)]);
        break;
      case 5:
        text.replace(at, length, other.substr(Place(other), 1 + random_() % 60));
        break;
      default:
        text[at] = static_cast<char>(random_());
    }
  }

  std::mt19937 random_;
};

void Check(const absl::Status& status) {
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_TRUE(status.message().substr(0, 4) == "file") << status;
  EXPECT_LT(status.message().size(), 20'000u);
}

class FuzzTest : public testing::TestWithParam<Sample> {};

TEST_P(FuzzTest, DamagedFilesGiveErrors) {
  const Sample& sample = GetParam();
  Mutator mutator(static_cast<uint32_t>(sample.format) * 7919 + 1);
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
