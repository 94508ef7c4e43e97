#include "southbound/dataplane/sim_fabric.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

constexpr size_t kMostSwitches = 10'000;
constexpr size_t kMostHosts = 10'000;
constexpr size_t kMostPorts = 1'024;
constexpr size_t kLongestName = 64;
constexpr size_t kLongestInterface = 15;  // as in Linux

absl::Status CheckName(const std::string& field, const std::string& name, size_t longest) {
  const bool good = std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  if (!name.empty() && name.size() <= longest && good) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": must be 1 to ", longest, " characters of [A-Za-z0-9._-]"));
}

}  // namespace

std::shared_ptr<SimFabric> SimFabric::Create(EventLoop& loop) {
  return std::shared_ptr<SimFabric>(new SimFabric(loop));
}

SimFabric::~SimFabric() = default;

absl::StatusOr<SimSwitch*> SimFabric::FindSwitch(const std::string& node) const {
  const auto found = switches_.find(node);
  if (found != switches_.end()) return found->second.get();
  return absl::NotFoundError(
      absl::StrCat("node: no switch \"", node.substr(0, kLongestName), "\""));
}

absl::StatusOr<SimPort*> SimFabric::FindPort(const SimInterface& id) const {
  const absl::StatusOr<SimSwitch*> at = FindSwitch(id.node);
  if (!at.ok()) return at.status();
  const auto found = (*at)->ports().find(id.interface);
  if (found != (*at)->ports().end()) return &found->second;
  return absl::NotFoundError(absl::StrCat("interface: ", id.node, " has no \"",
                                          id.interface.substr(0, kLongestName), "\""));
}

absl::Status SimFabric::AddSwitch(const std::string& node) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (absl::Status status = CheckName("node", node, kLongestName); !status.ok()) return status;
  if (switches_.size() >= kMostSwitches) {
    return absl::ResourceExhaustedError(absl::StrCat("node: at most ", kMostSwitches, " switches"));
  }
  if (!switches_.emplace(node, std::make_unique<SimSwitch>(node)).second) {
    return absl::AlreadyExistsError(absl::StrCat("node: switch \"", node, "\" exists"));
  }
  return absl::OkStatus();
}

absl::Status SimFabric::CheckNewPort(const SimInterface& id) const {
  const absl::StatusOr<SimSwitch*> at = FindSwitch(id.node);
  if (!at.ok()) return at.status();
  if (absl::Status status = CheckName("interface", id.interface, kLongestInterface); !status.ok()) {
    return status;
  }
  if ((*at)->ports().contains(id.interface)) {
    return absl::AlreadyExistsError(
        absl::StrCat("interface: ", id.node, " has \"", id.interface, "\" already"));
  }
  if ((*at)->ports().size() >= kMostPorts) {
    return absl::ResourceExhaustedError(
        absl::StrCat("interface: at most ", kMostPorts, " on one switch"));
  }
  return absl::OkStatus();
}

absl::StatusOr<SimPort*> SimFabric::AddPort(const SimInterface& id) {
  if (absl::Status status = CheckNewPort(id); !status.ok()) return status;
  SimSwitch* at = *FindSwitch(id.node);
  SimPort& port = at->ports()[id.interface];
  port.owner = at;
  port.name = id.interface;
  return &port;
}

absl::Status SimFabric::AddWire(const SimInterface& a, const SimInterface& b) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // Both are checked first: nothing changes on an error.
  if (absl::Status status = CheckNewPort(b); !status.ok()) return status;
  if (a == b) return absl::InvalidArgumentError("b: a wire needs two interfaces");
  const absl::StatusOr<SimPort*> one = AddPort(a);
  if (!one.ok()) return one.status();
  SimPort* other = *AddPort(b);
  (*one)->peer = other;
  other->peer = *one;
  PortAppeared(a);
  PortAppeared(b);
  Settle();
  return absl::OkStatus();
}

absl::Status SimFabric::AddHost(const std::string& host, const SimInterface& port) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (absl::Status status = CheckName("host", host, kLongestName); !status.ok()) return status;
  if (hosts_.contains(host)) {
    return absl::AlreadyExistsError(absl::StrCat("host: \"", host, "\" exists"));
  }
  if (hosts_.size() >= kMostHosts) {
    return absl::ResourceExhaustedError(absl::StrCat("host: at most ", kMostHosts));
  }
  const absl::StatusOr<SimPort*> added = AddPort(port);
  if (!added.ok()) return added.status();
  (*added)->host = host;
  hosts_[host].port = *added;
  PortAppeared(port);
  Settle();
  return absl::OkStatus();
}

