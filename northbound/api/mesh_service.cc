#include "northbound/api/mesh_service.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "northbound/api/errors.h"
#include "northbound/api/path_calls.h"

namespace waymark {
namespace {

constexpr absl::Duration kLongestWait = absl::Minutes(1);
constexpr absl::Duration kLongestRun = absl::Minutes(10);

absl::Status NoOptimiser() {
  return absl::UnavailableError("no mesh optimiser runs in this controller");
}

// 0 where it is not set.
absl::StatusOr<absl::Duration> DurationOf(const google::protobuf::Duration& stated,
                                          const char* field, absl::Duration longest) {
  const bool normal = stated.nanos() >= 0 && stated.nanos() < 1'000'000'000;
  const absl::Duration duration =
      absl::Seconds(stated.seconds()) + absl::Nanoseconds(stated.nanos());
  if (normal && duration >= absl::ZeroDuration() && duration <= longest) return duration;
  return InvalidField("", field,
                      absl::StrCat("must be 0 to ", absl::ToInt64Seconds(longest), " seconds"));
}

absl::Status CheckNotNegative(int64_t value, const char* field) {
  if (value >= 0) return absl::OkStatus();
  return InvalidField("", field, absl::StrCat("is ", value, ": must be 0 or more"));
}

}  // namespace

grpc::ServerUnaryReactor* MeshServiceImpl::GetMeshStatus(grpc::CallbackServerContext* context,
                                                         const v1::GetMeshStatusRequest* request,
                                                         v1::MeshStatus* reply) {
  return dispatcher_.Serve(context, "/waymark.v1.MeshService/GetMeshStatus", *request,
                           [=, this](const Caller&, const Dispatcher::Done& done) {
                             if (mesh_ == nullptr) return done(NoOptimiser());
                             const auto wait = DurationOf(request->wait(), "wait", kLongestWait);
                             if (!wait.ok()) return done(wait.status());
                             if (auto s = CheckNotNegative(request->newer_than(), "newer_than");
                                 !s.ok())
                               return done(s);
                             mesh_->GetStatus(request->newer_than(), *wait,
                                              [reply, done](absl::StatusOr<v1::MeshStatus> status) {
                                                if (status.ok()) *reply = *std::move(status);
                                                done(status.status());
                                              });
                           });
}

grpc::ServerUnaryReactor* MeshServiceImpl::OptimizeMesh(grpc::CallbackServerContext* context,
                                                        const v1::OptimizeMeshRequest* request,
                                                        v1::OptimizeMeshResponse* reply) {
  return dispatcher_.Serve(context, "/waymark.v1.MeshService/OptimizeMesh", *request,
                           [=, this](const Caller& caller, const Dispatcher::Done& done) {
                             if (mesh_ == nullptr) return done(NoOptimiser());
                             const auto limit =
                                 DurationOf(request->time_limit(), "time_limit", kLongestRun);
                             if (!limit.ok()) return done(limit.status());
                             const auto run = mesh_->Optimize(caller.identity, *limit);
                             if (run.ok()) reply->set_run(*run);
                             done(run.status());
                           });
}

grpc::ServerUnaryReactor* MeshServiceImpl::CancelMeshRun(grpc::CallbackServerContext* context,
                                                         const v1::CancelMeshRunRequest* request,
                                                         v1::MeshStatus* reply) {
  return dispatcher_.Serve(context, "/waymark.v1.MeshService/CancelMeshRun", *request,
                           [=, this](const Caller&, const Dispatcher::Done& done) {
                             if (mesh_ == nullptr) return done(NoOptimiser());
                             if (auto s = CheckNotNegative(request->run(), "run"); !s.ok()) {
                               return done(s);
                             }
                             auto status = mesh_->Cancel(request->run());
                             if (status.ok()) *reply = *std::move(status);
                             done(status.status());
                           });
}

grpc::ServerUnaryReactor* MeshServiceImpl::SetMeasuredTraffic(
    grpc::CallbackServerContext* context, const v1::SetMeasuredTrafficRequest* request,
    v1::MeasuredTraffic* reply) {
  return dispatcher_.Serve(context, "/waymark.v1.MeshService/SetMeasuredTraffic", *request,
                           [=, this](const Caller& caller, const Dispatcher::Done& done) {
                             if (mesh_ == nullptr) return done(NoOptimiser());
                             mesh_->SetMeasured(*request, caller.identity, AnswerInto(reply, done));
                           });
}

grpc::ServerUnaryReactor* MeshServiceImpl::RemoveMeasuredTraffic(
    grpc::CallbackServerContext* context, const v1::RemoveMeasuredTrafficRequest* request,
    v1::MeasuredTraffic* reply) {
  return dispatcher_.Serve(context, "/waymark.v1.MeshService/RemoveMeasuredTraffic", *request,
                           [=, this](const Caller&, const Dispatcher::Done& done) {
                             if (mesh_ == nullptr) return done(NoOptimiser());
                             mesh_->RemoveMeasured(request->traffic_class(),
                                                   AnswerInto(reply, done));
                           });
}

}  // namespace waymark
