// TeaVaR: a header that names the columns to_node, from_node, capacity, prob_failure, then a line a
// directed link, with node numbers from 1. nodes.txt: a header, then a name a line.
#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/topology/file_error.h"
#include "controller/topology/importers.h"
#include "controller/topology/line_reader.h"
#include "controller/topology/text.h"
#include "controller/topology/topology_builder.h"

namespace waymark {
namespace {

constexpr double kKilobit = 1e3;
constexpr double kMttrHours = 12;
// A failure probability this small is no failure in a network's life.
constexpr double kLeastProbability = 1e-7;
constexpr double kMaxNodes = 100'000;

constexpr auto kColumns =
    std::to_array<std::string_view>({"to_node", "from_node", "capacity", "prob_failure"});

struct Row {
  std::array<double, kColumns.size()> values = {};
  int line = 0;

  int target() const { return static_cast<int>(values[0]); }
  int source() const { return static_cast<int>(values[1]); }
  double capacity() const { return values[2]; }
  double failure() const { return values[3]; }
};

// Where each of kColumns is in the file.
absl::StatusOr<std::array<size_t, kColumns.size()>> ParseHeader(std::string_view file,
                                                                LineReader& reader) {
  std::array<size_t, kColumns.size()> places = {};
  if (!reader.Next()) return FileError(file, 1, "is empty: is it cut off?");
  for (size_t i = 0; i < kColumns.size(); ++i) {
    const auto it = std::ranges::find(reader.words(), kColumns[i]);
    if (it == reader.words().end()) {
      return FileError(file, reader.line(),
                       absl::StrCat("the header has no column ", std::string(kColumns[i]),
                                    ": write \"to_node from_node capacity prob_failure\""));
    }
    places[i] = static_cast<size_t>(it - reader.words().begin());
  }
  return places;
}

absl::StatusOr<std::vector<Row>> ParseRows(std::string_view file, LineReader& reader) {
  const auto places = ParseHeader(file, reader);
  if (!places.ok()) return places.status();
  const size_t width = reader.words().size();
  std::vector<Row> rows;
  while (reader.Next()) {
    const auto& words = reader.words();
    if (words.size() != width) {
      return FileError(file, reader.line(),
                       absl::StrCat("has ", words.size(), " columns: give ", width));
    }
    Row& row = rows.emplace_back();
    row.line = reader.line();
    for (size_t i = 0; i < kColumns.size(); ++i) {
      const std::string_view text = words[(*places)[i]];
      double& value = row.values[i];
      const bool number = ParseNumber(text, &value);
      const bool is_end = i < 2;
      if (!number ||
          (is_end && (value < 1 || value > kMaxNodes || value != static_cast<int>(value)))) {
        return FileError(
            file, row.line,
            absl::StrCat(std::string(kColumns[i]), " ", Quote(text),
                         is_end ? " is no node: give its number, from 1" : " is no number"));
      }
    }
  }
  return rows;
}

void AddNodes(TopologyBuilder& builder, std::string_view node_names, int from_rows) {
  LineReader names(node_names);
  names.Next();  // the header
  while (names.Next()) {
    builder.AddNode(names.Span(0, names.words().size() - 1), 0);
  }
  if (builder.node_count() > 0) return;
  for (int i = 1; i <= from_rows; ++i) builder.AddNode(absl::StrCat("s", i), 0);
}

// Unavailability is MTTR / (MTBF + MTTR).
absl::Status SetFailure(TopologyBuilder& builder, TopologyBuilder::LinkDraft& draft, double p) {
  if (!(p >= 0 && p < 1)) {
    return builder.Error(draft.line,
                         absl::StrCat("prob_failure is ", p, ": give 0 or more and less than 1"));
  }
  if (p < kLeastProbability) return absl::OkStatus();
  draft.link.set_mttr_hours(kMttrHours);
  draft.link.set_mtbf_hours(kMttrHours * (1 - p) / p);
  builder.Warn(draft.line, "prob_failure is kept as the MTBF that gives it with an MTTR of 12 h");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ImportResult> ImportTeavar(std::string_view file, std::string_view contents,
                                          std::string_view node_names) {
  LineReader reader(contents);
  const absl::StatusOr<std::vector<Row>> rows = ParseRows(file, reader);
  if (!rows.ok()) return rows.status();
  int largest = 0;
  for (const Row& row : *rows) largest = std::max({largest, row.source(), row.target()});
  TopologyBuilder builder(file);
  AddNodes(builder, node_names, largest);
  for (const Row& row : *rows) {
    if (std::max(row.source(), row.target()) > builder.node_count()) {
      return builder.Error(
          row.line, absl::StrCat("node ", std::max(row.source(), row.target()),
                                 " is not in nodes.txt, which names ", builder.node_count()));
    }
    if (row.source() == row.target()) {
      builder.LeaveOutSelfLink(row.line);
      continue;
    }
    auto& draft = builder.AddLink("", row.source() - 1, row.target() - 1, row.line);
    builder.Warn(row.line, "capacity has no unit in this format: read as kbit/s");
    if (absl::Status status = builder.SetCapacity(draft, row.capacity(), kKilobit, "capacity");
        !status.ok()) {
      return status;
    }
    if (absl::Status status = SetFailure(builder, draft, row.failure()); !status.ok())
      return status;
  }
  builder.SetRateUnit(kKilobit);
  return std::move(builder).Finish(TopologyFormat::kTeavar);
}

}  // namespace waymark
