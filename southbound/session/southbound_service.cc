#include "southbound/session/southbound_service.h"

#include <grpcpp/grpcpp.h>

#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "southbound/session/message_check.h"

namespace waymark {
namespace {

using southbound::v1::AgentMessage;
using southbound::v1::ControllerMessage;
using southbound::v1::Hello;

// How long an agent may take to read the rest before its stream is cut.
constexpr absl::Duration kClosePatience = absl::Seconds(2);

grpc::Status ToGrpc(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
}

// The common name of the peer's certificate, which TLS has verified.
absl::StatusOr<std::string> CommonName(const grpc::ServerContextBase& context) {
  const auto auth = context.auth_context();
  if (auth == nullptr || !auth->IsPeerAuthenticated()) {
    return absl::UnauthenticatedError("no client certificate: start the agent with --tls-cert");
  }
  const auto names = auth->FindPropertyValues(GRPC_X509_CN_PROPERTY_NAME);
  if (names.size() != 1) {
    return absl::UnauthenticatedError("the client certificate must have one common name");
  }
  return std::string(names[0].data(), names[0].size());
}

}  // namespace

struct SouthboundService::Counters {
  explicit Counters(Metrics* m)
      : connected(m->Gauge("waymark_southbound_agents", "Agents with an accepted session.")),
        accepted(m->Counter("waymark_southbound_sessions_total", "Agent streams, by outcome.",
                            {{"outcome", "accepted"}})),
        refused(m->Counter("waymark_southbound_sessions_total", "Agent streams, by outcome.",
                           {{"outcome", "refused"}})),
        received(m->Counter("waymark_southbound_messages_received_total",
                            "Messages from agents after their Hello.")),
        sent(m->Counter("waymark_southbound_messages_sent_total", "Messages written to agents.")),
        invalid(m->Counter("waymark_southbound_messages_invalid_total",
                           "Messages from agents that broke the contract or were not known.")),
        queue_full(m->Counter("waymark_southbound_queue_full_total",
                              "Messages not taken because an agent's queue was at its cap.")),
        stalled(m->Counter("waymark_southbound_stalled_total",
                           "Agents disconnected because they took no message.")) {}

