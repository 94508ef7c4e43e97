// What two paths between the same ends must not share (risk groups: RFC 4202 section 2.3).
#ifndef WAYMARK_CONTROLLER_COMPUTE_RISK_TABLE_H_
#define WAYMARK_CONTROLLER_COMPUTE_RISK_TABLE_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "controller/compute/constraints.h"
#include "controller/topology/snapshot.h"

namespace waymark {

// Risks as dense numbers.
//   * link: a link and its reverse are one fibre. Included in every protection.
//   * node: nodes between the ends.
//   * srlg: risk groups of the links and of the nodes between the ends, but for the groups that an
//     end node belongs to: those cannot be avoided.
//   * building: as srlg, of the groups of type BUILDING and LANDING_STATION alone.
//   * provider: providers of the links and of the nodes between the ends. An end node's provider is
//     exempt for that node alone: a link of the same provider counts. A provider that is not stated
//     is no risk.
// Affinities and jurisdictions are no risks. Each risk weighs one: two paths that share a fibre
// share that fibre and, where the protection asks for them, its groups, its provider and the node
// it enters besides. Immutable; any thread may read it.
class RiskTable {
 public:
  // O(nodes + links + memberships). Reads the snapshot here only.
  RiskTable(const Snapshot& snapshot, const Protection& protection, NodeId from, NodeId to);

  size_t size() const { return links_begin_.size() - 1; }
  // Risks taken by traversing the link (and entering its target, when between the ends); sorted.
  std::span<const int32_t> RisksOf(LinkId link) const {
    return std::span(risks_).subspan(risks_begin_[Index(link)],
                                     risks_begin_[Index(link) + 1] - risks_begin_[Index(link)]);
  }
  std::span<const LinkId> LinksOf(int32_t risk) const {
    return std::span(links_).subspan(links_begin_[risk],
                                     links_begin_[risk + 1] - links_begin_[risk]);
  }
  // Sorted, without repetition.
  std::vector<int32_t> RisksOfPath(std::span<const LinkId> links) const;
  std::vector<int32_t> Shared(std::span<const LinkId> a, std::span<const LinkId> b) const;
  bool Disjoint(std::span<const LinkId> a, std::span<const LinkId> b) const {
    return Shared(a, b).empty();
  }
  // "links/a", "nodes/b", "srlgs/c", "provider d".
  std::string Name(const Snapshot& snapshot, int32_t risk) const;
  std::vector<std::string> Names(const Snapshot& snapshot, std::span<const int32_t> risks) const;

 private:
  int32_t node_base_ = 0, srlg_base_ = 0, provider_base_ = 0;
  // Compressed sparse rows, by link and by risk.
  std::vector<int32_t> risks_begin_, risks_, links_begin_;
  std::vector<LinkId> links_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_RISK_TABLE_H_
