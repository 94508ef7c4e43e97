#include "controller/compute/mesh/live_mesh.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/compute/mesh/check_routes.h"
#include "controller/compute/mesh/lost_routes.h"
#include "controller/compute/mesh/price_bound.h"
#include "controller/compute/mesh/route_bounds.h"

namespace waymark {
namespace {

// Of demands: with more, moving many pairs at once takes longer than an answer may.
constexpr size_t kMostForWide = 50'000;

}  // namespace

absl::StatusOr<LiveMesh> LiveMesh::Create(MeshProblem problem, MeshRoutes routes,
                                          std::span<const double> prices) {
  if (absl::Status ok = CheckMeshProblem(problem); !ok.ok()) return ok;
  if (absl::Status ok = RouteBounds::CheckMemory(problem); !ok.ok()) return ok;
  if (absl::Status ok = CheckMeshRoutes(problem, routes); !ok.ok()) return ok;
  if (!prices.empty() && prices.size() != problem.links.size()) {
    return absl::InvalidArgumentError(absl::StrCat("prices: there are ", prices.size(), ", but ",
                                                   problem.links.size(), " links"));
  }
  for (size_t e = 0; e < prices.size(); ++e) {
    if (prices[e] >= 0 && std::isfinite(prices[e])) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("prices[", e, "]: is ", prices[e], "; must be 0 or more, and finite"));
  }
  LiveMesh mesh(std::move(problem), std::move(routes));
  if (!prices.empty()) mesh.SetPrices(prices);
  return mesh;
}

void LiveMesh::SetPrices(std::span<const double> prices) {
  for (size_t e = 0; e < prices.size(); ++e) {
    worth_.push_back(problem().links[e].capacity * prices[e]);
  }
  cost_ = LeastCosts(problem(), prices);
}

double LiveMesh::LowerBound() const {
  const double worth = std::accumulate(worth_.begin(), worth_.end(), 0.0);
  return worth > 0 ? std::accumulate(cost_.begin(), cost_.end(), 0.0) / worth : 0;
}

void LiveMesh::Shrink(std::span<const int32_t> links, std::span<const int32_t> unreachable) {
  if (cost_.empty()) return;
  for (const int32_t link : links) worth_[link] = 0;
  for (const int32_t demand : unreachable) cost_[demand] = 0;
}

std::vector<int32_t> LiveMesh::Users(std::span<const int32_t> links) const {
  std::vector<int32_t> users;
  for (const int32_t link : links) {
    live_.VisitUsers(link, [&](int32_t demand) {
      if (live_.route_count(static_cast<size_t>(demand)) > 0) users.push_back(demand);
      return true;
    });
  }
  std::ranges::sort(users);
  users.erase(std::unique(users.begin(), users.end()), users.end());
  return users;
}

// Short: what is left is the background's.
void LiveMesh::Sweep(const SweepOptions& sweep_options, const LiveMeshOptions& options,
                     FailureAnswer* answer) {
  SweepSchedule::Limits limits = {.breadth = 1,
                                  .least_softness = options.gap,
                                  .most_breadth = 8,
                                  .use = options.gap / 10,
                                  .patience = 1};
  RouteSweep::Scope scope = {.fewest_pairs = 4, .target = answer->lower_bound * (1 + options.gap)};
  const auto sweep = [&] {
    const SweepResult swept =
        SweepDown(sweep_options, SweepSchedule(limits), scope, options.stop, &live_);
    answer->rounds += swept.rounds;
    answer->stopped |= swept.stopped;
    std::vector<int32_t> changed;
    std::ranges::set_union(answer->changed, swept.moved, std::back_inserter(changed));
    answer->changed = std::move(changed);
  };
  sweep();
  // Where few pairs alone find no better place, many together may.
  if (answer->stopped || live_.mlu() <= scope.target || problem().demands.size() > kMostForWide) {
    return;
  }
  limits.breadth = 8;
  limits.most_breadth = 64;
  scope.fewest_pairs = 200;
  sweep();
}

absl::StatusOr<FailureAnswer> LiveMesh::Fail(std::span<const int32_t> links,
                                             const LiveMeshOptions& options) {
  if (absl::Status ok = CheckRouteLimits(options.max_paths, 1, options.weight_total); !ok.ok()) {
    return ok;
  }
  if (!(options.gap >= 1e-6) || options.gap > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("gap: is ", options.gap, "; must be 0.000001 to 1"));
  }
  for (const int32_t link : links) {
    if (link >= 0 && static_cast<size_t>(link) < problem().links.size()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("links: link ", link, " does not exist; there are ", problem().links.size()));
  }
  live_.Fail(links);
  std::optional<RouteBounds> bounds;
  if (problem().bounded()) bounds.emplace(problem());
  const SweepOptions sweep_options = {.max_paths = options.max_paths,
                                      .weight_total = options.weight_total,
                                      .bounds = bounds ? &*bounds : nullptr,
                                      .parallel = options.parallel};
  FailureAnswer answer;
  Rerouted rerouted = RouteLost(Users(links), sweep_options, &live_);
  answer.unreachable = std::move(rerouted.nowhere);
  Shrink(links, answer.unreachable);
  answer.lower_bound = LowerBound();
  answer.detoured_mlu = live_.mlu();
  answer.changed = std::move(rerouted.changed);
  Sweep(sweep_options, options, &answer);
  answer.mlu = live_.mlu();
  // Where they are equal, sums rounded differently must not say that routes beat the bound.
  answer.lower_bound = std::min(answer.lower_bound, answer.mlu);
  return answer;
}

}  // namespace waymark
