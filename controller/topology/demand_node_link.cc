// Node-link JSON as TopoHub writes it: "graph": {"demands": {source id: {target id: rate}}}.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "controller/topology/demand_readers.h"
#include "controller/topology/json_file.h"
#include "controller/topology/text.h"

namespace waymark {
namespace {

using nlohmann::json;

constexpr double kMegabit = 1e6;
constexpr int32_t kUnknown = -1;

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
  // The ids that this file gives its nodes, which need not be the graph's, nor stand in its order:
  // by name or id where the graph has it, else by place.
  absl::Status Nodes(const json& root) {
    const json* nodes = Member(root, "nodes");
    if (nodes == nullptr || !nodes->is_array()) return absl::OkStatus();
    listed_ = true;
    std::vector<int32_t> place_of;
    for (const json& node : *nodes) place_of.push_back(Find(node, place_of.size()));
    const int64_t known = std::ranges::count_if(place_of, [](int32_t place) { return place >= 0; });
    const bool same_count = place_of.size() == static_cast<size_t>(builder_.node_count());
    const std::string counts =
        absl::StrCat("has ", place_of.size(), " nodes, and the graph ", builder_.node_count(),
                     ": is the matrix for another graph?");
    if (!same_count && known == 0) return builder_.Error(0, counts);
    if (!same_count) builder_.Warn(0, counts);
    if (same_count && builder_.has_places() && InOrder(place_of)) PlaceTheRest(place_of);
    return Keep(*nodes, place_of);
  }

  // kUnknown if the graph has no such node, or several.
  int32_t Find(const json& node, size_t place) const {
    const auto own = static_cast<int32_t>(place);
    for (const char* member : {"name", "id"}) {
      const auto text = TextMember(node, member);
      if (!text || text->empty()) continue;
      // Labels that repeat are told apart by their place.
      if (builder_.IsAt(own, *text)) return own;
      if (const auto known = builder_.Known(*text)) return *known;
    }
    return kUnknown;
  }

  // Of those that are known, every one stands where the graph has it.
  static bool InOrder(const std::vector<int32_t>& place_of) {
    for (size_t i = 0; i < place_of.size(); ++i) {
      if (place_of[i] != kUnknown && place_of[i] != static_cast<int32_t>(i)) return false;
    }
    return true;
  }

  void PlaceTheRest(std::vector<int32_t>& place_of) {
    for (size_t i = 0; i < place_of.size(); ++i) {
      if (place_of[i] != kUnknown) continue;
      place_of[i] = static_cast<int32_t>(i);
      builder_.Warn(0,
                    "the graph does not know all names and ids of this file's nodes: those are "
                    "taken for the nodes at the same places");
    }
  }

  absl::Status Keep(const json& nodes, const std::vector<int32_t>& place_of) {
    std::vector<std::string> taken_by(static_cast<size_t>(builder_.node_count()));
    for (size_t i = 0; i < place_of.size(); ++i) {
      const auto id = TextMember(nodes[i], "id");
      if (!id || id->empty()) continue;
      if (!nodes_.emplace(*id, place_of[i]).second) {
        return builder_.Error(0,
                              absl::StrCat("node id ", Quote(*id), " is used twice: change one"));
      }
      if (place_of[i] == kUnknown) continue;
      std::string& before = taken_by[place_of[i]];
      if (!before.empty()) {
        return builder_.Error(0, absl::StrCat("nodes ", Quote(before), " and ", Quote(*id),
                                              " are the same node of the graph: is the matrix for "
                                              "another graph?"));
      }
      before = *id;
    }
    return absl::OkStatus();
  }

  absl::StatusOr<int32_t> End(const char* field, const std::string& text) {
    const auto it = nodes_.find(text);
    if (it != nodes_.end() && it->second != kUnknown) return it->second;
    // Numbers are ids, where there are ids, and no places.
    return listed_ ? builder_.Labelled(0, field, text) : builder_.Named(0, field, text);
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
  bool listed_ = false;  // the file has a list of nodes
  absl::flat_hash_map<std::string, int32_t> nodes_;
};

}  // namespace

absl::StatusOr<DemandMatrix> ReadNodeLinkDemands(std::string_view file, std::string_view contents,
                                                 const DemandGraph& graph) {
  return Reader(file, contents, graph).Run();
}

}  // namespace waymark
