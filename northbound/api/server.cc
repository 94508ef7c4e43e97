#include "northbound/api/server.h"

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/health_check_service_interface.h>

#include <algorithm>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "grpc/health/v1/health.pb.h"
#include "northbound/api/guarantee_service.h"
#include "northbound/api/listener.h"
#include "northbound/api/mesh_service.h"
#include "northbound/api/policy_service.h"
#include "northbound/api/programming_service.h"
#include "northbound/api/resource_services.h"
#include "northbound/auth/caller.h"

namespace waymark {
namespace {

// gRPC takes a time_point of the system clock; times come from controller/base only, so the
// deadline is given as a relative one.
gpr_timespec In(absl::Duration grace) {
  return gpr_time_from_millis(std::max<int64_t>(0, absl::ToInt64Milliseconds(grace)), GPR_TIMESPAN);
}

absl::Status CheckOptions(const NorthboundServer::Options& o) {
  const int files = !o.tls_certificate.empty() + !o.tls_key.empty() + !o.tls_client_ca.empty();
  if (files != 0 && files != 3) {
    return absl::InvalidArgumentError(
        "TLS needs a certificate, its key and the clients' CA: give all three files, or none");
  }
  if (o.max_message_bytes < 1 || o.max_concurrent_calls < 1 || o.max_concurrent_streams < 1 ||
      o.keepalive_time < absl::Seconds(1) || o.keepalive_timeout < absl::Seconds(1)) {
    return absl::InvalidArgumentError(
        "limits of the northbound server must be at least 1, and its keepalive times 1 s");
  }
  if (!o.backup_root.empty() && o.backup_root[0] != '/') {
    return absl::InvalidArgumentError("the root for backups must be an absolute path");
  }
  if (files == 0 && !IsLocalAddress(o.listen) && !o.allow_remote_plaintext) {
    return absl::PermissionDeniedError(
        absl::StrCat("plaintext on ", o.listen,
                     " would let anyone in the network control the carrier: give TLS "
                     "files, listen on a loopback address or a unix: socket, or allow remote "
                     "plaintext expressly"));
  }
  return CheckCanListen(o.listen);
}

// Calls that a plugin adds are set up once a process.
void InitPluginsOnce() {
  static std::once_flag once;
  std::call_once(once, [] {
    grpc::EnableDefaultHealthCheckService(true);
    // Reflection lists the health service, and clients give up when it can't describe one. Nothing
    // else refers to the descriptor, so the linker would leave it out.
    google::protobuf::LinkMessageReflection<grpc::health::v1::HealthCheckRequest>();
    grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  });
}

constexpr const char* kServiceNames[] = {"",
                                         "waymark.v1.TopologyService",
                                         "waymark.v1.CustomerService",
                                         "waymark.v1.PolicyService",
                                         "waymark.v1.MeshService",
                                         "waymark.v1.ProgrammingService",
                                         "waymark.v1.GuaranteeService",
                                         "waymark.v1.ChangeService"};

}  // namespace

struct NorthboundServer::Services {
  Services(const Parts& parts, const Options& options, std::optional<Caller> plaintext_caller)
      : reader(parts.store, parts.view, parts.clock),
        dispatcher({options.max_concurrent_calls, std::move(plaintext_caller)}, parts.clock,
                   parts.metrics),
        rooms{parts.store, parts.view,  parts.committer,  reader,
              dispatcher,  parts.paths, parts.programming},
        watches(WatchHub::Create(parts.store, parts.view, parts.watch_loop, parts.metrics)),
        topology(rooms),
        customer(rooms),
        policy(rooms),
        mesh(dispatcher, parts.mesh),
        programming(rooms),
        guarantees(dispatcher, parts.paths),
        change(rooms, watches, parts.backup_loop, options.identity, options.backup_root) {}

  Reader reader;
  Dispatcher dispatcher;
  Rooms rooms;
  std::shared_ptr<WatchHub> watches;
  TopologyServiceImpl topology;
  CustomerServiceImpl customer;
  PolicyServiceImpl policy;
  MeshServiceImpl mesh;
  ProgrammingServiceImpl programming;
  GuaranteeServiceImpl guarantees;
  ChangeServiceImpl change;
};

absl::StatusOr<std::unique_ptr<NorthboundServer>> NorthboundServer::Start(const Parts& parts,
                                                                          const Options& options) {
  if (absl::Status s = CheckOptions(options); !s.ok()) return s;
  std::optional<Caller> caller;
  if (options.tls_certificate.empty()) {
    absl::StatusOr<Caller> fixed = ParseRole(options.plaintext_role);
    if (!fixed.ok()) return fixed.status();
    caller = *std::move(fixed);
  }
  std::unique_ptr<NorthboundServer> server(new NorthboundServer);
  server->services_ = std::make_unique<Services>(parts, options, std::move(caller));
  if (absl::Status s = server->Listen(options); !s.ok()) {
    server->services_->watches->Stop();
    return s;
  }
  Log(LogLevel::kInfo, "northbound API listens",
      {{"address", options.listen},
       {"port", server->port()},
       {"security", options.tls_certificate.empty() ? "plaintext" : "mTLS"}});
  return server;
}

absl::Status NorthboundServer::Listen(const Options& o) {
  std::shared_ptr<grpc::ServerCredentials> credentials = grpc::InsecureServerCredentials();
  if (!o.tls_certificate.empty()) {
    auto tls = TlsCredentials({o.tls_certificate, o.tls_key, o.tls_client_ca});
    if (!tls.ok()) return tls.status();
    credentials = *std::move(tls);
  }
  InitPluginsOnce();
  grpc::ServerBuilder builder;
  builder.AddListeningPort(o.listen, credentials, &port_);
  builder.SetMaxReceiveMessageSize(o.max_message_bytes);
  builder.SetMaxSendMessageSize(o.max_message_bytes);
  // Else a second controller would share the port and take half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, o.max_concurrent_streams);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS,
                             static_cast<int>(absl::ToInt64Milliseconds(o.keepalive_time)));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS,
                             static_cast<int>(absl::ToInt64Milliseconds(o.keepalive_timeout)));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  builder.RegisterService(&services_->topology)
      .RegisterService(&services_->customer)
      .RegisterService(&services_->policy)
      .RegisterService(&services_->mesh)
      .RegisterService(&services_->programming)
      .RegisterService(&services_->guarantees)
      .RegisterService(&services_->change);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) {
    return absl::UnavailableError(
        absl::StrCat("cannot listen on ", o.listen,
                     ": the address is in use, or the TLS files do not fit each other"));
  }
  if (o.listen.starts_with("unix:")) port_ = 0;
  SetReady(false);
  return absl::OkStatus();
}

NorthboundServer::~NorthboundServer() { Shutdown(absl::ZeroDuration()); }

void NorthboundServer::SetReady(bool ready) {
  for (const char* name : kServiceNames) {
    server_->GetHealthCheckService()->SetServingStatus(name, ready);
  }
}

void NorthboundServer::Shutdown(absl::Duration grace) {
  if (server_ == nullptr || down_) return;
  down_ = true;
  SetReady(false);
  services_->watches->Stop();
  server_->Shutdown(In(grace));
  server_->Wait();
}

}  // namespace waymark
