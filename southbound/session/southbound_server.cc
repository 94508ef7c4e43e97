#include "southbound/session/southbound_server.h"

#include <grpc/support/time.h>
#include <grpcpp/grpcpp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

constexpr int kMaxMessageBytes = 16 << 20;
constexpr absl::Duration kShutdownPatience = absl::Seconds(2);

// gRPC would take over the socket of a server that still runs: ask first whether someone answers.
absl::Status CheckSocketFree(const std::string& path) {
  sockaddr_un address = {};
  if (path.empty() || path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("unix:PATH needs a path of 1..",
                                                   sizeof(address.sun_path) - 1, " bytes, not ",
                                                   path.size()));
  }
  const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return absl::OkStatus();
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const bool answered =
      connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  close(fd);
  if (!answered) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("unix:", path, " is in use: another controller serves agents there"));
}

absl::Status CheckAddress(const std::string& address) {
  if (address.rfind("unix:", 0) == 0) return CheckSocketFree(address.substr(5));
  const size_t colon = address.rfind(':');
  int port = -1;
  if (colon == std::string::npos || colon == 0 ||
      !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 0 || port > 65'535) {
    return absl::InvalidArgumentError(absl::StrCat(
        "the address \"", address, "\" must be HOST:PORT with a port of 0..65535, or unix:PATH"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> Credentials(
    const std::optional<ServerTls>& tls) {
  if (!tls.has_value()) return grpc::InsecureServerCredentials();
  if (tls->ca.empty() || tls->certificate.empty() || tls->key.empty()) {
    return absl::InvalidArgumentError(
        "TLS for agents needs an authority, a certificate and a key: one of them is empty");
  }
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = tls->ca;
  options.pem_key_cert_pairs.push_back({tls->key, tls->certificate});
  return grpc::SslServerCredentials(options);
}

}  // namespace

SouthboundServer::SouthboundServer(SouthboundServiceOptions options,
                                   SwitchSessionListener* listener, EventLoop* loop,
                                   Metrics* metrics)
    : options_(std::move(options)), listener_(listener), loop_(loop), metrics_(metrics) {}

SouthboundServer::~SouthboundServer() { Shutdown(); }

absl::StatusOr<int> SouthboundServer::Start(const std::string& address,
                                            const std::optional<ServerTls>& tls) {
  if (server_ != nullptr) return absl::FailedPreconditionError("already started");
  if (auto s = CheckAddress(address); !s.ok()) return s;
  auto credentials = Credentials(tls);
  if (!credentials.ok()) return credentials.status();
  options_.check_identity = tls.has_value();
  service_ = std::make_unique<SouthboundService>(options_, listener_, loop_, metrics_);
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(address, *credentials, &port);
  builder.RegisterService(service_.get());
  builder.SetMaxReceiveMessageSize(kMaxMessageBytes);
  // Without it two controllers could share a port, and agents would meet either.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Agents ping every 10 s; less than that would count as an attack by default.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1'000);
  server_ = builder.BuildAndStart();
  if (server_ == nullptr || port == 0) {
    server_.reset();
    service_.reset();
    return absl::UnavailableError(absl::StrCat(
        "cannot listen for agents on ", address,
        ": is the port in use, the address another machine's, or a certificate not readable?"));
  }
  return address.rfind("unix:", 0) == 0 ? 0 : port;
}

void SouthboundServer::Shutdown() {
  if (server_ == nullptr) return;
  service_->CloseAll(absl::UnavailableError("the controller is stopping"), kShutdownPatience);
  server_->Shutdown(gpr_inf_past(GPR_CLOCK_MONOTONIC));
  server_.reset();
  service_.reset();
}

void SouthboundServer::SetEpoch(uint64_t epoch) {
  options_.epoch = epoch;
  if (service_ != nullptr) service_->SetEpoch(epoch);
}

}  // namespace waymark
