#include "controller/engine/view_builder.h"

#include <gtest/gtest.h>

#include "controller/base/event_loop.h"
#include "controller/engine/engine_testing.h"
#include "controller/engine/resources.h"
#include "controller/store/memory_store.h"

namespace waymark {
namespace {

constexpr char kPolicy[] = "policies/a:65537:b";

// The table alone, with the plan of the triangle and agents that answer it.
class ViewBuilderTest : public testing::Test, public SwitchSessionListener {
 protected:
  void SetUp() override {
    ASSERT_TRUE(store_.CommitAndWait(MutationsOf(TriangleBundle())).ok());
    ASSERT_TRUE(resources_.Load(store_, store_.current()).ok());
    snapshot_ = *resources_.Topology();
    plan_ = MakePlan({*snapshot_, resources_.intents(), table_.links_down(), {}, {}});
    table_.SetDesired(plan_.objects, store_.current());
  }
  void ConnectAll() {
    for (const char* node : {"a", "b", "c"}) {
      agents_.push_back(std::make_shared<FakeAgent>(*this, node));
      ASSERT_TRUE(agents_.back()->Connect().ok());
    }
    Run();
  }
  void Run() {
    for (bool any = true; any;) {
      any = false;
      loop_.Advance(absl::Milliseconds(100));
      for (const auto& agent : agents_) any = agent->Run() || any;
    }
  }
  // What the plan says of a policy, to be changed.
  v1::Status& PlannedStatus(const std::string& policy) {
    const auto planned = std::make_shared<PlannedPolicy>(*plan_.policies.at(policy));
    plan_.policies[policy] = planned;
    return planned->status;
  }
  const v1::Status& Build(const std::string& policy = kPolicy) {
    view_ = BuildView({plan_, *snapshot_, table_, 5, loop_.clock().Now()}, *view_);
    return view_->policies.at(policy)->status();
  }

  absl::Status OnConnected(std::shared_ptr<SwitchSession> session,
                           const southbound::v1::Hello& hello) override {
    table_.Connected(std::move(session), hello);
    return absl::OkStatus();
  }
  void OnMessage(const std::shared_ptr<SwitchSession>& session,
                 southbound::v1::AgentMessage message) override {
    table_.Message(session, message);
  }
  void OnDisconnected(const std::shared_ptr<SwitchSession>& session,
                      const absl::Status& reason) override {
    table_.Disconnected(session, reason);
  }
  void Disconnect(size_t agent) { OnDisconnected(agents_[agent], absl::OkStatus()); }
  void ReportPolicy(bool working, bool protect, bool on_protect) {
    southbound::v1::AgentMessage message;
    auto& event = *message.mutable_event()->mutable_policy();
    event.set_color(0x10001);
    event.set_endpoint_sid(2);
    event.add_working_up(working);
    event.set_protect_up(protect);
    event.set_on_protect(on_protect);
    OnMessage(agents_[0], message);
  }

