// networkx's node-link JSON: {"directed":, "nodes": [{"id":, "name":, "pos": [x, y]}], "links" or
// "edges":
// [{"source": id, "target": id, "dist": km, "capacity":}]}. TopoHub writes dist, MetaOpt capacity.
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "controller/topology/file_error.h"
#include "controller/topology/importers.h"
#include "controller/topology/json_file.h"
#include "controller/topology/text.h"
#include "controller/topology/topology_builder.h"

namespace waymark {
namespace {

using nlohmann::json;

constexpr double kMegabit = 1e6;

class Importer {
 public:
  Importer(std::string_view file, std::string_view contents, TopologyFormat format)
      : file_(file), contents_(contents), format_(format), builder_(file) {}

  absl::StatusOr<ImportResult> Run() && {
    const absl::StatusOr<json> parsed = ParseJson(file_, contents_);
    if (!parsed.ok()) return parsed.status();
    const json* directed = Member(*parsed, "directed");
    directed_ = directed != nullptr && directed->is_boolean() && directed->get<bool>();
    if (absl::Status status = Nodes(*parsed); !status.ok()) return status;
    const char* key = Member(*parsed, "links") != nullptr ? "links" : "edges";
    if (absl::Status status = Links(*parsed, key); !status.ok()) return status;
    builder_.SetRateUnit(kMegabit);
    return std::move(builder_).Finish(format_);
  }

 private:
  absl::Status Nodes(const json& root) {
    const json* nodes = Member(root, "nodes");
    if (nodes == nullptr || !nodes->is_array()) {
      return builder_.Error(1, "has no list \"nodes\": is it a node-link file?");
    }
    const std::vector<int> lines = JsonItemLines(contents_, {"nodes"});
    for (size_t i = 0; i < nodes->size(); ++i) {
      if (absl::Status status = Node((*nodes)[i], i < lines.size() ? lines[i] : 0); !status.ok())
        return status;
    }
    return absl::OkStatus();
  }

  absl::Status Node(const json& node, int line) {
    const auto id = TextMember(node, "id");
    if (!id.has_value()) return builder_.Error(line, "node without an \"id\": add it");
    const auto label = TextMember(node, "name");
    const int number = builder_.AddNode(label.has_value() && !label->empty() ? *label : *id, line);
    if (!nodes_.emplace(*id, number).second) {
      return builder_.Error(line,
                            absl::StrCat("node id ", Quote(*id), " is used twice: change one"));
    }
    const json* position = Member(node, "pos");
    if (position == nullptr) return absl::OkStatus();
    if (!position->is_array() || position->size() != 2 || !(*position)[0].is_number() ||
        !(*position)[1].is_number()) {
      return builder_.Error(line, "\"pos\" must be [longitude, latitude], both numbers");
    }
    builder_.SetCoordinates(number, (*position)[0].get<double>(), (*position)[1].get<double>());
    return absl::OkStatus();
  }

  absl::Status Links(const json& root, const char* key) {
    const json* links = Member(root, key);
    if (links == nullptr || !links->is_array()) {
      return builder_.Error(1,
                            "has neither a list \"links\" nor \"edges\": is it a node-link file?");
    }
    const std::vector<int> lines = JsonItemLines(contents_, {key});
    for (size_t i = 0; i < links->size(); ++i) {
      if (absl::Status status = Link((*links)[i], i < lines.size() ? lines[i] : 0); !status.ok())
        return status;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<int> End(const json& link, const char* field, int line) const {
    const auto id = TextMember(link, field);
    if (!id.has_value())
      return builder_.Error(line, absl::StrCat("link without a \"", field, "\": add a node's id"));
    const auto it = nodes_.find(*id);
    if (it != nodes_.end()) return it->second;
    return builder_.Error(line, absl::StrCat(field, " ", Quote(*id),
                                             " is no node: add it to \"nodes\", or correct it"));
  }

  absl::Status Link(const json& link, int line) {
    const auto source = End(link, "source", line);
    if (!source.ok()) return source.status();
    const auto target = End(link, "target", line);
    if (!target.ok()) return target.status();
    if (*source == *target) {
      builder_.LeaveOutSelfLink(line);
      return absl::OkStatus();
    }
    TopologyBuilder::LinkDraft values;
    values.line = line;
    if (absl::Status status = Values(link, values); !status.ok()) return status;
    if (!directed_) {
      builder_.AddPair("", *source, *target, line, values);
      return absl::OkStatus();
    }
    auto& draft = builder_.AddLink("", *source, *target, line);
    draft.link.set_capacity_bps(values.link.capacity_bps());
    draft.capacity_bps = values.capacity_bps;
    draft.link.set_delay_ns(values.link.delay_ns());
    draft.delay_known = values.delay_known;
    return absl::OkStatus();
  }

  absl::Status Values(const json& link, TopologyBuilder::LinkDraft& values) {
    if (Member(link, "capacity") != nullptr) {
      const auto capacity = NumberMember(link, "capacity");
      if (!capacity.has_value()) return builder_.Error(values.line, "capacity is no finite number");
      builder_.Warn(values.line, "capacity has no unit in this format: read as Mbit/s");
      if (absl::Status status = builder_.SetCapacity(values, *capacity, kMegabit, "capacity");
          !status.ok()) {
        return status;
      }
    }
    if (Member(link, "dist") != nullptr) {
      const auto km = NumberMember(link, "dist");
      if (!km.has_value()) return builder_.Error(values.line, "dist is no finite number");
      return builder_.SetDelay(values, *km, FibreDelayNs(1), "dist (km)");
    }
    return absl::OkStatus();
  }

  std::string_view file_;
  std::string_view contents_;
  TopologyFormat format_;
  TopologyBuilder builder_;
  absl::flat_hash_map<std::string, int> nodes_;
  bool directed_ = false;
};

}  // namespace

absl::StatusOr<ImportResult> ImportNodeLink(std::string_view file, std::string_view contents,
                                            TopologyFormat format) {
  return Importer(file, contents, format).Run();
}

}  // namespace waymark
