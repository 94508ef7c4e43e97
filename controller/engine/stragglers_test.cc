// One agent does not answer: what goes on, and what waits for it.
#include "controller/engine/stragglers.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <vector>

#include "controller/engine/fake_session.h"
#include "controller/engine/switch_table.h"

namespace waymark {
namespace {

using southbound::v1::AgentMessage;
using southbound::v1::ControllerMessage;
using southbound::v1::Object;

using Objects = std::map<std::string, std::vector<Object>>;
using Keys = std::vector<std::string>;

Object Node(const std::string& id, uint32_t sid) {
  Object object;
  object.mutable_node()->set_node(id);
  object.mutable_node()->set_node_sid(sid);
  return object;
}

Object Link(const std::string& id, uint32_t sid, int64_t capacity = 1) {
  Object object;
  object.mutable_link()->set_link(id);
  object.mutable_link()->set_interface("e0");
  object.mutable_link()->set_adjacency_sid(sid);
  object.mutable_link()->set_capacity_bps(capacity);
  return object;
}

Object Policy(uint32_t color, uint32_t endpoint, const std::vector<uint32_t>& sids = {}) {
  Object object;
  object.mutable_policy()->set_color(color);
  object.mutable_policy()->set_endpoint_sid(endpoint);
  if (!sids.empty()) {
    auto& list = *object.mutable_policy()->add_working();
    for (const uint32_t sid : sids) list.add_sids(sid);
  }
  return object;
}

Object Instance(uint32_t vni, const std::vector<uint32_t>& remotes) {
  Object object;
  object.mutable_instance()->set_vni(vni);
  object.mutable_instance()->set_type(southbound::v1::INSTANCE_E_LAN);
  for (const uint32_t sid : remotes) object.mutable_instance()->add_remote_sids(sid);
  return object;
}

Object Attachment(const std::string& interface, uint32_t vni, uint32_t color = 1) {
  Object object;
  object.mutable_attachment()->set_interface(interface);
  object.mutable_attachment()->set_vni(vni);
  object.mutable_attachment()->set_default_color(color);
  return object;
}

// Switches a, b, c with SIDs 1, 2, 3, of which b can be silent.
class StragglersTest : public testing::Test {
 protected:
  void SetUp() override { Connect(3); }

  // Switches that hold nothing.
  void Connect(int count) {
    std::map<std::string, ObjectTable> nothing;
    for (int i = 0; i < count; ++i) nothing[std::string(1, static_cast<char>('a' + i))];
    table_.SetDesired(nothing, ++revision_);
    for (const auto& [node, objects] : nothing) {
      if (sessions_.contains(node)) continue;
      sessions_[node] = std::make_shared<FakeSession>(node);
      table_.Connected(sessions_[node], southbound::v1::Hello());
    }
  }

  void Want(Objects objects, const Successions& handovers = {}) {
    std::map<std::string, ObjectTable> desired;
    uint32_t sid = 0;
    for (auto& [node, list] : objects) {
      ObjectTable& table = desired[node];
      table.Put(Node(node, ++sid));
      for (const Object& object : list) table.Put(object);
    }
    table_.SetDesired(desired, ++revision_, handovers);
  }

