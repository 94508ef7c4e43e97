#include "controller/engine/switch_table.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "controller/engine/fake_session.h"

namespace waymark {
namespace {

using southbound::v1::AgentMessage;
using southbound::v1::Batch;
using southbound::v1::ControllerMessage;
using southbound::v1::Object;

Object Node(const std::string& id) {
  Object object;
  object.mutable_node()->set_node(id);
  object.mutable_node()->set_node_sid(1);
  return object;
}

Object Link(const std::string& id, uint32_t sid = 0x8000) {
  Object object;
  object.mutable_link()->set_link(id);
  object.mutable_link()->set_interface("e0");
  object.mutable_link()->set_adjacency_sid(sid);
  return object;
}

Object Policy(uint32_t color, const std::vector<uint32_t>& sids = {}) {
  Object object;
  object.mutable_policy()->set_color(color);
  object.mutable_policy()->set_endpoint_sid(2);
  if (!sids.empty()) {
    auto& list = *object.mutable_policy()->add_working();
    for (const uint32_t sid : sids) list.add_sids(sid);
  }
  return object;
}

Object Attachment(uint32_t color) {
  Object object;
  object.mutable_attachment()->set_interface("c0");
  object.mutable_attachment()->set_default_color(color);
  return object;
}

class SwitchTableTest : public testing::Test {
 protected:
  // A switch that holds nothing says so.
  std::shared_ptr<FakeSession> Connect(const std::string& node) {
    auto session = std::make_shared<FakeSession>(node);
    southbound::v1::Hello hello;
    hello.set_node(node);
    table_.Connected(session, hello);
    if (!session->sent.empty() && session->sent.back().has_get()) {
      AgentMessage answer;
      answer.mutable_get_response()->set_last(true);
      table_.Message(session, answer);
    }
    return session;
  }

  static std::map<std::string, ObjectTable> Desired(
      const std::map<std::string, std::vector<Object>>& objects) {
    std::map<std::string, ObjectTable> desired;
    for (const auto& [node, list] : objects) {
      ObjectTable& table = desired[node];
      for (const Object& object : list) table.Put(object);
    }
    return desired;
  }

  // An agent of a node that is no part of the network would be let go at once.
  void SetUp() override { table_.SetDesired(Desired({{"a", {}}, {"b", {}}}), 0); }

