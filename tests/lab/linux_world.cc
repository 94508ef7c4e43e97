#include "tests/lab/linux_world.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "controller/base/clock.h"
#include "tests/lab/host_stack.h"
#include "tests/lab/process.h"
#include "tests/lab/stream.h"

namespace waymark::lab {
namespace {

constexpr int kWanMtu = 9000;
constexpr int kLanMtu = 1500;
// Holds the far ends of spare ports, each called like its node.
constexpr char kSpare[] = "h-spare";
constexpr size_t kMostArrived = 5000;

// The next header of the outer IPv6 packet.
bool IsFragment(const std::string& packet) { return packet.size() > 20 && packet[20] == 44; }

uint8_t OuterDscp(const std::string& packet) {
  if (packet.size() < 16) return 0;
  const int traffic_class =
      (static_cast<uint8_t>(packet[14]) & 0xf) << 4 | static_cast<uint8_t>(packet[15]) >> 4;
  return static_cast<uint8_t>(traffic_class >> 2);
}

}  // namespace

LinuxWorld::~LinuxWorld() {
  capture_.reset();
  if (receiver_.joinable()) {
    const uint64_t one = 1;
    (void)!write(stop_, &one, sizeof one);
    receiver_.join();
  }
  if (stop_ >= 0) close(stop_);
}

std::string LinuxWorld::HostNamespace(const LabHost& host) {
  return "h-" + absl::StrReplaceAll(host.site, {{"/", "-"}});
}

absl::Status LinuxWorld::Build(const Carrier& carrier) {
  carrier_ = carrier;
  if (absl::Status status = set_.CheckUnused(); !status.ok()) return status;
  std::vector<std::string> names = carrier.nodes;
  for (const auto& [site, host] : carrier.hosts) names.push_back(HostNamespace(host));
  names.push_back(kSpare);
  if (absl::Status status = set_.Add(names); !status.ok()) return status;

  std::vector<Wire> wires;
  for (const auto& [id, link] : carrier.links) {
    link_of_[{set_.FullName(link.source), link.interface}] = id;
    if (id > link.reverse) continue;  // one wire a pair
    const LabLink& back = carrier.links.at(link.reverse);
    wires.push_back({link.source, link.interface, back.source, back.interface, kWanMtu});
  }
  for (const auto& [site, host] : carrier.hosts) {
    wires.push_back({host.node, host.port, HostNamespace(host), "eth0", kLanMtu});
  }
  for (const auto& [node, port] : carrier.spare_ports) {
    wires.push_back({node, port, kSpare, node, kLanMtu});
  }
  if (absl::Status status = AddWires(set_, wires); !status.ok()) return status;

  for (const auto& [site, host] : carrier.hosts) {
    Host& entry = hosts_[site];
    entry.host = host;
    entry.netns = set_.FullName(HostNamespace(host));
    if (absl::Status status = ConfigureHost(entry); !status.ok()) return status;
    absl::StatusOr<PacketSocket> socket = PacketSocket::Open(entry.netns, "eth0");
    if (!socket.ok()) return socket.status();
    entry.socket = std::make_unique<PacketSocket>(*std::move(socket));
  }
  stop_ = eventfd(0, EFD_CLOEXEC);
  receiver_ = std::thread([this] { Receive(); });
  return absl::OkStatus();
}

absl::Status LinuxWorld::ConfigureHost(const Host& host) {
  const HostAddress& address = host.host.address;
  const std::string script = absl::StrCat(
      "link set eth0 address ", address.MacText(), "\naddr add ", address.Ipv4Text(),
      "/24 brd 10.0.0.255 dev eth0\naddr add ", address.Ipv6Text(), "/64 dev eth0 nodad\n");
  return RunChecked({"ip", "-n", host.netns, "-batch", "-"}, absl::Seconds(10), script).status();
}

std::vector<std::string> LinuxWorld::AgentFlags(const std::string& node) const {
  return {"--dataplane=linux", "--netns=" + set_.FullName(node)};
}

absl::Status LinuxWorld::SendFrame(const std::string& site, const std::string& frame) {
  return hosts_.at(site).socket->Send(frame);
}

void LinuxWorld::Receive() {
  std::vector<pollfd> fds;
  std::vector<Host*> hosts;
  for (auto& [site, host] : hosts_) {
    fds.push_back({host.socket->fd(), POLLIN, 0});
    hosts.push_back(&host);
  }
  fds.push_back({stop_, POLLIN, 0});
  while (poll(fds.data(), fds.size(), -1) >= 0) {
    if (fds.back().revents != 0) return;
    for (size_t i = 0; i < hosts.size(); ++i) {
      if (fds[i].revents == 0) continue;
      std::string frame = hosts[i]->socket->Receive(0);
      if (frame.empty()) continue;
      std::lock_guard<std::mutex> lock(mutex_);
      std::vector<std::string>& arrived = hosts[i]->arrived;
      if (arrived.size() >= kMostArrived) arrived.erase(arrived.begin(), arrived.begin() + 1000);
      arrived.push_back(std::move(frame));
    }
  }
}

void LinuxWorld::StartCapture() {
  std::vector<std::string> names;
  for (const std::string& node : carrier_.nodes) names.push_back(set_.FullName(node));
  absl::StatusOr<std::unique_ptr<Capture>> capture = Capture::Start(names);
  // A proof without a capture sees nothing, and fails.
  if (capture.ok()) capture_ = *std::move(capture);
}

void LinuxWorld::Forget() {
  capture_.reset();
  StartCapture();
  std::lock_guard<std::mutex> lock(mutex_);
  for (auto& [site, host] : hosts_) host.arrived.clear();
}

absl::StatusOr<std::string> LinuxWorld::WaitForFrame(const std::string& site,
                                                     const std::string& token,
                                                     absl::Duration timeout) {
  const absl::Duration deadline = RealClock().Monotonic() + timeout;
  for (;;) {
    std::vector<std::string> arrived = Arrived(site, token);
    if (!arrived.empty()) return arrived.front();
    if (RealClock().Monotonic() > deadline) {
      return absl::DeadlineExceededError(absl::StrCat("no such frame arrived at ", site, " within ",
                                                      absl::FormatDuration(timeout)));
    }
    poll(nullptr, 0, 2);
  }
}

std::vector<std::string> LinuxWorld::Arrived(const std::string& site, const std::string& token) {
  std::vector<std::string> found;
  std::lock_guard<std::mutex> lock(mutex_);
  for (const std::string& frame : hosts_.at(site).arrived) {
    if (frame.find(token) != std::string::npos) found.push_back(frame);
  }
  return found;
}

std::vector<Sighting> LinuxWorld::Seen(const std::string& frame) {
  std::vector<Sighting> seen;
  if (capture_ == nullptr) return seen;
  for (const CapturedPacket& packet : capture_->Find(frame)) {
    auto link = link_of_.find({packet.netns, packet.interface});
    // Bridges, VXLAN devices and customers' ports show the same packet again.
    if (link == link_of_.end()) continue;
    seen.push_back({link->second, OuterDscp(packet.bytes), IsFragment(packet.bytes)});
  }
  return seen;
}

absl::Status LinuxWorld::CutLink(const LabLink& link) {
  // The far end loses carrier, this one goes down: both as when a fibre is cut.
  return SetInterface(set_, link.source, link.interface, false);
}

absl::Status LinuxWorld::RestoreLink(const LabLink& link) {
  return SetInterface(set_, link.source, link.interface, true);
}

absl::StatusOr<StreamResult> LinuxWorld::Stream(const LabHost& from, const LabHost& to,
                                                const Mark& mark, absl::Duration duration,
                                                const std::function<absl::Status()>& meanwhile) {
  capture_.reset();  // Measured without an observer.
  return RunStream(hosts_.at(from.site).netns, hosts_.at(to.site).netns, from, to, mark, duration,
                   meanwhile);
}

absl::StatusOr<std::string> LinuxWorld::NeighbourDiscovery(const LabHost& from, const LabHost& to) {
  return ResolveNeighbour(hosts_.at(from.site).netns, to.address);
}

absl::StatusOr<std::string> LinuxWorld::TcpTransfer(const LabHost& from, const LabHost& to) {
  capture_.reset();
  return MeasureTcp(hosts_.at(from.site).netns, hosts_.at(to.site).netns, to.address);
}

std::string LinuxWorld::TryCommand(const LabHost& from, const LabHost& to) const {
  return absl::StrCat("ip netns exec ", set_.FullName(HostNamespace(from)), " ping -c 3 -Q 0xb8 ",
                      to.address.Ipv4Text());
}

}  // namespace waymark::lab
