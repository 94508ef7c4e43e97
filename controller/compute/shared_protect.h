// Pairs whose protect path takes room that is held already for others, which cannot fail together
// with it (ledger.h).
#ifndef WAYMARK_CONTROLLER_COMPUTE_SHARED_PROTECT_H_
#define WAYMARK_CONTROLLER_COMPUTE_SHARED_PROTECT_H_

#include <cstdint>
#include <span>
#include <vector>

#include "controller/compute/constrained_path.h"
#include "controller/compute/constraints.h"
#include "controller/compute/ledger.h"
#include "controller/compute/search_graph.h"
#include "controller/compute/work_limit.h"

namespace waymark {

// References must outlive the call only.
struct SharedProtectQuery {
  const Snapshot& snapshot;
  const PathConstraints& constraints;
  SearchGraph::Environment environment;  // with a ledger
  NodeId from = NodeId::kNone, to = NodeId::kNone;
  // In path searches, of the pair that is sought without regard to load.
  WorkLimit limit;
};

struct SharedPairs {
  // Working and protect path of each, best first by constraints.pair_order.
  std::vector<std::vector<ComputedPath>> pairs;
  // No other working path has room, so that no pairs proves that there are none.
  bool exhausted = false;
};

// The least working paths with room of their own, some eight, each with the least protect path that
// has room when what others hold counts. O(tries searches).
SharedPairs SharedProtectPairs(const SharedProtectQuery& query);

// The links that a protect path must not take: those that share a risk with `working`, and those
// without room even when it is shared. By link number.
std::vector<bool> NoProtect(const SharedProtectQuery& query, std::span<const LinkId> working);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_SHARED_PROTECT_H_
