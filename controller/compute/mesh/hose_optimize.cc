#include "controller/compute/mesh/hose_optimize.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/compute/mesh/hose_bound.h"
#include "controller/compute/mesh/hose_polish.h"
#include "controller/compute/mesh/hose_search.h"
#include "controller/compute/mesh/hose_state.h"
#include "controller/compute/mesh/hose_ways.h"
#include "controller/compute/mesh/optimize.h"
#include "controller/compute/mesh/tree_search.h"

namespace waymark {
namespace {

constexpr int kMostPaths = 64;
constexpr int kMostWeight = 65'536;
constexpr int kMostRounds = 1'000'000;
constexpr size_t kMostUses = size_t{1} << 23;
// How well the first routes fit their matrix, which is only one of many.
constexpr double kStartGap = 0.05;
constexpr int kStartRounds = 40;
// Above its bound by more, a plan is held against the linear programme; what that gives is moved
// with the worst links foremost.
constexpr double kPolishFrom = 0.005, kPolishSharpness[] = {160, 40, 10};
// Of a link's capacity, where the background leaves less.
constexpr double kLeastRoom = 0.01;

absl::Status CheckOptions(const HoseOptions& options, size_t links) {
  if (options.max_paths < 1 || options.max_paths > kMostPaths) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_paths: is ", options.max_paths, "; must be 1 to ", kMostPaths));
  }
  if (options.weight_total < options.max_paths || options.weight_total > kMostWeight) {
    return absl::InvalidArgumentError(absl::StrCat("weight_total: is ", options.weight_total,
                                                   "; must be max_paths (", options.max_paths,
                                                   ") to ", kMostWeight));
  }
  if (!(options.limit >= 0) || !std::isfinite(options.limit)) {
    return absl::InvalidArgumentError(
        absl::StrCat("limit: is ", options.limit, "; must be 0 or more"));
  }
  if (options.max_rounds < 0 || options.max_rounds > kMostRounds) {
    return absl::InvalidArgumentError(
        absl::StrCat("max_rounds: is ", options.max_rounds, "; must be 0 to ", kMostRounds));
  }
  if (!options.background.empty() && options.background.size() != links) {
    return absl::InvalidArgumentError(absl::StrCat("background: has ", options.background.size(),
                                                   " loads for ", links, " links"));
  }
  for (size_t e = 0; e < options.background.size(); ++e) {
    const double load = options.background[e];
    if (load >= 0 && load <= kMostMeshRate) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("background[", e, "]: is ", load, "; must be 0 to ", kMostMeshRate));
  }
  return absl::OkStatus();
}

absl::Status CheckHoses(const MeshProblem& problem, std::span<const Hose> hoses) {
  size_t uses = 0;
  for (size_t h = 0; h < hoses.size(); ++h) {
    const absl::Status status = CheckHose(hoses[h], problem.node_count);
    if (!status.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("hoses[", h, "].", std::string(status.message())));
    }
    const size_t groups = GroupHoseSites(hoses[h]).groups.size();
    uses += groups * groups;
  }
  if (uses <= kMostUses) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("hoses: they have ", uses,
                   " pairs together, which need more memory than is "
                   "allowed: at most ",
                   kMostUses, "; optimise fewer at a time"));
}

// The plan being made.
class Planner {
 public:
  Planner(const MeshProblem& problem, std::span<const Hose> hoses, const HoseOptions& options)
      : problem_(problem),
        hoses_(hoses),
        options_(options),
        state_(problem, hoses, options.background, options.weight_total) {}

  absl::StatusOr<HosePlan> Make() {
    auto allowed = HoseWays::Create(problem_, state_);
    if (!allowed.ok()) return allowed.status();
    allowed_.emplace(*std::move(allowed));
    StartShort();
    if (!Fits()) {
      if (absl::Status status = StartFromGravity(); !status.ok()) return status;
    }
    if (!Hopeless()) Search();
    Finish();
    return std::move(plan_);
  }

 private:
  bool Fits() const {
    const int32_t hot = state_.Hottest();
    return hot < 0 || state_.Utilisation(hot) <= options_.limit;
  }
  double Top() const {
    const int32_t hot = state_.Hottest();
    return hot < 0 ? 0 : state_.Utilisation(hot);
  }

  double Room(size_t link) const {
    const double capacity = problem_.links[link].capacity;
    if (options_.background.empty()) return capacity;
    const double limit = options_.limit > 0 ? options_.limit : 1;
    return std::max(capacity * limit - options_.background[link], capacity * kLeastRoom);
  }

