#include "tests/bench/scale_world.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"

namespace waymark::bench {
namespace {

std::string NodeName(int number) { return absl::StrCat("nodes/dc", number); }

struct Place {
  double x, y;  // km
};

double Squared(const Place& a, const Place& b) {
  return (a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y);
}

// Of two places, whether no third lies within the circle that has them as its diameter.
bool AreNeighbours(const std::vector<Place>& places, size_t a, size_t b) {
  const Place middle = {(places[a].x + places[b].x) / 2, (places[a].y + places[b].y) / 2};
  const double radius = Squared(places[a], middle);
  for (size_t i = 0; i < places.size(); ++i) {
    if (i != a && i != b && Squared(places[i], middle) < radius) return false;
  }
  return true;
}

}  // namespace

ScaleWorld::ScaleWorld(const ScaleOptions& options) : options_(options), random_(options.seed) {
  AddCarrier();
  AddClasses();
  for (int i = 0; i < options_.customers; ++i) AddCustomer(i);
}

void ScaleWorld::AddCarrier() {
  std::vector<Place> places;
  for (int i = 0; i < options_.data_centres; ++i) {
    places.push_back(
        {static_cast<double>(Pick(5'000'000)) / 1e3, static_cast<double>(Pick(3'000'000)) / 1e3});
    v1::Node& node = *bundle_.add_nodes();
    node.set_name(NodeName(i));
    node.set_node_sid(static_cast<uint32_t>(i + 1));
    node.set_jurisdiction(places.back().x < 2'500 ? "CH" : "DE");
    node.add_ports()->set_id("c1");
  }
  uint32_t sid = 0x8000;
  for (size_t a = 0; a < places.size(); ++a) {
    for (size_t b = a + 1; b < places.size(); ++b) {
      if (!AreNeighbours(places, a, b)) continue;
      const double km = std::sqrt(Squared(places[a], places[b]));
      const std::string there = absl::StrCat("links/dc", a, "--dc", b);
      const std::string back = absl::StrCat("links/dc", b, "--dc", a);
      v1::Srlg& duct = *bundle_.add_srlgs();
      duct.set_name(absl::StrCat("srlgs/duct", bundle_.srlgs_size()));
      for (const bool forward : {true, false}) {
        v1::Link& link = *bundle_.add_links();
        link.set_name(forward ? there : back);
        link.set_reverse(forward ? back : there);
        link.set_source(NodeName(static_cast<int>(forward ? a : b)));
        link.set_target(NodeName(static_cast<int>(forward ? b : a)));
        link.set_interface(absl::StrCat("to", forward ? b : a));
        link.set_capacity_bps(400'000'000'000);
        link.set_delay_ns(static_cast<int64_t>(km * 5'000));
        link.set_igp_metric(static_cast<uint32_t>(km) + 1);
        link.set_te_metric(static_cast<uint32_t>(km) + 1);
        link.set_adjacency_sid(sid++);
        link.add_srlgs(duct.name());
      }
    }
  }
}

void ScaleWorld::AddClasses() {
  uint32_t index = 0;
  for (const char* id : {"realtime", "gold", "bulk", "office"}) {
    v1::TrafficClass& made = *bundle_.add_traffic_classes();
    made.set_name(absl::StrCat("trafficClasses/", id));
    made.set_class_index(++index);
    made.set_queue(8 - index);
    made.set_dscp(46 - index * 8);
    made.set_treatment(index <= 2 ? v1::PINNED : v1::MESH);
    if (index == 1) made.add_protection(v1::SRLG);
    if (index == 1) made.set_objective(v1::MIN_DELAY);
    if (index == 2) made.add_protection(v1::NODE);
  }
}

// A Pareto law with shape 1.3, cut at every data centre once.
int ScaleWorld::DrawSites() {
  constexpr double kShape = 1.3;
  const double least = options_.mean_sites * (kShape - 1) / kShape;
  const double uniform = (static_cast<double>(Pick(1'000'000)) + 1) / 1'000'001;
  const double drawn = least / std::pow(uniform, 1 / kShape);
  return std::clamp(static_cast<int>(drawn), 1, options_.data_centres);
}

v1::Service ScaleWorld::Line(const std::string& customer, int first_site, int count,
                             const char* id) {
  v1::Service line;
  line.set_name(absl::StrCat(customer, "/services/", id));
  line.set_type(v1::E_LINE);
  const bool gold = Pick(2) == 0;
  line.set_class_map(absl::StrCat(customer, gold ? "/classMaps/gold" : "/classMaps/realtime"));
  line.set_vni(next_vni_++);
  const int a = Pick(count), b = (a + 1 + Pick(count - 1)) % count;
  for (const int site : {a, b}) {
    v1::ServiceEndpoint& endpoint = *line.add_endpoints();
    endpoint.set_site(bundle_.sites(first_site + site).name());
    // The E-LAN of the site has an even one.
    endpoint.set_vlan(static_cast<uint32_t>(1 + 2 * (line.vni() % 2'000)));
  }
  v1::ClassRate& rate = *line.add_rates();
  rate.set_traffic_class(gold ? "trafficClasses/gold" : "trafficClasses/realtime");
  rate.set_cir_bps(10'000'000 * (1 + Pick(10)));
  return line;
}

void ScaleWorld::AddCustomer(int number) {
  const std::string customer = absl::StrCat("customers/c", number);
  bundle_.add_customers()->set_name(customer);
  const int count = DrawSites(), first_site = bundle_.sites_size();
  std::set<int> at;
  while (static_cast<int>(at.size()) < count) at.insert(Pick(options_.data_centres));
  for (const int node : at) {
    v1::Site& site = *bundle_.add_sites();
    site.set_name(absl::StrCat(customer, "/sites/dc", node));
    site.set_node(NodeName(node));
    site.set_port(absl::StrCat("p", number));
  }
  for (const auto& [id, standard] :
       {std::pair("lan", "bulk"), {"gold", "gold"}, {"realtime", "realtime"}}) {
    v1::ClassMap& map = *bundle_.add_class_maps();
    map.set_name(absl::StrCat(customer, "/classMaps/", id));
    map.set_default_class(absl::StrCat("trafficClasses/", standard));
    if (id != std::string("lan")) continue;
    v1::ClassRule& rule = *map.add_rules();
    rule.add_dscp(18);
    rule.set_traffic_class("trafficClasses/office");
  }
  v1::Service& lan = *bundle_.add_services();
  lan.set_name(customer + "/services/lan");
  lan.set_type(v1::E_LAN);
  lan.set_class_map(customer + "/classMaps/lan");
  lan.set_vni(next_vni_++);
  for (int i = 0; i < count; ++i) {
    v1::ServiceEndpoint& endpoint = *lan.add_endpoints();
    endpoint.set_site(bundle_.sites(first_site + i).name());
    endpoint.set_vlan(static_cast<uint32_t>(2 + 2 * (number % 2'000)));
  }
  if (number % 4 == 0 && count > 1) {
    *bundle_.add_services() = Line(customer, first_site, count, "line");
  }
}

v1::Service ScaleWorld::MoreService() {
  for (;;) {
    const v1::Service& lan = bundle_.services(Pick(bundle_.services_size()));
    if (lan.type() != v1::E_LAN || lan.endpoints_size() < 2) continue;
    const std::string& site = lan.endpoints(0).site();
    for (int first = 0; first < bundle_.sites_size(); ++first) {
      if (bundle_.sites(first).name() != site) continue;
      const std::string customer = lan.name().substr(0, lan.name().find("/services/"));
      return Line(customer, first, lan.endpoints_size(), absl::StrCat("more", more_++).c_str());
    }
  }
}

}  // namespace waymark::bench
