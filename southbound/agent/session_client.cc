#include "southbound/agent/session_client.h"

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <grpcpp/impl/codegen/proto_utils.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {
namespace {

using southbound::v1::AgentMessage;
using southbound::v1::ControllerMessage;
using southbound::v1::Event;

constexpr char kSessionMethod[] = "/waymark.southbound.v1.Southbound/Session";
constexpr int kMaxMessageBytes = 16 << 20;
// Reading pauses while this many answers wait, so that a fast asker cannot fill the agent's memory.
constexpr size_t kMaxRepliesToRead = 16;
// How long the controller's status may lag behind the end of its messages.
constexpr absl::Duration kStatusPatience = absl::Seconds(3);

std::shared_ptr<grpc::ChannelCredentials> Credentials(const AgentTls& tls) {
  if (tls.ca.empty()) return grpc::InsecureChannelCredentials();
  grpc::SslCredentialsOptions options;
  options.pem_root_certs = tls.ca;
  options.pem_cert_chain = tls.certificate;
  options.pem_private_key = tls.key;
  return grpc::SslCredentials(options);
}

std::shared_ptr<grpc::Channel> MakeChannel(const SessionClientOptions& options) {
  grpc::ChannelArguments arguments;
  const int keepalive_ms = static_cast<int>(absl::ToInt64Milliseconds(options.keepalive));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, keepalive_ms);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, keepalive_ms / 2);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // The back-off is this client's own; gRPC's must not add to it.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
  // A proxy between a switch and its controller is never meant.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // An agent's connection is its own, also where several share a process.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  if (!options.tls.ca.empty() && !options.tls.server_name.empty()) {
    arguments.SetSslTargetNameOverride(options.tls.server_name);
  }
  std::shared_ptr<grpc::Channel> channel =
      grpc::CreateCustomChannel(options.controller, Credentials(options.tls), arguments);
  // gRPC 1.51 takes down its queue of callbacks when the last channel that used it goes, and now
  // and then frees it twice. So a channel stays until the process ends; an agent has one.
  static std::mutex mutex;
  static auto& channels = *new std::vector<std::shared_ptr<grpc::Channel>>;
  std::lock_guard<std::mutex> lock(mutex);
  channels.push_back(channel);
  return channel;
}

absl::Status ToAbsl(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace

absl::Status ValidateSessionClientOptions(const SessionClientOptions& options) {
  const std::string& address = options.controller;
  if (address.rfind("unix:", 0) == 0) {
    if (address.size() == 5 || address.size() > 5 + 107) {
      return absl::InvalidArgumentError("--controller unix:PATH needs a path of 1..107 bytes");
    }
  } else {
    const size_t colon = address.rfind(':');
    int port = 0;
    if (colon == std::string::npos || colon == 0 ||
        !absl::SimpleAtoi(address.substr(colon + 1), &port) || port < 1 || port > 65'535) {
      return absl::InvalidArgumentError(
          absl::StrCat("--controller is \"", address,
                       "\": must be HOST:PORT with a port of 1..65535, or unix:PATH"));
    }
  }
  const AgentTls& tls = options.tls;
  if (tls.certificate.empty() != tls.key.empty()) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key must be given together");
  }
  if (!tls.certificate.empty() && tls.ca.empty()) {
    return absl::InvalidArgumentError("--tls-cert needs --tls-ca, the authority of the controller");
  }
  return absl::OkStatus();
}

