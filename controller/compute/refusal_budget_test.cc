// Explanations whose work ends before all is known.
#include <gtest/gtest.h>

#include <random>

#include "controller/compute/disjoint_pair.h"
#include "controller/compute/refusal.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

// Rows of nodes between s and t, every fibre in two of `groups` risk groups at random: pairs apart
// in them are hard to find and hard to disprove.
std::shared_ptr<const Snapshot> HardNetwork(uint32_t seed, int rows, int columns, uint32_t groups) {
  std::mt19937 random(seed);
  TestNetwork network;
  for (uint32_t i = 0; i < groups; ++i) network.Srlg("g" + std::to_string(i));
  const auto name = [](int row, int column) {
    return "n" + std::to_string(row) + "x" + std::to_string(column);
  };
  for (const char* end : {"s", "t"}) network.Node(end);
  for (int i = 0; i < rows * columns; ++i) network.Node(name(i / columns, i % columns));
  const auto fibre = [&](const std::string& a, const std::string& b) {
    v1::Link& there = network.Fibre(a, b, 1'000, 1 + random() % 29);
    const uint32_t first = random() % groups;
    const uint32_t second = (first + 1 + random() % (groups - 1)) % groups;
    for (const uint32_t group : {first, second}) {
      there.add_srlgs("srlgs/g" + std::to_string(group));
      network.Link(there.reverse()).add_srlgs("srlgs/g" + std::to_string(group));
    }
  };
  for (int row = 0; row < rows; ++row) {
    fibre("s", name(row, 0));
    fibre(name(row, columns - 1), "t");
    for (int column = 0; column + 1 < columns; ++column) {
      fibre(name(row, column), name(row, column + 1));
      if (row + 1 == rows) continue;
      fibre(name(row, column), name(row + 1, column + 1));
      fibre(name(row + 1, column), name(row, column + 1));
    }
  }
  return network.Build();
}

// A deadline that has passed already: whatever is asked, nothing is to blame.
TEST(RefusalBudgetTest, WhoHasNoTimeBlamesNothing) {
  const auto snapshot = HardNetwork(1, 2, 3, 4);
  const PathConstraints constraints = {
      .max_delay_ns = 1'000'000, .allowed_jurisdictions = {"GB"}, .protection = {.link = true}};
  for (const bool proven : {false, true}) {
    for (const bool stops : {false, true}) {
      WorkLimit limit{.budget = 0};
      if (stops) limit = {.stop = [] { return true; }};
      const RefusalExplanation told = ExplainRefusalInFull({.snapshot = *snapshot,
                                                            .constraints = constraints,
                                                            .from = "nodes/s",
                                                            .to = "nodes/t",
                                                            .limit = limit,
                                                            .proven = proven});
      EXPECT_TRUE(told.conflicts.empty());
      EXPECT_EQ(told.proven, proven);
      EXPECT_FALSE(told.complete);
      EXPECT_EQ(told.refusal.blocking_constraint, "work budget");
    }
  }
}

// Where the small budget of an explanation stops most searches, many more searches must not find
// what it calls impossible, nor a nearer change than one that it calls the nearest.
TEST(RefusalBudgetTest, OnlyWhatIsProvenIsClaimed) {
  int conflicts = 0, nearest = 0, open = 0;
  for (uint32_t seed = 1; seed <= 120; ++seed) {
    SCOPED_TRACE(seed);
    // From nets that any budget settles to those that this one does not.
    const int columns = 2 + static_cast<int>(seed % 8);
    const int asked_hops = columns + 1;
    const auto snapshot = HardNetwork(seed, 5, columns, 4 + 6 * (seed % 7));
    const NodeId from = *snapshot->FindNode("nodes/s"), to = *snapshot->FindNode("nodes/t");
    const auto found = [&](int max_hops) {
      const PathConstraints asked = {.max_hops = max_hops, .protection = {.srlg = true}};
      return DisjointPair(SearchGraph(*snapshot, asked, {}), asked.protection, from, to).has_pair();
    };
    const PathConstraints asked = {.max_hops = asked_hops, .protection = {.srlg = true}};
    const RefusalExplanation told = ExplainRefusalInFull({.snapshot = *snapshot,
                                                          .constraints = asked,
                                                          .environment = {},
                                                          .from = "nodes/s",
                                                          .to = "nodes/t",
                                                          .limit = {.budget = 200},
                                                          .attempt = seed % 2 == 0 ? 40 : 300});
    if (told.possible) continue;
    open += !told.proven;
    for (const auto& conflict : told.conflicts) {
      ++conflicts;
      const bool alone = conflict == std::vector<std::string>{"protection SRLG"};
      EXPECT_FALSE(found(alone ? kMaxPathHops : asked_hops));
    }
    for (const RefusalRelaxation& relaxation : told.relaxations) {
      const std::string text = "max hops " + std::to_string(asked_hops) + " -> ";
      if (!relaxation.change.starts_with(text)) continue;
      const int enough = std::stoi(relaxation.change.substr(text.size()));
      if (relaxation.change.find('(') != std::string::npos) continue;
      ++nearest;
      EXPECT_FALSE(found(enough - 1)) << relaxation.change;
    }
  }
  EXPECT_GT(conflicts, 0);
  EXPECT_GT(nearest, 0);
  EXPECT_GT(open, 0);
}

}  // namespace
}  // namespace waymark
