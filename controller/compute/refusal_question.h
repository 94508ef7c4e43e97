// Private to this folder. What would happen if the constraints, or the network, were others?
#ifndef WAYMARK_CONTROLLER_COMPUTE_REFUSAL_QUESTION_H_
#define WAYMARK_CONTROLLER_COMPUTE_REFUSAL_QUESTION_H_

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controller/compute/refusal.h"

namespace waymark {

struct WhatIfQuestion {
  PathConstraints constraints;
  SearchGraph::Environment environment;
  RouteTargets targets;
  int disjoint_paths = 2;
  // Beside constraints.exclude_resources: what stays forbidden of a list that is changed in part.
  std::set<std::string> also_excluded;
  // Links that environment.link_state has down and that count as up.
  std::set<LinkId> repaired;
  // What a route is chosen by instead of the objective, by link; empty: the objective.
  std::vector<int64_t> prices;
};

// One path, a pair or a set; empty when there is none.
using WhatIfRoute = std::vector<ComputedPath>;

// A change of one constraint that makes a route possible.
struct WhatIfChange {
  std::string text;
  std::function<void(WhatIfQuestion&)> apply;
};

// Whether a route exists. kUnknown: a budget or the deadline ended first.
enum class WhatIfVerdict { kPossible, kImpossible, kUnknown };

// Of one answer. A great one costs as much of the work as sixteen usual ones.
enum class WhatIfEffort { kUsual, kGreat };

// Answers questions about one pair of ends until the work ends. Not thread-safe.
class WhatIfSolver {
 public:
  // `attempt`: path searches that one usual answer may cost.
  WhatIfSolver(const Snapshot& snapshot, NodeId from, NodeId to, const WorkLimit& limit,
               int64_t attempt)
      : snapshot_(snapshot),
        from_(from),
        to_(to),
        limit_(limit),
        attempt_(attempt),
        meter_(limit, 1) {}

  // Empty too where it is not known whether there is a route.
  WhatIfRoute Solve(const WhatIfQuestion& question, WhatIfEffort effort = WhatIfEffort::kUsual);
  // A route has been found: false proves nothing.
  bool Solvable(const WhatIfQuestion& question) { return !Solve(question).empty(); }
  // The best route, for somebody who looks at it: by the search that would answer the question
  // itself where latency or availability is asked of it, and with more effort where a usual answer
  // is not proven best. Of what is possible only.
  WhatIfRoute Best(const WhatIfQuestion& question);
  WhatIfVerdict Judge(const WhatIfQuestion& question, WhatIfEffort effort = WhatIfEffort::kUsual);
  // What a question asks of latency and availability of the routes in its environment.
  static RouteTargets TargetsOf(const WhatIfQuestion& question) {
    return Completed(question.targets, question.constraints, question.environment);
  }
  // Routes that keep all but the targets, to choose from; the best by the objective first.
  std::vector<WhatIfRoute> Candidates(const WhatIfQuestion& question);

  const Snapshot& snapshot() const { return snapshot_; }
  NodeId from() const { return from_; }
  NodeId to() const { return to_; }
  // No further answers.
  bool ended() const { return meter_.ended(); }
  // Some answer since it was last set to false was kUnknown, or not proven the best where that
  // matters.
  bool unproven() const { return unproven_; }
  void set_unproven(bool unproven) { unproven_ = unproven; }
  // Where targets are asked for, some answer "none" was of the routes that were tried.
  bool sampled() const { return sampled_; }
  // Proven of the pairs that are asked for next: none shares fewer risks.
  void set_least_shared(int64_t risks) { least_shared_ = risks; }

 private:
  WhatIfRoute Meeting(const WhatIfQuestion& asked);
  WhatIfRoute SolveConstraints(const WhatIfQuestion& question);
  WhatIfRoute Single(const SearchGraph& graph, const WhatIfQuestion& question);
  WhatIfRoute Several(const SearchGraph& graph, const WhatIfQuestion& question);
  // The best that keeps the availability target, or the most available when it is proven that none
  // does.
  void AddAvailable(const WhatIfQuestion& question, const std::function<void(WhatIfRoute)>& add);
  // The least paths, and those that give up some of the objective for the targets.
  void AddSearched(const WhatIfQuestion& question, const std::function<void(WhatIfRoute)>& add);
  // With protect bandwidth that is shared, where it may be; the best first.
  std::vector<WhatIfRoute> Sharing(const WhatIfQuestion& question);
  WorkLimit Attempt() const;
  template <typename Result>
  void Note(const Result& result) {
    unknown_ |= result.outcome == Outcome::kBudgetSpent;
  }

  const Snapshot& snapshot_;
  const NodeId from_, to_;
  const WorkLimit limit_;
  const int64_t attempt_;
  PreparedGraphs prepared_;
  WorkMeter meter_;
  WhatIfEffort effort_ = WhatIfEffort::kUsual;
  bool unknown_ = false;  // of the answer in hand
  bool unproven_ = false;
  bool dearer_ = false;  // of the answer in hand: it may not be the best
  int64_t least_shared_ = 0;
  bool sampled_ = false;
  // Proven of the last candidates: there is no other route that keeps the targets.
  bool ruled_out_ = false;
};

// The next set of the same size, sorted, of numbers below `of`; false after the last.
bool NextSet(size_t of, std::vector<size_t>* set);

// "a, b"; "[a, b]".
std::string JoinNames(const std::vector<std::string>& items, const std::string& separator);
std::string ListNames(const std::vector<std::string>& items);

// One constraint that is set: how to do without it, and with as much of it as possible.
struct Knob {
  std::string name;
  std::function<void(WhatIfQuestion&)> drop;
  // Nearest change, all else being as in the question; nullopt: none is known to help.
  std::function<std::optional<WhatIfChange>(WhatIfSolver&, const WhatIfQuestion&)> relax;
};

// Of all constraints that the question sets and that rule anything out, in the order in which they
// are told.
std::vector<Knob> KnobsOf(const Snapshot& snapshot, const WhatIfQuestion& asked);
void AddNetworkKnobs(const WhatIfQuestion& asked, std::vector<Knob>* knobs);
void AddBoundKnobs(const WhatIfQuestion& asked, std::vector<Knob>* knobs);
// Of the hop bound that stands without being asked for (Environment::most_hops); what it is called,
// and how to do without it.
Knob MostHopsKnob(int most_hops);
std::string MostHopsText(int most_hops);
void LiftHops(WhatIfQuestion& question);
void AddListKnobs(const Snapshot& snapshot, const WhatIfQuestion& asked, std::vector<Knob>* knobs);
void AddRouteKnobs(const Snapshot& snapshot, const WhatIfQuestion& asked, std::vector<Knob>* knobs);

// Of many small changes ("allow DE", "repair links/x"), the fewest that do: all single ones are
// tried and the one with the best route taken; else those that a route which spares changes cannot
// do without, or fewer where the sets of fewer are few enough to try. `with(chosen)` is the
// question with exactly the changes of these numbers (sorted) made; `used(route)` are the numbers
// that a route needs.
struct SmallChanges {
  size_t count = 0;
  std::function<WhatIfQuestion(const std::vector<size_t>&)> with;
  std::function<std::vector<size_t>(const WhatIfRoute&)> used;
};
std::optional<std::vector<size_t>> FewestChanges(WhatIfSolver& solver, const SmallChanges& changes);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_REFUSAL_QUESTION_H_
