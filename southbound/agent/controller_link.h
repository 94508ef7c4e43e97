// The agent's connection to its controller, without the wire: gRPC in session_client.h, a queue in
// a simulation.
#ifndef WAYMARK_SOUTHBOUND_AGENT_CONTROLLER_LINK_H_
#define WAYMARK_SOUTHBOUND_AGENT_CONTROLLER_LINK_H_

#include "absl/status/status.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

// Loop thread. Nothing is sent, and nothing kept, while no session is open: the next Hello tells it
// all.
class ControllerLink {
 public:
  virtual ~ControllerLink() = default;
  // Answers, in order. Bounded by the sender's pace: the link reads no further message while
  // answers wait.
  virtual void Reply(southbound::v1::AgentMessage message) = 0;
  // News, merged by key (event_queue.h), after the answers that wait.
  virtual void Notify(southbound::v1::Event event) = 0;
  // Ends the session, if there is one; the link connects again after its back-off.
  virtual void Disconnect(const absl::Status& reason) = 0;
};

// What the link tells the agent. Loop thread. OnOpen, OnMessage..., OnClose, and again.
class ControllerLinkHandler {
 public:
  virtual ~ControllerLinkHandler() = default;
  // The first message of a session that is being opened.
  virtual southbound::v1::Hello OnOpen() = 0;
  virtual void OnMessage(southbound::v1::ControllerMessage message) = 0;
  virtual void OnClose(const absl::Status& reason) = 0;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_AGENT_CONTROLLER_LINK_H_
