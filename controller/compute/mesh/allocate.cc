#include "controller/compute/mesh/allocate.h"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/fair_levels.h"
#include "controller/compute/mesh/fill_routes.h"
#include "controller/compute/mesh/path_mlu.h"
#include "controller/compute/mesh/round_routes.h"
#include "controller/compute/mesh/throughput.h"

namespace waymark {
namespace {

// How the allowed gap is shared between the fractional solution and its rounding.
constexpr double kSolverShare = 0.3;
// Of the gap: how far below what is wanted demands start to share.
constexpr double kBelow = 0.5;
// Of a demand's rate: less is dust of floating-point sums.
constexpr double kDust = 1e-9;

std::vector<PairPaths> PathsOf(const MeshProblem& problem, const MeshRoutes& routes) {
  std::vector<PairPaths> pairs(problem.demands.size());
  for (size_t d = 0; d < pairs.size(); ++d) {
    for (size_t r = routes.first_route(d); r < routes.first_route(d + 1); ++r) {
      const auto links = routes.links(r);
      pairs[d].push_back(
          {.links = {links.begin(), links.end()}, .amount = static_cast<double>(routes.weight(r))});
    }
  }
  return pairs;
}

// Whether nobody gets less of `a` than of `b` by a greater factor than somebody gets more.
bool GainsAsItLoses(std::span<const double> a, std::span<const double> b) {
  double gain = 1, loss = 1;
  for (size_t d = 0; d < a.size(); ++d) {
    if (a[d] > b[d] * gain) gain = a[d] / b[d];
    if (b[d] > a[d] * loss) loss = b[d] / a[d];
  }
  return gain >= loss;
}

// Whether the least rate in which they differ by more than `tolerance` is higher in `a`.
bool Fairer(std::vector<double> a, std::vector<double> b, double tolerance) {
  std::ranges::sort(a);
  std::ranges::sort(b);
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i] * (1 + tolerance)) return true;
    if (b[i] > a[i] * (1 + tolerance)) return false;
  }
  return false;
}

class Allocator {
 public:
  Allocator(const MeshProblem& problem, Sharing sharing, const MeshOptions& options, MeshPlan plan)
      : problem_(problem), sharing_(sharing), options_(options), plan_(std::move(plan)) {
    result_.sharing = sharing;
    for (const MeshDemand& demand : problem.demands) result_.offered += demand.rate;
    result_.rounds = plan_.rounds;
    result_.unreachable = std::move(plan_.unreachable);
    result_.out_of_bound = std::move(plan_.out_of_bound);
  }

  MeshAllocation GrantAll() {
    std::vector<double> rates;
    for (const MeshDemand& demand : problem_.demands) rates.push_back(demand.rate);
    for (const int32_t demand : result_.unreachable) rates[demand] = 0;
    result_.fits = true;
    result_.stopped = plan_.stopped;
    Grant(std::move(plan_.routes), std::move(rates));
    result_.upper_bound = result_.carried;
    result_.least = result_.least_bound = std::numeric_limits<double>::infinity();
    return std::move(result_);
  }

  MeshAllocation Share() {
    result_.upper_bound = result_.offered;
    for (const int32_t demand : result_.unreachable) {
      result_.upper_bound -= problem_.demands[demand].rate;
    }
    result_.least_bound = std::numeric_limits<double>::infinity();
    if (options_.stop && options_.stop()) return ShareAsItIs();
    const RouteBounds bounds(problem_);
    PathMlu flow(problem_, bounds, PathsOf(problem_, plan_.routes), options_.parallel);
    const PathMlu::Until until = {.gap = options_.gap * kSolverShare,
                                  .max_rounds = options_.max_rounds,
                                  .stop = options_.stop,
                                  .progress = options_.progress};
    MeshProblem scaled = problem_;
    std::vector<PairPaths> pairs;
    std::vector<double> rates;
    if (sharing_ == Sharing::kThroughput) {
      Carried carried = CarryMost(problem_, &flow, until);
      pairs = std::move(carried.pairs);
      rates = std::move(carried.rate);
      result_.upper_bound = std::min(result_.upper_bound, carried.upper_bound);
    } else {
      FairRates fair = ShareFairly(problem_, &flow, until);
      pairs = flow.pairs();
      rates = std::move(fair.rate);
      result_.least_bound = fair.least_bound;
      result_.levels = fair.levels;
    }
    result_.rounds += flow.rounds();
    result_.stopped = flow.stopped();
    for (size_t d = 0; d < rates.size(); ++d) {
      if (rates[d] <= kDust * problem_.demands[d].rate) rates[d] = 0;
      if (rates[d] == 0) pairs[d].clear();
      scaled.demands[d].rate = rates[d];
    }
    MeshRoutes routes = RoundRoutes(scaled, flow.graph(), &bounds, std::move(pairs),
                                    {.max_paths = options_.max_paths,
                                     .weight_total = options_.weight_total,
                                     .limit = 1,
                                     .stop = options_.stop});
    const RouteFiller filler(problem_, routes);
    rates =
        sharing_ == Sharing::kThroughput ? filler.FillUp(rates) : FairOn(filler, std::move(rates));
    Grant(std::move(routes), std::move(rates));
    return std::move(result_);
  }

