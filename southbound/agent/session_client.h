// The agent's end of the stream, over gRPC: connects, says Hello, carries messages, connects again.
#ifndef WAYMARK_SOUTHBOUND_AGENT_SESSION_CLIENT_H_
#define WAYMARK_SOUTHBOUND_AGENT_SESSION_CLIENT_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "controller/base/event_loop.h"
#include "controller/base/metrics.h"
#include "southbound/agent/controller_link.h"
#include "southbound/agent/event_queue.h"

namespace grpc {
class Channel;
}

namespace waymark {

// PEM texts. `ca` empty: no TLS. `certificate` and `key` both or neither.
struct AgentTls {
  std::string ca;
  std::string certificate;
  std::string key;
  // The name to expect in the controller's certificate; empty: the host of the address.
  std::string server_name;
};

struct SessionClientOptions {
  // "HOST:PORT" or "unix:PATH".
  std::string controller;
  AgentTls tls;
  // The n-th attempt waits least * 2^n, at most `most`, times a random factor of 0.5..1: a
  // controller that starts again must not meet all its agents in one instant.
  absl::Duration least_backoff = absl::Milliseconds(200);
  absl::Duration most_backoff = absl::Seconds(10);
  // From the start of an attempt to the controller's first message.
  absl::Duration welcome_timeout = absl::Seconds(15);
  absl::Duration keepalive = absl::Seconds(10);
  size_t event_cap = 400'000;
};

// INVALID_ARGUMENT names the flag.
absl::Status ValidateSessionClientOptions(const SessionClientOptions& options);

// Every method on the loop's thread, but the destructor, which may also run when the loop has
// stopped; it ends the stream and waits for gRPC to let go. `random` gives numbers in [0, 1).
class SessionClient final : public ControllerLink {
 public:
  SessionClient(SessionClientOptions options, EventLoop* loop, ControllerLinkHandler* handler,
                Metrics* metrics, std::function<double()> random);
  ~SessionClient() override;

  void Start();

  void Reply(southbound::v1::AgentMessage message) override;
  void Notify(southbound::v1::Event event) override;
  void Disconnect(const absl::Status& reason) override;

  // The controller has answered on the stream that is open.
  bool welcomed() const { return welcomed_; }

 private:
  class Stream;

  void Connect();
  void ScheduleConnect();
  void OnRead(const std::shared_ptr<Stream>& stream, southbound::v1::ControllerMessage message);
  void OnUnreadable(const std::shared_ptr<Stream>& stream);
  void OnWritten(const std::shared_ptr<Stream>& stream);
  void OnDone(const std::shared_ptr<Stream>& stream, const absl::Status& status);
  // Sends what is first in line, and reads on when little waits.
  void Pump();

  const SessionClientOptions options_;
  EventLoop* const loop_;
  ControllerLinkHandler* const handler_;
  const std::function<double()> random_;
  prometheus::Counter& connects_;
  prometheus::Counter& reconnects_;
  prometheus::Counter& events_merged_;
  prometheus::Counter& overflows_;
  prometheus::Gauge& connected_;

  std::shared_ptr<Stream> stream_;
  std::deque<southbound::v1::AgentMessage> replies_;
  // One for life: an attempt is a call on it.
  const std::shared_ptr<grpc::Channel> channel_;
  EventQueue events_;
  bool welcomed_ = false;
  bool was_welcomed_ = false;
  bool writing_ = false;
  bool reading_ = false;
  int attempts_ = 0;
  // Why this end closed the stream, if it did.
  absl::Status close_reason_;
  // Held weakly by every task and timer: they do nothing once this is gone.
  std::shared_ptr<SessionClient*> self_;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_AGENT_SESSION_CLIENT_H_
