#include "controller/plan/mesh.h"

#include <algorithm>
#include <set>
#include <span>

#include "controller/compute/mesh_paths.h"
#include "controller/plan/mesh_codec.h"
#include "controller/plan/paths.h"

namespace waymark {
namespace {

constexpr uint32_t kDefaultMeshPaths = 4;

using Changes = std::map<std::string, std::optional<stored::v1::MeshRoutes>>;

// A route of one pair while it is being looked at.
struct Candidate {
  std::vector<LinkId> links;
  int32_t weight = 0;
  int64_t avoided = 0;  // places in gentle maintenance
};

// One mesh class of one plan.
class ClassPlanner {
 public:
  ClassPlanner(const PlanInput& input, const LinkState& link_state, const MeshCodec& codec,
               const MeshClassPairs& needed)
      : input_(input),
        snapshot_(input.snapshot),
        codec_(codec),
        constraints_(MeshConstraintsOf(*needed.traffic_class)),
        environment_{.link_state = &link_state},
        probed_(snapshot_, constraints_, Probed(environment_)),
        any_(snapshot_, constraints_, environment_),
        max_paths_(MeshPathLimit(*needed.traffic_class)) {
    plan_.traffic_class = needed.traffic_class;
    plan_.pairs = needed.pairs;
  }

  MeshClassPlan Run(Changes* changes) {
    for (size_t first = 0, end; first < plan_.pairs.size(); first = end) {
      end = first;
      while (end < plan_.pairs.size() && plan_.pairs[end].first == plan_.pairs[first].first) ++end;
      AddHeadend(first, end, changes);
    }
    return std::move(plan_);
  }

 private:
  static SearchGraph::Environment Probed(SearchGraph::Environment environment) {
    // Paths whose probes can come back are preferred to those that must go unprobed.
    environment.corouted = true;
    return environment;
  }

  void AddHeadend(size_t first, size_t end, Changes* changes) {
    const std::string key =
        MeshRoutesKey(plan_.traffic_class->name(), snapshot_.node(plan_.pairs[first].first).name);
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
    HeadendRoutes now;
    for (size_t i = first; i < end; ++i) {
      const NodePair& pair = plan_.pairs[i];
      const int32_t at = place[Index(pair.second)];
      const std::vector<Candidate> routes =
          RoutesOf(pair, at < 0 ? std::vector<Candidate>() : Stored(stored, at), i);
      now.endpoints.push_back(pair.second);
      std::vector<int32_t> links;
      for (const Candidate& route : routes) {
        links.clear();
        for (const LinkId link : route.links) links.push_back(Index(link));
        now.routes.AddRoute(links, route.weight);
        plan_.routes.AddRoute(links, route.weight);
      }
      now.routes.EndDemand();
      plan_.routes.EndDemand();
    }
    stored::v1::MeshRoutes encoded = codec_.Encode(now);
    if (record != nullptr && SameRoutes(*record, encoded)) return;
    if (encoded.endpoints_size() > 0) {
      (*changes)[key] = std::move(encoded);
    } else if (record != nullptr) {
      (*changes)[key] = std::nullopt;
    }
  }

  static std::vector<Candidate> Stored(const HeadendRoutes& stored, int32_t at) {
    std::vector<Candidate> routes;
    const size_t demand = static_cast<size_t>(at);
    for (size_t i = stored.routes.first_route(demand); i < stored.routes.first_route(demand + 1);
         ++i) {
      routes.push_back({LinkIdsOf(stored.routes.links(i)), stored.routes.weight(i)});
    }
    return routes;
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

  static bool ByWeight(const Candidate& a, const Candidate& b) { return a.weight < b.weight; }

  MeshResult Found(const SearchGraph& graph, const NodePair& pair,
                   std::vector<PathCost>* costs) const {
    if (costs->empty()) *costs = CostsFrom(graph, pair.first);
    return MeshPaths(graph, *costs, pair.first, pair.second, max_paths_);
  }

  // Gives what is lost to what is found.
  std::vector<Candidate> Mend(const NodePair& pair, std::vector<Candidate> kept, int32_t lost,
                              size_t number) {
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
  const PathConstraints constraints_;
  const SearchGraph::Environment environment_;
  const SearchGraph probed_, any_;
  const int max_paths_;
  // From the headend that is planned; empty until a search needs them.
  std::vector<PathCost> probed_costs_, any_costs_;
  MeshClassPlan plan_;
};

}  // namespace

std::vector<MeshClassPairs> MeshPairsOf(const ResolvedServices& resolved) {
  std::map<std::string, MeshClassPairs> by_name;
  for (const auto& [name, service] : resolved.services) {
    for (const auto& [class_name, traffic_class] : service.classes) {
      if (traffic_class->treatment() == v1::PINNED) continue;
      MeshClassPairs& needed = by_name[class_name];
      needed.traffic_class = traffic_class;
      for (const auto& [pair, count] : service.node_pairs) needed.pairs.push_back(pair);
    }
  }
  std::vector<MeshClassPairs> all;
  for (auto& [name, needed] : by_name) {
    std::sort(needed.pairs.begin(), needed.pairs.end());
    needed.pairs.erase(std::unique(needed.pairs.begin(), needed.pairs.end()), needed.pairs.end());
    all.push_back(std::move(needed));
  }
  return all;
}

int MeshPathLimit(const v1::TrafficClass& traffic_class) {
  const uint32_t asked =
      traffic_class.max_paths() == 0 ? kDefaultMeshPaths : traffic_class.max_paths();
  return static_cast<int>(std::min<uint32_t>(asked, kMaxMeshPaths));
}

PathConstraints MeshConstraintsOf(const v1::TrafficClass& traffic_class) {
  PathConstraints constraints = ConstraintsOf(traffic_class, 0);
  constraints.protection = {};
  return constraints;
}

PlannedMesh PlanMesh(const PlanInput& input, const ResolvedServices& resolved,
                     const LinkState& link_state) {
  PlannedMesh plan;
  const MeshCodec codec(input.snapshot);
  std::set<std::string> keys;
  for (const MeshClassPairs& needed : MeshPairsOf(resolved)) {
    for (const NodePair& pair : needed.pairs) {
      keys.insert(
          MeshRoutesKey(needed.traffic_class->name(), input.snapshot.node(pair.first).name));
    }
    plan.classes.push_back(ClassPlanner(input, link_state, codec, needed).Run(&plan.changes));
  }
  if (input.mesh_routes == nullptr) return plan;
  for (const auto& [key, record] : *input.mesh_routes) {
    if (!keys.contains(key)) plan.changes[key] = std::nullopt;
  }
  return plan;
}

}  // namespace waymark
