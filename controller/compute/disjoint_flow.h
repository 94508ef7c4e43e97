// Private to this folder. The least pair of link- or node-disjoint paths without regard to bounds
// and shared risks, as a minimum-cost flow of two units (Suurballe and Tarjan 1984, with nodes
// split for node disjointness). For DisjointPair it is a lower bound, a proof of infeasibility, and
// most often already the answer.
#ifndef WAYMARK_CONTROLLER_COMPUTE_DISJOINT_FLOW_H_
#define WAYMARK_CONTROLLER_COMPUTE_DISJOINT_FLOW_H_

#include <array>
#include <optional>
#include <vector>

#include "controller/compute/constrained_path.h"
#include "controller/compute/min_heap.h"

namespace waymark {

struct DisjointFlow {
  std::array<ComputedPath, 2> paths;  // in order
  Metric total;
};

// Many such pairs towards one target: keeps its working memory. Not thread-safe.
class DisjointFlowSearch {
 public:
  // Keeps a reference to `search`, whose target is the other end of every pair. O(nodes + links).
  explicit DisjointFlowSearch(const PathSearch& search);

  // nullopt: no two such paths exist. from != target. O(m log n), but only over what is nearer
  // than the answer.
  std::optional<DisjointFlow> Run(NodeId from, bool node_disjoint);

 private:
  // Each node of the first path has an arrival half and a departure half when paths must not share
  // nodes; elsewhere, and at the ends, they are one.
  enum class Half { kArrival = 0, kDeparture = 1 };
  struct Step {
    int32_t previous = -1;        // state
    LinkId link = LinkId::kNone;  // kNone: between the halves of a node
    bool cancels = false;         // runs against a link of the first path
  };
  struct Entry {
    PathCost cost;
    int32_t state;
    bool operator<(const Entry& other) const {
      return cost != other.cost ? cost < other.cost : state < other.state;
    }
  };

  bool OnFirst(NodeId node) const { return on_first_[Index(node)] == run_; }
  bool Split(NodeId node) const { return node_disjoint_ && OnFirst(node) && node != target_; }
  int32_t State(NodeId node, Half half) const {
    return Index(node) * 2 + (Split(node) ? static_cast<int32_t>(half) : 0);
  }
  void Relax(const Entry& at, NodeId node, Half half, PathCost cost, Step step);
  void Expand(const Entry& at);
  bool Augment(NodeId from);
  ComputedPath TakePath(NodeId from);

  const PathSearch& search_;
  const SearchGraph& graph_;
  const Snapshot& snapshot_;
  const NodeId target_;
  bool node_disjoint_ = false;
  // A mark is this run's when it equals run_.
  uint32_t run_ = 0;
  std::vector<uint32_t> used_;      // links of the flow
  std::vector<uint32_t> on_first_;  // nodes that the first path enters
  std::vector<LinkId> into_;        // by which link
  std::vector<uint32_t> reached_;   // states
  std::vector<PathCost> best_;
  std::vector<Step> steps_;
  MinHeap<Entry> queue_;
};

// One pair. O((n + m) log n).
std::optional<DisjointFlow> LeastDisjointFlow(const PathSearch& search, NodeId from,
                                              bool node_disjoint);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_DISJOINT_FLOW_H_
