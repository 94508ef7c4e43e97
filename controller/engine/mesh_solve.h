// Better routes for all mesh classes, in strict order: each on what stronger ones are granted
// leave.
//
// A class's routes in force are improved where that pays (reoptimize.h), or made afresh where that
// is much better. If not all that is asked for fits, those routes count that share best, max-min
// fairly or for the most in all (allocate.h). What a class is to outlive it gets backups for
// (mesh_guard.h), beside what stronger classes load the links with in each of these failures.
#ifndef WAYMARK_CONTROLLER_ENGINE_MESH_SOLVE_H_
#define WAYMARK_CONTROLLER_ENGINE_MESH_SOLVE_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/engine/mesh_work.h"

namespace waymark {

struct MeshSolveOptions {
  double gap = 0.01;
  // Routes change only where the MLU falls by at least so much of itself for each pair changed;
  // or, where not all fits, the least share that is better, or the sum, rises by that.
  double min_gain = 1e-5;
  // But all routes may, where those that change few end so much above what all anew would give.
  double most_behind = 0.05;
  std::function<bool()> stop;
  // Likewise, sooner: of what is no more than pleasant to have. Empty: as `stop`.
  std::function<bool()> stop_refining;
  std::function<void(size_t)> begins;  // with the number of each class, before it
};

// Stops early, with what has been found. Routes that nothing is gained by stay. INVALID_ARGUMENT,
// RESOURCE_EXHAUSTED as the optimiser's. Pure.
absl::StatusOr<std::vector<MeshClassResult>> SolveMesh(const MeshWork& work,
                                                       const MeshSolveOptions& options);

// What can be had in milliseconds, for when links have failed (live_mesh.h): ways around what
// fails, and pairs moved off the links that are loaded most. `prices`: by class, of the last solve;
// without them it may take a little longer. Backups are left to the solve that follows.
absl::StatusOr<std::vector<MeshClassResult>> AnswerMesh(
    const MeshWork& work, const std::map<std::string, std::vector<double>>& prices,
    const MeshSolveOptions& options);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_MESH_SOLVE_H_
