#include "controller/compute/refusal.h"

#include <algorithm>
#include <deque>
#include <iterator>
#include <optional>
#include <utility>

#include "controller/compute/refusal_question.h"

namespace waymark {
namespace {

constexpr size_t kMostInSummary = 3;
constexpr size_t kMostRelaxations = 8;
// Pairs of constraints that are tried when no one alone can be changed.
constexpr size_t kMostTogether = 24;
// Conflicts of the least size that are named.
constexpr size_t kMostConflicts = 4;

// Numbers of constraints, sorted.
using KnobSet = std::vector<size_t>;

class Explainer {
 public:
  Explainer(const RefusalQuery& query, WhatIfQuestion asked, NodeId from, NodeId to)
      : asked_(std::move(asked)),
        shows_paths_(query.shows_paths),
        solver_(query.snapshot, from, to, query.limit, query.attempt),
        knobs_(KnobsOf(query.snapshot, asked_)),
        target_(KnobOf("availability_target ")),
        protection_(KnobOf("protection ")) {}

  RefusalExplanation Explain(bool caller_knows) {
    RefusalExplanation explanation;
    const WhatIfVerdict verdict = solver_.Judge(asked_);
    explanation.possible = verdict == WhatIfVerdict::kPossible;
    if (explanation.possible) return explanation;
    const bool proven = caller_knows || verdict == WhatIfVerdict::kImpossible;
    // Of routes that were tried only: worth telling, but no proof.
    const bool sure = proven && (caller_knows || !solver_.sampled());
    least_shared_ = sure ? 1 : 0;
    solver_.set_unproven(!proven);
    if (proven) {
      AddMostHops();
      FindConflicts();
    }
    FindRelaxations(&explanation.relaxations);
    FindEqualConflicts();
    for (const KnobSet& conflict : conflicts_) {
      explanation.conflicts.push_back(NamesOf(conflict));
    }
    explanation.proven = sure;
    explanation.minimal = minimal_;
    explanation.complete = !solver_.unproven() && !solver_.sampled();
    return explanation;
  }

 private:
  // The bound that nobody asked for is told of only where the route is possible without it.
  void AddMostHops() {
    const int most_hops = asked_.environment.most_hops;
    if (asked_.constraints.max_hops < most_hops) return;
    if (solver_.snapshot().nodes().size() <= static_cast<size_t>(most_hops) + 1) return;
    WhatIfQuestion lifted = asked_;
    LiftHops(lifted);
    if (solver_.Solvable(lifted)) knobs_.push_back(MostHopsKnob(most_hops));
  }

  std::vector<std::string> NamesOf(const KnobSet& set) const {
    std::vector<std::string> names;
    for (const size_t knob : set) names.push_back(knobs_[knob].name);
    return names;
  }

  KnobSet All() const {
    KnobSet all(knobs_.size());
    for (size_t i = 0; i < all.size(); ++i) all[i] = i;
    return all;
  }

  static KnobSet Minus(const KnobSet& set, const KnobSet& less) {
    KnobSet rest;
    std::set_difference(set.begin(), set.end(), less.begin(), less.end(), std::back_inserter(rest));
    return rest;
  }

  WhatIfQuestion Without(const KnobSet& dropped) const {
    WhatIfQuestion question = asked_;
    for (const size_t knob : dropped) knobs_[knob].drop(question);
    return question;
  }

  std::optional<size_t> KnobOf(const std::string& beginning) const {
    for (size_t i = 0; i < knobs_.size(); ++i) {
      if (knobs_[i].name.starts_with(beginning)) return i;
    }
    return std::nullopt;
  }

  // False too when a budget ended first: only what is proven makes a conflict.
  bool Impossible(const KnobSet& kept) {
    return Verdict(kept, WhatIfEffort::kUsual) == WhatIfVerdict::kImpossible;
  }

  // With these constraints alone. A second path makes a target easier to keep: what needs
  // protection for that is not impossible without it.
  WhatIfVerdict Verdict(const KnobSet& kept, WhatIfEffort effort) {
    const auto has = [&](std::optional<size_t> knob) {
      return knob && std::ranges::binary_search(kept, *knob);
    };
    if (has(target_) && protection_ && !has(protection_)) {
      KnobSet protected_too = kept;
      protected_too.insert(std::ranges::upper_bound(protected_too, *protection_), *protection_);
      const WhatIfVerdict verdict = solver_.Judge(Without(Minus(All(), protected_too)), effort);
      if (verdict != WhatIfVerdict::kImpossible) return verdict;
    }
    return solver_.Judge(Without(Minus(All(), kept)), effort);
  }

