// Which controller is asked, and of which time: what the global flags say. Light, so that commands
// that ask no controller include no gRPC.
#ifndef WAYMARK_NORTHBOUND_CLI_CONNECT_OPTIONS_H_
#define WAYMARK_NORTHBOUND_CLI_CONNECT_OPTIONS_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace waymark::cli {

struct ConnectOptions {
  // "HOST:PORT" or "unix:PATH".
  std::string server = "localhost:9341";
  // TLS is used when `tls` is set or any file is named. Without `ca_file`: the system's
  // authorities.
  bool tls = false;
  std::string ca_file;
  // Both or neither: the client's identity.
  std::string cert_file;
  std::string key_file;
  // The name that the server's certificate must carry, when it is not the host in `server`.
  std::string tls_name;
  // Limit of one call.
  absl::Duration timeout = absl::Seconds(10);
};

// Which past a read is asked of. Both unset: now.
struct AsOf {
  int64_t revision = 0;
  absl::Time time = absl::InfinitePast();
};

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_CONNECT_OPTIONS_H_
