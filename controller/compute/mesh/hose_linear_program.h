// Hose optima from COIN CLP: for tests and benchmarks only, nothing that ships has it.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_LINEAR_PROGRAM_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_LINEAR_PROGRAM_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "controller/compute/mesh/hose.h"
#include "controller/compute/mesh/problem.h"

namespace waymark {

// The most that the hose can load `link`: a variable for each pair of sites and class, site by site
// as the hose is given.
std::optional<double> WorstLoadOptimum(const Hose& hose, std::span<const HoseRoutes> classes,
                                       int32_t link);

// The least worst-case utilisation of any fractional routing by pairs of nodes, for all matrices of
// the hoses beside the problem's demands (oblivious). The compact programme of Applegate and Cohen
// (2003, section 3) for hose polytopes: a link's worst load is bounded by prices of the sites'
// rates (its dual), a flow for each pair. Nothing also when a pair has no way.
std::optional<double> ObliviousOptimum(const MeshProblem& problem, std::span<const Hose> hoses,
                                       double most_seconds = 0);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_LINEAR_PROGRAM_H_