  // Those without any one of which a route would exist (deletion filter; Chinneck, Feasibility and
  // Infeasibility in Optimization, 2008). `kept` is impossible.
  KnobSet Irreducible(KnobSet kept) {
    for (size_t i = kept.size(); i-- > 0;) {
      KnobSet fewer = kept;
      fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(i));
      WhatIfVerdict verdict = Verdict(fewer, WhatIfEffort::kUsual);
      if (verdict == WhatIfVerdict::kUnknown) verdict = Verdict(fewer, WhatIfEffort::kGreat);
      if (verdict == WhatIfVerdict::kImpossible) kept = std::move(fewer);
      minimal_ = minimal_ && verdict != WhatIfVerdict::kUnknown;
    }
    return kept;
  }

  // The first subset of `size` of `of`, in order of their numbers, that is impossible.
  KnobSet ImpossibleOfSize(const KnobSet& of, size_t size, size_t begin, KnobSet chosen) {
    if (chosen.size() == size) return Impossible(chosen) ? chosen : KnobSet();
    for (size_t i = begin; i < of.size() && !solver_.ended(); ++i) {
      chosen.push_back(of[i]);
      KnobSet found = ImpossibleOfSize(of, size, i + 1, chosen);
      if (!found.empty()) return found;
      chosen.pop_back();
    }
    return {};
  }

  void FindConflicts() {
    KnobSet kept = All();
    do {
      KnobSet conflict = Irreducible(kept);
      // What nothing has been tried of is no conflict.
      if (conflict.empty() || solver_.ended()) return;
      for (size_t size = 1; size < conflict.size(); ++size) {
        KnobSet smaller = ImpossibleOfSize(kept, size, 0, {});
        if (!smaller.empty()) conflict = std::move(smaller);
      }
      kept = Minus(kept, conflict);
      conflicts_.push_back(std::move(conflict));
    } while (!kept.empty() && Impossible(kept));
  }

  // Others of the size of the first, which is the least: what each of them has is in the way.
  void FindEqualConflicts() {
    // Of single constraints all are known.
    if (conflicts_.empty() || conflicts_.front().size() < 2 || solver_.ended()) return;
    KnobSet set(conflicts_.front().size());
    for (size_t i = 0; i < set.size(); ++i) set[i] = i;
    const auto equals = [&](const KnobSet& conflict) { return conflict.size() == set.size(); };
    auto named = static_cast<size_t>(std::ranges::count_if(conflicts_, equals));
    do {
      if (named >= kMostConflicts || solver_.ended()) return;
      if (std::ranges::find(conflicts_, set) != conflicts_.end() || !Impossible(set)) continue;
      conflicts_.push_back(set);
      ++named;
    } while (NextSet(knobs_.size(), &set));
  }

  void FindRelaxations(std::vector<RefusalRelaxation>* relaxations) {
    // What helps alone is part of every conflict.
    if (conflicts_.size() < 2) {
      for (const size_t knob : conflicts_.empty() ? All() : conflicts_.front()) {
        Relax({knob}, relaxations);
      }
    }
    if (!relaxations->empty()) return;
    for (const KnobSet& pair : Pairs()) {
      if (!solver_.ended()) Relax(pair, relaxations);
    }
  }

  // Two constraints that could help together: one of each conflict at least.
  std::vector<KnobSet> Pairs() const {
    std::vector<KnobSet> pairs;
    KnobSet pair = {0, 1};
    if (knobs_.size() < 2) return pairs;
    do {
      const bool all = std::ranges::all_of(conflicts_, [&](const KnobSet& conflict) {
        return std::ranges::find_first_of(conflict, pair) != conflict.end();
      });
      if (all) pairs.push_back(pair);
    } while (pairs.size() < kMostTogether && NextSet(knobs_.size(), &pair));
    return pairs;
  }

  // Each of `set` by as little as will do, one after the other, while those behind it are dropped.
  void Relax(const KnobSet& set, std::vector<RefusalRelaxation>* relaxations) {
    const bool before = solver_.unproven();
    solver_.set_unproven(false);
    const size_t known = relaxations->size();
    solver_.set_least_shared(set.size() == 1 ? least_shared_ : 0);
    TryRelax(set, relaxations);
    solver_.set_least_shared(0);
    if (relaxations->size() > known && solver_.unproven()) {
      relaxations->back().change +=
          " (the least found: the work budget ended before less was ruled out)";
    }
    solver_.set_unproven(before || solver_.unproven());
  }

