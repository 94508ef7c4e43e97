// `waymark te solve`: its figures against the files alone, and every kind of bad input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "northbound/cli/run_for_test.h"
#include "northbound/cli/te_solve_fixture.h"
#include "northbound/cli/te_testing.h"

namespace waymark::cli {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using TeSolveTest = TeSolveFixture;

TEST_F(TeSolveTest, FiguresAreThoseOfTheFilesAlone) {
  std::mt19937 random(4);
  for (int round = 0; round < 150; ++round) {
    const Capacities capacities = round % 2 == 0 ? Capacities::kAlike : Capacities::kDecades;
    const RandomTraffic traffic(random, capacities);
    const int most = 1 + static_cast<int>(random() % 8);
    const int weights = most + static_cast<int>(random() % 60);
    const Ran ran = Solve(traffic.graph, traffic.demands,
                          {"--routes", out_, "--max-paths", absl::StrCat(most), "--weights",
                           absl::StrCat(weights), "--threads", absl::StrCat(1 + round % 3)});
    ASSERT_EQ(ran.code, 0) << ran.err << traffic.graph << traffic.demands;
    const json figures = json::parse(ran.out);
    SCOPED_TRACE(traffic.graph + traffic.demands + ran.out);
    const Independent own(traffic.graph, traffic.demands, FileContents(out_));
    EXPECT_NEAR(figures["mlu"], own.mlu, 1e-9);
    EXPECT_GE(own.mlu, figures["lower_bound"].get<double>() - 1e-6);
    EXPECT_EQ(own.lost, 0);
    EXPECT_EQ(figures["paths"], own.paths);
    EXPECT_EQ(figures["max_paths_per_pair"], own.most_paths);
    EXPECT_LE(own.most_paths, most);
    for (const auto& [ends, weight] : own.weights) EXPECT_EQ(weight, weights);
    EXPECT_EQ(figures["unreachable"], json::array());
    EXPECT_EQ(figures["partial"], false);
    EXPECT_GE(figures["max_segments"], 1);
  }
}

TEST_F(TeSolveTest, ThreadsChangeNothing) {
  std::mt19937 random(5);
  for (int round = 0; round < 10; ++round) {
    const RandomTraffic traffic(random);
    ASSERT_EQ(Solve(traffic.graph, traffic.demands, {"--routes", out_, "--threads=1"}).code, 0);
    const std::string alone = FileContents(out_);
    ASSERT_EQ(Solve(traffic.graph, traffic.demands, {"--routes", out_, "--threads=4"}).code, 0);
    EXPECT_EQ(FileContents(out_), alone);
  }
}

TEST_F(TeSolveTest, LinksWithoutDirectionHaveTwoPlaces) {
  const Ran ran = Solve(
      R"({"directed": false, "nodes": [{"id": "b"}, {"id": "a"}, {"id": "c"}], "links": [
          {"source": "c", "target": "c"}, {"source": "b", "target": "c", "capacity": 5},
          {"source": "a", "target": "b", "capacity": 5}]})",
      "from,to,rate\na,c,1M\nc,a,2\n", {"--routes", out_});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(FileContents(out_), "src,dst,weight,links\n1,2,64,4;2\n2,1,64,3;5\n");
  EXPECT_NEAR(json::parse(ran.out)["mlu"], 0.4, 1e-12);
  EXPECT_THAT(ran.err, HasSubstr("stdin:3: rates without a unit are read in that of the graph"));
}

TEST_F(TeSolveTest, RoutesOnStandardOutputStandAlone) {
  // 0.6 is best, but of 64 weights.
  const Ran file = Solve(kGraph, kDemands, {"--routes", out_, "--gap=0.05"});
  ASSERT_EQ(file.code, 0) << file.err;
  const Ran piped = Solve(kGraph, kDemands, {"--routes", "-", "--gap=0.05"});
  EXPECT_EQ(piped.code, 0) << piped.err;
  EXPECT_EQ(piped.out, FileContents(out_));
  EXPECT_THAT(piped.err, HasSubstr("\"mlu\": "));
  EXPECT_FALSE(std::filesystem::exists("-"));
  EXPECT_EQ(json::parse(file.out)["gap_reached"], true);
}

