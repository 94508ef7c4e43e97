// Routes that outlive failures: whatever single failure of a list happens, each pair that can still
// be joined has a route left, and the headends' sharing among the routes that are left overloads no
// link, as far as that can be had.
//
// A headend does not ask anybody when a route dies: it shares the pair's traffic among its other
// routes by their weights (evaluate.h). So the routes must be chosen beforehand. Each pair keeps
// its working routes and gets backup routes of weight 1, which carry next to nothing until a
// failure gives them everything. Backups share capacity: two pairs whose working routes never fail
// together load the same link in different failures only.
//
// First of all every pair is covered: no figure is bought by leaving a pair without a route in a
// failure that it could outlive. Where backups found one after another do not do, two routes are
// found jointly (joint_routes.h), so that of single fibres and nodes that fail none finds a pair
// exposed while there are two paths to a pair. Then a soft maximum over all (failure, link)
// utilisations, the state without failure among them, is minimised by re-routing one pair at a time
// under its prices: the backup of a pair is a shortest path under the prices of the failures that
// kill its working route, off their links. After a first round over all pairs only those are looked
// at again that load what is overloaded (constraint generation over violated failures), and those
// that load the worst get their weights tuned too.
//
// Stronger classes share the links and answer to the same failures themselves: what they load a
// link with is counted state by state. Where they alone overload one, they count as filling it: it
// is not for a weaker class to cure that.
//
// How good that is, is known: no routing has less in a failure than the fractional optimum without
// its links has (failure_bound.h), computed for the failures that turn out the worst.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_PROTECT_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_PROTECT_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/parallel.h"
#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/routes.h"

namespace waymark {

struct ProtectOptions {
  // Each the links that fail together, by number; links may be in several.
  std::vector<std::vector<int32_t>> failures;
  int max_paths = 8;      // of a pair, 2 to 64
  int weight_total = 64;  // max_paths to 65,536
  double limit = 1;       // utilisation that is no overload; > 0
  double gap = 0.01;      // also ends when worst_mlu <= (1 + gap) * worst_lower_bound; > 0
  // Whether a route may be a backup, such as one that a switch can put on a packet. Empty: any.
  std::function<bool(std::span<const int32_t> links)> fits;
  double lower_bound = 0;  // known of the state without failure, such as OptimizeMesh's; >= 0
  // On the same links. Utilisations below are of both together.
  std::vector<MeshTraffic> others;
  bool cover = true;           // false: no route changes, they are measured alone
  int max_rounds = 100;        // 0: nothing changes but what lacks a backup
  std::function<bool()> stop;  // asked between pairs, on the caller's thread
  ParallelFor parallel;
};

struct ProtectPlan {
  MeshRoutes routes;
  double mlu = 0;              // without failure
  double worst_mlu = 0;        // over all failures and none
  int32_t worst_failure = -1;  // index; -1: none
  // Certified: no routes of those demands that these carry have a lesser worst_mlu.
  double worst_lower_bound = 0;
  // Pairs of (failure, demand) with no route left, ascending; in `cut` where the network has no
  // way either, in `exposed` where max_paths leaves none.
  std::vector<std::pair<int32_t, int32_t>> cut, exposed;
  bool covered =
      true;  // every pair had its turn to get backups; else exposed has more than need be
  bool stopped = false;  // best so far
};

// `routes` are the working routes, such as OptimizeMesh's; all of the problem's demands. They fit.
// Of ways that do not fit no others are looked for: that leaves pairs `exposed`.
// Backups keep the problem's bounds on delay, hops and stretch; pairs that only ways beyond them
// could join in a failure are `cut` in it (`exposed` when stopped before that was known).
// INVALID_ARGUMENT names the option; `others` are taken as they are. RESOURCE_EXHAUSTED when
// failures x links are more than 2^27. Deterministic, unless stopped. O(rounds * pairs * (failures
// of a route * links + n log n)).
absl::StatusOr<ProtectPlan> ProtectMesh(const MeshProblem& problem, const MeshRoutes& routes,
                                        const ProtectOptions& options);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_PROTECT_H_
