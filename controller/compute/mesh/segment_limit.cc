#include "controller/compute/mesh/segment_limit.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/compute/mesh/check_routes.h"
#include "controller/compute/mesh/live_routes.h"
#include "controller/compute/mesh/lost_routes.h"
#include "controller/compute/mesh/route_bounds.h"
#include "controller/compute/mesh/route_sweep.h"
#include "controller/compute/mesh/segment_search.h"

namespace waymark {
namespace {

constexpr double kSoftness = 0.05;
// Into how many portions of rate what must be routed anew is divided, each with prices of its own.
constexpr int kPortions = 8;

// A pair with routes that need too many segments.
struct Unfit {
  int32_t demand = 0;
  int64_t total = 0, left = 0;  // of the weights: before, and of the routes that fit
};

class Limiter {
 public:
  Limiter(const MeshProblem& problem, const MeshRoutes& routes, const SegmentRules& rules,
          const RouteBounds* bounds, const SegmentLimitOptions& options)
      : rules_(rules),
        options_(options),
        sweep_options_(
            {.max_paths = options.max_paths,
             .weight_total = options.weight_total,
             .bounds = bounds,
             .fits = [&rules](std::span<const int32_t> links) { return rules.Fits(links); },
             .parallel = options.parallel}),
        live_(problem, routes) {}

  // False: all fit.
  bool Look() {
    for (size_t d = 0; d < live_.problem().demands.size(); ++d) {
      Unfit unfit = {.demand = static_cast<int32_t>(d), .total = live_.weight_total(d)};
      for (size_t r = 0; r < live_.route_count(d); ++r) {
        if (rules_.Fits(live_.links(d, r))) unfit.left += live_.weight(d, r);
      }
      if (unfit.left < unfit.total) unfit_.push_back(unfit);
    }
    return !unfit_.empty();
  }

  LimitedRoutes Run() {
    for (const Unfit& unfit : unfit_) {
      PairRoutes kept = live_.pair(static_cast<size_t>(unfit.demand));
      std::erase_if(kept, [&](const WeightedRoute& route) { return !rules_.Fits(route.links); });
      live_.Set(static_cast<size_t>(unfit.demand), kept);
    }
    std::ranges::stable_sort(unfit_, [&](const Unfit& a, const Unfit& b) {
      return live_.problem().demands[a.demand].rate > live_.problem().demands[b.demand].rate;
    });
    RouteAnew();
    LimitedRoutes result;
    const SweepResult swept =
        SweepDown(sweep_options_, SweepSchedule(),
                  {.target = options_.lower_bound * (1 + options_.gap)}, options_.stop, &live_);
    result.stopped = stopped_ || swept.stopped;
    result.changed = live_.Changed();
    std::ranges::sort(impossible_);
    std::ranges::sort(unsought_);
    result.impossible = std::move(impossible_);
    result.unsought = std::move(unsought_);
    result.routes = live_.Routes();
    return result;
  }

 private:
  void RouteAnew() {
    SegmentSearch search(live_.problem(), rules_);
    double sum = 0;
    for (const Unfit& unfit : unfit_) sum += live_.problem().demands[unfit.demand].rate;
    for (size_t first = 0; first < unfit_.size();) {
      size_t end = first;
      double load = 0;
      while (end < unfit_.size() && (end == first || load < sum / kPortions)) {
        load += live_.problem().demands[unfit_[end++].demand].rate;
      }
      if (live_.mlu() > 0) live_.soft_max().SetPrices(kSoftness);
      search.SetPrices(live_.soft_max().length());
      // Those of a source share its search.
      std::stable_sort(unfit_.begin() + static_cast<ptrdiff_t>(first),
                       unfit_.begin() + static_cast<ptrdiff_t>(end),
                       [](const Unfit& a, const Unfit& b) { return a.demand < b.demand; });
      int32_t source = -1;
      for (; first < end; ++first) {
        const int32_t from = live_.problem().demands[unfit_[first].demand].from;
        if (from != source) {
          stopped_ = stopped_ || (options_.stop && options_.stop());
          if (!stopped_) search.Run(from);
          source = from;
        }
        Route(unfit_[first], &search);
      }
    }
  }

  void Route(const Unfit& unfit, SegmentSearch* search) {
    const size_t demand = static_cast<size_t>(unfit.demand);
    std::vector<int32_t> way;
    if (!stopped_ && search->RouteTo(live_.problem().demands[demand].to, &way) &&
        MayStay(live_, sweep_options_.bounds, demand, way)) {
      GiveWay(demand, way, unfit.total, unfit.left, sweep_options_, &live_);
    } else if (unfit.left > 0) {
      // Those that are left share it, as their headend has it.
      PairRoutes kept = live_.pair(demand);
      ScaleWeights(options_.weight_total, &kept);
      live_.Set(demand, kept);
    } else {
      (stopped_ ? unsought_ : impossible_).push_back(unfit.demand);
    }
  }

  const SegmentRules& rules_;
  const SegmentLimitOptions& options_;
  const SweepOptions sweep_options_;
  LiveRoutes live_;
  std::vector<Unfit> unfit_;
  std::vector<int32_t> impossible_, unsought_;
  bool stopped_ = false;
};

}  // namespace

absl::StatusOr<LimitedRoutes> LimitSegments(const MeshProblem& problem, const MeshRoutes& routes,
                                            const SegmentRules& rules,
                                            const SegmentLimitOptions& options) {
  if (absl::Status ok = CheckMeshProblem(problem); !ok.ok()) return ok;
  if (absl::Status ok = CheckMeshRoutes(problem, routes); !ok.ok()) return ok;
  if (absl::Status ok = CheckRouteLimits(options.max_paths, 1, options.weight_total); !ok.ok()) {
    return ok;
  }
  if (rules.most < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("most: is ", rules.most, "; must be 1 segment or more"));
  }
  std::optional<RouteBounds> bounds;
  if (problem.bounded()) {
    if (absl::Status ok = RouteBounds::CheckMemory(problem); !ok.ok()) return ok;
    bounds.emplace(problem);
  }
  Limiter limiter(problem, routes, rules, bounds ? &*bounds : nullptr, options);
  if (!limiter.Look()) return LimitedRoutes{.routes = routes};
  if (problem.node_count > SegmentSearch::kMostNodes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("routes of at most ", rules.most, " segments cannot be searched among ",
                     problem.node_count, " nodes, at most ", SegmentSearch::kMostNodes,
                     "; allow more segments, or split the network into regions"));
  }
  return limiter.Run();
}

}  // namespace waymark