TEST_F(TeSolveTest, AGapThatRoundingCannotReachIsSaid) {
  // One demand, two ways, one path: 1 against 0.5.
  const Ran ran =
      Solve(kGraph, "DEMANDS 1\nlabel src dest bw\nx 1 0 1000\n", {"--max-paths=1", "--weights=1"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(json::parse(ran.out)["gap_reached"], false);
  EXPECT_THAT(ran.err, HasSubstr("the gap that was asked for is not reached"));
}

TEST_F(TeSolveTest, DemandsTooSmallToMatterAreSaidToBe) {
  const Ran ran = Solve(kGraph, "DEMANDS 1\nlabel src dest bw\nx 1 0 1e-300\n");
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.err, HasSubstr("no link carries as much as 1e-100 of its capacity"));
  const Ran table = Solve(kGraph, "DEMANDS 1\nlabel src dest bw\nx 1 0 1e-300\n", {"-o", "table"});
  EXPECT_THAT(table.out, HasSubstr("0 offered, 0 carried"));
}

TEST_F(TeSolveTest, CapacitiesAreThoseOfTheFileThoughTheyBeNoWholeBits) {
  const std::string graph =
      "NODES 2\nlabel x y\na 0 0\nb 1 1\nEDGES 2\nlabel src dest weight bw delay\n"
      "ab 0 1 1 1.0007 1\nba 1 0 1 1.0005 1\n";
  const std::string demands = "DEMANDS 1\nlabel src dest bw\nx 0 1 1\n";
  const Ran ran = Solve(graph, demands, {"--routes", out_});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_NEAR(json::parse(ran.out)["mlu"], 1 / 1.0007, 1e-12);
}

TEST_F(TeSolveTest, DemandsOfAFileInAnotherOrderLandOnTheirNodes) {
  const Ran ran = Solve(
      R"({"directed": true, "nodes": [{"id": "a"}, {"id": "b"}, {"id": "c"}], "links": [
          {"source": "a", "target": "b", "capacity": 10},
          {"source": "b", "target": "c", "capacity": 10},
          {"source": "c", "target": "a", "capacity": 100}]})",
      R"({"graph": {"demands": {"a": {"b": 1.0}}}, "links": [],
          "nodes": [{"id": "c"}, {"id": "b"}, {"id": "a"}]})",
      {"--routes", out_});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(FileContents(out_), "src,dst,weight,links\n0,1,64,0\n");
}

TEST_F(TeSolveTest, TablesSayTheSame) {
  const Ran ran = Solve(kGraph, kDemands, {"-o", "table"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("MLU: "), HasSubstr("No routing has less than: "),
                    HasSubstr("1.2M offered, 1.2M carried"), HasSubstr("Most loaded links\n")));
}

TEST_F(TeSolveTest, UnreachableDemandsAreNamed) {
  const std::string demands =
      "DEMANDS 4\nlabel src dest bw\nx 1 0 1000\ny 0 3 5\nz 3 4 100\nw 2 3 0\n";
  const Ran refused = Solve(kGraph, demands, {"--routes", out_});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("1 demand has no way to go: b -> d; add links, or solve the "
                                     "rest with --allow-unreachable"));
  EXPECT_EQ(FileContents(out_), "");
  EXPECT_THAT(refused.out, IsEmpty());

  const Ran rest = Solve(kGraph, demands, {"--routes", out_, "--allow-unreachable"});
  EXPECT_EQ(rest.code, 0) << rest.err;
  const json figures = json::parse(rest.out);
  EXPECT_EQ(figures["unreachable"],
            json::parse(R"([{"src": 0, "dst": 3, "name": "b -> d", "rate_bps": 5000}])"));
  EXPECT_EQ(figures["unreachable_count"], 1);
  EXPECT_EQ(figures["demands"], 3);
  EXPECT_EQ(figures["offered_bps"].get<double>() - figures["carried_bps"].get<double>(), 5000);
  const Independent own(kGraph, demands, FileContents(out_));
  EXPECT_EQ(own.lost, 1);
  EXPECT_NEAR(figures["mlu"], own.mlu, 1e-9);
  EXPECT_THAT(Solve(kGraph, demands, {"-o", "table", "--allow-unreachable"}).out,
              HasSubstr("1: b -> d"));

  const Ran none =
      Solve(kGraph, "DEMANDS 1\nlabel src dest bw\ny 0 3 5\n", {"--allow-unreachable"});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("no demand has a way to go"));
}

