#include "controller/compute/mesh/round_routes.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>
#include <utility>

namespace waymark {
namespace {

// Moves of weight that one plan may cost.
constexpr int kMostMoves = 20'000;
// Pairs that one overloaded link has priced for a new route.
constexpr size_t kPricedPairs = 24;

class Rounder {
 public:
  Rounder(const MeshProblem& problem, const MeshGraph& graph, const RouteBounds* bounds,
          std::vector<PairPaths> pairs, const RoundOptions& options)
      : problem_(problem),
        options_(options),
        pairs_(std::move(pairs)),
        inverse_(problem.links.size()),
        load_(problem.links.size(), 0),
        mark_(problem.links.size(), 0),
        finder_(problem, graph, bounds) {
    for (size_t e = 0; e < inverse_.size(); ++e) {
      inverse_[e] = problem.links[e].capacity > 0 ? 1 / problem.links[e].capacity : 0;
    }
    for (const PairPaths& pair : pairs_) {
      for (const PairPath& path : pair) AddLoad(path.links, path.amount);
    }
    ChooseAll();
    Repair();
  }

  MeshRoutes Routes() const {
    MeshRoutes routes;
    for (const PairPaths& pair : pairs_) {
      for (const PairPath& path : pair) {
        if (path.weight > 0) routes.AddRoute(path.links, path.weight);
      }
      routes.EndDemand();
    }
    return routes;
  }

 private:
  double Unit(size_t demand) const { return problem_.demands[demand].rate / options_.weight_total; }
  bool Stopped() const { return options_.stop && options_.stop(); }

  void ChooseAll() {
    std::vector<int32_t> order;  // of the few that have a choice
    for (size_t demand = 0; demand < pairs_.size(); ++demand) {
      PairPaths& pair = pairs_[demand];
      if (pair.size() == 1) pair[0].weight = options_.weight_total;
      if (pair.size() > 1) order.push_back(static_cast<int32_t>(demand));
    }
    std::ranges::stable_sort(order, [&](int32_t a, int32_t b) {
      return problem_.demands[a].rate > problem_.demands[b].rate;
    });
    for (const int32_t demand : order) {
      PairPaths& pair = pairs_[demand];
      for (const PairPath& path : pair) AddLoad(path.links, -path.amount);
      if (!ChooseOne(demand)) ChooseWeights(demand);
    }
  }

  void AddLoad(std::span<const int32_t> links, double amount) {
    for (const int32_t link : links) load_[link] = std::max(0.0, load_[link] + amount);
  }

  // All on one route, the shortest that stays below the limit.
  bool ChooseOne(int32_t demand) {
    PairPaths& pair = pairs_[demand];
    const double rate = problem_.demands[demand].rate;
    PairPath* best = nullptr;
    for (PairPath& path : pair) {
      if (best != nullptr && best->links.size() <= path.links.size()) continue;
      const bool fits = std::ranges::all_of(path.links, [&](int32_t link) {
        return (load_[link] + rate) * inverse_[link] <= options_.limit;
      });
      if (fits) best = &path;
    }
    if (best == nullptr) return false;
    AddLoad(best->links, rate);
    best->weight = options_.weight_total;
    if (best != &pair[0]) pair[0] = std::move(*best);
    pair.resize(1);
    return true;
  }

  // The largest amounts, by largest remainder.
  void ChooseWeights(int32_t demand) {
    PairPaths& pair = pairs_[demand];
    if (pair.size() > static_cast<size_t>(options_.max_paths)) {
      pair.resize(static_cast<size_t>(options_.max_paths));
    }
    double sum = 0;
    for (const PairPath& path : pair) sum += path.amount;
    std::vector<std::pair<double, size_t>> remainders;
    int32_t left = options_.weight_total;
    for (size_t i = 0; i < pair.size(); ++i) {
      const double exact = pair[i].amount / sum * options_.weight_total;
      pair[i].weight = static_cast<int32_t>(exact);
      left -= pair[i].weight;
      remainders.emplace_back(pair[i].weight - exact, i);
    }
    std::ranges::sort(remainders);
    for (size_t i = 0; left > 0; ++i, --left) ++pair[remainders[i % pair.size()].second].weight;
    EraseIf([](const PairPath& path) { return path.weight == 0; }, &pair);
    for (const PairPath& path : pair) AddLoad(path.links, path.weight * Unit(demand));
  }

  struct Move {
    int32_t demand = -1;
    size_t from = 0, to = 0;
    int32_t units = 0;
    double peak = 0;  // of the links that it touches, afterwards
  };

  // The best move between routes of `demand` that takes load off `hot`; false if none is better
  // than *best.
  bool BestMove(int32_t demand, int32_t hot, Move* best) {
    PairPaths& pair = pairs_[demand];
    bool found = false;
    for (size_t from = 0; from < pair.size(); ++from) {
      if (pair[from].weight == 0 || std::ranges::count(pair[from].links, hot) == 0) continue;
      for (size_t to = 0; to < pair.size(); ++to) {
        if (to == from || std::ranges::count(pair[to].links, hot) > 0) continue;
        found |= TryMove(demand, from, to, hot, best);
      }
    }
    return found;
  }

