#include "controller/compute/mesh/stretch.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>
#include <vector>

#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/route_bounds.h"
#include "controller/compute/mesh/tree_search.h"

namespace waymark {
namespace {

// Moves make room for others; after some rounds little is left to gain.
constexpr int kRounds = 3;
// Delays that differ by less are equal.
constexpr double kEqual = 1e-9;

double DelayOf(const MeshProblem& problem, std::span<const int32_t> links) {
  double delay = 0;
  for (const int32_t link : links) delay += problem.links[link].delay;
  return delay;
}

std::vector<double> Delays(const MeshProblem& problem) {
  std::vector<double> delays;
  for (const MeshLink& link : problem.links) delays.push_back(link.delay);
  return delays;
}

class Shortener {
 public:
  Shortener(const MeshProblem& problem, const MeshRoutes& routes, double limit)
      : problem_(problem),
        limit_(limit),
        graph_(problem),
        tree_(graph_),
        load_(EvaluateMesh(problem, routes).load) {
    for (size_t d = 0; d < routes.demand_count(); ++d) pairs_.push_back(routes.pair(d));
  }

  // False: nothing has become shorter.
  bool Round(const std::function<bool()>& stop) {
    bool any = false;
    std::vector<double> length = Delays(problem_);
    for (size_t d = 0; d < pairs_.size(); ++d) {
      const int32_t from = problem_.demands[d].from;
      if (d == 0 || problem_.demands[d - 1].from != from) {
        if (stop && stop()) return false;
        for (size_t e = 0; e < length.size(); ++e) {
          const MeshLink& link = problem_.links[e];
          length[e] = load_[e] < limit_ * link.capacity ? link.delay : TreeSearch::kFar;
        }
        tree_.Run(from, length);
      }
      any |= Shorten(d);
    }
    return any;
  }

  MeshRoutes Routes() const {
    MeshRoutes routes;
    for (const PairRoutes& pair : pairs_) {
      routes.AddRoutes(pair);
      routes.EndDemand();
    }
    return routes;
  }

 private:
  bool Shorten(size_t d) {
    const MeshDemand& demand = problem_.demands[d];
    PairRoutes& pair = pairs_[d];
    if (pair.empty() || tree_.distance(demand.to) == TreeSearch::kFar) return false;
    std::vector<int32_t> way;
    LinksOnTree(problem_, tree_, demand.from, demand.to, &way);
    if (problem_.max_hops > 0 && way.size() > static_cast<size_t>(problem_.max_hops)) return false;
    const double delay = DelayOf(problem_, way);
    double sum = 0;
    for (const WeightedRoute& route : pair) sum += route.weight;
    bool any = false;
    for (WeightedRoute& route : pair) {
      if (delay >= DelayOf(problem_, route.links) * (1 - kEqual)) continue;
      any |= Move(way, demand.rate * route.weight / sum, &route);
    }
    if (any) Merge(&pair);
    return any;
  }

  bool Move(const std::vector<int32_t>& way, double amount, WeightedRoute* route) {
    const auto add = [&](const std::vector<int32_t>& links, double change) {
      for (const int32_t link : links) load_[link] = std::max(0.0, load_[link] + change);
    };
    add(route->links, -amount);
    const bool fits = std::ranges::all_of(way, [&](int32_t link) {
      return load_[link] + amount <= limit_ * problem_.links[link].capacity;
    });
    if (fits) route->links = way;
    add(route->links, amount);
    return fits;
  }

  static void Merge(PairRoutes* pair) {
    PairRoutes merged;
    for (WeightedRoute& route : *pair) {
      const auto same = std::ranges::find(merged, route.links, &WeightedRoute::links);
      if (same == merged.end()) {
        merged.push_back(std::move(route));
      } else {
        same->weight += route.weight;
      }
    }
    *pair = std::move(merged);
  }

  const MeshProblem& problem_;
  const double limit_;
  MeshGraph graph_;
  TreeSearch tree_;
  std::vector<double> load_;
  std::vector<PairRoutes> pairs_;
};

}  // namespace

MeshStretch MeasureStretch(const MeshProblem& problem, const MeshRoutes& routes) {
  const MeshGraph graph(problem);
  TreeSearch tree(graph);
  const std::vector<double> delays = Delays(problem);
  MeshStretch stretch;
  double stretched = 0, delayed = 0, traffic = 0;
  for (size_t d = 0; d < routes.demand_count(); ++d) {
    const MeshDemand& demand = problem.demands[d];
    if (d == 0 || problem.demands[d - 1].from != demand.from) tree.Run(demand.from, delays);
    const double least = tree.distance(demand.to);
    if (demand.rate <= 0 || !(least > 0 && least < TreeSearch::kFar)) continue;
    const PairRoutes pair = routes.pair(d);
    double sum = 0;
    for (const WeightedRoute& route : pair) sum += route.weight;
    for (const WeightedRoute& route : pair) {
      const double delay = DelayOf(problem, route.links), rate = demand.rate * route.weight / sum;
      traffic += rate;
      delayed += rate * delay;
      stretched += rate * (delay / least);
      stretch.worst_delay = std::max(stretch.worst_delay, delay);
      if (stretch.worst_demand >= 0 && delay / least <= stretch.worst) continue;
      stretch.worst = std::max(1.0, delay / least);
      stretch.worst_demand = static_cast<int32_t>(d);
    }
  }
  if (traffic > 0) {
    stretch.mean = stretched / traffic;
    stretch.mean_delay = delayed / traffic;
  }
  return stretch;
}

MeshRoutes ShortenRoutes(const MeshProblem& problem, const MeshRoutes& routes, double limit,
                         const std::function<bool()>& stop) {
  Shortener shortener(problem, routes, limit);
  for (int round = 0; round < kRounds && shortener.Round(stop); ++round) {
  }
  return shortener.Routes();
}

}  // namespace waymark