TEST_F(TeSolveTest, MaintenanceCarriesNothing) {
  const char* graph =
      "nodes: [{name: a}, {name: b, admin_state: FORBID}, {name: c}]\nlinks:\n"
      "  - {name: ab, source: a, target: b, capacity_bps: 1G}\n"
      "  - {name: bc, source: b, target: c, capacity_bps: 1G}\n"
      "  - {name: ac, source: a, target: c, capacity_bps: 1M}\n";
  const Ran ran = Solve(graph, "a,c,500000\n", {"--routes", out_});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(FileContents(out_), "src,dst,weight,links\n0,2,64,2\n");
  EXPECT_EQ(Solve(graph, "a,b,5\n").code, 1);
}

TEST_F(TeSolveTest, WhenTimeIsOverTheBestSoFarIsWritten) {
  const Ran late = Solve(kGraph, kDemands, {"--routes", out_, "--time-limit=1ns"});
  EXPECT_EQ(late.code, 5);
  EXPECT_THAT(late.err, HasSubstr("the time limit of 1ns is over: the best so far has "));
  const json figures = json::parse(late.out);
  EXPECT_EQ(figures["partial"], true);
  // The first routes are the best here, but that is not proven: 1 / 0.5 = 2.
  EXPECT_GT(figures["lower_bound"], 0);
  EXPECT_GT(figures["gap"], 0);
  EXPECT_EQ(figures["gap_reached"], false);
  const Independent own(kGraph, kDemands, FileContents(out_));
  EXPECT_EQ(own.lost, 0);
  EXPECT_NEAR(figures["mlu"], own.mlu, 1e-9);
  EXPECT_GE(own.mlu, figures["lower_bound"].get<double>() - 1e-6);
}

// Presses Ctrl-C at the first look at the clock after the files have been read.
class InterruptingClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::UnixEpoch(); }
  absl::Duration Monotonic() const override {
    if (++looks_ == 2) std::raise(SIGINT);
    return absl::Milliseconds(looks_.load());
  }

 private:
  mutable std::atomic<int> looks_{0};
};

TEST_F(TeSolveTest, AfterAnInterruptToo) {
  std::istringstream in(kDemands);
  std::ostringstream out, err;
  Io io{.in = in, .out = out, .err = err};
  const InterruptingClock clock;
  const int code = RunCli({"te", "solve", "--graph", WriteTestFile(".net", kGraph), "--demands",
                           "-", "-o", "json", "--routes", out_},
                          io, clock);
  EXPECT_EQ(code, 1);
  EXPECT_THAT(err.str(), HasSubstr("interrupted: the best so far has "));
  EXPECT_EQ(json::parse(out.str())["partial"], true);
  EXPECT_EQ(Independent(kGraph, kDemands, FileContents(out_)).lost, 0);
}

