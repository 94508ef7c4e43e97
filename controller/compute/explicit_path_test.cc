#include "controller/compute/explicit_path.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>

#include "controller/compute/risk_oracle.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

constexpr int kAbsent = -1000;

// Places of a path are counted n0 l0 n1 l1 ...: where a hop stands among them.
int PlaceOf(const Snapshot& snapshot, const ComputedPath& path, const ExplicitHop& hop) {
  for (int i = 0; i < static_cast<int>(path.links.size()); ++i) {
    const LinkInfo& link = snapshot.link(path.links[i]);
    if (hop.link == path.links[i]) return 2 * i + 1;
    if (hop.node == NodeId::kNone) continue;
    if (hop.node == link.source) return 2 * i;
    if (hop.node == link.target) return 2 * i + 2;
  }
  return kAbsent;
}

// The contract's words. The start is as if a link had led there.
bool Obeys(const Snapshot& snapshot, const ComputedPath& path,
           const std::vector<ExplicitHop>& hops) {
  int before = -1;
  bool before_is_link = true;
  for (const ExplicitHop& hop : hops) {
    const int place = PlaceOf(snapshot, path, hop);
    if (place == kAbsent || place <= before) return false;
    const bool is_link = hop.link != LinkId::kNone;
    const int step = place - before;
    if (!hop.loose) {
      if (is_link && step != (before_is_link ? 2 : 1)) return false;
      if (!is_link && step != (before_is_link ? 3 : 2) && !(before_is_link && step == 1)) {
        return false;
      }
    }
    before = place;
    before_is_link = is_link;
  }
  return true;
}

ExplicitHop RandomHop(std::mt19937& random, const Snapshot& snapshot) {
  ExplicitHop hop;
  hop.loose = random() % 3 != 0;
  if (random() % 2 == 0) {
    hop.node = static_cast<NodeId>(random() % snapshot.nodes().size());
  } else {
    hop.link = static_cast<LinkId>(random() % snapshot.links().size());
  }
  return hop;
}

// Places of a path that exists, some left out, or anything at all.
std::vector<ExplicitHop> RandomHops(std::mt19937& random, const Snapshot& snapshot,
                                    const std::vector<ComputedPath>& paths) {
  std::vector<ExplicitHop> hops;
  if (!paths.empty() && random() % 5 != 0) {
    for (const LinkId link : paths[random() % paths.size()].links) {
      const bool loose = random() % 4 != 0;
      if (random() % 3 == 0) hops.push_back({.link = link, .loose = loose});
      if (random() % 3 == 0) hops.push_back({.node = snapshot.link(link).target, .loose = loose});
    }
  }
  if (random() % 3 == 0) hops.push_back(RandomHop(random, snapshot));
  if (hops.size() > 1 && random() % 10 == 0) std::swap(hops[0], hops[1]);
  return hops;
}

struct Question {
  std::shared_ptr<const Snapshot> snapshot;
  std::unique_ptr<SearchGraph> graph;
  NodeId from, to;
  std::vector<ComputedPath> paths, obeying;
  std::vector<ExplicitHop> hops;
};

Question RandomQuestion(std::mt19937& random) {
  Question q;
  const int nodes = 2 + static_cast<int>(random() % 6);
  q.snapshot = RandomNetwork(random, nodes, 4 + static_cast<int>(random() % 14));
  PathConstraints constraints = RandomConstraints(random);
  if (random() % 4 != 0) {
    constraints = {.objective = constraints.objective,
                   .max_delay_ns = constraints.max_delay_ns,
                   .max_hops = constraints.max_hops};
  }
  q.graph = std::make_unique<SearchGraph>(*q.snapshot, constraints,
                                          SearchGraph::Environment{.corouted = random() % 4 == 0});
  q.from = static_cast<NodeId>(random() % nodes);
  q.to = static_cast<NodeId>(random() % nodes);
  q.paths = AllPaths(*q.graph, q.from, q.to);
  q.hops = RandomHops(random, *q.snapshot, q.paths);
  for (const ComputedPath& path : q.paths) {
    if (Obeys(*q.snapshot, path, q.hops)) q.obeying.push_back(path);
  }
  return q;
}

