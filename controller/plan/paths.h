// Private to this folder. Paths between their forms: link numbers, names, the northbound Path, the
// southbound SegmentList.
#ifndef WAYMARK_CONTROLLER_PLAN_PATHS_H_
#define WAYMARK_CONTROLLER_PLAN_PATHS_H_

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "controller/compute/reverse_path.h"
#include "controller/compute/segments.h"
#include "controller/topology/snapshot.h"
#include "waymark/southbound/v1/southbound.pb.h"
#include "waymark/v1/resources.pb.h"

namespace waymark {

// nullopt when a name is not in the snapshot.
std::optional<std::vector<LinkId>> LinksOf(
    const Snapshot& snapshot, const google::protobuf::RepeatedPtrField<std::string>& names);

// Joined end to end from `from` to `to`, no node twice.
bool IsSimplePath(const Snapshot& snapshot, std::span<const LinkId> links, NodeId from, NodeId to);

// The uSIDs that send a packet along the path; empty where a link or switch has none yet.
using Sids = std::vector<uint32_t>;

// One adjacency SID a link: the packet takes these links or is dropped, whatever the underlay does.
Sids StrictSids(const Snapshot& snapshot, std::span<const LinkId> links);

// Whether its packets may not leave the path that is computed for them, not even for a moment.
bool MustStayOnPath(const v1::TrafficClass& traffic_class);

// Of a path of a mesh class: the fewest that give it, where its packets may leave it. A node
// segment follows the underlay, also while that repairs itself around a failure, and the underlay
// knows no class: so strict ones where the class restricts places or links or bounds delay or hops,
// for that holds at every moment, and where no probe could tell what the packets do. For the
// others, shorter headers, and the underlay repairs at the place of a failure. The first is always
// the first link's, by which the headend knows at once when that is lost.
Sids MeshSids(UniqueShortestPaths& table, const v1::TrafficClass& traffic_class,
              std::span<const LinkId> links);

// Which paths of classes whose packets may leave them (MeshSids) get other segments where `after`
// replaces `before`: those for which a shortest path that was asked for is another now, or is one
// no longer.
class SegmentChanges {
 public:
  // Fills the rows of `after` that `before` has. References stay in it to both. O(n^2), and the
  // rows.
  SegmentChanges(const UniqueShortestPaths& before, UniqueShortestPaths* after);

  // False for a path whose segments were not made with `before`. O(hops).
  bool Concern(std::span<const int32_t> links) const;

 private:
  bool Differs(NodeId from, NodeId to) const {
    return differs_[static_cast<size_t>(Index(to)) * nodes_ + static_cast<size_t>(Index(from))] !=
           0;
  }

  const UniqueShortestPaths& before_;
  const size_t nodes_;
  std::vector<uint8_t> differs_;  // by target * nodes + source
  std::vector<uint8_t> leaves_;   // by link: whether from its source anything differs
};

v1::Path PathMessage(const Snapshot& snapshot, std::span<const LinkId> links, uint32_t weight,
                     const Sids& sids);
// With the strict ones.
v1::Path PathMessage(const Snapshot& snapshot, std::span<const LinkId> links, uint32_t weight);

// With the probe's way back when every link has a reverse: always strict, so that what a probe
// says is said of these links.
southbound::v1::SegmentList SegmentListMessage(const Snapshot& snapshot,
                                               std::span<const LinkId> links, uint32_t weight,
                                               const Sids& sids);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_PATHS_H_
