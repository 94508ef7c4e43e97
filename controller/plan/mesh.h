// The routes of mesh policies in a plan: what stands stays, what is missing is found at once
// (plan.h, "Mesh").
#ifndef WAYMARK_CONTROLLER_PLAN_MESH_H_
#define WAYMARK_CONTROLLER_PLAN_MESH_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/compute/constraints.h"
#include "controller/compute/mesh/routes.h"
#include "controller/compute/refusal.h"
#include "controller/compute/search_graph.h"
#include "controller/plan/plan.h"
#include "controller/plan/service.h"

namespace waymark {

// (headend, endpoint).
using NodePair = std::pair<NodeId, NodeId>;

// The pairs of a mesh class that some service needs.
struct MeshClassPairs {
  const v1::TrafficClass* traffic_class = nullptr;
  std::vector<NodePair> pairs;  // sorted
};

// By class name.
std::vector<MeshClassPairs> MeshPairsOf(const ResolvedServices& resolved);

// Most paths of a pair, with the default resolved.
int MeshPathLimit(const v1::TrafficClass& traffic_class);
// The class's, without what only pinned classes have.
PathConstraints MeshConstraintsOf(const v1::TrafficClass& traffic_class);

struct MeshClassPlan {
  const v1::TrafficClass* traffic_class = nullptr;
  std::vector<NodePair> pairs;
  MeshRoutes routes;                  // of pairs[i]: those of demand i; links by number
  std::map<size_t, Refusal> blocked;  // by number in `pairs`: those without routes
};

struct PlannedMesh {
  std::vector<MeshClassPlan> classes;
  std::map<std::string, std::optional<stored::v1::MeshRoutes>> changes;  // as Plan::mesh_changes
};

// References stay in it to `resolved`. Cost: reading what is stored; one mesh search a pair that is
// new or has lost a route, or that is in gentle maintenance.
PlannedMesh PlanMesh(const PlanInput& input, const ResolvedServices& resolved,
                     const LinkState& link_state);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_MESH_H_
