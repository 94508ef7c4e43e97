#include "controller/compute/mesh/hose_ways.h"

#include <utility>

#include "controller/compute/mesh/route_bounds.h"
#include "controller/compute/mesh/tree_search.h"

namespace waymark {

struct HoseWays::Bounds {
  explicit Bounds(MeshProblem of_pairs)
      : problem(std::move(of_pairs)),
        graph(problem),
        bounds(problem),
        finder(problem, graph, &bounds) {}

  const MeshProblem problem;  // its demands are the pairs
  const MeshGraph graph;
  const RouteBounds bounds;
  RouteFinder finder;
};

HoseWays::HoseWays() = default;
HoseWays::HoseWays(HoseWays&&) = default;
HoseWays::~HoseWays() = default;

absl::StatusOr<HoseWays> HoseWays::Create(const MeshProblem& problem, const HoseState& state) {
  HoseWays ways;
  if (!problem.bounded()) return ways;
  MeshProblem of_pairs = problem;
  of_pairs.demands.clear();
  for (const HoseState::Pair& pair : state.pairs()) {
    of_pairs.demands.push_back({pair.nodes.from, pair.nodes.to, 1});
  }
  if (absl::Status ok = RouteBounds::CheckMemory(of_pairs); !ok.ok()) return ok;
  ways.bounds_ = std::make_unique<Bounds>(std::move(of_pairs));
  return ways;
}

bool HoseWays::Mend(int32_t pair, std::span<const double> length, std::vector<int32_t>* way) {
  const size_t demand = static_cast<size_t>(pair);
  if (bounds_ == nullptr || bounds_->bounds.Keeps(demand, *way)) return true;
  return bounds_->bounds.feasible(demand) && bounds_->finder.Find(demand, length, way);
}

}  // namespace waymark
