#include "controller/plan/mesh.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "controller/compute/search_graph.h"
#include "controller/plan/demands.h"
#include "controller/plan/mesh_codec.h"
#include "controller/plan/paths.h"
#include "controller/plan/test_carrier.h"

namespace waymark {
namespace {

class MeshTest : public testing::Test {
 protected:
  MeshTest() { carrier_.AddService("plain", v1::E_LAN, {"zrh", "lon", "par"}, "plain"); }

  static std::vector<std::string> Paths(const Plan& plan, const std::string& policy) {
    std::vector<std::string> paths;
    const v1::Policy made = plan.policies.at(policy)->Message();
    for (const v1::Path& path : made.working()) {
      paths.push_back(TestCarrier::Hops(path) + " " + std::to_string(path.weight()));
    }
    return paths;
  }
  // Stores these routes from zrh to lon, by node ids and weight, and nothing else of zrh's.
  void Store(const std::vector<std::pair<std::vector<std::string>, int32_t>>& routes) {
    const auto snapshot = carrier_.network.Build();
    HeadendRoutes headend;
    headend.endpoints.push_back(*snapshot->FindNode("nodes/lon"));
    for (const auto& [nodes, weight] : routes) {
      std::vector<int32_t> links;
      for (size_t i = 0; i + 1 < nodes.size(); ++i) {
        links.push_back(Index(*snapshot->FindLink("links/" + nodes[i] + "--" + nodes[i + 1])));
      }
      headend.routes.AddRoute(links, weight);
    }
    headend.routes.EndDemand();
    carrier_.mesh_routes["bulk:zrh"] = MeshCodec(*snapshot).Encode(headend);
  }

