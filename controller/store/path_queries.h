// What the northbound side may ask the computing side beyond what the NetworkView publishes.
#ifndef WAYMARK_CONTROLLER_STORE_PATH_QUERIES_H_
#define WAYMARK_CONTROLLER_STORE_PATH_QUERIES_H_

#include <functional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "waymark/v1/guarantees.pb.h"
#include "waymark/v1/services.pb.h"

namespace waymark {

// Implemented by the engine. Any thread may call; the answer comes once, on a thread of the
// implementation, which it must not block. Requests are those of the API, checked here: names that
// do not exist and bounds out of range are INVALID_ARGUMENT or NOT_FOUND with the field in front of
// a colon ("constraints.max_delay_ns: ..."); too many waiting requests RESOURCE_EXHAUSTED; a past
// revision that is compacted OUT_OF_RANGE. `cancelled` may be asked from any thread at any time
// until the answer has come; once true, the answer comes soon, as CANCELLED. At `deadline`, what
// has been found so far is the answer (BUDGET_SPENT), or DEADLINE_EXCEEDED.
class PathQueries {
 public:
  struct Limits {
    absl::Time deadline = absl::InfiniteFuture();
    std::function<bool()> cancelled = [] { return false; };
  };
  template <typename Response>
  using Done = std::function<void(absl::StatusOr<Response>)>;

  virtual ~PathQueries() = default;

  virtual void ComputePath(const v1::ComputePathRequest& request, const Limits& limits,
                           Done<v1::ComputePathResponse> done) = 0;
  virtual void ExplainService(const v1::ExplainServiceRequest& request, const Limits& limits,
                              Done<v1::ExplainServiceResponse> done) = 0;
  // FAILED_PRECONDITION when `expected_plan` is no longer what the plan would be.
  virtual void Reoptimize(const v1::ReoptimizeRequest& request, const Limits& limits,
                          Done<v1::ReoptimizeResponse> done) = 0;
  // Never in parts: DEADLINE_EXCEEDED when time ends.
  virtual void ListMeshGuarantees(const v1::ListMeshGuaranteesRequest& request,
                                  const Limits& limits,
                                  Done<v1::ListMeshGuaranteesResponse> done) = 0;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_STORE_PATH_QUERIES_H_
