// `waymark te solve` on every network of known optimum below the folder that WAYMARK_DATA_DIR
// names, when it is set: public collections, which the product neither contains nor needs.
#include <gtest/gtest.h>
#include <lzma.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "northbound/cli/run_for_test.h"
#include "northbound/cli/te_testing.h"

namespace waymark::cli {
namespace {

namespace fs = std::filesystem;
using Row = std::map<std::string, std::string>;

constexpr int kWeights = 64, kMostPaths = 8;

std::vector<std::string> Fields(const std::string& line) {
  std::vector<std::string> fields;
  std::istringstream in(line);
  for (std::string field; std::getline(in, field, ',');) fields.push_back(field);
  return fields;
}

std::vector<Row> Table(const fs::path& file) {
  std::istringstream in(FileContents(file.string()));
  std::string line;
  std::getline(in, line);
  const std::vector<std::string> names = Fields(line);
  std::vector<Row> rows;
  while (std::getline(in, line)) {
    const std::vector<std::string> fields = Fields(line);
    EXPECT_EQ(fields.size(), names.size()) << line;
    Row& row = rows.emplace_back();
    for (size_t i = 0; i < fields.size() && i < names.size(); ++i) row[names[i]] = fields[i];
  }
  return rows;
}

std::string Unpacked(const std::string& path) {
  const std::string text = FileContents(path);
  if (!path.ends_with(".xz")) return text;
  std::string plain(size_t{256} << 20, '\0');
  uint64_t memory = UINT64_MAX;
  size_t read = 0, written = 0;
  EXPECT_EQ(lzma_stream_buffer_decode(
                &memory, 0, nullptr, reinterpret_cast<const uint8_t*>(text.data()), &read,
                text.size(), reinterpret_cast<uint8_t*>(plain.data()), &written, plain.size()),
            LZMA_OK)
      << path;
  plain.resize(written);
  return plain;
}

class TeDataTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* root = std::getenv("WAYMARK_DATA_DIR");
    if (root == nullptr) GTEST_SKIP() << "set WAYMARK_DATA_DIR to a folder of networks to run this";
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      std::string name = entry.path().filename().string();
      if (name.ends_with(".xz")) name.resize(name.size() - 3);
      files_[name] = entry.path().string();
    }
  }

  // A graph may stand there once for several matrices: NAME_KIND.graph is NAME.graph.
  std::string Graph(const std::string& name) const {
    const auto it = files_.find(name);
    return it != files_.end() ? it->second
                              : files_.at(absl::StrCat(name.substr(0, name.rfind('_')), ".graph"));
  }

  void Check(const Row& row) const {
    const std::string graph = Graph(row.at("graph")), demands = files_.at(row.at("demands"));
    const std::string routes = WriteTestFile(".csv", "");
    const Ran ran = Waymark({"te", "solve", "--graph", graph, "--demands", demands, "--routes",
                             routes, "--time-limit=300s", "-o", "json"});
    ASSERT_EQ(ran.code, 0) << ran.err;
    const nlohmann::json figures = nlohmann::json::parse(ran.out);
    const Independent own(Unpacked(graph), Unpacked(demands), FileContents(routes));
    const double upper = std::stod(row.at("opt_mlu_upper")), bound = figures["lower_bound"];
    std::printf("%-32s MLU %.9f, of the optimum %.6f, bound %.9f\n", row.at("demands").c_str(),
                own.mlu, own.mlu / upper, bound);
    EXPECT_NEAR(figures["mlu"], own.mlu, 1e-9);
    EXPECT_GE(own.mlu, bound - 1e-6);
    // The file has nine decimals.
    EXPECT_LE(bound, upper + 1e-9);
    EXPECT_LE(own.mlu, 1.01 * upper);
    EXPECT_EQ(own.lost, 0);
    EXPECT_LE(own.most_paths, kMostPaths);
    EXPECT_EQ(figures["paths"], own.paths);
    for (const auto& [ends, weight] : own.weights) EXPECT_EQ(weight, kWeights);
  }

  std::map<std::string, std::string> files_;
};

TEST_F(TeDataTest, EveryKnownOptimumIsMetWithinAPercent) {
  ASSERT_TRUE(files_.contains("optima.csv")) << "the folder has no optima.csv";
  const std::vector<Row> rows = Table(files_.at("optima.csv"));
  EXPECT_FALSE(rows.empty());
  for (const Row& row : rows) {
    SCOPED_TRACE(row.at("demands"));
    Check(row);
  }
}

}  // namespace
}  // namespace waymark::cli
