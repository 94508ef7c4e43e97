#include "controller/compute/mesh/protect.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "absl/strings/str_cat.h"
#include "controller/compute/mesh/check_routes.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/failure_bound.h"
#include "controller/compute/mesh/failure_cuts.h"
#include "controller/compute/mesh/failure_loads.h"
#include "controller/compute/mesh/pair_backups.h"
#include "controller/compute/mesh/route_bounds.h"
#include "controller/compute/mesh/tree_search.h"

namespace waymark {
namespace {

constexpr size_t kMostCells = size_t{1} << 27;
// How soft the soft maximum is in the first and the last round, relatively.
constexpr double kFirstSoftness = 0.3, kLastSoftness = 0.01;
// Rounds without a better plan before it ends.
constexpr int kPatience = 4;
constexpr double kProgress = 0.005;
constexpr double kSharpenBy = 0.7;
// Of the worst: pairs that meet more get their weights tuned.
constexpr double kHot = 0.97;
// Of the gap that ends it: what the bound may be off.
constexpr double kBoundShare = 0.3;
// Relatively: more than rounding adds up to.
constexpr double kDrift = 1e-6;
// Failures as bad as the worst, but for that, that are measured exactly.
constexpr size_t kMeasured = 16;
// Pairs between two questions whether to stop.
constexpr size_t kStride = 16;

absl::Status Check(const MeshProblem& problem, const MeshRoutes& routes,
                   const ProtectOptions& options) {
  if (absl::Status ok = CheckMeshProblem(problem); !ok.ok()) return ok;
  if (absl::Status ok = RouteBounds::CheckMemory(problem); !ok.ok()) return ok;
  if (absl::Status ok = CheckMeshRoutes(problem, routes); !ok.ok()) return ok;
  if (absl::Status ok = CheckRouteLimits(options.max_paths, 2, options.weight_total); !ok.ok()) {
    return ok;
  }
  for (size_t d = 0; d < problem.demands.size(); ++d) {
    const size_t count = routes.first_route(d + 1) - routes.first_route(d);
    if (count <= static_cast<size_t>(options.max_paths)) continue;
    return absl::InvalidArgumentError(absl::StrCat(
        "routes: demands[", d, "] has ", count, ", more than max_paths (", options.max_paths, ")"));
  }
  if (!(options.gap > 0) || !(options.lower_bound >= 0)) {
    return absl::InvalidArgumentError(absl::StrCat(
        options.gap > 0 ? "lower_bound" : "gap", ": is ",
        options.gap > 0 ? options.lower_bound : options.gap, "; must be greater than 0"));
  }
  if (!(options.limit > 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("limit: is ", options.limit, "; must be greater than 0"));
  }
  for (size_t f = 0; f < options.failures.size(); ++f) {
    for (const int32_t link : options.failures[f]) {
      if (link >= 0 && static_cast<size_t>(link) < problem.links.size()) continue;
      return absl::InvalidArgumentError(absl::StrCat(
          "failures[", f, "]: link ", link, " does not exist; there are ", problem.links.size()));
    }
  }
  if (!problem.links.empty() && options.failures.size() > kMostCells / problem.links.size()) {
    return absl::ResourceExhaustedError(
        absl::StrCat(options.failures.size(), " failures of ", problem.links.size(),
                     " links are more than can be kept in memory; name fewer failures"));
  }
  return absl::OkStatus();
}

class Protector {
 public:
  Protector(const MeshProblem& problem, const MeshRoutes& routes, const ProtectOptions& options)
      : problem_(problem),
        options_(options),
        graph_(problem),
        bounds_(problem.bounded() ? std::optional<RouteBounds>(problem) : std::nullopt),
        finder_(problem, graph_, bounds_ ? &*bounds_ : nullptr),
        loads_(problem, options.failures),
        cuts_(problem, loads_, &finder_),
        backups_(problem,
                 {.max_paths = static_cast<size_t>(options.max_paths),
                  .weight_total = options.weight_total,
                  .fits = options.fits},
                 bounds_ ? &*bounds_ : nullptr, loads_, &cuts_, &finder_),
        pairs_(problem.demands.size()),
        bound_of_(options.failures.size() + 1, -1),
        bound_(options.lower_bound) {
    for (const MeshTraffic& other : options.others) {
      for (size_t d = 0; d < other.problem->demands.size(); ++d) {
        const double rate = other.problem->demands[d].rate;
        if (rate > 0) loads_.Add(other.routes->pair(d), rate, 1);
      }
    }
    if (!options.others.empty()) loads_.CutAtCapacity();
    for (size_t d = 0; d < pairs_.size(); ++d) {
      pairs_[d].routes = routes.pair(d);
      pairs_[d].working = pairs_[d].routes.size();
      loads_.Add(pairs_[d].routes, problem.demands[d].rate, 1);
    }
    healthy_limit_ = std::max(options.limit, loads_.WorstIn(0));
  }

