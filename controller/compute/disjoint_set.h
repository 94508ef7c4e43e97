// Several paths between the same ends of which no two share a risk, chosen jointly. Exact within a
// work budget: a minimum-cost flow is the bound and most often the answer, conflicts over risk
// groups and bounds are branched on (conflict_search.h).
#ifndef WAYMARK_CONTROLLER_COMPUTE_DISJOINT_SET_H_
#define WAYMARK_CONTROLLER_COMPUTE_DISJOINT_SET_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/compute/disjoint_pair.h"

namespace waymark {

inline constexpr int kMaxDisjointPaths = 8;

struct SetResult {
  // As PairResult's.
  Outcome outcome = Outcome::kInfeasible;
  // `count` of them in order, or none.
  std::vector<ComputedPath> paths;
  PathResult single;
  // Of two paths only: sharing is not offered to larger sets, `allow_shared_risks` changes nothing
  // there.
  std::vector<std::string> shared_risks;
};

// `count` 2 to kMaxDisjointPaths, else INVALID_ARGUMENT. With 2, the answer of DisjointPair.
// kMinMax: least metric of the dearest path, then least total. The rest as DisjointPair.
absl::StatusOr<SetResult> DisjointSet(const SearchGraph& graph, const Protection& protection,
                                      NodeId from, NodeId to, int count,
                                      const PairOptions& options = {});

// INVALID_ARGUMENT unless `count` is 2 to kMaxDisjointPaths.
absl::Status CheckDisjointPaths(int count);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_DISJOINT_SET_H_
