// The agent's client against the real controller side, over loopback.
#include "southbound/agent/session_client.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "controller/base/clock.h"
#include "controller/base/socket_folder.h"
#include "southbound/agent/agent_core.h"
#include "southbound/agent/fake_dataplane.h"
#include "southbound/agent/state_file.h"
#include "southbound/agent/test_objects.h"
#include "southbound/session/southbound_server.h"

namespace waymark {
namespace {

using southbound::v1::AgentMessage;
using southbound::v1::ControllerMessage;
using southbound::v1::Hello;

class Listener final : public SwitchSessionListener {
 public:
  absl::Status OnConnected(std::shared_ptr<SwitchSession> session, const Hello& hello) override {
    std::lock_guard<std::mutex> lock(mutex_);
    hellos.push_back(hello);
    session_ = std::move(session);
    changed_.notify_all();
    return absl::OkStatus();
  }
  void OnMessage(const std::shared_ptr<SwitchSession>&, AgentMessage message) override {
    std::lock_guard<std::mutex> lock(mutex_);
    messages.push_back(std::move(message));
    changed_.notify_all();
  }
  void OnDisconnected(const std::shared_ptr<SwitchSession>&, const absl::Status&) override {
    std::lock_guard<std::mutex> lock(mutex_);
    session_.reset();
    changed_.notify_all();
  }

  template <typename P>
  bool Await(P predicate) {
    std::unique_lock<std::mutex> lock(mutex_);
    return changed_.wait_for(lock, absl::ToChronoMilliseconds(absl::Seconds(30)), predicate);
  }
  bool AwaitHellos(size_t count) {
    return Await([&] { return hellos.size() >= count && session_ != nullptr; });
  }
  bool AwaitMessages(size_t count) {
    return Await([&] { return messages.size() >= count; });
  }
  std::shared_ptr<SwitchSession> session() {
    std::lock_guard<std::mutex> lock(mutex_);
    return session_;
  }

  std::vector<Hello> hellos;
  std::vector<AgentMessage> messages;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<SwitchSession> session_;
};

// Passes everything on, and lets a test wait for the end of a session.
class Watcher final : public ControllerLinkHandler {
 public:
  explicit Watcher(ControllerLinkHandler* handler) : handler_(handler) {}
  Hello OnOpen() override { return handler_->OnOpen(); }
  void OnMessage(ControllerMessage message) override { handler_->OnMessage(std::move(message)); }
  void OnClose(const absl::Status& reason) override {
    handler_->OnClose(reason);
    std::lock_guard<std::mutex> lock(mutex_);
    closes_.push_back(reason);
    changed_.notify_all();
  }
  absl::Status AwaitClose() {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait_for(lock, absl::ToChronoMilliseconds(absl::Seconds(30)),
                      [&] { return !closes_.empty(); });
    return closes_.empty() ? absl::OkStatus() : closes_.front();
  }

