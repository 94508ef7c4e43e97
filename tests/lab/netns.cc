#include "tests/lab/netns.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"
#include "tests/lab/process.h"

namespace waymark::lab {
namespace {

absl::Status Errno(const std::string& what) {
  return absl::InternalError(absl::StrCat(what, ": ", strerror(errno)));
}

absl::Status IpBatch(const std::string& script) {
  return RunChecked({"ip", "-batch", "-"}, absl::Seconds(60), script).status();
}

}  // namespace

absl::Status RunInNetns(const std::string& name, const std::function<absl::Status()>& work) {
  absl::Status status;
  // A namespace belongs to a thread; a thread of its own needs no way back.
  std::thread([&] {
    const std::string path = "/run/netns/" + name;
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      status = Errno(path);
      return;
    }
    const bool entered = setns(fd, CLONE_NEWNET) == 0;
    close(fd);
    status = entered ? work() : Errno("setns " + name);
  }).join();
  return status;
}

std::vector<std::string> NetnsSet::Existing() const {
  std::vector<std::string> names;
  absl::StatusOr<std::string> list = RunChecked({"ip", "netns", "list"});
  if (!list.ok()) return names;
  std::istringstream lines(*list);
  for (std::string line; std::getline(lines, line);) {
    const std::string name = line.substr(0, line.find(' '));
    if (name.rfind(prefix_, 0) == 0) names.push_back(name);
  }
  return names;
}

absl::Status NetnsSet::CheckUnused() const {
  const std::vector<std::string> existing = Existing();
  if (existing.empty()) return absl::OkStatus();
  return absl::AlreadyExistsError(
      absl::StrCat("network namespace ", existing.front(), " and ", existing.size() - 1,
                   " more exist already: another lab runs with prefix \"", prefix_,
                   "\", or one was killed; stop it, choose another --prefix, or remove them: ",
                   "ip netns list | grep -o '^", prefix_, "[^ ]*' | xargs -n 1 ip netns del"));
}

absl::Status NetnsSet::Add(const std::vector<std::string>& names) {
  std::string add, up;
  for (const std::string& name : names) {
    absl::StrAppend(&add, "netns add ", FullName(name), "\n");
    names_.push_back(name);
  }
  if (absl::Status status = IpBatch(add); !status.ok()) return status;
  for (const std::string& name : names) {
    absl::Status status =
        RunChecked({"ip", "-n", FullName(name), "link", "set", "lo", "up"}).status();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

void NetnsSet::RemoveAll() {
  if (names_.empty()) return;
  std::string script;
  for (const std::string& name : names_)
    absl::StrAppend(&script, "netns del ", FullName(name), "\n");
  (void)RunCommand({"ip", "-force", "-batch", "-"}, absl::Seconds(60), script);
  names_.clear();
}

absl::Status AddWires(const NetnsSet& set, const std::vector<Wire>& wires) {
  std::string add;
  for (const Wire& w : wires) {
    absl::StrAppend(&add, "link add ", w.interface_a, " netns ", set.FullName(w.node_a), " mtu ",
                    w.mtu, " type veth peer name ", w.interface_b, " netns ",
                    set.FullName(w.node_b), " mtu ", w.mtu, "\n");
  }
  if (absl::Status status = IpBatch(add); !status.ok()) return status;
  std::map<std::string, std::string> up;
  for (const Wire& w : wires) {
    absl::StrAppend(&up[w.node_a], "link set ", w.interface_a, " up\n");
    absl::StrAppend(&up[w.node_b], "link set ", w.interface_b, " up\n");
  }
  for (const auto& [node, script] : up) {
    absl::Status status =
        RunChecked({"ip", "-n", set.FullName(node), "-batch", "-"}, absl::Seconds(60), script)
            .status();
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status SetInterface(const NetnsSet& set, const std::string& node,
                          const std::string& interface, bool up) {
  return RunChecked({"ip", "-n", set.FullName(node), "link", "set", interface, up ? "up" : "down"})
      .status();
}

absl::StatusOr<std::map<std::string, InterfaceCounters>> ReadCounters(const std::string& netns) {
  absl::StatusOr<std::string> text = RunChecked({"ip", "-n", netns, "-s", "-j", "link", "show"});
  if (!text.ok()) return text.status();
  std::map<std::string, InterfaceCounters> counters;
  const nlohmann::json json = nlohmann::json::parse(*text, nullptr, false);
  if (!json.is_array()) return absl::InternalError("`ip -j link` printed no JSON list");
  for (const nlohmann::json& link : json) {
    if (!link.contains("stats64")) continue;
    const nlohmann::json& stats = link["stats64"];
    counters[link.value("ifname", "")] = {
        stats["tx"].value("packets", uint64_t{0}), stats["tx"].value("bytes", uint64_t{0}),
        stats["rx"].value("packets", uint64_t{0}), stats["rx"].value("bytes", uint64_t{0})};
  }
  return counters;
}

absl::StatusOr<PacketSocket> PacketSocket::Open(const std::string& netns,
                                                const std::string& interface) {
  PacketSocket result;
  absl::Status status = RunInNetns(netns, [&]() -> absl::Status {
    const int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
    if (fd < 0) return Errno("AF_PACKET socket");
    result.fd_ = fd;
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(ETH_P_ALL);
    address.sll_ifindex = static_cast<int>(if_nametoindex(interface.c_str()));
    if (address.sll_ifindex == 0) return Errno("interface " + interface);
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address)) return Errno("bind");
    const int on = 1, size = 4 << 20;
    if (setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on)) return Errno("PACKET_AUXDATA");
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    return absl::OkStatus();
  });
  if (!status.ok()) return status;
  return result;
}

PacketSocket::PacketSocket(PacketSocket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

PacketSocket& PacketSocket::operator=(PacketSocket&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

PacketSocket::~PacketSocket() {
  if (fd_ >= 0) close(fd_);
}

absl::Status PacketSocket::Send(const std::string& frame) {
  if (send(fd_, frame.data(), frame.size(), 0) == static_cast<ssize_t>(frame.size())) {
    return absl::OkStatus();
  }
  return Errno("send");
}

std::string PacketSocket::Receive(int milliseconds) {
  for (;;) {
    pollfd p{fd_, POLLIN, 0};
    if (poll(&p, 1, milliseconds) <= 0) return "";
    char data[65536];
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(tpacket_auxdata))];
    iovec io{data, sizeof data};
    sockaddr_ll from{};
    msghdr message{};
    message.msg_name = &from;
    message.msg_namelen = sizeof from;
    message.msg_iov = &io;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    const ssize_t size = recvmsg(fd_, &message, 0);
    if (size < 14) return "";
    if (from.sll_pkttype == PACKET_OUTGOING) continue;
    std::string frame(data, size);
    for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr; c = CMSG_NXTHDR(&message, c)) {
      if (c->cmsg_level != SOL_PACKET || c->cmsg_type != PACKET_AUXDATA) continue;
      tpacket_auxdata aux;
      std::memcpy(&aux, CMSG_DATA(c), sizeof aux);
      if ((aux.tp_status & TP_STATUS_VLAN_VALID) == 0) continue;
      const char tag[4] = {'\x81', '\x00', static_cast<char>(aux.tp_vlan_tci >> 8),
                           static_cast<char>(aux.tp_vlan_tci)};
      frame.insert(12, tag, 4);
    }
    return frame;
  }
}

}  // namespace waymark::lab