  prometheus::Gauge& connected;
  prometheus::Counter& accepted;
  prometheus::Counter& refused;
  prometheus::Counter& received;
  prometheus::Counter& sent;
  prometheus::Counter& invalid;
  prometheus::Counter& queue_full;
  prometheus::Counter& stalled;
};

// gRPC owns a reference until OnDone, the listener others.
class SouthboundService::Stream final
    : public grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
      public SwitchSession,
      public std::enable_shared_from_this<Stream> {
 public:
  Stream(SouthboundService* service, grpc::CallbackServerContext* context)
      : service_(service),
        options_(service->options_),
        counters_(service->counters_),
        loop_(service->loop_),
        context_(context) {}

  void Open(const absl::Status& refusal) {
    {
      // The lock also hands what the constructor wrote to gRPC's threads.
      std::lock_guard<std::mutex> lock(mutex_);
      own_reference_ = shared_from_this();
    }
    if (!refusal.ok()) {
      Close(refusal);
      return;
    }
    StartRead(&in_);
    After(options_->hello_timeout, [](Stream* self) {
      if (!self->Greeted()) {
        self->Close(absl::DeadlineExceededError("no hello in time: the first message must be it"));
      }
    });
    WatchForStall(0);
  }

  const std::string& node() const override { return node_; }

  absl::Status Send(ControllerMessage message) override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (ended_ || closing_.has_value()) {
        return absl::UnavailableError(absl::StrCat("agent ", node_, " is gone"));
      }
      if (queue_.size() >= options_->queue_cap) {
        counters_->queue_full.Increment();
        return absl::ResourceExhaustedError(absl::StrCat(
            "agent ", node_, " has ", queue_.size(), " messages waiting: wait for its results"));
      }
      queue_.push_back(std::move(message));
    }
    Pump();
    return absl::OkStatus();
  }

  void Close(absl::Status reason) override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (ended_ || closing_.has_value()) return;
      closing_ = std::move(reason);
      queue_.clear();
    }
    Pump();
    // A write that the agent does not take would hold up the end for ever.
    After(kClosePatience, [](Stream* self) { self->Cancel(); });
  }

  void Cancel() {
    // Under the lock, since the context dies with the call.
    std::lock_guard<std::mutex> lock(mutex_);
    if (!ended_) context_->TryCancel();
  }

 private:
  void OnReadDone(bool ok) override {
    if (!ok) {
      Close(absl::UnavailableError("the agent ended the stream, or sent a message over 16 MiB"));
      return;
    }
    grpc::ByteBuffer bytes;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      bytes.Swap(&in_);
      if (closing_.has_value()) return;
    }
    AgentMessage message;
    if (!grpc::SerializationTraits<AgentMessage>::Deserialize(&bytes, &message).ok()) {
      counters_->invalid.Increment();
      Close(absl::InvalidArgumentError("the message is no AgentMessage: its bytes do not parse"));
      return;
    }
    const absl::Status status = accepted_ ? Take(std::move(message)) : Greet(message);
    if (!status.ok()) {
      Close(status);
      return;
    }
    StartRead(&in_);
  }

  void OnWriteDone(bool ok) override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      writing_ = false;
      if (ok) ++written_;
      if (!ok && !closing_.has_value()) closing_ = absl::UnavailableError("the agent is gone");
    }
    if (ok) counters_->sent.Increment();
    Pump();
  }

  void OnCancel() override { Close(absl::CancelledError("the connection to the agent was lost")); }

  void OnDone() override {
    absl::Status reason;
    std::shared_ptr<Stream> self;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ended_ = true;
      self = std::move(own_reference_);
      reason = closing_.value_or(absl::UnavailableError("the agent is gone"));
    }
    if (accepted_) {
      counters_->connected.Decrement();
      Log(LogLevel::kInfo, "agent disconnected", {{"node", node_}, {"reason", reason.ToString()}});
      service_->listener_->OnDisconnected(shared_from_this(), reason);
    } else {
      counters_->refused.Increment();
      Log(LogLevel::kWarning, "agent refused", {{"node", node_}, {"reason", reason.ToString()}});
    }
    // The service may go as soon as it has forgotten the last stream.
    service_->Forget(this);
  }

  absl::Status Greet(const AgentMessage& message) {
    if (!message.has_hello()) {
      counters_->invalid.Increment();
      return absl::InvalidArgumentError("the first message must be hello");
    }
    const Hello& hello = message.hello();
    if (auto s = CheckHello(hello); !s.ok()) {
      counters_->invalid.Increment();
      return s;
    }
    {
      std::lock_guard<std::mutex> lock(mutex_);
      node_ = hello.node();
      greeted_ = true;
    }
    if (auto s = CheckIdentity(hello); !s.ok()) return s;
    if (auto s = service_->listener_->OnConnected(shared_from_this(), hello); !s.ok()) return s;
    accepted_ = true;
    counters_->accepted.Increment();
    counters_->connected.Increment();
    Log(LogLevel::kInfo, "agent connected",
        {{"node", node_},
         {"version", hello.version()},
         {"dataplane", hello.dataplane()},
         {"objects", hello.object_count()},
         {"last_revision", hello.last_revision()}});
    ControllerMessage welcome;
    welcome.mutable_welcome()->set_controller_version(options_->version);
    {
      // Before all that the listener has queued meanwhile.
      std::lock_guard<std::mutex> lock(mutex_);
      queue_.push_front(std::move(welcome));
      open_for_writes_ = true;
    }
    Pump();
    return absl::OkStatus();
  }

  absl::Status CheckIdentity(const Hello& hello) const {
    if (!options_->check_identity) return absl::OkStatus();
    const absl::StatusOr<std::string> name = CommonName(*context_);
    if (!name.ok()) return name.status();
    if (*name == hello.node()) return absl::OkStatus();
    return absl::PermissionDeniedError(
        absl::StrCat("hello.node is \"", hello.node(), "\", but the certificate is that of \"",
                     *name, "\": use the node's own certificate, or correct --node"));
  }

  absl::Status Take(AgentMessage message) {
    counters_->received.Increment();
    if (auto s = CheckAgentMessage(message); !s.ok()) {
      counters_->invalid.Increment();
      return s;
    }
    if (message.body_case() == AgentMessage::BODY_NOT_SET) {
      // A newer agent may say more than this controller knows.
      counters_->invalid.Increment();
      return absl::OkStatus();
    }
    service_->listener_->OnMessage(shared_from_this(), std::move(message));
    return absl::OkStatus();
  }

  // Starts the one operation that is next, if none is under way.
  void Pump() {
    std::optional<absl::Status> end;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (writing_ || finished_ || ended_) return;
      if (closing_.has_value()) {
        finished_ = true;
        end = closing_;
      } else {
        if (!open_for_writes_ || queue_.empty()) return;
        writing_ = true;
        ControllerMessage message = std::move(queue_.front());
        queue_.pop_front();
        message.set_epoch(service_->epoch_.load());
        out_.Clear();
        bool own_buffer;
        grpc::SerializationTraits<ControllerMessage>::Serialize(message, &out_, &own_buffer);
      }
    }
    if (end.has_value()) {
      Finish(ToGrpc(*end));
    } else {
      StartWrite(&out_);
    }
  }

  void After(absl::Duration delay, void (*task)(Stream*)) {
    loop_->RunAfter(delay, [weak = weak_from_this(), task] {
      if (auto self = weak.lock()) task(self.get());
    });
  }

  bool Greeted() {
    std::lock_guard<std::mutex> lock(mutex_);
    return greeted_;
  }

  void WatchForStall(uint64_t seen) {
    loop_->RunAfter(options_->stall_timeout, [weak = weak_from_this(), seen] {
      if (auto self = weak.lock()) self->CheckStall(seen);
    });
  }

  void CheckStall(uint64_t seen) {
    bool stalled;
    uint64_t now;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      if (ended_ || closing_.has_value()) return;
      now = 2 * written_ + (writing_ ? 1 : 0);
      // The same write under way as an interval ago.
      stalled = writing_ && now == seen;
    }
    if (stalled) {
      counters_->stalled.Increment();
      Close(absl::DeadlineExceededError("the agent has taken no message for too long"));
      return;
    }
    WatchForStall(now);
  }

  // Only from gRPC's callbacks, or under `mutex_` while not `ended_`: the listener and the loop's
  // timers may keep a session longer than the service lives. What they need is held here.
  SouthboundService* const service_;
  const std::shared_ptr<const SouthboundServiceOptions> options_;
  const std::shared_ptr<const Counters> counters_;
  EventLoop* const loop_;
  grpc::CallbackServerContext* const context_;
  std::shared_ptr<Stream> own_reference_;
  // Set before the listener sees the session, constant afterwards.
  std::string node_;
  // gRPC's callbacks of one stream, which run one after another.
  bool accepted_ = false;

  std::mutex mutex_;
  bool greeted_ = false;
  bool open_for_writes_ = false;
  bool writing_ = false;
  bool finished_ = false;
  bool ended_ = false;
  uint64_t written_ = 0;
  std::optional<absl::Status> closing_;
  std::deque<ControllerMessage> queue_;
  grpc::ByteBuffer in_;
  grpc::ByteBuffer out_;
};

