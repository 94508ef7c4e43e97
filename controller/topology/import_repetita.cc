// REPETITA: "NODES n", a header, n lines "label x y"; "EDGES m", a header, m lines "label src dest
// weight bw delay".
#include <charconv>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "controller/topology/importers.h"
#include "controller/topology/line_reader.h"
#include "controller/topology/text.h"
#include "controller/topology/topology_builder.h"

namespace waymark {
namespace {

constexpr double kKilobit = 1e3;
constexpr double kMicrosecond = 1e3;

class Importer {
 public:
  Importer(std::string_view file, std::string_view contents) : builder_(file), reader_(contents) {}

  absl::StatusOr<ImportResult> Run() && {
    absl::Status status = Section("NODES", "label x y", [this] { return Node(); });
    if (status.ok()) {
      status = Section("EDGES", "label src dest weight bw delay", [this] { return Edge(); });
    }
    if (!status.ok()) return status;
    if (reader_.Next()) {
      return Error(
          absl::StrCat("more lines than EDGES says: correct its number or remove ", Quote(Line())));
    }
    builder_.SetRateUnit(kKilobit);
    return std::move(builder_).Finish(TopologyFormat::kRepetita);
  }

 private:
  absl::Status Error(std::string_view message) const {
    return builder_.Error(reader_.line(), message);
  }

  std::string_view Line() const { return reader_.Span(0, reader_.words().size() - 1); }

  // "KEYWORD count", a header line, then `count` lines.
  template <typename OneLine>
  absl::Status Section(const char* keyword, const char* columns, OneLine one_line) {
    int64_t count = 0;
    if (!reader_.Next())
      return Error(absl::StrCat("ends where ", keyword, " N should be: is the file cut off?"));
    const auto& words = reader_.words();
    if (words.size() != 2 || words[0] != std::string_view(keyword) ||
        !ParseCount(words[1], &count)) {
      return Error(absl::StrCat(Quote(Line()), " found where \"", keyword, " N\" should be"));
    }
    if (!reader_.Next())
      return Error(absl::StrCat("ends after ", keyword, ": add the header \"", columns, "\""));
    if (reader_.words()[0] != "label") {
      return Error(
          absl::StrCat(Quote(Line()), " found where the header \"", columns, "\" should be"));
    }
    for (int64_t i = 0; i < count; ++i) {
      if (!reader_.Next() || reader_.words()[0] == "EDGES") {
        return Error(absl::StrCat(keyword, " says ", count, " lines, but ", i,
                                  " follow: is the file cut off?"));
      }
      if (absl::Status status = one_line(); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  static bool ParseCount(std::string_view text, int64_t* count) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *count);
    return error == std::errc() && end == text.data() + text.size() && *count >= 0;
  }

  absl::Status Node() {
    const auto& words = reader_.words();
    const size_t n = words.size();
    double x = 0, y = 0;
    if (n < 3 || !ParseNumber(words[n - 2], &x) || !ParseNumber(words[n - 1], &y)) {
      return Error(
          absl::StrCat(Quote(Line()), " is no node: write \"label x y\", with finite numbers"));
    }
    builder_.SetCoordinates(builder_.AddNode(reader_.Span(0, n - 3), reader_.line()), x, y);
    return absl::OkStatus();
  }

  absl::Status End(std::string_view field, std::string_view text, int* node) const {
    int64_t number = 0;
    if (!ParseCount(text, &number) || number >= builder_.node_count()) {
      return Error(absl::StrCat(std::string(field), " ", Quote(text),
                                " is no node: give its number, 0 to ", builder_.node_count() - 1));
    }
    *node = static_cast<int>(number);
    return absl::OkStatus();
  }

  absl::Status Edge() {
    const auto& words = reader_.words();
    double weight = 0, bw = 0, delay = 0;
    if (words.size() != 6 || !ParseNumber(words[3], &weight) || !ParseNumber(words[4], &bw) ||
        !ParseNumber(words[5], &delay)) {
      return Error(absl::StrCat(Quote(Line()),
                                " is no edge: write \"label src dest weight bw delay\", with "
                                "finite numbers"));
    }
    int source = 0, target = 0;
    if (absl::Status status = End("src", words[1], &source); !status.ok()) return status;
    if (absl::Status status = End("dest", words[2], &target); !status.ok()) return status;
    if (source == target) {
      builder_.LeaveOutSelfLink(reader_.line());
      return absl::OkStatus();
    }
    auto& draft = builder_.AddLink(words[0], source, target, reader_.line());
    if (absl::Status status = builder_.SetMetric(draft, weight, "weight"); !status.ok())
      return status;
    if (absl::Status status = builder_.SetCapacity(draft, bw, kKilobit, "bw (kbit/s)");
        !status.ok())
      return status;
    return builder_.SetDelay(draft, delay, kMicrosecond, "delay (microseconds)");
  }

  TopologyBuilder builder_;
  LineReader reader_;
};

}  // namespace

absl::StatusOr<ImportResult> ImportRepetita(std::string_view file, std::string_view contents) {
  return Importer(file, contents).Run();
}

}  // namespace waymark
