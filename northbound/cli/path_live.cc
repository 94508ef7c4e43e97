#include "northbound/cli/commands.h"
#include "northbound/cli/path_command.h"

namespace waymark::cli {

absl::Status RunPathComputeLive(Context& context, const PathComputeArgs& args) {
  const auto request = PathRequest(args);
  if (!request.ok()) return request.status();
  const auto client = context.client();
  if (!client.ok()) return client.status();
  const auto response = (*client)->ComputePath(*request, context.globals().as_of);
  if (!response.ok()) return response.status();
  return ShowPaths(context, *request, *response);
}

}  // namespace waymark::cli
