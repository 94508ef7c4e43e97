// What a plan costs on a network of 340 edge nodes with 2,000 pinned policies.
#include <benchmark/benchmark.h>

#include <memory>
#include <random>
#include <set>
#include <string>

#include "controller/compute/test_network.h"
#include "controller/plan/plan.h"
#include "controller/plan/reoptimize.h"

namespace waymark {
namespace {

constexpr int kNodes = 340;
constexpr int kServices = 1'000;  // two policies each

struct Carrier {
  Carrier() {
    const auto shape = CarrierNetwork(1, kNodes, 700);
    std::vector<v1::Link> links(shape->link_resources().begin(), shape->link_resources().end());
    for (v1::Link& link : links) link.set_capacity_bps(400'000'000'000);
    std::vector<v1::Node> nodes(shape->node_resources().begin(), shape->node_resources().end());
    for (v1::Node& node : nodes) {
      node.set_mtbf_hours(50'000);
      node.set_mttr_hours(4);
    }
    snapshot = *Snapshot::Build(nodes, links, shape->srlg_resources());
    for (uint32_t i = 1; i <= 4; ++i) {
      const std::string id = "c" + std::to_string(i);
      v1::TrafficClass& made = intents.traffic_classes["trafficClasses/" + id];
      made.set_name("trafficClasses/" + id);
      made.set_class_index(i);
      made.set_queue(3 + i);
      made.set_treatment(v1::PINNED);
      made.add_protection(i % 2 == 0 ? v1::NODE : v1::SRLG);
      if (i == 2) made.set_protect_bandwidth(v1::SHARED);
      if (i == 3) made.set_objective(v1::MIN_DELAY);
      v1::ClassMap& map = intents.class_maps["customers/c/classMaps/" + id];
      map.set_name("customers/c/classMaps/" + id);
      map.set_default_class(made.name());
    }
    std::mt19937 random(7);
    for (int i = 0; i < kServices; ++i) AddService(i, random);
  }

  void AddService(int number, std::mt19937& random) {
    const std::string name = "customers/c/services/s" + std::to_string(number);
    v1::Service& service = intents.services[name];
    service.set_name(name);
    service.set_type(v1::E_LINE);
    const std::string c = "c" + std::to_string(1 + number % 4);
    service.set_class_map("customers/c/classMaps/" + c);
    service.set_vni(static_cast<uint32_t>(0x1000 + number));
    const uint32_t from = static_cast<uint32_t>(random()) % kNodes;
    const uint32_t to = (from + 1 + static_cast<uint32_t>(random()) % (kNodes - 1)) % kNodes;
    for (const uint32_t node : {from, to}) {
      const std::string site_name = name + "-" + std::to_string(node);
      v1::Site& site = intents.sites[site_name];
      site.set_name(site_name);
      site.set_node(snapshot->nodes()[node].name);
      site.set_port("c1");
      v1::ServiceEndpoint* endpoint = service.add_endpoints();
      endpoint->set_site(site_name);
      endpoint->set_vlan(static_cast<uint32_t>(2 + number));
    }
    v1::ClassRate* rate = service.add_rates();
    rate->set_traffic_class("trafficClasses/" + c);
    rate->set_cir_bps(100'000'000 * (1 + number % 10));
  }

  void TakePlacements(const Plan& plan) {
    placements = {plan.placements.begin(), plan.placements.end()};
  }
  PlanInput Input() const { return {*snapshot, intents, links_down, placements, {}}; }

  std::shared_ptr<const Snapshot> snapshot;
  Intents intents;
  std::set<std::string> links_down;
  std::map<std::string, stored::v1::Placement> placements;
};

int64_t Blocked(const Plan& plan) {
  int64_t blocked = 0;
  for (const auto& [name, policy] : plan.policies) blocked += policy->blocked() ? 1 : 0;
  return blocked;
}

void AllNew(benchmark::State& state) {
  Carrier carrier;
  Plan plan;
  for (auto _ : state) plan = MakePlan(carrier.Input());
  state.counters["policies"] = static_cast<double>(plan.policies.size());
  state.counters["blocked"] = static_cast<double>(Blocked(plan));
}
BENCHMARK(AllNew)->Unit(benchmark::kMillisecond);

void NothingChanged(benchmark::State& state) {
  Carrier carrier;
  carrier.TakePlacements(MakePlan(carrier.Input()));
  for (auto _ : state) benchmark::DoNotOptimize(MakePlan(carrier.Input()));
}
BENCHMARK(NothingChanged)->Unit(benchmark::kMillisecond);

void OneLinkDown(benchmark::State& state) {
  Carrier carrier;
  carrier.TakePlacements(MakePlan(carrier.Input()));
  carrier.links_down = {carrier.snapshot->links()[5].name};
  for (auto _ : state) benchmark::DoNotOptimize(MakePlan(carrier.Input()));
}
BENCHMARK(OneLinkDown)->Unit(benchmark::kMillisecond);

// Every policy has a bound that it keeps, and that all others must leave it.
void AllNewGuarded(benchmark::State& state) {
  Carrier carrier;
  for (auto& [name, traffic_class] : carrier.intents.traffic_classes) {
    if (traffic_class.treatment() == v1::PINNED) traffic_class.set_max_latency_ns(500'000'000);
  }
  Plan plan;
  for (auto _ : state) plan = MakePlan(carrier.Input());
  state.counters["policies"] = static_cast<double>(plan.policies.size());
  state.counters["blocked"] = static_cast<double>(Blocked(plan));
}
BENCHMARK(AllNewGuarded)->Unit(benchmark::kMillisecond)->Iterations(1);

// A tenth of the capacity: most are refused, and say why.
void Overfull(benchmark::State& state) {
  Carrier carrier;
  for (auto& [name, service] : carrier.intents.services) {
    service.mutable_rates(0)->set_cir_bps(service.rates(0).cir_bps() * 40);
  }
  carrier.TakePlacements(MakePlan(carrier.Input()));
  Plan plan;
  for (auto _ : state) plan = MakePlan(carrier.Input());
  state.counters["blocked"] = static_cast<double>(Blocked(plan));
}
BENCHMARK(Overfull)->Unit(benchmark::kMillisecond)->Iterations(1);

// A grid whose fibres lie in so many risk groups at random that no search can be sure of a pair.
struct HardCarrier {
  HardCarrier(int pairs, int groups_a_fibre) {
    constexpr int kSide = 10;
    std::mt19937 random(7);
    for (int i = 0; i < 100; ++i) network.Srlg("group" + std::to_string(i));
    const auto name = [](int x, int y) { return "g" + std::to_string(y * kSide + x); };
    for (int i = 0; i < kSide * kSide; ++i) network.Node(name(i % kSide, i / kSide));
    const auto fibre = [&](const std::string& a, const std::string& b) {
      v1::Link& there = network.Fibre(a, b, 1000, 10 + static_cast<uint32_t>(random() % 10));
      std::set<uint32_t> groups;
      for (int i = 0; i < groups_a_fibre; ++i) groups.insert(static_cast<uint32_t>(random() % 100));
      for (const uint32_t group : groups) there.add_srlgs("srlgs/group" + std::to_string(group));
      *network.Link(there.reverse()).mutable_srlgs() = there.srlgs();
    };
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        if (x + 1 < kSide) fibre(name(x, y), name(x + 1, y));
        if (y + 1 < kSide) fibre(name(x, y), name(x, y + 1));
      }
    }
    v1::TrafficClass& apart = intents.traffic_classes["trafficClasses/apart"];
    apart.set_name("trafficClasses/apart");
    apart.set_class_index(1);
    apart.set_queue(5);
    apart.set_treatment(v1::PINNED);
    apart.add_protection(v1::SRLG);
    v1::ClassMap& map = intents.class_maps["customers/c/classMaps/apart"];
    map.set_name("customers/c/classMaps/apart");
    map.set_default_class(apart.name());
    for (int i = 0; i < pairs; ++i) {
      const std::string id = "customers/c/services/s" + std::to_string(i);
      v1::Service& service = intents.services[id];
      service.set_name(id);
      service.set_type(v1::E_LINE);
      service.set_class_map(map.name());
      service.set_vni(static_cast<uint32_t>(0x1000 + i));
      for (const std::string& node : {name(i % 3, i % 4), name(9 - i % 4, 9 - i % 5)}) {
        v1::Site& site = intents.sites[id + node];
        site.set_name(id + node);
        site.set_node("nodes/" + node);
        site.set_port("c1");
        v1::ServiceEndpoint* endpoint = service.add_endpoints();
        endpoint->set_site(site.name());
        endpoint->set_vlan(static_cast<uint32_t>(2 + i));
      }
    }
  }
  TestNetwork network;
  Intents intents;
};

void HardPairs(benchmark::State& state) {
  const HardCarrier carrier(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)));
  const auto snapshot = carrier.network.Build();
  Plan plan;
  for (auto _ : state) plan = MakePlan({*snapshot, carrier.intents, {}, {}, {}});
  int64_t spent = 0;
  for (const auto& [name, policy] : plan.policies) {
    spent += policy->status.blocking_constraint() == "search budget" ? 1 : 0;
  }
  state.counters["blocked"] = static_cast<double>(Blocked(plan));
  state.counters["budget_spent"] = static_cast<double>(spent);
}
BENCHMARK(HardPairs)
    ->ArgsProduct({{100, 1000}, {4, 6, 8, 11}})
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

void All(benchmark::State& state) {
  Carrier carrier;
  carrier.TakePlacements(MakePlan(carrier.Input()));
  for (auto _ : state) benchmark::DoNotOptimize(Reoptimize(carrier.Input(), {}));
}
BENCHMARK(All)->Name("Reoptimize")->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace waymark
