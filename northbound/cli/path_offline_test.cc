// `waymark path compute --graph`: answers, and every kind of bad input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "northbound/cli/run_for_test.h"

namespace waymark::cli {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

//       b
//     /   \        a - b - d: weight 2, 20 ms; a - c - d: 4, 2 ms; a - d: 10, 1 ms, 1 Gbit/s;
//   a --c-- d      e - f: an island
constexpr char kGraph[] =
    "NODES 6\nlabel x y\n"
    "a 1000 0\nb 1000 0\nc 1000 0\nBig_D 1000 0\ne 1000 0\nf 1000 0\n"
    "EDGES 11\nlabel src dest weight bw delay\n"
    "ab 0 1 1 10000000 10000\n"
    "self 0 0 1 10000000 10\n"
    "bd 1 3 1 10000000 10000\n"
    "ac 0 2 2 10000000 1000\n"
    "cd 2 3 2 10000000 1000\n"
    "ad 0 3 10 1000000 1000\n"
    "ba 1 0 1 10000000 10000\n"
    "db 3 1 1 10000000 10000\n"
    "ca 2 0 2 10000000 1000\n"
    "ef 4 5 1 10000000 10\n"
    "fe 5 4 1 10000000 10\n";

constexpr char kYaml[] =
    "nodes:\n"
    "  - {name: a, jurisdiction: CH, provider: p}\n"
    "  - {name: b, jurisdiction: DE}\n"
    "  - {name: c, jurisdiction: CH}\n"
    "  - {name: d, jurisdiction: CH}\n"
    "srlgs:\n"
    "  - {name: rhine}\n"
    "links:\n"
    "  - {source: a, target: b, both_ways: true, capacity_bps: 10G, srlgs: [rhine]}\n"
    "  - {source: b, target: d, both_ways: true, capacity_bps: 10G}\n"
    "  - {source: a, target: c, both_ways: true, capacity_bps: 10G, te_metric: 30}\n"
    "  - {source: c, target: d, both_ways: true, capacity_bps: 10G, srlgs: [rhine]}\n";

Ran Compute(std::vector<std::string> args, const std::string& graph = kGraph) {
  args.insert(args.begin(), {"path", "compute", "--graph", "-"});
  return Waymark(args, graph);
}

// a - b and b - c weigh `part` each, a - c weighs `whole`.
std::string Triangle(const std::string& part, const std::string& whole) {
  return "NODES 3\nlabel x y\na 1000 0\nb 1000 0\nc 1000 0\nEDGES 3\n"
         "label src dest weight bw delay\nab 0 1 " +
         part + " 1000 1\nbc 1 2 " + part + " 1000 1\nac 0 2 " + whole + " 1000 1\n";
}

TEST(PathOfflineTest, TheFilesOwnWeightsDecide) {
  const Ran zero = Compute({"--from", "a", "--to", "c"}, Triangle("0", "5"));
  EXPECT_THAT(zero.out, HasSubstr("a - b - c, 2 hops, 0.002 ms, TE metric 0"));
  EXPECT_THAT(zero.err, Not(HasSubstr("default of 10")));
  const Ran half = Compute({"--from", "a", "--to", "c", "--explain"}, Triangle("1.4", "2.6"));
  EXPECT_THAT(half.out, HasSubstr("a - c, 1 hop, 0.001 ms, TE metric 3"));
  EXPECT_THAT(half.out, HasSubstr("Path 1:  2.6\n"));
  EXPECT_THAT(half.out, HasSubstr("dearer: te metric 2.8 against 2.6"));
  EXPECT_THAT(half.out, HasSubstr("No segment lists"));
  const Ran large = Compute({"--from", "a", "--to", "c"}, Triangle("20000000", "39999999"));
  EXPECT_THAT(large.out, HasSubstr("a - c, 1 hop, 0.001 ms, TE metric 39999999"));
}

TEST(PathOfflineTest, WeightsThatCannotBeAddedUpExactly) {
  const Ran fine = Compute({"--from", "a", "--to", "c"}, Triangle("0.1234567", "1"));
  EXPECT_EQ(fine.code, 1);
  EXPECT_THAT(fine.err, HasSubstr("stdin:8: weight 0.1234567 has more than 6 decimals: round it, "
                                  "or use --metric=delay"));
  const Ran huge = Compute({"--from", "a", "--to", "c"}, Triangle("1", "1e15"));
  EXPECT_THAT(huge.err, HasSubstr("stdin:10: weight 1e+15 is too much to be added up exactly"));
  const Ran delay = Compute({"--from", "a", "--to", "c", "--metric=delay"}, Triangle("1", "1e15"));
  EXPECT_EQ(delay.code, 0) << delay.err;
  EXPECT_THAT(delay.err, HasSubstr("weight is over 16777215: 16777215 used"));
}

TEST(PathOfflineTest, NodesGoByNameLabelOrIndex) {
  const Ran by_name = Compute({"--from", "a", "--to", "big-d"});
  EXPECT_EQ(by_name.code, 0) << by_name.err;
  EXPECT_THAT(by_name.out, HasSubstr("a - b - big-d, 2 hops, 20.000 ms, TE metric 2"));
  EXPECT_THAT(by_name.out, HasSubstr("Fewest segments"));
  EXPECT_EQ(Compute({"--from", "a", "--to", "Big_D"}).out, by_name.out);
  EXPECT_EQ(Compute({"--from", "0", "--to", "3"}).out, by_name.out);
  EXPECT_EQ(Compute({"--from", "nodes/a", "--to", "nodes/3"}).out, by_name.out);
  // No controller is looked for.
  EXPECT_THAT(by_name.err, Not(HasSubstr("controller")));
}

TEST(PathOfflineTest, MetricsBoundsAndCounts) {
  const auto links = [](std::vector<std::string> args) {
    args.insert(args.end(), {"--from", "a", "--to", "3", "-o", "name"});
    return Compute(std::move(args)).out;
  };
  EXPECT_EQ(links({}), "ab bd\n");
  EXPECT_EQ(links({"--metric=delay"}), "ad\n");
  EXPECT_EQ(links({"--k", "3"}), "ab bd\nac cd\nad\n");
  EXPECT_EQ(links({"--k", "1000"}), "ab bd\nac cd\nad\n");
  EXPECT_EQ(links({"--max-delay", "2ms"}), "ac cd\n");
  EXPECT_EQ(links({"--max-hops", "1"}), "ad\n");
  EXPECT_EQ(links({"--max-hops", "1", "--bandwidth", "1G"}), "ad\n");
  EXPECT_EQ(links({"--max-delay", "2ms", "--bandwidth", "2G", "--metric=delay"}), "ac cd\n");
  EXPECT_EQ(links({"--disjoint=node"}), "ab bd\nac cd\n");
  EXPECT_EQ(links({"--disjoint=node", "--k=3"}), "ab bd\nac cd\nad\n");
  EXPECT_EQ(links({"--disjoint", "link,srlg", "--min-max", "--metric=delay"}), "ad\nac cd\n");
  EXPECT_EQ(links({"--via", "c"}), "ac cd\n");
  EXPECT_EQ(links({"--via", "strict:links/ad"}), "ad\n");
  // By its place in the file, the link to itself counted.
  EXPECT_EQ(links({"--via", "links/3"}), "ac cd\n");
  EXPECT_EQ(links({"--avoid", "b"}), "ac cd\n");
  EXPECT_EQ(links({"--avoid", "links/ab,links/4"}), "ad\n");
  EXPECT_EQ(links({"--via", "c", "--disjoint=link"}), "ac cd\nab bd\n");
}

TEST(PathOfflineTest, PlacesAndRisksOfOurOwnFiles) {
  const auto links = [](std::vector<std::string> args) {
    args.insert(args.end(), {"--from", "a", "--to", "d", "-o", "name"});
    return Compute(std::move(args), kYaml).out;
  };
  EXPECT_EQ(links({}), "a--b b--d\n");
  EXPECT_EQ(links({"--forbid-jurisdiction", "de"}), "a--c c--d\n");
  EXPECT_EQ(links({"--allow-jurisdiction=CH,AT"}), "a--c c--d\n");
  EXPECT_EQ(links({"--avoid", "srlgs/rhine"}), "");
  EXPECT_EQ(links({"--disjoint=link"}), "a--b b--d\na--c c--d\n");
  EXPECT_EQ(links({"--disjoint=srlg"}), "");
  EXPECT_EQ(links({"--disjoint=srlg", "--allow-shared-risks"}), "a--b b--d\na--c c--d\n");
  // Link i of an undirected file is 2i, and 2i+1 back.
  EXPECT_EQ(links({"--via", "links/4"}), "a--c c--d\n");
  EXPECT_THAT(Compute({"--from=a", "--to=d", "--disjoint=srlg", "--allow-shared-risks"}, kYaml).out,
              HasSubstr("rhine"));
}

// A script's variable that is not set must not ask for less than was meant.
TEST(PathOfflineTest, EmptyValuesAreRefused) {
  for (const char* flag : {"--max-delay", "--bandwidth", "--max-hops", "--k", "--metric", "--class",
                           "--availability", "--time-limit"}) {
    const Ran ran = Compute({"--from", "a", "--to", "Big_D", flag, ""});
    EXPECT_EQ(ran.code, 2) << flag;
    EXPECT_THAT(ran.err, AllOf(HasSubstr(flag), HasSubstr("is empty"))) << flag;
  }
  EXPECT_EQ(Compute({"--all-pairs", "--routes", "-"}).code, 2);
}

TEST(PathOfflineTest, RefusalsSayWhy) {
  const Ran island = Compute({"--from", "a", "--to", "e"});
  EXPECT_EQ(island.code, 1);
  EXPECT_THAT(island.err, AllOf(HasSubstr("waymark: "), HasSubstr("nodes/e")));
  const Ran late = Compute({"--from", "a", "--to", "3", "--max-delay", "0.5ms"});
  EXPECT_EQ(late.code, 1);
  EXPECT_THAT(late.err, HasSubstr("max delay"));
  const Ran alone = Compute({"--from", "e", "--to", "f", "--disjoint=link"});
  EXPECT_EQ(alone.code, 1);
  EXPECT_THAT(alone.out, HasSubstr("In the way: protection LINK"));
}

TEST(PathOfflineTest, RefusedSetsSayHowManyThereAre) {
  const Ran set = Compute({"--from", "a", "--to", "Big_D", "--disjoint", "node", "--k", "4"});
  EXPECT_EQ(set.code, 1);
  EXPECT_THAT(set.err, HasSubstr("no 4 disjoint paths"));
  EXPECT_THAT(set.err, HasSubstr("disjoint paths 4 -> 3"));
  EXPECT_THAT(set.err, Not(HasSubstr("work budget")));
}

// Rows of nodes between s and t, every fibre in two of 24 ducts.
std::string HardFile() {
  std::mt19937 random(3);
  constexpr int kRows = 8, kColumns = 14;
  std::string nodes = "nodes:\n  - {name: s}\n  - {name: t}\n", ducts = "srlgs:\n",
              links = "links:\n";
  for (int i = 0; i < 24; ++i) ducts += absl::StrCat("  - {name: g", i, "}\n");
  const auto name = [](int row, int column) { return absl::StrCat("n", row, "x", column); };
  const auto fibre = [&](const std::string& a, const std::string& b) {
    const unsigned first = random() % 24, second = (first + 1 + random() % 23) % 24;
    absl::StrAppend(&links, "  - {source: ", a, ", target: ", b,
                    ", both_ways: true, capacity_bps: 10G, te_metric: ", 1 + random() % 29,
                    ", srlgs: [g", first, ", g", second, "]}\n");
  };
  for (int row = 0; row < kRows; ++row) {
    for (int column = 0; column < kColumns; ++column) {
      absl::StrAppend(&nodes, "  - {name: ", name(row, column), "}\n");
    }
  }
  for (int row = 0; row < kRows; ++row) {
    fibre("s", name(row, 0));
    fibre(name(row, kColumns - 1), "t");
    for (int column = 0; column + 1 < kColumns; ++column) {
      fibre(name(row, column), name(row, column + 1));
      if (row + 1 == kRows) continue;
      fibre(name(row, column), name(row + 1, column + 1));
      fibre(name(row + 1, column), name(row, column + 1));
    }
  }
  return nodes + ducts + links;
}

// A time that is over at once: nothing is claimed, and how to go on is told.
TEST(PathOfflineTest, WhatIsNotKnownIsNotBlamedOnAnything) {
  const Ran ran = Compute(
      {"--from", "s", "--to", "t", "--disjoint", "srlg", "--time-limit", "1ms", "-o", "yaml"},
      HardFile());
  EXPECT_EQ(ran.code, 5);
  EXPECT_THAT(ran.err, HasSubstr("the time limit of 1ms ended before disjoint paths were found"));
  EXPECT_THAT(ran.err, HasSubstr("--time-limit"));
  EXPECT_THAT(ran.err, HasSubstr("the best path by itself is s - n"));
  EXPECT_THAT(ran.err, Not(HasSubstr("in the way")));
  EXPECT_THAT(ran.out, Not(HasSubstr("BLOCKED")));
}

// Through hops too; what is found in time is given, with a word that it may not be the best.
TEST(PathOfflineTest, EveryQuestionHasATimeLimit) {
  const Ran none = Compute(
      {"--from", "s", "--to", "t", "--disjoint", "srlg", "--via", "n3x5", "--time-limit", "1ms"},
      HardFile());
  EXPECT_EQ(none.code, 5);
  EXPECT_THAT(none.err, HasSubstr("the time limit of 1ms ended before"));
  EXPECT_THAT(none.err, HasSubstr("a longer --time-limit"));
  EXPECT_THAT(none.out, Not(HasSubstr("Working")));
  EXPECT_THAT(Waymark({"path", "compute", "--help"}).out, HasSubstr("10s if not given"));
}

TEST(PathOfflineTest, WhatIsAnswerIsNotListedAsNotTaken) {
  const Ran ran = Compute({"--from", "a", "--to", "Big_D", "--k", "3", "--explain"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, Not(HasSubstr("Not taken"))) << ran.out;
}

TEST(PathOfflineTest, ExplainsBothWays) {
  const Ran late =
      Compute({"--from=a", "--to=3", "--max-delay=0.5ms", "--bandwidth=1G", "--explain"});
  EXPECT_EQ(late.code, 1);
  EXPECT_THAT(late.out, AllOf(HasSubstr("max_delay 500 us"), HasSubstr("max delay 500 us -> 1"),
                              HasSubstr("a - big-d")));
  EXPECT_THAT(late.out, Not(HasSubstr("bandwidth")));
  const Ran found = Compute({"--from=a", "--to=3", "--max-delay=2ms", "--explain"});
  EXPECT_EQ(found.code, 0);
  // What would be better, and what is next.
  EXPECT_THAT(found.out,
              AllOf(HasSubstr("a - b - big-d"), HasSubstr("20.0 ms"), HasSubstr("dearer")));
}

TEST(PathOfflineTest, TargetsOfAvailabilityAndLatency) {
  const auto ask = [](const char* target, const char* more) {
    return Compute({"--from=a", "--to=3", target, more});
  };
  const Ran one = ask("--availability=0.9985", "--failure-probability=0.001");
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_THAT(one.out, AllOf(HasSubstr("a - big-d"), HasSubstr("99.90 %")));
  EXPECT_EQ(ask("--availability=99.85 %", "--failure-probability=0.001").code, 0);
  const Ran none = ask("--availability=0.9999", "--failure-probability=0.001");
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.out, HasSubstr("availability target 99.990 % -> 99.90 %"));
  EXPECT_THAT(ask("--availability=0.9", "--k=1").err, HasSubstr("give --failure-probability"));
  const Ran fast = ask("--max-latency=1500us", "--queue=6");
  EXPECT_EQ(fast.code, 0) << fast.err;
  EXPECT_THAT(fast.out, AllOf(HasSubstr("a - big-d"), HasSubstr("Latency, working")));
  const Ran json = ask("-o", "json");
  EXPECT_THAT(json.out, HasSubstr("Path 1: fewest segments"));
}

TEST(PathOfflineTest, BadInput) {
  struct Case {
    std::vector<std::string> args;
    int code;
    const char* message;
  };
  for (const Case& c : std::vector<Case>{
           {{"--from", "a"}, 2, "--to is missing"},
           {{"--to", "a"}, 2, "--from is missing"},
           {{"--from", "a", "--to", "a"}, 2, "a path leads from one node to another"},
           {{"--from", "a", "--to", "0"}, 2, "are the same node"},
           {{"--from", "a", "--to", "zz"}, 4, "no node \"zz\" in stdin: give a name"},
           {{"--from", "a", "--to", "6"}, 4, "index, 0 to 5"},
           {{"--from", "a", "--to", "-1"}, 4, "no node \"-1\""},
           {{"--from", "a", "--to", "b", "--k", "0"}, 2, "--k \"0\": give a whole number, 1 to"},
           {{"--from", "a", "--to", "b", "--k", "1000000000"}, 2, "1 to 1000"},
           {{"--from", "a", "--to", "b", "--k=-3"}, 2, "--k \"-3\""},
           {{"--from", "a", "--to", "b", "--k=9", "--disjoint=link"}, 2, "2 to 8"},
           {{"--from", "a", "--to", "b", "--k=99999999999999999999"}, 2, "1 to 1000"},
           {{"--from", "a", "--to", "b", "--max-delay=-1ms"}, 2, "--max-delay \"-1ms\": give more"},
           {{"--from", "a", "--to", "b", "--max-delay=0"}, 2, "give more than 0 and at most"},
           {{"--from", "a", "--to", "b", "--max-delay=nan"}, 2, "give more than 0 and at most"},
           {{"--from", "a", "--to", "b", "--queue=6"}, 2, "--queue goes with --max-latency"},
           {{"--from", "a", "--to", "b", "--max-delay=9999h"}, 2, "--max-delay"},
           {{"--from", "a", "--to", "b", "--max-delay=99999999999s"}, 2, "--max-delay"},
           {{"--from", "a", "--to", "b", "--bandwidth=fast"}, 2, "--bandwidth \"fast\": give"},
           {{"--from", "a", "--to", "b", "--bandwidth=-1G"}, 2, "--bandwidth"},
           {{"--from", "a", "--to", "b", "--bandwidth=11P"}, 2, "--bandwidth"},
           {{"--from", "a", "--to", "b", "--max-delay=10"}, 2, "has no unit: give one, e.g. 10ms"},
           {{"--from", "a", "--to", "b", "--max-delay=1001s"}, 2, "at most 1000s"},
           {{"--from", "a", "--to", "b", "--max-hops=0"}, 2, "--max-hops \"0\""},
           {{"--from", "a", "--to", "b", "--max-hops=2.5"}, 2, "--max-hops"},
           {{"--from", "a", "--to", "b", "--max-hops=28001"}, 2, "1 to 28000"},
           {{"--from", "a", "--to", "b", "--k=3", "--disjoint=link", "--allow-shared-risks"},
            2,
            "--k \"3\": --allow-shared-risks is for two paths"},
           {{"--from", "a", "--to", "b", "--metric=hops"}, 2, "use weight, delay or cost"},
           {{"--from", "a", "--to", "b", "--disjoint=cable"}, 2, "use link, node, srlg"},
           {{"--from", "a", "--to", "b", "--disjoint=srlg,srlg"}, 2, "is given twice"},
           {{"--from", "a", "--to", "b", "--disjoint=srlg", "--disjoint=srlg"}, 2, "twice"},
           {{"--from", "a", "--to", "b", "--disjoint=link,"}, 2, "an item is empty"},
           {{"--from", "a", "--to", "b", "--min-max"}, 2, "--min-max goes with --disjoint"},
           {{"--from", "a", "--to", "b", "--allow-shared-risks"}, 2, "goes with --disjoint"},
           {{"--from", "a", "--to", "b", "--allow-provider=x", "--forbid-provider=x"},
            2,
            "\"x\" is in --allow-provider and in --forbid-provider: they contradict"},
           {{"--from", "a", "--to", "b", "--allow-jurisdiction=CH", "--forbid-jurisdiction=ch"},
            2,
            "contradict"},
           {{"--from", "a", "--to", "b", "--allow-jurisdiction=Atlantis"}, 2, "no jurisdiction"},
           {{"--from", "a", "--to", "b", "--include-all=x", "--exclude=x"}, 2, "contradict"},
           {{"--from", "a", "--to", "b", "--include-any=x,y", "--exclude=y,x"}, 2, "contradict"},
           {{"--from", "a", "--to", "b", "--avoid=a"}, 2, "is in --from and in --avoid"},
           {{"--from", "a", "--to", "b", "--avoid=c", "--via=c"}, 2, "in --via and in --avoid"},
           {{"--from", "a", "--to", "b", "--avoid=sites/x"}, 2, "give a node, or links/NAME"},
           {{"--from", "a", "--to", "b", "--avoid=nowhere"}, 4, "no node \"nowhere\""},
           {{"--from", "a", "--to", "b", "--avoid=links/nowhere"}, 4, "no link \"nowhere\""},
           {{"--from", "a", "--to", "b", "--avoid=links/1"}, 4, "no link \"1\""},
           {{"--from", "a", "--to", "b", "--avoid=srlgs/duct"}, 4, "no risk group"},
           {{"--from", "a", "--to", "b", "--via=nowhere"}, 4, "no node \"nowhere\""},
           {{"--from", "a", "--to", "b", "--via=strict:"}, 2, "give a node or links/NAME"},
           {{"--from", "a", "--to", "b", "--via=c,c"}, 2, "is given twice"},
           {{"--from", "a", "--to", "b", "--via=c", "--k=2"}, 2, "--via and --k exclude"},
           // Lists that do not connect.
           {{"--from", "a", "--to", "3", "--via=strict:links/cd"}, 1, "hop 1"},
           {{"--from", "a", "--to", "3", "--via=links/ab,strict:links/cd"}, 1, "hop 2"},
           {{"--from", "a", "--to", "3", "--via=e"}, 1, "hop 1"},
           {{"--from", "a", "--to", "b", "--class=gold"}, 2, "--class needs the controller"},
           {{"--from", "a", "--to", "b", "--ignore-link-state"}, 2, "needs the controller"},
           {{"--from", "a", "--to", "b", "--as-of", "3"}, 2, "--as-of needs the controller"},
           {{"--from", "a", "--to", "b", "--routes=x"}, 2, "--routes goes with --all-pairs"},
           {{"--from", "a", "--to", "b", "--threads=2"}, 2, "--threads goes with"},
           {{"--from", "a", "--to", "b", "--format=dot"}, 2, "dot"},
           {{"--from", "a", "--to", "b", "--time-limit=never"}, 2, "--time-limit \"never\""},
           {{"--from", "a", "--to", "b", "--time-limit=-1"}, 2, "--time-limit \"-1\""},
           {{"--all-pairs"}, 2, "--all-pairs needs --routes FILE"},
           {{"--all-pairs", "--routes=x", "--from=a"}, 2, "exclude each other"},
           {{"--all-pairs", "--routes=x", "--k=2"}, 2, "exclude each other"},
           {{"--all-pairs", "--routes=x", "--via=c"}, 2, "exclude each other"},
           {{"--all-pairs", "--routes=x", "--explain"}, 2, "exclude each other"},
           {{"--all-pairs", "--routes=x", "--threads=0"}, 2, "--threads \"0\""},
           {{"--all-pairs", "--routes=x", "--threads=65"}, 2, "1 to 64"},
           {{"--all-pairs", "--routes=/no/such/dir/x"}, 1, "/no/such/dir/x: cannot be written: No"},
       }) {
    const Ran ran = Compute(c.args);
    EXPECT_EQ(ran.code, c.code) << absl::StrJoin(c.args, " ") << '\n' << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(c.message)) << absl::StrJoin(c.args, " ");
    // What is refused for its constraints is explained there.
    if (c.code == 2) {
      EXPECT_THAT(ran.out, IsEmpty()) << absl::StrJoin(c.args, " ");
    }
  }
  const Ran live = Waymark({"path", "compute", "--all-pairs", "--routes=x"});
  EXPECT_EQ(live.code, 2);
  EXPECT_THAT(live.err, HasSubstr("--all-pairs needs --graph FILE"));
}

