#include "northbound/cli/te_solver.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

#include "absl/strings/str_format.h"
#include "controller/compute/mesh/allocate.h"
#include "controller/compute/mesh/balance.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/parallel.h"
#include "controller/compute/mesh/polish.h"
#include "controller/compute/mesh/stretch.h"
#include "northbound/cli/te_guard.h"
#include "northbound/cli/te_routes.h"

namespace waymark::cli {
namespace {

// How long a run may take before a person at a terminal is told how far it is.
constexpr absl::Duration kQuietTime = absl::Seconds(1);
constexpr absl::Duration kProgressInterval = absl::Milliseconds(200);

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

absl::Status TeSolver::Route(const MeshProblem& problem, TeSolved* solved) const {
  if (!options_.sharing) {
    auto plan = OptimizeMesh(problem, mesh_);
    if (!plan.ok()) return plan.status();
    solved->plan = *std::move(plan);
    return options_.exact > absl::ZeroDuration() ? Polish(problem, solved) : absl::OkStatus();
  }
  auto allocation = AllocateMesh(problem, *options_.sharing, mesh_);
  if (!allocation.ok()) return allocation.status();
  solved->plan.routes = std::move(allocation->routes);
  solved->plan.rounds = allocation->rounds;
  solved->plan.stopped = allocation->stopped;
  solved->plan.unreachable = allocation->unreachable;
  solved->plan.out_of_bound = allocation->out_of_bound;
  solved->allocation = *std::move(allocation);
  return absl::OkStatus();
}

absl::Status TeSolver::Polish(const MeshProblem& problem, TeSolved* solved) const {
  const absl::Duration end = context_.clock().Monotonic() + options_.exact;
  bool over = false;
  MeshOptions options = mesh_;
  options.stop = [&] {
    over = over || context_.clock().Monotonic() >= end;
    return over || mesh_.stop();
  };
  auto polished = PolishMesh(problem, options, {}, std::move(solved->plan));
  if (!polished.ok()) return polished.status();
  solved->plan = std::move(polished->plan);
  solved->plan.stopped |= mesh_.stop();
  solved->exact = polished->exact;
  solved->exact_out_of_time = over && !polished->exact;
  return absl::OkStatus();
}

absl::StatusOr<LimitedRoutes> TeSolver::Limited(const MeshProblem& carried,
                                                const TeSolved& solved) const {
  return LimitSegments(carried, solved.plan.routes, rules_,
                       {.max_paths = mesh_.max_paths,
                        .weight_total = mesh_.weight_total,
                        .gap = mesh_.gap,
                        .lower_bound = solved.plan.lower_bound,
                        .stop = mesh_.stop,
                        .parallel = mesh_.parallel});
}

absl::Status TeSolver::Limit(const MeshProblem& carried, TeSolved* solved) {
  // What is granted is granted on these paths.
  if (options_.sharing) return absl::OkStatus();
  auto limited = Limited(carried, *solved);
  if (!limited.ok()) return limited.status();
  solved->plan.routes = std::move(limited->routes);
  solved->plan.stopped |= limited->stopped;
  solved->too_long = std::move(limited->impossible);
  solved->unsought = std::move(limited->unsought);
  if (!solved->too_long.empty() || !solved->unsought.empty()) solved->plan.lower_bound = 0;
  return absl::OkStatus();
}

// The bound and the routes are those of the demands that are left: the links are theirs alone.
absl::Status TeSolver::LeaveOutTooLong(const MeshProblem& carried, TeSolved* solved) {
  if (solved->too_long.empty() || solved->plan.stopped) return absl::OkStatus();
  const std::vector<int32_t> left_out = solved->too_long;
  MeshProblem rest = carried;
  for (const int32_t demand : left_out) rest.demands[demand].rate = 0;
  if (absl::Status status = Route(rest, solved); !status.ok()) return status;
  if (absl::Status status = Limit(rest, solved); !status.ok()) return status;
  std::vector<int32_t> all;
  std::ranges::set_union(left_out, solved->too_long, std::back_inserter(all));
  solved->too_long = std::move(all);
  return absl::OkStatus();
}

// Shorter in delay may be longer in segments.
absl::Status TeSolver::Shorten(const MeshProblem& carried, TeSolved* solved) {
  const double mlu = EvaluateMesh(carried, solved->plan.routes).mlu;
  MeshRoutes before = solved->plan.routes;
  solved->plan.routes = ShortenRoutes(carried, before, mlu, mesh_.stop);
  if (options_.sharing) return absl::OkStatus();
  auto limited = Limited(carried, *solved);
  if (!limited.ok()) return limited.status();
  solved->plan.stopped |= limited->stopped;
  // All had paths that fit.
  const bool lost = !limited->impossible.empty() || !limited->unsought.empty();
  solved->plan.routes = lost ? std::move(before) : std::move(limited->routes);
  return absl::OkStatus();
}

absl::Status TeSolver::Balance(const MeshProblem& carried, TeSolved* solved) {
  auto balanced =
      BalanceRoutes(carried, solved->plan.routes,
                    {.max_paths = mesh_.max_paths,
                     .weight_total = mesh_.weight_total,
                     .fits = [this](std::span<const int32_t> links) { return rules_.Fits(links); },
                     .stop = mesh_.stop,
                     .parallel = mesh_.parallel});
  if (!balanced.ok()) return balanced.status();
  solved->plan.routes = *std::move(balanced);
  return absl::OkStatus();
}

absl::StatusOr<TeSolved> TeSolver::Solve(const TeInput& input, const Failing& failing) {
  TeSolved solved;
  const absl::Duration begin = context_.clock().Monotonic();
  if (!segments_) {
    segments_.emplace(input);
    rules_ = segments_->Rules(options_.max_segments);
  }
  if (absl::Status status = Route(input.problem, &solved); !status.ok()) {
    return status;
  }
  const MeshProblem carried = CarriedOf(input, solved);
  if (absl::Status status = Limit(carried, &solved); !status.ok()) return status;
  if (absl::Status status = LeaveOutTooLong(carried, &solved); !status.ok()) return status;
  if (options_.balance) {
    if (absl::Status status = Balance(carried, &solved); !status.ok()) return status;
  }
  MeshProblem whole = carried;
  whole.links = failing.whole;
  if (failing.outlive != nullptr) {
    auto guarded = Guard(whole, failing.stronger, mesh_, rules_, solved.plan, *failing.outlive);
    if (!guarded.ok()) return guarded.status();
    solved.plan.routes = guarded->plan.routes;
    solved.plan.stopped |= guarded->plan.stopped;
    solved.guarded = *std::move(guarded);
  }
  if (shorten_) {
    if (absl::Status status = Shorten(carried, &solved); !status.ok()) return status;
  }
  if (failing.model != nullptr) {
    solved.availability = MeasureTe(whole, solved.plan.routes, failing.stronger, *failing.model,
                                    failing.target, mesh_.stop, mesh_.parallel);
    solved.plan.stopped |= solved.availability->mesh.stopped;
  }
  solved.seconds = absl::ToDoubleSeconds(context_.clock().Monotonic() - begin);
  solved.loads = EvaluateMesh(carried, solved.plan.routes);
  solved.stretch = MeasureStretch(carried, solved.plan.routes);
  solved.most_segments = MostSegments(input, solved.plan.routes, mesh_.stop);
  return solved;
}

}  // namespace waymark::cli
