#include "northbound/cli/te_solver.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "absl/strings/str_format.h"
#include "controller/compute/mesh/allocate.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/parallel.h"
#include "controller/compute/mesh/stretch.h"
#include "northbound/cli/te_guard.h"
#include "northbound/cli/te_routes.h"

namespace waymark::cli {
namespace {

// How long a run may take before a person at a terminal is told how far it is.
constexpr absl::Duration kQuietTime = absl::Seconds(1);
constexpr absl::Duration kProgressInterval = absl::Milliseconds(200);

// The routes, and what is granted where not all need be carried.
absl::Status Route(const TeInput& input, const TeSolveOptions& options, const MeshOptions& mesh,
                   TeSolved* solved) {
  if (!options.sharing) {
    auto plan = OptimizeMesh(input.problem, mesh);
    if (!plan.ok()) return plan.status();
    solved->plan = *std::move(plan);
    return absl::OkStatus();
  }
  auto allocation = AllocateMesh(input.problem, *options.sharing, mesh);
  if (!allocation.ok()) return allocation.status();
  solved->plan.routes = std::move(allocation->routes);
  solved->plan.rounds = allocation->rounds;
  solved->plan.stopped = allocation->stopped;
  solved->plan.unreachable = allocation->unreachable;
  solved->plan.out_of_bound = allocation->out_of_bound;
  solved->allocation = *std::move(allocation);
  return absl::OkStatus();
}

// With the rates that are carried.
MeshProblem CarriedOf(const TeInput& input, const TeSolved& solved) {
  MeshProblem carried = input.problem;
  if (!solved.allocation) return carried;
  for (size_t d = 0; d < carried.demands.size(); ++d) {
    carried.demands[d].rate = solved.allocation->granted[d];
  }
  return carried;
}

}  // namespace

void TeProgress::Show(const MeshProgress& at) {
  const absl::Duration now = clock_.Monotonic();
  if (!shown_ || now - begin_ < kQuietTime || now - shown_at_ < kProgressInterval) return;
  shown_at_ = now;
  err_ << absl::StrFormat("\rround %d: MLU %.5g, at least %.5g ", at.round, at.mlu, at.lower_bound)
       << std::flush;
  open_ = true;
}

TeSolver::TeSolver(Context& context, const TeSolveOptions& options, bool shorten,
                   const PathLimits& limits)
    : context_(context),
      options_(options),
      shorten_(shorten),
      limits_(limits),
      pool_(std::min(limits.threads(), kMeshThreads)),
      progress_(context),
      mesh_(options.mesh) {
  if (limits.threads() > 1) {
    mesh_.parallel = [this](int count, const std::function<void(int)>& task) {
      pool_.Run(count, task);
    };
  }
  mesh_.stop = [this] { return !limits_.GoOn().ok(); };
  // Only of an MLU: of the others it would not say what it is.
  if (!options.sharing) mesh_.progress = [this](const MeshProgress& at) { progress_.Show(at); };
}

absl::StatusOr<TeSolved> TeSolver::Solve(const TeInput& input,
                                         const std::optional<std::vector<Scenario>>& failures) {
  TeSolved solved;
  const absl::Duration begin = context_.clock().Monotonic();
  if (absl::Status status = Route(input, options_, mesh_, &solved); !status.ok()) return status;
  if (failures) {
    auto guarded = Guard(input, mesh_, solved.plan, *failures);
    if (!guarded.ok()) return guarded.status();
    solved.plan.routes = guarded->plan.routes;
    solved.plan.stopped |= guarded->plan.stopped;
    solved.guarded = *std::move(guarded);
  }
  const MeshProblem carried = CarriedOf(input, solved);
  if (shorten_) {
    const double mlu = EvaluateMesh(carried, solved.plan.routes).mlu;
    solved.plan.routes = ShortenRoutes(carried, solved.plan.routes, mlu, mesh_.stop);
  }
  solved.seconds = absl::ToDoubleSeconds(context_.clock().Monotonic() - begin);
  solved.loads = EvaluateMesh(carried, solved.plan.routes);
  solved.stretch = MeasureStretch(carried, solved.plan.routes);
  solved.most_segments = MostSegments(input, solved.plan.routes, mesh_.stop);
  return solved;
}

}  // namespace waymark::cli
