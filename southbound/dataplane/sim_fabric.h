// The simulated carrier: every switch's kernel, the wires between them, and the hosts at their
// ports.
//
// It outlives the agents' handles (SimDataPlane, RemoteSimDataPlane) as a kernel outlives a
// process, and keeps repairing policies with or without them. A frame's travel takes no time: it
// has arrived, or was dropped and counted, when Send returns. Time passes only for liveness (3 x
// probe interval to death, wait-to-restore back) and for streams, both on the given loop, so that
// simulated and real time work alike.
//
// Thread-safe. Deterministic: the same calls at the same times give the same result.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_SIM_FABRIC_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_SIM_FABRIC_H_

#include <compare>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/base/event_loop.h"
#include "southbound/dataplane/dataplane.h"
#include "southbound/dataplane/sim_liveness.h"
#include "southbound/dataplane/sim_switch.h"
#include "southbound/dataplane/sim_walk.h"
#include "waymark/sim/v1/sim.pb.h"

namespace waymark {

struct SimInterface {
  std::string node;
  std::string interface;
  auto operator<=>(const SimInterface&) const = default;
};

class SimFabric : public std::enable_shared_from_this<SimFabric> {
 public:
  // Unread frames of a host; further ones are dropped and counted as the host's "host_queue_full".
  static constexpr size_t kHostQueue = 8'192;
  static constexpr size_t kTraces = 4'096;
  static constexpr size_t kLargestFrame = 9'216;  // bytes
  static constexpr uint32_t kLongestStream = 1'000'000;
  static constexpr uint32_t kFastestStream = 100'000;  // frames a second

  // The loop must outlive the fabric. It runs timers and event sinks.
  static std::shared_ptr<SimFabric> Create(EventLoop& loop);
  ~SimFabric();

  // ---- wires. INVALID_ARGUMENT: a name's form; ALREADY_EXISTS; NOT_FOUND; RESOURCE_EXHAUSTED:
  // over the limits (10,000 switches and hosts, 1,024 interfaces a switch).

  absl::Status AddSwitch(const std::string& node);
  // Both interfaces come into being.
  absl::Status AddWire(const SimInterface& a, const SimInterface& b);
  // A host at a new port.
  absl::Status AddHost(const std::string& host, const SimInterface& port);
  // Both directions, either end named; or a host's port.
  absl::Status SetWire(const SimInterface& end, SimWireState state);

  // ---- a switch's kernel, with the semantics of DataPlane's methods. NOT_FOUND: no such switch.

  absl::Status Put(const std::string& node, const southbound::v1::Object& object);
  absl::Status Remove(const std::string& node, const southbound::v1::Object& object);
  absl::StatusOr<DataPlane::Report> Reconcile(const std::string& node,
                                              const std::vector<southbound::v1::Object>& expected,
                                              bool repair);
  absl::StatusOr<std::vector<southbound::v1::Event>> Observe(const std::string& node) const;
  // Every object that the kernel holds. O(objects).
  absl::StatusOr<ObjectTable> Held(const std::string& node) const;
  // `sink` gets the node's events on the loop until Detach; of several unread ones about one link
  // or policy, the latest. When an interface appears that a refused Put has waited for, that is a
  // LinkEvent too: with the link's id, or with an empty one if an attachment waited.
  absl::StatusOr<uint64_t> Attach(const std::string& node, DataPlane::EventSink sink);
  // The sink is not called any more once this returns. Not from the sink.
  void Detach(uint64_t id);
  // Takes an object out behind the agent's back. NOT_FOUND.
  absl::Status Drift(const std::string& node, const std::string& key);

  // ---- frames

