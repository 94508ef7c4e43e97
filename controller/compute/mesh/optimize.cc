#include "controller/compute/mesh/optimize.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/min_mlu.h"
#include "controller/compute/mesh/round_routes.h"

namespace waymark {
namespace {

constexpr int kMostPaths = 64;
constexpr int kMostWeight = 65'536;
constexpr int kMostRounds = 1'000'000;
// Of sources x links: 8 bytes each.
constexpr size_t kMostFlows = size_t{1} << 28;
// How the allowed gap is shared between the fractional solution and its rounding.
constexpr double kSolverShare = 0.4;
constexpr double kRoundingShare = 0.9;

absl::Status CheckOptions(const MeshOptions& options) {
  if (options.max_paths < 1 || options.max_paths > kMostPaths) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_paths: is ", options.max_paths, "; must be 1 to ", kMostPaths));
  }
  if (options.weight_total < options.max_paths || options.weight_total > kMostWeight) {
    return absl::InvalidArgumentError(absl::StrCat("weight_total: is ", options.weight_total,
                                                   "; must be max_paths (", options.max_paths,
                                                   ") to ", kMostWeight));
  }
  if (!(options.gap >= 1e-6) || options.gap > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("gap: is ", options.gap, "; must be 0.000001 to 1"));
  }
  if (options.max_rounds < 0 || options.max_rounds > kMostRounds) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_rounds: is ", options.max_rounds, "; must be 0 to ", kMostRounds));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<MeshPlan> OptimizeMesh(const MeshProblem& problem, const MeshOptions& options) {
  if (absl::Status ok = CheckOptions(options); !ok.ok()) return ok;
  if (absl::Status ok = CheckMeshProblem(problem); !ok.ok()) return ok;
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

  MinMlu solver(problem, options.parallel);
  solver.Refine({.gap = options.gap * kSolverShare,
                 .max_rounds = options.max_rounds,
                 .stop = options.stop,
                 .progress = options.progress});
  MeshPlan plan;
  plan.fractional_mlu = solver.mlu();
  plan.lower_bound = solver.lower_bound();
  plan.rounds = solver.rounds();
  plan.unreachable = solver.unreachable();
  plan.stopped = solver.stopped();
  const double limit = std::max(solver.lower_bound() * (1 + options.gap * kRoundingShare),
                                solver.mlu() * (1 + options.gap * (kRoundingShare - kSolverShare)));
  plan.routes = RoundRoutes(problem, solver,
                            {.max_paths = options.max_paths,
                             .weight_total = options.weight_total,
                             .limit = limit,
                             .stop = options.stop,
                             .parallel = options.parallel});
  plan.mlu = EvaluateMesh(problem, plan.routes).mlu;
  return plan;
}

}  // namespace waymark
