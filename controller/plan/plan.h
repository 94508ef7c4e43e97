// From what is wanted (intents) and what there is (topology, link states, stored placements) to
// what every switch must hold. A pure function: no I/O, no clock, no thread; equal input, in
// whatever order it was made, gives equal bytes.
//
// Pinned. Each ordered pair of distinct endpoint nodes of a service and each PINNED class of its
// class map is one policy of that service. The two directions use the same fibres (computed from
// the lexicographically smaller node id; the other way takes each link's `reverse`), so that a
// liveness probe returns along the nodes that it came by; only where no such path exists are they
// computed apart, and then not probed: so too what stood on common fibres and finds no others, if
// both ways find their own. Each path, working and protect, holds cir_bps * (endpoint
// pairs between the two nodes) / the class's oversubscription in the ledger. Where the class shares
// protect bandwidth (compute/ledger.h), a pair is first sought as if it did not, and then with
// protect paths on room that is held already for what cannot fail together with it; the latency of
// others they raise as much as the worst single risk makes them (compute/latency.h). Where the
// class allows shared risks and no two disjoint paths have room, the pair that shares fewest is
// DEGRADED, and gets a disjoint protect path when there is one. For an availability target the best
// that keeps it is taken, and where it is said that there is none that is proven, but for what the
// work budget ends (compute/availability_search.h). A latency bound chooses among the best pair,
// pairs that trade the objective for it (compute/trade_offs.h), pairs further apart, and the
// protect paths of the eight least working paths (of paths without protection, the 64 least); no
// new promise is given that would break the latency bound of an old one.
//
// Stickiness. A stored placement that still meets every constraint and is not forbidden stays where
// it is, whatever else changes: all such placements take their bandwidth back before anything new
// is placed. It stays too when its working path is down and its protect path is up. When nothing of
// it is up (or the working path is down and there is no protect), or nothing of it may stay, it is
// computed anew around what is down. Where no pair is up, the best single path carries, as long as
// it meets every constraint but protection and availability target: DEGRADED, and the status says
// what is down and what is missed. (What is new is never admitted so.) Where that fails too it
// stays, to come back with its links. When only one of its paths is still valid, or it has only
// one, that one is (or becomes) the working path and gets a partner as soon as there is one; where
// there is none, a new pair is tried, and failing that the path stays, DEGRADED. A raised rate is
// taken in place if it fits, else elsewhere, else the old rate stays held, DEGRADED; likewise a
// class that begins to ask for more. Where a link no longer holds all that it held, those of the
// strongest hold priority keep their place.
//
// Order, within each step: class queue (7 first), then hold priority (0 first), then bandwidth
// (largest first), then policy name. What is new is placed one at a time; then, for each that was
// refused for want of room, others that are new too are moved aside, if all of them still find a
// place (placer_joint.h). What was placed before never moves for something new, with one exception:
//
// Priorities (RFC 3209 section 4.7). What still has no room may take it from policies whose hold
// priority is weaker than its setup priority (a setup priority stronger than one's own hold
// priority reads as equal to it): the least set of them that will do. They are placed elsewhere in
// the same plan, after the stronger, or are BLOCKED. As long as a policy has no place and would
// have one if those were not there that may take from it, its status names them.
//
// What is refused is tried again by every plan. Searches for disjoint pairs have a budget of work
// (route_solver.h), of each and of the whole plan: beyond it simpler ones are tried, and what then
// finds no pair says that the search budget is spent.
//
// Mesh. One policy an ordered (edge node, edge node, MESH class) that some service needs, shared by
// all. Its routes are stored facts as well: a stored route that meets the class's constraints and
// is up stays, whatever else changes. What a pair has lost goes at once over the best path that it
// does not have yet, if there is one; a pair without routes gets some at once
// (compute/mesh_paths.h). Both know nothing of loads: better routes are for whoever optimises them
// (controller/engine), by storing others. A route in gentle maintenance stays only where no path
// has less of it. Programmed with the fewest segments, if the class allows (paths.h).
//
// Guarantees. A service with hoses or committed rates in mesh classes holds on every link what that
// may come to in the worst case over the routes that stand (guarantee.h). What it holds is a stored
// fact: it is held again before anything new is placed, but after pinned placements that stay. What
// is new comes after new pinned policies, by queue and name; a service whose rates do not fit is
// BLOCKED, without objects, until they do. One that was admitted keeps its objects whatever
// happens, DEGRADED where its rates no longer fit, or not yet those that it was raised to.
//
// Blocked. A policy that cannot be placed still gets a PolicyObject, without a working list: the
// switch drops its frames and counts them, never sends them another way.
#ifndef WAYMARK_CONTROLLER_PLAN_PLAN_H_
#define WAYMARK_CONTROLLER_PLAN_PLAN_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/base/object.h"
#include "controller/base/shared_map.h"
#include "controller/plan/node_pairs.h"
#include "controller/topology/snapshot.h"
#include "waymark/stored/v1/stored.pb.h"
#include "waymark/v1/resources.pb.h"

