#include "controller/engine/mesh_guard.h"

#include <algorithm>
#include <set>
#include <utility>

#include "controller/compute/constraints.h"
#include "controller/compute/mesh/protect.h"

namespace waymark {
namespace {

// States beyond would take longer to look at than a run has; what they come to is told. The larger
// the network, the longer each takes.
constexpr double kCutOff = 1e-9;
constexpr size_t kStatesByLinks = 2'000'000, kFewestStates = 500, kMostStates = 20'000;
// Of these, the most that backups are made for.
constexpr size_t kMostOutlived = 2'000;
// What is down more often is down as a rule: the order of states does not hold for it.
constexpr double kMostUnavailability = 0.5;
constexpr int kWeights = 64;

void AddStates(const std::vector<Failure>& elements, size_t links, MeshOutlive* outlive) {
  std::vector<const Failure*> stated;
  std::vector<double> probability;
  for (const Failure& element : elements) {
    if (element.unavailability <= 0) continue;
    stated.push_back(&element);
    outlive->elements.push_back(element.links);
    probability.push_back(std::min(element.unavailability, kMostUnavailability));
  }
  const size_t most =
      std::clamp(kStatesByLinks / std::max<size_t>(1, links), kFewestStates, kMostStates);
  auto states = ListFailureStates(probability, {.cut_off = kCutOff, .most_states = most});
  if (!states.ok()) return;  // never: all is within its bounds
  outlive->states = *std::move(states);
  std::set<std::vector<int32_t>> known;
  for (const Failure& failure : outlive->failures) known.insert(failure.links);
  // The most probable that come to the target together.
  double mass = 0;
  size_t added = 0;
  for (const FailureState& state : outlive->states.states) {
    if (mass >= outlive->target || added >= kMostOutlived) break;
    mass += state.probability;
    if (state.down.empty()) continue;
    Failure all = *stated[state.down.front()];
    for (size_t i = 1; i < state.down.size(); ++i) all = Together(all, *stated[state.down[i]]);
    if (!known.insert(all.links).second) continue;
    outlive->failures.push_back(std::move(all));
    ++added;
  }
  // A fibre that does not say how often it fails may be down at any time: of no state is it known
  // then how probable it is. Nor is it where something is down most of the time.
  if (std::ranges::any_of(elements, [](const Failure& element) {
        return element.unavailability > kMostUnavailability ||
               (element.unavailability <= 0 && element.name.starts_with("links/"));
      })) {
    outlive->states = {};
  }
}

int MostRoutes(const MeshRoutes& routes) {
  size_t most = 0;
  for (size_t d = 0; d < routes.demand_count(); ++d) {
    most = std::max(most, routes.first_route(d + 1) - routes.first_route(d));
  }
  return static_cast<int>(most);
}

// Of pairs that have routes at all, and whose ends are up.
int64_t CountLost(const MeshOutlive& outlive, const MeshProblem& problem, const MeshRoutes& routes,
                  const std::vector<std::pair<int32_t, int32_t>>& lost) {
  return std::ranges::count_if(lost, [&](const auto& one) {
    const auto& [failure, demand] = one;
    if (routes.first_route(demand) == routes.first_route(demand + 1)) return false;
    const MeshDemand& ends = problem.demands[demand];
    const std::vector<NodeId>& down = outlive.failures[failure].nodes;
    return !std::ranges::binary_search(down, static_cast<NodeId>(ends.from)) &&
           !std::ranges::binary_search(down, static_cast<NodeId>(ends.to));
  });
}

void Measure(const MeshOutlive& outlive, const MeshProblem& problem, const MeshRoutes& routes,
             const MeshGuardOptions& options, MeshGuarded* guarded) {
  if (outlive.target <= 0) return;
  guarded->residual = outlive.states.residual();
  const MeshAvailability measured = MeasureAvailability(
      problem, routes, outlive.elements, outlive.states, options.stronger, options.stop);
  guarded->stopped |= measured.stopped;
  for (size_t d = 0; d < problem.demands.size(); ++d) {
    if (problem.demands[d].rate <= 0) continue;
    const double served = measured.served[d];
    if (served < outlive.target) ++guarded->below;
    if (guarded->least_demand >= 0 && served >= guarded->least) continue;
    guarded->least = served;
    guarded->least_demand = static_cast<int32_t>(d);
  }
}

}  // namespace

size_t ChangedPairs(const MeshRoutes& a, const MeshRoutes& b) {
  size_t changed = 0;
  for (size_t d = 0; d < a.demand_count(); ++d) changed += a.pair(d) == b.pair(d) ? 0 : 1;
  return changed;
}

std::shared_ptr<const MeshOutlive> OutliveOf(const Snapshot& snapshot,
                                             const v1::TrafficClass& traffic_class) {
  const double target = traffic_class.availability_target();
  if (traffic_class.protection().empty() && target <= 0) return nullptr;
  auto outlive = std::make_shared<MeshOutlive>();
  outlive->target = target;
  if (!traffic_class.protection().empty()) {
    outlive->failures = SingleFailures(snapshot, ConstraintsOf(traffic_class, 0).protection);
  }
  if (target > 0) {
    AddStates(SingleFailures(snapshot, {.link = true, .node = true, .srlg = true}),
              snapshot.links().size(), outlive.get());
  }
  return outlive;
}

absl::StatusOr<MeshGuarded> GuardRoutes(const MeshOutlive& outlive, const MeshProblem& problem,
                                        const MeshGuardOptions& options, MeshRoutes* routes) {
  ProtectOptions protect;
  for (const Failure& failure : outlive.failures) protect.failures.push_back(failure.links);
  // Those of a class whose limit has been lowered stay until they change.
  protect.max_paths = std::max({2, options.max_paths, MostRoutes(*routes)});
  protect.weight_total = kWeights;
  protect.gap = options.gap;
  protect.fits = [](std::span<const int32_t> links) { return links.size() <= kMaxPathHops; };
  protect.lower_bound = options.lower_bound;
  protect.others = options.stronger;
  protect.stop = options.stop;
  protect.cover = options.change != MeshGuardOptions::Change::kMeasure;
  // First what nobody can do without, which changes those alone that lack a backup.
  protect.max_rounds = 0;
  MeshGuarded guarded;
  guarded.failures = static_cast<int64_t>(outlive.failures.size());
  guarded.target = outlive.target;
  auto covered = ProtectMesh(problem, *routes, protect);
  if (absl::IsResourceExhausted(covered.status())) {
    guarded.unknown = std::string(covered.status().message());
    return guarded;
  }
  if (!covered.ok()) return covered.status();
  ProtectPlan plan = *std::move(covered);
  if (options.change == MeshGuardOptions::Change::kImprove && !plan.stopped &&
      plan.worst_mlu > protect.limit) {
    protect.max_rounds = ProtectOptions().max_rounds;
    auto better = ProtectMesh(problem, plan.routes, protect);
    if (!better.ok()) return better.status();
    const double gain = (plan.worst_mlu - better->worst_mlu) / plan.worst_mlu;
    const size_t changed = ChangedPairs(plan.routes, better->routes);
    plan.worst_lower_bound = std::max(plan.worst_lower_bound, better->worst_lower_bound);
    plan.stopped |= better->stopped;
    const bool joins = better->exposed.size() < plan.exposed.size();
    const bool ends = better->worst_mlu <= protect.limit;
    if (joins || ends || gain >= options.min_gain * static_cast<double>(changed)) {
      plan = *std::move(better);
    }
  }
  guarded.worst_mlu = plan.worst_mlu;
  guarded.lower_bound = plan.worst_lower_bound;
  if (plan.worst_failure >= 0) guarded.worst = outlive.failures[plan.worst_failure].name;
  guarded.cut = CountLost(outlive, problem, plan.routes, plan.cut);
  guarded.exposed = CountLost(outlive, problem, plan.routes, plan.exposed);
  guarded.stopped = plan.stopped;
  Measure(outlive, problem, plan.routes, options, &guarded);
  *routes = std::move(plan.routes);
  return guarded;
}

}  // namespace waymark