  bool TryMove(int32_t demand, size_t from, size_t to, int32_t hot, Move* best) {
    const PairPaths& pair = pairs_[demand];
    for (const int32_t link : pair[from].links) mark_[link] = 1;
    // The units at which what rises meets the hot link on its way down.
    const double unit = Unit(demand);
    double most = pair[from].weight;
    double rising = 0;
    for (const int32_t link : pair[to].links) {
      if (mark_[link] != 0) continue;
      const double meet = (load_[hot] * inverse_[hot] - load_[link] * inverse_[link]) /
                          (unit * (inverse_[hot] + inverse_[link]));
      most = std::min(most, meet);
    }
    bool better = false;
    for (const double units : {std::floor(most), std::ceil(most)}) {
      if (units < 1 || units > pair[from].weight) continue;
      rising = (load_[hot] - units * unit) * inverse_[hot];
      for (const int32_t link : pair[to].links) {
        if (mark_[link] == 0)
          rising = std::max(rising, (load_[link] + units * unit) * inverse_[link]);
      }
      if (rising < best->peak) {
        *best = {demand, from, to, static_cast<int32_t>(units), rising};
        better = true;
      }
    }
    for (const int32_t link : pair[from].links) mark_[link] = 0;
    return better;
  }

  void Apply(const Move& move) {
    PairPaths& pair = pairs_[move.demand];
    AddLoad(pair[move.from].links, -move.units * Unit(move.demand));
    AddLoad(pair[move.to].links, move.units * Unit(move.demand));
    pair[move.from].weight -= move.units;
    pair[move.to].weight += move.units;
  }

  int32_t Hottest() const {
    int32_t hot = 0;
    for (size_t e = 1; e < load_.size(); ++e) {
      if (load_[e] * inverse_[e] > load_[hot] * inverse_[hot]) hot = static_cast<int32_t>(e);
    }
    return hot;
  }

  bool Uses(int32_t demand, int32_t link) const {
    return std::ranges::any_of(pairs_[demand], [link](const PairPath& path) {
      return path.weight > 0 && std::ranges::count(path.links, link) > 0;
    });
  }

  // Demands with weight on the link, ascending.
  std::vector<int32_t> Users(int32_t link) {
    if (users_.empty()) IndexUsers();
    std::vector<int32_t>& users = users_[link];
    std::ranges::sort(users);
    users.erase(std::unique(users.begin(), users.end()), users.end());
    std::vector<int32_t> present;
    std::ranges::copy_if(users, std::back_inserter(present),
                         [&](int32_t demand) { return Uses(demand, link); });
    return present;
  }

  // Only what has to be repaired pays for it.
  void IndexUsers() {
    users_.resize(load_.size());
    for (size_t demand = 0; demand < pairs_.size(); ++demand) {
      for (const PairPath& path : pairs_[demand]) IndexUser(static_cast<int32_t>(demand), path);
    }
  }

  void IndexUser(int32_t demand, const PairPath& path) {
    for (const int32_t link : path.links) users_[link].push_back(demand);
  }

  void Repair() {
    for (int i = 0; i < kMostMoves && !load_.empty(); ++i) {
      const int32_t hot = Hottest();
      if (load_[hot] * inverse_[hot] <= options_.limit || Stopped()) return;
      const std::vector<int32_t> users = Users(hot);
      Move best;
      best.peak = load_[hot] * inverse_[hot] * (1 - 1e-9);
      for (const int32_t demand : users) BestMove(demand, hot, &best);
      if (best.demand < 0) PriceNewRoutes(users, hot, &best);
      if (best.demand < 0) return;
      Apply(best);
    }
  }

  // Gives the users that load `hot` most a new route around it, if that helps.
  void PriceNewRoutes(std::vector<int32_t> users, int32_t hot, Move* best) {
    std::ranges::stable_sort(users, [&](int32_t a, int32_t b) {
      return problem_.demands[a].rate > problem_.demands[b].rate;
    });
    if (users.size() > kPricedPairs) users.resize(kPricedPairs);
    const double top = load_[hot] * inverse_[hot];
    std::vector<double> length(load_.size());
    for (size_t e = 0; e < length.size(); ++e) {
      const double over = (load_[e] * inverse_[e] - top) / top;
      length[e] = (std::exp(over * 200) + 1e-7) * inverse_[e];
    }
    length[hot] = TreeSearch::kFar;
    std::vector<int32_t> way;
    for (const int32_t demand : users) {
      if (!finder_.Find(static_cast<size_t>(demand), length, &way)) continue;
      PairPath path = {.links = {way.begin(), way.end()}};
      PairPaths& pair = pairs_[demand];
      if (std::ranges::find(pair, path.links, &PairPath::links) != pair.end()) continue;
      const size_t used = static_cast<size_t>(
          std::ranges::count_if(pair, [](const PairPath& p) { return p.weight > 0; }));
      if (used >= static_cast<size_t>(options_.max_paths)) continue;
      EraseIf([](const PairPath& p) { return p.weight == 0; }, &pair);
      pair.push_back(std::move(path));
      if (BestMove(demand, hot, best)) {
        IndexUser(demand, pair.back());
      } else {
        pair.pop_back();
      }
    }
  }

  const MeshProblem& problem_;
  const RoundOptions& options_;
  std::vector<PairPaths> pairs_;  // by demand
  std::vector<double> inverse_, load_;
  std::vector<int8_t> mark_;
  // By link: demands with a route on it, some of them no longer. Empty: not needed so far.
  std::vector<std::vector<int32_t>> users_;
  RouteFinder finder_;
};

}  // namespace

MeshRoutes RoundRoutes(const MeshProblem& problem, const MeshGraph& graph,
                       const RouteBounds* bounds, std::vector<PairPaths> pairs,
                       const RoundOptions& options) {
  return Rounder(problem, graph, bounds, std::move(pairs), options).Routes();
}

}  // namespace waymark
