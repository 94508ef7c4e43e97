#include "southbound/session/southbound_server.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/base/clock.h"
#include "controller/base/socket_folder.h"

namespace waymark {
namespace {

using southbound::v1::AgentMessage;
using southbound::v1::ControllerMessage;
using southbound::v1::Hello;
using southbound::v1::Southbound;

constexpr absl::Duration kPatience = absl::Seconds(20);

// An engine in miniature: takes each node once.
class Listener final : public SwitchSessionListener {
 public:
  absl::Status OnConnected(std::shared_ptr<SwitchSession> session, const Hello& hello) override {
    std::lock_guard<std::mutex> lock(mutex_);
    if (hello.node() == "unknown") return absl::NotFoundError("no node \"unknown\"");
    if (sessions_.count(hello.node()) > 0) {
      return absl::AlreadyExistsError(
          absl::StrCat("node ", hello.node(), " is already connected by another agent"));
    }
    sessions_[hello.node()] = std::move(session);
    changed_.notify_all();
    return absl::OkStatus();
  }
  void OnMessage(const std::shared_ptr<SwitchSession>& session, AgentMessage message) override {
    std::lock_guard<std::mutex> lock(mutex_);
    messages.emplace_back(session->node(), std::move(message));
    changed_.notify_all();
  }
  void OnDisconnected(const std::shared_ptr<SwitchSession>& session,
                      const absl::Status& reason) override {
    std::lock_guard<std::mutex> lock(mutex_);
    sessions_.erase(session->node());
    reasons.push_back(reason);
    changed_.notify_all();
  }

  template <typename P>
  bool Await(P predicate) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, absl::ToChronoMilliseconds(kPatience), predicate);
  }
  std::shared_ptr<SwitchSession> AwaitSession(const std::string& node) {
    Await([&] { return sessions_.count(node) > 0; });
    std::lock_guard<std::mutex> lock(mutex_);
    auto it = sessions_.find(node);
    return it == sessions_.end() ? nullptr : it->second;
  }
  bool AwaitGone(size_t disconnects) {
    return Await([&] { return reasons.size() >= disconnects; });
  }

  std::vector<std::pair<std::string, AgentMessage>> messages;
  std::vector<absl::Status> reasons;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::shared_ptr<SwitchSession>> sessions_;
};

// A plain agent: the synchronous API, so that a test reads from top to bottom.
class Agent {
 public:
  explicit Agent(const std::string& address)
      : stub_(
            Southbound::NewStub(grpc::CreateChannel(address, grpc::InsecureChannelCredentials()))) {
    stream_ = stub_->Session(&context_);
  }
  ~Agent() { context_.TryCancel(); }

  bool SayHello(const std::string& node) {
    AgentMessage message;
    message.mutable_hello()->set_node(node);
    message.mutable_hello()->set_instance("i");
    return stream_->Write(message);
  }
  bool Write(const AgentMessage& message) { return stream_->Write(message); }
  bool Read(ControllerMessage* message) { return stream_->Read(message); }
  // Reads to the end; the controller's reason.
  grpc::Status End() {
    ControllerMessage message;
    while (stream_->Read(&message)) {
    }
    return stream_->Finish();
  }

 private:
  grpc::ClientContext context_;
  std::unique_ptr<Southbound::Stub> stub_;
  std::unique_ptr<grpc::ClientReaderWriter<AgentMessage, ControllerMessage>> stream_;
};

class SouthboundServerTest : public testing::Test {
 protected:
  void StartServer() {
    server_ = std::make_unique<SouthboundServer>(options_, &listener_, &loop_, &metrics_);
    auto port = server_->Start("127.0.0.1:0", std::nullopt);
    ASSERT_TRUE(port.ok()) << port.status();
    ASSERT_GT(*port, 0);
    address_ = absl::StrCat("127.0.0.1:", *port);
  }

  SouthboundServiceOptions options_{.epoch = 7, .version = "v1"};
  Metrics metrics_;
  Listener listener_;
  ThreadEventLoop loop_{"test", RealClock()};
  std::unique_ptr<SouthboundServer> server_;
  std::string address_;
};

