#include "controller/engine/path_books.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "controller/plan/demands.h"
#include "controller/plan/paths.h"
#include "controller/plan/service.h"

namespace waymark {
namespace {

using Placements = std::map<std::string, stored::v1::Placement>;

struct Links {
  std::vector<LinkId> working, protect;
};

// nullopt when it holds nothing.
std::optional<Links> HeldBy(const Snapshot& snapshot, const Placements& placements,
                            const std::string& policy) {
  const auto placement = placements.find(policy);
  if (placement == placements.end()) return std::nullopt;
  auto working = LinksOf(snapshot, placement->second.working());
  auto protect = LinksOf(snapshot, placement->second.protect());
  if (!working || !protect || working->empty()) return std::nullopt;
  return Links{*std::move(working), *std::move(protect)};
}

void HoldBandwidth(const std::string& name, const stored::v1::Placement& placement,
                   const PinnedDemand& demand, const Links& links, PathBooks* books) {
  (void)books->ledger.AddPair(name, {.working = links.working,
                                     .protect = links.protect,
                                     .bps = std::max<int64_t>(0, placement.reserved_bps()),
                                     .share_protect = placement.protect_shared(),
                                     .hold_priority = demand.hold_priority});
}

void HoldQueues(const std::string& name, const stored::v1::Placement& placement,
                const PinnedDemand& demand, const Links& links, bool guarded, PathBooks* books) {
  const auto hold = [&](const std::vector<LinkId>& path, const std::vector<int32_t>& risks) {
    if (path.empty()) return;
    (void)books->loads.AddShared(name, path, demand.traffic_class->queue(), demand.rate_bps,
                                 demand.burst_bytes, guarded ? demand.max_latency_ns : 0, risks);
  };
  hold(links.working, {});
  hold(links.protect,
       placement.protect_shared() ? books->ledger.RisksOf(links.working) : std::vector<int32_t>());
}

void Hold(const Snapshot& snapshot, const Placements& placements, const PinnedDemand& demand,
          const HeldParts& parts, bool guarded, PathBooks* books) {
  std::array<std::optional<Links>, 2> held;
  for (size_t leg = 0; leg < 2; ++leg) {
    held[leg] = HeldBy(snapshot, placements, demand.policies[leg]);
  }
  const bool together = held[0] && held[1] &&
                        ReversePath(snapshot, held[0]->working) == held[1]->working &&
                        ReversePath(snapshot, held[0]->protect) == held[1]->protect;
  for (size_t leg = 0; leg < 2; ++leg) {
    if (!held[leg]) continue;
    const std::string& name = demand.policies[together ? 0 : leg];
    const stored::v1::Placement& placement = placements.at(demand.policies[leg]);
    if (parts.bandwidth) HoldBandwidth(name, placement, demand, *held[leg], books);
    if (parts.queues) HoldQueues(name, placement, demand, *held[leg], guarded, books);
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
                  const std::map<std::string, stored::v1::Placement>& placements,
                  const GuaranteeRecords* guarantees) {
  PathBooks books{Ledger(snapshot), QueueLoads(snapshot)};
  for (const auto& [name, traffic_class] : intents.traffic_classes) {
    if (traffic_class.treatment() == v1::MESH) books.loads.MarkUnreserved(traffic_class.queue());
  }
  for (const auto& [name, owner] : owners) {
    if (owner.leg == 0) {
      Hold(snapshot, placements, *owner.demand, {true, true}, /*guarded=*/true, &books);
    }
  }
  while (const auto over = books.loads.OverLimit()) {
    const PinnedDemand& demand = *owners.at(*over).demand;
    books.unguarded.insert(demand.policies.begin(), demand.policies.end());
    for (const std::string& policy : demand.policies) books.loads.Remove(policy);
    Hold(snapshot, placements, demand, {.queues = true}, /*guarded=*/false, &books);
  }
  if (guarantees != nullptr) {
    for (const MeshHold& hold : StoredHolds(snapshot, *guarantees))
      BookAsBefore(hold, &books.ledger);
  }
  return books;
}

QueueLoads PinnedLoadsOf(const Snapshot& snapshot, const std::map<std::string, PolicyOwner>& owners,
                         const std::map<std::string, stored::v1::Placement>& placements) {
  PathBooks books{Ledger(snapshot), QueueLoads(snapshot)};
  for (const auto& [name, owner] : owners) {
    if (owner.leg != 0) continue;
    Hold(snapshot, placements, *owner.demand, {true, true}, /*guarded=*/false, &books);
  }
  return std::move(books.loads);
}

DemandTakenOff::DemandTakenOff(const Snapshot& snapshot,
                               const std::map<std::string, stored::v1::Placement>& placements,
                               const PinnedDemand& demand, bool queues, PathBooks* books)
    : snapshot_(snapshot), placements_(placements), demand_(demand), books_(*books) {
  for (const std::string& policy : demand.policies) {
    taken_.bandwidth |= books_.ledger.Remove(policy);
    taken_.queues |= queues && books_.loads.Remove(policy);
  }
}

DemandTakenOff::~DemandTakenOff() {
  Hold(snapshot_, placements_, demand_, taken_, !books_.unguarded.contains(demand_.policies[0]),
       &books_);
}

}  // namespace waymark
