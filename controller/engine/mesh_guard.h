// What a mesh class is to outlive, and the backups that its routes get for that (protect.h).
#ifndef WAYMARK_CONTROLLER_ENGINE_MESH_GUARD_H_
#define WAYMARK_CONTROLLER_ENGINE_MESH_GUARD_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/failure_list.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/failure_states.h"
#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/routes.h"
#include "waymark/v1/resources.pb.h"

namespace waymark {

struct MeshOutlive {
  std::vector<Failure> failures;  // as the class's protection and target ask for
  // Share of the time that each pair is to be served; 0: none is stated.
  double target = 0;
  // What states how often it fails, the links of each, and which are down together how often.
  std::vector<std::vector<int32_t>> elements;
  FailureStates states;
};

// Null: the class asks for nothing. O(failures * links) at worst.
std::shared_ptr<const MeshOutlive> OutliveOf(const Snapshot& snapshot,
                                             const v1::TrafficClass& traffic_class);

// Demands whose routes differ, in weight or order too. Both have the same demands.
size_t ChangedPairs(const MeshRoutes& a, const MeshRoutes& b);

struct MeshGuardOptions {
  int max_paths = 8;
  double gap = 0.01;
  // Backups and working routes move to lower the worst utilisation only where it falls by so much
  // of itself for each pair that moves.
  double min_gain = 0;
  double lower_bound = 0;  // without failure
  // Stronger classes, with what they are promised; they answer to failures themselves.
  std::vector<MeshTraffic> stronger;
  // Of the routes: kMeasure changes nothing; kCover gives pairs that a failure leaves without a
  // route another; kImprove also lowers the worst utilisation.
  enum class Change { kMeasure, kCover, kImprove };
  Change change = Change::kImprove;
  std::function<bool()> stop;
};

// What failures do to the routes of a class.
struct MeshGuarded {
  int64_t failures = 0;
  double worst_mlu = 0, lower_bound = 0;
  std::string worst;  // the failure that has it; empty: none is worse than none
  // Why nothing of it could be found out; all else says nothing then. Empty: it was.
  std::string unknown;
  // Times that a failure leaves a pair without any way, and without a route though there is a way.
  // Not counted: pairs of a node that fails.
  int64_t cut = 0, exposed = 0;
  bool stopped = false;  // the best so far
  // Of the states that are looked at: the least that a pair with demand is served, which one, and
  // how many are served less than the target.
  double target = 0, least = 1, residual = 0;
  int32_t least_demand = -1;
  int64_t below = 0;
};

// Adds backups to `routes`, all of the problem's demands. The problem's capacities hold what
// stronger classes take, too: utilisations are of all together. What is too large to look at is
// `unknown`, and no route changes.
absl::StatusOr<MeshGuarded> GuardRoutes(const MeshOutlive& outlive, const MeshProblem& problem,
                                        const MeshGuardOptions& options, MeshRoutes* routes);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_MESH_GUARD_H_
