// Whatever changes, the next plan is the one that would be made from nothing.
#include "controller/plan/planner.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>

#include "controller/plan/test_carrier.h"

namespace waymark {
namespace {

template <typename Record>
std::string Text(const std::map<std::string, std::optional<Record>>& changes) {
  std::string text;
  for (const auto& [name, record] : changes) {
    text += name + "=" + (record ? record->SerializeAsString() : "none") + ";";
  }
  return text;
}

// What a plan says, in pieces that a failure can name.
std::map<std::string, std::string> Pieces(const Plan& plan) {
  std::map<std::string, std::string> pieces;
  for (const auto& [name, policy] : plan.policies) {
    pieces["policy " + name] = policy->Message().ShortDebugString() + " at " + policy->headend_id +
                               " as " + policy->object_key +
                               std::to_string(Index(policy->pair.first)) + "-" +
                               std::to_string(Index(policy->pair.second));
  }
  for (const auto& [name, promise] : plan.promises) {
    pieces["promise " + name] = promise->ShortDebugString();
  }
  for (const auto& [name, placement] : plan.placements) {
    pieces["placement " + name] = placement.ShortDebugString();
  }
  for (const auto& [node, table] : plan.objects) {
    pieces["switch " + node] = std::to_string(table.digest());
    for (const auto& [key, entry] : table.entries()) {
      pieces["object " + node + " " + key] = entry.object->ShortDebugString();
    }
  }
  for (const auto& [name, service] : plan.services) {
    std::string& text = pieces["service " + name];
    text = service->status.ShortDebugString();
    for (const uint32_t color : service->colors) text += " " + std::to_string(color);
    for (const auto& [pair, count] : service->pairs) {
      text += " " + std::to_string(Index(pair.first)) + "-" + std::to_string(Index(pair.second));
    }
    for (const auto& [node, key] : service->objects) text += " " + node + "/" + key;
  }
  for (const std::string& name : plan.changed_placements) pieces["changed"] += name + " ";
  for (const std::string& name : plan.deleted_placements) pieces["deleted"] += name + " ";
  pieces["mesh"] = Text(plan.mesh_changes);
  pieces["guarantees"] = Text(plan.guarantee_changes);
  return pieces;
}

void ExpectSame(const Plan& made, const Plan& from_nothing, const std::string& what) {
  const auto a = Pieces(made), b = Pieces(from_nothing);
  for (const auto& [name, text] : b) {
    const auto found = a.find(name);
    ASSERT_NE(found, a.end()) << "after " << what << ": lacks " << name;
    ASSERT_EQ(found->second, text) << "after " << what << ": " << name;
  }
  for (const auto& [name, text] : a) ASSERT_TRUE(b.contains(name)) << what << ": has " << name;
}

// The service that stays.
constexpr char kMesh[] = "mesh";

// WAYMARK_CHANGES asks for more of them.
int Changes(int usual) {
  const char* const asked = std::getenv("WAYMARK_CHANGES");
  const int changes = asked == nullptr ? usual : std::atoi(asked);
  EXPECT_GT(changes, 0);
  return changes;
}

class PlannerTest : public testing::Test {
 protected:
  PlannerTest() {
    // A class whose protect paths share, one that shares risks, and one with an any-to-any hose.
    v1::TrafficClass& shared = carrier_.intents.traffic_classes["trafficClasses/shared"];
    shared = carrier_.intents.traffic_classes.at("trafficClasses/gold");
    shared.set_name("trafficClasses/shared");
    shared.set_class_index(4);
    shared.set_dscp(20);
    shared.add_protection(v1::LINK);
    shared.set_protect_bandwidth(v1::SHARED);
    v1::ClassMap& map = carrier_.intents.class_maps["customers/c/classMaps/shared"];
    map.set_name("customers/c/classMaps/shared");
    map.set_default_class("trafficClasses/shared");
    // Whatever else changes, there is a mesh.
    v1::ClassMap& mesh = carrier_.intents.class_maps["customers/c/classMaps/mesh"];
    mesh.set_name("customers/c/classMaps/mesh");
    mesh.set_default_class("trafficClasses/bulk");
    carrier_.AddService(kMesh, v1::E_LAN, {"zrh", "gva", "ber", "fra", "lon", "par"}, kMesh);
    snapshot_ = carrier_.network.Build();
  }