  // Returns the frame's id, for Trace. An Ethernet frame without FCS, 1 to kLargestFrame bytes.
  absl::StatusOr<uint64_t> Send(const std::string& host, const std::string& frame);
  // Takes up to `most` frames, oldest first; waits until there is one, but not longer than `wait`
  // of real time.
  absl::StatusOr<std::vector<std::string>> Receive(const std::string& host, size_t most,
                                                   absl::Duration wait = absl::ZeroDuration());
  // Sends `frame` with a trailer of 20 bytes `count` times at a steady rate. At most 64 streams are
  // kept; the oldest finished one makes room. RESOURCE_EXHAUSTED: 64 are running.
  absl::StatusOr<uint32_t> StartStream(const std::string& from, const std::string& to,
                                       const std::string& frame, uint32_t frames_per_second,
                                       uint32_t count);
  absl::StatusOr<sim::v1::StreamState> GetStream(uint32_t stream) const;
  absl::StatusOr<sim::v1::StreamState> StopStream(uint32_t stream);

  // ---- what passed

  // Of one switch, or of all when empty.
  sim::v1::CountersResponse Counters(const std::string& node = "") const;
  absl::StatusOr<std::vector<sim::v1::Hop>> Trace(uint64_t frame_id) const;
  absl::StatusOr<std::vector<sim::v1::Packet>> RecentPackets(const SimInterface& from) const;

 private:
  struct Host {
    SimPort* port = nullptr;
    std::deque<std::string> received;
  };
  struct Stream {
    SimPort* port = nullptr;
    std::string to;
    std::string frame;
    uint32_t frames_per_second = 0;
    uint32_t count = 0;
    absl::Duration started;
    uint32_t sent = 0;
    uint64_t received = 0;
    uint64_t duplicates = 0;
    std::vector<bool> seen;
    bool finished = false;
  };
  // An attached agent.
  struct Watcher {
    std::string node;
    std::map<std::string, southbound::v1::Event> pending;  // by object key; guarded by the fabric
    std::mutex mutex;                                      // of the sink
    DataPlane::EventSink sink;
  };

  explicit SimFabric(EventLoop& loop) : loop_(loop), liveness_(switches_) {}

  // All below: mutex_ is held, unless the name says so.
  absl::StatusOr<SimSwitch*> FindSwitch(const std::string& node) const;
  absl::StatusOr<SimPort*> FindPort(const SimInterface& id) const;
  absl::StatusOr<SimPort*> AddPort(const SimInterface& id);
  absl::Status CheckNewPort(const SimInterface& id) const;
  absl::Status PutInto(SimSwitch& at, const southbound::v1::Object& object);
  void RemoveFrom(SimSwitch& at, const std::string& key);
  void RemoveUnexpected(SimSwitch& at,
                        const std::map<std::string, const southbound::v1::Object*>& expected,
                        bool repair, DataPlane::Report* report);
  void PortAppeared(const SimInterface& id);
  void RaiseLink(const SimPort& port);
  void Raise(const std::string& node, const std::string& key, const southbound::v1::Event& event);
  // After every change: raises what liveness found, and sets the timer for what is pending.
  void Settle();
  void ScheduleDrain(bool late);
  uint64_t SendFrom(SimPort& port, const std::string& frame);
  void Deliver(SimDelivery& delivery);
  bool CountStreamed(const SimDelivery& delivery);
  sim::v1::StreamState StateOf(uint32_t id, const Stream& stream) const;

  void DrainUnlocked();
  void TickUnlocked();
  void ArmStream(uint32_t id, const Stream& stream);
  void StreamTickUnlocked(uint32_t id);

  EventLoop& loop_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  SimSwitches switches_;
  SimLiveness liveness_;
  std::map<std::string, Host> hosts_;
  SimDrops drops_;
  // Interfaces that refused Puts wait for -> the links' ids, or "" for an attachment.
  std::map<SimInterface, std::set<std::string>> wanted_;
  uint64_t next_frame_ = 1;
  std::map<uint64_t, std::vector<sim::v1::Hop>> traces_;
  uint32_t next_stream_ = 1;
  std::map<uint32_t, Stream> streams_;
  uint64_t next_watcher_ = 1;
  std::map<uint64_t, std::shared_ptr<Watcher>> watchers_;
  bool drain_scheduled_ = false;
  absl::Duration timer_due_ = absl::InfiniteDuration();
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_SIM_FABRIC_H_
