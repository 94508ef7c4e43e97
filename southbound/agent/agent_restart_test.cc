// What the agent does to the data plane when it starts: compare, never wipe.
#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <fstream>

#include "southbound/agent/core_fixture.h"

namespace waymark {
namespace {

using southbound::v1::FIB_ACKED;
using southbound::v1::REJECTED;

class AgentRestartTest : public CoreFixture {
 protected:
  void StartWithBase() {
    ASSERT_TRUE(StartAgent().ok());
    core_->OnOpen();
    SendBase();
  }
  std::string log() const { return directory_ + "/objects.log"; }
};

TEST_F(AgentRestartTest, AKilledAgentTouchesNothingThatIsRight) {
  StartWithBase();
  const uint64_t digest = core_->rib().table().digest();
  const int reconciles = dataplane_.reconciles;
  ASSERT_TRUE(StartAgent().ok());
  EXPECT_EQ(core_->OnOpen().digest(), digest);
  EXPECT_EQ(core_->mark(), (StateMark{1, 10, true}));
  EXPECT_TRUE(dataplane_.calls.empty()) << "a restart must not put or remove";
  EXPECT_EQ(dataplane_.reconciles, reconciles + 1);
  EXPECT_TRUE(link_.events.empty());
}

TEST_F(AgentRestartTest, ARebootedSwitchIsProgrammedWithoutAController) {
  StartWithBase();
  dataplane_.held.clear();
  dataplane_.failures["link:b"] = absl::UnavailableError("interface not there yet");
  ASSERT_TRUE(StartAgent().ok());
  EXPECT_EQ(dataplane_.held.size(), 3u);
  EXPECT_EQ(core_->pending().count("link:b"), 1u);
  dataplane_.failures.clear();
  loop_.Advance(absl::Seconds(2));
  EXPECT_EQ(dataplane_.held.size(), 4u);
}

TEST_F(AgentRestartTest, ALostFileRemovesNothingUntilTheControllerHasSentAll) {
  StartWithBase();
  Send(TestBatch(2, 11, 10).Put(TestRoute(9, {"a"})).batch);
  const auto held = dataplane_.held.size();
  for (const bool damaged : {false, true}) {
    core_.reset();
    store_.reset();
    if (damaged) {
      std::ofstream(log(), std::ios::binary) << "WMAGENT1 this is not a record at all ...";
    } else {
      std::filesystem::remove(log());
    }
    ASSERT_TRUE(StartAgent().ok());
    EXPECT_EQ(core_->OnOpen().object_count(), 0);
    loop_.Advance(absl::Hours(1));
    EXPECT_EQ(dataplane_.held.size(), held);
    // Half of a re-sync, then another kill: the file is sound now, but still not complete.
    auto result = Send(TestBatch(1, 12, 1).Put(TestNode()).Put(TestLink("a")).batch);
    EXPECT_EQ(result.results(1).status(), FIB_ACKED);
    ASSERT_TRUE(StartAgent().ok());
    loop_.Advance(absl::Hours(1));
    EXPECT_EQ(dataplane_.held.size(), held);
    EXPECT_EQ(Metric("waymark_agent_state_complete"), 0);
  }
  // The rest; route:9 is no longer wanted.
  core_->OnOpen();
  TestBatch rest(2, 12, 10);
  rest.Put(TestLink("b")).Put(TestInstance(100));
  ObjectTable want;
  for (const auto& object : {TestNode(), TestLink("a"), TestLink("b"), TestInstance(100)}) {
    want.Put(object);
  }
  rest.batch.set_expected_digest(want.digest());
  Send(rest.batch);
  loop_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(dataplane_.held.count("route:9"), 0u);
  EXPECT_EQ(dataplane_.held.size(), 4u);
  EXPECT_EQ(Metric("waymark_agent_state_complete"), 1);
}

// One object that is rejected for ever keeps the controller from ever naming a digest.
TEST_F(AgentRestartTest, ABatchTakenBackWhileTheFileIsLostLeavesWhatForwards) {
  StartWithBase();
  const auto held = dataplane_.held.size();
  core_.reset();
  store_.reset();
  std::filesystem::remove(log());
  ASSERT_TRUE(StartAgent().ok());
  core_->OnOpen();
  dataplane_.failures["link:b"] = absl::InternalError("the kernel has no memory");
  const auto result =
      Send(TestBatch(1, 12, 1).Put(TestNode()).Put(TestLink("a")).Put(TestLink("b")).batch);
  EXPECT_EQ(result.results(2).status(), REJECTED);
  EXPECT_EQ(core_->rib().table().size(), 0u);
  EXPECT_EQ(dataplane_.held.size(), held) << "frames go by what the lost file knew";
}

TEST_F(AgentRestartTest, AnIncompleteTableIsBroughtInAndRepairedButRemovesNothing) {
  ASSERT_TRUE(StartAgent().ok());
  core_->OnOpen();
  TestBatch part(1, 10, 1);
  part.Put(TestNode()).Put(TestLink("a")).Put(TestPolicy(7, 2, 0x8001));
  ASSERT_EQ(Statuses(Send(part.batch)), (std::vector<int>{FIB_ACKED, FIB_ACKED, FIB_ACKED}));
  ASSERT_FALSE(core_->mark().complete);
  dataplane_.held["route:77"] = TestRoute(77, {"a"});

  // Killed: the kernel has all, but the new process' bookkeeping (who is probed) is empty.
  dataplane_.calls.clear();
  ASSERT_TRUE(StartAgent().ok());
  EXPECT_EQ(dataplane_.calls,
            (std::vector<std::string>{"put node:", "put link:a", "put policy:7:2"}));
  EXPECT_TRUE(link_.events.empty()) << "nothing had drifted";

  // Drift while it runs.
  dataplane_.calls.clear();
  dataplane_.held.erase("link:a");
  loop_.Advance(absl::Seconds(31));
  EXPECT_EQ(dataplane_.calls, std::vector<std::string>{"put link:a"});
  ASSERT_EQ(link_.events.size(), 1u);
  EXPECT_EQ(link_.events[0].object().key(), "link:a");
  EXPECT_EQ(Metric("waymark_agent_drift_total{outcome=\"repaired\"}"), 1);
  EXPECT_EQ(dataplane_.held.count("route:77"), 1u);

  // Rebooted, with an interface that comes late and a data plane that cannot be read at first.
  dataplane_.held.clear();
  dataplane_.reconcile_failure = absl::InternalError("netlink");
  dataplane_.failures["link:a"] = absl::UnavailableError("interface not there yet");
  ASSERT_TRUE(StartAgent().ok());
  dataplane_.reconcile_failure = absl::OkStatus();
  loop_.Advance(absl::Seconds(31));
  EXPECT_EQ(dataplane_.held.size(), 2u);
  EXPECT_EQ(core_->pending().count("link:a"), 1u);
  dataplane_.failures.clear();
  loop_.Advance(absl::Seconds(2));
  EXPECT_EQ(dataplane_.held.size(), 3u);
  EXPECT_TRUE(core_->pending().empty());
  EXPECT_FALSE(core_->mark().complete);
}

// A link made anew under its old name: the controller changes links before policies.
TEST_F(AgentRestartTest, ALinkMayChangeItsSidUnderItsPolicies) {
  StartWithBase();
  ASSERT_EQ(Statuses(Send(TestBatch(2, 11, 10).Put(TestPolicy(7, 2, 0x8001)).batch)),
            std::vector<int>{FIB_ACKED});
  southbound::v1::Object renumbered = TestLink("a");
  renumbered.mutable_link()->set_adjacency_sid(0x8005);
  auto result = Send(TestBatch(3, 12, 20).Put(renumbered).batch);
  ASSERT_EQ(Statuses(result), std::vector<int>{FIB_ACKED}) << result.results(0).error();
  // Killed between the two: the policy stays, or its protect list would be lost with it.
  ASSERT_TRUE(StartAgent().ok());
  EXPECT_EQ(core_->OnOpen().digest(), result.digest());
  EXPECT_NE(core_->rib().Find("policy:7:2"), nullptr);
  EXPECT_TRUE(core_->mark().complete);
  result = Send(TestBatch(4, 12, 1).Put(TestPolicy(7, 2, 0x8005)).batch);
  EXPECT_EQ(Statuses(result), std::vector<int>{FIB_ACKED});
  result = Send(TestBatch(5, 12, 30).Delete("link:a").batch);
  EXPECT_EQ(Statuses(result), std::vector<int>{REJECTED}) << "a link in use still may not go";
}

TEST_F(AgentRestartTest, AnotherNodesFolderIsRefused) {
  StartWithBase();
  options_.node = "fra1";
  const absl::Status status = StartAgent();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(status.ToString().find("zrh1"), std::string::npos);
  EXPECT_EQ(dataplane_.held.size(), 4u);
}

TEST_F(AgentRestartTest, AFullDiskRejectsTheBatchAndTakesItBack) {
  bool full = false;
  io_.write = [&full](int fd, const char* data, size_t size) -> int64_t {
    errno = ENOSPC;
    return full ? -1 : ::write(fd, data, size);
  };
  StartWithBase();
  full = true;
  auto result = Send(TestBatch(2, 11, 10).Put(TestRoute(2, {"a"})).Put(TestRoute(3, {"a"})).batch);
  // All of them: were the second only undone, it would be sent again by itself, applied and undone.
  EXPECT_EQ(Statuses(result), (std::vector<int>{REJECTED, REJECTED}));
  for (const auto& one : result.results()) {
    EXPECT_NE(one.error().find("--state-dir"), std::string::npos) << one.error();
  }
  EXPECT_EQ(dataplane_.held.size(), 4u);
  EXPECT_EQ(core_->rib().table().size(), 4u);
  EXPECT_EQ(Metric("waymark_agent_state_errors_total"), 1);
  // A higher epoch that cannot be kept is not obeyed either.
  result = Send(TestBatch(3, 11, 20).Put(TestRoute(2, {"a"})).batch, 2);
  EXPECT_EQ(Statuses(result), std::vector<int>{REJECTED});
  EXPECT_EQ(core_->mark().highest_epoch, 1u);
  full = false;
  result = Send(TestBatch(4, 11, 30).Put(TestRoute(2, {"a"})).batch);
  EXPECT_EQ(Statuses(result), std::vector<int>{FIB_ACKED});
  ASSERT_TRUE(StartAgent().ok());
  EXPECT_NE(core_->rib().Find("route:2"), nullptr);
}

TEST_F(AgentRestartTest, ABrokenSyncIsMendedByARewrite) {
  bool broken = false;
  io_.sync = [&broken](int fd) {
    errno = EIO;
    return broken ? -1 : fsync(fd);
  };
  StartWithBase();
  broken = true;
  auto result = Send(TestBatch(2, 11, 10).Put(TestRoute(2, {"a"})).batch);
  EXPECT_EQ(Statuses(result), std::vector<int>{REJECTED});
  broken = false;
  result = Send(TestBatch(3, 11, 20).Put(TestRoute(3, {"a"})).batch);
  EXPECT_EQ(Statuses(result), std::vector<int>{REJECTED}) << "in doubt until rewritten";
  result = Send(TestBatch(4, 11, 30).Put(TestRoute(3, {"a"})).batch);
  EXPECT_EQ(Statuses(result), std::vector<int>{FIB_ACKED});
}

TEST_F(AgentRestartTest, ADataPlaneThatCannotOpenIsAnError) {
  dataplane_.failures["start"] = absl::FailedPreconditionError("CAP_NET_ADMIN is missing");
  EXPECT_NE(StartAgent().ToString().find("CAP_NET_ADMIN"), std::string::npos);
}

// One release apart: half of what an object says is not that object.
TEST_F(AgentRestartTest, WhatANewerControllerAddsToAnObjectIsRefusedByItsName) {
  StartWithBase();
  southbound::v1::Object newer = TestRoute(9, {"a"});
  auto* route = newer.mutable_route();
  route->GetReflection()->MutableUnknownFields(route)->AddVarint(12, 1);
  const auto result = Send(TestBatch(2, 11, 10).Put(TestRoute(8, {"a"})).Put(newer).batch);
  EXPECT_EQ(Statuses(result), (std::vector<int>{southbound::v1::UNDONE, REJECTED}));
  EXPECT_EQ(result.results(1).error(),
            "route has field 12, which this agent does not know: upgrade the agent, or do without "
            "it");
  EXPECT_EQ(dataplane_.held.size(), 4u);
  EXPECT_TRUE(link_.disconnects.empty());
  // Nor an operation of which it would ignore a part.
  TestBatch batch(3, 11, 20);
  batch.Put(TestRoute(8, {"a"}));
  auto* operation = batch.batch.mutable_operations(0);
  operation->GetReflection()->MutableUnknownFields(operation)->AddVarint(13, 1);
  EXPECT_EQ(Send(batch.batch).results(0).error().substr(0, 22), "operation has field 13");
  batch = TestBatch(4, 11, 30);
  batch.Put(TestRoute(8, {"a"}));
  EXPECT_EQ(Statuses(Send(batch.batch)), (std::vector<int>{FIB_ACKED}));
}

}  // namespace
}  // namespace waymark
