#include "controller/topology/demand_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lzma.h>

#include <string>
#include <string_view>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "controller/topology/demand_samples.h"
#include "controller/topology/file_error.h"

namespace waymark {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Row = std::tuple<int, int, double>;

absl::StatusOr<DemandMatrix> Read(std::string_view path, std::string_view contents,
                                  DemandOptions options = {}) {
  return ReadDemands(path, contents, SampleDemandGraph(), options);
}

std::vector<Row> Rows(const absl::StatusOr<DemandMatrix>& matrix) {
  EXPECT_TRUE(matrix.ok()) << matrix.status();
  std::vector<Row> rows;
  if (!matrix.ok()) return rows;
  for (const FileDemand& d : matrix->demands) rows.emplace_back(d.source, d.target, d.bps);
  return rows;
}

class SampleTest : public testing::TestWithParam<DemandSample> {};

TEST_P(SampleTest, SaysTheSameInEveryFormat) {
  const DemandSample& sample = GetParam();
  const auto matrix = Read(sample.path, sample.contents);
  ASSERT_TRUE(matrix.ok()) << matrix.status();
  EXPECT_EQ(matrix->format, sample.format);
  std::vector<Row> rows;
  for (const Row& row : Rows(matrix)) {
    if (std::get<2>(row) > 0) rows.push_back(row);
  }
  EXPECT_THAT(rows, ElementsAre(Row(0, 2, 2.5e6), Row(2, 0, 1e6)));
  EXPECT_EQ(Read("-", sample.contents)->format, sample.format);
  EXPECT_EQ(Rows(Read("-", sample.contents, {.format = sample.format})).size(),
            matrix->demands.size());
  // Where no order of nodes is known, those that count them cannot be read.
  DemandGraph nameless = SampleDemandGraph();
  nameless.has_places = false;
  const bool counts =
      sample.format == DemandFormat::kRepetita || sample.format == DemandFormat::kTeavar;
  const auto by_name = ReadDemands(sample.path, sample.contents, nameless, {});
  if (counts) {
    EXPECT_THAT(std::string(by_name.status().message()), HasSubstr("counts nodes"));
  }
}

INSTANTIATE_TEST_SUITE_P(Formats, SampleTest, testing::ValuesIn(kDemandSamples),
                         [](const auto& info) {
                           return std::string(DemandFormatName(info.param.format));
                         });

TEST(DemandFileTest, UnpacksXz) {
  const std::string_view text = kDemandSamples[0].contents;
  std::string packed(lzma_stream_buffer_bound(text.size()), '\0');
  size_t size = 0;
  ASSERT_EQ(lzma_easy_buffer_encode(
                1, LZMA_CHECK_CRC32, nullptr, reinterpret_cast<const uint8_t*>(text.data()),
                text.size(), reinterpret_cast<uint8_t*>(packed.data()), &size, packed.size()),
            LZMA_OK);
  packed.resize(size);
  EXPECT_EQ(Rows(Read("n.demands.xz", packed)).size(), 3u);
  EXPECT_THAT(Read("n.xz", packed.substr(0, size - 9)).status().message(), HasSubstr("cut off"));
}

TEST(DemandFileTest, RowsOfTeavarAreMatrices) {
  const std::string text = kDemandSamples[2].contents;
  EXPECT_THAT(Rows(Read("d", text, {.matrix = 1}))[0], Row(0, 1, 7000));
  EXPECT_EQ(Read("d", text, {.matrix = 2}).status().message(), "d: has no matrix 2: give 0 to 1");
  EXPECT_EQ(Read("d", text, {.matrix = -1}).status().message(),
            "d: has no matrix -1: count from 0");
  EXPECT_THAT(Read("d", kDemandSamples[0].contents, {.matrix = 1}).status().message(),
              HasSubstr("d: has no matrix 1: the repetita format holds one"));
}

TEST(DemandFileTest, WhatIsAssumedIsSaid) {
  EXPECT_THAT(Read("d", "DEMANDS 3\nlabel src dest bw\na 1 1 5\nb 0 1 5\nc 2 2 1\n")->warnings,
              ElementsAre("d:3: 2 demands from a node to itself: left out, as no link carries "
                          "them"));
  EXPECT_THAT(Read("d", "DEMANDS 2\nlabel src dest bw\na 1 1 0\nb 0 1 5\n")->warnings, IsEmpty());
  EXPECT_THAT(
      Read("d", "?SNDlib native format\nDEMANDS ( D ( Bern Genf ) 1 3 4 )\n")->warnings,
      ElementsAre(HasSubstr("d: no demand has one the other way"), HasSubstr("d: no unit in META"),
                  HasSubstr("d:2: maximal path lengths are not kept")));
  EXPECT_THAT(Read("d", "0 1 0 0 0 0 0 0 0")->warnings, ElementsAre(HasSubstr("kbit/s")));
  EXPECT_THAT(Read("d", "0,1,5")->warnings, ElementsAre(HasSubstr("d:1: rates without a unit")));
  EXPECT_THAT(Read("d", "0,1,5M")->warnings, IsEmpty());
}

TEST(DemandFileTest, BadFilesAreNamedWithLineAndRemedy) {
  const std::string head = "DEMANDS 2\nlabel src dest bw\n";
  const std::string snd = "?SNDlib native format\nMETA ( unit = MBITPERSEC )\nDEMANDS (\n";
  const struct {
    std::string contents, error;
  } kCases[] = {
      {"", "f: is empty: is it the right file?"},
      {" \n\n", "f: is empty"},
      {"hello", "f: cannot tell the format: name it"},
      {"NODES 3\n", "f:1: is a topology, not a demand matrix"},
      {"DEMANDS x\n", "f:1: \"DEMANDS x\" found where"},
      {"DEMANDS -1\n", "f:1: \"DEMANDS -1\" found where"},
      {"DEMANDS 1\n", "f:1: the header \"label src dest bw\" should follow"},
      {head + "a 0 1 1\n", "f:3: DEMANDS says 2 lines, but 1 follow"},
      {head + "a 0 1 1\nb 0 2 1\nc 1 2 1\n", "f:5: more lines than DEMANDS says"},
      {head + "a 0 1\n", "f:3: \"a 0 1\" is no demand"},
      {head + "a 0 1 x\n", "is no demand"},
      {head + "a 0 1 nan\n", "is no demand"},
      {head + "a 0 1 inf\n", "is no demand"},
      {head + "a 0 1 -1\n", "f:3: the rate is -1: give 0 to 1e+15"},
      {head + "a 0 1 1.1e15\n", "f:3: the rate is 1.1e+15: give 0 to 1e+15"},
      {head + "a 0 3 1\n", "f:3: dest \"3\" is no node: the graph has 0 to 2; is the file"},
      {head + "a -1 1 1\n", "f:3: src \"-1\" is no node"},
      {head + "a 0 1 1\nb 0 1 2\n",
       "f:4: a demand from \"Bern\" to \"Genf\" stands in line 3 already: keep one"},
      {snd + ") x", "f:4: expected \"(\""},
      {snd, "but the file ends: is it cut off?"},
      {snd + "D ( Bern Wien ) 1 1 UNLIMITED )", "f:4: target \"Wien\" is no node of the graph"},
      {snd + "D ( Bern Genf ) 1 x UNLIMITED )", "f:4: expected a demand's value"},
      {snd + "D ( Bern Genf ) 1 1 )", "f:4: expected a maximal path length"},
      {snd + "D ( Bern Genf ) 1 -1 UNLIMITED )", "f:4: the rate is -1"},
      {snd + "D ( Bern ) ) 1 1 UNLIMITED )", "f:4: expected the target of a demand"},
      {"?SNDlib native format\nNODES ( )\n", "f: has no section DEMANDS"},
      {"0 1 2 3\n",
       "f:1: has 4 numbers, but the graph's 3 nodes need 3 * 3 = 9; it is for 2 nodes"},
      {"0 1 2 3 4\n", "f:1: has 5 numbers, but the graph's 3 nodes need 3 * 3 = 9: give"},
      {"\n0 1 2 3 - 4 4 4 4\n", "f:2: number 5 is \"-\": give finite numbers"},
      {"0 -4 2 3 4 5 6 7 8\n", "f:1: the rate is -4"},
      {"{", "f:1: "},
      {"{}", "f: has no demands: write them as"},
      {R"({"graph": {"demands": []}})", "f: has no demands"},
      {R"({"graph": {"demands": {"Bern": 3}}})", "f: demands of \"Bern\" are no object"},
      {R"({"graph": {"demands": {"Bern": {"Wien": 3}}}})", "f: target \"Wien\" is no node"},
      {R"({"graph": {"demands": {"Bern": {"Genf": "x"}}}})",
       "f: demand from \"Bern\" to \"Genf\": the rate is"},
      {R"({"graph": {"demands": {"Bern": {"Genf": -1}}}})", "give a number of Mbit/s"},
      {R"({"graph": {"demands": {"Bern": {"Genf": 1, "1": 2}}}})", "stands twice: keep one"},
      {R"({"graph": {"demands": {}}, "nodes": [{"id": 1}]})", "f: has 1 nodes, and the graph 3"},
      {"0,1\n", "f:1: \"0,1\" is no demand: write \"source,target,rate\""},
      {"a,b,c,d\n", "is no demand"},
      {"src,dst,rate\n0,1,x\n", "f:2: the rate is \"x\": give a finite number, or"},
      {"0,1,nan\n", "f:1: the rate is \"nan\""},
      {"0,1,-2\n", "f:1: the rate is -2: give 0 to 1e+12"},
      {"0,1,\n", "f:1: the rate is \"\""},
      {"0,7,1\n", "f:1: target \"7\" is no node of the graph, which has 3"},
      {"0,wien,1\n", "f:1: target \"wien\" is no node"},
      {"0,1,1\nbern,Genf,1\n", "f:2: a demand from \"Bern\" to \"Genf\" stands in line 1"},
  };
  for (const auto& [contents, error] : kCases) {
    const auto matrix = Read("f", contents);
    EXPECT_EQ(matrix.status().code(), absl::StatusCode::kInvalidArgument) << contents;
    EXPECT_THAT(std::string(matrix.status().message()), HasSubstr(error)) << contents;
  }
  EXPECT_THAT(Read("f", std::string(kMaxFileBytes + 1, ' ')).status().message(),
              HasSubstr("f: is larger than 64 MiB"));
}

TEST(DemandFileTest, AnEmptyMatrixIsItsOwnError) {
  for (const char* contents :
       {"DEMANDS 0\nlabel src dest bw\n", "DEMANDS 1\nlabel src dest bw\na 0 1 0\n",
        "?SNDlib native format\nDEMANDS ( )\n", "0 0 0 0 0 0 0 0 0\n", "5 0 0 0 5 0 0 0 5\n",
        R"({"graph": {"demands": {}}})", "src,dst,rate\n"}) {
    const auto matrix = Read("f", contents);
    EXPECT_EQ(matrix.status().code(), absl::StatusCode::kFailedPrecondition) << contents;
    EXPECT_THAT(std::string(matrix.status().message()), HasSubstr("f: the matrix is empty"));
  }
}

TEST(DemandFileTest, LabelsThatRepeatNameNoNode) {
  DemandGraph graph = SampleDemandGraph();
  graph.nodes[2].label = "Genf";
  EXPECT_THAT(ReadDemands("f", "0,Genf,1", graph, {}).status().message(),
              HasSubstr("f:1: target \"Genf\" is the label of several nodes"));
  EXPECT_TRUE(ReadDemands("f", "0,chur,1", graph, {}).ok());
}

std::string Topohub(std::string_view nodes, std::string_view demands) {
  return absl::StrCat(R"({"graph": {"demands": )", std::string(demands), R"(}, "nodes": [)",
                      std::string(nodes), "]}");
}

TEST(TopohubDemandTest, NodesAreKnownByNameOrIdInWhateverOrder) {
  // The graph has bern, genf, chur.
  const auto by_id = Read("f", Topohub(R"({"id": "chur"}, {"id": "genf"}, {"id": "bern"})",
                                       R"({"bern": {"genf": 1}})"));
  EXPECT_THAT(Rows(by_id), ElementsAre(Row(0, 1, 1e6)));
  EXPECT_EQ(by_id->warnings.size(), 1u);  // of the unit
  EXPECT_THAT(Rows(Read("f", Topohub(R"({"id": 0, "name": "Chur"}, {"id": 1, "name": "Bern"},
                                {"id": 2, "name": "Genf"})",
                                     R"({"0": {"2": 1}})"))),
              ElementsAre(Row(2, 1, 1e6)));
  // Some of the graph's nodes.
  const auto some = Read("f", Topohub(R"({"id": 7, "name": "Chur"}, {"id": 8, "name": "Bern"})",
                                      R"({"8": {"7": 1}})"));
  EXPECT_THAT(Rows(some), ElementsAre(Row(0, 2, 1e6)));
  EXPECT_THAT(some->warnings, Contains(HasSubstr("f: has 2 nodes, and the graph 3: is the ")));
  // Not listed, so that there are no places to be had.
  EXPECT_THAT(Read("f", Topohub(R"({"id": "chur"}, {"id": "genf"}, {"id": "bern"})",
                                R"({"bern": {"2": 1}})"))
                  .status()
                  .message(),
              HasSubstr("f: target \"2\" is no node of the graph"));
}

