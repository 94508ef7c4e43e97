// What routes of the mesh classes come to, class after class in strict order: the load, what is
// granted of what is asked, and what failures do to them.
#ifndef WAYMARK_CONTROLLER_ENGINE_MESH_FIGURES_H_
#define WAYMARK_CONTROLLER_ENGINE_MESH_FIGURES_H_

#include <cstddef>
#include <functional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/routes.h"
#include "controller/engine/mesh_guard.h"
#include "controller/engine/mesh_work.h"

namespace waymark {

// What each demand gets where links are asked for more than they have; no link has more then.
// `wanted`: of MOST_THROUGHPUT, what is given before the rest; or empty.
std::vector<double> GrantRates(const MeshProblem& problem, const MeshRoutes& routes,
                               v1::MeshSharing sharing, std::vector<double> wanted = {});

// The classes before the one at hand.
class StrongerClasses {
 public:
  explicit StrongerClasses(const MeshWork& work);

  // The class's problem on what they leave of what they are granted.
  MeshProblem Left(const MeshClassWork& work) const;
  // How its routes are to be guarded (mesh_guard.h): beside what they are promised, with what
  // `result` knows of the bound. Borrows, until the next is added.
  MeshGuardOptions Guarding(const MeshClassWork& work, const MeshClassResult& result) const;

  // `problem`: as of Left. `guards`: a weaker class asks what it does in failures.
  void Add(const MeshClassWork& work, MeshProblem problem, const MeshClassResult& result,
           bool guards);

 private:
  std::vector<double> granted_, promised_;  // by link
  std::vector<std::pair<MeshProblem, MeshRoutes>> guarded_;
};

// `solve` is asked for each class, with its problem on what stronger ones leave; it sets routes,
// what of them has changed, and the bound, and returns what is to be given before the rest where
// not all fits. All other figures are added here, but for elastic_granted. `begins`: may be empty.
using SolveClass = std::function<absl::StatusOr<std::vector<double>>(
    const MeshClassWork&, const MeshProblem&, const StrongerClasses&, MeshClassResult*)>;
absl::Status InStrictOrder(const MeshWork& work, const std::function<void(size_t)>& begins,
                           const SolveClass& solve, std::vector<MeshClassResult>* results);

// The figures of routes that are not as they were solved: the bound by the prices that are known,
// and what failures do, without any change. INVALID_ARGUMENT as the optimiser's. `stop`: as of
// SolveMesh.
absl::Status MeasureMesh(const MeshWork& work, const std::function<bool()>& stop,
                         std::vector<MeshClassResult>* results);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_MESH_FIGURES_H_
