#include "northbound/cli/te_print.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace waymark::cli {

void PrintTeJson(Context& context, const TeJson& json) { context.out() << json.dump(1) << '\n'; }

std::string FormatUtilisation(double value) { return absl::StrFormat("%.6g", value); }

std::string FormatPercent(double share) { return absl::StrFormat("%.3g %%", share * 100); }

std::string FormatLoad(double bps) {
  constexpr double kMost = 9e18;  // of a signed 64-bit number, with room
  if (bps > kMost) return absl::StrFormat("%.3g", bps);
  if (std::round(bps) == 0) return "0";  // FormatRate's nothing: not known
  // Down to four digits, which fit a column.
  const double unit = std::pow(10, std::max(0.0, std::floor(std::log10(std::max(bps, 1.0))) - 3));
  return FormatRate(static_cast<int64_t>(std::round(bps / unit) * unit));
}

TeJson DemandsJson(const TeInput& input, const std::vector<int32_t>& demands, size_t most) {
  TeJson list = TeJson::array();
  for (size_t i = 0; i < demands.size() && i < most; ++i) {
    const MeshDemand& demand = input.problem.demands[demands[i]];
    list.push_back({{"src", demand.from},
                    {"dst", demand.to},
                    {"name", input.DemandName(demands[i])},
                    {"rate_bps", demand.rate}});
  }
  return list;
}

std::vector<int32_t> WorstLinks(const TeInput& input, const MeshLoads& loads, size_t most) {
  std::vector<int32_t> links;
  for (size_t i = 0; i < loads.load.size(); ++i) {
    if (loads.load[i] > 0) links.push_back(static_cast<int32_t>(i));
  }
  const auto order = [&](int32_t link) {
    return std::tuple(-loads.load[link] / input.problem.links[link].capacity,
                      input.graph.FileLink(static_cast<LinkId>(link)));
  };
  const size_t count = std::min(most, links.size());
  std::ranges::partial_sort(links, links.begin() + static_cast<ptrdiff_t>(count), {}, order);
  links.resize(count);
  return links;
}

TeJson LinksJson(const TeInput& input, const MeshLoads& loads, const std::vector<int32_t>& links) {
  TeJson list = TeJson::array();
  for (const int32_t link : links) {
    const double capacity = input.problem.links[link].capacity;
    list.push_back({{"link", input.graph.FileLink(static_cast<LinkId>(link))},
                    {"name", input.LinkName(link)},
                    {"load_bps", loads.load[link]},
                    {"capacity_bps", capacity},
                    {"utilisation", loads.load[link] / capacity}});
  }
  return list;
}

void PrintLinks(Context& context, const TeInput& input, const MeshLoads& loads,
                const std::vector<int32_t>& links) {
  Table table({"LINK", "INDEX", "LOAD", "CAPACITY", "UTILISATION"});
  for (const int32_t link : links) {
    const double capacity = input.problem.links[link].capacity;
    table.Add({input.LinkName(link), absl::StrCat(input.graph.FileLink(static_cast<LinkId>(link))),
               FormatLoad(loads.load[link]), FormatLoad(capacity),
               FormatUtilisation(loads.load[link] / capacity)});
  }
  table.Print(context.out(), context.color(), "  ");
}

}  // namespace waymark::cli
