#include "controller/compute/mesh/check_routes.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

constexpr int kMostPaths = 64;
constexpr int kMostWeight = 65'536;

}  // namespace

absl::Status CheckRouteLimits(int max_paths, int fewest_paths, int weight_total) {
  if (max_paths < fewest_paths || max_paths > kMostPaths) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_paths: is ", max_paths, "; must be ", fewest_paths, " to ", kMostPaths));
  }
  if (weight_total < max_paths || weight_total > kMostWeight) {
    return absl::InvalidArgumentError(absl::StrCat("weight_total: is ", weight_total,
                                                   "; must be max_paths (", max_paths, ") to ",
                                                   kMostWeight));
  }
  return absl::OkStatus();
}

absl::Status CheckMeshRoutes(const MeshProblem& problem, const MeshRoutes& routes) {
  if (routes.demand_count() != problem.demands.size()) {
    return absl::InvalidArgumentError(absl::StrCat("routes: are of ", routes.demand_count(),
                                                   " demands; the problem has ",
                                                   problem.demands.size()));
  }
  // By node: the route that passed it last.
  std::vector<size_t> passed(static_cast<size_t>(problem.node_count), SIZE_MAX);
  for (size_t d = 0; d < problem.demands.size(); ++d) {
    const MeshDemand& demand = problem.demands[d];
    for (size_t r = routes.first_route(d); r < routes.first_route(d + 1); ++r) {
      const auto bad = [&](const auto&... what) {
        return absl::InvalidArgumentError(absl::StrCat("routes: route ", r - routes.first_route(d),
                                                       " of demand ", d, " ", what...));
      };
      if (routes.weight(r) < 1 || routes.weight(r) > kMostWeight) {
        return bad("has weight ", routes.weight(r), "; give 1 to ", kMostWeight);
      }
      int32_t node = demand.from;
      passed[node] = r;
      for (const int32_t link : routes.links(r)) {
        if (link < 0 || static_cast<size_t>(link) >= problem.links.size()) {
          return bad("names link ", link, "; there are ", problem.links.size());
        }
        if (problem.links[link].from != node) {
          return bad("goes on with link ", link, ", which does not leave node ", node);
        }
        node = problem.links[link].to;
        if (passed[node] == r) return bad("passes node ", node, " twice");
        passed[node] = r;
      }
      if (node != demand.to) return bad("ends at node ", node, ", not ", demand.to);
    }
  }
  return absl::OkStatus();
}

}  // namespace waymark
