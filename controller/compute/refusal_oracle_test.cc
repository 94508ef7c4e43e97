// Explanations of refusals against brute force: every constraint that is named really blocks, no
// smaller set does, every change really helps and no smaller one would.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <sstream>

#include "controller/compute/disjoint_pair.h"
#include "controller/compute/refusal.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

struct World {
  std::shared_ptr<const Snapshot> snapshot;
  PathConstraints constraints;
  std::set<LinkId> down;
  bool link_state_matters = true;
  bool maintenance_matters = true;
  bool corouted = false;
};

constexpr NodeId kFrom = static_cast<NodeId>(0), kTo = static_cast<NodeId>(1);

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

// All routes: single paths, or pairs (working, protect).
std::vector<std::vector<ComputedPath>> Routes(const World& world) {
  const Snapshot& snapshot = *world.snapshot;
  LinkState state(snapshot);
  for (const LinkId link : world.down) state.SetDown(link);
  const SearchGraph graph(snapshot, world.constraints,
                          {.link_state = world.link_state_matters ? &state : nullptr,
                           .corouted = world.corouted,
                           .ignore_forbid = !world.maintenance_matters});
  const std::vector<ComputedPath> paths = AllPaths(graph, kFrom, kTo);
  const RiskTable risks(snapshot, world.constraints.protection, kFrom, kTo);
  std::vector<std::vector<ComputedPath>> routes;
  for (const ComputedPath& path : paths) {
    if (!Passes(snapshot, world.constraints.explicit_hops, path.links)) continue;
    if (!world.constraints.protection.any()) {
      routes.push_back({path});
      continue;
    }
    for (const ComputedPath& other : paths) {
      if (other == path) continue;
      if (world.constraints.allow_shared_risks || risks.Disjoint(path.links, other.links)) {
        routes.push_back({path, other});
      }
    }
  }
  return routes;
}

bool Possible(const World& world) { return !Routes(world).empty(); }

