// A gRPC server for agents: listening, TLS, limits.
#ifndef WAYMARK_SOUTHBOUND_SESSION_SOUTHBOUND_SERVER_H_
#define WAYMARK_SOUTHBOUND_SESSION_SOUTHBOUND_SERVER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "controller/base/event_loop.h"
#include "controller/base/metrics.h"
#include "southbound/session/southbound_service.h"
#include "southbound/session/switch_session.h"

namespace grpc {
class Server;
}

namespace waymark {

// PEM texts. Agents must show a certificate that `ca` has signed, with their node id as its common
// name.
struct ServerTls {
  std::string ca;
  std::string certificate;
  std::string key;
};

// Thread-safe, but Start and Shutdown are for one thread, not the loop's.
class SouthboundServer {
 public:
  // See SouthboundService about lifetimes; `options.check_identity` follows from TLS.
  SouthboundServer(SouthboundServiceOptions options, SwitchSessionListener* listener,
                   EventLoop* loop, Metrics* metrics);
  ~SouthboundServer();

  // "HOST:PORT" (port 0: any) or "unix:PATH". The port bound; 0 for a UNIX socket. UNAVAILABLE
  // names the address when it is in use or not this machine's; INVALID_ARGUMENT for a bad address
  // or incomplete TLS.
  absl::StatusOr<int> Start(const std::string& address, const std::optional<ServerTls>& tls);

  // Tells agents that the controller stops, then ends every stream. The agents keep forwarding.
  // Idempotent; the destructor does it.
  void Shutdown();

  void SetEpoch(uint64_t epoch);

 private:
  SouthboundServiceOptions options_;
  SwitchSessionListener* const listener_;
  EventLoop* const loop_;
  Metrics* const metrics_;
  std::unique_ptr<SouthboundService> service_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_SESSION_SOUTHBOUND_SERVER_H_
