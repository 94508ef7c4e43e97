// Our own: "source,target,rate" a line.
#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/topology/demand_readers.h"
#include "controller/topology/text.h"

namespace waymark {
namespace {

std::string_view Trimmed(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\r\f\v";
  const size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

bool IsHeader(std::string_view source, std::string_view target) {
  return (source == "src" || source == "source" || source == "from") &&
         (target == "dst" || target == "dest" || target == "target" || target == "to");
}

}  // namespace

std::vector<std::string_view> CsvFields(std::string_view line) {
  std::vector<std::string_view> fields;
  for (size_t begin = 0; begin <= line.size();) {
    const size_t end = std::min(line.find(',', begin), line.size());
    fields.push_back(Trimmed(line.substr(begin, end - begin)));
    begin = end + 1;
  }
  return fields;
}

absl::Status ForCsvLines(
    std::string_view contents,
    const std::function<absl::Status(int line, const std::vector<std::string_view>& fields,
                                     std::string_view text, bool first)>& read) {
  bool first = true;
  for (int line = 1; !contents.empty(); ++line) {
    const size_t end = std::min(contents.find('\n'), contents.size());
    const std::string_view text = Trimmed(contents.substr(0, end));
    contents.remove_prefix(std::min(end + 1, contents.size()));
    if (text.empty() || text.front() == '#') continue;
    if (absl::Status status = read(line, CsvFields(text), text, first); !status.ok()) return status;
    first = false;
  }
  return absl::OkStatus();
}

absl::StatusOr<DemandMatrix> ReadCsvDemands(std::string_view file, std::string_view contents,
                                            const DemandGraph& graph) {
  DemandBuilder builder(file, graph);
  const auto add = [&](int line, const std::vector<std::string_view>& fields, std::string_view text,
                       bool first) -> absl::Status {
    if (fields.size() != 3) {
      return builder.Error(line, absl::StrCat(Quote(text),
                                              " is no demand: write \"source,target,rate\"; give "
                                              "a node whose label has a comma by its id"));
    }
    if (first && IsHeader(fields[0], fields[1])) return absl::OkStatus();
    const auto source = builder.Named(line, "source", fields[0]);
    if (!source.ok()) return source.status();
    const auto target = builder.Named(line, "target", fields[1]);
    if (!target.ok()) return target.status();
    const auto rate = builder.ReadRate(line, "rate", fields[2]);
    if (!rate.ok()) return rate.status();
    return builder.Add(line, *source, *target, rate->value, rate->unit);
  };
  if (absl::Status status = ForCsvLines(contents, add); !status.ok()) return status;
  return std::move(builder).Finish(DemandFormat::kCsv);
}

}  // namespace waymark
