// TeaVaR's demand.txt: a line a matrix, n * n numbers, row by row.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/topology/demand_readers.h"
#include "controller/topology/text.h"
#include "controller/topology/topology_builder.h"

namespace waymark {
namespace {

constexpr double kKilobit = 1e3;
constexpr std::string_view kBlanks = " \t\r\f\v";

// The next word of `text`, taken off it; empty at its end.
std::string_view TakeWord(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlanks), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
  text.remove_prefix(word.size());
  return word;
}

// Line `matrix` of those that hold something; false when there are fewer, `*count` of them.
bool FindLine(std::string_view contents, int64_t matrix, std::string_view* text, int* line,
              int64_t* count) {
  *count = 0;
  for (*line = 1; !contents.empty(); ++*line) {
    const size_t end = std::min(contents.find('\n'), contents.size());
    *text = contents.substr(0, end);
    contents.remove_prefix(std::min(end + 1, contents.size()));
    if (text->find_first_not_of(kBlanks) == std::string_view::npos) continue;
    if ((*count)++ == matrix) return true;
  }
  return false;
}

absl::Status WrongCount(const DemandBuilder& builder, int line, int64_t numbers) {
  const int64_t n = builder.node_count();
  const int64_t root = std::llround(std::sqrt(static_cast<double>(numbers)));
  std::string message = absl::StrCat("has ", numbers, " numbers, but the graph's ", n,
                                     " nodes need ", n, " * ", n, " = ", n * n);
  if (root * root == numbers) absl::StrAppend(&message, "; it is for ", root, " nodes");
  return builder.Error(line, message + ": give the matrix of this graph");
}

}  // namespace

absl::StatusOr<DemandMatrix> ReadTeavarDemands(std::string_view file, std::string_view contents,
                                               const DemandGraph& graph, int64_t matrix) {
  DemandBuilder builder(file, graph);
  std::string_view text;
  int line = 0;
  int64_t matrices = 0;
  if (!FindLine(contents, matrix, &text, &line, &matrices)) {
    return builder.Error(0, absl::StrCat("has no matrix ", matrix, ": give 0 to ", matrices - 1));
  }
  const int64_t n = builder.node_count();
  int64_t numbers = 0;
  for (std::string_view word = TakeWord(text); !word.empty(); word = TakeWord(text), ++numbers) {
    double rate = 0;
    if (!ParseNumber(word, &rate)) {
      return builder.Error(
          line, absl::StrCat("number ", numbers + 1, " is ", Quote(word), ": give finite numbers"));
    }
    if (numbers >= n * n) continue;  // counted for the message
    const auto source = static_cast<int32_t>(numbers / n),
               target = static_cast<int32_t>(numbers % n);
    if (absl::Status status = builder.Add(line, source, target, rate, kKilobit); !status.ok()) {
      return status;
    }
  }
  if (numbers != n * n) return WrongCount(builder, line, numbers);
  builder.Warn(line, "rates have no unit in this format: read as kbit/s");
  return std::move(builder).Finish(DemandFormat::kTeavar);
}

}  // namespace waymark
