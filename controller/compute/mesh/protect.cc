#include "controller/compute/mesh/protect.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "controller/compute/mesh/check_routes.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/failure_loads.h"
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
// Pairs between two questions whether to stop.
constexpr size_t kStride = 64;

absl::Status Check(const MeshProblem& problem, const MeshRoutes& routes,
                   const ProtectOptions& options) {
  if (absl::Status ok = CheckMeshProblem(problem); !ok.ok()) return ok;
  if (absl::Status ok = RouteBounds::CheckMemory(problem); !ok.ok()) return ok;
  if (absl::Status ok = CheckMeshRoutes(problem, routes); !ok.ok()) return ok;
  if (absl::Status ok = CheckRouteLimits(options.max_paths, 2, options.weight_total); !ok.ok()) {
    return ok;
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
        pairs_(problem.demands.size()) {
    for (size_t d = 0; d < pairs_.size(); ++d) {
      pairs_[d] = routes.pair(d);
      loads_.Add(pairs_[d], problem.demands[d].rate, 1);
    }
    healthy_limit_ = std::max(options.limit, EvaluateMesh(problem, routes).mlu);
  }

  void Run() {
    double softness = kFirstSoftness;
    int idle = 0;
    double best_worst = std::numeric_limits<double>::infinity();
    for (int round = 0; round < options_.max_rounds && !stopped_; ++round) {
      const double worst = Score();
      if (worst <= 0) return;
      const double cells = static_cast<double>(loads_.failure_count() + 1) *
                           static_cast<double>(problem_.links.size());
      loads_.SetPrices(std::log(cells + 1) / (softness * worst), worst);
      // At first all pairs; then those that load what is overloaded, or nearly so.
      const double threshold = round == 0 ? 0 : worst * (1 - softness);
      for (size_t d = 0; d < pairs_.size(); ++d) {
        if (d % kStride == 0 && options_.stop && options_.stop()) {
          stopped_ = true;
          break;
        }
        if (pairs_[d].empty() || (round > 0 && loads_.WorstOf(pairs_[d]) < threshold)) continue;
        Reroute(d);
      }
      const double now = Score();
      // When backups alone have given what they can, working routes may move too; and when this
      // softness has, it sharpens.
      if (now <= best_worst * (1 - kProgress)) {
        idle = 0;
      } else if (!moves_working_) {
        moves_working_ = true;
      } else {
        if (softness <= kLastSoftness && ++idle >= kPatience) break;
        softness = std::max(kLastSoftness, softness * kSharpenBy);
      }
      if (now < best_worst) {
        best_worst = now;
        best_ = pairs_;
      }
      if (best_worst <= options_.limit) break;
    }
    if (!best_.empty()) pairs_ = best_;
  }

  ProtectPlan Finish() {
    ProtectPlan plan;
    plan.stopped = stopped_;
    for (PairRoutes& pair : pairs_) {
      plan.routes.AddRoutes(pair);
      plan.routes.EndDemand();
    }
    const MeshLoads alone = EvaluateMesh(problem_, plan.routes);
    plan.mlu = plan.worst_mlu = alone.mlu;
    for (int32_t f = 0; f < loads_.failure_count(); ++f) {
      std::vector<bool> failed(problem_.links.size(), false);
      for (const int32_t link : loads_.links_of(f)) failed[link] = true;
      const MeshLoads loads = EvaluateMesh(problem_, plan.routes, failed);
      if (loads.mlu > plan.worst_mlu) {
        plan.worst_mlu = loads.mlu;
        plan.worst_failure = f;
      }
      for (const int32_t demand : loads.lost) {
        if (pairs_[demand].empty()) continue;
        (Joined(demand, failed) ? plan.exposed : plan.cut).emplace_back(f, demand);
      }
    }
    return plan;
  }

 private:
  bool Joined(int32_t demand, const std::vector<bool>& failed) {
    std::vector<double> length(problem_.links.size());
    for (size_t e = 0; e < length.size(); ++e) length[e] = failed[e] ? TreeSearch::kFar : 1;
    std::vector<int32_t> links;
    return finder_.Find(static_cast<size_t>(demand), length, &links);
  }

  std::optional<std::vector<int32_t>> Shortest(size_t d, const std::vector<double>& length) {
    std::vector<int32_t> links;
    if (!finder_.Find(d, length, &links)) return std::nullopt;
    return links;
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

  // Idle links cost a little, in proportion to what the dearest costs, so that routes stay short.
  void AddFloor(std::vector<double>* length) const {
    double dearest = 0;
    for (const double l : *length) dearest = std::max(dearest, l);
    const double floor = dearest > 0 ? dearest * 1e-6 : 1;
    for (double& l : *length) l += floor;
  }

  // Backups until no failure that can be outlived kills all routes, or there are too many.
  void Cover(size_t d, PairRoutes* pair) {
    while (pair->size() < static_cast<size_t>(options_.max_paths)) {
      const std::vector<int32_t> uncovered = loads_.UncoveredBy(*pair);
      if (uncovered.empty()) return;
      std::optional<std::vector<int32_t>> backup = Backup(d, uncovered, uncovered);
      // What is cheap to avoid one link at a time may still meet every failure.
      for (size_t i = 0; !backup && i < uncovered.size(); ++i) {
        backup = Backup(d, uncovered, {uncovered[i]});
      }
      if (!backup) return;
      pair->push_back({*std::move(backup), 1});
    }
  }

  // The cheapest route in `failures` that keeps off as many links of `avoided` as it can; nullopt
  // when all of these kill it.
  std::optional<std::vector<int32_t>> Backup(size_t d, const std::vector<int32_t>& failures,
                                             const std::vector<int32_t>& avoided) {
    std::vector<double> length;
    loads_.LengthIn(failures, &length);
    AddFloor(&length);
    double all = 0;
    for (const double l : length) all += l;
    for (const int32_t failure : avoided) {
      for (const int32_t link : loads_.links_of(failure)) length[link] += all;
    }
    std::optional<std::vector<int32_t>> links = Shortest(d, length);
    if (links && std::ranges::all_of(avoided, [&](int32_t f) { return loads_.Kills(f, *links); })) {
      return std::nullopt;
    }
    return links;
  }

  // One more backup beside those there are, which then share what a failure gives them.
  void Widen(size_t d, PairRoutes* pair) {
    if (pair->size() >= static_cast<size_t>(options_.max_paths)) return;
    const std::vector<int32_t> failures = loads_.FailuresOf({pair->front()});
    std::vector<double> length;
    loads_.LengthIn(failures, &length);
    AddFloor(&length);
    for (const int32_t failure : failures) {
      for (const int32_t link : loads_.links_of(failure)) length[link] = TreeSearch::kFar;
    }
    std::optional<std::vector<int32_t>> links = Shortest(d, length);
    if (!links || std::ranges::find(*pair, *links, &WeightedRoute::links) != pair->end()) return;
    pair->push_back({*std::move(links), 1});
  }

  // Working routes share what backups leave of the total.
  bool SetWeights(size_t working, PairRoutes* pair) const {
    const int32_t left = options_.weight_total - static_cast<int32_t>(pair->size() - working);
    int64_t sum = 0;
    for (size_t i = 0; i < working; ++i) sum += (*pair)[i].weight;
    int32_t rest = left;
    for (size_t i = 0; i < working; ++i) {
      (*pair)[i].weight = std::max<int32_t>(
          1, static_cast<int32_t>((*pair)[i].weight * static_cast<int64_t>(left) / sum));
      rest -= (*pair)[i].weight;
    }
    (*pair)[0].weight += rest;
    return (*pair)[0].weight >= 1;
  }

  // The routes that carry before any failure: all that have more than a backup's weight.
  static PairRoutes Working(const PairRoutes& pair) {
    PairRoutes working;
    for (const WeightedRoute& route : pair) {
      if (route.weight > 1) working.push_back(route);
    }
    if (working.empty()) working.push_back(pair.front());
    std::ranges::stable_sort(working, [](const WeightedRoute& a, const WeightedRoute& b) {
      return a.weight > b.weight;
    });
    return working;
  }

  void Reroute(size_t d) {
    const double rate = problem_.demands[d].rate;
    const PairRoutes old = pairs_[d];
    loads_.Add(old, rate, -1);
    std::vector<PairRoutes> candidates;
    const auto consider = [&](PairRoutes pair, size_t working) {
      if (SetWeights(working, &pair)) candidates.push_back(std::move(pair));
    };
    if (loads_.UncoveredBy(old).empty()) {
      candidates.push_back(old);
      PairRoutes wider = Working(old);
      const size_t working = wider.size();
      for (const WeightedRoute& route : old) {
        if (std::ranges::find(wider, route.links, &WeightedRoute::links) == wider.end()) {
          wider.push_back(route);
        }
      }
      const size_t before = wider.size();
      Widen(d, &wider);
      if (wider.size() > before) consider(std::move(wider), working);
    }
    PairRoutes same = Working(old);
    if (same.size() >= static_cast<size_t>(options_.max_paths)) same.resize(1);
    const size_t working = same.size();
    Cover(d, &same);
    consider(std::move(same), working);
    if (moves_working_) {
      std::vector<double> length;
      loads_.LengthInAll(&length);
      AddFloor(&length);
      if (auto links = Shortest(d, length)) {
        PairRoutes fresh = {{*std::move(links), options_.weight_total}};
        Cover(d, &fresh);
        consider(std::move(fresh), 1);
      }
    }
    Choose(d, rate, std::move(candidates));
  }

  // The fewest failures uncovered, then the cheapest.
  void Choose(size_t d, double rate, std::vector<PairRoutes> candidates) {
    size_t best = 0;
    std::pair<size_t, double> least = {SIZE_MAX, 0};
    for (size_t i = 0; i < candidates.size(); ++i) {
      const std::pair<size_t, double> cost = {loads_.UncoveredBy(candidates[i]).size(),
                                              loads_.CostOf(candidates[i], rate)};
      if (cost < least) {
        least = cost;
        best = i;
      }
    }
    pairs_[d] = std::move(candidates[best]);
    loads_.Add(pairs_[d], rate, 1);
  }

  const MeshProblem& problem_;
  const ProtectOptions& options_;
  MeshGraph graph_;
  const std::optional<RouteBounds> bounds_;
  RouteFinder finder_;
  FailureLoads loads_;
  std::vector<PairRoutes> pairs_, best_;
  double healthy_limit_ = 0;
  bool moves_working_ = false;
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
