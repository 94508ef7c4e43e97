// A snapshot as one class of traffic sees it: which links it may use, and what each costs it. Made
// once for a class, a bandwidth, a ledger and a link state; then any number of searches read it.
#ifndef WAYMARK_CONTROLLER_COMPUTE_SEARCH_GRAPH_H_
#define WAYMARK_CONTROLLER_COMPUTE_SEARCH_GRAPH_H_

#include <compare>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "controller/compute/constraints.h"
#include "controller/compute/ledger.h"
#include "controller/compute/path_cost.h"
#include "controller/topology/snapshot.h"

namespace waymark {

// What paths are ordered by: cost, then hops, then delay; paths that tie in all three are ordered
// by their link numbers, first hop first. `cost` is the objective in whole units (te_metric;
// nanoseconds; SearchGraph::objective_unit of money) plus kAvoidCost for each node or link in
// gentle maintenance, so that those are used only where nothing else will do.
struct Metric {
  int64_t cost = 0;
  int64_t delay_ns = 0;
  int64_t hops = 0;

  friend bool operator==(const Metric&, const Metric&) = default;
  friend std::strong_ordering operator<=>(const Metric& a, const Metric& b) {
    if (a.cost != b.cost) return a.cost <=> b.cost;
    if (a.hops != b.hops) return a.hops <=> b.hops;
    return a.delay_ns <=> b.delay_ns;
  }
};

// Above the objective of any path (path_cost.h).
inline constexpr int64_t kAvoidCost = int64_t{1} << 48;
// Of money: billionths of the unit that links state their cost in.
inline constexpr int64_t kCostUnit = 1'000'000'000;
// Most hops that any search counts (path_cost.h).
inline constexpr int kMostHopsOnPaper = 28'000;
// "No path". Sums saturate here instead of overflowing.
inline constexpr int64_t kUnreachable = int64_t{1} << 62;

int64_t SaturatingAdd(int64_t a, int64_t b);  // of values in 0..kUnreachable
Metric operator+(const Metric& a, const Metric& b);

// One loop-free path; at least one link.
struct ComputedPath {
  std::vector<LinkId> links;
  Metric metric;

  // Nodes and links in gentle maintenance that it uses.
  int64_t avoided() const { return metric.cost / kAvoidCost; }
  int64_t objective() const { return metric.cost % kAvoidCost; }
  friend bool operator==(const ComputedPath&, const ComputedPath&) = default;
  // By metric, then link numbers. Total order over the paths between two nodes.
  friend std::strong_ordering operator<=>(const ComputedPath& a, const ComputedPath& b);
};

enum class Outcome {
  kFound,        // proven best
  kInfeasible,   // proven: no path (or pair) meets the constraints
  kBudgetSpent,  // not proven either way; any path (or pair) given is valid, perhaps not the best
};

// What links cost instead of their te_metric, in units of 10^-decimals.
struct LinkWeights {
  std::vector<int64_t> by_link;  // by number; 0 to SearchGraph::MostObjective
  int decimals = 0;              // 0 to 9
};

class PreparedGraphs;

class SearchGraph {
 public:
  struct Environment {
    const Ledger* ledger = nullptr;         // null: every link has all that may be promised of it
    const LinkState* link_state = nullptr;  // null: every link is up
    // Only links with a reverse; both directions must meet the constraints, and the larger of their
    // delays counts, so that the reversed path meets them too.
    bool corouted = false;
    // Only to explain a refusal: as if nothing were in strict maintenance. No traffic is ever
    // placed by it.
    bool ignore_forbid = false;
    // Only to explain: what is in gentle maintenance costs no more than the rest.
    bool ignore_avoid = false;
    // The hop bound of the constraints counts up to this. More only for planning on paper: no
    // packet carries the strict path then. At most kMostHopsOnPaper.
    int most_hops = kMaxPathHops;
    // Only for planning on paper, where the objective is MIN_TE_METRIC; null: te_metric. Must
    // outlive whatever reads it.
    const LinkWeights* weights = nullptr;
    // Of the same snapshot; null: none. For whoever makes many graphs: the same ones, sooner.
    PreparedGraphs* prepared = nullptr;
  };

  // The objective that a link may have so that all paths' sums are exact.
  static int64_t MostObjective(size_t nodes) {
    // No path has more hops than there are nodes, and two of them are added up at times.
    return kAvoidCost / (2 * static_cast<int64_t>(nodes + 1)) - 1;
  }

  // Keeps a reference to `snapshot`; `environment` is read here only. O(nodes + links * list
  // lengths); O(nodes + links) where it is prepared.
  SearchGraph(const Snapshot& snapshot, const PathConstraints& constraints,
              const Environment& environment);

