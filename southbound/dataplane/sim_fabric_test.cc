#include "southbound/dataplane/sim_fabric.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controller/base/object.h"
#include "southbound/dataplane/sim_dataplane.h"

namespace waymark {
namespace {

using southbound::v1::Event;
using southbound::v1::Object;
using southbound::v1::PolicyObject;

constexpr uint32_t kColor = 9;
constexpr uint32_t kVni = 77;

// Two switches, x (SID 1) and y (SID 2), with two parallel wires w1 (SIDs 0x8001 there, 0x8002
// back) and w2 (0x8003, 0x8004), an E-Line between host hx at x and host hy at y.
class SimFabricTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* node : {"x", "y"}) ASSERT_TRUE(fabric_->AddSwitch(node).ok());
    for (const char* wire : {"w1", "w2"}) {
      ASSERT_TRUE(fabric_->AddWire({"x", wire}, {"y", wire}).ok());
    }
    ASSERT_TRUE(fabric_->AddHost("hx", {"x", "p"}).ok());
    ASSERT_TRUE(fabric_->AddHost("hy", {"y", "p"}).ok());
    PutSwitch("x", 1, 2, 0x8001, 0x8002);
    PutSwitch("y", 2, 1, 0x8002, 0x8001);
  }

  void PutSwitch(const std::string& node, uint32_t sid, uint32_t remote, uint32_t out,
                 uint32_t back) {
    Object object;
    object.mutable_node()->set_node(node);
    object.mutable_node()->set_node_sid(sid);
    auto& queue = *object.mutable_node()->add_queues();
    queue.set_queue(6);
    queue.add_dscp(46);
    Put(node, object);
    for (uint32_t wire = 1; wire <= 2; ++wire) {
      object.mutable_link()->set_link(node + std::to_string(wire));
      object.mutable_link()->set_interface("w" + std::to_string(wire));
      object.mutable_link()->set_adjacency_sid(out + 2 * (wire - 1));
      object.mutable_link()->set_reverse_sid(back + 2 * (wire - 1));
      Put(node, object);
    }
    Put(node, PolicyOf(remote, out, 0));
    object.mutable_instance()->set_vni(kVni);
    object.mutable_instance()->set_type(southbound::v1::INSTANCE_E_LINE);
    object.mutable_instance()->add_remote_sids(remote);
    Put(node, object);
    object.mutable_attachment()->set_interface("p");
    object.mutable_attachment()->set_vni(kVni);
    object.mutable_attachment()->set_default_color(kColor);
    Put(node, object);
  }

  // One working list, one hop; a protect list too if asked for. Probed every 10 ms, back after 500
  // ms.
  static Object PolicyOf(uint32_t endpoint, uint32_t sid, uint32_t protect) {
    Object object;
    PolicyObject& policy = *object.mutable_policy();
    policy.set_color(kColor);
    policy.set_endpoint_sid(endpoint);
    policy.set_dscp(46);
    policy.add_working()->add_sids(sid);
    policy.mutable_working(0)->set_weight(1);
    if (protect == 0) return object;
    policy.set_probe_interval_us(10'000);
    policy.set_wait_to_restore_ms(500);
    policy.mutable_working(0)->add_probe_return_sids(sid + 1);
    policy.mutable_protect()->add_sids(protect);
    policy.mutable_protect()->set_weight(1);
    policy.mutable_protect()->add_probe_return_sids(protect + 1);
    return object;
  }

  void Put(const std::string& node, const Object& object) {
    const absl::Status status = fabric_->Put(node, object);
    EXPECT_TRUE(status.ok()) << status;
  }

  static std::string Frame(size_t payload = 50) {
    return std::string("\x02\0\0\0\0\x01\x02\0\0\0\0\x02\x12\x34", 14) + std::string(payload, 'x');
  }

  std::vector<sim::v1::Hop> SendTraced(const std::string& frame) {
    const auto id = fabric_->Send("hx", frame);
    EXPECT_TRUE(id.ok()) << id.status();
    return *fabric_->Trace(*id);
  }

  // The interface that a frame from hx leaves by, or the reason of its drop.
  std::string Fate() {
    const std::vector<sim::v1::Hop> hops = SendTraced(Frame());
    if (hops.back().kind() == sim::v1::Hop::DROP) return hops.back().detail();
    return hops.at(1).interface();
  }

  std::map<std::string, uint64_t> Drops() {
    std::map<std::string, uint64_t> drops;
    const sim::v1::CountersResponse counters = fabric_->Counters();
    for (const auto& drop : counters.drops()) {
      drops[drop.node() + ":" + drop.reason()] = drop.packets();
    }
    return drops;
  }

  bool OnProtect() {
    const auto events = fabric_->Observe("x");
    for (const Event& event : *events) {
      if (event.has_policy()) return event.policy().on_protect();
    }
    return false;
  }

  SimulatedEventLoop loop_;
  std::shared_ptr<SimFabric> fabric_ = SimFabric::Create(loop_);
};

