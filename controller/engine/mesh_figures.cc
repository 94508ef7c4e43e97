#include "controller/engine/mesh_figures.h"

#include <algorithm>

#include "controller/compute/mesh/fill_routes.h"
#include "controller/compute/mesh/price_bound.h"

namespace waymark {
namespace {

// Where stronger classes take all of a link, weaker ones have somewhere to be until they have moved
// away.
constexpr double kLeastShare = 0.001;

void TakeAway(const std::vector<double>& used, MeshProblem* problem) {
  for (size_t i = 0; i < problem->links.size(); ++i) {
    double& capacity = problem->links[i].capacity;
    if (capacity > 0) capacity = std::max(capacity * kLeastShare, capacity - used[i]);
  }
}

void AddLoads(const MeshProblem& problem, const MeshRoutes& routes, std::vector<double>* used) {
  const MeshLoads loads = EvaluateMesh(problem, routes);
  for (size_t i = 0; i < used->size(); ++i) (*used)[i] += loads.load[i];
}

}  // namespace

std::vector<double> GrantRates(const MeshProblem& problem, const MeshRoutes& routes,
                               v1::MeshSharing sharing, std::vector<double> wanted) {
  wanted.resize(problem.demands.size(), 0);
  if (sharing == v1::MOST_THROUGHPUT) return FillUp(problem, routes, wanted);
  return FillFairly(problem, routes, std::vector<double>(problem.demands.size(), 0));
}

StrongerClasses::StrongerClasses(const MeshWork& work)
    : granted_(work.snapshot->links().size(), 0), promised_(granted_) {}

MeshProblem StrongerClasses::Left(const MeshClassWork& work) const {
  MeshProblem problem = work.problem;
  TakeAway(granted_, &problem);
  return problem;
}

MeshGuardOptions StrongerClasses::Guarding(const MeshClassWork& work,
                                           const MeshClassResult& result) const {
  MeshProblem left = FirmProblem(work);
  TakeAway(promised_, &left);
  MeshGuardOptions options = {.max_paths = work.max_paths};
  options.lower_bound = PriceBound(left, result.prices);
  // Of what is left of a link to what there is of it: a bound of the one is none of the other, but
  // where it is below 1.
  if (!guarded_.empty()) options.lower_bound = std::min(options.lower_bound, 1.0);
  for (const auto& [problem, routes] : guarded_) options.stronger.push_back({&problem, &routes});
  return options;
}

void StrongerClasses::Add(const MeshClassWork& work, MeshProblem problem,
                          const MeshClassResult& result, bool guards) {
  for (size_t d = 0; d < problem.demands.size(); ++d) problem.demands[d].rate = result.granted[d];
  AddLoads(problem, result.routes, &granted_);
  if (!guards) return;
  guarded_.emplace_back(FirmProblem(work), result.routes);
  AddLoads(guarded_.back().first, result.routes, &promised_);
}

absl::Status InStrictOrder(const MeshWork& work, const std::function<void(size_t)>& begins,
                           const SolveClass& solve, std::vector<MeshClassResult>* results) {
  StrongerClasses stronger(work);
  results->resize(work.classes.size());
  for (size_t at = 0; at < work.classes.size(); ++at) {
    const MeshClassWork& one = work.classes[at];
    if (begins) begins(at);
    MeshProblem problem = stronger.Left(one);
    MeshClassResult& result = (*results)[at];
    result.traffic_class = one.traffic_class;
    auto wanted = solve(one, problem, stronger, &result);
    if (!wanted.ok()) return wanted.status();
    result.policies = static_cast<int64_t>(problem.demands.size());
    result.changed = static_cast<int64_t>(result.changed_demands.size());
    result.mlu = EvaluateMesh(problem, result.routes).mlu;
    result.granted.clear();
    result.demand_bps = result.granted_bps = 0;
    for (const MeshDemand& demand : problem.demands) {
      result.demand_bps += demand.rate;
      result.granted.push_back(demand.rate);
    }
    if (result.mlu > 1) {
      result.granted = GrantRates(problem, result.routes, one.sharing, *std::move(wanted));
    }
    for (size_t d = 0; d < problem.demands.size(); ++d) {
      if (result.routes.first_route(d) == result.routes.first_route(d + 1)) result.granted[d] = 0;
      result.granted_bps += result.granted[d];
    }
    const bool guards =
        std::any_of(work.classes.begin() + static_cast<ptrdiff_t>(at) + 1, work.classes.end(),
                    [](const MeshClassWork& weaker) { return weaker.outlive != nullptr; });
    stronger.Add(one, std::move(problem), result, guards);
  }
  return absl::OkStatus();
}

absl::Status MeasureMesh(const MeshWork& work, const std::function<bool()>& stop,
                         std::vector<MeshClassResult>* results) {
  const SolveClass measure = [&](const MeshClassWork& one, const MeshProblem& problem,
                                 const StrongerClasses& stronger,
                                 MeshClassResult* result) -> absl::StatusOr<std::vector<double>> {
    // What the strongest class has does not depend on any routes: a bound of it stays one.
    const double known = &one == work.classes.data() ? result->lower_bound : 0;
    // Where they are equal, sums rounded differently must not say that routes beat the bound.
    result->lower_bound = std::min(std::max(known, PriceBound(problem, result->prices)),
                                   EvaluateMesh(problem, result->routes).mlu);
    result->guarded.reset();
    if (one.outlive == nullptr) return std::vector<double>();
    MeshGuardOptions options = stronger.Guarding(one, *result);
    options.change = MeshGuardOptions::Change::kMeasure;
    options.stop = stop;
    MeshRoutes routes = result->routes;
    auto guarded = GuardRoutes(*one.outlive, FirmProblem(one), options, &routes);
    if (!guarded.ok()) return guarded.status();
    result->guarded = *std::move(guarded);
    return std::vector<double>();
  };
  return InStrictOrder(work, nullptr, measure, results);
}

}  // namespace waymark
