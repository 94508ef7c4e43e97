#include "controller/topology/hose_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>

#include "controller/topology/demand_samples.h"
#include "controller/topology/file_error.h"
#include "controller/topology/fuzz_mutator.h"

namespace waymark {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr char kSample[] = R"(# two services
hose,node,ingress,egress,role
bank, bern, 2.5, 10G
shop,1,3,0.5,leaf
bank,Chur,1e3,0
shop,chur,1,1,root
)";

TEST(HoseFileTest, ReadsSitesByHose) {
  const auto file = ReadHoses("f", kSample, SampleDemandGraph());
  ASSERT_TRUE(file.ok()) << file.status();
  ASSERT_EQ(file->hoses.size(), 2);
  const FileHose &bank = file->hoses[0], &shop = file->hoses[1];
  EXPECT_EQ(bank.name, "bank");
  EXPECT_EQ(bank.line, 3);
  ASSERT_EQ(bank.sites.size(), 2);
  EXPECT_EQ(bank.sites[0].node, 0);
  EXPECT_EQ(bank.sites[0].ingress_bps, 2.5e6);
  EXPECT_EQ(bank.sites[0].egress_bps, 10e9);
  EXPECT_FALSE(bank.sites[0].leaf);
  EXPECT_EQ(bank.sites[1].node, 2);
  EXPECT_EQ(bank.sites[1].ingress_bps, 1e9);
  EXPECT_TRUE(shop.sites[0].leaf);
  EXPECT_FALSE(shop.sites[1].leaf);
  EXPECT_THAT(file->warnings, ElementsAre(HasSubstr("f:3: rates without a unit")));
}

TEST(HoseFileTest, OneNodeIsWarnedOf) {
  const auto file = ReadHoses("f", "a,0,1G,1G\na,0,2G,2G\n", SampleDemandGraph());
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_THAT(file->warnings, ElementsAre("f:1: all sites of hose \"a\" are at one node: it loads "
                                          "no link"));
}

TEST(HoseFileTest, ErrorsNameTheLine) {
  const std::pair<std::string, std::string> kCases[] = {
      {"a,0,1\n", "f:1: \"a,0,1\" is no site: write \"hose,node,ingress,egress\""},
      {"a,0,1,1,leaf,x\n", "f:1: "},
      {"\n#\na,3,1,1\n", "f:3: node \"3\" is no node of the graph, which has 3"},
      {"a,-1,1,1\n", "f:1: node \"-1\" is no node"},
      {"a,0,x,1\n", "f:1: the ingress is \"x\": give a finite number, or one with its unit"},
      {"a,0,1,\n", "f:1: the egress is \"\""},
      {"a,0,1,nan\n", "f:1: the egress is \"nan\""},
      {"a,0,-1,1\n", "f:1: the ingress is -1: give 0 to 1e+12"},
      {"a,0,1,1e13\n", "f:1: the egress is 1e+13: give 0 to 1e+12"},
      {"a,0,1,1,hub\n", "f:1: the role is \"hub\": use root or leaf"},
      {",0,1,1\n", "f:1: the hose's name has 0 bytes: give 1 to 256"},
      {std::string(257, 'a') + ",0,1,1\n", "f:1: the hose's name has 257 bytes"},
      {"a\xff,0,1,1\n", "has bytes that are no text"},
      {"a,0,1,1\nhose,node,1,1\n", "f:2: node \"node\" is no node"},
  };
  for (const auto& [contents, error] : kCases) {
    const auto file = ReadHoses("f", contents, SampleDemandGraph());
    EXPECT_EQ(file.status().code(), absl::StatusCode::kInvalidArgument) << contents;
    EXPECT_THAT(std::string(file.status().message()), HasSubstr(error)) << contents;
  }
  std::string many;
  for (size_t i = 0; i <= kMaxHoseSites; ++i) many += "a,0,1,1\n";
  EXPECT_THAT(ReadHoses("f", many, SampleDemandGraph()).status().message(),
              HasSubstr("f:4097: hose \"a\" has more than 4096 sites"));
  EXPECT_THAT(
      ReadHoses("f", std::string(kMaxFileBytes + 1, ' '), SampleDemandGraph()).status().message(),
      HasSubstr("f: is larger than 64 MiB"));
  for (const char* empty : {"", "\n#x\n", "hose,node,ingress,egress\n", "a,0,0,0\n"}) {
    EXPECT_EQ(ReadHoses("f", empty, SampleDemandGraph()).status().code(),
              absl::StatusCode::kFailedPrecondition);
  }
}

// True for hoses.
bool Check(const std::string& text) {
  const auto read = ReadHoses("file", text, SampleDemandGraph());
  if (!read.ok()) {
    EXPECT_TRUE(read.status().code() == absl::StatusCode::kInvalidArgument ||
                read.status().code() == absl::StatusCode::kFailedPrecondition)
        << read.status();
    EXPECT_EQ(read.status().message().substr(0, 4), "file");
    EXPECT_LT(read.status().message().size(), 20'000u);
    return false;
  }
  for (const FileHose& hose : read->hoses) {
    EXPECT_FALSE(hose.name.empty());
    EXPECT_FALSE(hose.sites.empty());
    for (const FileHose::Site& site : hose.sites) {
      EXPECT_TRUE(site.node >= 0 && site.node < 3);
      EXPECT_TRUE(site.ingress_bps >= 0 && site.ingress_bps <= kMaxDemandBps);
      EXPECT_TRUE(site.egress_bps >= 0 && site.egress_bps <= kMaxDemandBps);
    }
  }
  return true;
}

TEST(HoseFileTest, DamagedFilesGiveErrors) {
  FuzzMutator mutator(77);
  int good = 0, refused = 0;
  for (int round = 0; round < 4'000; ++round) {
    const std::string other = kDemandSamples[round % std::size(kDemandSamples)].contents;
    Check(mutator.Damage(kSample, other)) ? ++good : ++refused;
  }
  EXPECT_GT(refused, 400);
  EXPECT_GT(good, 0);
  for (size_t length = 0; length < sizeof(kSample); ++length) {
    Check(std::string(kSample).substr(0, length));
  }
  std::mt19937 random(4711);
  for (int round = 0; round < 200; ++round) {
    std::string text(random() % 2000, '\0');
    for (char& c : text) c = static_cast<char>(random());
    Check(text);
  }
}

}  // namespace
}  // namespace waymark
