// What prices of links say of the MLU: no routing at all has less (weak duality of the
// multi-commodity flow; Ahuja, Magnanti, Orlin 1993, chapter 17).
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_PRICE_BOUND_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_PRICE_BOUND_H_

#include <span>
#include <vector>

#include "controller/compute/mesh/problem.h"

namespace waymark {

// Rate times least price of a way, by demand; 0 where nothing leads. `prices`: by link, >= 0 and
// finite, on any scale. O(sources * (n + m) log n).
std::vector<double> LeastCosts(const MeshProblem& problem, std::span<const double> prices);

// Sum of the least costs / sum of capacity * price. Of demands that nothing leads to nothing is
// said. 0: no prices, or none that say anything.
double PriceBound(const MeshProblem& problem, std::span<const double> prices);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_PRICE_BOUND_H_
