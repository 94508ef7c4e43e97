#include "controller/compute/refusal.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "controller/compute/disjoint_pair.h"

namespace waymark {
namespace {

// Searches that one attempt may cost: an explanation need not be exact at any price.
constexpr int64_t kAttemptBudget = 500;
constexpr size_t kMaxAlternatives = 3;

std::string Join(const std::vector<std::string>& items, const std::string& separator) {
  std::string joined;
  for (const std::string& item : items) joined += (joined.empty() ? "" : separator) + item;
  return joined;
}
std::string List(const std::vector<std::string>& items) { return "[" + Join(items, ", ") + "]"; }

// A set of questions: what would happen if the constraints, or the network, were these?
struct Question {
  PathConstraints constraints;
  SearchGraph::Environment environment;
};

// The links of one path, or of both of a pair; empty when there is none.
using Answer = std::vector<ComputedPath>;

class Explainer {
 public:
  Explainer(const Snapshot& snapshot, Question asked, NodeId from, NodeId to)
      : snapshot_(snapshot), asked_(std::move(asked)), from_(from), to_(to) {
    AddKnobs();
  }

  Refusal Explain() {
    Refusal refusal;
    std::vector<const Knob*> guilty;
    std::vector<std::string> relaxations;
    for (const Knob& knob : knobs_) {
      const Answer answer = Without({&knob});
      if (answer.empty()) continue;
      if (guilty.empty()) guilty.push_back(&knob);
      relaxations.push_back(knob.relax(answer));
      if (relaxations.size() == kMaxAlternatives) break;
    }
    if (guilty.empty()) guilty = SmallestSet();
    if (relaxations.empty()) {
      const Answer answer = Without(guilty);
      for (const Knob* knob : guilty) relaxations.push_back(knob->relax(answer));
      refusal.relaxation = Join(relaxations, " and ");
    } else {
      refusal.relaxation = Join(relaxations, " or ");
    }
    std::vector<std::string> names;
    for (const Knob* knob : guilty) names.push_back(knob->name);
    refusal.blocking_constraint = Join(names, " and ");
    refusal.reason =
        (asked_.constraints.protection.any() ? "no two disjoint paths from " : "no path from ") +
        snapshot_.node(from_).name + " to " + snapshot_.node(to_).name + " meet" +
        (asked_.constraints.protection.any() ? " " : "s ") + refusal.blocking_constraint;
    return refusal;
  }

 private:
  // One constraint that is set, and how to do without it.
  struct Knob {
    std::string name;
    std::function<void(Question&)> drop;
    // The nearest change, given what is possible without the constraint.
    std::function<std::string(const Answer&)> relax;
  };

  Answer Solve(const Question& question) const {
    const SearchGraph graph(snapshot_, question.constraints, question.environment);
    const Protection& protection = question.constraints.protection;
    if (!protection.any()) {
      PathResult found = CheapestPath(graph, from_, to_);
      return found.outcome == Outcome::kFound ? Answer{found.path} : Answer{};
    }
    PairResult pair = DisjointPair(graph, protection, from_, to_, kAttemptBudget);
    return pair.has_pair() ? Answer{pair.working, pair.protect} : Answer{};
  }
  bool Solvable(const Question& question) const { return !Solve(question).empty(); }

  Answer Without(const std::vector<const Knob*>& knobs) const {
    Question question = asked_;
    for (const Knob* knob : knobs) knob->drop(question);
    return Solve(question);
  }

  // No constraint alone is to blame: drop all, then take back each that is not needed.
  std::vector<const Knob*> SmallestSet() const {
    std::vector<const Knob*> dropped;
    for (const Knob& knob : knobs_) dropped.push_back(&knob);
    for (size_t i = dropped.size(); i-- > 0 && dropped.size() > 1;) {
      std::vector<const Knob*> fewer = dropped;
      fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(i));
      if (!Without(fewer).empty()) dropped = std::move(fewer);
    }
    return dropped;
  }

