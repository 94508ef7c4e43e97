// The example carrier, whole, in simulated time: from an applied file to frames on simulated wires.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "controller/base/object.h"
#include "controller/base/srv6.h"
#include "tests/system/simulated_carrier.h"

namespace waymark {
namespace {

const char kLon[] = "customers/storage/sites/lon";
const char kSin[] = "customers/storage/sites/sin";
const char kReplica[] = "customers/storage/services/replica";
const char kCore[] = "customers/bank/services/core";
const char kVoice[] = "customers/callcentre/services/voice";

std::vector<std::string> Links(const v1::TracePath& path) {
  std::vector<std::string> links;
  for (const v1::TraceHop& hop : path.hops()) {
    if (!hop.link().empty()) links.push_back(hop.link().substr(6));
  }
  return links;
}

class WholeSystem : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(carrier_
                    .ApplyFiles({"deploy/example/topology.yaml", "deploy/example/classes.yaml",
                                 "deploy/example/customers.yaml"})
                    .ok());
    carrier_.StartController();
    ASSERT_NE(carrier_.engine, nullptr);
    carrier_.StartAllAgents();
    ASSERT_TRUE(carrier_.Settle()) << carrier_.WhyNotSettled();
    carrier_.Learn();
  }

  v1::TraceResponse Trace(const std::string& service, const std::string& from,
                          const std::string& to, int dscp, int pcp = -1) {
    v1::TraceRequest request;
    request.set_service(service);
    request.set_from_site(from);
    request.set_to_site(to);
    if (dscp >= 0) request.set_dscp(dscp);
    if (pcp >= 0) request.set_pcp(pcp);
    absl::StatusOr<v1::TraceResponse> response = carrier_.Trace(request);
    EXPECT_TRUE(response.ok()) << response.status();
    return response.ok() ? *response : v1::TraceResponse();
  }

  void ExpectUp(const std::string& name) {
    const v1::Status status = carrier_.StatusOf(name);
    EXPECT_EQ(status.state(), v1::UP) << name << ": " << status.reason();
  }

  // Names, paths and uSIDs of every policy; liveness left out.
  std::string Routes() {
    std::string text;
    for (const auto& [name, shared] : carrier_.views.Get()->policies) {
      v1::Policy policy = *shared;
      policy.clear_status();
      policy.clear_on_protect();
      policy.clear_revision();
      for (v1::Path& path : *policy.mutable_working()) path.clear_state();
      if (policy.has_protect()) policy.mutable_protect()->clear_state();
      text += policy.SerializeAsString();
    }
    return text;
  }

  SimulatedCarrier carrier_;
};

TEST_F(WholeSystem, EveryServiceComesUp) {
  for (const char* service : {kReplica, kCore, kVoice}) ExpectUp(service);
  for (const auto& [name, agent] : carrier_.views.Get()->agents) {
    EXPECT_EQ(agent->desired_objects(), agent->acked_objects()) << name;
    EXPECT_EQ(agent->rejected_size(), 0) << name;
  }
}

TEST_F(WholeSystem, AMarkChoosesTheTracedRoute) {
  std::set<std::vector<std::string>> routes;
  for (const int dscp : {46, 26, -1}) {
    const v1::TraceResponse trace = Trace(kReplica, kLon, kSin, dscp);
    ASSERT_GT(trace.paths_size(), 0) << trace.status().reason();
    const SimulatedCarrier::Journey journey =
        carrier_.Send(kLon, kSin, static_cast<uint8_t>(dscp < 0 ? 0 : dscp));
    EXPECT_TRUE(journey.arrived) << journey.drop;
    bool traced = false;
    for (const v1::TracePath& path : trace.paths()) traced |= Links(path) == journey.links;
    EXPECT_TRUE(traced) << "DSCP " << dscp;
    routes.insert(journey.links);
  }
  EXPECT_EQ(routes.size(), 3u);
}

TEST_F(WholeSystem, PcpAloneChoosesTheVoiceRoute) {
  const std::string mum = "customers/callcentre/sites/mum", lon = "customers/callcentre/sites/lon";
  const v1::TraceResponse voice = Trace(kVoice, mum, lon, -1, 5);
  EXPECT_EQ(voice.traffic_class(), "trafficClasses/voice");
  const SimulatedCarrier::Journey tagged = carrier_.Send(mum, lon, 0, 5);
  EXPECT_TRUE(tagged.arrived) << tagged.drop;
  ASSERT_EQ(voice.paths_size(), 1);
  EXPECT_EQ(tagged.links, Links(voice.paths(0)));
  EXPECT_NE(carrier_.Send(mum, lon, 0).links, tagged.links);
}

