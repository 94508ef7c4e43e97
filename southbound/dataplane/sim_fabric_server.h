// Serves a SimFabric on a Unix socket (proto/waymark/sim/v1/sim.proto).
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_SIM_FABRIC_SERVER_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_SIM_FABRIC_SERVER_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "southbound/dataplane/sim_fabric.h"

namespace waymark {

// Thread-safe in itself: runs on gRPC's threads. The fabric must run on a loop with a thread of its
// own.
class SimFabricServer {
 public:
  // Listens on `socket`, a path of at most 100 bytes that only this user may then open; takes the
  // place of a socket that nobody serves any more. ALREADY_EXISTS: another process serves it, or
  // the path is something else. INVALID_ARGUMENT, UNAVAILABLE: the path cannot be used.
  static absl::StatusOr<std::unique_ptr<SimFabricServer>> Start(std::shared_ptr<SimFabric> fabric,
                                                                const std::string& socket);
  // Ends every call and event stream, and removes the socket.
  ~SimFabricServer();

 private:
  class Service;
  struct State;

  explicit SimFabricServer(std::unique_ptr<State> state);

  std::unique_ptr<State> state_;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_SIM_FABRIC_SERVER_H_
