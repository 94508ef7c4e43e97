// The travel of one frame through the simulated carrier, from a host's port to every place where it
// or a copy ends. Synchronous, and deterministic: the order of copies is the order of names and
// SIDs. Not thread-safe.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_SIM_WALK_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_SIM_WALK_H_

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "southbound/dataplane/sim_switch.h"

namespace waymark {

// Largest IP packet on a wire, bytes.
inline constexpr size_t kSimWireMtu = 1800;

// (node, reason) -> packets.
using SimDrops = std::map<std::pair<std::string, std::string>, uint64_t>;

struct SimDelivery {
  std::string host;
  std::string frame;
};

class SimWalk {
 public:
  // `drops` is counted into, and must outlive this.
  SimWalk(SimDrops& drops, uint64_t frame_id) : drops_(drops), frame_id_(frame_id) {}

  // A frame comes in at a host's port.
  void Ingress(SimPort& port, const std::string& frame);

  std::vector<sim::v1::Hop>& hops() { return hops_; }
  std::vector<SimDelivery>& deliveries() { return deliveries_; }

 private:
  // A frame within an instance: with a service tag if it came by a VLAN attachment.
  struct Relayed {
    std::string frame;
    FrameInfo info;
    SimAttachmentKey from;
    uint32_t vni = 0;
    uint32_t color = 0;
    bool leaf = false;
  };

  void FromAttachment(SimSwitch& at, const Relayed& relayed);
  void CrossLine(SimSwitch& at, const SimInstance& instance, const Relayed& relayed);
  void FloodFromAttachment(SimSwitch& at, const SimInstance& instance, const Relayed& relayed);
  void FromRemote(SimSwitch& at, const SimPacket& packet);
  void Encapsulate(SimSwitch& at, uint32_t remote, const Relayed& relayed);
  void Carry(SimSwitch& start, SimPacket packet);
  bool Transmit(SimPort& port, const SimPacket& packet);
  void Egress(SimSwitch& at, const SimAttachmentKey& to, uint32_t vni, const std::string& frame);
  void Drop(const SimSwitch& at, const std::string& reason, uint32_t vni, uint32_t color);
  sim::v1::Hop& AddHop(sim::v1::Hop::Kind kind, const SimSwitch& at);

  SimDrops& drops_;
  const uint64_t frame_id_;
  std::vector<sim::v1::Hop> hops_;
  std::vector<SimDelivery> deliveries_;
};

// Sends a liveness probe along the list and back, and says whether it came back. Sets list.touched:
// the answer stays the same until one of these switches, or a wire at one of them, changes. Probes
// are not counted on wires.
bool SimProbe(SimSwitch& head, SimList& list);

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_SIM_WALK_H_
