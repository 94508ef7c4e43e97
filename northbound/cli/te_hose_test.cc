// `waymark te hose`: worst cases that can be told by hand, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "northbound/cli/run_for_test.h"
#include "northbound/cli/te_testing.h"

namespace waymark::cli {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// A line a - b - c of 1 Mbit/s each way; d is an island.
constexpr char kGraph[] =
    "NODES 4\nlabel x y\na 0 0\nb 1 0\nc 2 0\nd 3 0\n"
    "EDGES 4\nlabel src dest weight bw delay\n"
    "ab 0 1 1 1000 1\nba 1 0 1 1000 1\nbc 1 2 1 1000 1\ncb 2 1 1 1000 1\n";

class TeHoseTest : public testing::Test {
 protected:
  // `hoses` without the header.
  Ran Hose(const std::string& hoses, const std::vector<std::string>& more = {}) {
    std::vector<std::string> args = {"te",      "hose", "--graph", WriteTestFile(".net", kGraph),
                                     "--hoses", "-"};
    args.insert(args.end(), more.begin(), more.end());
    if (std::ranges::find(args, "-o") == args.end()) args.insert(args.end(), {"-o", "json"});
    return Waymark(args, "hose,node,ingress,egress,role\n" + hoses);
  }
};

TEST_F(TeHoseTest, WhatFitsAtWorstIsAdmitted) {
  // Over ab: all that a sends; over bc: what c receives, less than a and b send.
  const Ran ran = Hose("lan,a,500,500,\nlan,b,500,500,\nlan,c,800,800,\n");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const json figures = json::parse(ran.out);
  EXPECT_EQ(figures["admitted"], true);
  EXPECT_EQ(figures["reason"], "");
  EXPECT_NEAR(figures["mlu"], 0.8, 1e-9);
  EXPECT_LE(figures["lower_bound"], 0.8 + 1e-9);
  EXPECT_NEAR(figures["scale"], 1.25, 1e-9);
  EXPECT_EQ(figures["missing_bps"], 0);
  EXPECT_EQ(figures["hoses"][0]["sites"], 3);
}

TEST_F(TeHoseTest, LeavesDoNotTalkToEachOther) {
  // Only b and c can send to each other's like: over ab only what b, the root, is sent.
  const Ran ran = Hose("tree,a,900,900,leaf\ntree,b,300,300,root\ntree,c,900,900,leaf\n");
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_NEAR(json::parse(ran.out)["mlu"], 0.3, 1e-9);
}

TEST_F(TeHoseTest, WhatDoesNotFitIsSaidWithTheLinkThatLacks) {
  const Ran ran = Hose("lan,a,1500,0,\nlan,b,0,1500,\n");
  ASSERT_EQ(ran.code, 1) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("not admitted: ab lacks 500k; 0.667 of all rates fits\n"));
  const json figures = json::parse(ran.out);
  EXPECT_EQ(figures["admitted"], false);
  EXPECT_EQ(figures["proven"], true);
  EXPECT_NEAR(figures["gap"],
              figures["mlu"].get<double>() / figures["lower_bound"].get<double>() - 1, 1e-12);
  EXPECT_NEAR(figures["mlu"], 1.5, 1e-9);
  EXPECT_NEAR(figures["missing_bps"], 500'000, 1e-3);
  EXPECT_NEAR(figures["scale"], 1 / 1.5, 1e-9);
  EXPECT_EQ(figures["reason"], "ab lacks 500k; 0.667 of all rates fits");
  ASSERT_EQ(figures["worst_matrix"].size(), 1u);
  EXPECT_EQ(figures["worst_matrix"][0]["name"], "a -> b");
  EXPECT_NEAR(figures["worst_matrix"][0]["rate_bps"], 1.5e6, 1e-3);
  const Ran table = Hose("lan,a,1500,0,\nlan,b,0,1500,\n", {"-o", "table"});
  EXPECT_THAT(table.out, AllOf(HasSubstr("no: ab lacks 500k; 0.667 of all rates fits"),
                               HasSubstr("The matrix that fills the first\n")));
}

// Two ways, of which one path takes one: half the load would fit.
TEST_F(TeHoseTest, ARefusalThatNoBoundProvesIsNotCalledProven) {
  const std::string graph = WriteTestFile(".net",
                                          "NODES 2\nlabel x y\na 0 0\nb 1 0\n"
                                          "EDGES 2\nlabel src dest weight bw delay\n"
                                          "x 0 1 1 1000 1\ny 0 1 1 1000 1\n");
  const std::string hoses = "lan,a,1500,0\nlan,b,0,1500\n";
  const auto hose = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"te", "hose", "--graph", graph, "--hoses", "-"});
    return Waymark(more, hoses);
  };
  const Ran ran = hose({"--max-paths=1", "--weights=1", "-o", "json"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("of all rates fits; not proven: other paths may fit, the bound is "
                                 "0.7"));
  const json figures = json::parse(ran.out);
  EXPECT_EQ(figures["admitted"], false);
  EXPECT_EQ(figures["proven"], false);
  EXPECT_GT(figures["gap"], 0.9);
  const Ran table = hose({"--max-paths=1", "--weights=1"});
  EXPECT_THAT(table.out, AllOf(HasSubstr("not proven: other paths may fit"), HasSubstr(", gap ")));
  const Ran two = hose({"-o", "json"});
  EXPECT_EQ(two.code, 0) << two.err;
  EXPECT_EQ(json::parse(two.out)["proven"], true);
}

