#include "controller/engine/node_segments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "controller/base/srv6.h"
#include "controller/engine/fake_session.h"
#include "controller/engine/switch_table.h"
#include "controller/plan/test_carrier.h"

namespace waymark {
namespace {

using southbound::v1::Object;
using southbound::v1::SegmentList;

constexpr int kNodes = 9;

std::string NodeId(int i) { return "n" + std::to_string(i); }

// A ring with chords, all of whose nodes are in one mesh.
struct MeshCarrier : TestCarrier {
  explicit MeshCarrier(std::mt19937& random) {
    network = TestNetwork();
    std::vector<std::string> nodes;
    for (int i = 0; i < kNodes; ++i) nodes.push_back(NodeId(i));
    for (const std::string& node : nodes) network.Node(node);
    for (int i = 0; i < 2 * kNodes; ++i) {
      const int from = i < kNodes ? i : static_cast<int>(random() % kNodes);
      const int to = i < kNodes ? (i + 1) % kNodes
                                : (from + 2 + static_cast<int>(random() % (kNodes - 4))) % kNodes;
      const v1::Link& made =
          network.Fibre(NodeId(from), NodeId(to), 1000, 10, i < kNodes ? "" : std::to_string(i));
      links.push_back(made.name());
      links.push_back(made.reverse());
    }
    AddService("lan", v1::E_LAN, nodes, "plain");
  }

  void ChangeMetrics(std::mt19937& random) {
    for (const std::string& link : links) {
      if (random() % 2 == 0) continue;
      const uint32_t metric = 1 + static_cast<uint32_t>(random()) % 40;
      network.Link(link).set_igp_metric(metric);
      // Half of the time paths move with the underlay, else their segments change under them.
      if (random() % 2 == 0) network.Link(link).set_te_metric(metric);
    }
  }

  std::vector<std::string> links;
};

class NodeSegmentsTest : public testing::Test {
 protected:
  struct Agent {
    std::shared_ptr<FakeSession> session;
    size_t answered = 0;
    ObjectTable held;
  };

  void Connect(const std::string& node) {
    Agent& agent = agents_[node];
    agent.session = std::make_shared<FakeSession>(node);
    agent.answered = 0;
    southbound::v1::Hello hello;
    hello.set_node(node);
    hello.set_digest(agent.held.digest());
    table_.Connected(agent.session, hello);
  }
  void Disconnect(const std::string& node) {
    const auto session = std::move(agents_[node].session);
    agents_[node].session = nullptr;
    table_.Disconnected(session, absl::UnavailableError("gone"));
  }

  // One message to an agent picked at random is answered; false when there is none.
  bool AnswerOne(std::mt19937& random) {
    std::vector<Agent*> asked;
    for (auto& [node, agent] : agents_) {
      if (agent.session && agent.answered < agent.session->sent.size()) asked.push_back(&agent);
    }
    if (asked.empty()) return false;
    Agent& agent = *asked[random() % asked.size()];
    const auto message = agent.session->sent[agent.answered++];
    if (message.has_batch()) {
      table_.Message(agent.session, Acknowledge(message.batch(), agent.held));
      return true;
    }
    southbound::v1::AgentMessage answer;
    auto& held = *answer.mutable_get_response();
    for (const auto& [key, entry] : agent.held.entries()) {
      auto& hash = *held.add_hashes();
      hash.set_key(key);
      hash.set_hash(entry.hash);
    }
    held.set_last(true);
    table_.Message(agent.session, answer);
    return true;
  }

  // SIDs count from 1 in the order of the nodes.
  static std::string SwitchOf(uint32_t node_sid) { return NodeId(static_cast<int>(node_sid) - 1); }

  // Where a packet goes from `at` by what the switches hold: "" where it is dropped.
  std::string Step(const std::string& at, uint32_t sid) const {
    const ObjectTable& held = agents_.at(at).held;
    if (sid <= kMaxNodeSid) {
      const Object* route = held.Find("route:" + std::to_string(sid));
      const Object* link =
          route == nullptr ? nullptr : held.Find("link:" + route->route().links(0));
      return link == nullptr ? "" : SwitchOf(link->link().neighbor_sid());
    }
    const auto& entries = held.entries();
    for (auto it = entries.lower_bound("link:"); it != entries.end(); ++it) {
      if (!it->second.object->has_link()) break;
      const auto& link = it->second.object->link();
      if (link.adjacency_sid() == sid) return SwitchOf(link.neighbor_sid());
    }
    return "";
  }

  // Where a list's packets end up; "ring" or "dropped at ..." where nowhere.
  std::string End(std::string at, const SegmentList& list) const {
    for (const uint32_t sid : list.sids()) {
      int hops = 0;
      do {
        if (at == SwitchOf(sid)) break;
        const std::string next = Step(at, sid);
        if (next.empty()) return "dropped at " + at;
        at = next;
        if (++hops > kNodes) return "ring";
      } while (sid <= kMaxNodeSid);
    }
    return at;
  }