  void AddKnobs();
  void AddListKnobs();
  std::string RelaxLinkState(const Answer& answer) const;
  std::string RelaxMaintenance(const Answer& answer) const;
  std::string RelaxBandwidth() const;
  std::string RelaxDelay(const Answer& answer) const;
  std::string RelaxHops(const Answer& answer) const;
  std::string RelaxJurisdictions(const Answer& answer) const;
  std::string RelaxProviders(const Answer& answer) const;
  std::string RelaxAffinities() const;
  std::string RelaxProtection() const;
  std::string SecondProvider() const;

  const Snapshot& snapshot_;
  const Question asked_;
  const NodeId from_, to_;
  std::vector<Knob> knobs_;
};

std::string ProtectionText(const Protection& protection) {
  std::vector<std::string> levels;
  if (protection.node) levels.push_back("NODE");
  if (protection.srlg) levels.push_back("SRLG");
  if (protection.provider) levels.push_back("PROVIDER");
  return levels.empty() ? "LINK" : Join(levels, "+");
}

void Explainer::AddKnobs() {
  const PathConstraints& c = asked_.constraints;
  if (asked_.environment.link_state != nullptr) {
    knobs_.push_back({"link state", [](Question& q) { q.environment.link_state = nullptr; },
                      [this](const Answer& a) { return RelaxLinkState(a); }});
  }
  knobs_.push_back({"maintenance", [](Question& q) { q.environment.ignore_forbid = true; },
                    [this](const Answer& a) { return RelaxMaintenance(a); }});
  if (c.bandwidth_bps > 0) {
    knobs_.push_back({"bandwidth " + BandwidthText(c.bandwidth_bps),
                      [](Question& q) { q.constraints.bandwidth_bps = 0; },
                      [this](const Answer&) { return RelaxBandwidth(); }});
  }
  if (c.max_delay_ns > 0) {
    knobs_.push_back({"max_delay " + DelayText(c.max_delay_ns),
                      [](Question& q) {
                        q.constraints.max_delay_ns = 0;
                        q.constraints.objective = v1::MIN_DELAY;
                      },
                      [this](const Answer& a) { return RelaxDelay(a); }});
  }
  if (c.max_hops < kMaxPathHops) {
    knobs_.push_back({"max_hops " + std::to_string(c.max_hops),
                      [](Question& q) { q.constraints.max_hops = kMaxPathHops; },
                      [this](const Answer& a) { return RelaxHops(a); }});
  }
  AddListKnobs();
  if (c.protection.any()) {
    knobs_.push_back({"protection " + ProtectionText(c.protection),
                      [](Question& q) { q.constraints.protection = {}; },
                      [this](const Answer&) { return RelaxProtection(); }});
  }
}

void Explainer::AddListKnobs() {
  const PathConstraints& c = asked_.constraints;
  const auto described =
      [](std::initializer_list<std::pair<const char*, const std::vector<std::string>*>> lists) {
        std::vector<std::string> set;
        for (const auto& [name, list] : lists) {
          if (!list->empty()) set.push_back(std::string(name) + " " + List(*list));
        }
        return Join(set, " and ");
      };
  const std::string affinities = described(
      {{"include_any", &c.include_any}, {"include_all", &c.include_all}, {"exclude", &c.exclude}});
  if (!affinities.empty()) {
    knobs_.push_back({affinities,
                      [](Question& q) {
                        q.constraints.include_any.clear();
                        q.constraints.include_all.clear();
                        q.constraints.exclude.clear();
                      },
                      [this](const Answer&) { return RelaxAffinities(); }});
  }
  const std::string providers = described({{"allowed_providers", &c.allowed_providers},
                                           {"forbidden_providers", &c.forbidden_providers}});
  if (!providers.empty()) {
    knobs_.push_back({providers,
                      [](Question& q) {
                        q.constraints.allowed_providers.clear();
                        q.constraints.forbidden_providers.clear();
                      },
                      [this](const Answer& a) { return RelaxProviders(a); }});
  }
  const std::string jurisdictions =
      described({{"allowed_jurisdictions", &c.allowed_jurisdictions},
                 {"forbidden_jurisdictions", &c.forbidden_jurisdictions}});
  if (!jurisdictions.empty()) {
    knobs_.push_back({jurisdictions,
                      [](Question& q) {
                        q.constraints.allowed_jurisdictions.clear();
                        q.constraints.forbidden_jurisdictions.clear();
                      },
                      [this](const Answer& a) { return RelaxJurisdictions(a); }});
  }
}

std::string Explainer::RelaxLinkState(const Answer& answer) const {
  std::set<std::string> down;
  for (const ComputedPath& path : answer) {
    for (const LinkId link : path.links) {
      if (!asked_.environment.link_state->IsUp(link)) down.insert(snapshot_.link(link).name);
    }
  }
  return "repair " + Join({down.begin(), down.end()}, ", ");
}

std::string Explainer::RelaxMaintenance(const Answer& answer) const {
  std::set<std::string> forbidden;
  for (const ComputedPath& path : answer) {
    for (const LinkId link : path.links) {
      const LinkInfo& info = snapshot_.link(link);
      if (info.admin == v1::FORBID) forbidden.insert(info.name);
      for (const NodeId node : {info.source, info.target}) {
        if (snapshot_.node(node).admin == v1::FORBID) forbidden.insert(snapshot_.node(node).name);
      }
    }
  }
  return "end the maintenance (admin_state FORBID) of " +
         Join({forbidden.begin(), forbidden.end()}, ", ");
}

std::string Explainer::RelaxBandwidth() const {
  std::set<int64_t> distinct;
  for (size_t i = 0; i < snapshot_.links().size(); ++i) {
    const int64_t residual = asked_.environment.ledger != nullptr
                                 ? asked_.environment.ledger->Residual(static_cast<LinkId>(i))
                                 : snapshot_.links()[i].capacity_bps;
    if (residual > 0 && residual < asked_.constraints.bandwidth_bps) distinct.insert(residual);
  }
  const std::vector<int64_t> rates(distinct.begin(), distinct.end());
  // Fewer links have room for more: what is possible is possible for every smaller rate too.
  const auto first_impossible = std::partition_point(rates.begin(), rates.end(), [&](int64_t rate) {
    Question question = asked_;
    question.constraints.bandwidth_bps = rate;
    return Solvable(question);
  });
  const std::string asked = "bandwidth " + BandwidthText(asked_.constraints.bandwidth_bps);
  if (first_impossible == rates.begin()) return asked + " -> 0, or add capacity";
  return asked + " -> " + BandwidthText(*std::prev(first_impossible));
}

// The bound is lowered to just under what the last answer needed until nothing is found.
std::string Explainer::RelaxDelay(const Answer& answer) const {
  constexpr int kRounds = 8;
  const auto needs = [](const Answer& paths) {
    int64_t most = 0;
    for (const ComputedPath& path : paths) most = std::max(most, path.metric.delay_ns);
    return most;
  };
  int64_t enough = needs(answer);
  Question question = asked_;
  question.constraints.objective = v1::MIN_DELAY;
  for (int round = 0; round < kRounds && enough - 1 > asked_.constraints.max_delay_ns; ++round) {
    question.constraints.max_delay_ns = enough - 1;
    const Answer less = Solve(question);
    if (less.empty()) break;
    enough = needs(less);
  }
  return "max delay " + DelayText(asked_.constraints.max_delay_ns) + " -> " + DelayText(enough);
}

std::string Explainer::RelaxHops(const Answer& answer) const {
  int64_t enough = 0;
  for (const ComputedPath& path : answer) enough = std::max(enough, path.metric.hops);
  Question question = asked_;
  for (int hops = asked_.constraints.max_hops + 1; hops < enough; ++hops) {
    question.constraints.max_hops = hops;
    if (Solvable(question)) enough = hops;
  }
  return "max hops " + std::to_string(asked_.constraints.max_hops) + " -> " +
         std::to_string(enough);
}

// Shared by jurisdictions and providers: names that stand in the way, and places that say nothing.
struct Obstacles {
  std::set<std::string> not_allowed, forbidden, unstated;

