#include "controller/engine/resources.h"

#include <gtest/gtest.h>

#include "controller/base/event_loop.h"
#include "controller/engine/engine_testing.h"
#include "controller/store/memory_store.h"

namespace waymark {
namespace {

class ResourcesTest : public testing::Test {
 protected:
  bool Relevant(const std::string& key, std::optional<std::string> value) {
    bool relevant = false;
    const ChangeSet changes = {++revision_, absl::UnixEpoch(), {{key, std::move(value), false}}};
    EXPECT_TRUE(resources_.Apply(changes, &relevant).ok());
    return relevant;
  }
  static std::string Placed(const std::string& link) {
    stored::v1::Placement placement;
    placement.add_working("links/" + link);
    return placement.SerializeAsString();
  }

  Resources resources_;
  Revision revision_ = 10;
};

TEST_F(ResourcesTest, LoadsWhatTheStoreHoldsAndBuildsTheTopologyOnce) {
  SimulatedEventLoop loop;
  MemoryStore store(loop);
  ASSERT_TRUE(resources_.Load(store, 0).ok());
  EXPECT_TRUE((*resources_.Topology())->nodes().empty());
  ASSERT_TRUE(store.CommitAndWait(MutationsOf(TriangleBundle())).ok());
  ASSERT_TRUE(resources_.Load(store, store.current()).ok());
  EXPECT_EQ(resources_.revision(), store.current());
  const auto topology = *resources_.Topology();
  EXPECT_EQ(topology->links().size(), 6u);
  EXPECT_EQ(resources_.intents().services.size(), 1u);
  EXPECT_TRUE(Relevant("service:customers/c/services/line", std::nullopt));
  EXPECT_EQ(*resources_.Topology(), topology);
  EXPECT_TRUE(Relevant("node:nodes/z", [] {
    v1::Node node;
    node.set_name("nodes/z");
    return node.SerializeAsString();
  }()));
  EXPECT_EQ((*resources_.Topology())->nodes().size(), 4u);
}

TEST_F(ResourcesTest, SaysWhichRecordDoesNotParse) {
  bool relevant = false;
  const ChangeSet changes = {11, absl::UnixEpoch(), {{"node:nodes/a", "\xff\xff", false}}};
  const absl::Status status = resources_.Apply(changes, &relevant);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_NE(status.message().find("\"node:nodes/a\""), std::string::npos);
}

TEST_F(ResourcesTest, PlacementsAreNewsOnlyWhenTheyAre) {
  const std::string key = StoreKey(kPlacementPrefix, "policies/p");
  EXPECT_FALSE(Relevant(key, std::nullopt));
  EXPECT_TRUE(Relevant(key, Placed("x")));
  EXPECT_EQ(resources_.placements().at("policies/p").working(0), "links/x");
  EXPECT_FALSE(Relevant(key, Placed("x")));
  EXPECT_TRUE(Relevant(key, Placed("y")));
  EXPECT_TRUE(Relevant(key, std::nullopt));
  EXPECT_FALSE(Relevant("request:7", "x"));
}

TEST_F(ResourcesTest, TellsWhatHasChangedSinceItWasAsked) {
  const v1::Service service;
  Relevant("service:early", service.SerializeAsString());
  PlanChanges changes = resources_.TakeChanges();
  EXPECT_TRUE(changes.all);
  EXPECT_TRUE(changes.services.empty());
  EXPECT_FALSE(resources_.TakeChanges().all);
  const std::string key = StoreKey(kPlacementPrefix, "policies/p");
  Relevant("service:s", service.SerializeAsString());
  Relevant("site:a", v1::Site().SerializeAsString());
  Relevant("site:b", std::nullopt);
  Relevant("classmap:m", v1::ClassMap().SerializeAsString());
  changes = resources_.TakeChanges();
  EXPECT_FALSE(changes.all || !changes.placements.empty());
  EXPECT_EQ(changes.services, std::set<std::string>{"s"});
  EXPECT_EQ(changes.sites, (std::set<std::string>{"a", "b"}));
  EXPECT_EQ(changes.class_maps, std::set<std::string>{"m"});
  // The engine's own placements are no news, but other input than before all the same: once.
  Plan plan;
  plan.placements["policies/p"].ParseFromString(Placed("x"));
  plan.changed_placements = {"policies/p"};
  resources_.PlacementsStoring(plan);
  resources_.PlacementsStored(revision_ + 1);
  EXPECT_EQ(resources_.TakeChanges().placements, std::set<std::string>{"policies/p"});
  EXPECT_FALSE(Relevant(key, Placed("x")));
  EXPECT_TRUE(resources_.TakeChanges().placements.empty());
  Relevant(StoreKey(kMeshRoutesPrefix, "bulk:zrh"), stored::v1::MeshRoutes().SerializeAsString());
  EXPECT_EQ(resources_.TakeChanges().mesh_routes, std::set<std::string>{"bulk:zrh"});
  Relevant(StoreKey(kTrafficClassPrefix, "trafficClasses/x"),
           v1::TrafficClass().SerializeAsString());
  EXPECT_TRUE(resources_.TakeChanges().all);
}

TEST_F(ResourcesTest, OwnPlacementsHoldWhoeverTellsOfThemFirst) {
  const std::string key = StoreKey(kPlacementPrefix, "policies/p");
  const std::string gone = StoreKey(kPlacementPrefix, "policies/gone");
  Relevant(gone, Placed("x"));
  Plan plan;
  plan.placements["policies/p"].ParseFromString(Placed("x"));
  plan.changed_placements = {"policies/p"};
  plan.deleted_placements = {"policies/gone"};
  // The answer first.
  resources_.PlacementsStoring(plan);
  resources_.PlacementsStored(revision_ + 1);
  EXPECT_EQ(resources_.placements().count("policies/p"), 1u);
  EXPECT_EQ(resources_.placements().count("policies/gone"), 0u);
  // It is told of when the next one is on its way already.
  plan.placements["policies/p"].ParseFromString(Placed("v"));
  plan.deleted_placements.clear();
  resources_.PlacementsStoring(plan);
  EXPECT_FALSE(Relevant(key, Placed("x")));
  resources_.PlacementsStored(revision_ + 1);
  EXPECT_FALSE(Relevant(key, Placed("v")));
  // The watch first, and somebody else's change on its heels: that one counts.
  plan.placements["policies/p"].ParseFromString(Placed("y"));
  resources_.PlacementsStoring(plan);
  EXPECT_FALSE(Relevant(key, Placed("y")));
  const Revision own = revision_;
  EXPECT_TRUE(Relevant(key, Placed("z")));
  resources_.PlacementsStored(own);
  EXPECT_EQ(resources_.placements().at("policies/p").working(0), "links/z");
  // It failed: nothing of it holds.
  plan.placements["policies/p"].ParseFromString(Placed("w"));
  resources_.PlacementsStoring(plan);
  resources_.PlacementsStored(absl::UnavailableError("disk"));
  EXPECT_EQ(resources_.placements().at("policies/p").working(0), "links/z");
  EXPECT_TRUE(Relevant(key, Placed("w")));
}

TEST_F(ResourcesTest, MeshRoutesAreNewsOnlyWhenTheyAre) {
  const std::string key = StoreKey(kMeshRoutesPrefix, "bulk:zrh");
  stored::v1::MeshRoutes routes;
  routes.add_endpoints(7);
  EXPECT_TRUE(Relevant(key, routes.SerializeAsString()));
  EXPECT_FALSE(Relevant(key, routes.SerializeAsString()));
  EXPECT_EQ(resources_.mesh_routes().at("bulk:zrh").endpoints(0), 7u);
  // What the engine itself commits is known before the store tells of it.
  Plan plan;
  routes.add_endpoints(8);
  plan.mesh_changes["bulk:zrh"] = routes;
  plan.mesh_changes["bulk:gone"] = std::nullopt;
  resources_.PlacementsStoring(plan);
  resources_.PlacementsStored(revision_ + 1);
  EXPECT_EQ(resources_.mesh_routes().at("bulk:zrh").endpoints_size(), 2);
  EXPECT_FALSE(Relevant(key, routes.SerializeAsString()));
  routes.add_endpoints(9);
  ASSERT_TRUE(
      resources_.PlacementsStoring(std::vector<Mutation>{{key, routes.SerializeAsString(), {}}})
          .ok());
  EXPECT_FALSE(Relevant(key, routes.SerializeAsString()));
  resources_.PlacementsStored(revision_);
  EXPECT_FALSE(resources_.PlacementsStoring(std::vector<Mutation>{{"node:x", "", {}}}).ok());
  EXPECT_FALSE(resources_.PlacementsStoring(std::vector<Mutation>{{key, "\xff", {}}}).ok());
}

}  // namespace
}  // namespace waymark
