// One simulated kernel: the objects that it holds, compiled for forwarding, and what it does with a
// packet.
//
// A packet inside the carrier has the form that the Linux data plane gives it: VXLAN over IPv6, the
// destination an SRv6 uSID carrier, the further carriers and at last the binding SID in the segment
// routing header (RFC 9800, RFC 8754). Plain data: no locks, no time, no threads. SimFabric owns it
// and serialises every call.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_SIM_SWITCH_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_SIM_SWITCH_H_

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "controller/base/object.h"
#include "controller/base/srv6.h"
#include "southbound/dataplane/sim_frame.h"
#include "waymark/sim/v1/sim.pb.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

class SimSwitch;

enum class SimWireState {
  kUp,
  kCut,     // both ends lose carrier
  kSilent,  // carrier stays, everything sent is lost
};

inline constexpr int kSimQueues = 8;
inline constexpr size_t kSimRecentPackets = 256;

// An interface of a switch: one end of a wire, or a host's port.
struct SimPort {
  SimSwitch* owner = nullptr;
  std::string name;
  SimPort* peer = nullptr;  // null: a host's port
  std::string host;
  SimWireState state = SimWireState::kUp;
  uint64_t packets = 0;
  uint64_t bytes = 0;
  std::array<uint64_t, kSimQueues> queue_packets{};
  std::deque<sim::v1::Packet> recent;

  bool up() const { return state != SimWireState::kCut; }
};

struct SimPacket {
  uint64_t frame_id = 0;
  std::string frame;
  uint32_t vni = 0;
  uint32_t color = 0;
  uint32_t source_sid = 0;
  uint32_t endpoint_sid = 0;
  uint8_t dscp = 0;
  Ipv6 destination{};
  // What follows the destination, in travel order.
  std::vector<Ipv6> segments;
  size_t next_segment = 0;
  int hop_limit = 0;

  // On the wire: Ethernet, IPv6, SRH, UDP, VXLAN, frame.
  size_t wire_bytes() const;
  // Without the Ethernet header.
  size_t ip_bytes() const { return wire_bytes() - kEthernetHeader; }
};

// A segment list of a policy and its liveness (RFC 7880's model: probes go out along the list and
// come back).
struct SimList {
  std::vector<Ipv6> carriers;
  std::vector<uint32_t> sids;
  std::vector<uint32_t> probe_return_sids;
  uint32_t weight = 1;
  bool probed = false;
  // A probe sent now would come back.
  bool reachable = true;
  // As the probes have found it.
  bool alive = true;
  // Carries traffic: alive for wait-to-restore, or never dead.
  bool in_use = true;
  // When `alive` follows `reachable`, and when `in_use` follows `alive`; infinite: nothing is
  // pending.
  absl::Duration detect_due = absl::InfiniteDuration();
  absl::Duration restore_due = absl::InfiniteDuration();
  // Switches whose state decided `reachable`.
  std::set<std::string> touched;
};

struct SimPolicy {
  southbound::v1::PolicyObject object;
  std::vector<SimList> working;
  std::vector<SimList> protect;  // none or one
  // Last event raised, serialized; empty: none yet.
  std::string last_event;

  bool on_protect() const;
  // The list that a flow takes; null when none is alive. O(lists).
  const SimList* Choose(uint64_t flow_hash) const;
  southbound::v1::PolicyEvent Event() const;
};

using SimPolicyKey = std::pair<uint32_t, uint32_t>;         // color, endpoint_sid
using SimAttachmentKey = std::pair<std::string, uint32_t>;  // interface, vlan

struct SimInstance {
  southbound::v1::InstanceObject object;
  // Where a MAC address was last seen: an attachment here, or behind another switch's VTEP.
  std::map<MacAddress, std::variant<SimAttachmentKey, uint32_t>> macs;
};

// MAC addresses that an instance learns; further ones are flooded.
inline constexpr size_t kSimMacsPerInstance = 65'536;

class SimSwitch {
 public:
  // What becomes of a packet at this switch.
  struct Verdict {
    enum Kind { kTransmit, kLocal, kDrop } kind = kDrop;
    SimPort* port = nullptr;
    const char* reason = "";
  };

  explicit SimSwitch(std::string name) : name_(std::move(name)) {}
  SimSwitch(const SimSwitch&) = delete;
  SimSwitch& operator=(const SimSwitch&) = delete;

  const std::string& name() const { return name_; }
  std::map<std::string, SimPort>& ports() { return ports_; }
  const std::map<std::string, SimPort>& ports() const { return ports_; }

  // Checks form and references. UNAVAILABLE: the interface does not exist; FAILED_PRECONDITION:
  // what it builds on is missing; INVALID_ARGUMENT names the field.
  absl::Status Check(const southbound::v1::Object& object) const;
  // The object must have passed Check. Policies' liveness is the caller's.
  void Put(const southbound::v1::Object& object);
  void Remove(const std::string& key);
  const ObjectTable& objects() const { return objects_; }

  uint32_t node_sid() const { return node_sid_; }
  uint32_t QueueOf(uint32_t dscp) const { return queue_of_dscp_[dscp & 63]; }
  // LinkObject.link of an interface; empty if there is none.
  std::string LinkOf(const std::string& interface) const;

  std::map<SimPolicyKey, SimPolicy>& policies() { return policies_; }
  std::map<uint32_t, SimInstance>& instances() { return instances_; }
  const std::map<SimAttachmentKey, southbound::v1::AttachmentObject>& attachments() const {
    return attachments_;
  }

  // SRv6: consumes own segments, and says where the packet goes. O(segments + log objects).
  Verdict Forward(SimPacket& packet);

 private:
  absl::Status CheckPort(const std::string& field, const std::string& interface, bool wire) const;
  absl::Status CheckLink(const southbound::v1::LinkObject& link) const;
  absl::Status CheckAttachment(const southbound::v1::AttachmentObject& attachment) const;
  void Forget(const southbound::v1::Object& object);
  void CompileNode();
  void CompileLinks();
  void PutInstance(const southbound::v1::InstanceObject& object);
  void ForgetMacs(const SimAttachmentKey& attachment);
  Verdict TowardNode(uint32_t sid);

  const std::string name_;
  std::map<std::string, SimPort> ports_;
  ObjectTable objects_;

  uint32_t node_sid_ = 0;
  std::array<uint8_t, 64> queue_of_dscp_{};
  std::map<std::string, SimPort*> port_of_link_;
  std::map<std::string, std::string> link_of_interface_;
  std::map<uint32_t, SimPort*> port_of_adjacency_;
  std::set<uint32_t> reverse_sids_;
  std::map<uint32_t, std::vector<std::string>> routes_;
  std::map<SimPolicyKey, SimPolicy> policies_;
  std::map<uint32_t, SimInstance> instances_;
  std::map<SimAttachmentKey, southbound::v1::AttachmentObject> attachments_;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_SIM_SWITCH_H_
