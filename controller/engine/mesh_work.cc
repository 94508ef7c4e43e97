#include "controller/engine/mesh_work.h"

#include <algorithm>
#include <functional>
#include <span>
#include <utility>

#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/fill_routes.h"
#include "controller/compute/mesh/live_mesh.h"
#include "controller/compute/mesh/optimize.h"
#include "controller/compute/mesh/reoptimize.h"
#include "controller/compute/search_graph.h"
#include "controller/engine/mesh_measured.h"
#include "controller/engine/path_books.h"
#include "controller/plan/demands.h"
#include "controller/plan/fingerprint.h"
#include "controller/plan/mesh.h"
#include "controller/plan/mesh_codec.h"
#include "controller/plan/mesh_demands.h"
#include "controller/plan/paths.h"
#include "controller/store/resource_key.h"

namespace waymark {
namespace {

// Where others hold all of a link its mesh traffic has somewhere to be until it has moved away.
constexpr double kLeastShare = 0.001;

uint64_t FingerprintOf(const MeshWork& work) {
  Fingerprint print;
  for (const NodeInfo& node : work.snapshot->nodes()) print.Add(uint64_t{node.node_sid});
  for (const LinkInfo& link : work.snapshot->links()) print.Add(uint64_t{link.adjacency_sid});
  for (const MeshClassWork& one : work.classes) {
    print.Add(one.traffic_class);
    print.Add(static_cast<uint64_t>(one.max_paths));
    print.Add(one.problem.max_delay);
    print.Add(static_cast<uint64_t>(one.problem.max_hops));
    for (const MeshLink& link : one.problem.links) {
      print.Add(static_cast<uint64_t>(link.from) << 32 | static_cast<uint64_t>(link.to));
      print.Add(link.capacity);
      print.Add(link.delay);
    }
    for (size_t i = 0; i < one.problem.demands.size(); ++i) {
      const MeshDemand& demand = one.problem.demands[i];
      print.Add(static_cast<uint64_t>(demand.from) << 32 | static_cast<uint64_t>(demand.to));
      print.Add(demand.rate);
      print.Add(one.elastic[i]);
    }
  }
  return print.value();
}

// The routes in force, by demand.
MeshRoutes PresentRoutes(const Snapshot& snapshot, const MeshCodec& codec,
                         const Resources& resources, const MeshClassDemand& demand) {
  MeshRoutes present;
  HeadendRoutes stored;
  std::vector<int32_t> place(snapshot.nodes().size(), -1);
  NodeId headend = NodeId::kNone;
  for (const auto& [from, to] : demand.pairs) {
    if (from != headend) {
      headend = from;
      const auto record = resources.mesh_routes().find(
          MeshRoutesKey(demand.traffic_class->name(), snapshot.node(from).name));
      stored =
          record == resources.mesh_routes().end() ? HeadendRoutes() : codec.Decode(record->second);
      std::fill(place.begin(), place.end(), -1);
      for (size_t i = 0; i < stored.endpoints.size(); ++i) {
        place[Index(stored.endpoints[i])] = static_cast<int32_t>(i);
      }
    }
    if (const int32_t at = place[Index(to)]; at >= 0) {
      const size_t end = stored.routes.first_route(static_cast<size_t>(at) + 1);
      for (size_t i = stored.routes.first_route(static_cast<size_t>(at)); i < end; ++i) {
        // What leads elsewhere the next plan replaces.
        if (!IsSimplePath(snapshot, LinkIdsOf(stored.routes.links(i)), from, to)) continue;
        present.AddRoute(stored.routes.links(i), stored.routes.weight(i));
      }
    }
    present.EndDemand();
  }
  return present;
}

// Where the class may go and what is left there.
MeshProblem ProblemOf(const Snapshot& snapshot, const LinkState& link_state, const Ledger& ledger,
                      const MeshClassDemand& demand) {
  const PathConstraints constraints = MeshConstraintsOf(*demand.traffic_class);
  SearchGraph::Environment environment;
  environment.link_state = &link_state;
  // Its probes can come back.
  environment.corouted = true;
  const SearchGraph graph(snapshot, constraints, environment);
  MeshProblem problem;
  problem.node_count = static_cast<int32_t>(snapshot.nodes().size());
  for (size_t i = 0; i < snapshot.links().size(); ++i) {
    const LinkInfo& info = snapshot.links()[i];
    const LinkId id = static_cast<LinkId>(i);
    MeshLink link = {Index(info.source), Index(info.target), 0, 0};
    const Metric metric = graph.LinkMetric(id);
    link.delay = static_cast<double>(metric.delay_ns);
    // What is in gentle maintenance is for those alone that have no other way.
    if (graph.LinkUsable(id) && metric.cost < kAvoidCost) {
      const double promised = static_cast<double>(info.reservable_bps);
      link.capacity = std::max(
          {1.0, promised * kLeastShare, promised - static_cast<double>(ledger.Reserved(id))});
    }
    problem.links.push_back(link);
  }
  problem.max_delay = static_cast<double>(std::max<int64_t>(0, constraints.max_delay_ns));
  if (constraints.max_hops < std::min<int>(kMaxPathHops, problem.node_count - 1)) {
    problem.max_hops = constraints.max_hops;
  }
  for (size_t i = 0; i < demand.pairs.size(); ++i) {
    const double rate = demand.committed[i] + demand.elastic[i];
    problem.demands.push_back({Index(demand.pairs[i].first), Index(demand.pairs[i].second),
                               std::min(rate, kMostMeshRate)});
  }
  return problem;
}

// A route as a set is compared.
using RouteKey = std::pair<std::vector<int32_t>, int32_t>;

std::vector<RouteKey> RoutesOf(const MeshRoutes& routes, size_t demand) {
  std::vector<RouteKey> all;
  for (size_t i = routes.first_route(demand); i < routes.first_route(demand + 1); ++i) {
    all.emplace_back(std::vector<int32_t>(routes.links(i).begin(), routes.links(i).end()),
                     routes.weight(i));
  }
  return all;
}

// What the class may send over: short enough for a packet, within its bounds, where it may go.
bool Allowed(const MeshProblem& problem, const std::vector<RouteKey>& routes) {
  const int32_t most_hops = problem.max_hops > 0 ? problem.max_hops : kMaxPathHops;
  for (const auto& [links, weight] : routes) {
    double delay = 0;
    for (const int32_t link : links) {
      delay += problem.links[link].delay;
      if (problem.links[link].capacity <= 0) return false;
    }
    if (links.size() > static_cast<size_t>(most_hops)) return false;
    if (problem.max_delay > 0 && delay > problem.max_delay) return false;
  }
  return !routes.empty();
}

// Those of `next` where they are new and may be taken, else the present ones.
void Merge(const MeshClassWork& work, const MeshProblem& problem, const MeshRoutes& next,
           MeshClassResult* result) {
  for (size_t i = 0; i < problem.demands.size(); ++i) {
    const std::vector<RouteKey> before = RoutesOf(work.present, i), after = RoutesOf(next, i);
    std::vector<RouteKey> x = before, y = after;
    std::sort(x.begin(), x.end());
    std::sort(y.begin(), y.end());
    const bool changes = x != y && Allowed(problem, after);
    for (const auto& [links, weight] : changes ? after : before) {
      result->routes.AddRoute(links, weight);
    }
    result->routes.EndDemand();
    if (changes) result->changed_demands.push_back(static_cast<int32_t>(i));
  }
}

absl::Status SolveClass(const MeshClassWork& work, const MeshProblem& problem,
                        const MeshSolveOptions& options, MeshClassResult* result) {
  auto better = ReoptimizeMesh(problem, work.present,
                               {.max_paths = work.max_paths,
                                .gap = options.gap,
                                .min_gain = options.min_gain,
                                .stop = options.stop});
  if (!better.ok()) return better.status();
  result->lower_bound = better->lower_bound;
  result->prices = std::move(better->prices);
  result->stopped = better->stopped;
  if (!better->stopped && better->mlu > better->optimum * (1 + options.most_behind)) {
    // No few moves lead there: all together do.
    auto all = OptimizeMesh(
        problem, {.max_paths = work.max_paths, .gap = options.gap, .stop = options.stop});
    if (!all.ok()) return all.status();
    result->stopped = all->stopped;
    if (all->mlu < better->mlu) better->routes = std::move(all->routes);
  }
  Merge(work, problem, better->routes, result);
  return absl::OkStatus();
}

absl::Status AnswerClass(const MeshClassWork& work, const MeshProblem& problem,
                         std::span<const double> prices, const MeshSolveOptions& options,
                         MeshClassResult* result) {
  auto live = LiveMesh::Create(problem, work.present, prices);
  if (!live.ok()) return live.status();
  std::vector<int32_t> dead;
  for (size_t i = 0; i < problem.links.size(); ++i) {
    if (problem.links[i].capacity <= 0) dead.push_back(static_cast<int32_t>(i));
  }
  const auto answer =
      live->Fail(dead, {.max_paths = work.max_paths, .gap = options.gap, .stop = options.stop});
  if (!answer.ok()) return answer.status();
  result->lower_bound = answer->lower_bound;
  result->stopped = answer->stopped;
  Merge(work, problem, live->Routes(), result);
  return absl::OkStatus();
}

// What each demand gets where links are asked for more than they have, and what that loads: no
// link with more than it has.
void Grant(const MeshProblem& problem, const MeshLoads& loads, MeshClassResult* result,
           std::vector<double>* used) {
  const MeshRoutes& routes = result->routes;
  for (size_t i = 0; i < problem.demands.size(); ++i) {
    const double rate = problem.demands[i].rate;
    result->demand_bps += rate;
    const size_t first = routes.first_route(i), end = routes.first_route(i + 1);
    if (rate == 0 || first == end) continue;
    double most = 1, total = 0;
    for (size_t route = first; route < end; ++route) {
      total += routes.weight(route);
      for (const int32_t link : routes.links(route)) {
        const double capacity = problem.links[link].capacity;
        if (capacity > 0) most = std::max(most, loads.load[link] / capacity);
      }
    }
    result->granted_bps += rate / most;
    for (size_t route = first; route < end; ++route) {
      for (const int32_t link : routes.links(route)) {
        (*used)[link] += rate / most * (routes.weight(route) / total);
      }
    }
  }
}

using ClassSolver =
    std::function<absl::Status(const MeshClassWork&, const MeshProblem&, MeshClassResult*)>;

// All classes in strict order: each on what stronger ones are granted leave.
absl::StatusOr<std::vector<MeshClassResult>> InOrder(const MeshWork& work,
                                                     const MeshSolveOptions& options,
                                                     const ClassSolver& solve) {
  std::vector<MeshClassResult> results;
  std::vector<double> used(work.snapshot->links().size(), 0);
  for (const MeshClassWork& one : work.classes) {
    if (options.begins) options.begins(results.size());
    MeshProblem problem = one.problem;
    for (size_t i = 0; i < problem.links.size(); ++i) {
      double& capacity = problem.links[i].capacity;
      if (capacity > 0) capacity = std::max(capacity * kLeastShare, capacity - used[i]);
    }
    MeshClassResult& result = results.emplace_back();
    result.traffic_class = one.traffic_class;
    if (absl::Status s = solve(one, problem, &result); !s.ok()) return s;
    result.policies = static_cast<int64_t>(problem.demands.size());
    result.changed = static_cast<int64_t>(result.changed_demands.size());
    const MeshLoads loads = EvaluateMesh(problem, result.routes);
    result.mlu = loads.mlu;
    Grant(problem, loads, &result, &used);
  }
  return results;
}

}  // namespace

absl::StatusOr<MeshWork> MakeMeshWork(Resources& resources,
                                      const std::set<std::string>& links_down) {
  MeshWork work;
  auto topology = resources.Topology();
  if (!topology.ok()) return topology.status();
  work.snapshot = *std::move(topology);
  const Snapshot& snapshot = *work.snapshot;
  const Intents& intents = resources.intents();
  const LinkState link_state = LinkStateOf({snapshot, intents, links_down, resources.placements()});
  const ResolvedServices resolved = ResolveServices(snapshot, intents);
  const PathBooks books =
      BooksOf(snapshot, intents, OwnersOf(snapshot, intents), resources.placements());
  const MeshCodec codec(snapshot);
  for (const MeshClassDemand& demand : MeshDemandsOf(resolved)) {
    MeshClassWork& one = work.classes.emplace_back();
    one.traffic_class = demand.traffic_class->name();
    one.problem = ProblemOf(snapshot, link_state, books.ledger, demand);
    one.elastic = demand.elastic;
    one.measured_pairs =
        ApplyMeasured(resources, one.traffic_class, snapshot, demand.pairs, &one.problem);
    one.present = PresentRoutes(snapshot, codec, resources, demand);
    one.max_paths = MeshPathLimit(*demand.traffic_class);
  }
  work.fingerprint = FingerprintOf(work);
  return work;
}

absl::StatusOr<std::vector<MeshClassResult>> SolveMesh(const MeshWork& work,
                                                       const MeshSolveOptions& options) {
  return InOrder(
      work, options,
      [&](const MeshClassWork& one, const MeshProblem& problem, MeshClassResult* result) {
        return SolveClass(one, problem, options, result);
      });
}

absl::StatusOr<std::vector<MeshClassResult>> AnswerMesh(
    const MeshWork& work, const std::map<std::string, std::vector<double>>& prices,
    const MeshSolveOptions& options) {
  return InOrder(
      work, options,
      [&](const MeshClassWork& one, const MeshProblem& problem, MeshClassResult* result) {
        std::span<const double> known;
        const auto found = prices.find(one.traffic_class);
        // Any certify a bound; those of another network would be of no use.
        if (found != prices.end() && found->second.size() == problem.links.size()) {
          known = found->second;
        }
        return AnswerClass(one, problem, known, options, result);
      });
}

MeshHeld HeldAfter(Resources& resources, const MeshWork& work,
                   const std::vector<MeshClassResult>& results) {
  const Snapshot& snapshot = *work.snapshot;
  const ResolvedServices resolved = ResolveServices(snapshot, resources.intents());
  const Ledger pinned = BooksOf(snapshot, resources.intents(),
                                OwnersOf(snapshot, resources.intents()), resources.placements())
                            .ledger;
  // Who has all that he asks.
  const auto content = [&](const auto& routes_of, Ledger* ledger) {
    PlannedMesh mesh;
    for (MeshClassPairs& needed : MeshPairsOf(resolved)) {
      for (size_t i = 0; i < work.classes.size(); ++i) {
        if (work.classes[i].traffic_class != needed.traffic_class->name()) continue;
        mesh.classes.push_back({needed.traffic_class, std::move(needed.pairs), routes_of(i), {}});
        break;
      }
    }
    std::vector<MeshHold> holds = MeshHoldsOf(snapshot, resolved, mesh, &resources.guarantees());
    BookMeshHolds(HoldAge::kOld, snapshot, &holds, ledger);
    std::set<std::string> services;
    for (const MeshHold& hold : holds) {
      if (hold.outcome == MeshHold::Outcome::kWanted) services.insert(hold.service);
    }
    BookMeshHolds(HoldAge::kNew, snapshot, &holds, ledger);
    return services;
  };
  Ledger before = pinned, after = pinned;
  const std::set<std::string> now =
      content([&](size_t i) { return work.classes[i].present; }, &before);
  const std::set<std::string> then = content([&](size_t i) { return results[i].routes; }, &after);
  const bool kept = std::includes(then.begin(), then.end(), now.begin(), now.end());
  return {kept, kept ? std::move(after) : std::move(before)};
}

void GrantElastic(const MeshWork& work, std::vector<MeshClassResult>* results, Ledger* ledger) {
  for (size_t at = 0; at < results->size(); ++at) {
    const MeshClassWork& one = work.classes[at];
    MeshClassResult& result = (*results)[at];
    MeshProblem problem = one.problem;
    for (size_t i = 0; i < problem.links.size(); ++i) {
      double& capacity = problem.links[i].capacity;
      if (capacity > 0) {
        capacity =
            static_cast<double>(ledger->Residual(static_cast<LinkId>(i), kTentativePriority));
      }
    }
    for (size_t i = 0; i < problem.demands.size(); ++i) {
      problem.demands[i].rate = std::min(one.elastic[i], kMostMeshRate);
    }
    const std::vector<double> none(problem.demands.size(), 0);
    result.elastic_granted = FillFairly(problem, result.routes, none);
    for (size_t i = 0; i < problem.demands.size(); ++i) {
      problem.demands[i].rate = result.elastic_granted[i];
    }
    const MeshLoads loads = EvaluateMesh(problem, result.routes);
    for (size_t i = 0; i < problem.links.size(); ++i) {
      const LinkId link = static_cast<LinkId>(i);
      // Not more than there is by rounding alone.
      const int64_t bps = std::min(static_cast<int64_t>(std::min(loads.load[i], kMostMeshRate)),
                                   ledger->Residual(link, kTentativePriority));
      if (bps > 0) {
        // Fits, as it has just been asked for. No policy has such a name.
        static_cast<void>(ledger->Add(result.traffic_class, std::span(&link, 1), bps,
                                      ReservationKind::kBulk, kTentativePriority));
      }
    }
  }
}

std::vector<Mutation> MutationsOf(const MeshWork& work,
                                  const std::vector<MeshClassResult>& results) {
  std::vector<Mutation> mutations;
  const MeshCodec codec(*work.snapshot);
  for (size_t at = 0; at < results.size(); ++at) {
    const MeshClassResult& result = results[at];
    const std::vector<MeshDemand>& demands = work.classes[at].problem.demands;
    std::set<int32_t> headends;
    for (const int32_t demand : result.changed_demands) headends.insert(demands[demand].from);
    HeadendRoutes headend;
    for (size_t i = 0; i < demands.size(); ++i) {
      if (!headends.contains(demands[i].from)) continue;
      headend.endpoints.push_back(static_cast<NodeId>(demands[i].to));
      for (const auto& [links, weight] : RoutesOf(result.routes, i)) {
        headend.routes.AddRoute(links, weight);
      }
      headend.routes.EndDemand();
      if (i + 1 < demands.size() && demands[i + 1].from == demands[i].from) continue;
      const std::string& name = work.snapshot->node(static_cast<NodeId>(demands[i].from)).name;
      mutations.push_back({StoreKey(kMeshRoutesPrefix, MeshRoutesKey(result.traffic_class, name)),
                           codec.Encode(headend).SerializeAsString(), std::nullopt});
      headend = HeadendRoutes();
    }
  }
  return mutations;
}

}  // namespace waymark
