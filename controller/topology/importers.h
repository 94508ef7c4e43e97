// One function a format; ImportTopology chooses. Each gets the uncompressed file and gives what
// ImportTopology gives.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_IMPORTERS_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_IMPORTERS_H_

#include <string_view>

#include "absl/status/statusor.h"
#include "controller/topology/import.h"

namespace waymark {

absl::StatusOr<ImportResult> ImportYaml(std::string_view file, std::string_view contents);
absl::StatusOr<ImportResult> ImportRepetita(std::string_view file, std::string_view contents);
absl::StatusOr<ImportResult> ImportGraphml(std::string_view file, std::string_view contents);
absl::StatusOr<ImportResult> ImportSndlib(std::string_view file, std::string_view contents);
// TopoHub and MetaOpt: both are networkx's node-link form.
absl::StatusOr<ImportResult> ImportNodeLink(std::string_view file, std::string_view contents,
                                            TopologyFormat format);
absl::StatusOr<ImportResult> ImportTeavar(std::string_view file, std::string_view contents,
                                          std::string_view node_names);
absl::StatusOr<ImportResult> ImportRfc8345(std::string_view file, std::string_view contents);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_IMPORTERS_H_
