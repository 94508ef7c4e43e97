// Private to this folder. Checks that those who change routes share.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_CHECK_ROUTES_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_CHECK_ROUTES_H_

#include "absl/status/status.h"
#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/routes.h"

namespace waymark {

// `fewest_paths` to 64 paths of a pair, weights that add up to max_paths to 65,536.
absl::Status CheckRouteLimits(int max_paths, int fewest_paths, int weight_total);

// `routes` are of the problem's demands, and each leads from its demand's `from` to its `to` over
// links that there are, passing no node twice, with a weight of 1 to 65,536. O(total length).
absl::Status CheckMeshRoutes(const MeshProblem& problem, const MeshRoutes& routes);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_CHECK_ROUTES_H_
