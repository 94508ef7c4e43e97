#include "controller/engine/mesh_solve.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <span>
#include <tuple>
#include <utility>

#include "controller/compute/mesh/allocate.h"
#include "controller/compute/mesh/balance.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/live_mesh.h"
#include "controller/compute/mesh/optimize.h"
#include "controller/compute/mesh/protect.h"
#include "controller/compute/mesh/reoptimize.h"
#include "controller/compute/mesh/stretch.h"
#include "controller/engine/mesh_figures.h"

namespace waymark {
namespace {

// Shares that differ by less are alike.
constexpr double kSameShare = 1e-3;

bool SameRoutes(PairRoutes a, PairRoutes b) {
  const auto less = [](const WeightedRoute& x, const WeightedRoute& y) {
    return std::tie(x.links, x.weight) < std::tie(y.links, y.weight);
  };
  std::sort(a.begin(), a.end(), less);
  std::sort(b.begin(), b.end(), less);
  return a == b;
}

// What the class may send over: short enough for a packet, within its bounds, where it may go.
bool Allowed(const MeshProblem& problem, const PairRoutes& routes) {
  const int32_t most_hops = problem.max_hops > 0 ? problem.max_hops : kMaxPathHops;
  for (const WeightedRoute& route : routes) {
    double delay = 0;
    for (const int32_t link : route.links) {
      delay += problem.links[link].delay;
      if (problem.links[link].capacity <= 0) return false;
    }
    if (route.links.size() > static_cast<size_t>(most_hops)) return false;
    if (problem.max_delay > 0 && delay > problem.max_delay) return false;
  }
  return !routes.empty();
}

// Those of `next` where they are new and may be taken, else the present ones.
void Merge(const MeshClassWork& work, const MeshProblem& problem, const MeshRoutes& next,
           MeshClassResult* result) {
  for (size_t i = 0; i < problem.demands.size(); ++i) {
    const PairRoutes before = work.present.pair(i), after = next.pair(i);
    const bool changes = !SameRoutes(before, after) && Allowed(problem, after);
    result->routes.AddRoutes(changes ? after : before);
    result->routes.EndDemand();
    if (changes) result->changed_demands.push_back(static_cast<int32_t>(i));
  }
}

// How much better `b` is than `a`, relatively: of throughput the sum; else the least rate in which
// they differ.
double Gain(const std::vector<double>& a, const std::vector<double>& b, v1::MeshSharing sharing) {
  if (sharing == v1::MOST_THROUGHPUT) {
    const double before = std::accumulate(a.begin(), a.end(), 0.0);
    const double after = std::accumulate(b.begin(), b.end(), 0.0);
    return before > 0 ? (after - before) / before : after > 0;
  }
  std::vector<double> x = a, y = b;
  std::sort(x.begin(), x.end());
  std::sort(y.begin(), y.end());
  for (size_t i = 0; i < x.size(); ++i) {
    if (std::abs(x[i] - y[i]) <= kSameShare * std::max(x[i], y[i])) continue;
    return x[i] > 0 ? (y[i] - x[i]) / x[i] : 1;
  }
  return 0;
}

// Demands that are granted nothing have no routes: theirs stay.
MeshRoutes Filled(const MeshRoutes& routes, const MeshRoutes& otherwise) {
  MeshRoutes filled;
  for (size_t d = 0; d < routes.demand_count(); ++d) {
    PairRoutes pair = routes.pair(d);
    filled.AddRoutes(pair.empty() ? otherwise.pair(d) : pair);
    filled.EndDemand();
  }
  return filled;
}

class ClassSolver {
 public:
  // `problem`: on what `stronger` leave; all are borrowed.
  ClassSolver(const MeshClassWork& work, const MeshProblem& problem,
              const StrongerClasses& stronger, const MeshSolveOptions& options)
      : work_(work), problem_(problem), stronger_(stronger), options_(options) {}

  absl::Status Solve(MeshClassResult* result) {
    auto better = ReoptimizeMesh(problem_, work_.present,
                                 {.max_paths = work_.max_paths,
                                  .gap = options_.gap,
                                  .min_gain = options_.min_gain,
                                  .stop = options_.stop});
    if (!better.ok()) return better.status();
    result->lower_bound = better->lower_bound;
    result->prices = std::move(better->prices);
    result->stopped = better->stopped;
    routes_ = std::move(better->routes);
    if (!better->stopped && better->mlu > better->optimum * (1 + options_.most_behind)) {
      // No few moves lead there: all together do.
      if (absl::Status s = Afresh(better->mlu, result); !s.ok()) return s;
    }
    const double mlu = EvaluateMesh(problem_, routes_).mlu;
    if (mlu > 1 && !result->stopped) {
      if (absl::Status s = Share(better->forced.empty()); !s.ok()) return s;
    }
    if (work_.outlive == nullptr) return absl::OkStatus();
    MeshGuardOptions guarding = stronger_.Guarding(work_, *result);
    guarding.gap = options_.gap;
    guarding.min_gain = options_.min_gain;
    guarding.stop = options_.stop;
    auto guarded = GuardRoutes(*work_.outlive, FirmProblem(work_), guarding, &routes_);
    if (!guarded.ok()) return guarded.status();
    result->stopped |= guarded->stopped;
    result->guarded = *std::move(guarded);
    return absl::OkStatus();
  }

