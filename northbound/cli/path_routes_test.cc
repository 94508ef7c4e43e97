// `waymark path compute --all-pairs`, checked against the input file alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "northbound/cli/run_for_test.h"

namespace waymark::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

struct Edge {
  int source = 0, target = 0;
  int weight = 0, delay_us = 0;
};

// A REPETITA file: parallel edges, edges to themselves, one-way ones, ties.
struct RandomFile {
  int nodes = 0;
  std::vector<Edge> edges;

  explicit RandomFile(std::mt19937& random) {
    nodes = 2 + static_cast<int>(random() % 5);
    const int count = static_cast<int>(random() % 13);
    for (int i = 0; i < count; ++i) {
      edges.push_back({static_cast<int>(random() % nodes), static_cast<int>(random() % nodes),
                       1 + static_cast<int>(random() % 4), static_cast<int>(random() % 4)});
      if (random() % 2 == 0) {
        edges.push_back(edges.back());
        std::swap(edges.back().source, edges.back().target);
      }
    }
  }

  std::string Text() const {
    std::string text = absl::StrCat("NODES ", nodes, "\nlabel x y\n");
    // In no order of names, so that file order and name order differ.
    for (int i = 0; i < nodes; ++i) absl::StrAppend(&text, "n", (i * 7 + 3) % 10, " 500 500\n");
    absl::StrAppend(&text, "EDGES ", edges.size(), "\nlabel src dest weight bw delay\n");
    for (size_t i = 0; i < edges.size(); ++i) {
      const Edge& e = edges[i];
      absl::StrAppend(&text, "e", (i * 37) % 101, " ", e.source, " ", e.target, " ", e.weight,
                      " 1000 ", e.delay_us, "\n");
    }
    return text;
  }
};

std::string Contents(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

bool Exists(const std::string& path) { return std::ifstream(path).good(); }

struct Row {
  std::string cost, reason;
  std::vector<int> links;
};

// By (src, dst, role).
using Table = std::map<std::tuple<int, int, std::string>, Row>;

Table Parse(const std::string& csv) {
  Table table;
  std::vector<std::string> lines = absl::StrSplit(csv, '\n');
  EXPECT_EQ(lines.front(), "src,dst,role,cost,links,reason");
  EXPECT_EQ(lines.back(), "");
  for (size_t i = 1; i + 1 < lines.size(); ++i) {
    const std::vector<std::string> fields = absl::StrSplit(lines[i], ',');
    EXPECT_EQ(fields.size(), 6u) << lines[i];
    Row row{.cost = fields[3], .reason = fields[5], .links = {}};
    for (const auto link : absl::StrSplit(fields[4], ';', absl::SkipEmpty())) {
      row.links.push_back(std::stoi(std::string(link)));
    }
    const bool added =
        table.emplace(std::tuple(std::stoi(fields[0]), std::stoi(fields[1]), fields[2]), row)
            .second;
    EXPECT_TRUE(added) << lines[i];
  }
  return table;
}

using Path = std::vector<int>;

void AllPaths(const RandomFile& file, int at, int to, std::set<int>* seen, Path* path,
              std::vector<Path>* paths) {
  if (at == to) {
    paths->push_back(*path);
    return;
  }
  seen->insert(at);
  for (size_t i = 0; i < file.edges.size(); ++i) {
    if (file.edges[i].source != at || seen->contains(file.edges[i].target)) continue;
    path->push_back(static_cast<int>(i));
    AllPaths(file, file.edges[i].target, to, seen, path, paths);
    path->pop_back();
  }
  seen->erase(at);
}

int Cost(const RandomFile& file, const Path& path, bool delay) {
  int sum = 0;
  for (const int i : path) sum += delay ? file.edges[i].delay_us : file.edges[i].weight;
  return sum;
}

bool Disjoint(const RandomFile& file, const Path& a, const Path& b, bool nodes) {
  for (const int i : a) {
    for (const int j : b) {
      if (i == j) return false;
      const bool end = i == a.back() || j == b.back();
      if (nodes && !end && file.edges[i].target == file.edges[j].target) return false;
    }
  }
  return true;
}

// The least cost of a path and the least total of a disjoint pair.
struct Best {
  std::optional<int> single, pair;
};

Best BestOf(const RandomFile& file, int from, int to, bool nodes, bool delay) {
  std::vector<Path> paths;
  std::set<int> seen;
  Path path;
  AllPaths(file, from, to, &seen, &path, &paths);
  Best best;
  for (const Path& a : paths) {
    const int cost = Cost(file, a, delay);
    best.single = std::min(best.single.value_or(cost), cost);
    for (const Path& b : paths) {
      if (!Disjoint(file, a, b, nodes)) continue;
      const int total = cost + Cost(file, b, delay);
      best.pair = std::min(best.pair.value_or(total), total);
    }
  }
  return best;
}

void ExpectJoined(const RandomFile& file, const Path& path, int from, int to) {
  int at = from;
  for (const int i : path) {
    ASSERT_LT(static_cast<size_t>(i), file.edges.size());
    ASSERT_EQ(file.edges[i].source, at);
    at = file.edges[i].target;
  }
  ASSERT_EQ(at, to);
}

class PathRoutesTest : public testing::Test {
 protected:
  Ran Run(std::vector<std::string> args, const std::string& graph) {
    args.insert(args.begin(), {"path", "compute", "--graph", "-", "--all-pairs", "--routes", out_});
    return Waymark(args, graph);
  }

  // The target and all that begins with its name.
  std::vector<std::string> Beside() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(testing::TempDir())) {
      const std::string name = testing::TempDir() + "/" + entry.path().filename().string();
      if (name.starts_with(out_)) names.push_back(name);
    }
    return names;
  }

  const std::string out_ =
      absl::StrCat(testing::TempDir(), "/",
                   testing::UnitTest::GetInstance()->current_test_info()->name(), ".csv");
};

