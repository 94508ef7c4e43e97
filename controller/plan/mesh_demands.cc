#include "controller/plan/mesh_demands.h"

#include <algorithm>
#include <map>
#include <utility>

#include "controller/plan/demands.h"

namespace waymark {
namespace {

using ByClass = std::map<std::string, MeshClassDemand*>;

size_t PlaceOf(const MeshClassDemand& demand, const NodePair& pair) {
  return static_cast<size_t>(std::lower_bound(demand.pairs.begin(), demand.pairs.end(), pair) -
                             demand.pairs.begin());
}

double ElasticRate(const ResolvedService& service, const std::string& traffic_class) {
  for (const v1::ClassRate& rate : service.service->rates()) {
    if (rate.traffic_class() == traffic_class) {
      return static_cast<double>(std::max<int64_t>(0, rate.eir_bps()));
    }
  }
  return 0;
}

void AddPipes(const ResolvedService& service, const ByClass& classes) {
  for (const auto& [name, traffic_class] : service.classes) {
    const auto found = classes.find(name);
    if (found == classes.end()) continue;
    const double elastic = ElasticRate(service, name);
    if (elastic == 0 && service.CommittedRate(name, 1) == 0) continue;
    MeshClassDemand& demand = *found->second;
    for (const auto& [pair, count] : service.node_pairs) {
      const size_t at = PlaceOf(demand, pair);
      demand.committed[at] +=
          static_cast<double>(HeldRate(*traffic_class, service.CommittedRate(name, count)));
      demand.elastic[at] += elastic * static_cast<double>(count);
    }
  }
}

// Ingress of each site, spread over the others by what they receive; nobody receives more than he
// may.
std::map<NodePair, double> Gravity(const Hose& hose) {
  const auto talk = [](const HoseSite& a, const HoseSite& b) { return !(a.leaf && b.leaf); };
  std::map<NodePair, double> matrix;
  std::vector<double> received(hose.sites.size(), 0);
  const auto spread = [&](const auto& visit) {
    for (size_t i = 0; i < hose.sites.size(); ++i) {
      double others = 0;
      for (size_t j = 0; j < hose.sites.size(); ++j) {
        if (j != i && talk(hose.sites[i], hose.sites[j])) others += hose.sites[j].egress;
      }
      for (size_t j = 0; j < hose.sites.size() && others > 0; ++j) {
        if (j == i || !talk(hose.sites[i], hose.sites[j])) continue;
        visit(i, j, std::min(hose.sites[i].ingress, others) * (hose.sites[j].egress / others));
      }
    }
  };
  spread([&](size_t, size_t j, double rate) { received[j] += rate; });
  spread([&](size_t i, size_t j, double rate) {
    const HoseSite& from = hose.sites[i];
    const HoseSite& to = hose.sites[j];
    if (from.node == to.node || rate == 0) return;
    matrix[{static_cast<NodeId>(from.node), static_cast<NodeId>(to.node)}] +=
        rate * std::min(1.0, to.egress / received[j]);
  });
  return matrix;
}

void AddHose(const ResolvedService& service, const ByClass& classes) {
  const std::optional<ServiceHose> hose = HoseOf(service);
  if (!hose) return;
  const double share = 1.0 / static_cast<double>(hose->classes.size());
  for (const auto& [pair, rate] : Gravity(hose->hose)) {
    for (const v1::TrafficClass* traffic_class : hose->classes) {
      MeshClassDemand& demand = *classes.at(traffic_class->name());
      demand.committed[PlaceOf(demand, pair)] += rate * share;
    }
  }
}

}  // namespace

std::vector<MeshClassDemand> MeshDemandsOf(const ResolvedServices& resolved) {
  std::vector<MeshClassDemand> demands;
  for (MeshClassPairs& needed : MeshPairsOf(resolved)) {
    const size_t count = needed.pairs.size();
    demands.push_back({needed.traffic_class, std::move(needed.pairs), std::vector<double>(count, 0),
                       std::vector<double>(count, 0)});
  }
  std::stable_sort(demands.begin(), demands.end(),
                   [](const MeshClassDemand& a, const MeshClassDemand& b) {
                     return a.traffic_class->queue() > b.traffic_class->queue();
                   });
  ByClass classes;
  for (MeshClassDemand& demand : demands) classes[demand.traffic_class->name()] = &demand;
  for (const auto& [name, service] : resolved.services) {
    AddPipes(service, classes);
    AddHose(service, classes);
  }
  return demands;
}

std::optional<ServiceHose> HoseOf(const ResolvedService& service) {
  ServiceHose hose;
  for (const auto& [name, traffic_class] : service.classes) {
    if (traffic_class->treatment() != v1::PINNED) hose.classes.push_back(traffic_class);
  }
  bool stated = false;
  for (size_t i = 0; i < service.endpoints.size(); ++i) {
    const v1::ServiceEndpoint& endpoint = service.service->endpoints(static_cast<int>(i));
    const int64_t ingress = std::max<int64_t>(0, endpoint.ingress_bps());
    const int64_t egress = std::max<int64_t>(0, endpoint.egress_bps());
    stated = stated || ingress > 0 || egress > 0;
    hose.hose.sites.push_back({Index(service.endpoints[i].node), static_cast<double>(ingress),
                               static_cast<double>(egress), service.endpoints[i].leaf});
  }
  if (!stated || hose.classes.empty() || hose.hose.sites.size() > kMostHoseSites)
    return std::nullopt;
  return hose;
}

}  // namespace waymark
