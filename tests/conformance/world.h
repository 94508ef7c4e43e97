// What the conformance suite needs of a place where data planes run: a simulated carrier, or
// network namespaces.
//
// Real kernels deliver when they like: whatever the suite waits for, it polls through WaitFor;
// whatever must not happen, it checks after Drain. Nothing here assumes that a frame has arrived
// when Send returns.
#ifndef WAYMARK_TESTS_CONFORMANCE_WORLD_H_
#define WAYMARK_TESTS_CONFORMANCE_WORLD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "southbound/dataplane/dataplane.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

// An interface of a switch: node without "nodes/", interface at most 15 characters.
struct WorldPort {
  std::string node;
  std::string interface;
};

// One thread, the test's.
class DataPlaneWorld {
 public:
  virtual ~DataPlaneWorld() = default;

  // Makes the switch and opens its data plane, started, its events kept for TakeEvents.
  virtual absl::Status AddSwitch(const std::string& node) = 0;
  // Joins two new interfaces.
  virtual absl::Status AddWire(const WorldPort& a, const WorldPort& b) = 0;
  // A host at a new port. It sends and receives raw frames, and answers nothing by itself.
  virtual absl::Status AddHost(const std::string& host, const WorldPort& port) = 0;

  // Both directions; both ends lose carrier. Either end names the wire.
  virtual absl::Status CutWire(const WorldPort& end) = 0;
  virtual absl::Status RestoreWire(const WorldPort& end) = 0;

  // The present handle on the switch's data plane.
  virtual DataPlane& At(const std::string& node) = 0;
  // As when an agent is killed and started again: the handle is destroyed, a new one opened and
  // started.
  virtual absl::Status Reopen(const std::string& node) = 0;
  // Since the last call, oldest first.
  virtual std::vector<southbound::v1::Event> TakeEvents(const std::string& node) = 0;
  // Takes the object's forwarding state away, or a part of it, behind the data plane's back.
  virtual absl::Status Drift(const std::string& node, const southbound::v1::Object& object) = 0;

  // An Ethernet frame without FCS; an 802.1Q tag stands in the bytes.
  virtual absl::Status Send(const std::string& host, const std::string& frame) = 0;
  // Takes what the host received, oldest first, tags in the bytes. The suite ignores frames that
  // are not its own.
  virtual std::vector<std::string> Receive(const std::string& host) = 0;
  // Customers' packets that have left by the interface, encapsulated ones on a wire: no probes, no
  // neighbour discovery.
  virtual uint64_t TxPackets(const WorldPort& from) = 0;

  // Polls until the predicate holds; false after the timeout. Lets the world's time pass.
  virtual bool WaitFor(const std::function<bool()>& predicate, absl::Duration timeout) = 0;
  // Returns when every frame sent has arrived or is lost.
  virtual void Drain() = 0;
};

// A parameter of the suite. `make` FAILED_PRECONDITION: such a world cannot exist here, and the
// tests are skipped with the reason; any other error fails them.
struct WorldFactory {
  std::string name;  // of the test instance: letters and digits
  std::function<absl::StatusOr<std::unique_ptr<DataPlaneWorld>>()> make;
};

}  // namespace waymark

#endif  // WAYMARK_TESTS_CONFORMANCE_WORLD_H_
