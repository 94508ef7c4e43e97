#include "controller/compute/mesh/block_search.h"

#include <algorithm>

namespace waymark {

BlockSearch::BlockSearch(const MeshProblem& problem, const MeshGraph& graph)
    : problem_(problem), tree_(graph), through_(problem.node_count), all_(problem.links.size()) {}

void BlockSearch::RouteOnTree(std::span<const MeshDemand> demands, std::span<const double> length) {
  tree_.Run(demands[0].from, length);
  std::ranges::fill(through_, 0);
  std::ranges::fill(all_, 0);
  for (const MeshDemand& demand : demands) {
    if (tree_.distance(demand.to) < TreeSearch::kFar) through_[demand.to] += demand.rate;
  }
  const std::span<const int32_t> order = tree_.order();
  for (size_t i = order.size(); i-- > 1;) {
    const int32_t node = order[i];
    if (through_[node] == 0) continue;
    const int32_t link = tree_.last_link(node);
    all_[link] = through_[node];
    through_[problem_.links[link].from] += through_[node];
  }
}

void BlockSearch::SetDirection(std::span<const double> row, std::span<const double> inverse) {
  direction_.Clear();
  for (size_t link = 0; link < row.size(); ++link) {
    if (all_[link] != row[link]) {
      direction_.Add(static_cast<int32_t>(link), (all_[link] - row[link]) * inverse[link]);
    }
  }
}

}  // namespace waymark