TEST_F(TeSolveTest, TheOptimumIsFoundWhereThereIsTime) {
  std::mt19937 random(14);
  for (int round = 0; round < 40; ++round) {
    const RandomTraffic traffic(random);
    SCOPED_TRACE(traffic.graph + traffic.demands);
    const json before = json::parse(Solve(traffic.graph, traffic.demands).out);
    EXPECT_FALSE(before.contains("exact"));
    const Ran ran = Solve(traffic.graph, traffic.demands, {"--exact=1m", "--routes", out_});
    ASSERT_EQ(ran.code, 0) << ran.err;
    const json after = json::parse(ran.out);
    EXPECT_EQ(after["exact"], true);
    const double optimum = after["fractional_mlu"];
    EXPECT_NEAR(after["lower_bound"], optimum, 1e-8 * optimum);
    EXPECT_LE(optimum, before["fractional_mlu"].get<double>());
    EXPECT_GE(after["lower_bound"], before["lower_bound"].get<double>());
    EXPECT_LE(after["mlu"], before["mlu"].get<double>());
    EXPECT_NEAR(after["mlu"], Independent(traffic.graph, traffic.demands, FileContents(out_)).mlu,
                1e-9);
  }
  const Ran table = Solve(kGraph, kDemands, {"--exact=1m", "-o", "table"});
  EXPECT_THAT(table.out, HasSubstr("0.6, the optimum\n"));
}

TEST_F(TeSolveTest, WhenTheTimeForTheOptimumIsOverThatIsSaid) {
  const std::vector<std::string> coarse = {"--gap=1", "--max-paths=1", "--weights=1",
                                           "--exact=1ms"};
  const Ran ran = SolveUntil(100'000, kGraph, kDemands, coarse);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(json::parse(ran.out)["exact"], false);
  EXPECT_EQ(json::parse(ran.out)["partial"], false);
  EXPECT_THAT(ran.err, HasSubstr("the optimum before rounding is not found, only that it is 0."));
  EXPECT_THAT(ran.err, HasSubstr(": give --exact more time"));
}

TEST_F(TeSolveTest, BadFlagsAreUsageErrors) {
  const struct {
    std::vector<std::string> flags;
    const char* error;
  } kCases[] = {
      {{"--max-paths=0"}, "--max-paths \"0\": give a whole number, 1 to 64"},
      {{"--max-paths=65"}, "1 to 64"},
      {{"--max-paths=x"}, "--max-paths \"x\""},
      {{"--weights=0"}, "--weights \"0\": give a whole number, 1 to 65536"},
      {{"--weights=7"}, "--weights 7 cannot be shared by --max-paths 8"},
      {{"--weights=2", "--max-paths=3"}, "give more weights or fewer paths"},
      {{"--gap=0"}, "--gap \"0\": give 1e-06 to 1, e.g. 0.01 for 1 %"},
      {{"--gap=1e-7"}, "--gap \"1e-7\""},
      {{"--gap=5"}, "--gap \"5\""},
      {{"--gap=nan"}, "--gap \"nan\""},
      {{"--gap=-1"}, "--gap \"-1\""},
      {{"--time-limit=0"}, "--time-limit \"0\": give more than 0"},
      {{"--exact=0"}, "--exact \"0\": give more than 0 and at most 24 h"},
      {{"--exact=soon"}, "--exact \"soon\""},
      {{"--exact=1s", "--objective=max-min"}, "--exact needs --objective=mlu"},
      {{"--threads=0"}, "--threads \"0\": give a whole number, 1 to 64"},
      {{"--matrix=-1"}, "--matrix \"-1\": give the number of a matrix"},
      {{"--demands-format=xml"}, "--demands-format: "},
      {{"-o", "yaml"}, "use -o table or -o json"},
      {{"--protected=fibre"}, "--protected \"fibre\": use link, node or srlg"},
      {{"--protected=link,"}, "--protected \"\": use link, node or srlg"},
      {{"--protected=link", "--max-paths=1"}, "protection needs --max-paths 2 or more"},
  };
  for (const auto& [flags, error] : kCases) {
    const Ran ran = Solve(kGraph, kDemands, flags);
    EXPECT_EQ(ran.code, 2) << error << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(error));
  }
  const Ran both = Waymark({"te", "solve", "--graph", "-", "--demands", "-"}, kGraph);
  EXPECT_EQ(both.code, 2);
  EXPECT_THAT(both.err, HasSubstr("cannot both be standard input"));
}