  // Answers what has been sent to the nodes, until nothing comes. Gives what they were told, in
  // order, as "node key" or "node -key".
  Keys Answer(const std::set<std::string>& nodes) {
    Keys keys;
    for (bool more = true; more;) {
      more = false;
      for (const std::string& node : nodes) {
        const std::vector<ControllerMessage> sent = std::exchange(sessions_[node]->sent, {});
        for (const ControllerMessage& message : sent) {
          more = true;
          for (const auto& operation : message.batch().operations()) {
            keys.push_back(node + (operation.has_put() ? " " + ObjectKey(operation.put())
                                                       : " -" + operation.delete_()));
          }
          table_.Message(sessions_[node], Acknowledge(message.batch(), held_[node]));
        }
      }
    }
    return keys;
  }
  Keys AnswerAll() { return Answer({"a", "b", "c"}); }
  // What the other two are told while b is silent, from its silence on.
  Keys WithoutB() {
    Answer({"a", "c"});
    loop_.Advance(absl::Milliseconds(1'001));
    return Answer({"a", "c"});
  }

  SimulatedEventLoop loop_;
  Metrics metrics_;
  SwitchTable table_{loop_, metrics_, SwitchTable::Options(), [] {},
                     [](const std::string&, bool) {}};
  std::map<std::string, std::shared_ptr<FakeSession>> sessions_;
  std::map<std::string, ObjectTable> held_;
  Revision revision_ = 0;
};

TEST_F(StragglersTest, WhatDoesNotDependOnItGoesOnAfterASecond) {
  Want({{"a", {Policy(1, 3)}}, {"b", {}}, {"c", {}}});
  EXPECT_EQ(Answer({"a", "c"}), (Keys{"a node:", "c node:"}));
  loop_.Advance(absl::Milliseconds(990));
  EXPECT_EQ(Answer({"a", "c"}), Keys());
  loop_.Advance(absl::Milliseconds(20));
  EXPECT_EQ(Answer({"a", "c"}), (Keys{"a policy:1:3"}));
  EXPECT_TRUE(sessions_["b"]->closed.ok()) << "it may yet answer";
  EXPECT_FALSE(table_.Converged());
  Answer({"b"});
  EXPECT_TRUE(table_.Converged());
}

TEST_F(StragglersTest, APolicyOverItsUnconfirmedLinkWaits) {
  Want({{"a", {Policy(1, 3, {0x9000}), Policy(2, 3, {0x9001})}},
        {"b", {Link("x", 0x9000)}},
        {"c", {Link("y", 0x9001)}}});
  EXPECT_EQ(WithoutB(), (Keys{"a policy:2:3"}));
  EXPECT_EQ(AnswerAll(), (Keys{"b node:", "b link:x", "a policy:1:3"}));
  EXPECT_TRUE(table_.Converged());
}

// What it was sent by an earlier plan may be what it holds by now.
TEST_F(StragglersTest, WhatItHeldIsNotReliedUponOnceSomethingElseIsOnItsWay) {
  Want({{"a", {}}, {"b", {Link("x", 0x9000)}}, {"c", {}}});
  AnswerAll();
  Want({{"a", {}}, {"b", {Link("x", 0x9000, 2)}}, {"c", {}}});
  Want({{"a", {Policy(1, 3, {0x9000}), Policy(2, 3)}}, {"b", {Link("x", 0x9000)}}, {"c", {}}});
  EXPECT_EQ(WithoutB(), (Keys{"a policy:2:3"}));
  EXPECT_FALSE(table_.Converged());
  EXPECT_EQ(AnswerAll(), (Keys{"b link:x", "b link:x", "a policy:1:3"}));
}

// Nor while it is not there at all, and nobody knows whether it has the link.
TEST_F(StragglersTest, FramesAreNotSteeredToAPolicyThatWaits) {
  const std::vector<Object> at_c = {Link("y", 0x9001), Instance(10, {1}), Instance(20, {1})};
  const auto want = [&](uint32_t color, const std::vector<Object>& at_b) {
    Want({{"a",
           {Instance(10, {3}), Instance(20, {2}), Attachment("c0", 10, color),
            Attachment("c1", 20, color), Policy(color, 3, {color == 1 ? 0x9001u : 0x9000u}),
            Policy(color, 2, {0x9001})}},
          {"b", at_b},
          {"c", at_c}});
  };
  want(1, {});
  AnswerAll();
  ASSERT_TRUE(table_.Converged());
  table_.Disconnected(sessions_["b"], absl::UnavailableError("gone"));
  want(2, {Link("x", 0x9000)});
  EXPECT_EQ(Answer({"a", "c"}), (Keys{"a policy:2:2", "a attachment:c1:0"}));
  sessions_["b"] = std::make_shared<FakeSession>("b");
  southbound::v1::Hello hello;
  held_["b"].Put(Link("x", 0x9000));
  hello.set_digest(held_["b"].digest());
  table_.Connected(sessions_["b"], hello);
  EXPECT_EQ(AnswerAll(),
            (Keys{"a policy:2:3", "a attachment:c0:0", "a -policy:1:2", "a -policy:1:3"}));
}

TEST_F(StragglersTest, ItsServicesWaitAndTheOthersDoNot) {
  Want({{"a", {Instance(10, {2}), Attachment("c0", 10), Instance(20, {3}), Attachment("c1", 20)}},
        {"b", {Instance(10, {1}), Attachment("c0", 10)}},
        {"c", {Instance(20, {1}), Attachment("c1", 20)}}});
  EXPECT_EQ(WithoutB(),
            (Keys{"a instance:20", "c instance:20", "a attachment:c1:0", "c attachment:c1:0"}));
  EXPECT_EQ(AnswerAll(), (Keys{"b node:", "a instance:10", "b instance:10", "a attachment:c0:0",
                               "b attachment:c0:0"}));
  EXPECT_TRUE(table_.Converged());
}

// A frame from the new site must find its way back.
TEST_F(StragglersTest, NobodyJoinsAServiceToWhomItsPolicyIsUnsettled) {
  const std::vector<Object> at_a = {Instance(10, {2, 3}), Instance(20, {2, 3})};
  const std::vector<Object> at_b = {Instance(10, {1, 3}), Attachment("c0", 10), Policy(1, 1)};
  const std::vector<Object> at_c = {Instance(10, {1, 2}), Instance(30, {})};
  Want({{"a", at_a}, {"b", at_b}, {"c", at_c}});
  AnswerAll();
  std::vector<Object> more_at_b = at_b, more_at_c = at_c;
  more_at_b.push_back(Policy(2, 3));
  more_at_c.push_back(Attachment("c0", 10));
  more_at_c.push_back(Attachment("c1", 30));
  Want({{"a", at_a}, {"b", more_at_b}, {"c", more_at_c}});
  EXPECT_EQ(WithoutB(), (Keys{"c attachment:c1:0"}));
  EXPECT_EQ(AnswerAll(), (Keys{"b policy:2:3", "c attachment:c0:0"}));
}

TEST_F(StragglersTest, NothingLeavesBeforeWhatTakesItsPlace) {
  Want({{"a", {Instance(10, {2, 3}), Attachment("c0", 10), Attachment("c1", 10), Policy(1, 2)}},
        {"b", {Instance(10, {1, 3})}},
        {"c", {Instance(10, {1, 2}), Instance(20, {}), Attachment("c0", 20)}}});
  AnswerAll();
  // A site moves from a to b; another, of another service, leaves.
  Want({{"a", {Instance(10, {2, 3}), Attachment("c1", 10)}},
        {"b", {Instance(10, {1, 3}), Attachment("c0", 10)}},
        {"c", {Instance(10, {1, 2})}}});
  EXPECT_EQ(WithoutB(), (Keys{"c -attachment:c0:0", "c -instance:20"}));
  EXPECT_EQ(AnswerAll(), (Keys{"b attachment:c0:0", "a -attachment:c0:0", "a -policy:1:2"}));
  EXPECT_TRUE(table_.Converged());
}

TEST_F(StragglersTest, APortThatIsNotFreeYetIsNotTaken) {
  Want({{"a", {Instance(10, {2}), Instance(20, {}), Attachment("c0", 10)}},
        {"b", {Instance(10, {1})}},
        {"c", {}}});
  AnswerAll();
  Object tagged = Attachment("c0", 20);
  tagged.mutable_attachment()->set_vlan(5);
  Want({{"a", {Instance(10, {2}), Instance(20, {}), tagged}},
        {"b", {Instance(10, {1}), Attachment("c0", 10), Policy(1, 1)}},
        {"c", {}}});
  EXPECT_EQ(WithoutB(), Keys());
  EXPECT_EQ(AnswerAll(),
            (Keys{"b policy:1:1", "a -attachment:c0:0", "a attachment:c0:5", "b attachment:c0:0"}));
}

TEST_F(StragglersTest, ItsOldPathsKeepTheirLinks) {
  Want({{"a", {Link("x", 0x9000), Link("z", 0x9002)}},
        {"b", {Policy(1, 3, {0x9000})}},
        {"c", {Link("y", 0x9001)}}});
  AnswerAll();
  Want({{"a", {Link("z", 0x9002)}},
        {"b", {Policy(1, 3, {0x9001})}},
        {"c", {Link("y", 0x9001), Policy(1, 1)}}});
  EXPECT_EQ(WithoutB(), Keys()) << "c's policy had gone with b's";
  EXPECT_EQ(AnswerAll(), (Keys{"b policy:1:3", "a -link:x"}));
}

TEST_F(StragglersTest, WhoArrivesWaitsForWhoLeavesThereAndSoOn) {
  Want({{"a", {Policy(1, 3, {0x9000})}}, {"b", {Policy(2, 3, {0x9001})}}, {"c", {Policy(3, 1)}}});
  AnswerAll();
  // b leaves x, where a arrives from y, where c arrives.
  const Successions handovers = {{"links/x", {{{"b", "policy:2:3"}}, {{"a", "policy:1:3"}}}},
                                 {"links/y", {{{"a", "policy:1:3"}}, {{"c", "policy:3:1"}}}}};
  Want({{"a", {Policy(1, 3, {0x9001})}},
        {"b", {Policy(2, 3, {0x9002})}},
        {"c", {Policy(3, 1, {0x9000}), Policy(4, 1)}}},
       handovers);
  EXPECT_EQ(WithoutB(), Keys()) << "c's other policy had gone with b's";
  EXPECT_EQ(AnswerAll(), (Keys{"b policy:2:3", "a policy:1:3", "c policy:3:1"}));
}

TEST_F(StragglersTest, WhoWasSlowIsWaitedForLessUntilItAnswersInTime) {
  Want({{"a", {Policy(1, 3)}}, {"b", {Policy(1, 3)}}, {"c", {}}});
  EXPECT_EQ(WithoutB(), (Keys{"a policy:1:3"}));
  Answer({"b"});
  Want({{"a", {Policy(1, 3), Policy(2, 3), Instance(10, {})}},
        {"b", {Policy(1, 3), Policy(2, 3)}},
        {"c", {}}});
  EXPECT_EQ(Answer({"a", "c"}), (Keys{"a policy:2:3"}));
  loop_.Advance(absl::Milliseconds(900));
  EXPECT_EQ(Answer({"a", "c"}), Keys()) << "it answered its last batch at once";
  loop_.Advance(absl::Milliseconds(101));
  EXPECT_EQ(Answer({"a", "c"}), (Keys{"a instance:10"}));
}

TEST_F(StragglersTest, WhoIsSlowAgainAndAgainDelaysLittle) {
  Want({{"a", {Policy(1, 3)}}, {"b", {}}, {"c", {}}});
  WithoutB();
  // It answers late, and is given the next batch.
  const ControllerMessage first = sessions_["b"]->sent.back();
  Want({{"a", {Policy(1, 3)}}, {"b", {Policy(1, 3)}}, {"c", {}}});
  table_.Message(sessions_["b"], Acknowledge(first.batch(), held_["b"]));
  Want({{"a", {Policy(2, 3), Instance(20, {})}}, {"b", {Policy(1, 3)}}, {"c", {}}});
  EXPECT_EQ(Answer({"a", "c"}), Keys());
  loop_.Advance(absl::Milliseconds(101));
  EXPECT_EQ(Answer({"a", "c"}), (Keys{"a policy:2:3", "a instance:20", "a -policy:1:3"}));
}

// A loaded machine is no reason to look at everything after each answer.
TEST_F(StragglersTest, ManyAreWaitedForAsLongAsAnswersCome) {
  Connect(20);
  Objects objects;
  for (char node = 'a'; node < 'a' + 20; ++node) objects[std::string(1, node)] = {Policy(1, 3)};
  Want(objects);
  for (char node = 'a'; node < 'a' + 10; ++node) {
    loop_.Advance(absl::Milliseconds(600));
    Answer({std::string(1, node)});
    EXPECT_TRUE(sessions_[std::string(1, node)]->sent.empty());
    EXPECT_EQ(table_.Find("a")->acked.hashes().size(), 1u) << "after " << node;
  }
  loop_.Advance(absl::Milliseconds(1'001));
  Answer({"a"});
  EXPECT_EQ(table_.Find("a")->acked.hashes().size(), 2u) << "no answers come any more";
}

}  // namespace
}  // namespace waymark
