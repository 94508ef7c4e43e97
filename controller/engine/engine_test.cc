#include "controller/engine/engine.h"

#include <gtest/gtest.h>

#include "controller/engine/engine_testing.h"
#include "controller/plan/reoptimize.h"
#include "controller/store/memory_store.h"

namespace waymark {
namespace {

constexpr char kPolicy[] = "policies/a:65537:b";

// A store whose watchers are told late, when asked so: its threads promise no order between them
// and the answers to commits.
class LateStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  absl::StatusOr<std::unique_ptr<Subscription>> Watch(Revision after, OnChange on_change) override {
    tell_ = std::move(on_change);
    return store_.Watch(after, [this](const ChangeSet& changes) {
      held_.push_back(changes);
      if (!late_) Tell();
    });
  }

  void SetLate(bool late) {
    late_ = late;
    if (!late) Tell();
  }

 private:
  void Tell() {
    for (const ChangeSet& changes : std::exchange(held_, {})) tell_(changes);
  }

  OnChange tell_;
  bool late_ = false;
  std::vector<ChangeSet> held_;
};

class EngineTest : public testing::Test {
 protected:
  ~EngineTest() override {
    if (engine_ != nullptr) engine_->Stop();
  }

  void Start() {
    Engine::Options options;
    options.hear_agents = absl::Milliseconds(100);
    engine_ = std::make_unique<Engine>(late_, views_, loop_, metrics_, options);
    ASSERT_TRUE(engine_->Start().ok());
    Settle();
  }
  void StartWithAgents() {
    ASSERT_TRUE(store_.CommitAndWait(MutationsOf(bundle_)).ok());
    Start();
    for (const char* node : {"a", "b", "c"}) {
      agents_.push_back(std::make_shared<FakeAgent>(*engine_, node));
      ASSERT_TRUE(agents_.back()->Connect().ok());
    }
    Settle();
    for (const auto& agent : agents_) agent->ReportPoliciesUp();
    Settle();
  }
  // Until nobody has anything to say.
  void Settle() {
    for (int round = 0; round < 50; ++round) {
      loop_.Advance(absl::Milliseconds(200));
      bool any = false;
      for (const auto& agent : agents_) any = agent->Run() || any;
      if (!any && round > 1) return;
    }
    FAIL() << "does not come to rest";
  }
  void Commit(std::vector<Mutation> mutations) {
    ASSERT_TRUE(store_.CommitAndWait(std::move(mutations)).ok());
    Settle();
  }
  std::string Working() {
    std::string hops;
    const auto view = views_.Get();
    const auto found = view->policies.find(kPolicy);
    if (found == view->policies.end() || found->second->working_size() == 0) return "";
    for (const std::string& node : found->second->working(0).nodes()) hops += node.substr(6);
    return hops;
  }
  stored::v1::Placement Stored() {
    stored::v1::Placement placement;
    const auto record = store_.Get(StoreKey(kPlacementPrefix, kPolicy));
    if (record.ok()) placement.ParseFromString(record->value);
    return placement;
  }
  double Plans() {
    const std::string text = metrics_.Text();
    const std::string name = "waymark_engine_plan_seconds_count ";
    const size_t at = text.find(name);
    return at == std::string::npos ? 0 : std::stod(text.substr(at + name.size()));
  }

