#include "controller/compute/mesh/failure_bound.h"

#include "controller/compute/mesh/min_mlu.h"

namespace waymark {
namespace {

constexpr int kMostRounds = 400;

}  // namespace

double BoundInFailure(const MeshProblem& problem, std::span<const int32_t> failed,
                      const std::vector<bool>& lost, double gap, double enough,
                      const std::function<bool()>& stop, const ParallelFor& parallel) {
  MeshProblem left = problem;
  for (const int32_t link : failed) left.links[link].capacity = 0;
  for (size_t d = 0; d < lost.size(); ++d) {
    if (lost[d]) left.demands[d].rate = 0;
  }
  MinMlu solver(left, parallel);
  MinMlu::Until until{.gap = gap, .max_rounds = kMostRounds};
  until.stop = [&] { return solver.mlu() <= enough || (stop && stop()); };
  solver.Refine(until);
  return solver.lower_bound();
}

}  // namespace waymark
