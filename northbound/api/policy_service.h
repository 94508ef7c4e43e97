#ifndef WAYMARK_NORTHBOUND_API_POLICY_SERVICE_H_
#define WAYMARK_NORTHBOUND_API_POLICY_SERVICE_H_

#include "northbound/api/handlers.h"
#include "waymark/v1/services.grpc.pb.h"

namespace waymark {

// What the latest NetworkView says. Policies and agents are of now: as_of is refused. Their lists
// are in order of names and a page continues after the last name, in the view of its own time.
// Policies can be narrowed by `parent`: "customers/ID", "customers/ID/services/ID" (owner) or
// "nodes/ID" (headend). Paths are computed by PathQueries, which gets requests whose fields are in
// range, the call's deadline and its cancellation. Thread-safe.
class PolicyServiceImpl final : public v1::PolicyService::CallbackService {
 public:
  explicit PolicyServiceImpl(Rooms& rooms) : rooms_(rooms) {}

  grpc::ServerUnaryReactor* GetPolicy(grpc::CallbackServerContext* context,
                                      const v1::GetRequest* request, v1::Policy* reply) override;
  grpc::ServerUnaryReactor* ListPolicies(grpc::CallbackServerContext* context,
                                         const v1::ListRequest* request,
                                         v1::ListPoliciesResponse* reply) override;
  grpc::ServerUnaryReactor* Trace(grpc::CallbackServerContext* context,
                                  const v1::TraceRequest* request,
                                  v1::TraceResponse* reply) override;
  grpc::ServerUnaryReactor* ComputePath(grpc::CallbackServerContext* context,
                                        const v1::ComputePathRequest* request,
                                        v1::ComputePathResponse* reply) override;
  grpc::ServerUnaryReactor* ExplainService(grpc::CallbackServerContext* context,
                                           const v1::ExplainServiceRequest* request,
                                           v1::ExplainServiceResponse* reply) override;
  grpc::ServerUnaryReactor* Reoptimize(grpc::CallbackServerContext* context,
                                       const v1::ReoptimizeRequest* request,
                                       v1::ReoptimizeResponse* reply) override;
  grpc::ServerUnaryReactor* GetAgent(grpc::CallbackServerContext* context,
                                     const v1::GetRequest* request, v1::Agent* reply) override;
  grpc::ServerUnaryReactor* ListAgents(grpc::CallbackServerContext* context,
                                       const v1::ListRequest* request,
                                       v1::ListAgentsResponse* reply) override;

 private:
  Rooms& rooms_;
};

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_POLICY_SERVICE_H_
