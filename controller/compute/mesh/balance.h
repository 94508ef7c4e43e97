// The second objective: once the most loaded link is as little loaded as can be, the next, and so
// on. Utilisations sorted from the greatest are compared from the front.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_BALANCE_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_BALANCE_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/mesh/parallel.h"
#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/routes.h"

namespace waymark {

struct BalanceOptions {
  int max_paths = 8, weight_total = 64;  // as MeshOptions
  int max_rounds = 30;                   // over all links
  // Whether a route may be. Empty: any. Several threads at once.
  std::function<bool(std::span<const int32_t> links)> fits;
  std::function<bool()> stop;  // asked for each link, on the caller's thread; once true: so far
  ParallelFor parallel;
};

// Moves weight between routes, and onto new ways, while that makes the sorted utilisations less:
// greedily, from the most loaded link down, a few pairs of each under prices that rise steeply with
// utilisation. Pairs whose weights add up to something else than `weight_total` stay. The result is
// never above `routes` in that order, so no MLU is given up; routes keep the problem's bounds.
// Deterministic. INVALID_ARGUMENT as ReoptimizeMesh. O(rounds * links * (n + m) log n).
absl::StatusOr<MeshRoutes> BalanceRoutes(const MeshProblem& problem, const MeshRoutes& routes,
                                         const BalanceOptions& options);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_BALANCE_H_
