// The answers of PathQueries: pure functions of one network, no thread, no store.
#ifndef WAYMARK_CONTROLLER_ENGINE_PATH_ANSWERS_H_
#define WAYMARK_CONTROLLER_ENGINE_PATH_ANSWERS_H_

#include <functional>
#include <map>
#include <set>
#include <string>

#include "absl/status/statusor.h"
#include "controller/compute/availability.h"
#include "controller/engine/path_books.h"
#include "controller/plan/plan.h"
#include "controller/store/network_view.h"
#include "controller/topology/snapshot.h"
#include "waymark/stored/v1/stored.pb.h"
#include "waymark/v1/services.pb.h"

namespace waymark {

// One revision of the network, with what is derived from it once for many questions. All references
// must outlive the call only.
struct PathWorld {
  const Snapshot& snapshot;
  const Intents& intents;
  const std::map<std::string, stored::v1::Placement>& placements;
  const std::map<std::string, PolicyOwner>& owners;
  const PathBooks& books;
  const AvailabilityModel& model;
  // Empty for a past revision: states of links are not stored.
  const std::set<std::string>& links_down;
  Revision revision = 0;
  // As stored; null: none.
  const GuaranteeRecords* guarantees = nullptr;
};

// `stop` is asked now and then; once true, the best so far is the answer (BUDGET_SPENT). Errors as
// ReadQuestion's; what cannot be met is no error but an answer with its reason.
absl::StatusOr<v1::ComputePathResponse> AnswerComputePath(const PathWorld& world,
                                                          const v1::ComputePathRequest& request,
                                                          const std::function<bool()>& stop);

// The pinned policies of the service, in name order: those shared by all customers belong to none.
// `view` says how they are. The first 64 that are placed come with alternatives and the arithmetic
// of their promise, the first 64 that lack something with what stands in the way; of the rest, path
// and figures alone, which `chosen` says. NOT_FOUND when the service does not exist;
// DEADLINE_EXCEEDED when `stop` came between two policies.
absl::StatusOr<v1::ExplainServiceResponse> AnswerExplainService(
    const PathWorld& world, const NetworkView& view, const v1::ExplainServiceRequest& request,
    const std::function<bool()>& stop);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_PATH_ANSWERS_H_
