// What two paths between the same ends must not share (risk groups: RFC 4202 section 2.3).
#ifndef WAYMARK_CONTROLLER_COMPUTE_PATH_RISKS_H_
#define WAYMARK_CONTROLLER_COMPUTE_PATH_RISKS_H_

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "controller/compute/constraints.h"
#include "controller/topology/snapshot.h"

namespace waymark {

// Every protection at once.
inline constexpr Protection kAllRisks = {
    .link = true, .node = true, .srlg = true, .provider = true, .building = true};

// Risks as dense numbers, which are the same for all ends and protections.
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
class PathRisks {
 public:
  // Keeps a reference to `snapshot`. O(1).
  PathRisks(const Snapshot& snapshot, const Protection& protection, NodeId from, NodeId to);

  // Above every number.
  int32_t size() const { return size_; }
  // Sorted, without repetition: risks taken by traversing the links (and entering their targets,
  // where those are between the ends). O(r log r) in those.
  std::vector<int32_t> Of(std::span<const LinkId> links) const;
  std::vector<int32_t> Shared(std::span<const LinkId> a, std::span<const LinkId> b) const;
  bool Disjoint(std::span<const LinkId> a, std::span<const LinkId> b) const {
    return Shared(a, b).empty();
  }
  // Whose traversal takes the risk; in order of link id. O(links).
  std::vector<LinkId> LinksOf(int32_t risk) const;
  // "links/a", "nodes/b", "srlgs/c", "provider d".
  std::string Name(int32_t risk) const;
  std::vector<std::string> Names(std::span<const int32_t> risks) const;

 private:
  bool Between(NodeId node) const { return node != from_ && node != to_; }
  bool Counts(SrlgId srlg) const;
  void AddGroups(std::span<const SrlgId> srlgs, std::vector<int32_t>* risks) const;
  void AddProvider(ProviderId provider, std::vector<int32_t>* risks) const;

  const Snapshot& snapshot_;
  const Protection protection_;
  const NodeId from_, to_;
  // Where the numbers of nodes, groups and providers begin; those of fibres begin at 0.
  const int32_t nodes_, srlgs_, providers_, size_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_PATH_RISKS_H_
