#include "controller/plan/pinned.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "controller/plan/placer.h"

namespace waymark {
namespace {

bool ComesBefore(const PinnedDemand& x, const PinnedDemand& y) {
  const auto key = [](const PinnedDemand& demand) {
    return std::tuple(-int64_t{demand.traffic_class->queue()}, demand.hold_priority,
                      -demand.constraints.bandwidth_bps);
  };
  return std::tuple_cat(key(x), std::tie(x.policies)) <
         std::tuple_cat(key(y), std::tie(y.policies));
}

void SortByOrderOfService(std::vector<PinnedDemand>* demands) {
  std::sort(demands->begin(), demands->end(), ComesBefore);
}

}  // namespace

PinnedBook::PinnedBook() = default;
PinnedBook::~PinnedBook() = default;

void PinnedBook::Forget() {
  may_change_ = false;
  placer_.reset();
  asked_.clear();
  input_.reset();
}

std::map<std::string, PlacedPolicy> PinnedBook::Place(PinnedInput input,
                                                      std::vector<MeshHold>* booked) {
  Forget();
  input_ = std::make_unique<PinnedInput>(std::move(input));
  SortByOrderOfService(&input_->demands);
  for (const PinnedDemand& demand : input_->demands) {
    asked_[demand.service].demands.push_back(&demand);
  }
  placer_ = std::make_unique<Placer>(*input_);
  placer_->Place();
  if (booked != nullptr) *booked = placer_->mesh_holds();
  return placer_->Result();
}

void PinnedBook::Stored() { may_change_ = placer_->Settled(); }

std::optional<PinnedChange> PinnedBook::Change(
    const std::map<std::string, stored::v1::Placement>& stored,
    std::map<std::string, std::vector<PinnedDemand>> asked) {
  std::vector<const PinnedDemand*> gone, come;
  PinnedChange change;
  std::map<std::string, Asked> now;
  for (auto& [service, demands] : asked) {
    if (const auto before = asked_.find(service); before != asked_.end()) {
      gone.insert(gone.end(), before->second.demands.begin(), before->second.demands.end());
    }
    if (demands.empty()) continue;
    Asked& asks = now[service];
    asks.own = std::move(demands);
    for (const PinnedDemand& demand : asks.own) asks.demands.push_back(&demand);
    come.insert(come.end(), asks.demands.begin(), asks.demands.end());
  }
  std::sort(come.begin(), come.end(),
            [](const PinnedDemand* x, const PinnedDemand* y) { return ComesBefore(*x, *y); });
  may_change_ = placer_->Change(stored, gone, come, &change);
  if (!may_change_) return std::nullopt;
  for (const PinnedDemand* demand : gone) {
    for (const std::string& policy : demand->policies) {
      if (!change.placed.contains(policy)) change.gone.push_back(policy);
    }
  }
  for (const auto& [service, demands] : asked) asked_.erase(service);
  for (auto& [service, asks] : now) asked_[service] = std::move(asks);
  return change;
}

std::map<std::string, PlacedPolicy> PlacePinned(PinnedInput input, std::vector<MeshHold>* booked) {
  SortByOrderOfService(&input.demands);
  Placer placer(input);
  placer.Place();
  if (booked != nullptr) *booked = placer.mesh_holds();
  return placer.Result();
}

std::optional<std::map<std::string, PlacedPolicy>> PlaceOneMore(PinnedInput input,
                                                                PinnedDemand more,
                                                                const std::function<bool()>& stop) {
  const std::array<std::string, 2> policies = more.policies;
  input.demands.push_back(std::move(more));
  input.explain = false;
  SortByOrderOfService(&input.demands);
  Placer placer(input, stop);
  placer.Place();
  if (placer.stopped()) return std::nullopt;
  std::map<std::string, PlacedPolicy> all = placer.Result();
  std::map<std::string, PlacedPolicy> its;
  for (const std::string& policy : policies) its.insert(all.extract(policy));
  return its;
}

Replacement ReplacePinned(PinnedInput input, const std::string& service, double min_gain_percent,
                          const std::function<bool()>& stop) {
  SortByOrderOfService(&input.demands);
  Placer placer(input, stop);
  placer.Place();
  Replacement replacement;
  replacement.moves = placer.Replace(service, min_gain_percent);
  replacement.stopped = placer.stopped();
  if (replacement.stopped) return replacement;
  replacement.placed = placer.Result();
  return replacement;
}

}  // namespace waymark
