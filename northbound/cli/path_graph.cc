#include "northbound/cli/path_graph.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/compute/refusal.h"
#include "controller/topology/import_file.h"
#include "northbound/cli/bundle_files.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/format.h"
#include "northbound/cli/kind.h"

namespace waymark::cli {
namespace {

absl::StatusOr<ImportResult> Import(Context& context, const std::string& file,
                                    const std::string& format_name) {
  const auto format = ParseFormatName(format_name);
  if (!format.ok()) return UsageError(std::string(format.status().message()));
  if (file != "-") return ImportTopologyFile(file, *format);
  const auto text = ReadInput(file, context.io().in);
  if (!text.ok()) return text.status();
  return ImportTopology("stdin", *text, *format);
}

constexpr int kMostDecimals = 6;

// Fewest decimals that write this number; more than kMostDecimals when those are not enough.
int Decimals(double value) {
  double unit = 1;
  for (int decimals = 0; decimals <= kMostDecimals; ++decimals, unit *= 10) {
    // The quotient of two whole numbers is rounded once, as the number in the file was.
    if (std::round(value * unit) / unit == value) return decimals;
  }
  return kMostDecimals + 1;
}

// A plain number below `count`.
bool IsPlace(const std::string& text, size_t count, int32_t* place) {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && std::all_of(text.begin(), text.end(), digit) &&
         absl::SimpleAtoi(text, place) && static_cast<size_t>(*place) < count;
}

std::string Places(size_t count, const char* what) {
  if (count == 0) return absl::StrCat("the file has no ", what);
  return absl::StrCat("give a name that the file has, or a ", what, "'s index, 0 to ", count - 1);
}

}  // namespace

absl::StatusOr<GraphFile> GraphFile::Read(Context& context, const std::string& file,
                                          const std::string& format, double of_fibre) {
  auto import = Import(context, file, format);
  if (!import.ok()) return import.status();
  const auto warn = [&](const std::vector<std::string>& warnings) {
    for (const std::string& warning : warnings) {
      context.io().err << "warning: " << Printable(warning) << '\n';
    }
  };
  warn(import->warnings);
  GraphFile graph;
  graph.file_ = file == "-" ? "stdin" : file;
  graph.rate_unit_bps_ = import->rate_unit_bps;
  const v1::Bundle& bundle = import->bundle;
  if (bundle.nodes_size() == 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(graph.file_, ": the topology is empty: it has no nodes"));
  }
  const std::vector<v1::Node> nodes(bundle.nodes().begin(), bundle.nodes().end());
  std::vector<v1::Link> links(bundle.links().begin(), bundle.links().end());
  for (v1::Link& link : links) {
    if (of_fibre <= 0 || (link.mtbf_hours() > 0 && link.mttr_hours() > 0)) continue;
    // Of an hour, so much: the share is all that counts.
    link.set_mtbf_hours(1 - of_fibre);
    link.set_mttr_hours(of_fibre);
  }
  const std::vector<v1::Srlg> srlgs(bundle.srlgs().begin(), bundle.srlgs().end());
  auto snapshot = Snapshot::Build(nodes, links, srlgs);
  if (!snapshot.ok()) return snapshot.status();
  graph.snapshot_ = *std::move(snapshot);
  graph.file_node_.resize(nodes.size());
  for (const v1::Node& node : nodes) {
    const NodeId id = *graph.snapshot_->FindNode(node.name());
    graph.file_node_[Index(id)] = static_cast<int32_t>(graph.node_at_.size());
    graph.node_at_.push_back(id);
  }
  graph.NumberLinks(*import);
  graph.ReadWeights(*import);
  // Else the file's weights are used as they are.
  if (!graph.weights_status_.ok()) warn(import->weight_warnings);
  return graph;
}

void GraphFile::ReadWeights(const ImportResult& import) {
  LinkWeights weights;
  bool equal = true;
  const auto error = [&](const FileWeight& weight, const std::string& problem) {
    weights_status_ = absl::FailedPreconditionError(
        absl::StrCat(file_, ":", weight.line, ": weight ", absl::StrFormat("%.15g", weight.value),
                     " ", problem, ", or use --metric=delay"));
  };
  for (const auto& weight : import.link_weights) {
    if (!weight) continue;
    const int decimals = Decimals(weight->value);
    if (decimals > kMostDecimals) {
      return error(*weight, absl::StrCat("has more than ", kMostDecimals, " decimals: round it"));
    }
    weights.decimals = std::max(weights.decimals, decimals);
  }
  const int64_t unit = std::llround(std::pow(10, weights.decimals));
  const int64_t most = SearchGraph::MostObjective(snapshot_->nodes().size());
  weights.by_link.resize(snapshot_->links().size());
  for (size_t i = 0; i < weights.by_link.size(); ++i) {
    const LinkId link = *snapshot_->FindLink(import.bundle.links(static_cast<int>(i)).name());
    const int64_t te_metric = snapshot_->link(link).te_metric;
    int64_t& units = weights.by_link[Index(link)];
    units = te_metric * unit;
    if (i >= import.link_weights.size() || !import.link_weights[i]) continue;
    const FileWeight& weight = *import.link_weights[i];
    if (weight.value * static_cast<double>(unit) > static_cast<double>(most)) {
      return error(weight, absl::StrCat("is too much to be added up exactly: give ",
                                        WeightText(most, weights.decimals), " at most"));
    }
    units = std::llround(weight.value * static_cast<double>(unit));
    equal = equal && units == te_metric * unit;
  }
  if (!equal) weights_ = std::move(weights);
}

