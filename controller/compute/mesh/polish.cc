#include "controller/compute/mesh/polish.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <iterator>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/compute/mesh/check_routes.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/pair_paths.h"
#include "controller/compute/mesh/parallel.h"
#include "controller/compute/mesh/path_program.h"
#include "controller/compute/mesh/round_routes.h"
#include "controller/compute/mesh/route_bounds.h"

namespace waymark {
namespace {

// Sources between two questions whether to stop.
constexpr size_t kStopBatch = 16;
// Of what a way costs: less is no saving, but rounding.
constexpr double kCheaper = 1 - 1e-10;
// Ways that are taken in a round.
constexpr size_t kLeastAdded = 500, kAddedByLink = 2;

std::vector<PairPaths> PairsOf(const MeshProblem& problem, const MeshRoutes& routes) {
  std::vector<PairPaths> pairs(problem.demands.size());
  for (size_t d = 0; d < pairs.size(); ++d) {
    if (problem.demands[d].rate <= 0) continue;
    double sum = 0;
    for (size_t r = routes.first_route(d); r < routes.first_route(d + 1); ++r) {
      sum += routes.weight(r);
    }
    for (size_t r = routes.first_route(d); r < routes.first_route(d + 1); ++r) {
      pairs[d].push_back({.links = {routes.links(r).begin(), routes.links(r).end()},
                          .amount = problem.demands[d].rate * routes.weight(r) / sum});
    }
    std::ranges::stable_sort(pairs[d], std::greater(), &PairPath::amount);
  }
  return pairs;
}

class Polisher {
 public:
  Polisher(const MeshProblem& problem, const MeshOptions& options, const PolishOptions& polish,
           MeshPlan plan)
      : problem_(problem),
        options_(options),
        polish_(polish),
        graph_(problem),
        bounds_(problem),
        amounts_(problem.demands.size()) {
    result_.plan = std::move(plan);
    for (int i = 0; i < kMeshThreads; ++i) workers_.emplace_back(problem, graph_, bounds_);
    for (size_t d = 0; d < problem.demands.size(); ++d) {
      if (d == 0 || problem.demands[d].from != problem.demands[d - 1].from) {
        first_demand_.push_back(d);
      }
    }
    first_demand_.push_back(problem.demands.size());
  }

  PolishedMesh Run() {
    Start();
    if (mlu_ >= kLeastMeshMlu) Generate();
    Finish();
    return std::move(result_);
  }

 private:
  struct Found {
    double worth = 0;
    size_t demand = 0;
    std::vector<int32_t> links;
  };

  bool Stopped() {
    result_.stopped = result_.stopped || (options_.stop && options_.stop());
    return result_.stopped;
  }

  void Start() {
    bound_ = result_.plan.lower_bound;
    pairs_ = PairsOf(problem_, result_.plan.routes);
    for (size_t d = 0; d < pairs_.size(); ++d) {
      for (const PairPath& path : pairs_[d]) amounts_[d].push_back(path.amount);
    }
    mlu_ = Mlu();
  }

  bool Done() const {
    const double least = std::min(mlu_, result_.plan.fractional_mlu);
    return least < kLeastMeshMlu || least <= (1 + polish_.gap) * bound_;
  }

  void Generate() {
    PathProgram program(problem_, pairs_, mlu_);
    for (int round = 0; round < polish_.max_rounds && !Done() && !Stopped(); ++round) {
      if (!program.Grow()) return;
      const PathProgram::End end = program.Solve(options_.stop);
      result_.columns = program.columns() - 1;
      Take(program);
      if (end != PathProgram::End::kOptimal) {
        result_.stopped = end == PathProgram::End::kStopped;
        return;
      }
      if (!Price(program.Prices())) return;
      ++result_.rounds;
      if (options_.progress)
        options_.progress({result_.plan.rounds + result_.rounds, mlu_, bound_});
      if (found_.empty()) return;
      AddFound();
    }
  }

  // Of amounts_.
  double Mlu() const {
    std::vector<double> load(problem_.links.size(), 0);
    for (size_t d = 0; d < pairs_.size(); ++d) {
      for (size_t r = 0; r < amounts_[d].size(); ++r) {
        for (const int32_t link : pairs_[d][r].links) load[link] += amounts_[d][r];
      }
    }
    double mlu = 0;
    for (size_t e = 0; e < load.size(); ++e) {
      if (load[e] > 0) mlu = std::max(mlu, load[e] / problem_.links[e].capacity);
    }
    return mlu;
  }

  // The programme's solution, if it is better: one that was stopped may not be.
  void Take(const PathProgram& program) {
    program.Amounts(&amounts_);
    const double mlu = Mlu();
    if (mlu >= mlu_) return;
    mlu_ = mlu;
    for (size_t d = 0; d < pairs_.size(); ++d) {
      for (size_t r = 0; r < pairs_[d].size(); ++r) pairs_[d][r].amount = amounts_[d][r];
    }
  }

  static double CostOf(std::span<const int32_t> links, std::span<const double> price) {
    double cost = 0;
    for (const int32_t link : links) cost += price[link];
    return cost;
  }