// One attempt. gRPC calls it on its threads; it only posts. Operations are started on the loop.
class SessionClient::Stream final
    : public grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>,
      public std::enable_shared_from_this<Stream> {
 public:
  Stream(std::weak_ptr<SessionClient*> client, EventLoop* loop,
         std::shared_ptr<grpc::Channel> channel)
      : client_(std::move(client)), loop_(loop), channel_(std::move(channel)) {}

  void Start() {
    // Bytes, not messages: what cannot be parsed is then told apart from the end of the stream.
    grpc::GenericStub(channel_).PrepareBidiStreamingCall(&context_, kSessionMethod, {}, this);
    // Operations come from outside gRPC's callbacks; without a hold the call could end between two
    // of them.
    AddHold();
    StartCall();
  }

  void Write(const AgentMessage& message) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      out_.Clear();
      bool own_buffer;
      grpc::SerializationTraits<AgentMessage>::Serialize(message, &out_, &own_buffer);
    }
    StartWrite(&out_);
  }

  void Read() {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      in_.Clear();
    }
    StartRead(&in_);
  }

  // Loop thread. No operation is started after it.
  void Release() {
    if (!std::exchange(released_, true)) RemoveHold();
  }
  bool released() const { return released_; }
  void Cancel() { context_.TryCancel(); }

  void AwaitDone() {
    std::unique_lock<std::mutex> lock(mutex_);
    done_changed_.wait(lock, [this] { return done_; });
  }

 private:
  using Task = std::function<void(SessionClient*, const std::shared_ptr<Stream>&)>;

  void Post(Task task) {
    // gRPC hands this object from the loop to its thread where ThreadSanitizer cannot look.
    { std::lock_guard<std::mutex> lock(mutex_); }
    auto run = [client = client_, self = shared_from_this(), task = std::move(task)] {
      // The client dies on this thread or when the loop has stopped: it stays while this runs.
      if (auto alive = client.lock()) task(*alive, self);
    };
    // At most one read, one write and one end are under way, so that timers, which have no cap,
    // stay few.
    if (!loop_->Post(run)) loop_->RunAfter(absl::ZeroDuration(), run);
  }

  void OnReadDone(bool ok) override {
    grpc::ByteBuffer bytes;
    {
      std::lock_guard<std::mutex> lock(mutex_);
      bytes.Swap(&in_);
    }
    auto message = std::make_shared<ControllerMessage>();
    const bool parsed =
        ok && grpc::SerializationTraits<ControllerMessage>::Deserialize(&bytes, message.get()).ok();
    Post([ok, parsed, message](SessionClient* client, const std::shared_ptr<Stream>& self) {
      if (parsed) return client->OnRead(self, std::move(*message));
      if (!ok) return self->EndOfStream();
      client->OnUnreadable(self);
    });
  }

  void OnWriteDone(bool ok) override {
    Post([ok](SessionClient* client, const std::shared_ptr<Stream>& self) {
      if (ok) return client->OnWritten(self);
      self->EndOfStream();
    });
  }

  void OnDone(const grpc::Status& status) override {
    // Once posted, the loop may let go of this object at any moment.
    auto self = shared_from_this();
    Post([status = ToAbsl(status)](SessionClient* client, const std::shared_ptr<Stream>& stream) {
      client->OnDone(stream, status);
    });
    // Last: who waits for it may destroy the loop next.
    std::lock_guard<std::mutex> lock(mutex_);
    done_ = true;
    done_changed_.notify_all();
  }

  // The controller's status follows at once, as a rule; a message that could not be read leaves the
  // call open.
  void EndOfStream() {
    if (released_) return;
    Release();
    loop_->RunAfter(kStatusPatience, [weak = weak_from_this()] {
      if (auto self = weak.lock()) self->Cancel();
    });
  }

  const std::weak_ptr<SessionClient*> client_;
  EventLoop* const loop_;
  const std::shared_ptr<grpc::Channel> channel_;
  grpc::ClientContext context_;
  bool released_ = false;  // Loop thread.
  // Guards what both the loop and gRPC's threads touch.
  std::mutex mutex_;
  std::condition_variable done_changed_;
  bool done_ = false;
  grpc::ByteBuffer out_;
  grpc::ByteBuffer in_;
};

SessionClient::SessionClient(SessionClientOptions options, EventLoop* loop,
                             ControllerLinkHandler* handler, Metrics* metrics,
                             std::function<double()> random)
    : options_(std::move(options)),
      loop_(loop),
      handler_(handler),
      random_(std::move(random)),
      connects_(metrics->Counter("waymark_agent_connection_attempts_total",
                                 "Attempts to reach the controller.")),
      reconnects_(
          metrics->Counter("waymark_agent_reconnects_total", "Sessions opened after the first.")),
      events_merged_(metrics->Counter("waymark_agent_events_merged_total",
                                      "Events that replaced an older one of the same object.")),
      overflows_(metrics->Counter("waymark_agent_event_overflows_total",
                                  "Sessions begun anew because too many events waited.")),
      connected_(metrics->Gauge("waymark_agent_connected", "1 while a session is open.")),
      channel_(MakeChannel(options_)),
      events_(options_.event_cap),
      self_(std::make_shared<SessionClient*>(this)) {}

SessionClient::~SessionClient() {
  self_.reset();
  if (stream_ == nullptr) return;
  stream_->Cancel();
  stream_->Release();
  stream_->AwaitDone();
}

void SessionClient::Start() { Connect(); }