  void TryRelax(const KnobSet& set, std::vector<RefusalRelaxation>* relaxations) {
    if (relaxations->size() == kMostRelaxations || !solver_.Solvable(Without(set))) return;
    WhatIfQuestion changed = asked_;
    std::vector<std::string> texts;
    for (size_t i = 0; i < set.size(); ++i) {
      WhatIfQuestion question = changed;
      for (size_t behind = i + 1; behind < set.size(); ++behind) {
        knobs_[set[behind]].drop(question);
      }
      const std::optional<WhatIfChange> change = knobs_[set[i]].relax(solver_, question);
      if (!change) return;
      change->apply(changed);
      texts.push_back(change->text);
    }
    WhatIfRoute route = shows_paths_ ? solver_.Best(changed) : solver_.Solve(changed);
    if (route.empty()) return;
    relaxations->push_back({.constraint = JoinNames(NamesOf(set), " and "),
                            .change = JoinNames(texts, " and "),
                            .paths = std::move(route)});
  }

  const WhatIfQuestion asked_;
  const bool shows_paths_;
  // That pairs which keep all but the protection are proven to share.
  int64_t least_shared_ = 0;
  WhatIfSolver solver_;
  std::vector<Knob> knobs_;
  const std::optional<size_t> target_, protection_;
  std::vector<KnobSet> conflicts_;
  bool minimal_ = true;
};

// "share a, b, c, d, e, f and g" with the first names of each list and how many more there are.
std::string ShortLists(const std::string& text) {
  constexpr size_t kMostNames = 4;
  std::string shortened;
  size_t names = 0, dropped = 0;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(", ", begin), text.size());
    const std::string item = text.substr(begin, end - begin);
    const size_t space = std::min(item.find(' '), item.size());
    if (++names <= kMostNames) {
      shortened += (begin == 0 ? "" : ", ") + item;
    } else {
      ++dropped;
    }
    const bool list_ends = space < item.size() || end == text.size();
    if (list_ends && dropped > 0) {
      shortened += " and " + std::to_string(dropped) + " more" + item.substr(space);
      dropped = 0;
    }
    if (list_ends) names = 1;
    begin = end + 2;
  }
  return shortened;
}

void Summarise(const RefusalQuery& query, RefusalExplanation* explanation) {
  const bool pair = query.constraints.protection.any();
  const std::string ends = std::string(query.from) + " to " + std::string(query.to);
  Refusal& refusal = explanation->refusal;
  if (explanation->possible) {
    refusal = {"the search for a route from " + ends + " ended early: there is one", "work budget",
               "ask again"};
    return;
  }
  std::vector<std::string> changes;
  for (const RefusalRelaxation& relaxation : explanation->relaxations) {
    if (changes.size() < kMostInSummary) changes.push_back(ShortLists(relaxation.change));
  }
  refusal.relaxation = JoinNames(changes, " or ");
  const std::string count = query.disjoint_paths > 2 ? std::to_string(query.disjoint_paths) : "two";
  const std::string none = (pair ? "no " + count + " disjoint paths from " : "no path from ") +
                           ends + (pair ? " meet " : " meets ");
  if (explanation->conflicts.empty()) {
    refusal.reason = explanation->proven
                         ? none +
                               "all constraints; the search ended before it was known which of "
                               "them are in the way"
                         : "the search for a route from " + ends +
                               " ended before it was known whether there is one";
    refusal.blocking_constraint = "work budget";
    if (changes.empty()) refusal.relaxation = "ask again with fewer constraints";
    return;
  }
  std::ranges::stable_sort(
      explanation->conflicts, {},
      [](const std::vector<std::string>& conflict) { return conflict.size(); });
  std::vector<std::string> conflicts;
  for (const std::vector<std::string>& conflict : explanation->conflicts) {
    conflicts.push_back(JoinNames(conflict, " and "));
  }
  refusal.blocking_constraint = JoinNames(conflicts, "; by itself also ");
  refusal.reason = none + conflicts.front();
  if (!explanation->proven) refusal.reason += ", of the routes that were tried";
  if (!explanation->minimal) {
    refusal.reason +=
        " (whether all of that is needed for it was not known when the work budget ended)";
  }
  if (conflicts.size() > 1 && explanation->relaxations.empty()) {
    const size_t named = std::min(conflicts.size(), kMostInSummary);
    for (size_t i = 1; i < named; ++i) refusal.reason += "; nor, by itself, " + conflicts[i];
    if (conflicts.size() > named) {
      refusal.reason += "; and " + std::to_string(conflicts.size() - named) + " more";
    }
    refusal.reason += ": no change of one or two of them is known to help";
  } else if (conflicts.size() > 1) {
    refusal.reason += "; beside it there " +
                      (conflicts.size() == 2
                           ? std::string("is another conflict")
                           : "are " + std::to_string(conflicts.size() - 1) + " other conflicts");
  }
}

