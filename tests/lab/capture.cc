#include "tests/lab/capture.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "tests/lab/netns.h"

namespace waymark::lab {
namespace {

constexpr size_t kSnap = 2048;
constexpr size_t kMostPackets = 20'000;
constexpr uint32_t kVxlanPort = 4789;

// IPv6, then UDP to the VXLAN port, either directly or behind one routing header (RFC 8200
// section 4.4). Fragments pass too, so that a proof can see them.
int AttachFilter(int fd) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 12),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ETH_P_IPV6, 0, 13),
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 20),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 44, 10, 0),  // fragment header: keep
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 17, 7, 0),   // UDP: look at 14 + 40 + 2
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 43, 0, 9),   // routing header
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 55),          // its length in units of 8 beyond the first
      BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1),
      BPF_STMT(BPF_ALU | BPF_LSH | BPF_K, 3),
      BPF_STMT(BPF_MISC | BPF_TAX, 0),
      BPF_STMT(BPF_LD | BPF_H | BPF_IND, 56),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kVxlanPort, 2, 3),
      BPF_STMT(BPF_LD | BPF_H | BPF_ABS, 56),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kVxlanPort, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, kSnap),
      BPF_STMT(BPF_RET | BPF_K, 0),
  };
  sock_fprog program{sizeof code / sizeof code[0], code};
  return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Capture>> Capture::Start(const std::vector<std::string>& netns) {
  std::unique_ptr<Capture> capture(new Capture);
  capture->wake_ = eventfd(0, EFD_CLOEXEC);
  for (const std::string& name : netns) {
    Source source;
    source.netns = name;
    absl::Status status = RunInNetns(name, [&]() -> absl::Status {
      source.fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      const int on = 1, size = 8 << 20;
      sockaddr_ll any{};
      any.sll_family = AF_PACKET;
      any.sll_protocol = htons(ETH_P_ALL);
      // The filter is in place before the first packet can arrive: protocol 0 receives nothing
      // until bind.
      if (source.fd < 0 || AttachFilter(source.fd) ||
          setsockopt(source.fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) ||
          setsockopt(source.fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) ||
          bind(source.fd, reinterpret_cast<sockaddr*>(&any), sizeof any)) {
        return absl::InternalError(absl::StrCat("capture in ", name, ": ", strerror(errno)));
      }
      struct if_nameindex* interfaces = if_nameindex();
      for (auto* i = interfaces; i != nullptr && i->if_index != 0; ++i) {
        source.interfaces[static_cast<int>(i->if_index)] = i->if_name;
      }
      if_freenameindex(interfaces);
      return absl::OkStatus();
    });
    if (source.fd >= 0) capture->sources_.push_back(source);
    if (!status.ok()) return status;
  }
  capture->thread_ = std::thread([raw = capture.get()] { raw->Run(); });
  return capture;
}

Capture::~Capture() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    (void)!write(wake_, &one, sizeof one);
    thread_.join();
  }
  for (const Source& source : sources_) close(source.fd);
  if (wake_ >= 0) close(wake_);
}

void Capture::Run() {
  std::vector<pollfd> fds;
  for (const Source& source : sources_) fds.push_back({source.fd, POLLIN, 0});
  fds.push_back({wake_, POLLIN, 0});
  while (poll(fds.data(), fds.size(), -1) >= 0) {
    if (fds.back().revents != 0) return;
    std::lock_guard<std::mutex> lock(mutex_);
    for (size_t i = 0; i < sources_.size(); ++i) {
      if (fds[i].revents != 0) Drain(sources_[i]);
    }
  }
}

void Capture::Drain(const Source& source) {
  for (;;) {
    char data[kSnap];
    alignas(cmsghdr) char control[256];
    iovec io{data, sizeof data};
    sockaddr_ll from{};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &io;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t size = recvmsg(source.fd, &message, 0);
    if (size <= 0) return;
    if (from.sll_pkttype != PACKET_OUTGOING) continue;
    CapturedPacket packet;
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
      if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
      timespec time;
      std::memcpy(&time, CMSG_DATA(c), sizeof time);
      packet.time_ns = time.tv_sec * 1'000'000'000 + time.tv_nsec;
    }
    packet.netns = source.netns;
    auto name = source.interfaces.find(from.sll_ifindex);
    if (name != source.interfaces.end()) packet.interface = name->second;
    packet.bytes.assign(data, size);
    if (packets_.size() >= kMostPackets) packets_.erase(packets_.begin(), packets_.begin() + 1000);
    packets_.push_back(std::move(packet));
  }
}

std::vector<CapturedPacket> Capture::Find(const std::string& token) {
  std::vector<CapturedPacket> found;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const Source& source : sources_) Drain(source);
    for (const CapturedPacket& packet : packets_) {
      if (packet.bytes.find(token) != std::string::npos) found.push_back(packet);
    }
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const auto& a, const auto& b) { return a.time_ns < b.time_ns; });
  return found;
}

}  // namespace waymark::lab