TEST(TopohubDemandTest, NodesThatTheGraphDoesNotKnowArePlacesOnlyWhereAllElseAgrees) {
  const auto placed = Read("f", Topohub(R"({"id": 10}, {"id": 11, "name": "Genf"}, {"id": 12})",
                                        R"({"10": {"12": 1}})"));
  EXPECT_THAT(Rows(placed), ElementsAre(Row(0, 2, 1e6)));
  EXPECT_THAT(placed->warnings, Contains(HasSubstr("taken for the nodes at the same places")));
  // Genf stands elsewhere: the others need not be where they seem to be.
  const char* demands = R"({"10": {"11": 1}})";
  EXPECT_THAT(Read("f", Topohub(R"({"id": 11, "name": "Genf"}, {"id": 10}, {"id": 12})", demands))
                  .status()
                  .message(),
              HasSubstr("f: source \"10\" is no node of the graph"));
  EXPECT_THAT(Read("f", Topohub(R"({"id": 10}, {"id": 11})", demands)).status().message(),
              HasSubstr("f: has 2 nodes, and the graph 3: is the matrix for another graph?"));
  EXPECT_THAT(
      Read("f", Topohub(R"({"id": 11, "name": "Genf"}, {"id": 10})", demands)).status().message(),
      HasSubstr("f: source \"10\" is no node"));
}

