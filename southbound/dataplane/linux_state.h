// What the agent has in the kernel, piece by piece, and which objects want each piece.
//
// Everything is decided by comparison: an object is compiled to the pieces that it implies
// (linux_compile.h), these are compared to what is held, and only what differs is touched. What is
// held is known from a dump and from what was done since. So a Put of what is there sends nothing,
// a restarted agent takes over what runs, and drift is repaired alone.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_STATE_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_STATE_H_

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "southbound/dataplane/linux_classifier.h"
#include "southbound/dataplane/linux_policies.h"
#include "southbound/dataplane/linux_queues.h"
#include "southbound/dataplane/linux_specs.h"
#include "southbound/dataplane/linux_steering.h"

namespace waymark {

// A setting of the kernel's. Never undone: what it was before is not known.
struct SysctlSpec {
  std::string path;
  std::string value;
  bool optional = false;  // absent in some kernels
  bool operator==(const SysctlSpec&) const = default;
};
std::string KeyOf(const SysctlSpec& spec);

using Piece = std::variant<SysctlSpec, DeviceSpec, AddressSpec, RuleSpec, RouteSpec, BridgePortSpec,
                           PromiscuousSpec, FloodSpec, QueuesSpec, SteeringTableSpec, SteeringSpec,
                           EntrySpec, ClassSpec, ExitSpec, DscpSpec, FilterSpec>;
std::string KeyOf(const Piece& piece);
// The interface that it disappears with; empty if none.
std::string DeviceOf(const Piece& piece);

// One thread at a time.
class KernelState {
 public:
  // Opens sockets in the calling thread's namespace. Reads nothing yet.
  absl::Status Open();

  // Learns what the kernel holds of ours.
  absl::Status Refresh();

  // Makes the pieces of object `owner` these, in this order, then removes those that it had and
  // nobody else wants, in reverse. On an error what was done is undone.
  absl::Status Apply(const std::string& owner, const std::vector<Piece>& pieces);
  // Whether they all stand as given.
  bool Holds(const std::vector<Piece>& pieces);
  // Pieces that no object wants.
  std::vector<std::string> Unwanted() const;
  absl::Status Remove(const std::string& key);
  // The key of the object that an unwanted piece must have been made for, as well as the piece
  // tells; else the piece's own.
  std::string OwnerOf(const std::string& key) const;

  // Forgets what vanished with an interface.
  void DeviceGone(const std::string& device);
  // The nexthop group that each binding SID's route points to.
  std::map<PolicyId, uint32_t> GroupOfPolicies() const;

  NetlinkSocket& kernel() { return *kernel_; }
  // Of the last Refresh.
  const std::map<int, InterfaceState>& interfaces() const { return interfaces_; }

 private:
  absl::Status Install(const Piece& piece);
  absl::Status Uninstall(const Piece& piece);
  bool Same(const Piece& piece);
  bool Waits(const Piece& piece);
  void Add(Piece piece);
  absl::Status DumpRouting(const InterfaceNames& names);
  absl::Status DumpEdge(const InterfaceNames& names);

  std::unique_ptr<NetlinkSocket> kernel_;
  std::unique_ptr<Steering> steering_;
  std::unique_ptr<Classifier> classifier_;
  std::map<int, InterfaceState> interfaces_;
  std::map<std::string, Piece> held_;
  std::map<std::string, std::set<std::string>> owners_;        // by piece
  std::map<std::string, std::vector<std::string>> pieces_of_;  // by object
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_STATE_H_