TEST_F(SimFabricTest, TraceAndCountersShowEachHop) {
  const std::vector<sim::v1::Hop> hops = SendTraced(Frame());
  ASSERT_EQ(hops.size(), 3u);
  EXPECT_EQ(hops[0].kind(), sim::v1::Hop::INGRESS);
  EXPECT_EQ(hops[1].kind(), sim::v1::Hop::TRANSMIT);
  EXPECT_EQ(hops[1].link(), "x1");
  EXPECT_EQ(hops[1].peer(), "y");
  EXPECT_EQ(hops[1].queue(), 6u);
  EXPECT_EQ(hops[2].kind(), sim::v1::Hop::DELIVER);
  EXPECT_EQ(hops[2].detail(), "hy");
  EXPECT_EQ(*fabric_->Receive("hy", 10), std::vector<std::string>{Frame()});

  const auto counters = fabric_->Counters("x");
  ASSERT_EQ(counters.wires_size(), 3);  // p, w1, w2
  EXPECT_EQ(counters.wires(1).packets(), 1u);
  EXPECT_EQ(counters.wires(1).queue_packets(6), 1u);
  // Ethernet 14, IPv6 40, SRH 8 with two segments of 16, UDP 8, VXLAN 8, and the frame.
  EXPECT_EQ(counters.wires(1).bytes(), 14 + 40 + 8 + 32 + 16 + Frame().size());
  EXPECT_EQ(counters.wires(2).packets(), 0u);
  const auto packets = fabric_->RecentPackets({"x", "w1"});
  ASSERT_EQ(packets->size(), 1u);
  EXPECT_EQ(packets->front().vni(), kVni);
  EXPECT_EQ(packets->front().endpoint_sid(), 2u);
}

TEST_F(SimFabricTest, DetectionAndReturnTakeExactlyTheirTimes) {
  Put("x", PolicyOf(2, 0x8001, 0x8003));
  EXPECT_EQ(Fate(), "w1");
  ASSERT_TRUE(fabric_->SetWire({"y", "w1"}, SimWireState::kSilent).ok());
  loop_.Advance(absl::Milliseconds(29));
  EXPECT_EQ(Fate(), "wire_silent");
  loop_.Advance(absl::Milliseconds(1));
  EXPECT_EQ(Fate(), "w2");
  EXPECT_TRUE(OnProtect());
  ASSERT_TRUE(fabric_->SetWire({"x", "w1"}, SimWireState::kUp).ok());
  loop_.Advance(absl::Milliseconds(509));
  EXPECT_TRUE(OnProtect());
  loop_.Advance(absl::Milliseconds(1));
  EXPECT_FALSE(OnProtect());
  EXPECT_EQ(Fate(), "w1");
}

TEST_F(SimFabricTest, AFlapShorterThanDetectionIsNotSeen) {
  Put("x", PolicyOf(2, 0x8001, 0x8003));
  ASSERT_TRUE(fabric_->SetWire({"x", "w1"}, SimWireState::kCut).ok());
  loop_.Advance(absl::Milliseconds(29));
  ASSERT_TRUE(fabric_->SetWire({"x", "w1"}, SimWireState::kUp).ok());
  loop_.Advance(absl::Milliseconds(29));
  EXPECT_FALSE(OnProtect());
  // A second break must run its own full time.
  ASSERT_TRUE(fabric_->SetWire({"x", "w1"}, SimWireState::kCut).ok());
  loop_.Advance(absl::Milliseconds(29));
  EXPECT_FALSE(OnProtect());
  loop_.Advance(absl::Milliseconds(1));
  EXPECT_TRUE(OnProtect());
}

