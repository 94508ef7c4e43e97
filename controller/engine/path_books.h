// What the stored placements hold, counted the two ways that promises need: bandwidth on every
// link, and what may arrive at every queue.
#ifndef WAYMARK_CONTROLLER_ENGINE_PATH_BOOKS_H_
#define WAYMARK_CONTROLLER_ENGINE_PATH_BOOKS_H_

#include <map>
#include <memory>
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

struct PathBooks {
  Ledger ledger;
  QueueLoads loads;
};

// A placement that no longer fits, that names a link which is gone or whose policy nobody owns,
// holds nothing: the next plan moves or drops it. O(placements * hops).
PathBooks BooksOf(const Snapshot& snapshot, const Intents& intents,
                  const std::map<std::string, PolicyOwner>& owners,
                  const std::map<std::string, stored::v1::Placement>& placements);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_PATH_BOOKS_H_
