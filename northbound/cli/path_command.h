// What the live and the offline form of `waymark path compute` share: the reading of its flags,
// and how its answer is shown.
#ifndef WAYMARK_NORTHBOUND_CLI_PATH_COMMAND_H_
#define WAYMARK_NORTHBOUND_CLI_PATH_COMMAND_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "northbound/cli/commands.h"
#include "northbound/cli/context.h"
#include "waymark/v1/services.pb.h"

namespace waymark::cli {

// The flags as the API's request: names made full ("zrh" -> "nodes/zrh"), units read, lists split
// at commas. A usage error names the flag that cannot be read, is out of range (a negative bound,
// 10^9 paths), or contradicts another (the same provider allowed and forbidden). Whether names
// exist is for whoever knows the network to say.
absl::StatusOr<v1::ComputePathRequest> PathRequest(const PathComputeArgs& args);

// As the output flag asks: each path with its hops, delay and segments; then why, when the answer
// says why. An OK status when paths were found, else FAILED_PRECONDITION with the reason in one
// line, after everything has been shown.
// `details`: what else there is to say; a table leaves it to the caller, other output has it among
// the notes.
absl::Status ShowPaths(Context& context, const v1::ComputePathRequest& request,
                       const v1::ComputePathResponse& response,
                       const std::vector<std::string>& details = {});

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_PATH_COMMAND_H_
