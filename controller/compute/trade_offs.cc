#include "controller/compute/trade_offs.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace waymark {
namespace {

// How much price a share of the objective is worth, growing; the last: price alone.
constexpr double kExchange[] = {0, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100};
// Searches of one pair: a candidate need not be the very best.
constexpr int64_t kPairSearches = 1'000;
// Of a route of average objective and price.
constexpr double kResolution = 1e9;

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

double NegativeLog(double unavailability) {
  return unavailability < 1 ? -std::log1p(-unavailability) : 64;
}

}  // namespace

std::vector<std::vector<ComputedPath>> TradeOffs(const SearchGraph& graph,
                                                 const Protection& protection, NodeId from,
                                                 NodeId to, std::span<const int64_t> price,
                                                 const std::function<bool()>& stop) {
  std::vector<std::vector<ComputedPath>> found;
  const auto add = [&](std::vector<ComputedPath> paths) {
    for (ComputedPath& path : paths) path.metric = graph.PathMetric(path.links);
    std::sort(paths.begin(), paths.end());
    if (!paths.empty() && std::find(found.begin(), found.end(), paths) == found.end()) {
      found.push_back(std::move(paths));
    }
  };
  add(Least(graph, protection, from, to, stop));
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
      prices[i] = std::llround(kResolution * (own_share * static_cast<double>(own) / objective +
                                              other_share * static_cast<double>(price[i]) / other));
    }
    mixed.SetObjectives(prices);
    add(Least(mixed, protection, from, to, stop));
  };
  for (const double exchange : kExchange) {
    if (exchange == 0) continue;
    if (stop()) return found;
    search(1, exchange);
  }
  if (!stop()) search(0, 1);
  return found;
}

std::vector<int64_t> UnavailabilityPrices(const Snapshot& snapshot,
                                          const AvailabilityModel& model) {
  std::vector<int64_t> prices;
  prices.reserve(snapshot.links().size());
  for (size_t i = 0; i < snapshot.links().size(); ++i) {
    const LinkInfo& link = snapshot.links()[i];
    const NodeInfo& node = snapshot.node(link.target);
    double sum =
        NegativeLog(model.OfFibre(static_cast<LinkId>(i))) + NegativeLog(model.OfNode(link.target));
    for (const SrlgId srlg : link.srlgs) sum += NegativeLog(model.OfSrlg(srlg));
    for (const SrlgId srlg : node.srlgs) {
      if (!std::binary_search(link.srlgs.begin(), link.srlgs.end(), srlg)) {
        sum += NegativeLog(model.OfSrlg(srlg));
      }
    }
    prices.push_back(std::llround(std::min(sum, 64.0) * 1e12));
  }
  return prices;
}

double UnavailabilityOfEnds(const Snapshot& snapshot, const AvailabilityModel& model, NodeId from,
                            NodeId to) {
  double sum = 0;
  std::set<SrlgId> groups;
  for (const NodeId node : {from, to}) {
    sum += NegativeLog(model.OfNode(node));
    groups.insert(snapshot.node(node).srlgs.begin(), snapshot.node(node).srlgs.end());
  }
  for (const SrlgId srlg : groups) sum += NegativeLog(model.OfSrlg(srlg));
  return -std::expm1(-sum);
}

}  // namespace waymark
