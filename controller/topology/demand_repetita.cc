// REPETITA: "DEMANDS k", a header, k lines "label src dest bw".
#include <charconv>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "controller/topology/demand_readers.h"
#include "controller/topology/line_reader.h"
#include "controller/topology/text.h"
#include "controller/topology/topology_builder.h"

namespace waymark {
namespace {

constexpr double kKilobit = 1e3;

class Reader {
 public:
  Reader(std::string_view file, std::string_view contents, const DemandGraph& graph)
      : builder_(file, graph), lines_(contents) {}

  absl::StatusOr<DemandMatrix> Run() && {
    int64_t count = 0;
    if (absl::Status status = Head(&count); !status.ok()) return status;
    for (int64_t i = 0; i < count; ++i) {
      if (!lines_.Next()) {
        return Error(absl::StrCat("DEMANDS says ", count, " lines, but ", i,
                                  " follow: is the file cut off?"));
      }
      if (absl::Status status = Demand(); !status.ok()) return status;
    }
    if (lines_.Next()) {
      return Error(absl::StrCat("more lines than DEMANDS says: correct its number or remove ",
                                Quote(Line())));
    }
    return std::move(builder_).Finish(DemandFormat::kRepetita);
  }

 private:
  absl::Status Error(std::string_view message) const {
    return builder_.Error(lines_.line(), message);
  }

  std::string_view Line() const { return lines_.Span(0, lines_.words().size() - 1); }

  absl::Status Head(int64_t* count) {
    if (!lines_.Next()) return Error("ends where DEMANDS k should be: is the file cut off?");
    const auto& words = lines_.words();
    const auto number = [&](std::string_view text) {
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *count);
      return error == std::errc() && end == text.data() + text.size() && *count >= 0;
    };
    if (words.size() != 2 || words[0] != "DEMANDS" || !number(words[1])) {
      return Error(absl::StrCat(Quote(Line()), " found where \"DEMANDS k\" should be"));
    }
    if (!lines_.Next() || lines_.words()[0] != "label") {
      return Error("the header \"label src dest bw\" should follow: add it");
    }
    return absl::OkStatus();
  }

  absl::Status Demand() {
    const auto& words = lines_.words();
    double bw = 0;
    if (words.size() != 4 || !ParseNumber(words[3], &bw)) {
      return Error(absl::StrCat(Quote(Line()),
                                " is no demand: write \"label src dest bw\", bw a finite number"));
    }
    const auto source = builder_.AtPlace(lines_.line(), "src", words[1]);
    if (!source.ok()) return source.status();
    const auto target = builder_.AtPlace(lines_.line(), "dest", words[2]);
    if (!target.ok()) return target.status();
    return builder_.Add(lines_.line(), *source, *target, bw, kKilobit);
  }

  DemandBuilder builder_;
  LineReader lines_;
};

}  // namespace

absl::StatusOr<DemandMatrix> ReadRepetitaDemands(std::string_view file, std::string_view contents,
                                                 const DemandGraph& graph) {
  return Reader(file, contents, graph).Run();
}

}  // namespace waymark
