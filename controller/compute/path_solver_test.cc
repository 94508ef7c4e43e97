#include "controller/compute/path_solver.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "controller/compute/refusal_checks.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

// Up for a share of 1 / (1 + down) of the time.
void SetDown(TestNetwork* network, const v1::Link& link, double down) {
  for (const std::string& name : {link.name(), link.reverse()}) {
    network->Link(name).set_mtbf_hours(1000);
    network->Link(name).set_mttr_hours(1000 * down);
  }
}

class PathSolverTest : public testing::Test {
 protected:
  PathSolution Solve(const PathConstraints& constraints, int count, RouteTargets targets) {
    snapshot_ = network_.Build();
    const AvailabilityModel model(*snapshot_);
    const QueueLoads loads(*snapshot_);
    targets.model = &model;
    targets.loads = &loads;
    targets.queue = 6;
    return SolvePaths(
        *snapshot_, {},
        {*snapshot_->FindNode("nodes/s"), *snapshot_->FindNode("nodes/t"), constraints, count},
        targets, [] { return false; });
  }
  std::string Names(const ComputedPath& path) {
    std::string names;
    for (const LinkId link : path.links) {
      names += (names.empty() ? "" : " ") + snapshot_->link(link).name.substr(6);
    }
    return names;
  }
  // Between s and m two fibres: the cheaper one is bad and slow.
  void TwoWaysToTheMiddle() {
    for (const char* node : {"s", "m", "t"}) network_.Node(node);
    SetDown(&network_, network_.Fibre("s", "m", 9'000, 1, ".bad"), 1);
    SetDown(&network_, network_.Fibre("s", "m", 1'000, 2, ".good"), 0.001);
    SetDown(&network_, network_.Fibre("m", "t", 1'000, 1), 0.001);
  }

  TestNetwork network_;
  std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(PathSolverTest, ThroughHopsAnotherWayMayKeepTheTarget) {
  TwoWaysToTheMiddle();
  PathConstraints constraints;
  constraints.explicit_hops = {{.node = *network_.Build()->FindNode("nodes/m"), .loose = true}};
  for (const RouteTargets& targets :
       {RouteTargets{.availability = 0.99}, RouteTargets{.max_latency_ns = 3'000'000}}) {
    const PathSolution solution = Solve(constraints, 1, targets);
    ASSERT_EQ(solution.paths.size(), 1u);
    EXPECT_EQ(Names(solution.paths[0]), "s--m.good m--t");
  }
  const PathSolution none = Solve(constraints, 1, {.availability = 0.9999});
  EXPECT_TRUE(none.paths.empty());
  EXPECT_NE(none.shortfall.reason.find("the best path through these hops keeps"), std::string::npos)
      << none.shortfall.reason;
}

TEST_F(PathSolverTest, OfSetsADearerOneMayKeepTheTarget) {
  for (const char* node : {"s", "t"}) network_.Node(node);
  SetDown(&network_, network_.Fibre("s", "t", 1'000, 1, ".1"), 1);
  SetDown(&network_, network_.Fibre("s", "t", 1'000, 1, ".2"), 1);
  SetDown(&network_, network_.Fibre("s", "t", 1'000, 1, ".3"), 1);
  SetDown(&network_, network_.Fibre("s", "t", 1'000, 9, ".4"), 0.001);
  const PathConstraints constraints = {.protection = {.link = true}};
  EXPECT_EQ(Solve(constraints, 3, {.availability = 0.8}).paths.size(), 3u);
  const PathSolution solution = Solve(constraints, 3, {.availability = 0.99});
  ASSERT_EQ(solution.paths.size(), 3u);
  EXPECT_EQ(Names(solution.paths[2]), "s--t.4");
}

// Whatever is given keeps all that is asked, what is called infeasible is, and of what is possible
// nearly all is found.
TEST(PathSolverOracleTest, GivesWhatIsAsked) {
  std::mt19937 random(23);
  int possible = 0, missed = 0, by_hops = 0;
  for (int round = 0; round < 8000; ++round) {
    RefusalWorld world = RandomTargetWorld(random, round % 2 == 0);
    SCOPED_TRACE(round);
    // Often through a node that some route passes.
    if (auto all = Routes(world); !all.empty() && round % 3 == 0) {
      const auto& working = all[random() % all.size()][0];
      const NodeId middle = world.snapshot->link(working[0]).target;
      if (middle != NodeId{1}) {
        world.constraints.explicit_hops = {{.node = middle, .loose = true}};
      }
    }
    LinkState state(*world.snapshot);
    for (const LinkId link : world.down) state.SetDown(link);
    const AvailabilityModel model(*world.snapshot);
    const QueueLoads loads(*world.snapshot);
    const RouteTargets targets = {.availability = world.availability,
                                  .model = &model,
                                  .max_latency_ns = world.max_latency_ns,
                                  .loads = &loads,
                                  .queue = 6,
                                  .both_ways = world.corouted};
    const PathConstraints& constraints = world.constraints;
    const PathSolution solution =
        SolvePaths(*world.snapshot, {.link_state = &state, .corouted = world.corouted},
                   {NodeId{0}, NodeId{1}, constraints, constraints.protection.any() ? 2 : 1},
                   targets, [] { return false; });
    const auto routes = Routes(world);
    possible += !routes.empty();
    if (solution.paths.empty()) {
      if (solution.outcome == Outcome::kInfeasible) {
        ASSERT_TRUE(routes.empty());
      }
      missed += !routes.empty();
      continue;
    }
    std::vector<std::vector<LinkId>> given;
    for (const ComputedPath& path : solution.paths) given.push_back(path.links);
    bool valid = std::ranges::find(routes, given) != routes.end();
    if (constraints.explicit_hops.empty() && given.size() == 2) {
      std::swap(given[0], given[1]);
      valid |= std::ranges::find(routes, given) != routes.end();
    }
    ASSERT_TRUE(valid);
    by_hops += !constraints.explicit_hops.empty();
  }
  EXPECT_GT(possible, 500);
  EXPECT_GT(by_hops, 50);
  EXPECT_LT(missed, possible / 50);
}

}  // namespace
}  // namespace waymark
