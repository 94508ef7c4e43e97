// Small networks with demands, as files, for the tests of `waymark te`; and an evaluator that knows
// nothing but those files.
#ifndef WAYMARK_NORTHBOUND_CLI_TE_TESTING_H_
#define WAYMARK_NORTHBOUND_CLI_TE_TESTING_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace waymark::cli {

inline std::string FileContents(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// Files in the test's folder, named after the test.
inline std::string WriteTestFile(const std::string& end, const std::string& contents) {
  const std::string path = absl::StrCat(
      testing::TempDir(), "/", testing::UnitTest::GetInstance()->current_test_info()->name(), end);
  std::ofstream(path) << contents;
  return path;
}

// REPETITA texts of a random network in which every node can reach every other.
enum class Capacities { kAlike, kDecades };
struct RandomTraffic {
  explicit RandomTraffic(std::mt19937& random, Capacities capacities = Capacities::kAlike) {
    const auto below = [&](uint32_t n) { return static_cast<int>(random() % n); };
    const int nodes = 3 + below(8);
    std::vector<std::pair<int, int>> ends;
    for (int i = 0; i < nodes; ++i) {
      ends.emplace_back(i, (i + 1) % nodes);
      ends.emplace_back((i + 1) % nodes, i);
    }
    for (int i = below(3 * nodes); i > 0; --i) ends.emplace_back(below(nodes), below(nodes));
    std::ranges::shuffle(ends, random);
    graph = absl::StrCat("NODES ", nodes, "\nlabel x y\n");
    // In no order of names, so that file order and name order differ.
    for (int i = 0; i < nodes; ++i) absl::StrAppend(&graph, "n", (i * 7 + 3) % 11, " 500 500\n");
    absl::StrAppend(&graph, "EDGES ", ends.size(), "\nlabel src dest weight bw delay\n");
    for (size_t i = 0; i < ends.size(); ++i) {
      if (ends[i].first != ends[i].second) links.push_back(static_cast<int>(i));
      const int decade =
          capacities == Capacities::kAlike ? 1000 : static_cast<int>(std::pow(10, below(5)));
      const std::string capacity = absl::StrCat((1 + below(9)) * decade, ".", 100 + below(900));
      absl::StrAppend(&graph, "e", (i * 37) % 101, " ", ends[i].first, " ", ends[i].second, " ",
                      1 + below(5), " ", capacity, " 7\n");
    }
    std::string rows;
    int count = 0;
    for (int s = 0; s < nodes; ++s) {
      for (int t = 0; t < nodes; ++t) {
        if (s == t || below(4) == 0) continue;
        absl::StrAppend(&rows, "d", count++, " ", s, " ", t, " ", below(2000), ".5\n");
      }
    }
    if (count == 0) absl::StrAppend(&rows, "d", count++, " 0 1 5\n");
    demands = absl::StrCat("DEMANDS ", count, "\nlabel src dest bw\n", rows);
  }

  std::string graph, demands;
  std::vector<int> links;  // places of those that do not lead from a node to itself
};

// What the three files say, by their own words alone.
struct Independent {
  double mlu = 0;
  int paths = 0, most_paths = 0;
  std::map<std::pair<int, int>, int64_t> weights;  // sums by pair

  // `failed`: links by place.
  Independent(const std::string& graph, const std::string& demands, const std::string& routes,
              const std::vector<int>& failed = {}) {
    struct Edge {
      int from, to;
      double bw, load = 0;
    };
    std::string word, label;
    int count = 0;
    std::istringstream g(graph);
    g >> word >> count >> word >> word >> word;
    for (int i = 0; i < count; ++i) g >> word >> word >> word;
    g >> word >> count;
    for (int i = 0; i < 6; ++i) g >> word;
    std::vector<Edge> edges(count);
    for (Edge& e : edges) g >> label >> e.from >> e.to >> word >> e.bw >> word;
    EXPECT_TRUE(g) << graph;

    std::istringstream d(demands);
    d >> word >> count >> word >> word >> word >> word;
    std::map<std::pair<int, int>, double> rates;
    for (int i = 0; i < count; ++i) {
      int from = 0, to = 0;
      double bw = 0;
      d >> label >> from >> to >> bw;
      rates[{from, to}] = bw;
    }
    EXPECT_TRUE(d) << demands;

    struct Path {
      std::pair<int, int> ends;
      int weight = 0;
      std::vector<int> links;
    };
    std::vector<Path> all;
    std::map<std::pair<int, int>, int> per_pair;
    std::set<std::pair<std::pair<int, int>, std::vector<int>>> seen;
    std::istringstream r(routes);
    std::getline(r, word);
    EXPECT_EQ(word, "src,dst,weight,links");
    for (std::string line; std::getline(r, line);) {
      std::ranges::replace(line, ',', ' ');
      std::ranges::replace(line, ';', ' ');
      std::istringstream fields(line);
      Path path;
      fields >> path.ends.first >> path.ends.second >> path.weight;
      EXPECT_GE(path.weight, 1);
      int at = path.ends.first;
      std::set<int> passed = {at};
      for (int link = 0; fields >> link;) {
        EXPECT_EQ(edges.at(link).from, at) << line;
        at = edges.at(link).to;
        EXPECT_TRUE(passed.insert(at).second) << "a loop: " << line;
        path.links.push_back(link);
      }
      EXPECT_EQ(at, path.ends.second) << line;
      EXPECT_TRUE(rates.contains(path.ends)) << line;
      EXPECT_TRUE(seen.emplace(path.ends, path.links).second) << "twice: " << line;
      ++paths;
      most_paths = std::max(most_paths, ++per_pair[path.ends]);
      const bool dead = std::ranges::any_of(
          path.links, [&](int link) { return std::ranges::find(failed, link) != failed.end(); });
      if (dead) continue;
      weights[path.ends] += path.weight;
      all.push_back(path);
    }
    for (const Path& path : all) {
      for (const int link : path.links) {
        edges[link].load += rates.at(path.ends) * path.weight / weights[path.ends];
      }
    }
    for (const Edge& e : edges) mlu = std::max(mlu, e.load / e.bw);
    for (const auto& [ends, rate] : rates) {
      if (rate > 0 && !weights.contains(ends)) ++lost;
    }
  }
  int lost = 0;
};

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_TE_TESTING_H_
