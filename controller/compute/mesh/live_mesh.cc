#include "controller/compute/mesh/live_mesh.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/compute/mesh/check_routes.h"
#include "controller/compute/mesh/lost_routes.h"
#include "controller/compute/mesh/min_mlu.h"

namespace waymark {
absl::StatusOr<LiveMesh> LiveMesh::Create(MeshProblem problem, MeshRoutes routes,
                                          double lower_bound) {
  if (absl::Status ok = CheckMeshProblem(problem); !ok.ok()) return ok;
  if (absl::Status ok = CheckMeshRoutes(problem, routes); !ok.ok()) return ok;
  if (problem.bounded()) {
    return absl::InvalidArgumentError(
        "problem: has bounds on delay, hops or stretch, which answers to failures do not keep; use "
        "ReoptimizeMesh");
  }
  if (!(lower_bound >= 0)) {
    return absl::InvalidArgumentError(
        absl::StrCat("lower_bound: is ", lower_bound, "; must be 0 or more"));
  }
  return LiveMesh(std::move(problem), std::move(routes), lower_bound);
}

std::vector<int32_t> LiveMesh::Users(std::span<const int32_t> links) const {
  std::vector<int32_t> users;
  for (const int32_t link : links) {
    live_.VisitUsers(link, [&](int32_t demand) {
      for (size_t r = 0; r < live_.route_count(demand); ++r) {
        if (live_.usable(live_.links(demand, r))) continue;
        users.push_back(demand);
        break;
      }
      return true;
    });
  }
  std::ranges::sort(users);
  const auto again = std::ranges::unique(users);
  users.erase(again.begin(), again.end());
  return users;
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
  const SweepOptions sweep_options = {.max_paths = options.max_paths,
                                      .weight_total = options.weight_total,
                                      .parallel = options.parallel};
  live_.Fail(links);
  FailureAnswer answer;
  const std::vector<int32_t> cut = Users(links);
  answer.unreachable = RouteLost(cut, sweep_options, &live_);
  // What the rest needs at the least is not known any more.
  if (!answer.unreachable.empty()) lower_bound_ = 0;
  answer.detoured_mlu = live_.mlu();
  const std::vector<int32_t> moved = Sweep(sweep_options, options, &answer);
  std::ranges::set_union(cut, moved, std::back_inserter(answer.changed));
  answer.mlu = live_.mlu();
  answer.lower_bound = lower_bound_;
  return answer;
}

std::vector<int32_t> LiveMesh::Sweep(const SweepOptions& sweep_options,
                                     const LiveMeshOptions& options, FailureAnswer* answer) {
  RouteSweep sweep(&live_, sweep_options);
  RouteSweep::Scope scope = {.target = lower_bound_ * (1 + options.gap)};
  SweepSchedule schedule;
  std::vector<RouteSweep::Moved> moved;
  double now = live_.mlu(), best = now;
  size_t best_moves = 0;
  for (bool more = true; more && now > scope.target && now >= MinMlu::kLeastMlu;) {
    answer->stopped = options.stop && options.stop();
    if (answer->stopped) break;
    const double before = now;
    scope.softness = schedule.softness();
    scope.breadth = schedule.breadth();
    sweep.Round(scope, &moved);
    ++answer->rounds;
    now = live_.mlu();
    more = schedule.GoesOn(before, now);
    if (now >= best) continue;
    best = now;
    best_moves = moved.size();
  }
  // A lower soft maximum is not always a lower maximum.
  for (; moved.size() > best_moves; moved.pop_back()) {
    live_.Set(static_cast<size_t>(moved.back().demand), std::move(moved.back().before));
  }
  std::vector<int32_t> demands;
  for (const RouteSweep::Moved& move : moved) demands.push_back(move.demand);
  std::ranges::sort(demands);
  const auto again = std::ranges::unique(demands);
  demands.erase(again.begin(), again.end());
  return demands;
}

}  // namespace waymark
