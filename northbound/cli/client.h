// The command line's end of the northbound API: one channel, blocking calls with a deadline, and
// errors that people read.
#ifndef WAYMARK_NORTHBOUND_CLI_CLIENT_H_
#define WAYMARK_NORTHBOUND_CLI_CLIENT_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/base/clock.h"
#include "northbound/cli/connect_options.h"
#include "northbound/cli/kind.h"
#include "waymark/v1/guarantees.grpc.pb.h"
#include "waymark/v1/mesh.grpc.pb.h"
#include "waymark/v1/programming.grpc.pb.h"
#include "waymark/v1/services.grpc.pb.h"

namespace waymark::cli {

// The sentence for a failed call: the server's ErrorInfo (resource, field, what to do) when there
// is one, and for an unreachable server the address and the way out. Control characters are
// replaced. The status code is kept.
absl::Status ReadableError(const grpc::Status& status, const std::string& server);

// Blocking. One thread at a time.
class Client {
 public:
  // Reads the TLS files; a usage error names the one that can't be read. Does not connect yet.
  static absl::StatusOr<std::unique_ptr<Client>> Create(const ConnectOptions& options,
                                                        const Clock& clock);

  absl::StatusOr<v1::Resource> Get(Kind kind, const std::string& name, const AsOf& as_of);
  // All pages, ordered by name. `customer`: empty for all. Kinds that no customer owns are filtered
  // only where they name a customer (policies, by their service).
  absl::StatusOr<std::vector<v1::Resource>> List(Kind kind, const std::string& customer,
                                                 const AsOf& as_of);
  absl::StatusOr<v1::ApplyResponse> Apply(const v1::ApplyRequest& request);
  absl::StatusOr<v1::TraceResponse> Trace(const v1::TraceRequest& request);
  // The past of `as_of`, when that is one.
  absl::StatusOr<v1::ComputePathResponse> ComputePath(v1::ComputePathRequest request,
                                                      const AsOf& as_of);
  absl::StatusOr<v1::ExplainServiceResponse> ExplainService(const std::string& name);
  absl::StatusOr<v1::ReoptimizeResponse> Reoptimize(const v1::ReoptimizeRequest& request);
  // When it is newer than that version or `wait`, less than the limit of a call, is over.
  absl::StatusOr<v1::MeshStatus> MeshStatus(int64_t newer_than, absl::Duration wait);
  // The number of the run.
  absl::StatusOr<int64_t> OptimizeMesh(const v1::OptimizeMeshRequest& request);
  absl::StatusOr<v1::MeshStatus> CancelMeshRun(int64_t run);
  absl::StatusOr<v1::MeasuredTraffic> SetMeasured(const v1::SetMeasuredTrafficRequest& request);
  absl::StatusOr<v1::MeasuredTraffic> RemoveMeasured(const std::string& traffic_class);
  // All pages as one.
  absl::StatusOr<v1::ListMeshGuaranteesResponse> ListMeshGuarantees(
      v1::ListMeshGuaranteesRequest request);
  // Policies under a parent: "customers/ID", "customers/ID/services/ID", "nodes/ID"; empty: all.
  absl::StatusOr<std::vector<v1::Resource>> ListPolicies(const std::string& parent);
  absl::StatusOr<v1::ServerInfo> Info();
  absl::StatusOr<v1::Programming> Programming();
  absl::StatusOr<v1::Programming> Freeze(const v1::FreezeRequest& request);
  absl::StatusOr<v1::Programming> Unfreeze();
  absl::StatusOr<v1::Rollout> Rollout();
  absl::StatusOr<v1::Rollout> PauseRollout(const std::string& reason);
  absl::StatusOr<v1::Rollout> AbortRollout(const std::string& reason);
  absl::StatusOr<v1::Rollout> ResumeRollout();
  absl::StatusOr<v1::RevisionJourney> TraceRevision(int64_t revision);
  absl::StatusOr<v1::BackupStoreResponse> Backup(const std::string& folder);

  // Reads events until the stream ends, `limit` has passed (then DEADLINE_EXCEEDED) or `on_event`
  // returns false (then OK).
  absl::Status Watch(const v1::WatchRequest& request, absl::Duration limit,
                     const std::function<bool(const v1::WatchEvent&)>& on_event);

  // The same, and calls `on_event` with null whenever `idle` has passed without an event.
  absl::Status WatchOrIdle(const v1::WatchRequest& request, absl::Duration limit,
                           absl::Duration idle,
                           const std::function<bool(const v1::WatchEvent*)>& on_event);

  const ConnectOptions& options() const { return options_; }
  const Clock& clock() const { return clock_; }

 private:
  Client(const ConnectOptions& options, const Clock& clock,
         const std::shared_ptr<grpc::Channel>& channel);

  void Prepare(grpc::ClientContext& context, absl::Duration limit) const;
  template <typename Stub, typename Request, typename Response>
  absl::Status Call(Stub& stub,
                    grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response) const;
  // The response, or the error.
  template <typename Response, typename Stub, typename Request>
  absl::StatusOr<Response> Ask(Stub& stub,
                               grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                            Response*),
                               const Request& request) const;
  template <typename Stub, typename Item>
  absl::StatusOr<v1::Resource> GetOne(
      Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const v1::GetRequest&, Item*),
      Item* (v1::Resource::*slot)(), const std::string& name, const AsOf& as_of) const;
  template <typename Stub, typename Response, typename Item>
  absl::StatusOr<std::vector<v1::Resource>> ListAll(
      Stub& stub,
      grpc::Status (Stub::*method)(grpc::ClientContext*, const v1::ListRequest&, Response*),
      const google::protobuf::RepeatedPtrField<Item>& (Response::*items)() const,
      Item* (v1::Resource::*slot)(), const std::string& parent, const AsOf& as_of) const;

  const ConnectOptions options_;
  const Clock& clock_;
  v1::TopologyService::Stub topology_;
  v1::CustomerService::Stub customer_;
  v1::PolicyService::Stub policy_;
  v1::ProgrammingService::Stub programming_;
  v1::ChangeService::Stub change_;
  v1::MeshService::Stub mesh_;
  v1::GuaranteeService::Stub guarantees_;
};

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_CLIENT_H_