TEST_F(SouthboundServerTest, WelcomesAndCarriesMessagesBothWaysWithTheEpoch) {
  StartServer();
  Agent agent(address_);
  ASSERT_TRUE(agent.SayHello("zrh1"));
  auto session = listener_.AwaitSession("zrh1");
  ASSERT_NE(session, nullptr);
  ControllerMessage message;
  message.mutable_batch()->set_id(3);
  ASSERT_TRUE(session->Send(message).ok());
  ASSERT_TRUE(agent.Read(&message));
  EXPECT_EQ(message.welcome().controller_version(), "v1");
  EXPECT_EQ(message.epoch(), 7u);
  ASSERT_TRUE(agent.Read(&message));
  EXPECT_EQ(message.batch().id(), 3u);
  EXPECT_EQ(message.epoch(), 7u);
  server_->SetEpoch(8);
  ASSERT_TRUE(session->Send(ControllerMessage()).ok());
  ASSERT_TRUE(agent.Read(&message));
  EXPECT_EQ(message.epoch(), 8u);

  AgentMessage result;
  result.mutable_batch_result()->set_batch_id(3);
  ASSERT_TRUE(agent.Write(result));
  ASSERT_TRUE(listener_.Await([&] { return listener_.messages.size() == 1; }));
  EXPECT_EQ(listener_.messages[0].first, "zrh1");

  session->Close(absl::FailedPreconditionError("the node was deleted"));
  const grpc::Status end = agent.End();
  EXPECT_EQ(end.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(end.error_message(), "the node was deleted");
  ASSERT_TRUE(listener_.AwaitGone(1));
  EXPECT_EQ(session->Send(ControllerMessage()).code(), absl::StatusCode::kUnavailable);
}

TEST_F(SouthboundServerTest, TheSecondAgentOfOneNameIsRefusedAndTheFirstStays) {
  StartServer();
  Agent first(address_), second(address_), third(address_);
  ASSERT_TRUE(first.SayHello("zrh1"));
  auto session = listener_.AwaitSession("zrh1");
  ASSERT_NE(session, nullptr);
  second.SayHello("zrh1");
  const grpc::Status end = second.End();
  EXPECT_EQ(end.error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_NE(end.error_message().find("zrh1 is already connected"), std::string::npos);
  third.SayHello("unknown");
  EXPECT_EQ(third.End().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_TRUE(session->Send(ControllerMessage()).ok());
  EXPECT_TRUE(listener_.reasons.empty()) << "a refused agent was never connected";
}

TEST_F(SouthboundServerTest, BadFirstMessagesAreRefusedByName) {
  StartServer();
  Agent no_hello(address_), bad_name(address_);
  AgentMessage event;
  event.mutable_event()->mutable_link()->set_link("a");
  no_hello.Write(event);
  const grpc::Status first = no_hello.End();
  EXPECT_EQ(first.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_NE(first.error_message().find("hello"), std::string::npos);
  bad_name.SayHello(std::string(1'000, 'x'));
  EXPECT_NE(bad_name.End().error_message().find("hello.node"), std::string::npos);
}

TEST_F(SouthboundServerTest, ASecondHelloAndABrokenContractEndOnlyThatStream) {
  StartServer();
  Agent good(address_), bad(address_);
  ASSERT_TRUE(good.SayHello("good"));
  ASSERT_TRUE(bad.SayHello("bad"));
  auto session = listener_.AwaitSession("good");
  ASSERT_NE(listener_.AwaitSession("bad"), nullptr);
  bad.SayHello("bad");
  EXPECT_NE(bad.End().error_message().find("second hello"), std::string::npos);
  ASSERT_TRUE(listener_.AwaitGone(1));
  EXPECT_TRUE(session->Send(ControllerMessage()).ok());
}

TEST_F(SouthboundServerTest, SilenceEndsAtTheHelloDeadline) {
  options_.hello_timeout = absl::Milliseconds(20);
  StartServer();
  Agent silent(address_);
  EXPECT_EQ(silent.End().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(SouthboundServerTest, AnAgentThatHangsUpIsReported) {
  StartServer();
  {
    Agent agent(address_);
    ASSERT_TRUE(agent.SayHello("zrh1"));
    ASSERT_NE(listener_.AwaitSession("zrh1"), nullptr);
  }
  EXPECT_TRUE(listener_.AwaitGone(1));
}

ControllerMessage Big() {
  ControllerMessage big;
  big.mutable_batch()->add_operations()->set_delete_(std::string(1 << 20, 'k'));
  return big;
}

TEST_F(SouthboundServerTest, ASlowAgentFillsItsOwnQueueOnly) {
  StartServer();
  Agent slow(address_), quick(address_);
  ASSERT_TRUE(slow.SayHello("slow"));
  ASSERT_TRUE(quick.SayHello("quick"));
  auto slow_session = listener_.AwaitSession("slow");
  auto quick_session = listener_.AwaitSession("quick");
  ASSERT_NE(slow_session, nullptr);
  ASSERT_NE(quick_session, nullptr);
  absl::Status status;
  // More than flow control and the queue can take.
  for (int i = 0; i < 500 && status.ok(); ++i) status = slow_session->Send(Big());
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(status.ToString().find("slow"), std::string::npos);
  EXPECT_TRUE(quick_session->Send(ControllerMessage()).ok());
  ControllerMessage message;
  EXPECT_TRUE(quick.Read(&message));
}

TEST_F(SouthboundServerTest, AnAgentThatTakesNothingIsCutOff) {
  options_.stall_timeout = absl::Milliseconds(200);
  StartServer();
  Agent slow(address_);
  ASSERT_TRUE(slow.SayHello("slow"));
  auto session = listener_.AwaitSession("slow");
  ASSERT_NE(session, nullptr);
  absl::Status status;
  for (int i = 0; i < 500 && status.ok(); ++i) status = session->Send(Big());
  ASSERT_TRUE(listener_.AwaitGone(1));
  EXPECT_EQ(listener_.reasons[0].code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_NE(metrics_.Text().find("waymark_southbound_stalled_total 1"), std::string::npos);
}

TEST_F(SouthboundServerTest, BytesThatAreNoMessageEndTheStream) {
  StartServer();
  auto channel = grpc::CreateChannel(address_, grpc::InsecureChannelCredentials());
  for (const std::string& garbage :
       {std::string(100, '\xff'), std::string("\x0a\xff\xff\xff\xff\x0f", 6),
        std::string(17 << 20, 'x')}) {
    grpc::GenericStub stub(channel);
    grpc::ClientContext context;
    grpc::CompletionQueue queue;
    auto call = stub.PrepareCall(&context, "/waymark.southbound.v1.Southbound/Session", &queue);
    const auto step = [&queue] {
      void* tag;
      bool ok;
      return queue.Next(&tag, &ok) && ok;
    };
    call->StartCall(nullptr);
    ASSERT_TRUE(step());
    grpc::Slice slice(garbage);
    call->Write(grpc::ByteBuffer(&slice, 1), nullptr);
    step();
    grpc::Status status;
    call->Finish(&status, nullptr);
    step();
    EXPECT_FALSE(status.ok());
  }
  Agent agent(address_);
  ASSERT_TRUE(agent.SayHello("zrh1"));
  EXPECT_NE(listener_.AwaitSession("zrh1"), nullptr) << "the server must still serve";
}

TEST_F(SouthboundServerTest, TooManyStreamsAreRefused) {
  options_.max_streams = 1;
  StartServer();
  Agent first(address_);
  ASSERT_TRUE(first.SayHello("zrh1"));
  ASSERT_NE(listener_.AwaitSession("zrh1"), nullptr);
  Agent second(address_);
  EXPECT_EQ(second.End().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

TEST_F(SouthboundServerTest, ShutdownTellsAgentsWhy) {
  StartServer();
  Agent agent(address_);
  ASSERT_TRUE(agent.SayHello("zrh1"));
  auto session = listener_.AwaitSession("zrh1");
  ASSERT_NE(session, nullptr);
  grpc::Status end;
  std::thread reader([&] { end = agent.End(); });
  server_->Shutdown();
  reader.join();
  EXPECT_EQ(end.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(end.error_message(), "the controller is stopping");
  // A session may outlive its server.
  EXPECT_EQ(session->Send(ControllerMessage()).code(), absl::StatusCode::kUnavailable);
  session->Close(absl::OkStatus());
}

TEST_F(SouthboundServerTest, AnAddressInUseOrBadIsNamed) {
  StartServer();
  SouthboundServer other(options_, &listener_, &loop_, &metrics_);
  auto used = other.Start(address_, std::nullopt);
  EXPECT_EQ(used.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(used.status().ToString().find(address_), std::string::npos);
  for (const char* bad : {"", "nohost", ":1", "127.0.0.1:99999", "127.0.0.1:x", "unix:"}) {
    EXPECT_EQ(other.Start(bad, std::nullopt).status().code(), absl::StatusCode::kInvalidArgument)
        << bad;
  }
  EXPECT_EQ(other.Start("127.0.0.1:0", ServerTls{"ca", "", ""}).status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST_F(SouthboundServerTest, ServesAUnixSocketThatNoOtherCanTake) {
  const SocketFolder folder;
  const std::string path = folder.Address("southbound.sock");
  server_ = std::make_unique<SouthboundServer>(options_, &listener_, &loop_, &metrics_);
  ASSERT_TRUE(server_->Start(path, std::nullopt).ok());
  Agent agent(path);
  ASSERT_TRUE(agent.SayHello("zrh1"));
  EXPECT_NE(listener_.AwaitSession("zrh1"), nullptr);
  SouthboundServer other(options_, &listener_, &loop_, &metrics_);
  EXPECT_EQ(other.Start(path, std::nullopt).status().code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace waymark