  void StartShort() {
    const MeshGraph graph(problem_);
    TreeSearch tree(graph);
    double most = 0;
    for (size_t e = 0; e < problem_.links.size(); ++e) most = std::max(most, Room(e));
    std::vector<double> length(problem_.links.size(), TreeSearch::kFar);
    for (size_t e = 0; e < length.size(); ++e) {
      if (Room(e) > 0) length[e] = most / Room(e);
    }
    int32_t from = -1;
    const auto& pairs = state_.pairs();
    for (size_t p = 0; p < pairs.size(); ++p) {
      if (pairs[p].nodes.from != from) tree.Run(pairs[p].nodes.from, length);
      from = pairs[p].nodes.from;
      if (tree.distance(pairs[p].nodes.to) == TreeSearch::kFar) {
        plan_.unreachable.push_back(static_cast<int32_t>(p));
        continue;
      }
      std::vector<int32_t> way = WayInTree(problem_, tree, pairs[p].nodes.to);
      std::ranges::reverse(way);
      if (!allowed_->Mend(static_cast<int32_t>(p), length, &way)) {
        plan_.unreachable.push_back(static_cast<int32_t>(p));
        continue;
      }
      state_.SetPaths(static_cast<int32_t>(p), {{std::move(way), options_.weight_total}});
    }
    state_.Settle();
    state_.Keep();
  }

  // Takes the routes of the gravity matrix instead, if they are better.
  absl::Status StartFromGravity() {
    MeshProblem gravity = problem_;
    gravity.demands.clear();
    for (size_t e = 0; e < gravity.links.size(); ++e) gravity.links[e].capacity = Room(e);
    for (const HoseState::Pair& pair : state_.pairs()) {
      gravity.demands.push_back({pair.nodes.from, pair.nodes.to, pair.rate});
    }
    for (const Hose& hose : hoses_) {
      const std::vector<HosePair> pairs = HosePairs(hose);
      const std::vector<double> rates = GravityOfHose(hose);
      for (size_t p = 0; p < pairs.size(); ++p) {
        double& rate = gravity.demands[state_.PairOf(pairs[p])].rate;
        rate = std::min(rate + rates[p], kMostMeshRate);
      }
    }
    const auto plan = OptimizeMesh(gravity, {.max_paths = options_.max_paths,
                                             .weight_total = options_.weight_total,
                                             .gap = kStartGap,
                                             .max_rounds = kStartRounds,
                                             .stop = options_.stop,
                                             .parallel = options_.parallel});
    if (!plan.ok()) return plan.status();
    NoteRoomBound(plan->lower_bound);
    const double before = Top();
    for (size_t d = 0; d < gravity.demands.size(); ++d) {
      HosePaths paths;
      for (size_t r = plan->routes.first_route(d); r < plan->routes.first_route(d + 1); ++r) {
        const auto links = plan->routes.links(r);
        paths.push_back({{links.begin(), links.end()}, plan->routes.weight(r)});
      }
      if (!paths.empty()) state_.SetPaths(static_cast<int32_t>(d), std::move(paths));
    }
    state_.Settle();
    if (Top() < before) {
      state_.Keep();
    } else {
      state_.Undo();
    }
    return absl::OkStatus();
  }

  // No routing keeps the limit, which the worst matrices of the first routes prove already: moves
  // would take long to find none.
  bool Hopeless() {
    if (options_.limit == 0 || Fits()) return false;
    const double most = options_.background.empty() ? options_.limit : 1;
    if (room_bound_ <= most) {
      MeshProblem room = {.node_count = problem_.node_count, .links = problem_.links};
      for (size_t e = 0; e < room.links.size(); ++e) room.links[e].capacity = Room(e);
      NoteRoomBound(HoseLowerBound(room, state_, options_.stop, options_.parallel));
    }
    return room_bound_ > most;
  }

  void NoteRoomBound(double bound) {
    room_bound_ = std::max(room_bound_, bound);
    if (options_.background.empty()) plan_.lower_bound = room_bound_;
  }

  void Search() {
    MoveAsLongAsItHelps(HoseSearch::kFirstSharpness);
    if (Fits() || plan_.stopped) return;
    plan_.lower_bound = std::max(
        plan_.lower_bound, HoseLowerBound(problem_, state_, options_.stop, options_.parallel));
    if (Top() > (1 + kPolishFrom) * plan_.lower_bound) Polish();
  }

  void MoveAsLongAsItHelps(double sharpness) {
    HoseSearch search(problem_, state_, *allowed_,
                      {.limit = options_.limit,
                       .max_paths = options_.max_paths,
                       .max_rounds = options_.max_rounds - plan_.rounds,
                       .sharpness = sharpness,
                       .stop = options_.stop,
                       .progress = [&](int round, double mlu) {
                         if (!options_.progress) return;
                         options_.progress({plan_.rounds + round, mlu, plan_.lower_bound});
                       }});
    const int rounds = search.Run();
    plan_.rounds += rounds;
    plan_.stopped |= search.stopped();
  }

