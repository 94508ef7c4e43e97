// Private to this folder. Why hoses cannot be routed better: matrices that hurt every routing.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_BOUND_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_BOUND_H_

#include <functional>

#include "controller/compute/mesh/hose_state.h"
#include "controller/compute/mesh/parallel.h"
#include "controller/compute/mesh/problem.h"

namespace waymark {

// No routing of the hoses and pipes has a lower worst-case utilisation: the certified bound of the
// least MLU (min_mlu.h) of two matrices that the hoses allow. One is the worst matrix of the worst
// link, the other the mean of those of the worst links by their weights in the soft maximum: near
// the optimum, the mixture that an adversary would play. Backgrounds are left out.
double HoseLowerBound(const MeshProblem& problem, HoseState& state,
                      const std::function<bool()>& stop, const ParallelFor& parallel);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_BOUND_H_
