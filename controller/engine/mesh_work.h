// What the mesh optimiser is given, and what becomes of its answer: from the network and what is
// stored to problems by number, and from better routes back to records.
#ifndef WAYMARK_CONTROLLER_ENGINE_MESH_WORK_H_
#define WAYMARK_CONTROLLER_ENGINE_MESH_WORK_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/ledger.h"
#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/routes.h"
#include "controller/engine/resources.h"
#include "controller/store/store.h"

namespace waymark {

// One mesh class. Links are numbered as in the snapshot.
struct MeshClassWork {
  std::string traffic_class;
  // Capacities: what pinned reservations leave of what may be promised; 0 where the class may not
  // go, or nothing carries. Rates: committed and elastic together, bit/s, or what was measured with
  // its head-room; some are 0.
  MeshProblem problem;
  std::vector<double> elastic;  // by demand: what services state of it
  int64_t measured_pairs = 0;
  MeshRoutes present;  // of all demands
  int max_paths = 0;
};

struct MeshWork {
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<MeshClassWork> classes;  // strongest first
  // Equal for equal problems: all but the present routes.
  uint64_t fingerprint = 0;
};

// Pure, but for what `resources` derives when first asked. INVALID_ARGUMENT as
// Resources::Topology. O(pairs + what is stored).
absl::StatusOr<MeshWork> MakeMeshWork(Resources& resources,
                                      const std::set<std::string>& links_down);

struct MeshClassResult {
  std::string traffic_class;
  MeshRoutes routes;  // of all demands
  int64_t policies = 0, changed = 0;
  double mlu = 0, lower_bound = 0;  // of all demands, as asked for
  // By link: those that certify the bound. Of SolveMesh alone.
  std::vector<double> prices;
  double demand_bps = 0, granted_bps = 0;
  bool stopped = false;
  std::vector<int32_t> changed_demands;
  std::vector<double> elastic_granted;  // by demand, at most what it asks for; see GrantElastic
};

struct MeshSolveOptions {
  double gap = 0.01;
  // Routes change only where the MLU falls by at least so much of itself for each pair changed.
  double min_gain = 1e-5;
  // But all routes may, where those that change few end so much above what all anew would give.
  double most_behind = 0.05;
  std::function<bool()> stop;
  std::function<void(size_t)> begins;  // with the number of each class, before it
};

// All classes in strict order: each on what stronger ones are granted leave. Stops early, with what
// has been found. Routes that nothing is gained by stay. INVALID_ARGUMENT, RESOURCE_EXHAUSTED as
// the optimiser's.
absl::StatusOr<std::vector<MeshClassResult>> SolveMesh(const MeshWork& work,
                                                       const MeshSolveOptions& options);

// What can be had in milliseconds, for when links have failed (live_mesh.h): ways around what
// fails, and pairs moved off the links that are loaded most. `prices`: by class, of the last solve;
// without them it may take a little longer.
absl::StatusOr<std::vector<MeshClassResult>> AnswerMesh(
    const MeshWork& work, const std::map<std::string, std::vector<double>>& prices,
    const MeshSolveOptions& options);

struct MeshHeld {
  // Every service that the records say is guaranteed its rates still would be.
  bool kept = false;
  // What pinned policies and guarantees hold then; if not kept, as routes are at present.
  Ledger ledger;
};

// As slow as finding the worst case of each service whose routes change.
MeshHeld HeldAfter(Resources& resources, const MeshWork& work,
                   const std::vector<MeshClassResult>& results);

// Grants elastic demand what `ledger` has left, class after class, max-min fairly over the routes
// of the results, and books it as bulk, which takes from nobody.
void GrantElastic(const MeshWork& work, std::vector<MeshClassResult>* results, Ledger* ledger);

// The records that must be written for it.
std::vector<Mutation> MutationsOf(const MeshWork& work,
                                  const std::vector<MeshClassResult>& results);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_MESH_WORK_H_
