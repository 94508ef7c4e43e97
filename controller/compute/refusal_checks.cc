#include "controller/compute/refusal_checks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <tuple>

#include "controller/compute/route_oracle.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

constexpr size_t npos = std::string::npos;
constexpr NodeId kFrom = static_cast<NodeId>(0), kTo = static_cast<NodeId>(1);

constexpr uint32_t kQueue = 6;

// Paths as their links alone.
std::vector<ComputedPath> Computed(const std::vector<std::vector<LinkId>>& route) {
  std::vector<ComputedPath> paths;
  for (const std::vector<LinkId>& links : route) paths.push_back({links, {}});
  return paths;
}

// What latency and availability a route has, by the models that promises go by.
class Promises {
 public:
  explicit Promises(const RefusalWorld& world)
      : world_(world), model_(*world.snapshot), loads_(*world.snapshot) {}
  RouteTargets Targets() const {
    return {.availability = world_.availability,
            .model = &model_,
            .max_latency_ns = world_.max_latency_ns,
            .loads = &loads_,
            .queue = kQueue,
            .both_ways = world_.corouted};
  }
  bool Meets(const std::vector<std::vector<LinkId>>& route) const {
    return (world_.availability == 0 || model_.Of(route).Meets(world_.availability)) &&
           (world_.max_latency_ns == 0 || Latency(route) <= world_.max_latency_ns);
  }
  double Down(const std::vector<std::vector<LinkId>>& route) const {
    const Availability availability = model_.Of(route);
    return availability.stated ? availability.unavailability : 1;
  }
  int64_t Latency(const std::vector<std::vector<LinkId>>& route) const {
    const int64_t latency = LatencyOf(Targets(), Computed(route));
    return latency < 0 ? kUnreachable : latency;
  }

 private:
  const RefusalWorld& world_;
  const AvailabilityModel model_;
  const QueueLoads loads_;
};

bool Passes(const Snapshot& snapshot, const std::vector<ExplicitHop>& hops,
            const std::vector<LinkId>& links) {
  size_t at = 0;
  for (const ExplicitHop& hop : hops) {
    const NodeId here = at == 0 ? kFrom : snapshot.link(links[at - 1]).target;
    if (hop.node == here) continue;
    std::optional<size_t> found;
    for (size_t i = at; i < links.size() && !found; ++i) {
      if (snapshot.link(links[i]).target == hop.node) found = i;
      if (!hop.loose) break;
    }
    if (!found) return false;
    at = *found + 1;
  }
  return true;
}

// Whether a node hop names where the path stands again, which is refused.
bool Repeats(const std::vector<ExplicitHop>& hops) {
  std::set<NodeId> seen;
  return std::any_of(hops.begin(), hops.end(), [&](const ExplicitHop& hop) {
    return hop.node == kFrom || hop.node == kTo || !seen.insert(hop.node).second;
  });
}

RouteOracle OracleOf(const RefusalWorld& world) {
  return RouteOracle({.snapshot = *world.snapshot,
                      .constraints = world.constraints,
                      .down = world.link_state_matters ? world.down : std::set<LinkId>(),
                      .ignore_forbid = !world.maintenance_matters,
                      .corouted = world.corouted,
                      .from = kFrom,
                      .to = kTo});
}

