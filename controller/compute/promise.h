// The contract figures of a working path and its protect path, in one place: latency, failover and
// availability, each with the arithmetic behind it.
#ifndef WAYMARK_CONTROLLER_COMPUTE_PROMISE_H_
#define WAYMARK_CONTROLLER_COMPUTE_PROMISE_H_

#include <cstdint>
#include <span>

#include "controller/compute/availability.h"
#include "controller/compute/latency.h"
#include "controller/topology/snapshot.h"
#include "waymark/v1/resources.pb.h"

namespace waymark {

// What MakePromise writes.
enum class PromiseDetail {
  kFigures,     // everything but `terms`: some 100 bytes, to keep for every policy
  kArithmetic,  // with `terms`: some kilobytes, to make when somebody asks
};

struct PromiseQuery {
  // Links in travel order; working has one at least. protect empty: unprotected.
  std::span<const LinkId> working, protect;
  uint32_t queue = 0;
  // As given to QueueLoads::Add.
  int64_t rate_bps = 0;
  int64_t burst_bytes = 0;
  // Both paths' flows are among `loads`. Otherwise as if they were added, on a copy of it.
  bool in_loads = true;
  // 0: the paths are not probed, so that no failover time is bounded.
  uint32_t probe_interval_us = 0;
  PromiseDetail detail = PromiseDetail::kArithmetic;
};

// `model` and `loads` belong to `snapshot`. Figures that cannot be given are 0, and `terms` says
// why (with kFigures too: those lines alone). Input out of range (QueueLoads::Add) gives no
// latency, with the reason. O(links + elements log elements), and of all flows unless `in_loads`.
v1::Promise MakePromise(const Snapshot& snapshot, const AvailabilityModel& model,
                        const QueueLoads& loads, const PromiseQuery& query);

// The same, of a promise that was made for this query with kFigures and other loads; `in_loads`.
// False, and nothing changed, where something of it had no bound, or has none: make it anew.
// O(links).
bool UpdateLatencies(const Snapshot& snapshot, const QueueLoads& loads, const PromiseQuery& query,
                     v1::Promise* promise);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_PROMISE_H_
