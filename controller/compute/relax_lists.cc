// Changes of lists of names: jurisdictions, providers, affinities, excluded resources.
#include <algorithm>
#include <map>
#include <utility>

#include "controller/compute/refusal_question.h"

namespace waymark {
namespace {

using NameList = std::vector<std::string> PathConstraints::*;

bool Has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// What the places of the network say of themselves in one respect; "" where they say nothing.
struct Attribute {
  std::string what;  // "jurisdiction"
  bool links;        // links have it too
  std::string (*of_node)(const Snapshot&, const NodeInfo&);
  std::string (*of_link)(const Snapshot&, const LinkInfo&);
};

std::string ProviderName(const Snapshot& snapshot, ProviderId provider) {
  return provider == ProviderId::kNone ? "" : snapshot.provider_names()[Index(provider)];
}

const Attribute kJurisdiction = {
    "jurisdiction", false,
    [](const Snapshot& snapshot, const NodeInfo& node) {
      return node.jurisdiction == JurisdictionId::kNone
                 ? std::string()
                 : snapshot.jurisdiction_codes()[Index(node.jurisdiction)];
    },
    nullptr};
const Attribute kProvider = {"provider", true,
                             [](const Snapshot& snapshot, const NodeInfo& node) {
                               return ProviderName(snapshot, node.provider);
                             },
                             [](const Snapshot& snapshot, const LinkInfo& link) {
                               return ProviderName(snapshot, link.provider);
                             }};

// A list that admits places by an attribute, and the changes that admit more: a value, or one place
// that says nothing.
class PlaceList {
 public:
  PlaceList(const Snapshot& snapshot, const Attribute& attribute, std::string name, NameList list,
            bool allows, const std::vector<std::string>& names)
      : snapshot_(snapshot),
        attribute_(attribute),
        name_(std::move(name)),
        list_(list),
        allows_(allows) {
    for (const NodeInfo& node : snapshot.nodes()) {
      Note(node.name, attribute.of_node(snapshot, node), names);
    }
    for (const LinkInfo& link : snapshot.links()) {
      if (attribute.links) Note(link.name, attribute.of_link(snapshot, link), names);
    }
  }

  std::optional<WhatIfChange> Relax(WhatIfSolver& solver, const WhatIfQuestion& asked) const {
    const std::vector<std::string> changes = Changes(asked);
    const auto chosen = FewestChanges(
        solver, {.count = changes.size(),
                 .with =
                     [&](const std::vector<size_t>& numbers) {
                       WhatIfQuestion question = asked;
                       Apply(Named(changes, numbers), &question);
                       return question;
                     },
                 .used = [&](const WhatIfRoute& route) { return Used(changes, asked, route); }});
    if (!chosen) return RelaxWhole(solver, asked);
    const std::set<std::string> names = Named(changes, *chosen);
    return WhatIfChange{
        Text(names), [this_list = *this, names](WhatIfQuestion& q) { this_list.Apply(names, &q); }};
  }

 private:
  // Places that the list keeps out, by value, or by their own name where they say nothing.
  void Note(const std::string& place, const std::string& value,
            const std::vector<std::string>& names) {
    if (value.empty()) {
      // A provider that is not stated is not forbidden, a jurisdiction is.
      if (allows_ || !attribute_.links) kept_out_[place].insert(place);
    } else if (Has(names, value) != allows_) {
      kept_out_[value].insert(place);
    }
  }

  std::optional<WhatIfChange> RelaxWhole(WhatIfSolver& solver, const WhatIfQuestion& asked) const {
    WhatIfQuestion without = asked;
    (without.constraints.*list_).clear();
    if (!solver.Solvable(without)) return std::nullopt;
    return WhatIfChange{"drop " + name_,
                        [list = list_](WhatIfQuestion& q) { (q.constraints.*list).clear(); }};
  }

