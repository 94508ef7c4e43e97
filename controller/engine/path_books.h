// What the stored placements hold, counted the two ways that promises need: bandwidth on every
// link, and what may arrive at every queue.
#ifndef WAYMARK_CONTROLLER_ENGINE_PATH_BOOKS_H_
#define WAYMARK_CONTROLLER_ENGINE_PATH_BOOKS_H_

#include <map>
#include <memory>
#include <set>
#include <string>

#include "controller/compute/latency.h"
#include "controller/compute/ledger.h"
#include "controller/plan/pinned.h"
#include "controller/plan/plan.h"
#include "controller/topology/snapshot.h"
#include "waymark/stored/v1/stored.pb.h"

namespace waymark {

// What a pinned policy is for: one direction of a demand.
struct PolicyOwner {
  std::shared_ptr<const PinnedDemand> demand;
  size_t leg = 0;

  NodeId headend() const { return leg == 0 ? demand->a : demand->b; }
  NodeId endpoint() const { return leg == 0 ? demand->b : demand->a; }
  const std::string& way_back() const { return demand->policies[1 - leg]; }
};

// By policy name, of every service that can be realised. Points into `intents`.
std::map<std::string, PolicyOwner> OwnersOf(const Snapshot& snapshot, const Intents& intents);

// Both know the two directions of a demand by the name of the first where they share their fibres:
// one gives way only with the other, as when they are placed.
struct PathBooks {
  Ledger ledger;
  // Guards every latency bound that is kept as things are: what is broken already must not make
  // every new promise look like the one that broke it.
  QueueLoads loads;
  // Policies of the demands that are not guarded for that.
  std::set<std::string> unguarded;
};

// What of a demand is on the books.
struct HeldParts {
  bool bandwidth = false;
  bool queues = false;
};

// A placement that no longer fits, that names a link which is gone or whose policy nobody owns,
// holds nothing: the next plan moves or drops it. `guarantees` as stored; null: none, as if nothing
// were promised to any-to-any services. O(placements * hops).
PathBooks BooksOf(const Snapshot& snapshot, const Intents& intents,
                  const std::map<std::string, PolicyOwner>& owners,
                  const std::map<std::string, stored::v1::Placement>& placements,
                  const GuaranteeRecords* guarantees = nullptr);

// What pinned policies may send, alone: no latency is guarded, no queue marked as unreserved.
QueueLoads PinnedLoadsOf(const Snapshot& snapshot, const std::map<std::string, PolicyOwner>& owners,
                         const std::map<std::string, stored::v1::Placement>& placements);

// For as long as it lives, `books` lack what both directions of a demand hold: as if it were to be
// placed now. All references must outlive it. O(hops); with the queues, up to O(all flows).
class DemandTakenOff {
 public:
  // The books must be BooksOf the rest. The queues are left alone unless `queues`.
  DemandTakenOff(const Snapshot& snapshot,
                 const std::map<std::string, stored::v1::Placement>& placements,
                 const PinnedDemand& demand, bool queues, PathBooks* books);
  DemandTakenOff(const DemandTakenOff&) = delete;
  DemandTakenOff& operator=(const DemandTakenOff&) = delete;
  ~DemandTakenOff();

 private:
  const Snapshot& snapshot_;
  const std::map<std::string, stored::v1::Placement>& placements_;
  const PinnedDemand& demand_;
  PathBooks& books_;
  HeldParts taken_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_PATH_BOOKS_H_
