// What the mesh optimiser is given, and what becomes of its answer: from the network and what is
// stored to problems by number, and from better routes (mesh_solve.h) back to records.
#ifndef WAYMARK_CONTROLLER_ENGINE_MESH_WORK_H_
#define WAYMARK_CONTROLLER_ENGINE_MESH_WORK_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/routes.h"
#include "controller/engine/mesh_guard.h"
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
  // By demand: what failures must leave room for. Committed rates, or what was measured; of a class
  // that has neither, all that is asked.
  std::vector<double> firm;
  int64_t measured_pairs = 0;
  MeshRoutes present;  // of all demands
  int max_paths = 0;
  std::shared_ptr<const MeshOutlive> outlive;  // null: the class asks for nothing
  v1::MeshSharing sharing = v1::MAX_MIN_FAIR;
  // Of routes that leave the most loaded link alike, the shortest in delay instead of those that
  // load the others least.
  bool shorten = false;
};

struct MeshWork {
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<MeshClassWork> classes;  // strongest first
  // Equal for equal problems: all but the present routes.
  uint64_t fingerprint = 0;
};

// The class's problem with its firm rates.
MeshProblem FirmProblem(const MeshClassWork& work);

// Pure, but for what `resources` derives when first asked. INVALID_ARGUMENT as
// Resources::Topology. O(pairs + what is stored).
absl::StatusOr<MeshWork> MakeMeshWork(Resources& resources,
                                      const std::set<std::string>& links_down);

struct MeshClassResult {
  std::string traffic_class;
  MeshRoutes routes;  // of all demands
  int64_t policies = 0, changed = 0;
  double mlu = 0, lower_bound = 0;  // of all demands, as asked for
  // By link: those that certify the bound, on the network that they are of.
  std::vector<double> prices;
  std::vector<double> granted;  // by demand, at most its rate: what fits at once
  double demand_bps = 0, granted_bps = 0;
  bool stopped = false;
  std::optional<MeshGuarded> guarded;  // where the class asks for it; not of AnswerMesh
  std::vector<int32_t> changed_demands;
  std::vector<double> elastic_granted;  // by demand, at most what it asks for; see GrantElastic
};

// The records that must be written for it.
std::vector<Mutation> MutationsOf(const MeshWork& work,
                                  const std::vector<MeshClassResult>& results);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_MESH_WORK_H_