absl::Status SimFabric::SetWire(const SimInterface& end, SimWireState state) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<SimPort*> port = FindPort(end);
  if (!port.ok()) return port.status();
  for (SimPort* side : {*port, (*port)->peer}) {
    if (side == nullptr || side->state == state) continue;
    const bool was_up = side->up();
    side->state = state;
    if (side->up() != was_up) RaiseLink(*side);
  }
  const absl::Duration now = loop_.clock().Monotonic();
  liveness_.Touch(end.node, now);
  if ((*port)->peer != nullptr) liveness_.Touch((*port)->peer->owner->name(), now);
  Settle();
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> SimFabric::Send(const std::string& host, const std::string& frame) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = hosts_.find(host);
  if (found == hosts_.end()) {
    return absl::NotFoundError(
        absl::StrCat("host: no host \"", host.substr(0, kLongestName), "\""));
  }
  if (frame.empty() || frame.size() > kLargestFrame) {
    return absl::InvalidArgumentError(
        absl::StrCat("frame: must be 1 to ", kLargestFrame, " bytes"));
  }
  return SendFrom(*found->second.port, frame);
}

uint64_t SimFabric::SendFrom(SimPort& port, const std::string& frame) {
  const uint64_t id = next_frame_++;
  SimWalk walk(drops_, id);
  walk.Ingress(port, frame);
  for (SimDelivery& delivery : walk.deliveries()) Deliver(delivery);
  traces_[id] = std::move(walk.hops());
  if (traces_.size() > kTraces) traces_.erase(traces_.begin());
  return id;
}

void SimFabric::Deliver(SimDelivery& delivery) {
  if (CountStreamed(delivery)) return;
  std::deque<std::string>& received = hosts_.at(delivery.host).received;
  if (received.size() >= kHostQueue) {
    ++drops_[{delivery.host, "host_queue_full"}];
    return;
  }
  received.push_back(std::move(delivery.frame));
  arrived_.notify_all();
}

absl::StatusOr<std::vector<std::string>> SimFabric::Receive(const std::string& host, size_t most,
                                                            absl::Duration wait) {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto found = hosts_.find(host);  // Hosts are never removed: it stays valid while waiting.
  if (found == hosts_.end()) {
    return absl::NotFoundError(
        absl::StrCat("host: no host \"", host.substr(0, kLongestName), "\""));
  }
  std::deque<std::string>& received = found->second.received;
  if (wait > absl::ZeroDuration()) {
    arrived_.wait_for(lock, absl::ToChronoNanoseconds(wait), [&] { return !received.empty(); });
  }
  std::vector<std::string> frames;
  while (!received.empty() && frames.size() < most) {
    frames.push_back(std::move(received.front()));
    received.pop_front();
  }
  return frames;
}

sim::v1::CountersResponse SimFabric::Counters(const std::string& node) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  sim::v1::CountersResponse counters;
  for (const auto& [name, at] : switches_) {
    if (!node.empty() && name != node) continue;
    for (const auto& [interface, port] : at->ports()) {
      sim::v1::WireCounter& wire = *counters.add_wires();
      wire.mutable_from()->set_node(name);
      wire.mutable_from()->set_interface(interface);
      if (port.peer != nullptr) {
        wire.mutable_to()->set_node(port.peer->owner->name());
        wire.mutable_to()->set_interface(port.peer->name);
      }
      wire.set_host(port.host);
      wire.set_link(at->LinkOf(interface));
      wire.set_packets(port.packets);
      wire.set_bytes(port.bytes);
      for (uint64_t packets : port.queue_packets) wire.add_queue_packets(packets);
      wire.set_up(port.up());
    }
  }
  for (const auto& [key, packets] : drops_) {
    if (!node.empty() && key.first != node) continue;
    sim::v1::DropCounter& drop = *counters.add_drops();
    drop.set_node(key.first);
    drop.set_reason(key.second);
    drop.set_packets(packets);
  }
  return counters;
}

absl::StatusOr<std::vector<sim::v1::Hop>> SimFabric::Trace(uint64_t frame_id) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = traces_.find(frame_id);
  if (found != traces_.end()) return found->second;
  return absl::NotFoundError(
      absl::StrCat("frame_id: ", frame_id, " is not among the last ", kTraces, " frames"));
}

absl::StatusOr<std::vector<sim::v1::Packet>> SimFabric::RecentPackets(
    const SimInterface& from) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const absl::StatusOr<SimPort*> port = FindPort(from);
  if (!port.ok()) return port.status();
  return std::vector<sim::v1::Packet>((*port)->recent.begin(), (*port)->recent.end());
}

}  // namespace waymark