namespace waymark {

// What operators and customers asked for, by resource name.
struct Intents {
  std::map<std::string, v1::TrafficClass> traffic_classes;
  std::map<std::string, v1::ClassMap> class_maps;
  std::map<std::string, v1::Site> sites;
  std::map<std::string, v1::Service> services;
};

struct PlanOptions {
  uint32_t pinned_probe_interval_us = 10'000;
  uint32_t mesh_probe_interval_us = 100'000;
  uint32_t wait_to_restore_ms = 2'000;
};

// All references must outlive the call only.
struct PlanInput {
  const Snapshot& snapshot;
  const Intents& intents;
  // "links/{link}" that a switch reports down; names that the snapshot lacks are ignored. Either
  // direction down means the fibre is down.
  const std::set<std::string>& links_down;
  // As stored, by policy name.
  const std::map<std::string, stored::v1::Placement>& placements;
  PlanOptions options = {};
  // As stored, by MeshRoutesKey; null: none. What does not parse as routes counts as none.
  const std::map<std::string, stored::v1::MeshRoutes>* mesh_routes = nullptr;
  // As stored, by service name; null: none.
  const std::map<std::string, stored::v1::MeshGuarantee>* guarantees = nullptr;
};

struct PlannedPath {
  std::vector<LinkId> links;   // of PlannedPolicy::snapshot
  std::vector<uint32_t> sids;  // as Path.sids
  uint32_t weight = 1;
};

// There are 10^5 and more, so no names that can be looked up: Message() says them.
struct PlannedPolicy {
  // `state` is
  //   PENDING   to be programmed; the engine decides when it is UP;
  //   DEGRADED  programmed, but `reason` says what is missing (protection, a raised rate,
  //   shared risks, a target no longer met, shared protect bandwidth that carries others now);
  //   DOWN      programmed on a placement all of whose paths are down, and no other path meets the
  //   constraints; BLOCKED   no path: reason, blocking_constraint and relaxation are set.
  v1::Status status;
  uint32_t color = 0;
  std::string traffic_class;
  std::string service;  // pinned ones only
  int64_t reserved_bps = 0;
  std::vector<PlannedPath> working;
  PlannedPath protect;  // without links: none
  // What the links belong to.
  std::shared_ptr<const Snapshot> snapshot;
  // Southbound identity at the headend.
  std::string headend_id;  // without "nodes/"
  std::string object_key;
  // Headend and endpoint, by nodes of the snapshot.
  std::pair<NodeId, NodeId> pair = {NodeId::kNone, NodeId::kNone};

  bool blocked() const { return status.state() == v1::BLOCKED; }
  // Everything but `on_protect`, `revision`, `promise` (Plan::promises) and the Path.state fields.
  v1::Policy Message() const;
};

// What a service's state depends on.
struct ServicePlan {
  // Set (state BLOCKED) when the service itself cannot be realised, e.g. an E-Line without exactly
  // two endpoints, or a dangling reference; then it has no objects and no policies. BLOCKED with
  // policies, or DEGRADED: its guaranteed rates do not fit. Otherwise state PENDING.
  v1::Status status;
  // Policies that its frames take: one of each color for each pair (headend, endpoint), by nodes of
  // the snapshot. A service of n sites has n^2 of them, too many to be named.
  std::vector<uint32_t> colors;
  NodePairs pairs;
  // Instances and attachments: (node id, object key), sorted.
  std::vector<std::pair<std::string, std::string>> objects;
};

// Plans that follow each other share what is equal (shared_map.h, planner.h).
struct Plan {
  // By resource name "policies/{headend}:{color}:{endpoint}".
  SharedMap<std::shared_ptr<const PlannedPolicy>> policies;
  // What pinned policies promise, by the same names: where they are placed. Apart, because one more
  // of them changes those of all that it shares a queue with.
  SharedMap<std::shared_ptr<const v1::Promise>> promises;
  // Everything to be stored, and how it differs from PlanInput::placements.
  SharedMap<stored::v1::Placement> placements;
  std::vector<std::string> changed_placements;  // new or different
  std::vector<std::string> deleted_placements;
  // How mesh routes differ from PlanInput::mesh_routes, by MeshRoutesKey; nullopt: deleted.
  std::map<std::string, std::optional<stored::v1::MeshRoutes>> mesh_changes;
  // How guarantees differ from PlanInput::guarantees, by service name; nullopt: deleted.
  std::map<std::string, std::optional<stored::v1::MeshGuarantee>> guarantee_changes;
  // By node id (without "nodes/"): an entry for every node with a node_sid.
  std::map<std::string, ObjectTable> objects;
  // By service name.
  SharedMap<std::shared_ptr<const ServicePlan>> services;
};

// What of the input may differ from that of the plan before.
struct PlanChanges {
  // Anything: topology, traffic classes, options, or nobody knows. The rest says nothing more then.
  bool all = false;
  // Names of what was made, changed or deleted.
  std::set<std::string> services, sites, class_maps;
  // MeshRoutesKeys; names of services; names of policies.
  std::set<std::string> mesh_routes, guarantees, placements;

  static PlanChanges All() {
    PlanChanges changes;
    changes.all = true;
    return changes;
  }
};

// Never fails: what cannot be realised is a state with a reason. Resources that lack an identifier
// (node_sid, vni, class_index, adjacency_sid of 0) cannot be programmed: nodes and links are left
// out, services are BLOCKED. Cost: one disjoint pair a new pinned placement, within the budget
// above; one mesh search a mesh policy that is new or has lost a route, one Dijkstra a node. For
// one plan after another: planner.h.
Plan MakePlan(const PlanInput& input);

// "nodes/zrh" -> "zrh", "links/a--b" -> "a--b"; a name without a slash is returned as it is.
std::string_view ResourceId(std::string_view name);
// "bulk:zrh" of names or ids: the routes of a mesh class from a headend.
std::string MeshRoutesKey(std::string_view traffic_class, std::string_view headend);
// "policies/zrh:4098:fra" of node names or ids.
std::string PolicyName(std::string_view headend, uint32_t color, std::string_view endpoint);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_PLAN_H_