  void Note(const std::vector<std::string>& allowed, const std::vector<std::string>& forbids,
            const std::string& name) {
    if (!allowed.empty() && !std::binary_search(allowed.begin(), allowed.end(), name)) {
      not_allowed.insert(name);
    }
    if (std::binary_search(forbids.begin(), forbids.end(), name)) forbidden.insert(name);
  }

  std::string Text(const std::string& what) const {
    std::vector<std::string> parts;
    const auto add = [&](const std::string& verb, const std::set<std::string>& names) {
      if (!names.empty()) parts.push_back(verb + Join({names.begin(), names.end()}, ", "));
    };
    add("allow " + what + " ", not_allowed);
    add("no longer forbid " + what + " ", forbidden);
    add("state the " + what + " of ", unstated);
    return Join(parts, " and ");
  }
};

std::string Explainer::RelaxJurisdictions(const Answer& answer) const {
  const PathConstraints& c = asked_.constraints;
  const auto obstacles_of = [&](const Answer& paths) {
    Obstacles obstacles;
    for (const ComputedPath& path : paths) {
      for (const LinkId link : path.links) {
        for (const NodeId node : {snapshot_.link(link).source, snapshot_.link(link).target}) {
          const NodeInfo& info = snapshot_.node(node);
          if (info.jurisdiction == JurisdictionId::kNone) {
            obstacles.unstated.insert(info.name);
          } else {
            obstacles.Note(c.allowed_jurisdictions, c.forbidden_jurisdictions,
                           snapshot_.jurisdiction_codes()[Index(info.jurisdiction)]);
          }
        }
      }
    }
    return obstacles;
  };
  // One code more is nearer than what the best path without any restriction would need.
  std::optional<std::pair<ComputedPath, Obstacles>> nearest;
  for (const std::string& code : snapshot_.jurisdiction_codes()) {
    Question question = asked_;
    auto& allowed = question.constraints.allowed_jurisdictions;
    auto& forbidden = question.constraints.forbidden_jurisdictions;
    std::erase(forbidden, code);
    if (!allowed.empty() && !std::binary_search(allowed.begin(), allowed.end(), code)) {
      allowed.insert(std::upper_bound(allowed.begin(), allowed.end(), code), code);
    }
    const Answer one_more = Solve(question);
    if (one_more.empty() || (nearest && nearest->first <= one_more.front())) continue;
    nearest.emplace(one_more.front(), obstacles_of(one_more));
  }
  return (nearest ? nearest->second : obstacles_of(answer)).Text("jurisdiction");
}

std::string Explainer::RelaxProviders(const Answer& answer) const {
  const PathConstraints& c = asked_.constraints;
  Obstacles obstacles;
  const auto note = [&](ProviderId provider, const std::string& place) {
    if (provider != ProviderId::kNone) {
      obstacles.Note(c.allowed_providers, c.forbidden_providers,
                     snapshot_.provider_names()[Index(provider)]);
    } else if (!c.allowed_providers.empty()) {
      obstacles.unstated.insert(place);
    }
  };
  for (const ComputedPath& path : answer) {
    for (const LinkId link : path.links) {
      const LinkInfo& info = snapshot_.link(link);
      note(info.provider, info.name);
      for (const NodeId node : {info.source, info.target}) {
        note(snapshot_.node(node).provider, snapshot_.node(node).name);
      }
    }
  }
  return obstacles.Text("provider");
}

std::string Explainer::RelaxAffinities() const {
  const PathConstraints& c = asked_.constraints;
  for (const std::string& name : c.exclude) {
    Question question = asked_;
    std::erase(question.constraints.exclude, name);
    if (Solvable(question)) return "no longer exclude affinity " + name;
  }
  for (const std::string& name : c.include_all) {
    Question question = asked_;
    std::erase(question.constraints.include_all, name);
    if (Solvable(question)) return "drop affinity " + name + " from include_all";
  }
  Question question = asked_;
  question.constraints.include_any.clear();
  if (Solvable(question)) return "drop include_any " + List(c.include_any);
  return "drop the affinities";
}

std::string Explainer::RelaxProtection() const {
  const std::pair<const char*, bool Protection::*> levels[] = {{"PROVIDER", &Protection::provider},
                                                               {"SRLG", &Protection::srlg},
                                                               {"NODE", &Protection::node}};
  for (const auto& [name, level] : levels) {
    if (!(asked_.constraints.protection.*level)) continue;
    Question question = asked_;
    question.constraints.protection.*level = false;
    const Answer pair = Solve(question);
    if (pair.empty()) continue;
    std::string text = std::string("protection ") + name + ": drop it or ";
    if (level == &Protection::provider && !SecondProvider().empty()) return text + SecondProvider();
    const RiskTable risks(snapshot_, asked_.constraints.protection, from_, to_);
    const std::vector<int32_t> first = risks.RisksOfPath(pair[0].links);
    for (const int32_t risk : risks.RisksOfPath(pair[1].links)) {
      if (std::binary_search(first.begin(), first.end(), risk)) {
        return text + "add a way around " + risks.Name(snapshot_, risk);
      }
    }
  }
  return "protection " + ProtectionText(asked_.constraints.protection) +
         ": drop it or add a second way from " + snapshot_.node(from_).name + " to " +
         snapshot_.node(to_).name;
}

// When all usable links at an end are of one provider, that is where a second is missing.
std::string Explainer::SecondProvider() const {
  const SearchGraph graph(snapshot_, asked_.constraints, asked_.environment);
  const auto providers = [&](std::span<const LinkId> links) {
    std::set<ProviderId> distinct;
    for (const LinkId link : links) {
      if (graph.LinkUsable(link)) distinct.insert(snapshot_.link(link).provider);
    }
    return distinct.size();
  };
  const char* kAdd = "add a second provider into ";
  if (providers(snapshot_.out_links(from_)) == 1) return kAdd + snapshot_.node(from_).name;
  if (providers(snapshot_.in_links(to_)) == 1) return kAdd + snapshot_.node(to_).name;
  return "";
}

}  // namespace

Refusal ExplainRefusal(const Snapshot& snapshot, const PathConstraints& constraints,
                       const SearchGraph::Environment& environment, std::string_view from,
                       std::string_view to) {
  if (snapshot.nodes().empty()) {
    return {"the topology is empty", "topology", "add nodes and links"};
  }
  for (const std::string_view end : {from, to}) {
    if (!snapshot.FindNode(end)) {
      return {std::string(end) + " is not in the topology", "topology",
              "create " + std::string(end)};
    }
  }
  const std::string ends = std::string(from) + " to " + std::string(to);
  if (from == to) {
    return {std::string(from) + " is both ends of the path", "topology",
            "no path is needed within a node"};
  }
  const NodeId source = *snapshot.FindNode(from);
  const NodeId target = *snapshot.FindNode(to);
  const SearchGraph everything(snapshot, PathConstraints{}, {.ignore_forbid = true});
  if (CheapestPath(everything, source, target).outcome != Outcome::kFound) {
    return {"no links connect " + ends + ", whatever the constraints", "topology",
            "add links that connect " + ends};
  }
  return Explainer(snapshot, {constraints, environment}, source, target).Explain();
}

}  // namespace waymark