  // A bound, and for each demand a way that is cheaper than all that it has. False: stopped.
  bool Price(const std::vector<double>& prices) {
    const size_t sources = first_demand_.size() - 1;
    std::vector<double> least(sources, 0);
    std::vector<std::vector<Found>> found(sources);
    for (size_t first = 0; first < sources; first += kStopBatch) {
      if (Stopped()) return false;
      const size_t end = std::min(first + kStopBatch, sources);
      RunParallel(options_.parallel, kMeshThreads, [&](int worker) {
        for (size_t s = first + static_cast<size_t>(worker); s < end; s += kMeshThreads) {
          PriceSource(s, prices, &workers_[worker], &least[s], &found[s]);
        }
      });
    }
    double sum = 0, weight = 0;
    for (const double one : least) sum += one;
    for (size_t e = 0; e < prices.size(); ++e) weight += prices[e] * problem_.links[e].capacity;
    if (weight > 0 && sum / weight > bound_) {
      bound_ = sum / weight;
      result_.plan.prices = prices;
    }
    found_.clear();
    for (std::vector<Found>& of_source : found)
      std::ranges::move(of_source, std::back_inserter(found_));
    return true;
  }

  void PriceSource(size_t source, std::span<const double> prices, BoundedSearch* search,
                   double* least, std::vector<Found>* found) const {
    search->Run(first_demand_[source], first_demand_[source + 1], prices);
    for (size_t d = first_demand_[source]; d < first_demand_[source + 1]; ++d) {
      if (pairs_[d].empty()) continue;
      const double rate = problem_.demands[d].rate;
      *least += rate * search->distance(d);
      double cheapest = TreeSearch::kFar;
      for (const PairPath& path : pairs_[d]) {
        cheapest = std::min(cheapest, CostOf(path.links, prices));
      }
      if (search->distance(d) >= cheapest * kCheaper) continue;
      Found one = {.worth = rate * (cheapest - search->distance(d)), .demand = d, .links = {}};
      if (search->RouteTo(d, &one.links)) found->push_back(std::move(one));
    }
  }

  void AddFound() {
    // All at once would make the programme larger than it need be: most are of no use in the end.
    const size_t most = std::max(kLeastAdded, kAddedByLink * problem_.links.size());
    if (found_.size() > most) {
      std::ranges::stable_sort(found_, std::greater(), &Found::worth);
      found_.resize(most);
    }
    for (const Found& one : found_) {
      pairs_[one.demand].push_back({.links = {one.links.begin(), one.links.end()}});
    }
  }

  void Finish() {
    MeshPlan& plan = result_.plan;
    result_.exact = Done();
    plan.rounds += result_.rounds;
    if (mlu_ < plan.fractional_mlu) {
      plan.fractional_mlu = mlu_;
      Round();
    }
    // Where they are equal, sums rounded differently must not say that a routing beats the bound.
    plan.lower_bound = std::max(plan.lower_bound, std::min(bound_, plan.fractional_mlu));
    plan.lower_bound = std::min(plan.lower_bound, plan.mlu);
  }

  void Round() {
    MeshPlan& plan = result_.plan;
    for (PairPaths& pair : pairs_) {
      EraseIf([](const PairPath& path) { return path.amount <= 0; }, &pair);
      std::ranges::stable_sort(pair, std::greater(), &PairPath::amount);
    }
    MeshRoutes routes =
        RoundRoutes(problem_, graph_, bounds_.any() ? &bounds_ : nullptr, std::move(pairs_),
                    {.max_paths = options_.max_paths,
                     .weight_total = options_.weight_total,
                     .limit = plan.fractional_mlu,
                     .stop = options_.stop});
    const double mlu = EvaluateMesh(problem_, routes).mlu;
    if (mlu >= plan.mlu) return;
    plan.mlu = mlu;
    plan.routes = std::move(routes);
  }

  const MeshProblem& problem_;
  const MeshOptions& options_;
  const PolishOptions& polish_;
  PolishedMesh result_;
  MeshGraph graph_;
  RouteBounds bounds_;
  std::vector<BoundedSearch> workers_;
  std::vector<size_t> first_demand_;
  std::vector<PairPaths> pairs_;
  std::vector<std::vector<double>> amounts_;
  std::vector<Found> found_;
  double mlu_ = 0, bound_ = 0;
};

absl::Status Check(const MeshProblem& problem, const MeshOptions& options,
                   const PolishOptions& polish, const MeshPlan& plan) {
  if (!(polish.gap >= kLeastPolishGap && polish.gap <= kMostMeshGap)) {
    return absl::InvalidArgumentError(
        absl::StrCat("gap: is ", polish.gap, "; must be ", kLeastPolishGap, " to ", kMostMeshGap));
  }
  if (polish.max_rounds < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_rounds: is ", polish.max_rounds, "; must be 0 or more"));
  }
  for (const absl::Status& status :
       {CheckRouteLimits(options.max_paths, 1, options.weight_total), CheckMeshProblem(problem)}) {
    if (!status.ok()) return status;
  }
  if (absl::Status status = CheckMeshRoutes(problem, plan.routes); !status.ok()) return status;
  return RouteBounds::CheckMemory(problem);
}

}  // namespace

absl::StatusOr<PolishedMesh> PolishMesh(const MeshProblem& problem, const MeshOptions& options,
                                        const PolishOptions& polish, MeshPlan plan) {
  if (absl::Status status = Check(problem, options, polish, plan); !status.ok()) return status;
  return Polisher(problem, options, polish, std::move(plan)).Run();
}

}  // namespace waymark
