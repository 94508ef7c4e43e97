#include "controller/plan/mesh_headend.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "controller/compute/mesh_paths.h"
#include "controller/plan/paths.h"

namespace waymark {
namespace {

// A route of one pair while it is being looked at.
struct Candidate {
  std::vector<LinkId> links;
  int32_t weight = 0;
  int64_t avoided = 0;  // places in gentle maintenance
};

bool ByWeight(const Candidate& a, const Candidate& b) { return a.weight < b.weight; }

std::vector<Candidate> Stored(const HeadendRoutes& stored, int32_t at) {
  std::vector<Candidate> routes;
  if (at < 0) return routes;
  const size_t demand = static_cast<size_t>(at);
  for (size_t i = stored.routes.first_route(demand); i < stored.routes.first_route(demand + 1);
       ++i) {
    routes.push_back({LinkIdsOf(stored.routes.links(i)), stored.routes.weight(i)});
  }
  return routes;
}

}  // namespace

class MeshHeadendPlanner::Impl {
 public:
  Impl(const PlanInput& input, const LinkState& link_state, const MeshCodec& codec,
       const v1::TrafficClass& traffic_class)
      : input_(input),
        snapshot_(input.snapshot),
        codec_(codec),
        traffic_class_(traffic_class),
        constraints_(MeshConstraintsOf(traffic_class)),
        environment_{.link_state = &link_state},
        probed_(snapshot_, constraints_, Probed(environment_)),
        any_(snapshot_, constraints_, environment_),
        max_paths_(MeshPathLimit(traffic_class)) {}

  MeshHeadend Plan(NodeId from, std::vector<NodeId> endpoints, MeshChanges* changes) {
    const std::string key = MeshRoutesKey(traffic_class_.name(), snapshot_.node(from).name);
    const stored::v1::MeshRoutes* record = nullptr;
    if (input_.mesh_routes != nullptr) {
      const auto found = input_.mesh_routes->find(key);
      if (found != input_.mesh_routes->end()) record = &found->second;
    }
    const HeadendRoutes stored = record == nullptr ? HeadendRoutes() : codec_.Decode(*record);
    std::vector<int32_t> place(snapshot_.nodes().size(), -1);  // in `stored`, by endpoint
    for (size_t i = 0; i < stored.endpoints.size(); ++i) {
      place[Index(stored.endpoints[i])] = static_cast<int32_t>(i);
    }
    probed_costs_.clear();
    any_costs_.clear();
    plan_ = MeshHeadend();
    std::vector<int32_t> links;
    for (size_t i = 0; i < endpoints.size(); ++i) {
      const NodePair pair(from, endpoints[i]);
      for (const Candidate& route : RoutesOf(pair, Stored(stored, place[Index(pair.second)]), i)) {
        links.clear();
        for (const LinkId link : route.links) links.push_back(Index(link));
        plan_.routes.AddRoute(links, route.weight);
      }
      plan_.routes.EndDemand();
    }
    stored::v1::MeshRoutes encoded = codec_.Encode({endpoints, plan_.routes});
    plan_.endpoints = std::move(endpoints);
    if (record == nullptr || !SameRoutes(*record, encoded)) {
      if (encoded.endpoints_size() > 0) {
        (*changes)[key] = std::move(encoded);
      } else if (record != nullptr) {
        (*changes)[key] = std::nullopt;
      }
    }
    return std::move(plan_);
  }

 private:
  static SearchGraph::Environment Probed(SearchGraph::Environment environment) {
    // Paths whose probes can come back are preferred to those that must go unprobed.
    environment.corouted = true;
    return environment;
  }

  // Meets every constraint and is up.
  bool Stands(const NodePair& pair, Candidate* route) const {
    for (const LinkId link : route->links) {
      if (!any_.LinkUsable(link)) return false;
    }
    if (!IsSimplePath(snapshot_, route->links, pair.first, pair.second)) return false;
    const Metric metric = any_.PathMetric(route->links);
    route->avoided = metric.cost / kAvoidCost;
    return metric.delay_ns <= any_.max_delay_ns() && metric.hops <= any_.max_hops();
  }

