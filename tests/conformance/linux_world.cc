#include "tests/conformance/linux_world.h"

#include <poll.h>
#include <unistd.h>

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/base/clock.h"
#include "controller/base/srv6.h"
#include "southbound/dataplane/linux_dataplane.h"
#include "tests/lab/netns.h"
#include "tests/lab/process.h"

namespace waymark {
namespace {

using southbound::v1::Event;
using southbound::v1::Object;

constexpr int kWireMtu = 9000;
constexpr int kPollMilliseconds = 2;
// No frame takes so long through a handful of namespaces, even on a busy machine.
constexpr int kDrainMilliseconds = 200;

// Events arrive on threads of the data plane's.
struct Inbox {
  std::mutex mutex;
  std::vector<Event> events;
};

class LinuxWorld final : public DataPlaneWorld {
 public:
  explicit LinuxWorld(std::string prefix) : namespaces_(std::move(prefix)) {}
  ~LinuxWorld() override {
    // Before the namespaces that they watch.
    planes_.clear();
  }

  absl::Status AddSwitch(const std::string& node) override {
    absl::Status status = namespaces_.Add({node});
    return status.ok() ? Reopen(node) : status;
  }

  absl::Status AddWire(const WorldPort& a, const WorldPort& b) override {
    peers_[{a.node, a.interface}] = b;
    peers_[{b.node, b.interface}] = a;
    absl::Status status =
        lab::AddWires(namespaces_, {{a.node, a.interface, b.node, b.interface, kWireMtu}});
    for (const WorldPort& end : {a, b}) {
      if (status.ok()) status = Count(end);
    }
    return status;
  }

  absl::Status AddHost(const std::string& host, const WorldPort& port) override {
    const std::string name = "host-" + host;
    absl::Status status = namespaces_.Add({name});
    if (!status.ok()) return status;
    // A host that says nothing by itself.
    const std::string ns = namespaces_.FullName(name);
    status = lab::RunChecked({"ip", "netns", "exec", ns, "sysctl", "-qw",
                              "net.ipv6.conf.default.disable_ipv6=1"})
                 .status();
    if (!status.ok()) return status;
    status = lab::AddWires(namespaces_, {{port.node, port.interface, name, "eth0", 1500}});
    if (!status.ok()) return status;
    absl::StatusOr<lab::PacketSocket> socket = lab::PacketSocket::Open(ns, "eth0");
    if (!socket.ok()) return socket.status();
    hosts_.emplace(host, *std::move(socket));
    return absl::OkStatus();
  }

  // Taken down at one end, the other loses its carrier; so both go down, and both come up.
  absl::Status CutWire(const WorldPort& end) override { return SetWire(end, false); }
  absl::Status RestoreWire(const WorldPort& end) override { return SetWire(end, true); }

  DataPlane& At(const std::string& node) override { return *planes_.at(node); }

  absl::Status Reopen(const std::string& node) override {
    planes_.erase(node);
    absl::StatusOr<std::unique_ptr<DataPlane>> made =
        MakeLinuxDataPlane({.netns = namespaces_.FullName(node)});
    if (!made.ok()) return made.status();
    planes_[node] = *std::move(made);
    Inbox& inbox = inboxes_[node];
    return planes_[node]->Start([&inbox](Event event) {
      const std::scoped_lock lock(inbox.mutex);
      inbox.events.push_back(std::move(event));
    });
  }

  std::vector<Event> TakeEvents(const std::string& node) override {
    Inbox& inbox = inboxes_[node];
    const std::scoped_lock lock(inbox.mutex);
    return std::exchange(inbox.events, {});
  }

  absl::Status Drift(const std::string& node, const Object& object) override {
    const std::string ns = namespaces_.FullName(node);
    if (object.has_policy()) {
      const Ipv6 bsid = BindingSid(object.policy().endpoint_sid(), object.policy().color());
      return Ip({"-6", "-n", ns, "route", "del", ToString(bsid)});
    }
    if (object.has_link()) {
      const std::string prefix = ToString(UsidPrefix(object.link().adjacency_sid())) + "/48";
      return Ip({"-6", "-n", ns, "route", "del", prefix, "table", "100"});
    }
    return absl::UnimplementedError("no such drift");
  }

