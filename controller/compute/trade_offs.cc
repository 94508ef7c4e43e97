#include "controller/compute/trade_offs.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <set>

#include "controller/compute/availability_labels.h"

namespace waymark {
namespace {

// How much price a share of the objective is worth, growing; the last: price alone.
constexpr double kExchange[] = {0, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100};
// Searches of one pair: a candidate need not be the very best.
constexpr int64_t kPairSearches = 1'000;
// Of a route of average objective and price.
constexpr double kResolution = 1e9;
// Beyond what any link may have (SearchGraph::SetObjectives clamps), and well within the number.
constexpr double kMostPrice = 1e18;
constexpr double kLogUnits = 1e12;
// Of a link on which no latency can be promised: more than any path takes.
constexpr int64_t kNoBoundPrice = 1'000'000'000'000'000;

std::vector<ComputedPath> Least(const SearchGraph& graph, const Protection& protection, NodeId from,
                                NodeId to, const std::function<bool()>& stop) {
  if (!protection.any()) {
    PathResult found = CheapestPath(graph, from, to, kDefaultLabelBudget, stop);
    if (found.outcome != Outcome::kFound) return {};
    return {std::move(found.path)};
  }
  PairResult pair = DisjointPair(graph, protection, from, to,
                                 PairOptions{.limit = {.budget = kPairSearches, .stop = stop}});
  if (!pair.has_pair()) return {};
  return {std::move(pair.working), std::move(pair.protect)};
}

using Routes = std::vector<std::vector<ComputedPath>>;

Routes Traded(const SearchGraph& graph, const LeastRoute& least, std::span<const int64_t> price,
              const std::function<bool()>& stop) {
  Routes found;
  const auto add = [&](std::vector<ComputedPath> paths) {
    for (ComputedPath& path : paths) path.metric = graph.PathMetric(path.links);
    if (!paths.empty() && std::find(found.begin(), found.end(), paths) == found.end()) {
      found.push_back(std::move(paths));
    }
  };
  add(least(graph));
  if (found.empty()) return found;
  // Both as shares of what the plain best takes.
  double objective = 1, other = 1;
  for (const ComputedPath& path : found[0]) {
    objective += static_cast<double>(path.objective());
    for (const LinkId link : path.links) other += static_cast<double>(price[Index(link)]);
  }
  SearchGraph mixed = graph;
  std::vector<int64_t> prices(price.size());
  const auto search = [&](double own_share, double other_share) {
    for (size_t i = 0; i < prices.size(); ++i) {
      const int64_t own = graph.LinkMetric(static_cast<LinkId>(i)).cost % kAvoidCost;
      const double mixed_price =
          kResolution * (own_share * static_cast<double>(own) / objective +
                         other_share * static_cast<double>(price[i]) / other);
      prices[i] = std::llround(std::min(mixed_price, kMostPrice));
    }
    mixed.SetObjectives(prices);
    add(least(mixed));
  };
  for (const double exchange : kExchange) {
    if (exchange == 0) continue;
    if (stop()) return found;
    search(1, exchange);
  }
  if (!stop()) search(0, 1);
  return found;
}

bool SaysNothing(const AvailabilityModel& model, const std::vector<ComputedPath>& route) {
  return std::all_of(route.begin(), route.end(), [&](const ComputedPath& path) {
    return std::all_of(path.links.begin(), path.links.end(),
                       [&](LinkId link) { return model.Silent(link); });
  });
}

// As if links that say nothing were hardly ever up, and a detour of any length better.
Routes OutspokenTradeOffs(const SearchGraph& graph, const LeastRoute& least,
                          const AvailabilityModel& model, std::vector<int64_t> prices,
                          const std::function<bool()>& stop) {
  SearchGraph outspoken = graph;
  for (size_t i = 0; i < prices.size(); ++i) {
    const LinkId link = static_cast<LinkId>(i);
    if (!model.Silent(link)) continue;
    prices[i] = std::llround(kNeverUp * kLogUnits);
    outspoken.AddCost(link, kAvoidCost);
  }
  Routes routes = Traded(outspoken, least, prices, stop);
  for (std::vector<ComputedPath>& route : routes) {
    for (ComputedPath& path : route) path.metric = graph.PathMetric(path.links);
  }
  return routes;
}

void SortPaths(Routes* routes) {
  for (std::vector<ComputedPath>& route : *routes) std::sort(route.begin(), route.end());
}

}  // namespace

Routes TradeOffs(const SearchGraph& graph, const Protection& protection, NodeId from, NodeId to,
                 std::span<const int64_t> price, const std::function<bool()>& stop) {
  Routes routes = Traded(
      graph, [&](const SearchGraph& priced) { return Least(priced, protection, from, to, stop); },
      price, stop);
  SortPaths(&routes);
  return routes;
}

Routes TargetTradeOffs(const SearchGraph& graph, const LeastRoute& least,
                       const RouteTargets& targets, const std::function<bool()>& stop) {
  Routes found;
  const auto add = [&](Routes routes) {
    std::move(routes.begin(), routes.end(), std::back_inserter(found));
  };
  if (targets.availability > 0) {
    const std::vector<int64_t> prices = UnavailabilityPrices(graph.snapshot(), *targets.model);
    add(Traded(graph, least, prices, stop));
    const bool silent = std::any_of(found.begin(), found.end(), [&](const auto& route) {
      return SaysNothing(*targets.model, route);
    });
    if (silent) add(OutspokenTradeOffs(graph, least, *targets.model, prices, stop));
  }
  if (targets.max_latency_ns > 0) {
    add(Traded(graph, least,
               targets.loads != nullptr ? LatencyPrices(graph, *targets.loads, targets.queue)
                                        : DelayPrices(graph),
               stop));
  }
  return found;
}

Routes TargetTradeOffs(const SearchGraph& graph, const Protection& protection, NodeId from,
                       NodeId to, const RouteTargets& targets, const std::function<bool()>& stop) {
  Routes routes = TargetTradeOffs(
      graph, [&](const SearchGraph& priced) { return Least(priced, protection, from, to, stop); },
      targets, stop);
  SortPaths(&routes);
  return routes;
}

std::vector<int64_t> DelayPrices(const SearchGraph& graph) {
  std::vector<int64_t> delays;
  for (size_t i = 0; i < graph.snapshot().links().size(); ++i) {
    delays.push_back(graph.LinkMetric(static_cast<LinkId>(i)).delay_ns);
  }
  return delays;
}

std::vector<int64_t> LatencyPrices(const SearchGraph& graph, const QueueLoads& loads,
                                   uint32_t queue) {
  std::vector<int64_t> prices = DelayPrices(graph);
  for (size_t i = 0; i < prices.size(); ++i) {
    const LinkId link = static_cast<LinkId>(i);
    const LatencyBound bound = loads.PathLatency({&link, 1}, queue);
    prices[i] = bound.bounded() ? std::max(prices[i], bound.latency_ns) : kNoBoundPrice;
  }
  return prices;
}

std::vector<int64_t> UnavailabilityPrices(const Snapshot& snapshot,
                                          const AvailabilityModel& model) {
  std::vector<int64_t> prices;
  prices.reserve(snapshot.links().size());
  for (size_t i = 0; i < snapshot.links().size(); ++i) {
    const LinkInfo& link = snapshot.links()[i];
    const NodeInfo& node = snapshot.node(link.target);
    double sum =
        MinusLogUp(model.OfFibre(static_cast<LinkId>(i))) + MinusLogUp(model.OfNode(link.target));
    for (const SrlgId srlg : link.srlgs) sum += MinusLogUp(model.OfSrlg(srlg));
    for (const SrlgId srlg : node.srlgs) {
      if (!std::binary_search(link.srlgs.begin(), link.srlgs.end(), srlg)) {
        sum += MinusLogUp(model.OfSrlg(srlg));
      }
    }
    prices.push_back(std::llround(std::min(sum, kNeverUp) * kLogUnits));
  }
  return prices;
}

double UnavailabilityOfEnds(const Snapshot& snapshot, const AvailabilityModel& model, NodeId from,
                            NodeId to) {
  double sum = 0;
  std::set<SrlgId> groups;
  for (const NodeId node : {from, to}) {
    sum += MinusLogUp(model.OfNode(node));
    groups.insert(snapshot.node(node).srlgs.begin(), snapshot.node(node).srlgs.end());
  }
  for (const SrlgId srlg : groups) sum += MinusLogUp(model.OfSrlg(srlg));
  return -std::expm1(-sum);
}

}  // namespace waymark
