// Which failures happen together, how probably, and how much of the time demands are served on
// routes that answer to them as headends do.
//
// Elements (fibres, risk groups, nodes) fail independently, each with its steady-state
// unavailability; a state is the set of those that are down. There are 2^elements: they are listed
// by falling probability as far as is asked for, and what is not listed is a mass that is known
// (Bogle et al. 2019, "TEAVAR", on scenarios beyond a cut-off).
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_FAILURE_STATES_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_FAILURE_STATES_H_

#include <cstddef>
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

struct FailureState {
  double probability = 0;     // that these and no others are down
  std::vector<int32_t> down;  // elements, ascending
};

struct FailureStates {
  std::vector<FailureState> states;  // by falling probability
  double mass = 0;                   // their sum
  double residual() const { return mass < 1 ? 1 - mass : 0; }
};

struct FailureStateLimits {
  double cut_off = 1e-9;      // states less probable are not listed; above 0, at most 1
  size_t most_states = 2000;  // 1 to 1,000,000
};

// `probability`: of each element, 0 to 0.5. INVALID_ARGUMENT names what is wrong. O(states * log
// states).
absl::StatusOr<FailureStates> ListFailureStates(std::span<const double> probability,
                                                const FailureStateLimits& limits);

struct MeshAvailability {
  // By demand: probability of the listed states in which it is served whole. It has a route left,
  // and nothing that it uses is asked for more than it has. Its availability is that at least, and
  // at most so much and the residual.
  std::vector<double> served;
  double all_served = 0;  // of the states in which every demand is
  bool stopped = false;   // some states have not been looked at, and count as not served
};

// `links`: of each element, those that are down with it. `routes` have the problem's demands;
// headends share among the routes that are left (evaluate.h). `others` ask for the links, too, and
// get what they ask for first: their links are the same. `stop` is asked on the caller's
// thread every few states. O(states * total length of the routes).
MeshAvailability MeasureAvailability(const MeshProblem& problem, const MeshRoutes& routes,
                                     std::span<const std::vector<int32_t>> links,
                                     const FailureStates& states,
                                     std::span<const MeshTraffic> others = {},
                                     const std::function<bool()>& stop = {},
                                     const ParallelFor& parallel = {});

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_FAILURE_STATES_H_
