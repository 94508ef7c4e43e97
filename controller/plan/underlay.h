// Private to this folder. What a switch needs whatever the services are: itself, its links, the way
// to every other.
#ifndef WAYMARK_CONTROLLER_PLAN_UNDERLAY_H_
#define WAYMARK_CONTROLLER_PLAN_UNDERLAY_H_

#include <array>
#include <map>
#include <string>
#include <vector>

#include "controller/compute/constraints.h"
#include "controller/plan/plan.h"

namespace waymark {

// Loop-free alternates behind the primary in one route.
inline constexpr size_t kMaxAlternates = 3;

// NodeObject, LinkObjects and RouteObjects of every node with a node_sid, by
// node id.
//
// Queues: one for every queue that a traffic class names, and queue 0 always; a DSCP that two
// classes of different queues claim is the first's, by class name. Guaranteed shares are in
// proportion to queue + 1, of 1,000 permille; what rounding leaves goes to queue 0.
//
// Routes: shortest by igp_metric over links that are up and not in strict maintenance, gentle
// maintenance last; ties go to the least link number. Then at most kMaxAlternates alternates,
// nearest first, and only to neighbours that are nearer to the destination (downstream paths, RFC
// 5286 inequality 2): wherever packets turn aside, each hop brings them nearer, so that they go in
// no loop however many links have failed at once. Where all of these are down, packets are dropped,
// and the probes of what went there find out. A node that cannot be reached has no route.
class Underlay {
 public:
  // All of it. O(n * (m log n)) time, O(n^2) memory.
  void Build(const Snapshot& snapshot, const LinkState& link_state, const Intents& intents,
             std::map<std::string, ObjectTable>* objects);
  // To what Build (or the last Update) put for the same snapshot: the routes that other link states
  // change. As Build, without the objects that stay.
  void Update(const Snapshot& snapshot, const LinkState& link_state,
              std::map<std::string, ObjectTable>* objects);

 private:
  // The links of one route, the primary first; kNone behind the last.
  using Ways = std::array<LinkId, 1 + kMaxAlternates>;

  std::vector<Ways> ways_;  // by target * nodes + node
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_UNDERLAY_H_
