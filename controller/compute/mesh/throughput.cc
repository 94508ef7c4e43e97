#include "controller/compute/mesh/throughput.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace waymark {
namespace {

// Of all that is offered: less is not worth pricing, and a link must have some capacity.
constexpr double kLeastLoss = 1e-6;
// Relative changes of the thought loss that are not worth new prices.
constexpr double kSameLoss = 1e-4;

double Volume(const MeshProblem& problem, std::span<const double> length) {
  double volume = 0;
  for (size_t e = 0; e < problem.links.size(); ++e) {
    volume += problem.links[e].capacity * length[e];
  }
  return volume;
}

double RealMlu(const MeshProblem& problem, std::span<const double> load) {
  double mlu = 0;
  for (size_t e = 0; e < problem.links.size(); ++e) {
    if (load[e] > 0) mlu = std::max(mlu, load[e] / problem.links[e].capacity);
  }
  return mlu;
}

}  // namespace

double MostCarried(std::span<const double> rate, std::span<const double> distance, double volume) {
  // In the order in which, with growing s, their terms become 0.
  std::vector<int32_t> order;
  double all = 0, slope = volume;
  for (size_t d = 0; d < rate.size(); ++d) {
    if (rate[d] <= 0) continue;
    all += rate[d];
    if (distance[d] <= 0) continue;
    order.push_back(static_cast<int32_t>(d));
    slope -= rate[d] * distance[d];
  }
  std::ranges::sort(order, [&](int32_t a, int32_t b) {
    return distance[a] != distance[b] ? distance[a] > distance[b] : a < b;
  });
  double least = all, s = 0, value = all;
  for (const int32_t d : order) {
    if (slope >= 0) break;
    const double next = 1 / distance[d];
    value += slope * (next - s);
    least = std::min(least, value);
    s = next;
    slope += rate[d] * distance[d];
  }
  return least;
}

Carried CarryMost(const MeshProblem& problem, PathMlu* flow, const PathMlu::Until& until) {
  Carried carried;
  double offered = 0;
  for (const double rate : flow->rates()) offered += rate;
  carried.upper_bound = offered;
  double loss = std::max(kLeastLoss, (1 - 1 / std::max(1.0, flow->mlu())) / 2) * offered;
  flow->SetOverflow(loss);
  for (int round = 0; round < until.max_rounds && flow->Step(until); ++round) {
    carried.upper_bound =
        std::min(carried.upper_bound,
                 MostCarried(flow->rates(), flow->distance(), Volume(problem, flow->length())));
    const double total = (offered - flow->load()[static_cast<size_t>(flow->overflow_link())]) /
                         std::max(1.0, RealMlu(problem, flow->load()));
    if (until.progress) until.progress({flow->rounds(), total, carried.upper_bound});
    if (total >= (1 - until.gap) * carried.upper_bound) break;
    if (flow->solved()) flow->Sharpen();
    const double next = std::max(kLeastLoss * offered, offered - carried.upper_bound);
    if (std::abs(next - loss) > kSameLoss * loss) flow->SetOverflow(loss = next);
  }
  const double fit = 1 / std::max(1.0, RealMlu(problem, flow->load()));
  carried.pairs = flow->pairs();
  for (PairPaths& pair : carried.pairs) {
    EraseIf([&](const PairPath& path) { return path.links.front() == flow->overflow_link(); },
            &pair);
    double rate = 0;
    for (PairPath& path : pair) rate += path.amount *= fit;
    carried.rate.push_back(rate);
    carried.total += rate;
  }
  return carried;
}

}  // namespace waymark