TEST_F(SimFabricTest, BreakDuringWaitToRestoreStartsItOver) {
  Put("x", PolicyOf(2, 0x8001, 0x8003));
  ASSERT_TRUE(fabric_->SetWire({"x", "w1"}, SimWireState::kCut).ok());
  loop_.Advance(absl::Milliseconds(30));
  ASSERT_TRUE(fabric_->SetWire({"x", "w1"}, SimWireState::kUp).ok());
  loop_.Advance(absl::Milliseconds(400));
  ASSERT_TRUE(fabric_->SetWire({"x", "w1"}, SimWireState::kCut).ok());
  loop_.Advance(absl::Milliseconds(30));
  ASSERT_TRUE(fabric_->SetWire({"x", "w1"}, SimWireState::kUp).ok());
  loop_.Advance(absl::Milliseconds(509));
  EXPECT_TRUE(OnProtect());
  loop_.Advance(absl::Milliseconds(1));
  EXPECT_FALSE(OnProtect());
}

TEST_F(SimFabricTest, RepairKnowsAcrossAReplacedPolicy) {
  Put("x", PolicyOf(2, 0x8001, 0x8003));
  ASSERT_TRUE(fabric_->SetWire({"x", "w1"}, SimWireState::kCut).ok());
  loop_.Advance(absl::Milliseconds(20));
  Object changed = PolicyOf(2, 0x8001, 0x8003);
  changed.mutable_policy()->set_dscp(0);
  Put("x", changed);
  loop_.Advance(absl::Milliseconds(10));
  EXPECT_TRUE(OnProtect()) << "30 ms after the break, not after the change";
}

TEST_F(SimFabricTest, ALostTransitObjectKillsTheList) {
  Put("x", PolicyOf(2, 0x8001, 0x8003));
  // Without y's link the probe does not come back.
  ASSERT_TRUE(fabric_->Drift("y", "link:y1").ok());
  loop_.Advance(absl::Milliseconds(30));
  EXPECT_TRUE(OnProtect());
}

TEST_F(SimFabricTest, RepairsWithoutAnAgentAndTellsTheNextOne) {
  std::vector<Event> events;
  {
    SimDataPlane plane(fabric_, "x");
    ASSERT_TRUE(plane.Start([&](Event event) { events.push_back(std::move(event)); }).ok());
    EXPECT_TRUE(absl::IsFailedPrecondition(plane.Start([](Event) {})));
    ASSERT_TRUE(plane.Put(PolicyOf(2, 0x8001, 0x8003)).ok());
    loop_.RunUntilIdle();
    EXPECT_EQ(events.size(), 1u);  // the new policy's state
  }
  ASSERT_TRUE(fabric_->SetWire({"x", "w1"}, SimWireState::kCut).ok());
  loop_.Advance(absl::Seconds(1));
  EXPECT_EQ(events.size(), 1u) << "a destroyed handle hears nothing";
  EXPECT_EQ(Fate(), "w2");
  SimDataPlane next(fabric_, "x");
  ASSERT_TRUE(next.Start([](Event) {}).ok());
  EXPECT_EQ(next.Observe().size(), 3u);
  EXPECT_TRUE(next.Observe().back().policy().on_protect());
}

TEST_F(SimFabricTest, ASlowReaderGetsTheLatestOfEach) {
  std::vector<Event> events;
  ASSERT_TRUE(fabric_->Attach("x", [&](Event event) { events.push_back(std::move(event)); }).ok());
  for (const SimWireState state : {SimWireState::kCut, SimWireState::kUp, SimWireState::kCut}) {
    ASSERT_TRUE(fabric_->SetWire({"x", "w1"}, state).ok());
  }
  loop_.RunUntilIdle();
  ASSERT_EQ(events.size(), 1u);
  EXPECT_FALSE(events[0].link().up());
}

TEST_F(SimFabricTest, EventsSurviveAFullLoop) {
  SimulatedEventLoop full(absl::UnixEpoch(), 0);
  const auto fabric = SimFabric::Create(full);
  ASSERT_TRUE(fabric->AddSwitch("z").ok());
  Object object;
  object.mutable_node()->set_node_sid(1);
  ASSERT_TRUE(fabric->Put("z", object).ok());
  int events = 0;
  ASSERT_TRUE(fabric->Attach("z", [&](Event) { ++events; }).ok());
  object.mutable_link()->set_link("l");
  object.mutable_link()->set_interface("w");
  object.mutable_link()->set_adjacency_sid(0x8000);
  EXPECT_TRUE(absl::IsUnavailable(fabric->Put("z", object)));
  ASSERT_TRUE(fabric->AddSwitch("y").ok());
  ASSERT_TRUE(fabric->AddWire({"z", "w"}, {"y", "w"}).ok());
  full.Advance(absl::Milliseconds(1));
  EXPECT_EQ(events, 1);
}

