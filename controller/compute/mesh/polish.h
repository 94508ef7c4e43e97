// From routes near the optimum to the optimum itself, where there is time for a linear programme.
//
// Column generation (Dantzig and Wolfe 1960; Desaulniers, Desrosiers and Solomon 2005): COIN CLP
// solves for the routes known so far, path_program.h; under its prices cheaper ways are sought, one
// search a source, and taken in, until there are none. Any prices certify a bound, as min_mlu.h
// says, so that there is one after every round. Routes that are a per cent from the optimum are so
// good a start that a few rounds do.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_POLISH_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_POLISH_H_

#include <cstddef>

#include "absl/status/statusor.h"
#include "controller/compute/mesh/optimize.h"
#include "controller/compute/mesh/problem.h"

namespace waymark {

// What doubles and the solver's tolerances can certify.
inline constexpr double kLeastPolishGap = 1e-9;

struct PolishOptions {
  // Of the fractional routing: it is exact once its MLU <= (1 + gap) * lower_bound.
  // kLeastPolishGap to kMostMeshGap.
  double gap = kLeastPolishGap;
  int max_rounds = 10'000;  // 0 or more
};

struct PolishedMesh {
  // mlu, lower_bound and fractional_mlu are at least as good as they were; prices are those of the
  // bound, with the problem's bounds on routes, too, once it is better. Routes are rounded as
  // closely as can be had to the fractional routing, and those before are kept if that is no
  // better. rounds: of both. stopped: as it was.
  MeshPlan plan;
  bool exact = false;  // plan.fractional_mlu is the optimum, within the gap
  // `stop` ended it. If it is neither this nor exact, routes were too many (PathProgram) or too
  // hard to find (BoundedSearch), the solver gave up, or max_rounds were over.
  bool stopped = false;
  int rounds = 0;      // of the linear programme
  size_t columns = 0;  // routes beside the first of each demand
};

// `plan`: OptimizeMesh's of this problem. Of `options`, whose gap does not matter here, `stop` is
// asked after each pivot and every few searches, and `progress` is told of each round; no threads
// but those that `parallel` lends. INVALID_ARGUMENT for a bad problem, plan or options;
// RESOURCE_EXHAUSTED where bounds on routes need too much memory. Deterministic, whatever
// `parallel` does, unless stopped.
// Memory: 32 bytes * links of all routes that there is a choice between, 1 GB at most.
absl::StatusOr<PolishedMesh> PolishMesh(const MeshProblem& problem, const MeshOptions& options,
                                        const PolishOptions& polish, MeshPlan plan);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_POLISH_H_
