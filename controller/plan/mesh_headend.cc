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

std::vector<Candidate> Stored(const MeshRoutes& stored, int32_t at) {
  std::vector<Candidate> routes;
  if (at < 0) return routes;
  const size_t demand = static_cast<size_t>(at);
  for (size_t i = stored.first_route(demand); i < stored.first_route(demand + 1); ++i) {
    routes.push_back({LinkIdsOf(stored.links(i)), stored.weight(i)});
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
        probed_{.graph = SearchGraph(snapshot_, constraints_, Probed(environment_))},
        any_{.graph = SearchGraph(snapshot_, constraints_, environment_)},
        max_paths_(MeshPathLimit(traffic_class)) {}

  MeshHeadend Plan(NodeId from, std::vector<NodeId> endpoints, MeshChanges* changes) {
    const stored::v1::MeshRoutes* record = RecordOf(from);
    const HeadendRoutes stored = record == nullptr ? HeadendRoutes() : codec_.Decode(*record);
    const std::vector<int32_t> place = PlacesOf(stored.endpoints);
    Begin();
    for (const NodeId endpoint : endpoints) {
      Seek({from, endpoint}, Stored(stored.routes, place[Index(endpoint)]));
    }
    return End(from, std::move(endpoints), changes);
  }

  MeshHeadend Replan(NodeId from, std::vector<NodeId> endpoints, const MeshHeadend& before,
                     const std::vector<bool>& again, std::vector<bool>* kept,
                     MeshChanges* changes) {
    const std::vector<int32_t> place = PlacesOf(before.endpoints);
    std::vector<bool> unsettled(before.endpoints.size());
    for (const size_t number : before.unsettled) unsettled[number] = true;
    kept->assign(endpoints.size(), false);
    Begin();
    for (size_t i = 0; i < endpoints.size(); ++i) {
      const int32_t at = place[Index(endpoints[i])];
      if (at < 0 || again[static_cast<size_t>(at)]) {
        Seek({from, endpoints[i]}, Stored(before.routes, at));
      } else {
        (*kept)[i] = true;
        Keep(before, static_cast<size_t>(at), unsettled[static_cast<size_t>(at)]);
      }
    }
    return End(from, std::move(endpoints), changes);
  }

 private:
  static SearchGraph::Environment Probed(SearchGraph::Environment environment) {
    // Paths whose probes can come back are preferred to those that must go unprobed.
    environment.corouted = true;
    return environment;
  }

  const stored::v1::MeshRoutes* RecordOf(NodeId from) const {
    if (input_.mesh_routes == nullptr) return nullptr;
    const auto found = input_.mesh_routes->find(KeyOf(from));
    return found == input_.mesh_routes->end() ? nullptr : &found->second;
  }

  std::string KeyOf(NodeId from) const {
    return MeshRoutesKey(traffic_class_.name(), snapshot_.node(from).name);
  }

  // By node, its number among the endpoints; -1: none.
  std::vector<int32_t> PlacesOf(const std::vector<NodeId>& endpoints) const {
    std::vector<int32_t> place(snapshot_.nodes().size(), -1);
    for (size_t i = 0; i < endpoints.size(); ++i) {
      place[Index(endpoints[i])] = static_cast<int32_t>(i);
    }
    return place;
  }

  void Begin() {
    probed_.costs.clear();
    any_.costs.clear();
    plan_ = MeshHeadend();
  }

  // The routes of the next endpoint: those that stand and those that are found.
  void Seek(const NodePair& pair, std::vector<Candidate> stored) {
    const size_t number = plan_.routes.demand_count();
    const std::vector<Candidate> routes = RoutesOf(pair, std::move(stored), number);
    bool settled = !routes.empty();
    for (const Candidate& route : routes) {
      links_.clear();
      for (const LinkId link : route.links) links_.push_back(Index(link));
      plan_.routes.AddRoute(links_, route.weight);
      settled = settled && any_.graph.PathMetric(route.links).cost < kAvoidCost;
    }
    plan_.routes.EndDemand();
    if (!settled) plan_.unsettled.push_back(number);
  }

  // The routes of the next endpoint: those that it has.
  void Keep(const MeshHeadend& before, size_t at, bool unsettled) {
    const size_t number = plan_.routes.demand_count();
    for (size_t i = before.routes.first_route(at); i < before.routes.first_route(at + 1); ++i) {
      plan_.routes.AddRoute(before.routes.links(i), before.routes.weight(i));
    }
    plan_.routes.EndDemand();
    if (!unsettled) return;
    plan_.unsettled.push_back(number);
    if (const auto why = before.blocked.find(at); why != before.blocked.end()) {
      plan_.blocked.emplace(number, why->second);
    }
  }

  MeshHeadend End(NodeId from, std::vector<NodeId> endpoints, MeshChanges* changes) {
    plan_.endpoints = std::move(endpoints);
    const stored::v1::MeshRoutes* record = RecordOf(from);
    if (record != nullptr && codec_.Says(*record, plan_.endpoints, plan_.routes)) {
      return std::move(plan_);
    }
    stored::v1::MeshRoutes encoded = codec_.Encode(plan_.endpoints, plan_.routes);
    if (encoded.endpoints_size() > 0) {
      (*changes)[KeyOf(from)] = std::move(encoded);
    } else if (record != nullptr) {
      (*changes)[KeyOf(from)] = std::nullopt;
    }
    return std::move(plan_);
  }

  // Meets every constraint and is up.
  bool Stands(const NodePair& pair, Candidate* route) const {
    for (const LinkId link : route->links) {
      if (!any_.graph.LinkUsable(link)) return false;
    }
    if (!IsSimplePath(snapshot_, route->links, pair.first, pair.second)) return false;
    const Metric metric = any_.graph.PathMetric(route->links);
    route->avoided = metric.cost / kAvoidCost;
    return metric.delay_ns <= any_.graph.max_delay_ns() && metric.hops <= any_.graph.max_hops();
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

  // A graph, with what is searched for in it from the headend that is planned.
  struct Searched {
    const SearchGraph graph;
    AnotherMeshPath another{graph};
    std::vector<PathCost> costs;  // empty until a search needs them

    std::span<const PathCost> CostsOf(NodeId from) {
      if (costs.empty()) costs = CostsFrom(graph, from);
      return costs;
    }
  };

  // Gives what is lost to what is found.
  std::vector<Candidate> Mend(const NodePair& pair, std::vector<Candidate> kept, int32_t lost,
                              size_t number) {
    Searched* where = &probed_;
    PathResult least = Least(pair, where);
    if (least.outcome != Outcome::kFound) {
      where = &any_;
      least = Least(pair, where);
    }
    if (least.outcome != Outcome::kFound) {
      // The search is exact, but may end early where bounds are hard to meet: what stands, stands.
      if (kept.empty()) plan_.blocked.emplace(number, Why(pair));
      return kept;
    }
    std::erase_if(kept, [&](const Candidate& route) {
      if (route.avoided <= least.path.avoided()) return false;
      lost += route.weight;
      return true;
    });
    if (kept.empty()) {
      MeshResult found =
          MeshPaths(where->graph, where->CostsOf(pair.first), pair.first, pair.second, max_paths_);
      for (MeshPath& path : found.paths) kept.push_back({std::move(path.path.links), path.weight});
      return kept;
    }
    if (lost == 0 || kept.size() >= static_cast<size_t>(max_paths_)) return kept;
    std::vector<std::vector<LinkId>> used;
    for (const Candidate& route : kept) used.push_back(route.links);
    auto another =
        where->another.Find(where->CostsOf(pair.first), pair.first, pair.second, least.path, used);
    if (another) kept.push_back({std::move(another->links), lost});
    return kept;
  }

  static PathResult Least(const NodePair& pair, Searched* where) {
    return CheapestPathLedBy(where->CostsOf(pair.first), where->graph, pair.first, pair.second);
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
  Searched probed_, any_;
  const int max_paths_;
  MeshHeadend plan_;
  std::vector<int32_t> links_;  // of one route
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

MeshHeadend MeshHeadendPlanner::Replan(NodeId from, std::vector<NodeId> endpoints,
                                       const MeshHeadend& before, const std::vector<bool>& again,
                                       std::vector<bool>* kept, MeshChanges* changes) {
  return impl_->Replan(from, std::move(endpoints), before, again, kept, changes);
}

}  // namespace waymark
