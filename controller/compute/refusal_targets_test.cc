// Explanations of refusals against brute force, where availability or latency is promised.
#include <gtest/gtest.h>

#include <map>

#include "controller/compute/refusal_checks.h"

namespace waymark {
namespace {

// The search for an availability target is exact, and so is what is said of it.
TEST(RefusalTargetsTest, OfAvailabilityAllIsExact) {
  std::mt19937 random(17);
  int refused = 0, exact = 0, with_target = 0, alone = 0;
  std::map<std::string, int> relaxed;
  for (int round = 0; round < 3000; ++round) {
    const RefusalWorld world = RandomTargetWorld(random, /*latency=*/false);
    SCOPED_TRACE(round);
    const RefusalExplanation told = Told(world);
    const bool topology = told.refusal.blocking_constraint == "topology";
    ASSERT_TRUE(Possible(world) || !told.possible);
    ASSERT_TRUE(!Possible(world) || told.possible || !told.proven);
    if (told.possible || topology) continue;
    ++refused;
    // Through explicit hops, and of pairs that may share risks, routes are tried, not searched.
    if (!told.complete) continue;
    ASSERT_TRUE(told.proven);
    ++exact;
    ASSERT_NO_FATAL_FAILURE(CheckConflicts(world, told));
    bool target = false;
    for (const auto& conflict : told.conflicts) {
      target |= KindsOf(conflict).contains("availability_target");
    }
    with_target += target;
    alone += target && told.conflicts[0].size() == 1;
    if (told.relaxations.empty()) {
      ASSERT_NO_FATAL_FAILURE(CheckBeyondHelp(world));
    }
    for (const RefusalRelaxation& relaxation : told.relaxations) {
      ASSERT_NO_FATAL_FAILURE(CheckRelaxation(world, relaxation));
      ASSERT_NO_FATAL_FAILURE(CheckBest(ToldChange(world, relaxation.change).world(), relaxation));
      ++relaxed[KindOf(relaxation.constraint)];
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_GT(exact, refused * 8 / 10);
  EXPECT_GT(with_target, 300);
  EXPECT_GT(with_target - alone, 50);
  EXPECT_GT(relaxed["availability_target"], 100);
  EXPECT_GT(relaxed["protection"], 5);
}

// Of latency: routes are tried, so that a conflict may be of those alone, but each change helps;
// where one path is asked for, its route is the best.
TEST(RefusalTargetsTest, OfLatencyEachChangeHelps) {
  std::mt19937 random(19);
  int refused = 0, single = 0;
  std::map<std::string, int> relaxed;
  for (int round = 0; round < 3000; ++round) {
    const RefusalWorld world = RandomTargetWorld(random, /*latency=*/true);
    SCOPED_TRACE(round);
    const RefusalExplanation told = Told(world);
    ASSERT_TRUE(Possible(world) || !told.possible);
    if (told.possible || told.refusal.blocking_constraint == "topology") continue;
    ASSERT_FALSE(Possible(world) && told.proven);
    ++refused;
    for (const RefusalRelaxation& relaxation : told.relaxations) {
      const RefusalWorld changed = ToldChange(world, relaxation.change).world();
      ASSERT_TRUE(Possible(changed)) << relaxation.change;
      if (world.constraints.protection.any()) continue;
      ASSERT_NO_FATAL_FAILURE(CheckBest(changed, relaxation));
      ASSERT_NO_FATAL_FAILURE(CheckRelaxation(world, relaxation));
      ++single;
      ++relaxed[KindOf(relaxation.constraint)];
    }
  }
  EXPECT_GT(refused, 1000);
  EXPECT_GT(single, 300);
  EXPECT_GT(relaxed["max_latency"], 100);
}

}  // namespace
}  // namespace waymark
