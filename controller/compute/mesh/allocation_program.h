// Optima of what demands can be granted, from COIN CLP over given paths: for tests and benchmarks
// only, nothing that ships has it.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_ALLOCATION_PROGRAM_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_ALLOCATION_PROGRAM_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "controller/compute/mesh/problem.h"

namespace waymark {

using PathLists = std::vector<std::vector<std::vector<int32_t>>>;  // links of paths, by demand

// The most that can be carried in all. Nothing if the solver gave up, or needs more than
// `most_seconds` (0: as long as it takes).
std::optional<double> MostCarriedOptimum(const MeshProblem& problem, const PathLists& paths,
                                         double most_seconds = 0);

// The max-min fair rates (unique), by demand; those without paths have 0. A programme for each
// level, and one for each demand that may stay at it: small problems only.
std::optional<std::vector<double>> FairOptimum(const MeshProblem& problem, const PathLists& paths);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_ALLOCATION_PROGRAM_H_