TEST_F(TeHoseTest, DemandsAreCarriedBeside) {
  const std::string demands =
      WriteTestFile(".demands", "DEMANDS 1\nlabel src dest bw\nx 0 1 600\n");
  const Ran ran = Hose("lan,a,500,0,\nlan,b,0,500,\n", {"--demands", demands});
  ASSERT_EQ(ran.code, 1) << ran.err;
  const json figures = json::parse(ran.out);
  EXPECT_NEAR(figures["mlu"], 1.1, 1e-9);
  EXPECT_NEAR(figures["scale"], 0.8, 1e-9);
  EXPECT_NEAR(figures["missing_bps"], 100'000, 1e-3);
}

TEST_F(TeHoseTest, SitesWithoutAWayAreNotAdmitted) {
  const Ran ran = Hose("lan,a,5,5,\nlan,d,5,5,\n");
  ASSERT_EQ(ran.code, 1) << ran.err;
  const json figures = json::parse(ran.out);
  EXPECT_EQ(figures["admitted"], false);
  EXPECT_EQ(figures["proven"], true);
  EXPECT_EQ(figures["unreachable_count"], 2);
  EXPECT_THAT(figures["reason"].get<std::string>(), HasSubstr("no way for "));
}

TEST_F(TeHoseTest, AHoseThatLoadsNothingIsToldToBe) {
  for (const char* hoses :
       {"tree,a,5,5,leaf\ntree,b,5,5,leaf\n", "tree,a,5,0,\ntree,b,5,0,\n",
        "tree,a,0,5,leaf\ntree,b,0,5,root\n", "tree,a,5,5,root\ntree,b,0,0,root\n"}) {
    const Ran ran = Hose(hoses);
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr("warning: no site of hose tree may send to another")) << hoses;
  }
  for (const char* hoses : {"tree,a,5,5,root\ntree,b,5,5,leaf\n", "tree,a,5,0,\ntree,b,0,5,\n",
                            "tree,a,5,0,leaf\ntree,b,0,5,\n"}) {
    EXPECT_THAT(Hose(hoses).err, Not(HasSubstr("may send to another"))) << hoses;
  }
}

TEST_F(TeHoseTest, RoutesGoWhereTheyAreAsked) {
  const std::string file = WriteTestFile(".csv", "");
  const std::string hoses = "lan,a,5,5,\nlan,c,5,5,\n";
  const Ran ran = Hose(hoses, {"--routes", file});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(FileContents(file), "src,dst,weight,links\n0,2,64,0;2\n2,0,64,3;1\n");
  const Ran piped = Hose(hoses, {"--routes", "-"});
  EXPECT_EQ(piped.code, 0) << piped.err;
  EXPECT_EQ(piped.out, FileContents(file));
  EXPECT_THAT(piped.err, HasSubstr("\"admitted\": true"));
}

TEST_F(TeHoseTest, BadInputIsRefused) {
  const Ran nowhere = Hose("", {"--routes", testing::TempDir() + "/none/x.csv"});
  EXPECT_EQ(nowhere.code, 1) << nowhere.err;
  EXPECT_THAT(nowhere.err, HasSubstr("/none/x.csv: cannot be written"));
  const Ran both = Waymark({"te", "hose", "--graph", "-", "--hoses", "-"}, kGraph);
  EXPECT_EQ(both.code, 2) << both.err;
  EXPECT_THAT(both.err, HasSubstr("only one file can be standard input"));
  const Ran weights = Hose("lan,a,5,5,\nlan,b,5,5,\n", {"--weights=2", "--max-paths=3"});
  EXPECT_EQ(weights.code, 2) << weights.err;
  EXPECT_THAT(weights.err, HasSubstr("give more weights or fewer paths"));
  const Ran unknown = Hose("lan,a,5,5,\nlan,zz,5,5,\n");
  EXPECT_NE(unknown.code, 0);
  EXPECT_THAT(unknown.err, AllOf(HasSubstr("stdin:3: "), HasSubstr("zz")));
}

}  // namespace
}  // namespace waymark::cli
