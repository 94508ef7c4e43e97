// A whole carrier in one process on one thread in simulated time: the real store interface,
// committer, engine and agents on simulated switches; only the wire between controller and agents
// is replaced by the loop.
#ifndef WAYMARK_TESTS_SYSTEM_SIMULATED_CARRIER_H_
#define WAYMARK_TESTS_SYSTEM_SIMULATED_CARRIER_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/base/event_loop.h"
#include "controller/base/metrics.h"
#include "controller/engine/engine.h"
#include "controller/engine/path_queries.h"
#include "controller/store/memory_store.h"
#include "controller/store/network_view.h"
#include "northbound/api/committer.h"
#include "southbound/agent/agent_core.h"
#include "southbound/agent/state_store.h"
#include "southbound/dataplane/sim_dataplane.h"
#include "southbound/dataplane/sim_fabric.h"
#include "waymark/v1/resources.pb.h"
#include "waymark/v1/services.pb.h"

namespace waymark {

// What an agent keeps on its disk.
class MemoryStateStore final : public StateStore {
 public:
  // Every commit from now on gets this error; OK: they succeed again.
  void Fail(absl::Status failure) { failure_ = std::move(failure); }
  // The file is lost.
  void Lose() { image_ = StateImage(); }

  absl::StatusOr<StateImage> Load() override { return image_; }
  absl::Status Commit(const StateMark& mark,
                      std::span<const southbound::v1::Operation> operations) override;
  absl::Status Compact(const StateMark&, const ObjectTable&) override { return absl::OkStatus(); }
  southbound::v1::Persistence persistence() const override {
    return southbound::v1::PERSIST_PROCESS;
  }

 private:
  StateImage image_;
  absl::Status failure_;
};

// What goes wrong between the controller and its switches; without any of it everything arrives at
// once. Functions may be empty.
struct SimulatedFaults {
  // How long a message takes between an agent and the controller. Order within a session is kept.
  std::function<absl::Duration(const std::string& node)> travel;
  // How often a message of the controller reaches the agent, 1 or more.
  std::function<int(const std::string& node)> copies;
  // What the agent sees of its data plane.
  std::function<std::unique_ptr<DataPlane>(const std::string& node, std::unique_ptr<DataPlane>)>
      dataplane;
  // What the engine commits to; null: the carrier's store.
  Store* engine_store = nullptr;
};

class SimulatedCarrier {
 public:
  explicit SimulatedCarrier(SimulatedFaults faults = {}, Engine::Options options = {});
  ~SimulatedCarrier();

  // Everything in these YAML files, in one commit; then wires and hosts for what is new.
  absl::Status ApplyFiles(const std::vector<std::string>& files);
  absl::Status Apply(const v1::Bundle& bundle);
  absl::Status Put(const Resource& resource);
  absl::Status Delete(Kind kind, const std::string& name);

  void StartController();
  // As kill -9: what was not in the store is gone.
  void KillController();
  // Error: what the controller answers to this agent's Hello.
  absl::Status StartAgent(const std::string& node);
  void StartAllAgents();
  void KillAgent(const std::string& node);
  bool AgentRuns(const std::string& node) const;
  // Its data plane has done all that it was told.
  bool AgentHasDoneAll(const std::string& node) const;
  bool Connected(const std::string& node) const;
  // While held, nothing arrives either way; then all of it, in order.
  void HoldSession(const std::string& node, bool held);
  // The connection is gone; either end hears of it only after its time.
  void BreakSession(const std::string& node, absl::Duration controller_hears,
                    absl::Duration agent_hears);
  MemoryStateStore& DiskOf(const std::string& node) { return agents_.at(node)->disk; }

  // Both directions.
  void SetWire(const std::string& link, SimWireState state);

  // Runs simulated time until every switch holds what it must and nothing is left to do; false
  // after `limit`.
  bool Settle(absl::Duration limit = absl::Seconds(30));

  // For a failing test's message.
  std::string WhyNotSettled() const;

  v1::Status StatusOf(const std::string& name) const;
  absl::StatusOr<v1::ComputePathResponse> ComputePath(const v1::ComputePathRequest& request);
  absl::StatusOr<v1::ExplainServiceResponse> ExplainService(const std::string& name);
  absl::StatusOr<v1::ReoptimizeResponse> Reoptimize(const v1::ReoptimizeRequest& request);
  absl::StatusOr<v1::TraceResponse> Trace(const v1::TraceRequest& request) const;
  // The links that a frame takes from a site's host to another's, and whether it arrived.
  struct Journey {
    std::vector<std::string> links;  // ids in order
    bool arrived = false;
    std::string drop;  // the fabric's reason when it was dropped
  };
  Journey Send(const std::string& from_site, const std::string& to_site, uint8_t dscp,
               int pcp = -1);
  // Lets bridges learn where every host is.
  void Learn();
  int64_t OperationsSent() const;

  SimulatedEventLoop loop;
  Metrics metrics;
  MemoryStore store{loop};
  NetworkViewHolder views;
  std::shared_ptr<SimFabric> fabric = SimFabric::Create(loop);
  std::unique_ptr<Engine> engine;
  std::unique_ptr<EnginePathQueries> paths;

 private:
  class Session;
  class Link;
  struct Agent {
    std::unique_ptr<DataPlane> dataplane;
    MemoryStateStore disk;
    std::unique_ptr<AgentCore> core;
    std::unique_ptr<Link> link;
    std::shared_ptr<Session> session;
    bool held = false;
  };

  absl::Status Submit(std::vector<Intent> intents);
  void BuildWires();
  std::string MacOf(const std::string& site) const;

  const SimulatedFaults faults_;
  const Engine::Options engine_options_;
  std::unique_ptr<Committer> committer_;
  std::map<std::string, std::unique_ptr<Agent>> agents_;
  std::map<std::string, int> host_numbers_;  // by site name
  uint64_t epoch_ = 0;
  int next_instance_ = 0;
  int next_frame_ = 0;
};

}  // namespace waymark

#endif  // WAYMARK_TESTS_SYSTEM_SIMULATED_CARRIER_H_