SouthboundService::SouthboundService(SouthboundServiceOptions options,
                                     SwitchSessionListener* listener, EventLoop* loop,
                                     Metrics* metrics)
    : options_(std::make_shared<const SouthboundServiceOptions>(std::move(options))),
      listener_(listener),
      loop_(loop),
      counters_(std::make_shared<const Counters>(metrics)),
      epoch_(options_->epoch) {}

SouthboundService::~SouthboundService() {
  // The gRPC server has gone before, and with it every call; their last callbacks may still run.
  std::unique_lock<std::mutex> lock(mutex_);
  streams_changed_.wait(lock, [this] { return streams_.empty(); });
}

grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* SouthboundService::Session(
    grpc::CallbackServerContext* context) {
  auto stream = std::make_shared<Stream>(this, context);
  absl::Status refusal;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    refusal = closed_;
    if (refusal.ok() && streams_.size() >= options_->max_streams) {
      refusal = absl::ResourceExhaustedError(absl::StrCat(
          "this controller serves at most ", options_->max_streams, " agents at once"));
    }
    streams_.emplace(stream.get(), stream);
  }
  stream->Open(refusal);
  return stream.get();
}

void SouthboundService::Forget(Stream* stream) {
  std::lock_guard<std::mutex> lock(mutex_);
  streams_.erase(stream);
  streams_changed_.notify_all();
}

void SouthboundService::CloseAll(const absl::Status& reason, absl::Duration patience) {
  std::vector<std::shared_ptr<Stream>> streams;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    closed_ = reason;
    for (const auto& [raw, weak] : streams_) {
      if (auto stream = weak.lock()) streams.push_back(std::move(stream));
    }
  }
  for (const auto& stream : streams) stream->Close(reason);
  {
    std::unique_lock<std::mutex> lock(mutex_);
    streams_changed_.wait_for(lock, absl::ToChronoMilliseconds(patience),
                              [this] { return streams_.empty(); });
  }
  for (const auto& stream : streams) stream->Cancel();
}

}  // namespace waymark
