#include "southbound/dataplane/sim_fabric_server.h"

#include <grpcpp/grpcpp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "southbound/dataplane/sim_fabric_events.h"
#include "southbound/dataplane/sim_grpc.h"
#include "waymark/sim/v1/sim.grpc.pb.h"

namespace waymark {
namespace {

using grpc::ServerContext;

constexpr size_t kLongestPath = 100;
constexpr uint32_t kMostFrames = 1'000;
constexpr uint32_t kLongestWaitMs = 60'000;
// A waiting receiver looks this often whether its caller is still there.
constexpr absl::Duration kReceiveSlice = absl::Milliseconds(100);

SimInterface FromProto(const sim::v1::Interface& id) { return {id.node(), id.interface()}; }

// ALREADY_EXISTS if somebody serves the path, or it is no socket at all.
absl::Status CheckSocketPath(const std::string& path) {
  if (path.empty() || path.size() > kLongestPath) {
    return absl::InvalidArgumentError(
        absl::StrCat("socket: the path must be 1 to ", kLongestPath, " bytes"));
  }
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) return absl::OkStatus();
  if (!S_ISSOCK(info.st_mode)) {
    return absl::AlreadyExistsError(absl::StrCat("socket: ", path, " exists and is no socket"));
  }
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  const int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return absl::UnavailableError(absl::StrCat("socket: ", std::strerror(errno)));
  const bool served = connect(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  close(probe);
  if (!served) return absl::OkStatus();
  return absl::AlreadyExistsError(
      absl::StrCat("socket: another process serves ", path, "; stop it or take another path"));
}

}  // namespace

class SimFabricServer::Service final : public sim::v1::SimFabricService::WithCallbackMethod_Events<
                                           sim::v1::SimFabricService::Service> {
 public:
  explicit Service(std::shared_ptr<SimFabric> fabric) : fabric_(std::move(fabric)) {}

  grpc::Status Put(ServerContext*, const sim::v1::PutRequest* request,
                   sim::v1::PutResponse*) override {
    return ToGrpc(fabric_->Put(request->node(), request->object()));
  }

  grpc::Status Remove(ServerContext*, const sim::v1::RemoveRequest* request,
                      sim::v1::RemoveResponse*) override {
    return ToGrpc(fabric_->Remove(request->node(), request->object()));
  }

  grpc::Status Reconcile(ServerContext*, const sim::v1::ReconcileRequest* request,
                         sim::v1::ReconcileResponse* response) override {
    const absl::StatusOr<DataPlane::Report> report = fabric_->Reconcile(
        request->node(), {request->expected().begin(), request->expected().end()},
        request->repair());
    if (!report.ok()) return ToGrpc(report.status());
    response->mutable_kept()->Assign(report->kept.begin(), report->kept.end());
    response->mutable_repaired()->Assign(report->repaired.begin(), report->repaired.end());
    response->mutable_removed()->Assign(report->removed.begin(), report->removed.end());
    for (const auto& [key, reason] : report->failed) {
      auto& failure = *response->add_failed();
      failure.set_key(key);
      failure.set_reason(reason);
    }
    return grpc::Status::OK;
  }

  grpc::Status Observe(ServerContext*, const sim::v1::ObserveRequest* request,
                       sim::v1::ObserveResponse* response) override {
    const auto events = fabric_->Observe(request->node());
    if (!events.ok()) return ToGrpc(events.status());
    response->mutable_events()->Assign(events->begin(), events->end());
    return grpc::Status::OK;
  }

  grpc::ServerWriteReactor<southbound::v1::Event>* Events(
      grpc::CallbackServerContext*, const sim::v1::EventsRequest* request) override {
    return new SimEventStream(fabric_, request->node());  // Deletes itself when done.
  }

  grpc::Status AddSwitch(ServerContext*, const sim::v1::AddSwitchRequest* request,
                         sim::v1::AddSwitchResponse*) override {
    return ToGrpc(fabric_->AddSwitch(request->node()));
  }

  grpc::Status AddWire(ServerContext*, const sim::v1::AddWireRequest* request,
                       sim::v1::AddWireResponse*) override {
    return ToGrpc(fabric_->AddWire(FromProto(request->a()), FromProto(request->b())));
  }

  grpc::Status AddHost(ServerContext*, const sim::v1::AddHostRequest* request,
                       sim::v1::AddHostResponse*) override {
    return ToGrpc(fabric_->AddHost(request->host(), FromProto(request->port())));
  }

  grpc::Status Build(ServerContext*, const sim::v1::BuildRequest* request,
                     sim::v1::BuildResponse*) override {
    absl::Status status;
    for (const auto& item : request->switches()) {
      status = fabric_->AddSwitch(item.node());
      if (!status.ok()) return ToGrpc(status);
    }
    for (const auto& item : request->wires()) {
      status = fabric_->AddWire(FromProto(item.a()), FromProto(item.b()));
      if (!status.ok()) return ToGrpc(status);
    }
    for (const auto& item : request->hosts()) {
      status = fabric_->AddHost(item.host(), FromProto(item.port()));
      if (!status.ok()) return ToGrpc(status);
    }
    return grpc::Status::OK;
  }

  grpc::Status CutWire(ServerContext*, const sim::v1::CutWireRequest* request,
                       sim::v1::CutWireResponse*) override {
    return ToGrpc(fabric_->SetWire(FromProto(request->end()),
                                   request->silent() ? SimWireState::kSilent : SimWireState::kCut));
  }

  grpc::Status RestoreWire(ServerContext*, const sim::v1::RestoreWireRequest* request,
                           sim::v1::RestoreWireResponse*) override {
    return ToGrpc(fabric_->SetWire(FromProto(request->end()), SimWireState::kUp));
  }

  grpc::Status SendFrames(ServerContext*, const sim::v1::SendFramesRequest* request,
                          sim::v1::SendFramesResponse* response) override {
    if (request->frames().empty() || request->frames_size() > static_cast<int>(kMostFrames)) {
      return {grpc::StatusCode::INVALID_ARGUMENT, "frames: must be 1 to 1000"};
    }
    for (const std::string& frame : request->frames()) {
      const absl::StatusOr<uint64_t> id = fabric_->Send(request->host(), frame);
      if (!id.ok()) return ToGrpc(id.status());
      response->add_frame_ids(*id);
    }
    return grpc::Status::OK;
  }

  grpc::Status ReceiveFrames(ServerContext* context, const sim::v1::ReceiveFramesRequest* request,
                             sim::v1::ReceiveFramesResponse* response) override {
    if (request->max_frames() == 0 || request->max_frames() > kMostFrames) {
      return {grpc::StatusCode::INVALID_ARGUMENT, "max_frames: must be 1 to 1000"};
    }
    if (request->wait_ms() > kLongestWaitMs) {
      return {grpc::StatusCode::INVALID_ARGUMENT, "wait_ms: must be 0 to 60000"};
    }
    absl::Duration left = absl::Milliseconds(request->wait_ms());
    while (!context->IsCancelled()) {
      const absl::Duration slice = std::min(left, kReceiveSlice);
      absl::StatusOr<std::vector<std::string>> frames =
          fabric_->Receive(request->host(), request->max_frames(), slice);
      if (!frames.ok()) return ToGrpc(frames.status());
      left -= slice;
      if (frames->empty() && left > absl::ZeroDuration()) continue;
      response->mutable_frames()->Assign(frames->begin(), frames->end());
      return grpc::Status::OK;
    }
    return grpc::Status::CANCELLED;
  }

  grpc::Status StartStream(ServerContext*, const sim::v1::StartStreamRequest* request,
                           sim::v1::StartStreamResponse* response) override {
    const absl::StatusOr<uint32_t> id =
        fabric_->StartStream(request->from_host(), request->to_host(), request->frame(),
                             request->frames_per_second(), request->count());
    if (!id.ok()) return ToGrpc(id.status());
    response->set_stream(*id);
    return grpc::Status::OK;
  }

  grpc::Status GetStream(ServerContext*, const sim::v1::GetStreamRequest* request,
                         sim::v1::StreamState* response) override {
    return Answer(fabric_->GetStream(request->stream()), response);
  }

  grpc::Status StopStream(ServerContext*, const sim::v1::StopStreamRequest* request,
                          sim::v1::StreamState* response) override {
    return Answer(fabric_->StopStream(request->stream()), response);
  }

  grpc::Status Counters(ServerContext*, const sim::v1::CountersRequest* request,
                        sim::v1::CountersResponse* response) override {
    *response = fabric_->Counters(request->node());
    return grpc::Status::OK;
  }

  grpc::Status Trace(ServerContext*, const sim::v1::TraceRequest* request,
                     sim::v1::TraceResponse* response) override {
    const auto hops = fabric_->Trace(request->frame_id());
    if (!hops.ok()) return ToGrpc(hops.status());
    response->mutable_hops()->Assign(hops->begin(), hops->end());
    return grpc::Status::OK;
  }

  grpc::Status RecentPackets(ServerContext*, const sim::v1::RecentPacketsRequest* request,
                             sim::v1::RecentPacketsResponse* response) override {
    const auto packets = fabric_->RecentPackets(FromProto(request->from()));
    if (!packets.ok()) return ToGrpc(packets.status());
    response->mutable_packets()->Assign(packets->begin(), packets->end());
    return grpc::Status::OK;
  }

  grpc::Status Drift(ServerContext*, const sim::v1::DriftRequest* request,
                     sim::v1::DriftResponse*) override {
    return ToGrpc(fabric_->Drift(request->node(), request->key()));
  }

 private:
  static grpc::Status Answer(const absl::StatusOr<sim::v1::StreamState>& state,
                             sim::v1::StreamState* response) {
    if (!state.ok()) return ToGrpc(state.status());
    *response = *state;
    return grpc::Status::OK;
  }

  const std::shared_ptr<SimFabric> fabric_;
};

struct SimFabricServer::State {
  explicit State(std::shared_ptr<SimFabric> fabric) : service(std::move(fabric)) {}

