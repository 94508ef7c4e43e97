#include "controller/compute/mesh/balance.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "controller/compute/mesh/check_routes.h"
#include "controller/compute/mesh/live_routes.h"
#include "controller/compute/mesh/pivot_search.h"
#include "controller/compute/mesh/route_bounds.h"

namespace waymark {
namespace {

// Links whose ways around are found under the same loads, in parallel.
constexpr size_t kBatch = 8;
// Pairs of a link that are tried, the largest first.
constexpr size_t kMostPairs = 8;
// A price is the utilisation, relative to that of the link that is looked at, to the power of 12:
// each level is dear to those below, however far below the top they all are. What is more than so
// many times as much is dear enough; what is nothing is not free.
constexpr double kMostRatio = 4;
constexpr double kLeastPrice = 1e-9;
// Relatively: less is no difference.
constexpr double kLeastGain = 1e-6;

class Balancer {
 public:
  Balancer(const MeshProblem& problem, const MeshRoutes& routes, const RouteBounds* bounds,
           const BalanceOptions& options)
      : options_(options),
        bounds_(bounds),
        live_(problem, routes),
        graphs_(live_.problem()),
        lengths_(kBatch, std::vector<double>(problem.links.size(), 0)),
        change_(problem.links.size(), 0) {
    for (size_t i = 0; i < kBatch; ++i) pivots_.emplace_back(live_.problem(), graphs_);
  }

  MeshRoutes Run() {
    for (int round = 0; round < options_.max_rounds; ++round) {
      if (!Round() || stopped_) break;
    }
    return live_.Routes();
  }

 private:
  struct Found {
    int32_t demand;
    size_t route;
    std::vector<int32_t> way;
  };

  double Use(int32_t link) const {
    return live_.soft_max().load()[link] * live_.soft_max().inverse()[link];
  }

  void SetPrices(int32_t link, std::vector<double>* length) const {
    const double here = Use(link);
    const std::span<const double> inverse = live_.soft_max().inverse();
    for (size_t e = 0; e < length->size(); ++e) {
      const double ratio = std::min(Use(static_cast<int32_t>(e)) / here, kMostRatio);
      const double fourth = ratio * ratio * ratio * ratio;
      (*length)[e] = (fourth * fourth * fourth + kLeastPrice) * inverse[e];
    }
  }

  // All links once, the most loaded first. False: nothing became better.
  bool Round() {
    if (live_.mlu() < kLeastMeshMlu) return false;
    std::vector<int32_t> order;
    for (size_t e = 0; e < change_.size(); ++e) {
      if (Use(static_cast<int32_t>(e)) > 0) order.push_back(static_cast<int32_t>(e));
    }
    std::ranges::stable_sort(order, [&](int32_t a, int32_t b) { return Use(a) > Use(b); });
    bool better = false;
    std::vector<std::vector<Found>> found(kBatch);
    for (size_t first = 0; first < order.size(); first += kBatch) {
      stopped_ = stopped_ || (options_.stop && options_.stop());
      if (stopped_) break;
      const size_t count = std::min(kBatch, order.size() - first);
      RunParallel(options_.parallel, static_cast<int>(count), [&](int i) {
        const int32_t link = order[first + static_cast<size_t>(i)];
        found[i].clear();
        // Moves for a link before may have emptied it.
        if (!(Use(link) > 0)) return;
        SetPrices(link, &lengths_[i]);
        found[i] = FindWays(link, lengths_[i], &pivots_[i]);
      });
      for (size_t i = 0; i < count; ++i) {
        for (const Found& one : found[i]) better |= Move(one);
      }
    }
    return better;
  }

  // Ways around the link for its largest pairs.
  std::vector<Found> FindWays(int32_t link, std::span<const double> length,
                              PivotSearch* pivot) const {
    const MeshLink& ends = live_.problem().links[link];
    pivot->Run(ends.from, ends.to, length);
    std::vector<Found> found;
    std::vector<int32_t> way;
    live_.VisitUsers(link, [&](int32_t demand) {
      const size_t d = static_cast<size_t>(demand);
      const LiveRoutes::Share share = live_.On(link, d);
      if (share.load <= 0) return true;
      const std::span<const int32_t> route = live_.links(d, share.route);
      double present = 0;
      for (const int32_t e : route) present += length[e];
      const size_t at = static_cast<size_t>(std::ranges::find(route, link) - route.begin());
      pivot->Around(route, at, route.size() - at - 1, present, &way);
      const bool may = !way.empty() && (bounds_ == nullptr || bounds_->Keeps(d, way)) &&
                       (!options_.fits || options_.fits(way));
      if (may) found.push_back({demand, share.route, way});
      return found.size() < kMostPairs;
    });
    return found;
  }