TEST_F(PathRoutesTest, AreLeastAndDisjointByTheFileAlone) {
  std::mt19937 random(1);
  int pairs = 0;
  for (int round = 0; round < 400; ++round) {
    const RandomFile file(random);
    const bool nodes = random() % 2 == 0, delay = random() % 2 == 0;
    const Ran ran = Run({nodes ? "--disjoint=node" : "--disjoint=link",
                         delay ? "--metric=delay" : "--metric=weight"},
                        file.Text());
    ASSERT_EQ(ran.code, 0) << ran.err << file.Text();
    const Table table = Parse(Contents(out_));
    ASSERT_EQ(table.size(), static_cast<size_t>(2 * file.nodes * (file.nodes - 1)));
    for (int from = 0; from < file.nodes; ++from) {
      for (int to = 0; to < file.nodes; ++to) {
        if (from == to) continue;
        SCOPED_TRACE(absl::StrCat(from, " to ", to, nodes, delay, "\n", file.Text()));
        const Row& working = table.at({from, to, "working"});
        const Row& protect = table.at({from, to, "protect"});
        const Best best = BestOf(file, from, to, nodes, delay);
        for (const Row* row : {&working, &protect}) {
          if (row->links.empty()) {
            EXPECT_EQ(row->cost, "");
            continue;
          }
          ExpectJoined(file, row->links, from, to);
          EXPECT_EQ(row->cost, absl::StrCat(Cost(file, row->links, delay)));
        }
        EXPECT_EQ(working.reason, best.single ? "" : "unreachable");
        EXPECT_EQ(protect.reason, best.pair     ? ""
                                  : best.single ? "no disjoint path"
                                                : "unreachable");
        EXPECT_EQ(working.links.empty(), !best.single);
        EXPECT_EQ(protect.links.empty(), !best.pair);
        if (best.pair) {
          ++pairs;
          EXPECT_TRUE(Disjoint(file, working.links, protect.links, nodes));
          EXPECT_EQ(Cost(file, working.links, delay) + Cost(file, protect.links, delay),
                    *best.pair);
          EXPECT_LE(Cost(file, working.links, delay), Cost(file, protect.links, delay));
        } else if (best.single) {
          EXPECT_EQ(Cost(file, working.links, delay), *best.single);
        }
      }
    }
  }
  EXPECT_GT(pairs, 500);
}

