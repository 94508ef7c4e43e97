#include "northbound/api/listener.h"

#include <netdb.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

constexpr char kUnix[] = "unix:";

class Socket {
 public:
  explicit Socket(int domain) : fd_(socket(domain, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

struct HostPort {
  std::string host;
  std::string port;
};

absl::StatusOr<HostPort> Split(const std::string& listen) {
  const absl::Status bad = absl::InvalidArgumentError(absl::StrCat(
      "the listen address \"", listen, "\" is not HOST:PORT, [IPv6]:PORT or unix:/PATH"));
  const size_t colon = listen.rfind(':');
  if (colon == std::string::npos || colon == 0) return bad;
  HostPort parts{listen.substr(0, colon), listen.substr(colon + 1)};
  int port = -1;
  if (!absl::SimpleAtoi(parts.port, &port) || port < 0 || port > 65535) return bad;
  if (parts.host.front() == '[' && parts.host.back() == ']') {
    parts.host = parts.host.substr(1, parts.host.size() - 2);
  } else if (parts.host.find(':') != std::string::npos) {
    return bad;
  }
  return parts;
}

absl::Status CannotListen(const std::string& listen, int error) {
  const char* way_out = error == EADDRINUSE
                            ? ": another program has it; stop that, or choose another"
                        : error == EACCES ? ": ports below 1024 need more rights; choose another"
                        : error == EADDRNOTAVAIL ? ": it is not an address of this machine"
                                                 : "";
  return absl::UnavailableError(
      absl::StrCat("cannot listen on ", listen, ": ", std::strerror(error), way_out));
}

absl::Status CheckUnix(const std::string& listen) {
  const std::string path = listen.substr(std::strlen(kUnix));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path[0] != '/' || path.size() >= sizeof(address.sun_path)) {
    return absl::InvalidArgumentError(absl::StrCat("the socket path of \"", listen,
                                                   "\" must be absolute and at most ",
                                                   sizeof(address.sun_path) - 1, " bytes long"));
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const Socket probe(AF_UNIX);
  if (probe.fd() < 0) return CannotListen(listen, errno);
  // gRPC would take a socket from the server that has it.
  if (connect(probe.fd(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0) {
    return CannotListen(listen, EADDRINUSE);
  }
  return absl::OkStatus();
}

absl::Status CheckTcp(const std::string& listen) {
  const auto parts = Split(listen);
  if (!parts.ok()) return parts.status();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = getaddrinfo(parts->host.c_str(), parts->port.c_str(), &hints, &found);
  if (error != 0) {
    return absl::InvalidArgumentError(absl::StrCat("the host of the listen address \"", listen,
                                                   "\" is not known: ", gai_strerror(error)));
  }
  absl::Status status;
  for (const addrinfo* a = found; a != nullptr && status.ok(); a = a->ai_next) {
    const Socket probe(a->ai_family);
    // A machine without IPv6 still resolves localhost to ::1.
    if (probe.fd() < 0) continue;
    const int on = 1;
    setsockopt(probe.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(probe.fd(), a->ai_addr, a->ai_addrlen) != 0 &&
        !(errno == EADDRNOTAVAIL && found->ai_next != nullptr)) {
      status = CannotListen(listen, errno);
    }
  }
  freeaddrinfo(found);
  return status;
}

absl::StatusOr<std::string> ReadPem(const char* option, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || text.str().empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat(option, ": cannot read a PEM file from \"", path, "\""));
  }
  if (text.str().find("-----BEGIN ") == std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat(option, ": \"", path, "\" is no PEM file"));
  }
  return text.str();
}

}  // namespace

bool IsLocalAddress(const std::string& listen) {
  if (listen.starts_with(kUnix)) return true;
  const auto parts = Split(listen);
  if (!parts.ok()) return false;
  return parts->host == "localhost" || parts->host == "::1" ||
         (parts->host.starts_with("127.") &&
          parts->host.find_first_not_of("0123456789.") == std::string::npos);
}

absl::Status CheckCanListen(const std::string& listen) {
  return listen.starts_with(kUnix) ? CheckUnix(listen) : CheckTcp(listen);
}

absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> TlsCredentials(const TlsFiles& files) {
  const auto certificate = ReadPem("the TLS certificate", files.certificate);
  if (!certificate.ok()) return certificate.status();
  const auto key = ReadPem("the TLS key", files.key);
  if (!key.ok()) return key.status();
  const auto client_ca = ReadPem("the TLS client CA", files.client_ca);
  if (!client_ca.ok()) return client_ca.status();
  grpc::SslServerCredentialsOptions options(
      GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  options.pem_root_certs = *client_ca;
  options.pem_key_cert_pairs.push_back({*key, *certificate});
  return grpc::SslServerCredentials(options);
}

}  // namespace waymark