TEST(ExplicitPathTest, MatchesExhaustionOnRandomMultigraphs) {
  std::mt19937 random(41);
  int found = 0;
  std::map<HopProblem, int> problems;
  for (int round = 0; round < 15000; ++round) {
    const Question q = RandomQuestion(random);
    const ExplicitResult actual = ExplicitPath(*q.graph, q.hops, q.from, q.to);
    ASSERT_EQ(actual.outcome, q.obeying.empty() ? Outcome::kInfeasible : Outcome::kFound)
        << round << " " << actual.message;
    if (!q.obeying.empty()) {
      ASSERT_EQ(actual.path, q.obeying.front()) << round;
      ASSERT_EQ(actual.problem, HopProblem::kNone);
      ++found;
      continue;
    }
    ++problems[actual.problem];
    ASSERT_NE(actual.problem, HopProblem::kNone);
    ASSERT_FALSE(actual.message.empty());
    if (actual.problem == HopProblem::kInvalid) {
      // Wrong without any constraint, too.
      const SearchGraph free(*q.snapshot, {}, {.ignore_forbid = true});
      for (const ComputedPath& path : AllPaths(free, q.from, q.to)) {
        ASSERT_FALSE(Obeys(*q.snapshot, path, q.hops)) << round << " " << actual.message;
      }
    }
  }
  EXPECT_GT(found, 4000);
  EXPECT_GT(problems[HopProblem::kInvalid], 500);
  EXPECT_GT(problems[HopProblem::kNotAdmitted], 200);
  EXPECT_GT(problems[HopProblem::kUnreachable], 100);
  EXPECT_GT(problems[HopProblem::kNoPath], 50);
}

TEST(ExplicitPathTest, PairMatchesExhaustionOnRandomMultigraphs) {
  std::mt19937 random(42);
  int found = 0, alone = 0, sharing = 0;
  for (int round = 0; round < 8000; ++round) {
    const Question q = RandomQuestion(random);
    const Protection protection = RandomProtection(random);
    const PairOptions options = {
        random() % 2 == 0 ? PairOrder::kMinSum : PairOrder::kMinMax, random() % 2 == 0, {}};
    std::optional<RankInWords> best;
    for (const ComputedPath& first : q.obeying) {
      for (const ComputedPath& second : q.paths) {
        if (first == second) continue;
        const size_t shared =
            SharedInWords(*q.snapshot, protection, q.from, q.to, first, second).size();
        if (shared > 0 && !options.allow_shared_risks) continue;
        const RankInWords rank = RankInWordsOf({first, second}, options.order, shared);
        if (!best || rank < *best) best = rank;
      }
    }
    const auto actual = ExplicitPair(*q.graph, q.hops, protection, q.from, q.to, options);
    ASSERT_EQ(actual.pair.outcome, best ? Outcome::kFound : Outcome::kInfeasible) << round;
    ASSERT_EQ(actual.first.outcome, q.obeying.empty() ? Outcome::kInfeasible : Outcome::kFound);
    ASSERT_EQ(actual.pair.has_pair(), best.has_value());
    if (!best) {
      alone += !q.obeying.empty();
      continue;
    }
    ++found;
    const PairResult& pair = actual.pair;
    sharing += !pair.shared_risks.empty();
    ASSERT_TRUE(std::binary_search(q.obeying.begin(), q.obeying.end(), pair.working)) << round;
    ASSERT_TRUE(std::binary_search(q.paths.begin(), q.paths.end(), pair.protect)) << round;
    ASSERT_EQ(
        pair.shared_risks.size(),
        SharedInWords(*q.snapshot, protection, q.from, q.to, pair.working, pair.protect).size());
    ASSERT_EQ(RankInWordsOf({pair.working, pair.protect}, options.order, pair.shared_risks.size()),
              *best)
        << round;
  }
  EXPECT_GT(found, 600);
  EXPECT_GT(alone, 300);
  EXPECT_GT(sharing, 100);
}

// The best rank of a first path that obeys and `count` - 1 others of which no two share a risk.
std::optional<RankInWords> BestSet(const Question& q, const Protection& protection, size_t count,
                                   PairOrder order) {
  std::optional<RankInWords> best;
  std::vector<ComputedPath> chosen;
  const std::function<void(size_t)> extend = [&](size_t next) {
    if (chosen.size() == count) {
      const RankInWords rank = RankInWordsOf(chosen, order, 0);
      if (!best || rank < *best) best = rank;
      return;
    }
    for (size_t i = next; i < q.paths.size(); ++i) {
      const bool disjoint =
          std::all_of(chosen.begin(), chosen.end(), [&](const ComputedPath& other) {
            return SharedInWords(*q.snapshot, protection, q.from, q.to, other, q.paths[i]).empty();
          });
      if (!disjoint) continue;
      chosen.push_back(q.paths[i]);
      extend(i + 1);
      chosen.pop_back();
    }
  };
  for (const ComputedPath& first : q.obeying) {
    chosen = {first};
    extend(0);
  }
  return best;
}

