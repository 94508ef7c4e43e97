// What routes do to the links: the figures that a plan is judged by, computed from the routes
// alone.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_EVALUATE_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_EVALUATE_H_

#include <cstdint>
#include <span>
#include <vector>

#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/routes.h"

namespace waymark {

struct MeshLoads {
  std::vector<double> load;  // by link, in the problem's unit
  double mlu = 0;  // greatest load / capacity; infinite if a link without capacity has load
  int32_t worst_link = -1;          // the first of those that have it; -1: no link has load
  double offered = 0, carried = 0;  // sums of rates
  std::vector<int32_t> lost;        // demands with rate > 0 that nothing carries, ascending
};

// `failed` (by link; empty: none): the routes over failed links carry nothing, and their headends
// share the demand among the routes that are left, by weight. `problem` passes CheckMeshProblem and
// `routes` has its demands. O(total length of the routes).
MeshLoads EvaluateMesh(const MeshProblem& problem, const MeshRoutes& routes,
                       const std::vector<bool>& failed = {});

// Traffic that shares links with what is at hand and does not give way to it, such as that of
// stronger classes. Of the problem its demands count; its links are the same by number. Borrows.
struct MeshTraffic {
  const MeshProblem* problem = nullptr;
  const MeshRoutes* routes = nullptr;
};

// By link of `link_count`: what all of them together load it with, each as EvaluateMesh has it.
std::vector<double> LoadsOf(std::span<const MeshTraffic> traffic, size_t link_count,
                            const std::vector<bool>& failed = {});

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_EVALUATE_H_
