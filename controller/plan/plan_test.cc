#include "controller/plan/plan.h"

#include <gtest/gtest.h>

#include "controller/base/srv6.h"
#include "controller/plan/test_carrier.h"

namespace waymark {
namespace {

using southbound::v1::Object;

std::string Bytes(const Plan& plan) {
  std::string bytes;
  for (const auto& [name, policy] : plan.policies) {
    bytes += name + policy->headend_id + policy->object_key + policy->Message().SerializeAsString();
  }
  for (const auto& [name, placement] : plan.placements) {
    bytes += name + placement.SerializeAsString();
  }
  for (const auto& [node, table] : plan.objects) {
    for (const auto& [key, entry] : table.entries()) {
      bytes += node + key + CanonicalBytes(*entry.object);
    }
  }
  for (const auto& [name, service] : plan.services) {
    bytes += name + service->status.SerializeAsString();
    for (const auto& [node, key] : service->objects) bytes += node + key;
    for (const uint32_t color : service->colors) bytes += std::to_string(color) + ",";
    bytes += std::to_string(std::distance(service->pairs.begin(), service->pairs.end()));
  }
  return bytes;
}

void AddEverything(TestCarrier* carrier) {
  carrier->AddService("bank", v1::E_LINE, {"zrh", "gva"}, "bank");
  carrier->AddService("lan", v1::E_LAN, {"zrh", "lon", "par", "fra"}, "bank");
  carrier->AddService("plain", v1::E_LAN, {"gva", "lon", "ber"}, "plain");
  carrier->AddService("call", v1::E_LINE, {"fra", "par"}, "gold");
}

TEST(PlanTest, ShuffledInputGivesTheSameBytes) {
  TestCarrier carrier;
  AddEverything(&carrier);
  const std::string expected = Bytes(carrier.MakePlan());
  for (uint32_t seed = 1; seed <= 10; ++seed) {
    EXPECT_EQ(Bytes(carrier.MakePlan(seed)), expected);
  }
}

std::string SwitchOf(const Plan& plan, uint32_t node_sid) {
  for (const auto& [node, table] : plan.objects) {
    if (table.Find("node:")->node().node_sid() == node_sid) return node;
  }
  return "";
}

// The switches that a packet with this uSID goes to from `at`, by their link and route objects.
std::vector<std::string> Follow(const Plan& plan, std::string at, uint32_t sid) {
  std::vector<std::string> taken;
  if (sid <= kMaxNodeSid) {
    const std::string end = SwitchOf(plan, sid);
    while (at != end && taken.size() < plan.objects.size()) {
      const ObjectTable& table = plan.objects.at(at);
      const Object* route = table.Find("route:" + std::to_string(sid));
      if (route == nullptr) return {};
      const Object* link = table.Find("link:" + route->route().links(0));
      taken.push_back(at = SwitchOf(plan, link->link().neighbor_sid()));
    }
    return taken;
  }
  for (const auto& [key, entry] : plan.objects.at(at).entries()) {
    if (entry.object->has_link() && entry.object->link().adjacency_sid() == sid) {
      taken.push_back(SwitchOf(plan, entry.object->link().neighbor_sid()));
    }
  }
  return taken;
}

// What the packet will do: unpack the carriers, and follow each uSID through the objects of the
// switches.
TEST(PlanTest, PackedSidsDecodeToThePathAndNeverTouchAForbiddenPlace) {
  TestCarrier carrier;
  AddEverything(&carrier);
  const Plan plan = carrier.Commit();
  const std::set<std::string> swiss = {"zrh", "gva", "ber"};
  const auto walk = [&](const std::string& start, const auto& sids, bool only_swiss) {
    const std::vector<uint32_t> list(sids.begin(), sids.end());
    std::string at = start, hops = start;
    EXPECT_TRUE(!only_swiss || swiss.contains(at));
    for (const Ipv6& packed : PackCarriers(list)) {
      for (int slot = 2; slot < 8; ++slot) {
        const uint32_t sid = packed[slot * 2] << 8 | packed[slot * 2 + 1];
        if (sid == 0) continue;
        const std::vector<std::string> taken = Follow(plan, at, sid);
        EXPECT_FALSE(taken.empty()) << at << " has no way to " << sid;
        for (const std::string& next : taken) {
          at = next;
          hops += " " + at;
          EXPECT_TRUE(!only_swiss || swiss.contains(at)) << hops;
        }
      }
    }
    return hops;
  };
  int lists = 0;
  for (const auto& named : plan.policies) {
    const PlannedPolicy& planned = *named.second;
    const auto& object = plan.objects.at(planned.headend_id).Find(planned.object_key)->policy();
    const bool only_swiss = planned.Message().traffic_class() == "trafficClasses/swiss";
    ASSERT_EQ(object.working_size(), planned.Message().working_size());
    const auto check = [&](const southbound::v1::SegmentList& list, const v1::Path& path) {
      ++lists;
      const std::string hops = walk(planned.headend_id, list.sids(), only_swiss);
      EXPECT_EQ(hops, TestCarrier::Hops(path));
      EXPECT_EQ(walk(hops.substr(hops.rfind(' ') + 1), list.probe_return_sids(), only_swiss), [&] {
        std::string back;
        for (int i = path.nodes_size() - 1; i >= 0; --i) {
          back += (back.empty() ? "" : " ") + std::string(ResourceId(path.nodes(i)));
        }
        return back;
      }());
    };
    for (int i = 0; i < object.working_size(); ++i) {
      check(object.working(i), planned.Message().working(i));
    }
    if (object.has_protect()) check(object.protect(), planned.Message().protect());
    EXPECT_EQ(planned.Message().binding_sid(),
              ToString(BindingSid(object.endpoint_sid(), object.color())));
  }
  EXPECT_GT(lists, 20);
}

TEST(PlanTest, MeshPoliciesAreSharedAndPinnedOnesAreNot) {
  TestCarrier carrier;
  carrier.AddService("one", v1::E_LINE, {"zrh", "lon"}, "plain");
  carrier.AddService("two", v1::E_LAN, {"zrh", "lon"}, "plain");
  const Plan plan = carrier.MakePlan();
  EXPECT_EQ(plan.policies.size(), 2u);
  const v1::Policy policy = plan.policies.at("policies/zrh:3:lon")->Message();
  EXPECT_EQ(policy.service(), "");
  EXPECT_GE(policy.working_size(), 2);
  EXPECT_TRUE(plan.placements.empty());
  for (const char* id : {"one", "two"}) {
    const ServicePlan& service = *plan.services.at(std::string("customers/c/services/") + id);
    EXPECT_EQ(service.colors, std::vector<uint32_t>{Color(0, 3)});
    EXPECT_EQ(std::distance(service.pairs.begin(), service.pairs.end()), 2);
  }
}

TEST(PlanTest, ObjectsOfAService) {
  TestCarrier carrier;
  carrier.AddService("lan", v1::E_LAN, {"zrh", "lon", "par"}, "bank");
  const Plan plan = carrier.MakePlan();
  const Object* instance = plan.objects.at("zrh").Find("instance:256");
  ASSERT_NE(instance, nullptr);
  EXPECT_EQ(instance->instance().type(), southbound::v1::INSTANCE_E_LAN);
  EXPECT_EQ(instance->instance().remote_sids_size(), 2);
  const Object* attachment = plan.objects.at("zrh").Find("attachment:c1:256");
  ASSERT_NE(attachment, nullptr);
  EXPECT_EQ(attachment->attachment().classes_size(), 2);
  EXPECT_EQ(attachment->attachment().classes(0).dscp(), 46u);
  EXPECT_EQ(attachment->attachment().classes(0).color(), Color(256, 1));
  EXPECT_EQ(attachment->attachment().classes(1).pcp(), 5u);
  EXPECT_EQ(attachment->attachment().default_color(), Color(0, 3));
  // One instance and attachment a node, and six policies in each of three classes.
  const ServicePlan& lan = *plan.services.at("customers/c/services/lan");
  EXPECT_EQ(lan.objects.size(), 6u);
  std::set<std::pair<uint32_t, std::pair<NodeId, NodeId>>> its, planned;
  for (const uint32_t color : lan.colors) {
    for (const auto& [pair, endpoints] : lan.pairs) its.emplace(color, pair);
  }
  EXPECT_EQ(its.size(), 18u);
  for (const auto& [name, policy] : plan.policies) {
    planned.emplace(policy->color, policy->pair);
  }
  EXPECT_EQ(its, planned);
}

TEST(PlanTest, EndpointsOnOneNodeNeedNoPolicy) {
  TestCarrier carrier;
  carrier.AddService("local", v1::E_LINE, {"zrh", "zrh"}, "bank");
  const Plan plan = carrier.MakePlan();
  EXPECT_TRUE(plan.policies.empty());
  EXPECT_EQ(plan.objects.at("zrh").Find("instance:256")->instance().remote_sids_size(), 0);
  EXPECT_NE(plan.objects.at("zrh").Find("attachment:c2:256"), nullptr);
}

TEST(PlanTest, SeveralSitesOnANodeHoldTheSumOfTheirRates) {
  TestCarrier carrier;
  carrier.AddService("lan", v1::E_LAN, {"zrh", "zrh", "lon"}, "gold");
  carrier.SetRate("lan", "gold", 1'000'000'000);
  EXPECT_EQ(
      carrier.MakePlan().policies.at(PolicyName("zrh", 0x10002, "lon"))->Message().reserved_bps(),
      2'000'000'000);
}

TEST(PlanTest, TreeLeavesReachRootsOnly) {
  TestCarrier carrier;
  v1::Service& tree = carrier.AddService("tree", v1::E_TREE, {"zrh", "lon", "par"}, "plain");
  tree.mutable_endpoints(1)->set_role(v1::LEAF);
  tree.mutable_endpoints(2)->set_role(v1::LEAF);
  const Plan plan = carrier.MakePlan();
  EXPECT_EQ(plan.objects.at("zrh").Find("instance:256")->instance().remote_sids_size(), 2);
  EXPECT_EQ(plan.objects.at("lon").Find("instance:256")->instance().remote_sids_size(), 1);
  EXPECT_TRUE(plan.objects.at("lon").Find("attachment:c2:256")->attachment().leaf());
  EXPECT_FALSE(plan.policies.contains("policies/lon:3:par"));
  EXPECT_EQ(plan.policies.size(), 4u);
}

TEST(PlanTest, ServicesThatCannotBeAreBlockedWithoutObjects) {
  struct Case {
    const char* reason;
    std::function<void(TestCarrier&)> make;
  };
  const std::vector<Case> cases = {
      {"exactly two endpoints",
       [](TestCarrier& c) {
         c.AddService("s", v1::E_LINE, {"zrh", "lon", "par"}, "plain");
       }},
      {"at least two", [](TestCarrier& c) { c.AddService("s", v1::E_LAN, {"zrh"}, "plain"); }},
      {"roots and leaves",
       [](TestCarrier& c) {
         c.AddService("s", v1::E_TREE, {"zrh", "zrh", "par"}, "plain")
             .mutable_endpoints(1)
             ->set_role(v1::LEAF);
       }},
      {"at least one root",
       [](TestCarrier& c) {
         v1::Service& s = c.AddService("s", v1::E_TREE, {"zrh", "par"}, "plain");
         for (auto& endpoint : *s.mutable_endpoints()) endpoint.set_role(v1::LEAF);
       }},
      {"not in the topology",
       [](TestCarrier& c) {
         c.AddService("s", v1::E_LAN, {"zrh", "atlantis"}, "plain");
       }},
      {"class map",
       [](TestCarrier& c) {
         c.AddService("s", v1::E_LAN, {"zrh", "lon"}, "none");
       }},
      {"traffic class",
       [](TestCarrier& c) {
         c.AddService("s", v1::E_LAN, {"zrh", "lon"}, "plain");
         c.intents.traffic_classes.erase("trafficClasses/bulk");
       }},
      {"sites/s-1 does not exist",
       [](TestCarrier& c) {
         c.AddService("s", v1::E_LAN, {"zrh", "lon"}, "plain");
         c.intents.sites.erase("customers/c/sites/s-1");
       }},
      {"identifier",
       [](TestCarrier& c) {
         c.AddService("s", v1::E_LAN, {"zrh", "lon"}, "plain").set_vni(0);
       }},
      {"is taken",
       [](TestCarrier& c) {
         c.AddService("a", v1::E_LAN, {"zrh", "lon"}, "plain");
         c.next_vni--;
         c.AddService("s", v1::E_LAN, {"zrh", "par"}, "plain");
       }},
  };
  for (const Case& c : cases) {
    TestCarrier carrier;
    c.make(carrier);
    const Plan plan = carrier.MakePlan();
    const ServicePlan& service = *plan.services.at("customers/c/services/s");
    EXPECT_EQ(service.status.state(), v1::BLOCKED) << c.reason;
    EXPECT_NE(service.status.reason().find(c.reason), std::string::npos) << service.status.reason();
    EXPECT_TRUE(service.objects.empty());
    EXPECT_TRUE(service.colors.empty());
  }
}

// A node segment follows the underlay wherever that leads: only packets that may go anywhere get
// one.
TEST(PlanTest, OnlyAMeshThatMayGoAnywhereHasNodeSegments) {
  const auto node_sids = [](const std::function<void(v1::TrafficClass&)>& restrict) {
    TestCarrier carrier;
    carrier.AddService("lan", v1::E_LAN, {"ber", "zrh", "lon", "gva"}, "plain");
    restrict(carrier.intents.traffic_classes.at("trafficClasses/bulk"));
    int nodes = 0;
    const Plan plan = carrier.MakePlan();
    for (const auto& [name, planned] : plan.policies) {
      const auto& object = plan.objects.at(planned->headend_id).Find(planned->object_key)->policy();
      EXPECT_GT(object.working_size(), 0) << name;
      for (int i = 0; i < object.working_size(); ++i) {
        const auto& sids = object.working(i).sids();
        const std::vector<uint32_t>& told = planned->working[static_cast<size_t>(i)].sids;
        EXPECT_TRUE(std::equal(sids.begin(), sids.end(), told.begin(), told.end()));
        EXPECT_GT(sids[0], kMaxNodeSid) << "the headend must notice the loss of its own link";
        for (const uint32_t sid : sids) nodes += sid <= kMaxNodeSid;
        for (const uint32_t sid : object.working(i).probe_return_sids()) {
          EXPECT_GT(sid, kMaxNodeSid);
        }
      }
    }
    return nodes;
  };
  EXPECT_GT(node_sids([](v1::TrafficClass&) {}), 5);
  const std::vector<std::function<void(v1::TrafficClass&)>> restrictions = {
      [](v1::TrafficClass& c) { c.set_max_delay_ns(1'000'000'000); },
      [](v1::TrafficClass& c) { c.set_max_hops(9); },
      [](v1::TrafficClass& c) {
        for (const char* place : {"CH", "DE", "FR", "GB"}) c.add_allowed_jurisdictions(place);
      },
      [](v1::TrafficClass& c) { c.add_forbidden_jurisdictions("US"); },
      [](v1::TrafficClass& c) { c.add_forbidden_providers("gamma"); },
      [](v1::TrafficClass& c) { c.add_exclude("slow"); },
  };
  for (size_t i = 0; i < restrictions.size(); ++i) {
    EXPECT_EQ(node_sids(restrictions[i]), 0) << i;
  }
}

TEST(PlanTest, MeshGoesAroundWhatIsDown) {
  TestCarrier carrier;
  carrier.AddService("plain", v1::E_LINE, {"zrh", "lon"}, "plain");
  carrier.links_down = {"links/lon--par"};
  const Plan plan = carrier.MakePlan();
  const v1::Policy policy = plan.policies.at("policies/zrh:3:lon")->Message();
  ASSERT_GE(policy.working_size(), 1);
  for (const v1::Path& path : policy.working()) {
    EXPECT_EQ(TestCarrier::Hops(path).find("par lon"), std::string::npos);
  }
}

}  // namespace
}  // namespace waymark