TEST_F(SimFabricTest, EveryDropHasAReason) {
  EXPECT_EQ(SendTraced("short").back().detail(), "frame_malformed");
  EXPECT_EQ(SendTraced(Frame(1500)).back().kind(), sim::v1::Hop::DELIVER);
  EXPECT_EQ(SendTraced(Frame(1501)).back().detail(), "frame_too_big");
  Put("x", PolicyOf(2, 0x8099, 0));
  EXPECT_EQ(Fate(), "no_such_adjacency");
  Put("x", PolicyOf(2, 2, 0));
  EXPECT_EQ(Fate(), "no_route");
  Object object = PolicyOf(2, 0x8001, 0);
  object.mutable_policy()->mutable_working(0)->add_sids(0x8002);
  Put("x", object);
  EXPECT_EQ(Fate(), "not_the_endpoint") << "there and back: ends at x, whose policy's end is y";
  object.mutable_policy()->clear_working();
  Put("x", object);
  EXPECT_EQ(Fate(), "policy_empty");
  ASSERT_TRUE(fabric_->Remove("x", object).ok());
  EXPECT_EQ(Fate(), "no_policy");
  ASSERT_TRUE(fabric_->Drift("x", "instance:77").ok());
  EXPECT_EQ(Fate(), "no_instance");
  ASSERT_TRUE(fabric_->Drift("x", "attachment:p:0").ok());
  EXPECT_EQ(Fate(), "no_attachment");
  ASSERT_TRUE(fabric_->SetWire({"x", "p"}, SimWireState::kCut).ok());
  EXPECT_EQ(Fate(), "port_down");
  const std::map<std::string, uint64_t> drops = Drops();
  EXPECT_EQ(drops.size(), 10u);
  for (const auto& [reason, packets] : drops) EXPECT_EQ(packets, 1u) << reason;
}

TEST_F(SimFabricTest, LongestPathStillCarriesAFullFrame) {
  Object object = PolicyOf(2, 0x8001, 0);
  auto& list = *object.mutable_policy()->mutable_working(0);
  // 63 hops: there, back and there again.
  for (int i = 1; i < 63; ++i) list.add_sids(i % 2 == 0 ? 0x8001 : 0x8002);
  Put("x", object);
  const std::vector<sim::v1::Hop> hops = SendTraced(Frame(1500));
  EXPECT_EQ(hops.size(), 65u);
  EXPECT_EQ(hops.back().kind(), sim::v1::Hop::DELIVER);
}

TEST_F(SimFabricTest, HostQueueIsBounded) {
  for (size_t i = 0; i < SimFabric::kHostQueue + 3; ++i) {
    ASSERT_TRUE(fabric_->Send("hx", Frame()).ok());
  }
  EXPECT_EQ(Drops()["hy:host_queue_full"], 3u);
  EXPECT_EQ(fabric_->Receive("hy", 1'000'000)->size(), SimFabric::kHostQueue);
  EXPECT_TRUE(absl::IsNotFound(fabric_->Trace(1).status())) << "old traces make room";
}

TEST_F(SimFabricTest, StreamCountsWhatIsLost) {
  const auto id = fabric_->StartStream("hx", "hy", Frame(), 1000, 1000);
  ASSERT_TRUE(id.ok()) << id.status();
  loop_.Advance(absl::Milliseconds(500));
  ASSERT_TRUE(fabric_->SetWire({"x", "w1"}, SimWireState::kSilent).ok());
  loop_.Advance(absl::Milliseconds(100));
  ASSERT_TRUE(fabric_->SetWire({"x", "w1"}, SimWireState::kUp).ok());
  loop_.Advance(absl::Seconds(1));
  const auto state = fabric_->GetStream(*id);
  ASSERT_TRUE(state.ok());
  EXPECT_TRUE(state->finished());
  EXPECT_EQ(state->sent(), 1000u);
  EXPECT_EQ(state->lost(), 100u);
  EXPECT_EQ(state->longest_gap(), 100u);
  EXPECT_EQ(state->received(), 900u);
  EXPECT_TRUE(fabric_->Receive("hy", 10)->empty()) << "counted, not queued";
}

