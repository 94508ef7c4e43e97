// What the tests of importers share: the hand-made samples by format, and importing that must
// succeed.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_IMPORT_TESTING_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_IMPORT_TESTING_H_

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "controller/topology/import.h"
#include "controller/topology/import_samples.h"

namespace waymark {

inline const Sample& SampleOf(TopologyFormat format) {
  return *std::ranges::find(kSamples, format, &Sample::format);
}

inline ImportResult Import(std::string_view path, std::string_view contents,
                           TopologyFormat format = TopologyFormat::kAuto,
                           std::string_view names = {}) {
  auto result = ImportTopology(path, contents, format, names);
  EXPECT_TRUE(result.ok()) << result.status().message();
  return result.ok() ? *std::move(result) : ImportResult();
}

inline ImportResult Import(TopologyFormat format) {
  return Import(SampleOf(format).path, SampleOf(format).contents);
}

inline std::string Replaced(TopologyFormat format, std::string_view from, std::string_view to) {
  std::string text = SampleOf(format).contents;
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

inline bool Warned(const ImportResult& result, std::string_view part) {
  return std::ranges::any_of(
      result.warnings, [&](const std::string& w) { return w.find(part) != std::string::npos; });
}

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_IMPORT_TESTING_H_