  // Moves have found no better: a linear programme knows whether there is one.
  void Polish() {
    const HosePolished polished = PolishHose(
        problem_, state_, *allowed_,
        {.limit = options_.limit, .background = options_.background, .stop = options_.stop});
    plan_.stopped |= polished.stopped;
    plan_.lower_bound = std::max(plan_.lower_bound, polished.lower_bound);
    const double before = Top();
    const bool in_vain = options_.limit > 0 && plan_.lower_bound > options_.limit;
    if (in_vain || polished.paths.empty() || polished.fractional >= before) return;
    std::vector<HosePaths> rounded, best;
    for (size_t p = 0; p < state_.pairs().size(); ++p) {
      best.push_back(state_.pairs()[p].paths);
      rounded.push_back(best.back().empty() ? HosePaths()
                                            : RoundHosePaths(polished.paths[p], options_.max_paths,
                                                             options_.weight_total));
    }
    double least = before;
    for (const double sharpness : kPolishSharpness) {
      SetAll(rounded);
      MoveAsLongAsItHelps(sharpness);
      if (Top() >= least) continue;
      least = Top();
      for (size_t p = 0; p < best.size(); ++p) best[p] = state_.pairs()[p].paths;
      if (Fits() || plan_.stopped || least <= (1 + kPolishFrom) * plan_.lower_bound) return;
    }
    SetAll(best);
  }

  void SetAll(const std::vector<HosePaths>& paths) {
    for (size_t p = 0; p < paths.size(); ++p) {
      if (!paths[p].empty()) state_.SetPaths(static_cast<int32_t>(p), paths[p]);
    }
    state_.Settle();
    state_.Keep();
  }

  void Finish() {
    // Bounds leave pairs out that the other bound counts.
    if (allowed_->bounded() && !plan_.unreachable.empty()) plan_.lower_bound = 0;
    for (const HoseState::Pair& pair : state_.pairs()) {
      plan_.demands.push_back({pair.nodes.from, pair.nodes.to, pair.rate});
      for (const HosePath& path : pair.paths) plan_.routes.AddRoute(path.links, path.weight);
      plan_.routes.EndDemand();
    }
    for (size_t e = 0; e < problem_.links.size(); ++e) {
      const int32_t link = static_cast<int32_t>(e);
      plan_.load.push_back(state_.load(link));
      if (!(state_.load(link) > 0)) continue;
      const double utilisation = problem_.links[e].capacity > 0
                                     ? state_.Utilisation(link)
                                     : std::numeric_limits<double>::infinity();
      if (plan_.worst_link < 0 || utilisation > plan_.mlu) {
        plan_.mlu = utilisation;
        plan_.worst_link = link;
      }
      // Whatever the routes are.
      if (!options_.background.empty() && problem_.links[e].capacity > 0) {
        plan_.lower_bound =
            std::max(plan_.lower_bound, options_.background[e] / problem_.links[e].capacity);
      }
    }
  }

  const MeshProblem& problem_;
  const std::span<const Hose> hoses_;
  const HoseOptions& options_;
  HoseState state_;
  std::optional<HoseWays> allowed_;
  HosePlan plan_;
  // Of all routings, the least that a worst link can hold of what the background leaves of it (at
  // least kLeastRoom of it, so that the bound is one).
  double room_bound_ = 0;
};

}  // namespace

absl::StatusOr<HosePlan> OptimizeHose(const MeshProblem& problem, std::span<const Hose> hoses,
                                      const HoseOptions& options) {
  if (absl::Status ok = CheckMeshProblem(problem); !ok.ok()) return ok;
  if (absl::Status ok = CheckOptions(options, problem.links.size()); !ok.ok()) return ok;
  if (absl::Status ok = CheckHoses(problem, hoses); !ok.ok()) return ok;
  return Planner(problem, hoses, options).Make();
}

HoseFit FitHoses(std::span<const double> load, std::span<const double> room) {
  HoseFit fit = {.scale = std::numeric_limits<double>::infinity()};
  for (size_t e = 0; e < load.size(); ++e) {
    if (!(load[e] > 0)) continue;
    const double left = std::max(room[e], 0.0);
    if (fit.link >= 0 && left / load[e] >= fit.scale) continue;
    fit = {left / load[e], static_cast<int32_t>(e), std::max(load[e] - left, 0.0)};
  }
  return fit;
}

}  // namespace waymark