TEST_F(SimFabricTest, StreamIsPacedAndCanBeStopped) {
  const auto id = fabric_->StartStream("hx", "hy", Frame(), 50'000, 1'000'000);
  ASSERT_TRUE(id.ok());
  loop_.Advance(absl::Milliseconds(100));
  EXPECT_NEAR(static_cast<double>(fabric_->StopStream(*id)->sent()), 5000, 60);
  loop_.Advance(absl::Seconds(1));
  EXPECT_LT(fabric_->GetStream(*id)->sent(), 5100u);
}

TEST_F(SimFabricTest, BadCallsChangeNothing) {
  const std::string before = fabric_->Counters().SerializeAsString();
  EXPECT_TRUE(absl::IsInvalidArgument(fabric_->AddSwitch("")));
  EXPECT_TRUE(absl::IsInvalidArgument(fabric_->AddSwitch("a b")));
  EXPECT_TRUE(absl::IsInvalidArgument(fabric_->AddSwitch(std::string(5 << 20, 'n'))));
  EXPECT_TRUE(absl::IsAlreadyExists(fabric_->AddSwitch("x")));
  EXPECT_TRUE(absl::IsNotFound(fabric_->AddWire({"x", "n1"}, {"nowhere", "n1"})));
  EXPECT_TRUE(absl::IsAlreadyExists(fabric_->AddWire({"x", "n1"}, {"y", "w1"})));
  EXPECT_TRUE(absl::IsInvalidArgument(fabric_->AddWire({"x", "n1"}, {"x", "n1"})));
  EXPECT_TRUE(absl::IsInvalidArgument(fabric_->AddWire({"x", "n1"}, {"y", "longer-than-linux"})));
  EXPECT_TRUE(absl::IsAlreadyExists(fabric_->AddHost("hx", {"x", "p2"})));
  EXPECT_TRUE(absl::IsAlreadyExists(fabric_->AddHost("h3", {"x", "w1"})));
  EXPECT_TRUE(absl::IsNotFound(fabric_->SetWire({"x", "n1"}, SimWireState::kCut)));
  EXPECT_TRUE(absl::IsNotFound(fabric_->Send("nobody", Frame()).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(fabric_->Send("hx", "").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(fabric_->Send("hx", std::string(9217, 'x')).status()));
  EXPECT_TRUE(absl::IsNotFound(fabric_->Drift("x", "link:none")));
  EXPECT_TRUE(absl::IsInvalidArgument(fabric_->StartStream("hx", "hy", Frame(), 0, 1).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(fabric_->StartStream("hx", "hy", Frame(), 1, 0).status()));
  EXPECT_TRUE(
      absl::IsInvalidArgument(fabric_->StartStream("hx", "hy", Frame(1481), 1, 1).status()));
  EXPECT_TRUE(absl::IsNotFound(fabric_->GetStream(5).status()));
  EXPECT_EQ(fabric_->Counters().SerializeAsString(), before);
}

TEST_F(SimFabricTest, BadObjectsAreRefusedByField) {
  const auto refused = [&](const std::string& field, const Object& object) {
    const absl::Status status = fabric_->Put("x", object);
    EXPECT_FALSE(status.ok()) << field;
    EXPECT_NE(std::string(status.message()).find(field), std::string::npos) << status;
  };
  Object object;
  refused("object", object);
  object.mutable_node()->set_node_sid(0x8000);
  refused("node.node_sid", object);
  object.mutable_link()->set_link("l");
  object.mutable_link()->set_adjacency_sid(5);
  refused("link.adjacency_sid", object);
  object.mutable_link()->set_adjacency_sid(0x8009);
  object.mutable_link()->set_interface("p");
  refused("link.interface", object);
  object = PolicyOf(2, 0x8001, 0);
  for (int i = 0; i < 64; ++i) object.mutable_policy()->mutable_working(0)->add_sids(0x8001);
  refused("policy.working.sids", object);
  object = PolicyOf(2, 0, 0);
  refused("policy.working.sids", object);
  object = PolicyOf(2, 0x8001, 0);
  object.mutable_policy()->set_dscp(64);
  refused("policy.dscp", object);
  object.mutable_instance()->set_vni(1 << 24);
  refused("instance.vni", object);
  object.mutable_attachment()->set_interface("p");
  object.mutable_attachment()->set_vni(5);
  refused("attachment.vni", object);
  object.mutable_attachment()->set_vni(kVni);
  for (int i = 0; i < 2; ++i) object.mutable_attachment()->add_classes()->set_pcp(3);
  refused("attachment.classes.mark", object);
  EXPECT_EQ(Fate(), "w1");
}

}  // namespace
}  // namespace waymark
