// Errors as clients see them: a status code, one sentence, and a waymark.v1.ErrorInfo for each
// problem, in the trailer that google.rpc.Status uses.
#ifndef WAYMARK_NORTHBOUND_API_ERRORS_H_
#define WAYMARK_NORTHBOUND_API_ERRORS_H_

#include <grpcpp/support/status.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "waymark/v1/services.pb.h"

namespace waymark {

// Most problems that one reply reports.
inline constexpr size_t kMaxProblems = 20;

using Problems = std::vector<v1::ErrorInfo>;

v1::ErrorInfo MakeProblem(std::string reason, std::string resource, std::string field,
                          std::string description);
// The message is the first problem's; all of them (at most kMaxProblems) are details. Requires one
// problem.
absl::Status ErrorWith(absl::StatusCode code, const Problems& problems);
absl::Status ErrorWith(absl::StatusCode code, std::string reason, std::string resource,
                       std::string field, std::string description);

absl::Status InvalidField(const std::string& resource, const std::string& field,
                          const std::string& description);
absl::Status ResourceNotFound(const std::string& name);

// Quoted, cut to 80 bytes, control characters and non-ASCII bytes escaped: input that is safe to
// repeat in a message.
std::string Quoted(const std::string& text);

// Every status becomes one with details: a status made without ErrorWith gets an ErrorInfo whose
// reason is its code.
grpc::Status ToGrpcStatus(const absl::Status& status);
// The details of a status that ErrorWith or ToGrpcStatus made; empty otherwise.
Problems ProblemsOf(const grpc::Status& status);

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_ERRORS_H_
