// The answer to a failure, at once: routes around it for the pairs that it cuts, then moves on the
// links that are loaded most, until the MLU is within the gap of the lower bound or no move helps.
//
// What a failure asks for is prepared beforehand: who uses which link, loads, and what each demand
// costs at the least under the prices that certify the lower bound. Links that fail leave the sum
// of capacities by price, demands that are cut off leave the sum of costs; what is left certifies a
// bound of what is left. ReoptimizeMesh (reoptimize.h) does in the background what this leaves.
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
  // 1e-6 to 1. Good enough: MLU <= (1 + gap) * lower bound, or moves that lower it by less than a
  // tenth of that.
  double gap = 0.01;
  std::function<bool()>
      stop;  // asked between steps, on the caller's thread; once true: best so far
  ParallelFor parallel;
};

struct FailureAnswer {
  std::vector<int32_t> changed;  // demands whose routes were touched, ascending
  // Of these, those that nothing leads to any more, or nothing within the bounds; ascending.
  std::vector<int32_t> unreachable;
  double detoured_mlu = 0;  // once every pair had a way, before any was moved
  double mlu = 0;
  double lower_bound = 0;  // certified: no routing around the failures has less; 0: none is known
  int rounds = 0;          // of moves
  bool stopped = false;
};

// Routes in force. Copies are cheap: O(links + demands). Not thread-safe.
class LiveMesh {
 public:
  // `prices`: those of a plan (MeshPlan::prices), or none: then no bound is known.
  // INVALID_ARGUMENT for a bad problem or prices, or routes that do not lead from their demand's
  // `from` to its `to`; RESOURCE_EXHAUSTED as OptimizeMesh. O(total length of the routes + d log d
  // + sources * (n + m) log n).
  static absl::StatusOr<LiveMesh> Create(MeshProblem problem, MeshRoutes routes,
                                         std::span<const double> prices);

  // The links carry nothing from now on, and the routes are changed; new ones keep the problem's
  // bounds as they are then. INVALID_ARGUMENT: no such link, or a bad option; nothing is changed.
  // Deterministic, unless stopped; stopped at once, every pair still has its way around. With
  // bounds also O(ends * (n + m) log n).
  absl::StatusOr<FailureAnswer> Fail(std::span<const int32_t> links,
                                     const LiveMeshOptions& options);

  const MeshProblem& problem() const { return live_.problem(); }  // failed links have capacity 0
  PairRoutes routes_of(size_t demand) const { return live_.pair(demand); }
  MeshRoutes Routes() const { return live_.Routes(); }  // O(total length of the routes)
  double mlu() const { return live_.mlu(); }

 private:
  LiveMesh(MeshProblem problem, MeshRoutes routes) : live_(std::move(problem), std::move(routes)) {}
  void SetPrices(std::span<const double> prices);
  // Moves pairs off the links that are loaded most.
  void Sweep(const SweepOptions& sweep_options, const LiveMeshOptions& options,
             FailureAnswer* answer);
  // Takes what has failed, and the demands that are cut off, out of the bound.
  double LowerBound() const;
  void Shrink(std::span<const int32_t> links, std::span<const int32_t> unreachable);
  // Those that may have routes over the links, ascending.
  std::vector<int32_t> Users(std::span<const int32_t> links) const;

  LiveRoutes live_;
  // Under the prices: capacity by price, by link; rate by least price of a way, by demand. Empty:
  // there are no prices.
  std::vector<double> worth_, cost_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_LIVE_MESH_H_
