// What every call goes through, whatever its method: identity, permission, a cap on calls at work,
// metrics, errors.
#ifndef WAYMARK_NORTHBOUND_API_DISPATCHER_H_
#define WAYMARK_NORTHBOUND_API_DISPATCHER_H_

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/base/clock.h"
#include "controller/base/metrics.h"
#include "northbound/api/errors.h"
#include "northbound/auth/authorize.h"
#include "northbound/auth/caller.h"

namespace waymark {

// Thread-safe.
class Dispatcher {
 public:
  struct Options {
    // Most calls at work at a time; more get RESOURCE_EXHAUSTED.
    int max_concurrent_calls = 1'000;
    // The role of everyone on a plaintext listener. Empty: every caller needs a client certificate.
    std::optional<Caller> plaintext_caller;
  };
  using Done = std::function<void(const absl::Status&)>;

  Dispatcher(Options options, const Clock& clock, Metrics& metrics)
      : options_(std::move(options)), clock_(clock), metrics_(metrics) {}

  // Runs `handler(caller, done)` if the caller may call `method`
  // ("/waymark.v1.TopologyService/GetNode") with `request`. `done` must be called once, from any
  // thread.
  template <typename Request, typename Handler>
  grpc::ServerUnaryReactor* Serve(grpc::CallbackServerContext* context, const char* method,
                                  const Request& request, Handler handler) {
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    const absl::Duration begin = clock_.Monotonic();
    auto done = [this, reactor, method, begin](const absl::Status& status) {
      Count(method, begin, status);
      Leave();
      reactor->Finish(ToGrpcStatus(status));
    };
    const absl::StatusOr<Caller> caller = Admit(*context, method, request);
    if (!caller.ok()) {
      done(caller.status());
    } else {
      handler(*caller, Done(done));
    }
    return reactor;
  }

  // Counts the call in; every Admit is followed by one Leave, whether it succeeds or not.
  absl::StatusOr<Caller> Admit(const grpc::CallbackServerContext& context, const char* method,
                               const google::protobuf::Message& request);
  // For streams, which do not pass through Serve: an admitted one gives its place back at once,
  // since it may stay open for months (WatchHub bounds them), and is counted when it ends.
  void Leave() { --at_work_; }
  void Count(const char* method, absl::Duration begin, const absl::Status& status);
  absl::Duration Now() const { return clock_.Monotonic(); }

 private:
  absl::StatusOr<Caller> Identify(const grpc::CallbackServerContext& context) const;

  const Options options_;
  const Clock& clock_;
  Metrics& metrics_;
  std::atomic<int> at_work_{0};
};

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_DISPATCHER_H_
