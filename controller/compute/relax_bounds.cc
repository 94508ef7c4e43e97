// Changes of bounds: delay, hops, bandwidth, latency, availability.
#include <algorithm>
#include <memory>
#include <set>

#include "controller/compute/refusal_question.h"

namespace waymark {
namespace {

int64_t MostDelay(const WhatIfRoute& route) {
  int64_t most = 0;
  for (const ComputedPath& path : route) most = std::max(most, path.metric.delay_ns);
  return most;
}

// The bound is lowered to just under what the last answer needed until nothing is found. The first
// answer is the least already, but for places in gentle maintenance that it goes around.
std::optional<WhatIfChange> RelaxDelay(WhatIfSolver& solver, const WhatIfQuestion& asked) {
  constexpr int kRounds = 32;
  WhatIfQuestion question = asked;
  question.constraints.objective = v1::MIN_DELAY;
  question.constraints.pair_order = PairOrder::kMinMax;
  question.constraints.max_delay_ns = 0;
  WhatIfRoute route = solver.Solve(question);
  if (route.empty()) return std::nullopt;
  int64_t enough = MostDelay(route);
  for (int round = 0; round < kRounds && enough > 1; ++round) {
    question.constraints.max_delay_ns = enough - 1;
    route = solver.Solve(question);
    if (route.empty()) break;
    enough = MostDelay(route);
  }
  return WhatIfChange{
      "max delay " + DelayText(asked.constraints.max_delay_ns) + " -> " + DelayText(enough),
      [enough](WhatIfQuestion& q) { q.constraints.max_delay_ns = enough; }};
}

// More hops never hurt: the least number that does is found by halving.
std::optional<WhatIfChange> RelaxHops(WhatIfSolver& solver, const WhatIfQuestion& asked) {
  WhatIfQuestion question = asked;
  const auto enough = [&](int hops) {
    question.constraints.max_hops = hops;
    return solver.Solvable(question);
  };
  // No path has more hops than there are other nodes.
  int too_few = asked.constraints.max_hops;
  int will_do = static_cast<int>(
      std::min<size_t>(asked.environment.most_hops, solver.snapshot().nodes().size() - 1));
  if (will_do <= too_few || !enough(will_do)) return std::nullopt;
  while (will_do - too_few > 1) {
    const int middle = (too_few + will_do) / 2;
    (enough(middle) ? will_do : too_few) = middle;
  }
  return WhatIfChange{
      "max hops " + std::to_string(asked.constraints.max_hops) + " -> " + std::to_string(will_do),
      [will_do](WhatIfQuestion& q) { q.constraints.max_hops = will_do; }};
}

// What is sent shrinks with what is held.
void SetBandwidth(int64_t bps, WhatIfQuestion* question) {
  int64_t& held = question->constraints.bandwidth_bps;
  if (held > 0) {
    question->targets.rate_bps =
        static_cast<int64_t>(static_cast<__int128>(question->targets.rate_bps) * bps / held);
  }
  held = bps;
}

std::optional<WhatIfChange> RelaxBandwidth(WhatIfSolver& solver, const WhatIfQuestion& asked) {
  const PathConstraints& constraints = asked.constraints;
  std::set<int64_t> distinct;
  for (size_t i = 0; i < solver.snapshot().links().size(); ++i) {
    const int64_t residual =
        asked.environment.ledger != nullptr
            ? asked.environment.ledger->Residual(static_cast<LinkId>(i), constraints.setup_priority)
            : solver.snapshot().links()[i].reservable_bps;
    if (residual > 0 && residual < constraints.bandwidth_bps) distinct.insert(residual);
  }
  const std::vector<int64_t> rates(distinct.begin(), distinct.end());
  // Fewer links have room for more: what is possible is possible for every smaller rate too.
  const auto first_impossible = std::partition_point(rates.begin(), rates.end(), [&](int64_t rate) {
    WhatIfQuestion question = asked;
    SetBandwidth(rate, &question);
    return solver.Solvable(question);
  });
  const std::string text = "bandwidth " + BandwidthText(constraints.bandwidth_bps) + " -> ";
  if (first_impossible != rates.begin()) {
    const int64_t rate = *std::prev(first_impossible);
    return WhatIfChange{text + BandwidthText(rate),
                        [rate](WhatIfQuestion& q) { SetBandwidth(rate, &q); }};
  }
  WhatIfQuestion question = asked;
  SetBandwidth(0, &question);
  if (!solver.Solvable(question)) return std::nullopt;
  return WhatIfChange{text + "0, or add capacity", [](WhatIfQuestion& q) { SetBandwidth(0, &q); }};
}

// The targets' values are the best among the candidates that meet the other targets.
std::optional<WhatIfChange> RelaxLatency(WhatIfSolver& solver, const WhatIfQuestion& asked) {
  WhatIfQuestion without = asked;
  without.targets.max_latency_ns = 0;
  const RouteTargets others = WhatIfSolver::TargetsOf(without);
  std::optional<int64_t> least;
  for (const WhatIfRoute& route : solver.Candidates(asked)) {
    const int64_t latency = LatencyOf(others, route);
    if (latency < 0 || !MeetsAvailability(others, route) || !MeetsLatency(others, route)) continue;
    if (!least || latency < *least) least = latency;
  }
  const std::string text = "max latency " + DelayText(asked.targets.max_latency_ns);
  if (!least) {
    if (!solver.Solvable(without)) return std::nullopt;
    return WhatIfChange{text + ": drop it, no latency can be promised in queue " +
                            std::to_string(asked.targets.queue),
                        [](WhatIfQuestion& q) { q.targets.max_latency_ns = 0; }};
  }
  return WhatIfChange{text + " -> " + DelayText(*least), [latency = *least](WhatIfQuestion& q) {
                        q.targets.max_latency_ns = latency;
                      }};
}

// Of whom the least candidate would slow down.
std::optional<WhatIfChange> RelaxOthers(WhatIfSolver& solver, const WhatIfQuestion& asked) {
  WhatIfQuestion without = asked;
  without.targets.guard_others = false;
  const WhatIfRoute route = solver.Solve(without);
  if (route.empty()) return std::nullopt;
  const auto loads = LoadsWith(WhatIfSolver::TargetsOf(asked), route);
  const auto slowed = loads.ok() ? loads->OverLimit() : std::nullopt;
  return WhatIfChange{"loosen the latency bounds of what it would slow down, " +
                          slowed.value_or("others") + " first",
                      [](WhatIfQuestion& q) { q.targets.guard_others = false; }};
}

std::optional<WhatIfChange> RelaxAvailability(WhatIfSolver& solver, const WhatIfQuestion& asked) {
  const RouteTargets targets = WhatIfSolver::TargetsOf(asked);
  std::optional<double> least;
  for (const WhatIfRoute& route : solver.Candidates(asked)) {
    if (!MeetsLatency(targets, route)) continue;
    const double down = UnavailabilityOf(targets, route);
    if (!least || down < *least) least = down;
  }
  if (!least) return std::nullopt;
  const std::string text =
      "availability target " + AvailabilityText(1 - asked.targets.availability);
  if (*least >= 1) {
    return WhatIfChange{text + ": drop it, or state MTBF and MTTR of what is on the path",
                        [](WhatIfQuestion& q) { q.targets.availability = 0; }};
  }
  return WhatIfChange{
      text + " -> " + AvailabilityText(*least),
      [target = 1 - *least](WhatIfQuestion& q) { q.targets.availability = target; }};
}

}  // namespace

std::string MostHopsText(int most_hops) {
  return "max_hops " + std::to_string(most_hops) +
         (most_hops == kMaxPathHops ? " (what a packet holds)" : " (the most that is searched)");
}

void LiftHops(WhatIfQuestion& question) {
  question.constraints.max_hops = question.environment.most_hops = kMostHopsOnPaper;
}

Knob MostHopsKnob(int most_hops) {
  // A lower bound is another constraint; nothing but the network can change this one.
  return {MostHopsText(most_hops), LiftHops,
          [](WhatIfSolver&, const WhatIfQuestion&) -> std::optional<WhatIfChange> {
            return std::nullopt;
          }};
}

void AddBoundKnobs(const WhatIfQuestion& asked, std::vector<Knob>* knobs) {
  const PathConstraints& c = asked.constraints;
  if (c.bandwidth_bps > 0) {
    knobs->push_back({"bandwidth " + BandwidthText(c.bandwidth_bps),
                      [](WhatIfQuestion& q) { SetBandwidth(0, &q); }, RelaxBandwidth});
  }
  if (c.max_delay_ns > 0) {
    knobs->push_back({"max_delay " + DelayText(c.max_delay_ns),
                      [](WhatIfQuestion& q) { q.constraints.max_delay_ns = 0; }, RelaxDelay});
  }
  if (c.max_hops < asked.environment.most_hops) {
    knobs->push_back({"max_hops " + std::to_string(c.max_hops),
                      [](WhatIfQuestion& q) { q.constraints.max_hops = q.environment.most_hops; },
                      RelaxHops});
  }
  if (asked.targets.max_latency_ns > 0) {
    knobs->push_back({"max_latency " + DelayText(asked.targets.max_latency_ns),
                      [](WhatIfQuestion& q) { q.targets.max_latency_ns = 0; }, RelaxLatency});
  }
  if (asked.targets.guard_others) {
    knobs->push_back({"max_latency of others",
                      [](WhatIfQuestion& q) { q.targets.guard_others = false; }, RelaxOthers});
  }
  if (asked.targets.availability > 0) {
    knobs->push_back({"availability_target " + AvailabilityText(1 - asked.targets.availability),
                      [](WhatIfQuestion& q) { q.targets.availability = 0; }, RelaxAvailability});
  }
}

}  // namespace waymark
