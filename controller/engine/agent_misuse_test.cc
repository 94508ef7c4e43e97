// What an agent may send: whatever it is, it costs that agent, and nobody else, and no memory.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/engine/fake_session.h"
#include "controller/engine/switch_table.h"

namespace waymark {
namespace {

using southbound::v1::AgentMessage;
using testing::HasSubstr;

AgentMessage PolicyIs(uint32_t color) {
  AgentMessage message;
  message.mutable_event()->mutable_policy()->set_color(color);
  message.mutable_event()->mutable_policy()->set_endpoint_sid(2);
  message.mutable_event()->mutable_policy()->add_working_up(true);
  return message;
}

AgentMessage NotInDataPlane(const std::string& key) {
  AgentMessage message;
  message.mutable_event()->mutable_object()->set_key(key);
  message.mutable_event()->mutable_object()->set_status(southbound::v1::RIB_ACKED);
  return message;
}

AgentMessage LinkIs(const std::string& link, bool up) {
  AgentMessage message;
  message.mutable_event()->mutable_link()->set_link(link);
  message.mutable_event()->mutable_link()->set_up(up);
  return message;
}

class AgentMisuseTest : public testing::Test {
 protected:
  // Switch "a" must hold a node, a link "x" and a policy 1 to 2; "b" a node.
  void SetUp() override {
    southbound::v1::Object object;
    object.mutable_node()->set_node_sid(1);
    for (const char* node : {"a", "b"}) {
      object.mutable_node()->set_node(node);
      desired_[node].Put(object);
    }
    object.mutable_link()->set_link("x");
    object.mutable_link()->set_adjacency_sid(0x8000);
    desired_["a"].Put(object);
    object.mutable_policy()->set_color(1);
    object.mutable_policy()->set_endpoint_sid(2);
    desired_["a"].Put(object);
    table_.SetDesired(desired_, 1);
  }
  // With what it must hold.
  std::shared_ptr<FakeSession> ConnectInStep(const std::string& node) {
    auto session = std::make_shared<FakeSession>(node);
    southbound::v1::Hello hello;
    hello.set_digest(desired_.at(node).digest());
    table_.Connected(session, hello);
    return session;
  }
  // With nothing, and says so.
  std::shared_ptr<FakeSession> ConnectEmpty(const std::string& node) {
    auto session = std::make_shared<FakeSession>(node);
    table_.Connected(session, southbound::v1::Hello());
    SayThatNothingIsHeld(session);
    return session;
  }
  void SayThatNothingIsHeld(const std::shared_ptr<FakeSession>& session) {
    AgentMessage answer;
    answer.mutable_get_response()->set_last(true);
    table_.Message(session, answer);
  }
  double Count(const std::string& name) {
    return metrics_.Counter("waymark_southbound_" + name + "_total", "").Value();
  }

