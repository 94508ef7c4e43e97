#include "controller/topology/export.h"

#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "controller/topology/bundle_fields.h"
#include "controller/topology/exporters.h"
#include "controller/topology/yaml_bundle.h"

namespace waymark {

absl::StatusOr<std::string> ExportTopology(const Snapshot& snapshot, TopologyFormat format) {
  v1::Bundle bundle;
  bundle.mutable_nodes()->Assign(snapshot.node_resources().begin(),
                                 snapshot.node_resources().end());
  bundle.mutable_links()->Assign(snapshot.link_resources().begin(),
                                 snapshot.link_resources().end());
  bundle.mutable_srlgs()->Assign(snapshot.srlg_resources().begin(),
                                 snapshot.srlg_resources().end());
  ClearOutputOnly(bundle);
  switch (format) {
    case TopologyFormat::kYaml:
      return WriteYamlBundle(bundle);
    case TopologyFormat::kRfc8345:
      return WriteRfc8345(bundle);
    default:
      return absl::InvalidArgumentError(absl::StrCat(
          "cannot export to ", std::string(FormatName(format)), ": use yaml or rfc8345"));
  }
}

}  // namespace waymark
