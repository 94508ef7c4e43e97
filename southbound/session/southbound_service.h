// The gRPC side of SwitchSession: takes agents' streams, checks who they are, keeps each one's
// queue bounded.
//
// A stream's life: the agent's Hello within a deadline -> its form checked -> its name compared
// with its certificate -> listener.OnConnected -> Welcome -> messages both ways ->
// listener.OnDisconnected. What an agent does wrong, or slowly, concerns its own stream only.
#ifndef WAYMARK_SOUTHBOUND_SESSION_SOUTHBOUND_SERVICE_H_
#define WAYMARK_SOUTHBOUND_SESSION_SOUTHBOUND_SERVICE_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "controller/base/event_loop.h"
#include "controller/base/metrics.h"
#include "southbound/session/switch_session.h"
#include "waymark/southbound/v1/southbound.grpc.pb.h"

namespace waymark {

struct SouthboundServiceOptions {
  // Stamped on every message; SetEpoch changes it. At least 1.
  uint64_t epoch = 1;
  std::string version;
  // Require a client certificate whose common name is Hello.node. The server's credentials must
  // demand certificates.
  bool check_identity = false;
  absl::Duration hello_timeout = absl::Seconds(10);
  // An agent that takes no message for this long is disconnected.
  absl::Duration stall_timeout = absl::Seconds(30);
  // Messages that may wait for one agent.
  size_t queue_cap = 64;
  // Streams at once, over which new ones are refused.
  size_t max_streams = 10'000;
};

// Thread-safe. `listener`, `loop` (timers only) and `metrics` must outlive it, the last two also
// every session that the listener keeps; it must outlive the gRPC server.
class SouthboundService final : public southbound::v1::Southbound::WithRawCallbackMethod_Session<
                                    southbound::v1::Southbound::Service> {
 public:
  SouthboundService(SouthboundServiceOptions options, SwitchSessionListener* listener,
                    EventLoop* loop, Metrics* metrics);
  ~SouthboundService() override;

  // Bytes, not messages: what cannot be parsed is then told apart from an agent that hung up.
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Session(
      grpc::CallbackServerContext* context) override;

  // From the next message on. A new leader's epoch is higher than any before.
  void SetEpoch(uint64_t epoch) { epoch_.store(epoch); }

  // Closes every stream and refuses new ones; waits until they have ended, or for `patience`. Then
  // cancels the rest.
  void CloseAll(const absl::Status& reason, absl::Duration patience);

 private:
  class Stream;
  struct Counters;

  void Forget(Stream* stream);

  const std::shared_ptr<const SouthboundServiceOptions> options_;
  SwitchSessionListener* const listener_;
  EventLoop* const loop_;
  const std::shared_ptr<const Counters> counters_;
  std::atomic<uint64_t> epoch_;

  std::mutex mutex_;
  std::condition_variable streams_changed_;
  std::map<Stream*, std::weak_ptr<Stream>> streams_;
  absl::Status closed_;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_SESSION_SOUTHBOUND_SERVICE_H_
