// `waymark te evaluate` and `te whatif`: against the files alone, and every kind of bad input.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lzma.h>

#include <nlohmann/json.hpp>
#include <set>

#include "northbound/cli/run_for_test.h"
#include "northbound/cli/te_testing.h"

namespace waymark::cli {
namespace {

using nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

// Of random walks that visit no node twice: some pairs get none.
std::string RandomRoutes(const std::string& graph, const std::string& demands,
                         std::mt19937& random) {
  std::string word;
  int nodes = 0, count = 0;
  std::istringstream g(graph);
  g >> word >> nodes >> word >> word >> word;
  for (int i = 0; i < nodes; ++i) g >> word >> word >> word;
  g >> word >> count;
  for (int i = 0; i < 6; ++i) g >> word;
  std::vector<std::pair<int, int>> edges(count);
  for (auto& [from, to] : edges) g >> word >> from >> to >> word >> word >> word;
  std::istringstream d(demands);
  d >> word >> count >> word >> word >> word >> word;
  std::string csv = "src,dst,weight,links\n";
  for (int i = 0; i < count; ++i) {
    int from = 0, to = 0;
    d >> word >> from >> to >> word;
    std::set<std::string> paths;
    for (int attempt = 0; attempt < 6; ++attempt) {
      std::set<int> seen = {from};
      std::string links;
      int at = from;
      while (at != to) {
        std::vector<int> next;
        for (size_t e = 0; e < edges.size(); ++e) {
          if (edges[e].first == at && !seen.contains(edges[e].second)) {
            next.push_back(static_cast<int>(e));
          }
        }
        if (next.empty()) break;
        const int link = next[random() % next.size()];
        at = edges[link].second;
        seen.insert(at);
        absl::StrAppend(&links, links.empty() ? "" : ";", link);
      }
      if (at == to && random() % 2 == 0) paths.insert(links);
    }
    for (const std::string& links : paths) {
      absl::StrAppend(&csv, from, ",", to, ",", 1 + random() % 9, ",", links, "\n");
    }
  }
  return csv;
}

class TeEvaluateTest : public testing::Test {
 protected:
  Ran Run(const std::string& command, const std::string& graph, const std::string& demands,
          const std::string& routes, std::vector<std::string> more = {}) {
    std::vector<std::string> args = {"te",        command,
                                     "--graph",   WriteTestFile(".net", graph),
                                     "--demands", WriteTestFile(".matrix", demands),
                                     "--routes",  "-"};
    args.insert(args.end(), more.begin(), more.end());
    if (std::ranges::find(args, "-o") == args.end()) args.insert(args.end(), {"-o", "json"});
    return Waymark(args, routes);
  }
};

TEST_F(TeEvaluateTest, AgreesWithTheFilesAlone) {
  std::mt19937 random(11);
  int lost = 0;
  for (int round = 0; round < 80; ++round) {
    const Capacities capacities = round % 2 == 0 ? Capacities::kAlike : Capacities::kDecades;
    const RandomTraffic traffic(random, capacities);
    const std::string routes = RandomRoutes(traffic.graph, traffic.demands, random);
    SCOPED_TRACE(traffic.graph + traffic.demands + routes);
    const Ran ran = Run("evaluate", traffic.graph, traffic.demands, routes);
    ASSERT_EQ(ran.code, 0) << ran.err;
    const json figures = json::parse(ran.out);
    const Independent own(traffic.graph, traffic.demands, routes);
    EXPECT_NEAR(figures["mlu"], own.mlu, 1e-9);
    EXPECT_EQ(figures["paths"], own.paths);
    EXPECT_EQ(figures["max_paths_per_pair"], own.most_paths);
    EXPECT_EQ(figures["without_routes_count"], own.lost);
    lost += own.lost;

    const int node = static_cast<int>(random() % 3);
    const Ran failed =
        Run("whatif", traffic.graph, traffic.demands, routes,
            {"--fail=all-links", absl::StrCat("--fail=node:", node),
             absl::StrCat("--fail=", traffic.links[0], ",node:", node, ",", traffic.links[1]),
             "--threads=3"});
    ASSERT_EQ(failed.code, 0) << failed.err;
    const json outcomes = json::parse(failed.out);
    double before = outcomes["mlu"];
    for (const json& result : outcomes["results"]) {
      const Independent after(traffic.graph, traffic.demands, routes,
                              result["links"].get<std::vector<int>>());
      EXPECT_NEAR(result["mlu"], after.mlu, 1e-9) << result;
      EXPECT_EQ(result["lost_demands"], after.lost) << result;
      EXPECT_LE(result["mlu"], before);
      before = result["mlu"];
    }
    EXPECT_EQ(outcomes["scenarios"], outcomes["results"].size());
  }
  EXPECT_GT(lost, 0);
}

std::string Xz(std::string_view text) {
  std::string packed(lzma_stream_buffer_bound(text.size()), '\0');
  size_t size = 0;
  EXPECT_EQ(lzma_easy_buffer_encode(
                1, LZMA_CHECK_CRC32, nullptr, reinterpret_cast<const uint8_t*>(text.data()),
                text.size(), reinterpret_cast<uint8_t*>(packed.data()), &size, packed.size()),
            LZMA_OK);
  packed.resize(size);
  return packed;
}

// a to b: over c, over d, or by itself; each way back.
constexpr char kGraph[] =
    "nodes: [{name: b}, {name: a}, {name: c, srlgs: [house]}, {name: d}]\n"
    "srlgs: [{name: duct}, {name: house}]\n"
    "links:\n"
    "  - {source: a, target: b, both_ways: true, capacity_bps: 10M}\n"
    "  - {source: a, target: c, both_ways: true, capacity_bps: 20M}\n"
    "  - {source: c, target: b, both_ways: true, capacity_bps: 20M}\n"
    "  - {source: a, target: d, both_ways: true, capacity_bps: 20M, srlgs: [duct]}\n"
    "  - {source: d, target: b, both_ways: true, capacity_bps: 5M}\n";
constexpr char kDemands[] = "a,b,8M\nb,a,1M\nc,b,2M\nd,a,0\n";
// Places: ab 0, ba 1, ac 2, ca 3, cb 4, bc 5, ad 6, da 7, db 8, bd 9.
constexpr char kRoutes[] =
    "src,dst,weight,links\n1,0,2,0\n1,0,1,2;4\n1,0,1,6;8\n0,1,5,1\r\n\n2,0,1,4\n";

TEST_F(TeEvaluateTest, ShowsTheWorstLinks) {
  const json figures = json::parse(Run("evaluate", kGraph, kDemands, kRoutes).out);
  EXPECT_EQ(figures["links"][0], json::parse(R"({"link": 0, "name": "a--b", "load_bps": 4e6,
      "capacity_bps": 1e7, "utilisation": 0.4})"));
  EXPECT_EQ(figures["links"][1]["name"], "d--b");  // as much
  EXPECT_EQ(figures["links"][2]["name"], "c--b");
  EXPECT_EQ(figures["links"].size(), 6u);
  EXPECT_EQ(figures["demands"], 3);
  EXPECT_EQ(figures["offered_bps"], 11e6);
  const Ran table = Run("evaluate", kGraph, kDemands, kRoutes, {"-o", "table"});
  EXPECT_THAT(table.out, AllOf(HasSubstr("MLU:       0.4\n"), HasSubstr("a--b"),
                               HasSubstr("3 of a pair at most")));

  const std::string few = "src,dst,weight,links\n1,0,2,0\n";
  const json part = json::parse(Run("evaluate", kGraph, kDemands, few).out);
  EXPECT_EQ(part["without_routes_count"], 2);
  EXPECT_EQ(part["without_routes"][0]["name"], "b -> a");
  EXPECT_EQ(part["carried_bps"], 8e6);
  EXPECT_THAT(Run("evaluate", kGraph, kDemands, few, {"-o", "table"}).out,
              HasSubstr("2: b -> a, c -> b"));
}

TEST_F(TeEvaluateTest, FibresNodesAndRiskGroupsFail) {
  const Ran ran = Run("whatif", kGraph, kDemands, kRoutes,
                      {"--fail=a--b", "--fail=node:c", "--fail=srlg:duct,0", "--fail=srlg:house"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const json outcomes = json::parse(ran.out);
  EXPECT_NEAR(outcomes["mlu_before"], 0.4, 1e-12);
  EXPECT_EQ(outcomes["overloaded"], 0);
  EXPECT_EQ(outcomes["lossy"], 2);
  std::map<std::string, json> by_name;
  for (const json& result : outcomes["results"]) by_name[result["fail"]] = result;
  // Both ways are cut: b to a has no other.
  const json& fibre = by_name["a--b"];
  EXPECT_EQ(fibre["links"], json::parse("[0, 1]"));
  EXPECT_NEAR(fibre["mlu"], 0.8, 1e-12);
  EXPECT_EQ(fibre["worst_link"], "d--b");
  EXPECT_EQ(fibre["lost_demands"], 1);
  EXPECT_EQ(fibre["lost_at_failed_nodes"], 0);
  const json& node = by_name["node:c"];
  EXPECT_EQ(node["links"], json::parse("[2, 3, 4, 5]"));
  EXPECT_EQ(node["lost_demands"], 1);
  EXPECT_EQ(node["lost_at_failed_nodes"], 1);
  EXPECT_NEAR(node["mlu"], 8.0 / 3 * 2 / 10, 1e-12);
  const json& duct = by_name["srlg:duct,0"];
  EXPECT_EQ(duct["links"], json::parse("[0, 1, 6, 7]"));
  EXPECT_NEAR(duct["mlu"], 0.5, 1e-12);
  // A risk group takes the nodes that are in it, too.
  EXPECT_EQ(by_name["srlg:house"]["links"], node["links"]);

  const Ran table = Run("whatif", kGraph, kDemands, kRoutes, {"--fail=all-links", "-o", "table"});
  EXPECT_THAT(table.out, AllOf(HasSubstr("5; 0 overload a link, 2 leave demands without a path"),
                               HasSubstr("a link fails with its reverse"), HasSubstr("a--b")));
}

TEST_F(TeEvaluateTest, RiskGroupsThatAreNotThereAreNamed) {
  const char* graph =
      "nodes: [{name: a}, {name: b}]\nlinks:\n"
      "  - {name: ab, source: a, target: b, capacity_bps: 1G}\n";
  const Ran ran =
      Run("whatif", graph, "a,b,1\n", "src,dst,weight,links\n0,1,64,0\n", {"--fail=all-srlgs"});
  EXPECT_EQ(ran.code, 1) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("--fail all-srlgs: the graph has no risk groups; use all-links"));
}

TEST_F(TeEvaluateTest, WhatWouldBeIgnoredIsRefused) {
  for (const char* flag : {"--cut-off=0.1", "--failure-probability=0.01"}) {
    const Ran ran = Run("evaluate", kGraph, kDemands, kRoutes, {flag});
    EXPECT_EQ(ran.code, 2);
    EXPECT_THAT(ran.err, HasSubstr("need --availability"));
  }
}

TEST_F(TeEvaluateTest, AReactionFindsWaysThatTheFileHasNot) {
  const Ran ran =
      Run("whatif", kGraph, kDemands, kRoutes, {"--fail=a--b", "--fail=node:c", "--react"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  std::map<std::string, json> by_name;
  const json outcomes = json::parse(ran.out);
  for (const json& result : outcomes["results"]) by_name[result["fail"]] = result;
  const json& fibre = by_name["a--b"];
  EXPECT_EQ(fibre["lost_demands"], 1);
  EXPECT_EQ(fibre["still_lost_demands"], 0);
  EXPECT_GE(fibre["changed_demands"], 1);
  EXPECT_GE(fibre["reacted_mlu"], fibre["reacted_lower_bound"]);
  EXPECT_GT(fibre["reacted_lower_bound"], 0);
  EXPECT_EQ(by_name["node:c"]["still_lost_demands"], 1);
  EXPECT_THAT(
      Run("whatif", kGraph, kDemands, kRoutes, {"--fail=a--b", "--react", "-o", "table"}).out,
      AllOf(HasSubstr("ANSWERED"), HasSubstr("PAIRS CHANGED")));
}

TEST_F(TeEvaluateTest, WhatFailsMustExist) {
  const struct {
    const char *fail, *error;
    int code;
  } kCases[] = {
      {"--fail=x", "no link \"x\"", 4},
      {"--fail=node:x", "no node \"x\"", 4},
      {"--fail=srlg:x", "no risk group \"x\" in the graph, which has 2", 4},
      {"--fail=a--b,,c--b", "names nothing between two commas", 2},
      {"--fail=a--b,all-links", "--fail all-links stands alone", 2},
      {"--threads=0", "--threads \"0\"", 2},
  };
  for (const auto& [fail, error, code] : kCases) {
    const Ran ran = Run("whatif", kGraph, kDemands, kRoutes, {"--fail=a--b", fail});
    EXPECT_EQ(ran.code, code) << ran.err;
    EXPECT_THAT(ran.err, HasSubstr(error));
  }
  EXPECT_EQ(Run("whatif", kGraph, kDemands, kRoutes).code, 2);
}

TEST_F(TeEvaluateTest, BadRoutesAreNamedWithTheirLine) {
  const struct {
    const char *rows, *error;
  } kCases[] = {
      {"1,0,2\n", "stdin:2: has no 4 fields"},
      {"x,0,2,0\n", "stdin:2: src \"x\" is no node: the graph has 0 to 3"},
      {"1,4,2,0\n", "stdin:2: dst \"4\" is no node"},
      {"1,-1,2,0\n", "stdin:2: dst \"-1\" is no node"},
      {"1,0,0,0\n", "stdin:2: weight \"0\": give a whole number, 1 to"},
      {"1,0,-3,0\n", "stdin:2: weight \"-3\""},
      {"1,0,1.5,0\n", "stdin:2: weight \"1.5\""},
      {"1,0,99999999999,0\n", "stdin:2: weight"},
      {"1,0,1,10\n", "stdin:2: links has \"10\", which is no link: the graph has 0 to 9"},
      {"1,0,1,\n", "stdin:2: links has \"\", which is no link"},
      {"1,0,1,0;\n", "stdin:2: links ends with \";\""},
      {"1,0,1,2;;4\n", "stdin:2: links has \"\""},
      {"1,0,1,4\n", "stdin:2: link 4 (c--b) begins at 2 (c), but the path is at 1 (a)"},
      {"1,0,1,2;8\n", "stdin:2: link 8 (d--b) begins at 3 (d), but the path is at 2 (c)"},
      {"1,0,1,2\n", "stdin:2: the path ends at 2 (c), not at dst 0 (b)"},
      {"1,0,1,2;3;0\n", "stdin:2: link 3 (c--a) leads back to 1 (a): remove the loop"},
      {"1,0,1,0\n2,0,1,4\n1,0,3,0\n", "stdin:4: the same path stands in line 2 already"},
  };
  for (const auto& [rows, error] : kCases) {
    const Ran ran = Run("evaluate", kGraph, kDemands, absl::StrCat("src,dst,weight,links\n", rows));
    EXPECT_EQ(ran.code, 1) << error;
    EXPECT_THAT(ran.err, HasSubstr(error));
  }
  EXPECT_THAT(Run("evaluate", kGraph, kDemands, "").err, HasSubstr("stdin: is empty"));
  EXPECT_THAT(Run("evaluate", kGraph, kDemands, "1,0,1,0\n").err,
              HasSubstr("stdin:1: \"1,0,1,0\" found where the header"));
  std::string closed = kGraph;
  closed.replace(closed.find("name: d"), 7, "name: d, admin_state: FORBID");
  EXPECT_THAT(Run("evaluate", closed, kDemands, kRoutes).err,
              HasSubstr("stdin:4: link 6 (a--d) is in maintenance and carries nothing"));
  const Ran missing = Waymark({"te", "evaluate", "--graph", WriteTestFile(".net", kGraph),
                               "--demands", "-", "--routes", testing::TempDir() + "/none"},
                              kDemands);
  EXPECT_EQ(missing.code, 4);
  EXPECT_THAT(missing.err, HasSubstr("/none: no such file"));
}

TEST_F(TeEvaluateTest, PathsOfPairsWithoutADemandAreLeftOut) {
  // b to d twice, d to c; a to b loses its only path.
  const Ran ran = Run("evaluate", kGraph, "c,b,2M\na,b,8M\n",
                      "src,dst,weight,links\n0,3,1,9\n2,0,1,4\n0,3,2,1;6\n3,2,1,7;2\n");
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("stdin:2: 3 paths are of pairs without a demand: left out\n"));
  const json figures = json::parse(ran.out);
  EXPECT_EQ(figures["paths"], 1);
  EXPECT_NEAR(figures["mlu"], 0.1, 1e-12);
  EXPECT_EQ(figures["without_routes"][0]["name"], "a -> b");
  // They are checked nevertheless.
  EXPECT_THAT(Run("evaluate", kGraph, kDemands, "src,dst,weight,links\n0,3,1,8\n").err,
              HasSubstr("stdin:2: link 8 (d--b) begins at 3 (d)"));
}

TEST_F(TeEvaluateTest, WhateverTheRoutesFileIsItIsReadWithinBounds) {
  const std::string graph = WriteTestFile(".net", kGraph);
  const auto evaluate = [&](const std::string& routes) {
    return Waymark({"te", "evaluate", "--graph", graph, "--demands", "-", "--routes", routes},
                   kDemands);
  };
  const Ran endless = evaluate("/dev/zero");
  EXPECT_EQ(endless.code, 1);
  EXPECT_THAT(endless.err, HasSubstr("/dev/zero:1: is longer than 1 MiB"));
  const Ran folder = evaluate(testing::TempDir());
  EXPECT_EQ(folder.code, 1);
  EXPECT_THAT(folder.err, HasSubstr(": is a folder; name a file"));

  EXPECT_EQ(Run("evaluate", kGraph, kDemands, absl::StrCat("\xef\xbb\xbf", kRoutes)).code, 0);
  const json plain = json::parse(Run("evaluate", kGraph, kDemands, kRoutes).out);
  const Ran packed = Run("evaluate", kGraph, kDemands, Xz(kRoutes));
  ASSERT_EQ(packed.code, 0) << packed.err;
  EXPECT_EQ(json::parse(packed.out), plain);
  const Ran cut = Run("evaluate", kGraph, kDemands, Xz(kRoutes).substr(0, 60));
  EXPECT_EQ(cut.code, 1);
  EXPECT_THAT(cut.err, HasSubstr("stdin: "));

  // Across the places where the reader asks for more.
  std::string many = "src,dst,weight,links\n";
  for (int i = 0; i < 60'000; ++i) many += i % 2 == 0 ? "\r\n" : "\n";
  EXPECT_THAT(Run("evaluate", kGraph, kDemands, many + "1,0,1,4\n").err,
              HasSubstr("stdin:60002: link 4 (c--b) begins at 2 (c)"));
  EXPECT_EQ(Run("evaluate", kGraph, kDemands, many + "1,0,1,0").code, 0);
}

TEST_F(TeEvaluateTest, StandardInputIsReadOnce) {
  for (const char* command : {"evaluate", "whatif"}) {
    for (const auto& [one, other] :
         {std::pair("--graph", "--demands"), std::pair("--graph", "--routes"),
          std::pair("--demands", "--routes")}) {
      std::vector<std::string> args = {"te", command, one, "-", other, "-"};
      for (const char* flag : {"--graph", "--demands", "--routes"}) {
        if (flag != std::string_view(one) && flag != std::string_view(other)) {
          args.insert(args.end(), {flag, "file"});
        }
      }
      if (command == std::string_view("whatif")) args.push_back("--fail=all-links");
      const Ran ran = Waymark(args, kDemands);
      EXPECT_EQ(ran.code, 2) << ran.err;
      EXPECT_THAT(ran.err, HasSubstr(absl::StrCat(one, " and ", other, " cannot both be")));
    }
  }
}

TEST_F(TeEvaluateTest, PathsAreCheckedAgainstForbiddenPlaces) {
  // Half of each demand goes by b.
  const std::string graph =
      WriteTestFile(".yaml",
                    "nodes:\n  - {name: a, jurisdiction: CH}\n  - {name: b, jurisdiction: DE}\n"
                    "  - {name: c, jurisdiction: CH}\n"
                    "links:\n  - {source: a, target: b, both_ways: true, capacity_bps: 10G}\n"
                    "  - {source: b, target: c, both_ways: true, capacity_bps: 10G}\n"
                    "  - {source: a, target: c, both_ways: true, capacity_bps: 10G}\n");
  const std::string demands = WriteTestFile(".csv", "source,target,rate\na,c,1G\nc,a,1G\n");
  std::string routes;
  const auto evaluate = [&](std::vector<std::string> flags) {
    flags.insert(flags.begin(),
                 {"te", "evaluate", "--graph", graph, "--demands", demands, "--routes", "-"});
    return Waymark(flags, routes);
  };
  const Ran solved = Waymark({"te", "solve", "--graph", graph, "--demands", demands, "--routes",
                              "-", "--max-paths=2", "--weights=2", "--gap=0.000001"});
  ASSERT_EQ(solved.code, 0) << solved.err;
  routes = solved.out;
  const Ran over = evaluate({"--forbid-jurisdiction=DE", "-o", "json"});
  EXPECT_EQ(over.code, 0) << over.err;
  EXPECT_EQ(json::parse(over.out)["forbidden_count"], 2) << solved.out;
  EXPECT_EQ(json::parse(over.out)["forbidden"][0]["name"], "a -> c");
  EXPECT_THAT(over.err, HasSubstr("paths of 2 demands lead where they may not: a -> c, c -> a"));
  const Ran none = evaluate({"--allow-jurisdiction=CH,DE"});
  EXPECT_THAT(none.out, HasSubstr("Lead where they may not:  none"));
  EXPECT_EQ(evaluate({"-o", "json"}).out.find("forbidden"), std::string::npos);
}

}  // namespace
}  // namespace waymark::cli