TEST_F(PathRoutesTest, ThreadsChangeNothing) {
  std::mt19937 random(2);
  for (int round = 0; round < 20; ++round) {
    const RandomFile file(random);
    ASSERT_EQ(Run({"--disjoint=srlg"}, file.Text()).code, 0);
    const std::string alone = Contents(out_);
    ASSERT_EQ(Run({"--disjoint=srlg", "--threads=3"}, file.Text()).code, 0);
    EXPECT_EQ(Contents(out_), alone);
  }
}

constexpr char kUndirected[] =
    R"(<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph edgedefault="undirected">
<node id="z"/><node id="y"/><node id="x"/>
<edge source="z" target="z"/><edge source="y" target="z"/><edge source="x" target="y"/>
</graph></graphml>)";

TEST_F(PathRoutesTest, UndirectedLinksHaveTwoIndices) {
  const Ran ran = Run({}, kUndirected);
  ASSERT_EQ(ran.code, 0) << ran.err;
  const Table table = Parse(Contents(out_));
  EXPECT_EQ(table.size(), 6u);
  EXPECT_THAT(table.at({1, 0, "working"}).links, ElementsAre(2));
  EXPECT_THAT(table.at({0, 1, "working"}).links, ElementsAre(3));
  EXPECT_THAT(table.at({0, 2, "working"}).links, ElementsAre(3, 5));
  EXPECT_THAT(table.at({2, 0, "working"}).links, ElementsAre(4, 2));
  EXPECT_EQ(table.at({2, 0, "working"}).cost, "20");
}

constexpr char kShared[] =
    "nodes: [{name: b}, {name: a}]\nsrlgs: [{name: one}, {name: two}]\nlinks:\n"
    "  - {name: x, source: b, target: a, capacity_bps: 1G, delay_ns: 1500, cost: 0.25, "
    "srlgs: [one, two]}\n"
    "  - {name: y, source: b, target: a, capacity_bps: 1G, delay_ns: 2us, srlgs: [one, two]}\n";

TEST_F(PathRoutesTest, ReasonsAndUnits) {
  ASSERT_EQ(Run({"--disjoint=srlg", "--metric=delay"}, kShared).code, 0);
  EXPECT_EQ(Contents(out_),
            "src,dst,role,cost,links,reason\n"
            "1,0,working,,,unreachable\n1,0,protect,,,unreachable\n"
            "0,1,working,1.500,0,\n0,1,protect,,,no disjoint path\n");
  const Ran ran = Run({"--disjoint=srlg", "--allow-shared-risks", "--metric=cost"}, kShared);
  EXPECT_THAT(Contents(out_), HasSubstr("0,1,working,0,1,\n"
                                        "0,1,protect,0.25,0,shares srlgs/one; srlgs/two\n"));
  EXPECT_THAT(ran.err, HasSubstr(": 2 pairs, 1 without a path, 0 without a disjoint one, 1 that "
                                 "share risks\n"));
  ASSERT_EQ(Run({"--max-hops=1", "--avoid=links/x,links/y"}, kShared).code, 0);
  EXPECT_THAT(Contents(out_), HasSubstr("0,1,working,,,no path meets the constraints\n"));
}

TEST_F(PathRoutesTest, NothingHalfWrittenStays) {
  std::ofstream(out_) << "before";
  const Ran late = Run({"--time-limit=1ns"}, kUndirected);
  EXPECT_EQ(late.code, 5);
  EXPECT_THAT(late.err, HasSubstr("the time limit of 1ns is over: nothing is written"));
  EXPECT_EQ(Contents(out_), "before");
  EXPECT_THAT(Beside(), ElementsAre(out_));

  EXPECT_EQ(Run({}, kUndirected).code, 0);
  EXPECT_THAT(Contents(out_), HasSubstr("0,1,working,10,3,\n"));
  EXPECT_THAT(Beside(), ElementsAre(out_));
}

