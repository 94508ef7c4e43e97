// `waymark te solve` with failures to outlive: its figures against the files alone, and what is
// refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>
#include <random>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "northbound/cli/run_for_test.h"
#include "northbound/cli/te_solve_fixture.h"
#include "northbound/cli/te_testing.h"

namespace waymark::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

using TeProtectTest = TeSolveFixture;

TEST_F(TeProtectTest, ProtectedRoutesDoInFailuresWhatWhatifSays) {
  std::mt19937 random(9);
  int outlived = 0;
  for (int round = 0; round < 60; ++round) {
    const RandomTraffic traffic(random);
    const bool nodes = round % 3 == 0;
    const Ran ran = Solve(traffic.graph, traffic.demands,
                          {"--routes", out_, nodes ? "--protected=link,node" : "--protected=link"});
    ASSERT_EQ(ran.code, 0) << ran.err << traffic.graph << traffic.demands;
    const json figures = json::parse(ran.out);
    EXPECT_NEAR(figures["mlu"], Independent(traffic.graph, traffic.demands, FileContents(out_)).mlu,
                1e-9);
    std::vector<std::string> args = {
        "te",        "whatif", "--graph",         WriteTestFile(".net", traffic.graph),
        "--demands", "-",      "--routes",        out_,
        "-o",        "json",   "--fail=all-links"};
    if (nodes) args.push_back("--fail=all-nodes");
    const Ran checked = Waymark(args, traffic.demands);
    ASSERT_EQ(checked.code, 0) << checked.err;
    const json failures = json::parse(checked.out);
    EXPECT_EQ(figures["failures"], failures["scenarios"]);
    EXPECT_NEAR(figures["worst_mlu"],
                std::max(failures["mlu"].get<double>(), figures["mlu"].get<double>()), 1e-9);
    EXPECT_EQ(figures["exposed"], 0);
    int64_t lost = 0, at_nodes = 0;
    for (const json& result : failures["results"]) {
      lost += result["lost_demands"].get<int64_t>();
      at_nodes += result["lost_at_failed_nodes"].get<int64_t>();
    }
    EXPECT_EQ(figures["cut"], lost - at_nodes);
    EXPECT_EQ(figures["lost_at_failed_nodes"], at_nodes);
    EXPECT_EQ(figures["protected"], figures["worst_mlu"] <= 1);
    EXPECT_EQ(ran.err.find("warning: not all failures are outlived") != std::string::npos,
              figures["worst_mlu"] > 1);
    EXPECT_LE(figures["worst_lower_bound"], figures["worst_mlu"]);
    outlived += lost == 0;
  }
  EXPECT_GT(outlived, 0);
}

// Two classes of pairs of their own: what failures do to the links is what they do to all the
// routes together.
TEST_F(TeProtectTest, ClassesOutliveFailuresTogether) {
  std::mt19937 random(10);
  int compared = 0;
  for (int round = 0; round < 40; ++round) {
    const RandomTraffic traffic(random);
    std::istringstream lines(traffic.demands);
    std::string word, head, files[2], whole;
    int rows = 0, count[2] = {0, 0};
    lines >> word >> rows;
    std::getline(lines, head);
    std::getline(lines, head);
    for (int i = 0; i < rows; ++i) {
      std::string label, from, to;
      double rate = 0;
      lines >> label >> from >> to >> rate;
      const std::string line = absl::StrCat(label, " ", from, " ", to, " ", rate / 16, "\n");
      files[i % 2] += line;
      whole += line;
      ++count[i % 2];
    }
    if (count[1] == 0) continue;
    std::string named[2];
    for (const int i : {0, 1}) {
      named[i] = WriteTestFile(absl::StrCat(i, ".demands"),
                               absl::StrCat("DEMANDS ", count[i], "\n", head, "\n", files[i]));
    }
    const std::string graph = WriteTestFile(".net", traffic.graph);
    const Ran ran = Waymark({"te", "solve", "--graph", graph, "--class", "s=" + named[0], "--class",
                             "w=" + named[1], "--protected=link", "-o", "json", "--routes", out_});
    ASSERT_EQ(ran.code, 0) << ran.err << traffic.graph;
    const json classes = json::parse(ran.out)["classes"];
    if (classes[0]["worst_mlu"] > 1) continue;  // nor could the weaker cure that
    std::string routes[2];
    for (const int i : {0, 1}) {
      const fs::path all = out_;
      routes[i] = FileContents((all.parent_path() / all.stem()).string() + (i == 0 ? ".s" : ".w") +
                               all.extension().string());
    }
    const std::string both =
        WriteTestFile(".csv", routes[0] + routes[1].substr(routes[1].find('\n') + 1));
    const Ran checked = Waymark({"te", "whatif", "--graph", graph, "--demands", "-", "--routes",
                                 both, "-o", "json", "--fail=all-links"},
                                absl::StrCat("DEMANDS ", rows, "\n", head, "\n", whole));
    ASSERT_EQ(checked.code, 0) << checked.err;
    const json failures = json::parse(checked.out);
    const double healthy = json::parse(ran.out)["mlu"];
    EXPECT_NEAR(classes[1]["worst_mlu"], std::max(failures["mlu"].get<double>(), healthy), 1e-9);
    EXPECT_EQ(classes[1]["protected"], classes[1]["worst_mlu"] <= 1);
    EXPECT_EQ(classes[0]["cut"].get<int>() + classes[1]["cut"].get<int>(),
              std::accumulate(failures["results"].begin(), failures["results"].end(), 0,
                              [](int sum, const json& result) {
                                return sum + result["lost_demands"].get<int>();
                              }));
    ++compared;
  }
  EXPECT_GE(compared, 10);
}

