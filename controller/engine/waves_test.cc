#include "controller/engine/waves.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/engine/fake_session.h"
#include "controller/engine/switch_table.h"

namespace waymark {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

// Thirty switches, each with a policy and, as frames must enter somewhere, one attachment.
class WavesTest : public testing::Test {
 protected:
  static constexpr int kSwitches = 30;

  WavesTest() {
    for (int i = 0; i < kSwitches; ++i) {
      const std::string node = absl::StrCat("n", i);
      southbound::v1::Object object;
      object.mutable_attachment()->set_interface("c1");
      object.mutable_attachment()->set_vni(7);
      desired_[node].Put(object);
      sessions_[node] = std::make_shared<FakeSession>(node);
    }
    SetPolicies(1, kSwitches);
    table_.OnRollout([this] { ++rollout_changes_; });
    table_.SetDesired(desired_, 1);
  }
  // The first `count` switches get another version of their policy.
  void SetPolicies(uint32_t version, int count) {
    for (int i = 0; i < count; ++i) {
      southbound::v1::Object object;
      object.mutable_policy()->set_color(1);
      object.mutable_policy()->set_endpoint_sid(2);
      object.mutable_policy()->set_wait_to_restore_ms(version);
      desired_[absl::StrCat("n", i)].Put(object);
    }
  }
  // They held all of it before.
  void ConnectInStep() {
    for (auto& [node, session] : sessions_) {
      held_[node] = desired_[node];
      southbound::v1::Hello hello;
      hello.set_digest(held_[node].digest());
      table_.Connected(session, hello);
    }
  }
  void Change(uint32_t version, int count = kSwitches, const std::set<std::string>& repaired = {}) {
    SetPolicies(version, count);
    table_.SetDesired(desired_, ++revision_, {}, repaired);
  }
  std::set<std::string> AllNodes() const {
    std::set<std::string> nodes;
    for (const auto& [node, objects] : desired_) nodes.insert(node);
    return nodes;
  }
  void Finish() {
    for (int round = 0; round < 60 && table_.waves().running(); ++round) {
      Answer();
      loop_.Advance(absl::Seconds(1));
    }
    EXPECT_TRUE(table_.Converged());
    EXPECT_FALSE(table_.waves().running());
  }
  static SwitchTable::Options InWaves() {
    SwitchTable::Options options;
    options.waves.share = 0.2;
    return options;
  }
  // Who has been sent something and not answered.
  std::vector<std::string> Waiting() const {
    std::vector<std::string> waiting;
    for (const auto& [node, state] : table_.switches()) {
      if (state.sent.has_value()) waiting.push_back(node);
    }
    return waiting;
  }
  void Answer() {
    for (const std::string& node : Waiting()) {
      table_.Message(sessions_[node],
                     Acknowledge(sessions_[node]->sent.back().batch(), held_[node]));
    }
  }
  void TellPolicy(const std::string& node, bool up) {
    southbound::v1::AgentMessage message;
    auto& policy = *message.mutable_event()->mutable_policy();
    policy.set_color(1);
    policy.set_endpoint_sid(2);
    policy.add_working_up(up);
    table_.Message(sessions_[node], message);
  }

