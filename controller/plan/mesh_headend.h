// Private to this folder. The routes of one mesh class from one headend after another (plan.h,
// "Mesh").
#ifndef WAYMARK_CONTROLLER_PLAN_MESH_HEADEND_H_
#define WAYMARK_CONTROLLER_PLAN_MESH_HEADEND_H_

#include <map>
#include <memory>
#include <vector>

#include "controller/plan/mesh.h"
#include "controller/plan/mesh_codec.h"

namespace waymark {

struct MeshHeadend {
  std::vector<NodeId> endpoints;      // ascending
  MeshRoutes routes;                  // to endpoints[i]: those of demand i
  std::map<size_t, Refusal> blocked;  // by number in `endpoints`: those without routes
  // Ascending numbers in `endpoints`: those without routes, or with one in gentle maintenance.
  // Whatever link goes up or down may give them others.
  std::vector<size_t> unsettled;
};

// What `key` (MeshRoutesKey) must be stored as from now on, where that is not what is stored.
using MeshChanges = std::map<std::string, std::optional<stored::v1::MeshRoutes>>;

// For one class, topology and link state. References stay in it to all arguments.
class MeshHeadendPlanner {
 public:
  MeshHeadendPlanner(const PlanInput& input, const LinkState& link_state, const MeshCodec& codec,
                     const v1::TrafficClass& traffic_class);
  ~MeshHeadendPlanner();

  // A function of what is stored for the headend, the endpoints (ascending) and what the planner is
  // made of; nothing else. Cost: as PlanMesh, for its pairs.
  MeshHeadend Plan(NodeId from, std::vector<NodeId> endpoints, MeshChanges* changes);
  // The same where `before` is what is stored, and was planned for this class and topology: pairs
  // of it stay as they are, but for those of `again` (by number in before.endpoints) and those that
  // are no longer in `endpoints`. O(links of all its routes), and searches as above for what is
  // looked at again or new. Numbers in the result of what is neither new nor looked at again:
  // `kept`.
  MeshHeadend Replan(NodeId from, std::vector<NodeId> endpoints, const MeshHeadend& before,
                     const std::vector<bool>& again, std::vector<bool>* kept, MeshChanges* changes);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_MESH_HEADEND_H_
