#include "southbound/dataplane/linux_prober.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "southbound/dataplane/linux_specs.h"

namespace waymark {
namespace {

constexpr uint16_t kProbePort = 57'784;
constexpr uint8_t kProbeHopLimit = 255;
constexpr size_t kBatch = 64;
constexpr int kRealTimePriority = 10;
constexpr unsigned long kTimerSlackNanoseconds = 1'000;
// Later than this behind the plan, this host did not run; what was missed meanwhile proves nothing.
constexpr absl::Duration kStall = absl::Milliseconds(1);
constexpr absl::Duration kLongestWait = absl::Seconds(1);
constexpr int kReceiveBuffer = 4 << 20;

struct Payload {
  uint64_t instance;
  uint64_t sequence;
  int64_t sent_nanoseconds;
  uint32_t list;
  uint32_t zero;
};

void Put16(std::vector<uint8_t>& bytes, uint16_t value) {
  bytes.push_back(static_cast<uint8_t>(value >> 8));
  bytes.push_back(static_cast<uint8_t>(value));
}

void PutAddress(std::vector<uint8_t>& bytes, const Ipv6& address) {
  bytes.insert(bytes.end(), address.begin(), address.end());
}

uint32_t Sum(std::span<const uint8_t> bytes, uint32_t sum) {
  for (size_t i = 0; i < bytes.size(); ++i) sum += bytes[i] << (i % 2 == 0 ? 8 : 0);
  return sum;
}

// RFC 8200 section 8.1; the destination is the last segment.
uint16_t UdpChecksum(const Ipv6& vtep, std::span<const uint8_t> udp) {
  uint32_t sum = Sum(udp, static_cast<uint32_t>(udp.size()) + IPPROTO_UDP);
  sum = Sum(vtep, Sum(vtep, sum));
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  const auto checksum = static_cast<uint16_t>(~sum);
  return checksum == 0 ? 0xffff : checksum;
}

sockaddr_in6 SocketAddress(const Ipv6& address, uint16_t port) {
  sockaddr_in6 result{};
  result.sin6_family = AF_INET6;
  result.sin6_port = htons(port);
  std::memcpy(&result.sin6_addr, address.data(), address.size());
  return result;
}

absl::Status SocketError(const char* what) {
  const std::string text = absl::StrCat(what, ": ", strerror(errno));
  if (errno == EPERM)
    return absl::FailedPreconditionError(absl::StrCat(text, ": needs CAP_NET_RAW"));
  return absl::InternalError(text);
}

void BecomeRealTime() {
  prctl(PR_SET_TIMERSLACK, kTimerSlackNanoseconds);
  sched_param parameter{};
  parameter.sched_priority = kRealTimePriority;
  if (pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameter) != 0) {
    Log(LogLevel::kWarning, "prober without real-time priority",
        {{"effect", "failures are found later on a busy machine"}});
  }
  pthread_setname_np(pthread_self(), "wm-prober");
}

}  // namespace

std::vector<uint8_t> ProbePacket(const Ipv6& vtep, const Probe& probe, uint16_t port,
                                 std::span<const uint8_t> payload) {
  const size_t segments = probe.segments.size() + 1;
  const auto udp_size = static_cast<uint16_t>(8 + payload.size());
  const auto srh_size = static_cast<uint16_t>(8 + segments * sizeof(Ipv6));
  std::vector<uint8_t> bytes;
  bytes.reserve(40 + srh_size + udp_size);
  // IPv6: version, traffic class, flow label zero.
  bytes.push_back(static_cast<uint8_t>(6 << 4 | probe.dscp >> 2));
  bytes.push_back(static_cast<uint8_t>(probe.dscp << 6));
  Put16(bytes, 0);
  Put16(bytes, srh_size + udp_size);
  bytes.push_back(IPPROTO_ROUTING);
  bytes.push_back(kProbeHopLimit);
  PutAddress(bytes, vtep);
  PutAddress(bytes, probe.segments.front());
  // SRH: segments in reverse.
  const auto last = static_cast<uint8_t>(segments - 1);
  const uint8_t srh[8] = {IPPROTO_UDP, static_cast<uint8_t>(2 * segments), 4, last, last, 0, 0, 0};
  bytes.insert(bytes.end(), std::begin(srh), std::end(srh));
  PutAddress(bytes, vtep);
  for (auto it = probe.segments.rbegin(); it != probe.segments.rend(); ++it) PutAddress(bytes, *it);
  // UDP.
  const size_t udp = bytes.size();
  Put16(bytes, port);
  Put16(bytes, port);
  Put16(bytes, udp_size);
  Put16(bytes, 0);
  bytes.insert(bytes.end(), payload.begin(), payload.end());
  const uint16_t checksum = UdpChecksum(vtep, std::span(bytes).subspan(udp));
  bytes[udp + 6] = static_cast<uint8_t>(checksum >> 8);
  bytes[udp + 7] = static_cast<uint8_t>(checksum);
  return bytes;
}

Prober::~Prober() {
  Stop();
  for (int fd : {send_fd_, receive_fd_, wake_fd_}) {
    if (fd >= 0) close(fd);
  }
}