  void ExpectAllArrive(const std::string& when) const {
    for (const auto& [node, agent] : agents_) {
      for (const auto& [key, entry] : agent.held.entries()) {
        if (!entry.object->has_policy()) continue;
        for (const SegmentList& list : entry.object->policy().working()) {
          const std::string end = End(node, list);
          ASSERT_TRUE(agents_.contains(end))
              << when << ": " << key << " of " << node << ": " << end;
          EXPECT_EQ(end, SwitchOf(entry.object->policy().endpoint_sid())) << when;
        }
      }
    }
  }

  int NodeSids() const {
    int sids = 0;
    for (const auto& [node, agent] : agents_) {
      for (const auto& [key, entry] : agent.held.entries()) {
        for (const SegmentList& list : entry.object->policy().working()) {
          for (const uint32_t sid : list.sids()) sids += sid <= kMaxNodeSid;
        }
      }
    }
    return sids;
  }

  SimulatedEventLoop loop_;
  Metrics metrics_;
  SwitchTable table_{loop_, metrics_, SwitchTable::Options(), [] {}, [](const auto&, bool) {}};
  std::map<std::string, Agent> agents_;
};

// The metrics change again and again, also before the change before is through, and agents come
// and go: at every moment every packet arrives.
TEST_F(NodeSegmentsTest, EveryPacketArrivesAtEveryMomentOfEveryChange) {
  std::mt19937 random(5);
  MeshCarrier carrier(random);
  table_.SetDesired(carrier.MakePlan().objects, 1);
  for (int i = 0; i < kNodes; ++i) Connect(NodeId(i));
  while (AnswerOne(random)) {
  }
  ExpectAllArrive("at first");
  ASSERT_TRUE(table_.Converged());
  EXPECT_GT(NodeSids(), 20);
  for (int change = 0; change < 16; ++change) {
    const std::string when = "change " + std::to_string(change);
    const std::string gone = change % 3 == 2 ? NodeId(static_cast<int>(random() % kNodes)) : "";
    if (!gone.empty()) Disconnect(gone);
    carrier.ChangeMetrics(random);
    table_.SetDesired(carrier.MakePlan().objects, 2 + change);
    for (int left = change % 2 == 0 ? 1'000'000 : static_cast<int>(random() % 40); left > 0;
         --left) {
      if (!AnswerOne(random)) break;
      ExpectAllArrive(when);
      if (testing::Test::HasFatalFailure()) return;
    }
    if (!gone.empty()) {
      Connect(gone);
      ExpectAllArrive(when + ", back");
    }
  }
  while (AnswerOne(random)) ExpectAllArrive("at last");
  EXPECT_TRUE(table_.Converged());
}

// A switch that cannot be told of its new routes keeps no policy from its new path.
TEST_F(NodeSegmentsTest, PoliciesTakeTheirPathsThroughASwitchThatCannotBeTold) {
  std::mt19937 random(6);
  MeshCarrier carrier(random);
  table_.SetDesired(carrier.MakePlan().objects, 1);
  for (int i = 0; i < kNodes; ++i) Connect(NodeId(i));
  while (AnswerOne(random)) {
  }
  for (int change = 0; change < 2 * kNodes; ++change) {
    const std::string gone = NodeId(change % kNodes);
    Disconnect(gone);
    carrier.ChangeMetrics(random);
    const Plan plan = carrier.MakePlan();
    table_.SetDesired(plan.objects, 2 + change);
    while (AnswerOne(random)) {
    }
    for (const auto& [name, planned] : plan.policies) {
      if (planned->headend_id == gone) continue;
      const auto& held = agents_.at(planned->headend_id).held.Find(planned->object_key)->policy();
      ASSERT_EQ(held.working_size(), planned->Message().working_size()) << name;
      for (int i = 0; i < held.working_size(); ++i) {
        std::string hops = planned->headend_id, at = hops;
        for (const uint32_t sid : held.working(i).sids()) {
          do {
            at = Step(at, sid);
            ASSERT_NE(at, "");
            hops += " " + at;
          } while (sid <= kMaxNodeSid && at != SwitchOf(sid));
        }
        EXPECT_EQ(hops, TestCarrier::Hops(planned->Message().working(i)))
            << name << " without " << gone;
      }
    }
    Connect(gone);
    while (AnswerOne(random)) {
    }
    ASSERT_TRUE(table_.Converged());
    // What was strict meanwhile is not for longer.
    EXPECT_GT(NodeSids(), 20);
  }
}

}  // namespace
}  // namespace waymark
