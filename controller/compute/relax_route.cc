// Changes of what a route must pass, and of what its paths must not share.
#include <algorithm>
#include <iterator>

#include "controller/compute/disjoint_pair.h"
#include "controller/compute/refusal_question.h"

namespace waymark {
namespace {

std::string ProtectionText(const Protection& protection) {
  std::vector<std::string> levels;
  if (protection.node) levels.push_back("NODE");
  if (protection.srlg) levels.push_back("SRLG");
  if (protection.provider) levels.push_back("PROVIDER");
  if (protection.building) levels.push_back("BUILDING");
  return levels.empty() ? "LINK" : JoinNames(levels, "+");
}

std::string HopName(const Snapshot& snapshot, const ExplicitHop& hop) {
  const auto within = [](int32_t number, size_t size) {
    return number >= 0 && static_cast<size_t>(number) < size;
  };
  if (within(Index(hop.node), snapshot.nodes().size())) return snapshot.node(hop.node).name;
  if (within(Index(hop.link), snapshot.links().size())) return snapshot.link(hop.link).name;
  return "nowhere";
}

std::string HopsText(const Snapshot& snapshot, const std::vector<ExplicitHop>& hops) {
  std::vector<std::string> names;
  for (const ExplicitHop& hop : hops) {
    names.push_back(HopName(snapshot, hop) + (hop.loose ? " loose" : ""));
  }
  return "explicit_hops " + ListNames(names);
}

// One hop loose, or all; then one hop less, and the one behind it loose; then none.
std::optional<WhatIfChange> RelaxHops(WhatIfSolver& solver, const WhatIfQuestion& asked) {
  const std::vector<ExplicitHop>& hops = asked.constraints.explicit_hops;
  const auto hop_text = [&](size_t i) {
    return "explicit hop " + std::to_string(i + 1) + " (" + HopName(solver.snapshot(), hops[i]) +
           ")";
  };
  std::vector<std::pair<std::string, std::vector<ExplicitHop>>> tries;
  std::vector<ExplicitHop> all_loose = hops;
  for (size_t i = 0; i < hops.size(); ++i) {
    if (hops[i].loose) continue;
    std::vector<ExplicitHop> loose = hops;
    loose[i].loose = all_loose[i].loose = true;
    tries.emplace_back(hop_text(i) + ": loose instead of strict", std::move(loose));
  }
  tries.emplace_back("all explicit hops loose", std::move(all_loose));
  for (size_t i = 0; i < hops.size(); ++i) {
    std::vector<ExplicitHop> fewer = hops;
    fewer.erase(fewer.begin() + static_cast<ptrdiff_t>(i));
    tries.emplace_back("drop " + hop_text(i), fewer);
    if (i == fewer.size() || fewer[i].loose) continue;
    fewer[i].loose = true;
    tries.emplace_back(
        "drop " + hop_text(i) + ", and " + hop_text(i + 1) + ": loose instead of strict",
        std::move(fewer));
  }
  tries.emplace_back("drop the explicit hops", std::vector<ExplicitHop>());
  for (auto& [text, changed] : tries) {
    WhatIfQuestion question = asked;
    question.constraints.explicit_hops = changed;
    if (!solver.Solvable(question)) continue;
    return WhatIfChange{
        text, [changed = changed](WhatIfQuestion& q) { q.constraints.explicit_hops = changed; }};
  }
  return std::nullopt;
}

// When all usable links at an end are of one provider, that is where a second is missing.
std::string OnlyOneProvider(WhatIfSolver& solver, const WhatIfQuestion& asked) {
  const Snapshot& snapshot = solver.snapshot();
  const SearchGraph graph(snapshot, asked.constraints, asked.environment);
  const auto providers = [&](std::span<const LinkId> links) {
    std::set<ProviderId> distinct;
    for (const LinkId link : links) {
      if (graph.LinkUsable(link)) distinct.insert(snapshot.link(link).provider);
    }
    // Of a link that states none it is not known.
    return distinct.contains(ProviderId::kNone) ? 0 : distinct.size();
  };
  if (providers(snapshot.out_links(solver.from())) == 1) {
    return " (only one provider enters " + snapshot.node(solver.from()).name + ")";
  }
  if (providers(snapshot.in_links(solver.to())) == 1) {
    return " (only one provider enters " + snapshot.node(solver.to()).name + ")";
  }
  return "";
}

std::vector<std::string> SharedNames(WhatIfSolver& solver, const Protection& protection,
                                     const WhatIfRoute& pair) {
  const PathRisks risks(solver.snapshot(), protection, solver.from(), solver.to());
  return risks.Names(risks.Shared(pair[0].links, pair[1].links));
}

std::optional<WhatIfChange> RelaxProtection(WhatIfSolver& solver, const WhatIfQuestion& asked) {
  const std::string name = "protection " + ProtectionText(asked.constraints.protection);
  WhatIfQuestion question = asked;
  if (asked.disjoint_paths > 2) {
    for (int fewer = asked.disjoint_paths - 1; fewer >= 2; --fewer) {
      question.disjoint_paths = fewer;
      if (!solver.Solvable(question)) continue;
      return WhatIfChange{
          "disjoint paths " + std::to_string(asked.disjoint_paths) + " -> " + std::to_string(fewer),
          [fewer](WhatIfQuestion& q) { q.disjoint_paths = fewer; }};
    }
  }
  question.disjoint_paths = 2;
  question.constraints.allow_shared_risks = true;
  if (const WhatIfRoute pair = solver.Solve(question); pair.size() == 2) {
    const std::vector<std::string> shared = SharedNames(solver, asked.constraints.protection, pair);
    const bool one_provider =
        asked.constraints.protection.provider &&
        std::any_of(shared.begin(), shared.end(),
                    [](const std::string& risk) { return risk.starts_with("provider "); });
    const std::string fewer =
        asked.disjoint_paths > 2
            ? "disjoint paths " + std::to_string(asked.disjoint_paths) + " -> 2, and "
            : "";
    return WhatIfChange{fewer + name + ": allow both paths to share " + JoinNames(shared, ", ") +
                            (one_provider ? OnlyOneProvider(solver, asked) : ""),
                        [](WhatIfQuestion& q) {
                          q.disjoint_paths = 2;
                          q.constraints.allow_shared_risks = true;
                        }};
  }
  question.constraints.protection = {};
  if (!solver.Solvable(question)) return std::nullopt;
  const Snapshot& snapshot = solver.snapshot();
  // There may be one, which something else that is asked rules out.
  WhatIfQuestion any_way = asked;
  any_way.constraints = {.protection = asked.constraints.protection};
  any_way.targets = {};
  any_way.disjoint_paths = 2;
  return WhatIfChange{name + ": drop all protection, or add a second way from " +
                          snapshot.node(solver.from()).name + " to " +
                          snapshot.node(solver.to()).name +
                          (solver.Solvable(any_way) ? " that keeps the other constraints" : ""),
                      [](WhatIfQuestion& q) { q.constraints.protection = {}; }};
}

// No path without a node twice takes longer.
int64_t MostDelay(const SearchGraph& graph) {
  int64_t sum = 0;
  for (size_t i = 0; i < graph.snapshot().nodes().size(); ++i) {
    int64_t most = 0;
    for (const SearchGraph::Arc& arc : graph.out_arcs(static_cast<NodeId>(i))) {
      most = std::max(most, SearchGraph::MetricOf(arc.cost).delay_ns);
    }
    sum = SaturatingAdd(sum, most);
  }
  return sum;
}

// By itself the constraint rules no route out: it is in nobody's way, whatever else is asked.
bool TakesNothing(const Snapshot& snapshot, const WhatIfQuestion& only, const SearchGraph& open) {
  if (only.constraints.protection.any() || !only.constraints.explicit_hops.empty() ||
      only.targets.any()) {
    return false;
  }
  const SearchGraph graph(snapshot, only.constraints, only.environment);
  for (size_t i = 0; i < snapshot.nodes().size(); ++i) {
    const NodeId node = static_cast<NodeId>(i);
    if (graph.NodeUsable(node) != open.NodeUsable(node)) return false;
  }
  for (size_t i = 0; i < snapshot.links().size(); ++i) {
    const LinkId link = static_cast<LinkId>(i);
    if (graph.LinkUsable(link) != open.LinkUsable(link)) return false;
  }
  return (graph.max_hops() == open.max_hops() ||
          static_cast<size_t>(graph.max_hops()) + 1 >= snapshot.nodes().size()) &&
         (graph.max_delay_ns() == open.max_delay_ns() || graph.max_delay_ns() >= MostDelay(open));
}

}  // namespace

void AddRouteKnobs(const Snapshot& snapshot, const WhatIfQuestion& asked,
                   std::vector<Knob>* knobs) {
  if (!asked.constraints.explicit_hops.empty()) {
    knobs->push_back({HopsText(snapshot, asked.constraints.explicit_hops),
                      [](WhatIfQuestion& q) { q.constraints.explicit_hops.clear(); }, RelaxHops});
  }
  if (asked.constraints.protection.any()) {
    knobs->push_back({"protection " + ProtectionText(asked.constraints.protection),
                      [](WhatIfQuestion& q) { q.constraints.protection = {}; }, RelaxProtection});
  }
}

std::vector<Knob> KnobsOf(const Snapshot& snapshot, const WhatIfQuestion& asked) {
  std::vector<Knob> knobs;
  AddNetworkKnobs(asked, &knobs);
  AddBoundKnobs(asked, &knobs);
  AddListKnobs(snapshot, asked, &knobs);
  AddRouteKnobs(snapshot, asked, &knobs);
  WhatIfQuestion nothing = asked;
  for (const Knob& knob : knobs) knob.drop(nothing);
  const SearchGraph open(snapshot, nothing.constraints, nothing.environment);
  std::vector<Knob> in_the_way;
  for (Knob& knob : knobs) {
    WhatIfQuestion only = asked;
    for (const Knob& other : knobs) {
      if (&other != &knob) other.drop(only);
    }
    // What is sent slows down what is sent, wherever there is room.
    const bool slows = only.constraints.bandwidth_bps > 0 && asked.targets.bounds_latency();
    if (slows || !TakesNothing(snapshot, only, open)) in_the_way.push_back(knob);
  }
  return in_the_way;
}

}  // namespace waymark