TEST_F(TeSolveTest, ADemandAboveAllLinksTogetherIsWarnedOf) {
  // All carry 4.5 Mbit/s.
  const char* begin = "DEMANDS 2\nlabel src dest bw\nx 1 0 ";
  const Ran ran = Solve(kGraph, absl::StrCat(begin, "1e12\ny 1 2 200\n"));
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err,
              HasSubstr("warning: a -> b asks for 1000T, more than all links together carry, "
                        "4.5M: are its units right?"));
  EXPECT_EQ(Solve(kGraph, absl::StrCat(begin, "4500\ny 1 2 200\n")).err.find("units right"),
            std::string::npos);
}

// As of a script's variables that are not set.
TEST_F(TeSolveTest, EmptyValuesAreUsageErrors) {
  for (const char* flag : {"--max-paths", "--weights", "--gap", "--time-limit", "--threads",
                           "--routes", "--protected", "--fail", "--availability", "--max-segments",
                           "--max-delay", "--max-stretch", "--matrix", "--exact"}) {
    const Ran ran = Solve(kGraph, kDemands, {flag, ""});
    EXPECT_EQ(ran.code, 2) << flag << ran.err;
    EXPECT_THAT(ran.err, AllOf(HasSubstr(flag), HasSubstr("is empty: give a value"))) << flag;
  }
  for (const char* command : {"evaluate", "whatif", "hose"}) {
    const Ran ran = Waymark({"te", command, "--graph", ""}, kGraph);
    EXPECT_EQ(ran.code, 2) << command << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("--graph: is empty")) << command;
  }
}

TEST_F(TeSolveTest, BadFilesAreNamed) {
  const struct {
    std::string graph, demands, error;
  } kCases[] = {
      {"nodes: []\n", kDemands, "the topology is empty"},
      {kGraph, "", "stdin: is empty"},
      {kGraph, "DEMANDS 1\nlabel src dest bw\nx 1 9 5\n", "stdin:3: dest \"9\" is no node"},
      {kGraph, "DEMANDS 1\nlabel src dest bw\nx 1 0 -5\n", "stdin:3: the rate is -5"},
      {kGraph, "DEMANDS 1\nlabel src dest bw\nx 1 0 0\n", "stdin: the matrix is empty"},
      {kGraph, "1 2 3 4\n", "stdin:1: has 4 numbers"},
      {std::string(kGraph).replace(std::string(kGraph).find("1 0 1 1000"), 10, "1 0 1 0000"),
       kDemands, "bw (kbit/s) is 0: give more than 0"},
  };
  for (const auto& [graph, demands, error] : kCases) {
    const Ran ran = Solve(graph, demands, {"--routes", out_});
    EXPECT_EQ(ran.code, 1) << error;
    EXPECT_THAT(ran.err, HasSubstr(error));
    EXPECT_THAT(ran.out, IsEmpty());
    EXPECT_EQ(FileContents(out_), "");
  }
  const Ran missing = Waymark({"te", "solve", "--graph", WriteTestFile(".net", kGraph), "--demands",
                               testing::TempDir() + "/none"});
  EXPECT_EQ(missing.code, 4);
  // Not after a solve that may take long: demands that cannot be had would be told first then.
  const std::string unreachable = "DEMANDS 1\nlabel src dest bw\ny 0 3 5\n";
  const std::string nowhere = testing::TempDir() + "/none/x.csv";
  for (const std::string& place : {nowhere, std::string(testing::TempDir())}) {
    const Ran ran = Solve(kGraph, unreachable, {"--routes", place});
    EXPECT_EQ(ran.code, 1) << place;
    EXPECT_THAT(ran.err, HasSubstr(place + ": cannot be written"));
  }
  EXPECT_THAT(Solve(kGraph, unreachable, {"--objective=max-min", "--granted", nowhere}).err,
              HasSubstr(nowhere + ": cannot be written"));
  const Ran full = Solve(kGraph, kDemands, {"--routes", "/dev/full"});
  EXPECT_EQ(full.code, 1);
  EXPECT_THAT(full.err, HasSubstr("/dev/full: cannot be written"));
}

