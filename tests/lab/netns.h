// Network namespaces of the lab's own, and customer hosts in them that speak raw Ethernet.
#ifndef WAYMARK_TESTS_LAB_NETNS_H_
#define WAYMARK_TESTS_LAB_NETNS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace waymark::lab {

// Runs `work` on a thread of its own inside namespace `name` (as `ip netns` names them) and waits
// for it. Sockets that it opens stay in that namespace.
absl::Status RunInNetns(const std::string& name, const std::function<absl::Status()>& work);

// Network namespaces whose names begin with `prefix`: made together, removed together by the
// destructor.
class NetnsSet {
 public:
  // `prefix`: 1 to 20 of [a-z0-9-].
  explicit NetnsSet(std::string prefix) : prefix_(std::move(prefix)) {}
  ~NetnsSet() { RemoveAll(); }
  NetnsSet(const NetnsSet&) = delete;
  NetnsSet& operator=(const NetnsSet&) = delete;

  // ALREADY_EXISTS when a namespace with our prefix is there: another lab runs, or one was killed.
  absl::Status CheckUnused() const;
  // Creates namespaces with loopback up.
  absl::Status Add(const std::vector<std::string>& names);
  std::string FullName(const std::string& name) const { return prefix_ + name; }
  void RemoveAll();
  // Names of existing namespaces that begin with our prefix.
  std::vector<std::string> Existing() const;

 private:
  std::string prefix_;
  std::vector<std::string> names_;
};

// A virtual wire between two namespaces (short names).
struct Wire {
  std::string node_a, interface_a;
  std::string node_b, interface_b;
  int mtu = 9000;
};

// Makes all wires in few `ip -batch` calls. Both ends up; no IPv6 address generation noise
// (addrgenmode none is the caller's choice: the agent needs link-local addresses, hosts get theirs
// from the kernel).
absl::Status AddWires(const NetnsSet& set, const std::vector<Wire>& wires);

// Sets an interface administratively down or up: its far end loses or regains carrier.
absl::Status SetInterface(const NetnsSet& set, const std::string& node,
                          const std::string& interface, bool up);

struct InterfaceCounters {
  uint64_t tx_packets = 0, tx_bytes = 0, rx_packets = 0, rx_bytes = 0;
};
// Counters of every interface of a namespace, as its kernel counts.
absl::StatusOr<std::map<std::string, InterfaceCounters>> ReadCounters(const std::string& netns);

// A raw Ethernet socket on one interface of a namespace. Move-only. One thread.
class PacketSocket {
 public:
  static absl::StatusOr<PacketSocket> Open(const std::string& netns, const std::string& interface);
  PacketSocket(PacketSocket&& other) noexcept;
  PacketSocket& operator=(PacketSocket&& other) noexcept;
  ~PacketSocket();

  absl::Status Send(const std::string& frame);
  // The next frame that arrived (not those we sent), 802.1Q tag restored if the kernel had taken it
  // off; empty when none arrives within `milliseconds`.
  std::string Receive(int milliseconds);
  int fd() const { return fd_; }

 private:
  PacketSocket() = default;
  int fd_ = -1;
};

}  // namespace waymark::lab

#endif  // WAYMARK_TESTS_LAB_NETNS_H_