  const MeshRoutes& routes() const { return routes_; }
  const std::vector<double>& wanted() const { return wanted_; }

 private:
  std::function<bool()> StopRefining() const {
    return options_.stop_refining ? options_.stop_refining : options_.stop;
  }

  absl::Status Afresh(double mlu, MeshClassResult* result) {
    auto all = OptimizeMesh(
        problem_, {.max_paths = work_.max_paths, .gap = options_.gap, .stop = options_.stop});
    if (!all.ok()) return all.status();
    result->stopped = all->stopped;
    if (all->mlu >= mlu) return absl::OkStatus();
    routes_ = std::move(all->routes);
    if (work_.shorten) {
      routes_ = ShortenRoutes(problem_, routes_, all->mlu, StopRefining());
      return absl::OkStatus();
    }
    auto level =
        BalanceRoutes(problem_, routes_, {.max_paths = work_.max_paths, .stop = StopRefining()});
    if (!level.ok()) return level.status();
    routes_ = *std::move(level);
    return absl::OkStatus();
  }

  // Not all fits: the routes that share best, if that pays. `keep`: those in force may stay.
  absl::Status Share(bool keep) {
    auto shared = AllocateMesh(
        problem_, work_.sharing == v1::MOST_THROUGHPUT ? Sharing::kThroughput : Sharing::kMaxMin,
        {.max_paths = work_.max_paths, .gap = options_.gap, .stop = StopRefining()});
    if (!shared.ok()) return shared.status();
    const MeshRoutes before = keep ? work_.present : routes_;
    std::vector<double> now = GrantRates(problem_, before, work_.sharing);
    MeshRoutes best = before;
    const auto offer = [&](MeshRoutes routes, std::vector<double> wanted) {
      std::vector<double> granted = GrantRates(problem_, routes, work_.sharing, wanted);
      const double pays = options_.min_gain * static_cast<double>(ChangedPairs(before, routes));
      if (Gain(now, granted, work_.sharing) <= std::max(kSameShare, pays)) return;
      best = std::move(routes);
      now = std::move(granted);
      wanted_ = std::move(wanted);
    };
    offer(routes_, {});
    offer(Filled(shared->routes, routes_), shared->granted);
    routes_ = std::move(best);
    return absl::OkStatus();
  }

  const MeshClassWork& work_;
  const MeshProblem& problem_;
  const StrongerClasses& stronger_;
  const MeshSolveOptions& options_;
  MeshRoutes routes_;
  std::vector<double> wanted_;  // by demand, or empty
};

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

}  // namespace

absl::StatusOr<std::vector<MeshClassResult>> SolveMesh(const MeshWork& work,
                                                       const MeshSolveOptions& options) {
  const SolveClass solve = [&](const MeshClassWork& one, const MeshProblem& problem,
                               const StrongerClasses& stronger,
                               MeshClassResult* result) -> absl::StatusOr<std::vector<double>> {
    ClassSolver solver(one, problem, stronger, options);
    if (absl::Status s = solver.Solve(result); !s.ok()) return s;
    Merge(one, problem, solver.routes(), result);
    return solver.wanted();
  };
  std::vector<MeshClassResult> results;
  if (absl::Status s = InStrictOrder(work, options.begins, solve, &results); !s.ok()) return s;
  return results;
}

absl::StatusOr<std::vector<MeshClassResult>> AnswerMesh(
    const MeshWork& work, const std::map<std::string, std::vector<double>>& prices,
    const MeshSolveOptions& options) {
  const SolveClass answer = [&](const MeshClassWork& one, const MeshProblem& problem,
                                const StrongerClasses&,
                                MeshClassResult* result) -> absl::StatusOr<std::vector<double>> {
    std::span<const double> known;
    const auto found = prices.find(one.traffic_class);
    // Any certify a bound; those of another network would be of no use.
    if (found != prices.end() && found->second.size() == problem.links.size()) {
      known = found->second;
    }
    if (absl::Status s = AnswerClass(one, problem, known, options, result); !s.ok()) return s;
    return std::vector<double>();
  };
  std::vector<MeshClassResult> results;
  if (absl::Status s = InStrictOrder(work, options.begins, answer, &results); !s.ok()) return s;
  return results;
}

}  // namespace waymark