// By the beginning of a constraint's name: how to do without it.
const std::map<std::string, std::function<void(RefusalWorld&)>>& Drops() {
  static const std::map<std::string, std::function<void(RefusalWorld&)>> drops = {
      {"link state", [](RefusalWorld& w) { w.link_state_matters = false; }},
      {"maintenance", [](RefusalWorld& w) { w.maintenance_matters = false; }},
      {"bandwidth", [](RefusalWorld& w) { w.constraints.bandwidth_bps = 0; }},
      {"max_delay", [](RefusalWorld& w) { w.constraints.max_delay_ns = 0; }},
      {"max_hops", [](RefusalWorld& w) { w.constraints.max_hops = kMaxPathHops; }},
      {"include_any", [](RefusalWorld& w) { w.constraints.include_any.clear(); }},
      {"include_all", [](RefusalWorld& w) { w.constraints.include_all.clear(); }},
      {"exclude [", [](RefusalWorld& w) { w.constraints.exclude.clear(); }},
      {"allowed_providers", [](RefusalWorld& w) { w.constraints.allowed_providers.clear(); }},
      {"forbidden_providers", [](RefusalWorld& w) { w.constraints.forbidden_providers.clear(); }},
      {"allowed_jurisdictions",
       [](RefusalWorld& w) { w.constraints.allowed_jurisdictions.clear(); }},
      {"forbidden_jurisdictions",
       [](RefusalWorld& w) { w.constraints.forbidden_jurisdictions.clear(); }},
      {"exclude_resources", [](RefusalWorld& w) { w.constraints.exclude_resources.clear(); }},
      {"explicit_hops", [](RefusalWorld& w) { w.constraints.explicit_hops.clear(); }},
      {"protection", [](RefusalWorld& w) { w.constraints.protection = {}; }},
      {"availability_target", [](RefusalWorld& w) { w.availability = 0; }},
      {"max_latency", [](RefusalWorld& w) { w.max_latency_ns = 0; }},
  };
  return drops;
}

// All sets of so many constraints, of those that there are.
std::vector<std::set<std::string>> SetsOf(size_t size) {
  std::vector<std::set<std::string>> sets = {{}};
  for (; size > 0; --size) {
    std::vector<std::set<std::string>> longer;
    for (const std::set<std::string>& set : sets) {
      for (const auto& [kind, drop] : Drops()) {
        if (!set.empty() && kind <= *set.rbegin()) continue;
        longer.push_back(set);
        longer.back().insert(kind);
      }
    }
    sets = std::move(longer);
  }
  return sets;
}

}  // namespace

std::vector<std::vector<std::vector<LinkId>>> Routes(const RefusalWorld& world) {
  const RouteOracle oracle = OracleOf(world);
  const std::vector<std::vector<LinkId>> paths = oracle.Paths();
  std::vector<std::vector<std::vector<LinkId>>> routes;
  for (const std::vector<LinkId>& path : paths) {
    if (!Passes(*world.snapshot, world.constraints.explicit_hops, path)) continue;
    if (!world.constraints.protection.any()) {
      routes.push_back({path});
      continue;
    }
    for (const std::vector<LinkId>& other : paths) {
      if (other == path) continue;
      if (world.constraints.allow_shared_risks || oracle.Shared(path, other).empty()) {
        routes.push_back({path, other});
      }
    }
  }
  if (world.availability == 0 && world.max_latency_ns == 0) return routes;
  const Promises promises(world);
  std::erase_if(routes, [&](const auto& route) { return !promises.Meets(route); });
  return routes;
}

RefusalWorld RandomWorld(std::mt19937& random) {
  RefusalWorld world;
  world.snapshot = RandomNetwork(random, 3 + random() % 4, 4 + random() % 7);
  world.constraints = RandomConstraints(random);
  PathConstraints& c = world.constraints;
  world.corouted = random() % 3 == 0;
  if (random() % 2 == 0) c.protection.link = true;
  if (c.protection.link && random() % 2 == 0) c.protection.node = true;
  if (c.protection.link && random() % 3 == 0) c.protection.srlg = true;
  if (c.protection.link && random() % 4 == 0) c.protection.provider = true;
  if (c.bandwidth_bps > 0) c.bandwidth_bps = 2 + random() % 3;
  if (random() % 4 == 0) {
    c.exclude_resources = {"nodes/n2"};
    if (random() % 2 == 0) c.exclude_resources.push_back("srlgs/s0");
  }
  if (random() % 5 == 0) {
    for (int i = 0; i < 1 + static_cast<int>(random() % 2); ++i) {
      c.explicit_hops.push_back(
          {.node = static_cast<NodeId>(random() % world.snapshot->nodes().size()),
           .loose = random() % 2 == 0});
    }
    if (Repeats(c.explicit_hops)) c.explicit_hops.clear();
  }
  for (size_t i = 0; i < world.snapshot->links().size(); ++i) {
    if (random() % 8 == 0) world.down.insert(static_cast<LinkId>(i));
  }
  return world;
}

