// SNDlib native: in the section DEMANDS, "id ( source target ) routing_unit demand_value
// max_path_length". The other sections are passed over, but for META's unit.
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/topology/demand_readers.h"
#include "controller/topology/sndlib_tokens.h"
#include "controller/topology/text.h"
#include "controller/topology/topology_builder.h"

namespace waymark {
namespace {

class Reader {
 public:
  Reader(std::string_view file, std::string_view contents, const DemandGraph& graph)
      : builder_(file, graph), tokens_(contents) {}

  absl::StatusOr<DemandMatrix> Run() && {
    const int first = tokens_.Peek().line;
    while (!tokens_.Peek().text.empty() && tokens_.Peek().line == first) tokens_.Take();
    while (!tokens_.Peek().text.empty()) {
      if (absl::Status status = Section(); !status.ok()) return status;
    }
    if (!found_) {
      return builder_.Error(0, "has no section DEMANDS: is it a network without its matrix?");
    }
    if (!unit_stated_) builder_.Warn(0, "no unit in META: demands read as Mbit/s");
    if (!builder_.HasReverses()) {
      builder_.Warn(0,
                    "no demand has one the other way: each is read as it is written, one way; "
                    "write both where both are meant");
    }
    return std::move(builder_).Finish(DemandFormat::kSndlib);
  }

 private:
  absl::Status Error(const SndlibToken& at, std::string message) const {
    if (at.text.empty()) {
      return builder_.Error(at.line, message.append(", but the file ends: is it cut off?"));
    }
    return builder_.Error(at.line, message.append(", not ").append(Quote(at.text)));
  }

  absl::Status Expect(std::string_view text) {
    if (tokens_.TakeIf(text)) return absl::OkStatus();
    return Error(tokens_.Peek(), std::string("expected \"").append(text).append("\""));
  }

  absl::Status Section() {
    const SndlibToken name = tokens_.Take();
    if (absl::Status status = Expect("("); !status.ok()) return status;
    if (name.text != "DEMANDS") return Skip(name.text == "META");
    found_ = true;
    while (!tokens_.Peek().text.empty() && tokens_.Peek().text != ")") {
      if (absl::Status status = Demand(); !status.ok()) return status;
    }
    return Expect(")");
  }

  // To the parenthesis that closes the section.
  absl::Status Skip(bool meta) {
    for (int depth = 1; depth > 0;) {
      const SndlibToken token = tokens_.Take();
      if (token.text.empty()) return Error(token, "expected \")\"");
      depth += token.text == "(" ? 1 : token.text == ")" ? -1 : 0;
      if (meta && token.text == "unit" && tokens_.TakeIf("=")) SetUnit(tokens_.Peek());
    }
    return absl::OkStatus();
  }

  void SetUnit(const SndlibToken& token) {
    unit_stated_ = true;
    if (const auto unit = SndlibUnitBps(token.text)) {
      unit_ = *unit;
    } else {
      builder_.Warn(token.line,
                    "the unit " + Quote(token.text) + " is not known: demands read as Mbit/s");
    }
  }

  absl::StatusOr<double> Number(const char* what) {
    const SndlibToken token = tokens_.Take();
    double value = 0;
    if (ParseNumber(token.text, &value)) return value;
    return Error(token, absl::StrCat("expected ", what, " as a finite number"));
  }

  absl::StatusOr<int32_t> End(const char* field) {
    const SndlibToken token = tokens_.Take();
    if (token.text.empty() || token.text == "(" || token.text == ")") {
      return Error(token, absl::StrCat("expected the ", field, " of a demand"));
    }
    return builder_.Labelled(token.line, field, token.text);
  }

  absl::Status Demand() {
    const SndlibToken id = tokens_.Take();
    if (id.text == "(") return Error(id, "expected a demand's name");
    if (absl::Status status = Expect("("); !status.ok()) return status;
    const auto source = End("source");
    if (!source.ok()) return source.status();
    const auto target = End("target");
    if (!target.ok()) return target.status();
    if (absl::Status status = Expect(")"); !status.ok()) return status;
    const auto routing_unit = Number("a routing unit");
    if (!routing_unit.ok()) return routing_unit.status();
    const auto value = Number("a demand's value");
    if (!value.ok()) return value.status();
    const SndlibToken length = tokens_.Take();
    double hops = 0;
    if (length.text != "UNLIMITED" && !ParseNumber(length.text, &hops)) {
      return Error(length, "expected a maximal path length, a number or UNLIMITED");
    }
    if (length.text != "UNLIMITED") {
      builder_.Warn(length.line, "maximal path lengths are not kept: paths may have more links");
    }
    return builder_.Add(id.line, *source, *target, *routing_unit * *value, unit_);
  }

  DemandBuilder builder_;
  SndlibTokens tokens_;
  double unit_ = kSndlibUnitBps;
  bool unit_stated_ = false, found_ = false;
};

}  // namespace

absl::StatusOr<DemandMatrix> ReadSndlibDemands(std::string_view file, std::string_view contents,
                                               const DemandGraph& graph) {
  return Reader(file, contents, graph).Run();
}

}  // namespace waymark
