#include "controller/compute/path_solver.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/compute/availability_search.h"
#include "controller/compute/disjoint_set.h"
#include "controller/compute/explicit_path.h"
#include "controller/compute/k_shortest.h"
#include "controller/compute/partner_search.h"
#include "controller/compute/path_risks.h"
#include "controller/compute/trade_offs.h"

namespace waymark {
namespace {

// Paths tried, beyond those asked for, for one that keeps its latency bound and its target.
constexpr int kTries = 64;
// Path searches of a route that is one of many candidates.
constexpr int64_t kTradedSearches = 1'000;

Metric Total(const std::vector<ComputedPath>& paths, PairOrder order) {
  Metric total;
  for (const ComputedPath& path : paths) {
    total = order == PairOrder::kMinMax ? std::max(total, path.metric) : total + path.metric;
  }
  return total;
}

class Solver {
 public:
  Solver(const SearchGraph& graph, const SearchGraph::Environment& environment,
         const PathProblem& question, const RouteTargets& targets,
         const std::function<bool()>& stop)
      : graph_(graph),
        environment_(environment),
        question_(question),
        targets_(targets),
        stop_(stop) {}

  PathSolution Run() {
    if (!constraints().explicit_hops.empty()) return Explicit();
    return constraints().protection.any() ? Disjoint() : Several();
  }

 private:
  const PathConstraints& constraints() const { return question_.constraints; }
  bool Keeps(std::span<const ComputedPath> paths) const {
    return MeetsAvailability(targets_, paths) && MeetsLatency(targets_, paths);
  }

  PathSolution EndOfPatience(PathSolution solution) const {
    solution.outcome = Outcome::kBudgetSpent;
    if (solution.shortfall.reason.empty()) {
      solution.shortfall.reason =
          "the work budget or the deadline ended before all possibilities were tried";
    }
    return solution;
  }

  // In growing steps, so that `stop` is asked between them; the steps cost a third more at most.
  KShortestResult Best(size_t count) const {
    PathSearch search(graph_, question_.to, stop_);
    for (size_t k = std::min<size_t>(16, count);; k = std::min(4 * k, count)) {
      KShortestResult best = KShortestPaths(search, question_.from, k);
      if (best.outcome != Outcome::kFound || best.paths.size() < k || k == count) return best;
      if (stop_()) {
        best.outcome = Outcome::kBudgetSpent;
        return best;
      }
    }
  }

  PathSolution Several() const {
    if (targets_.availability > 0) return Available();
    const size_t wanted = static_cast<size_t>(question_.count);
    KShortestResult best = Best(targets_.any() ? wanted + kTries : wanted);
    PathSolution solution;
    solution.outcome = best.outcome;
    const bool all = best.outcome == Outcome::kFound && best.paths.size() < wanted + kTries;
    for (ComputedPath& path : best.paths) {
      if (solution.paths.size() == wanted) break;
      if (stop_()) return EndOfPatience(std::move(solution));
      if (Keeps(std::span(&path, 1))) solution.paths.push_back(std::move(path));
    }
    if (solution.paths.size() == wanted || !targets_.any()) {
      return best.outcome == Outcome::kBudgetSpent ? EndOfPatience(std::move(solution)) : solution;
    }
    if (all || Impossible()) {
      if (solution.paths.empty()) solution.outcome = Outcome::kInfeasible;
      return solution;
    }
    if (solution.paths.empty() && wanted == 1) {
      for (auto& paths : Exchanges()) {
        if (!solution.paths.empty() && solution.paths[0] <= paths[0]) continue;
        if (Keeps(paths)) solution.paths = std::move(paths);
      }
    }
    return EndOfPatience(std::move(solution));
  }

  // With an availability target: paths by themselves, or a pair that shares no risk.
  PathSolution Available() const {
    PathSolution solution;
    const bool pair = constraints().protection.any();
    const size_t wanted = pair ? 1 : static_cast<size_t>(question_.count);
    if (!pair && wanted == 1) {
      PathResult plain =
          CheapestPath(graph_, question_.from, question_.to, kDefaultLabelBudget, stop_);
      solution.outcome = plain.outcome;
      if (plain.outcome == Outcome::kInfeasible) return solution;
      if (plain.outcome == Outcome::kFound && Keeps(std::span(&plain.path, 1))) {
        solution.paths.push_back(std::move(plain.path));
        return solution;
      }
    }
    AvailabilityQuery query{.graph = graph_,
                            .model = *targets_.model,
                            .protection = constraints().protection,
                            .from = question_.from,
                            .to = question_.to,
                            .target = targets_.availability,
                            .order = constraints().pair_order,
                            .count = wanted,
                            .keeps = {},
                            .known = Exchanges(),
                            .limit = {.budget = kAvailabilityBudget, .stop = stop_}};
    if (targets_.bounds_latency()) {
      query.keeps = [this](std::span<const ComputedPath> paths) {
        return MeetsLatency(targets_, paths);
      };
    }
    AvailableRoutes found = SearchAvailable(query);
    solution.outcome = found.outcome;
    for (AvailableRoute& route : found.routes) {
      std::move(route.begin(), route.end(), std::back_inserter(solution.paths));
    }
    return found.outcome == Outcome::kBudgetSpent ? EndOfPatience(std::move(solution)) : solution;
  }