// a - b - d passes DE and is of provider q; a - c - d is longer.
constexpr char kPlaces[] =
    "nodes:\n"
    "  - {name: a, jurisdiction: CH}\n"
    "  - {name: b, jurisdiction: DE}\n"
    "  - {name: c, jurisdiction: CH}\n"
    "  - {name: d, jurisdiction: CH}\n"
    "  - {name: e}\n"
    "links:\n"
    "  - {source: a, target: b, both_ways: true, capacity_bps: 10G, delay_ns: 1ms, provider: q}\n"
    "  - {source: b, target: d, both_ways: true, capacity_bps: 10G, delay_ns: 1ms}\n"
    "  - {source: a, target: c, both_ways: true, capacity_bps: 10G, delay_ns: 5ms, admin_groups: "
    "[sea]}\n"
    "  - {source: c, target: d, both_ways: true, capacity_bps: 10G, delay_ns: 5ms}\n"
    "  - {source: a, target: e, both_ways: true, capacity_bps: 10G, delay_ns: 1ms}\n"
    "  - {source: e, target: d, both_ways: true, capacity_bps: 10G, delay_ns: 1ms}\n";

class TePlacesTest : public TeSolveFixture {
 protected:
  // The MLU of 9 Gbit/s from a to d: 0.3 by three ways, 0.45 by two, 0.9 by one.
  Ran Ways(const std::vector<std::string>& flags) {
    std::vector<std::string> args = {
        "te",   "solve",    "--graph", WriteTestFile(".yaml", kPlaces), "--demands", "-", "-o",
        "json", "--routes", out_};
    args.insert(args.end(), flags.begin(), flags.end());
    return Waymark(args, "source,target,rate\na,d,9G\n");
  }
};

TEST_F(TePlacesTest, PathsLeadWhereTheyMay) {
  const struct {
    std::vector<std::string> flags;
    double mlu;
  } kCases[] = {
      {{}, 0.3},
      {{"--forbid-jurisdiction=DE"}, 0.9},  // nor over e, of which nothing is known
      {{"--allow-jurisdiction=ch,DE"}, 0.45},
      {{"--forbid-provider=q"}, 0.45},
      {{"--exclude=sea"}, 0.45},
      {{"--exclude=sea", "--forbid-provider=q"}, 0.9},
      {{"--avoid=b,links/c--d"}, 0.9},
      {{"--max-delay=2ms"}, 0.45},
      {{"--max-delay=2ms", "--forbid-provider=q", "--exact=1m"}, 0.9},
  };
  for (const auto& [flags, mlu] : kCases) {
    const Ran ran = Ways(flags);
    ASSERT_EQ(ran.code, 0) << ran.err;
    EXPECT_NEAR(json::parse(ran.out)["fractional_mlu"], mlu, 0.005 * mlu)
        << testing::PrintToString(flags);
  }
}