  SimulatedEventLoop loop_;
  MemoryStore store_{loop_};
  Metrics metrics_;
  Resources resources_;
  std::shared_ptr<const Snapshot> snapshot_;
  Plan plan_;
  SwitchTable table_{loop_, metrics_, {}, [] {}, [](const auto&, bool) {}};
  std::vector<std::shared_ptr<FakeAgent>> agents_;
  std::shared_ptr<const NetworkView> view_ = std::make_shared<NetworkView>();
};

TEST_F(ViewBuilderTest, NothingIsUpThatNobodyHasConfirmed) {
  EXPECT_EQ(Build().state(), v1::PENDING);
  EXPECT_EQ(Build().reason(), "the agent of a has not connected");
  EXPECT_EQ(view_->agents.at("agents/a")->status().state(), v1::PENDING);
  EXPECT_FALSE(view_->converged);
  ConnectAll();
  EXPECT_EQ(Build().reason(), "switch a has not reported its liveness yet");
  EXPECT_EQ(view_->statuses.at("nodes/a")->state(), v1::UP);
  EXPECT_EQ(view_->statuses.at("links/a--b")->state(), v1::PENDING);
  EXPECT_TRUE(view_->converged);
  EXPECT_EQ(view_->computed_from, 5);
}

TEST_F(ViewBuilderTest, WhatNoSwitchWillMendIsSaidFirst) {
  v1::Status& status = PlannedStatus(kPolicy);
  status.set_state(v1::BLOCKED);
  status.set_reason("no path has 1 Gbit/s free");
  status.set_blocking_constraint("bandwidth");
  Build();
  const v1::Status half = *view_->statuses.at("customers/c/services/line");
  // The other direction has its path, and no agent.
  EXPECT_EQ(half.state(), v1::PENDING);
  EXPECT_EQ(half.blocking_constraint(), "bandwidth");
  EXPECT_EQ(half.reason(),
            "1 of 2 policies BLOCKED, first a:65537:b: no path has 1 Gbit/s free; and the agent of "
            "a has not connected");
  std::vector<std::string> names;
  for (const auto& [name, planned] : plan_.policies) names.push_back(name);
  for (const std::string& name : names) PlannedStatus(name).set_state(v1::BLOCKED);
  Build();
  EXPECT_EQ(view_->statuses.at("customers/c/services/line")->state(), v1::BLOCKED);
}

// As an older agent does with what it does not know.
TEST_F(ViewBuilderTest, WhatAnAgentRefusesIsInItsStatus) {
  agents_.push_back(std::make_shared<FakeAgent>(*this, "a"));
  agents_[0]->rejects = "route:";
  ASSERT_TRUE(agents_[0]->Connect().ok());
  Run();
  Build();
  for (const v1::Status* status :
       {view_->statuses.at("nodes/a").get(), &view_->agents.at("agents/a")->status()}) {
    EXPECT_EQ(status->state(), v1::DEGRADED);
    EXPECT_NE(status->reason().find("route:2: no such device"), std::string::npos)
        << status->reason();
  }
}

TEST_F(ViewBuilderTest, LivenessMakesTheState) {
  ConnectAll();
  ReportPolicy(true, true, false);
  EXPECT_EQ(Build().state(), v1::UP);
  EXPECT_EQ(view_->policies.at(kPolicy)->working(0).state(), v1::UP);
  ReportPolicy(true, false, false);
  EXPECT_EQ(Build().state(), v1::DEGRADED);
  agents_[0]->ReportLink("a--b", false);
  ReportPolicy(false, true, true);
  EXPECT_EQ(Build().state(), v1::DEGRADED);
  EXPECT_TRUE(view_->policies.at(kPolicy)->on_protect());
  EXPECT_NE(Build().reason().find("down on it: a--b"), std::string::npos) << Build().reason();
  EXPECT_EQ(view_->statuses.at("links/a--b")->state(), v1::DOWN);
  ReportPolicy(false, false, false);
  EXPECT_EQ(Build().state(), v1::DOWN);
  EXPECT_EQ(
      Build().reason(),
      "no path is alive; working path: down on it: a--b; protect path: its liveness probes are "
      "not answered");
  agents_[2]->ReportLink("c--b", false);
  EXPECT_EQ(Build().reason(),
            "no path is alive; working path: down on it: a--b; protect path: down on it: c--b");
  EXPECT_EQ(view_->statuses.at("customers/c/services/line")->state(), v1::DEGRADED);
  // The plan says more, if it knows.
  v1::Status& status = PlannedStatus(kPolicy);
  status.set_state(v1::DOWN);
  status.set_reason("every path is down (a--b, c--b)");
  EXPECT_EQ(Build().reason(), "every path is down (a--b, c--b)");
  status.set_state(v1::PENDING);
  ReportPolicy(true, false, true);
  EXPECT_EQ(Build().state(), v1::DOWN);
  EXPECT_NE(Build().reason().find("waiting to restore; protect path: down on it: c--b"),
            std::string::npos)
      << Build().reason();
}

TEST_F(ViewBuilderTest, WhatThePlanCouldNotGiveIsSaidWhateverTheSwitchesSay) {
  v1::Status& status = PlannedStatus(kPolicy);
  status.set_state(v1::DEGRADED);
  status.set_reason("unprotected: no partner");
  status.set_blocking_constraint("link state");
  status.set_relaxation("repair links/a--b");
  EXPECT_EQ(Build().state(), v1::PENDING);
  EXPECT_EQ(Build().reason(), "the agent of a has not connected; and unprotected: no partner");
  EXPECT_EQ(Build().relaxation(), "repair links/a--b");
  EXPECT_EQ(Build().blocking_constraint(), "link state");
}

TEST_F(ViewBuilderTest, TheSwitchGoesOnWhenItsAgentLeaves) {
  ConnectAll();
  ReportPolicy(true, true, false);
  EXPECT_EQ(Build().state(), v1::UP);
  Disconnect(0);
  EXPECT_EQ(Build().state(), v1::DEGRADED);
  EXPECT_EQ(view_->statuses.at("nodes/a")->state(), v1::DEGRADED);
  EXPECT_EQ(view_->agents.at("agents/a")->status().state(), v1::DOWN);
}

TEST_F(ViewBuilderTest, WhatDoesNotChangeIsSharedAndKeepsItsSince) {
  ConnectAll();
  ReportPolicy(true, true, false);
  Build();
  const auto before = view_;
  loop_.Advance(absl::Seconds(5));
  Build();
  EXPECT_EQ(view_->policies.at(kPolicy), before->policies.at(kPolicy));
  EXPECT_EQ(view_->statuses.at("nodes/a"), before->statuses.at("nodes/a"));
  ReportPolicy(true, false, false);
  Build();
  EXPECT_NE(view_->policies.at(kPolicy), before->policies.at(kPolicy));
  EXPECT_GT(view_->policies.at(kPolicy)->status().since().seconds(),
            before->policies.at(kPolicy)->status().since().seconds());
  EXPECT_EQ(view_->statuses.at("nodes/a"), before->statuses.at("nodes/a"));
}

TEST_F(ViewBuilderTest, ThePlansReasonIsKept) {
  ConnectAll();
  ReportPolicy(true, true, false);
  v1::Status& status = PlannedStatus(kPolicy);
  status.set_state(v1::DEGRADED);
  status.set_reason("holds half");
  EXPECT_EQ(Build().reason(), "holds half");
  status.set_state(v1::BLOCKED);
  status.set_reason("no path");
  EXPECT_EQ(Build().state(), v1::BLOCKED);
  EXPECT_EQ(view_->statuses.at("customers/c/services/line")->state(), v1::DEGRADED);
}

}  // namespace
}  // namespace waymark
