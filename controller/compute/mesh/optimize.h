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

inline constexpr int kMostMeshPaths = 64, kMostMeshWeight = 65'536, kMostMeshRounds = 1'000'000;
// What doubles can certify, and what is no answer at all.
inline constexpr double kLeastMeshGap = 1e-6, kMostMeshGap = 1;

struct MeshOptions {
  int max_paths = 8;      // of a pair, 1 to kMostMeshPaths
  int weight_total = 64;  // weights of a pair add up to this, max_paths to kMostMeshWeight
  // kLeastMeshGap to kMostMeshGap. Ends when mlu <= (1 + gap) * lower_bound: of the fractional
  // solution with 0.4 of it, so that rounding can use the rest; the rounded routes may end above
  // it.
  double gap = 0.01;
  int max_rounds = 400;  // 0 to kMostMeshRounds
  // Once true: best so far. Asked on the caller's thread; between two questions there are at most
  // 32 searches for shortest ways, one pass over what was shifted, or one move of a route, but for
  // the start (one search a source) and between solving and rounding (flows become routes:
  // O(links) a route).
  std::function<bool()> stop;
  std::function<void(const MeshProgress&)> progress;  // after each round, on the caller's thread
  ParallelFor parallel;
};

struct MeshPlan {
  MeshRoutes routes;  // as a switch takes them; every figure but those below is of these
  double mlu = 0;
  double lower_bound = 0;     // certified, also when stopped: weak duality
  double fractional_mlu = 0;  // before pruning and rounding
  // By link, >= 0. Any routing has an MLU of at least sum of rate * least price of a way / sum of
  // capacity * price, whatever the prices; with these that is lower_bound, where the problem has no
  // bounds on its routes.
  std::vector<double> prices;
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
