// Seeds that must go well, and proof that the oracle sees what goes wrong.
#include "tests/sim/simulation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "controller/plan/phases.h"

namespace waymark {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSlow = true;
#else
constexpr bool kSlow = false;
#endif
constexpr uint64_t kSeeds = kSlow ? 20 : 500;
constexpr int kActions = 25;
// In so many of them every one of the faults below must have shown.
constexpr uint64_t kSeedsToFind = 100;

// The first violation of the first seed that has one.
std::string FirstViolation(const std::function<void(SimulationOptions*)>& spoil) {
  // A sanitizer has nothing to add to what the other seeds show it.
  if (kSlow) return "not looked for";
  for (uint64_t seed = 1; seed <= kSeedsToFind; ++seed) {
    SimulationOptions options = OptionsOf(seed, kActions);
    spoil(&options);
    const SimulationResult result = Simulate(options);
    if (!result.violations.empty()) return result.violations.front();
  }
  return "";
}

using Rank = int (*)(PhaseKind);

// The right phases in another order.
void Reorder(Rank rank, SimulationOptions* options) {
  options->engine.switches.sequencer = [rank](const std::map<std::string, NodeDiff>& diffs,
                                              const Successions& successions) {
    std::vector<Phase> phases = MakePhases(diffs, successions);
    std::stable_sort(phases.begin(), phases.end(), [rank](const Phase& a, const Phase& b) {
      return rank(a.kind) < rank(b.kind);
    });
    return phases;
  };
}

class Seeds : public testing::TestWithParam<uint64_t> {};

TEST_P(Seeds, GoWell) {
  constexpr uint64_t kShare = kSeeds / 10;
  for (uint64_t i = 0; i < kShare; ++i) {
    const uint64_t seed = 1 + GetParam() * kShare + i;
    const SimulationResult result = Simulate(OptionsOf(seed, kActions));
    for (const std::string& text : result.violations)
      ADD_FAILURE() << "seed " << seed << ": " << text;
    EXPECT_GT(result.frames, 100);
  }
}

INSTANTIATE_TEST_SUITE_P(Simulation, Seeds, testing::Range<uint64_t>(0, 10));

TEST(SimulationTest, TheSameSeedIsTheSameRun) {
  std::vector<std::string> lines[2];
  for (std::vector<std::string>& all : lines) {
    SimulationOptions options = OptionsOf(8, kActions);
    options.trace = [&all](const std::string& line) { all.push_back(line); };
    Simulate(options);
  }
  EXPECT_GT(lines[0].size(), 100u);
  EXPECT_EQ(lines[0], lines[1]);
}

TEST(SimulationTest, DeletingBeforeAddingIsSeen) {
  EXPECT_NE(FirstViolation([](SimulationOptions* options) {
              Reorder([](PhaseKind kind) { return kind == PhaseKind::kDeletePolicies ? 0 : 1; },
                      options);
            }),
            "");
}

TEST(SimulationTest, IngressBeforeEgressIsSeen) {
  EXPECT_NE(FirstViolation([](SimulationOptions* options) {
              Reorder([](PhaseKind kind) { return kind == PhaseKind::kAttachments ? 0 : 1; },
                      options);
            }),
            "");
}

// A gate before the sequencer: it is told of the differences of some switches only.
TEST(SimulationTest, AGateAtTheWrongPlaceIsSeen) {
  EXPECT_NE(FirstViolation([](SimulationOptions* options) {
              options->engine.switches.waves = Waves::Options();
              options->engine.switches.sequencer = [](const std::map<std::string, NodeDiff>& diffs,
                                                      const Successions& successions) {
                std::map<std::string, NodeDiff> let_through;
                for (const auto& [node, diff] : diffs) {
                  if (!diff.empty() && let_through.size() < 1) let_through.emplace(node, diff);
                }
                return MakePhases(let_through, successions);
              };
            }),
            "");
}

TEST(SimulationTest, ABatchThatIsNotTakenBackIsSeen) {
  EXPECT_NE(FirstViolation([](SimulationOptions* options) { options->break_rollback = true; }), "");
}

TEST(ShrinkTest, LeavesWhatIsNeeded) {
  std::vector<Action> actions;
  for (uint64_t i = 0; i < 40; ++i) actions.push_back({.seed = i});
  int runs = 0;
  const std::vector<Action> fewest = Shrink(
      actions,
      [&runs](const std::vector<Action>& left) {
        ++runs;
        int needed = 0;
        for (const Action& action : left) needed += action.seed == 3 || action.seed == 31 ? 1 : 0;
        return needed == 2;
      },
      1'000);
  ASSERT_EQ(fewest.size(), 2u);
  EXPECT_EQ(fewest[0].seed, 3u);
  EXPECT_EQ(fewest[1].seed, 31u);
  EXPECT_LT(runs, 200);
}

}  // namespace
}  // namespace waymark
