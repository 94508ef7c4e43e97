// Private to this folder. What no routing at all can beat in one failure.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_FAILURE_BOUND_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_FAILURE_BOUND_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "controller/compute/mesh/parallel.h"
#include "controller/compute/mesh/problem.h"

namespace waymark {

// A certified lower bound (min_mlu.h) of the MLU without the failed links, of the demands that are
// not `lost` and what others load the links with (`others`, by link; empty: nothing). As if others
// could go another way, too, which no bound on ways is asked about: where there are such bounds,
// they do not count. Solved to within `gap`, or until it is plain that it will not be above
// `enough`, or `stop`: whatever it is then.
double BoundInFailure(const MeshProblem& problem, std::span<const int32_t> failed,
                      const std::vector<bool>& lost, std::span<const double> others, double gap,
                      double enough, const std::function<bool()>& stop,
                      const ParallelFor& parallel);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_FAILURE_BOUND_H_