 private:
  // On the routes at hand: the time is up.
  MeshAllocation ShareAsItIs() {
    result_.stopped = true;
    std::vector<double> wanted(problem_.demands.size(), 0);
    for (size_t d = 0; d < wanted.size(); ++d) wanted[d] = problem_.demands[d].rate / plan_.mlu;
    for (const int32_t demand : result_.unreachable) wanted[demand] = 0;
    const RouteFiller filler(problem_, plan_.routes);
    if (sharing_ == Sharing::kMaxMin) {
      result_.least_bound = *std::ranges::max_element(wanted) * plan_.mlu;
      wanted = FairOn(filler, std::move(wanted));
    } else {
      wanted = filler.FillUp(wanted);
    }
    Grant(std::move(plan_.routes), std::move(wanted));
    return std::move(result_);
  }

  // From a little below `wanted`, so that those who have least can take from the rest. Or from
  // nothing, if that is fairer: where levels were not found, or not right. But traces of demands on
  // full links hold them down then; so not where that costs somebody more than it helps any other.
  // Stopped, there was no time for levels, and there is none to compare: from nothing is fairest.
  std::vector<double> FairOn(const RouteFiller& filler, std::vector<double> wanted) const {
    const std::vector<double> level = filler.FillFairly(std::vector<double>(wanted.size(), 0));
    if (result_.stopped || (options_.stop && options_.stop())) return level;
    for (double& rate : wanted) rate *= 1 - kBelow * options_.gap;
    std::vector<double> near = filler.FillFairly(wanted);
    return GainsAsItLoses(level, near) && Fairer(level, near, options_.gap) ? level : near;
  }

  void Grant(MeshRoutes routes, std::vector<double> rates) {
    MeshProblem granted = problem_;
    result_.least = std::numeric_limits<double>::infinity();
    for (size_t d = 0; d < rates.size(); ++d) {
      granted.demands[d].rate = rates[d];
      result_.carried += rates[d];
      const bool lost = std::ranges::binary_search(result_.unreachable, static_cast<int32_t>(d));
      if (rates[d] < problem_.demands[d].rate * (1 - options_.gap) && !lost) {
        result_.least = std::min(result_.least, rates[d]);
      }
    }
    result_.mlu = EvaluateMesh(granted, routes).mlu;
    result_.routes = std::move(routes);
    result_.granted = std::move(rates);
  }

  const MeshProblem& problem_;
  const Sharing sharing_;
  const MeshOptions& options_;
  MeshPlan plan_;
  MeshAllocation result_;
};

}  // namespace

absl::StatusOr<MeshAllocation> AllocateMesh(const MeshProblem& problem, Sharing sharing,
                                            const MeshOptions& options) {
  // Once it is certain that not all fits, how little does not matter.
  bool too_much = false;
  MeshOptions first = options;
  first.progress = [&](const MeshProgress& at) {
    too_much = at.lower_bound > 1;
    if (options.progress) options.progress(at);
  };
  first.stop = [&] { return too_much || (options.stop && options.stop()); };
  auto plan = OptimizeMesh(problem, first);
  if (!plan.ok()) return plan.status();
  const bool fits = plan->mlu <= 1;
  Allocator allocator(problem, sharing, options, *std::move(plan));
  return fits ? allocator.GrantAll() : allocator.Share();
}

}  // namespace waymark
