#include "controller/compute/mesh/min_mlu.h"

#include <algorithm>
#include <cmath>

namespace waymark {
namespace {

// Sources whose trees are found under the same prices, while those before them are moved: with
// eight, stale prices cost more rounds than the threads save.
constexpr int kBatch = kMeshThreads;
// Sources between two questions whether to stop, where nothing else happens between them.
constexpr size_t kBoundBatch = 32;
constexpr double kLeastSoftness = 1e-6;
// A soft maximum counts as solved when its duality gap is at most this share of its softness;
// solving each before the next keeps the blocks out of creases, where none of them alone can move.
constexpr double kSolved = 0.3;
// The next is as sharp as what is known of this one would solve, within these factors.
constexpr double kLeastSharper = 0.5, kMostSharper = 0.125;

// Onto the tree, if the second-order model promises a step of at least this; else by segments.
constexpr double kLongStep = 0.9;
// Of the softness: differences in price that are not worth a shift.
constexpr double kTolerance = 0.02;

// Of the pairs of segments in a round, at most: later rounds, which have proved hard, go over them
// oftener. It ends when fewer than this share of them had something to move.
constexpr int kMostSweeps = 30;
constexpr double kFewMoved = 0.25;

}  // namespace

MinMlu::MinMlu(const MeshProblem& problem, ParallelFor parallel)
    : problem_(problem),
      parallel_(std::move(parallel)),
      graph_(problem),
      soft_max_(problem),
      shift_(problem) {
  const size_t links = problem.links.size();
  lost_.assign(problem.demands.size(), false);
  workers_.reserve(2 * kBatch);
  for (int i = 0; i < 2 * kBatch; ++i) workers_.emplace_back(problem, graph_);
  flows_.link_count = links;
  for (size_t d = 0; d < problem.demands.size(); ++d) {
    if (d > 0 && problem.demands[d].from == problem.demands[d - 1].from) continue;
    flows_.sources.push_back(problem.demands[d].from);
    flows_.first_demand.push_back(d);
  }
  flows_.first_demand.push_back(problem.demands.size());
  flows_.flow.assign(flows_.sources.size() * links, 0);
  const int sources = static_cast<int>(flows_.sources.size());
  double least = 0;
  for (int first = 0; first < sources; first += kBatch) {
    RunParallel(parallel_, std::min(kBatch, sources - first), [&](int i) {
      const size_t source = static_cast<size_t>(first + i);
      workers_[i].RouteOnTree(flows_.demands(problem, source), soft_max_.length());
      std::ranges::copy(workers_[i].all(), flows_.row(source).begin());
    });
    for (int i = first; i < std::min(first + kBatch, sources); ++i) {
      const TreeSearch& tree = workers_[i - first].tree();
      for (size_t d = flows_.first_demand[i]; d < flows_.first_demand[i + 1]; ++d) {
        if (problem.demands[d].rate > 0 &&
            tree.distance(problem.demands[d].to) == TreeSearch::kFar) {
          unreachable_.push_back(static_cast<int32_t>(d));
          lost_[d] = true;
        }
      }
      least += CostOn(tree, static_cast<size_t>(i));
    }
  }
  AddUpLoads();
  FirstBound(least);
}

void MinMlu::FirstBound(double least) {
  // Capacity times price of each that can be used: 1.
  const auto usable =
      std::ranges::count_if(problem_.links, [](const MeshLink& link) { return link.capacity > 0; });
  if (usable > 0) lower_bound_ = least / static_cast<double>(usable);
  prices_.assign(soft_max_.inverse().begin(), soft_max_.inverse().end());
}

void MinMlu::AddUpLoads() {
  std::vector<double> load(problem_.links.size(), 0);
  for (size_t source = 0; source < flows_.sources.size(); ++source) {
    const std::span<const double> row = flows_.row(source);
    for (size_t e = 0; e < load.size(); ++e) load[e] += row[e];
  }
  soft_max_.SetLoad(load);
}

void MinMlu::MoveOntoTree(size_t source, const BlockSearch& worker) {
  const FlowDirection& direction = worker.direction();
  const double step = soft_max_.StepAlong(direction, 1);
  const std::span<double> row = flows_.row(source);
  for (const int32_t link : direction.links) {
    const double all = worker.all()[link];
    const double flow = step >= 1 ? all : row[link] + step * (all - row[link]);
    soft_max_.Add(link, flow - row[link]);
    row[link] = flow;
  }
}

bool MinMlu::Stopped(const Until& until) {
  stopped_ = stopped_ || (until.stop && until.stop());
  return stopped_;
}

void MinMlu::EvenOut(const Until& until) {
  const int most = std::min(kMostSweeps, rounds_ + 1);
  for (int sweep = 0; sweep < most && pairs_.size() > 0 && !Stopped(until); ++sweep) {
    soft_max_.SetPrices(softness_);
    const size_t moved =
        pairs_.Even(kTolerance * softness_, flows_.link_count, flows_.flow, &soft_max_);
    if (static_cast<double>(moved) < kFewMoved * static_cast<double>(pairs_.size())) return;
  }
}

void MinMlu::FindTree(size_t source, BlockSearch* worker) const {
  worker->RouteOnTree(flows_.demands(problem_, source), length_);
  worker->SetDirection(flows_.row(source), soft_max_.inverse());
}

void MinMlu::Move(size_t source, const BlockSearch& worker) {
  if (soft_max_.PromiseOf(worker.direction()).step >= kLongStep) {
    MoveOntoTree(source, worker);
  } else {
    shift_.Run(worker.tree(), kTolerance * softness_, flows_.row(source), &soft_max_, &pairs_,
               static_cast<int32_t>(source));
  }
}

bool MinMlu::Round(const Until& until) {
  pairs_.Clear();
  const int sources = static_cast<int>(flows_.sources.size());
  // While one batch is moved, the trees of the next are found, so that threads need not wait.
  int found = 0, moved = 0;
  for (int half = 0; moved < sources && !Stopped(until); half = kBatch - half) {
    const int move_end = found, find_end = std::min(found + kBatch, sources);
    length_.assign(soft_max_.length().begin(), soft_max_.length().end());
    RunParallel(parallel_, 1 + find_end - found, [&](int task) {
      if (task > 0) {
        FindTree(static_cast<size_t>(found + task - 1), &workers_[half + task - 1]);
        return;
      }
      for (int i = moved; i < move_end; ++i) {
        Move(static_cast<size_t>(i), workers_[kBatch - half + i - moved]);
      }
    });
    moved = move_end;
    found = find_end;
  }
  EvenOut(until);
  AddUpLoads();  // exactly: sums of many small changes drift
  if (!stopped_) ++rounds_;
  return !stopped_;
}

double MinMlu::LeastCost(size_t source, BlockSearch* worker) const {
  return CostOn(worker->Tree(flows_.sources[source], soft_max_.length()), source);
}

double MinMlu::CostOn(const TreeSearch& tree, size_t source) const {
  double sum = 0;
  for (size_t d = flows_.first_demand[source]; d < flows_.first_demand[source + 1]; ++d) {
    const MeshDemand& demand = problem_.demands[d];
    // 0 times an infinite distance is no number.
    if (demand.rate > 0 && !lost_[d]) sum += demand.rate * tree.distance(demand.to);
  }
  return sum;
}

std::optional<double> MinMlu::Bound(const Until& until) {
  double weight = 0, present = 0, least = 0;
  const std::span<const double> length = soft_max_.length(), load = soft_max_.load();
  for (size_t e = 0; e < load.size(); ++e) {
    weight += length[e] * problem_.links[e].capacity;
    present += length[e] * load[e];
  }
  const size_t sources = flows_.sources.size();
  std::vector<double> cost(sources, 0);
  for (size_t first = 0; first < sources; first += kBoundBatch) {
    if (Stopped(until)) return std::nullopt;
    const size_t end = std::min(first + kBoundBatch, sources);
    RunParallel(parallel_, kBatch, [&](int worker) {
      for (size_t source = first + static_cast<size_t>(worker); source < end; source += kBatch) {
        cost[source] = LeastCost(source, &workers_[worker]);
      }
    });
  }
  for (const double c : cost) least += c;
  if (least / weight > lower_bound_) {
    lower_bound_ = least / weight;
    prices_.assign(length.begin(), length.end());
  }
  return (present - least) / weight / soft_max_.top();
}

void MinMlu::Refine(const Until& until) {
  stopped_ = false;
  if (mlu() < kLeastMlu) return;
  for (int round = 0; round < until.max_rounds && !Stopped(until); ++round) {
    soft_max_.SetPrices(softness_);
    if (!Round(until)) return;
    soft_max_.SetPrices(softness_);
    const std::optional<double> gap = Bound(until);
    if (!gap) return;
    if (until.progress) until.progress({rounds_, soft_max_.top(), lower_bound_});
    if (soft_max_.top() <= (1 + until.gap) * lower_bound_) return;
    if (*gap > kSolved * softness_) continue;
    const double next =
        std::clamp(*gap / kSolved, kMostSharper * softness_, kLeastSharper * softness_);
    softness_ = std::max(kLeastSoftness, next);
  }
}

}  // namespace waymark
