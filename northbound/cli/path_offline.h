// Path computation on a file, without a controller.
#ifndef WAYMARK_NORTHBOUND_CLI_PATH_OFFLINE_H_
#define WAYMARK_NORTHBOUND_CLI_PATH_OFFLINE_H_

#include "absl/status/statusor.h"
#include "controller/compute/constraints.h"
#include "controller/compute/search_graph.h"
#include "northbound/cli/path_graph.h"
#include "waymark/v1/services.pb.h"

namespace waymark::cli {

// As the solvers take them, with the file's names. NOT_FOUND for a node, a link or a risk group
// that the file does not have; a usage error where hops contradict each other.
absl::StatusOr<PathConstraints> OfflineConstraints(const GraphFile& file,
                                                   const v1::PathConstraints& asked);

v1::Path PathMessage(const Snapshot& snapshot, const ComputedPath& path);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_PATH_OFFLINE_H_