RefusalWorld RandomTargetWorld(std::mt19937& random, bool latency) {
  RefusalWorld world = RandomWorld(random);
  PathConstraints& c = world.constraints;
  // Of those constraints some, so that it is the target which is in the way at times.
  for (const auto& [kind, drop] : Drops()) {
    if (kind != "protection" && random() % 2 == 0) drop(world);
  }
  world.link_state_matters = world.maintenance_matters = true;
  if (latency) c.bandwidth_bps = 0;
  const Snapshot& old = *world.snapshot;
  std::vector<v1::Node> nodes(old.node_resources().begin(), old.node_resources().end());
  std::vector<v1::Link> links(old.link_resources().begin(), old.link_resources().end());
  std::vector<v1::Srlg> srlgs(old.srlg_resources().begin(), old.srlg_resources().end());
  const auto figures = [&](auto* resource) {
    if (random() % 4 == 0) return;
    resource->set_mtbf_hours(1000);
    resource->set_mttr_hours(1 + static_cast<double>(random() % 4) * 5);
  };
  for (v1::Node& node : nodes) figures(&node);
  for (v1::Srlg& srlg : srlgs) figures(&srlg);
  for (v1::Link& link : links) {
    figures(&link);
    if (latency) link.set_capacity_bps(10'000'000'000);
  }
  world.snapshot = *Snapshot::Build(nodes, links, srlgs);
  const Promises promises(world);
  const auto routes = Routes(world);
  double down = 1e-2;
  int64_t wait = 50'000;
  if (!routes.empty()) {
    const auto& route = routes[random() % routes.size()];
    down = std::clamp(promises.Down(route), 1e-9, 0.9);
    wait = promises.Latency(route);
  }
  const double factor = 0.7 + 0.05 * static_cast<double>(random() % 10);
  if (!latency || random() % 2 == 0) world.availability = 1 - down * factor;
  if (latency) world.max_latency_ns = std::llround(static_cast<double>(wait) * factor);
  return world;
}

std::vector<std::string> ConstraintKinds() {
  std::vector<std::string> kinds;
  for (const auto& [kind, drop] : Drops()) kinds.push_back(kind);
  return kinds;
}

std::string KindOf(const std::string& name) {
  for (const auto& [kind, drop] : Drops()) {
    if (name.starts_with(kind)) return kind;
  }
  ADD_FAILURE() << name;
  return "";
}

std::set<std::string> KindsOf(const std::vector<std::string>& names) {
  std::set<std::string> kinds;
  for (const std::string& name : names) kinds.insert(KindOf(name));
  return kinds;
}

RefusalWorld With(const RefusalWorld& world, const std::set<std::string>& kept) {
  RefusalWorld changed = world;
  for (const auto& [kind, drop] : Drops()) {
    if (!kept.contains(kind)) drop(changed);
  }
  return changed;
}

RefusalExplanation Told(const RefusalWorld& world, WorkLimit limit, int64_t attempt) {
  LinkState state(*world.snapshot);
  for (const LinkId link : world.down) state.SetDown(link);
  const Promises promises(world);
  return ExplainRefusalInFull({.snapshot = *world.snapshot,
                               .constraints = world.constraints,
                               .environment = {.link_state = &state, .corouted = world.corouted},
                               .from = world.snapshot->node(kFrom).name,
                               .to = world.snapshot->node(kTo).name,
                               .targets = promises.Targets(),
                               .limit = limit,
                               .attempt = attempt});
}

namespace {

// With these constraints alone there is no route; nor, where that would make a target easier to
// keep, with protection.
bool Blocks(const RefusalWorld& world, std::set<std::string> kinds) {
  if (Possible(With(world, kinds))) return false;
  if (world.availability == 0 || !kinds.contains("availability_target")) return true;
  kinds.insert("protection");
  return !Possible(With(world, kinds));
}

// With these alone there is none; without any one of them there is; and no set of fewer does that.
void CheckConflict(const RefusalWorld& world, const std::vector<std::string>& conflict,
                   const std::set<std::string>& others) {
  std::set<std::string> kinds;
  for (const std::string& name : conflict) kinds.insert(KindOf(name));
  ASSERT_EQ(kinds.size(), conflict.size());
  ASSERT_TRUE(Blocks(world, kinds));
  for (const std::string& kind : kinds) {
    std::set<std::string> fewer = kinds;
    fewer.erase(kind);
    ASSERT_FALSE(Blocks(world, fewer)) << kind;
  }
  std::vector<std::string> all;
  for (const auto& [kind, drop] : Drops()) {
    const bool asked = (kind != "availability_target" || world.availability > 0) &&
                       (kind != "max_latency" || world.max_latency_ns > 0);
    if (asked && !others.contains(kind)) all.push_back(kind);
  }
  for (uint32_t chosen = 1; chosen < uint32_t{1} << all.size(); ++chosen) {
    if (static_cast<size_t>(std::popcount(chosen)) >= conflict.size()) continue;
    std::set<std::string> smaller;
    for (size_t i = 0; i < all.size(); ++i) {
      if ((chosen >> i & 1) != 0) smaller.insert(all[i]);
    }
    ASSERT_FALSE(Blocks(world, smaller));
  }
}

// Of equally small conflicts all are told, up to four.
void CheckAllConflicts(const RefusalWorld& world, const RefusalExplanation& told) {
  const size_t least = told.conflicts[0].size();
  std::set<std::set<std::string>> smallest;
  for (const auto& conflict : told.conflicts) {
    if (conflict.size() > least) continue;
    ASSERT_TRUE(smallest.insert(KindsOf(conflict)).second);
  }
  if (least > 2) return;
  size_t there = 0;
  std::string sets;
  for (const auto& set : SetsOf(least)) {
    if (!Blocks(world, set)) continue;
    ++there;
    for (const std::string& kind : set) sets += kind + ", ";
    sets += "; ";
  }
  ASSERT_GE(smallest.size(), std::min<size_t>(there, 4))
      << told.refusal.blocking_constraint << " of " << sets;
}

// One unit less of the change, and it would not do.
void CheckNearest(const RefusalWorld& world, const RefusalRelaxation& relaxation,
                  const ToldChange& change) {
  RefusalWorld less = change.world();
  const std::string kind = KindOf(relaxation.constraint);
  if (kind == "max_delay") {
    less.constraints.max_delay_ns -= 1;
    ASSERT_FALSE(Possible(less)) << relaxation.change;
  } else if (kind == "max_hops") {
    less.constraints.max_hops -= 1;
    ASSERT_FALSE(Possible(less)) << relaxation.change;
  } else if (kind == "bandwidth") {
    less.constraints.bandwidth_bps += 1;
    ASSERT_FALSE(Possible(less)) << relaxation.change;
  } else if (kind == "availability_target") {
    less.availability = 0;
    const Promises promises(less);
    double least = 1;
    for (const auto& route : Routes(less)) least = std::min(least, promises.Down(route));
    ASSERT_TRUE(relaxation.change.ends_with(" -> " + AvailabilityText(least)))
        << relaxation.change << ", but " << AvailabilityText(least);
  } else if (kind == "max_latency") {
    less.max_latency_ns = 0;
    const Promises promises(less);
    int64_t least = kUnreachable;
    for (const auto& route : Routes(less)) least = std::min(least, promises.Latency(route));
    ASSERT_TRUE(relaxation.change.ends_with(" -> " + DelayText(least)))
        << relaxation.change << ", but " << DelayText(least);
  } else if (kind == "protection" && less.constraints.allow_shared_risks) {
    const RouteOracle oracle = OracleOf(world);
    size_t fewest = SIZE_MAX;
    for (const auto& pair : Routes(less)) {
      fewest = std::min(fewest, oracle.Shared(pair[0], pair[1]).size());
    }
    const auto told = oracle.Shared(relaxation.paths[0].links, relaxation.paths[1].links);
    ASSERT_EQ(told.size(), fewest);
    for (const std::string& name : told) {
      // A fibre may go by either direction.
      const auto link = world.snapshot->FindLink(name);
      const LinkId back = link ? world.snapshot->link(*link).reverse : LinkId::kNone;
      const std::string other = back == LinkId::kNone ? name : world.snapshot->link(back).name;
      ASSERT_TRUE(relaxation.change.find(name) != npos || relaxation.change.find(other) != npos);
    }
  }
}

// Fewer names would not do: tried for lists that only lose names.
void CheckFewestNames(const RefusalWorld& world, const std::string& kind, int names) {
  if (names < 2) return;
  const auto one_less = [&](std::vector<std::string> PathConstraints::*list) {
    for (const std::string& name : world.constraints.*list) {
      RefusalWorld changed = world;
      std::erase(changed.constraints.*list, name);
      ASSERT_FALSE(Possible(changed)) << name;
    }
  };
  if (kind == "exclude_resources") one_less(&PathConstraints::exclude_resources);
  if (kind == "forbidden_providers") one_less(&PathConstraints::forbidden_providers);
  if (kind == "link state") {
    for (const LinkId link : world.down) {
      RefusalWorld changed = world;
      changed.down.erase(link);
      changed.down.erase(world.snapshot->link(link).reverse);
      ASSERT_FALSE(Possible(changed));
    }
  }
}

}  // namespace

void CheckConflicts(const RefusalWorld& world, const RefusalExplanation& told) {
  ASSERT_NO_FATAL_FAILURE(CheckAllConflicts(world, told));
  std::set<std::string> blamed;
  for (const auto& conflict : told.conflicts) {
    const bool least = conflict.size() == told.conflicts[0].size();
    ASSERT_NO_FATAL_FAILURE(
        CheckConflict(world, conflict, least ? std::set<std::string>() : blamed));
    for (const std::string& name : conflict) blamed.insert(KindOf(name));
  }
  std::set<std::string> rest;
  for (const auto& [kind, drop] : Drops()) {
    if (!blamed.contains(kind)) rest.insert(kind);
  }
  ASSERT_FALSE(Blocks(world, rest));
}

void CheckBeyondHelp(const RefusalWorld& world) {
  for (const auto& pair : SetsOf(2)) {
    std::set<std::string> kept;
    for (const auto& [kind, drop] : Drops()) {
      if (!pair.contains(kind)) kept.insert(kind);
    }
    ASSERT_FALSE(Possible(With(world, kept))) << *pair.begin() << " and " << *pair.rbegin();
  }
}

void CheckRelaxation(const RefusalWorld& world, const RefusalRelaxation& relaxation) {
  const ToldChange change(world, relaxation.change);
  const auto routes = Routes(change.world());
  ASSERT_FALSE(routes.empty()) << relaxation.change;
  const bool given = std::any_of(routes.begin(), routes.end(), [&](const auto& route) {
    return route.size() == relaxation.paths.size() &&
           std::equal(
               route.begin(), route.end(), relaxation.paths.begin(),
               [](const std::vector<LinkId>& a, const ComputedPath& b) { return a == b.links; });
  });
  ASSERT_TRUE(given) << relaxation.change;
  const auto together = std::ranges::count(WordsOf(relaxation.constraint), "and");
  ASSERT_LE(together, 1) << relaxation.constraint;
  // Says that nearer ones were not ruled out.
  if (relaxation.change.ends_with(")") && relaxation.change.find("(the least found") != npos)
    return;
  if (together > 0) return;
  CheckNearest(world, relaxation, change);
  CheckFewestNames(world, KindOf(relaxation.constraint), change.names());
}

void CheckBest(const RefusalWorld& world, const RefusalRelaxation& relaxation) {
  LinkState state(*world.snapshot);
  for (const LinkId link : world.down) {
    if (world.link_state_matters) state.SetDown(link);
  }
  const SearchGraph graph(*world.snapshot, world.constraints,
                          {.link_state = &state,
                           .corouted = world.corouted,
                           .ignore_forbid = !world.maintenance_matters});
  const RouteOracle oracle = OracleOf(world);
  const bool max = world.constraints.pair_order == PairOrder::kMinMax;
  const auto rank = [&](const std::vector<std::vector<LinkId>>& route) {
    Metric total, dearest;
    for (const auto& links : route) {
      const Metric metric = graph.PathMetric(links);
      total = total + metric;
      if (max) dearest = std::max(dearest, metric);
    }
    const bool shares = route.size() == 2 && world.constraints.allow_shared_risks;
    return std::tuple(shares ? oracle.Shared(route[0], route[1]).size() : 0, dearest, total);
  };
  std::vector<std::vector<LinkId>> given;
  for (const ComputedPath& path : relaxation.paths) given.push_back(path.links);
  const auto its = rank(given);
  for (const auto& route : Routes(world)) {
    ASSERT_FALSE(rank(route) < its) << relaxation.change;
  }
}

}  // namespace waymark
