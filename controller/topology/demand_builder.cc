#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/topology/demand_readers.h"
#include "controller/topology/file_error.h"
#include "controller/topology/human_units.h"
#include "controller/topology/text.h"
#include "controller/topology/topology_builder.h"

namespace waymark {
namespace {

// Memory, however small the lines of a file are.
constexpr size_t kMostDemands = 10'000'000;
// So many nodes named by place, all in the graph's first half, are hardly of this graph.
constexpr int64_t kTellingPlaces = 10;

std::string NameOf(const DemandGraph::Node& node) {
  return Quote(node.label.empty() ? node.id : node.label);
}

std::pair<int32_t, int32_t> Ends(const FileDemand& demand) {
  return {demand.source, demand.target};
}

}  // namespace

DemandBuilder::DemandBuilder(std::string_view file, const DemandGraph& graph)
    : file_(file), graph_(graph) {
  const auto add = [](auto& names, const std::string& name, int32_t place) {
    if (name.empty()) return;
    const auto [it, added] = names.emplace(name, place);
    if (!added) it->second = kSeveral;
  };
  for (int32_t place = 0; place < node_count(); ++place) {
    add(ids_, graph.nodes[place].id, place);
    add(labels_, graph.nodes[place].label, place);
  }
}

absl::Status DemandBuilder::Error(int line, std::string_view message) const {
  return FileError(file_, line, message);
}

absl::Status DemandBuilder::Unknown(int line, std::string_view field, std::string_view text) const {
  return Error(line, absl::StrCat(std::string(field), " ", Quote(text),
                                  " is no node of the graph, which has ", node_count(),
                                  ": is the file for another graph?"));
}

absl::StatusOr<int32_t> DemandBuilder::Found(int line, std::string_view field,
                                             std::string_view text, int32_t place) const {
  if (place != kSeveral) return place;
  return Error(line, absl::StrCat(std::string(field), " ", Quote(text),
                                  " is the label of several nodes of the graph: label them apart"));
}

absl::StatusOr<int32_t> DemandBuilder::AtPlace(int line, std::string_view field,
                                               std::string_view text) {
  if (!graph_.has_places) return Unknown(line, field, text);
  int32_t place = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), place);
  if (error != std::errc() || end != text.data() + text.size() || place < 0 ||
      place >= node_count()) {
    return Error(
        line, absl::StrCat(std::string(field), " ", Quote(text), " is no node: the graph has 0 to ",
                           node_count() - 1, "; is the file for another graph?"));
  }
  ++placed_;
  last_place_ = std::max(last_place_, place);
  return place;
}

absl::StatusOr<int32_t> DemandBuilder::Labelled(int line, std::string_view field,
                                                std::string_view text) const {
  const std::string name(text);
  if (const auto it = labels_.find(name); it != labels_.end()) {
    return Found(line, field, text, it->second);
  }
  if (const auto it = ids_.find(name); it != ids_.end()) return it->second;
  return Unknown(line, field, text);
}

absl::StatusOr<int32_t> DemandBuilder::Named(int line, std::string_view field,
                                             std::string_view text) {
  const std::string name(text.starts_with("nodes/") ? text.substr(6) : text);
  if (const auto it = ids_.find(name); it != ids_.end()) return it->second;
  if (const auto it = labels_.find(name); it != labels_.end()) {
    return Found(line, field, text, it->second);
  }
  if (const auto place = AtPlace(line, field, text); place.ok()) return place;
  return Unknown(line, field, text);
}

absl::StatusOr<DemandBuilder::Rate> DemandBuilder::ReadRate(int line, std::string_view field,
                                                            std::string_view text) {
  double value = 0;
  if (ParseNumber(text, &value)) {
    if (graph_unit_bps() != 1) {
      Warn(line, absl::StrCat("rates without a unit are read in that of the graph's capacities, ",
                              graph_unit_bps(), " bit/s"));
    }
    return Rate{value, graph_unit_bps()};
  }
  const auto bps = ParseBitRate(text);
  if (bps.ok()) return Rate{static_cast<double>(*bps), 1};
  return Error(line, absl::StrCat("the ", std::string(field), " is ", Quote(text),
                                  ": give a finite number, or one with its unit such as 2.5G"));
}