  PairOptions Options(int64_t budget = kDefaultPairBudget) const {
    return PairOptionsOf(constraints(), {.budget = budget, .stop = stop_});
  }

  PathSolution Disjoint() const {
    absl::StatusOr<SetResult> found = DisjointSet(graph_, constraints().protection, question_.from,
                                                  question_.to, question_.count, Options());
    PathSolution solution;
    if (!found.ok()) {
      solution.shortfall.reason = std::string(found.status().message());
      return solution;
    }
    solution.outcome = found->outcome;
    solution.paths = std::move(found->paths);
    solution.shared_risks = std::move(found->shared_risks);
    if (solution.paths.empty() || !solution.shared_risks.empty()) {
      PathSolution sharing = Sharing();
      if (!sharing.paths.empty()) return sharing;
      if (solution.paths.empty() &&
          (found->outcome == Outcome::kBudgetSpent || sharing.outcome == Outcome::kBudgetSpent)) {
        return EndOfPatience(std::move(solution));
      }
      if (solution.paths.empty()) return solution;
    }
    if (!Keeps(solution.paths)) return OtherPairs(!solution.shared_risks.empty());
    if (found->outcome == Outcome::kBudgetSpent) return EndOfPatience(std::move(solution));
    return solution;
  }

  // There may be room that others hold already, and that a protect path may use, too.
  bool MayShareRoom() const {
    return environment_.ledger != nullptr && targets_.share_protect && question_.count == 2 &&
           constraints().bandwidth_bps > 0;
  }

  // With protect bandwidth that others hold already. kInfeasible: proven that there is none.
  PathSolution Sharing() const {
    PathSolution solution;
    if (!MayShareRoom()) return solution;
    PartneredPairs found = LeastPartnered({.snapshot = graph_.snapshot(),
                                           .constraints = constraints(),
                                           .environment = environment_,
                                           .from = question_.from,
                                           .to = question_.to,
                                           .limit = {.stop = stop_}});
    for (std::vector<ComputedPath>& pair : found.pairs) {
      if (!Keeps(pair)) continue;
      solution.paths = std::move(pair);
      break;
    }
    // What fails for latency or availability alone proves nothing.
    const bool proven = found.exhausted && found.pairs.empty();
    solution.outcome = proven ? Outcome::kInfeasible : Outcome::kBudgetSpent;
    return solution.paths.empty() ? solution : EndOfPatience(std::move(solution));
  }

  // In the place of the best pair: for an availability target, the best that keeps it. Else the
  // best of what is tried: routes that give up some of the objective for what is asked, and the
  // least working paths, each with its least partner. `sharing`: there are only pairs that share
  // risks.
  PathSolution OtherPairs(bool sharing) const {
    PathSolution best;
    if (targets_.availability > 0 && question_.count == 2 && !sharing) {
      PathSolution available = Available();
      if (available.outcome != Outcome::kInfeasible || !MayShareRoom()) return available;
    }
    const auto offer = [&](std::vector<ComputedPath> paths) {
      if (!best.paths.empty() &&
          Total(best.paths, constraints().pair_order) <= Total(paths, constraints().pair_order)) {
        return;
      }
      if (Keeps(paths)) best.paths = std::move(paths);
    };
    if (Impossible()) return best;
    if (question_.count != 2 || sharing) {
      return BestExchange(
          [this](const SearchGraph& priced) {
            auto set = DisjointSet(priced, constraints().protection, question_.from, question_.to,
                                   question_.count, Options(kTradedSearches));
            return set.ok() ? std::move(set->paths) : std::vector<ComputedPath>();
          },
          sharing ? "the best pair, which shares risks" : "the best set of paths");
    }
    for (auto& paths : Exchanges()) offer(std::move(paths));
    PartnerSearch partners(graph_, constraints().protection, question_.from, question_.to, stop_);
    for (const ComputedPath& working : Best(kTries).paths) {
      if (stop_()) break;
      PathResult partner = partners.Of(working.links);
      if (partner.outcome != Outcome::kFound) continue;
      std::vector<ComputedPath> pair = {working, std::move(partner.path)};
      if (pair[1] < pair[0]) std::swap(pair[0], pair[1]);
      offer(std::move(pair));
    }
    return EndOfPatience(std::move(best));
  }

  // The best of those that give up some of the objective for the targets, by another search than
  // that for paths and pairs; `what` the plain best is.
  PathSolution BestExchange(const LeastRoute& least, const std::string& what) const {
    PathSolution best;
    best.more_work_helps = false;
    auto routes = TargetTradeOffs(graph_, least, targets_, stop_);
    for (std::vector<ComputedPath>& paths : routes) {
      const bool better = best.paths.empty() || Total(paths, constraints().pair_order) <
                                                    Total(best.paths, constraints().pair_order);
      if (better && Keeps(paths)) best.paths = std::move(paths);
    }
    if (constraints().explicit_hops.empty()) std::ranges::sort(best.paths);
    if (best.paths.size() == 2 && constraints().allow_shared_risks) {
      const PathRisks risks(graph_.snapshot(), constraints().protection, question_.from,
                            question_.to);
      best.shared_risks = risks.Names(risks.Shared(best.paths[0].links, best.paths[1].links));
    }
    if (!best.paths.empty()) {
      best.shortfall.reason =
          "of those that were tried; some that keep the latency bound and the availability target "
          "may be better";
    } else {
      best.shortfall.reason = absl::StrCat(
          what,
          " keeps the constraints, but not the latency bound or the availability target, nor ",
          "do others that give up some of the objective for it; not all there are were tried");
    }
    return EndOfPatience(std::move(best));
  }

