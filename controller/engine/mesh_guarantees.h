// What any-to-any services are promised, as the API tells it: whether it is held, which link and
// which matrix are the worst case, and how long a frame may travel between every two sites.
#ifndef WAYMARK_CONTROLLER_ENGINE_MESH_GUARANTEES_H_
#define WAYMARK_CONTROLLER_ENGINE_MESH_GUARANTEES_H_

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/ledger.h"
#include "controller/engine/resources.h"
#include "controller/plan/guarantee.h"
#include "controller/plan/mesh.h"
#include "controller/plan/service.h"
#include "waymark/v1/guarantees.pb.h"

namespace waymark {

// The holds of all services with these routes, and whether there is room for them beside what
// pinned policies hold. Those of services that were never admitted too, after the others.
std::vector<MeshHold> MeshHoldsNow(Resources& resources, const Snapshot& snapshot,
                                   const ResolvedServices& resolved, const PlannedMesh& mesh);

// Services with stated rates, by name: those after `page_token`, which is a name here, and at most
// `page_size` if that is above 0. NOT_FOUND: a service as `parent` that does not exist;
// INVALID_ARGUMENT names the field; CANCELLED: `stop`, which is asked between services.
// As slow as finding the worst case of each service whose routes have changed, and of each that is
// told of.
absl::StatusOr<v1::ListMeshGuaranteesResponse> AnswerListMeshGuarantees(
    Resources& resources, const std::set<std::string>& links_down,
    const v1::ListMeshGuaranteesRequest& request, const std::function<bool()>& stop);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_MESH_GUARANTEES_H_
