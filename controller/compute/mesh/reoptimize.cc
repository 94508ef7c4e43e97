#include "controller/compute/mesh/reoptimize.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/compute/mesh/check_routes.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/live_routes.h"
#include "controller/compute/mesh/lost_routes.h"
#include "controller/compute/mesh/min_mlu.h"
#include "controller/compute/mesh/optimize.h"
#include "controller/compute/mesh/route_bounds.h"
#include "controller/compute/mesh/route_sweep.h"

namespace waymark {
namespace {

// Pairs moved at once: few, so that a state is found where the gain ends.
constexpr size_t kMovesInRound = 32;
constexpr int kMostPasses = 16;
// Above the limit every reduction pays, but for what is less than this, relatively.
constexpr double kLeastGain = 1e-6;

absl::Status Check(const MeshProblem& problem, const MeshRoutes& present,
                   const ReoptimizeOptions& options) {
  if (absl::Status ok = CheckMeshProblem(problem); !ok.ok()) return ok;
  if (absl::Status ok = CheckMeshRoutes(problem, present); !ok.ok()) return ok;
  if (!(options.limit > 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("limit: is ", options.limit, "; must be greater than 0"));
  }
  if (!(options.min_gain >= 0) || options.min_gain > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("min_gain: is ", options.min_gain, "; must be 0 to 1"));
  }
  return absl::OkStatus();
}

class Reoptimizer {
 public:
  // `plan`: made without regard to `present`. `bounds` null: there are none.
  Reoptimizer(const MeshProblem& problem, const MeshRoutes& present, const MeshPlan& plan,
              const RouteBounds* bounds, const ReoptimizeOptions& options)
      : problem_(problem),
        present_(present),
        plan_(plan),
        options_(options),
        sweep_options_({.max_paths = options.max_paths,
                        .weight_total = options.weight_total,
                        .bounds = bounds,
                        .parallel = options.parallel}),
        live_(problem, present) {}

  ReoptimizedMesh Run() {
    ReoptimizedMesh result;
    result.mlu_before = EvaluateMesh(problem_, present_, Dead()).mlu;
    result.lower_bound = plan_.lower_bound;
    result.optimum = plan_.mlu;
    result.unreachable = plan_.unreachable;
    RouteLost(MustChange(), sweep_options_, &live_);
    for (size_t d = 0; d < problem_.demands.size(); ++d) {
      if (live_.route_count(d) == 0) live_.Set(d, plan_.routes.pair(d));
    }
    result.forced = live_.Changed();
    Improve((1 + options_.gap) * plan_.lower_bound);
    result.routes = live_.Routes();
    for (size_t d = 0; d < problem_.demands.size(); ++d) {
      if (live_.pair(d) != present_.pair(d)) result.changed.push_back(static_cast<int32_t>(d));
    }
    result.mlu = EvaluateMesh(problem_, result.routes).mlu;
    result.stopped = stopped_ || plan_.stopped;
    return result;
  }

 private:
  bool Stopped() {
    stopped_ = stopped_ || (options_.stop && options_.stop());
    return stopped_;
  }

  std::vector<bool> Dead() const {
    std::vector<bool> dead;
    for (const MeshLink& link : problem_.links) dead.push_back(link.capacity <= 0);
    return dead;
  }

  // Those with a route that may not stay.
  std::vector<int32_t> MustChange() const {
    std::vector<int32_t> demands;
    for (size_t d = 0; d < problem_.demands.size(); ++d) {
      bool must = false;
      for (size_t r = 0; r < live_.route_count(d); ++r) {
        must |= !MayStay(live_, sweep_options_.bounds, d, live_.links(d, r));
      }
      if (must) demands.push_back(static_cast<int32_t>(d));
    }
    return demands;
  }

  // From `before` with `changed_before` pairs changed to the present state.
  bool Pays(double before, size_t changed_before, double now, size_t changed_now) const {
    const double gain = (before - now) / before;
    if (gain < kLeastGain) return false;
    if (before > options_.limit || changed_now <= changed_before) return true;
    return gain >= options_.min_gain * static_cast<double>(changed_now - changed_before);
  }

