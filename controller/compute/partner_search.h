// Protect paths for working paths that are given, and pairs that are made so: for those whose
// protect path takes room that is held already for others, which cannot fail together with it
// (ledger.h), and where the best pair (disjoint_pair.h) is more than the budget allows.
#ifndef WAYMARK_CONTROLLER_COMPUTE_PARTNER_SEARCH_H_
#define WAYMARK_CONTROLLER_COMPUTE_PARTNER_SEARCH_H_

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "controller/compute/constrained_path.h"
#include "controller/compute/constraints.h"
#include "controller/compute/ledger.h"
#include "controller/compute/path_risks.h"
#include "controller/compute/search_graph.h"
#include "controller/compute/work_limit.h"

namespace waymark {

// What a protect path asks of links on which others may hold protect bandwidth.
struct SharedRoom {
  const Ledger* ledger = nullptr;  // null: nothing is shared
  int64_t bps = 0;
  int setup_priority = kWeakestPriority;
  bool corouted = false;
};

// Many protect paths between one pair of ends. Not thread-safe.
class PartnerSearch {
 public:
  // Keeps references to `graph` and the ledger, which must not change. `graph` has the links with
  // room for all of the bandwidth, or, where it is shared, all that would do if they had room.
  // `stop` as PathSearch's. O((n + m) log n).
  PartnerSearch(const SearchGraph& graph, const Protection& protection, NodeId from, NodeId to,
                std::function<bool()> stop, const SharedRoom& room = {});

  // The least path that shares no risk with `working`, a path between the same ends.
  PathResult Of(std::span<const LinkId> working);

 private:
  void BanFull(std::span<const LinkId> working, std::vector<bool>* banned) const;

  const SearchGraph& graph_;
  const NodeId from_;
  const SharedRoom room_;
  const PathRisks risks_;
  PathSearch search_;
  // Where there is no room for all of it, so that it matters how much sharing saves.
  std::vector<LinkId> scarce_;
};

// References must outlive the call only.
struct PartneredQuery {
  const Snapshot& snapshot;
  const PathConstraints& constraints;
  SearchGraph::Environment environment;  // with a ledger, where protect bandwidth is shared
  NodeId from = NodeId::kNone, to = NodeId::kNone;
  bool share_protect = true;
  // Where working paths are sought, with prices of the caller's own perhaps; null: the graph of
  // constraints and environment.
  const SearchGraph* working_graph = nullptr;
  // In path searches, of the pair that is sought without regard to load.
  WorkLimit limit;
};

struct PartneredPairs {
  // Working and protect path of each, best first by constraints.pair_order.
  std::vector<std::vector<ComputedPath>> pairs;
  // No other working path has room, so that no pairs proves that there are none.
  bool exhausted = false;
};

// The least working paths with room of their own, some eight, each with its least protect path.
// O(tries searches).
PartneredPairs LeastPartnered(const PartneredQuery& query);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_PARTNER_SEARCH_H_
