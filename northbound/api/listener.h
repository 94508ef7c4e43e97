#ifndef WAYMARK_NORTHBOUND_API_LISTENER_H_
#define WAYMARK_NORTHBOUND_API_LISTENER_H_

#include <grpcpp/security/server_credentials.h>

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace waymark {

// True when no other machine can reach the address.
bool IsLocalAddress(const std::string& listen);

// OK if "HOST:PORT", "[IPv6]:PORT" or "unix:/PATH" is well-formed and can be listened on: gRPC
// itself says neither what is wrong nor, for a Unix socket, that another server has it.
// INVALID_ARGUMENT, UNAVAILABLE (in use, not ours).
absl::Status CheckCanListen(const std::string& listen);

struct TlsFiles {
  std::string certificate;
  std::string key;
  std::string client_ca;
};
// Credentials that demand a client certificate of the CA. INVALID_ARGUMENT names the file that
// can't be read.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> TlsCredentials(const TlsFiles& files);

}  // namespace waymark

#endif  // WAYMARK_NORTHBOUND_API_LISTENER_H_
