#include "controller/compute/mesh/optimize.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/min_mlu.h"
#include "controller/compute/mesh/pair_paths.h"
#include "controller/compute/mesh/path_mlu.h"
#include "controller/compute/mesh/round_routes.h"
#include "controller/compute/mesh/route_bounds.h"

namespace waymark {
namespace {

// Of sources x links: 8 bytes each.
constexpr size_t kMostFlows = size_t{1} << 28;
// How the allowed gap is shared between the fractional solution and its rounding.
constexpr double kSolverShare = 0.4;
constexpr double kRoundingShare = 0.9;

absl::Status CheckOptions(const MeshOptions& options) {
  if (options.max_paths < 1 || options.max_paths > kMostMeshPaths) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_paths: is ", options.max_paths, "; must be 1 to ", kMostMeshPaths));
  }
  if (options.weight_total < options.max_paths || options.weight_total > kMostMeshWeight) {
    return absl::InvalidArgumentError(absl::StrCat("weight_total: is ", options.weight_total,
                                                   "; must be max_paths (", options.max_paths,
                                                   ") to ", kMostMeshWeight));
  }
  if (!(options.gap >= kLeastMeshGap && options.gap <= kMostMeshGap)) {
    return absl::InvalidArgumentError(
        absl::StrCat("gap: is ", options.gap, "; must be ", kLeastMeshGap, " to ", kMostMeshGap));
  }
  if (options.max_rounds < 0 || options.max_rounds > kMostMeshRounds) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_rounds: is ", options.max_rounds, "; must be 0 to ", kMostMeshRounds));
  }
  return absl::OkStatus();
}

absl::Status CheckMemory(const MeshProblem& problem) {
  size_t sources = 0;
  for (size_t d = 0; d < problem.demands.size(); ++d) {
    sources += d == 0 || problem.demands[d].from != problem.demands[d - 1].from;
  }
  if (sources > 0 && problem.links.size() > kMostFlows / sources) {
    return absl::ResourceExhaustedError(
        absl::StrCat(sources, " sources on ", problem.links.size(),
                     " links need more memory than is allowed: at most ", kMostFlows,
                     " flows; split the network into regions"));
  }
  return RouteBounds::CheckMemory(problem);
}

// A fractional routing, and what is known of all others.
struct Fractional {
  std::vector<PairPaths> pairs;
  double mlu = 0, lower_bound = 0;
  int rounds = 0;
  bool stopped = false;
};

MinMlu::Until SolveUntil(const MeshOptions& options) {
  return {.gap = options.gap * kSolverShare,
          .max_rounds = options.max_rounds,
          .stop = options.stop,
          .progress = options.progress};
}

Fractional SolveBySources(const MeshProblem& problem, const MeshOptions& options, MinMlu* solver) {
  solver->Refine(SolveUntil(options));
  return {.pairs = DecomposeAll(problem, *solver, options.parallel),
          .mlu = solver->mlu(),
          .lower_bound = solver->lower_bound(),
          .rounds = solver->rounds(),
          .stopped = solver->stopped()};
}

// Goes on from a solution without bounds, whose lower bound holds here too.
void KeepBounds(const MeshProblem& problem, const RouteBounds& bounds, const MeshOptions& options,
                Fractional* solved) {
  bool kept = true;
  for (size_t d = 0; d < solved->pairs.size(); ++d) {
    for (const PairPath& path : solved->pairs[d]) kept = kept && bounds.Keeps(d, path.links);
  }
  if (kept) return;
  PathMlu solver(problem, bounds, std::move(solved->pairs), options.parallel);
  solver.Refine(SolveUntil(options), solved->lower_bound);
  solved->pairs = solver.pairs();
  solved->mlu = solver.mlu();
  solved->lower_bound = std::max(solved->lower_bound, solver.lower_bound());
  solved->rounds += solver.rounds();
  solved->stopped |= solver.stopped();
}

// Without the demands that nothing can carry within the bounds.
MeshProblem Feasible(const MeshProblem& problem, const RouteBounds& bounds) {
  MeshProblem feasible = problem;
  for (const int32_t demand : bounds.out_of_bound()) feasible.demands[demand].rate = 0;
  return feasible;
}

}  // namespace

absl::StatusOr<MeshPlan> OptimizeMesh(const MeshProblem& problem, const MeshOptions& options) {
  if (absl::Status ok = CheckOptions(options); !ok.ok()) return ok;
  if (absl::Status ok = CheckMeshProblem(problem); !ok.ok()) return ok;
  if (absl::Status ok = CheckMemory(problem); !ok.ok()) return ok;

  std::optional<RouteBounds> bounds;
  MeshProblem feasible;
  if (problem.bounded()) {
    bounds.emplace(problem);
    feasible = Feasible(problem, *bounds);
  }
  const MeshProblem& carried = bounds ? feasible : problem;
  MinMlu solver(carried, options.parallel);
  Fractional solved = SolveBySources(carried, options, &solver);
  MeshPlan plan;
  plan.unreachable = solver.unreachable();
  plan.prices = solver.prices();
  if (bounds) {
    KeepBounds(carried, *bounds, options, &solved);
    plan.out_of_bound = bounds->out_of_bound();
    plan.unreachable.clear();
    std::ranges::set_union(bounds->no_way(), bounds->out_of_bound(),
                           std::back_inserter(plan.unreachable));
  }
  plan.fractional_mlu = solved.mlu;
  plan.lower_bound = solved.lower_bound;
  plan.rounds = solved.rounds;
  plan.stopped = solved.stopped;
  const double limit = std::max(solved.lower_bound * (1 + options.gap * kRoundingShare),
                                solved.mlu * (1 + options.gap * (kRoundingShare - kSolverShare)));
  plan.routes =
      RoundRoutes(carried, solver.graph(), bounds ? &*bounds : nullptr, std::move(solved.pairs),
                  {.max_paths = options.max_paths,
                   .weight_total = options.weight_total,
                   .limit = limit,
                   .stop = options.stop});
  plan.mlu = EvaluateMesh(problem, plan.routes).mlu;
  // Where they are equal, sums rounded differently must not say that a routing beats the bound.
  plan.lower_bound = std::min(plan.lower_bound, plan.mlu);
  return plan;
}

}  // namespace waymark