TEST_F(PathRoutesTest, WhatAKilledRunLeftIsNotInTheWay) {
  const std::string left[] = {out_ + ".part", absl::StrCat(out_, ".", getpid(), "-0.part")};
  for (const std::string& name : left) std::ofstream(name) << "left behind";
  const Ran ran = Run({}, kUndirected);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(Contents(out_), HasSubstr("0,1,working,10,3,\n"));
  EXPECT_EQ(Beside().size(), 3u);
  for (const std::string& name : left) {
    EXPECT_EQ(Contents(name), "left behind");
    std::remove(name.c_str());
  }
}

TEST_F(PathRoutesTest, MaintenanceIsTheReason) {
  ASSERT_EQ(Run({},
                "nodes: [{name: a}, {name: b, admin_state: FORBID}, {name: c}, {name: d}]\nlinks:\n"
                "  - {name: ab, source: a, target: b, capacity_bps: 1G}\n"
                "  - {name: bc, source: b, target: c, capacity_bps: 1G}\n")
                .code,
            0);
  const Table table = Parse(Contents(out_));
  EXPECT_EQ(table.at({0, 1, "working"}).reason, "in maintenance");
  EXPECT_EQ(table.at({0, 2, "working"}).reason, "in maintenance");
  EXPECT_EQ(table.at({2, 0, "working"}).reason, "unreachable");
  EXPECT_EQ(table.at({0, 3, "working"}).reason, "unreachable");
}

TEST_F(PathRoutesTest, CostsAreInTheFilesOwnWeights) {
  const struct {
    const char *part, *whole, *row;
  } kCases[] = {
      {"0", "5", "\n0,2,working,0,0;1,\n"},
      {"1.4", "2.6", "\n0,2,working,2.6,2,\n"},
      {"1.4", "2.9", "\n0,2,working,2.8,0;1,\n"},
      {"20000000", "39999999", "\n0,2,working,39999999,2,\n"},
      {"20000000", "40000001", "\n0,2,working,40000000,0;1,\n"},
      {"0.000001", "1e7", "\n0,2,working,0.000002,0;1,\n"},
  };
  for (const auto& [part, whole, row] : kCases) {
    const Ran ran = Run(
        {}, absl::StrCat("NODES 3\nlabel x y\na 500 0\nb 500 0\nc 500 0\nEDGES "
                         "3\nlabel src dest weight bw delay\nab 0 1 ",
                         part, " 1000 1\nbc 1 2 ", part, " 1000 1\nac 0 2 ", whole, " 1000 1\n"));
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(Contents(out_), HasSubstr(row));
  }
}

TEST_F(PathRoutesTest, LongPathsAreFound) {
  std::string text = "NODES 100\nlabel x y\n";
  for (int i = 0; i < 100; ++i) absl::StrAppend(&text, "n", i, " 500 500\n");
  text += "EDGES 99\nlabel src dest weight bw delay\n";
  for (int i = 0; i < 99; ++i) absl::StrAppend(&text, "e ", i, " ", i + 1, " 1 1000 1\n");
  ASSERT_EQ(Run({}, text).code, 0);
  EXPECT_EQ(Parse(Contents(out_)).at({0, 99, "working"}).links.size(), 99u);
  ASSERT_EQ(Run({"--max-hops=64"}, text).code, 0);
  EXPECT_EQ(Parse(Contents(out_)).at({0, 99, "working"}).reason, "no path meets the constraints");
}

TEST_F(PathRoutesTest, ProgressWhereItIsAskedFor) {
  EXPECT_THAT(Run({"--progress"}, kUndirected).err, HasSubstr("to 3 of 3 nodes, 100 %\n"));
  EXPECT_THAT(Run({}, kUndirected).err, testing::Not(HasSubstr("nodes,")));
}

TEST_F(PathRoutesTest, DevicesAreWrittenNotReplaced) {
  const Ran ran = Waymark(
      {"path", "compute", "--graph", "-", "--all-pairs", "--routes", "/dev/full"}, kUndirected);
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("/dev/full: cannot be written: No space left on device"));
  EXPECT_TRUE(Exists("/dev/null"));
}

}  // namespace
}  // namespace waymark::cli
