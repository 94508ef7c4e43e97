// Routes of at most so many segments: a switch puts no more on a packet.
//
// What is a segment the caller says (SegmentRules). A route that needs too many is left for the
// cheapest way that does not, under the prices of a soft maximum of the utilisations: a search by
// stages, in which one more segment is a link, or the one path that a segment gives to another
// node. Then pairs are moved off the most loaded links as far as the limit lets them
// (route_sweep.h).
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_SEGMENT_LIMIT_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_SEGMENT_LIMIT_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/mesh/parallel.h"
#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/routes.h"

namespace waymark {

struct SegmentRules {
  int most = 0;  // segments of a route, >= 1
  // How many the links (a path) need at the least: never more than they are. Any thread.
  std::function<int(std::span<const int32_t>)> count;
  // The last link of the path that one segment gives from a node to another; -1: it gives none, or
  // several. A part of such a path from its beginning or to its end is one, too.
  std::function<int32_t(int32_t from, int32_t to)> last_link;

  // Most paths are shorter than what switches can put on a packet.
  bool Fits(std::span<const int32_t> links) const {
    return links.size() <= static_cast<size_t>(most) || count(links) <= most;
  }
};

struct SegmentLimitOptions {
  int max_paths = 8, weight_total = 64;  // as MeshOptions
  double gap = 0.01;                     // good enough: MLU <= (1 + gap) * lower_bound
  double lower_bound = 0;
  std::function<bool()>
      stop;  // asked between steps, on the caller's thread; once true: best so far
  ParallelFor parallel;
};

struct LimitedRoutes {
  // All fit; of those pairs that are changed and have routes, weights add up to weight_total.
  MeshRoutes routes;
  std::vector<int32_t> changed;  // demands, ascending
  // Of these, ascending, those for which no way was found that fits and keeps the problem's bounds:
  // without routes now. Where there are no bounds there is none.
  std::vector<int32_t> impossible;
  // Likewise those that were not looked at before it was stopped: without routes, too.
  std::vector<int32_t> unsought;
  bool stopped = false;
};

// Routes that all fit come back as they are. INVALID_ARGUMENT for a bad problem, routes that do not
// lead from their demand's `from` to its `to`, or bad options; RESOURCE_EXHAUSTED above 8,192
// nodes, if any must be changed. O(sources * segments * n^2) for those that must. Deterministic.
absl::StatusOr<LimitedRoutes> LimitSegments(const MeshProblem& problem, const MeshRoutes& routes,
                                            const SegmentRules& rules,
                                            const SegmentLimitOptions& options);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_SEGMENT_LIMIT_H_