  void Run() {
    if (options_.cover && CoverAll()) ImproveAll();
    RevertToBest();
  }

  ProtectPlan Finish() {
    ProtectPlan plan;
    plan.stopped = stopped_;
    plan.covered = covered_;
    for (const GuardedPair& pair : pairs_) {
      plan.routes.AddRoutes(pair.routes);
      plan.routes.EndDemand();
    }
    ListLost(&plan);
    Measure(&plan);
    plan.worst_lower_bound = std::min(bound_, plan.worst_mlu);
    return plan;
  }

 private:
  bool Stopped() {
    stopped_ = stopped_ || (options_.stop && options_.stop());
    return stopped_;
  }

  void Replace(size_t d, GuardedPair pair) {
    changed_.emplace_back(d, std::move(pairs_[d]));
    pairs_[d] = std::move(pair);
    exposed_ += pairs_[d].exposed;
    exposed_ -= changed_.back().second.exposed;
  }

  // False: stopped before all pairs have backups.
  bool CoverAll() {
    for (size_t d = 0; d < pairs_.size(); ++d) {
      if (d % kStride == 0 && Stopped()) {
        covered_ = false;
        break;
      }
      if (pairs_[d].routes.empty()) continue;
      GuardedPair pair = pairs_[d];
      backups_.CoverPlainly(d, &pair);
      exposed_ += pair.exposed;
      if (pair.routes == pairs_[d].routes) {
        pairs_[d].exposed = pair.exposed;
        continue;
      }
      loads_.Add(pairs_[d].routes, problem_.demands[d].rate, -1);
      loads_.Add(pair.routes, problem_.demands[d].rate, 1);
      pairs_[d] = std::move(pair);
    }
    return covered_;
  }

  void ImproveAll() {
    std::pair<size_t, double> best = {exposed_, Score()};
    double softness = kFirstSoftness;
    int idle = 0;
    PairBackups::Freedom freedom = PairBackups::Freedom::kBackups;
    for (int round = 0; round < options_.max_rounds && !GoodEnough(best.second); ++round) {
      const double worst = Score();
      const double cells = static_cast<double>(loads_.failure_count() + 1) *
                           static_cast<double>(problem_.links.size());
      loads_.SetPrices(std::log(cells + 1) / (softness * worst), worst);
      // At first all pairs; then those that load what is overloaded, or nearly so.
      Round(freedom, round == 0 ? 0 : worst * (1 - softness), worst * kHot);
      const std::pair<size_t, double> now = {exposed_, Score()};
      const bool progress = now.first < best.first || now.second <= best.second * (1 - kProgress);
      if (now < best) {
        best = now;
        changed_.clear();
      }
      // When backups alone have given what they can, working routes may move too; and when this
      // softness has, it sharpens.
      if (progress) {
        idle = 0;
      } else if (freedom == PairBackups::Freedom::kBackups) {
        freedom = PairBackups::Freedom::kWorkingToo;
      } else {
        if (softness <= kLastSoftness && ++idle >= kPatience) break;
        softness = std::max(kLastSoftness, softness * kSharpenBy);
      }
      if (stopped_) break;
    }
  }

  void Round(PairBackups::Freedom freedom, double threshold, double hot) {
    for (size_t d = 0; d < pairs_.size(); ++d) {
      if (d % kStride == 0 && Stopped()) return;
      GuardedPair& pair = pairs_[d];
      if (pair.routes.empty()) continue;
      const double worst = loads_.WorstOf(pair.routes, 0).utilisation;
      if (worst < threshold && pair.exposed == 0) continue;
      const double rate = problem_.demands[d].rate;
      loads_.Add(pair.routes, rate, -1);
      GuardedPair better = backups_.Improve(d, pair, freedom, worst >= hot);
      loads_.Add(better.routes, rate, 1);
      if (better.routes != pair.routes) Replace(d, std::move(better));
    }
  }

  // Nothing is overloaded, or no routing is much better. Asks for the bound of the failure that is
  // the worst now.
  bool GoodEnough(double worst) {
    if (worst <= options_.limit) return true;
    loads_.SetHealthyFactor(1);
    const int32_t row = loads_.FindWorst().row;
    if (row > 0 && bound_of_[row] < 0) {
      std::vector<bool> lost(pairs_.size());
      for (size_t d = 0; d < pairs_.size(); ++d) {
        lost[d] = std::ranges::all_of(pairs_[d].routes, [&](const WeightedRoute& route) {
          return loads_.Kills(row - 1, route.links);
        });
      }
      bound_of_[row] = BoundInFailure(
          problem_, loads_.links_of(row - 1), lost, OfOthers(FailedIn(row - 1)),
          options_.gap * kBoundShare, bound_, [&] { return Stopped(); }, options_.parallel);
      bound_ = std::max(bound_, bound_of_[row]);
    }
    return worst <= (1 + options_.gap) * bound_;
  }

