#include "controller/compute/mesh/pair_backups.h"

#include <algorithm>
#include <array>
#include <utility>

#include "controller/compute/mesh/tree_search.h"

namespace waymark {
namespace {

// Idle links cost a little, in proportion to what the dearest costs, so that routes stay short.
constexpr double kFloor = 1e-6;
// Moves of weight for one pair at a time, and what a move must gain, relatively.
constexpr int kMostMoves = 16;
constexpr double kWorthIt = 1e-6;

void AddFloor(std::vector<double>* length) {
  double dearest = 0;
  for (const double l : *length) dearest = std::max(dearest, l);
  const double floor = dearest > 0 ? dearest * kFloor : 1;
  for (double& l : *length) l += floor;
}

bool Has(const PairRoutes& routes, const std::vector<int32_t>& links) {
  return std::ranges::find(routes, links, &WeightedRoute::links) != routes.end();
}

bool Crosses(const WeightedRoute& route, int32_t link) {
  return std::ranges::find(route.links, link) != route.links.end();
}

}  // namespace

PairBackups::PairBackups(const MeshProblem& problem, const Limits& limits,
                         const RouteBounds* bounds, const FailureLoads& loads, FailureCuts* cuts,
                         RouteFinder* finder)
    : problem_(problem),
      limits_(limits),
      bounds_(bounds),
      loads_(loads),
      cuts_(cuts),
      finder_(finder),
      joint_(problem, loads) {}

std::vector<int32_t> PairBackups::Exposed(size_t demand, const PairRoutes& routes) const {
  std::vector<int32_t> exposed = loads_.UncoveredBy(routes);
  std::erase_if(exposed, [&](int32_t failure) { return cuts_->Cuts(failure, demand); });
  return exposed;
}

std::vector<double> PairBackups::Lengths(Prices prices, std::span<const int32_t> failures) const {
  std::vector<double> length(problem_.links.size(), 0);
  if (prices == Prices::kLoads) {
    loads_.LengthIn(failures, &length);
  } else {
    for (size_t e = 0; e < length.size(); ++e) {
      if (problem_.links[e].capacity > 0) length[e] = 1 / problem_.links[e].capacity;
    }
  }
  AddFloor(&length);
  return length;
}

std::vector<double> PairBackups::LengthsInAll() const {
  std::vector<double> length;
  loads_.LengthInAll(&length);
  AddFloor(&length);
  return length;
}

bool PairBackups::Find(size_t demand, std::span<const double> length, std::vector<int32_t>* links) {
  return finder_->Find(demand, length, links) && (!limits_.fits || limits_.fits(*links));
}

// The cheapest route that keeps off as many links of `avoided` as it can; nullopt when all of these
// kill it.
std::optional<std::vector<int32_t>> PairBackups::Backup(size_t demand, std::vector<double> length,
                                                        std::span<const int32_t> avoided) {
  double all = 0;
  for (const double l : length) all += l;
  for (const int32_t failure : avoided) {
    for (const int32_t link : loads_.links_of(failure)) length[link] += all;
  }
  std::vector<int32_t> links;
  if (!Find(demand, length, &links)) return std::nullopt;
  const auto kills = [&](int32_t failure) { return loads_.Kills(failure, links); };
  if (!avoided.empty() && std::ranges::all_of(avoided, kills)) return std::nullopt;
  return links;
}

// Until no failure that can be outlived kills all routes, or there are too many.
void PairBackups::Cover(size_t demand, Prices prices, GuardedPair* pair) {
  std::vector<int32_t> exposed = Exposed(demand, pair->routes);
  while (!exposed.empty() && pair->routes.size() < limits_.max_paths) {
    const std::vector<double> length = Lengths(prices, exposed);
    std::optional<std::vector<int32_t>> backup = Backup(demand, length, exposed);
    // What is cheap to avoid one link at a time may still meet every failure.
    for (size_t i = 0; !backup && i < exposed.size(); ++i) {
      backup = Backup(demand, length, std::span(exposed).subspan(i, 1));
    }
    if (!backup) break;
    pair->routes.push_back({*std::move(backup), 1});
    std::erase_if(exposed, [&](int32_t f) { return !loads_.Kills(f, pair->routes.back().links); });
  }
  pair->exposed = exposed.size();
}

std::vector<GuardedPair> PairBackups::Jointly(size_t demand, Prices prices) {
  const MeshDemand& d = problem_.demands[demand];
  const std::vector<double> length =
      prices == Prices::kLoads ? LengthsInAll() : Lengths(prices, {});
  std::array<std::vector<int32_t>, 2> routes;
  if (!joint_.Find(d.from, d.to, length, &routes)) return {};
  std::vector<GuardedPair> pairs;
  for (const size_t first : {0, 1}) {
    GuardedPair pair{.routes = {{routes[first], limits_.weight_total}}, .working = 1};
    if (routes[0] != routes[1]) pair.routes.push_back({routes[1 - first], 1});
    if (!std::ranges::all_of(pair.routes, [&](const WeightedRoute& route) {
          return (bounds_ == nullptr || bounds_->Keeps(demand, route.links)) &&
                 (!limits_.fits || limits_.fits(route.links));
        })) {
      return {};
    }
    Cover(demand, prices, &pair);
    if (SetWeights(&pair)) pairs.push_back(std::move(pair));
  }
  return pairs;
}

GuardedPair PairBackups::OnlyWorking(const GuardedPair& old, size_t most) const {
  GuardedPair pair{.routes = old.routes};
  pair.routes.resize(old.working);
  std::ranges::stable_sort(pair.routes, [](const WeightedRoute& a, const WeightedRoute& b) {
    return a.weight > b.weight;
  });
  if (pair.routes.size() > most) pair.routes.resize(most);
  pair.working = pair.routes.size();
  return pair;
}

bool PairBackups::SetWeights(GuardedPair* pair) const {
  int64_t backups = 0, sum = 0;
  for (size_t i = 0; i < pair->routes.size(); ++i) {
    (i < pair->working ? sum : backups) += pair->routes[i].weight;
  }
  const int64_t left = limits_.weight_total - backups;
  if (left < static_cast<int64_t>(pair->working)) return false;
  int32_t rest = static_cast<int32_t>(left);
  for (size_t i = 0; i < pair->working; ++i) {
    int32_t& weight = pair->routes[i].weight;
    weight = std::max<int32_t>(1, static_cast<int32_t>(weight * left / sum));
    rest -= weight;
  }
  pair->routes[0].weight += rest;
  return pair->routes[0].weight >= 1;
}

void PairBackups::CoverPlainly(size_t demand, GuardedPair* pair) {
  pair->exposed = Exposed(demand, pair->routes).size();
  if (pair->exposed == 0) return;
  const auto take = [&](GuardedPair candidate) {
    if (candidate.exposed < pair->exposed) *pair = std::move(candidate);
  };
  for (const size_t most : {pair->working, size_t{1}}) {
    GuardedPair covered = OnlyWorking(*pair, most);
    Cover(demand, Prices::kPlain, &covered);
    if (SetWeights(&covered)) take(std::move(covered));
    if (pair->exposed == 0) return;
  }
  for (GuardedPair& joint : Jointly(demand, Prices::kPlain)) take(std::move(joint));
}

// One more backup beside those there are, which then share what a failure gives them.
std::optional<GuardedPair> PairBackups::Wider(size_t demand, const GuardedPair& old) {
  if (old.routes.size() >= limits_.max_paths) return std::nullopt;
  std::vector<int32_t> failures;
  for (const FailureLoads::Hit& hit : loads_.HitsOf({old.routes.front()})) {
    failures.push_back(hit.failure);
  }
  std::vector<double> length = Lengths(Prices::kLoads, failures);
  for (const int32_t failure : failures) {
    for (const int32_t link : loads_.links_of(failure)) length[link] = TreeSearch::kFar;
  }
  std::vector<int32_t> links;
  if (!Find(demand, length, &links)) return std::nullopt;
  if (Has(old.routes, links)) {
    // The cheapest while the pair is not there: what its own routes load is dear to one more.
    double all = 0;
    for (const double l : length) all += l < TreeSearch::kFar ? l : 0;
    for (const WeightedRoute& route : old.routes) {
      for (const int32_t link : route.links) length[link] += all;
    }
    if (!Find(demand, length, &links) || Has(old.routes, links)) return std::nullopt;
  }
  GuardedPair wider = old;
  wider.routes.push_back({std::move(links), 1});
  if (!SetWeights(&wider)) return std::nullopt;
  return wider;
}

GuardedPair PairBackups::Improve(size_t demand, const GuardedPair& old, Freedom freedom,
                                 bool tune) {
  std::vector<GuardedPair> candidates = {old};
  if (tune) Tune(demand, &candidates.back());
  if (auto wider = Wider(demand, old)) {
    if (tune) Tune(demand, &*wider);
    candidates.push_back(*std::move(wider));
  }
  const auto cover = [&](GuardedPair pair) {
    Cover(demand, Prices::kLoads, &pair);
    if (SetWeights(&pair)) candidates.push_back(std::move(pair));
  };
  cover(OnlyWorking(old, limits_.max_paths - 1));
  if (freedom == Freedom::kWorkingToo) {
    if (auto links = Backup(demand, LengthsInAll(), {})) {
      cover({.routes = {{*std::move(links), limits_.weight_total}}, .working = 1});
    }
  }
  const auto exposed = [](const GuardedPair& pair) { return pair.exposed > 0; };
  if (std::ranges::all_of(candidates, exposed)) {
    cover(OnlyWorking(old, 1));
    for (GuardedPair& joint : Jointly(demand, Prices::kLoads)) {
      candidates.push_back(std::move(joint));
    }
  }
  size_t best = 0;
  std::pair<size_t, double> least = {SIZE_MAX, 0};
  for (size_t i = 0; i < candidates.size(); ++i) {
    const std::pair<size_t, double> cost = {
        candidates[i].exposed, loads_.CostOf(candidates[i].routes, problem_.demands[demand].rate)};
    if (cost < least) {
      least = cost;
      best = i;
    }
  }
  if (tune && best > 1) Tune(demand, &candidates[best]);
  return std::move(candidates[best]);
}

void PairBackups::Tune(size_t demand, GuardedPair* pair) const {
  if (pair->routes.size() < 2) return;
  double cost = loads_.CostOf(pair->routes, problem_.demands[demand].rate);
  for (int i = 0; i < kMostMoves && TuneOnce(demand, pair, &cost); ++i) {
  }
}

bool PairBackups::TuneOnce(size_t demand, GuardedPair* pair, double* cost) const {
  const double rate = problem_.demands[demand].rate;
  const FailureLoads::Worst worst = loads_.WorstOf(pair->routes, rate);
  if (worst.link < 0) return false;
  size_t heaviest = 0;
  for (size_t i = 0; i < pair->routes.size(); ++i) {
    if (pair->routes[i].weight > pair->routes[heaviest].weight) heaviest = i;
  }
  PairRoutes best = pair->routes;
  double least = *cost * (1 - kWorthIt);
  for (size_t to = 0; to < best.size(); ++to) {
    if (Crosses(pair->routes[to], worst.link)) continue;
    for (size_t from = 0; from < best.size(); ++from) {
      if (from == to || (from != heaviest && !Crosses(pair->routes[from], worst.link))) continue;
      for (int32_t move = 1; move < pair->routes[from].weight; move *= 2) {
        PairRoutes moved = pair->routes;
        moved[from].weight -= move;
        moved[to].weight += move;
        const double now = loads_.CostOf(moved, rate);
        if (now >= least) continue;
        least = now;
        best = std::move(moved);
      }
    }
  }
  if (best == pair->routes) return false;
  pair->routes = std::move(best);
  *cost = least;
  return true;
}

}  // namespace waymark
