// A controller in the test's own process: keeps what it is given, answers the northbound services
// from it, and remembers the last requests. No validation beyond what the tests of the command line
// need.
#ifndef WAYMARK_NORTHBOUND_CLI_FAKE_SERVER_H_
#define WAYMARK_NORTHBOUND_CLI_FAKE_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "controller/base/socket_folder.h"
#include "northbound/cli/kind.h"
#include "waymark/v1/guarantees.grpc.pb.h"
#include "waymark/v1/mesh.grpc.pb.h"
#include "waymark/v1/programming.grpc.pb.h"
#include "waymark/v1/services.grpc.pb.h"

namespace waymark::cli {

// Thread-safe: gRPC's threads call it.
class FakeServer {
 public:
  // Serves on a Unix socket of its own.
  FakeServer();
  ~FakeServer();

  std::string address() const { return folder_.Address("server"); }

  // By full name.
  void Put(const v1::Resource& resource);
  void PutBundle(const v1::Bundle& bundle);
  // Page size that lists are cut to, whatever the client asks for.
  void set_page_size(int size);
  // Every call fails with this from now on.
  void FailWith(const grpc::Status& status);
  void set_trace(const v1::TraceResponse& response);
  void set_paths(const v1::ComputePathResponse& response);
  void set_explanation(const v1::ExplainServiceResponse& response);
  // Of a dry run; with `apply` the same, applied, at revision 8.
  void set_plan(const v1::ReoptimizeResponse& response);
  // Of one question for it after another; the last stays. OptimizeMesh asks for the run
  // that the last has under way, or that has ended.
  void set_mesh(std::vector<v1::MeshStatus> statuses);
  void set_guarantees(const v1::ListMeshGuaranteesResponse& response);
  // Those that steer the optimiser, or ask for guarantees, in order.
  std::vector<std::string> mesh_requests() const;
  // Events of the next watches, in order; then the stream stays open until the client leaves.
  void set_events(std::vector<v1::WatchEvent> events);
  void set_info(const v1::ServerInfo& info);
  void set_programming(const v1::Programming& programming);
  void set_rollout(const v1::Rollout& rollout);
  void set_journey(const v1::RevisionJourney& journey);

  v1::ApplyRequest last_apply() const;
  v1::TraceRequest last_trace() const;
  v1::ComputePathRequest last_paths() const;
  v1::ReoptimizeRequest last_plan() const;
  int plans() const;
  v1::WatchRequest last_watch() const;
  v1::GetRequest last_get() const;
  v1::ListRequest last_list() const;
  int applies() const;
  // Calls so far.
  int watches() const;
  int infos() const;
  v1::FreezeRequest last_freeze() const;
  int64_t last_journey() const;

 private:
  struct State;
  class Topology;
  class Customers;
  class Policies;
  class Programming;
  class Changes;
  class Mesh;
  class Guarantees;

  const SocketFolder folder_;
  std::unique_ptr<State> state_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> server_;
};

// A status with an ErrorInfo, as the controller sends it.
grpc::Status RefusedStatus(grpc::StatusCode code, const std::string& reason,
                           const std::string& resource, const std::string& field,
                           const std::string& description);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_FAKE_SERVER_H_
