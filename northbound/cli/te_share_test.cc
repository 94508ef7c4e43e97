// `waymark te solve` with bounds on paths, demands that do not all fit, and classes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "northbound/cli/run_for_test.h"
#include "northbound/cli/te_testing.h"

namespace waymark::cli {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

// Two ways from a to b of 1 Mbit/s each, one of them over c; each link takes 1 us.
constexpr char kGraph[] =
    "NODES 3\nlabel x y\nb 500 0\na 500 0\nc 500 0\n"
    "EDGES 4\nlabel src dest weight bw delay\n"
    "ab 1 0 1 1000 1\nac 1 2 1 1000 1\ncb 2 0 1 1000 1\nba 0 1 1 500 1\n";
constexpr char kDemands[] = "DEMANDS 2\nlabel src dest bw\nx 1 0 1000\ny 1 2 200\n";
constexpr char kTooMuch[] = "DEMANDS 2\nlabel src dest bw\nx 1 0 3000\ny 1 2 1500\n";

class TeShareTest : public testing::Test {
 protected:
  Ran Te(std::vector<std::string> args, const std::string& in) {
    args.insert(args.begin(), "te");
    args.insert(args.end(), {"--graph", graph_});
    if (std::ranges::find(args, "-o") == args.end()) args.insert(args.end(), {"-o", "json"});
    return Waymark(args, in);
  }
  Ran Solve(const std::string& demands, std::vector<std::string> more) {
    more.insert(more.begin(), {"solve", "--demands", "-"});
    return Te(more, demands);
  }