World RandomWorld(std::mt19937& random) {
  World world;
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

// By the beginning of a constraint's name: how to do without it.
const std::map<std::string, std::function<void(World&)>>& Drops() {
  static const std::map<std::string, std::function<void(World&)>> drops = {
      {"link state", [](World& w) { w.link_state_matters = false; }},
      {"maintenance", [](World& w) { w.maintenance_matters = false; }},
      {"bandwidth", [](World& w) { w.constraints.bandwidth_bps = 0; }},
      {"max_delay", [](World& w) { w.constraints.max_delay_ns = 0; }},
      {"max_hops", [](World& w) { w.constraints.max_hops = kMaxPathHops; }},
      {"include_any", [](World& w) { w.constraints.include_any.clear(); }},
      {"include_all", [](World& w) { w.constraints.include_all.clear(); }},
      {"exclude [", [](World& w) { w.constraints.exclude.clear(); }},
      {"allowed_providers", [](World& w) { w.constraints.allowed_providers.clear(); }},
      {"forbidden_providers", [](World& w) { w.constraints.forbidden_providers.clear(); }},
      {"allowed_jurisdictions", [](World& w) { w.constraints.allowed_jurisdictions.clear(); }},
      {"forbidden_jurisdictions", [](World& w) { w.constraints.forbidden_jurisdictions.clear(); }},
      {"exclude_resources", [](World& w) { w.constraints.exclude_resources.clear(); }},
      {"explicit_hops", [](World& w) { w.constraints.explicit_hops.clear(); }},
      {"protection", [](World& w) { w.constraints.protection = {}; }},
  };
  return drops;
}

std::string KindOf(const std::string& name) {
  for (const auto& [kind, drop] : Drops()) {
    if (name.starts_with(kind)) return kind;
  }
  ADD_FAILURE() << name;
  return "";
}

World With(const World& world, const std::set<std::string>& kept) {
  World changed = world;
  for (const auto& [kind, drop] : Drops()) {
    if (!kept.contains(kind)) drop(changed);
  }
  return changed;
}

std::vector<std::string> Words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

// The names at the beginning of the text: "a, b and c" has a and b.
std::vector<std::string> Names(const std::string& text) {
  std::vector<std::string> names;
  for (const std::string& word : Words(text)) {
    names.push_back(word);
    if (!word.ends_with(",")) break;
    names.back().pop_back();
  }
  return names;
}

int64_t Delay(const std::string& text) {
  const std::vector<std::string> words = Words(text);
  const int64_t unit = words[1] == "ns" ? 1 : words[1] == "us" ? 1'000 : 1'000'000;
  return std::llround(std::stod(words[0]) * static_cast<double>(unit));
}

// A change as its sentence says it.
class Change {
 public:
  Change(const World& world, const std::string& text) : world_(world), text_(text) {
    PathConstraints& c = world_.constraints;
    if (FindNew("max delay ")) c.max_delay_ns = Delay(found_);
    if (FindNew("max hops ")) c.max_hops = std::stoi(found_);
    if (FindNew("bandwidth ")) c.bandwidth_bps = std::stoi(found_);
    if (Find("accept affinity ")) Insert(&c.include_any);
    if (Find("drop include_any")) c.include_any.clear();
    if (Find("drop allowed_providers")) c.allowed_providers.clear();
    if (Find("drop affinity ")) Erase(&c.include_all);
    if (Find("no longer exclude affinity ")) Erase(&c.exclude);
    for (const std::string kind : {"nodes/", "links/", "srlgs/"}) {
      if (!Find("no longer exclude " + kind)) continue;
      found_ = kind + found_;
      Erase(&c.exclude_resources);
    }
    if (Find("no longer forbid jurisdiction ")) Erase(&c.forbidden_jurisdictions);
    if (Find("no longer forbid provider ")) Erase(&c.forbidden_providers);
    if (Find("allow jurisdiction ")) Insert(&c.allowed_jurisdictions);
    if (Find("allow provider ")) Insert(&c.allowed_providers);
    if (Find("repair ")) Repair();
    Hops();
    if (Find("allow both paths to share")) c.allow_shared_risks = true;
    if (Find("drop all protection")) c.protection = {};
    Rebuild();
  }

  const World& world() const { return world_; }
  int names() const { return names_; }

 private:
  // What stands behind this, in found_.
  bool Find(const std::string& beginning) {
    const size_t at = text_.find(beginning);
    if (at != std::string::npos) found_ = text_.substr(at + beginning.size());
    return at != std::string::npos;
  }
  bool FindNew(const std::string& beginning) {
    if (!Find(beginning)) return false;
    found_ = found_.substr(found_.find(" -> ") + 4);
    return true;
  }
  void Insert(std::vector<std::string>* list) {
    for (const std::string& name : Names(found_)) list->push_back(name), ++names_;
    std::sort(list->begin(), list->end());
  }
  void Erase(std::vector<std::string>* list) {
    for (const std::string& name : Names(found_)) {
      EXPECT_EQ(std::erase(*list, name), 1u) << text_;
      ++names_;
    }
  }
  void Repair() {
    for (const std::string& name : Names(found_)) {
      const LinkId link = *world_.snapshot->FindLink(name);
      const LinkId reverse = world_.snapshot->link(link).reverse;
      EXPECT_GT(world_.down.erase(link) + world_.down.erase(reverse), 0u) << text_;
      ++names_;
    }
  }
  void Hops() {
    std::vector<ExplicitHop>& hops = world_.constraints.explicit_hops;
    if (Find("all explicit hops loose")) {
      for (ExplicitHop& hop : hops) hop.loose = true;
    } else if (Find("drop explicit hop ")) {
      const size_t number = std::stoul(found_) - 1;
      hops.erase(hops.begin() + static_cast<ptrdiff_t>(number));
      if (number < hops.size()) hops[number].loose = true;
    } else if (Find("drop the explicit hops")) {
      hops.clear();
    } else if (Find("explicit hop ")) {
      ASSERT_NE(found_.find("): loose instead of strict"), std::string::npos);
      hops[std::stoul(found_) - 1].loose = true;
    }
  }
  // Of the network itself.
  void Rebuild() {
    std::set<std::string> ended, placed, owned;
    if (Find("end the maintenance (admin_state FORBID) of ")) {
      for (const std::string& name : Names(found_)) ended.insert(name), ++names_;
    }
    if (Find("state the jurisdiction of ")) {
      for (const std::string& name : Names(found_)) placed.insert(name), ++names_;
    }
    if (Find("state the provider of ")) {
      for (const std::string& name : Names(found_)) owned.insert(name), ++names_;
    }
    const PathConstraints& c = world_.constraints;
    const Snapshot& old = *world_.snapshot;
    std::vector<v1::Node> nodes(old.node_resources().begin(), old.node_resources().end());
    std::vector<v1::Link> links(old.link_resources().begin(), old.link_resources().end());
    const auto own = [&](auto& resource) {
      if (ended.contains(resource.name())) {
        EXPECT_EQ(resource.admin_state(), v1::FORBID);
        resource.set_admin_state(v1::ENABLED);
      }
      if (owned.contains(resource.name())) {
        EXPECT_EQ(resource.provider(), "");
        resource.set_provider(c.allowed_providers.front());
      }
    };
    for (v1::Node& node : nodes) {
      own(node);
      if (!placed.contains(node.name())) continue;
      EXPECT_EQ(node.jurisdiction(), "");
      node.set_jurisdiction(c.allowed_jurisdictions.empty() ? "CH"
                                                            : c.allowed_jurisdictions.front());
    }
    for (v1::Link& link : links) own(link);
    world_.snapshot = *Snapshot::Build(nodes, links, old.srlg_resources());
  }

  World world_;
  const std::string text_;
  std::string found_;
  int names_ = 0;
};

RefusalExplanation Told(const World& world) {
  LinkState state(*world.snapshot);
  for (const LinkId link : world.down) state.SetDown(link);
  return ExplainRefusalInFull({.snapshot = *world.snapshot,
                               .constraints = world.constraints,
                               .environment = {.link_state = &state, .corouted = world.corouted},
                               .from = world.snapshot->node(kFrom).name,
                               .to = world.snapshot->node(kTo).name,
                               .limit = {.budget = 100'000}});
}

// With these alone there is none; without any one of them there is; and no set of fewer does that.
void CheckConflict(const World& world, const std::vector<std::string>& conflict,
                   const std::set<std::string>& others) {
  std::set<std::string> kinds;
  for (const std::string& name : conflict) kinds.insert(KindOf(name));
  ASSERT_EQ(kinds.size(), conflict.size());
  ASSERT_FALSE(Possible(With(world, kinds)));
  for (const std::string& kind : kinds) {
    std::set<std::string> fewer = kinds;
    fewer.erase(kind);
    ASSERT_TRUE(Possible(With(world, fewer))) << kind;
  }
  std::vector<std::string> all;
  for (const auto& [kind, drop] : Drops()) {
    if (!others.contains(kind)) all.push_back(kind);
  }
  for (uint32_t chosen = 1; chosen < uint32_t{1} << all.size(); ++chosen) {
    if (static_cast<size_t>(std::popcount(chosen)) >= conflict.size()) continue;
    std::set<std::string> smaller;
    for (size_t i = 0; i < all.size(); ++i) {
      if ((chosen >> i & 1) != 0) smaller.insert(all[i]);
    }
    ASSERT_TRUE(Possible(With(world, smaller)));
  }
}

// One unit less of the change, and it would not do.
void CheckNearest(const World& world, const RefusalRelaxation& relaxation, const Change& change) {
  World less = change.world();
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
  } else if (kind == "protection" && less.constraints.allow_shared_risks) {
    const RiskTable risks(*world.snapshot, world.constraints.protection, kFrom, kTo);
    size_t fewest = SIZE_MAX;
    for (const auto& pair : Routes(less)) {
      fewest = std::min(fewest, risks.Shared(pair[0].links, pair[1].links).size());
    }
    const auto shared = risks.Shared(relaxation.paths[0].links, relaxation.paths[1].links);
    ASSERT_EQ(shared.size(), fewest);
    for (const std::string& name : risks.Names(*world.snapshot, shared)) {
      ASSERT_NE(relaxation.change.find(name), std::string::npos);
    }
  }
}

// Fewer names would not do: tried for lists that only lose names.
void CheckFewestNames(const World& world, const std::string& kind, int names) {
  if (names < 2) return;
  const auto one_less = [&](std::vector<std::string> PathConstraints::*list) {
    for (const std::string& name : world.constraints.*list) {
      World changed = world;
      std::erase(changed.constraints.*list, name);
      ASSERT_FALSE(Possible(changed)) << name;
    }
  };
  if (kind == "exclude_resources") one_less(&PathConstraints::exclude_resources);
  if (kind == "forbidden_providers") one_less(&PathConstraints::forbidden_providers);
  if (kind == "link state") {
    for (const LinkId link : world.down) {
      World changed = world;
      changed.down.erase(link);
      changed.down.erase(world.snapshot->link(link).reverse);
      ASSERT_FALSE(Possible(changed));
    }
  }
}

void CheckRelaxation(const World& world, const RefusalRelaxation& relaxation) {
  const Change change(world, relaxation.change);
  const auto routes = Routes(change.world());
  ASSERT_FALSE(routes.empty()) << relaxation.change;
  const bool given = std::any_of(routes.begin(), routes.end(), [&](const auto& route) {
    return route.size() == relaxation.paths.size() &&
           std::equal(
               route.begin(), route.end(), relaxation.paths.begin(),
               [](const ComputedPath& a, const ComputedPath& b) { return a.links == b.links; });
  });
  ASSERT_TRUE(given) << relaxation.change;
  if (relaxation.constraint.find(" and ") != std::string::npos) return;
  CheckNearest(world, relaxation, change);
  CheckFewestNames(world, KindOf(relaxation.constraint), change.names());
}

TEST(RefusalOracleTest, WhatIsNamedBlocksAndWhatIsProposedHelps) {
  std::mt19937 random(7);
  int refused = 0, conflicts_of_several = 0, several_conflicts = 0;
  std::map<std::string, int> relaxed;
  for (int round = 0; round < 4000; ++round) {
    const World world = RandomWorld(random);
    SCOPED_TRACE(round);
    const RefusalExplanation told = Told(world);
    if (Possible(world)) {
      ASSERT_TRUE(told.possible || told.refusal.blocking_constraint == "topology");
      ASSERT_TRUE(told.possible);
      continue;
    }
    ASSERT_FALSE(told.possible);
    if (told.refusal.blocking_constraint == "topology") {
      ASSERT_FALSE(Possible(With(world, {})));
      continue;
    }
    ++refused;
    ASSERT_TRUE(told.complete);
    std::set<std::string> blamed;
    for (const auto& conflict : told.conflicts) {
      ASSERT_NO_FATAL_FAILURE(CheckConflict(world, conflict, blamed));
      for (const std::string& name : conflict) blamed.insert(KindOf(name));
      conflicts_of_several += conflict.size() > 1;
    }
    several_conflicts += told.conflicts.size() > 1;
    std::set<std::string> rest;
    for (const auto& [kind, drop] : Drops()) {
      if (!blamed.contains(kind)) rest.insert(kind);
    }
    ASSERT_TRUE(Possible(With(world, rest)));
    ASSERT_FALSE(told.relaxations.empty()) << told.refusal.reason;
    for (const RefusalRelaxation& relaxation : told.relaxations) {
      ASSERT_NO_FATAL_FAILURE(CheckRelaxation(world, relaxation));
      ++relaxed[KindOf(relaxation.constraint)];
    }
  }
  EXPECT_GT(refused, 1500);
  EXPECT_GT(conflicts_of_several, 100);
  EXPECT_GT(several_conflicts, 100);
  for (const auto& [kind, drop] : Drops()) EXPECT_GT(relaxed[kind], 10) << kind;
}

}  // namespace
}  // namespace waymark
