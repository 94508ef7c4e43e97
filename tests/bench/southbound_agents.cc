// The agents' side: many real agents in one process.
#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <deque>
#include <iostream>
#include <random>

#include "absl/strings/str_cat.h"
#include "southbound/agent/agent_core.h"
#include "southbound/agent/session_client.h"
#include "southbound/dataplane/sim_dataplane.h"
#include "tests/bench/southbound_rig.h"
#include "waymark/southbound/v1/southbound.grpc.pb.h"

namespace waymark::bench {
namespace {

using southbound::v1::Object;

// Keeps nothing: what a disk costs is not what is measured here.
class MemoryStore final : public StateStore {
 public:
  absl::StatusOr<StateImage> Load() override { return StateImage(); }
  absl::Status Commit(const StateMark&, std::span<const southbound::v1::Operation>) override {
    return absl::OkStatus();
  }
  absl::Status Compact(const StateMark&, const ObjectTable&) override { return absl::OkStatus(); }
  southbound::v1::Persistence persistence() const override {
    return southbound::v1::PERSIST_PROCESS;
  }
};

struct Agent {
  MemoryStore store;
  Metrics metrics;
  std::unique_ptr<SimDataPlane> dataplane;
  std::unique_ptr<AgentCore> core;
  std::unique_ptr<SessionClient> client;
};

class EchoStream final : public grpc::ClientBidiReactor<southbound::v1::AgentMessage,
                                                        southbound::v1::ControllerMessage> {
 public:
  explicit EchoStream(const std::string& server) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    stub_ = southbound::v1::Southbound::NewStub(
        grpc::CreateCustomChannel(server, grpc::InsecureChannelCredentials(), arguments));
    stub_->async()->Session(&context_, this);
    StartRead(&in_);
    StartCall();
  }

  void OnReadDone(bool ok) override {
    if (!ok) return;
    southbound::v1::AgentMessage answer;
    auto& result = *answer.mutable_batch_result();
    result.set_batch_id(in_.batch().id());
    result.set_digest(in_.batch().expected_digest());
    for (const auto& operation : in_.batch().operations()) {
      auto& one = *result.add_results();
      one.set_id(operation.id());
      one.set_status(southbound::v1::FIB_ACKED);
    }
    bool first = false;
    {
      const std::lock_guard lock(mutex_);
      answers_.push_back(std::move(answer));
      first = answers_.size() == 1;
    }
    if (first) StartWrite(&answers_.front());
    StartRead(&in_);
  }

  void OnWriteDone(bool ok) override {
    if (!ok) return;
    const std::lock_guard lock(mutex_);
    answers_.pop_front();
    if (!answers_.empty()) StartWrite(&answers_.front());
  }

  void OnDone(const grpc::Status&) override {}

 private:
  std::unique_ptr<southbound::v1::Southbound::Stub> stub_;
  grpc::ClientContext context_;
  southbound::v1::ControllerMessage in_;
  std::mutex mutex_;
  std::deque<southbound::v1::AgentMessage> answers_;  // the first is being written
};

std::string LinkOf(int index, bool backwards) {
  return absl::StrCat(NodeOf(index), backwards ? "-back" : "-on");
}

}  // namespace

std::string NodeOf(int index) { return absl::StrCat("n", index); }

ObjectTable BaseOf(int index, int count) {
  ObjectTable table;
  Object object;
  object.mutable_node()->set_node(NodeOf(index));
  object.mutable_node()->set_node_sid(static_cast<uint32_t>(index) + 1);
  table.Put(object);
  for (const bool backwards : {false, true}) {
    auto& link = *object.mutable_link();
    const int next = (index + (backwards ? count - 1 : 1)) % count;
    link.set_link(LinkOf(index, backwards));
    link.set_interface(backwards ? "e0" : "e1");
    link.set_adjacency_sid(0x8000 + 2 * static_cast<uint32_t>(index) + (backwards ? 1 : 0));
    link.set_reverse_sid(0x8000 + 2 * static_cast<uint32_t>(next) + (backwards ? 0 : 1));
    link.set_neighbor_sid(static_cast<uint32_t>(next) + 1);
    link.set_capacity_bps(100'000'000'000);
    table.Put(object);
  }
  return table;
}

Object RouteOf(int index, uint32_t node_sid, bool backwards) {
  Object object;
  object.mutable_route()->set_node_sid(node_sid);
  object.mutable_route()->add_links(LinkOf(index, backwards));
  object.mutable_route()->add_links(LinkOf(index, !backwards));
  return object;
}

int RunAgents(int count, const std::string& controller) {
  ThreadEventLoop loop("agents", RealClock());
  const std::shared_ptr<SimFabric> fabric = SimFabric::Create(loop);
  for (int i = 0; i < count; ++i) {
    if (!fabric->AddSwitch(NodeOf(i)).ok()) return 1;
  }
  for (int i = 0; i < count; ++i) {
    if (!fabric->AddWire({NodeOf(i), "e1"}, {NodeOf((i + 1) % count), "e0"}).ok()) return 1;
  }
  std::mt19937_64 random{7};
  std::vector<std::unique_ptr<Agent>> agents;
  bool ok = true;
  for (int i = 0; i < count; ++i) {
    agents.push_back(std::make_unique<Agent>());
    Agent& agent = *agents.back();
    AgentOptions options;
    options.node = NodeOf(i);
    options.version = "bench";
    options.instance = "1";
    // Repair has its own benchmark.
    options.read_back_interval = absl::Hours(1);
    SessionClientOptions session;
    session.controller = controller;
    session.most_backoff = absl::Milliseconds(500);
    agent.dataplane = std::make_unique<SimDataPlane>(fabric, options.node);
    agent.core = std::make_unique<AgentCore>(options, &loop, agent.dataplane.get(), &agent.store,
                                             &agent.metrics);
    agent.client = std::make_unique<SessionClient>(
        session, &loop, agent.core.get(), &agent.metrics,
        [&random] { return std::uniform_real_distribution<double>(0, 1)(random); });
    ok = loop.RunAndWait([&agent, &ok] {
      agent.core->SetLink(agent.client.get());
      ok = ok && agent.core->Start().ok();
      agent.client->Start();
    }) && ok;
    if (!ok) std::cerr << "agent " << i << " does not start\n";
    if (!ok) return 1;
  }
  pause();
  return 0;
}

int RunEchoes(int count, const std::string& server) {
  std::vector<std::unique_ptr<EchoStream>> streams;
  for (int i = 0; i < count; ++i) streams.push_back(std::make_unique<EchoStream>(server));
  pause();
  return 0;
}

Child::Child(const std::string& kind, int count, const std::string& address) {
  const std::string number = absl::StrCat(count);
  const char* const arguments[] = {"/proc/self/exe", kind.c_str(), number.c_str(), address.c_str(),
                                   nullptr};
  posix_spawn(&pid_, "/proc/self/exe", nullptr, nullptr, const_cast<char**>(arguments), environ);
}

Child::~Child() {
  if (pid_ <= 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

}  // namespace waymark::bench
