// GraphML (graphml.graphdrawing.org), with the attributes of the Topology Zoo.
#include <algorithm>
#include <cstring>
#include <optional>
#include <pugixml.hpp>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "controller/topology/country.h"
#include "controller/topology/file_error.h"
#include "controller/topology/importers.h"
#include "controller/topology/link_speed.h"
#include "controller/topology/text.h"
#include "controller/topology/topology_builder.h"

namespace waymark {
namespace {

// The parser takes some 64 bytes for each tag or attribute, whatever its length.
constexpr int64_t kMaxParts = 4'000'000;

// Offset -> line, for offsets that mostly grow.
class LineCounter {
 public:
  explicit LineCounter(std::string_view text) : text_(text) {}
  int At(ptrdiff_t offset) {
    const auto target =
        static_cast<size_t>(std::clamp<ptrdiff_t>(offset, 0, static_cast<ptrdiff_t>(text_.size())));
    if (target < position_) *this = LineCounter(text_);
    line_ += static_cast<int>(std::count(text_.begin() + static_cast<ptrdiff_t>(position_),
                                         text_.begin() + static_cast<ptrdiff_t>(target), '\n'));
    position_ = target;
    return line_;
  }

 private:
  std::string_view text_;
  size_t position_ = 0;
  int line_ = 1;
};

class Importer {
 public:
  Importer(std::string_view file, std::string_view contents)
      : file_(file), contents_(contents), lines_(contents), builder_(file) {}

  absl::StatusOr<ImportResult> Run() && {
    if (absl::Status status = Parse(); !status.ok()) return status;
    if (document_.child("network")) {
      return builder_.Error(1,
                            "is SNDlib's XML: give the same instance in its native format (.txt)");
    }
    const pugi::xml_node root = document_.child("graphml");
    const pugi::xml_node graph = root.child("graph");
    if (!graph) return builder_.Error(1, "has no <graph> in <graphml>: is it GraphML?");
    for (const pugi::xml_node key : root.children("key")) {
      keys_[key.attribute("id").value()] = key.attribute("attr.name").value();
    }
    directed_ = std::strcmp(graph.attribute("edgedefault").value(), "directed") == 0;
    for (const pugi::xml_node node : graph.children("node")) {
      if (absl::Status status = Node(node); !status.ok()) return status;
    }
    for (const pugi::xml_node edge : graph.children("edge")) {
      if (absl::Status status = Edge(edge); !status.ok()) return status;
    }
    return std::move(builder_).Finish(TopologyFormat::kGraphml);
  }

 private:
  using Data = absl::flat_hash_map<std::string, std::string>;

  absl::Status Parse() {
    const auto parts =
        std::ranges::count_if(contents_, [](char c) { return c == '<' || c == '='; });
    if (parts > kMaxParts)
      return builder_.Error(
          0, absl::StrCat("more than ", kMaxParts, " tags and attributes: split the file"));
    const pugi::xml_parse_result result = document_.load_buffer(
        contents_.data(), contents_.size(), pugi::parse_default, pugi::encoding_utf8);
    if (result) return absl::OkStatus();
    return builder_.Error(lines_.At(result.offset),
                          absl::StrCat("not valid XML: ", result.description()));
  }

  int Line(const pugi::xml_node& node) { return lines_.At(node.offset_debug()); }

  // The <data> of a node or edge by the name that its <key> has.
  Data DataOf(const pugi::xml_node& element) const {
    Data data;
    for (const pugi::xml_node child : element.children("data")) {
      const auto key = keys_.find(child.attribute("key").value());
      if (key != keys_.end()) data[key->second] = child.child_value();
    }
    return data;
  }

  static std::string Text(const Data& data, const char* name) {
    const auto it = data.find(name);
    return it == data.end() ? std::string() : it->second;
  }

  // nullopt: absent. An error if it is there and no finite number.
  absl::StatusOr<std::optional<double>> Number(const Data& data, const char* name, int line) const {
    const std::string text = Text(data, name);
    double value = 0;
    if (text.empty()) return std::optional<double>();
    if (ParseNumber(text, &value)) return std::optional(value);
    return builder_.Error(
        line, absl::StrCat(name, " ", Quote(text), " is no finite number: correct or remove it"));
  }

