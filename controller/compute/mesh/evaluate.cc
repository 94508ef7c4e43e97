#include "controller/compute/mesh/evaluate.h"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace waymark {
namespace {

bool Survives(const MeshRoutes& routes, size_t route, const std::vector<bool>& failed) {
  return failed.empty() ||
         std::ranges::none_of(routes.links(route), [&](int32_t link) { return failed[link]; });
}

// Adds one demand's load to its links; false when no route of it is left.
bool Carry(const MeshRoutes& routes, size_t demand, double rate, const std::vector<bool>& failed,
           std::vector<size_t>& left, std::vector<double>& load) {
  left.clear();
  double weight = 0;
  for (size_t r = routes.first_route(demand); r < routes.first_route(demand + 1); ++r) {
    if (!Survives(routes, r, failed)) continue;
    left.push_back(r);
    weight += routes.weight(r);
  }
  for (const size_t r : left) {
    const double share = rate * routes.weight(r) / weight;
    for (const int32_t link : routes.links(r)) load[link] += share;
  }
  return !left.empty();
}

}  // namespace

MeshLoads EvaluateMesh(const MeshProblem& problem, const MeshRoutes& routes,
                       const std::vector<bool>& failed) {
  MeshLoads loads;
  loads.load.resize(problem.links.size());
  std::vector<size_t> left;
  for (size_t d = 0; d < problem.demands.size(); ++d) {
    const double rate = problem.demands[d].rate;
    if (rate == 0) continue;
    loads.offered += rate;
    if (Carry(routes, d, rate, failed, left, loads.load)) {
      loads.carried += rate;
    } else {
      loads.lost.push_back(static_cast<int32_t>(d));
    }
  }
  for (size_t i = 0; i < problem.links.size(); ++i) {
    if (loads.load[i] == 0) continue;
    const double capacity = problem.links[i].capacity;
    const double utilisation =
        capacity > 0 ? loads.load[i] / capacity : std::numeric_limits<double>::infinity();
    if (loads.worst_link < 0 || utilisation > loads.mlu) {
      loads.mlu = utilisation;
      loads.worst_link = static_cast<int32_t>(i);
    }
  }
  return loads;
}

std::vector<double> LoadsOf(std::span<const MeshTraffic> traffic, size_t link_count,
                            const std::vector<bool>& failed) {
  std::vector<double> sum(link_count, 0);
  for (const MeshTraffic& one : traffic) {
    const MeshLoads loads = EvaluateMesh(*one.problem, *one.routes, failed);
    for (size_t e = 0; e < link_count; ++e) sum[e] += loads.load[e];
  }
  return sum;
}

}  // namespace waymark