absl::StatusOr<double> DemandBuilder::InRange(int line, std::string_view field, Rate rate) const {
  const double bps = rate.value * rate.unit;
  if (bps >= 0 && bps <= kMaxDemandBps) return bps;
  return Error(line, absl::StrCat("the ", std::string(field), " is ", rate.value, ": give 0 to ",
                                  kMaxDemandBps / rate.unit));
}

std::optional<int32_t> DemandBuilder::Known(std::string_view name) const {
  const std::string key(name);
  for (const auto* names : {&labels_, &ids_}) {
    if (const auto it = names->find(key); it != names->end() && it->second != kSeveral) {
      return it->second;
    }
  }
  return std::nullopt;
}

bool DemandBuilder::IsAt(int32_t place, std::string_view name) const {
  if (place >= node_count()) return false;
  const DemandGraph::Node& node = graph_.nodes[place];
  return node.label == name || node.id == name;
}

absl::Status DemandBuilder::Add(int line, int32_t source, int32_t target, double value,
                                double unit) {
  const auto checked = InRange(line, "rate", {value, unit});
  if (!checked.ok()) return checked.status();
  const double bps = *checked;
  if (source == target) {
    // Places on the diagonal are part of the form of some formats.
    if (bps > 0 && selves_++ == 0) first_self_ = line;
    return absl::OkStatus();
  }
  if (demands_.size() == kMostDemands) {
    return Error(line, absl::StrCat("is the demand after ", kMostDemands, ": split the file"));
  }
  demands_.push_back({.source = source, .target = target, .bps = bps, .line = line});
  return absl::OkStatus();
}

bool DemandBuilder::HasReverses() const {
  std::vector<std::pair<int32_t, int32_t>> pairs;
  for (const FileDemand& demand : demands_) pairs.push_back(Ends(demand));
  std::ranges::sort(pairs);
  return std::ranges::any_of(pairs, [&](const auto& pair) {
    return std::ranges::binary_search(pairs, std::pair(pair.second, pair.first));
  });
}

absl::StatusOr<DemandMatrix> DemandBuilder::Finish(DemandFormat format) && {
  std::ranges::stable_sort(demands_, {}, Ends);
  const FileDemand* twice = nullptr;
  for (size_t i = 1; i < demands_.size(); ++i) {
    const bool same = Ends(demands_[i - 1]) == Ends(demands_[i]);
    if (same && (twice == nullptr || demands_[i].line < twice->line)) twice = &demands_[i];
  }
  if (twice != nullptr) {
    const int before = (twice - 1)->line;
    const std::string where = before > 0 ? absl::StrCat("stands in line ", before, " already")
                                         : std::string("stands twice");
    return Error(twice->line, absl::StrCat("a demand from ", NameOf(graph_.nodes[twice->source]),
                                           " to ", NameOf(graph_.nodes[twice->target]), " ", where,
                                           ": keep one, with the sum"));
  }
  if (std::ranges::none_of(demands_, [](const FileDemand& d) { return d.bps > 0; })) {
    const absl::Status error =
        Error(0, "the matrix is empty: no demand is above zero; is it the right file?");
    return absl::FailedPreconditionError(error.message());
  }
  if (selves_ > 0) {
    Warn(first_self_, absl::StrCat(selves_, selves_ == 1 ? " demand" : " demands",
                                   " from a node to itself: left out, as no link carries them"));
  }
  if (placed_ >= kTellingPlaces && (last_place_ + 1) * 2 <= node_count()) {
    Warn(0, absl::StrCat("has demands between the first ", last_place_ + 1, " of the graph's ",
                         node_count(), " nodes only: is the matrix for another graph?"));
  }
  return DemandMatrix{.demands = std::move(demands_), .warnings = Warnings(), .format = format};
}

std::vector<std::string> DemandBuilder::Warnings() const {
  std::vector<std::pair<int, std::string>> ordered;
  for (const auto& [text, line] : warnings_) ordered.emplace_back(line, text);
  std::ranges::sort(ordered);
  std::vector<std::string> warnings;
  for (const auto& [line, text] : ordered) {
    warnings.emplace_back(FileError(file_, line, text).message());
  }
  return warnings;
}

}  // namespace waymark