TEST(ExplicitPathTest, SetMatchesExhaustionOnRandomMultigraphs) {
  std::mt19937 random(43);
  int found = 0, alone = 0;
  for (int round = 0; round < 4000; ++round) {
    const Question q = RandomQuestion(random);
    if (q.paths.size() > 40) continue;
    const Protection protection = RandomProtection(random);
    const PairOptions options = {.order =
                                     random() % 2 == 0 ? PairOrder::kMinSum : PairOrder::kMinMax};
    const int count = 3 + static_cast<int>(random() % 2);
    const auto best = BestSet(q, protection, static_cast<size_t>(count), options.order);
    const auto actual = ExplicitSet(*q.graph, q.hops, protection, q.from, q.to, count, options);
    ASSERT_TRUE(actual.ok());
    ASSERT_EQ(actual->set.outcome, best ? Outcome::kFound : Outcome::kInfeasible) << round;
    ASSERT_EQ(actual->set.paths.empty(), !best);
    if (!best) {
      alone += !q.obeying.empty();
      continue;
    }
    ++found;
    const std::vector<ComputedPath>& paths = actual->set.paths;
    ASSERT_EQ(RankInWordsOf(paths, options.order, 0), *best) << round;
    ASSERT_TRUE(std::binary_search(q.obeying.begin(), q.obeying.end(), paths[0])) << round;
    ASSERT_TRUE(std::is_sorted(paths.begin() + 1, paths.end()));
    for (size_t i = 0; i < paths.size(); ++i) {
      ASSERT_TRUE(std::binary_search(q.paths.begin(), q.paths.end(), paths[i]));
      for (size_t j = 0; j < i; ++j) {
        ASSERT_TRUE(
            SharedInWords(*q.snapshot, protection, q.from, q.to, paths[i], paths[j]).empty());
      }
    }
  }
  EXPECT_GT(found, 60);
  EXPECT_GT(alone, 300);
}

// s - a - b - t in a row; a and b also joined to s and t.
class ExplicitHopsTest : public ::testing::Test {
 protected:
  ExplicitHopsTest() {
    for (const char* id : {"s", "a", "b", "t", "island"}) network_.Node(id);
    network_.Fibre("s", "a", 1000, 1);
    network_.Fibre("a", "b", 1000, 1);
    network_.Fibre("b", "t", 1000, 1);
    network_.Fibre("s", "b", 1000, 5);
    network_.Fibre("a", "t", 1000, 5);
  }
  ExplicitHop Node(const std::string& id, bool loose = true) {
    return {.node = *network_.Build()->FindNode("nodes/" + id), .loose = loose};
  }
  ExplicitHop Link(const std::string& id, bool loose = true) {
    return {.link = *network_.Build()->FindLink("links/" + id), .loose = loose};
  }
  ExplicitResult Solve(const std::vector<ExplicitHop>& hops,
                       const PathConstraints& constraints = {},
                       const WorkLimit& limit = {.budget = kDefaultLabelBudget}) {
    snapshot_ = network_.Build();
    const SearchGraph graph(*snapshot_, constraints, {});
    return ExplicitPath(graph, hops, *snapshot_->FindNode("nodes/s"),
                        *snapshot_->FindNode("nodes/t"), limit);
  }
  void ExpectProblem(const std::vector<ExplicitHop>& hops, HopProblem problem, int hop,
                     const std::string& words, const PathConstraints& constraints = {}) {
    const ExplicitResult result = Solve(hops, constraints);
    EXPECT_EQ(result.outcome, Outcome::kInfeasible);
    EXPECT_EQ(result.problem, problem);
    EXPECT_EQ(result.hop, hop);
    EXPECT_NE(result.message.find(words), std::string::npos) << result.message;
  }

