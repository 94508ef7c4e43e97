// What a path must obey, and the state of the network that it is checked against.
#ifndef WAYMARK_CONTROLLER_COMPUTE_CONSTRAINTS_H_
#define WAYMARK_CONTROLLER_COMPUTE_CONSTRAINTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "controller/topology/snapshot.h"
#include "waymark/v1/resources.pb.h"

namespace waymark {

// Most hops on any path, whatever a class says: an SRv6 path holds no more uSIDs
// (controller/base/srv6.h).
inline constexpr int kMaxPathHops = 64;

// What working and protect must not share. Any protection includes `link`; all false: unprotected.
struct Protection {
  bool link = false;
  bool node = false;
  bool srlg = false;
  bool provider = false;
  // Risk groups of type BUILDING and LANDING_STATION only; part of srlg.
  bool building = false;

  bool any() const { return link || node || srlg || provider || building; }
  friend bool operator==(const Protection&, const Protection&) = default;
};

// RFC 3209 section 4.7: 0 strongest, 7 weakest.
inline constexpr int kWeakestPriority = 7;

// What a set of disjoint paths is chosen by.
enum class PairOrder { kMinSum, kMinMax };

// A place that a path must pass, in order (RFC 3209 section 4.3.3): a node or a link, the other is
// kNone. A strict hop follows the one before it (the start, for the first) without another between.
struct ExplicitHop {
  NodeId node = NodeId::kNone;
  LinkId link = LinkId::kNone;
  bool loose = false;
};

// Hard on every path. Names that the network does not know are legal and match nothing: an allowed
// list of unknown names alone admits no place, a forbidden one forbids none.
//
//   * Jurisdictions: of every node of the path, both ends included, so that both ends of every link
//   count. An unknown
//     jurisdiction is refused as soon as either list is given.
//   * Providers: of every node and every link. A place whose provider is not stated is refused by
//   an allowed list, not by
//     a forbidden one (nothing says that it is theirs).
//   * Affinities (RFC 3209 section 4.7.4): of links.
struct PathConstraints {
  v1::Objective objective = v1::MIN_TE_METRIC;
  int64_t max_delay_ns = 0;   // end to end; 0: no bound
  int64_t bandwidth_bps = 0;  // residual that every link must have; 0: none asked
  int max_hops = kMaxPathHops;
  std::vector<std::string> allowed_jurisdictions, forbidden_jurisdictions;
  std::vector<std::string> allowed_providers, forbidden_providers;
  std::vector<std::string> include_any, include_all, exclude;
  // "nodes/...", "links/...", "srlgs/...": never used, not even as an end (RFC 4874). Sorted. A
  // link: that direction alone. A node: with its links. A risk group: all its links and nodes.
  std::vector<std::string> exclude_resources;
  // What others hold at a weaker priority than this counts as free.
  int setup_priority = kWeakestPriority;
  // Of the first path only; explicit_path.h solves it, no other search looks at it.
  std::vector<ExplicitHop> explicit_hops;
  Protection protection;
  PairOrder pair_order = PairOrder::kMinSum;
  // Where no disjoint pair exists: the pair that shares fewest risks.
  bool allow_shared_risks = false;
};

// Of a class, with its defaults resolved (objective, max_hops). Lists are sorted. `bandwidth_bps`
// >= 0.
PathConstraints ConstraintsOf(const v1::TrafficClass& traffic_class, int64_t bandwidth_bps);

// Names in the constraints that nothing in the network has, one sentence each, with those that
// there are where they are few: "no link has affinity expres: there are economy, express". O(names
// of the constraints * those of the network).
std::vector<std::string> UnknownNames(const Snapshot& snapshot, const PathConstraints& constraints);

// Which links carry traffic, by dense number of one snapshot. Links start up. O(1) a query.
class LinkState {
 public:
  explicit LinkState(const Snapshot& snapshot) : down_(snapshot.links().size(), false) {}

  void SetDown(LinkId link) { down_[Index(link)] = true; }
  bool IsUp(LinkId link) const { return !down_[Index(link)]; }
  // A fibre is dead when either of its directions is: a liveness probe could not come back.
  void SpreadToReverse(const Snapshot& snapshot);

  friend bool operator==(const LinkState&, const LinkState&) = default;

 private:
  std::vector<bool> down_;
};

// Node and link by themselves, as the constraints see them (provider, jurisdiction, affinities,
// excluded resources); without load, link state or admin state.
bool NodeMeets(const Snapshot& snapshot, const PathConstraints& constraints, NodeId node);
bool LinkMeets(const Snapshot& snapshot, const PathConstraints& constraints, LinkId link);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_CONSTRAINTS_H_