TEST(PathOfflineTest, BadFiles) {
  struct Case {
    const char* graph;
    int code;
    const char* message;
  };
  for (const Case& c : std::vector<Case>{
           {"", 1, "stdin"},
           {"nodes: []\n", 1, "stdin: the topology is empty: it has no nodes"},
           {"NODES 2\nlabel x y\na 0 0\nb 0 0\nEDGES 1\nlabel src dest weight bw delay\n"
            "x 0 1 1 1 99999999999999\n",
            1, "delay"},
           {"NODES 2\nlabel x y\na 0 0\nb 0 0\nEDGES 1\nlabel src dest weight bw delay\n"
            "x 0 1 -5 1 1\n",
            1, "weight"},
           {"nodes:\n  - {name: a}\n  - {name: b}\nsrlgs: [{name: s}]\nlinks:\n"
            "  - {source: a, target: b, capacity_bps: 1G, srlgs: [s, s]}\n",
            1, "srlgs"},
           {"nodes:\n  - {name: a}\n  - {name: b}\nlinks:\n"
            "  - {source: a, target: b, capacity_bps: 1G, cost: 1e300}\n",
            1, "cost"},
       }) {
    const Ran ran = Compute({"--from", "a", "--to", "b"}, c.graph);
    EXPECT_EQ(ran.code, c.code) << c.graph << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(c.message)) << c.graph;
    EXPECT_THAT(ran.out, IsEmpty());
  }
  EXPECT_EQ(Waymark({"path", "compute", "--graph", "/no/such", "--from", "a", "--to", "b"}).code,
            4);
}

