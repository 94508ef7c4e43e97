// Segment lists (RFC 8986, RFC 9800 NEXT-C-SID): a path as the uSIDs that make switches take it.
//
// What a switch does with the active uSID (southbound/dataplane):
//   * node uSID, its own: consumed. Another's: forwarded along the underlay, the shortest paths by
//     igp_metric over links that are up and not in strict maintenance, gentle maintenance last.
//   * adjacency uSID, of a link of its own: consumed, sent over that link, whatever that costs. Of
//     the reverse of one: consumed. Any other: dropped; no switch routes towards an adjacency uSID.
// So an adjacency uSID gives one link to a packet that is at its tail, and a node uSID gives the
// way to that node: the path only where that is the one shortest path (of several, ours is not the
// only way a packet may take; parallel links make several).
//
// The fewest: from the end of the path as far back as one segment reaches, and again. That is
// optimal: a part of a path that is the only shortest path between its ends is so itself, hence a
// segment that ends earlier never begins later. RFC 9800 section 4.1 for containers.
#ifndef WAYMARK_CONTROLLER_COMPUTE_SEGMENTS_H_
#define WAYMARK_CONTROLLER_COMPUTE_SEGMENTS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/base/srv6.h"
#include "controller/compute/constraints.h"
#include "controller/compute/underlay_paths.h"
#include "controller/topology/snapshot.h"
#include "waymark/v1/services.pb.h"

namespace waymark {

// The node (its uSID) or the link (its adjacency uSID) that one segment leads to; the other is
// kNone.
struct Segment {
  NodeId node = NodeId::kNone;
  LinkId link = LinkId::kNone;

  friend bool operator==(const Segment&, const Segment&) = default;
};

// For one snapshot and link state: between which nodes there is exactly one shortest path. A row
// for each target, made when it is first asked for (O((n + m) log n), 4 bytes a node); FillAll
// makes all, after which threads may share a const table.
class UniqueShortestPaths {
 public:
  // Keeps a reference to `snapshot`. `link_state` null: every link is up; read here only.
  explicit UniqueShortestPaths(const Snapshot& snapshot, const LinkState* link_state = nullptr);

  void FillAll();
  void Fill(NodeId target);
  // The first link of the one shortest path; kNone where there is none, or several, and from a node
  // to itself. The row of `to` must be there.
  LinkId FirstLink(NodeId from, NodeId to) const { return rows_[Index(to)][Index(from)]; }
  // Its last link, likewise. O(hops).
  LinkId LastLink(NodeId from, NodeId to) const;
  bool HasRow(NodeId target) const { return !rows_[Index(target)].empty(); }

  const Snapshot& snapshot() const { return *snapshot_; }

 private:
  void Fill(NodeId target, std::span<const uint64_t> distance);

  const Snapshot* snapshot_;
  UnderlayPaths underlay_;
  std::vector<std::vector<LinkId>> rows_;  // by target
};

// One adjacency segment a link. `links` are joined end to end.
void EncodeStrict(std::span<const LinkId> links, std::vector<Segment>* segments);

// The fewest segments that give this path and no other; `segments` is replaced. `links` are joined
// end to end, visit no node twice, and need not be shortest. O(hops), and rows that are not there
// yet.
void EncodeFewest(UniqueShortestPaths& table, std::span<const LinkId> links,
                  std::vector<Segment>* segments);
// The same with a table whose rows are all there.
void EncodeFewest(const UniqueShortestPaths& table, std::span<const LinkId> links,
                  std::vector<Segment>* segments);

// Their uSIDs; `sids` is replaced. FAILED_PRECONDITION, naming the node or link, where the
// controller has not given one yet; RESOURCE_EXHAUSTED with the numbers when there are more than
// kMaxUsids.
absl::Status ToSids(const Snapshot& snapshot, std::span<const Segment> segments,
                    std::vector<uint32_t>* sids);

// With the containers' addresses. `sids`: 1 to kMaxUsids of 1 to 0xffff.
v1::SegmentList SegmentListMessage(std::span<const uint32_t> sids);

// The uSIDs that containers carry, in order: the reverse of PackCarriers. INVALID_ARGUMENT for an
// address outside the block, an empty container, or a uSID behind the end of a container (RFC 9800:
// 0 ends it).
absl::StatusOr<std::vector<uint32_t>> UnpackCarriers(std::span<const Ipv6> containers);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_SEGMENTS_H_