  PlanInput Input() const {
    return {*snapshot_, carrier_.intents,      carrier_.links_down, carrier_.placements,
            {},         &carrier_.mesh_routes, &carrier_.guarantees};
  }

  uint64_t Pick(uint64_t below) { return random_() % below; }
  template <typename Map>
  auto PickFrom(Map& map) {
    return std::next(map.begin(), static_cast<ptrdiff_t>(Pick(map.size())));
  }
  std::string PickNode() {
    static const char* const kNodes[] = {"zrh", "gva", "ber", "fra", "lon", "par"};
    return kNodes[Pick(6)];
  }
  std::string PickClassMap() {
    static const char* const kMaps[] = {"bank", "plain", "gold", "shared"};
    return std::string("customers/c/classMaps/") + kMaps[Pick(4)];
  }

  void SetRates(v1::Service* service) {
    service->clear_rates();
    for (const char* id : {"swiss", "gold", "shared", "bulk"}) {
      if (Pick(3) != 0) continue;
      v1::ClassRate* rate = service->add_rates();
      rate->set_traffic_class(std::string("trafficClasses/") + id);
      rate->set_cir_bps(static_cast<int64_t>(1 + Pick(40)) * 100'000'000);
    }
    for (v1::ServiceEndpoint& endpoint : *service->mutable_endpoints()) {
      endpoint.clear_ingress_bps();
      endpoint.clear_egress_bps();
      if (service->type() == v1::E_LINE || Pick(4) != 0) continue;
      endpoint.set_ingress_bps(static_cast<int64_t>(1 + Pick(20)) * 100'000'000);
      endpoint.set_egress_bps(static_cast<int64_t>(1 + Pick(20)) * 100'000'000);
    }
  }

  std::string AddService() {
    static const v1::ServiceType kTypes[] = {v1::E_LINE, v1::E_LAN, v1::E_TREE};
    const v1::ServiceType type = kTypes[Pick(3)];
    std::vector<std::string> nodes;
    const uint64_t count = type == v1::E_LINE ? 2 : 1 + Pick(5);
    for (uint64_t i = 0; i < count; ++i) nodes.push_back(PickNode());
    const std::string id = "s" + std::to_string(carrier_.next_vni);
    v1::Service& service = carrier_.AddService(id, type, nodes, "plain");
    service.set_class_map(PickClassMap());
    if (type == v1::E_TREE) {
      for (v1::ServiceEndpoint& endpoint : *service.mutable_endpoints()) {
        endpoint.set_role(Pick(2) == 0 ? v1::LEAF : v1::ROOT);
      }
    }
    // Now and then on the port of another.
    const v1::Service other = PickFrom(carrier_.intents.services)->second;
    if (Pick(3) == 0 && other.endpoints_size() > 0 && !other.name().ends_with(kMesh)) {
      service.mutable_endpoints(0)->set_site(other.endpoints(0).site());
      service.mutable_endpoints(0)->set_vlan(other.endpoints(0).vlan());
    }
    SetRates(&service);
    changes_.services.insert(service.name());
    for (const auto& endpoint : service.endpoints()) changes_.sites.insert(endpoint.site());
    return "a new " + service.name();
  }

  std::string ChangeService() {
    auto& services = carrier_.intents.services;
    if (services.size() < 3) return AddService();
    v1::Service& service = PickFrom(services)->second;
    const std::string name = service.name();
    if (name.ends_with(kMesh)) return ToggleLink();
    changes_.services.insert(name);
    switch (Pick(4)) {
      case 0:
        services.erase(name);
        return name + " deleted";
      case 1:
        service.set_class_map(PickClassMap());
        return name + " with another class map";
      case 2:
        SetRates(&service);
        return name + " with other rates";
      default:
        if (service.endpoints_size() > 1) service.mutable_endpoints()->RemoveLast();
        return name + " with an endpoint less";
    }
  }

  std::string ChangeSite() {
    auto& sites = carrier_.intents.sites;
    if (sites.empty()) return AddService();
    const auto site = PickFrom(sites);
    const std::string name = site->first;
    changes_.sites.insert(name);
    if (Pick(5) == 0 && name.find(kMesh) == std::string::npos) {
      sites.erase(site);
      return name + " deleted";
    }
    site->second.set_node("nodes/" + PickNode());
    return name + " moved";
  }