// Whatever the flags: no crash, a documented exit code, and a word where something is wrong.
TEST(PathOfflineTest, AnyFlagsAreSurvived) {
  const std::vector<std::string> flags = {"--from",
                                          "--to",
                                          "--metric",
                                          "--k",
                                          "--disjoint",
                                          "--max-delay",
                                          "--bandwidth",
                                          "--max-hops",
                                          "--via",
                                          "--avoid",
                                          "--exclude",
                                          "--include-any",
                                          "--allow-provider",
                                          "--forbid-jurisdiction",
                                          "--time-limit",
                                          "--threads",
                                          "--format",
                                          "--class",
                                          "--min-max",
                                          "--explain",
                                          "--allow-shared-risks",
                                          "--all-pairs",
                                          "-o",
                                          "--queue"};
  const std::vector<std::string> values = {"a",        "b",         "3",
                                           "0",        "-1",        "1000000000000000000000",
                                           "node",     "link,srlg", "12ms",
                                           "10G",      "nan",       "inf",
                                           "1e308",    ",",         "",
                                           "strict:c", "links/ab",  "nodes/",
                                           "srlgs/x",  "\x80\xff",  "delay",
                                           "CH",       "json",      "a,b,c",
                                           "\"",       "../../x",   std::string(3000, 'x')};
  std::mt19937 random(1);
  int fine = 0;
  for (int round = 0; round < 4000; ++round) {
    std::vector<std::string> args;
    if (random() % 4 != 0) args = {"--from=a", "--to=3"};
    for (size_t i = random() % 5; i > 0; --i) {
      args.push_back(flags[random() % flags.size()]);
      if (random() % 8 != 0) args.push_back(values[random() % values.size()]);
    }
    const Ran ran = Compute(args);
    fine += ran.code == 0;
    EXPECT_THAT(ran.code, AnyOf(0, 1, 2, 4, 5)) << absl::StrJoin(args, " ");
    if (ran.code != 0) {
      EXPECT_THAT(ran.err, HasSubstr("waymark: ")) << absl::StrJoin(args, " ");
    }
  }
  EXPECT_GT(fine, 200);
}

}  // namespace
}  // namespace waymark::cli
