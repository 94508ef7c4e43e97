#include "controller/compute/mesh/failure_bound.h"

#include <algorithm>
#include <map>
#include <utility>

#include "controller/compute/mesh/min_mlu.h"

namespace waymark {
namespace {

constexpr int kMostRounds = 400;

// Each load as a demand from end to end of its link.
void AddDemands(std::span<const double> load, MeshProblem* problem) {
  std::map<std::pair<int32_t, int32_t>, double> rates;
  for (const MeshDemand& demand : problem->demands) rates[{demand.from, demand.to}] += demand.rate;
  for (size_t e = 0; e < load.size(); ++e) {
    const MeshLink& link = problem->links[e];
    if (link.capacity > 0 && load[e] > 0) rates[{link.from, link.to}] += load[e];
  }
  problem->demands.clear();
  for (const auto& [ends, rate] : rates) {
    problem->demands.push_back({ends.first, ends.second, std::min(rate, kMostMeshRate)});
  }
}

}  // namespace

double BoundInFailure(const MeshProblem& problem, std::span<const int32_t> failed,
                      const std::vector<bool>& lost, std::span<const double> others, double gap,
                      double enough, const std::function<bool()>& stop,
                      const ParallelFor& parallel) {
  MeshProblem left = problem;
  for (const int32_t link : failed) left.links[link].capacity = 0;
  for (size_t d = 0; d < lost.size(); ++d) {
    if (lost[d]) left.demands[d].rate = 0;
  }
  if (!problem.bounded()) AddDemands(others, &left);
  MinMlu solver(left, parallel);
  MinMlu::Until until{.gap = gap, .max_rounds = kMostRounds};
  until.stop = [&] { return solver.mlu() <= enough || (stop && stop()); };
  solver.Refine(until);
  return solver.lower_bound();
}

}  // namespace waymark