  absl::Status Node(const pugi::xml_node& node) {
    const int line = Line(node);
    const std::string id = node.attribute("id").value();
    if (id.empty()) return builder_.Error(line, "<node> without an id: add it");
    const Data data = DataOf(node);
    std::string label = Text(data, "label");
    // How the Topology Zoo writes that it doesn't know.
    if (label.empty() || label == "?" || label == "None") label = id;
    const int number = builder_.AddNode(label, line);
    if (!nodes_.emplace(id, number).second) {
      return builder_.Error(line,
                            absl::StrCat("node id ", Quote(id), " is used twice: change one"));
    }
    const std::string country = Text(data, "Country");
    const std::string_view code = CountryCode(country);
    builder_.node(number).set_jurisdiction(std::string(code));
    if (!country.empty() && code.empty()) {
      builder_.Warn(line, "country " + Quote(country) + " is not known: jurisdiction left empty");
    }
    const auto latitude = Number(data, "Latitude", line),
               longitude = Number(data, "Longitude", line);
    if (!latitude.ok()) return latitude.status();
    if (!longitude.ok()) return longitude.status();
    if (latitude->has_value() && longitude->has_value()) {
      builder_.SetCoordinates(number, **longitude, **latitude);
    }
    return absl::OkStatus();
  }

  absl::StatusOr<int> End(const pugi::xml_node& edge, const char* name, int line) const {
    const std::string id = edge.attribute(name).value();
    const auto it = nodes_.find(id);
    if (it != nodes_.end()) return it->second;
    return builder_.Error(line, absl::StrCat("<edge> ", name, " ", Quote(id),
                                             " is no node: add that <node>, or correct it"));
  }

  absl::Status Edge(const pugi::xml_node& edge) {
    const int line = Line(edge);
    const auto source = End(edge, "source", line), target = End(edge, "target", line);
    if (!source.ok()) return source.status();
    if (!target.ok()) return target.status();
    if (*source == *target) {
      builder_.LeaveOutSelfLink(line);
      return absl::OkStatus();
    }
    TopologyBuilder::LinkDraft values;
    values.line = line;
    const Data data = DataOf(edge);
    if (absl::Status status = Capacity(data, values); !status.ok()) return status;
    std::string label = edge.attribute("id").value();
    if (label.empty()) label = Text(data, "id");
    const std::string_view own = edge.attribute("directed").value();
    if (own.empty() ? !directed_ : own != "true") {
      builder_.AddPair(label, *source, *target, line, values);
    } else {
      auto& draft = builder_.AddLink(label, *source, *target, line);
      draft.link.set_capacity_bps(values.link.capacity_bps());
      draft.capacity_bps = values.capacity_bps;
    }
    return absl::OkStatus();
  }

  absl::Status Capacity(const Data& data, TopologyBuilder::LinkDraft& values) {
    const auto raw = Number(data, "LinkSpeedRaw", values.line);
    if (!raw.ok()) return raw.status();
    // 0 is how some files write that it isn't known.
    if (raw->has_value() && **raw != 0)
      return builder_.SetCapacity(values, **raw, 1, "LinkSpeedRaw");
    const std::string unit = Text(data, "LinkSpeedUnits");
    double bps = unit.empty() ? 0 : LinkSpeed(Text(data, "LinkSpeed") + unit + "bps");
    if (bps == 0) bps = LinkSpeed(Text(data, "LinkLabel"));
    if (bps == 0) return absl::OkStatus();
    return builder_.SetCapacity(values, bps, 1, "LinkSpeed");
  }

  std::string_view file_;
  std::string_view contents_;
  LineCounter lines_;
  TopologyBuilder builder_;
  pugi::xml_document document_;
  absl::flat_hash_map<std::string, std::string> keys_;
  absl::flat_hash_map<std::string, int> nodes_;
  bool directed_ = false;
};

}  // namespace

absl::StatusOr<ImportResult> ImportGraphml(std::string_view file, std::string_view contents) {
  return Importer(file, contents).Run();
}

}  // namespace waymark
