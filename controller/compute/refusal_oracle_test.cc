// Explanations of refusals against brute force, of what a search can steer by.
#include <gtest/gtest.h>

#include <map>

#include "controller/compute/refusal_checks.h"

namespace waymark {
namespace {

TEST(RefusalOracleTest, WhatIsNamedBlocksAndWhatIsProposedHelps) {
  std::mt19937 random(7);
  int refused = 0, conflicts_of_several = 0, several_conflicts = 0, beyond_help = 0;
  std::map<std::string, int> relaxed;
  for (int round = 0; round < 4000; ++round) {
    const RefusalWorld world = RandomWorld(random);
    SCOPED_TRACE(round);
    const RefusalExplanation told = Told(world);
    if (Possible(world)) {
      ASSERT_TRUE(told.possible || told.refusal.blocking_constraint == "topology");
      ASSERT_TRUE(told.possible);
      continue;
    }
    ASSERT_FALSE(told.possible);
    if (told.refusal.blocking_constraint == "topology") {
      ASSERT_FALSE(Possible(With(world, {})));
      continue;
    }
    ++refused;
    ASSERT_TRUE(told.complete);
    ASSERT_NO_FATAL_FAILURE(CheckConflicts(world, told));
    for (const auto& conflict : told.conflicts) conflicts_of_several += conflict.size() > 1;
    several_conflicts += told.conflicts.size() > 1;
    if (told.relaxations.empty()) {
      ++beyond_help;
      ASSERT_NO_FATAL_FAILURE(CheckBeyondHelp(world));
    }
    for (const RefusalRelaxation& relaxation : told.relaxations) {
      ASSERT_NO_FATAL_FAILURE(CheckRelaxation(world, relaxation));
      ASSERT_NO_FATAL_FAILURE(CheckBest(ToldChange(world, relaxation.change).world(), relaxation));
      ++relaxed[KindOf(relaxation.constraint)];
    }
  }
  EXPECT_GT(refused, 1500);
  EXPECT_GT(conflicts_of_several, 100);
  EXPECT_GT(several_conflicts, 100);
  EXPECT_GT(beyond_help, 10);
  for (const std::string& kind : ConstraintKinds()) {
    if (kind.starts_with("availability") || kind.starts_with("max_latency")) continue;
    EXPECT_GT(relaxed[kind], 10) << kind;
  }
}

// Searches that a budget stops prove nothing: what is told is less, never false.
TEST(RefusalOracleTest, WhatABudgetStopsIsNeverClaimed) {
  std::mt19937 random(11);
  int open = 0, conflicts = 0, relaxations = 0, not_nearest = 0;
  for (int round = 0; round < 3000; ++round) {
    const RefusalWorld world = RandomWorld(random);
    SCOPED_TRACE(round);
    const RefusalExplanation told =
        Told(world, {.budget = round % 3 == 0 ? 8 + round % 40 : 100'000}, round % 4);
    const bool possible = Possible(world);
    ASSERT_TRUE(possible || !told.possible);
    if (told.possible || told.refusal.blocking_constraint == "topology") continue;
    open += !told.proven;
    ASSERT_FALSE(possible && told.proven);
    ASSERT_TRUE(told.proven || !told.complete);
    for (const auto& conflict : told.conflicts) {
      ASSERT_FALSE(Possible(With(world, KindsOf(conflict)))) << told.refusal.reason;
      ++conflicts;
    }
    // A constraint that another route shows to be in the way of nothing is not changed for it.
    if (possible) continue;
    for (const RefusalRelaxation& relaxation : told.relaxations) {
      ASSERT_NO_FATAL_FAILURE(CheckRelaxation(world, relaxation));
      ++relaxations;
      not_nearest += relaxation.change.find("(the least found") != std::string::npos;
    }
  }
  EXPECT_GT(open, 5);
  EXPECT_GT(conflicts, 500);
  EXPECT_GT(relaxations, 500);
  EXPECT_GT(not_nearest, 10);
}

}  // namespace
}  // namespace waymark
