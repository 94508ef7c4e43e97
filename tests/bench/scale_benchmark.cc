// What the full world costs the controller: the plan of everything, and of small changes of it.
//
//   scale_benchmark [DATA_CENTRES [CUSTOMERS]]     340 and 5,500 without
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "controller/base/clock.h"
#include "controller/plan/diff.h"
#include "controller/plan/plan.h"
#include "controller/plan/planner.h"
#include "controller/topology/snapshot.h"
#include "tests/bench/scale_world.h"

namespace waymark::bench {
namespace {

double ResidentMebibytes() {
  std::ifstream statm("/proc/self/statm");
  double size = 0, resident = 0;
  statm >> size >> resident;
  return resident * 4096 / (1 << 20);
}

class Timed {
 public:
  explicit Timed(const char* what) : what_(what), begin_(RealClock().Monotonic()) {}
  ~Timed() {
    std::printf("  %-58s %8.3f s  %6.0f MiB in all\n", what_,
                absl::ToDoubleSeconds(RealClock().Monotonic() - begin_), ResidentMebibytes());
    std::fflush(stdout);
  }

 private:
  const char* const what_;
  const absl::Duration begin_;
};

struct State {
  Planner planner;
  PlanChanges changes = PlanChanges::All();
  Intents intents;
  std::set<std::string> links_down;
  std::map<std::string, stored::v1::Placement> placements;
  std::map<std::string, stored::v1::MeshRoutes> mesh_routes;
  std::map<std::string, stored::v1::MeshGuarantee> guarantees;
};

template <typename Record>
void TakeOver(const std::map<std::string, std::optional<Record>>& changes,
              std::map<std::string, Record>* records) {
  for (const auto& [key, record] : changes) {
    if (record) {
      (*records)[key] = *record;
    } else {
      records->erase(key);
    }
  }
}

// As the engine does, the store apart. Adds the seconds that it took, if asked.
Plan PlanAndKeep(const Snapshot& snapshot, State* state, std::vector<double>* seconds = nullptr) {
  const absl::Duration begin = RealClock().Monotonic();
  Plan plan = state->planner.Make({snapshot, state->intents, state->links_down, state->placements,
                                   PlanOptions(), &state->mesh_routes, &state->guarantees},
                                  state->changes);
  if (seconds != nullptr) {
    seconds->push_back(absl::ToDoubleSeconds(RealClock().Monotonic() - begin));
  }
  state->changes = PlanChanges();
  state->changes.placements = {plan.changed_placements.begin(), plan.changed_placements.end()};
  state->changes.placements.insert(plan.deleted_placements.begin(), plan.deleted_placements.end());
  for (const auto& [key, record] : plan.mesh_changes) state->changes.mesh_routes.insert(key);
  for (const auto& [key, record] : plan.guarantee_changes) state->changes.guarantees.insert(key);
  state->placements = {plan.placements.begin(), plan.placements.end()};
  TakeOver(plan.mesh_changes, &state->mesh_routes);
  TakeOver(plan.guarantee_changes, &state->guarantees);
  return plan;
}

size_t Differences(const Plan& before, const Plan& after, size_t* switches) {
  size_t operations = 0;
  *switches = 0;
  for (const auto& [node, table] : after.objects) {
    const auto old = before.objects.find(node);
    if (old == before.objects.end() || old->second.digest() == table.digest()) continue;
    ++*switches;
    std::map<std::string, uint64_t> held;
    for (const auto& [key, entry] : old->second.entries()) held.emplace(key, entry.hash);
    const NodeDiff diff = Diff(table, held);
    operations += diff.puts.size() + diff.deletes.size();
  }
  return operations;
}

constexpr int kServices = 30, kLinks = 5;

void Print(const char* what, std::vector<double> seconds, size_t operations) {
  std::sort(seconds.begin(), seconds.end());
  const auto at = [&](double part) {
    return seconds[std::min(seconds.size() - 1,
                            static_cast<size_t>(part * static_cast<double>(seconds.size())))];
  };
  std::printf("  %-40s p50 %7.1f ms, p99 %7.1f ms  %6.0f MiB in all; %zu operations each\n", what,
              at(0.5) * 1e3, at(0.99) * 1e3, ResidentMebibytes(), operations / seconds.size());
  std::fflush(stdout);
}

void Run(const ScaleOptions& options) {
  std::unique_ptr<ScaleWorld> world;
  {
    const Timed timed("drawing the world");
    world = std::make_unique<ScaleWorld>(options);
  }
  const v1::Bundle& bundle = world->bundle();
  std::printf("%d data centres, %d links, %d customers, %d sites, %d services\n",
              bundle.nodes_size(), bundle.links_size(), bundle.customers_size(),
              bundle.sites_size(), bundle.services_size());
  State state;
  for (const auto& c : bundle.traffic_classes()) state.intents.traffic_classes[c.name()] = c;
  for (const auto& map : bundle.class_maps()) state.intents.class_maps[map.name()] = map;
  for (const auto& site : bundle.sites()) state.intents.sites[site.name()] = site;
  for (const auto& service : bundle.services()) state.intents.services[service.name()] = service;
  const std::vector<v1::Node> nodes(bundle.nodes().begin(), bundle.nodes().end());
  const std::vector<v1::Link> links(bundle.links().begin(), bundle.links().end());
  const std::vector<v1::Srlg> srlgs(bundle.srlgs().begin(), bundle.srlgs().end());
  const auto snapshot = *Snapshot::Build(nodes, links, srlgs);
  Plan plan;
  {
    const Timed timed("plan of everything, from nothing");
    plan = PlanAndKeep(*snapshot, &state);
  }
  size_t objects = 0, blocked = 0, switches = 0;
  for (const auto& [node, table] : plan.objects) objects += table.size();
  for (const auto& [name, policy] : plan.policies) blocked += policy->blocked() ? 1 : 0;
  std::printf("    %zu policies, %zu of them without a path; %zu objects\n", plan.policies.size(),
              blocked, objects);
  {
    const Timed timed("plan when all of that is stored");
    plan = PlanAndKeep(*snapshot, &state);
  }
  std::vector<double> seconds;
  size_t operations = 0;
  for (int i = 0; i < kServices; ++i) {
    const v1::Service more = world->MoreService();
    state.intents.services[more.name()] = more;
    state.changes.services.insert(more.name());
    Plan next = PlanAndKeep(*snapshot, &state, &seconds);
    operations += Differences(plan, next, &switches);
    plan = std::move(next);
  }
  Print("plan of one service more", seconds, operations);
  std::vector<double> down, up;
  size_t operations_down = 0, operations_up = 0;
  for (int i = 0; i < kLinks; ++i) {
    const std::string& link = bundle.links(i * bundle.links_size() / kLinks).name();
    for (const bool fails : {true, false}) {
      if (fails) {
        state.links_down.insert(link);
      } else {
        state.links_down.erase(link);
      }
      Plan next = PlanAndKeep(*snapshot, &state, fails ? &down : &up);
      (fails ? operations_down : operations_up) += Differences(plan, next, &switches);
      plan = std::move(next);
    }
  }
  Print("plan when a link is down", down, operations_down);
  Print("plan when it is up again", up, operations_up);
  for (const auto& [node, runs] : state.planner.runs()) {
    std::printf("    %-12s %lld times from nothing, %lld times what had changed\n", node.c_str(),
                static_cast<long long>(runs.full), static_cast<long long>(runs.incremental));
  }
}

}  // namespace
}  // namespace waymark::bench

int main(int argc, char** argv) {
  waymark::bench::ScaleOptions options;
  if (argc > 1) options.data_centres = std::atoi(argv[1]);
  if (argc > 2) options.customers = std::atoi(argv[2]);
  if (options.data_centres < 3 || options.data_centres > 3'000 || options.customers < 1 ||
      options.customers > 100'000) {
    std::fprintf(stderr, "usage: %s [DATA_CENTRES [CUSTOMERS]]: 3 to 3,000 and 1 to 100,000\n",
                 argv[0]);
    return 2;
  }
  waymark::bench::Run(options);
}
