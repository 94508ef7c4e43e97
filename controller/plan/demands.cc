#include "controller/plan/demands.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace waymark {

int64_t HeldRate(const v1::TrafficClass& traffic_class, int64_t committed_bps) {
  const double factor = traffic_class.oversubscription();
  if (!(factor > 1)) return committed_bps;
  return static_cast<int64_t>(std::ceil(static_cast<double>(committed_bps) / factor));
}

int HoldPriority(const v1::TrafficClass& traffic_class) {
  if (!traffic_class.has_hold_priority()) return 0;
  return static_cast<int>(std::min<uint32_t>(traffic_class.hold_priority(), kWeakestPriority));
}

namespace {

PinnedDemand DemandOf(const Snapshot& snapshot, const ResolvedService& service,
                      const v1::TrafficClass& traffic_class, NodeId a, NodeId b,
                      int64_t endpoint_pairs) {
  const uint32_t color = service.ColorOf(traffic_class);
  const std::string& from = snapshot.node(a).name;
  const std::string& to = snapshot.node(b).name;
  PinnedDemand demand;
  demand.a = a;
  demand.b = b;
  demand.policies = {PolicyName(from, color, to), PolicyName(to, color, from)};
  demand.service = service.service->name();
  demand.traffic_class = &traffic_class;
  demand.rate_bps = service.CommittedRate(traffic_class.name(), endpoint_pairs);
  demand.burst_bytes = service.BurstBytes(traffic_class.name(), endpoint_pairs);
  demand.constraints = ConstraintsOf(traffic_class, HeldRate(traffic_class, demand.rate_bps));
  demand.hold_priority = HoldPriority(traffic_class);
  // RFC 3209 section 4.7.3: a setup priority stronger than the hold priority would let two take the
  // same bandwidth from each other for ever.
  demand.constraints.setup_priority =
      std::max(demand.constraints.setup_priority, demand.hold_priority);
  demand.share_protect = traffic_class.protect_bandwidth() == v1::SHARED;
  demand.availability_target = traffic_class.availability_target();
  demand.max_latency_ns = std::max<int64_t>(0, traffic_class.max_latency_ns());
  return demand;
}

}  // namespace

LinkState LinkStateOf(const PlanInput& input) {
  const Snapshot& snapshot = input.snapshot;
  LinkState state(snapshot);
  for (const std::string& name : input.links_down) {
    if (const auto link = snapshot.FindLink(name)) state.SetDown(*link);
  }
  for (size_t i = 0; i < snapshot.links().size(); ++i) {
    const LinkInfo& link = snapshot.links()[i];
    if (link.adjacency_sid == 0 || snapshot.node(link.source).node_sid == 0 ||
        snapshot.node(link.target).node_sid == 0) {
      state.SetDown(static_cast<LinkId>(i));
    }
  }
  state.SpreadToReverse(snapshot);
  return state;
}

std::vector<PinnedDemand> PinnedDemandsOf(const Snapshot& snapshot,
                                          const ResolvedService& service) {
  std::vector<PinnedDemand> demands;
  for (const auto& [class_name, traffic_class] : service.classes) {
    if (traffic_class->treatment() != v1::PINNED) continue;
    for (const auto& [pair, count] : service.node_pairs) {
      // Both ways are one demand.
      if (pair.first > pair.second) continue;
      demands.push_back(
          DemandOf(snapshot, service, *traffic_class, pair.first, pair.second, count));
    }
  }
  return demands;
}

PinnedInput PinnedInputOf(const PlanInput& input, const ResolvedServices& resolved,
                          const LinkState& link_state) {
  PinnedInput pinned = {
      input.snapshot, link_state, input.placements, {}, 0, input.options.pinned_probe_interval_us};
  if (input.guarantees != nullptr) {
    pinned.mesh_holds = StoredHolds(input.snapshot, *input.guarantees);
  }
  for (const auto& [name, traffic_class] : input.intents.traffic_classes) {
    if (traffic_class.treatment() == v1::MESH) {
      pinned.unreserved_queue = std::max(pinned.unreserved_queue, traffic_class.queue());
    }
  }
  for (const auto& [name, service] : resolved.services) {
    for (PinnedDemand& demand : PinnedDemandsOf(input.snapshot, service)) {
      pinned.demands.push_back(std::move(demand));
    }
  }
  return pinned;
}

stored::v1::Placement PlacementOf(const Snapshot& snapshot, const PlacedPolicy& placed) {
  stored::v1::Placement placement;
  for (const LinkId link : placed.working) placement.add_working(snapshot.link(link).name);
  for (const LinkId link : placed.protect) placement.add_protect(snapshot.link(link).name);
  placement.set_reserved_bps(placed.reserved_bps);
  placement.set_protect_shared(placed.share_protect);
  return placement;
}

}  // namespace waymark