  // Proven: whatever the route, its ends alone fall short of the availability target, or the
  // fastest takes longer than the latency bound.
  bool Impossible() const {
    const Snapshot& snapshot = graph_.snapshot();
    if (targets_.availability > 0 &&
        1 - UnavailabilityOfEnds(snapshot, *targets_.model, question_.from, question_.to) <
            targets_.availability) {
      return true;
    }
    if (targets_.max_latency_ns <= 0) return false;
    SearchGraph by_delay = graph_;
    by_delay.SetObjectives(DelayPrices(graph_));
    const PathResult fastest =
        CheapestPath(by_delay, question_.from, question_.to, kDefaultLabelBudget, stop_);
    if (fastest.outcome != Outcome::kFound) return fastest.outcome == Outcome::kInfeasible;
    return fastest.path.avoided() == 0 && fastest.path.metric.delay_ns > targets_.max_latency_ns;
  }

  std::vector<std::vector<ComputedPath>> Exchanges() const {
    return TargetTradeOffs(graph_, constraints().protection, question_.from, question_.to, targets_,
                           stop_);
  }

  PathSolution Explicit() const {
    PathSolution solution;
    const std::vector<ExplicitHop>& hops = constraints().explicit_hops;
    ExplicitResult first;
    if (constraints().protection.any()) {
      absl::StatusOr<ExplicitSetResult> found =
          ExplicitSet(graph_, hops, constraints().protection, question_.from, question_.to,
                      question_.count, Options());
      if (!found.ok()) {
        solution.shortfall.reason = std::string(found.status().message());
        return solution;
      }
      solution.outcome = found->set.outcome;
      solution.shared_risks = std::move(found->set.shared_risks);
      solution.paths = std::move(found->set.paths);
      first = std::move(found->first);
    } else {
      first = ExplicitPath(graph_, hops, question_.from, question_.to,
                           {.budget = kDefaultLabelBudget, .stop = stop_});
      solution.outcome = first.outcome;
      if (first.outcome == Outcome::kFound) solution.paths.push_back(std::move(first.path));
    }
    if (solution.paths.empty()) {
      // Whether the hops are to blame, or what else is asked, is for the explanation to say.
      if (first.problem != HopProblem::kNone) solution.hop_problem = first.message;
      return solution.outcome == Outcome::kBudgetSpent ? EndOfPatience(std::move(solution))
                                                       : solution;
    }
    if (!Keeps(solution.paths)) {
      if (Impossible()) return {};
      const LeastRoute least = [this](const SearchGraph& priced) { return LeastByHops(priced); };
      return BestExchange(least, constraints().protection.any()
                                     ? "the best set of paths, its first through these hops,"
                                     : "the best path through these hops");
    }
    return solution.outcome == Outcome::kBudgetSpent ? EndOfPatience(std::move(solution))
                                                     : solution;
  }

  std::vector<ComputedPath> LeastByHops(const SearchGraph& priced) const {
    const std::vector<ExplicitHop>& hops = constraints().explicit_hops;
    if (constraints().protection.any()) {
      auto found = ExplicitSet(priced, hops, constraints().protection, question_.from, question_.to,
                               question_.count, Options(kTradedSearches));
      return found.ok() ? std::move(found->set.paths) : std::vector<ComputedPath>();
    }
    ExplicitResult found = ExplicitPath(priced, hops, question_.from, question_.to,
                                        {.budget = kDefaultLabelBudget, .stop = stop_});
    if (found.outcome != Outcome::kFound) return {};
    return {std::move(found.path)};
  }

  const SearchGraph& graph_;
  const SearchGraph::Environment& environment_;
  const PathProblem& question_;
  const RouteTargets& targets_;
  const std::function<bool()>& stop_;
};

}  // namespace

PathSolution SolvePaths(const Snapshot& snapshot, const SearchGraph::Environment& environment,
                        const PathProblem& question, const RouteTargets& targets,
                        const std::function<bool()>& stop) {
  PathProblem bounded = question;
  // Latency is propagation and more, so that its bound is one on delay.
  int64_t& max_delay_ns = bounded.constraints.max_delay_ns;
  if (targets.max_latency_ns > 0 && (max_delay_ns == 0 || max_delay_ns > targets.max_latency_ns)) {
    max_delay_ns = targets.max_latency_ns;
  }
  const SearchGraph graph(snapshot, bounded.constraints, environment);
  return Solver(graph, environment, bounded, targets, stop).Run();
}

}  // namespace waymark
