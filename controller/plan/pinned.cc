#include "controller/plan/pinned.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "controller/plan/placer.h"

namespace waymark {
namespace {

void SortByOrderOfService(std::vector<PinnedDemand>* demands) {
  const auto key = [](const PinnedDemand& demand) {
    return std::tuple(-int64_t{demand.traffic_class->queue()}, demand.hold_priority,
                      -demand.constraints.bandwidth_bps);
  };
  std::sort(demands->begin(), demands->end(), [&](const PinnedDemand& x, const PinnedDemand& y) {
    return std::tuple_cat(key(x), std::tie(x.policies)) <
           std::tuple_cat(key(y), std::tie(y.policies));
  });
}

}  // namespace

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
