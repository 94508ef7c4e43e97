// Private to this folder. New routes for pairs that have lost some, or have none yet.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_LOST_ROUTES_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_LOST_ROUTES_H_

#include <cstdint>
#include <span>
#include <vector>

#include "controller/compute/mesh/live_routes.h"
#include "controller/compute/mesh/route_sweep.h"

namespace waymark {

struct Rerouted {
  std::vector<int32_t> changed;  // of `demands`: those whose routes could not all stay
  std::vector<int32_t> nowhere;  // of these: those that nothing leads to, now without a route
};

// Drops routes of `demands` (ascending) that are not usable or do not keep the bounds; what they
// carried goes around what failed, in portions with prices anew for each, largest rates first
// (pivot_search.h). Pairs without routes and with rate > 0 get one, by a tree for each source.
// Those that nothing leads to are left without. O(failed links * (n + m) log n) for the former.
Rerouted RouteLost(std::span<const int32_t> demands, const SweepOptions& options, LiveRoutes* live);

// Gives a way of the demand what its routes have lost of the sum of their weights, which was
// `total` and of which they have `left`. They have it all until then; with `left` 0 it has none.
void GiveWay(size_t demand, std::span<const int32_t> way, int64_t total, int64_t left,
             const SweepOptions& options, LiveRoutes* live);

// Whether a route of the demand may stay.
bool MayStay(const LiveRoutes& live, const RouteBounds* bounds, size_t demand,
             std::span<const int32_t> links);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_LOST_ROUTES_H_
