// The mesh optimiser: routes and integer weights for all demands at once that keep the most loaded
// link as little loaded as can be, with a certificate of how far from the optimum they are.
//
// min_mlu.h solves it in fractions, from both sides; where that breaks bounds on delay, hops or
// stretch, path_mlu.h goes on with routes that keep them; round_routes.h makes of that what a
// switch can take. What is reported is measured on the rounded routes.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_OPTIMIZE_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_OPTIMIZE_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/mesh/parallel.h"
#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/routes.h"

namespace waymark {

struct MeshOptions {
  int max_paths = 8;      // of a pair, 1 to 64
  int weight_total = 64;  // weights of a pair add up to this, max_paths to 65,536
  double gap = 0.01;      // ends when mlu <= (1 + gap) * lower_bound, of the rounded routes; > 0
  int max_rounds = 400;
  std::function<bool()>
      stop;  // asked between steps, on the caller's thread; once true: best so far
  std::function<void(const MeshProgress&)> progress;  // after each round, on the caller's thread
  ParallelFor parallel;
};

struct MeshPlan {
  MeshRoutes routes;  // as a switch takes them; every figure but those below is of these
  double mlu = 0;
  double lower_bound = 0;     // certified, also when stopped: weak duality
  double fractional_mlu = 0;  // before pruning and rounding
  int rounds = 0;
  bool stopped = false;              // `stop` ended it: best so far
  std::vector<int32_t> unreachable;  // demands with rate > 0 and no way to go, ascending
  // Of these, those that have ways, but none within the problem's bounds on delay, hops and
  // stretch; ascending.
  std::vector<int32_t> out_of_bound;
};

// Every route keeps the problem's bounds, and lower_bound is of routings within them.
// INVALID_ARGUMENT for a bad problem or options; RESOURCE_EXHAUSTED when it needs too much memory.
// Deterministic, whatever `parallel` does, unless stopped. `stop` true at once still gives a plan
// (shortest routes by inverse capacity).
absl::StatusOr<MeshPlan> OptimizeMesh(const MeshProblem& problem, const MeshOptions& options);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_OPTIMIZE_H_
