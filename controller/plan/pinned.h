// What pinned policies ask for, and what they get (plan.h, "Stickiness" and
// "Order").
#ifndef WAYMARK_CONTROLLER_PLAN_PINNED_H_
#define WAYMARK_CONTROLLER_PLAN_PINNED_H_

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "controller/compute/constraints.h"
#include "controller/compute/search_graph.h"
#include "controller/plan/guarantee.h"
#include "controller/plan/plan.h"

namespace waymark {

// One class of one service between two nodes, both ways.
struct PinnedDemand {
  NodeId a = NodeId::kNone, b = NodeId::kNone;  // a < b
  std::array<std::string, 2> policies;          // names of a -> b, b -> a
  std::string service;
  const v1::TrafficClass* traffic_class = nullptr;
  PathConstraints constraints;  // bandwidth_bps is what each path holds
  int hold_priority = 0;
  bool share_protect = false;
  double availability_target = 0;  // 0: none
  int64_t max_latency_ns = 0;      // 0: no bound
  // What may really be sent.
  int64_t rate_bps = 0;
  int64_t burst_bytes = 0;  // 0: the default of the rate
};

struct PlacedPolicy {
  std::vector<LinkId> working, protect;  // working is empty when BLOCKED
  int64_t reserved_bps = 0;
  bool share_protect = false;
  v1::Status status;
  // Set when placed; figures alone.
  v1::Promise promise;
};

// What all pinned policies of a plan have in common. References must outlive the call.
struct PinnedInput {
  const Snapshot& snapshot;
  const LinkState& link_state;  // fibres, both directions alike
  const std::map<std::string, stored::v1::Placement>& stored;
  std::vector<PinnedDemand> demands;
  // Queues up to this one carry traffic that nothing is reserved for.
  uint32_t unreserved_queue = 0;
  uint32_t probe_interval_us = 0;
  // What any-to-any services ask of the ledger.
  std::vector<MeshHold> mesh_holds = {};
  // Of `snapshot`, kept from one plan to the next; null: made anew.
  PreparedGraphs* prepared = nullptr;
  // Refusals in full, for the first of them. Else in short: it costs some hundred searches less.
  bool explain = true;
};

// One demand's move to a better place, in the direction of `policies`: one or both of the demand's.
struct PinnedMove {
  std::vector<std::string> policies;
  double old_objective = 0, new_objective = 0;
  bool mends = false;
  std::string reason;
};

struct Replacement {
  // It was called off: the rest is empty.
  bool stopped = false;
  std::vector<PinnedMove> moves;
  std::map<std::string, PlacedPolicy> placed;  // as PlacePinned's, after the moves
};

// What a few demands more or less have changed.
struct PinnedChange {
  std::vector<std::string> gone;               // names of policies
  std::map<std::string, PlacedPolicy> placed;  // of the demands that were named
  // Policies of others, for which nothing but that may be different now.
  std::vector<std::pair<std::string, v1::Promise>> promises;
};

class Placer;

// Plans of pinned policies made one after another. One thread at a time.
class PinnedBook {
 public:
  PinnedBook();
  ~PinnedBook();

  // As PlacePinned, and keeps all that it made. What `input` refers to, but for what is stored,
  // must stay until the next call or Forget.
  std::map<std::string, PlacedPolicy> Place(PinnedInput input, std::vector<MeshHold>* booked);
  // After Place, by a caller who knows that all that it made is stored as it was made, mesh holds
  // too: changes may be asked for.
  void Stored();
  bool may_change() const { return may_change_; }
  // Whether a demand of the service is known.
  bool Knows(const std::string& service) const { return asked_.contains(service); }
  // Only while may_change(): as Place, with all that these services ask for now in the place of
  // what they asked for, and `stored`, which is what was stored then but for what this book has
  // said since. nullopt: it is not plain that nobody else is concerned, and only Place can tell.
  std::optional<PinnedChange> Change(const std::map<std::string, stored::v1::Placement>& stored,
                                     std::map<std::string, std::vector<PinnedDemand>> asked);
  void Forget();

 private:
  struct Asked {
    std::vector<const PinnedDemand*> demands;
    std::vector<PinnedDemand> own;  // of those that came after Place
  };

  std::unique_ptr<PinnedInput> input_;
  std::unique_ptr<Placer> placer_;
  std::map<std::string, Asked> asked_;  // by service
  bool may_change_ = false;
};

// By policy name: an entry for each policy of each demand.
// `booked`: what has become of `input.mesh_holds`; null: nobody asks.
std::map<std::string, PlacedPolicy> PlacePinned(PinnedInput input,
                                                std::vector<MeshHold>* booked = nullptr);

// What one more demand would get beside the others, if it came now: its two policies alone, by
// name, its refusal in short. Others may have given way to it, as in PlacePinned. `more.policies`
// must differ from all others', `more.traffic_class` be its own. nullopt when `stop`, asked before
// each demand, ended it. As a plan, O(all demands), without explanations.
std::optional<std::map<std::string, PlacedPolicy>> PlaceOneMore(PinnedInput input,
                                                                PinnedDemand more,
                                                                const std::function<bool()>& stop);

// The same, and then each policy of `service` (empty: all) placed anew where that gains (see
// reoptimize.h). `stop` as there.
Replacement ReplacePinned(PinnedInput input, const std::string& service, double min_gain_percent,
                          const std::function<bool()>& stop);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_PINNED_H_
