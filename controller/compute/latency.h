// Worst-case one-way latency of a path: propagation, and at every hop forwarding, queueing and
// serialisation. And the time that a failover takes.
//
// Model (network calculus; Le Boudec and Thiran, Network Calculus, 2001; the parts of a hop's delay
// are those of RFC 9320 section 3.2, the service is that of RFC 8655). Every flow keeps to a token
// bucket: a committed rate r and a committed burst b. Every link of capacity C serves its queues by
// strict priority, 7 first, each queue in order of arrival, without interrupting a frame. A frame
// of queue q then waits, from its last bit in to its last bit out, at most
//
//     D = (B(q and above) + L) / (C - R(above q)),  while R(q and above) <= C
//
// where R sums rates and B sums bursts as they arrive at this link, and L is one longest frame of a
// lower queue that is being sent. Sources: section 1.3.2 (the priority node) for the rate and the
// latency that strict priority leaves to a queue, theorem 1.4.2 for the delay of what arrives in
// bursts at such a server. The frame's own sending time is part of D: it is part of the burst.
//
// Bursts grow on the way: what was delayed by 0 to W upstream arrives with burst b + r W (theorem
// 1.4.3). W is a hop's wait, D plus the forwarding delay. Flows that meet on a ring make each
// other's W: the answer is a fixed point. Here W is first rounded up to one of the steps of
// kLeastHopBudgetNs * 1.25^n, and the least steps that all agree with themselves are taken: they
// are an upper bound of every wait (if some frame were the first to wait longer, all before it kept
// the bounds that forbid it), do not depend on the order in which flows came, and seldom change
// when a flow is added.
//
// Shared protect paths (compute/ledger.h) stand by: no two of them carry at once unless one single
// risk fails the working paths of both. Of each queue of a link they count with the greatest sum of
// rates, and the greatest sum of bursts, over every single risk of the flows whose working path
// fails with it. That holds whichever risk it is: for each, the flows that then send are within
// these sums at every hop, so that the steps found for the sums agree with themselves for it too,
// and bound its waits. The working path is counted besides, for what it had sent may still be on
// the way. Two failures at once are not provided for, by the ledger neither.
//
// What the bound rests on, and does not check: that every flow keeps to its rate and burst on the
// wire, excess rates (eir) included; that queues of unreserved traffic were named (MarkUnreserved).
// No bound is given where rates reach the capacity, where the fixed point passes kMostHopBudgetNs
// (at high load on long paths no finite bound is known for plain queues: Charny and Le Boudec
// 2000), behind such a hop, or for a queue that is not above all unreserved traffic.
#ifndef WAYMARK_CONTROLLER_COMPUTE_LATENCY_H_
#define WAYMARK_CONTROLLER_COMPUTE_LATENCY_H_

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "controller/topology/snapshot.h"

namespace waymark {

inline constexpr uint32_t kQueues = 8;
// One frame of a lower queue, on the wire: an Ethernet jumbo frame with its encapsulation.
inline constexpr int64_t kLongestFrameBytes = 9'216;
// Of a switch, from the frame's last bit in to its place in a queue; three times what a Linux
// switch was seen to take in 99 of 100 cases.
inline constexpr int64_t kForwardingDelayNs = 10'000;
inline constexpr int64_t kLeastHopBudgetNs = 50'000;
inline constexpr int64_t kMostHopBudgetNs = 10'000'000'000;

// ClassRate.burst_bytes with its default resolved: the larger of two frames of 1,600 bytes and
// 0.4 ms of the rate. `rate_bps` >= 0.
int64_t BurstBytes(int64_t burst_bytes, int64_t rate_bps);

struct LatencyBound {
  // Worst case, all included; 0: no bound, `no_bound` says why.
  int64_t latency_ns = 0;
  // Its parts. Waiting includes serialisation.
  int64_t propagation_ns = 0;
  int64_t forwarding_ns = 0;
  int64_t waiting_ns = 0;
  // Of each hop, in travel order.
  std::vector<int64_t> waits_ns;
  std::string no_bound;

