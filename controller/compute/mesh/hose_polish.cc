#include "controller/compute/mesh/hose_polish.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>

#include "controller/compute/mesh/hose_program.h"
#include "controller/compute/mesh/hose_search.h"
#include "controller/compute/mesh/hose_transport.h"
#include "controller/compute/mesh/tree_search.h"

namespace waymark {
namespace {

constexpr size_t kMostPairs = 1'500;
// Links that are looked at for paths, over all rounds: some seconds.
constexpr double kMostWork = 3e8;
constexpr int kMostRounds = 400;
// A matrix is added where it loads its link by so much more, relatively, than the programme knows;
// a path where it is so much cheaper.
constexpr double kViolated = 1e-6, kCheaper = 1e-7;
// What a link costs however little it is loaded: short ways before long ones. Of a pair's way.
constexpr double kLinkCost = 1e-11;
// Below the limit by so much, the fractional routing leaves room for rounding.
constexpr double kRoomToRound = 0.02;
// Sums of rates may be above what they are added up to by so much of them.
constexpr double kRounding = 1e-9;

class Polisher {
 public:
  Polisher(const MeshProblem& problem, const HoseState& state, HoseWays& allowed,
           const HosePolishOptions& options, double unit)
      : problem_(problem),
        state_(state),
        allowed_(allowed),
        options_(options),
        unit_(unit),
        graph_(problem),
        tree_(graph_),
        program_(RoutedPairs(state)) {
    for (size_t p = 0; p < state.pairs().size(); ++p) {
      if (state.pairs()[p].paths.empty()) continue;
      routed_.push_back(static_cast<int32_t>(p));
    }
    row_.assign(state.pairs().size(), -1);
    for (size_t r = 0; r < routed_.size(); ++r) row_[routed_[r]] = static_cast<int32_t>(r);
  }

  HosePolished Run() {
    bool room = true;
    for (size_t r = 0; r < routed_.size(); ++r) {
      for (const HosePath& path : state_.pairs()[routed_[r]].paths) {
        room = room && program_.AddPath(static_cast<int32_t>(r), path.links);
      }
    }
    Take(WeightsOf(state_));
    const double work = static_cast<double>(routed_.size()) *
                        static_cast<double>(problem_.links.size() + problem_.node_count);
    const int rounds = static_cast<int>(std::min<double>(kMostRounds, kMostWork / (work + 1)));
    for (int round = 0; room && round < rounds && !GoodEnough() && !Stopped(); ++round) {
      if (!program_.Solve(options_.stop)) break;
      const bool cuts = Take(AmountsOf());
      if (GoodEnough()) break;
      const bool paths = Price();
      if (!cuts && !paths) break;
    }
    result_.stopped = Stopped();
    result_.lower_bound *= unit_ * (1 - kRounding);
    result_.fractional *= unit_;
    return std::move(result_);
  }

 private:
  static size_t RoutedPairs(const HoseState& state) {
    return static_cast<size_t>(
        std::ranges::count_if(state.pairs(), [](const auto& pair) { return !pair.paths.empty(); }));
  }

  bool Stopped() const { return options_.stop && options_.stop(); }

  bool GoodEnough() const {
    const double limit = options_.limit / unit_;
    if (limit > 0 && result_.lower_bound > limit * (1 + kRounding)) return true;
    if (limit > 0 && result_.fractional > 0 && result_.fractional <= limit * (1 - kRoomToRound)) {
      return true;
    }
    return result_.fractional > 0 && result_.fractional <= (1 + options_.gap) * result_.lower_bound;
  }

  // By row: shares of the paths, in their order.
  using Amounts = std::vector<std::vector<double>>;

  Amounts WeightsOf(const HoseState& state) const {
    Amounts amounts;
    for (const int32_t p : routed_) {
      std::vector<double>& pair = amounts.emplace_back();
      for (const HosePath& path : state.pairs()[p].paths) {
        pair.push_back(static_cast<double>(path.weight) / state.weight_total());
      }
    }
    return amounts;
  }

  Amounts AmountsOf() const {
    Amounts amounts;
    for (size_t r = 0; r < routed_.size(); ++r) {
      amounts.push_back(program_.Amounts(static_cast<int32_t>(r)));
    }
    return amounts;
  }