  // Values first: one value admits many places. What a place would state is not known: where both
  // paths must differ in it, stating it need not help.
  std::vector<std::string> Changes(const WhatIfQuestion& asked) const {
    const bool statable = !attribute_.links || !asked.constraints.protection.provider;
    std::vector<std::string> values, places;
    for (const auto& [change, kept_out] : kept_out_) {
      if (!IsPlace(change)) {
        values.push_back(change);
      } else if (statable) {
        places.push_back(change);
      }
    }
    values.insert(values.end(), places.begin(), places.end());
    return values;
  }
  bool IsPlace(const std::string& change) const { return kept_out_.at(change).contains(change); }

  static std::set<std::string> Named(const std::vector<std::string>& changes,
                                     const std::vector<size_t>& numbers) {
    std::set<std::string> names;
    for (const size_t number : numbers) names.insert(changes[number]);
    return names;
  }

  // Instead of the list: all that it keeps out and still does, by name.
  void Apply(const std::set<std::string>& changes, WhatIfQuestion* question) const {
    (question->constraints.*list_).clear();
    for (const auto& [change, places] : kept_out_) {
      if (!changes.contains(change)) {
        question->also_excluded.insert(places.begin(), places.end());
      }
    }
  }

  std::vector<size_t> Used(const std::vector<std::string>& changes, const WhatIfQuestion& asked,
                           const WhatIfRoute& route) const {
    std::set<std::string> on_route;
    for (const ComputedPath& path : route) {
      for (const LinkId link : path.links) {
        const LinkInfo& info = snapshot_.link(link);
        on_route.insert(info.name);
        if (asked.environment.corouted && info.reverse != LinkId::kNone) {
          on_route.insert(snapshot_.link(info.reverse).name);
        }
        on_route.insert(snapshot_.node(info.source).name);
        on_route.insert(snapshot_.node(info.target).name);
      }
    }
    std::vector<size_t> used;
    for (size_t i = 0; i < changes.size(); ++i) {
      const std::set<std::string>& places = kept_out_.at(changes[i]);
      if (std::any_of(on_route.begin(), on_route.end(),
                      [&](const std::string& place) { return places.contains(place); })) {
        used.push_back(i);
      }
    }
    return used;
  }

  std::string Text(const std::set<std::string>& changes) const {
    std::vector<std::string> values, places;
    for (const std::string& change : changes) {
      (IsPlace(change) ? places : values).push_back(change);
    }
    std::vector<std::string> parts;
    if (!values.empty()) {
      parts.push_back((allows_ ? "allow " : "no longer forbid ") + attribute_.what + " " +
                      JoinNames(values, ", "));
    }
    if (!places.empty()) {
      parts.push_back("state the " + attribute_.what + " of " + JoinNames(places, ", "));
    }
    return JoinNames(parts, " and ");
  }

