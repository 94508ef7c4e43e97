// Private to this folder. Paths of many pairs while they are being chosen.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_PAIR_PATHS_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_PAIR_PATHS_H_

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "controller/compute/mesh/min_mlu.h"
#include "controller/compute/mesh/parallel.h"
#include "controller/compute/mesh/problem.h"

namespace waymark {

// Most routes are short and most pairs have one: there are up to a million of them, and memory of
// its own for each would cost more time than what is done with it.
using LinkList = absl::InlinedVector<int32_t, 14>;

struct PairPath {
  LinkList links;
  double amount = 0;  // of the demand's rate
  int32_t weight = 0;
};

using PairPaths = absl::InlinedVector<PairPath, 1>;  // of one demand

template <typename Predicate>
void EraseIf(Predicate predicate, PairPaths* pair) {
  pair->erase(std::remove_if(pair->begin(), pair->end(), predicate), pair->end());
}

// Takes the flow of one source apart: paths of each of its demands, largest first; the amounts of a
// demand add up to its rate. Demands of rate 0 or in `lost` (by demand) get none. O(m + total
// length of the paths).
void DecomposeSource(const MeshProblem& problem, const SourceFlows& flows, size_t source,
                     const std::vector<bool>& lost, std::span<PairPaths> paths);

// All sources. Each demand with rate > 0 that is not unreachable has a path: one that left no trace
// in sums, beside others 2^53 times as large, the shortest by inverse capacity.
std::vector<PairPaths> DecomposeAll(const MeshProblem& problem, const MinMlu& solved,
                                    const ParallelFor& parallel);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_PAIR_PATHS_H_