  // Measures a routing, and adds the matrices that the programme does not know to be so bad. False:
  // it knows all.
  bool Take(const Amounts& amounts) {
    // By link and row: the share of the pair that it carries.
    std::vector<std::map<int32_t, double>> crossing(problem_.links.size());
    for (size_t r = 0; r < routed_.size(); ++r) {
      const auto& paths = program_.paths(static_cast<int32_t>(r));
      for (size_t k = 0; k < paths.size(); ++k) {
        if (amounts[r][k] <= 0) continue;
        for (const int32_t e : paths[k]) crossing[e][static_cast<int32_t>(r)] += amounts[r][k];
      }
    }
    double worst = 0;
    const double known = program_.cuts().empty() ? 0 : program_.value();
    bool added = false;
    for (size_t e = 0; e < crossing.size(); ++e) {
      HoseProgram::Cut cut = {.link = static_cast<int32_t>(e)};
      const double load = WorstOf(crossing[e], &cut);
      if (load <= 0) continue;
      worst = std::max(worst, load);
      if (load <= known * (1 + kViolated) || load <= worst * kLeastShare) continue;
      if (!program_.AddCut(std::move(cut))) continue;
      added = true;
    }
    if (result_.paths.empty() || worst < result_.fractional) Keep(amounts, worst);
    return added;
  }

  // The exact worst of a link, as part of its capacity in units, and the matrix that has it.
  double WorstOf(const std::map<int32_t, double>& crossing, HoseProgram::Cut* cut) {
    const double scale = state_.inverse(cut->link) / unit_;
    cut->share.assign(routed_.size(), 0);
    if (!options_.background.empty()) cut->fixed = options_.background[cut->link] * scale;
    double load = cut->fixed;
    for (auto& shares : shares_) shares.clear();
    shares_.resize(static_cast<size_t>(state_.hose_count()));
    for (const auto& [r, amount] : crossing) {
      const HoseState::Pair& pair = state_.pairs()[routed_[r]];
      cut->share[r] += pair.rate * scale;
      load += pair.rate * amount * scale;
      const int64_t gain = std::clamp<int64_t>(
          static_cast<int64_t>(std::ceil(amount * static_cast<double>(kWholeShare))), 1,
          kWholeShare);
      for (const HoseState::Use& use : pair.uses) {
        shares_[use.hose].push_back({use.from, use.to, gain});
      }
    }
    for (int32_t hose = 0; hose < state_.hose_count(); ++hose) {
      if (shares_[hose].empty()) continue;
      const HoseGroups& groups = state_.groups(hose);
      transport_.SetRates(groups.ingress, groups.egress);
      load += transport_.Worst(shares_[hose], &traffic_) * scale;
      // No more than the sites may send and receive, to the last digit; what they have left goes
      // to the rest, so that it counts should its paths come here.
      std::vector<double> in = groups.ingress, out = groups.egress;
      const auto add = [&](int32_t from, int32_t to, double most) {
        const double rate = std::min({most, in[from], out[to]});
        const int32_t row = row_[state_.PairOf(groups.Nodes(from, to))];
        if (!(rate > 0) || row < 0) return;
        in[from] -= rate;
        out[to] -= rate;
        cut->share[row] += rate * scale;
      };
      for (size_t s = 0; s < traffic_.size(); ++s) {
        add(shares_[hose][s].from, shares_[hose][s].to, traffic_[s]);
      }
      for (int32_t from = 0; from < groups.size(); ++from) {
        for (int32_t to = 0; in[from] > 0 && to < groups.size(); ++to) {
          if (groups.Talk(from, to)) add(from, to, kMostMeshRate);
        }
      }
    }
    return load;
  }

  void Keep(const Amounts& amounts, double worst) {
    result_.fractional = worst;
    result_.paths.assign(state_.pairs().size(), {});
    for (size_t r = 0; r < routed_.size(); ++r) {
      const auto& paths = program_.paths(static_cast<int32_t>(r));
      for (size_t k = 0; k < amounts[r].size(); ++k) {
        const int32_t weight = static_cast<int32_t>(std::lround(amounts[r][k] * kPolishWeight));
        if (weight > 0) result_.paths[routed_[r]].push_back({paths[k], weight});
      }
    }
  }

