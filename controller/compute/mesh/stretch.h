// How much longer than the shortest routes are, in delay, and the second objective that makes them
// shorter.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_STRETCH_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_STRETCH_H_

#include <cstdint>
#include <functional>

#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/routes.h"

namespace waymark {

// Stretch: delay of a route / least delay of any way of its pair over links with capacity. Pairs
// whose least delay is 0 are left out.
struct MeshStretch {
  double mean = 1;            // by traffic
  double worst = 1;           // of any route
  int32_t worst_demand = -1;  // -1: no delays are known
  double mean_delay = 0, worst_delay = 0;
};

// `routes` has the problem's demands. O(sources * (n + m) log n + total length of the routes).
MeshStretch MeasureStretch(const MeshProblem& problem, const MeshRoutes& routes);

// Moves routes onto ways of less delay while no link goes above `limit` (utilisation) that is not
// there before, nor higher; greedily, the ways being least-delay trees over links with room. Where
// another route of the pair goes that way already, they become one. Keeps the problem's bounds,
// the sum of each pair's weights, and never has more routes. `stop` true: what is done so far.
// Deterministic.
MeshRoutes ShortenRoutes(const MeshProblem& problem, const MeshRoutes& routes, double limit,
                         const std::function<bool()>& stop = {});

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_STRETCH_H_