  SimulatedEventLoop loop_;
  Metrics metrics_;
  Revision revision_ = 1;
  std::map<std::string, ObjectTable> desired_, held_;
  std::map<std::string, std::shared_ptr<FakeSession>> sessions_;
  int rollout_changes_ = 0;
  SwitchTable table_{loop_, metrics_, InWaves(), [] {}, [](const std::string&, bool) {}};
};

TEST_F(WavesTest, AChangeOfManySwitchesGoesOutInGrowingWaves) {
  ConnectInStep();
  Change(2);
  std::vector<size_t> sizes;
  for (int round = 0; round < 20 && !table_.Converged(); ++round) {
    sizes.push_back(Waiting().size());
    Answer();
    loop_.Advance(absl::Seconds(1));
    if (!table_.Converged()) {
      EXPECT_THAT(Waiting(), IsEmpty()) << "before the wave has soaked";
    }
    loop_.Advance(absl::Milliseconds(1'500));
  }
  EXPECT_EQ(sizes, (std::vector<size_t>{1, 4, 16, 9}));
  loop_.Advance(absl::Seconds(3));
  EXPECT_FALSE(table_.waves().running());
}

// Not to those at once who have had a wave.
TEST_F(WavesTest, WhatJoinsARolloutWaitsForAWaveAsWell) {
  ConnectInStep();
  Change(2);
  for (int round = 0; round < 2; ++round) {
    Answer();
    loop_.Advance(absl::Seconds(3));
  }
  EXPECT_THAT(Waiting(), SizeIs(16));
  Answer();
  Change(3);
  EXPECT_THAT(Waiting(), IsEmpty()) << "the third wave soaks";
  loop_.Advance(absl::Seconds(3));
  EXPECT_THAT(Waiting(), SizeIs(1));
  Finish();
}

TEST_F(WavesTest, AChangeOfFewGoesAtOnce) {
  ConnectInStep();
  Change(2, /*count=*/6);
  EXPECT_THAT(Waiting(), SizeIs(6));
}

TEST_F(WavesTest, ANetworkIsBroughtUpAtOnce) {
  for (auto& [node, session] : sessions_) {
    table_.Connected(session, southbound::v1::Hello());
    southbound::v1::AgentMessage nothing;
    nothing.mutable_get_response()->set_last(true);
    table_.Message(session, nothing);
  }
  for (int round = 0; round < 10; ++round) Answer();
  EXPECT_TRUE(table_.Converged());
  // And so is what follows soon after.
  Change(2);
  EXPECT_THAT(Waiting(), SizeIs(kSwitches));
  Answer();
  loop_.Advance(absl::Minutes(2));
  Change(3);
  EXPECT_THAT(Waiting(), SizeIs(1));
}

// While it runs, and while it is paused; also where it goes further than what the others wait with.
TEST_F(WavesTest, ARepairGoesAtOnceAndTakesOnlyItsOwnSwitchesWithIt) {
  ConnectInStep();
  Change(2, kSwitches, AllNodes());
  EXPECT_THAT(Waiting(), SizeIs(kSwitches)) << "a repair begins no rollout";
  Answer();
  Change(3);
  EXPECT_THAT(Waiting(), SizeIs(1));
  const std::string canary = Waiting().at(0);
  Answer();
  for (const bool paused : {false, true}) {
    if (paused) table_.PauseRollout("by alice");
    const std::string other =
        paused ? (canary == "n5" ? "n6" : "n5") : (canary == "n1" ? "n2" : "n1");
    southbound::v1::Object more;
    more.mutable_attachment()->set_interface("c2");
    more.mutable_attachment()->set_vni(8);
    desired_[other].Put(more);
    table_.SetDesired(desired_, ++revision_, {}, {other});
    EXPECT_EQ(Waiting(), std::vector<std::string>{other}) << "policies first";
    Answer();
    EXPECT_EQ(Waiting(), std::vector<std::string>{other}) << "then the attachment";
    Answer();
    EXPECT_THAT(Waiting(), IsEmpty());
    EXPECT_TRUE(table_.Find(other)->HoldsDesired());
    EXPECT_TRUE(table_.waves().running());
  }
  EXPECT_FALSE(table_.Find(canary == "n9" ? "n8" : "n9")->HoldsDesired());
  // Nobody else while it is paused, however long.
  loop_.Advance(absl::Minutes(10));
  EXPECT_THAT(Waiting(), IsEmpty());
  table_.ResumeRollout();
  Finish();
}

// What would break traffic waits all the same: frames into a service that the others do not have
// yet, and who arrives on a link that another has yet to leave.
TEST_F(WavesTest, ARepairDoesNotGoAheadOfWhatItNeedsOfOthers) {
  ConnectInStep();
  southbound::v1::Object instance, attachment;
  instance.mutable_instance()->set_vni(8);
  instance.mutable_instance()->set_type(southbound::v1::INSTANCE_E_LAN);
  attachment.mutable_attachment()->set_interface("c2");
  attachment.mutable_attachment()->set_vni(8);
  for (auto& [node, objects] : desired_) {
    objects.Put(instance);
    objects.Put(attachment);
  }
  SetPolicies(2, kSwitches);
  const PolicyPlace leaves = {"n7", PolicyKey(1, 2)}, arrives = {"n5", PolicyKey(1, 2)};
  table_.SetDesired(desired_, ++revision_, {{"link", {{leaves}, {arrives}}}});
  table_.PauseRollout("by alice");
  Answer();
  ASSERT_FALSE(table_.Find("n5")->HoldsDesired() || table_.Find("n7")->HoldsDesired());
  southbound::v1::Object more;
  more.mutable_policy()->set_color(3);
  more.mutable_policy()->set_endpoint_sid(2);
  desired_["n5"].Put(more);
  table_.SetDesired(desired_, ++revision_, {}, {"n5"});
  for (int round = 0; round < 9; ++round) Answer();
  const HeldObjects& acked = table_.Find("n5")->acked;
  EXPECT_TRUE(acked.hashes().contains(PolicyKey(3, 2))) << "the repair";
  EXPECT_FALSE(acked.Has(PolicyKey(1, 2), desired_["n5"].entries().at(PolicyKey(1, 2)).hash));
  EXPECT_FALSE(acked.hashes().contains("instance:8"));
  EXPECT_FALSE(acked.hashes().contains(ObjectKey(attachment)));
  table_.ResumeRollout();
  Finish();
}

TEST_F(WavesTest, WhatASwitchHasLostIsNotKeptFromItWhileTheRolloutIsPaused) {
  ConnectInStep();
  Change(2);
  const std::string canary = Waiting().at(0);
  Answer();
  table_.PauseRollout("by alice");
  const std::string other = canary == "n3" ? "n4" : "n3";
  table_.Disconnected(sessions_[other], absl::UnavailableError("gone"));
  const auto come_back = [&](const std::string& node) {
    table_.Disconnected(sessions_[node], absl::UnavailableError("gone"));
    sessions_[node] = std::make_shared<FakeSession>(node);
    southbound::v1::Hello hello;
    hello.set_digest(held_[node].digest());
    hello.set_object_count(static_cast<int64_t>(held_[node].size()));
    table_.Connected(sessions_[node], hello);
    southbound::v1::AgentMessage answer;
    for (const auto& [key, entry] : held_[node].entries()) {
      auto& hash = *answer.mutable_get_response()->add_hashes();
      hash.set_key(key);
      hash.set_hash(entry.hash);
    }
    answer.mutable_get_response()->set_last(true);
    table_.Message(sessions_[node], answer);
  };
  // As it was.
  come_back(other);
  EXPECT_THAT(Waiting(), IsEmpty());
  // Without its attachment.
  held_[other].Erase(desired_[other].entries().begin()->first);
  come_back(other);
  EXPECT_EQ(Waiting(), std::vector<std::string>{other});
  for (int round = 0; round < 3; ++round) Answer();
  EXPECT_TRUE(table_.Find(other)->HoldsDesired());
  EXPECT_FALSE(table_.Converged());
  table_.ResumeRollout();
  Finish();
}

TEST_F(WavesTest, AWaveThatLosesPoliciesPausesTheRolloutUntilItIsResumed) {
  ConnectInStep();
  for (const auto& [node, session] : sessions_) TellPolicy(node, true);
  Change(2);
  const std::string canary = Waiting().at(0);
  Answer();
  TellPolicy(canary, false);
  for (int i = 0; i < 70; ++i) loop_.Advance(absl::Seconds(1));
  EXPECT_THAT(table_.waves().paused(), HasSubstr("nodes/" + canary));
  EXPECT_GT(rollout_changes_, 2);
  EXPECT_THAT(Waiting(), IsEmpty());
  // Another change waits with it.
  Change(3, /*count=*/2);
  EXPECT_THAT(Waiting(), testing::AnyOf(IsEmpty(), testing::ElementsAre(canary)));
  Answer();
  // Whoever goes on has seen what is down.
  table_.ResumeRollout();
  EXPECT_THAT(Waiting(), testing::Not(IsEmpty()));
  Finish();
}

// Reverted while it is paused: nothing is left to roll out.
TEST_F(WavesTest, ARolloutThatIsRevertedEnds) {
  ConnectInStep();
  Change(2);
  Answer();
  table_.PauseRollout("by alice");
  SetPolicies(1, kSwitches);
  table_.SetDesired(desired_, ++revision_, {}, {});
  EXPECT_TRUE(table_.waves().running()) << "the canary holds it still";
  table_.ResumeRollout();
  Finish();
  for (const auto& [node, objects] : desired_) EXPECT_EQ(held_[node].digest(), objects.digest());
}

TEST_F(WavesTest, AStoredPauseHoldsAllThatIsLeft) {
  table_.RestoreRollout(1, "by alice");
  ConnectInStep();
  EXPECT_TRUE(table_.waves().running() == false) << "nothing was left";
  Change(2, /*count=*/1);
  Answer();
  table_.RestoreRollout(2, "by alice");
  Change(3);
  loop_.Advance(absl::Hours(1));
  EXPECT_THAT(Waiting(), IsEmpty());
  EXPECT_EQ(table_.waves().paused(), "by alice");
  table_.ResumeRollout();
  EXPECT_THAT(Waiting(), SizeIs(1));
  Finish();
}

TEST_F(WavesTest, ASilentCanaryPausesTheRollout) {
  ConnectInStep();
  Change(2);
  const std::string canary = Waiting().at(0);
  for (int i = 0; i < 70; ++i) loop_.Advance(absl::Seconds(1));
  EXPECT_THAT(table_.waves().paused(), HasSubstr("nodes/" + canary + " is not connected"));
  EXPECT_THAT(Waiting(), IsEmpty());
}

TEST_F(WavesTest, AWaveThatRecoversInTimeGoesOn) {
  ConnectInStep();
  for (const auto& [node, session] : sessions_) TellPolicy(node, true);
  Change(2);
  const std::string canary = Waiting().at(0);
  Answer();
  TellPolicy(canary, false);
  loop_.Advance(absl::Seconds(20));
  EXPECT_THAT(Waiting(), IsEmpty());
  TellPolicy(canary, true);
  loop_.Advance(absl::Seconds(3));
  EXPECT_THAT(Waiting(), SizeIs(4));
}

}  // namespace
}  // namespace waymark
