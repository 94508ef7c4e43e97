// What the two ends of the simulated fabric's socket share.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_SIM_GRPC_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_SIM_GRPC_H_

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>

#include "absl/status/status.h"

namespace waymark {

inline constexpr int kSimLargestMessage = 64 << 20;  // bytes

// The canonical codes are the same numbers on both sides.
inline absl::Status FromGrpc(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

inline grpc::Status ToGrpc(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
}

// Does not connect yet. A channel of its own, so that one user's end does not touch another's.
std::shared_ptr<grpc::Channel> SimFabricChannel(const std::string& socket);

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_SIM_GRPC_H_
