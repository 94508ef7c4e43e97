#include "tests/bench/te_failures.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "controller/base/clock.h"
#include "controller/compute/mesh/live_mesh.h"
#include "controller/compute/mesh/optimize.h"

namespace waymark::bench {
namespace {

// Fibres that are tried at most, evenly spread over all.
constexpr size_t kMostFibres = 60;

double Seconds() { return absl::ToDoubleSeconds(RealClock().Monotonic()); }

double Quantile(std::vector<double> values, double share) {
  std::ranges::sort(values);
  return values[static_cast<size_t>(share * static_cast<double>(values.size() - 1))];
}

// A link and the first one back between the same nodes that no other fibre has.
std::vector<std::vector<int32_t>> Fibres(const MeshProblem& problem) {
  std::map<std::pair<int32_t, int32_t>, std::vector<int32_t>> waiting;
  std::vector<std::vector<int32_t>> fibres;
  for (size_t e = 0; e < problem.links.size(); ++e) {
    const MeshLink& link = problem.links[e];
    std::vector<int32_t>& back = waiting[{link.to, link.from}];
    if (back.empty()) {
      waiting[{link.from, link.to}].push_back(static_cast<int32_t>(fibres.size()));
      fibres.push_back({static_cast<int32_t>(e)});
    } else {
      fibres[back.front()].push_back(static_cast<int32_t>(e));
      back.erase(back.begin());
    }
  }
  return fibres;
}

}  // namespace

void Failures(const TeInstance& instance, const ParallelFor& parallel) {
  const MeshOptions whole = {.parallel = parallel};
  const auto plan = OptimizeMesh(instance.problem, whole);
  if (!plan.ok()) return;
  const double begin = Seconds();
  const auto live = LiveMesh::Create(instance.problem, plan->routes, plan->prices);
  if (!live.ok()) return;
  const double prepared = Seconds() - begin;
  std::vector<double> answers, full_solves, ratios, changed;
  const auto fibres = Fibres(instance.problem);
  const size_t step = (fibres.size() + kMostFibres - 1) / kMostFibres;
  for (size_t f = 0; f < fibres.size(); f += step) {
    LiveMesh copy = *live;
    const double failed = Seconds();
    const auto answer = copy.Fail(fibres[f], {.parallel = parallel});
    const double answered = Seconds();
    MeshProblem rest = instance.problem;
    for (const int32_t link : fibres[f]) rest.links[link].capacity = 0;
    const auto full = OptimizeMesh(rest, whole);
    full_solves.push_back(Seconds() - answered);
    answers.push_back(answered - failed);
    if (!answer.ok() || !full.ok()) return;
    ratios.push_back(full->mlu > 0 ? answer->mlu / full->mlu : 1);
    changed.push_back(static_cast<double>(answer->changed.size()));
  }
  std::printf("  %-34s p50 %.1f ms, p95 %.1f ms, max %.1f ms; full solves p50 %.1f ms\n",
              (std::to_string(answers.size()) + " single failures of a fibre").c_str(),
              Quantile(answers, 0.5) * 1e3, Quantile(answers, 0.95) * 1e3,
              Quantile(answers, 1) * 1e3, Quantile(full_solves, 0.5) * 1e3);
  std::printf("  %-34s p50 %.4f, p95 %.4f, max %.4f of a full solve's\n", "MLU then",
              Quantile(ratios, 0.5), Quantile(ratios, 0.95), Quantile(ratios, 1));
  std::printf("  %-34s p50 %.0f, max %.0f; prepared in %.1f ms\n", "pairs changed",
              Quantile(changed, 0.5), Quantile(changed, 1), prepared * 1e3);
}

}  // namespace waymark::bench