  SimulatedEventLoop loop_;
  Metrics metrics_;
  int changes_ = 0, link_changes_ = 0;
  SwitchTable table_{loop_, metrics_, SwitchTable::Options(), [this] { ++changes_; },
                     [this](const std::string&, bool) { ++link_changes_; }};
};

TEST_F(SwitchTableTest, PhasesWaitForEverySwitch) {
  auto a = Connect("a"), b = Connect("b");
  a->sent.clear();
  b->sent.clear();
  table_.SetDesired(Desired({{"a", {Node("a"), Policy(1)}}, {"b", {Node("b")}}}), 7);
  ASSERT_EQ(a->sent.size(), 1u);
  ASSERT_EQ(b->sent.size(), 1u);
  EXPECT_EQ(a->sent[0].batch().revision(), 7);
  EXPECT_EQ(a->sent[0].batch().operations_size(), 1);
  ObjectTable at_a, at_b;
  table_.Message(a, Acknowledge(a->sent[0].batch(), at_a));
  EXPECT_EQ(a->sent.size(), 1u) << "the policy must wait for b's underlay";
  table_.Message(b, Acknowledge(b->sent[0].batch(), at_b));
  ASSERT_EQ(a->sent.size(), 2u);
  EXPECT_TRUE(a->sent[1].batch().operations(0).put().has_policy());
  EXPECT_NE(a->sent[1].batch().expected_digest(), 0u);
  EXPECT_FALSE(table_.Converged());
  table_.Message(a, Acknowledge(a->sent[1].batch(), at_a));
  EXPECT_TRUE(table_.Converged());
}

TEST_F(SwitchTableTest, AgentInStepIsAskedAndSentNothing) {
  const auto desired = Desired({{"a", {Node("a"), Link("x")}}});
  table_.SetDesired(desired, 1);
  auto session = std::make_shared<FakeSession>("a");
  southbound::v1::Hello hello;
  hello.set_digest(desired.at("a").digest());
  table_.Connected(session, hello);
  EXPECT_TRUE(session->sent.empty());
  EXPECT_TRUE(table_.Converged());
}

TEST_F(SwitchTableTest, ReconnectCostsTheDifference) {
  const auto desired = Desired({{"a", {Node("a"), Link("x"), Link("y")}}});
  table_.SetDesired(desired, 1);
  auto session = std::make_shared<FakeSession>("a");
  southbound::v1::Hello hello;
  hello.set_digest(99);
  table_.Connected(session, hello);
  ASSERT_TRUE(session->sent.back().has_get());
  AgentMessage answer;
  for (const char* key : {"node:", "link:x", "link:stale"}) {
    auto& hash = *answer.mutable_get_response()->add_hashes();
    hash.set_key(key);
    auto it = desired.at("a").entries().find(key);
    hash.set_hash(it == desired.at("a").entries().end() ? 5 : it->second.hash);
  }
  answer.mutable_get_response()->set_last(true);
  table_.Message(session, answer);
  ASSERT_TRUE(session->sent.back().has_batch());
  const Batch& batch = session->sent.back().batch();
  ASSERT_EQ(batch.operations_size(), 1);
  EXPECT_EQ(ObjectKey(batch.operations(0).put()), "link:y");
}

TEST_F(SwitchTableTest, RejectedObjectIsNotSentAgainUntilItIsTime) {
  auto a = Connect("a");
  a->sent.clear();
  table_.SetDesired(Desired({{"a", {Node("a")}}}), 1);
  ObjectTable held;
  AgentMessage answer = Acknowledge(a->sent[0].batch(), held, southbound::v1::REJECTED);
  answer.mutable_batch_result()->mutable_results(0)->set_error("no such device");
  table_.Message(a, answer);
  EXPECT_EQ(a->sent.size(), 1u);
  EXPECT_FALSE(table_.Converged());
  ASSERT_EQ(table_.Find("a")->rejected.count("node:"), 1u);
  EXPECT_EQ(table_.Find("a")->rejected.at("node:").error, "no such device");
  loop_.Advance(absl::Seconds(31));
  EXPECT_EQ(a->sent.size(), 2u);
}

// Answers every batch until none comes: what concerns `refused` is refused. Returns the keys of
// operations in order.
std::vector<std::string> AnswerAll(SwitchTable& table, const std::shared_ptr<FakeSession>& session,
                                   const std::string& refused, ObjectTable* held) {
  std::vector<std::string> keys;
  while (!session->sent.empty()) {
    const std::vector<ControllerMessage> sent = std::exchange(session->sent, {});
    for (const ControllerMessage& message : sent) {
      if (!message.has_batch()) continue;
      bool refuse = false;
      for (const auto& operation : message.batch().operations()) {
        const std::string key =
            operation.has_put() ? ObjectKey(operation.put()) : "delete " + operation.delete_();
        refuse = refuse || key == refused;
        keys.push_back(key);
      }
      table.Message(session,
                    Acknowledge(message.batch(), *held,
                                refuse ? southbound::v1::REJECTED : southbound::v1::FIB_ACKED));
    }
  }
  return keys;
}

TEST_F(SwitchTableTest, WhatARefusedAttachmentSteersToStays) {
  auto a = Connect("a");
  ObjectTable held;
  table_.SetDesired(Desired({{"a", {Node("a"), Policy(1), Attachment(1)}}}), 1);
  AnswerAll(table_, a, "", &held);
  ASSERT_TRUE(table_.Find("a")->HoldsDesired());
  table_.SetDesired(Desired({{"a", {Node("a"), Policy(2), Attachment(2)}}}), 2);
  const std::vector<std::string> refused = AnswerAll(table_, a, "attachment:c0:0", &held);
  EXPECT_EQ(refused, (std::vector<std::string>{"policy:2:2", "attachment:c0:0"}));
  loop_.Advance(absl::Seconds(31));
  const std::vector<std::string> taken = AnswerAll(table_, a, "", &held);
  EXPECT_EQ(taken, (std::vector<std::string>{"attachment:c0:0", "delete policy:1:2"}));
}

TEST_F(SwitchTableTest, NothingIsSteeredToARefusedPolicy) {
  auto a = Connect("a");
  ObjectTable held;
  table_.SetDesired(Desired({{"a", {Node("a"), Policy(1), Attachment(1)}}}), 1);
  AnswerAll(table_, a, "", &held);
  table_.SetDesired(Desired({{"a", {Node("a"), Policy(2), Attachment(2)}}}), 2);
  EXPECT_EQ(AnswerAll(table_, a, "policy:2:2", &held), (std::vector<std::string>{"policy:2:2"}));
  loop_.Advance(absl::Seconds(31));
  EXPECT_EQ(AnswerAll(table_, a, "", &held),
            (std::vector<std::string>{"policy:2:2", "attachment:c0:0", "delete policy:1:2"}));
}

TEST_F(SwitchTableTest, StuckAgentIsDroppedAndTheOthersGoOn) {
  auto a = Connect("a"), b = Connect("b");
  a->sent.clear();
  b->sent.clear();
  table_.SetDesired(Desired({{"a", {Node("a"), Policy(1)}}, {"b", {Node("b")}}}), 1);
  ObjectTable at_a;
  table_.Message(a, Acknowledge(a->sent[0].batch(), at_a));
  loop_.Advance(absl::Seconds(11));
  EXPECT_FALSE(b->closed.ok());
  EXPECT_EQ(a->sent.size(), 2u);
}

TEST_F(SwitchTableTest, AStuckAgentIsLeftOutForLongerEachTime) {
  table_.SetDesired(Desired({{"a", {Node("a")}}}), 1);
  auto first = Connect("a");
  loop_.Advance(absl::Seconds(11));
  EXPECT_FALSE(first->closed.ok());
  auto second = Connect("a");
  const size_t sent = second->sent.size();
  loop_.Advance(absl::Seconds(5));
  EXPECT_EQ(second->sent.size(), sent) << "still left out";
  loop_.Advance(absl::Seconds(6));
  EXPECT_EQ(second->sent.size(), sent + 1);
}

TEST_F(SwitchTableTest, AnAgentThatNeverSaysWhatItHoldsIsDropped) {
  auto session = std::make_shared<FakeSession>("a");
  southbound::v1::Hello hello;
  hello.set_digest(5);
  table_.Connected(session, hello);
  loop_.Advance(absl::Seconds(11));
  EXPECT_EQ(session->closed.code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(SwitchTableTest, ASendThatFailsDoesNotStopTheOthers) {
  auto a = Connect("a"), b = Connect("b");
  a->sent.clear();
  b->sent.clear();
  b->send_status = absl::UnavailableError("gone");
  table_.SetDesired(Desired({{"a", {Node("a"), Policy(1)}}, {"b", {Node("b")}}}), 1);
  ObjectTable at_a;
  table_.Message(a, Acknowledge(a->sent[0].batch(), at_a));
  loop_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(table_.Find("b")->session, nullptr);
  EXPECT_EQ(a->sent.size(), 2u);
}

TEST_F(SwitchTableTest, APolicyWaitsForEveryLinkOfItsPathToBeConfirmed) {
  auto a = Connect("a"), b = Connect("b");
  a->sent.clear();
  b->sent.clear();
  table_.SetDesired(
      Desired({{"a", {Node("a"), Policy(1, {0x8000})}}, {"b", {Node("b"), Link("x", 0x8000)}}}), 1);
  ObjectTable at_a, at_b;
  table_.Message(a, Acknowledge(a->sent[0].batch(), at_a));
  table_.Message(b, Acknowledge(b->sent[0].batch(), at_b, southbound::v1::REJECTED));
  for (const ControllerMessage& message : a->sent) {
    for (const auto& operation : message.batch().operations()) {
      EXPECT_FALSE(operation.put().has_policy()) << "b has not taken the link";
    }
  }
  loop_.Advance(absl::Seconds(31));
  table_.Message(b, Acknowledge(b->sent.back().batch(), at_b));
  EXPECT_TRUE(a->sent.back().batch().operations(0).put().has_policy());
}

TEST_F(SwitchTableTest, NothingIsProgrammedUntilEveryAgentHasBeenHeard) {
  table_.HoldUntilHeard(absl::Seconds(3), absl::Milliseconds(50));
  table_.SetDesired(Desired({{"a", {Node("a")}}, {"b", {Node("b")}}}), 1);
  auto a = Connect("a");
  a->sent.clear();
  loop_.Advance(absl::Seconds(1));
  EXPECT_TRUE(a->sent.empty());
  auto b = Connect("b");
  loop_.Advance(absl::Milliseconds(51));
  EXPECT_EQ(a->sent.size(), 1u);
}

TEST_F(SwitchTableTest, AnAgentThatStaysAwayHoldsTheOthersForALimitedTime) {
  table_.HoldUntilHeard(absl::Seconds(3), absl::Milliseconds(50));
  table_.SetDesired(Desired({{"a", {Node("a")}}, {"b", {Node("b")}}}), 1);
  auto a = Connect("a");
  a->sent.clear();
  loop_.Advance(absl::Seconds(4));
  EXPECT_EQ(a->sent.size(), 1u);
}

TEST_F(SwitchTableTest, AckedByTheAgentIsNotYetAckedByItsDataPlane) {
  table_.SetDesired(Desired({{"a", {Node("a")}}, {"b", {}}}), 1);
  auto a = Connect("a"), b = Connect("b");
  ObjectTable held;
  AgentMessage answer = Acknowledge(a->sent.back().batch(), held, southbound::v1::RIB_ACKED);
  table_.Message(a, answer);
  EXPECT_FALSE(table_.Converged());
  AgentMessage news;
  news.mutable_event()->mutable_object()->set_key("node:");
  news.mutable_event()->mutable_object()->set_status(southbound::v1::FIB_ACKED);
  table_.Message(a, news);
  EXPECT_TRUE(table_.Converged());
  // Drift that could not be put right.
  news.mutable_event()->mutable_object()->set_status(southbound::v1::RIB_ACKED);
  table_.Message(a, news);
  EXPECT_FALSE(table_.Converged());
}

struct Misuse {
  const char* name;
  void (*spoil)(AgentMessage&);
};

class SwitchTableMisuse : public SwitchTableTest, public testing::WithParamInterface<Misuse> {};

TEST_P(SwitchTableMisuse, EndsThatSessionOnly) {
  auto a = Connect("a"), b = Connect("b");
  a->sent.clear();
  table_.SetDesired(Desired({{"a", {Node("a"), Link("x")}}, {"b", {}}}), 1);
  ObjectTable held;
  AgentMessage answer = Acknowledge(a->sent[0].batch(), held);
  GetParam().spoil(answer);
  table_.Message(a, answer);
  EXPECT_FALSE(a->closed.ok());
  EXPECT_TRUE(b->closed.ok());
  EXPECT_EQ(table_.Find("a")->session, nullptr);
}

INSTANTIATE_TEST_SUITE_P(
    All, SwitchTableMisuse,
    testing::Values(
        Misuse{"AcksWhatWasNotSent",
               [](AgentMessage& m) { m.mutable_batch_result()->set_batch_id(77); }},
        Misuse{"TooFewResults",
               [](AgentMessage& m) { m.mutable_batch_result()->mutable_results()->RemoveLast(); }},
        Misuse{"OutOfOrder",
               [](AgentMessage& m) {
                 m.mutable_batch_result()->mutable_results()->SwapElements(0, 1);
               }},
        Misuse{"SecondHello", [](AgentMessage& m) { m.mutable_hello()->set_node("a"); }},
        Misuse{"Nothing", [](AgentMessage& m) { m.Clear(); }}),
    [](const auto& info) { return info.param.name; });

TEST_F(SwitchTableTest, WrongDigestIsAskedAbout) {
  auto a = Connect("a");
  a->sent.clear();
  table_.SetDesired(Desired({{"a", {Node("a")}}}), 1);
  ObjectTable held;
  AgentMessage answer = Acknowledge(a->sent[0].batch(), held);
  answer.mutable_batch_result()->set_digest(123);
  table_.Message(a, answer);
  EXPECT_TRUE(a->sent.back().has_get());
  EXPECT_FALSE(table_.Converged());
}

TEST_F(SwitchTableTest, ASwitchSpeaksForItsOwnLinksOnly) {
  table_.SetDesired(Desired({{"a", {Node("a"), Link("x")}}, {"b", {Node("b")}}}), 1);
  auto a = Connect("a"), b = Connect("b");
  AgentMessage down;
  down.mutable_event()->mutable_link()->set_link("x");
  table_.Message(b, down);
  EXPECT_TRUE(table_.links_down().empty());
  EXPECT_EQ(link_changes_, 0);
  table_.Message(a, down);
  EXPECT_EQ(table_.links_down().count("links/x"), 1u);
  EXPECT_EQ(link_changes_, 1);
  table_.Message(a, down);
  EXPECT_EQ(link_changes_, 1) << "the same news twice is no change";
}

// Its agent may be the only one that does not run, after a restart of the controller: what the
// switch holds, and where its old routes lead, is not known.
TEST_F(SwitchTableTest, ARouteDoesNotLeadToASwitchThatNobodyHasHeard) {
  const auto node = [](const std::string& id, uint32_t sid) {
    Object object = Node(id);
    object.mutable_node()->set_node_sid(sid);
    return object;
  };
  const auto link = [](const std::string& id, uint32_t sid, uint32_t neighbor) {
    Object object = Link(id, sid);
    object.mutable_link()->set_neighbor_sid(neighbor);
    return object;
  };
  const auto route = [](uint32_t to, const std::string& link) {
    Object object;
    object.mutable_route()->set_node_sid(to);
    object.mutable_route()->add_links(link);
    return object;
  };
  auto a = Connect("a");
  table_.SetDesired(Desired({{"a", {node("a", 1), link("x", 0x8000, 2), route(3, "x")}},
                             {"b", {node("b", 2), link("y", 0x8001, 3), route(3, "y")}},
                             {"c", {node("c", 3)}}}),
                    1);
  ObjectTable at_a, at_b;
  EXPECT_EQ(AnswerAll(table_, a, "", &at_a), (std::vector<std::string>{"node:", "link:x"}));
  auto b = Connect("b");
  AnswerAll(table_, b, "", &at_b);
  EXPECT_EQ(AnswerAll(table_, a, "", &at_a), (std::vector<std::string>{"route:3"}));
}

// Who must leave first is not forgotten when the next plan comes before the last has been sent.
TEST_F(SwitchTableTest, WhoArrivesWaitsForWhoLeaves) {
  auto a = Connect("a"), b = Connect("b");
  ObjectTable at_a, at_b;
  const auto answer = [&](const std::shared_ptr<FakeSession>& session, ObjectTable& held) {
    table_.Message(session, Acknowledge(session->sent.back().batch(), held));
  };
  table_.SetDesired(Desired({{"a", {Node("a"), Policy(1, {0x9007})}}, {"b", {Node("b")}}}), 1);
  answer(a, at_a);
  answer(b, at_b);
  answer(a, at_a);
  ASSERT_TRUE(table_.Converged());
  table_.SetDesired(
      Desired({{"a", {Node("a"), Policy(1, {0x9007})}}, {"b", {Node("b"), Link("x")}}}), 2);
  const auto taken =
      Desired({{"a", {Node("a"), Policy(1)}}, {"b", {Node("b"), Link("x"), Policy(2, {0x9007})}}});
  table_.SetDesired(taken, 3, {{"links/y", {{{"a", "policy:1:2"}}, {{"b", "policy:2:2"}}}}});
  table_.SetDesired(taken, 4);
  const size_t sent_a = a->sent.size(), sent_b = b->sent.size();
  answer(b, at_b);
  ASSERT_EQ(a->sent.size(), sent_a + 1);
  EXPECT_EQ(b->sent.size(), sent_b);
  answer(a, at_a);
  ASSERT_EQ(b->sent.size(), sent_b + 1);
  answer(b, at_b);
  EXPECT_TRUE(table_.Converged());
}

TEST_F(SwitchTableTest, DeletedNodeIsEmptiedThenLetGo) {
  auto a = Connect("a");
  table_.SetDesired(Desired({{"a", {Node("a")}}}), 1);
  ObjectTable held;
  table_.Message(a, Acknowledge(a->sent.back().batch(), held));
  table_.SetDesired({}, 2);
  ASSERT_TRUE(a->sent.back().batch().operations(0).has_delete_());
  EXPECT_TRUE(a->closed.ok());
  table_.Message(a, Acknowledge(a->sent.back().batch(), held));
  EXPECT_EQ(a->closed.code(), absl::StatusCode::kNotFound);
}

TEST_F(SwitchTableTest, MessagesOfAReplacedSessionAreIgnored) {
  auto old = Connect("a");
  table_.SetDesired(Desired({{"a", {Node("a")}}}), 1);
  const Batch batch = old->sent.back().batch();
  table_.Disconnected(old, absl::UnavailableError("gone"));
  auto fresh = Connect("a");
  ObjectTable held;
  table_.Message(old, Acknowledge(batch, held));
  EXPECT_TRUE(fresh->closed.ok());
  EXPECT_FALSE(table_.Converged());
}

}  // namespace
}  // namespace waymark