absl::Status Prober::Start(const Ipv6& vtep) {
  vtep_ = vtep;
  if (getrandom(&instance_, sizeof instance_, 0) != sizeof instance_) {
    return SocketError("getrandom");
  }
  send_fd_ = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  if (send_fd_ < 0) return SocketError("raw socket for probes");
  receive_fd_ = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (receive_fd_ < 0) return SocketError("socket for probes");
  const int on = 1;
  setsockopt(receive_fd_, SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveBuffer, sizeof kReceiveBuffer);
  setsockopt(receive_fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const sockaddr_in6 address = SocketAddress(vtep, kProbePort);
  if (bind(receive_fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return SocketError("bind the socket for probes");
  }
  wake_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_fd_ < 0) return SocketError("eventfd");
  absl::StatusOr<std::unique_ptr<NetlinkSocket>> carriers = NetlinkSocket::Open(RTMGRP_LINK);
  if (!carriers.ok()) return carriers.status();
  carriers_ = *std::move(carriers);
  absl::StatusOr<std::unique_ptr<NetlinkSocket>> lister = NetlinkSocket::Open();
  if (!lister.ok()) return lister.status();
  lister_ = *std::move(lister);
  ListCarriers();
  stopping_ = false;
  thread_ = std::thread([this] { Run(); });
  return absl::OkStatus();
}

void Prober::Stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  Wake();
  thread_.join();
}

void Prober::Wake() {
  const uint64_t one = 1;
  if (wake_fd_ >= 0) (void)!write(wake_fd_, &one, sizeof one);
}

void Prober::ListCarriers() {
  std::map<int, InterfaceState> interfaces;
  const absl::Status status = DumpInterfaces(*lister_, &interfaces);
  if (!status.ok()) {
    Log(LogLevel::kWarning, "carriers not listed", {{"reason", std::string(status.message())}});
    return;
  }
  for (const auto& [index, state] : interfaces) {
    policies_.SetCarrier(state.name, state.running, clock_.Monotonic());
  }
}

void Prober::HearCarriers() {
  const bool complete = carriers_->Drain([this](const nlmsghdr* message) {
    const auto state = ParseInterface(message);
    if (!state) return;
    // As it is now: what the message says may be older than what a Put has asked the kernel.
    constexpr unsigned kReady = IFF_UP | IFF_RUNNING;
    const unsigned flags = lister_->InterfaceFlags(state->second.name);
    policies_.SetCarrier(state->second.name, (flags & kReady) == kReady, clock_.Monotonic());
  });
  if (!complete) ListCarriers();
}

void Prober::Send(const std::vector<Probe>& due) {
  for (size_t start = 0; start < due.size(); start += kBatch) {
    const size_t count = std::min(kBatch, due.size() - start);
    std::array<std::vector<uint8_t>, kBatch> packets;
    std::array<sockaddr_in6, kBatch> to{};
    std::array<iovec, kBatch> parts{};
    std::array<mmsghdr, kBatch> messages{};
    const int64_t now = absl::ToInt64Nanoseconds(clock_.Monotonic());
    for (size_t i = 0; i < count; ++i) {
      const Probe& probe = due[start + i];
      const Payload payload{instance_, probe.sequence, now, probe.list, 0};
      packets[i] = ProbePacket(vtep_, probe, kProbePort,
                               {reinterpret_cast<const uint8_t*>(&payload), sizeof payload});
      // The port of a raw socket's destination must be zero.
      to[i] = SocketAddress(probe.segments.front(), 0);
      parts[i] = {packets[i].data(), packets[i].size()};
      messages[i].msg_hdr = {&to[i], sizeof to[i], &parts[i], 1, nullptr, 0, 0};
    }
    size_t sent = 0;
    while (sent < count) {
      const int done = sendmmsg(send_fd_, messages.data() + sent, count - sent, MSG_DONTWAIT);
      // A packet that can't leave is a lost probe; those behind it go on.
      sent += done > 0 ? done : 1;
    }
  }
}

void Prober::Receive() {
  std::array<Payload, kBatch> payloads;
  std::array<iovec, kBatch> parts{};
  std::array<mmsghdr, kBatch> messages{};
  for (size_t i = 0; i < kBatch; ++i) {
    parts[i] = {&payloads[i], sizeof payloads[i]};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  for (;;) {
    const int count = recvmmsg(receive_fd_, messages.data(), kBatch, MSG_DONTWAIT, nullptr);
    if (count <= 0) return;
    const absl::Duration now = clock_.Monotonic();
    for (int i = 0; i < count; ++i) {
      const Payload& payload = payloads[i];
      if (messages[i].msg_len != sizeof payload || payload.instance != instance_) continue;
      policies_.Answered(payload.list, payload.sequence,
                         absl::Nanoseconds(payload.sent_nanoseconds), now);
    }
    if (count < static_cast<int>(kBatch)) return;
  }
}

void Prober::Run() {
  BecomeRealTime();
  absl::Duration planned = clock_.Monotonic();
  absl::Duration stall_end = -absl::InfiniteDuration();
  std::vector<Probe> due;
  while (!stopping_) {
    // Before the answers are read: those that arrive meanwhile are not missed.
    const absl::Duration now = clock_.Monotonic();
    if (now > planned + kStall) stall_end = now;
    HearCarriers();
    Receive();
    due.clear();
    absl::Duration next = policies_.Advance(now, stall_end, &due);
    Send(due);
    const absl::Duration after = clock_.Monotonic();
    planned = std::min(next, after + kLongestWait);
    const timespec wait = absl::ToTimespec(std::max(planned - after, absl::ZeroDuration()));
    std::array<pollfd, 3> fds = {pollfd{receive_fd_, POLLIN, 0}, pollfd{carriers_->fd(), POLLIN, 0},
                                 pollfd{wake_fd_, POLLIN, 0}};
    ppoll(fds.data(), fds.size(), &wait, nullptr);
    uint64_t count;
    (void)!read(wake_fd_, &count, sizeof count);
  }
}

}  // namespace waymark