  // Of all its weight on the route or less, halved each time, what is the best.
  bool Move(const Found& found) {
    const size_t demand = static_cast<size_t>(found.demand);
    if (live_.weight_total(demand) != options_.weight_total) return false;
    PairRoutes pair = live_.pair(demand);
    // Moved meanwhile: its routes are others now.
    if (found.route >= pair.size()) return false;
    const std::vector<int32_t> from = pair[found.route].links;
    if (from == found.way) return false;
    const auto same = std::ranges::find(pair, found.way, &WeightedRoute::links);
    const bool full = same == pair.end() && pair.size() >= static_cast<size_t>(options_.max_paths);
    const double unit = live_.problem().demands[demand].rate / options_.weight_total;
    const int32_t have = pair[found.route].weight;
    int32_t best = 0;
    std::vector<double> best_after;
    for (int32_t units = have; units > 0; units /= 2) {
      if (full && units < have) break;
      std::vector<double> before, after;
      Compare(from, found.way, unit * units, &before, &after);
      if (Less(after, best == 0 ? before : best_after)) {
        best = units;
        best_after = std::move(after);
      }
    }
    if (best == 0) return false;
    pair[found.route].weight -= best;
    if (same != pair.end()) {
      same->weight += best;
    } else {
      pair.push_back({found.way, best});
    }
    std::erase_if(pair, [](const WeightedRoute& route) { return route.weight == 0; });
    live_.Set(demand, pair);
    return true;
  }

  // Utilisations of the links that change, before and after.
  void Compare(std::span<const int32_t> from, std::span<const int32_t> onto, double load,
               std::vector<double>* before, std::vector<double>* after) {
    for (const int32_t link : from) change_[link] -= load;
    for (const int32_t link : onto) change_[link] += load;
    for (const std::span<const int32_t> links : {from, onto}) {
      for (const int32_t link : links) {
        if (change_[link] != 0) {
          before->push_back(Use(link));
          after->push_back(Use(link) + change_[link] * live_.soft_max().inverse()[link]);
        }
        change_[link] = 0;
      }
    }
  }

  // In the order of the second objective. Of sets that are as large.
  static bool Less(std::vector<double> a, std::vector<double> b) {
    std::ranges::sort(a, std::greater<>());
    std::ranges::sort(b, std::greater<>());
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      if (a[i] < b[i] * (1 - kLeastGain)) return true;
      if (a[i] > b[i]) return false;
    }
    return false;
  }

  const BalanceOptions& options_;
  const RouteBounds* const bounds_;
  LiveRoutes live_;
  const MeshGraphs graphs_;
  std::vector<PivotSearch> pivots_;
  std::vector<std::vector<double>> lengths_;  // by place in the batch, and link
  std::vector<double> change_;                // by link; all 0 between calls
  bool stopped_ = false;
};

}  // namespace

absl::StatusOr<MeshRoutes> BalanceRoutes(const MeshProblem& problem, const MeshRoutes& routes,
                                         const BalanceOptions& options) {
  if (absl::Status ok = CheckMeshProblem(problem); !ok.ok()) return ok;
  if (absl::Status ok = RouteBounds::CheckMemory(problem); !ok.ok()) return ok;
  if (absl::Status ok = CheckMeshRoutes(problem, routes); !ok.ok()) return ok;
  if (absl::Status ok = CheckRouteLimits(options.max_paths, 1, options.weight_total); !ok.ok()) {
    return ok;
  }
  std::optional<RouteBounds> bounds;
  if (problem.bounded()) bounds.emplace(problem);
  return Balancer(problem, routes, bounds ? &*bounds : nullptr, options).Run();
}

}  // namespace waymark
