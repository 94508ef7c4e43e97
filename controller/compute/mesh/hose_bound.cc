#include "controller/compute/mesh/hose_bound.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "controller/compute/mesh/hose_optimize.h"
#include "controller/compute/mesh/min_mlu.h"

namespace waymark {
namespace {

constexpr double kSharpness = 60;
// Of the worst link's weight: the rest has no say.
constexpr double kLeastWeight = 0.01;
constexpr size_t kMostLinks = 32;
constexpr double kGap = 0.005;
constexpr int kMostRounds = 100;
// Sums of rates may be above what they are added up to by so much of them.
constexpr double kRounding = 1e-9;

// Groups of a hose with what they can still send and receive.
struct Left {
  explicit Left(const HoseGroups& groups) : ingress(groups.ingress), egress(groups.egress) {}
  double Take(int32_t from, int32_t to, double most) {
    const double rate = std::min({ingress[from], egress[to], most});
    ingress[from] -= rate;
    egress[to] -= rate;
    return rate;
  }
  std::vector<double> ingress, egress;
};

class Matrix {
 public:
  explicit Matrix(const HoseState& state) : state_(state) {
    for (const HoseState::Pair& pair : state.pairs()) {
      demands_.push_back({pair.nodes.from, pair.nodes.to, pair.rate});
    }
  }

  // Adds so much of the hose's worst matrix for the link, filled up with what its sites have left.
  void AddWorst(int32_t link, int32_t hose, double weight, HoseTransport& transport) {
    const HoseGroups& groups = state_.groups(hose);
    Left left(groups);
    const auto add = [&](int32_t from, int32_t to, double most) {
      demands_[state_.PairOf(groups.Nodes(from, to))].rate += weight * left.Take(from, to, most);
    };
    if (const HoseState::Cell* cell = state_.FindCell(link, hose); cell != nullptr) {
      std::vector<double> traffic;
      transport.SetRates(groups.ingress, groups.egress);
      transport.Worst(cell->shares, &traffic);
      for (size_t s = 0; s < traffic.size(); ++s) {
        if (traffic[s] > 0) add(cell->shares[s].from, cell->shares[s].to, traffic[s]);
      }
    }
    for (int32_t from = 0; from < groups.size(); ++from) {
      for (int32_t to = 0; to < groups.size(); ++to) {
        if (groups.Talk(from, to)) add(from, to, kMostMeshRate);
      }
    }
  }

  std::vector<MeshDemand> demands() const {
    std::vector<MeshDemand> demands = demands_;
    for (MeshDemand& demand : demands) demand.rate = std::min(demand.rate, kMostMeshRate);
    return demands;
  }

 private:
  const HoseState& state_;
  std::vector<MeshDemand> demands_;
};

// The links with the greatest weights in the soft maximum, and these, which add up to 1.
std::vector<std::pair<double, int32_t>> HotLinks(size_t count, HoseState& state) {
  std::vector<std::pair<double, int32_t>> hot;
  state.SetSoftness(state.Utilisation(state.Hottest()), kSharpness);
  for (size_t e = 0; e < count; ++e) {
    const int32_t link = static_cast<int32_t>(e);
    const double weight = state.Cost(link, state.load(link));
    if (weight >= kLeastWeight) hot.emplace_back(weight, link);
  }
  std::ranges::stable_sort(hot, [](const auto& a, const auto& b) { return a.first > b.first; });
  if (hot.size() > kMostLinks) hot.resize(kMostLinks);
  double sum = 0;
  for (const auto& [weight, link] : hot) sum += weight;
  for (auto& [weight, link] : hot) weight /= sum;
  return hot;
}

}  // namespace

double HoseLowerBound(const MeshProblem& problem, HoseState& state,
                      const std::function<bool()>& stop, const ParallelFor& parallel) {
  if (state.pairs().empty() || problem.links.empty()) return 0;
  const std::vector<std::pair<double, int32_t>> hot = HotLinks(problem.links.size(), state);
  MeshProblem bounded = {.node_count = problem.node_count, .links = problem.links};
  HoseTransport transport;
  double bound = 0;
  for (const size_t links : {size_t{1}, hot.size()}) {
    Matrix matrix(state);
    for (size_t i = 0; i < links; ++i) {
      const auto& [weight, link] = hot[i];
      for (int32_t hose = 0; hose < state.hose_count(); ++hose) {
        matrix.AddWorst(link, hose, links == 1 ? 1 : weight, transport);
      }
    }
    bounded.demands = matrix.demands();
    MinMlu solver(bounded, parallel);
    solver.Refine({.gap = kGap, .max_rounds = kMostRounds, .stop = stop});
    bound = std::max(bound, solver.lower_bound() * (1 - kRounding));
    if (hot.size() == 1) break;
  }
  return bound;
}

std::vector<double> GravityOfHose(const Hose& hose) {
  const HoseGroups groups = GroupHoseSites(hose);
  const std::vector<HosePair> pairs = HosePairs(hose);
  const size_t count = groups.groups.size();
  std::vector<double> rate(count * count, 0);
  double most = 0;
  for (const double egress : groups.egress) most = std::max(most, egress);
  for (int32_t from = 0; from < groups.size(); ++from) {
    for (int32_t to = 0; to < groups.size(); ++to) {
      if (!groups.Talk(from, to)) continue;
      // As a share first: products of tiny rates would vanish.
      rate[from * count + to] = groups.ingress[from] * (groups.egress[to] / most);
    }
  }
  // Rows, then columns, scaled to what they may be; last only down.
  constexpr int kSweeps = 12;
  for (int sweep = 0; sweep < kSweeps; ++sweep) {
    const bool down = sweep + 2 >= kSweeps;
    const bool rows = sweep % 2 == 0;
    for (size_t i = 0; i < count; ++i) {
      const size_t first = rows ? i * count : i, step = rows ? 1 : count;
      double sum = 0;
      for (size_t k = 0; k < count; ++k) sum += rate[first + k * step];
      if (!(sum > 0)) continue;
      double scale = (rows ? groups.ingress[i] : groups.egress[i]) / sum;
      if (down) scale = std::min(scale, 1.0);
      for (size_t k = 0; k < count; ++k) rate[first + k * step] *= scale;
    }
  }
  std::vector<double> rates(pairs.size(), 0);
  for (int32_t from = 0; from < groups.size(); ++from) {
    for (int32_t to = 0; to < groups.size(); ++to) {
      if (!groups.Talk(from, to)) continue;
      const auto at = std::ranges::lower_bound(pairs, groups.Nodes(from, to));
      rates[at - pairs.begin()] += rate[from * count + to] * (1 - kRounding);
    }
  }
  return rates;
}

}  // namespace waymark
