// Imports every topology below the folder that WAYMARK_DATA_DIR names, when it is set: public
// collections, which the product neither contains nor needs.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "controller/topology/export.h"
#include "controller/topology/import_file.h"
#include "controller/topology/snapshot.h"

namespace waymark {
namespace {

namespace fs = std::filesystem;

bool IsTopology(const fs::path& path) {
  const std::string name = path.filename().string();
  const std::string text = path.string();
  const bool known = name.ends_with(".graph") || name.ends_with(".graphml") ||
                     name.ends_with(".json") || name.ends_with(".graph.xz") ||
                     name.ends_with(".yaml");
  const bool sndlib = name.starts_with("sndlib") && name.ends_with(".txt");
  return known || sndlib || name == "topology.txt";
}

TEST(ImportDataTest, EveryTopologyImportsAndComesBack) {
  const char* root = std::getenv("WAYMARK_DATA_DIR");
  if (root == nullptr) GTEST_SKIP() << "set WAYMARK_DATA_DIR to a folder of topologies to run this";
  std::set<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (entry.is_regular_file() && IsTopology(entry.path())) files.insert(entry.path());
  }
  EXPECT_FALSE(files.empty());
  for (const fs::path& file : files) {
    const auto result = ImportTopologyFile(file.string());
    ASSERT_TRUE(result.ok()) << result.status();
    const v1::Bundle& b = result->bundle;
    std::printf("%-44s %-8s %5d nodes %5d links %zu warnings\n", fs::relative(file, root).c_str(),
                std::string(FormatName(result->format)).c_str(), b.nodes_size(), b.links_size(),
                result->warnings.size());
    for (const std::string& warning : result->warnings) std::printf("    %s\n", warning.c_str());
    const std::vector<v1::Node> nodes(b.nodes().begin(), b.nodes().end());
    const std::vector<v1::Link> links(b.links().begin(), b.links().end());
    const auto snapshot = Snapshot::Build(nodes, links, {});
    ASSERT_TRUE(snapshot.ok()) << snapshot.status();
    for (const TopologyFormat format : {TopologyFormat::kYaml, TopologyFormat::kRfc8345}) {
      const auto text = ExportTopology(**snapshot, format);
      ASSERT_TRUE(text.ok());
      const auto again = ImportTopology("again", *text, format);
      ASSERT_TRUE(again.ok()) << again.status();
      EXPECT_TRUE(again->warnings.empty());
      const std::vector<v1::Node> nodes2(again->bundle.nodes().begin(),
                                         again->bundle.nodes().end());
      const std::vector<v1::Link> links2(again->bundle.links().begin(),
                                         again->bundle.links().end());
      const auto snapshot2 = Snapshot::Build(nodes2, links2, {});
      ASSERT_TRUE(snapshot2.ok()) << snapshot2.status();
      EXPECT_EQ(*ExportTopology(**snapshot2, format), *text);
    }
  }
}

}  // namespace
}  // namespace waymark