  SimulatedEventLoop loop_;
  Metrics metrics_;
  int link_changes_ = 0;
  std::map<std::string, ObjectTable> desired_;
  SwitchTable table_{loop_, metrics_, SwitchTable::Options(), [] {},
                     [this](const std::string&, bool) { ++link_changes_; }};
};

TEST_F(AgentMisuseTest, ReportsOnWhatWasNotSentAreCountedAndNotKept) {
  auto a = ConnectInStep("a");
  for (uint32_t i = 0; i < 1'000; ++i) {
    table_.Message(a, PolicyIs(100 + i));
    table_.Message(a, NotInDataPlane(absl::StrCat("link:made-up-", i)));
  }
  table_.Message(a, PolicyIs(1));
  table_.Message(a, NotInDataPlane("link:x"));
  const SwitchState& state = *table_.Find("a");
  EXPECT_EQ(state.policies.size(), 1u);
  EXPECT_EQ(state.rib_only, (std::set<std::string>{"link:x"}));
  EXPECT_EQ(Count("unknown_object_events"), 2'000);
  EXPECT_TRUE(a->closed.ok());
}

TEST_F(AgentMisuseTest, WhatIsReportedBeforeItIsKnownIsBoundedAndThenForgotten) {
  auto a = std::make_shared<FakeSession>("a");
  southbound::v1::Hello hello;
  for (uint32_t i = 0; i < 12'000; ++i) *hello.add_observed() = PolicyIs(i).event();
  table_.Connected(a, hello);
  EXPECT_LT(table_.Find("a")->policies.size(), 10'100u);
  EXPECT_GT(Count("unknown_object_events"), 1'900);
  SayThatNothingIsHeld(a);
  EXPECT_EQ(table_.Find("a")->policies.size(), 1u) << "of the policy that it is to hold";
}

// After it was sent and before its answer, and after nobody wants it any more.
TEST_F(AgentMisuseTest, AReportOnWhatIsOnItsWayIsKept) {
  auto a = ConnectEmpty("a");
  table_.SetDesired({{"a", {}}, {"b", desired_.at("b")}}, 2);
  table_.Message(a, NotInDataPlane("link:x"));
  EXPECT_EQ(table_.Find("a")->rib_only.count("link:x"), 1u);
  EXPECT_EQ(Count("unknown_object_events"), 0);
}

TEST_F(AgentMisuseTest, ASecondAckEndsThatSessionOnly) {
  auto a = ConnectEmpty("a"), b = ConnectInStep("b");
  ObjectTable held;
  const AgentMessage ack = Acknowledge(a->sent.back().batch(), held);
  table_.Message(a, ack);
  EXPECT_TRUE(a->closed.ok());
  table_.Message(a, ack);
  EXPECT_THAT(a->closed.message(), HasSubstr("which was not sent so"));
  EXPECT_EQ(Count("protocol_errors"), 1);
  EXPECT_TRUE(b->closed.ok());
}

TEST_F(AgentMisuseTest, WhatBreaksTheProtocolIsCounted) {
  auto a = ConnectEmpty("a");
  ObjectTable held;
  AgentMessage disordered = Acknowledge(a->sent.back().batch(), held);
  ASSERT_GE(disordered.batch_result().results_size(), 2);
  disordered.mutable_batch_result()->mutable_results()->SwapElements(0, 1);
  table_.Message(a, disordered);
  EXPECT_EQ(Count("protocol_errors"), 1);
  auto again = ConnectInStep("a");
  AgentMessage unasked;
  unasked.mutable_get_response()->add_hashes()->set_key("link:made-up");
  table_.Message(again, unasked);
  EXPECT_EQ(Count("protocol_errors"), 2);
  EXPECT_TRUE(table_.Find("a")->HoldsDesired()) << "and what it said is not taken";
  table_.Message(again, AgentMessage());
  EXPECT_EQ(Count("protocol_errors"), 3);
  EXPECT_FALSE(again->closed.ok());
}

// It would keep both ends busy for ever.
TEST_F(AgentMisuseTest, WhoseDigestIsFalseEveryTimeIsLeftOutForLongerEachTime) {
  auto a = ConnectEmpty("a");
  const auto lies = [&](int most) {
    int batches = 0;
    while (batches < most && a->sent.back().has_batch()) {
      ++batches;
      ObjectTable held;
      AgentMessage ack = Acknowledge(a->sent.back().batch(), held);
      ack.mutable_batch_result()->set_digest(123);
      table_.Message(a, ack);
      SayThatNothingIsHeld(a);
    }
    return batches;
  };
  EXPECT_EQ(lies(100), 3);
  loop_.Advance(absl::Seconds(11));
  EXPECT_EQ(lies(100), 1);
  loop_.Advance(absl::Seconds(11));
  EXPECT_EQ(lies(100), 0) << "twice as long";
  loop_.Advance(absl::Seconds(11));
  // From now on it tells the truth.
  ObjectTable held;
  for (int i = 0; i < 10 && a->sent.back().has_batch() && !table_.Find("a")->HoldsDesired(); ++i) {
    table_.Message(a, Acknowledge(a->sent.back().batch(), held));
  }
  EXPECT_TRUE(table_.Find("a")->HoldsDesired());
  EXPECT_EQ(table_.Find("a")->times_disputed, 0);
  EXPECT_EQ(Count("disputed_batches"), 4);
}

TEST_F(AgentMisuseTest, TenThousandLinkEventsASecondGrowNothing) {
  auto a = ConnectInStep("a"), b = ConnectInStep("b");
  const size_t sent = b->sent.size();
  for (int i = 0; i < 10'000; ++i) {
    table_.Message(a, LinkIs("x", i % 2 == 1));
    table_.Message(a, LinkIs(absl::StrCat("made-up-", i), false));
    loop_.Advance(absl::Microseconds(100));
  }
  EXPECT_EQ(table_.Find("a")->link_up.size(), 1u);
  EXPECT_TRUE(table_.links_down().empty());
  EXPECT_EQ(link_changes_, 10'000);
  EXPECT_EQ(Count("foreign_events"), 10'000);
  EXPECT_EQ(b->sent.size(), sent);
  EXPECT_TRUE(b->closed.ok());
}

// Bytes changed, cut off and doubled in what agents say at every point of a session.
TEST_F(AgentMisuseTest, MutatedMessagesHarmNobodyElse) {
  std::mt19937 numbers(7);
  const auto below = [&](size_t n) { return static_cast<size_t>(numbers()) % n; };
  auto b = ConnectInStep("b");
  int taken = 0;
  for (int round = 0; round < 1'000; ++round) {
    auto a = std::make_shared<FakeSession>("a");
    southbound::v1::Hello hello;
    hello.set_digest(numbers());
    hello.set_object_count(below(2) == 0 ? 3 : 100'000);
    table_.Connected(a, hello);
    ObjectTable held;
    for (int step = 0; step < 6; ++step) {
      AgentMessage message;
      if (below(4) == 0) {
        message = below(2) == 0 ? PolicyIs(1) : LinkIs("x", below(2) == 0);
      } else if (!a->sent.empty() && a->sent.back().has_batch()) {
        message = Acknowledge(a->sent.back().batch(), held);
      } else {
        message.mutable_get_response()->add_hashes()->set_key("link:x");
        message.mutable_get_response()->set_last(true);
      }
      std::string bytes = message.SerializeAsString();
      for (size_t i = below(3); i > 0 && !bytes.empty(); --i) {
        const size_t at = below(bytes.size());
        if (below(4) == 0) {
          bytes.resize(at);
        } else if (below(4) == 0) {
          bytes.insert(at, bytes.substr(at));
        } else {
          bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        }
      }
      AgentMessage mutated;
      if (!mutated.ParseFromString(bytes)) continue;
      ++taken;
      table_.Message(a, mutated);
    }
    loop_.Advance(absl::Milliseconds(static_cast<int64_t>(below(20'000))));
    const SwitchState& state = *table_.Find("a");
    ASSERT_LT(state.policies.size() + state.rib_only.size() + state.link_up.size(), 50u);
    ASSERT_TRUE(b->closed.ok());
    ASSERT_TRUE(table_.Find("b")->HoldsDesired());
  }
  EXPECT_GT(taken, 2'000);
}

}  // namespace
}  // namespace waymark
