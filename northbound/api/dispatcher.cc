#include "northbound/api/dispatcher.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"

namespace waymark {
namespace {

const std::vector<double>& LatencyBounds() {
  static const auto& bounds = *new std::vector<double>{
      0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10};
  return bounds;
}

// An error that has no details yet, with those that say why the call was not let in.
absl::Status Denied(const absl::Status& status) {
  const char* reason = absl::IsNotFound(status)          ? "NOT_FOUND"
                       : absl::IsUnauthenticated(status) ? "UNAUTHENTICATED"
                                                         : "PERMISSION_DENIED";
  return ErrorWith(status.code(), reason, "", "", std::string(status.message()));
}

}  // namespace

absl::StatusOr<Caller> Dispatcher::Identify(const grpc::CallbackServerContext& context) const {
  if (options_.plaintext_caller) return *options_.plaintext_caller;
  const auto auth = context.auth_context();
  if (auth == nullptr || !auth->IsPeerAuthenticated()) {
    return absl::UnauthenticatedError("the call has no client certificate: use one of the CA's");
  }
  const auto subjects = auth->FindPropertyValues("x509_subject");
  if (subjects.size() != 1) {
    return absl::UnauthenticatedError("the client certificate has no subject");
  }
  return CallerFromSubject(std::string(subjects[0].data(), subjects[0].size()));
}

absl::StatusOr<Caller> Dispatcher::Admit(const grpc::CallbackServerContext& context,
                                         const char* method,
                                         const google::protobuf::Message& request) {
  if (++at_work_ > options_.max_concurrent_calls) {
    return ErrorWith(
        absl::StatusCode::kResourceExhausted, "TOO_MANY_CALLS", "", "",
        absl::StrCat(options_.max_concurrent_calls, " calls are at work already: try again later"));
  }
  absl::StatusOr<Caller> caller = Identify(context);
  absl::Status allowed = caller.ok() ? Authorize(method, *caller, request) : caller.status();
  if (allowed.ok()) return caller;
  Log(LogLevel::kInfo, "call refused",
      {{"method", method},
       {"caller", caller.ok() ? caller->identity : std::string("unknown")},
       {"reason", std::string(allowed.message())}});
  return Denied(allowed);
}

void Dispatcher::Count(const char* method, absl::Duration begin, const absl::Status& status) {
  const std::string code = absl::StatusCodeToString(status.code());
  metrics_
      .Counter("grpc_server_handled_total", "Calls completed, by method and status code.",
               {{"grpc_method", method}, {"grpc_code", code}})
      .Increment();
  metrics_
      .Histogram("grpc_server_handling_seconds", "Time from receipt of a call to its reply.",
                 LatencyBounds(), {{"grpc_method", method}})
      .Observe(absl::ToDoubleSeconds(clock_.Monotonic() - begin));
  if (absl::IsDataLoss(status) || absl::IsInternal(status)) {
    Log(LogLevel::kError, "call failed", {{"method", method}, {"error", status.ToString()}});
  }
}

}  // namespace waymark
