// The answer to a failure, at once: routes around it for the pairs that it cuts, then moves on the
// links that are loaded most, until the MLU is within the gap of the lower bound or no move helps.
//
// What a failure asks for is prepared beforehand: who uses which link, loads, the lower bound. The
// bound of a network holds for what a failure leaves of it as long as no pair is cut off, so that
// most failures need no new one. ReoptimizeMesh (reoptimize.h) does in the background what this
// leaves.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_LIVE_MESH_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_LIVE_MESH_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/mesh/live_routes.h"
#include "controller/compute/mesh/parallel.h"
#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/route_sweep.h"
#include "controller/compute/mesh/routes.h"

namespace waymark {

struct LiveMeshOptions {
  int max_paths = 8;      // of a pair that changes, 1 to 64
  int weight_total = 64;  // weights of a pair that changes add up to this, max_paths to 65,536
  double gap = 0.01;      // good enough: MLU <= (1 + gap) * lower bound; 1e-6 to 1
  std::function<bool()>
      stop;  // asked between steps, on the caller's thread; once true: best so far
  ParallelFor parallel;
};

struct FailureAnswer {
  std::vector<int32_t> changed;      // demands whose routes were touched, ascending
  std::vector<int32_t> unreachable;  // of these, those that nothing leads to any more, ascending
  double detoured_mlu = 0;           // once every pair had a way, before any was moved
  double mlu = 0;
  double lower_bound = 0;  // certified: no routing around the failures has less; 0: none is known
  int rounds = 0;          // of moves
  bool stopped = false;
};

// Routes in force. Copies are cheap: O(links + demands). Not thread-safe.
class LiveMesh {
 public:
  // `lower_bound`: a certified one of the problem, such as the plan's; 0: none is known.
  // INVALID_ARGUMENT for a bad problem, one with bounds on its routes, or routes that do not lead
  // from their demand's `from` to its `to`. O(total length of the routes + d log d).
  static absl::StatusOr<LiveMesh> Create(MeshProblem problem, MeshRoutes routes,
                                         double lower_bound);

  // The links carry nothing from now on, and the routes are changed. INVALID_ARGUMENT: no such
  // link, or a bad option; nothing is changed. Deterministic, unless stopped; stopped at once,
  // every pair still has its way around.
  absl::StatusOr<FailureAnswer> Fail(std::span<const int32_t> links,
                                     const LiveMeshOptions& options);

  const MeshProblem& problem() const { return live_.problem(); }  // failed links have capacity 0
  PairRoutes routes_of(size_t demand) const { return live_.pair(demand); }
  MeshRoutes Routes() const { return live_.Routes(); }  // O(total length of the routes)
  double mlu() const { return live_.mlu(); }

 private:
  LiveMesh(MeshProblem problem, MeshRoutes routes, double lower_bound)
      : live_(std::move(problem), std::move(routes)), lower_bound_(lower_bound) {}
  // Those with routes over the links, ascending.
  std::vector<int32_t> Users(std::span<const int32_t> links) const;
  // Which demands it moved, ascending.
  std::vector<int32_t> Sweep(const SweepOptions& sweep_options, const LiveMeshOptions& options,
                             FailureAnswer* answer);

  LiveRoutes live_;
  double lower_bound_ = 0;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_LIVE_MESH_H_