TEST_F(WholeSystem, CutLinkMovesThePinnedRouteToItsProtectPathAndBack) {
  const v1::TraceResponse before = Trace(kReplica, kLon, kSin, 46);
  const std::vector<std::string> working = Links(before.paths(0));
  const std::vector<std::string> protect = Links(before.protect());
  ASSERT_FALSE(protect.empty());
  const std::string routes = Routes();
  carrier_.SetWire(working[working.size() / 2], SimWireState::kCut);
  ASSERT_TRUE(carrier_.Settle());
  EXPECT_EQ(carrier_.Send(kLon, kSin, 46).links, protect);
  EXPECT_EQ(carrier_.StatusOf(kReplica).state(), v1::DEGRADED);
  EXPECT_EQ(carrier_.StatusOf("links/" + working[working.size() / 2]).state(), v1::DOWN);
  EXPECT_TRUE(Trace(kReplica, kLon, kSin, 46).on_protect());

  carrier_.SetWire(working[working.size() / 2], SimWireState::kUp);
  ASSERT_TRUE(carrier_.Settle());
  EXPECT_EQ(carrier_.Send(kLon, kSin, 46).links, working);
  ExpectUp(kReplica);
  EXPECT_EQ(Routes(), routes);
}

TEST_F(WholeSystem, ASilentFailureIsFoundByProbesAlone) {
  const v1::TraceResponse before = Trace(kReplica, kLon, kSin, 46);
  carrier_.SetWire(Links(before.paths(0))[0], SimWireState::kSilent);
  carrier_.loop.Advance(absl::Milliseconds(100));
  EXPECT_EQ(carrier_.Send(kLon, kSin, 46).links, Links(before.protect()));
}

TEST_F(WholeSystem, TheSwissClassNeverLeavesWhicheverSwissLinkIsCut) {
  std::set<std::string> swiss_nodes = {"zrh", "gva", "bsl", "brn"};
  const auto inside = [&](const SimulatedCarrier::Journey& journey) {
    for (const std::string& link : journey.links) {
      const size_t dashes = link.find("--");
      if (!swiss_nodes.contains(link.substr(0, 3)) || dashes != 3 ||
          !swiss_nodes.contains(link.substr(5, 3))) {
        return false;
      }
    }
    return true;
  };
  const std::vector<std::string> sites = {"customers/bank/sites/zrh", "customers/bank/sites/gva",
                                          "customers/bank/sites/bsl"};
  std::set<std::string> cuts;
  for (const std::string& from : sites) {
    for (const std::string& to : sites) {
      if (from == to) continue;
      const SimulatedCarrier::Journey journey = carrier_.Send(from, to, 46);
      EXPECT_TRUE(journey.arrived);
      EXPECT_TRUE(inside(journey));
      cuts.insert(journey.links.begin(), journey.links.end());
    }
  }
  ASSERT_FALSE(cuts.empty());
  for (const std::string& cut : cuts) {
    carrier_.SetWire(cut, SimWireState::kCut);
    for (const absl::Duration wait : {absl::ZeroDuration(), absl::Seconds(1)}) {
      carrier_.loop.Advance(wait);
      for (const std::string& from : sites) {
        for (const std::string& to : sites) {
          if (from == to) continue;
          const SimulatedCarrier::Journey journey = carrier_.Send(from, to, 46);
          EXPECT_TRUE(inside(journey)) << from << " to " << to << " with " << cut << " cut";
          if (wait > absl::ZeroDuration()) {
            EXPECT_TRUE(journey.arrived)
                << from << " to " << to << " with " << cut << " cut: " << journey.drop;
          }
        }
      }
    }
    carrier_.SetWire(cut, SimWireState::kUp);
    carrier_.loop.Advance(absl::Seconds(5));
  }
}

TEST_F(WholeSystem, ControllerRestartKeepsRevisionAndRoutesAndSendsNothing) {
  const Revision revision = carrier_.store.current();
  const std::string routes = Routes();
  carrier_.KillController();
  EXPECT_TRUE(carrier_.Send(kLon, kSin, 46).arrived);
  carrier_.StartController();
  carrier_.StartAllAgents();
  ASSERT_TRUE(carrier_.Settle());
  EXPECT_EQ(carrier_.store.current(), revision);
  EXPECT_EQ(Routes(), routes);
  EXPECT_EQ(carrier_.OperationsSent(), 0);
  ExpectUp(kReplica);
}

TEST_F(WholeSystem, AgentRestartLosesNothingAndIsSentNothing) {
  const int64_t sent = carrier_.OperationsSent();
  carrier_.KillAgent("lon");
  EXPECT_TRUE(carrier_.Send(kLon, kSin, 46).arrived);
  ASSERT_TRUE(carrier_.StartAgent("lon").ok());
  EXPECT_TRUE(carrier_.Send(kLon, kSin, 46).arrived);
  ASSERT_TRUE(carrier_.Settle());
  EXPECT_EQ(carrier_.OperationsSent(), sent);
  ExpectUp(kReplica);
}

