#include <grpcpp/grpcpp.h>
#include <stdlib.h>
#include <unistd.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <utility>

#include "controller/base/clock.h"
#include "controller/base/event_loop.h"
#include "controller/base/object.h"
#include "southbound/dataplane/remote_sim_dataplane.h"
#include "southbound/dataplane/sim_fabric.h"
#include "southbound/dataplane/sim_fabric_server.h"
#include "southbound/dataplane/sim_grpc.h"
#include "tests/conformance/sim_world.h"
#include "waymark/sim/v1/sim.grpc.pb.h"

namespace waymark {
namespace {

using sim::v1::SimFabricService;
using southbound::v1::Event;
using southbound::v1::Object;

// How often a predicate is tried when no event wakes it.
constexpr absl::Duration kPoll = absl::Milliseconds(2);

class RemoteSimWorld final : public DataPlaneWorld {
 public:
  RemoteSimWorld(std::string folder, std::shared_ptr<SimFabric> fabric,
                 std::unique_ptr<ThreadEventLoop> loop, std::unique_ptr<SimFabricServer> server)
      : folder_(std::move(folder)),
        loop_(std::move(loop)),
        fabric_(std::move(fabric)),
        server_(std::move(server)),
        stub_(SimFabricService::NewStub(SimFabricChannel(folder_ + "/s"))) {}

  ~RemoteSimWorld() override {
    planes_.clear();
    server_.reset();
    loop_->Stop();
    rmdir(folder_.c_str());
  }

  absl::Status AddSwitch(const std::string& node) override {
    sim::v1::AddSwitchRequest request;
    request.set_node(node);
    sim::v1::AddSwitchResponse response;
    const absl::Status status = Call(&SimFabricService::Stub::AddSwitch, request, &response);
    return status.ok() ? Reopen(node) : status;
  }

  absl::Status AddWire(const WorldPort& a, const WorldPort& b) override {
    sim::v1::AddWireRequest request;
    *request.mutable_a() = ToProto(a);
    *request.mutable_b() = ToProto(b);
    sim::v1::AddWireResponse response;
    return Call(&SimFabricService::Stub::AddWire, request, &response);
  }

  absl::Status AddHost(const std::string& host, const WorldPort& port) override {
    sim::v1::AddHostRequest request;
    request.set_host(host);
    *request.mutable_port() = ToProto(port);
    sim::v1::AddHostResponse response;
    return Call(&SimFabricService::Stub::AddHost, request, &response);
  }

  absl::Status CutWire(const WorldPort& end) override {
    sim::v1::CutWireRequest request;
    *request.mutable_end() = ToProto(end);
    sim::v1::CutWireResponse response;
    return Call(&SimFabricService::Stub::CutWire, request, &response);
  }

  absl::Status RestoreWire(const WorldPort& end) override {
    sim::v1::RestoreWireRequest request;
    *request.mutable_end() = ToProto(end);
    sim::v1::RestoreWireResponse response;
    return Call(&SimFabricService::Stub::RestoreWire, request, &response);
  }

  DataPlane& At(const std::string& node) override { return *planes_.at(node); }

  absl::Status Reopen(const std::string& node) override {
    planes_.erase(node);
    planes_[node] = std::make_unique<RemoteSimDataPlane>(folder_ + "/s", node);
    return planes_[node]->Start([this, node](Event event) {
      {
        const std::lock_guard<std::mutex> lock(mutex_);
        events_[node].push_back(std::move(event));
      }
      arrived_.notify_all();
    });
  }

  std::vector<Event> TakeEvents(const std::string& node) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return std::exchange(events_[node], {});
  }

  absl::Status Drift(const std::string& node, const Object& object) override {
    sim::v1::DriftRequest request;
    request.set_node(node);
    request.set_key(ObjectKey(object));
    sim::v1::DriftResponse response;
    return Call(&SimFabricService::Stub::Drift, request, &response);
  }

  absl::Status Send(const std::string& host, const std::string& frame) override {
    sim::v1::SendFramesRequest request;
    request.set_host(host);
    request.add_frames(frame);
    sim::v1::SendFramesResponse response;
    return Call(&SimFabricService::Stub::SendFrames, request, &response);
  }

  std::vector<std::string> Receive(const std::string& host) override {
    sim::v1::ReceiveFramesRequest request;
    request.set_host(host);
    request.set_max_frames(1000);
    sim::v1::ReceiveFramesResponse response;
    const absl::Status status = Call(&SimFabricService::Stub::ReceiveFrames, request, &response);
    if (!status.ok()) return {};
    return {response.frames().begin(), response.frames().end()};
  }

  uint64_t TxPackets(const WorldPort& from) override {
    sim::v1::CountersRequest request;
    request.set_node(from.node);
    sim::v1::CountersResponse response;
    if (!Call(&SimFabricService::Stub::Counters, request, &response).ok()) return 0;
    for (const auto& wire : response.wires()) {
      if (wire.from().interface() == from.interface) return wire.packets();
    }
    return 0;
  }

  bool WaitFor(const std::function<bool()>& predicate, absl::Duration timeout) override {
    const absl::Duration end = RealClock().Monotonic() + timeout;
    while (true) {
      if (predicate()) return true;
      if (RealClock().Monotonic() >= end) return false;
      std::unique_lock<std::mutex> lock(mutex_);
      arrived_.wait_for(lock, absl::ToChronoNanoseconds(kPoll));
    }
  }

  // A frame has arrived or is lost when Send returns.
  void Drain() override {}

 private:
  static sim::v1::Interface ToProto(const WorldPort& port) {
    sim::v1::Interface id;
    id.set_node(port.node);
    id.set_interface(port.interface);
    return id;
  }

  template <typename Method, typename Request, typename Response>
  absl::Status Call(Method method, const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(RealClock().Now() + absl::Seconds(10)));
    return FromGrpc((stub_.get()->*method)(&context, request, response));
  }

  const std::string folder_;
  const std::unique_ptr<ThreadEventLoop> loop_;
  const std::shared_ptr<SimFabric> fabric_;
  std::unique_ptr<SimFabricServer> server_;
  const std::unique_ptr<SimFabricService::Stub> stub_;
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<std::string, std::vector<Event>> events_;
  std::map<std::string, std::unique_ptr<DataPlane>> planes_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<DataPlaneWorld>> MakeRemoteSimWorld() {
  // Short: a socket's path has 108 bytes at most, and a test's own folder is longer.
  char folder[] = "/tmp/wm-sim-XXXXXX";
  if (mkdtemp(folder) == nullptr) return absl::UnavailableError("cannot make a folder in /tmp");
  auto loop = std::make_unique<ThreadEventLoop>("sim-fabric", RealClock());
  std::shared_ptr<SimFabric> fabric = SimFabric::Create(*loop);
  auto server = SimFabricServer::Start(fabric, std::string(folder) + "/s");
  if (!server.ok()) return server.status();
  return std::make_unique<RemoteSimWorld>(folder, std::move(fabric), std::move(loop),
                                          *std::move(server));
}

}  // namespace waymark
