// Path computation on a file, without a controller.
#ifndef WAYMARK_NORTHBOUND_CLI_PATH_OFFLINE_H_
#define WAYMARK_NORTHBOUND_CLI_PATH_OFFLINE_H_

#include "absl/status/statusor.h"
#include "controller/compute/constraints.h"
#include "controller/compute/search_graph.h"
#include "northbound/cli/path_graph.h"
#include "waymark/v1/services.pb.h"

namespace waymark::cli {

// Hops of a path on paper, where none are asked: more than any segment list holds, as many as the
// solvers count.
inline constexpr int kMostOfflineHops = kMostHopsOnPaper;

// As the solvers take them, with the file's names. NOT_FOUND for a node, a link or a risk group
// that the file does not have.
absl::StatusOr<PathConstraints> OfflineConstraints(const GraphFile& file,
                                                   const v1::PathConstraints& asked);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_PATH_OFFLINE_H_
