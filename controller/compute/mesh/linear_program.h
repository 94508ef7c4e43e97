// Optima of min-MLU from COIN CLP, by programmes of their own: for tests and benchmarks only.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_LINEAR_PROGRAM_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_LINEAR_PROGRAM_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "controller/compute/mesh/problem.h"

namespace waymark {

// The least MLU of any fractional routing, by the edge formulation with flows summed by source:
// sources x links variables. Demands that lead nowhere are left out. Nothing if the solver gave up,
// or needs more than `most_seconds` (0: as long as it takes).
std::optional<double> EdgeOptimum(const MeshProblem& problem, double most_seconds = 0);

// The least MLU of routings over these paths (links) of each demand; demands without are left out.
std::optional<double> PathOptimum(const MeshProblem& problem,
                                  const std::vector<std::vector<std::vector<int32_t>>>& paths,
                                  double most_seconds = 0);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_LINEAR_PROGRAM_H_
