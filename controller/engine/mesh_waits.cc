#include "controller/engine/mesh_waits.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/plan/demands.h"
#include "controller/plan/mesh_demands.h"

namespace waymark {
namespace {

// No policy has such a name.
constexpr char kMesh[] = "mesh";
constexpr double kMostBurstBytes = 1e9;

const v1::ClassRate* RateOf(const ResolvedService& service, const std::string& traffic_class) {
  for (const v1::ClassRate& rate : service.service->rates()) {
    if (rate.traffic_class() == traffic_class) return &rate;
  }
  return nullptr;
}

// Why a class of the service may carry more than it is promised; empty: it may not.
std::string OpenFor(const ResolvedService& service, const v1::TrafficClass& traffic_class,
                    bool hose) {
  const v1::ClassRate* rate = RateOf(service, traffic_class.name());
  const std::string who =
      absl::StrCat(service.service->name(), " may send in ", traffic_class.name());
  if (rate != nullptr && rate->eir_bps() > 0) return who + " an excess rate";
  const int64_t committed = service.CommittedRate(traffic_class.name(), 1);
  if (HeldRate(traffic_class, committed) < committed) {
    return who + " more than is held for it, by its oversubscription";
  }
  return hose || committed > 0 ? "" : who + " without a rate";
}

// What the sites of a node send and receive, in bursts.
std::map<NodeId, double> BurstsOf(const ResolvedService& service) {
  std::map<NodeId, double> bursts;
  for (size_t i = 0; i < service.endpoints.size(); ++i) {
    const v1::ServiceEndpoint& endpoint = service.service->endpoints(static_cast<int>(i));
    for (const int64_t rate : {endpoint.ingress_bps(), endpoint.egress_bps()}) {
      if (rate > 0) bursts[service.endpoints[i].node] += static_cast<double>(BurstBytes(0, rate));
    }
  }
  return bursts;
}

size_t PlaceOf(const MeshClassPlan& planned, const NodePair& pair) {
  return static_cast<size_t>(std::lower_bound(planned.pairs.begin(), planned.pairs.end(), pair) -
                             planned.pairs.begin());
}

// Links of all routes of a pair, each once.
template <typename Visit>
void ForEachLink(const MeshClassPlan& planned, const NodePair& pair, const Visit& visit) {
  const size_t at = PlaceOf(planned, pair);
  std::set<int32_t> links;
  for (size_t i = planned.routes.first_route(at); i < planned.routes.first_route(at + 1); ++i) {
    const auto route = planned.routes.links(i);
    links.insert(route.begin(), route.end());
  }
  for (const int32_t link : links) visit(link);
}

}  // namespace

MeshWaits::MeshWaits(const Snapshot& snapshot, const ResolvedServices& resolved,
                     const PlannedMesh& mesh, const std::vector<MeshHold>& holds, QueueLoads pinned)
    : snapshot_(snapshot), loads_(std::move(pinned)) {
  for (std::vector<Sent>& links : sent_) links.resize(snapshot.links().size());
  // Best effort is everybody's.
  NoBound(0, "queue 0 is open to all");
  for (const MeshHold& hold : holds) AddService(resolved.services.at(hold.service), mesh, hold);
  Settle(mesh);
}

void MeshWaits::NoBound(uint32_t queue, const std::string& why) {
  for (uint32_t q = 0; q <= std::min(queue, kQueues - 1); ++q) {
    if (unknown_[q].empty()) unknown_[q] = why;
  }
}

void MeshWaits::AddService(const ResolvedService& service, const PlannedMesh& mesh,
                           const MeshHold& hold) {
  const bool hose = HoseOf(service).has_value();
  uint32_t strongest = 0;
  std::vector<const MeshClassPlan*> classes;
  for (const MeshClassPlan& one : mesh.classes) {
    const auto own = service.classes.find(one.traffic_class->name());
    if (own == service.classes.end() || own->second != one.traffic_class) continue;
    classes.push_back(&one);
    const uint32_t queue = std::min(one.traffic_class->queue(), kQueues - 1);
    strongest = std::max(strongest, queue);
    if (const std::string why = OpenFor(service, *one.traffic_class, hose); !why.empty()) {
      NoBound(queue, why);
    }
  }
  std::vector<Sent>& sent = sent_[strongest];
  for (const LinkHold& one : hold.wanted) {
    sent[static_cast<size_t>(Index(one.link))].rate_bps += static_cast<double>(one.bps);
  }
  const std::map<NodeId, double> bursts = hose ? BurstsOf(service) : std::map<NodeId, double>();
  std::map<int32_t, std::set<NodeId>> nodes;  // by link: those whose sites' frames meet there
  for (const MeshClassPlan* one : classes) {
    const std::string& name = one->traffic_class->name();
    for (const auto& between : service.node_pairs) {
      const NodePair& pair = between.first;
      const int64_t count = between.second;
      const int64_t rate = service.CommittedRate(name, count);
      const double pipe =
          rate <= 0 ? 0 : static_cast<double>(BurstBytes(service.BurstBytes(name, count), rate));
      ForEachLink(*one, pair, [&](int32_t link) {
        sent[static_cast<size_t>(link)].burst_bytes += pipe;
        for (const NodeId node : {pair.first, pair.second}) {
          const auto burst = bursts.find(node);
          if (burst == bursts.end() || !nodes[link].insert(node).second) continue;
          sent[static_cast<size_t>(link)].burst_bytes += burst->second;
        }
      });
    }
  }
}

bool MeshWaits::Load(const std::vector<int64_t>& upstream) {
  loads_.Remove(kMesh);
  for (uint32_t queue = kQueues - 1; queue > 0; --queue) {
    for (size_t i = 0; i < sent_[queue].size(); ++i) {
      const Sent& sent = sent_[queue][i];
      if (sent.rate_bps <= 0) continue;
      const LinkId link = static_cast<LinkId>(i);
      const double burst =
          sent.burst_bytes + sent.rate_bps / 8 * (static_cast<double>(upstream[i]) * 1e-9);
      if (burst > kMostBurstBytes ||
          !loads_
               .Add(kMesh, std::span(&link, 1), queue, static_cast<int64_t>(sent.rate_bps),
                    static_cast<int64_t>(burst) + 1)
               .ok()) {
        NoBound(queue,
                absl::StrCat("bursts could grow without end before ", snapshot_.link(link).name));
        return false;
      }
    }
  }
  return true;
}

void MeshWaits::Settle(const PlannedMesh& mesh) {
  const size_t count = snapshot_.links().size();
  std::vector<int64_t> upstream(count, 0);
  for (int round = 0; round < kMostRounds; ++round) {
    if (!Load(upstream)) return;
    std::vector<int64_t> next(count, 0);
    for (const MeshClassPlan& one : mesh.classes) {
      const uint32_t queue = std::min(one.traffic_class->queue(), kQueues - 1);
      if (!unknown(queue).empty()) continue;
      std::vector<int64_t> budgets(count, -1);
      for (size_t i = 0; i < one.routes.route_count() && unknown(queue).empty(); ++i) {
        int64_t before = 0;
        for (const int32_t link : one.routes.links(i)) {
          next[link] = std::max(next[link], before);
          if (budgets[link] < 0) {
            const auto budget = loads_.HopBudget(static_cast<LinkId>(link), queue);
            if (!budget) {
              NoBound(queue, absl::StrCat("queue ", queue, " of ",
                                          snapshot_.link(static_cast<LinkId>(link)).name,
                                          " has no room for all that may be sent"));
              break;
            }
            budgets[link] = *budget;
          }
          before += budgets[link];
        }
      }
    }
    if (next == upstream) return;
    upstream = std::move(next);
  }
  NoBound(kQueues - 1, "what waits in queues adds to itself around the network");
}

int64_t MeshWaits::HopWait(LinkId link, uint32_t queue) const {
  queue = std::min(queue, kQueues - 1);
  if (!unknown(queue).empty()) return kForwardingDelayNs;
  return loads_.HopWait(link, queue).value_or(kForwardingDelayNs);
}

}  // namespace waymark