  std::string ChangeClassMap() {
    const std::string name = PickClassMap();
    v1::ClassMap& map = carrier_.intents.class_maps.at(name);
    static const char* const kClasses[] = {"swiss", "gold", "bulk", "shared"};
    map.set_default_class(std::string("trafficClasses/") + kClasses[Pick(4)]);
    changes_.class_maps.insert(name);
    return name;
  }

  std::string ToggleLink() {
    const std::string& link = snapshot_->links()[Pick(snapshot_->links().size())].name;
    if (carrier_.links_down.erase(link) == 0) carrier_.links_down.insert(link);
    return link;
  }

  // By somebody else than the plan: a re-optimisation, or a restored backup.
  std::string ChangeFacts() {
    switch (Pick(3)) {
      case 0:
        if (carrier_.placements.empty()) break;
        changes_.placements.insert(
            carrier_.placements.extract(PickFrom(carrier_.placements)).key());
        return "a placement gone";
      case 1: {
        if (carrier_.mesh_routes.empty()) break;
        const auto record = PickFrom(carrier_.mesh_routes);
        changes_.mesh_routes.insert(record->first);
        const std::string key = record->first;
        if (Pick(2) == 0) {
          carrier_.mesh_routes.erase(record);
        } else {
          record->second = PickFrom(carrier_.mesh_routes)->second;
        }
        return "other routes of " + key;
      }
      default: {
        if (carrier_.guarantees.empty()) break;
        const auto record = PickFrom(carrier_.guarantees);
        changes_.guarantees.insert(record->first);
        record->second.set_fingerprint(Pick(3));
        return "another guarantee of " + record->first;
      }
    }
    return ToggleLink();
  }

  std::string ChangeTopology() {
    changes_.all = true;
    v1::TrafficClass& traffic_class = carrier_.intents.traffic_classes.at("trafficClasses/shared");
    traffic_class.set_treatment(Pick(2) == 0 ? v1::PINNED : v1::MESH);
    carrier_.intents.traffic_classes.at("trafficClasses/bulk")
        .set_max_paths(static_cast<uint32_t>(Pick(5)));
    for (const LinkInfo& info : snapshot_->links()) {
      v1::Link& link = carrier_.network.Link(info.name);
      link.set_admin_state(Pick(20) == 0 ? v1::AVOID : v1::ENABLED);
      // Not what routes are chosen by: so the underlay goes its own ways.
      link.set_igp_metric(static_cast<uint32_t>(1 + Pick(40)));
    }
    snapshot_ = carrier_.network.Build();
    return "everything";
  }

  std::string Change() {
    switch (Pick(40)) {
      case 0:
        return ChangeTopology();
      case 1:
      case 2:
        return ChangeClassMap();
      case 3:
      case 4:
        return ChangeFacts();
      default:
        switch (Pick(5)) {
          case 0:
            return ChangeSite();
          case 1:
          case 2:
            return ToggleLink();
          case 3:
            return carrier_.intents.services.size() < 8 ? AddService() : ChangeService();
          default:
            return ChangeService();
        }
    }
  }

  void Store(const Plan& plan) {
    changes_ = PlanChanges();
    changes_.placements = {plan.changed_placements.begin(), plan.changed_placements.end()};
    changes_.placements.insert(plan.deleted_placements.begin(), plan.deleted_placements.end());
    for (const auto& [key, record] : plan.mesh_changes) changes_.mesh_routes.insert(key);
    for (const auto& [name, record] : plan.guarantee_changes) changes_.guarantees.insert(name);
    carrier_.placements = {plan.placements.begin(), plan.placements.end()};
    TakeOver(plan.mesh_changes, &carrier_.mesh_routes);
    TakeOver(plan.guarantee_changes, &carrier_.guarantees);
  }

