// Answers one question of `waymark path compute --graph`: with paths, or with why there are none.
#ifndef WAYMARK_NORTHBOUND_CLI_PATH_OFFLINE_ANSWER_H_
#define WAYMARK_NORTHBOUND_CLI_PATH_OFFLINE_ANSWER_H_

#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/constrained_path.h"
#include "controller/compute/constraints.h"
#include "controller/compute/work_limit.h"
#include "northbound/cli/path_graph.h"
#include "northbound/cli/path_limits.h"
#include "waymark/v1/services.pb.h"

namespace waymark::cli {

struct OfflineAnswer {
  v1::ComputePathResponse response;
  std::vector<ComputedPath> paths;  // those of the response
};

// `constraints`: those of the request, in the file's numbers. `limit`: in path searches; a budget
// above the default is a time that was asked for, and all is worth it. `limits` must outlive the
// call and be what `limit` stops by: it says what ended. A latency is bounded as if nothing else
// were sent. Errors: more paths than a set may have, or explicit hops that no set can have.
absl::StatusOr<OfflineAnswer> AnswerOffline(const GraphFile& file,
                                            const v1::ComputePathRequest& request,
                                            const PathConstraints& constraints, NodeId from,
                                            NodeId to, const PathLimits& limits, WorkLimit limit);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_PATH_OFFLINE_ANSWER_H_
