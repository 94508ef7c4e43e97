// Freezing, the journeys of changes, and agents that flood.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controller/engine/engine_programming_testing.h"

namespace waymark {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(EngineProgrammingTest, WhileFrozenNothingIsSentAndAfterwardsAllThatWaited) {
  ASSERT_TRUE(views_.Get()->converged);
  const int before = Batches();
  const auto frozen = Freeze("core reload");
  ASSERT_TRUE(frozen.ok()) << frozen.status();
  EXPECT_TRUE(frozen->frozen());
  EXPECT_EQ(frozen->reason(), "core reload");
  EXPECT_EQ(frozen->by(), "alice");
  EXPECT_EQ(frozen->switches_waiting(), 0);
  ChangeLine(9);
  Settle();
  EXPECT_EQ(Batches(), before);
  EXPECT_FALSE(views_.Get()->converged);
  EXPECT_THAT(views_.Get()->statuses.at("customers/c/services/line")->reason(),
              HasSubstr("programming is frozen"));
  EXPECT_THAT(Programming().waiting(), ElementsAre("nodes/a"));
  EXPECT_EQ(Freeze("again")->reason(), "core reload");

  const auto unfrozen = Unfreeze();
  ASSERT_TRUE(unfrozen.ok());
  EXPECT_FALSE(unfrozen->frozen());
  EXPECT_GT(Batches(), before);
  EXPECT_TRUE(views_.Get()->converged);
  EXPECT_FALSE(Unfreeze()->frozen());
}

TEST_F(EngineProgrammingTest, ARestartStaysFrozen) {
  ASSERT_TRUE(Freeze("core reload").ok());
  ChangeLine(9);
  Settle();
  Restart();
  EXPECT_TRUE(Programming().frozen());
  EXPECT_EQ(Programming().by(), "alice");
  EXPECT_EQ(Batches(), 0);
  ASSERT_TRUE(Unfreeze().ok());
  EXPECT_TRUE(views_.Get()->converged);
  Restart();
  EXPECT_FALSE(Programming().frozen());
}

TEST_F(EngineProgrammingTest, AFullDiskFreezesAllTheSameAndUnfreezesNothing) {
  store_.fails = true;
  const auto frozen = Freeze("core reload");
  EXPECT_TRUE(absl::IsUnavailable(frozen.status())) << frozen.status();
  EXPECT_THAT(frozen.status().message(), HasSubstr("until the controller restarts: disk full"));
  EXPECT_TRUE(Programming().frozen());
  EXPECT_TRUE(absl::IsUnavailable(Unfreeze().status()));
  EXPECT_TRUE(Programming().frozen());
  store_.fails = false;
  // Asked again it is stored.
  ASSERT_TRUE(Freeze("again").ok());
  Restart();
  EXPECT_TRUE(Programming().frozen());
  ASSERT_TRUE(Unfreeze().ok());
}

TEST_F(EngineProgrammingTest, WhoFreezesWhileItIsBeingUnfrozenWins) {
  ASSERT_TRUE(Freeze("one").ok());
  engine_->Unfreeze("bob", [](const auto&) {});
  engine_->Freeze("two", "carol", [](const auto&) {});
  Settle();
  EXPECT_TRUE(Programming().frozen());
  Restart();
  EXPECT_TRUE(Programming().frozen());
}

TEST_F(EngineProgrammingTest, AChangeIsFollowedToTheLastSwitch) {
  ASSERT_EQ(Trace(0)->state(), v1::ACKED);
  EXPECT_THAT(Trace(0)->changed(), ElementsAre("the controller's start"));
  ChangeLine(9);
  const Revision revision = store_.current();
  // Computed and sent, not yet answered.
  loop_.Advance(absl::Milliseconds(200));
  auto journey = Trace(revision);
  ASSERT_TRUE(journey.ok()) << journey.status();
  EXPECT_EQ(journey->state(), v1::PROGRAMMING);
  EXPECT_THAT(journey->changed(), ElementsAre("customers/c/services/line"));
  EXPECT_EQ(journey->switches(), 1);
  ASSERT_EQ(journey->waiting_size(), 1);
  EXPECT_EQ(journey->waiting(0).node(), "nodes/a");
  EXPECT_EQ(journey->waiting(0).reason(), "not answered yet");
  EXPECT_TRUE(journey->has_first_sent());
  EXPECT_FALSE(journey->has_acked());
  Settle();
  journey = Trace(revision);
  EXPECT_EQ(journey->state(), v1::ACKED);
  EXPECT_EQ(journey->switches_waiting(), 0);
  // Gathered for 5 ms, and acked when the agent was let run.
  EXPECT_EQ(journey->computed().nanos(), 5'000'000);
  EXPECT_GE(journey->acked().nanos(), 195'000'000);
}

TEST_F(EngineProgrammingTest, WhyASwitchDoesNotHoldIt) {
  agents_[0]->rejects = "attachment";
  ChangeLine(9);
  const Revision revision = store_.current();
  Settle();
  ASSERT_EQ(Trace(revision)->waiting_size(), 1);
  EXPECT_THAT(Trace(revision)->waiting(0).reason(), HasSubstr("no such device"));
  engine_->OnDisconnected(agents_[0], absl::UnavailableError("gone"));
  loop_.Advance(absl::ZeroDuration());
  EXPECT_EQ(Trace(revision)->waiting(0).reason(), "not connected");
  // What comes after it takes it along.
  agents_.erase(agents_.begin());
  ChangeLine(11);
  Settle();
  agents_.push_back(std::make_shared<FakeAgent>(*engine_, "a"));
  ASSERT_TRUE(agents_.back()->Connect().ok());
  Settle();
  EXPECT_EQ(Trace(revision)->state(), v1::ACKED);
}

TEST_F(EngineProgrammingTest, RevisionsThatNobodyKnows) {
  const absl::Status later = Trace(store_.current() + 1).status();
  EXPECT_TRUE(absl::IsNotFound(later));
  EXPECT_THAT(later.message(), HasSubstr("the latest is"));
  // A request's record is not computed with.
  ASSERT_TRUE(memory_.CommitAndWait({{"request:x", "", {}}}).ok());
  Settle();
  EXPECT_EQ(Trace(store_.current())->state(), v1::NOTHING_TO_DO);
  // What is written between one computation and the next belongs to the next.
  ChangeLine(9);
  const Revision first = store_.current();
  ChangeLine(10);
  Settle();
  EXPECT_EQ(Trace(first)->first_revision(), first);
  EXPECT_GE(Trace(first)->revision(), first + 1);
  for (uint32_t i = 0; i < Journeys::kMost + 2; ++i) {
    ChangeLine(20 + i % 2);
    Settle();
  }
  const absl::Status old = Trace(first).status();
  EXPECT_TRUE(absl::IsNotFound(old));
  EXPECT_THAT(old.message(), HasSubstr("older than what is remembered"));
}

TEST_F(EngineProgrammingTest, LinksAreChangesToo) {
  ChangeLine(9);
  const Revision revision = store_.current();
  Settle();
  agents_[0]->ReportLink("a--b", false);
  Settle();
  EXPECT_THAT(Trace(0)->changed(), testing::Contains("links/a--b is down"));
  // The revision that it happened at is still told of.
  EXPECT_THAT(Trace(revision)->changed(), ElementsAre("customers/c/services/line"));
}

// Nothing runs on the loop meanwhile.
TEST_F(EngineProgrammingTest, WhoFloodsEndsHisOwnSessionOnly) {
  for (int i = 0; i < 30'000; ++i) agents_[0]->ReportLink("made-up", false);
  agents_[1]->ReportLink("b--c", false);
  EXPECT_TRUE(absl::IsResourceExhausted(agents_[0]->closed)) << agents_[0]->closed;
  EXPECT_TRUE(agents_[1]->closed.ok());
  EXPECT_TRUE(agents_[2]->closed.ok());
  Settle();
  EXPECT_THAT(Trace(0)->changed(), testing::Contains("links/b--c is down"));
  // What has been taken is forgotten.
  agents_[1]->ReportLink("b--c", true);
  EXPECT_TRUE(agents_[1]->closed.ok());
}

// For a second; what they see is computed in bursts, and another's change is not kept waiting.
TEST_F(EngineProgrammingTest, TenThousandLinkEventsASecondHoldUpNobody) {
  for (int i = 0; i < 10'000; ++i) {
    agents_[2]->ReportLink("c--b", i % 2 == 1);
    if (i == 5'000) ChangeLine(9);
    loop_.Advance(absl::Microseconds(100));
    if (i % 100 == 0) {
      for (const auto& agent : agents_) agent->Run();
    }
  }
  EXPECT_TRUE(LineHasVlan(9)) << "the change has not come while the link flaps";
  EXPECT_LT(Plans(), 300);
  Settle();
  EXPECT_TRUE(views_.Get()->converged);
  for (const auto& agent : agents_) EXPECT_TRUE(agent->closed.ok());
}

// Each plan moves a pinned policy to the only link that is up then, which must be stored first; and
// before it is, another link is the only one.
TEST_F(EngineProgrammingTest, LinksThatFlapFasterThanTheStoreAnswersHoldUpNobody) {
  for (const int reverse : {1, 0}) {
    v1::Link link = bundle_.links(1 - reverse);
    link.set_name(link.name() + "--third");
    link.set_reverse(link.reverse() + "--third");
    link.set_interface("third");
    link.set_adjacency_sid(0x9000 + static_cast<uint32_t>(reverse));
    *bundle_.add_links() = std::move(link);
  }
  ASSERT_TRUE(memory_.CommitAndWait(MutationsOf(bundle_)).ok());
  Settle();
  store_.loop = &loop_;
  store_.takes = absl::Milliseconds(20);
  const int before = store_.commits;
  const std::vector<std::string> links = {"a--b", "a--c", "a--b--third"};
  for (size_t i = 0; i < 1'000; ++i) {
    agents_[0]->ReportLink(links[i % 3], true);
    agents_[0]->ReportLink(links[(i + 2) % 3], false);
    if (i == 100) ChangeLine(9);
    loop_.Advance(absl::Milliseconds(1));
    for (const auto& agent : agents_) agent->Run();
  }
  EXPECT_GT(store_.commits, before + 20) << "the test does not do what it says";
  EXPECT_TRUE(LineHasVlan(9)) << "the change has not come while the links flap";
  for (const std::string& link : links) agents_[0]->ReportLink(link, true);
  Settle();
  EXPECT_TRUE(views_.Get()->converged);
}

}  // namespace
}  // namespace waymark