TEST_F(TeProtectTest, ProtectedTablesNameTheWorstFailure) {
  const Ran ran = Solve(kGraph, "DEMANDS 1\nlabel src dest bw\nx 1 0 500\n",
                        {"-o", "table", "--protected=link"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("MLU after failures: "),
                             HasSubstr("0.5 at worst, of 4 failures, in ab\n"),
                             HasSubstr("0 without any way, 0 for want of paths\n")));
}

TEST_F(TeProtectTest, WhatIsNotOutlivedIsSaid) {
  // With ab gone, 1.2 Mbit/s go over ac.
  const Ran ran = Solve(kGraph, kDemands, {"--protected=link"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  const json figures = json::parse(ran.out);
  EXPECT_EQ(figures["protected"], false);
  EXPECT_NEAR(figures["worst_mlu"], 1.2, 1e-9);
  EXPECT_GT(figures["worst_lower_bound"], 1.18);
  EXPECT_THAT(ran.err, HasSubstr("warning: not all failures are outlived: a link is loaded to 1.2 "
                                 "in ab, and no paths keep all links below 1."));
}

TEST_F(TeProtectTest, ACallersOwnFailures) {
  const std::string demands = "DEMANDS 1\nlabel src dest bw\nx 1 0 500\n";
  const Ran named = Solve(kGraph, demands, {"--fail", "ab", "--fail=node:c", "--fail", "ab,de"});
  ASSERT_EQ(named.code, 0) << named.err;
  EXPECT_EQ(json::parse(named.out)["failures"], 3);
  EXPECT_EQ(json::parse(named.out)["protected"], true);
  const std::string list = WriteTestFile(".txt", "# ours\nab\n\n  ab,de # both\nall-nodes\r\n");
  const Ran read = Solve(kGraph, demands, {"--fail-file", list, "--protected=link"});
  ASSERT_EQ(read.code, 0) << read.err;
  EXPECT_EQ(json::parse(read.out)["failures"], 4 + 2 + 5);
  EXPECT_EQ(json::parse(read.out)["lost_at_failed_nodes"], 2);
  EXPECT_EQ(json::parse(read.out)["cut"], 0);

  const Ran unknown = Solve(kGraph, demands, {"--fail=ax"});
  EXPECT_EQ(unknown.code, 4) << unknown.err;
  EXPECT_THAT(unknown.err, HasSubstr("ax"));
  const Ran empty = Solve(kGraph, demands, {"--fail-file", WriteTestFile(".txt", "# none\n")});
  EXPECT_NE(empty.code, 0);
  EXPECT_THAT(empty.err, HasSubstr("names no failure; give one a line"));
}

// A triangle: a to b directly, or over c.
constexpr char kTriangle[] =
    "NODES 3\nlabel x y\na 0 0\nb 1 0\nc 0 1\n"
    "EDGES 6\nlabel src dest weight bw delay\n"
    "ab 0 1 1 1000 1\nba 1 0 1 1000 1\nac 0 2 1 1000 1\nca 2 0 1 1000 1\n"
    "cb 2 1 1 1000 1\nbc 1 2 1 1000 1\n";
constexpr char kOne[] = "DEMANDS 1\nlabel src dest bw\nx 0 1 900\n";

TEST_F(TeProtectTest, AvailabilityIsThatOfTheFailuresThatThePathsOutlive) {
  // 0.9 for ab, and 0.1 * 0.81 for the way over c while ab is down.
  const Ran ran = Solve(kTriangle, kOne,
                        {"--availability=0.98", "--failure-probability=0.1", "--routes", out_});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const json availability = json::parse(ran.out)["availability"];
  EXPECT_NEAR(availability["least"], 0.981, 1e-9);
  EXPECT_EQ(availability["least_demand"], "a -> b");
  EXPECT_NEAR(availability["all_demands"], 0.981, 1e-9);
  EXPECT_EQ(availability["below_count"], 0);
  EXPECT_EQ(availability["states"], 8);
  EXPECT_NEAR(availability["residual"], 0, 1e-12);
  const Ran checked = Waymark(
      {"te", "evaluate", "--graph", WriteTestFile(".net", kTriangle), "--demands", "-", "--routes",
       out_, "--availability=0.99", "--failure-probability=0.1", "--cut-off=0.05", "-o", "json"},
      kOne);
  ASSERT_EQ(checked.code, 0) << checked.err;
  const json evaluated = json::parse(checked.out)["availability"];
  // No fibre down, or one: the rest is not looked at.
  EXPECT_EQ(evaluated["states"], 4);
  EXPECT_NEAR(evaluated["least"], 0.729 + 3 * 0.081, 1e-9);
  EXPECT_NEAR(evaluated["residual"], 1 - 0.729 - 3 * 0.081, 1e-9);
  EXPECT_EQ(evaluated["below"][0]["name"], "a -> b");
  EXPECT_THAT(checked.err, HasSubstr("1 demand is not certain to be served 0.99 of the time"));

  const Ran never = Solve(kTriangle, kOne, {"--availability=0.98"});
  EXPECT_EQ(never.code, 1) << never.err;
  EXPECT_THAT(never.err, HasSubstr("the graph states no MTBF and MTTR of anything"));
  const Ran few = Solve(kTriangle, kOne,
                        {"--availability=0.98", "--failure-probability=0.1", "--cut-off=0.05"});
  EXPECT_THAT(few.err, HasSubstr("--availability 0.98: the 4 most probable states"));
}

// Two ways of the same metric: neither is one segment.
TEST_F(TeProtectTest, PathsOfMoreSegmentsThanAllowedAreNone) {
  const std::string square =
      "NODES 4\nlabel x y\na 0 0\nb 1 0\nc 0 1\nd 1 1\n"
      "EDGES 4\nlabel src dest weight bw delay\n"
      "ab 0 1 1 1000 1\nbd 1 3 1 1000 1\nac 0 2 1 1000 1\ncd 2 3 1 1000 1\n";
  const std::string demands = "DEMANDS 2\nlabel src dest bw\nx 0 3 900\ny 0 1 10\n";
  const Ran two = Solve(square, demands, {"--max-segments=2"});
  ASSERT_EQ(two.code, 0) << two.err;
  EXPECT_EQ(json::parse(two.out)["max_segments"], 2);
  const Ran one = Solve(square, demands, {"--max-segments=1"});
  EXPECT_EQ(one.code, 1) << one.err;
  EXPECT_THAT(one.err, HasSubstr("1 demand has no path of so few segments as are allowed: a -> d; "
                                 "allow more than --max-segments 1"));
  const Ran rest =
      Solve(square, demands, {"--max-segments=1", "--allow-unreachable", "--routes", out_});
  ASSERT_EQ(rest.code, 0) << rest.err;
  const json figures = json::parse(rest.out);
  EXPECT_EQ(figures["too_many_segments_count"], 1);
  // The bound is of those that are left, too.
  EXPECT_NEAR(figures["mlu"], 0.01, 1e-12);
  EXPECT_LE(figures["lower_bound"], 0.01 + 1e-9);
  EXPECT_GE(figures["lower_bound"], 0.0099);
  EXPECT_EQ(FileContents(out_), "src,dst,weight,links\n0,1,64,0\n");
}

// The way over c is no shortest path: two segments.
TEST_F(TeProtectTest, AGapThatSegmentsKeepOpenIsSaidToBe) {
  const Ran one = Solve(kTriangle, kOne, {"--max-segments=1"});
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_NEAR(json::parse(one.out)["mlu"], 0.9, 1e-9);
  EXPECT_THAT(one.err, HasSubstr("try more than --max-segments 1\n"));
  EXPECT_THAT(Solve(kTriangle, kOne, {"--max-segments=2"}).err, IsEmpty());
}

// Whenever the time is over, what is told is of the paths there are, and nobody takes what was not
// looked for yet for what cannot be.
TEST_F(TeProtectTest, WhatHasNoPathOfSoFewSegmentsYetHasNoBound) {
  std::mt19937 random(11);
  int unfinished = 0, finished = 0;
  for (int round = 0; round < 8; ++round) {
    const RandomTraffic traffic(random);
    for (int looks = 1; looks < 60; looks += 2) {
      const Ran ran = SolveUntil(looks, traffic.graph, traffic.demands,
                                 {"--max-segments=2", "--allow-unreachable", "--routes", out_});
      if (ran.out.empty()) continue;  // not one demand has such a path
      SCOPED_TRACE(absl::StrCat(looks, " looks\n", traffic.graph, traffic.demands, ran.err));
      const json figures = json::parse(ran.out);
      const Independent own(traffic.graph, traffic.demands, FileContents(out_));
      EXPECT_NEAR(figures["mlu"], own.mlu, 1e-9);
      EXPECT_GE(own.mlu, figures["lower_bound"].get<double>() - 1e-6);
      for (const auto& [ends, weight] : own.weights) EXPECT_EQ(weight, 64);
      const int none_yet = figures["no_path_yet_count"];
      EXPECT_EQ(own.lost, none_yet + figures["too_many_segments_count"].get<int>());
      if (none_yet == 0) {
        ++finished;
        continue;
      }
      ++unfinished;
      EXPECT_EQ(ran.code, 5);
      EXPECT_TRUE(figures["gap"].is_null());
      EXPECT_EQ(figures["gap_reached"], false);
      EXPECT_THAT(ran.err, HasSubstr(absl::StrCat("no path yet of so few segments for ", none_yet,
                                                  " of its demands: ")));
    }
  }
  EXPECT_GT(unfinished, 0);
  EXPECT_GT(finished, 0);
}

// The time may be over later, while backups are made.
TEST_F(TeProtectTest, WhatIsKnownToHaveNoPathIsRefusedThoughTheTimeIsOver) {
  std::mt19937 random(12);
  int refused = 0, stopped = 0;
  for (int round = 0; round < 8; ++round) {
    const RandomTraffic traffic(random);
    for (int looks = 1; looks < 60; looks += 2) {
      const Ran ran = SolveUntil(looks, traffic.graph, traffic.demands,
                                 {"--max-segments=1", "--protected=link"});
      SCOPED_TRACE(absl::StrCat(looks, " looks\n", traffic.graph, traffic.demands, ran.err));
      if (ran.code == 1) {
        ++refused;
        EXPECT_THAT(ran.out, IsEmpty());
        EXPECT_THAT(ran.err, HasSubstr("no path of so few segments as are allowed: "));
        continue;
      }
      EXPECT_EQ(json::parse(ran.out)["too_many_segments_count"], 0);
      stopped += ran.code == 5;
    }
  }
  EXPECT_GT(refused, 0);
  EXPECT_GT(stopped, 0);
}

// Two fibres between each two neighbours: a link of them is a segment each.
TEST_F(TeProtectTest, ALineThatIsLongerThanAPacketHoldsSegments) {
  constexpr int kNodes = 67;
  std::string line = absl::StrCat("NODES ", kNodes, "\nlabel x y\n");
  for (int i = 0; i < kNodes; ++i) absl::StrAppend(&line, "n", i, " ", i, " 0\n");
  absl::StrAppend(&line, "EDGES ", 2 * (kNodes - 1), "\nlabel src dest weight bw delay\n");
  for (int i = 0; i + 1 < kNodes; ++i) {
    for (const char* fibre : {"x", "y"}) {
      absl::StrAppend(&line, fibre, i, " ", i, " ", i + 1, " 1 1000 1\n");
    }
  }
  const std::string demands = "DEMANDS 2\nlabel src dest bw\nx 0 66 900\ny 0 64 100\n";
  const Ran far = Solve(line, demands);
  EXPECT_EQ(far.code, 1);
  EXPECT_THAT(far.err, HasSubstr("n0 -> n66; a packet holds no more"));
  const Ran rest = Solve(line, demands, {"--allow-unreachable"});
  ASSERT_EQ(rest.code, 0) << rest.err;
  EXPECT_EQ(json::parse(rest.out)["max_segments"], 64);
  EXPECT_NEAR(json::parse(rest.out)["mlu"], 0.05, 1e-3);
}

TEST_F(TeProtectTest, BalanceLowersWhatTheMluDoesNotAskFor) {
  // a to b is full; c to b has two ways, of which the longer goes over a's fibre to c.
  const std::string demands = "DEMANDS 2\nlabel src dest bw\nx 0 1 900\ny 1 2 400\n";
  const auto second = [&](std::vector<std::string> flags) {
    flags.insert(flags.end(), {"--routes", out_});
    const Ran ran = Solve(kTriangle, demands, flags);
    EXPECT_EQ(ran.code, 0) << ran.err;
    return Independent(kTriangle, demands, FileContents(out_)).mlu;
  };
  EXPECT_LE(second({"--balance"}), second({}) * (1 + 1e-9));
}

TEST_F(TeProtectTest, RiskGroupsThatAreNotThereAreNoProtection) {
  const Ran ran = Solve(kGraph, kDemands, {"--protected=link,srlg"});
  EXPECT_EQ(ran.code, 1) << ran.err;
  EXPECT_THAT(ran.out, IsEmpty());
  EXPECT_THAT(ran.err,
              AllOf(HasSubstr("the graph has no risk groups"), HasSubstr("--fail A--B,C--D")));
}

TEST_F(TeProtectTest, WhenTimeIsOverWhatIsLeftOpenIsSaid) {
  const Ran ran =
      Solve(kGraph, kDemands, {"--protected=link", "--time-limit=1ns", "--routes", out_});
  EXPECT_EQ(ran.code, 5) << ran.err;
  const json figures = json::parse(ran.out);
  EXPECT_EQ(figures["partial"], true);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("not all its backups have been made: failures leave "),
                             HasSubstr(" times a demand without a path it could have, and load a "
                                       "link to ")));
  EXPECT_NEAR(figures["mlu"], Independent(kGraph, kDemands, FileContents(out_)).mlu, 1e-9);
}

