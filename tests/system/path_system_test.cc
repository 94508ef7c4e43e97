// Path computation on the example carrier, whole, in simulated time: what is computed is what
// services get, what is explained is what helps, and what is offered moves only when asked to.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "controller/store/resource_key.h"
#include "tests/system/simulated_carrier.h"

namespace waymark {
namespace {

const char kLon[] = "customers/storage/sites/lon";
const char kSin[] = "customers/storage/sites/sin";
const char kReplica[] = "customers/storage/services/replica";
const char kCore[] = "customers/bank/services/core";

std::vector<std::string> Ids(const google::protobuf::RepeatedPtrField<std::string>& links) {
  std::vector<std::string> ids;
  for (const std::string& link : links) ids.push_back(link.substr(6));
  return ids;
}

class PathSystem : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(carrier_
                    .ApplyFiles({"deploy/example/topology.yaml", "deploy/example/classes.yaml",
                                 "deploy/example/customers.yaml"})
                    .ok());
    carrier_.StartController();
    ASSERT_NE(carrier_.engine, nullptr);
    ASSERT_NE(carrier_.paths, nullptr);
    carrier_.StartAllAgents();
    ASSERT_TRUE(carrier_.Settle()) << carrier_.WhyNotSettled();
    carrier_.Learn();
  }

  // The pinned policy of storage/replica from London to Singapore for EF.
  v1::Policy Realtime() const {
    for (const auto& [name, policy] : carrier_.views.Get()->policies) {
      if (policy->service() == kReplica && policy->headend() == "nodes/lon" &&
          policy->endpoint() == "nodes/sin" &&
          policy->traffic_class() == "trafficClasses/realtime") {
        return *policy;
      }
    }
    return {};
  }

  v1::ComputePathResponse Compute(const v1::ComputePathRequest& request) {
    absl::StatusOr<v1::ComputePathResponse> answer = carrier_.ComputePath(request);
    EXPECT_TRUE(answer.ok()) << answer.status();
    return answer.ok() ? *std::move(answer) : v1::ComputePathResponse();
  }

  absl::Status SetMaxDelay(const char* id, int64_t max_delay_ns) {
    const auto record =
        carrier_.store.Get(StoreKey(kTrafficClassPrefix, absl::StrCat("trafficClasses/", id)));
    if (!record.ok()) return record.status();
    auto changed = std::make_shared<v1::TrafficClass>();
    if (!changed->ParseFromString(record->value)) return absl::DataLossError(id);
    changed->set_max_delay_ns(max_delay_ns);
    return carrier_.Put(changed);
  }

  SimulatedCarrier carrier_;
};

TEST_F(PathSystem, WhatIsComputedIsWhatTheServiceGot) {
  const v1::Policy policy = Realtime();
  ASSERT_EQ(policy.working_size(), 1);
  v1::ComputePathRequest request;
  request.set_from("nodes/lon");
  request.set_to("nodes/sin");
  request.set_traffic_class("trafficClasses/realtime");
  request.set_explain(true);
  const v1::ComputePathResponse answer = Compute(request);
  ASSERT_EQ(answer.outcome(), v1::FOUND) << answer.status().reason();
  ASSERT_EQ(answer.paths_size(), 2);
  EXPECT_EQ(Ids(answer.paths(0).links()), Ids(policy.working(0).links()));
  EXPECT_EQ(Ids(answer.paths(1).links()), Ids(policy.protect().links()));
  EXPECT_EQ(answer.segment_lists_size(), 2);
  EXPECT_GT(answer.promise().availability(), 0.99);
  EXPECT_LT(answer.promise().availability(), 1);
  EXPECT_GT(answer.promise().working_latency_ns(), answer.paths(0).delay_ns());
  EXPECT_GT(answer.alternatives_size(), 0);

  // Of the live network: what is down is not used, unless that is asked for.
  const std::string cut = Ids(policy.working(0).links())[1];
  carrier_.SetWire(cut, SimWireState::kCut);
  ASSERT_TRUE(carrier_.Settle());
  const v1::ComputePathResponse around = Compute(request);
  ASSERT_EQ(around.outcome(), v1::FOUND) << around.status().reason();
  for (const v1::Path& path : around.paths()) {
    const std::vector<std::string> ids = Ids(path.links());
    EXPECT_EQ(std::count(ids.begin(), ids.end(), cut), 0);
  }
  request.set_ignore_link_state(true);
  EXPECT_EQ(Ids(Compute(request).paths(0).links()), Ids(policy.working(0).links()));
}

