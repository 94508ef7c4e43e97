#include "tests/lab/sim_world.h"

#include <grpcpp/grpcpp.h>
#include <poll.h>

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "controller/base/clock.h"

namespace waymark::lab {
namespace {

absl::Status FromGrpc(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

std::string HostName(const std::string& site) { return absl::StrReplaceAll(site, {{"/", "."}}); }

void SetEnd(sim::v1::Interface* end, const std::string& node, const std::string& interface) {
  end->set_node(node);
  end->set_interface(interface);
}

}  // namespace

SimWorld::SimWorld(std::string program, std::string folder)
    : program_(std::move(program)), folder_(std::move(folder)) {}

absl::Status SimWorld::Build(const Carrier& carrier) {
  carrier_ = carrier;
  const std::string socket = folder_ + "/fabric.sock";
  absl::StatusOr<Process> process =
      Process::Start({program_, "--socket=" + socket}, folder_ + "/fabric.log");
  if (!process.ok()) return process.status();
  process_ = *std::move(process);
  auto channel = grpc::CreateChannel("unix:" + socket, grpc::InsecureChannelCredentials());
  stub_ = sim::v1::SimFabricService::NewStub(channel);

  sim::v1::BuildRequest request;
  for (const std::string& node : carrier.nodes) request.add_switches()->set_node(node);
  for (const auto& [id, link] : carrier.links) {
    if (id > link.reverse) continue;
    const LabLink& back = carrier.links.at(link.reverse);
    sim::v1::AddWireRequest& wire = *request.add_wires();
    SetEnd(wire.mutable_a(), link.source, link.interface);
    SetEnd(wire.mutable_b(), back.source, back.interface);
  }
  for (const auto& [site, host] : carrier.hosts) {
    sim::v1::AddHostRequest& add = *request.add_hosts();
    add.set_host(HostName(site));
    SetEnd(add.mutable_port(), host.node, host.port);
  }
  for (const auto& [node, port] : carrier.spare_ports) {
    sim::v1::AddHostRequest& add = *request.add_hosts();
    add.set_host(absl::StrCat("spare.", node));
    SetEnd(add.mutable_port(), node, port);
  }
  grpc::ClientContext context;
  context.set_wait_for_ready(true);
  context.set_deadline(absl::ToChronoTime(RealClock().Now() + absl::Seconds(10)));
  sim::v1::BuildResponse response;
  return FromGrpc(stub_->Build(&context, request, &response));
}

std::vector<std::string> SimWorld::AgentFlags(const std::string&) const {
  return {"--dataplane=sim:" + folder_ + "/fabric.sock"};
}

absl::Status SimWorld::SendFrame(const std::string& site, const std::string& frame) {
  sim::v1::SendFramesRequest request;
  request.set_host(HostName(site));
  request.add_frames(frame);
  sim::v1::SendFramesResponse response;
  grpc::ClientContext context;
  grpc::Status status = stub_->SendFrames(&context, request, &response);
  if (status.ok() && response.frame_ids_size() == 1)
    sent_.emplace_back(frame, response.frame_ids(0));
  return FromGrpc(status);
}

void SimWorld::Forget() {
  for (const auto& [site, host] : carrier_.hosts) Collect(site, absl::ZeroDuration());
  arrived_.clear();
  sent_.clear();
}

void SimWorld::Collect(const std::string& site, absl::Duration wait) {
  sim::v1::ReceiveFramesRequest request;
  request.set_host(HostName(site));
  request.set_max_frames(1000);
  request.set_wait_ms(static_cast<uint32_t>(absl::ToInt64Milliseconds(wait)));
  for (;;) {
    sim::v1::ReceiveFramesResponse response;
    grpc::ClientContext context;
    if (!stub_->ReceiveFrames(&context, request, &response).ok()) return;
    for (std::string& frame : *response.mutable_frames()) {
      arrived_[site].push_back(std::move(frame));
    }
    if (response.frames_size() < 1000) return;
    request.set_wait_ms(0);
  }
}

absl::StatusOr<std::string> SimWorld::WaitForFrame(const std::string& site,
                                                   const std::string& token,
                                                   absl::Duration timeout) {
  const absl::Duration deadline = RealClock().Monotonic() + timeout;
  for (;;) {
    for (const std::string& frame : arrived_[site]) {
      if (frame.find(token) != std::string::npos) return frame;
    }
    const absl::Duration left = deadline - RealClock().Monotonic();
    if (left <= absl::ZeroDuration()) {
      return absl::DeadlineExceededError(absl::StrCat("no such frame arrived at ", site, " within ",
                                                      absl::FormatDuration(timeout)));
    }
    Collect(site, std::min(left, absl::Milliseconds(100)));
  }
}

std::vector<std::string> SimWorld::Arrived(const std::string& site, const std::string& token) {
  Collect(site, absl::ZeroDuration());
  std::vector<std::string> found;
  for (const std::string& frame : arrived_[site]) {
    if (frame.find(token) != std::string::npos) found.push_back(frame);
  }
  return found;
}

std::vector<Sighting> SimWorld::Seen(const std::string& frame) {
  std::vector<Sighting> seen;
  for (const auto& [sent, id] : sent_) {
    if (sent != frame) continue;
    sim::v1::TraceRequest request;
    request.set_frame_id(id);
    sim::v1::TraceResponse response;
    grpc::ClientContext context;
    if (!stub_->Trace(&context, request, &response).ok()) continue;
    for (const sim::v1::Hop& hop : response.hops()) {
      if (hop.kind() != sim::v1::Hop::TRANSMIT) continue;
      for (const auto& [link_id, link] : carrier_.links) {
        if (link.source != hop.node() || link.interface != hop.interface()) continue;
        seen.push_back({link_id, static_cast<uint8_t>(hop.dscp()), false});
      }
    }
  }
  return seen;
}

absl::Status SimWorld::CutLink(const LabLink& link) {
  sim::v1::CutWireRequest request;
  SetEnd(request.mutable_end(), link.source, link.interface);
  sim::v1::CutWireResponse response;
  grpc::ClientContext context;
  return FromGrpc(stub_->CutWire(&context, request, &response));
}

absl::Status SimWorld::RestoreLink(const LabLink& link) {
  sim::v1::RestoreWireRequest request;
  SetEnd(request.mutable_end(), link.source, link.interface);
  sim::v1::RestoreWireResponse response;
  grpc::ClientContext context;
  return FromGrpc(stub_->RestoreWire(&context, request, &response));
}

absl::StatusOr<StreamResult> SimWorld::Stream(const LabHost& from, const LabHost& to,
                                              const Mark& mark, absl::Duration duration,
                                              const std::function<absl::Status()>& meanwhile) {
  sim::v1::StartStreamRequest request;
  request.set_from_host(HostName(from.site));
  request.set_to_host(HostName(to.site));
  request.set_frame(UdpFrame(from.address, to.address.Mac(), to.address, mark, "waymark-stream"));
  request.set_frames_per_second(1000);
  request.set_count(static_cast<uint32_t>(absl::ToInt64Milliseconds(duration)));
  sim::v1::StartStreamResponse started;
  grpc::ClientContext context;
  if (grpc::Status s = stub_->StartStream(&context, request, &started); !s.ok()) return FromGrpc(s);
  poll(nullptr, 0, static_cast<int>(absl::ToInt64Milliseconds(duration) / 5));
  absl::Status status = meanwhile ? meanwhile() : absl::OkStatus();
  const absl::Duration deadline = RealClock().Monotonic() + duration + absl::Seconds(10);
  for (;;) {
    sim::v1::GetStreamRequest get;
    get.set_stream(started.stream());
    sim::v1::StreamState state;
    grpc::ClientContext get_context;
    if (grpc::Status s = stub_->GetStream(&get_context, get, &state); !s.ok()) return FromGrpc(s);
    if (state.finished()) {
      if (!status.ok()) return status;
      StreamResult result;
      result.sent = static_cast<int>(state.sent());
      result.received = static_cast<int>(state.received());
      result.duplicated = static_cast<int>(state.duplicates());
      result.longest_gap = absl::Milliseconds(static_cast<int64_t>(state.longest_gap()));
      return result;
    }
    if (RealClock().Monotonic() > deadline) {
      return absl::DeadlineExceededError("the simulated stream does not end");
    }
    poll(nullptr, 0, 20);
  }
}

// The lab plays the host's stack: `question` must arrive as it was sent, the answer must come back.
absl::Status SimWorld::Exchange(const LabHost& from, const LabHost& to,
                                const std::string& question) {
  if (absl::Status status = SendFrame(from.site, question); !status.ok()) return status;
  if (auto got = WaitForFrame(to.site, question, absl::Seconds(2)); !got.ok()) return got.status();
  const std::string answer = ArpReply(to.address, from.address);
  if (absl::Status status = SendFrame(to.site, answer); !status.ok()) return status;
  return WaitForFrame(from.site, answer, absl::Seconds(2)).status();
}

absl::StatusOr<std::string> SimWorld::NeighbourDiscovery(const LabHost& from, const LabHost& to) {
  absl::Status status = Exchange(from, to, ArpRequest(from.address, to.address));
  if (status.ok()) status = Exchange(from, to, NeighbourSolicitation(from.address, to.address));
  if (!status.ok()) return status;
  return absl::StrCat("ARP and ND questions reach ", to.site, ", answers come back");
}

absl::StatusOr<std::string> SimWorld::TcpTransfer(const LabHost&, const LabHost&) {
  return absl::UnimplementedError("simulated hosts have no TCP");
}

std::string SimWorld::TryCommand(const LabHost&, const LabHost&) const { return ""; }

}  // namespace waymark::lab