// Each fibre of a REPETITA graph: links by place.
std::vector<std::vector<int>> Fibres(const std::string& graph) {
  std::istringstream in(graph);
  std::string word;
  int count = 0;
  in >> word >> count >> word >> word >> word;
  for (int i = 0; i < 3 * count; ++i) in >> word;
  in >> word >> count;
  for (int i = 0; i < 6; ++i) in >> word;
  std::map<std::pair<int, int>, std::vector<int>> open;  // without a way back so far
  std::vector<std::vector<int>> fibres;
  std::map<int, size_t> fibre_of;
  for (int link = 0; link < count; ++link) {
    int from = 0, to = 0;
    in >> word >> from >> to >> word >> word >> word;
    if (from == to) continue;  // of no use to anybody
    std::vector<int>& back = open[{to, from}];
    if (back.empty()) {
      open[{from, to}].push_back(link);
      fibre_of[link] = fibres.size();
      fibres.push_back({link});
    } else {
      fibres[fibre_of[back.front()]].push_back(link);
      back.erase(back.begin());
    }
  }
  return fibres;
}

// Every single fibre of public networks, by brute force over the files that are written.
TEST_F(TeProtectTest, PublicNetworksOutliveEveryFibre) {
  const char* root = std::getenv("WAYMARK_DATA_DIR");
  if (root == nullptr) GTEST_SKIP() << "set WAYMARK_DATA_DIR to a folder of networks to run this";
  int tried = 0;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    const std::string name = entry.path().filename().string();
    if (name != "Abilene.graph" && name != "Geant2012.graph" && name != "Interoute.graph") continue;
    const fs::path matrix = fs::path(entry.path()).replace_extension(".0000.demands");
    if (!fs::exists(matrix)) continue;
    SCOPED_TRACE(entry.path().string());
    ++tried;
    const std::string graph = FileContents(entry.path().string());
    const std::string demands = FileContents(matrix.string());
    const Ran ran =
        Solve(graph, demands, {"--routes", out_, "--protected=link", "--time-limit=10m"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    const json figures = json::parse(ran.out);
    const std::string routes = FileContents(out_);
    const std::vector<std::vector<int>> fibres = Fibres(graph);
    const Independent whole(graph, demands, routes);
    double worst = whole.mlu;
    size_t lost = 0;
    for (const std::vector<int>& fibre : fibres) {
      const Independent after(graph, demands, routes, fibre);
      worst = std::max(worst, after.mlu);
      lost += whole.weights.size() - after.weights.size();
    }
    EXPECT_EQ(figures["failures"], fibres.size());
    EXPECT_EQ(figures["exposed"], 0);
    EXPECT_EQ(figures["cut"], lost);
    EXPECT_NEAR(figures["worst_mlu"], worst, 1e-9 * worst);
    EXPECT_LE(figures["worst_mlu"].get<double>(),
              1.02 * figures["worst_lower_bound"].get<double>());
  }
  EXPECT_GT(tried, 0);
}

}  // namespace
}  // namespace waymark::cli