int64_t GraphFile::Weight(std::span<const LinkId> links) const {
  int64_t sum = 0;
  for (const LinkId link : links) {
    sum += weights_ ? weights_->by_link[Index(link)] : snapshot_->link(link).te_metric;
  }
  return sum;
}

std::string GraphFile::WeightOf(std::span<const LinkId> links) const {
  return WeightText(Weight(links), weights_ ? weights_->decimals : 0);
}

void GraphFile::NumberLinks(const ImportResult& import) {
  const std::vector<int32_t>& entries = import.link_entries;
  const bool undirected = std::adjacent_find(entries.begin(), entries.end()) != entries.end();
  file_link_.resize(entries.size());
  capacities_.resize(entries.size());
  for (size_t i = 0; i < entries.size(); ++i) {
    const LinkId id = *snapshot_->FindLink(import.bundle.links(static_cast<int>(i)).name());
    capacities_[Index(id)] = import.link_capacities[i];
    const bool back = i > 0 && entries[i] == entries[i - 1];
    const int32_t place = undirected ? entries[i] * 2 + (back ? 1 : 0) : entries[i];
    file_link_[Index(id)] = place;
    link_at_.resize(std::max(link_at_.size(), static_cast<size_t>(place) + 1), LinkId::kNone);
    link_at_[place] = id;
  }
}

int64_t GraphFile::RoundedWeight(std::span<const LinkId> links) const {
  const int64_t unit = weights_ ? std::llround(std::pow(10, weights_->decimals)) : 1;
  return (Weight(links) + unit / 2) / unit;
}

bool GraphFile::states_failures() const {
  const auto states = [](const auto& element) {
    return element.mtbf_hours() > 0 && element.mttr_hours() > 0;
  };
  return std::ranges::any_of(snapshot_->node_resources(), states) ||
         std::ranges::any_of(snapshot_->link_resources(), states) ||
         std::ranges::any_of(snapshot_->srlg_resources(), states);
}

absl::StatusOr<NodeId> GraphFile::Node(const std::string& text) const {
  const std::string name = text.starts_with("nodes/") ? text : absl::StrCat("nodes/", text);
  if (const auto node = snapshot_->FindNode(name)) return *node;
  const std::string label = name.substr(name.find('/') + 1);
  std::vector<NodeId> labelled;
  for (size_t i = 0; i < node_at_.size(); ++i) {
    if (snapshot_->node_resources()[i].display_name() == label) {
      labelled.push_back(static_cast<NodeId>(i));
    }
  }
  if (labelled.size() == 1) return labelled.front();
  if (labelled.size() > 1) {
    return UsageError(absl::StrCat("the label \"", label, "\" is on ", labelled.size(),
                                   " nodes of ", file_, ": say ",
                                   ShortName(snapshot_->node(labelled[0]).name), " or ",
                                   ShortName(snapshot_->node(labelled[1]).name)));
  }
  int32_t place = 0;
  if (IsPlace(label, node_at_.size(), &place)) return node_at_[place];
  return absl::NotFoundError(
      absl::StrCat("no node \"", label, "\" in ", file_, ": ", Places(node_at_.size(), "node")));
}

absl::StatusOr<LinkId> GraphFile::Link(const std::string& text) const {
  const std::string name = text.starts_with("links/") ? text : absl::StrCat("links/", text);
  if (const auto link = snapshot_->FindLink(name)) return *link;
  const std::string label = name.substr(name.find('/') + 1);
  int32_t place = 0;
  if (IsPlace(label, link_at_.size(), &place) && link_at_[place] != LinkId::kNone) {
    return link_at_[place];
  }
  return absl::NotFoundError(
      absl::StrCat("no link \"", label, "\" in ", file_, ": ", Places(link_at_.size(), "link")));
}

}  // namespace waymark::cli
