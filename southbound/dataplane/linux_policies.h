// The SR policies headed here: their paths and groups in the kernel, and which of their segment
// lists carry traffic.
//
// A path is a kernel nexthop whose number stands for its content: policies that use the same
// segment list share it, and it never changes. A policy is a group of paths; its binding SID's
// route points to the group. So to move a policy is to replace one group, with one message, and
// established flows follow at once. Never is a path removed before every group has left it: the
// kernel would remove the group with its last member, then the route, and traffic would leak.
//
// Two threads work here: the agent's (Put, Remove, Repair) and the prober's (the rest). One mutex,
// held for at most a kernel round trip a policy that changes.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_POLICIES_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_POLICIES_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "southbound/dataplane/dataplane.h"
#include "southbound/dataplane/linux_liveness.h"
#include "southbound/dataplane/linux_nexthops.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

using PolicyId = std::pair<uint32_t, uint32_t>;  // color, endpoint_sid

// A probe to send now.
struct Probe {
  uint32_t list = 0;
  uint64_t sequence = 0;
  uint8_t dscp = 0;
  std::vector<Ipv6> segments;  // in travel order, without this switch's VTEP behind them
};

class Policies {
 public:
  struct Counters {
    uint64_t probes_sent = 0, probes_answered = 0, deaths = 0, repairs = 0, repair_errors = 0;
    double slowest_round_trip_seconds = 0;
  };

  // Interfaces by adjacency SID, for the carrier of each list's first link.
  using FirstHops = std::map<uint32_t, std::string>;

  // Opens its own socket, in the calling thread's namespace.
  absl::Status Open(DataPlane::EventSink sink);

  // What the kernel holds. `groups` says which group each binding SID's route points to: those are
  // taken over as they are, and tell which lists were alive. Call before the first Put, and at each
  // Reconcile.
  absl::Status Load(const std::map<PolicyId, uint32_t>& groups);

  // Makes paths and group; the caller then points the route to the group that is returned. `now`:
  // monotonic.
  absl::StatusOr<uint32_t> Put(const southbound::v1::PolicyObject& policy,
                               const FirstHops& first_hops, absl::Duration now);
  // After the route is gone.
  absl::Status Remove(const PolicyId& id);
  // Whether paths and group stand in the kernel, by the last Load, as this policy would have them.
  bool Holds(const southbound::v1::PolicyObject& policy) const;
  // Removes nexthops of ours that no policy uses.
  void Sweep();
  // Removes every nexthop of ours. No policy may be left.
  void Clear();

  void SetCarrier(const std::string& interface, bool running, absl::Duration now);
  std::vector<southbound::v1::Event> Observe() const;

  // ---- the prober's
  // Appends what is due by `now`. Deaths are found here too. Infinite: nothing will be.
  absl::Duration Advance(absl::Duration now, absl::Duration stall_end, std::vector<Probe>* due);
  void Answered(uint32_t list, uint64_t sequence, absl::Duration sent, absl::Duration now);

  Counters counters() const;

 private:
  struct List {
    PolicyId policy;
    std::vector<uint32_t> sids, back;
    std::vector<Ipv6> segments;  // of a probe
    uint32_t weight = 1;
    uint32_t path = 0;  // nexthop
    std::string interface;
    bool probed = false;
    bool carrier = true;
    // A probe has been answered once.
    bool proven = false;
    Liveness liveness{absl::ZeroDuration()};
    // Carries traffic when its policy prefers it: alive for wait-to-restore, or never dead.
    bool in_use = true;
    absl::Duration interval = absl::ZeroDuration();
    absl::Duration next_send = absl::InfiniteDuration();
    absl::Duration restore = absl::InfiniteDuration();
    absl::Duration wake = absl::InfiniteDuration();  // as queued

    bool alive() const { return carrier && (!probed || liveness.alive()); }
    bool up() const { return alive() && (!probed || proven); }
    // Taken to be alive, with no answer yet; ends with the first one or with its death.
    bool pending() const { return alive() && !up(); }
  };
  struct Policy {
    southbound::v1::PolicyObject object;
    std::vector<uint32_t> working;  // list numbers
    uint32_t protect = 0;
    uint32_t group = 0;
    std::map<uint32_t, uint32_t> members;  // as installed
    // Members from before this policy was replaced, which carry until a working list is proven.
    // Their paths are held.
    std::map<uint32_t, uint32_t> kept;
    std::string last_event;
  };

  absl::StatusOr<uint32_t> AcquirePath(const std::vector<Ipv6>& carriers);
  absl::Status ReleasePath(uint32_t path);
  void RemoveAllBut(const std::set<uint32_t>& used);
  uint32_t NewGroup();
  uint32_t AddList(const PolicyId& id, const southbound::v1::PolicyObject& policy,
                   const southbound::v1::SegmentList& object, const FirstHops& first_hops,
                   uint32_t path, const Policy* before, absl::Duration now);
  absl::StatusOr<Policy> Build(const southbound::v1::PolicyObject& object,
                               const FirstHops& first_hops, const Policy* before,
                               absl::Duration now);
  bool Unchanged(const Policy& held, const southbound::v1::PolicyObject& object,
                 const FirstHops& first_hops) const;
  void Drop(const Policy& policy);
  void Presume(Policy& policy, const std::map<uint32_t, uint32_t>& members);
  std::map<uint32_t, uint32_t> Wish(const Policy& policy) const;
  absl::Status Apply(Policy& policy);
  void Keep(Policy& policy, const Policy* before);
  void ReleaseKept(const Policy& policy);
  bool Keeping(const Policy& policy) const;
  bool Pending(const Policy& policy) const;
  bool OnProtect(const Policy& policy) const;
  southbound::v1::PolicyEvent EventOf(const Policy& policy) const;
  void Changed(const PolicyId& id);
  void Tell(std::unique_lock<std::mutex>& lock);
  void Schedule(uint32_t number, List& list);
  void Died(List& list);
  void Revived(List& list, absl::Duration now);

  mutable std::mutex mutex_;
  std::unique_ptr<NetlinkSocket> kernel_;
  DataPlane::EventSink sink_;
  std::vector<southbound::v1::Event> events_;

  Nexthops kernel_nexthops_;
  std::map<std::vector<Ipv6>, uint32_t> path_of_;
  std::map<uint32_t, uint32_t> path_users_;
  std::map<PolicyId, uint32_t> known_groups_;
  uint32_t next_path_ = kFirstPathNexthop;
  uint32_t next_group_ = kFirstGroupNexthop;

  std::map<PolicyId, Policy> policies_;
  std::map<uint32_t, List> lists_;
  uint32_t next_list_ = 1;
  absl::Duration stall_end_ = -absl::InfiniteDuration();
  std::set<std::pair<absl::Duration, uint32_t>> schedule_;
  std::map<std::string, bool> carriers_;
  Counters counters_;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_LINUX_POLICIES_H_
