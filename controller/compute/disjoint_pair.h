// A working and a protect path that share no risk, with the least total: computed jointly, so that
// a working path that traps its protect path is never chosen.
//
// Finding two paths disjoint in risk groups is NP-hard (Hu 2003). Solved exactly by branch and
// bound on conflicts (as in conflict-based search, Sharon, Stern, Felner, Sturtevant 2015): relax
// to two independent least paths; while they share a risk, branch: either the one or the other must
// avoid it. The sum of the two least paths bounds a branch from below.
#ifndef WAYMARK_CONTROLLER_COMPUTE_DISJOINT_PAIR_H_
#define WAYMARK_CONTROLLER_COMPUTE_DISJOINT_PAIR_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "controller/compute/constrained_path.h"

namespace waymark {

// Searches that one pair may cost.
inline constexpr int64_t kDefaultPairBudget = 20'000;

struct PairResult {
  // Of the pair. kInfeasible is a proof that no two paths will do.
  Outcome outcome = Outcome::kInfeasible;
  // Both have links when kFound, and when kBudgetSpent found a valid pair not proven best. working
  // <= protect.
  ComputedPath working, protect;
  // The least path by itself, whether or not it has a partner: tells "no path" from "no pair".
  PathResult single;

  bool has_pair() const { return !working.links.empty(); }
};

// What two paths between the same ends must not share, as dense numbers.
//   * link: a link and its reverse are one fibre. Included in every protection.
//   * node: nodes between the ends.
//   * srlg: risk groups of the links and of the nodes between the ends, but for the groups that an
//   end node belongs to:
//     those cannot be avoided.
//   * provider: providers of the links and of the nodes between the ends. An end node's provider is
//   exempt for that node
//     alone: a link of the same provider counts. A provider that is not stated is no risk.
// Affinities and jurisdictions are no risks.
class RiskTable {
 public:
  // O(nodes + links + memberships).
  RiskTable(const Snapshot& snapshot, const Protection& protection, NodeId from, NodeId to);

  size_t size() const { return links_of_.size(); }
  // Risks taken by traversing the link (and entering its target, when between the ends); sorted.
  std::span<const int32_t> RisksOf(LinkId link) const { return risks_of_[Index(link)]; }
  std::span<const LinkId> LinksOf(int32_t risk) const { return links_of_[risk]; }
  // Sorted, without repetition.
  std::vector<int32_t> RisksOfPath(std::span<const LinkId> links) const;
  bool Disjoint(std::span<const LinkId> a, std::span<const LinkId> b) const;
  // "links/a", "nodes/b", "srlgs/c", "provider d".
  std::string Name(const Snapshot& snapshot, int32_t risk) const;

 private:
  int32_t node_base_ = 0, srlg_base_ = 0, provider_base_ = 0;
  std::vector<std::vector<int32_t>> risks_of_;
  std::vector<std::vector<LinkId>> links_of_;
};

// Least by total metric; among equal totals the choice is deterministic. Both paths keep the
// graph's bounds. `protection.any()` must hold.
PairResult DisjointPair(const SearchGraph& graph, const Protection& protection, NodeId from,
                        NodeId to, int64_t search_budget = kDefaultPairBudget);

// The least path that shares no risk with `other`, a path between the same ends.
PathResult DisjointFrom(const SearchGraph& graph, const Protection& protection, NodeId from,
                        NodeId to, std::span<const LinkId> other);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_DISJOINT_PAIR_H_
