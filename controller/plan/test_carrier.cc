#include "controller/plan/test_carrier.h"

namespace waymark {

TestCarrier::TestCarrier() {
  for (const char* id : {"ber", "gva", "zrh"}) network.Node(id, "CH");
  network.Node("fra", "DE");
  network.Node("lon", "GB");
  network.Node("par", "FR");
  const auto fibre = [&](const char* a, const char* b, int64_t delay_us, uint32_t metric,
                         const char* provider) {
    v1::Link& link = network.Fibre(a, b, delay_us, metric);
    link.set_provider(provider);
    network.Link(link.reverse()).set_provider(provider);
  };
  fibre("zrh", "gva", 1500, 15, "alpha");
  fibre("zrh", "ber", 800, 8, "beta");
  fibre("ber", "gva", 900, 9, "beta");
  fibre("zrh", "fra", 2000, 20, "alpha");
  fibre("fra", "lon", 4000, 40, "alpha");
  fibre("zrh", "par", 3000, 30, "beta");
  fibre("gva", "par", 2500, 25, "beta");
  fibre("par", "lon", 2200, 22, "beta");

  const auto traffic_class = [&](const char* id, uint32_t index, uint32_t queue, uint32_t dscp,
                                 v1::Treatment treatment) -> v1::TrafficClass& {
    const std::string name = std::string("trafficClasses/") + id;
    v1::TrafficClass& made = intents.traffic_classes[name];
    made.set_name(name);
    made.set_class_index(index);
    made.set_queue(queue);
    made.set_dscp(dscp);
    made.set_treatment(treatment);
    return made;
  };
  v1::TrafficClass& swiss = traffic_class("swiss", 1, 6, 46, v1::PINNED);
  swiss.add_allowed_jurisdictions("CH");
  swiss.add_protection(v1::NODE);
  traffic_class("gold", 2, 4, 34, v1::PINNED).set_objective(v1::MIN_DELAY);
  traffic_class("bulk", 3, 1, 10, v1::MESH);

  v1::ClassMap& bank = intents.class_maps["customers/c/classMaps/bank"];
  bank.set_name("customers/c/classMaps/bank");
  v1::ClassRule* rule = bank.add_rules();
  rule->add_dscp(46);
  rule->set_traffic_class("trafficClasses/swiss");
  rule = bank.add_rules();
  rule->add_pcp(5);
  rule->set_traffic_class("trafficClasses/gold");
  bank.set_default_class("trafficClasses/bulk");
  for (const char* id : {"plain", "gold"}) {
    const std::string name = std::string("customers/c/classMaps/") + id;
    intents.class_maps[name].set_name(name);
    intents.class_maps[name].set_default_class(id == std::string("plain") ? "trafficClasses/bulk"
                                                                          : "trafficClasses/gold");
  }
}

v1::Service& TestCarrier::AddService(const std::string& id, v1::ServiceType type,
                                     const std::vector<std::string>& nodes,
                                     const std::string& class_map) {
  const std::string name = "customers/c/services/" + id;
  v1::Service& service = intents.services[name];
  service.set_name(name);
  service.set_type(type);
  service.set_class_map("customers/c/classMaps/" + class_map);
  service.set_vni(next_vni++);
  for (size_t i = 0; i < nodes.size(); ++i) {
    const std::string site_name = "customers/c/sites/" + id + "-" + std::to_string(i);
    v1::Site& site = intents.sites[site_name];
    site.set_name(site_name);
    site.set_node("nodes/" + nodes[i]);
    site.set_port("c" + std::to_string(i + 1));
    v1::ServiceEndpoint* endpoint = service.add_endpoints();
    endpoint->set_site(site_name);
    endpoint->set_vlan(service.vni());
  }
  return service;
}

void TestCarrier::SetRate(const std::string& service, const std::string& traffic_class,
                          int64_t cir_bps) {
  v1::Service& found = intents.services.at("customers/c/services/" + service);
  found.clear_rates();
  v1::ClassRate* rate = found.add_rates();
  rate->set_traffic_class("trafficClasses/" + traffic_class);
  rate->set_cir_bps(cir_bps);
}

Plan TestCarrier::MakePlan(uint32_t shuffle) const {
  const auto snapshot = network.BuildShuffled(shuffle);
  return waymark::MakePlan(
      {*snapshot, intents, links_down, placements, {}, &mesh_routes, &guarantees});
}

Plan TestCarrier::Commit() {
  Plan plan = MakePlan();
  placements = {plan.placements.begin(), plan.placements.end()};
  TakeOver(plan.mesh_changes, &mesh_routes);
  TakeOver(plan.guarantee_changes, &guarantees);
  return plan;
}

std::string TestCarrier::Hops(const v1::Path& path) {
  std::string hops;
  for (const std::string& node : path.nodes()) {
    hops += (hops.empty() ? "" : " ") + std::string(ResourceId(node));
  }
  return hops;
}

}  // namespace waymark