  TestNetwork network_;
  std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(ExplicitHopsTest, LeastWalkMayRepeatButThePathMustNot) {
  // The least way to b leads over a; then a is spent.
  const ExplicitResult result = Solve({Node("b"), Node("a")});
  ASSERT_EQ(result.outcome, Outcome::kFound);
  EXPECT_EQ(result.path.metric.cost, 11);
}

TEST_F(ExplicitHopsTest, PlacesAlreadyPassedAreNamedFreely) {
  const ExplicitResult result = Solve({Node("s", false), Link("s--a", false), Node("a", false),
                                       Link("a--t", false), Node("t", false)});
  ASSERT_EQ(result.outcome, Outcome::kFound);
  EXPECT_EQ(result.path.links.size(), 2u);
}

TEST_F(ExplicitHopsTest, ListsThatCannotBe) {
  ExpectProblem({Node("a"), Node("a")}, HopProblem::kInvalid, 1,
                "hop 2 (nodes/a): the path would pass nodes/a twice");
  ExpectProblem({Node("s"), Node("s")}, HopProblem::kInvalid, 1, "twice");
  ExpectProblem({Node("a"), Link("s--a")}, HopProblem::kInvalid, 1, "nodes/s twice");
  ExpectProblem({Node("t"), Node("a")}, HopProblem::kInvalid, 1, "after nodes/t");
  ExpectProblem({Link("t--b")}, HopProblem::kInvalid, 0, "leaves nodes/t");
  ExpectProblem({Node("t", false)}, HopProblem::kInvalid, 0, "no link leads there from nodes/s");
  ExpectProblem({Link("a--b", false)}, HopProblem::kInvalid, 0,
                "starts at nodes/a, not at nodes/s");
  ExpectProblem({{}}, HopProblem::kInvalid, 0, "hop 1: it must name");
  ExpectProblem({{.node = NodeId{99}}}, HopProblem::kInvalid, 0, "hop 1: it must name");
  ExpectProblem({{.link = LinkId{-7}}}, HopProblem::kInvalid, 0, "hop 1: it must name");
  ExpectProblem({{.node = NodeId{0}, .link = LinkId{0}}}, HopProblem::kInvalid, 0,
                "one node or one link");
  ExpectProblem(std::vector<ExplicitHop>(65, {.node = NodeId{99}}), HopProblem::kInvalid, 64,
                "at most 64");
}

TEST_F(ExplicitHopsTest, PlacesThatMayNotBe) {
  PathConstraints constraints;
  constraints.exclude_resources = {"links/a--b"};
  ExpectProblem({Link("a--b")}, HopProblem::kNotAdmitted, 0, "links/a--b", constraints);
  EXPECT_EQ(Solve({Link("b--a")}, constraints).outcome, Outcome::kFound);
  constraints.exclude_resources = {"nodes/b"};
  ExpectProblem({Node("a"), Node("b")}, HopProblem::kNotAdmitted, 1, "nodes/b", constraints);
  ExpectProblem({Link("a--b")}, HopProblem::kNotAdmitted, 0, "an end of it", constraints);
  constraints.exclude_resources = {"nodes/t"};
  ExpectProblem({}, HopProblem::kNotAdmitted, -1, "nodes/t", constraints);
}

TEST_F(ExplicitHopsTest, WaysThatAreNotThere) {
  ExpectProblem({Node("a"), Node("island")}, HopProblem::kUnreachable, 1, "from nodes/a to hop 2");
  PathConstraints constraints;
  constraints.exclude_resources = {"links/a--b"};
  ExpectProblem({Node("a"), Node("b", false)}, HopProblem::kUnreachable, 1, "no admitted link",
                constraints);
  constraints.exclude_resources = {"links/a--t", "links/b--t"};
  ExpectProblem({Node("a")}, HopProblem::kUnreachable, -1, "to the end, nodes/t", constraints);
}

TEST_F(ExplicitHopsTest, BoundsThatTheHopsBreak) {
  PathConstraints constraints;
  constraints.max_delay_ns = 2'500'000;
  ExpectProblem({Link("b--a")}, HopProblem::kNoPath, -1, "3.000 ms, and max_delay is 2.500 ms",
                constraints);
  constraints = {.max_hops = 2};
  ExpectProblem({Link("a--b")}, HopProblem::kNoPath, -1, "at least 3 links, and max_hops is 2",
                constraints);
}

TEST_F(ExplicitHopsTest, WorkEnds) {
  EXPECT_EQ(Solve({Node("b"), Node("a")}, {}, {.budget = 3}).outcome, Outcome::kBudgetSpent);
  WorkLimit stopped = {.budget = kDefaultLabelBudget, .stop = [] { return true; }};
  EXPECT_EQ(Solve({}, {}, stopped).outcome, Outcome::kBudgetSpent);
}

// Whichever way is the least to a, over x or y: only the one over y leaves a partner.
TEST(ExplicitPairTest, FirstPathIsTheOneThatHasAPartner) {
  TestNetwork network;
  for (const char* id : {"s", "x", "y", "a", "t"}) network.Node(id);
  network.OneWay("s", "x", 1, 1);
  network.OneWay("x", "a", 1, 1);
  network.OneWay("s", "y", 1, 5);
  network.OneWay("y", "a", 1, 5);
  network.OneWay("a", "t", 1, 1);
  network.OneWay("x", "t", 1, 9);
  const auto snapshot = network.Build();
  const SearchGraph graph(*snapshot, {}, {});
  const NodeId s = *snapshot->FindNode("nodes/s"), t = *snapshot->FindNode("nodes/t");
  const std::vector<ExplicitHop> hops = {{.node = *snapshot->FindNode("nodes/a"), .loose = true}};
  const auto result = ExplicitPair(graph, hops, {.link = true, .node = true}, s, t);
  ASSERT_EQ(result.pair.outcome, Outcome::kFound);
  EXPECT_EQ(result.pair.single.path.metric.cost, 3);
  EXPECT_EQ(result.pair.working.metric.cost, 11);
  EXPECT_EQ(result.pair.protect.metric.cost, 10);
}

}  // namespace
}  // namespace waymark
