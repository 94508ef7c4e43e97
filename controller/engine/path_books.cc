#include "controller/engine/path_books.h"

#include <algorithm>
#include <set>
#include <utility>

#include "controller/plan/demands.h"
#include "controller/plan/paths.h"
#include "controller/plan/service.h"

namespace waymark {

std::map<std::string, PolicyOwner> OwnersOf(const Snapshot& snapshot, const Intents& intents) {
  const std::set<std::string> none_down;
  const std::map<std::string, stored::v1::Placement> no_placements;
  const LinkState all_up(snapshot);
  const ResolvedServices resolved = ResolveServices(snapshot, intents);
  PinnedInput pinned =
      PinnedInputOf({snapshot, intents, none_down, no_placements, {}}, resolved, all_up);
  std::map<std::string, PolicyOwner> owners;
  for (PinnedDemand& demand : pinned.demands) {
    const auto shared = std::make_shared<const PinnedDemand>(std::move(demand));
    for (size_t leg = 0; leg < 2; ++leg) owners[shared->policies[leg]] = {shared, leg};
  }
  return owners;
}

PathBooks BooksOf(const Snapshot& snapshot, const Intents& intents,
                  const std::map<std::string, PolicyOwner>& owners,
                  const std::map<std::string, stored::v1::Placement>& placements) {
  PathBooks books{Ledger(snapshot), QueueLoads(snapshot)};
  for (const auto& [name, traffic_class] : intents.traffic_classes) {
    if (traffic_class.treatment() == v1::MESH) books.loads.MarkUnreserved(traffic_class.queue());
  }
  for (const auto& [name, placement] : placements) {
    const auto owner = owners.find(name);
    const auto working = LinksOf(snapshot, placement.working());
    const auto protect = LinksOf(snapshot, placement.protect());
    if (owner == owners.end() || !working || !protect || working->empty()) continue;
    const PinnedDemand& demand = *owner->second.demand;
    (void)books.ledger.AddPair(name, {.working = *working,
                                      .protect = *protect,
                                      .bps = std::max<int64_t>(0, placement.reserved_bps()),
                                      .share_protect = placement.protect_shared(),
                                      .hold_priority = demand.hold_priority});
    for (const auto* links : {&*working, &*protect}) {
      if (links->empty()) continue;
      (void)books.loads.Add(name, *links, demand.traffic_class->queue(), demand.rate_bps,
                            demand.burst_bytes);
    }
  }
  return books;
}

}  // namespace waymark