TEST_F(TePlacesTest, ClassesHaveTheirOwn) {
  const std::string gold = WriteTestFile(".csv", "source,target,rate\na,d,6G\n");
  const std::string rest = WriteTestFile(".csv", "source,target,rate\na,d,6G\n");
  const auto solve = [&](const std::vector<std::string>& flags) {
    std::vector<std::string> args = {"te",      "solve",
                                     "--graph", WriteTestFile(".yaml", kPlaces),
                                     "--class", absl::StrCat("gold=", gold),
                                     "--class", absl::StrCat("rest=", rest),
                                     "-o",      "json"};
    args.insert(args.end(), flags.begin(), flags.end());
    return Waymark(args);
  };
  const auto expect = [&](const std::vector<std::string>& flags, double first, double second,
                          double all) {
    const Ran ran = solve(flags);
    ASSERT_EQ(ran.code, 0) << ran.err;
    const json figures = json::parse(ran.out);
    SCOPED_TRACE(ran.out);
    EXPECT_NEAR(figures["classes"][0]["fractional_mlu"], first, 0.005);
    EXPECT_NEAR(figures["classes"][1]["fractional_mlu"], second, 0.01);
    EXPECT_NEAR(figures["mlu"], all, 0.02);
  };
  // Gold over c alone leaves 4G there and the other ways whole: 6 of 24.
  expect({"--forbid-jurisdiction=gold=DE"}, 0.6, 0.25, 0.7);
  expect({"--max-delay=gold=2ms"}, 0.3, 6.0 / 24, 0.475);
  // What is given for a class counts instead of what is given for all.
  expect({"--max-delay=2ms", "--max-delay=gold=20ms"}, 0.2, 6.0 / 16, 0.5);
  // The link that the first may not use is whole for the second.
  expect({"--avoid=gold=b", "--avoid=rest=c,e"}, 0.3, 0.6, 0.6);

  const struct {
    std::vector<std::string> flags;
    const char* error;
  } kBad[] = {
      {{"--max-delay=iron=2ms"}, "--max-delay \"iron=2ms\": there is no class \"iron\""},
      {{"--max-hops=gold=2", "--max-hops=gold=3"}, "is given 2 times for the same paths: keep one"},
      {{"--max-stretch=gold=0"}, "--max-stretch \"0\": give 1 or more"},
      {{"--exclude=iron=x"}, "--exclude \"iron=x\": there is no class \"iron\""},
  };
  for (const auto& [flags, error] : kBad) {
    const Ran ran = solve(flags);
    EXPECT_EQ(ran.code, 2) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(error));
  }
  const Ran nowhere = solve({"--allow-jurisdiction=gold=FR"});
  EXPECT_EQ(nowhere.code, 1);
  EXPECT_THAT(nowhere.err, AllOf(HasSubstr("class gold: 1 demand has no way to go: a -> d"),
                                 HasSubstr("allow more where places are forbidden")));
}

TEST_F(TePlacesTest, WhatTheGraphDoesNotStateIsRefused) {
  const struct {
    const char* flag;
    const char* error;
    int code;
  } kCases[] = {
      {"--forbid-jurisdiction=DE",
       "--forbid-jurisdiction: nothing in the graph states a jurisdiction", 1},
      {"--allow-provider=q", "--allow-provider: nothing in the graph states a provider", 1},
      {"--include-any=sea", "--include-any: nothing in the graph states an affinity", 1},
      {"--avoid=nowhere", "no node \"nowhere\"", 4},
  };
  for (const auto& [flag, error, code] : kCases) {
    const Ran ran = Solve(kGraph, kDemands, {flag});
    EXPECT_EQ(ran.code, code) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(error));
  }
  EXPECT_EQ(Ways({"--forbid-jurisdiction=Atlantis"}).code, 2);
  EXPECT_EQ(Ways({"--allow-provider=q", "--forbid-provider=q"}).code, 2);
}

TEST_F(TePlacesTest, HosesKeepToThem) {
  const auto hose = [&](const std::vector<std::string>& flags) {
    std::vector<std::string> args = {"te",      "hose", "--graph", WriteTestFile(".yaml", kPlaces),
                                     "--hoses", "-",    "-o",      "json"};
    args.insert(args.end(), flags.begin(), flags.end());
    return Waymark(args, "hose,node,ingress,egress\nlan,a,9G,9G\nlan,d,9G,9G\n");
  };
  EXPECT_NEAR(json::parse(hose({}).out)["mlu"], 0.3, 0.02);
  EXPECT_NEAR(json::parse(hose({"--forbid-jurisdiction=DE"}).out)["mlu"], 0.9, 1e-9);
  // And to bounds on every path.
  EXPECT_NEAR(json::parse(hose({"--max-delay=2ms"}).out)["mlu"], 0.45, 0.01);
  EXPECT_THAT(hose({"--max-hops=1"}).err, HasSubstr("no way within the bounds for a -> d"));
  EXPECT_EQ(hose({"--max-stretch=0.5"}).code, 2);
}

}  // namespace
}  // namespace waymark::cli
