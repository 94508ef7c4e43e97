// Rollouts as the engine keeps them: paused, stored, resumed, and passed by repairs.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/engine/engine_programming_testing.h"

namespace waymark {
namespace {

using testing::HasSubstr;

TEST_F(EngineProgrammingTest, ARolloutIsPausedOverRestartsUntilItIsResumed) {
  EXPECT_EQ(Rollout().state(), v1::NO_ROLLOUT);
  EXPECT_TRUE(absl::IsFailedPrecondition(Stop(false).status()));
  waves_ = SlowWaves();
  Restart();
  ChangeBothEnds(9);
  Settle();
  EXPECT_EQ(Rollout().state(), v1::ROLLOUT_RUNNING);
  EXPECT_EQ(Rollout().last_wave_size(), 1);
  EXPECT_EQ(Rollout().switches_waiting(), 1) << "the other end";
  const auto paused = Stop(false);
  ASSERT_TRUE(paused.ok()) << paused.status();
  EXPECT_EQ(paused->state(), v1::ROLLOUT_PAUSED);
  EXPECT_EQ(paused->reason(), "to look");
  EXPECT_EQ(paused->by(), "alice");
  EXPECT_TRUE(Stop(false).ok());
  EXPECT_THAT(Trace(0)->waiting(0).reason(), HasSubstr("the rollout is paused: to look (alice)"));
  Restart();
  EXPECT_EQ(Rollout().state(), v1::ROLLOUT_PAUSED);
  EXPECT_EQ(Rollout().by(), "alice");
  EXPECT_EQ(Rollout().revision(), paused->revision());
  loop_.Advance(absl::Hours(5));
  EXPECT_EQ(Batches(), 0);
  EXPECT_FALSE(views_.Get()->converged);
  const auto resumed = Resume();
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_EQ(resumed->state(), v1::ROLLOUT_RUNNING);
  FinishRollout();
  EXPECT_EQ(Rollout().state(), v1::NO_ROLLOUT);
  EXPECT_TRUE(views_.Get()->converged);
  EXPECT_TRUE(absl::IsNotFound(memory_.Get(std::string(kRolloutKey)).status()));
  EXPECT_EQ(Resume()->state(), v1::NO_ROLLOUT);
}

TEST_F(EngineProgrammingTest, AFullDiskPausesARolloutAllTheSameAndResumesNothing) {
  waves_ = SlowWaves();
  Restart();
  ChangeBothEnds(9);
  Settle();
  store_.fails = true;
  EXPECT_TRUE(absl::IsUnavailable(Stop(false).status()));
  EXPECT_EQ(Rollout().state(), v1::ROLLOUT_PAUSED);
  EXPECT_TRUE(absl::IsUnavailable(Resume().status()));
  EXPECT_EQ(Rollout().state(), v1::ROLLOUT_PAUSED);
  store_.fails = false;
  EXPECT_EQ(Stop(true)->state(), v1::ROLLOUT_ABORTED);
  EXPECT_EQ(Rollout().by(), "carol");
  // Reverted: nothing is left of it but what has gone out, which is taken back.
  ChangeBothEnds(7);
  EXPECT_EQ(Resume()->state(), v1::ROLLOUT_RUNNING);
  FinishRollout();
  EXPECT_TRUE(views_.Get()->converged);
  EXPECT_EQ(Rollout().state(), v1::NO_ROLLOUT);
}

// A failure and a large change at the same instant, while another rollout is paused: the switches
// that the failure concerns are programmed, and no others.
TEST_F(EngineProgrammingTest, ARepairPassesAPausedRolloutAndOpensItForNobodyElse) {
  // Another triangle, behind c.
  uint32_t sid = 10;
  for (const std::string id : {"d", "e", "f"}) {
    v1::Node& node = *bundle_.add_nodes();
    node.set_name("nodes/" + id);
    node.set_node_sid(sid++);
    held_[id] = {};
  }
  for (const auto& [from, to] : {std::pair("c", "d"), {"d", "e"}, {"d", "f"}, {"e", "f"}}) {
    for (const bool there : {true, false}) {
      const std::string a = there ? from : to, b = there ? to : from;
      v1::Link& link = *bundle_.add_links();
      link = bundle_.links(0);
      link.set_name("links/" + a + "--" + b);
      link.set_reverse("links/" + b + "--" + a);
      link.set_source("nodes/" + a);
      link.set_target("nodes/" + b);
      link.set_adjacency_sid(0x9000 + sid++);
    }
  }
  ASSERT_TRUE(memory_.CommitAndWait(MutationsOf(bundle_)).ok());
  waves_ = SlowWaves();
  Restart();
  ASSERT_TRUE(views_.Get()->converged);
  ChangeBothEnds(9);
  Settle();
  ASSERT_TRUE(Stop(false).ok());
  const auto batches = [this](size_t agent) { return agents_[agent]->batches; };
  const int a = batches(0), b = batches(1), c = batches(2), e = batches(4), f = batches(5);
  ChangeBothEnds(11);
  agents_[4]->ReportLink("e--f", false);
  Settle();
  EXPECT_EQ(engine_->adopted()->links_down, std::set<std::string>{"links/e--f"});
  EXPECT_EQ(engine_->adopted()->revision, store_.current());
  EXPECT_EQ(batches(0) + batches(1) + batches(2), a + b + c) << "the rollout is open";
  EXPECT_GT(batches(4), e);
  EXPECT_GT(batches(5), f);
  EXPECT_EQ(Rollout().state(), v1::ROLLOUT_PAUSED);
  EXPECT_EQ(Rollout().switches_waiting(), 2);
  // The other way round; and the store takes time.
  store_.loop = &loop_;
  store_.takes = absl::Milliseconds(20);
  agents_[4]->ReportLink("e--f", true);
  ChangeBothEnds(13);
  loop_.Advance(absl::Milliseconds(10));
  agents_[4]->ReportLink("e--f", false);
  ChangeBothEnds(15);
  Settle();
  EXPECT_EQ(engine_->adopted()->revision, store_.current());
  EXPECT_EQ(batches(0) + batches(1) + batches(2), a + b + c) << "the rollout is open";
  EXPECT_EQ(Rollout().switches_waiting(), 2);
  // What is asked for has been taken over, and not been computed yet.
  const int d = batches(3);
  ChangeBothEnds(17);
  loop_.Advance(absl::Milliseconds(1));
  agents_[4]->ReportLink("e--f", true);
  Settle();
  EXPECT_EQ(engine_->adopted()->revision, store_.current());
  EXPECT_EQ(engine_->adopted()->links_down, std::set<std::string>());
  EXPECT_EQ(batches(0) + batches(1) + batches(2), a + b + c) << "the rollout is open";
  EXPECT_GT(batches(3) + batches(4) + batches(5), d + e + f);
  EXPECT_EQ(Rollout().switches_waiting(), 2);
}

}  // namespace
}  // namespace waymark
