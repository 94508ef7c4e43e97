#include "controller/plan/pinned.h"

#include <algorithm>
#include <tuple>

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

std::map<std::string, PlacedPolicy> PlacePinned(PinnedInput input) {
  SortByOrderOfService(&input.demands);
  Placer placer(input);
  placer.Place();
  return placer.Result();
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
