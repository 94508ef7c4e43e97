// Private to this folder. What the requests of path computation may say, judged without looking at
// the network: ranges, patterns and contradictions. What exists is for PathQueries to say.
#ifndef WAYMARK_NORTHBOUND_API_PATH_REQUESTS_H_
#define WAYMARK_NORTHBOUND_API_PATH_REQUESTS_H_

#include "absl/status/status.h"
#include "waymark/v1/services.pb.h"

namespace waymark {

inline constexpr int kMaxExplicitHops = 64;
inline constexpr uint32_t kMaxPaths = 1'000;
inline constexpr uint32_t kMaxDisjointPaths = 8;

// INVALID_ARGUMENT with every problem as a detail, each naming its field. Pure; any thread.
absl::Status ValidateComputePath(const v1::ComputePathRequest& request);
absl::Status ValidateExplainService(const v1::ExplainServiceRequest& request);
absl::Status ValidateReoptimize(const v1::ReoptimizeRequest& request);

// An error of PathQueries, whose message begins with a field and a colon, with that field as a
// detail. Other statuses are returned as they are.
absl::Status WithField(const absl::Status& status);

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_PATH_REQUESTS_H_