 private:
  ControllerLinkHandler* const handler_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<absl::Status> closes_;
};

std::string ReadAll(const std::string& path) {
  std::ifstream in(path);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

// An authority with certificates, made by openssl.
struct Authority {
  explicit Authority(const std::string& name) : dir(testing::TempDir() + "/" + name) {
    std::filesystem::create_directories(dir);
    Run("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=" + name +
        " -keyout ca.key -out ca.pem");
    ca = ReadAll(dir + "/ca.pem");
  }
  struct Pair {
    std::string certificate, key;
  };
  Pair Issue(const std::string& name) const {
    std::ofstream(dir + "/ext") << "subjectAltName=DNS:localhost\n";
    Run("req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=" + name + " -keyout " +
        name + ".key -out " + name + ".csr");
    Run("x509 -req -days 2 -CA ca.pem -CAkey ca.key -CAcreateserial -extfile ext -in " + name +
        ".csr -out " + name + ".pem");
    return {ReadAll(dir + "/" + name + ".pem"), ReadAll(dir + "/" + name + ".key")};
  }
  void Run(const std::string& arguments) const {
    const std::string command = "cd " + dir + " && openssl " + arguments + " >openssl.log 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << ReadAll(dir + "/openssl.log");
  }
  std::string dir, ca;
};

class SessionClientTest : public testing::Test {
 protected:
  ~SessionClientTest() override {
    StopAgent();
    server_.reset();
  }

  void StartServer(const std::string& address, const std::optional<ServerTls>& tls = {}) {
    server_ =
        std::make_unique<SouthboundServer>(SouthboundServiceOptions{.epoch = 3, .version = "v1"},
                                           &listener_, &controller_loop_, &metrics_);
    auto port = server_->Start(address, tls);
    ASSERT_TRUE(port.ok()) << port.status();
    port_ = *port;
  }

  void StartAgent(const std::string& controller, const AgentTls& tls = {}) {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    const std::string dir = testing::TempDir() + "/client-" + info->name();
    std::filesystem::remove_all(dir);
    auto store = StateFile::Open(dir);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = std::move(*store);
    AgentOptions options;
    options.node = "zrh1";
    options.instance = "i";
    SessionClientOptions session;
    session.controller = controller;
    session.tls = tls;
    session.least_backoff = absl::Milliseconds(10);
    session.most_backoff = absl::Milliseconds(100);
    ASSERT_TRUE(ValidateSessionClientOptions(session).ok());
    core_ = std::make_unique<AgentCore>(options, &loop_, &dataplane_, store_.get(), &metrics_);
    watcher_ = std::make_unique<Watcher>(core_.get());
    client_ = std::make_unique<SessionClient>(session, &loop_, watcher_.get(), &metrics_,
                                              [] { return 0.5; });
    absl::Status started;
    ASSERT_TRUE(loop_.RunAndWait([&] {
      core_->SetLink(client_.get());
      started = core_->Start();
      client_->Start();
    }));
    ASSERT_TRUE(started.ok()) << started;
  }

  void StopAgent() {
    if (core_ == nullptr) return;
    ASSERT_TRUE(loop_.RunAndWait([&] {
      core_->SetLink(nullptr);
      client_.reset();
      core_.reset();
    }));
  }

  std::string Loopback() const { return absl::StrCat("localhost:", port_); }

  void SendBatch(const TestBatch& batch) {
    ControllerMessage message;
    *message.mutable_batch() = batch.batch;
    ASSERT_TRUE(listener_.session()->Send(message).ok());
  }

  Metrics metrics_;
  Listener listener_;
  ThreadEventLoop controller_loop_{"controller", RealClock()};
  ThreadEventLoop loop_{"agent", RealClock()};
  FakeDataPlane dataplane_;
  std::unique_ptr<SouthboundServer> server_;
  int port_ = 0;
  std::unique_ptr<StateFile> store_;
  std::unique_ptr<AgentCore> core_;
  std::unique_ptr<Watcher> watcher_;
  std::unique_ptr<SessionClient> client_;
};

TEST_F(SessionClientTest, BatchesGetsAndEventsEndToEnd) {
  StartServer("localhost:0");
  StartAgent(Loopback());
  ASSERT_TRUE(listener_.AwaitHellos(1));
  EXPECT_EQ(listener_.hellos[0].node(), "zrh1");
  EXPECT_EQ(listener_.hellos[0].dataplane(), "fake");

  SendBatch(TestBatch(1, 5, 1).Put(TestNode()).Put(TestLink("a")));
  ASSERT_TRUE(listener_.AwaitMessages(1));
  const auto result = listener_.messages[0].batch_result();
  ASSERT_EQ(result.results_size(), 2) << listener_.messages[0].DebugString();
  EXPECT_EQ(result.results(1).status(), southbound::v1::FIB_ACKED);

  SendBatch(TestBatch(2, 6, 10).Put(TestRoute(2, {"nowhere"})));
  ControllerMessage get;
  get.mutable_get();
  ASSERT_TRUE(listener_.session()->Send(get).ok());
  ASSERT_TRUE(listener_.AwaitMessages(3));
  EXPECT_EQ(listener_.messages[1].batch_result().results(0).status(), southbound::v1::REJECTED);
  EXPECT_EQ(listener_.messages[2].get_response().objects_size(), 2);

  southbound::v1::Event event;
  event.mutable_link()->set_link("a");
  dataplane_.sink(event);
  ASSERT_TRUE(listener_.AwaitMessages(4));
  EXPECT_EQ(listener_.messages[3].event().link().link(), "a");
}

TEST_F(SessionClientTest, ManyBatchesInFlightAreAnsweredInOrder) {
  StartServer("localhost:0");
  StartAgent(Loopback());
  ASSERT_TRUE(listener_.AwaitHellos(1));
  SendBatch(TestBatch(1, 1, 1).Put(TestNode()).Put(TestLink("a")));
  constexpr int kBatches = 200;
  uint64_t operation = 10;
  for (int id = 2; id <= kBatches; ++id) {
    ControllerMessage message;
    *message.mutable_batch() =
        TestBatch(id, id, operation).Put(TestRoute(id, {"a"})).Put(TestRoute(id, {"a"})).batch;
    operation += 2;
    while (true) {
      const absl::Status sent = listener_.session()->Send(message);
      if (sent.ok()) break;
      ASSERT_EQ(sent.code(), absl::StatusCode::kResourceExhausted) << sent;
      size_t seen = 0;
      listener_.Await([&] {
        seen = listener_.messages.size();
        return true;
      });
      ASSERT_TRUE(listener_.AwaitMessages(seen + 1));
    }
  }
  ASSERT_TRUE(listener_.AwaitMessages(kBatches));
  for (int i = 0; i < kBatches; ++i) {
    EXPECT_EQ(listener_.messages[i].batch_result().batch_id(), static_cast<uint64_t>(i + 1));
  }
}

TEST_F(SessionClientTest, ComesBackToAControllerThatRestartedWithWhatItHolds) {
  const SocketFolder folder;
  const std::string address = folder.Address("client.sock");
  StartAgent(address);  // Nobody is there yet.
  StartServer(address);
  ASSERT_TRUE(listener_.AwaitHellos(1));
  SendBatch(TestBatch(1, 5, 1).Put(TestNode()).Put(TestLink("a")));
  ASSERT_TRUE(listener_.AwaitMessages(1));
  const uint64_t digest = listener_.messages[0].batch_result().digest();
  server_.reset();
  StartServer(address);
  ASSERT_TRUE(listener_.AwaitHellos(2));
  EXPECT_EQ(listener_.hellos[1].digest(), digest);
  EXPECT_EQ(listener_.hellos[1].last_revision(), 5);
  EXPECT_EQ(listener_.hellos[1].highest_epoch(), 3u);
  EXPECT_EQ(dataplane_.held.size(), 2u);
  // The same ids again: a new session counts anew.
  SendBatch(TestBatch(1, 5, 1).Put(TestLink("b")));
  ASSERT_TRUE(listener_.AwaitMessages(2));
  EXPECT_EQ(listener_.messages[1].batch_result().results(0).status(), southbound::v1::FIB_ACKED);
}

TEST_F(SessionClientTest, MutualTlsWithTheNodesOwnCertificate) {
  const Authority authority("ca");
  const auto server = authority.Issue("controller");
  const auto own = authority.Issue("zrh1");
  StartServer("localhost:0", ServerTls{authority.ca, server.certificate, server.key});
  StartAgent(Loopback(), AgentTls{authority.ca, own.certificate, own.key, ""});
  ASSERT_TRUE(listener_.AwaitHellos(1));
}

TEST_F(SessionClientTest, AnotherNodesCertificateIsRefusedNamingBoth) {
  const Authority authority("ca");
  const auto server = authority.Issue("controller");
  const auto other = authority.Issue("fra1");
  StartServer("localhost:0", ServerTls{authority.ca, server.certificate, server.key});
  StartAgent(Loopback(), AgentTls{authority.ca, other.certificate, other.key, ""});
  const absl::Status reason = watcher_->AwaitClose();
  EXPECT_EQ(reason.code(), absl::StatusCode::kPermissionDenied) << reason;
  EXPECT_NE(reason.ToString().find("\"zrh1\""), std::string::npos) << reason;
  EXPECT_NE(reason.ToString().find("\"fra1\""), std::string::npos) << reason;
  EXPECT_TRUE(listener_.hellos.empty());
}

TEST_F(SessionClientTest, ACertificateOfAnotherAuthorityOrNoneIsRefused) {
  const Authority authority("ca");
  const Authority stranger("stranger");
  const auto server = authority.Issue("controller");
  const auto forged = stranger.Issue("zrh1");
  StartServer("localhost:0", ServerTls{authority.ca, server.certificate, server.key});
  StartAgent(Loopback(), AgentTls{authority.ca, forged.certificate, forged.key, ""});
  EXPECT_EQ(watcher_->AwaitClose().code(), absl::StatusCode::kUnavailable);
  StopAgent();
  watcher_.reset();
  store_.reset();
  StartAgent(Loopback(), AgentTls{authority.ca, "", "", ""});
  EXPECT_FALSE(watcher_->AwaitClose().ok());
  EXPECT_TRUE(listener_.hellos.empty());
}

TEST(SessionClientOptions, NameTheFlag) {
  const auto check = [](const std::string& controller, const AgentTls& tls = {}) {
    SessionClientOptions options;
    options.controller = controller;
    options.tls = tls;
    return ValidateSessionClientOptions(options);
  };
  for (const char* good : {"localhost:1", "[::1]:65535", "unix:/run/waymark.sock"}) {
    EXPECT_TRUE(check(good).ok()) << good;
  }
  for (const char* bad : {"", "localhost", ":1", "localhost:0", "localhost:65536", "unix:"}) {
    EXPECT_NE(check(bad).ToString().find("--controller"), std::string::npos) << bad;
  }
  EXPECT_NE(check("h:1", {"ca", "cert", "", ""}).ToString().find("--tls-key"), std::string::npos);
  EXPECT_NE(check("h:1", {"", "cert", "key", ""}).ToString().find("--tls-ca"), std::string::npos);
}

}  // namespace
}  // namespace waymark
