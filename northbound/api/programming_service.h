#ifndef WAYMARK_NORTHBOUND_API_PROGRAMMING_SERVICE_H_
#define WAYMARK_NORTHBOUND_API_PROGRAMMING_SERVICE_H_

#include "northbound/api/handlers.h"
#include "waymark/v1/programming.grpc.pb.h"

namespace waymark {

// Answered by the engine (ProgrammingControl), which gets what is in range. Thread-safe.
class ProgrammingServiceImpl final : public v1::ProgrammingService::CallbackService {
 public:
  explicit ProgrammingServiceImpl(Rooms& rooms) : rooms_(rooms) {}

  grpc::ServerUnaryReactor* GetProgramming(grpc::CallbackServerContext* context,
                                           const v1::GetProgrammingRequest* request,
                                           v1::Programming* reply) override;
  grpc::ServerUnaryReactor* Freeze(grpc::CallbackServerContext* context,
                                   const v1::FreezeRequest* request,
                                   v1::Programming* reply) override;
  grpc::ServerUnaryReactor* Unfreeze(grpc::CallbackServerContext* context,
                                     const v1::UnfreezeRequest* request,
                                     v1::Programming* reply) override;
  grpc::ServerUnaryReactor* GetRollout(grpc::CallbackServerContext* context,
                                       const v1::GetRolloutRequest* request,
                                       v1::Rollout* reply) override;
  grpc::ServerUnaryReactor* PauseRollout(grpc::CallbackServerContext* context,
                                         const v1::PauseRolloutRequest* request,
                                         v1::Rollout* reply) override;
  grpc::ServerUnaryReactor* AbortRollout(grpc::CallbackServerContext* context,
                                         const v1::AbortRolloutRequest* request,
                                         v1::Rollout* reply) override;
  grpc::ServerUnaryReactor* ResumeRollout(grpc::CallbackServerContext* context,
                                          const v1::ResumeRolloutRequest* request,
                                          v1::Rollout* reply) override;
  grpc::ServerUnaryReactor* TraceRevision(grpc::CallbackServerContext* context,
                                          const v1::TraceRevisionRequest* request,
                                          v1::RevisionJourney* reply) override;

 private:
  Rooms& rooms_;
};

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_PROGRAMMING_SERVICE_H_
