// The northbound gRPC server: the services of waymark.v1, grpc.health.v1 and reflection.
//
//   auto committer = Committer::Open(store, commit_loop, metrics);
//   NorthboundServer::Options options; options.listen = "127.0.0.1:7443"; ...
//   auto server = NorthboundServer::Start({store, view, **committer, watch_loop, backup_loop,
//   clock, metrics, paths, engine}, options);
//   (*server)->SetReady(true);
//   ...
//   (*server)->Shutdown(absl::Seconds(5));   // before the loops stop
#ifndef WAYMARK_NORTHBOUND_API_SERVER_H_
#define WAYMARK_NORTHBOUND_API_SERVER_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/base/clock.h"
#include "controller/base/event_loop.h"
#include "controller/base/metrics.h"
#include "controller/store/mesh_queries.h"
#include "controller/store/network_view.h"
#include "controller/store/path_queries.h"
#include "controller/store/store.h"
#include "northbound/api/change_service.h"
#include "northbound/api/committer.h"

namespace waymark {

class NorthboundServer {
 public:
  // Everything that it works with; all must outlive it. The loops must run until Shutdown has
  // returned. watch_loop and backup_loop may not be the committer's loop.
  struct Parts {
    Store& store;
    NetworkViewHolder& view;
    Committer& committer;
    EventLoop& watch_loop;
    EventLoop& backup_loop;
    const Clock& clock;
    Metrics& metrics;
    // Must go on answering until Shutdown has returned.
    PathQueries& paths;
    ProgrammingControl& programming;
    // Likewise. Null: calls about the mesh are UNAVAILABLE.
    MeshQueries* mesh = nullptr;
  };

  struct Options {
    // "HOST:PORT", "[IPv6]:PORT" or "unix:/PATH". Port 0: any free one.
    std::string listen = "127.0.0.1:7443";
    // PEM files. All three, or none: plaintext. With them every client needs a certificate of the
    // CA; its subject gives the role (northbound/auth/caller.h).
    std::string tls_certificate;
    std::string tls_key;
    std::string tls_client_ca;
    // Of every caller, on a plaintext listener: "operator", "viewer" or "customer:ID".
    std::string plaintext_role = "operator";
    // Else plaintext is refused unless `listen` is a loopback address or a Unix socket.
    bool allow_remote_plaintext = false;
    // Requests and replies. Larger ones get RESOURCE_EXHAUSTED.
    int max_message_bytes = 64 << 20;
    int max_concurrent_calls = 1'000;
    // Of one connection.
    int max_concurrent_streams = 256;
    absl::Duration keepalive_time = absl::Seconds(30);
    absl::Duration keepalive_timeout = absl::Seconds(10);
    // Where BackupStore may write; empty: anywhere that the process may.
    std::string backup_root;
    ServerIdentity identity;
  };

  // INVALID_ARGUMENT (an option; the message names it), PERMISSION_DENIED (remote plaintext),
  // UNAVAILABLE (the address is in use or not this machine's). Health is NOT_SERVING until
  // SetReady(true).
  static absl::StatusOr<std::unique_ptr<NorthboundServer>> Start(const Parts& parts,
                                                                 const Options& options);
  // Shuts down at once if Shutdown has not been called.
  ~NorthboundServer();

  NorthboundServer(const NorthboundServer&) = delete;
  NorthboundServer& operator=(const NorthboundServer&) = delete;

  // 0 for a Unix socket.
  int port() const { return port_; }
  // What health checks see. Any thread.
  void SetReady(bool ready);
  // Refuses new calls, ends the watches, waits up to `grace` for the others and cancels what is
  // left. Idempotent; not from a loop of the server's.
  void Shutdown(absl::Duration grace);

 private:
  struct Services;

  NorthboundServer() = default;
  absl::Status Listen(const Options& options);

  std::unique_ptr<Services> services_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  bool down_ = false;
};

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_SERVER_H_