  absl::Status Send(const std::string& host, const std::string& frame) override {
    return hosts_.at(host).Send(frame);
  }

  std::vector<std::string> Receive(const std::string& host) override {
    std::vector<std::string> frames;
    for (;;) {
      std::string frame = hosts_.at(host).Receive(0);
      if (frame.empty()) return frames;
      frames.push_back(std::move(frame));
    }
  }

  uint64_t TxPackets(const WorldPort& from) override {
    absl::StatusOr<std::string> text =
        lab::RunChecked({"ip", "netns", "exec", namespaces_.FullName(from.node), "nft", "list",
                         "counter", "netdev", "wmtest", "c_" + Safe(from.interface)});
    if (!text.ok()) return 0;
    const size_t at = text->find("packets ");
    return at == std::string::npos ? 0 : strtoull(text->c_str() + at + 8, nullptr, 10);
  }

  bool WaitFor(const std::function<bool()>& predicate, absl::Duration timeout) override {
    const absl::Duration end = RealClock().Monotonic() + timeout;
    while (!predicate()) {
      if (RealClock().Monotonic() >= end) return predicate();
      Wait(kPollMilliseconds);
    }
    return true;
  }

  void Drain() override { Wait(kDrainMilliseconds); }

  std::string Namespace(const std::string& node) const { return namespaces_.FullName(node); }

 private:
  static void Wait(int milliseconds) { poll(nullptr, 0, milliseconds); }

  static absl::Status Ip(std::vector<std::string> command) {
    command.insert(command.begin(), "ip");
    return lab::RunChecked(command).status();
  }

  static std::string Safe(std::string name) {
    for (char& c : name) c = c == '-' ? '_' : c;
    return name;
  }

  // Encapsulated customers' packets that leave by an interface. The kernel's own counter has probes
  // and neighbour discovery in it.
  absl::Status Count(const WorldPort& end) {
    const std::string name = Safe(end.interface);
    const std::string script = absl::StrCat(
        "table netdev wmtest {\n counter c_", name, " { }\n chain o_", name,
        " { type filter hook egress device \"", end.interface,
        "\" priority 0; policy accept; udp dport 4789 counter name c_", name, "; }\n}\n");
    return lab::RunChecked(
               {"ip", "netns", "exec", namespaces_.FullName(end.node), "nft", "-f", "-"},
               absl::Seconds(30), script)
        .status();
  }

  absl::Status SetWire(const WorldPort& end, bool up) {
    const auto peer = peers_.find({end.node, end.interface});
    if (peer == peers_.end()) return absl::NotFoundError("no such wire");
    for (const WorldPort& at : {end, peer->second}) {
      absl::Status status = lab::SetInterface(namespaces_, at.node, at.interface, up);
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  lab::NetnsSet namespaces_;
  std::map<std::pair<std::string, std::string>, WorldPort> peers_;
  std::map<std::string, lab::PacketSocket> hosts_;
  std::map<std::string, Inbox> inboxes_;
  std::map<std::string, std::unique_ptr<DataPlane>> planes_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<DataPlaneWorld>> MakeLinuxWorld() {
  if (geteuid() != 0) {
    return absl::FailedPreconditionError("needs root, to make network namespaces");
  }
  static int worlds = 0;
  auto world = std::make_unique<LinuxWorld>(absl::StrCat("wmc-", getpid(), "-", worlds++, "-"));
  // Tries what the tests need.
  if (absl::Status status = world->AddSwitch("try"); !status.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("no network namespaces here: ", std::string(status.message())));
  }
  return std::unique_ptr<DataPlaneWorld>(std::move(world));
}

std::string LinuxNamespace(const DataPlaneWorld& world, const std::string& node) {
  return dynamic_cast<const LinuxWorld&>(world).Namespace(node);
}

}  // namespace waymark