  void RevertToBest() {
    for (auto it = changed_.rbegin(); it != changed_.rend(); ++it) {
      const double rate = problem_.demands[it->first].rate;
      loads_.Add(pairs_[it->first].routes, rate, -1);
      pairs_[it->first] = std::move(it->second);
      loads_.Add(pairs_[it->first].routes, rate, 1);
    }
  }

  void ListLost(ProtectPlan* plan) {
    if (stopped_) cuts_.SkipBounds();
    for (size_t d = 0; d < pairs_.size(); ++d) {
      for (const int32_t failure : loads_.UncoveredBy(pairs_[d].routes)) {
        (cuts_.Cuts(failure, d) ? plan->cut : plan->exposed)
            .emplace_back(failure, static_cast<int32_t>(d));
      }
    }
    std::ranges::sort(plan->cut);
    std::ranges::sort(plan->exposed);
  }

  std::vector<bool> FailedIn(int32_t failure) const {
    std::vector<bool> failed(problem_.links.size(), false);
    for (const int32_t link : loads_.links_of(failure)) failed[link] = true;
    return failed;
  }

  // By link, no more than it has; empty: there are no others.
  std::vector<double> OfOthers(const std::vector<bool>& failed) const {
    if (options_.others.empty()) return {};
    std::vector<double> load = LoadsOf(options_.others, problem_.links.size(), failed);
    for (size_t e = 0; e < load.size(); ++e) {
      load[e] = std::min(load[e], problem_.links[e].capacity);
    }
    return load;
  }

  double MluOf(const MeshRoutes& routes, const std::vector<bool>& failed) const {
    const MeshLoads own = EvaluateMesh(problem_, routes, failed);
    const std::vector<double> others = OfOthers(failed);
    double mlu = own.mlu;
    for (size_t e = 0; e < others.size(); ++e) {
      const double capacity = problem_.links[e].capacity;
      if (capacity > 0) mlu = std::max(mlu, (own.load[e] + others[e]) / capacity);
    }
    return mlu;
  }

  // The loads at hand have gathered rounding: the failures that are the worst by them are measured
  // anew.
  void Measure(ProtectPlan* plan) {
    plan->mlu = plan->worst_mlu = MluOf(plan->routes, {});
    loads_.SetHealthyFactor(1);
    std::vector<std::pair<double, int32_t>> order;  // worst first
    for (int32_t f = 0; f < loads_.failure_count(); ++f) {
      order.emplace_back(-loads_.WorstIn(f + 1), f);
    }
    std::ranges::sort(order);
    if (order.size() > kMeasured) order.resize(kMeasured);
    for (const auto& [negative, f] : order) {
      if (-negative < -order.front().first * (1 - kDrift)) break;
      const double mlu = MluOf(plan->routes, FailedIn(f));
      const bool first = mlu == plan->worst_mlu && f < plan->worst_failure;
      if (mlu <= plan->worst_mlu && !first) continue;
      plan->worst_mlu = mlu;
      plan->worst_failure = f;
    }
  }

  // What is minimised: the worst utilisation in any failure; without one nothing is to be above the
  // limit, or above what it was, whichever is more, and reaching that weighs like the worst
  // failure.
  double Score() {
    loads_.SetHealthyFactor(1);
    const double failing = loads_.FindWorst().utilisation;
    loads_.SetHealthyFactor(std::max(1.0, failing / healthy_limit_));
    return loads_.FindWorst().utilisation;
  }

  const MeshProblem& problem_;
  const ProtectOptions& options_;
  MeshGraph graph_;
  const std::optional<RouteBounds> bounds_;
  RouteFinder finder_;
  FailureLoads loads_;
  FailureCuts cuts_;
  PairBackups backups_;
  std::vector<GuardedPair> pairs_;
  std::vector<std::pair<size_t, GuardedPair>> changed_;  // since the best: what was before
  size_t exposed_ = 0;                                   // sum over the pairs
  std::vector<double> bound_of_;                         // by row; -1: not asked for yet
  double bound_ = 0;
  double healthy_limit_ = 0;
  bool covered_ = true;
  bool stopped_ = false;
};

}  // namespace

absl::StatusOr<ProtectPlan> ProtectMesh(const MeshProblem& problem, const MeshRoutes& routes,
                                        const ProtectOptions& options) {
  if (absl::Status ok = Check(problem, routes, options); !ok.ok()) return ok;
  Protector protector(problem, routes, options);
  protector.Run();
  return protector.Finish();
}

}  // namespace waymark