  // Each pass begins as if what it finds had been in force: so it is the same as the next call's.
  void Improve(double target) {
    for (int pass = 0; pass < kMostPasses; ++pass) {
      live_ = LiveRoutes(problem_, live_.Routes());
      if (!Pass(RouteSweep::Search::kAround, target) &&
          !Pass(RouteSweep::Search::kAfresh, target) && !Adopt(target)) {
        return;
      }
      GoBack();
    }
  }

  // The plan made without regard to what is in force, as a whole, if that pays.
  bool Adopt(double target) {
    const double now = live_.mlu();
    if (now <= target || stopped_) return false;
    size_t different = 0;
    for (size_t d = 0; d < problem_.demands.size(); ++d) {
      different += live_.pair(d) != plan_.routes.pair(d);
    }
    if (!Pays(now, 0, plan_.mlu, different)) return false;
    live_ = LiveRoutes(problem_, plan_.routes);
    return true;
  }

  // True: a better state was kept.
  bool Pass(RouteSweep::Search search, double target) {
    LiveRoutes kept = live_;
    double kept_mlu = live_.mlu();
    size_t kept_changed = live_.Changed().size();
    bool better = false;
    RouteSweep sweep(&live_, sweep_options_);
    SweepSchedule schedule;
    double now = kept_mlu;
    while (now > target && now >= MinMlu::kLeastMlu && !Stopped()) {
      const double before = now;
      sweep.Round({.search = search,
                   .softness = schedule.softness(),
                   .breadth = schedule.breadth(),
                   .target = target,
                   .most_moves = kMovesInRound});
      now = live_.mlu();
      const size_t changed = live_.Changed().size();
      if (Pays(kept_mlu, kept_changed, now, changed)) {
        kept = live_;
        kept_mlu = now;
        kept_changed = changed;
        better = true;
      }
      if (!schedule.GoesOn(before, now)) break;
    }
    live_ = std::move(kept);
    return better;
  }

  // What was moved goes back to where it was as far as that raises no link above the MLU.
  void GoBack() {
    const double most = live_.mlu();
    for (size_t demand = 0; demand < problem_.demands.size(); ++demand) {
      PairRoutes original = present_.pair(demand);
      if (live_.pair(demand) == original) continue;
      if (original.empty() || std::ranges::any_of(original, [&](const WeightedRoute& route) {
            return !MayStay(live_, sweep_options_.bounds, demand, route.links);
          })) {
        continue;
      }
      const PairRoutes moved = live_.pair(demand);
      live_.Set(demand, original);
      if (live_.MostOn(original) > most) live_.Set(demand, moved);
    }
  }

  const MeshProblem& problem_;
  const MeshRoutes& present_;
  const MeshPlan& plan_;
  const ReoptimizeOptions& options_;
  const SweepOptions sweep_options_;
  LiveRoutes live_;
  bool stopped_ = false;
};

}  // namespace

absl::StatusOr<ReoptimizedMesh> ReoptimizeMesh(const MeshProblem& problem,
                                               const MeshRoutes& present,
                                               const ReoptimizeOptions& options) {
  if (absl::Status ok = Check(problem, present, options); !ok.ok()) return ok;
  absl::StatusOr<MeshPlan> plan = OptimizeMesh(problem, {.max_paths = options.max_paths,
                                                         .weight_total = options.weight_total,
                                                         .gap = options.gap,
                                                         .max_rounds = options.max_rounds,
                                                         .stop = options.stop,
                                                         .parallel = options.parallel});
  if (!plan.ok()) return plan.status();
  std::optional<RouteBounds> bounds;
  if (problem.bounded()) bounds.emplace(problem);
  ReoptimizedMesh result =
      Reoptimizer(problem, present, *plan, bounds ? &*bounds : nullptr, options).Run();
  result.out_of_bound = std::move(plan->out_of_bound);
  result.prices = std::move(plan->prices);
  return result;
}

}  // namespace waymark