  const std::string graph_ = WriteTestFile(".net", kGraph);
  const std::string out_ = WriteTestFile(".csv", "");
  const std::string granted_ = WriteTestFile("_granted.csv", "");
};

TEST_F(TeShareTest, BoundsHoldOnEveryPath) {
  const json both = json::parse(Solve(kDemands, {}).out);
  EXPECT_NEAR(both["mlu"], 0.6, 0.01);
  EXPECT_DOUBLE_EQ(both["worst_stretch"], 2);
  EXPECT_DOUBLE_EQ(both["worst_delay_ns"], 2'000);
  for (const char* bound : {"--max-delay=1us", "--max-hops=1", "--max-stretch=1.5"}) {
    const Ran ran = Solve(kDemands, {bound, "--routes", out_});
    ASSERT_EQ(ran.code, 0) << ran.err;
    const json figures = json::parse(ran.out);
    EXPECT_DOUBLE_EQ(figures["mlu"], 1);
    EXPECT_NEAR(figures["lower_bound"], 1, 0.01);
    EXPECT_DOUBLE_EQ(figures["mean_stretch"], 1);
    EXPECT_EQ(FileContents(out_), "src,dst,weight,links\n1,0,64,0\n1,2,64,1\n");
  }
  EXPECT_NEAR(json::parse(Solve(kDemands, {"--max-stretch=2"}).out)["mlu"], 0.6, 0.01);
}

TEST_F(TeShareTest, WhatNoWayWithinTheBoundsCarriesIsNamed) {
  const std::string demands = "DEMANDS 2\nlabel src dest bw\nx 1 0 500\nz 0 2 5\n";
  const Ran refused = Solve(demands, {"--max-hops=1", "--routes", out_});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err,
              HasSubstr("1 demand has no way within the bounds on delay, hops and stretch: b -> c; "
                        "allow more, or solve the rest with --allow-unreachable"));
  EXPECT_EQ(FileContents(out_), "");
  const Ran rest = Solve(demands, {"--max-hops=1", "--allow-unreachable"});
  ASSERT_EQ(rest.code, 0) << rest.err;
  const json figures = json::parse(rest.out);
  EXPECT_EQ(figures["unreachable_count"], 1);
  EXPECT_EQ(figures["out_of_bound_count"], 1);
  EXPECT_EQ(figures["unreachable"][0]["name"], "b -> c");
}

TEST_F(TeShareTest, WhatDoesNotFitIsShared) {
  for (const std::string objective : {"max-min", "throughput"}) {
    const Ran ran =
        Solve(kTooMuch, {"--objective", objective, "--routes", out_, "--granted", granted_});
    ASSERT_EQ(ran.code, 0) << ran.err;
    const json figures = json::parse(ran.out);
    EXPECT_EQ(figures["objective"], objective);
    EXPECT_EQ(figures["fits"], false);
    EXPECT_EQ(figures["offered_bps"], 4.5e6);
    EXPECT_NEAR(figures["carried_bps"], 2e6, 3e4);
    EXPECT_LE(figures["mlu"], 1);
    EXPECT_GE(figures["upper_bound_bps"], figures["carried_bps"]);
    if (objective == "max-min") {
      EXPECT_EQ(figures["short_count"], 2);
      EXPECT_NEAR(figures["short"][0]["granted_bps"], 1e6, 3e4);
      EXPECT_NEAR(figures["least_bps"], 1e6, 3e4);
      EXPECT_GE(figures["least_bound_bps"], 1e6 - 1);
    }
    // The rates are a demand file that fits.
    const Ran checked = Te({"evaluate", "--demands", granted_, "--routes", out_}, "");
    ASSERT_EQ(checked.code, 0) << checked.err;
    EXPECT_NEAR(json::parse(checked.out)["mlu"], figures["mlu"], 1e-9);
    EXPECT_NEAR(json::parse(checked.out)["carried_bps"], figures["carried_bps"], 1);
  }
  const Ran table = Solve(kTooMuch, {"--objective=max-min", "-o", "table"});
  EXPECT_THAT(table.out, AllOf(HasSubstr("Objective: "), HasSubstr(" of 4.5M"),
                               HasSubstr("Get less than asked for: "), HasSubstr("2: a -> b")));
  const json fits = json::parse(Solve(kDemands, {"--objective=throughput"}).out);
  EXPECT_EQ(fits["fits"], true);
  EXPECT_EQ(fits["short_count"], 0);
}

TEST_F(TeShareTest, GrantedRatesOnStandardOutputStandAlone) {
  const Ran ran = Solve(kTooMuch, {"--objective=max-min", "--granted=-"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(ran.out.starts_with("source,target,rate\n")) << ran.out;
  EXPECT_EQ(ran.out.find('{'), std::string::npos);
  const json figures = json::parse(ran.err.substr(ran.err.find('{')));
  EXPECT_EQ(figures["objective"], "max-min");
}

TEST_F(TeShareTest, StrongerClassesComeFirst) {
  const std::string voice = WriteTestFile("_voice.csv", "a,b,800k\n");
  const std::string bulk = WriteTestFile("_bulk.csv", "a,b,3M\na,c,100k\n");
  const std::string base = testing::TempDir() + "/of_classes.csv";
  const Ran ran = Te({"solve", "--class", "voice=" + voice, "--class", "bulk=" + bulk,
                      "--objective=max-min", "--routes", base},
                     "");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const json figures = json::parse(ran.out);
  ASSERT_EQ(figures["classes"].size(), 2u);
  EXPECT_EQ(figures["classes"][0]["class"], "voice");
  EXPECT_EQ(figures["classes"][0]["carried_bps"], 8e5);
  EXPECT_EQ(figures["classes"][0]["fits"], true);
  EXPECT_NEAR(figures["classes"][1]["carried_bps"], 1.2e6, 2.5e4);
  EXPECT_NEAR(figures["mlu"], 1, 0.02);
  EXPECT_LE(figures["mlu"], 1 + 1e-9);
  EXPECT_THAT(FileContents(testing::TempDir() + "/of_classes.voice.csv"), HasSubstr("1,0,"));
  EXPECT_THAT(FileContents(testing::TempDir() + "/of_classes.bulk.csv"), HasSubstr("1,2,"));
  const Ran table = Te({"solve", "--class", "voice=" + voice, "--class", "bulk=" + bulk,
                        "--objective=throughput", "-o", "table"},
                       "");
  EXPECT_THAT(table.out, AllOf(HasSubstr("Class voice\n"), HasSubstr("Class bulk\n"),
                               HasSubstr("All classes: MLU ")));
  const Ran other = Te({"solve", "--class", "voice=" + WriteTestFile("_x.csv", "a,z,1\n")}, "");
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.err, HasSubstr("target \"z\""));
}

// Nothing is stronger than one class alone.
TEST_F(TeShareTest, OneClassCanBeProtected) {
  const std::string gold = WriteTestFile("_gold.csv", "a,b,800k\n");
  const Ran ran = Te({"solve", "--class", "gold=" + gold, "--protected=link"}, "");
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(json::parse(ran.out)["classes"][0]["protected"], true);
}

// Of what stronger ones leave in a failure nothing is known.
TEST_F(TeShareTest, OfSeveralClassesTheStrongestIsPromisedItsAvailability) {
  const std::string gold = WriteTestFile("_gold2.csv", "a,b,100k\n");
  const std::string bulk = WriteTestFile("_bulk2.csv", "a,b,100k\n");
  const Ran ran = Te({"solve", "--class", "gold=" + gold, "--class", "bulk=" + bulk,
                      "--availability=gold=0.99", "--failure-probability=0.001"},
                     "");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const json classes = json::parse(ran.out)["classes"];
  EXPECT_TRUE(classes[0].contains("availability")) << ran.out;
  EXPECT_FALSE(classes[1].contains("availability")) << ran.out;
}

TEST_F(TeShareTest, ShorterPathsAtTheSameMlu) {
  std::mt19937 random(3);
  for (int round = 0; round < 20; ++round) {
    const RandomTraffic traffic(random);
    const std::string graph = WriteTestFile(".graph", traffic.graph);
    const auto solve = [&](std::vector<std::string> more) {
      more.insert(more.begin(), {"te", "solve", "--graph", graph, "--demands", "-", "-o", "json"});
      return json::parse(Waymark(more, traffic.demands).out);
    };
    const json before = solve({}), after = solve({"--shorten"});
    EXPECT_LE(after["mlu"], before["mlu"].get<double>() * (1 + 1e-9));
    EXPECT_LE(after["mean_delay_ns"], before["mean_delay_ns"].get<double>() * (1 + 1e-9));
  }
}

TEST_F(TeShareTest, BadFlagsAreUsageErrors) {
  const struct {
    std::vector<std::string> flags;
    const char* error;
  } kCases[] = {
      {{"--max-delay=30"}, "--max-delay \"30\": has no unit"},
      {{"--max-delay=0ms"}, "--max-delay \"0ms\": give more than 0"},
      {{"--max-hops=0"}, "--max-hops \"0\": give a whole number, 1 to"},
      {{"--max-stretch=0.9"}, "--max-stretch \"0.9\": give 1 or more"},
      {{"--max-stretch=nan"}, "--max-stretch \"nan\""},
      {{"--objective=best"}, "--objective \"best\": use mlu, max-min or throughput"},
      {{"--granted=g.csv"}, "--granted needs --objective=max-min or throughput"},
      {{"--objective=max-min", "--protected=link"}, "protection needs --objective=mlu"},
      {{"--objective=throughput", "--fail=ab"}, "protection needs --objective=mlu"},
      {{"--shorten", "--fail-file=f"}, "--shorten cannot be had with protection"},
      {{"--shorten", "--protected=link"}, "--shorten cannot be had with protection"},
      {{"--max-segments=0"}, "--max-segments \"0\": give a whole number, 1 to 64"},
      {{"--max-segments=65"}, "--max-segments \"65\""},
      {{"--max-segments=2", "--objective=max-min"}, "--max-segments needs --objective=mlu"},
      {{"--balance", "--objective=max-min"}, "--balance needs --objective=mlu"},
      {{"--balance", "--shorten"}, "--balance needs --objective=mlu, and cannot be had with"},
      {{"--objective=max-min", "--granted=-", "--routes=-"}, "cannot both be standard output"},
      {{"--availability=1"}, "--availability \"1\": give a share of the time"},
      {{"--availability=gold=0.9"}, "there is no class \"gold\""},
      {{"--availability=0.9", "--cut-off=0"}, "--cut-off \"0\": give a probability above 0"},
      {{"--availability=0.9", "--failure-probability=0.6"}, "--failure-probability \"0.6\""},
      {{"--cut-off=0.1"}, "--cut-off and --failure-probability need --availability"},
  };
  for (const auto& [flags, error] : kCases) {
    const Ran ran = Solve(kDemands, flags);
    EXPECT_EQ(ran.code, 2) << error << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(error));
  }
  const struct {
    std::vector<std::string> flags;
    const char* error;
  } kClasses[] = {
      {{}, "--demands is required, or --class NAME=FILE"},
      {{"--class=a=x", "--routes=-"}, "--routes - cannot hold what several classes get"},
      {{"--class=x"}, "--class \"x\": give NAME=FILE"},
      {{"--class=x="}, "give NAME=FILE"},
      {{"--class=a/b=f"}, "a name has letters"},
      {{"--class=a=f", "--class=a=g"}, "there are two of that name"},
      {{"--class=a=-", "--class=b=-"}, "only one class can be standard input"},
  };
  for (const auto& [flags, error] : kClasses) {
    std::vector<std::string> args = {"solve"};
    args.insert(args.end(), flags.begin(), flags.end());
    const Ran ran = Te(args, "");
    EXPECT_EQ(ran.code, 2) << error << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(error));
  }
}

}  // namespace
}  // namespace waymark::cli
