// `waymark path compute --all-pairs`: the routes between every two nodes of a file, as CSV.
#ifndef WAYMARK_NORTHBOUND_CLI_PATH_ROUTES_H_
#define WAYMARK_NORTHBOUND_CLI_PATH_ROUTES_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "controller/compute/constraints.h"
#include "controller/compute/search_graph.h"
#include "northbound/cli/path_graph.h"

namespace waymark::cli {

struct RoutesOptions {
  // Written beside it and renamed when it is complete, so that it is never seen in part.
  std::string file;
  int threads = 1;  // 1 to 64
  // Asked from every thread, often; a status ends the work, and nothing is written.
  std::function<absl::Status()> go_on = [] { return absl::OkStatus(); };
  // Destinations done, of how many. On the calling thread.
  std::function<void(size_t done, size_t all)> progress = [](size_t, size_t) {};
};

struct RoutesSummary {
  int64_t pairs = 0;
  int64_t unreachable = 0;  // no working path
  int64_t unprotected = 0;  // no protect path, proven, though there is a working one
  int64_t shared = 0;       // working and protect share risks
  int64_t undecided = 0;    // the work budget of a pair ended before the answer was proven
};

// Rows by destination, then source, then role, both ends by their place in the file:
//   src,dst,role,cost,links,reason
// cost: of that row's path, in TE metric, microseconds (up to three decimals) or the unit of cost.
// INTERNAL when the file cannot be written. Blocks; uses `threads` threads.
absl::Status WriteRoutes(const GraphFile& file, const PathConstraints& constraints,
                         const RoutesOptions& options, RoutesSummary* summary);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_PATH_ROUTES_H_
