#include "tests/lab/host_stack.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "controller/base/clock.h"
#include "tests/lab/netns.h"
#include "tests/lab/process.h"

namespace waymark::lab {
namespace {

constexpr uint16_t kTcpPort = 7001;
constexpr absl::Duration kTransfer = absl::Seconds(2);
constexpr double kSoundRate = 100e6;

absl::Status Errno(const char* what) {
  return absl::InternalError(absl::StrCat(what, ": ", strerror(errno)));
}

void SetTimeouts(int fd, int seconds) {
  timeval timeout{seconds, 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
}

sockaddr_storage Address(const HostAddress& host, int family, socklen_t* length) {
  sockaddr_storage storage{};
  if (family == AF_INET) {
    auto* address = reinterpret_cast<sockaddr_in*>(&storage);
    address->sin_family = AF_INET;
    address->sin_port = htons(kTcpPort);
    std::memcpy(&address->sin_addr, host.Ipv4().data(), 4);
    *length = sizeof *address;
  } else {
    auto* address = reinterpret_cast<sockaddr_in6*>(&storage);
    address->sin6_family = AF_INET6;
    address->sin6_port = htons(kTcpPort);
    std::memcpy(&address->sin6_addr, host.Ipv6().data(), 16);
    *length = sizeof *address;
  }
  return storage;
}

// A connection attempt that is refused has crossed the LAN and come back all the same.
absl::Status Knock(const HostAddress& host, int family) {
  const int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return Errno("socket");
  SetTimeouts(fd, 3);
  socklen_t length;
  const sockaddr_storage address = Address(host, family, &length);
  const int result = connect(fd, reinterpret_cast<const sockaddr*>(&address), length);
  absl::Status status = result == 0 || errno == ECONNREFUSED ? absl::OkStatus() : Errno("connect");
  close(fd);
  return status;
}

}  // namespace

absl::StatusOr<std::string> ResolveNeighbour(const std::string& from_netns, const HostAddress& to) {
  (void)RunCommand({"ip", "-n", from_netns, "neigh", "flush", "dev", "eth0"});
  for (const int family : {AF_INET, AF_INET6}) {
    absl::Status status = RunInNetns(from_netns, [&] { return Knock(to, family); });
    if (!status.ok()) {
      return absl::Status(status.code(),
                          absl::StrCat(family == AF_INET ? "ARP: " : "neighbour discovery: ",
                                       std::string(status.message())));
    }
  }
  absl::StatusOr<std::string> table =
      RunChecked({"ip", "-n", from_netns, "neigh", "show", "dev", "eth0"});
  if (!table.ok()) return table.status();
  const bool v4 = table->find(to.Ipv4Text() + " lladdr " + to.MacText()) != std::string::npos;
  const bool v6 = table->find(to.Ipv6Text() + " lladdr " + to.MacText()) != std::string::npos;
  if (!v4 || !v6) return absl::NotFoundError(absl::StrCat("neighbour table: ", *table));
  return absl::StrCat(to.Ipv4Text(), " and ", to.Ipv6Text(), " resolve to ", to.MacText());
}

absl::StatusOr<std::string> MeasureTcp(const std::string& from_netns, const std::string& to_netns,
                                       const HostAddress& to) {
  int listener = -1;
  absl::Status status = RunInNetns(to_netns, [&]() -> absl::Status {
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    SetTimeouts(listener, 5);
    socklen_t length;
    const sockaddr_storage address = Address(to, AF_INET, &length);
    if (bind(listener, reinterpret_cast<const sockaddr*>(&address), length) ||
        listen(listener, 1)) {
      return Errno("listen");
    }
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  int64_t received = 0;
  absl::Duration took;
  std::thread server([&] {
    const int fd = accept(listener, nullptr, nullptr);
    if (fd < 0) return;
    SetTimeouts(fd, 5);
    std::vector<char> buffer(1 << 20);
    const absl::Duration begin = RealClock().Monotonic();
    for (ssize_t n; (n = read(fd, buffer.data(), buffer.size())) > 0;) received += n;
    took = RealClock().Monotonic() - begin;
    close(fd);
  });
  status = RunInNetns(from_netns, [&]() -> absl::Status {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    SetTimeouts(fd, 5);
    socklen_t length;
    const sockaddr_storage address = Address(to, AF_INET, &length);
    if (connect(fd, reinterpret_cast<const sockaddr*>(&address), length)) {
      absl::Status error = Errno("connect");
      close(fd);
      return error;
    }
    const std::vector<char> buffer(1 << 20);
    const absl::Duration end = RealClock().Monotonic() + kTransfer;
    while (RealClock().Monotonic() < end) {
      if (send(fd, buffer.data(), buffer.size(), MSG_NOSIGNAL) < 0) break;
    }
    close(fd);
    return absl::OkStatus();
  });
  server.join();
  close(listener);
  if (!status.ok()) return status;
  const double rate = static_cast<double>(received) * 8 / absl::ToDoubleSeconds(took);
  const std::string text = absl::StrFormat("%.2f Gbit/s", rate / 1e9);
  if (rate < kSoundRate) return absl::OutOfRangeError("only " + text);
  return text;
}

}  // namespace waymark::lab
