#include "southbound/dataplane/remote_sim_dataplane.h"

#include <grpcpp/grpcpp.h>

#include <mutex>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/base/clock.h"
#include "controller/base/log.h"
#include "southbound/dataplane/sim_grpc.h"
#include "waymark/sim/v1/sim.grpc.pb.h"

namespace waymark {
namespace {

constexpr absl::Duration kCallDeadline = absl::Seconds(5);
constexpr absl::Duration kReconnectLook = absl::Milliseconds(200);

auto DeadlineIn(absl::Duration wait) { return absl::ToChronoTime(RealClock().Now() + wait); }

}  // namespace

struct RemoteSimDataPlane::Wire {
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<sim::v1::SimFabricService::Stub> stub;

  template <typename Method, typename Request, typename Response>
  absl::Status Call(Method method, const Request& request, Response* response) {
    grpc::ClientContext context;
    context.set_deadline(DeadlineIn(kCallDeadline));
    const grpc::Status status = (stub.get()->*method)(&context, request, response);
    if (status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED) {
      return absl::UnavailableError("sim fabric: no answer within 5 s");
    }
    return FromGrpc(status);
  }
};

// Reads the event stream on a thread of its own, and opens it again whenever it ends.
class RemoteSimDataPlane::Events {
 public:
  Events(Wire& wire, std::string node, EventSink sink)
      : wire_(wire), node_(std::move(node)), sink_(std::move(sink)), thread_([this] { Run(); }) {}

  ~Events() {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      stopping_ = true;
      if (context_ != nullptr) context_->TryCancel();
    }
    thread_.join();
  }

 private:
  bool stopping() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return stopping_;
  }

  void SetContext(grpc::ClientContext* context) {
    const std::lock_guard<std::mutex> lock(mutex_);
    context_ = context;
    if (stopping_ && context_ != nullptr) context_->TryCancel();
  }

  void Run() {
    while (!stopping()) {
      // Not longer than a moment, so that the destructor need not wait.
      if (!wire_.channel->WaitForConnected(DeadlineIn(kReconnectLook))) continue;
      const grpc::Status status = ReadOnce();
      if (stopping()) return;
      Log(LogLevel::kWarning, "sim fabric events ended",
          {{"node", node_}, {"reason", status.error_message()}, {"action", "connecting again"}});
      // A fabric that answers, but not with events: let it breathe.
      wire_.channel->WaitForStateChange(wire_.channel->GetState(true), DeadlineIn(kReconnectLook));
    }
  }

  grpc::Status ReadOnce() {
    grpc::ClientContext context;
    SetContext(&context);
    sim::v1::EventsRequest request;
    request.set_node(node_);
    const auto reader = wire_.stub->Events(&context, request);
    southbound::v1::Event event;
    while (reader->Read(&event)) sink_(event);
    const grpc::Status status = reader->Finish();
    SetContext(nullptr);
    return status;
  }

  Wire& wire_;
  const std::string node_;
  const EventSink sink_;
  std::mutex mutex_;
  bool stopping_ = false;
  grpc::ClientContext* context_ = nullptr;
  std::thread thread_;
};

RemoteSimDataPlane::RemoteSimDataPlane(const std::string& socket, std::string node)
    : node_(std::move(node)), wire_(std::make_unique<Wire>()) {
  wire_->channel = SimFabricChannel(socket);
  wire_->stub = sim::v1::SimFabricService::NewStub(wire_->channel);
}

RemoteSimDataPlane::~RemoteSimDataPlane() = default;

absl::Status RemoteSimDataPlane::Start(EventSink sink) {
  if (events_ != nullptr) return absl::FailedPreconditionError("sim data plane: started already");
  sim::v1::ObserveRequest request;
  request.set_node(node_);
  sim::v1::ObserveResponse response;
  const absl::Status status =
      wire_->Call(&sim::v1::SimFabricService::Stub::Observe, request, &response);
  if (!status.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat("sim fabric: ", status.ToString(), "; is waymark-sim-fabric running?"));
  }
  events_ = std::make_unique<Events>(*wire_, node_, std::move(sink));
  return absl::OkStatus();
}

absl::Status RemoteSimDataPlane::Put(const southbound::v1::Object& object) {
  sim::v1::PutRequest request;
  request.set_node(node_);
  *request.mutable_object() = object;
  sim::v1::PutResponse response;
  return wire_->Call(&sim::v1::SimFabricService::Stub::Put, request, &response);
}

absl::Status RemoteSimDataPlane::Remove(const southbound::v1::Object& object) {
  sim::v1::RemoveRequest request;
  request.set_node(node_);
  *request.mutable_object() = object;
  sim::v1::RemoveResponse response;
  return wire_->Call(&sim::v1::SimFabricService::Stub::Remove, request, &response);
}

absl::StatusOr<DataPlane::Report> RemoteSimDataPlane::Reconcile(
    const std::vector<southbound::v1::Object>& expected, bool repair) {
  sim::v1::ReconcileRequest request;
  request.set_node(node_);
  request.mutable_expected()->Assign(expected.begin(), expected.end());
  request.set_repair(repair);
  sim::v1::ReconcileResponse response;
  const absl::Status status =
      wire_->Call(&sim::v1::SimFabricService::Stub::Reconcile, request, &response);
  if (!status.ok()) return status;
  Report report;
  report.kept.assign(response.kept().begin(), response.kept().end());
  report.repaired.assign(response.repaired().begin(), response.repaired().end());
  report.removed.assign(response.removed().begin(), response.removed().end());
  for (const auto& failure : response.failed()) {
    report.failed.emplace_back(failure.key(), failure.reason());
  }
  return report;
}

std::vector<southbound::v1::Event> RemoteSimDataPlane::Observe() {
  sim::v1::ObserveRequest request;
  request.set_node(node_);
  sim::v1::ObserveResponse response;
  const absl::Status status =
      wire_->Call(&sim::v1::SimFabricService::Stub::Observe, request, &response);
  if (!status.ok()) {
    Log(LogLevel::kError, "sim fabric does not answer",
        {{"node", node_}, {"reason", status.ToString()}});
  }
  return {response.events().begin(), response.events().end()};
}

}  // namespace waymark