TEST_F(WholeSystem, AServiceIsDeletedAndNothingOfItIsLeft) {
  ASSERT_TRUE(carrier_.Delete(Kind::kService, kReplica).ok());
  ASSERT_TRUE(carrier_.Settle());
  EXPECT_FALSE(carrier_.Send(kLon, kSin, 46).arrived);
  EXPECT_EQ(carrier_.StatusOf(kReplica).state(), v1::STATE_UNSPECIFIED);
  auto placements = carrier_.store.List("placement:");
  ASSERT_TRUE(placements.ok());
  for (const Record& record : *placements) {
    EXPECT_EQ(record.key.find(std::to_string(Color(1, 0))), std::string::npos) << record.key;
  }
  ExpectUp(kCore);
}

TEST_F(WholeSystem, ControllerRestartWhileALinkIsDownSendsNothing) {
  carrier_.SetWire("mrs--mum", SimWireState::kCut);
  ASSERT_TRUE(carrier_.Settle()) << carrier_.WhyNotSettled();
  const std::string routes = Routes();
  const Revision revision = carrier_.store.current();
  carrier_.KillController();
  carrier_.StartController();
  carrier_.StartAllAgents();
  ASSERT_TRUE(carrier_.Settle()) << carrier_.WhyNotSettled();
  EXPECT_EQ(carrier_.OperationsSent(), 0);
  EXPECT_EQ(Routes(), routes);
  EXPECT_EQ(carrier_.store.current(), revision);
  EXPECT_EQ(carrier_.StatusOf("links/mrs--mum").state(), v1::DOWN);
}

TEST_F(WholeSystem, APinnedRouteStaysWhenSomethingElseChanges) {
  const auto pinned = [&] {
    std::map<std::string, std::string> paths;
    for (const auto& [name, policy] : carrier_.views.Get()->policies) {
      if (policy->service().empty()) continue;
      std::string& links = paths[name];
      for (const v1::Path& path : policy->working()) {
        for (const std::string& link : path.links()) links += link + " ";
      }
      links += "| ";
      for (const std::string& link : policy->protect().links()) links += link + " ";
    }
    return paths;
  };
  const std::map<std::string, std::string> before = pinned();
  ASSERT_FALSE(before.empty());
  // A link that would now be the best of all, and a mesh class with fewer paths.
  auto record = carrier_.store.Get("link:links/lon--jnb");
  ASSERT_TRUE(record.ok()) << record.status();
  auto link = std::make_shared<v1::Link>();
  ASSERT_TRUE(link->ParseFromString(record->value));
  link->clear_adjacency_sid();
  link->set_delay_ns(1);
  link->set_cost(0);
  link->set_te_metric(1);
  ASSERT_TRUE(carrier_.Put(link).ok());
  record = carrier_.store.Get("trafficclass:trafficClasses/bulk");
  ASSERT_TRUE(record.ok());
  auto bulk = std::make_shared<v1::TrafficClass>();
  ASSERT_TRUE(bulk->ParseFromString(record->value));
  bulk->clear_class_index();
  bulk->set_max_paths(1);
  ASSERT_TRUE(carrier_.Put(bulk).ok());
  ASSERT_TRUE(carrier_.Settle());
  EXPECT_EQ(pinned(), before);
}

TEST_F(WholeSystem, NoNewPlacementIsProgrammedBeforeItIsStored) {
  auto record = carrier_.store.Get("service:" + std::string(kVoice));
  ASSERT_TRUE(record.ok());
  auto voice = std::make_shared<v1::Service>();
  ASSERT_TRUE(voice->ParseFromString(record->value));
  ASSERT_TRUE(carrier_.Delete(Kind::kService, kVoice).ok());
  ASSERT_TRUE(carrier_.Settle());
  voice->clear_vni();
  voice->clear_etag();
  const int64_t sent = carrier_.OperationsSent();
  ASSERT_TRUE(carrier_.Put(voice).ok());
  // The service is stored; where its routes go cannot be.
  carrier_.store.FailCommits(absl::ResourceExhaustedError("no space left in /var/lib/waymark"));
  carrier_.loop.Advance(absl::Seconds(3));
  EXPECT_EQ(carrier_.OperationsSent(), sent);
  EXPECT_NE(carrier_.StatusOf(kVoice).state(), v1::UP);
  EXPECT_TRUE(carrier_.Send(kLon, kSin, 46).arrived);
  carrier_.store.FailCommits(absl::OkStatus());
  ASSERT_TRUE(carrier_.Settle());
  ExpectUp(kVoice);
}

TEST_F(WholeSystem, UnknownAndDoubleAgentsAreRefused) {
  ASSERT_TRUE(carrier_.fabric->AddSwitch("atlantis").ok());
  EXPECT_EQ(carrier_.StartAgent("atlantis").code(), absl::StatusCode::kNotFound);
  // The first one lives: a second of its name is turned away, and the first is not disturbed.
  const absl::Status second = carrier_.StartAgent("lon");
  EXPECT_EQ(second.code(), absl::StatusCode::kAlreadyExists) << second;
}

}  // namespace
}  // namespace waymark
