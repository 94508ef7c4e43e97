#include "controller/engine/path_books.h"

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "controller/plan/demands.h"
#include "controller/plan/paths.h"
#include "controller/plan/service.h"

namespace waymark {
namespace {

struct Links {
  std::vector<LinkId> working, protect;
};

void HoldBandwidth(const std::string& name, const stored::v1::Placement& placement,
                   const PinnedDemand& demand, const Links& links, PathBooks* books) {
  (void)books->ledger.AddPair(name, {.working = links.working,
                                     .protect = links.protect,
                                     .bps = std::max<int64_t>(0, placement.reserved_bps()),
                                     .share_protect = placement.protect_shared(),
                                     .hold_priority = demand.hold_priority});
}

void HoldQueues(const std::string& name, const PinnedDemand& demand, const Links& links,
                PathBooks* books) {
  for (const std::vector<LinkId>* path : {&links.working, &links.protect}) {
    if (path->empty()) continue;
    (void)books->loads.Add(name, *path, demand.traffic_class->queue(), demand.rate_bps,
                           demand.burst_bytes);
  }
}

}  // namespace

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
    const Links links{*working, *protect};
    HoldBandwidth(name, placement, *owner->second.demand, links, &books);
    HoldQueues(name, *owner->second.demand, links, &books);
  }
  return books;
}

DemandTakenOff::DemandTakenOff(const Snapshot& snapshot,
                               const std::map<std::string, stored::v1::Placement>& placements,
                               const PinnedDemand& demand, bool queues, PathBooks* books)
    : snapshot_(snapshot), placements_(placements), demand_(demand), books_(*books) {
  for (size_t leg = 0; leg < 2; ++leg) {
    held_[leg].bandwidth = books_.ledger.Remove(demand.policies[leg]);
    held_[leg].queues = queues && books_.loads.Remove(demand.policies[leg]);
  }
}

DemandTakenOff::~DemandTakenOff() {
  for (size_t leg = 0; leg < 2; ++leg) {
    if (!held_[leg].bandwidth && !held_[leg].queues) continue;
    const std::string& name = demand_.policies[leg];
    const stored::v1::Placement& placement = placements_.at(name);
    const Links links{*LinksOf(snapshot_, placement.working()),
                      *LinksOf(snapshot_, placement.protect())};
    if (held_[leg].bandwidth) HoldBandwidth(name, placement, demand_, links, &books_);
    if (held_[leg].queues) HoldQueues(name, demand_, links, &books_);
  }
}

}  // namespace waymark
