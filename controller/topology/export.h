// Topologies as files.
#ifndef WAYMARK_CONTROLLER_TOPOLOGY_EXPORT_H_
#define WAYMARK_CONTROLLER_TOPOLOGY_EXPORT_H_

#include <string>

#include "absl/status/statusor.h"
#include "controller/topology/import.h"
#include "controller/topology/snapshot.h"

namespace waymark {

// kYaml or kRfc8345 (also valid against the standard's own YANG modules, our additions aside);
// INVALID_ARGUMENT names these for other formats. What an operator wrote comes back from
// ImportTopology field by field; what the controller gives (SIDs, loopback, revision, status, etag)
// is left out. The same snapshot gives the same bytes. O(size).
absl::StatusOr<std::string> ExportTopology(const Snapshot& snapshot, TopologyFormat format);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_TOPOLOGY_EXPORT_H_
