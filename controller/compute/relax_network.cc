// Changes of the network's state: links that are down, maintenance.
#include <algorithm>

#include "controller/compute/refusal_question.h"

namespace waymark {
namespace {

// A fibre: a link and its reverse, of which one at least is down.
std::vector<std::vector<LinkId>> DownFibres(const Snapshot& snapshot, const LinkState& state) {
  std::vector<std::vector<LinkId>> fibres;
  for (size_t i = 0; i < snapshot.links().size(); ++i) {
    const LinkId link = static_cast<LinkId>(i), reverse = snapshot.link(link).reverse;
    const bool down = !state.IsUp(link);
    if (reverse == LinkId::kNone) {
      if (down) fibres.push_back({link});
    } else if (link < reverse && (down || !state.IsUp(reverse))) {
      fibres.push_back({link, reverse});
    }
  }
  return fibres;
}

bool Crosses(const WhatIfRoute& route, const std::vector<LinkId>& fibre) {
  return std::any_of(route.begin(), route.end(), [&](const ComputedPath& path) {
    return std::any_of(path.links.begin(), path.links.end(), [&](LinkId link) {
      return std::find(fibre.begin(), fibre.end(), link) != fibre.end();
    });
  });
}

template <typename Matches>
std::vector<size_t> Numbers(size_t count, const Matches& matches) {
  std::vector<size_t> numbers;
  for (size_t i = 0; i < count; ++i) {
    if (matches(i)) numbers.push_back(i);
  }
  return numbers;
}

std::optional<WhatIfChange> RelaxLinkState(WhatIfSolver& solver, const WhatIfQuestion& asked) {
  const Snapshot& snapshot = solver.snapshot();
  const auto fibres = DownFibres(snapshot, *asked.environment.link_state);
  const auto repaired = [&](const std::vector<size_t>& numbers) {
    std::set<LinkId> links;
    for (const size_t number : numbers) {
      links.insert(fibres[number].begin(), fibres[number].end());
    }
    return links;
  };
  const auto chosen = FewestChanges(solver, {.count = fibres.size(),
                                             .with =
                                                 [&](const std::vector<size_t>& numbers) {
                                                   WhatIfQuestion question = asked;
                                                   question.repaired = repaired(numbers);
                                                   return question;
                                                 },
                                             .used =
                                                 [&](const WhatIfRoute& route) {
                                                   return Numbers(fibres.size(), [&](size_t i) {
                                                     return Crosses(route, fibres[i]);
                                                   });
                                                 }});
  if (!chosen) return std::nullopt;
  WhatIfQuestion question = asked;
  question.repaired = repaired(*chosen);
  const WhatIfRoute route = solver.Solve(question);
  // By the direction that traffic would take.
  std::set<std::string> names;
  for (const size_t number : *chosen) {
    LinkId named = fibres[number].front();
    for (const LinkId link : fibres[number]) {
      if (Crosses(route, {link})) named = link;
    }
    names.insert(snapshot.link(named).name);
  }
  return WhatIfChange{"repair " + JoinNames({names.begin(), names.end()}, ", "),
                      [links = repaired(*chosen)](WhatIfQuestion& q) { q.repaired = links; }};
}

std::vector<std::string> ForbiddenPlaces(const Snapshot& snapshot) {
  std::vector<std::string> places;
  for (const NodeInfo& node : snapshot.nodes()) {
    if (node.admin == v1::FORBID) places.push_back(node.name);
  }
  for (const LinkInfo& link : snapshot.links()) {
    if (link.admin == v1::FORBID) places.push_back(link.name);
  }
  return places;
}

std::optional<WhatIfChange> RelaxMaintenance(WhatIfSolver& solver, const WhatIfQuestion& asked) {
  const Snapshot& snapshot = solver.snapshot();
  const std::vector<std::string> places = ForbiddenPlaces(snapshot);
  const auto apply = [places](const std::set<std::string>& ended, WhatIfQuestion* question) {
    question->environment.ignore_forbid = true;
    for (const std::string& place : places) {
      if (!ended.contains(place)) question->also_excluded.insert(place);
    }
  };
  const auto named = [&](const std::vector<size_t>& numbers) {
    std::set<std::string> names;
    for (const size_t number : numbers) names.insert(places[number]);
    return names;
  };
  const auto used = [&](const WhatIfRoute& route) {
    std::set<std::string> on_route;
    for (const ComputedPath& path : route) {
      for (const LinkId link : path.links) {
        const LinkInfo& info = snapshot.link(link);
        on_route.insert(
            {info.name, snapshot.node(info.source).name, snapshot.node(info.target).name});
        if (asked.environment.corouted && info.reverse != LinkId::kNone) {
          on_route.insert(snapshot.link(info.reverse).name);
        }
      }
    }
    return Numbers(places.size(), [&](size_t i) { return on_route.contains(places[i]); });
  };
  const auto chosen = FewestChanges(solver, {.count = places.size(),
                                             .with =
                                                 [&](const std::vector<size_t>& numbers) {
                                                   WhatIfQuestion question = asked;
                                                   apply(named(numbers), &question);
                                                   return question;
                                                 },
                                             .used = used});
  if (!chosen) return std::nullopt;
  const std::set<std::string> ended = named(*chosen);
  return WhatIfChange{"end the maintenance (admin_state FORBID) of " +
                          JoinNames({ended.begin(), ended.end()}, ", "),
                      [apply, ended](WhatIfQuestion& q) { apply(ended, &q); }};
}

}  // namespace

void AddNetworkKnobs(const WhatIfQuestion& asked, std::vector<Knob>* knobs) {
  if (asked.environment.link_state != nullptr) {
    knobs->push_back(
        {"link state", [](WhatIfQuestion& q) { q.environment.link_state = nullptr; },
         [](WhatIfSolver& solver, const WhatIfQuestion& q) { return RelaxLinkState(solver, q); }});
  }
  if (!asked.environment.ignore_forbid) {
    knobs->push_back({"maintenance", [](WhatIfQuestion& q) { q.environment.ignore_forbid = true; },
                      RelaxMaintenance});
  }
}

}  // namespace waymark
