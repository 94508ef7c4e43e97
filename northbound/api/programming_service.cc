#include "northbound/api/programming_service.h"

#include <string>
#include <utility>

#include "northbound/api/errors.h"
#include "northbound/api/field_checker.h"

namespace waymark {
namespace {

constexpr size_t kMostReason = 200;

template <typename Response>
ProgrammingControl::Answer<Response> AnswerInto(Response* reply, const Dispatcher::Done& done) {
  return [reply, done](absl::StatusOr<Response> answer) {
    if (answer.ok()) *reply = *std::move(answer);
    done(answer.status());
  };
}

absl::Status CheckReason(const std::string& reason) {
  if (reason.find_first_not_of(' ') == std::string::npos) {
    return InvalidField("", "reason", "is empty: say why, for whoever finds it so");
  }
  Problems problems;
  FieldChecker("", problems).Text("reason", reason, kMostReason);
  return problems.empty() ? absl::OkStatus()
                          : ErrorWith(absl::StatusCode::kInvalidArgument, problems);
}

}  // namespace

grpc::ServerUnaryReactor* ProgrammingServiceImpl::GetProgramming(
    grpc::CallbackServerContext* context, const v1::GetProgrammingRequest* request,
    v1::Programming* reply) {
  return rooms_.dispatcher.Serve(context, "/waymark.v1.ProgrammingService/GetProgramming", *request,
                                 [=, this](const Caller&, const Dispatcher::Done& done) {
                                   rooms_.programming.GetProgramming(AnswerInto(reply, done));
                                 });
}

grpc::ServerUnaryReactor* ProgrammingServiceImpl::Freeze(grpc::CallbackServerContext* context,
                                                         const v1::FreezeRequest* request,
                                                         v1::Programming* reply) {
  return rooms_.dispatcher.Serve(context, "/waymark.v1.ProgrammingService/Freeze", *request,
                                 [=, this](const Caller& caller, const Dispatcher::Done& done) {
                                   if (absl::Status s = CheckReason(request->reason()); !s.ok())
                                     return done(s);
                                   rooms_.programming.Freeze(request->reason(), caller.identity,
                                                             AnswerInto(reply, done));
                                 });
}

grpc::ServerUnaryReactor* ProgrammingServiceImpl::Unfreeze(grpc::CallbackServerContext* context,
                                                           const v1::UnfreezeRequest* request,
                                                           v1::Programming* reply) {
  return rooms_.dispatcher.Serve(context, "/waymark.v1.ProgrammingService/Unfreeze", *request,
                                 [=, this](const Caller& caller, const Dispatcher::Done& done) {
                                   rooms_.programming.Unfreeze(caller.identity,
                                                               AnswerInto(reply, done));
                                 });
}

grpc::ServerUnaryReactor* ProgrammingServiceImpl::GetRollout(grpc::CallbackServerContext* context,
                                                             const v1::GetRolloutRequest* request,
                                                             v1::Rollout* reply) {
  return rooms_.dispatcher.Serve(context, "/waymark.v1.ProgrammingService/GetRollout", *request,
                                 [=, this](const Caller&, const Dispatcher::Done& done) {
                                   rooms_.programming.GetRollout(AnswerInto(reply, done));
                                 });
}

grpc::ServerUnaryReactor* ProgrammingServiceImpl::PauseRollout(
    grpc::CallbackServerContext* context, const v1::PauseRolloutRequest* request,
    v1::Rollout* reply) {
  return rooms_.dispatcher.Serve(context, "/waymark.v1.ProgrammingService/PauseRollout", *request,
                                 [=, this](const Caller& caller, const Dispatcher::Done& done) {
                                   if (absl::Status s = CheckReason(request->reason()); !s.ok())
                                     return done(s);
                                   rooms_.programming.PauseRollout(
                                       request->reason(), caller.identity, AnswerInto(reply, done));
                                 });
}

grpc::ServerUnaryReactor* ProgrammingServiceImpl::AbortRollout(
    grpc::CallbackServerContext* context, const v1::AbortRolloutRequest* request,
    v1::Rollout* reply) {
  return rooms_.dispatcher.Serve(context, "/waymark.v1.ProgrammingService/AbortRollout", *request,
                                 [=, this](const Caller& caller, const Dispatcher::Done& done) {
                                   if (absl::Status s = CheckReason(request->reason()); !s.ok())
                                     return done(s);
                                   rooms_.programming.AbortRollout(
                                       request->reason(), caller.identity, AnswerInto(reply, done));
                                 });
}

grpc::ServerUnaryReactor* ProgrammingServiceImpl::ResumeRollout(
    grpc::CallbackServerContext* context, const v1::ResumeRolloutRequest* request,
    v1::Rollout* reply) {
  return rooms_.dispatcher.Serve(context, "/waymark.v1.ProgrammingService/ResumeRollout", *request,
                                 [=, this](const Caller& caller, const Dispatcher::Done& done) {
                                   rooms_.programming.ResumeRollout(caller.identity,
                                                                    AnswerInto(reply, done));
                                 });
}

grpc::ServerUnaryReactor* ProgrammingServiceImpl::TraceRevision(
    grpc::CallbackServerContext* context, const v1::TraceRevisionRequest* request,
    v1::RevisionJourney* reply) {
  return rooms_.dispatcher.Serve(
      context, "/waymark.v1.ProgrammingService/TraceRevision", *request,
      [=, this](const Caller&, const Dispatcher::Done& done) {
        if (request->revision() < 0) {
          return done(
              InvalidField("", "revision", "is negative: give a revision, or 0 for the latest"));
        }
        rooms_.programming.TraceRevision(request->revision(), AnswerInto(reply, done));
      });
}

}  // namespace waymark