  std::string socket;
  Service service;
  std::unique_ptr<grpc::Server> server;
};

SimFabricServer::SimFabricServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

absl::StatusOr<std::unique_ptr<SimFabricServer>> SimFabricServer::Start(
    std::shared_ptr<SimFabric> fabric, const std::string& socket) {
  if (absl::Status status = CheckSocketPath(socket); !status.ok()) return status;
  auto state = std::make_unique<State>(std::move(fabric));
  state->socket = socket;
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(kSimLargestMessage);
  builder.SetMaxSendMessageSize(kSimLargestMessage);
  builder.AddListeningPort("unix:" + socket, grpc::InsecureServerCredentials());
  builder.RegisterService(&state->service);
  state->server = builder.BuildAndStart();
  if (state->server == nullptr) {
    return absl::UnavailableError(
        absl::StrCat("socket: cannot listen on ", socket, "; does its folder exist, writable?"));
  }
  // Whoever opens it commands every switch.
  if (chmod(socket.c_str(), S_IRUSR | S_IWUSR) != 0) {
    return absl::UnavailableError(absl::StrCat("socket: chmod: ", std::strerror(errno)));
  }
  return std::unique_ptr<SimFabricServer>(new SimFabricServer(std::move(state)));
}

SimFabricServer::~SimFabricServer() {
  // Event streams never end by themselves: cancel what is left at once.
  state_->server->Shutdown(absl::ToChronoTime(absl::UnixEpoch()));
  state_->server->Wait();
  unlink(state_->socket.c_str());
}

}  // namespace waymark
