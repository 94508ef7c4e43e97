#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/topology/file_error.h"
#include "controller/topology/importers.h"
#include "controller/topology/snapshot.h"
#include "controller/topology/yaml_bundle.h"

namespace waymark {

absl::StatusOr<ImportResult> ImportYaml(std::string_view file, std::string_view contents) {
  absl::StatusOr<YamlBundle> read = ReadYamlBundle(file, contents);
  if (!read.ok()) return read.status();
  v1::Bundle& bundle = read->bundle;
  ImportResult result;
  result.format = TopologyFormat::kYaml;
  const int others = bundle.customers_size() + bundle.sites_size() + bundle.traffic_classes_size() +
                     bundle.class_maps_size() + bundle.services_size();
  if (others > 0) {
    result.warnings.emplace_back(
        FileError(
            file, 0,
            absl::StrCat(others, " entries that are no topology are left out: use apply for them"))
            .message());
  }
  const std::vector<v1::Node> nodes(bundle.nodes().begin(), bundle.nodes().end());
  const std::vector<v1::Link> links(bundle.links().begin(), bundle.links().end());
  const std::vector<v1::Srlg> srlgs(bundle.srlgs().begin(), bundle.srlgs().end());
  std::string errors;
  for (const Snapshot::Problem& problem : Snapshot::Validate(nodes, links, srlgs)) {
    const absl::Status error =
        FileError(file, read->lines.Find(problem.resource, problem.field),
                  absl::StrCat(problem.resource, ": ", problem.field, " ", problem.message));
    absl::StrAppend(&errors, errors.empty() ? "" : "\n", error.message());
  }
  if (!errors.empty()) return absl::InvalidArgumentError(errors);
  result.bundle.mutable_nodes()->Swap(bundle.mutable_nodes());
  result.bundle.mutable_links()->Swap(bundle.mutable_links());
  result.bundle.mutable_srlgs()->Swap(bundle.mutable_srlgs());
  for (const v1::Link& link : links) {
    result.link_capacities.push_back(static_cast<double>(link.capacity_bps()));
  }
  result.link_entries = std::move(read->link_entries);
  return result;
}

}  // namespace waymark
