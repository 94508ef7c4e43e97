// From fractional flows to what a switch can take: few routes a pair, with small integer weights.
//
// 1. Each source's flow is taken apart into paths, pair by pair (flow decomposition; Ahuja,
// Magnanti
//    and Orlin 1993, section 3.5), cycles cancelled on the way.
// 2. Pairs in order of falling rate: all on one route where that keeps every link below the limit
//    (most pairs: few policies to program and to watch); else the largest routes, with weights by
//    largest remainder. Later, smaller pairs see what the earlier ones have done.
// 3. While a link is above the limit: the move of weight between two routes of one pair, or onto a
//    new route found by pricing, that lowers the soft maximum most.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_ROUND_ROUTES_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_ROUND_ROUTES_H_

#include <functional>
#include <vector>

#include "controller/compute/mesh/pair_paths.h"
#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/route_bounds.h"
#include "controller/compute/mesh/routes.h"

namespace waymark {

struct RoundOptions {
  int max_paths = 8;
  int weight_total = 64;
  double limit = 0;  // utilisation that is good enough
  std::function<bool()> stop;
};

// Routes of every demand with paths in `pairs` (by demand; amounts add up to its rate); weights of
// a pair add up to weight_total. `graph` is the problem's; new routes keep `bounds` (null: none).
// Deterministic, unless stopped early: then links may stay above the limit.
MeshRoutes RoundRoutes(const MeshProblem& problem, const MeshGraph& graph,
                       const RouteBounds* bounds, std::vector<PairPaths> pairs,
                       const RoundOptions& options);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_ROUND_ROUTES_H_