// Links connect the ends, but no path is short enough to be used.
RefusalExplanation TooFar(const std::string& ends, int64_t least_hops, int most_hops) {
  RefusalExplanation explanation;
  const std::string bound = MostHopsText(most_hops);
  explanation.refusal = {"no path from " + ends + " meets " + bound + ": the shortest has " +
                             std::to_string(least_hops) + " hops",
                         bound, "add links that make the way from " + ends + " shorter"};
  explanation.conflicts = {{bound}};
  return explanation;
}

// Hops of the path with fewest, as if nothing were in maintenance; kUnreachable when nothing
// connects them.
int64_t LeastHops(const RefusalQuery& query, NodeId from, NodeId to) {
  const SearchGraph everything(query.snapshot, {},
                               {.corouted = query.environment.corouted, .ignore_forbid = true});
  std::vector<int64_t> hops(query.snapshot.nodes().size(), kUnreachable);
  std::deque<NodeId> reached = {from};
  hops[Index(from)] = 0;
  for (; !reached.empty(); reached.pop_front()) {
    for (const SearchGraph::Arc& arc : everything.out_arcs(reached.front())) {
      if (hops[Index(arc.node)] < kUnreachable) continue;
      hops[Index(arc.node)] = hops[Index(reached.front())] + 1;
      reached.push_back(arc.node);
    }
  }
  return hops[Index(to)];
}

RefusalExplanation Topology(std::string reason, std::string relaxation) {
  RefusalExplanation explanation;
  explanation.refusal = {std::move(reason), "topology", std::move(relaxation)};
  explanation.conflicts = {{"topology"}};
  return explanation;
}

}  // namespace

RefusalExplanation ExplainRefusalInFull(const RefusalQuery& query) {
  const Snapshot& snapshot = query.snapshot;
  if (snapshot.nodes().empty()) return Topology("the topology is empty", "add nodes and links");
  for (const std::string_view end : {query.from, query.to}) {
    if (!snapshot.FindNode(end)) {
      return Topology(std::string(end) + " is not in the topology", "create " + std::string(end));
    }
  }
  const std::string ends = std::string(query.from) + " to " + std::string(query.to);
  if (query.from == query.to) {
    return Topology(std::string(query.from) + " is both ends of the path",
                    "no path is needed within a node");
  }
  const NodeId from = *snapshot.FindNode(query.from), to = *snapshot.FindNode(query.to);
  const bool corouted = query.environment.corouted;
  const int64_t least_hops = LeastHops(query, from, to);
  if (least_hops == kUnreachable) {
    return Topology(
        "no links connect " + ends + (corouted ? " both ways" : "") + ", whatever the constraints",
        "add links that connect " + ends);
  }
  const int most_hops = query.environment.most_hops;
  if (least_hops > most_hops) return TooFar(ends, least_hops, most_hops);
  RefusalExplanation explanation = Explainer(query,
                                             {.constraints = query.constraints,
                                              .environment = query.environment,
                                              .targets = query.targets,
                                              .disjoint_paths = query.disjoint_paths},
                                             from, to)
                                       .Explain(query.proven);
  Summarise(query, &explanation);
  return explanation;
}

Refusal ExplainRefusal(const Snapshot& snapshot, const PathConstraints& constraints,
                       const SearchGraph::Environment& environment, std::string_view from,
                       std::string_view to) {
  return ExplainRefusalInFull({.snapshot = snapshot,
                               .constraints = constraints,
                               .environment = environment,
                               .from = from,
                               .to = to,
                               .shows_paths = false,
                               .limit = {.budget = kPlanExplainBudget}})
      .refusal;
}

}  // namespace waymark