TEST_F(PathSystem, TheRelaxationThatExplainServiceNamesBringsTheServiceUp) {
  ASSERT_TRUE(SetMaxDelay("swiss", 1'000'000).ok());
  ASSERT_TRUE(carrier_.Settle()) << carrier_.WhyNotSettled();
  ASSERT_NE(carrier_.StatusOf(kCore).state(), v1::UP);
  absl::StatusOr<v1::ExplainServiceResponse> told = carrier_.ExplainService(kCore);
  ASSERT_TRUE(told.ok()) << told.status();
  ASSERT_GT(told->policies_size(), 0);
  double most_ms = 0;
  for (const v1::PolicyExplanation& policy : told->policies()) {
    if (policy.status().state() != v1::BLOCKED) {
      EXPECT_FALSE(policy.chosen().empty()) << policy.policy();
      continue;
    }
    EXPECT_GT(policy.blocking_constraints_size(), 0) << policy.policy();
    bool named = false;
    for (const v1::Relaxation& relaxation : policy.relaxations()) {
      const std::string& change = relaxation.change();
      double ms = 0;
      if (!change.starts_with("max delay 1.0 ms -> ") || !change.ends_with(" ms") ||
          !absl::SimpleAtod(change.substr(20, change.size() - 23), &ms)) {
        continue;
      }
      named = true;
      EXPECT_GT(relaxation.paths_size(), 0);
      most_ms = std::max(most_ms, ms);
    }
    EXPECT_TRUE(named) << policy.ShortDebugString();
  }
  ASSERT_GT(most_ms, 1);
  ASSERT_TRUE(SetMaxDelay("swiss", static_cast<int64_t>(most_ms * 1e6 + 0.5)).ok());
  ASSERT_TRUE(carrier_.Settle()) << carrier_.WhyNotSettled();
  EXPECT_EQ(carrier_.StatusOf(kCore).state(), v1::UP) << carrier_.StatusOf(kCore).reason();
}

TEST_F(PathSystem, AfterALinkReturnsNothingMovesUntilApplied) {
  const v1::Policy first = Realtime();
  const std::vector<std::string> cuts = {Ids(first.working(0).links())[1],
                                         Ids(first.protect().links())[1]};
  for (const std::string& link : cuts) carrier_.SetWire(link, SimWireState::kCut);
  ASSERT_TRUE(carrier_.Settle()) << carrier_.WhyNotSettled();
  const v1::Policy second = Realtime();
  ASSERT_NE(Ids(second.working(0).links()), Ids(first.working(0).links()));
  for (const std::string& link : cuts) carrier_.SetWire(link, SimWireState::kUp);
  ASSERT_TRUE(carrier_.Settle()) << carrier_.WhyNotSettled();
  ASSERT_EQ(Ids(Realtime().working(0).links()), Ids(second.working(0).links()));

  v1::ReoptimizeRequest request;
  request.set_service(kReplica);
  const Revision before = carrier_.store.current();
  absl::StatusOr<v1::ReoptimizeResponse> plan = carrier_.Reoptimize(request);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_FALSE(plan->applied());
  const auto move = std::find_if(plan->moves().begin(), plan->moves().end(),
                                 [&](const auto& m) { return m.policy() == first.name(); });
  ASSERT_NE(move, plan->moves().end());
  EXPECT_EQ(Ids(move->old_working()), Ids(second.working(0).links()));
  EXPECT_EQ(Ids(move->new_working()), Ids(first.working(0).links()));
  ASSERT_TRUE(carrier_.Settle());
  EXPECT_EQ(carrier_.store.current(), before);
  EXPECT_EQ(carrier_.Send(kLon, kSin, 46).links, Ids(second.working(0).links()));

  // Another plan than the one that was looked at is not applied.
  request.set_apply(true);
  request.set_expected_plan("0000000000000000");
  EXPECT_TRUE(absl::IsFailedPrecondition(carrier_.Reoptimize(request).status()));
  EXPECT_EQ(carrier_.store.current(), before);

  request.set_expected_plan(plan->plan());
  absl::StatusOr<v1::ReoptimizeResponse> done = absl::UnknownError("not answered");
  carrier_.paths->Reoptimize(
      request, PathQueries::Limits(),
      [&](absl::StatusOr<v1::ReoptimizeResponse> r) { done = std::move(r); });
  int lost = 0;
  std::set<std::vector<std::string>> routes;
  for (int i = 0; i < 1'500; ++i) {
    carrier_.loop.Advance(absl::Milliseconds(1));
    const SimulatedCarrier::Journey journey = carrier_.Send(kLon, kSin, 46);
    lost += !journey.arrived;
    routes.insert(journey.links);
  }
  ASSERT_TRUE(done.ok()) << done.status();
  EXPECT_TRUE(done->applied());
  EXPECT_GT(done->revision(), before);
  EXPECT_EQ(lost, 0);
  // By the old route until it is by the new one, and by no other.
  for (const std::vector<std::string>& route : routes) {
    EXPECT_TRUE(route == Ids(second.working(0).links()) || route == Ids(first.working(0).links()));
  }
  ASSERT_TRUE(carrier_.Settle()) << carrier_.WhyNotSettled();
  EXPECT_EQ(carrier_.Send(kLon, kSin, 46).links, Ids(first.working(0).links()));
  EXPECT_EQ(carrier_.StatusOf(kReplica).state(), v1::UP);
  request.set_apply(false);
  plan = carrier_.Reoptimize(request);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->moves_size(), 0);
}

}  // namespace
}  // namespace waymark
