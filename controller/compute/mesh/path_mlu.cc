#include "controller/compute/mesh/path_mlu.h"

#include <algorithm>
#include <cmath>

namespace waymark {
namespace {

// As min_mlu.cc has them, for the same reasons.
constexpr int kBatch = 2;
constexpr size_t kBoundBatch = 32;
constexpr double kLeastSoftness = 1e-6;
constexpr double kSharpenBy = 0.5;
constexpr double kSolved = 0.3;
constexpr double kTolerance = 0.02;
constexpr int kMostSweeps = 30;
constexpr double kFewMoved = 0.25;
// Amounts below this share of a rate are dust: moved with the rest.
constexpr double kDust = 1e-9;

}  // namespace

PathMlu::PathMlu(const MeshProblem& problem, const RouteBounds& bounds,
                 std::vector<PairPaths> start, ParallelFor parallel)
    : problem_(problem),
      bounds_(bounds),
      parallel_(std::move(parallel)),
      graph_(problem),
      pairs_(std::move(start)),
      distance_(problem.demands.size(), 0),
      priced_{.node_count = problem.node_count, .links = problem.links, .demands = {}},
      soft_max_(problem),
      found_(kBatch),
      mark_(problem.links.size() + 1, 0) {
  pairs_.resize(problem.demands.size());
  // Without capacity it is never a way.
  priced_.links.push_back({0, 1, 0});
  soft_max_ = SoftMax(priced_);
  for (int i = 0; i < kBatch; ++i) workers_.emplace_back(problem, graph_, bounds);
  for (size_t d = 0; d < problem.demands.size(); ++d) {
    rate_.push_back(problem.demands[d].rate);
    if (d == 0 || problem.demands[d].from != problem.demands[d - 1].from) {
      first_demand_.push_back(d);
    }
    if (rate_[d] <= 0 || !bounds.feasible(d)) {
      pairs_[d].clear();
      rate_[d] = 0;
    }
    EraseIf([&](const PairPath& path) { return !bounds.Keeps(d, path.links); }, &pairs_[d]);
  }
  first_demand_.push_back(problem.demands.size());
  for (size_t source = 0; source + 1 < first_demand_.size(); ++source) {
    bool missing = false;
    for (size_t d = first_demand_[source]; d < first_demand_[source + 1]; ++d) {
      missing |= rate_[d] > 0 && pairs_[d].empty();
    }
    if (missing) {
      workers_[0].Run(first_demand_[source], first_demand_[source + 1], soft_max_.length());
    }
    for (size_t d = first_demand_[source]; d < first_demand_[source + 1]; ++d) StartPair(d);
  }
  AddUpLoads();
}

void PathMlu::StartPair(size_t demand) {
  PairPaths& pair = pairs_[demand];
  if (rate_[demand] <= 0) return;
  if (pair.empty()) {
    std::vector<int32_t> links;
    if (workers_[0].RouteTo(demand, &links)) {
      pair.push_back({.links = {links.begin(), links.end()}, .amount = rate_[demand]});
    }
    return;
  }
  double sum = 0;
  for (const PairPath& path : pair) sum += path.amount;
  for (PairPath& path : pair) path.amount *= rate_[demand] / sum;
}

void PathMlu::Parallel(int count, const std::function<void(int)>& task) const {
  if (parallel_) {
    parallel_(count, task);
  } else {
    for (int i = 0; i < count; ++i) task(i);
  }
}

bool PathMlu::Stopped(const Until& until) {
  stopped_ = stopped_ || (until.stop && until.stop());
  return stopped_;
}

void PathMlu::AddUpLoads() {
  std::vector<double> load(priced_.links.size(), 0);
  for (const PairPaths& pair : pairs_) {
    for (const PairPath& path : pair) {
      for (const int32_t link : path.links) load[link] += path.amount;
    }
  }
  soft_max_.SetLoad(load);
}

void PathMlu::ResetSoftMax() {
  soft_max_ = SoftMax(priced_);
  AddUpLoads();
}

void PathMlu::SetRates(std::span<const double> rates) {
  for (size_t d = 0; d < rate_.size(); ++d) {
    if (rate_[d] == rates[d] || pairs_[d].empty() || rate_[d] <= 0) continue;
    for (PairPath& path : pairs_[d]) path.amount *= rates[d] / rate_[d];
    rate_[d] = rates[d];
  }
  AddUpLoads();
}

void PathMlu::SetCapacities(std::span<const double> capacities) {
  for (size_t e = 0; e < capacities.size(); ++e) priced_.links[e].capacity = capacities[e];
  ResetSoftMax();
}

void PathMlu::SetOverflow(double capacity) {
  priced_.links.back().capacity = capacity;
  overflows_ = true;
  ResetSoftMax();
}

double PathMlu::CostOf(std::span<const int32_t> links) const {
  double cost = 0;
  for (const int32_t link : links) cost += soft_max_.length()[link];
  return cost;
}

void PathMlu::FindRoutes(size_t source, BoundedSearch* search, Found* found) const {
  const size_t first = first_demand_[source], end = first_demand_[source + 1];
  search->Run(first, end, soft_max_.length());
  found->routes.resize(end - first);
  for (size_t d = first; d < end; ++d) {
    std::vector<int32_t>& route = found->routes[d - first];
    route.clear();
    if (rate_[d] <= 0) continue;
    // Most pairs are on their cheapest routes already.
    double dearest = 0, least = overflows_ ? soft_max_.length()[overflow_link()] : TreeSearch::kFar;
    for (const PairPath& path : pairs_[d]) {
      const double cost = CostOf(path.links);
      least = std::min(least, cost);
      if (path.amount > 0) dearest = std::max(dearest, cost);
    }
    const double tolerance = 1 - kTolerance * softness_;
    if (search->distance(d) >= least * tolerance) {
      if (overflows_ && least == soft_max_.length()[overflow_link()]) {
        route.push_back(overflow_link());
      } else if (least < dearest * tolerance) {
        const LinkList& links = std::ranges::min_element(pairs_[d], {}, [&](const PairPath& path) {
                                  return CostOf(path.links);
                                })->links;
        route.assign(links.begin(), links.end());
      }
      continue;
    }
    search->RouteTo(d, &route);
  }
}

void PathMlu::MovePair(size_t demand, std::span<const int32_t> found) {
  if (found.empty()) return;
  PairPaths& pair = pairs_[demand];
  auto to = std::ranges::find_if(
      pair, [&](const PairPath& path) { return std::ranges::equal(path.links, found); });
  if (to == pair.end()) {
    pair.push_back({.links = {found.begin(), found.end()}});
    to = pair.end() - 1;
  }
  Gather(&pair, static_cast<size_t>(to - pair.begin()));
  EraseIf([](const PairPath& path) { return path.amount <= 0; }, &pair);
}

bool PathMlu::Gather(PairPaths* pair, size_t onto) {
  bool moved = false;
  const double tolerance = 1 - kTolerance * softness_;
  PairPath& to = (*pair)[onto];
  for (PairPath& from : *pair) {
    if (&from == &to || from.amount <= 0) continue;
    if (CostOf(to.links) < CostOf(from.links) * tolerance) moved |= Shift(&from, &to);
  }
  return moved;
}

void PathMlu::EvenOut(const Until& until) {
  std::vector<size_t> several;
  for (size_t d = 0; d < pairs_.size(); ++d) {
    if (rate_[d] > 0 && pairs_[d].size() > 1) several.push_back(d);
  }
  const double tolerance = 1 - kTolerance * softness_;
  const int most = std::min(kMostSweeps, rounds_ + 1);
  for (int sweep = 0; sweep < most && !several.empty() && !Stopped(until); ++sweep) {
    soft_max_.SetPrices(softness_);
    size_t moved = 0;
    for (const size_t d : several) {
      PairPaths& pair = pairs_[d];
      size_t cheapest = 0;
      double least = TreeSearch::kFar, dearest = 0;
      for (size_t i = 0; i < pair.size(); ++i) {
        const double cost = CostOf(pair[i].links);
        if (pair[i].amount > 0) dearest = std::max(dearest, cost);
        if (cost >= least) continue;
        least = cost;
        cheapest = i;
      }
      if (least < dearest * tolerance) moved += Gather(&pair, cheapest) ? 1 : 0;
    }
    if (static_cast<double>(moved) < kFewMoved * static_cast<double>(several.size())) break;
  }
  for (const size_t d : several) {
    EraseIf([](const PairPath& path) { return path.amount <= 0; }, &pairs_[d]);
  }
}

bool PathMlu::Shift(PairPath* from, PairPath* to) {
  direction_.Clear();
  for (const int32_t link : to->links) mark_[link] = 1;
  for (const int32_t link : from->links) {
    if (mark_[link] == 0) direction_.Add(link, -from->amount * soft_max_.inverse()[link]);
    mark_[link] = static_cast<int8_t>(mark_[link] == 1 ? 2 : 0);
  }
  for (const int32_t link : to->links) {
    if (mark_[link] == 1) direction_.Add(link, from->amount * soft_max_.inverse()[link]);
    mark_[link] = 0;
  }
  const double step = soft_max_.StepAlong(direction_, 1);
  if (step <= 0) return false;
  const double amount = step >= 1 - kDust ? from->amount : step * from->amount;
  for (size_t i = 0; i < direction_.links.size(); ++i) {
    soft_max_.Add(direction_.links[i], direction_.slope[i] < 0 ? -amount : amount);
  }
  to->amount += amount;
  from->amount = amount == from->amount ? 0 : from->amount - amount;
  return true;
}

bool PathMlu::Round(const Until& until) {
  const int sources = static_cast<int>(first_demand_.size()) - 1;
  for (int first = 0; first < sources && !Stopped(until); first += kBatch) {
    const int count = std::min(kBatch, sources - first);
    Parallel(count,
             [&](int i) { FindRoutes(static_cast<size_t>(first + i), &workers_[i], &found_[i]); });
    for (int i = 0; i < count; ++i) {
      const size_t begin = first_demand_[first + i];
      for (size_t k = 0; k < found_[i].routes.size(); ++k) {
        MovePair(begin + k, found_[i].routes[k]);
      }
    }
  }
  EvenOut(until);
  AddUpLoads();  // exactly: sums of many small changes drift
  if (!stopped_) ++rounds_;
  return !stopped_;
}

bool PathMlu::FindDistances(std::span<const double> length, double most, const Until& until,
                            std::vector<double>* distance) {
  const size_t sources = first_demand_.size() - 1;
  for (size_t first = 0; first < sources; first += kBoundBatch) {
    if (Stopped(until)) return false;
    const size_t end = std::min(first + kBoundBatch, sources);
    Parallel(kBatch, [&](int worker) {
      for (size_t s = first + static_cast<size_t>(worker); s < end; s += kBatch) {
        workers_[worker].Run(first_demand_[s], first_demand_[s + 1], length);
        for (size_t d = first_demand_[s]; d < first_demand_[s + 1]; ++d) {
          if (bounds_.feasible(d)) (*distance)[d] = std::min(most, workers_[worker].distance(d));
        }
      }
    });
  }
  return true;
}

std::optional<std::vector<double>> PathMlu::DistancesUnder(std::span<const double> length,
                                                           const Until& until) {
  std::vector<double> distance(rate_.size(), 0);
  if (!FindDistances(length, TreeSearch::kFar, until, &distance)) return std::nullopt;
  return distance;
}

bool PathMlu::Price(const Until& until) {
  const std::span<const double> length = soft_max_.length();
  const double overflow = overflows_ ? length[overflow_link()] : TreeSearch::kFar;
  if (!FindDistances(length, overflow, until, &distance_)) return false;
  double weight = 0, present = 0, least = 0;
  for (size_t e = 0; e < length.size(); ++e) {
    weight += length[e] * priced_.links[e].capacity;
    present += length[e] * soft_max_.load()[e];
  }
  for (size_t d = 0; d < rate_.size(); ++d) {
    // 0 times an infinite distance is no number.
    if (rate_[d] > 0) least += rate_[d] * distance_[d];
  }
  lower_bound_ = least / weight;
  gap_ = (present - least) / weight / soft_max_.top();
  return true;
}

bool PathMlu::Step(const Until& until) {
  stopped_ = false;
  soft_max_.SetPrices(softness_);
  if (!Round(until)) return false;
  soft_max_.SetPrices(softness_);
  return Price(until);
}

bool PathMlu::solved() const { return gap_ <= kSolved * softness_; }

void PathMlu::Sharpen() { softness_ = std::max(kLeastSoftness, softness_ * kSharpenBy); }

void PathMlu::Soften(double softness) { softness_ = std::max(softness_, softness); }

void PathMlu::Refine(const Until& until, double known) {
  double best = known;
  for (int round = 0; round < until.max_rounds && mlu() >= MinMlu::kLeastMlu; ++round) {
    const bool going_on = Step(until);
    if (going_on) best = std::max(best, lower_bound_);
    lower_bound_ = best;
    if (!going_on) return;
    if (until.progress) until.progress({rounds_, mlu(), best});
    if (mlu() <= (1 + until.gap) * best) return;
    if (solved()) Sharpen();
  }
  lower_bound_ = best;
}

}  // namespace waymark
