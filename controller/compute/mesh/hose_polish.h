// Private to this folder. From routes of hoses that moves no longer improve towards the least
// worst-case utilisation that any routing has.
//
// A linear programme over the paths and the matrices that are known so far (hose_program.h) is
// solved again and again: the exact worst matrices of its routing are added where they load a link
// more than it thinks (constraint generation, hose_transport.h), and paths that are cheaper under
// its prices (column generation). Whatever the prices of the matrices are: each pair's rates in
// them, over its cheapest way, add up to a bound of every routing (the game between routes and
// matrices; Azar et al. 2003), so that there is one after every round.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_POLISH_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_POLISH_H_

#include <functional>
#include <span>
#include <vector>

#include "controller/compute/mesh/hose_state.h"
#include "controller/compute/mesh/hose_ways.h"
#include "controller/compute/mesh/problem.h"

namespace waymark {

struct HosePolishOptions {
  double gap = 2e-3;  // ends when utilisation <= (1 + gap) * lower bound
  // Ends, too, when the bound is above, or the fractional routing well below; 0: none.
  double limit = 0;
  std::span<const double> background;  // by link, or empty
  std::function<bool()> stop;          // asked in all that takes long
};

struct HosePolished {
  double lower_bound = 0;  // certified, backgrounds counted; 0: none
  double fractional = 0;   // the worst-case utilisation of `paths` as they are
  // By the state's pairs, in parts of kPolishWeight; empty for pairs without any way.
  std::vector<HosePaths> paths;
  bool stopped = false;
};

inline constexpr int kPolishWeight = 1 << 20;

// Paths keep the problem's bounds; the bound is of routings without any. The state's routes are the
// start, and stay as they are. Nothing is sought for networks and hoses
// so large that a round would take long: no paths, no bound. Deterministic, unless stopped.
// O(rounds * (pairs * (links + n log n) + transports of all links)), beside the programme.
HosePolished PolishHose(const MeshProblem& problem, const HoseState& state, HoseWays& allowed,
                        const HosePolishOptions& options);

// The `count` greatest paths, whose weights add up to `total`.
HosePaths RoundHosePaths(const HosePaths& paths, int count, int total);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_HOSE_POLISH_H_