  std::vector<Candidate> RoutesOf(const NodePair& pair, std::vector<Candidate> stored,
                                  size_t number) {
    int32_t lost = 0;
    bool avoids = false;
    std::vector<Candidate> kept;
    for (Candidate& route : stored) {
      if (Stands(pair, &route)) {
        avoids = avoids || route.avoided > 0;
        kept.push_back(std::move(route));
      } else {
        lost += route.weight;
      }
    }
    // The class allows fewer than it did.
    while (kept.size() > static_cast<size_t>(max_paths_)) {
      const auto least = std::min_element(kept.rbegin(), kept.rend(), ByWeight);
      lost += least->weight;
      kept.erase(std::next(least).base());
    }
    if (!kept.empty() && lost == 0 && !avoids) return kept;
    return Mend(pair, std::move(kept), lost, number);
  }

  MeshResult Found(const SearchGraph& graph, const NodePair& pair,
                   std::vector<PathCost>* costs) const {
    if (costs->empty()) *costs = CostsFrom(graph, pair.first);
    return MeshPaths(graph, *costs, pair.first, pair.second, max_paths_);
  }

  // Gives what is lost to what is found.
  std::vector<Candidate> Mend(const NodePair& pair, std::vector<Candidate> kept, int32_t lost,
                              size_t number) {
    plan_.searched = true;
    MeshResult found = Found(probed_, pair, &probed_costs_);
    if (found.paths.empty()) found = Found(any_, pair, &any_costs_);
    if (found.paths.empty()) {
      // The search is exact, but may end early where bounds are hard to meet: what stands, stands.
      if (kept.empty()) plan_.blocked.emplace(number, Why(pair));
      return kept;
    }
    const int64_t least = found.paths.front().path.avoided();
    std::erase_if(kept, [&](const Candidate& route) {
      if (route.avoided <= least) return false;
      lost += route.weight;
      return true;
    });
    if (kept.empty()) {
      for (MeshPath& path : found.paths) kept.push_back({std::move(path.path.links), path.weight});
      return kept;
    }
    if (lost == 0 || kept.size() >= static_cast<size_t>(max_paths_)) return kept;
    for (MeshPath& path : found.paths) {
      const bool known = std::any_of(kept.begin(), kept.end(), [&](const Candidate& route) {
        return route.links == path.path.links;
      });
      if (known) continue;
      kept.push_back({std::move(path.path.links), lost});
      break;
    }
    return kept;
  }

  Refusal Why(const NodePair& pair) const {
    return ExplainRefusal(snapshot_, constraints_, environment_, snapshot_.node(pair.first).name,
                          snapshot_.node(pair.second).name);
  }

  const PlanInput& input_;
  const Snapshot& snapshot_;
  const MeshCodec& codec_;
  const v1::TrafficClass& traffic_class_;
  const PathConstraints constraints_;
  const SearchGraph::Environment environment_;
  const SearchGraph probed_, any_;
  const int max_paths_;
  // From the headend that is planned; empty until a search needs them.
  std::vector<PathCost> probed_costs_, any_costs_;
  MeshHeadend plan_;
};

MeshHeadendPlanner::MeshHeadendPlanner(const PlanInput& input, const LinkState& link_state,
                                       const MeshCodec& codec,
                                       const v1::TrafficClass& traffic_class)
    : impl_(std::make_unique<Impl>(input, link_state, codec, traffic_class)) {}

MeshHeadendPlanner::~MeshHeadendPlanner() = default;

MeshHeadend MeshHeadendPlanner::Plan(NodeId from, std::vector<NodeId> endpoints,
                                     MeshChanges* changes) {
  return impl_->Plan(from, std::move(endpoints), changes);
}

}  // namespace waymark