  const Snapshot& snapshot_;
  const Attribute& attribute_;
  std::string name_;  // with its values
  NameList list_;
  bool allows_;
  std::map<std::string, std::set<std::string>> kept_out_;
};

// Names that may be taken out of the list, or added to it, one by one.
std::optional<WhatIfChange> RelaxNames(
    WhatIfSolver& solver, const WhatIfQuestion& asked, NameList list,
    const std::vector<std::string>& names, bool add,
    const std::function<std::string(const std::vector<std::string>&)>& text) {
  const auto apply = [list, add](const std::vector<std::string>& chosen, WhatIfQuestion* question) {
    std::vector<std::string>& changed = question->constraints.*list;
    for (const std::string& name : chosen) {
      if (add) {
        changed.push_back(name);
      } else {
        std::erase(changed, name);
      }
    }
    std::sort(changed.begin(), changed.end());
  };
  const auto named = [&](const std::vector<size_t>& numbers) {
    std::vector<std::string> chosen;
    for (const size_t number : numbers) chosen.push_back(names[number]);
    return chosen;
  };
  const auto chosen = FewestChanges(solver, {.count = names.size(),
                                             .with =
                                                 [&](const std::vector<size_t>& numbers) {
                                                   WhatIfQuestion question = asked;
                                                   apply(named(numbers), &question);
                                                   return question;
                                                 },
                                             .used =
                                                 [&](const WhatIfRoute&) {
                                                   std::vector<size_t> all(names.size());
                                                   for (size_t i = 0; i < all.size(); ++i)
                                                     all[i] = i;
                                                   return all;
                                                 }});
  if (!chosen) return std::nullopt;
  return WhatIfChange{text(named(*chosen)),
                      [apply, changed = named(*chosen)](WhatIfQuestion& q) { apply(changed, &q); }};
}

std::optional<WhatIfChange> RelaxIncludeAny(const Snapshot& snapshot, WhatIfSolver& solver,
                                            const WhatIfQuestion& asked) {
  std::vector<std::string> others;
  for (const std::string& name : snapshot.affinity_names()) {
    if (!Has(asked.constraints.include_any, name)) others.push_back(name);
  }
  auto change = RelaxNames(solver, asked, &PathConstraints::include_any, others, true,
                           [](const std::vector<std::string>& names) {
                             return "accept affinity " + JoinNames(names, ", ") + " in include_any";
                           });
  if (change) return change;
  WhatIfQuestion without = asked;
  without.constraints.include_any.clear();
  if (!solver.Solvable(without)) return std::nullopt;
  return WhatIfChange{"drop include_any " + ListNames(asked.constraints.include_any),
                      [](WhatIfQuestion& q) { q.constraints.include_any.clear(); }};
}

void AddPlaceList(const Snapshot& snapshot, const WhatIfQuestion& asked, const Attribute& attribute,
                  const std::string& name, NameList list, bool allows, std::vector<Knob>* knobs) {
  const std::vector<std::string>& names = asked.constraints.*list;
  if (names.empty()) return;
  const std::string text = name + " " + ListNames(names);
  knobs->push_back(
      {text, [list](WhatIfQuestion& q) { (q.constraints.*list).clear(); },
       [&snapshot, &attribute, text, list, allows, names](WhatIfSolver& solver,
                                                          const WhatIfQuestion& question) {
         return PlaceList(snapshot, attribute, text, list, allows, names).Relax(solver, question);
       }});
}

void AddRemovable(const WhatIfQuestion& asked, const std::string& name, NameList list,
                  const std::string& before, const std::string& behind, std::vector<Knob>* knobs) {
  const std::vector<std::string>& names = asked.constraints.*list;
  if (names.empty()) return;
  knobs->push_back(
      {name + " " + ListNames(names), [list](WhatIfQuestion& q) { (q.constraints.*list).clear(); },
       [list, names, before, behind](WhatIfSolver& solver, const WhatIfQuestion& question) {
         return RelaxNames(solver, question, list, names, false,
                           [&](const std::vector<std::string>& chosen) {
                             return before + JoinNames(chosen, ", ") + behind;
                           });
       }});
}

}  // namespace

void AddListKnobs(const Snapshot& snapshot, const WhatIfQuestion& asked, std::vector<Knob>* knobs) {
  using C = PathConstraints;
  if (!asked.constraints.include_any.empty()) {
    knobs->push_back({"include_any " + ListNames(asked.constraints.include_any),
                      [](WhatIfQuestion& q) { q.constraints.include_any.clear(); },
                      [&snapshot](WhatIfSolver& solver, const WhatIfQuestion& question) {
                        return RelaxIncludeAny(snapshot, solver, question);
                      }});
  }
  AddRemovable(asked, "include_all", &C::include_all, "drop affinity ", " from include_all", knobs);
  AddRemovable(asked, "exclude", &C::exclude, "no longer exclude affinity ", "", knobs);
  AddPlaceList(snapshot, asked, kProvider, "allowed_providers", &C::allowed_providers, true, knobs);
  AddPlaceList(snapshot, asked, kProvider, "forbidden_providers", &C::forbidden_providers, false,
               knobs);
  AddPlaceList(snapshot, asked, kJurisdiction, "allowed_jurisdictions", &C::allowed_jurisdictions,
               true, knobs);
  AddPlaceList(snapshot, asked, kJurisdiction, "forbidden_jurisdictions",
               &C::forbidden_jurisdictions, false, knobs);
  AddRemovable(asked, "exclude_resources", &C::exclude_resources, "no longer exclude ", "", knobs);
}

}  // namespace waymark
