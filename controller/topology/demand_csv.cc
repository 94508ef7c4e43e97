// Our own: "source,target,rate" a line.
#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/topology/demand_readers.h"
#include "controller/topology/human_units.h"
#include "controller/topology/text.h"
#include "controller/topology/topology_builder.h"

namespace waymark {
namespace {

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\f\v";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

class Reader {
 public:
  Reader(std::string_view file, std::string_view contents, const DemandGraph& graph)
      : rest_(contents), builder_(file, graph) {}

  absl::StatusOr<DemandMatrix> Run() && {
    for (bool first = true; !rest_.empty();) {
      const size_t end = std::min(rest_.find('\n'), rest_.size());
      const std::string_view text = Trimmed(rest_.substr(0, end));
      rest_.remove_prefix(std::min(end + 1, rest_.size()));
      ++line_;
      if (text.empty() || text.front() == '#') continue;
      if (absl::Status status = Line(text, first); !status.ok()) return status;
      first = false;
    }
    return std::move(builder_).Finish(DemandFormat::kCsv);
  }

 private:
  static bool IsHeader(std::string_view source, std::string_view target) {
    return (source == "src" || source == "source" || source == "from") &&
           (target == "dst" || target == "dest" || target == "target" || target == "to");
  }

  absl::Status Line(std::string_view text, bool first) {
    if (std::ranges::count(text, ',') != 2) {
      return builder_.Error(line_,
                            absl::StrCat(Quote(text),
                                         " is no demand: write \"source,target,rate\"; give a "
                                         "node whose label has a comma by its id"));
    }
    const size_t one = text.find(','), two = text.rfind(',');
    const std::string_view from = Trimmed(text.substr(0, one));
    const std::string_view to = Trimmed(text.substr(one + 1, two - one - 1));
    if (first && IsHeader(from, to)) return absl::OkStatus();
    const auto source = builder_.Named(line_, "source", from);
    if (!source.ok()) return source.status();
    const auto target = builder_.Named(line_, "target", to);
    if (!target.ok()) return target.status();
    return Rate(*source, *target, Trimmed(text.substr(two + 1)));
  }

  absl::Status Rate(int32_t source, int32_t target, std::string_view text) {
    double value = 0;
    if (ParseNumber(text, &value)) {
      if (builder_.graph_unit_bps() != 1) {
        builder_.Warn(line_, absl::StrCat("rates without a unit are read in that of the graph's "
                                          "capacities, ",
                                          builder_.graph_unit_bps(), " bit/s"));
      }
      return builder_.Add(line_, source, target, value, builder_.graph_unit_bps());
    }
    const auto bps = ParseBitRate(text);
    if (!bps.ok()) {
      return builder_.Error(line_, absl::StrCat("the rate is ", Quote(text),
                                                ": give a finite number, or one with its unit "
                                                "such as 2.5G"));
    }
    return builder_.Add(line_, source, target, static_cast<double>(*bps), 1);
  }

  std::string_view rest_;
  DemandBuilder builder_;
  int line_ = 0;
};

}  // namespace

absl::StatusOr<DemandMatrix> ReadCsvDemands(std::string_view file, std::string_view contents,
                                            const DemandGraph& graph) {
  return Reader(file, contents, graph).Run();
}

}  // namespace waymark
