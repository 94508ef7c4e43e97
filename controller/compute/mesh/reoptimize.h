// Re-optimisation of routes in force: as few of them change as the gain is worth.
//
// 1. What must change: routes over links without capacity, or out of the problem's bounds, are
//    dropped and their share is routed anew under the prices of a soft maximum of the utilisations
//    (lost_routes.h). Pairs without any route get those of a plan made without regard to what is in
//    force.
// 2. What pays: while the MLU can be lowered, pairs on the most loaded links are moved in rounds,
//    those first that gain most under these prices (route_sweep.h). A state is kept when
//      (MLU of the state kept before - its MLU) / MLU of the state kept before
//        >= min_gain * (pairs changed since the state kept before);
//    after some rounds without such a state, everything since the last kept one is undone. Above
//    `limit` every reduction pays (of 1e-6 or more). Within `gap` of the lower bound nothing moves.
//    Where that comes to no better end, the plan made without regard to what is in
//    force is adopted if it pays as a whole. In the end pairs go back to where they were as far as
//    that raises no link above the MLU reached.
// All is repeated until nothing pays any more, each time as if what was found had been in force: so
// the output as input comes out unchanged.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_REOPTIMIZE_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_REOPTIMIZE_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/mesh/parallel.h"
#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/routes.h"

namespace waymark {

struct ReoptimizeOptions {
  int max_paths = 8;       // of a pair that changes, 1 to 64
  int weight_total = 64;   // weights of a pair that changes add up to this, max_paths to 65,536
  double gap = 0.01;       // good enough: MLU <= (1 + gap) * lower_bound; 1e-6 to 1
  double limit = 1;        // utilisation that is no overload; > 0
  double min_gain = 1e-5;  // relative reduction of the MLU for each pair changed, 0 to 1
  int max_rounds = 400;    // of the solver that finds the lower bound
  std::function<bool()>
      stop;  // asked between steps, on the caller's thread; once true: best so far
  ParallelFor parallel;
};

struct ReoptimizedMesh {
  MeshRoutes routes;             // of all demands
  std::vector<int32_t> changed;  // demands whose routes are not those of `present`, ascending
  // Of these, those that had to: without any route, or with one that could not stay.
  std::vector<int32_t> forced;
  double mlu_before = 0;  // of `present`, as headends have it whose routes over dead links died
  double mlu = 0;
  double lower_bound = 0;      // certified: no routing at all has less
  std::vector<double> prices;  // by link: they certify lower_bound, as MeshPlan's
  double optimum = 0;          // MLU of a plan (optimize.h) made without regard to `present`
  std::vector<int32_t> unreachable, out_of_bound;  // as in MeshPlan
  bool stopped = false;                            // `stop` ended it: best so far
};

// `present`: of all the problem's demands, none for those that are new; links that went away must
// be in the problem with capacity 0. A pair's weights may have any sum, and stay while it does not
// change; demands of rate 0 keep their usable routes. INVALID_ARGUMENT for a bad problem or
// options, or a route that does not lead from its demand's `from` to its `to`; RESOURCE_EXHAUSTED
// as OptimizeMesh. Deterministic, whatever `parallel` does, unless stopped. `stop` true at once
// still does step 1.
absl::StatusOr<ReoptimizedMesh> ReoptimizeMesh(const MeshProblem& problem,
                                               const MeshRoutes& present,
                                               const ReoptimizeOptions& options);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_REOPTIMIZE_H_
