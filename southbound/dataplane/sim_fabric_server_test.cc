#include "southbound/dataplane/sim_fabric_server.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <condition_variable>
#include <fstream>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "controller/base/clock.h"
#include "controller/base/event_loop.h"
#include "southbound/dataplane/remote_sim_dataplane.h"
#include "southbound/dataplane/sim_grpc.h"
#include "waymark/sim/v1/sim.grpc.pb.h"

namespace waymark {
namespace {

using sim::v1::SimFabricService;
using southbound::v1::Event;
using southbound::v1::Object;

class SimFabricServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    char folder[] = "/tmp/wm-server-XXXXXX";
    ASSERT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    socket_ = folder_ + "/s";
    Serve();
  }

  void TearDown() override {
    server_.reset();
    loop_.Stop();
    rmdir(folder_.c_str());
  }

  void Serve() {
    auto server = SimFabricServer::Start(fabric_, socket_);
    ASSERT_TRUE(server.ok()) << server.status();
    server_ = *std::move(server);
  }

  template <typename Method, typename Request, typename Response>
  absl::Status Call(Method method, const Request& request, Response* response) {
    if (stub_ == nullptr) stub_ = SimFabricService::NewStub(SimFabricChannel(socket_));
    grpc::ClientContext context;
    context.set_deadline(absl::ToChronoTime(RealClock().Now() + absl::Seconds(10)));
    return FromGrpc((stub_.get()->*method)(&context, request, response));
  }

  std::string folder_;
  std::string socket_;
  ThreadEventLoop loop_{"sim-fabric", RealClock()};
  std::shared_ptr<SimFabric> fabric_ = SimFabric::Create(loop_);
  std::unique_ptr<SimFabricServer> server_;
  std::unique_ptr<SimFabricService::Stub> stub_;
};

TEST_F(SimFabricServerTest, SocketIsTakenOnlyOnceAndLeavesNoTrace) {
  EXPECT_TRUE(absl::IsAlreadyExists(SimFabricServer::Start(fabric_, socket_).status()));
  server_.reset();
  EXPECT_NE(access(socket_.c_str(), F_OK), 0);
  Serve();
  const std::string file = folder_ + "/file";
  std::ofstream(file) << "keep";
  EXPECT_TRUE(absl::IsAlreadyExists(SimFabricServer::Start(fabric_, file).status()));
  EXPECT_EQ(access(file.c_str(), F_OK), 0);
  unlink(file.c_str());
  EXPECT_TRUE(absl::IsUnavailable(SimFabricServer::Start(fabric_, folder_ + "/no/s").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      SimFabricServer::Start(fabric_, "/tmp/" + std::string(200, 'x')).status()));
}

TEST_F(SimFabricServerTest, BadRequestsNameTheField) {
  sim::v1::BuildRequest build;
  build.add_switches()->set_node("x");
  auto& host = *build.add_hosts();
  host.set_host("h");
  host.mutable_port()->set_node("x");
  host.mutable_port()->set_interface("p");
  sim::v1::BuildResponse built;
  ASSERT_TRUE(Call(&SimFabricService::Stub::Build, build, &built).ok());
  EXPECT_TRUE(absl::IsAlreadyExists(Call(&SimFabricService::Stub::Build, build, &built)));

  sim::v1::SendFramesRequest send;
  send.set_host("h");
  sim::v1::SendFramesResponse sent;
  EXPECT_TRUE(absl::IsInvalidArgument(Call(&SimFabricService::Stub::SendFrames, send, &sent)));
  sim::v1::ReceiveFramesRequest receive;
  receive.set_host("h");
  sim::v1::ReceiveFramesResponse received;
  absl::Status status = Call(&SimFabricService::Stub::ReceiveFrames, receive, &received);
  EXPECT_EQ(status.message(), "max_frames: must be 1 to 1000");
  receive.set_max_frames(1);
  receive.set_wait_ms(60'001);
  status = Call(&SimFabricService::Stub::ReceiveFrames, receive, &received);
  EXPECT_EQ(status.message(), "wait_ms: must be 0 to 60000");
  receive.set_wait_ms(1);
  EXPECT_TRUE(Call(&SimFabricService::Stub::ReceiveFrames, receive, &received).ok());
  EXPECT_TRUE(received.frames().empty());
  sim::v1::PutRequest put;
  put.set_node("x");
  sim::v1::PutResponse response;
  EXPECT_TRUE(absl::IsInvalidArgument(Call(&SimFabricService::Stub::Put, put, &response)));
}

TEST_F(SimFabricServerTest, HandleNeedsAFabricAndASwitch) {
  RemoteSimDataPlane nobody(folder_ + "/none", "x");
  EXPECT_TRUE(absl::IsFailedPrecondition(nobody.Start([](Event) {})));
  RemoteSimDataPlane unknown(socket_, "x");
  EXPECT_TRUE(absl::IsFailedPrecondition(unknown.Start([](Event) {})));
}

TEST_F(SimFabricServerTest, EventsStartWithThePresentAndComeBackWithTheServer) {
  ASSERT_TRUE(fabric_->AddSwitch("x").ok());
  ASSERT_TRUE(fabric_->AddSwitch("y").ok());
  ASSERT_TRUE(fabric_->AddWire({"x", "w"}, {"y", "w"}).ok());
  Object object;
  object.mutable_node()->set_node_sid(1);
  ASSERT_TRUE(fabric_->Put("x", object).ok());
  object.mutable_link()->set_link("l");
  object.mutable_link()->set_interface("w");
  object.mutable_link()->set_adjacency_sid(0x8000);
  ASSERT_TRUE(fabric_->Put("x", object).ok());

  std::mutex mutex;
  std::condition_variable changed;
  int events = 0;
  bool up = false;
  const auto wait_for = [&](int least, bool state) {
    std::unique_lock<std::mutex> lock(mutex);
    return changed.wait_for(lock, absl::ToChronoNanoseconds(absl::Seconds(20)),
                            [&] { return events >= least && up == state; });
  };
  RemoteSimDataPlane plane(socket_, "x");
  ASSERT_TRUE(plane
                  .Start([&](const Event& event) {
                    const std::lock_guard<std::mutex> lock(mutex);
                    ++events;
                    up = event.link().up();
                    changed.notify_all();
                  })
                  .ok());
  EXPECT_TRUE(wait_for(1, true));
  ASSERT_TRUE(fabric_->SetWire({"y", "w"}, SimWireState::kCut).ok());
  EXPECT_TRUE(wait_for(2, false));
  server_.reset();
  EXPECT_TRUE(absl::IsUnavailable(plane.Put(object)));
  ASSERT_TRUE(fabric_->SetWire({"y", "w"}, SimWireState::kUp).ok());
  Serve();
  EXPECT_TRUE(wait_for(3, true)) << "what changed meanwhile";
}

}  // namespace
}  // namespace waymark
