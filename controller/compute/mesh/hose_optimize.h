// Routes for hoses that keep every promise with the least: few paths a pair, whole weights, chosen
// such that the worst-case utilisation of the worst link is as small as can be, whatever matrix
// within their rates the customers send (oblivious routing: Applegate and Cohen 2003; Kumar et al.
// 2001 on hoses). Pipes, demands of a fixed rate, are routed beside them.
//
// Starts from the best of the gravity matrix's routes (optimize.h) and shortest paths. Then the
// worst matrix of the worst link says which senders and receivers fill it: these are the ends with
// a price there (hose_transport.h). All traffic of one of them over that link is moved, wholly or
// in part, onto a tree around it, under lengths that are what each link's exact worst load would
// grow by at most: a link that already holds everything a site sends takes more of its pairs for
// nothing. A move stays if the soft maximum of the exact worst loads falls. A single pair would
// often gain nothing: its site sends the same over the link to somebody else. Where that ends above
// what is known to be possible, a linear programme with exact worst matrices finds the optimum of
// fractional routings (hose_polish.h), if the hoses are not too large for it, and moves go on from
// there, rounded.
//
// Every way keeps the problem's bounds on delay, hops and stretch.
//
// Routes are by pair of nodes, shared by all hoses and the pipe of the pair, as a network's mesh
// policies of one class are.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_OPTIMIZE_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_OPTIMIZE_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/mesh/hose.h"
#include "controller/compute/mesh/parallel.h"
#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/routes.h"

namespace waymark {

struct HoseOptions {
  int max_paths = 8;      // of a pair, 1 to 64
  int weight_total = 64;  // weights of a pair add up to this, max_paths to 65,536
  // Ends once no link's worst-case utilisation is above; 0: the best that is found. For admission:
  // 1, over what is left of the links. Where the first routes' worst matrices prove that no routing
  // keeps it, no better ones are sought.
  double limit = 0;
  int max_rounds = 20'000;  // moves that are kept
  // By link, >= 0, beside everything else; or empty.
  std::vector<double> background;
  std::function<bool()> stop;                         // asked between moves
  std::function<void(const MeshProgress&)> progress;  // now and then
  ParallelFor parallel;
};

struct HosePlan {
  // The pairs of all hoses and pipes, ascending, with the rate of the pipe or 0; routes by them.
  std::vector<MeshDemand> demands;
  MeshRoutes routes;
  // By link: background, pipes, and the worst of every hose. Exact, of the routes above.
  std::vector<double> load;
  double mlu = 0;           // greatest load / capacity
  int32_t worst_link = -1;  // the first that has it; -1: no load
  // No routing at all has less; certified. Without regard to the background beyond its own links,
  // or to bounds on ways.
  double lower_bound = 0;
  int rounds = 0;
  bool stopped = false;
  // Demands without any way, or none within the problem's bounds (or none that could be found),
  // ascending; they load nothing.
  std::vector<int32_t> unreachable;
};

// INVALID_ARGUMENT names the field, "hoses[2].sites[0].egress" or the option. RESOURCE_EXHAUSTED
// when pairs x hoses of them, or bounds on ways, need more than is allowed. Deterministic, unless
// stopped.
absl::StatusOr<HosePlan> OptimizeHose(const MeshProblem& problem, std::span<const Hose> hoses,
                                      const HoseOptions& options);

// A matrix within the hose in which everybody sends to everybody by the product of their rates, as
// far as rates allow; a rate for each of HosePairs. O(pairs).
std::vector<double> GravityOfHose(const Hose& hose);

// How hoses' worst loads fit into what is left of the links.
struct HoseFit {
  // The largest part of all rates that fits: 1 or more fits; 0: not even a little. Infinite: no
  // load.
  double scale = 0;
  int32_t link = -1;   // which says so first; -1: no load
  double missing = 0;  // there, at full rates; 0: fits
};

// `load` and `room` by link; room below 0 counts as 0.
HoseFit FitHoses(std::span<const double> load, std::span<const double> room);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_OPTIMIZE_H_