  std::mt19937_64 random_{1};
  TestCarrier carrier_;
  std::shared_ptr<const Snapshot> snapshot_;
  PlanChanges changes_ = PlanChanges::All();
  Planner planner_;
};

TEST_F(PlannerTest, MakesWhatWouldBeMadeFromNothing) {
  const int changes = Changes(1'500);
  for (int i = 0; i < changes; ++i) {
    std::string what = Change();
    // A burst is one computation.
    while (Pick(4) == 0) what += " and " + Change();
    what = std::to_string(i) + ": " + what;
    const Plan made = planner_.Make(Input(), changes_);
    ASSERT_NO_FATAL_FAILURE(ExpectSame(made, MakePlan(Input()), what));
    if (Pick(20) == 0) {
      // It could not be stored.
      changes_ = PlanChanges::All();
    } else {
      Store(made);
    }
  }
  for (const char* node : {"services", "underlay", "mesh routes", "policies", "objects"}) {
    const Planner::Runs& runs = planner_.runs().at(node);
    EXPECT_GT(runs.incremental, runs.full) << node;
  }
}

TEST_F(PlannerTest, ALinkDownConcernsPairsThatCrossItOrFollowAnotherUnderlay) {
  for (const LinkInfo& link : snapshot_->links()) {
    carrier_.links_down.clear();
    carrier_.mesh_routes.clear();
    Planner planner;
    Store(planner.Make(Input(), PlanChanges::All()));
    const Plan before = planner.Make(Input(), changes_);
    Store(before);
    carrier_.links_down = {link.name};
    const Plan after = planner.Make(Input(), changes_);
    const auto crosses = [&](const v1::Path& path) {
      return std::any_of(path.links().begin(), path.links().end(), [&](const std::string& it) {
        return it == link.name || it == snapshot_->link(link.reverse).name;
      });
    };
    size_t same = 0;
    for (const auto& [name, policy] : before.policies) {
      const v1::Policy message = policy->Message();
      const auto& working = message.working();
      const auto& now = after.policies.at(name);
      same += now == policy;
      if (std::any_of(working.begin(), working.end(), crosses)) {
        EXPECT_NE(now, policy) << link.name << ": " << name;
      } else if (now != policy) {
        // For the sake of its segments.
        EXPECT_NE(now->Message().SerializeAsString(), message.SerializeAsString()) << name;
      }
    }
    EXPECT_GT(same, before.policies.size() / 4) << link.name;
    EXPECT_EQ(planner.runs().at("mesh routes").full, 1);
    EXPECT_EQ(planner.runs().at("mesh routes").incremental, 1);
  }
}

// Where all stands, a service that comes, goes or changes its rates concerns its own demands alone,
// but for what they slow down, and for what is refused, which must stay refused in the same words.
TEST_F(PlannerTest, PlacesWhatHasChangedAlone) {
  carrier_.network.Node("alp", "CH");
  carrier_.network.Fibre("zrh", "alp", 300, 3);
  snapshot_ = carrier_.network.Build();
  v1::TrafficClass& swift = carrier_.intents.traffic_classes["trafficClasses/swift"];
  swift = carrier_.intents.traffic_classes.at("trafficClasses/swiss");
  swift.set_name("trafficClasses/swift");
  swift.set_class_index(5);
  swift.set_dscp(40);
  swift.set_queue(5);
  swift.set_max_latency_ns(12'000'000);
  v1::ClassMap& map = carrier_.intents.class_maps["customers/c/classMaps/swift"];
  map.set_name("customers/c/classMaps/swift");
  map.set_default_class("trafficClasses/swift");
  const auto line = [&](const std::string& id, const std::string& from, const std::string& to,
                        const std::string& of, int64_t bps) {
    v1::Service& service = carrier_.AddService(id, v1::E_LINE, {from, to}, of);
    v1::ClassRate* rate = service.add_rates();
    rate->set_traffic_class("trafficClasses/" + (of == "bank" ? "swiss" : of));
    rate->set_cir_bps(bps);
    changes_.services.insert(service.name());
    for (const auto& endpoint : service.endpoints()) changes_.sites.insert(endpoint.site());
  };
  // Behind one fibre there is no protection.
  line("refused", "alp", "gva", "bank", 50'000'000);
  line("swift", "zrh", "ber", "swift", 50'000'000);
  int64_t raised = 0;  // rates that were changed in place
  const int changes = Changes(150);
  for (int i = 0; i < changes; ++i) {
    auto& services = carrier_.intents.services;
    std::string what;
    do {
      const uint64_t kind = Pick(10);
      if (services.size() < 6 || (kind < 4 && services.size() < 30)) {
        static const char* const kMaps[] = {"bank", "gold", "shared", "swift"};
        static const char* const kNodes[] = {"zrh", "gva", "ber"};
        const std::string id = "s" + std::to_string(carrier_.next_vni);
        const uint64_t from = Pick(3);
        const bool refused = Pick(8) == 0;
        line(id, refused ? "alp" : kNodes[from], kNodes[(from + 1 + Pick(2)) % 3],
             refused ? "bank" : kMaps[Pick(4)],
             static_cast<int64_t>(1 + Pick(Pick(8) == 0 ? 2'000 : 20)) * 1'000'000);
        what += " " + id + " comes";
        continue;
      }
      const auto picked = PickFrom(services);
      // Of those that are refused seldom any goes.
      if (Pick(5) != 0 &&
          (picked->first.ends_with("refused") || picked->first.ends_with("swift"))) {
        continue;
      }
      what += " " + picked->first;
      changes_.services.insert(picked->first);
      if (kind < 7) {
        services.erase(picked);
        what += " goes";
      } else if (kind == 7) {
        picked->second.set_class_map("customers/c/classMaps/plain");
        what += " is pinned no more";
      } else if (picked->second.rates_size() > 0) {
        const auto cir = static_cast<int64_t>(1 + Pick(40)) * 1'000'000;
        picked->second.mutable_rates(0)->set_cir_bps(cir);
        what += " at " + std::to_string(cir);
      }
    } while (Pick(4) == 0);
    if (!carrier_.links_down.empty()) {
      carrier_.links_down.clear();
      what += " with all links up";
    } else if (Pick(40) == 0) {
      what += " without " + ToggleLink();
    }
    if (Pick(40) == 0) what += ChangeFacts();
    const int64_t alone =
        planner_.runs().contains("pinned") ? planner_.runs().at("pinned").incremental : 0;
    const std::map<std::string, stored::v1::Placement> before = carrier_.placements;
    const Plan made = planner_.Make(Input(), changes_);
    ASSERT_NO_FATAL_FAILURE(ExpectSame(made, MakePlan(Input()), std::to_string(i) + what));
    Store(made);
    if (planner_.runs().at("pinned").incremental == alone) continue;
    for (const auto& [name, placement] : made.placements) {
      const auto old = before.find(name);
      raised += old != before.end() && old->second.reserved_bps() != placement.reserved_bps();
    }
  }
  const Planner::Runs& runs = planner_.runs().at("pinned");
  EXPECT_GT(raised, 0);
  EXPECT_GT(runs.incremental, runs.full);
}

TEST_F(PlannerTest, LooksOnlyAtWhatAChangeConcerns) {
  for (const char* id : {"a", "b"}) {
    carrier_.AddService(id, v1::E_LAN, {"zrh", "gva", "ber"}, "plain");
  }
  Plan plan = planner_.Make(Input(), PlanChanges::All());
  Store(plan);
  plan = planner_.Make(Input(), changes_);
  Store(plan);
  const auto before = planner_.runs();
  // Its pairs have policies already.
  carrier_.AddService("c", v1::E_LAN, {"zrh", "gva"}, "plain");
  changes_.services.insert("customers/c/services/c");
  const Plan next = planner_.Make(Input(), changes_);
  EXPECT_EQ(next.services.size(), 4u);
  for (const auto& [node, runs] : planner_.runs()) {
    const bool runs_once = node == "services" || node == "objects";
    EXPECT_EQ(runs.full, before.at(node).full) << node;
    EXPECT_EQ(runs.incremental, before.at(node).incremental + (runs_once ? 1 : 0)) << node;
  }
  // What did not change is not even copied.
  size_t visits = 0;
  decltype(plan.policies)::ForEachUnshared(plan.policies, next.policies,
                                           [&](const auto&...) { ++visits; });
  EXPECT_EQ(visits, 0u);
  EXPECT_EQ(plan.objects.at("ber").digest(), next.objects.at("ber").digest());
}

}  // namespace
}  // namespace waymark
