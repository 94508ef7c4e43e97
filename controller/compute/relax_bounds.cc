// Changes of bounds: delay, hops, bandwidth, latency, availability.
#include <algorithm>
#include <cstdlib>
#include <functional>
#include <set>

#include "absl/strings/str_format.h"
#include "controller/compute/refusal_question.h"

namespace waymark {
namespace {

int64_t MostDelay(const WhatIfRoute& route) {
  int64_t most = 0;
  for (const ComputedPath& path : route) most = std::max(most, path.metric.delay_ns);
  return most;
}

// Of so many questions, each of which asks for less than the one before: the first with a route.
// Answers that a budget left open are asked for anew, from the first on, with more effort; where
// some stay open, the solver is left unproven.
std::optional<size_t> FirstPossible(WhatIfSolver& solver, size_t count,
                                    const std::function<WhatIfQuestion(size_t)>& question) {
  constexpr size_t kMostAgain = 24;
  const bool before = solver.unproven();
  size_t ruled_out = 0;  // so many
  size_t will_do = count;
  const auto judge = [&](size_t number, WhatIfEffort effort) {
    const WhatIfVerdict verdict = solver.Judge(question(number), effort);
    if (verdict == WhatIfVerdict::kPossible) will_do = number;
    if (verdict == WhatIfVerdict::kImpossible) ruled_out = number + 1;
    return verdict;
  };
  for (size_t least = 0; least < will_do;) {
    const size_t middle = least + (will_do - least) / 2;
    if (judge(middle, WhatIfEffort::kUsual) != WhatIfVerdict::kPossible) least = middle + 1;
  }
  for (const WhatIfEffort effort : {WhatIfEffort::kUsual, WhatIfEffort::kGreat}) {
    const size_t end = std::min(will_do, ruled_out + kMostAgain);
    for (size_t i = ruled_out; i < std::min(end, will_do) && !solver.ended(); ++i) {
      judge(i, effort);
    }
  }
  if (ruled_out == will_do) solver.set_unproven(before);
  if (will_do == count) return std::nullopt;
  return will_do;
}

// The bound is lowered to just under what the last answer needed until nothing is found. The first
// answer is the least already, but for places in gentle maintenance that it goes around.
std::optional<WhatIfChange> RelaxDelay(WhatIfSolver& solver, const WhatIfQuestion& asked) {
  WhatIfQuestion question = asked;
  question.constraints.objective = v1::MIN_DELAY;
  question.constraints.pair_order = PairOrder::kMinMax;
  question.constraints.max_delay_ns = 0;
  WhatIfRoute route = solver.Solve(question);
  if (route.empty()) return std::nullopt;
  int64_t enough = MostDelay(route);
  // Each round finds less, and the solver's work is bounded.
  while (enough > 1) {
    question.constraints.max_delay_ns = enough - 1;
    route = solver.Solve(question);
    if (route.empty() && solver.unproven() && !solver.ended()) {
      solver.set_unproven(false);
      route = solver.Solve(question, WhatIfEffort::kGreat);
    }
    if (route.empty()) break;
    enough = MostDelay(route);
  }
  return WhatIfChange{
      "max delay " + DelayText(asked.constraints.max_delay_ns) + " -> " + DelayText(enough),
      [told = DelayAsTold(enough)](WhatIfQuestion& q) { q.constraints.max_delay_ns = told; }};
}

std::optional<WhatIfChange> RelaxHops(WhatIfSolver& solver, const WhatIfQuestion& asked) {
  // No path has more hops than there are other nodes.
  const int too_few = asked.constraints.max_hops;
  const int most = static_cast<int>(
      std::min<size_t>(asked.environment.most_hops, solver.snapshot().nodes().size() - 1));
  if (most <= too_few) return std::nullopt;
  const auto with = [&](size_t number) {
    WhatIfQuestion question = asked;
    question.constraints.max_hops = too_few + 1 + static_cast<int>(number);
    return question;
  };
  const auto found = FirstPossible(solver, static_cast<size_t>(most - too_few), with);
  if (!found) return std::nullopt;
  const int will_do = too_few + 1 + static_cast<int>(*found);
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

// Of rates of four digits (fewer than one of those: as many digits as it takes) the greatest above
// `will_do` and below `too_much` with a route; what is sent slows others, and itself, gradually.
int64_t GreatestRate(WhatIfSolver& solver, const WhatIfQuestion& asked, int64_t will_do,
                     int64_t too_much) {
  int64_t step = 1;
  while (asked.constraints.bandwidth_bps / step >= 10'000) step *= 10;
  for (;; step = std::max<int64_t>(1, step / 1'000)) {
    int64_t low = will_do / step, high = too_much / step + (too_much % step == 0 ? 0 : 1);
    while (high - low > 1 && !solver.ended()) {
      const int64_t middle = low + (high - low) / 2;
      WhatIfQuestion question = asked;
      SetBandwidth(middle * step, &question);
      (solver.Solvable(question) ? low : high) = middle;
    }
    will_do = std::max(will_do, low * step);
    too_much = std::min(too_much, high * step);
    if (will_do > 0 || step == 1 || solver.ended()) return will_do;
  }
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
  // The greatest first. Fewer links have room for more.
  const std::vector<int64_t> rates(distinct.rbegin(), distinct.rend());
  const auto found = FirstPossible(solver, rates.size(), [&](size_t number) {
    WhatIfQuestion question = asked;
    SetBandwidth(rates[number], &question);
    return question;
  });
  const std::string text = "bandwidth " + BandwidthText(constraints.bandwidth_bps) + " -> ";
  WhatIfQuestion nothing = asked;
  SetBandwidth(0, &nothing);
  if (!found && !solver.Solvable(nothing)) return std::nullopt;
  int64_t rate = found ? rates[*found] : 0;
  if (asked.targets.bounds_latency()) {
    const size_t less = found ? *found : rates.size();
    rate =
        GreatestRate(solver, asked, rate, less == 0 ? constraints.bandwidth_bps : rates[less - 1]);
  }
  return WhatIfChange{
      text + (rate > 0 ? BandwidthText(rate) : "0, or add capacity"),
      [told = BandwidthAsTold(rate)](WhatIfQuestion& q) { SetBandwidth(told, &q); }};
}

// Those of latency and availability are the best among the candidates that meet the other targets.
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
  return WhatIfChange{
      text + " -> " + DelayText(*least),
      [told = DelayAsTold(*least)](WhatIfQuestion& q) { q.targets.max_latency_ns = told; }};
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
  // The same digits for both would say nothing.
  std::string was = AvailabilityText(1 - asked.targets.availability);
  if (was == AvailabilityText(*least)) {
    was = absl::StrFormat("%.12g %%", asked.targets.availability * 100);
  }
  const std::string text = "availability target " + was;
  if (*least >= 1) {
    return WhatIfChange{text + ": drop it, or state MTBF and MTTR of what is on the path",
                        [](WhatIfQuestion& q) { q.targets.availability = 0; }};
  }
  const std::string told = AvailabilityText(*least);
  // Rounded down: whoever reads it asks for that.
  const double target = std::min(1 - *least, std::strtod(told.c_str(), nullptr) / 100);
  return WhatIfChange{text + " -> " + told,
                      [target](WhatIfQuestion& q) { q.targets.availability = target; }};
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
