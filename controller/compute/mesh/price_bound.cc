#include "controller/compute/mesh/price_bound.h"

#include <cstddef>
#include <cstdint>
#include <numeric>

#include "controller/compute/mesh/tree_search.h"

namespace waymark {

std::vector<double> LeastCosts(const MeshProblem& problem, std::span<const double> prices) {
  const MeshGraph graph(problem);
  TreeSearch tree(graph);
  std::vector<double> costs;
  int32_t source = -1;
  for (const MeshDemand& demand : problem.demands) {
    if (demand.from != source) tree.Run(source = demand.from, prices);
    const double distance = tree.distance(demand.to);
    // 0 times an infinite distance is no number.
    costs.push_back(distance < TreeSearch::kFar ? demand.rate * distance : 0);
  }
  return costs;
}

double PriceBound(const MeshProblem& problem, std::span<const double> prices) {
  if (prices.size() != problem.links.size()) return 0;
  double worth = 0;
  for (size_t e = 0; e < prices.size(); ++e) worth += problem.links[e].capacity * prices[e];
  if (worth <= 0) return 0;
  const std::vector<double> costs = LeastCosts(problem, prices);
  return std::accumulate(costs.begin(), costs.end(), 0.0) / worth;
}

}  // namespace waymark
