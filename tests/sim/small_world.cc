#include "tests/sim/small_world.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "tests/sim/random.h"

namespace waymark {
namespace {

constexpr int64_t kGiga = 1'000'000'000;
constexpr uint8_t kGold = 46, kShared = 34, kHome = 26, kSafe = 18, kBulk = 0;

void AddNodes(Random& random, SmallWorld* world) {
  const size_t count = 4 + random.Below(5);
  for (size_t i = 0; i < count; ++i) {
    v1::Node& node = *world->carrier.add_nodes();
    world->nodes.push_back(absl::StrCat("n", i));
    node.set_name("nodes/" + world->nodes.back());
    // One in eight is nobody knows where.
    node.set_jurisdiction(random.OneIn(8) ? "" : random.OneIn(4) ? "FR" : "CH");
    node.set_provider(random.OneIn(2) ? "alpha" : "beta");
  }
}

void AddFibre(Random& random, size_t a, size_t b, SmallWorld* world) {
  if (a > b) std::swap(a, b);
  const std::string stem = absl::StrCat("n", a, "--n", b);
  const std::string back = absl::StrCat("n", b, "--n", a);
  size_t parallel = 0;
  for (const std::string& fibre : world->fibres) parallel += fibre.starts_with(stem) ? 1 : 0;
  const std::string suffix = parallel == 0 ? "" : absl::StrCat(".", parallel);
  world->fibres.push_back(stem + suffix);
  const int64_t delay = random.Between(100'000, 5'000'000);
  const uint32_t metric = static_cast<uint32_t>(random.Between(1, 4));
  const bool grouped = random.OneIn(3);
  const std::string srlg = absl::StrCat("srlgs/duct", random.Below(2));
  for (const bool forth : {true, false}) {
    v1::Link& link = *world->carrier.add_links();
    link.set_name(absl::StrCat("links/", forth ? stem : back, suffix));
    link.set_reverse(absl::StrCat("links/", forth ? back : stem, suffix));
    link.set_source(absl::StrCat("nodes/n", forth ? a : b));
    link.set_target(absl::StrCat("nodes/n", forth ? b : a));
    link.set_capacity_bps(10 * kGiga);
    link.set_delay_ns(delay);
    link.set_igp_metric(metric);
    link.set_provider("alpha");
    if (grouped) link.add_srlgs(srlg);
  }
}

// A ring, so that everything has two ways, and chords.
void AddFibres(Random& random, SmallWorld* world) {
  for (int i = 0; i < 2; ++i) {
    world->carrier.add_srlgs()->set_name(absl::StrCat("srlgs/duct", i));
  }
  const size_t count = world->nodes.size();
  for (size_t i = 0; i < count; ++i) AddFibre(random, i, (i + 1) % count, world);
  const size_t chords = 1 + random.Below(count);
  for (size_t i = 0; i < chords; ++i) {
    const size_t a = random.Below(count), b = random.Below(count);
    if (a != b) AddFibre(random, a, b, world);
  }
}

v1::TrafficClass& AddClass(const std::string& id, uint32_t queue, uint32_t dscp,
                           v1::Treatment treatment, SmallWorld* world) {
  v1::TrafficClass& added = *world->carrier.add_traffic_classes();
  added.set_name("trafficClasses/" + id);
  added.set_queue(queue);
  added.set_dscp(dscp);
  added.set_treatment(treatment);
  return added;
}

void AddClasses(SmallWorld* world) {
  AddClass("gold", 5, 46, v1::PINNED, world).add_protection(v1::LINK);
  v1::TrafficClass& shared = AddClass("shared", 4, 34, v1::PINNED, world);
  shared.add_protection(v1::LINK);
  shared.add_protection(v1::SRLG);
  shared.set_allow_shared_risks(true);
  shared.set_protect_bandwidth(v1::SHARED);
  shared.set_objective(v1::MIN_DELAY);
  AddClass("home", 3, 26, v1::PINNED, world).add_allowed_jurisdictions("CH");
  AddClass("safe", 2, 18, v1::MESH, world).add_forbidden_jurisdictions("FR");
  AddClass("bulk", 0, 0, v1::MESH, world);
  world->marks = {kGold, kShared, kHome, kSafe, kBulk};
}

void AddRule(uint32_t dscp, const std::string& id, v1::ClassMap* map) {
  v1::ClassRule& rule = *map->add_rules();
  rule.add_dscp(dscp);
  rule.set_traffic_class("trafficClasses/" + id);
}

void AddSites(const std::string& customer, size_t count, Random& random, SmallWorld* world) {
  for (size_t i = 0; i < count; ++i) {
    v1::Node& node =
        *world->carrier.mutable_nodes(static_cast<int>(random.Below(world->nodes.size())));
    const std::string port = absl::StrCat("c", node.ports_size());
    node.add_ports()->set_id(port);
    v1::Site& site = *world->carrier.add_sites();
    site.set_name(absl::StrCat(customer, "/sites/s", i));
    site.set_node(node.name());
    site.set_port(port);
  }
}

void AddService(const std::string& customer, size_t sites, size_t index, Random& random,
                SmallWorld* world) {
  v1::Service service;
  service.set_name(absl::StrCat(customer, "/services/v", index));
  service.set_class_map(customer + "/classMaps/map");
  const size_t kind = random.Below(3);
  service.set_type(kind == 0 ? v1::E_LINE : kind == 1 ? v1::E_LAN : v1::E_TREE);
  std::vector<size_t> order(sites);
  for (size_t i = 0; i < sites; ++i) order[i] = i;
  for (size_t i = sites; i > 1; --i) std::swap(order[i - 1], order[random.Below(i)]);
  const size_t count = kind == 0 ? 2 : 2 + random.Below(sites - 1);
  for (size_t i = 0; i < count; ++i) {
    v1::ServiceEndpoint& endpoint = *service.add_endpoints();
    endpoint.set_site(absl::StrCat(customer, "/sites/s", order[i]));
    endpoint.set_vlan(static_cast<uint32_t>(100 + index));
    if (kind == 2) endpoint.set_role(i == 0 ? v1::ROOT : v1::LEAF);
  }
  v1::ClassRate& rate = *service.add_rates();
  rate.set_traffic_class("trafficClasses/gold");
  rate.set_cir_bps(random.Between(1, 100) * 10'000'000);
  world->services.push_back(std::move(service));
}

void AddCustomer(size_t index, Random& random, SmallWorld* world) {
  const std::string name = absl::StrCat("customers/k", index);
  world->carrier.add_customers()->set_name(name);
  v1::ClassMap& map = *world->carrier.add_class_maps();
  map.set_name(name + "/classMaps/map");
  map.set_default_class("trafficClasses/bulk");
  AddRule(kGold, "gold", &map);
  AddRule(kHome, "home", &map);
  const size_t sites = 3 + random.Below(3);
  AddSites(name, sites, random, world);
  for (size_t i = 0; i < 3; ++i) AddService(name, sites, i, random, world);
}

}  // namespace

SmallWorld MakeSmallWorld(uint64_t seed) {
  Random random(seed, /*stream=*/1);
  SmallWorld world;
  AddNodes(random, &world);
  AddFibres(random, &world);
  AddClasses(&world);
  for (size_t i = 0; i < 2; ++i) AddCustomer(i, random, &world);
  return world;
}

}  // namespace waymark