  TestCarrier carrier_;
  const std::string policy_ = "policies/zrh:3:lon";
};

TEST_F(MeshTest, RoutesAreStoredAndThenStand) {
  const Plan first = carrier_.Commit();
  EXPECT_EQ(first.mesh_changes.size(), 3u);
  EXPECT_EQ(carrier_.mesh_routes.size(), 3u);
  for (uint32_t shuffle = 0; shuffle < 4; ++shuffle) {
    const Plan again = carrier_.MakePlan(shuffle);
    EXPECT_TRUE(again.mesh_changes.empty());
    EXPECT_EQ(Paths(again, policy_), Paths(first, policy_));
  }
}

TEST_F(MeshTest, WhatIsStoredStaysThoughTheNetworkOffersBetter) {
  Store({{{"zrh", "gva", "par", "lon"}, 60}, {{"zrh", "fra", "lon"}, 4}});
  const std::vector<std::string> stored = {"zrh gva par lon 60", "zrh fra lon 4"};
  EXPECT_EQ(Paths(carrier_.Commit(), policy_), stored);
  carrier_.network.Fibre("zrh", "lon", 10, 1);
  carrier_.network.Node("aaa", "CH");
  const Plan plan = carrier_.MakePlan();
  EXPECT_EQ(Paths(plan, policy_), stored);
  EXPECT_TRUE(plan.mesh_changes.empty());
}

TEST_F(MeshTest, WhatIsLostGoesOverAnotherPathAtOnceAndTheRestStays) {
  Store({{{"zrh", "gva", "par", "lon"}, 60}, {{"zrh", "fra", "lon"}, 4}});
  carrier_.links_down = {"links/par--gva"};
  const std::vector<std::string> mended = {"zrh fra lon 4", "zrh par lon 60"};
  EXPECT_EQ(Paths(carrier_.Commit(), policy_), mended);
  // And stays when the link is back.
  carrier_.links_down.clear();
  EXPECT_EQ(Paths(carrier_.MakePlan(), policy_), mended);
  // Nothing but what it has is left: the survivor carries.
  carrier_.links_down = {"links/par--lon"};
  EXPECT_EQ(Paths(carrier_.MakePlan(), policy_), std::vector<std::string>({"zrh fra lon 4"}));
}

TEST_F(MeshTest, NeverOverAForbiddenPlaceHoweverStored) {
  Store({{{"zrh", "par", "lon"}, 32}, {{"zrh", "fra", "lon"}, 32}});
  carrier_.intents.traffic_classes.at("trafficClasses/bulk").add_forbidden_jurisdictions("DE");
  for (const std::string& path : Paths(carrier_.MakePlan(), policy_)) {
    EXPECT_EQ(path.find("fra"), std::string::npos) << path;
  }
  carrier_.intents.traffic_classes.at("trafficClasses/bulk").set_max_delay_ns(5'500'000);
  EXPECT_EQ(Paths(carrier_.MakePlan(), policy_), std::vector<std::string>({"zrh par lon 32"}));
  carrier_.intents.traffic_classes.at("trafficClasses/bulk").set_max_delay_ns(1'000'000);
  const Plan plan = carrier_.Commit();
  EXPECT_TRUE(plan.policies.at(policy_)->blocked());
  EXPECT_TRUE(Paths(plan, policy_).empty());
}

TEST_F(MeshTest, FewerPathsKeepTheHeaviestAndMaintenanceIsLeft) {
  Store({{{"zrh", "par", "lon"}, 8},
         {{"zrh", "gva", "par", "lon"}, 36},
         {{"zrh", "fra", "lon"}, 20}});
  carrier_.intents.traffic_classes.at("trafficClasses/bulk").set_max_paths(2);
  EXPECT_EQ(Paths(carrier_.Commit(), policy_),
            std::vector<std::string>({"zrh gva par lon 36", "zrh fra lon 20"}));
  carrier_.network.Link("links/fra--lon").set_admin_state(v1::AVOID);
  EXPECT_EQ(Paths(carrier_.Commit(), policy_),
            std::vector<std::string>({"zrh gva par lon 36", "zrh par lon 20"}));
  // Where nothing else is left, it carries.
  carrier_.network.Link("links/par--lon").set_admin_state(v1::FORBID);
  EXPECT_EQ(Paths(carrier_.MakePlan(), policy_).front().substr(0, 11), "zrh fra lon");
}

TEST_F(MeshTest, RecordsThatAreWrongOrOfNobodyAreReplaced) {
  const Plan fresh = carrier_.MakePlan();
  for (int damage = 0; damage < 7; ++damage) {
    Store({{{"zrh", "gva", "par", "lon"}, 60}, {{"zrh", "fra", "lon"}, 4}});
    stored::v1::MeshRoutes& record = carrier_.mesh_routes.at("bulk:zrh");
    if (damage == 0) record.add_sids(1);
    if (damage == 1) record.set_weights(0, 0);
    if (damage == 2) record.set_hops(1, 1u << 31);
    if (damage == 3) record.set_endpoints(0, 0xffffffff);
    if (damage == 4) record.set_routes(0, 4'000'000'000);
    if (damage == 5) record.clear_weights();
    if (damage == 6) {
      // Routes that do not lead there.
      for (int i = 0; i < record.sids_size(); ++i) record.set_sids(i, record.sids(0));
    }
    const Plan plan = carrier_.MakePlan();
    EXPECT_EQ(Paths(plan, policy_), Paths(fresh, policy_)) << damage;
    EXPECT_TRUE(plan.mesh_changes.contains("bulk:zrh"));
  }
  carrier_.mesh_routes["bulk:fra"] = carrier_.mesh_routes.at("bulk:zrh");
  carrier_.mesh_routes["gone:zrh"] = carrier_.mesh_routes.at("bulk:zrh");
  const Plan plan = carrier_.MakePlan();
  EXPECT_EQ(plan.mesh_changes.at("bulk:fra"), std::nullopt);
  EXPECT_EQ(plan.mesh_changes.at("gone:zrh"), std::nullopt);
}

TEST_F(MeshTest, OnePairMoreChangesOneRecordOfEachEnd) {
  carrier_.Commit();
  carrier_.AddService("more", v1::E_LINE, {"zrh", "ber"}, "plain");
  const Plan plan = carrier_.MakePlan();
  EXPECT_EQ(plan.mesh_changes.size(), 2u);
  EXPECT_TRUE(plan.mesh_changes.contains("bulk:zrh"));
  EXPECT_TRUE(plan.mesh_changes.contains("bulk:ber"));
}

// Networks of random shape, classes with random constraints, links that fail and come back: what
// stands stays, nothing is forbidden, and equal input gives equal routes.
class MeshRandomTest : public testing::TestWithParam<uint32_t> {
 protected:
  int Pick(int n) { return static_cast<int>(random_() % static_cast<uint32_t>(n)); }

  void Make() {
    const auto shape = RandomNetwork(random_, 9, 30);
    snapshot_ = shape;
    for (uint32_t i = 1; i <= 3; ++i) {
      const std::string id = "c" + std::to_string(i);
      v1::TrafficClass& made = intents_.traffic_classes["trafficClasses/" + id];
      made.set_name("trafficClasses/" + id);
      made.set_class_index(i);
      made.set_treatment(v1::MESH);
      made.set_max_paths(static_cast<uint32_t>(Pick(9)));
      if (Pick(2) == 0) made.set_max_hops(static_cast<uint32_t>(2 + Pick(4)));
      if (Pick(2) == 0) made.set_max_delay_ns(3'000'000 + Pick(9'000'000));
      const auto codes = shape->jurisdiction_codes();
      if (Pick(2) == 0 && !codes.empty()) {
        made.add_forbidden_jurisdictions(
            codes[static_cast<size_t>(Pick(static_cast<int>(codes.size())))]);
      }
      v1::ClassMap& map = intents_.class_maps["customers/c/classMaps/" + id];
      map.set_name("customers/c/classMaps/" + id);
      map.set_default_class(made.name());
      v1::Service& service = intents_.services["customers/c/services/" + id];
      service.set_name("customers/c/services/" + id);
      service.set_type(v1::E_LAN);
      service.set_class_map(map.name());
      service.set_vni(0x100 + i);
      for (const NodeInfo& node : shape->nodes()) {
        v1::Site& site = intents_.sites[service.name() + node.name];
        site.set_name(service.name() + node.name);
        site.set_node(node.name);
        site.set_port("c1");
        v1::ServiceEndpoint* endpoint = service.add_endpoints();
        endpoint->set_site(site.name());
        endpoint->set_vlan(service.vni());
      }
    }
  }
  Plan MakePlan() const {
    return waymark::MakePlan({*snapshot_, intents_, links_down_, {}, {}, &routes_});
  }

  using Route = std::pair<std::vector<std::string>, uint32_t>;
  static std::vector<Route> RoutesOf(const PlannedPolicy& planned) {
    std::vector<Route> routes;
    const v1::Policy message = planned.Message();
    for (const v1::Path& path : message.working()) {
      routes.emplace_back(std::vector<std::string>(path.links().begin(), path.links().end()),
                          path.weight());
    }
    return routes;
  }
  // By the rules of the class alone.
  bool Allowed(const v1::TrafficClass& made, const Route& route) const {
    const PathConstraints constraints = ConstraintsOf(made, 0);
    int64_t delay = 0;
    for (const std::string& name : route.first) {
      const LinkId id = *snapshot_->FindLink(name);
      const LinkInfo& link = snapshot_->link(id);
      delay += link.delay_ns;
      if (!LinkMeets(*snapshot_, constraints, id) ||
          !NodeMeets(*snapshot_, constraints, link.source) ||
          !NodeMeets(*snapshot_, constraints, link.target) || links_down_.contains(name) ||
          link.admin == v1::FORBID ||
          (link.reverse != LinkId::kNone &&
           links_down_.contains(snapshot_->link(link.reverse).name))) {
        return false;
      }
    }
    return (made.max_delay_ns() == 0 || delay <= made.max_delay_ns()) &&
           route.first.size() <= static_cast<size_t>(constraints.max_hops);
  }

  bool Avoided(const Route& route) const {
    return std::any_of(route.first.begin(), route.first.end(), [&](const std::string& name) {
      const LinkInfo& link = snapshot_->link(*snapshot_->FindLink(name));
      return link.admin == v1::AVOID || snapshot_->node(link.source).admin == v1::AVOID ||
             snapshot_->node(link.target).admin == v1::AVOID;
    });
  }

  std::mt19937 random_{GetParam()};
  std::shared_ptr<const Snapshot> snapshot_;
  Intents intents_;
  std::set<std::string> links_down_;
  std::map<std::string, stored::v1::MeshRoutes> routes_;
};

TEST_P(MeshRandomTest, NothingForbiddenAndWhatStandsStays) {
  Make();
  std::map<std::string, std::vector<Route>> before;
  size_t kept = 0;
  for (int step = 0; step < 12; ++step) {
    if (step > 0) {
      links_down_.clear();
      for (int i = Pick(4); i > 0; --i) {
        const auto links = snapshot_->links();
        links_down_.insert(links[static_cast<size_t>(Pick(static_cast<int>(links.size())))].name);
      }
    }
    const Plan plan = MakePlan();
    TakeOver(plan.mesh_changes, &routes_);
    const Plan again = MakePlan();
    EXPECT_TRUE(again.mesh_changes.empty());
    for (const auto& [name, planned] : plan.policies) {
      const v1::TrafficClass& made = intents_.traffic_classes.at(planned->traffic_class);
      const std::vector<Route> routes = RoutesOf(*planned);
      EXPECT_EQ(routes.empty(), planned->blocked());
      EXPECT_LE(routes.size(), made.max_paths() == 0 ? 4u : std::min(made.max_paths(), 8u));
      for (const Route& route : routes) EXPECT_TRUE(Allowed(made, route)) << name;
      for (const Route& route : before[name]) {
        // What is in gentle maintenance is left as soon as there is another way.
        if (!Allowed(made, route) || Avoided(route)) continue;
        ++kept;
        EXPECT_NE(std::find(routes.begin(), routes.end(), route), routes.end()) << name;
      }
      EXPECT_EQ(RoutesOf(*again.policies.at(name)), routes);
      before[name] = routes;
    }
  }
  EXPECT_GT(kept, 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, MeshRandomTest, testing::Range(1u, 21u));

}  // namespace
}  // namespace waymark
