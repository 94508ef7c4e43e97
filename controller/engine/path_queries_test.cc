// Questions about paths, asked of a store, an engine and a loop in simulated time.
#include "controller/engine/path_queries.h"

#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "controller/engine/engine_testing.h"
#include "controller/store/memory_store.h"
#include "controller/store/resource_key.h"

namespace waymark {
namespace {

// a--b--d and a--c--d; c is dearer and in DE. Everything by the same provider.
v1::Bundle Diamond() {
  v1::Bundle b;
  uint32_t sid = 1;
  for (const char* id : {"a", "b", "c", "d"}) {
    v1::Node& node = *b.add_nodes();
    node.set_name(absl::StrCat("nodes/", id));
    node.set_jurisdiction(*id == 'c' ? "DE" : "CH");
    node.add_ports()->set_id("c1");
    node.set_node_sid(sid++);
  }
  uint32_t adjacency = 0x8000;
  for (const auto& [from, to] : {std::pair("a", "b"),
                                 {"b", "a"},
                                 {"b", "d"},
                                 {"d", "b"},
                                 {"a", "c"},
                                 {"c", "a"},
                                 {"c", "d"},
                                 {"d", "c"}}) {
    v1::Link& link = *b.add_links();
    link.set_name(absl::StrCat("links/", from, "--", to));
    link.set_reverse(absl::StrCat("links/", to, "--", from));
    link.set_source(absl::StrCat("nodes/", from));
    link.set_target(absl::StrCat("nodes/", to));
    link.set_capacity_bps(10'000'000'000);
    const bool dear = *from == 'c' || *to == 'c';
    link.set_delay_ns(dear ? 2'000'000 : 1'000'000);
    link.set_te_metric(dear ? 20 : 10);
    link.set_mtbf_hours(10'000);
    link.set_mttr_hours(10);
    link.set_adjacency_sid(adjacency++);
  }
  v1::TrafficClass& gold = *b.add_traffic_classes();
  gold.set_name("trafficClasses/gold");
  gold.set_queue(6);
  gold.set_treatment(v1::PINNED);
  gold.add_protection(v1::NODE);
  gold.set_class_index(1);
  b.add_srlgs()->set_name("srlgs/duct");
  return b;
}

// Adds customers/c/services/lan of class trafficClasses/gold, with an endpoint on every node.
void AddLan(int64_t cir_bps, v1::Bundle* b) {
  v1::ClassMap& map = *b->add_class_maps();
  map.set_name("customers/c/classMaps/gold");
  map.set_default_class("trafficClasses/gold");
  v1::Service& service = *b->add_services();
  service.set_name("customers/c/services/lan");
  service.set_type(v1::E_LAN);
  service.set_class_map(map.name());
  service.set_vni(100);
  v1::ClassRate& rate = *service.add_rates();
  rate.set_traffic_class("trafficClasses/gold");
  rate.set_cir_bps(cir_bps);
  for (const v1::Node& node : b->nodes()) {
    v1::Site& site = *b->add_sites();
    site.set_name(absl::StrCat("customers/c/sites/", node.name().substr(6)));
    site.set_node(node.name());
    site.set_port("c1");
    service.add_endpoints()->set_site(site.name());
  }
}

// A ring whose every node is also joined to the opposite one, with an E-LAN between all its nodes.
v1::Bundle RingLan(int nodes) {
  v1::Bundle b;
  *b.add_traffic_classes() = Diamond().traffic_classes(0);
  b.mutable_traffic_classes(0)->set_max_latency_ns(100'000'000);
  uint32_t adjacency = 0x8000;
  const auto add = [&](int from, int to) {
    v1::Link& link = *b.add_links();
    link.set_name(absl::StrCat("links/", from, "--", to));
    link.set_reverse(absl::StrCat("links/", to, "--", from));
    link.set_source(absl::StrCat("nodes/", from));
    link.set_target(absl::StrCat("nodes/", to));
    link.set_capacity_bps(10'000'000'000);
    link.set_delay_ns(1'000'000);
    link.set_te_metric(10);
    link.set_mtbf_hours(10'000);
    link.set_mttr_hours(10);
    link.set_adjacency_sid(adjacency++);
  };
  for (int i = 0; i < nodes; ++i) {
    v1::Node& node = *b.add_nodes();
    node.set_name(absl::StrCat("nodes/", i));
    node.add_ports()->set_id("c1");
    node.set_node_sid(static_cast<uint32_t>(i) + 1);
    add(i, (i + 1) % nodes);
    add((i + 1) % nodes, i);
    add(i, (i + nodes / 2) % nodes);
  }
  AddLan(1'000'000, &b);
  return b;
}

class PathQueriesTest : public testing::Test {
 protected:
  void Start(const v1::Bundle& bundle) {
    Put(bundle);
    engine_ = std::make_unique<Engine>(store_, views_, loop_, metrics_, Engine::Options());
    ASSERT_TRUE(engine_->Start().ok());
    loop_.Advance(absl::Seconds(1));
    queries_ = std::make_unique<EnginePathQueries>(store_, *engine_, views_, query_loop_, metrics_,
                                                   EnginePathQueries::Options());
    ASSERT_TRUE(queries_->Start().ok());
  }
  ~PathQueriesTest() override {
    if (engine_ != nullptr) engine_->Stop();
  }

  void Put(const v1::Bundle& b) {
    std::vector<Mutation> mutations;
    const auto add = [&](std::string_view prefix, const auto& list) {
      for (const auto& item : list) {
        mutations.push_back({StoreKey(prefix, item.name()), item.SerializeAsString(), {}});
      }
    };
    add(kNodePrefix, b.nodes());
    add(kLinkPrefix, b.links());
    add(kSrlgPrefix, b.srlgs());
    add(kTrafficClassPrefix, b.traffic_classes());
    add(kClassMapPrefix, b.class_maps());
    add(kSitePrefix, b.sites());
    add(kServicePrefix, b.services());
    ASSERT_TRUE(store_.CommitAndWait(std::move(mutations)).ok());
    loop_.Advance(absl::Seconds(1));
  }

  absl::StatusOr<v1::ComputePathResponse> Compute(const v1::ComputePathRequest& request,
                                                  const PathQueries::Limits& limits = {}) {
    std::optional<absl::StatusOr<v1::ComputePathResponse>> answer;
    queries_->ComputePath(
        request, limits, [&](absl::StatusOr<v1::ComputePathResponse> a) { answer = std::move(a); });
    query_loop_.RunUntilIdle();
    if (!answer) return absl::UnknownError("no answer");
    return *std::move(answer);
  }

  absl::StatusOr<v1::ExplainServiceResponse> Explain(const PathQueries::Limits& limits = {}) {
    v1::ExplainServiceRequest request;
    request.set_name("customers/c/services/lan");
    std::optional<absl::StatusOr<v1::ExplainServiceResponse>> answer;
    queries_->ExplainService(request, limits, [&](const auto& a) { answer = a; });
    query_loop_.RunUntilIdle();
    if (!answer) return absl::UnknownError("no answer");
    return *std::move(answer);
  }

  static v1::ComputePathRequest Request(const std::string& from, const std::string& to) {
    v1::ComputePathRequest request;
    request.set_from("nodes/" + from);
    request.set_to("nodes/" + to);
    return request;
  }

  SimulatedEventLoop loop_;
  SimulatedEventLoop query_loop_{absl::FromUnixSeconds(1'700'000'000), 3};
  MemoryStore store_{loop_};
  NetworkViewHolder views_;
  Metrics metrics_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<EnginePathQueries> queries_;
};

std::string Nodes(const v1::Path& path) {
  std::string text;
  for (const std::string& node : path.nodes()) text += node.substr(6);
  return text;
}

TEST_F(PathQueriesTest, TheBestPathWithSegmentsPromiseAndRevision) {
  Start(Diamond());
  const auto answer = Compute(Request("a", "d"));
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->outcome(), v1::FOUND);
  ASSERT_EQ(answer->paths_size(), 1);
  EXPECT_EQ(Nodes(answer->paths(0)), "abd");
  EXPECT_EQ(answer->paths(0).delay_ns(), 2'000'000);
  ASSERT_EQ(answer->segment_lists_size(), 1);
  // Two equal igp paths lead to d, so that b must be named.
  EXPECT_GE(answer->segment_lists(0).sids_size(), 2);
  EXPECT_GT(answer->segment_lists(0).containers_size(), 0);
  EXPECT_GT(answer->promise().availability(), 0.99);
  EXPECT_EQ(answer->revision(), store_.current());
  EXPECT_FALSE(answer->has_status());
}

TEST_F(PathQueriesTest, SeveralPathsInOrderAndDisjointOnes) {
  Start(Diamond());
  v1::ComputePathRequest request = Request("a", "d");
  request.set_paths(1'000);
  auto answer = Compute(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->paths_size(), 2);
  EXPECT_EQ(Nodes(answer->paths(1)), "acd");
  request.set_paths(0);
  request.mutable_constraints()->add_disjoint(v1::NODE);
  answer = Compute(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->outcome(), v1::FOUND);
  ASSERT_EQ(answer->paths_size(), 2);
  EXPECT_GT(answer->promise().availability(), 0.99999);
  request.set_paths(3);
  answer = Compute(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->outcome(), v1::INFEASIBLE);
  EXPECT_EQ(answer->status().state(), v1::BLOCKED);
  EXPECT_FALSE(answer->status().reason().empty());
}

// A pinned policy gets one segment a link, and so does the question what it would get.
TEST_F(PathQueriesTest, SegmentsOfAPinnedClassAreStrict) {
  Start(Diamond());
  v1::ComputePathRequest request = Request("a", "d");
  request.set_traffic_class("trafficClasses/gold");
  const auto answer = Compute(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->segment_lists_size(), 2);
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(answer->segment_lists(i).sids_size(), answer->paths(i).links_size());
    for (const uint32_t sid : answer->segment_lists(i).sids()) EXPECT_GE(sid, 0x8000u);
  }
}

TEST_F(PathQueriesTest, SharedRisksAreForTwoPaths) {
  Start(Diamond());
  v1::ComputePathRequest request = Request("a", "d");
  request.mutable_constraints()->add_disjoint(v1::NODE);
  request.mutable_constraints()->set_allow_shared_risks(true);
  EXPECT_TRUE(Compute(request).ok());
  request.set_paths(3);
  EXPECT_EQ(Compute(request).status().message().substr(0, 31), "constraints.allow_shared_risks:");
}

TEST_F(PathQueriesTest, AClassGivesItsConstraintsAndTheRequestAddsToThem) {
  Start(Diamond());
  v1::ComputePathRequest request = Request("a", "d");
  request.set_traffic_class("trafficClasses/gold");
  auto answer = Compute(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->paths_size(), 2);
  EXPECT_GT(answer->promise().working_latency_ns(), 2'000'000);
  EXPECT_GT(answer->promise().failover_ns(), 0);
  request.mutable_constraints()->add_allowed_jurisdictions("CH");
  answer = Compute(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->outcome(), v1::INFEASIBLE);
  EXPECT_NE(answer->status().blocking_constraint(), "");
  request.set_paths(1);
  EXPECT_EQ(Compute(request).status().message().substr(0, 7), "paths: ");
}

TEST_F(PathQueriesTest, ExplicitHopsAndExcludedResources) {
  Start(Diamond());
  v1::ComputePathRequest request = Request("a", "d");
  v1::ExplicitHop& hop = *request.mutable_constraints()->add_explicit_hops();
  hop.set_resource("nodes/c");
  hop.set_loose(true);
  auto answer = Compute(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->paths_size(), 1);
  EXPECT_EQ(Nodes(answer->paths(0)), "acd");
  hop.set_resource("links/b--d");
  hop.set_loose(false);
  answer = Compute(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->outcome(), v1::INFEASIBLE);
  EXPECT_EQ(answer->status().blocking_constraint(), "explicit_hops [links/b--d]");
  // No path is as short as this, by way of c or not: the hops are not to blame.
  hop.set_resource("nodes/c");
  hop.set_loose(true);
  request.mutable_constraints()->set_max_delay_ns(1'000'000);
  answer = Compute(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->outcome(), v1::INFEASIBLE);
  EXPECT_EQ(answer->status().blocking_constraint(), "max_delay 1.0 ms");
  EXPECT_EQ(answer->status().relaxation(), "max delay 1.0 ms -> 4.0 ms");
  request.mutable_constraints()->clear_max_delay_ns();
  request.mutable_constraints()->clear_explicit_hops();
  request.mutable_constraints()->add_exclude_resources("nodes/b");
  answer = Compute(request);
  ASSERT_EQ(answer->paths_size(), 1);
  EXPECT_EQ(Nodes(answer->paths(0)), "acd");
}

TEST_F(PathQueriesTest, ALatencyBoundAndAnAvailabilityTargetAreKeptOrRefused) {
  Start(Diamond());
  v1::ComputePathRequest request = Request("a", "d");
  v1::PathConstraints& c = *request.mutable_constraints();
  c.set_queue(7);
  c.set_bandwidth_bps(1'000'000);
  c.set_max_latency_ns(2'500'000);
  auto answer = Compute(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->outcome(), v1::FOUND) << answer->status().reason();
  EXPECT_LE(answer->promise().working_latency_ns(), 2'500'000);
  // Propagation alone would fit.
  c.set_max_latency_ns(2'000'001);
  answer = Compute(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->outcome(), v1::INFEASIBLE);
  EXPECT_EQ(answer->status().blocking_constraint(), "max_latency 2.001 ms");
  c.clear_max_latency_ns();
  c.set_availability_target(0.999'99);
  answer = Compute(request);
  EXPECT_EQ(answer->outcome(), v1::INFEASIBLE);
  c.add_disjoint(v1::LINK);
  answer = Compute(request);
  EXPECT_EQ(answer->outcome(), v1::FOUND) << answer->status().reason();
  EXPECT_GE(answer->promise().availability(), 0.999'99);
  // Nothing was left untried.
  const double most = answer->promise().availability();
  c.set_availability_target(1 - (1 - most) / 2);
  answer = Compute(request);
  EXPECT_EQ(answer->outcome(), v1::INFEASIBLE) << answer->status().reason();
  EXPECT_NE(answer->status().relaxation().find("availability target"), std::string::npos);
}

TEST_F(PathQueriesTest, NamesThatDoNotExistNameTheField) {
  Start(Diamond());
  const auto field = [&](const std::function<void(v1::ComputePathRequest&)>& spoil) {
    v1::ComputePathRequest request = Request("a", "d");
    spoil(request);
    const absl::Status status = Compute(request).status();
    EXPECT_TRUE(absl::IsNotFound(status)) << status;
    const std::string message(status.message());
    return message.substr(0, message.find(": "));
  };
  using R = v1::ComputePathRequest;
  EXPECT_EQ(field([](R& r) { r.set_from("nodes/x"); }), "from");
  EXPECT_EQ(field([](R& r) { r.set_to("nodes/x"); }), "to");
  EXPECT_EQ(field([](R& r) { r.set_traffic_class("trafficClasses/x"); }), "traffic_class");
  EXPECT_EQ(
      field([](R& r) { r.mutable_constraints()->add_explicit_hops()->set_resource("links/x"); }),
      "constraints.explicit_hops[0].resource");
  EXPECT_EQ(field([](R& r) { r.mutable_constraints()->add_exclude_resources("srlgs/x"); }),
            "constraints.exclude_resources[0]");
}

TEST_F(PathQueriesTest, WhatMeansNothingIsRefusedAndWhatNothingHasIsNoted) {
  Start(Diamond());
  v1::ComputePathRequest request = Request("a", "d");
  request.mutable_constraints()->add_forbidden_providers("telko");
  EXPECT_EQ(Compute(request)->notes_size(), 1);
  EXPECT_EQ(Compute(Request("a", "d"))->notes_size(), 0);
  request.mutable_constraints()->set_pair_objective(v1::MIN_MAX);
  EXPECT_EQ(Compute(request).status().message().substr(0, 28), "constraints.pair_objective: ");
  request.mutable_constraints()->add_disjoint(v1::LINK);
  EXPECT_TRUE(Compute(request).ok());
}

TEST_F(PathQueriesTest, AnEmptyTopologySaysSo) {
  Start(v1::Bundle());
  const absl::Status status = Compute(Request("a", "d")).status();
  EXPECT_TRUE(absl::IsNotFound(status));
  EXPECT_NE(std::string(status.message()).find("topology is empty"), std::string::npos) << status;
}

TEST_F(PathQueriesTest, ThePastIsAsItWas) {
  Start(Diamond());
  const Revision before = store_.current();
  const absl::Time then = loop_.clock().Now();
  loop_.Advance(absl::Seconds(2));
  v1::Bundle change;
  *change.add_links() = Diamond().links(0);
  change.mutable_links(0)->set_admin_state(v1::FORBID);
  Put(change);
  // Committed a moment ago, and not one event of the loop later: it counts.
  EXPECT_EQ(Nodes(Compute(Request("a", "d"))->paths(0)), "acd");
  v1::ComputePathRequest request = Request("a", "d");
  request.set_as_of(before);
  auto answer = Compute(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(Nodes(answer->paths(0)), "abd");
  EXPECT_EQ(answer->revision(), before);
  request.clear_as_of();
  request.mutable_as_of_time()->set_seconds(absl::ToUnixSeconds(then));
  answer = Compute(request);
  ASSERT_TRUE(answer.ok()) << answer.status();
  EXPECT_EQ(answer->revision(), before);
  request.clear_as_of_time();
  request.set_as_of(store_.current() + 1);
  EXPECT_TRUE(absl::IsOutOfRange(Compute(request).status()));
  ASSERT_TRUE(store_.Compact(store_.current()).ok());
  request.set_as_of(before);
  EXPECT_TRUE(absl::IsOutOfRange(Compute(request).status()));
}

TEST_F(PathQueriesTest, WaitingQuestionsAreCappedAndEveryOneIsAnswered) {
  Start(Diamond());
  int refused = 0, cancelled = 0;
  const auto count = [&](const absl::StatusOr<v1::ComputePathResponse>& answer) {
    refused += absl::IsResourceExhausted(answer.status());
    cancelled += absl::IsCancelled(answer.status());
  };
  auto loop = std::make_unique<SimulatedEventLoop>(absl::UnixEpoch(), 3);
  EnginePathQueries queries(store_, *engine_, views_, *loop, metrics_,
                            EnginePathQueries::Options());
  for (int i = 0; i < 5; ++i) queries.ComputePath(Request("a", "d"), {}, count);
  EXPECT_EQ(refused, 2);
  EXPECT_EQ(cancelled, 0);
  // The loop goes first, here as in main.cc, and drops what waits.
  loop.reset();
  EXPECT_EQ(cancelled, 3);
}

TEST_F(PathQueriesTest, CancelledAndLateQuestionsAreNotWorkedOn) {
  Start(Diamond());
  PathQueries::Limits limits;
  limits.cancelled = [] { return true; };
  EXPECT_TRUE(absl::IsCancelled(Compute(Request("a", "d"), limits).status()));
  limits = PathQueries::Limits();
  limits.deadline = query_loop_.clock().Now();
  EXPECT_TRUE(absl::IsDeadlineExceeded(Compute(Request("a", "d"), limits).status()));
  // Called off half way: what has been found so far is no answer to one who has gone.
  int asked = 0;
  limits = PathQueries::Limits();
  limits.cancelled = [&asked] { return ++asked > 1; };
  EXPECT_TRUE(absl::IsCancelled(Compute(Request("a", "d"), limits).status()));
}

TEST_F(PathQueriesTest, OfManyPoliciesTheFirstAreExplainedInFull) {
  Start(RingLan(10));
  const auto answer = Explain();
  ASSERT_TRUE(answer.ok()) << answer.status();
  ASSERT_EQ(answer->policies_size(), 90);
  for (int i = 0; i < 90; ++i) {
    const v1::PolicyExplanation& policy = answer->policies(i);
    EXPECT_EQ(policy.working_size(), 1) << i;
    EXPECT_GT(policy.promise().working_latency_ns(), 1'000'000) << i;
    EXPECT_EQ(policy.alternatives_size() > 0, i < 64) << i;
    EXPECT_EQ(policy.promise().terms_size() > 0, i < 64) << i;
    EXPECT_EQ(policy.chosen().starts_with("not explained in full"), i >= 64) << policy.chosen();
  }
  // What is taken off the books for one policy is back for the next: asked again, all is the same.
  EXPECT_EQ(Explain()->SerializeAsString(), answer->SerializeAsString());
}

TEST_F(PathQueriesTest, OneWhoExplainsAsksBetweenPoliciesWhetherThereIsTime) {
  Start(RingLan(10));
  int asked = 0;
  PathQueries::Limits limits;
  limits.cancelled = [&asked] { return ++asked > 20; };
  EXPECT_TRUE(absl::IsCancelled(Explain(limits).status()));
  EXPECT_LT(asked, 40);
  asked = 0;
  limits.deadline = query_loop_.clock().Now() + absl::Milliseconds(100);
  limits.cancelled = [&] {
    query_loop_.Advance(absl::Milliseconds(1));
    return ++asked < 0;
  };
  EXPECT_TRUE(absl::IsDeadlineExceeded(Explain(limits).status()));
  EXPECT_LT(asked, 120);
}

TEST_F(PathQueriesTest, AReoptimisationIsCalledOffHalfWay) {
  v1::Bundle bundle = TriangleBundle();
  bundle.mutable_links(0)->set_te_metric(1000);
  ASSERT_TRUE(store_.CommitAndWait(MutationsOf(bundle)).ok());
  Start(v1::Bundle());
  const auto ask = [&](const PathQueries::Limits& limits) {
    absl::Status status = absl::UnknownError("no answer");
    queries_->Reoptimize({}, limits, [&](const auto& a) { status = a.status(); });
    query_loop_.RunUntilIdle();
    return status;
  };
  EXPECT_TRUE(ask({}).ok());
  int asked = 0;
  PathQueries::Limits limits;
  limits.cancelled = [&asked] { return ++asked > 1; };
  EXPECT_TRUE(absl::IsCancelled(ask(limits)));
  EXPECT_EQ(asked, 3);  // before it, in it once, and for the reason
}

TEST_F(PathQueriesTest, ServicesThatDoNotExist) {
  Start(Diamond());
  absl::Status explained, optimised;
  v1::ExplainServiceRequest explain;
  explain.set_name("customers/bank/services/x");
  queries_->ExplainService(explain, {}, [&](const auto& a) { explained = a.status(); });
  v1::ReoptimizeRequest optimise;
  optimise.set_service("customers/bank/services/x");
  queries_->Reoptimize(optimise, {}, [&](const auto& a) { optimised = a.status(); });
  query_loop_.RunUntilIdle();
  EXPECT_TRUE(absl::IsNotFound(explained)) << explained;
  EXPECT_TRUE(absl::IsNotFound(optimised)) << optimised;
  EXPECT_EQ(std::string(optimised.message()).substr(0, 9), "service: ");
}

}  // namespace
}  // namespace waymark
