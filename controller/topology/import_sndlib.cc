// SNDlib native: sections "NAME ( ... )". A node is "id [( longitude latitude )]", a link
// "id ( source target ) pre_capacity pre_cost routing_cost setup_cost ( {module_capacity
// module_cost}* )".
#include <algorithm>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "controller/topology/file_error.h"
#include "controller/topology/importers.h"
#include "controller/topology/sndlib_tokens.h"
#include "controller/topology/text.h"
#include "controller/topology/topology_builder.h"

namespace waymark {
namespace {

class Importer {
 public:
  Importer(std::string_view file, std::string_view contents) : builder_(file), tokens_(contents) {}

  absl::StatusOr<ImportResult> Run() && {
    // "?SNDlib native format; type: network; version: 1.0"
    const int first = tokens_.Peek().line;
    while (!tokens_.Peek().text.empty() && tokens_.Peek().line == first) tokens_.Take();
    while (!tokens_.Peek().text.empty()) {
      if (absl::Status status = Section(); !status.ok()) return status;
    }
    builder_.SetRateUnit(unit_);
    return std::move(builder_).Finish(TopologyFormat::kSndlib);
  }

 private:
  absl::Status Error(const SndlibToken& at, std::string_view message) const {
    if (at.text.empty())
      return builder_.Error(at.line, absl::StrCat(absl::string_view(message.data(), message.size()),
                                                  ", but the file ends: is it cut off?"));
    return builder_.Error(at.line, absl::StrCat(absl::string_view(message.data(), message.size()),
                                                ", not ", Quote(at.text)));
  }

  absl::Status Expect(std::string_view text) {
    if (tokens_.TakeIf(text)) return absl::OkStatus();
    return Error(tokens_.Peek(), std::string("expected \"").append(text).append("\""));
  }

  absl::Status Section() {
    const SndlibToken name = tokens_.Take();
    if (absl::Status status = Expect("("); !status.ok()) return status;
    if (name.text == "META") return Meta();
    if (name.text == "NODES") return Each([this] { return Node(); });
    if (name.text == "LINKS") return Each([this] { return Link(); });
    return Skip();
  }

  // To the parenthesis that closes the section.
  absl::Status Skip() {
    for (int depth = 1; depth > 0;) {
      const SndlibToken token = tokens_.Take();
      if (token.text.empty()) return Error(token, "expected \")\"");
      depth += token.text == "(" ? 1 : token.text == ")" ? -1 : 0;
    }
    return absl::OkStatus();
  }

  absl::Status Meta() {
    while (!tokens_.Peek().text.empty() && tokens_.Peek().text != ")") {
      const SndlibToken word = tokens_.Take();
      if (word.text == "(") {
        if (absl::Status status = Skip(); !status.ok()) return status;
      }
      if (word.text == "unit" && tokens_.TakeIf("=")) SetUnit(tokens_.Take());
    }
    return Expect(")");
  }

  void SetUnit(const SndlibToken& token) {
    unit_stated_ = true;
    if (const auto unit = SndlibUnitBps(token.text)) {
      unit_ = *unit;
      return;
    }
    builder_.Warn(token.line,
                  "the unit " + Quote(token.text) + " is not known: capacities read as Mbit/s");
  }

  template <typename One>
  absl::Status Each(One one) {
    while (!tokens_.Peek().text.empty() && tokens_.Peek().text != ")") {
      if (absl::Status status = one(); !status.ok()) return status;
    }
    return Expect(")");
  }

  absl::StatusOr<double> Number(const char* what) {
    const SndlibToken token = tokens_.Take();
    double value = 0;
    if (ParseNumber(token.text, &value)) return value;
    return Error(token, absl::StrCat("expected ", what, " as a finite number"));
  }

  absl::Status Node() {
    const SndlibToken id = tokens_.Take();
    if (id.text == "(") return Error(id, "expected a node's name");
    const int number = builder_.AddNode(id.text, id.line);
    if (!nodes_.emplace(std::string(id.text), number).second) {
      return builder_.Error(id.line,
                            absl::StrCat("node ", Quote(id.text), " is defined twice: rename one"));
    }
    if (!tokens_.TakeIf("(")) return absl::OkStatus();
    const auto x = Number("a longitude");
    if (!x.ok()) return x.status();
    const auto y = Number("a latitude");
    if (!y.ok()) return y.status();
    builder_.SetCoordinates(number, *x, *y);
    return Expect(")");
  }

  absl::StatusOr<int> End() {
    const SndlibToken token = tokens_.Take();
    const auto it = nodes_.find(std::string(token.text));
    if (it != nodes_.end()) return it->second;
    return Error(token, "expected a node of the NODES section");
  }

  absl::Status Link() {
    const SndlibToken id = tokens_.Take();
    if (id.text == "(") return Error(id, "expected a link's name");
    if (absl::Status status = Expect("("); !status.ok()) return status;
    const auto source = End();
    if (!source.ok()) return source.status();
    const auto target = End();
    if (!target.ok()) return target.status();
    if (absl::Status status = Expect(")"); !status.ok()) return status;
    TopologyBuilder::LinkDraft draft;
    draft.line = id.line;
    if (absl::Status status = Capacity(draft); !status.ok()) return status;
    if (*source == *target) {
      builder_.LeaveOutSelfLink(id.line);
      return absl::OkStatus();
    }
    builder_.AddPair(id.text, *source, *target, id.line, draft);
    return absl::OkStatus();
  }

  absl::Status Capacity(TopologyBuilder::LinkDraft& draft) {
    const auto pre_installed = Number("a pre-installed capacity");
    if (!pre_installed.ok()) return pre_installed.status();
    for (const char* what : {"its cost", "a routing cost", "a setup cost"}) {
      const auto cost = Number(what);
      if (!cost.ok()) return cost.status();
    }
    double largest_module = 0;
    if (absl::Status status = Expect("("); !status.ok()) return status;
    while (!tokens_.TakeIf(")")) {
      const auto module = Number("a module's capacity");
      if (!module.ok()) return module.status();
      const auto cost = Number("a module's cost");
      if (!cost.ok()) return cost.status();
      largest_module = std::max(largest_module, *module);
    }
    return SetCapacity(draft, *pre_installed, largest_module);
  }

  absl::Status SetCapacity(TopologyBuilder::LinkDraft& draft, double pre_installed,
                           double largest_module) {
    double capacity = pre_installed;
    if (pre_installed == 0 && largest_module > 0) {
      capacity = largest_module;
      builder_.Warn(draft.line, "link without pre-installed capacity: its largest module's taken");
    }
    // Neither is common in SNDlib's design problems; the builder fills in the default.
    if (capacity == 0) return absl::OkStatus();
    if (!unit_stated_) builder_.Warn(draft.line, "no unit in META: capacities read as Mbit/s");
    return builder_.SetCapacity(draft, capacity, unit_, "capacity");
  }

  TopologyBuilder builder_;
  SndlibTokens tokens_;
  absl::flat_hash_map<std::string, int> nodes_;
  double unit_ = kSndlibUnitBps;
  bool unit_stated_ = false;
};

}  // namespace

absl::StatusOr<ImportResult> ImportSndlib(std::string_view file, std::string_view contents) {
  return Importer(file, contents).Run();
}

}  // namespace waymark