  v1::Bundle bundle_ = TriangleBundle();
  SimulatedEventLoop loop_;
  MemoryStore store_{loop_};
  LateStore late_{store_};
  NetworkViewHolder views_;
  Metrics metrics_;
  std::unique_ptr<Engine> engine_;
  std::vector<std::shared_ptr<FakeAgent>> agents_;
};

TEST_F(EngineTest, AnEmptyStoreIsAnEmptyNetwork) {
  Start();
  EXPECT_TRUE(views_.Get()->policies.empty());
  EXPECT_EQ(std::make_shared<FakeAgent>(*engine_, "a")->Connect().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(EngineTest, FromIntentToUp) {
  StartWithAgents();
  const auto view = views_.Get();
  EXPECT_TRUE(view->converged);
  EXPECT_EQ(Working(), "ab");
  EXPECT_EQ(view->policies.at(kPolicy)->status().state(), v1::UP)
      << view->policies.at(kPolicy)->status().reason();
  EXPECT_EQ(view->statuses.at("customers/c/services/line")->state(), v1::UP);
  // Stored before it was programmed, and the view knows of everything in the store.
  EXPECT_EQ(Stored().working_size(), 1);
  EXPECT_EQ(view->computed_from, store_.current());
  EXPECT_EQ(engine_->adopted()->revision, store_.current());
  EXPECT_GT(view->policies.at(kPolicy)->promise().working_latency_ns(), 1'000'000);
}

TEST_F(EngineTest, ItsOwnPlacementsAreNoNews) {
  ASSERT_TRUE(store_.CommitAndWait(MutationsOf(bundle_)).ok());
  Start();
  EXPECT_EQ(Plans(), 1);
  bundle_.mutable_services(0)->mutable_rates(0)->set_cir_bps(2'000'000'000);
  Commit({{StoreKey(kServicePrefix, bundle_.services(0).name()),
           bundle_.services(0).SerializeAsString(),
           {}}});
  EXPECT_EQ(Plans(), 2);
  EXPECT_EQ(Stored().reserved_bps(), 2'000'000'000);
  EXPECT_EQ(engine_->adopted()->revision, store_.current());
  // Nor is what nobody computes from.
  Commit({{"request:1", "x", {}}});
  EXPECT_EQ(Plans(), 2);
  EXPECT_EQ(engine_->adopted()->revision, store_.current());
}

TEST_F(EngineTest, OneServiceMoreIsAllThatIsLookedAt) {
  StartWithAgents();
  v1::Service more = bundle_.services(0);
  more.set_name("customers/c/services/another");
  more.set_vni(more.vni() + 1);
  for (v1::ServiceEndpoint& endpoint : *more.mutable_endpoints()) endpoint.set_vlan(4'000);
  Commit({{StoreKey(kServicePrefix, more.name()), more.SerializeAsString(), {}}});
  const auto runs = [this](const std::string& node, const std::string& how) {
    const std::string text = metrics_.Text();
    const size_t at = text.find("waymark_engine_runs_total{how=\"" + how + "\",node=\"" + node);
    return at == std::string::npos ? 0 : std::atoi(text.c_str() + text.find("} ", at) + 2);
  };
  for (const char* node : {"services", "policies", "objects"}) {
    EXPECT_EQ(runs(node, "full"), 1) << metrics_.Text();
    EXPECT_EQ(runs(node, "incremental"), 1) << node;
  }
  EXPECT_EQ(runs("underlay", "full"), 1);
  EXPECT_EQ(runs("underlay", "incremental"), 0);
}

TEST_F(EngineTest, PlacementsFromOutsideAreAdopted) {
  StartWithAgents();
  stored::v1::Placement moved;
  moved.add_working("links/a--c");
  moved.add_working("links/c--b");
  moved.add_protect("links/a--b");
  moved.set_reserved_bps(1'000'000'000);
  stored::v1::Placement back;
  back.add_working("links/b--c");
  back.add_working("links/c--a");
  back.add_protect("links/b--a");
  back.set_reserved_bps(1'000'000'000);
  Commit({{StoreKey(kPlacementPrefix, kPolicy), moved.SerializeAsString(), {}},
          {StoreKey(kPlacementPrefix, "policies/b:65537:a"), back.SerializeAsString(), {}}});
  EXPECT_EQ(Working(), "acb");
  EXPECT_TRUE(views_.Get()->converged);
  EXPECT_EQ(Stored().working_size(), 2);
  // What is no place is mended, not believed.
  moved.set_working(1, "links/c--nowhere");
  moved.clear_protect();
  Commit({{StoreKey(kPlacementPrefix, kPolicy), moved.SerializeAsString(), {}}});
  EXPECT_EQ(Working(), "ab");
  EXPECT_EQ(Stored().working(0), "links/a--b");
}

TEST_F(EngineTest, PlacementsAreCommittedForOthersIfNothingHasChanged) {
  StartWithAgents();
  const auto adopted = engine_->adopted();
  std::vector<absl::Status> answers;
  const auto commit = [&](const Engine::Adopted& from) {
    stored::v1::Placement placement = Stored();
    engine_->CommitPlacements(
        from, {{StoreKey(kPlacementPrefix, kPolicy), placement.SerializeAsString(), {}}},
        [&](absl::StatusOr<Revision> done) { answers.push_back(done.status()); });
    Settle();
  };
  commit({adopted->revision - 1, adopted->links_down});
  commit(*adopted);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0].code(), absl::StatusCode::kAborted);
  EXPECT_TRUE(answers[1].ok()) << answers[1];
}

TEST_F(EngineTest, PlacementsOfOthersCountBeforeTheStoreTellsOfThem) {
  StartWithAgents();
  stored::v1::Placement there, back;
  for (const char* link : {"links/a--c", "links/c--b"}) there.add_working(link);
  there.add_protect("links/a--b");
  there.set_reserved_bps(1'000'000'000);
  for (const char* link : {"links/b--c", "links/c--a"}) back.add_working(link);
  back.add_protect("links/b--a");
  back.set_reserved_bps(1'000'000'000);
  const std::string other = StoreKey(kPlacementPrefix, "policies/b:65537:a");
  late_.SetLate(true);
  absl::StatusOr<Revision> stored;
  engine_->CommitPlacements(*engine_->adopted(),
                            {{StoreKey(kPlacementPrefix, kPolicy), there.SerializeAsString(), {}},
                             {other, back.SerializeAsString(), {}}},
                            [&](absl::StatusOr<Revision> done) { stored = std::move(done); });
  Settle();
  ASSERT_TRUE(stored.ok()) << stored.status();
  agents_[2]->ReportLink("c--b", false);
  Settle();
  EXPECT_EQ(Working(), "acb");
  EXPECT_EQ(Stored().working_size(), 2);
  late_.SetLate(false);
  Settle();
  EXPECT_EQ(Working(), "acb");
  EXPECT_EQ(store_.current(), *stored);
  EXPECT_EQ(engine_->adopted()->revision, *stored);
  // What is no placement is refused before anything is stored.
  engine_->CommitPlacements(*engine_->adopted(), {{"node:nodes/a", "x", {}}},
                            [&](absl::StatusOr<Revision> done) { stored = std::move(done); });
  Settle();
  EXPECT_EQ(stored.status().code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(EngineTest, ALinkThatFailsMovesNothingThatIsProtected) {
  StartWithAgents();
  const int batches = agents_[0]->batches;
  agents_[0]->ReportLink("a--b", false);
  Settle();
  EXPECT_EQ(Working(), "ab");
  EXPECT_EQ(engine_->adopted()->links_down, std::set<std::string>{"links/a--b"});
  // Both paths dead: another way, when there is one.
  agents_[0]->ReportLink("a--c", false);
  Settle();
  EXPECT_EQ(views_.Get()->policies.at(kPolicy)->status().state(), v1::DOWN)
      << views_.Get()->policies.at(kPolicy)->status().reason();
  EXPECT_GE(agents_[0]->batches, batches);
  agents_[0]->ReportLink("a--b", true);
  agents_[0]->ReportLink("a--c", true);
  Settle();
  EXPECT_EQ(views_.Get()->policies.at(kPolicy)->status().state(), v1::UP);
}

// Both paths dead beside one that is up: it carries, and says what it lacks, until all heals.
TEST_F(EngineTest, WhatLosesBothItsPathsIsCarriedUnprotected) {
  v1::Bundle& bundle = bundle_;
  const auto fibre = [&](const char* a, const char* b, const char* id, uint32_t sid) {
    for (const bool there : {true, false}) {
      v1::Link* link = bundle.add_links();
      *link = bundle.links(there ? 0 : 1);
      link->set_name(std::string("links/") + (there ? a : b) + "--" + (there ? b : a) + id);
      link->set_interface(std::string("third") + (there ? a : b));
      link->set_reverse(std::string("links/") + (there ? b : a) + "--" + (there ? a : b) + id);
      link->set_adjacency_sid(sid + (there ? 0 : 1));
      link->set_te_metric(500);
    }
  };
  fibre("a", "b", "--third", 0x9000);
  StartWithAgents();
  EXPECT_EQ(Working(), "ab");
  agents_[0]->ReportLink("a--b", false);
  agents_[0]->ReportLink("a--c", false);
  Settle();
  agents_[0]->ReportPoliciesUp();
  Settle();
  const auto& status = [&]() -> const v1::Status& {
    return views_.Get()->policies.at(kPolicy)->status();
  };
  EXPECT_EQ(Stored().working(0), "links/a--b--third");
  EXPECT_EQ(Stored().protect_size(), 0);
  EXPECT_EQ(status().state(), v1::DEGRADED) << status().reason();
  EXPECT_NE(status().reason().find("links/a--b down; protect path: links/a--c down"),
            std::string::npos)
      << status().reason();
  agents_[0]->ReportLink("a--b", true);
  agents_[0]->ReportLink("a--c", true);
  Settle();
  agents_[0]->ReportPoliciesUp();
  Settle();
  EXPECT_EQ(Stored().working(0), "links/a--b--third");
  EXPECT_EQ(Stored().protect_size(), 1);
  EXPECT_EQ(status().state(), v1::UP) << status().reason();
}

// The weaker has left the link before the stronger arrives there.
TEST_F(EngineTest, WhoeverIsPreEmptedLeavesFirst) {
  v1::TrafficClass* gold = bundle_.mutable_traffic_classes(0);
  gold->clear_protection();
  gold->set_setup_priority(0);
  gold->set_hold_priority(0);
  v1::TrafficClass* weak = bundle_.add_traffic_classes();
  *weak = bundle_.traffic_classes(0);
  weak->set_name("trafficClasses/weak");
  weak->set_class_index(2);
  weak->set_setup_priority(6);
  weak->set_hold_priority(6);
  v1::ClassMap* map = bundle_.add_class_maps();
  map->set_name("customers/c/classMaps/weak");
  map->set_default_class(weak->name());
  v1::Service* service = bundle_.add_services();
  *service = bundle_.services(0);
  service->set_name("customers/c/services/weak");
  service->set_class_map(map->name());
  service->set_vni(0x101);
  for (v1::ServiceEndpoint& endpoint : *service->mutable_endpoints()) endpoint.set_vlan(8);
  service->mutable_rates(0)->set_traffic_class(weak->name());
  for (v1::Service& each : *bundle_.mutable_services()) {
    each.mutable_rates(0)->set_cir_bps(8'000'000'000);
  }
  StartWithAgents();
  EXPECT_EQ(Working(), "ab");
  const std::string winner = "policy:65537:2", loser = "policy:65794:2";
  ASSERT_EQ(agents_[0]->held.Find(loser)->policy().working(0).sids_size(), 2);
  for (const int link : {0, 1}) {
    bundle_.mutable_links(link)->set_admin_state(v1::FORBID);
    ASSERT_TRUE(store_
                    .CommitAndWait({{StoreKey(kLinkPrefix, bundle_.links(link).name()),
                                     bundle_.links(link).SerializeAsString(),
                                     {}}})
                    .ok());
  }
  bool left_before = false;
  for (int round = 0; round < 50; ++round) {
    loop_.Advance(absl::Milliseconds(200));
    for (const auto& agent : agents_) agent->Run();
    const bool left = agents_[0]->held.Find(loser)->policy().working_size() == 0;
    const bool arrived = agents_[0]->held.Find(winner)->policy().working(0).sids_size() == 2;
    EXPECT_TRUE(left || !arrived);
    left_before = left_before || (left && !arrived);
    if (arrived) break;
  }
  EXPECT_TRUE(left_before);
  EXPECT_EQ(Working(), "acb");
}

TEST_F(EngineTest, ARestartFindsTheSamePlace) {
  StartWithAgents();
  // A better way appears: nothing moves, not even over a restart.
  v1::Link* direct = bundle_.mutable_links(0);
  direct->set_te_metric(100);
  Commit({{StoreKey(kLinkPrefix, direct->name()), direct->SerializeAsString(), {}}});
  EXPECT_EQ(Working(), "ab");
  const int batches = agents_[0]->batches;
  engine_->Stop();
  engine_ = nullptr;
  loop_.RunUntilIdle();
  Start();
  EXPECT_EQ(Working(), "ab");
  std::vector<std::shared_ptr<FakeAgent>> again;
  for (const auto& agent : agents_) {
    again.push_back(std::make_shared<FakeAgent>(*engine_, agent->node()));
    again.back()->held = agent->held;
    ASSERT_TRUE(again.back()->Connect().ok());
  }
  agents_ = again;
  Settle();
  EXPECT_TRUE(views_.Get()->converged);
  EXPECT_EQ(agents_[0]->batches, 0);
  EXPECT_GT(batches, 0);
}

TEST_F(EngineTest, WhatCannotBeStoredIsNotProgrammed) {
  ASSERT_TRUE(store_.CommitAndWait(MutationsOf(bundle_)).ok());
  store_.FailCommits(absl::UnavailableError("disk"));
  Start();
  EXPECT_EQ(Working(), "");
  store_.FailCommits(absl::OkStatus());
  loop_.Advance(absl::Seconds(2));
  EXPECT_EQ(Working(), "ab");
}

TEST_F(EngineTest, ABadRecordLeavesTheLastPlanInForce) {
  StartWithAgents();
  Commit({{StoreKey(kLinkPrefix, "links/a--b"), std::string("\xff\xff"), {}}});
  EXPECT_EQ(Working(), "ab");
  EXPECT_NE(metrics_.Text().find("waymark_engine_bad_records_total 1"), std::string::npos);
}

TEST_F(EngineTest, ANameIsOneAgents) {
  StartWithAgents();
  const auto second = std::make_shared<FakeAgent>(*engine_, "a");
  EXPECT_EQ(second->Connect().code(), absl::StatusCode::kAlreadyExists);
  // And its end is not the end of the first.
  engine_->OnDisconnected(second, absl::OkStatus());
  Settle();
  EXPECT_TRUE(views_.Get()->agents.at("agents/a")->connected());
  engine_->OnDisconnected(agents_[0], absl::OkStatus());
  Settle();
  EXPECT_FALSE(views_.Get()->agents.at("agents/a")->connected());
  EXPECT_FALSE(views_.Get()->converged);
}

TEST_F(EngineTest, ARejectionIsSaid) {
  ASSERT_TRUE(store_.CommitAndWait(MutationsOf(bundle_)).ok());
  Start();
  agents_.push_back(std::make_shared<FakeAgent>(*engine_, "a"));
  agents_[0]->rejects = "link:a--b";
  ASSERT_TRUE(agents_[0]->Connect().ok());
  loop_.Advance(absl::Seconds(1));
  agents_[0]->Run();
  loop_.Advance(absl::Seconds(1));
  agents_[0]->Run();
  loop_.Advance(absl::Seconds(1));
  const auto view = views_.Get();
  ASSERT_EQ(view->agents.at("agents/a")->rejected_size(), 1);
  EXPECT_EQ(view->agents.at("agents/a")->rejected(0), "link:a--b: no such device");
  EXPECT_EQ(view->agents.at("agents/a")->status().state(), v1::DEGRADED);
}

TEST_F(EngineTest, ARestartFindsTheSameMeshRoutesAndSendsNothing) {
  bundle_.mutable_traffic_classes(0)->set_treatment(v1::MESH);
  bundle_.mutable_traffic_classes(0)->clear_protection();
  StartWithAgents();
  const std::string policy = "policies/a:1:b";
  const std::string key = StoreKey(kMeshRoutesPrefix, "gold:a");
  // Others than the engine would choose: all of it over c.
  stored::v1::MeshRoutes routes;
  ASSERT_TRUE(routes.ParseFromString(store_.Get(key)->value));
  routes.clear_sids();
  for (auto* list : {routes.mutable_routes(), routes.mutable_weights(), routes.mutable_hops()}) {
    list->Clear();
  }
  routes.add_routes(1);
  routes.add_weights(64);
  routes.add_hops(2);
  routes.add_sids(bundle_.links(2).adjacency_sid());  // a--c
  routes.add_sids(bundle_.links(4).adjacency_sid());  // c--b
  Commit({{key, routes.SerializeAsString(), {}}});
  const auto hops = [&] {
    std::string all;
    for (const v1::Path& path : views_.Get()->policies.at(policy)->working()) {
      for (const std::string& node : path.nodes()) all += node.substr(6);
    }
    return all;
  };
  EXPECT_EQ(hops(), "acb");
  engine_->Stop();
  const Revision before = store_.current();
  Start();
  std::vector<std::shared_ptr<FakeAgent>> old;
  std::swap(old, agents_);
  for (const auto& agent : old) {
    agents_.push_back(std::make_shared<FakeAgent>(*engine_, agent->node()));
    agents_.back()->held = agent->held;
    ASSERT_TRUE(agents_.back()->Connect().ok());
  }
  Settle();
  EXPECT_EQ(hops(), "acb");
  EXPECT_EQ(store_.current(), before);
  for (const auto& agent : agents_) EXPECT_EQ(agent->batches, 0) << agent->node();
}

}  // namespace
}  // namespace waymark
