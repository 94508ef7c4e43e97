// The controller's side, and the bare server.
#include "tests/bench/southbound_rig.h"

#include <grpcpp/grpcpp.h>

#include <iostream>
#include <list>
#include <utility>

#include "waymark/southbound/v1/southbound.grpc.pb.h"

namespace waymark::bench {
namespace {

using southbound::v1::AgentMessage;
using southbound::v1::ControllerMessage;

constexpr auto kPatience = std::chrono::minutes(1);

}  // namespace

class Controller::Counted final : public SwitchSession {
 public:
  Counted(Controller* owner, std::shared_ptr<SwitchSession> session)
      : owner_(owner), session_(std::move(session)) {}
  const std::string& node() const override { return session_->node(); }
  absl::Status Send(southbound::v1::ControllerMessage message) override {
    {
      const std::lock_guard lock(owner_->mutex_);
      ++owner_->traffic_.messages_out;
      owner_->traffic_.bytes_out += static_cast<int64_t>(message.ByteSizeLong());
    }
    return session_->Send(std::move(message));
  }
  void Close(absl::Status reason) override { session_->Close(std::move(reason)); }

 private:
  Controller* const owner_;
  const std::shared_ptr<SwitchSession> session_;
};

Controller::Controller(const std::string& address) : loop_("controller", RealClock()) {
  const auto on_change = [this] {
    const std::lock_guard lock(mutex_);
    converged_ = table_->Converged();
    changed_.notify_all();
  };
  SwitchTable::Options options;
  options.batch_timeout = absl::Minutes(1);
  loop_.RunAndWait([&] {
    table_ = std::make_unique<SwitchTable>(loop_, metrics_, options, on_change,
                                           [](const std::string&, bool) {});
  });
  server_ = std::make_unique<SouthboundServer>(SouthboundServiceOptions(), this, &loop_, &metrics_);
  if (auto started = server_->Start(address, std::nullopt); !started.ok()) {
    std::cerr << started.status() << "\n";
  }
}

Controller::~Controller() {
  server_->Shutdown();
  loop_.RunAndWait([this] { table_.reset(); });
  loop_.Stop();
}

bool Controller::Await(const std::function<bool()>& reached) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, reached);
}

bool Controller::AwaitConverged() {
  return Await([this] { return converged_; });
}

bool Controller::AwaitConnected(size_t count) {
  return Await([this, count] { return counted_.size() >= count; });
}

void Controller::Want(const std::map<std::string, ObjectTable>& desired) {
  loop_.RunAndWait([&] {
    table_->SetDesired(desired, ++revision_);
    const std::lock_guard lock(mutex_);
    converged_ = table_->Converged();
  });
}

bool Controller::Program(const std::map<std::string, ObjectTable>& desired) {
  Want(desired);
  return AwaitConverged();
}

void Controller::CloseSession(const std::string& node) {
  loop_.RunAndWait([&] {
    const SwitchState* state = table_->Find(node);
    if (state != nullptr && state->session != nullptr) {
      state->session->Close(absl::UnavailableError("measuring"));
    }
  });
}

Traffic Controller::TakeTraffic() {
  const std::lock_guard lock(mutex_);
  return std::exchange(traffic_, {});
}

std::shared_ptr<SwitchSession> Controller::CountedOf(
    const std::shared_ptr<SwitchSession>& session) {
  const std::lock_guard lock(mutex_);
  return counted_.at(session.get());
}

absl::Status Controller::OnConnected(std::shared_ptr<SwitchSession> session,
                                     const southbound::v1::Hello& hello) {
  std::shared_ptr<SwitchSession> counted = std::make_shared<Counted>(this, session);
  {
    const std::lock_guard lock(mutex_);
    counted_[session.get()] = counted;
    changed_.notify_all();
  }
  if (loop_.Post([this, counted, hello] { table_->Connected(counted, hello); })) {
    return absl::OkStatus();
  }
  return absl::UnavailableError("busy");
}

void Controller::OnMessage(const std::shared_ptr<SwitchSession>& session,
                           southbound::v1::AgentMessage message) {
  {
    const std::lock_guard lock(mutex_);
    ++traffic_.messages_in;
    traffic_.bytes_in += static_cast<int64_t>(message.ByteSizeLong());
  }
  auto shared = std::make_shared<southbound::v1::AgentMessage>(std::move(message));
  if (!loop_.Post(
          [this, counted = CountedOf(session), shared] { table_->Message(counted, *shared); })) {
    session->Close(absl::UnavailableError("busy"));
  }
}

void Controller::OnDisconnected(const std::shared_ptr<SwitchSession>& session,
                                const absl::Status& reason) {
  auto counted = CountedOf(session);
  {
    const std::lock_guard lock(mutex_);
    counted_.erase(session.get());
  }
  if (!loop_.Post([this, counted, reason] { table_->Disconnected(counted, reason); })) {
    std::cerr << "a disconnection was lost\n";
  }
}

class EchoServer::Service final : public southbound::v1::Southbound::CallbackService {
 public:
  class Stream final : public grpc::ServerBidiReactor<AgentMessage, ControllerMessage> {
   public:
    explicit Stream(Service* service) : service_(service) { StartRead(&in_); }

    // `messages` must stay until they are answered.
    void Send(const std::vector<ControllerMessage>& messages) {
      messages_ = &messages;
      next_ = 0;
      Write();
    }
    void OnWriteDone(bool ok) override {
      if (ok) Write();
    }
    void OnReadDone(bool ok) override {
      if (!ok) {
        Finish(grpc::Status::OK);
        return;
      }
      StartRead(&in_);
      service_->Answered();
    }
    void OnDone() override {}

   private:
    void Write() {
      if (next_ < messages_->size()) StartWrite(&(*messages_)[next_++]);
    }

    Service* const service_;
    AgentMessage in_;
    const std::vector<ControllerMessage>* messages_ = nullptr;
    size_t next_ = 0;
  };

  grpc::ServerBidiReactor<AgentMessage, ControllerMessage>* Session(
      grpc::CallbackServerContext*) override {
    const std::lock_guard lock(mutex_);
    streams_.push_back(std::make_unique<Stream>(this));
    changed_.notify_all();
    return streams_.back().get();
  }

  void Answered() {
    const std::lock_guard lock(mutex_);
    if (--awaited_ == 0) changed_.notify_all();
  }

  bool AwaitConnected(size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return streams_.size() >= count; });
  }

  bool Echo(size_t streams, const std::vector<ControllerMessage>& messages) {
    std::vector<Stream*> chosen;
    {
      const std::lock_guard lock(mutex_);
      awaited_ = static_cast<int64_t>(streams * messages.size());
      for (auto it = streams_.begin(); chosen.size() < streams; ++it) chosen.push_back(it->get());
    }
    for (Stream* stream : chosen) stream->Send(messages);
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return awaited_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<std::unique_ptr<Stream>> streams_;  // freed with the server, which has then ended
  int64_t awaited_ = 0;
};

EchoServer::EchoServer(const std::string& address) : service_(std::make_unique<Service>()) {
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials());
  builder.RegisterService(service_.get());
  server_ = builder.BuildAndStart();
}

EchoServer::~EchoServer() { server_->Shutdown(std::chrono::system_clock::now()); }

bool EchoServer::AwaitConnected(size_t count) { return service_->AwaitConnected(count); }

bool EchoServer::Echo(size_t streams, const std::vector<ControllerMessage>& messages) {
  return service_->Echo(streams, messages);
}

}  // namespace waymark::bench
