#include "controller/compute/mesh/route_sweep.h"

#include <algorithm>
#include <utility>

namespace waymark {
namespace {

// Tasks that searches are shared among: each has working memory of its own.
constexpr int kTasks = 8;
// Of the softness: differences in price that are not worth a move.
constexpr double kTolerance = 0.05;
// Moves between two looks at the MLU.
constexpr size_t kMovesBetween = 8;

// Share of the best step's gain that is enough for a move without a split.
constexpr double kWorthOfAll = 0.5;
// A round is of use while it lowers the MLU by this much of the softness.
constexpr double kUse = 0.1;

}  // namespace

bool SweepSchedule::GoesOn(double before, double after) {
  if (after <= before * (1 - kUse * softness_)) {
    idle_ = 0;
    return true;
  }
  if (softness_ <= limits_.least_softness && after > before * (1 - limits_.use) &&
      ++idle_ >= limits_.patience) {
    return false;
  }
  softness_ = std::max(limits_.least_softness, softness_ / 2);
  breadth_ = std::min(limits_.most_breadth, breadth_ * 2);
  return true;
}

RouteSweep::RouteSweep(LiveRoutes* live, const SweepOptions& options)
    : live_(*live),
      options_(options),
      graphs_(live->problem()),
      chosen_(live->problem().demands.size(), 0),
      on_path_(live->problem().links.size(), 0) {
  // Not copies of one: those have no memory for searches yet.
  pivots_.reserve(kTasks);
  trees_.reserve(kTasks);
  ways_.resize(kTasks);
  ends_.resize(kTasks);
  for (int i = 0; i < kTasks; ++i) {
    pivots_.emplace_back(live_.problem(), graphs_);
    trees_.emplace_back(graphs_.forwards);
    ways_[i].reserve(2 * static_cast<size_t>(live_.problem().node_count));
  }
  if (options.bounds == nullptr) return;
  for (int i = 0; i < kTasks; ++i) {
    finders_.emplace_back(live_.problem(), graphs_.forwards, options.bounds);
  }
}

std::vector<RouteSweep::Candidate> RouteSweep::Choose(const Scope& scope,
                                                      std::vector<Span>* spans) {
  const SoftMax& soft_max = live_.soft_max();
  const double floor = std::max(scope.target, soft_max.top() * (1 - scope.softness));
  const auto use = [&](int32_t link) { return soft_max.load()[link] * soft_max.inverse()[link]; };
  std::vector<int32_t> hot;
  for (size_t e = 0; e < soft_max.load().size(); ++e) {
    if (use(static_cast<int32_t>(e)) > floor) hot.push_back(static_cast<int32_t>(e));
  }
  std::ranges::stable_sort(hot, [&](int32_t a, int32_t b) { return use(a) > use(b); });
  ++mark_;
  std::vector<Candidate> candidates;
  for (const int32_t link : hot) {
    double wanted = scope.breadth * (use(link) - floor) * live_.problem().links[link].capacity;
    size_t few = scope.fewest_pairs;
    spans->push_back({candidates.size(), 0});
    live_.VisitUsers(link, [&](int32_t demand) {
      const LiveRoutes::Share share = live_.On(link, demand);
      if (share.load <= 0) return true;
      wanted -= share.load;
      if (few > 0) --few;
      if (chosen_[demand] != mark_) {
        chosen_[demand] = mark_;
        candidates.push_back({demand, link, share.route});
      }
      return wanted > 0 || few > 0;
    });
    spans->back().end = candidates.size();
  }
  return candidates;
}

double RouteSweep::CostOf(const Candidate& candidate) const {
  double cost = 0;
  for (const int32_t link : live_.links(candidate.demand, candidate.route)) {
    cost += live_.soft_max().length()[link];
  }
  return cost;
}

void RouteSweep::Weigh(double tolerance, double length, std::span<const int32_t> path,
                       Candidate* candidate) const {
  const size_t demand = static_cast<size_t>(candidate->demand);
  const double present = CostOf(*candidate);
  if (path.empty() || present <= length * (1 + tolerance)) return;
  if (options_.bounds != nullptr && !options_.bounds->Keeps(demand, path)) return;
  if (options_.fits && !options_.fits(path)) return;
  candidate->gain = (present - length) * live_.problem().demands[demand].rate *
                    live_.weight(demand, candidate->route) /
                    static_cast<double>(live_.weight_total(demand));
  candidate->path.assign(path.begin(), path.end());
}

void RouteSweep::PriceAround(const Scope& scope, std::span<const Span> spans,
                             std::vector<Candidate>* candidates) {
  RunParallel(options_.parallel, kTasks, [&](int task) {
    PivotSearch& pivot = pivots_[task];
    std::vector<int32_t>& way = ways_[task];
    for (size_t s = static_cast<size_t>(task); s < spans.size(); s += kTasks) {
      if (spans[s].begin == spans[s].end) continue;
      const int32_t link = (*candidates)[spans[s].begin].link;
      const MeshLink& ends = live_.problem().links[link];
      std::vector<int32_t>&sources = ends_[task].first, &targets = ends_[task].second;
      sources.clear();
      targets.clear();
      for (size_t i = spans[s].begin; i < spans[s].end; ++i) {
        const MeshDemand& demand = live_.problem().demands[(*candidates)[i].demand];
        sources.push_back(demand.from);
        targets.push_back(demand.to);
      }
      pivot.Run(ends.from, ends.to, live_.soft_max().length(), sources, targets);
      for (size_t i = spans[s].begin; i < spans[s].end; ++i) {
        Candidate& candidate = (*candidates)[i];
        const auto route = live_.links(candidate.demand, candidate.route);
        const size_t at = static_cast<size_t>(std::ranges::find(route, link) - route.begin());
        const double length =
            pivot.Around(route, at, route.size() - at - 1, CostOf(candidate), &way);
        Weigh(kTolerance * scope.softness, length, way, &candidate);
      }
    }
  });
}

void RouteSweep::PriceAfresh(const Scope& scope, std::vector<Candidate>* candidates) {
  std::ranges::sort(*candidates, {}, &Candidate::demand);
  const std::vector<MeshDemand>& demands = live_.problem().demands;
  std::vector<Span> sources;
  for (size_t i = 0; i < candidates->size(); ++i) {
    if (i == 0 ||
        demands[(*candidates)[i].demand].from != demands[(*candidates)[i - 1].demand].from) {
      sources.push_back({i, i});
    }
    sources.back().end = i + 1;
  }
  RunParallel(options_.parallel, kTasks, [&](int task) {
    for (size_t s = static_cast<size_t>(task); s < sources.size(); s += kTasks) {
      if (finders_.empty()) {
        trees_[task].Run(demands[(*candidates)[sources[s].begin].demand].from,
                         live_.soft_max().length());
      }
      for (size_t i = sources[s].begin; i < sources[s].end; ++i) {
        Candidate& candidate = (*candidates)[i];
        const std::vector<int32_t> path = FindAfresh(task, candidate.demand);
        double length = 0;
        for (const int32_t link : path) length += live_.soft_max().length()[link];
        Weigh(kTolerance * scope.softness, length, path, &candidate);
      }
    }
  });
}

std::vector<int32_t> RouteSweep::FindAfresh(int task, int32_t demand) {
  std::vector<int32_t> path;
  if (!finders_.empty()) {
    const size_t d = static_cast<size_t>(demand);
    if (!finders_[task].Find(d, live_.soft_max().length(), &path)) path.clear();
  } else {
    const MeshDemand& ends = live_.problem().demands[demand];
    LinksOnTree(live_.problem(), trees_[task], ends.from, ends.to, &path);
  }
  return path;
}

// Links of both stay as they are.
void RouteSweep::SetDirection(std::span<const int32_t> from, std::span<const int32_t> onto) {
  const std::span<const double> inverse = live_.soft_max().inverse();
  path_mark_ += 2;
  for (const int32_t link : from) on_path_[link] = path_mark_;
  direction_.Clear();
  for (const int32_t link : onto) {
    if (on_path_[link] == path_mark_) {
      on_path_[link] = path_mark_ + 1;
    } else {
      direction_.Add(link, inverse[link]);
    }
  }
  for (const int32_t link : from) {
    if (on_path_[link] == path_mark_) direction_.Add(link, -inverse[link]);
  }
}

bool RouteSweep::Move(const Candidate& candidate) {
  const size_t demand = static_cast<size_t>(candidate.demand);
  SetDirection(live_.links(demand, candidate.route), candidate.path);
  PairRoutes pair = live_.pair(demand);
  ScaleWeights(options_.weight_total, &pair);
  const double unit = live_.problem().demands[demand].rate / options_.weight_total;
  const int32_t have = pair[candidate.route].weight;
  const double step = live_.soft_max().StepAlong(direction_, have * unit);
  if (step <= 0) return false;
  // All of it where that is nearly as good: then there is no need to split.
  const bool all =
      step >= have * unit || live_.soft_max().ChangeAt(direction_, have * unit) <=
                                 kWorthOfAll * live_.soft_max().ChangeAt(direction_, step);
  const int32_t units = all ? have : static_cast<int32_t>(step / unit);
  if (units <= 0) return false;
  const auto same = std::ranges::find(pair, candidate.path, &WeightedRoute::links);
  if (same != pair.end()) {
    same->weight += units;
  } else if (units == have) {
    pair.push_back({candidate.path, units});
  } else if (pair.size() < static_cast<size_t>(options_.max_paths)) {
    pair.push_back({candidate.path, units});
  } else {
    return false;
  }
  pair[candidate.route].weight -= units;
  std::erase_if(pair, [](const WeightedRoute& route) { return route.weight == 0; });
  live_.Set(demand, pair);
  return true;
}

size_t RouteSweep::Round(const Scope& scope, std::vector<Moved>* moved) {
  if (live_.mlu() <= scope.target) return 0;
  live_.soft_max().SetPrices(scope.softness);
  std::vector<Span> spans;
  std::vector<Candidate> candidates = Choose(scope, &spans);
  if (scope.search == Search::kAround) {
    PriceAround(scope, spans, &candidates);
  } else {
    PriceAfresh(scope, &candidates);
  }
  std::erase_if(candidates, [](const Candidate& c) { return c.path.empty(); });
  std::ranges::stable_sort(candidates,
                           [](const Candidate& a, const Candidate& b) { return a.gain > b.gain; });
  size_t count = 0;
  for (const Candidate& candidate : candidates) {
    PairRoutes before;
    if (moved != nullptr) before = live_.pair(candidate.demand);
    if (!Move(candidate)) continue;
    if (moved != nullptr) moved->push_back({candidate.demand, std::move(before)});
    if (++count >= scope.most_moves) break;
    if (count % kMovesBetween == 0 && live_.mlu() <= scope.target) break;
  }
  return count;
}

SweepResult SweepDown(const SweepOptions& options, SweepSchedule schedule, RouteSweep::Scope scope,
                      const std::function<bool()>& stop, LiveRoutes* live) {
  RouteSweep sweep(live, options);
  SweepResult result;
  std::vector<RouteSweep::Moved> moved;
  double now = live->mlu(), best = now;
  size_t best_moves = 0;
  for (bool more = true; more && now > scope.target && now >= kLeastMeshMlu;) {
    result.stopped = stop && stop();
    if (result.stopped) break;
    const double before = now;
    scope.softness = schedule.softness();
    scope.breadth = schedule.breadth();
    sweep.Round(scope, &moved);
    ++result.rounds;
    now = live->mlu();
    more = schedule.GoesOn(before, now);
    if (now >= best) continue;
    best = now;
    best_moves = moved.size();
  }
  // A lower soft maximum is not always a lower maximum.
  for (; moved.size() > best_moves; moved.pop_back()) {
    live->Set(static_cast<size_t>(moved.back().demand), moved.back().before);
  }
  for (const RouteSweep::Moved& move : moved) result.moved.push_back(move.demand);
  std::ranges::sort(result.moved);
  result.moved.erase(std::unique(result.moved.begin(), result.moved.end()), result.moved.end());
  return result;
}

}  // namespace waymark