  bool bounded() const { return no_bound.empty(); }
  // What may vary from one frame to the next.
  int64_t jitter_ns() const { return forwarding_ns + waiting_ns; }
};

// What is committed on every link and queue. Belongs to one snapshot; copyable, not thread-safe.
class QueueLoads {
 public:
  explicit QueueLoads(const Snapshot& snapshot);

  const Snapshot& snapshot() const { return *snapshot_; }

  // One path of `policy`, beside those that it has: a policy's working and protect path both count.
  // `rate_bps` is what may really be sent (cir_bps, not divided by an oversubscription);
  // `burst_bytes` 0: the default. `max_latency_ns` above 0 guards the path: see OverLimit.
  // INVALID_ARGUMENT, naming the field, and nothing changed: an unknown link, queue above 7,
  // rate_bps not in 0..10^16, burst_bytes not in 0..10^9, negative max_latency_ns. O(links), and
  // the flows on links whose step changes, at most 60 times each.
  absl::Status Add(const std::string& policy, std::span<const LinkId> links, uint32_t queue,
                   int64_t rate_bps, int64_t burst_bytes, int64_t max_latency_ns = 0);
  // The same for a shared protect path that carries while one of `risks` has failed: what its
  // working path fails with (Ledger::RisksOf), sorted. Empty risks: as Add. O(links * risks of
  // shared flows there) besides.
  absl::Status AddShared(const std::string& policy, std::span<const LinkId> links, uint32_t queue,
                         int64_t rate_bps, int64_t burst_bytes, int64_t max_latency_ns,
                         std::span<const int32_t> risks);
  // All paths of a policy; false if it has none. O(flows on its links), or of all flows when a link
  // of it is above the first step.
  bool Remove(const std::string& policy);

  // Queues up to and including this one carry traffic that nothing reserved (mesh classes): no
  // bound is given for them. Queue 0, best effort, always does. Above 7 reads as 7.
  void MarkUnreserved(uint32_t queue);

  // Of a path whose flow has been added. O(links).
  LatencyBound PathLatency(std::span<const LinkId> links, uint32_t queue) const;
  // As if such a flow were added now. INVALID_ARGUMENT as Add. O(all flows): it works on a copy.
  LatencyBound LatencyIfAdded(std::span<const LinkId> links, uint32_t queue, int64_t rate_bps,
                              int64_t burst_bytes) const;

  // The least name of the policies with a guarded path whose latency is above its limit or has no
  // bound. O(1): every change follows its effect on the guarded paths of the links that it touches.
  std::optional<std::string> OverLimit() const;
  // Policies with a path over a link where what is told of its queue is different now, or may be,
  // from what it was at the last call. Sorted. O(links, and the flows on those).
  std::vector<std::string> TakeNews();
  // Whether a flow of this queue could put any over its limit: those of higher queues do not feel
  // it (but for one frame, which they are counted with always). O(guarded paths).
  bool GuardsUpTo(uint32_t queue) const;
  // The same if such a flow were added, without adding it: for a policy that is over its limit only
  // then. O(all flows): it works on a copy. Who adds many flows adds, asks OverLimit and removes.
  std::optional<std::string> OverLimitIfAdded(std::span<const LinkId> links, uint32_t queue,
                                              int64_t rate_bps, int64_t burst_bytes) const;

  // Of one link and queue: the wait, with forwarding; nullopt: no bound.
  std::optional<int64_t> HopWait(LinkId link, uint32_t queue) const;
  // What each flow is taken to be delayed there by, at least HopWait; nullopt: no bound.
  std::optional<int64_t> HopBudget(LinkId link, uint32_t queue) const;

 private:
  using Wide = __int128;  // 10^6 flows of 10^16 bit/s for 10 s a hop