TEST(TopohubDemandTest, NoTwoNodesAreOne) {
  EXPECT_THAT(Read("f", Topohub(R"({"id": 1, "name": "Bern"}, {"id": 2, "name": "bern"})",
                                R"({"1": {"2": 1}})"))
                  .status()
                  .message(),
              HasSubstr("f: nodes \"1\" and \"2\" are the same node of the graph"));
  EXPECT_THAT(Read("f", Topohub(R"({"id": 1, "name": "Bern"}, {"id": 1, "name": "Genf"})",
                                R"({"1": {"2": 1}})"))
                  .status()
                  .message(),
              HasSubstr("f: node id \"1\" is used twice"));
  // Labels that repeat are told apart by place.
  DemandGraph graph = SampleDemandGraph();
  graph.nodes[2].label = "Genf";
  EXPECT_THAT(Rows(ReadDemands("f",
                               Topohub(R"({"id": 1, "name": "Bern"}, {"id": 2, "name": "Genf"},
                                          {"id": 3, "name": "Genf"})",
                                       R"({"3": {"1": 1}})"),
                               graph, {})),
              ElementsAre(Row(2, 0, 1e6)));
}

TEST(DemandFileTest, MatricesThatLeaveOutHalfOfTheGraphAreSuspected) {
  DemandGraph graph{.nodes = std::vector<DemandGraph::Node>(8), .rate_unit_bps = 1e3};
  const auto warnings = [&](int nodes) {
    std::string rows;
    int count = 0;
    for (int s = 0; s < nodes; ++s) {
      for (int t = 0; t < nodes; ++t) {
        if (s != t) absl::StrAppend(&rows, "d", count++, " ", s, " ", t, " 0.5\n");
      }
    }
    return ReadDemands("f", absl::StrCat("DEMANDS ", count, "\nlabel src dest bw\n", rows), graph,
                       {})
        ->warnings;
  };
  EXPECT_THAT(warnings(4), ElementsAre("f: has demands between the first 4 of the graph's 8 nodes "
                                       "only: is the matrix for another graph?"));
  EXPECT_THAT(warnings(5), IsEmpty());
  // Too few to tell.
  EXPECT_THAT(warnings(2), IsEmpty());
}

TEST(DemandFileTest, FormatNames) {
  EXPECT_EQ(*ParseDemandFormatName("csv"), DemandFormat::kCsv);
  EXPECT_THAT(ParseDemandFormatName("cvs").status().message(), HasSubstr("csv"));
}

}  // namespace
}  // namespace waymark
