#include "controller/compute/mesh/failure_states.h"

#include <algorithm>
#include <numeric>
#include <queue>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/compute/mesh/evaluate.h"

namespace waymark {
namespace {

constexpr size_t kMostStates = 1'000'000;
// Of a capacity: sums rounded differently are no overload.
constexpr double kSlack = 1 + 1e-9;
// States that are looked at between two questions whether to stop.
constexpr size_t kBatch = 16;

absl::Status Check(std::span<const double> probability, const FailureStateLimits& limits) {
  for (size_t i = 0; i < probability.size(); ++i) {
    if (probability[i] >= 0 && probability[i] <= 0.5) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("probability[", i, "]: is ", probability[i], "; must be 0 to 0.5"));
  }
  if (!(limits.cut_off > 0 && limits.cut_off <= 1)) {
    return absl::InvalidArgumentError(
        absl::StrCat("cut_off: is ", limits.cut_off, "; must be above 0 and at most 1"));
  }
  if (limits.most_states < 1 || limits.most_states > kMostStates) {
    return absl::InvalidArgumentError(
        absl::StrCat("most_states: is ", limits.most_states, "; must be 1 to ", kMostStates));
  }
  return absl::OkStatus();
}

// A set of elements in the order of their odds. Every set but the empty one follows from exactly
// one other that is at least as probable: without its last element if that comes directly behind
// the last but one, or with the one before its last.
struct Open {
  double probability;
  std::vector<int32_t> places;

  bool operator<(const Open& other) const {
    if (probability != other.probability) return probability < other.probability;
    return places > other.places;
  }
};

// Of one demand's routes as they are left: whether it has one, and none that is short.
bool Served(const MeshRoutes& routes, size_t demand, const std::vector<bool>& down,
            const std::vector<bool>& over) {
  bool has = false;
  for (size_t r = routes.first_route(demand); r < routes.first_route(demand + 1); ++r) {
    bool left = true, fits = true;
    for (const int32_t link : routes.links(r)) {
      left = left && !down[link];
      fits = fits && !over[link];
    }
    if (!left) continue;
    if (!fits) return false;
    has = true;
  }
  return has;
}

// By demand.
std::vector<bool> ServedIn(const MeshProblem& problem, const MeshRoutes& routes,
                           std::span<const std::vector<int32_t>> links, const FailureState& state,
                           std::span<const MeshTraffic> others) {
  std::vector<bool> down(problem.links.size(), false), over(problem.links.size(), false);
  for (const int32_t element : state.down) {
    for (const int32_t link : links[element]) down[link] = true;
  }
  const MeshLoads loads = EvaluateMesh(problem, routes, down);
  const std::vector<double> before = LoadsOf(others, over.size(), down);
  for (size_t e = 0; e < over.size(); ++e) {
    over[e] = loads.load[e] + before[e] > problem.links[e].capacity * kSlack;
  }
  std::vector<bool> served(problem.demands.size());
  for (size_t d = 0; d < served.size(); ++d) {
    served[d] = problem.demands[d].rate <= 0 || Served(routes, d, down, over);
  }
  return served;
}

}  // namespace

absl::StatusOr<FailureStates> ListFailureStates(std::span<const double> probability,
                                                const FailureStateLimits& limits) {
  if (absl::Status ok = Check(probability, limits); !ok.ok()) return ok;
  std::vector<int32_t> order;
  double none = 1;
  for (size_t i = 0; i < probability.size(); ++i) {
    none *= 1 - probability[i];
    if (probability[i] > 0) order.push_back(static_cast<int32_t>(i));
  }
  std::ranges::stable_sort(order,
                           [&](int32_t a, int32_t b) { return probability[a] > probability[b]; });
  const auto odds = [&](int32_t place) {
    const double p = probability[order[place]];
    return p / (1 - p);
  };
  FailureStates all;
  std::priority_queue<Open> open;
  open.push({none, {}});
  while (!open.empty() && all.states.size() < limits.most_states &&
         open.top().probability >= limits.cut_off) {
    const Open now = open.top();
    open.pop();
    FailureState& state = all.states.emplace_back(FailureState{now.probability, {}});
    for (const int32_t place : now.places) state.down.push_back(order[place]);
    std::ranges::sort(state.down);
    all.mass += now.probability;
    const int32_t next = now.places.empty() ? 0 : now.places.back() + 1;
    if (static_cast<size_t>(next) == order.size()) continue;
    Open more = now;
    more.places.push_back(next);
    more.probability *= odds(next);
    open.push(std::move(more));
    if (now.places.empty()) continue;
    Open other = now;
    other.places.back() = next;
    other.probability *= odds(next) / odds(next - 1);
    open.push(std::move(other));
  }
  return all;
}

MeshAvailability MeasureAvailability(const MeshProblem& problem, const MeshRoutes& routes,
                                     std::span<const std::vector<int32_t>> links,
                                     const FailureStates& states,
                                     std::span<const MeshTraffic> others,
                                     const std::function<bool()>& stop,
                                     const ParallelFor& parallel) {
  MeshAvailability result;
  result.served.assign(problem.demands.size(), 0);
  std::vector<std::vector<bool>> served(kBatch);
  for (size_t first = 0; first < states.states.size(); first += kBatch) {
    if (stop && stop()) {
      result.stopped = true;
      break;
    }
    const size_t count = std::min(kBatch, states.states.size() - first);
    RunParallel(parallel, static_cast<int>(count), [&](int i) {
      served[i] =
          ServedIn(problem, routes, links, states.states[first + static_cast<size_t>(i)], others);
    });
    for (size_t i = 0; i < count; ++i) {
      const double probability = states.states[first + i].probability;
      for (size_t d = 0; d < result.served.size(); ++d) {
        if (served[i][d]) result.served[d] += probability;
      }
      if (std::ranges::count(served[i], false) == 0) result.all_served += probability;
    }
  }
  return result;
}

}  // namespace waymark