  struct Flow {
    std::string policy;
    std::vector<LinkId> links;  // empty: the place is free
    uint32_t queue = 0;
    int64_t rate_bps = 0;
    int64_t burst_bits = 0;
    int64_t max_latency_ns = 0;
    std::vector<int32_t> risks;  // of a shared protect path; sorted
    // At each hop, as it arrives; nullopt behind a hop without a bound.
    std::vector<std::optional<Wide>> bursts;
    // Of a guarded path: propagation and the waits of `told_`; hops without a bound.
    int64_t latency_ns = 0;
    int32_t boundless_hops = 0;
  };
  // What sends while one risk has failed.
  struct RiskLoad {
    int32_t risk = 0;
    int32_t flows = 0;
    Wide rate_bps = 0;
    Wide burst_bits = 0;
  };
  struct Queue {
    Wide rate_bps = 0;
    Wide burst_bits = 0;
    // The greatest of one risk: of shared flows, which are not in the sums above.
    Wide shared_rate_bps = 0;
    Wide shared_burst_bits = 0;
    int32_t flows = 0;
    int32_t boundless = 0;  // flows among them that come from a hop without a bound
    uint8_t step = 0;
  };
  using Hop = std::array<Queue, kQueues>;

  absl::Status Check(std::span<const LinkId> links, uint32_t queue, int64_t rate_bps,
                     int64_t burst_bytes, int64_t max_latency_ns) const;
  Queue& At(LinkId link, uint32_t queue) { return hops_[Index(link)][queue]; }
  const Queue& At(LinkId link, uint32_t queue) const { return hops_[Index(link)][queue]; }
  std::optional<int64_t> Wait(LinkId link, uint32_t queue) const;
  std::string WhyNone(LinkId link, uint32_t queue) const;
  std::vector<std::optional<Wide>> BurstsOf(const Flow& flow) const;
  void Put(size_t number, int sign);
  void PutShared(const Flow& flow, size_t hop, int sign);
  void Grow(size_t number, std::set<LinkId>* changed);
  void Settle(std::set<LinkId> changed);
  void StartAgain();
  // Guarded paths learn what has become of the links in touched_.
  void TellGuarded();
  void Tell(LinkId link, uint32_t queue, std::optional<int64_t> wait);
  // Sorts the flow into over_, or out of it.
  void Judge(uint32_t number);

  const Snapshot* snapshot_;
  uint32_t unreserved_ = 0;
  std::vector<Hop> hops_;
  // By link and queue; by risk.
  std::map<std::pair<LinkId, uint32_t>, std::vector<RiskLoad>> shared_;
  std::vector<std::vector<uint32_t>> flows_on_;  // by link: flow numbers
  std::vector<Flow> flows_;
  std::vector<uint32_t> free_;
  std::set<std::pair<std::string, uint32_t>> guarded_;  // policy, flow number
  std::set<std::pair<std::string, uint32_t>> over_;     // those above their limit
  std::vector<LinkId> touched_;                         // since the last TellGuarded
  // By link and queue: HopWait, as the guarded paths know it. Between calls they know all.
  std::vector<std::array<std::optional<int64_t>, kQueues>> told_;
  std::vector<uint8_t> news_;  // by link, a bit for each queue; since the last TakeNews
  std::map<std::string, std::vector<uint32_t>> of_policy_;
};

// From the failure of the working path to the first frame over protect, at the receiver.
struct FailoverBound {
  int64_t failover_ns = 0;  // 0: no bound, `no_bound` says why
  int64_t detection_ns = 0;
  int64_t switch_ns = 0;
  int64_t added_ns = 0;
  std::string no_bound;
};

// A path is dead when three probes in a row are unanswered (RFC 5880 section 6.8.4 with a detection
// multiplier of 3) and the third has had time to come back: the round trip as measured, four times
// its variation (RFC 6298), and half an interval, 2 ms at least. The last answered probe left
// before the failure, so detection takes at most 3 intervals, the worst round trip, four times all
// that may vary of it, and that half interval.
inline constexpr int64_t kProbesMissed = 3;
inline constexpr int64_t kLeastProbeAllowanceNs = 2'000'000;
// Handing the path's traffic over: one netlink message, seen to take up to 0.1 ms, and 0.3 ms where
// 10,000 routes follow it. Where very many paths of one headend die at once, the last waits longer.
inline constexpr int64_t kSwitchDelayNs = 1'000'000;

// `back` is the working path's return, that probes take. Interval 0: the path is not probed, and
// there is no bound. O(1).
FailoverBound FailoverTime(uint32_t probe_interval_us, const LatencyBound& working,
                           const LatencyBound& back, const LatencyBound& protect);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_LATENCY_H_
