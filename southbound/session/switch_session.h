// The controller's side of the agents' streams, as the engine sees it. Nothing of gRPC here, so that a simulation can
// stand in for the wire.
#ifndef WAYMARK_SOUTHBOUND_SESSION_SWITCH_SESSION_H_
#define WAYMARK_SOUTHBOUND_SESSION_SWITCH_SESSION_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

// One connected agent. Thread-safe.
class SwitchSession {
 public:
  virtual ~SwitchSession() = default;
  virtual const std::string& node() const = 0;  // without "nodes/"
  // Queues a message (the session fills in the epoch). RESOURCE_EXHAUSTED when the agent's queue is at its cap (64
  // messages): the caller waits for results. UNAVAILABLE when it is gone.
  virtual absl::Status Send(southbound::v1::ControllerMessage message) = 0;
  // Ends the stream with a reason that the agent logs.
  virtual void Close(absl::Status reason) = 0;
};

// What the engine wants to hear. Called on any thread, in order per session; must only post.
class SwitchSessionListener {
 public:
  virtual ~SwitchSessionListener() = default;
  // Hello has been received and its form checked; identity checked when TLS is on. Not OK: the stream is closed with
  // that status (unknown node, name already connected). Runs before any message of the session.
  virtual absl::Status OnConnected(std::shared_ptr<SwitchSession> session,
                                   const southbound::v1::Hello& hello) = 0;
  virtual void OnMessage(const std::shared_ptr<SwitchSession>& session,
                         southbound::v1::AgentMessage message) = 0;
  virtual void OnDisconnected(const std::shared_ptr<SwitchSession>& session,
                              const absl::Status& reason) = 0;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_SESSION_SWITCH_SESSION_H_