void SessionClient::Connect() {
  connects_.Increment();
  replies_.clear();
  events_.Clear();
  close_reason_ = absl::OkStatus();
  welcomed_ = false;
  AgentMessage hello;
  *hello.mutable_hello() = handler_->OnOpen();
  stream_ = std::make_shared<Stream>(self_, loop_, channel_);
  writing_ = true;
  reading_ = true;
  stream_->Start();
  stream_->Write(hello);
  stream_->Read();
  loop_->RunAfter(options_.welcome_timeout, [weak = std::weak_ptr<SessionClient*>(self_),
                                             stream = std::weak_ptr<Stream>(stream_)] {
    auto alive = weak.lock();
    if (alive == nullptr || stream.expired()) return;
    SessionClient* client = *alive;
    if (client->stream_ != stream.lock() || client->welcomed_) return;
    client->Disconnect(absl::DeadlineExceededError("the controller has not answered in time"));
  });
}

void SessionClient::ScheduleConnect() {
  const int doublings = std::min(attempts_, 16);
  ++attempts_;
  const absl::Duration limit =
      std::min(options_.most_backoff, options_.least_backoff * (int64_t{1} << doublings));
  loop_->RunAfter(limit * (0.5 + 0.5 * random_()), [weak = std::weak_ptr<SessionClient*>(self_)] {
    if (auto alive = weak.lock()) (*alive)->Connect();
  });
}

void SessionClient::OnRead(const std::shared_ptr<Stream>& stream, ControllerMessage message) {
  if (stream != stream_ || stream->released()) return;
  reading_ = false;
  if (!welcomed_) {
    welcomed_ = true;
    attempts_ = 0;
    if (std::exchange(was_welcomed_, true)) reconnects_.Increment();
    connected_.Set(1);
    Log(LogLevel::kInfo, "connected to the controller", {{"address", options_.controller}});
  }
  handler_->OnMessage(std::move(message));
  Pump();
}

void SessionClient::OnUnreadable(const std::shared_ptr<Stream>& stream) {
  if (stream != stream_) return;
  Disconnect(
      absl::InvalidArgumentError("the controller sent bytes that are no ControllerMessage: is "
                                 "--controller the right address?"));
}

void SessionClient::OnWritten(const std::shared_ptr<Stream>& stream) {
  if (stream != stream_) return;
  writing_ = false;
  Pump();
}

void SessionClient::OnDone(const std::shared_ptr<Stream>& stream, const absl::Status& status) {
  if (stream != stream_) return;
  stream->Release();
  stream_.reset();
  replies_.clear();
  events_.Clear();
  connected_.Set(0);
  const absl::Status reason = close_reason_.ok() ? status : close_reason_;
  if (!welcomed_) {
    Log(LogLevel::kWarning, "controller does not take this agent; trying again",
        {{"address", options_.controller},
         {"attempts", attempts_ + 1},
         {"reason", reason.ToString()}});
  }
  welcomed_ = false;
  handler_->OnClose(reason);
  ScheduleConnect();
}

void SessionClient::Pump() {
  if (stream_ == nullptr || stream_->released()) return;
  if (!writing_) {
    if (!replies_.empty()) {
      writing_ = true;
      const AgentMessage message = std::move(replies_.front());
      replies_.pop_front();
      stream_->Write(message);
    } else if (std::optional<Event> event = events_.Pop()) {
      writing_ = true;
      AgentMessage message;
      *message.mutable_event() = std::move(*event);
      stream_->Write(message);
    }
  }
  if (!reading_ && replies_.size() < kMaxRepliesToRead) {
    reading_ = true;
    stream_->Read();
  }
}

void SessionClient::Reply(AgentMessage message) {
  if (stream_ == nullptr || stream_->released()) return;
  replies_.push_back(std::move(message));
  Pump();
}

void SessionClient::Notify(Event event) {
  if (stream_ == nullptr || stream_->released()) return;
  switch (events_.Push(std::move(event))) {
    case EventQueue::PushResult::kMerged:
      events_merged_.Increment();
      break;
    case EventQueue::PushResult::kFull:
      // The next Hello carries the state of everything, so that nothing is lost for long.
      overflows_.Increment();
      Disconnect(absl::ResourceExhaustedError("too many events wait for the controller"));
      return;
    default:
      break;
  }
  Pump();
}

void SessionClient::Disconnect(const absl::Status& reason) {
  if (stream_ == nullptr || stream_->released()) return;
  close_reason_ = reason;
  stream_->Cancel();
  stream_->Release();
}

}  // namespace waymark
