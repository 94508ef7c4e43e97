#include "controller/engine/mesh_holds.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <utility>

#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/fill_routes.h"
#include "controller/compute/mesh/hose_optimize.h"
#include "controller/compute/mesh/optimize.h"
#include "controller/compute/mesh_paths.h"
#include "controller/engine/path_books.h"
#include "controller/plan/demands.h"
#include "controller/plan/mesh.h"
#include "controller/plan/mesh_demands.h"

namespace waymark {
namespace {

// So often services lose what they are promised because others keep it before whole classes stay.
constexpr int kMostRestores = 4;
// Relatively: sums of the same loads in another order.
constexpr double kRounding = 1e-9;

// The mesh classes of a service by their place in the work; empty: one of them is not in it.
std::vector<size_t> PlacesOf(const MeshWork& work, const ResolvedService& service) {
  std::vector<size_t> places;
  for (const auto& [name, traffic_class] : service.classes) {
    if (traffic_class->treatment() == v1::PINNED) continue;
    const auto at = std::find_if(
        work.classes.begin(), work.classes.end(),
        [&, name = name](const MeshClassWork& one) { return one.traffic_class == name; });
    if (at == work.classes.end()) return {};
    places.push_back(static_cast<size_t>(at - work.classes.begin()));
  }
  return places;
}

// Where all its classes may go, over what the ledger has left; their strictest bounds. The demands
// are the committed rates of its pairs.
MeshProblem ProblemOf(const MeshWork& work, const std::vector<size_t>& places,
                      const ResolvedService& service, const Ledger& ledger) {
  MeshProblem problem = work.classes[places.front()].problem;
  problem.demands.clear();
  const auto strictest = [](auto bound, auto* all) {
    if (bound > 0 && (*all <= 0 || bound < *all)) *all = bound;
  };
  for (const size_t place : places) {
    const MeshProblem& of_class = work.classes[place].problem;
    strictest(of_class.max_delay, &problem.max_delay);
    strictest(of_class.max_hops, &problem.max_hops);
    strictest(of_class.max_stretch, &problem.max_stretch);
    for (size_t i = 0; i < problem.links.size(); ++i) {
      if (of_class.links[i].capacity <= 0) problem.links[i].capacity = 0;
    }
  }
  for (size_t i = 0; i < problem.links.size(); ++i) {
    double& capacity = problem.links[i].capacity;
    if (capacity <= 0) continue;
    capacity = static_cast<double>(ledger.Residual(static_cast<LinkId>(i), kTentativePriority));
    capacity = std::max(0.0, capacity);
  }
  for (const auto& [pair, count] : service.node_pairs) {
    double rate = 0;
    for (const auto& [name, traffic_class] : service.classes) {
      if (traffic_class->treatment() == v1::PINNED) continue;
      rate += static_cast<double>(HeldRate(*traffic_class, service.CommittedRate(name, count)));
    }
    problem.demands.push_back(
        {Index(pair.first), Index(pair.second), std::min(rate, kMostMeshRate)});
  }
  std::sort(problem.demands.begin(), problem.demands.end(),
            [](const MeshDemand& a, const MeshDemand& b) {
              return std::pair(a.from, a.to) < std::pair(b.from, b.to);
            });
  return problem;
}

struct ServiceRoutes {
  std::vector<MeshDemand> demands;
  MeshRoutes routes;
};

// That hold all that the service states; nullopt: none were found.
absl::StatusOr<std::optional<ServiceRoutes>> RoutesOfService(const MeshProblem& problem,
                                                             const ResolvedService& service,
                                                             int max_paths,
                                                             const std::function<bool()>& stop) {
  if (const std::optional<ServiceHose> hose = HoseOf(service)) {
    auto plan = OptimizeHose(problem, std::span(&hose->hose, 1),
                             {.max_paths = max_paths, .limit = 1, .stop = stop});
    if (!plan.ok()) return plan.status();
    if (plan->mlu > 1 || !plan->unreachable.empty()) return std::nullopt;
    return ServiceRoutes{std::move(plan->demands), std::move(plan->routes)};
  }
  auto plan = OptimizeMesh(problem, {.max_paths = max_paths, .stop = stop});
  if (!plan.ok()) return plan.status();
  if (plan->mlu > 1 || !plan->unreachable.empty()) return std::nullopt;
  return ServiceRoutes{problem.demands, std::move(plan->routes)};
}

// The pairs of `plan` have its routes, all others those that they had.
MeshRoutes WithPairs(const ServiceRoutes& plan, const MeshClassWork& work,
                     const MeshRoutes& before) {
  std::map<std::pair<int32_t, int32_t>, size_t> place;
  for (size_t d = 0; d < plan.demands.size(); ++d) {
    place[{plan.demands[d].from, plan.demands[d].to}] = d;
  }
  MeshRoutes routes;
  for (size_t d = 0; d < work.problem.demands.size(); ++d) {
    const MeshDemand& demand = work.problem.demands[d];
    const auto its = place.find({demand.from, demand.to});
    PairRoutes pair = its == place.end() ? PairRoutes() : plan.routes.pair(its->second);
    routes.AddRoutes(pair.empty() ? before.pair(d) : pair);
    routes.EndDemand();
  }
  return routes;
}

void SetRoutes(const MeshClassWork& work, MeshRoutes routes, MeshClassResult* result) {
  result->changed_demands.clear();
  for (size_t d = 0; d < routes.demand_count(); ++d) {
    if (routes.pair(d) != work.present.pair(d)) {
      result->changed_demands.push_back(static_cast<int32_t>(d));
    }
  }
  result->changed = static_cast<int64_t>(result->changed_demands.size());
  result->routes = std::move(routes);
}

}  // namespace

MeshHolds::MeshHolds(Resources& resources, const MeshWork& work)
    : resources_(resources),
      work_(work),
      resolved_(ResolveServices(*work.snapshot, resources.intents())),
      pinned_(BooksOf(*work.snapshot, resources.intents(),
                      OwnersOf(*work.snapshot, resources.intents()), resources.placements())
                  .ledger),
      known_(resources.guarantees()) {}

MeshHolds::State MeshHolds::WithRoutes(const std::function<const MeshRoutes&(size_t)>& routes_of) {
  const Snapshot& snapshot = *work_.snapshot;
  PlannedMesh mesh;
  for (MeshClassPairs& needed : MeshPairsOf(resolved_)) {
    for (size_t i = 0; i < work_.classes.size(); ++i) {
      if (work_.classes[i].traffic_class != needed.traffic_class->name()) continue;
      mesh.classes.push_back({needed.traffic_class, std::move(needed.pairs), routes_of(i), {}});
      break;
    }
  }
  State state = {MeshHoldsOf(snapshot, resolved_, mesh, &known_), {}, {}, pinned_};
  for (MeshHold& hold : state.holds) {
    if (hold.fingerprint != 0 && hold.impossible.empty()) {
      stored::v1::MeshGuarantee& known = known_[hold.service];
      known.Clear();
      known.set_fingerprint(hold.fingerprint);
      for (const LinkHold& one : hold.wanted) {
        known.add_sids(snapshot.link(one.link).adjacency_sid);
        known.add_bps(one.bps);
      }
    }
    const auto record = resources_.guarantees().find(hold.service);
    hold.record.reset();
    if (record != resources_.guarantees().end()) hold.record = record->second;
  }
  BookMeshHolds(HoldAge::kOld, snapshot, &state.holds, &state.ledger);
  BookMeshHolds(HoldAge::kNew, snapshot, &state.holds, &state.ledger);
  for (const MeshHold& hold : state.holds) {
    if (hold.outcome != MeshHold::Outcome::kWanted) continue;
    state.content.insert(hold.service);
    if (hold.record) state.promised.insert(hold.service);
  }
  return state;
}

MeshHolds::State MeshHolds::With(const std::vector<MeshClassResult>& results) {
  return WithRoutes([&](size_t i) -> const MeshRoutes& { return results[i].routes; });
}

const std::set<std::string>& MeshHolds::PromisedNow() {
  if (!promised_now_) {
    promised_now_ = WithRoutes([&](size_t i) -> const MeshRoutes& {
                      return work_.classes[i].present;
                    }).promised;
  }
  return *promised_now_;
}

std::set<std::string> MeshHolds::Broken(const std::vector<MeshClassResult>& results) {
  const std::set<std::string>& now = PromisedNow();
  const std::set<std::string> then = With(results).promised;
  std::set<std::string> broken;
  std::set_difference(now.begin(), now.end(), then.begin(), then.end(),
                      std::inserter(broken, broken.end()));
  return broken;
}

bool MeshHolds::Restore(const std::set<std::string>& services,
                        std::vector<MeshClassResult>* results) const {
  std::vector<std::set<std::pair<int32_t, int32_t>>> pairs(work_.classes.size());
  for (const std::string& name : services) {
    const ResolvedService& service = resolved_.services.at(name);
    for (const size_t place : PlacesOf(work_, service)) {
      for (const auto& [pair, count] : service.node_pairs) {
        pairs[place].emplace(Index(pair.first), Index(pair.second));
      }
    }
  }
  bool good = true;
  for (size_t i = 0; i < pairs.size(); ++i) {
    if (pairs[i].empty()) continue;
    const MeshClassWork& one = work_.classes[i];
    MeshRoutes routes;
    for (size_t d = 0; d < one.problem.demands.size(); ++d) {
      const MeshDemand& demand = one.problem.demands[d];
      const bool stays = pairs[i].contains({demand.from, demand.to});
      routes.AddRoutes(stays ? one.present.pair(d) : (*results)[i].routes.pair(d));
      routes.EndDemand();
    }
    good = good && EvaluateMesh(one.problem, routes).mlu <=
                       EvaluateMesh(one.problem, one.present).mlu * (1 + kRounding);
    SetRoutes(one, std::move(routes), &(*results)[i]);
  }
  return good;
}

absl::StatusOr<int> MeshHolds::KeepPromised(const std::function<bool()>& stop,
                                            std::vector<MeshClassResult>* results) {
  std::set<std::string> broken = Broken(*results);
  if (broken.empty()) return 0;
  std::set<std::string> kept = broken;
  std::vector<MeshRoutes> found;
  for (const MeshClassResult& one : *results) found.push_back(one.routes);
  bool good = true;
  for (int round = 0; round < kMostRestores && good && !broken.empty(); ++round) {
    good = Restore(broken, results);
    broken = Broken(*results);
    kept.insert(broken.begin(), broken.end());
  }
  if (!good || !broken.empty()) {
    for (size_t i = 0; i < found.size(); ++i) {
      SetRoutes(work_.classes[i], work_.classes[i].present, &(*results)[i]);
    }
    for (size_t i = 0; i < found.size(); ++i) {
      SetRoutes(work_.classes[i], std::move(found[i]), &(*results)[i]);
      if (Broken(*results).empty()) continue;
      SetRoutes(work_.classes[i], work_.classes[i].present, &(*results)[i]);
    }
  }
  if (absl::Status s = AddBackups(stop, results); !s.ok()) return s;
  return static_cast<int>(kept.size());
}

absl::StatusOr<MeshRoutes> MeshHolds::Covered(size_t place, MeshRoutes routes,
                                              const std::function<bool()>& stop,
                                              const std::vector<MeshClassResult>& results) const {
  const MeshClassWork& one = work_.classes[place];
  std::vector<MeshProblem> firm;
  firm.reserve(place);
  MeshGuardOptions options = {
      .max_paths = one.max_paths, .change = MeshGuardOptions::Change::kCover, .stop = stop};
  for (size_t i = 0; i < place; ++i) {
    firm.push_back(FirmProblem(work_.classes[i]));
    options.stronger.push_back({&firm.back(), &results[i].routes});
  }
  auto guarded = GuardRoutes(*one.outlive, FirmProblem(one), options, &routes);
  if (!guarded.ok()) return guarded.status();
  return routes;
}

absl::Status MeshHolds::AddBackups(const std::function<bool()>& stop,
                                   std::vector<MeshClassResult>* results) {
  for (size_t i = 0; i < results->size(); ++i) {
    if (work_.classes[i].outlive == nullptr) continue;
    MeshRoutes before = (*results)[i].routes;
    auto routes = Covered(i, before, stop, *results);
    if (!routes.ok()) return routes.status();
    SetRoutes(work_.classes[i], *std::move(routes), &(*results)[i]);
    // Backups take a small part of the traffic.
    if (!Broken(*results).empty()) SetRoutes(work_.classes[i], std::move(before), &(*results)[i]);
  }
  return absl::OkStatus();
}

absl::StatusOr<bool> MeshHolds::Reroute(const std::string& service, const State& state,
                                        const std::function<bool()>& stop,
                                        std::vector<MeshClassResult>* results) const {
  const ResolvedService& resolved = resolved_.services.at(service);
  const std::vector<size_t> places = PlacesOf(work_, resolved);
  if (places.empty()) return false;
  Ledger left = state.ledger;
  left.Remove(service);
  const MeshProblem problem = ProblemOf(work_, places, resolved, left);
  int max_paths = kMaxMeshPaths;
  for (const size_t place : places) {
    const MeshClassWork& one = work_.classes[place];
    // One is left for a backup.
    const int most = one.outlive == nullptr ? one.max_paths : std::max(1, one.max_paths - 1);
    max_paths = std::min(max_paths, most);
  }
  auto plan = RoutesOfService(problem, resolved, max_paths, stop);
  if (!plan.ok()) return plan.status();
  if (!plan->has_value()) return false;
  for (const size_t place : places) {
    const MeshClassWork& one = work_.classes[place];
    MeshClassResult& result = (*results)[place];
    MeshRoutes routes = WithPairs(**plan, one, result.routes);
    if (one.outlive != nullptr) {
      auto covered = Covered(place, std::move(routes), stop, *results);
      if (!covered.ok()) return covered.status();
      routes = *std::move(covered);
    }
    SetRoutes(one, std::move(routes), &result);
  }
  return true;
}

absl::StatusOr<int> MeshHolds::RouteRefused(const std::function<bool()>& stop, RefusedTurn* turn,
                                            std::vector<MeshClassResult>* results) {
  int rerouted = 0;
  State state = With(*results);
  // In the order of service, from where the last turn ended: so that each has one, however many
  // those before it are. Where that service has gone it begins anew.
  std::vector<std::string> order;
  size_t begin = 0, end = 0;
  for (const MeshHold& hold : state.holds) {
    order.push_back(hold.service);
    if (hold.service == turn->last) begin = order.size();
    if (hold.service == turn->until) end = order.size();
  }
  if (!turn->left) {
    turn->until = turn->last;
    end = begin;
  }
  turn->left = false;
  std::set<std::string> refused;
  for (const MeshHold& hold : state.holds) {
    if (hold.outcome != MeshHold::Outcome::kWanted && hold.impossible.empty()) {
      refused.insert(hold.service);
    }
  }
  const size_t count = order.empty() ? 0 : (end + 2 * order.size() - begin - 1) % order.size() + 1;
  for (size_t k = 0; k < count; ++k) {
    const std::string& service = order[(begin + k) % order.size()];
    if (!refused.contains(service) || state.content.contains(service)) continue;
    if (stop && stop()) {
      turn->left = true;
      break;
    }
    turn->last = service;
    std::vector<MeshClassResult> next = *results;
    const auto found = Reroute(service, state, stop, &next);
    if (!found.ok()) {
      // Too large: it stays refused.
      if (absl::IsResourceExhausted(found.status())) continue;
      return found.status();
    }
    if (!*found) continue;
    State then = With(next);
    if (!then.content.contains(service) ||
        !std::includes(then.content.begin(), then.content.end(), state.content.begin(),
                       state.content.end())) {
      continue;
    }
    *results = std::move(next);
    state = std::move(then);
    ++rerouted;
  }
  return rerouted;
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
    result.elastic_granted = one.sharing == v1::MOST_THROUGHPUT
                                 ? FillUp(problem, result.routes, none)
                                 : FillFairly(problem, result.routes, none);
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

}  // namespace waymark
