#ifndef WAYMARK_CONTROLLER_TOPOLOGY_IMPORT_FILE_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_IMPORT_FILE_H_

#include <string>

#include "absl/status/statusor.h"
#include "controller/topology/import.h"

namespace waymark {

// Reads `path` and imports it. A folder means the topology.txt in it (TeaVaR); a nodes.txt beside a
// topology.txt gives its nodes' names. Errors as ImportTopology; NOT_FOUND or PERMISSION_DENIED
// with the path if it can't be read. Blocks on the disk.
absl::StatusOr<ImportResult> ImportTopologyFile(const std::string& path,
                                                TopologyFormat format = TopologyFormat::kAuto);

// The whole file, at most 64 MiB.
absl::StatusOr<std::string> ReadFileBounded(const std::string& path);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_IMPORT_FILE_H_
