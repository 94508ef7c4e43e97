#include "controller/plan/guarantee_asked.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "controller/compute/latency.h"
#include "controller/plan/demands.h"
#include "controller/plan/fingerprint.h"

namespace waymark {
namespace {

const MeshClassPlan* ClassOf(const PlannedMesh& mesh, const v1::TrafficClass* traffic_class) {
  for (const MeshClassPlan& one : mesh.classes) {
    if (one.traffic_class == traffic_class) return &one;
  }
  return nullptr;
}

// Its number among the class's pairs, which must have it.
size_t PlaceOf(const MeshClassPlan& planned, const NodePair& pair) {
  return static_cast<size_t>(std::lower_bound(planned.pairs.begin(), planned.pairs.end(), pair) -
                             planned.pairs.begin());
}

double ShareOn(const MeshClassPlan& one, size_t at, int32_t link) {
  double on = 0, total = 0;
  for (size_t i = one.routes.first_route(at); i < one.routes.first_route(at + 1); ++i) {
    const auto links = one.routes.links(i);
    total += one.routes.weight(i);
    if (std::find(links.begin(), links.end(), link) != links.end()) on += one.routes.weight(i);
  }
  return total == 0 ? 0 : on / total;
}

}  // namespace

bool StatesMeshRates(const ResolvedService& service) {
  return HoseOf(service) ||
         std::any_of(service.classes.begin(), service.classes.end(), [&](const auto& entry) {
           return entry.second->treatment() != v1::PINNED &&
                  HeldRate(*entry.second, service.CommittedRate(entry.first, 1)) > 0;
         });
}

GuaranteeAsked::GuaranteeAsked(const Snapshot& snapshot, const ResolvedService& service,
                               const PlannedMesh& mesh)
    : snapshot_(snapshot), service_(service), hose_(HoseOf(service)) {
  for (const auto& [name, traffic_class] : service.classes) {
    if (traffic_class->treatment() == v1::PINNED) continue;
    classes_.push_back(ClassOf(mesh, traffic_class));
  }
}

uint32_t GuaranteeAsked::queue() const {
  uint32_t strongest = 0;
  for (const MeshClassPlan* one : classes_) {
    strongest = std::max(strongest, one->traffic_class->queue());
  }
  return strongest;
}

int64_t GuaranteeAsked::Pipe(const MeshClassPlan& one, int64_t endpoint_pairs) const {
  return HeldRate(*one.traffic_class,
                  service_.CommittedRate(one.traffic_class->name(), endpoint_pairs));
}

uint64_t GuaranteeAsked::Print() const {
  Fingerprint print;
  if (hose_) {
    for (const HoseSite& site : hose_->hose.sites) {
      print.Add(uint64_t{snapshot_.node(static_cast<NodeId>(site.node)).node_sid});
      print.Add(site.ingress);
      print.Add(site.egress);
      print.AddByte(site.leaf ? 1 : 0);
    }
  }
  for (const MeshClassPlan* one : classes_) {
    print.Add(one->traffic_class->name());
    for (const auto& [pair, count] : service_.node_pairs) {
      print.Add(static_cast<uint64_t>(Pipe(*one, count)));
      const size_t at = PlaceOf(*one, pair);
      for (size_t i = one->routes.first_route(at); i < one->routes.first_route(at + 1); ++i) {
        print.Add(static_cast<uint64_t>(one->routes.weight(i)));
        for (const int32_t link : one->routes.links(i)) {
          print.Add(uint64_t{snapshot_.link(static_cast<LinkId>(link)).adjacency_sid});
        }
      }
    }
  }
  return std::max<uint64_t>(1, print.value());
}

std::vector<LinkHold> GuaranteeAsked::Loads(std::string* missing) const {
  std::vector<double> load(snapshot_.links().size(), 0);
  AddPipes(&load, missing);
  if (hose_) {
    const std::vector<HoseRoutes> routes = Routes();
    HoseLoader loader;
    for (const HoseLinkLoad& one : loader.Load(hose_->hose, routes)) load[one.link] += one.load;
    for (const HosePair& pair : loader.unrouted()) {
      NoteMissing({static_cast<NodeId>(pair.from), static_cast<NodeId>(pair.to)}, missing);
    }
  }
  std::vector<LinkHold> holds;
  for (size_t i = 0; i < load.size(); ++i) {
    // What no ledger could hold anyway.
    const int64_t bps = WholeHoseLoad(std::min(load[i], 1e18));
    if (bps > 0) holds.push_back({static_cast<LinkId>(i), bps});
  }
  return holds;
}

std::vector<GuaranteeTraffic> GuaranteeAsked::WorstMatrix(LinkId link) const {
  std::vector<GuaranteeTraffic> matrix;
  if (hose_) {
    const std::vector<HoseRoutes> routes = Routes();
    HoseLoader loader;
    loader.Load(hose_->hose, routes);
    for (const HoseTraffic& one : loader.WorstMatrix(Index(link))) {
      matrix.push_back({{static_cast<NodeId>(one.pair.from), static_cast<NodeId>(one.pair.to)},
                        one.rate,
                        one.share});
    }
  }
  ForEachPipe([&](const MeshClassPlan& one, const NodePair& pair, double rate) {
    const double share = ShareOn(one, PlaceOf(one, pair), Index(link));
    if (share > 0) matrix.push_back({pair, rate, share});
  });
  std::sort(matrix.begin(), matrix.end(), [](const GuaranteeTraffic& a, const GuaranteeTraffic& b) {
    return std::pair(-a.rate * a.share, a.pair) < std::pair(-b.rate * b.share, b.pair);
  });
  return matrix;
}

std::map<NodePair, int64_t> GuaranteeAsked::Latencies(const HopDelay& hop) const {
  std::map<NodePair, int64_t> latencies;
  for (const MeshClassPlan* one : classes_) {
    for (const auto& [pair, count] : service_.node_pairs) {
      const size_t at = PlaceOf(*one, pair);
      for (size_t i = one->routes.first_route(at); i < one->routes.first_route(at + 1); ++i) {
        int64_t latency = 0;
        for (const int32_t link : one->routes.links(i)) {
          const LinkId id = static_cast<LinkId>(link);
          latency += snapshot_.link(id).delay_ns + hop(id, one->traffic_class->queue());
        }
        int64_t& most = latencies[pair];
        most = std::max(most, latency);
      }
    }
  }
  return latencies;
}

template <typename Visit>
void GuaranteeAsked::ForEachPipe(const Visit& visit) const {
  for (const MeshClassPlan* one : classes_) {
    for (const auto& [pair, count] : service_.node_pairs) {
      const int64_t rate = Pipe(*one, count);
      if (rate > 0) visit(*one, pair, static_cast<double>(rate));
    }
  }
}

void GuaranteeAsked::AddPipes(std::vector<double>* load, std::string* missing) const {
  ForEachPipe([&](const MeshClassPlan& one, const NodePair& pair, double rate) {
    const size_t at = PlaceOf(one, pair);
    const size_t first = one.routes.first_route(at), end = one.routes.first_route(at + 1);
    if (first == end) NoteMissing(pair, missing);
    double total = 0;
    for (size_t i = first; i < end; ++i) total += one.routes.weight(i);
    for (size_t i = first; i < end; ++i) {
      for (const int32_t link : one.routes.links(i)) {
        (*load)[link] += rate * one.routes.weight(i) / total;
      }
    }
  });
}

void GuaranteeAsked::NoteMissing(const NodePair& pair, std::string* missing) const {
  if (!missing->empty()) return;
  *missing = absl::StrCat("no route from ", snapshot_.node(pair.first).name, " to ",
                          snapshot_.node(pair.second).name);
}

std::vector<HoseRoutes> GuaranteeAsked::Routes() const {
  std::vector<HoseRoutes> all;
  for (const MeshClassPlan* one : classes_) {
    all.push_back([one](int32_t from, int32_t to, std::vector<HoseRoute>& routes) {
      const size_t at = PlaceOf(*one, {static_cast<NodeId>(from), static_cast<NodeId>(to)});
      for (size_t i = one->routes.first_route(at); i < one->routes.first_route(at + 1); ++i) {
        routes.push_back({one->routes.links(i), one->routes.weight(i)});
      }
    });
  }
  return all;
}

}  // namespace waymark