  const Snapshot& snapshot() const { return *snapshot_; }
  int64_t max_delay_ns() const { return max_delay_ns_; }  // kUnreachable when there is no bound
  int max_hops() const { return max_hops_; }

  // The node itself is admitted (also as an end).
  bool NodeUsable(NodeId node) const { return node_usable_[Index(node)]; }
  // The link and both its ends are admitted, it is up and has the bandwidth.
  bool LinkUsable(LinkId link) const { return link_usable_[Index(link)]; }
  // Of one traversal, including the maintenance of the node that it enters.
  Metric LinkMetric(LinkId link) const;
  Metric PathMetric(std::span<const LinkId> links) const;

  // Of kCostUnit, what one of the objective stands for, where that is money: a thousandth, less
  // where costs have more decimals, more where they would not fit.
  int64_t objective_unit() const { return objective_unit_; }

  // For solvers that penalise: adds to the objective of a link, as far as the sums of paths allow.
  // >= 0.
  void AddCost(LinkId link, int64_t cost);
  // For solvers that search by something else: gives every link this objective, 0 or more, clamped
  // to what the sums of paths allow. By link number.
  void SetObjectives(std::span<const int64_t> objectives);

  // For the searches of this folder: the usable links by node, in order of link number.
  struct Arc {
    PathCost cost;
    NodeId node;  // the other end
    LinkId link;
  };
  std::span<const Arc> out_arcs(NodeId node) const { return Row(out_, out_begin_, node); }
  std::span<const Arc> in_arcs(NodeId node) const { return Row(in_, in_begin_, node); }
  PathCost LinkCost(LinkId link) const { return cost_[Index(link)]; }
  static Metric MetricOf(PathCost cost) { return {HighOf(cost), DelayOf(cost), HopsOf(cost)}; }
  static PathCost CostOf(const Metric& metric);

 private:
  static std::span<const Arc> Row(const std::vector<Arc>& arcs, const std::vector<int32_t>& begin,
                                  NodeId node) {
    const size_t first = static_cast<size_t>(begin[Index(node)]);
    return std::span(arcs).subspan(first, static_cast<size_t>(begin[Index(node) + 1]) - first);
  }

  friend class PreparedGraphs;
  // With what the names admit and what it costs, whatever the load, the link state and the bounds.
  void Prepare(const PathConstraints& constraints, const Environment& environment);
  void Admit(const PathConstraints& constraints, const Environment& environment);
  bool LinkAdmitted(const PathConstraints& constraints, const Environment& environment,
                    LinkId link) const;
  // Leaves out the links that are down or lack room.
  void Narrow(const PathConstraints& constraints, const Environment& environment);
  void Price(const PathConstraints& constraints, const Environment& environment);
  void MakeRows();
  void DropUnusable(std::vector<int32_t>* begin, std::vector<Arc>* arcs) const;

  const Snapshot* snapshot_;
  int64_t max_delay_ns_;
  int max_hops_;
  std::vector<bool> node_usable_;
  std::vector<bool> link_usable_;
  std::vector<PathCost> cost_;  // by link, usable or not
  int64_t most_objective_ = 0;  // of a link, so that no path's sum overflows
  int64_t objective_unit_ = kCostUnit;
  std::vector<int32_t> out_begin_, in_begin_;
  std::vector<Arc> out_, in_;
};

// Of one snapshot, for a planner or an explanation: what a set of names (affinities, providers,
// jurisdictions, excluded resources) admits and what the objective makes of it, sorted out once a
// set. A graph for a bandwidth, a ledger and a link state is then a copy without the links that
// have no room. Not thread-safe.
class PreparedGraphs {
 public:
  // Sets that are kept; one more begins anew.
  static constexpr size_t kMostSets = 64;

  PreparedGraphs() = default;
  PreparedGraphs(const PreparedGraphs&) = delete;
  PreparedGraphs& operator=(const PreparedGraphs&) = delete;

 private:
  friend class SearchGraph;
  struct Key {
    v1::Objective objective;
    const LinkWeights* weights;
    bool corouted, ignore_forbid, ignore_avoid;
    std::vector<std::string> allowed_jurisdictions, forbidden_jurisdictions;
    std::vector<std::string> allowed_providers, forbidden_providers;
    std::vector<std::string> include_any, include_all, exclude, exclude_resources;

    friend auto operator<=>(const Key&, const Key&) = default;
  };
  // Valid until the next call.
  const SearchGraph& Of(const Snapshot& snapshot, const PathConstraints& constraints,
                        const SearchGraph::Environment& environment);

  std::map<Key, SearchGraph> graphs_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_SEARCH_GRAPH_H_