  // Adds cheaper paths, and sees what bound the prices prove. False: there are none.
  bool Price() {
    const std::vector<double> prices = program_.Prices();
    std::vector<size_t> priced;
    double bound = 0;
    for (size_t c = 0; c < prices.size(); ++c) {
      if (prices[c] <= 0) continue;
      priced.push_back(c);
      bound += prices[c] * program_.cuts()[c].fixed;
    }
    std::vector<double> length(problem_.links.size());
    bool added = false;
    const double allowance = kLinkCost * problem_.node_count;
    for (size_t r = 0; r < routed_.size(); ++r) {
      if (r % 16 == 0 && Stopped()) return added;
      const int32_t row = static_cast<int32_t>(r);
      std::ranges::fill(length, kLinkCost);
      for (const size_t c : priced) {
        const HoseProgram::Cut& cut = program_.cuts()[c];
        length[cut.link] += prices[c] * cut.share[r];
      }
      const auto cost = [&](const std::vector<int32_t>& path) {
        double sum = 0;
        for (const int32_t e : path) sum += length[e];
        return sum;
      };
      double least = TreeSearch::kFar;
      for (const std::vector<int32_t>& path : program_.paths(row)) {
        least = std::min(least, cost(path));
      }
      least -= kCheaper * std::max(least, 1e-3);
      const HosePair nodes = state_.pairs()[routed_[r]].nodes;
      tree_.RunTo(nodes.from, length, std::span(&nodes.to, 1));
      const double found = tree_.distance(nodes.to);
      bound += std::max(0.0, found - allowance);
      if (found >= least) continue;
      std::vector<int32_t> way = WayInTree(problem_, tree_, nodes.to);
      std::ranges::reverse(way);
      if (!allowed_.Mend(routed_[r], length, &way) || cost(way) >= least) continue;
      added |= program_.AddPath(row, std::move(way));
    }
    result_.lower_bound = std::max(result_.lower_bound, bound);
    return added;
  }

  // Matrices of links that have less than this part of the worst are not added: most never matter.
  static constexpr double kLeastShare = 0.3;

  const MeshProblem& problem_;
  const HoseState& state_;
  HoseWays& allowed_;
  const HosePolishOptions& options_;
  // Utilisation that counts as 1: the solver's tolerances are absolute.
  const double unit_;
  MeshGraph graph_;
  TreeSearch tree_;
  HoseProgram program_;
  std::vector<int32_t> routed_;  // by row: the pair
  std::vector<int32_t> row_;     // by pair; -1: none
  HoseTransport transport_;
  std::vector<std::vector<HoseShare>> shares_;  // by hose
  std::vector<double> traffic_;
  HosePolished result_;
};

}  // namespace

HosePolished PolishHose(const MeshProblem& problem, const HoseState& state, HoseWays& allowed,
                        const HosePolishOptions& options) {
  const int32_t hot = state.Hottest();
  const double unit = hot < 0 ? 0 : state.Utilisation(hot);
  if (!(unit > 0) || state.pairs().size() > kMostPairs) return {};
  return Polisher(problem, state, allowed, options, unit).Run();
}

HosePaths RoundHosePaths(const HosePaths& paths, int count, int total) {
  HosePaths kept = paths;
  std::ranges::stable_sort(kept, std::ranges::greater(), &HosePath::weight);
  if (kept.size() > static_cast<size_t>(count)) kept.resize(static_cast<size_t>(count));
  int64_t sum = 0;
  for (const HosePath& path : kept) sum += path.weight;
  // The largest remainders are rounded up.
  std::vector<std::pair<int64_t, size_t>> remainders;
  int left = total;
  for (size_t k = 0; k < kept.size(); ++k) {
    const int64_t exact = int64_t{kept[k].weight} * total;
    kept[k].weight = static_cast<int32_t>(exact / sum);
    left -= kept[k].weight;
    remainders.emplace_back(-(exact % sum), k);
  }
  std::ranges::sort(remainders);
  for (int i = 0; i < left; ++i) ++kept[remainders[static_cast<size_t>(i)].second].weight;
  std::erase_if(kept, [](const HosePath& path) { return path.weight == 0; });
  return kept;
}

}  // namespace waymark
