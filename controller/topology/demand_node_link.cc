// Node-link JSON as TopoHub writes it: "graph": {"demands": {source id: {target id: rate}}}.
#include <cmath>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "controller/topology/demand_readers.h"
#include "controller/topology/json_file.h"
#include "controller/topology/text.h"

namespace waymark {
namespace {

using nlohmann::json;

constexpr double kMegabit = 1e6;

class Reader {
 public:
  Reader(std::string_view file, std::string_view contents, const DemandGraph& graph)
      : file_(file), contents_(contents), builder_(file, graph) {}

  absl::StatusOr<DemandMatrix> Run() && {
    const absl::StatusOr<json> root = ParseJson(file_, contents_);
    if (!root.ok()) return root.status();
    const json* graph = Member(*root, "graph");
    const json* demands = graph == nullptr ? nullptr : Member(*graph, "demands");
    if (demands == nullptr || !demands->is_object()) {
      return builder_.Error(
          0, "has no demands: write them as \"graph\": {\"demands\": {source: {target: rate}}}");
    }
    if (absl::Status status = Nodes(*root); !status.ok()) return status;
    for (const auto& [source, row] : demands->items()) {
      if (!row.is_object()) {
        return builder_.Error(
            0, absl::StrCat("demands of ", Quote(source), " are no object: write {target: rate}"));
      }
      for (const auto& [target, rate] : row.items()) {
        if (absl::Status status = Demand(source, target, rate); !status.ok()) return status;
      }
    }
    builder_.Warn(0, "demands have no unit in this format: read as Mbit/s");
    return std::move(builder_).Finish(DemandFormat::kTopohub);
  }

 private:
  // The ids that this file gives its nodes, which need not be the graph's.
  absl::Status Nodes(const json& root) {
    const json* nodes = Member(root, "nodes");
    if (nodes == nullptr || !nodes->is_array()) return absl::OkStatus();
    if (nodes->size() != static_cast<size_t>(builder_.node_count())) {
      return builder_.Error(
          0, absl::StrCat("has ", nodes->size(), " nodes, and the graph ", builder_.node_count(),
                          ": is the matrix for another graph?"));
    }
    int32_t place = 0;
    for (const json& node : *nodes) {
      if (const auto id = TextMember(node, "id")) nodes_.emplace(*id, place);
      ++place;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<int32_t> End(const char* field, const std::string& text) const {
    const auto it = nodes_.find(text);
    if (it != nodes_.end()) return it->second;
    return builder_.Named(0, field, text);
  }

  absl::Status Demand(const std::string& from, const std::string& to, const json& rate) {
    const auto source = End("source", from);
    if (!source.ok()) return source.status();
    const auto target = End("target", to);
    if (!target.ok()) return target.status();
    const double value = rate.is_number() ? rate.get<double>() : std::nan("");
    const absl::Status status = builder_.Add(0, *source, *target, value, kMegabit);
    if (status.ok()) return status;
    return builder_.Error(
        0, absl::StrCat("demand from ", Quote(from), " to ", Quote(to), ": the rate is ",
                        Quote(rate.dump(-1, ' ', true, json::error_handler_t::replace)),
                        ": give a number of Mbit/s, 0 to ", kMaxDemandBps / kMegabit));
  }

  std::string_view file_, contents_;
  DemandBuilder builder_;
  absl::flat_hash_map<std::string, int32_t> nodes_;
};

}  // namespace

absl::StatusOr<DemandMatrix> ReadNodeLinkDemands(std::string_view file, std::string_view contents,
                                                 const DemandGraph& graph) {
  return Reader(file, contents, graph).Run();
}

}  // namespace waymark
