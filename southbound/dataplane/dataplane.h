// What a switch's forwarding plane can do for the agent: hold objects, repair paths by itself, report what it sees.
//
// The data plane outlives the agent process: a Linux kernel, or a simulated one. So a DataPlane object is only a handle;
// destroying it must leave all forwarding state in place.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_DATAPLANE_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_DATAPLANE_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "waymark/southbound/v1/southbound.pb.h"

namespace waymark {

// All methods but the event sink: one thread (the agent's loop). None blocks for more than a kernel round trip.
class DataPlane {
 public:
  using EventSink = std::function<void(southbound::v1::Event)>;

  struct Report {
    // Keys found as expected, put right, and removed because nothing expects them.
    std::vector<std::string> kept, repaired, removed;
    // Keys that could not be put right, with the reason.
    std::vector<std::pair<std::string, std::string>> failed;
  };

  virtual ~DataPlane() = default;

  // "linux" or "sim".
  virtual std::string name() const = 0;

  // Opens the data plane. `sink` gets link and policy events from now on, on a thread of the data plane; it must not
  // block. FAILED_PRECONDITION says what right or kernel feature is missing.
  virtual absl::Status Start(EventSink sink) = 0;

  // Makes the object as given (replacing any with its key) without disturbing traffic that the change does not concern.
  // Idempotent. The object has been validated (southbound/agent/validate.h); references (link, instance) exist.
  // OK: confirmed by the data plane. UNAVAILABLE: correct, but it cannot be done yet, e.g. its interface does not exist:
  // the agent keeps the object and tries again on a link event. Any other error: nothing changed.
  virtual absl::Status Put(const southbound::v1::Object& object) = 0;
  // Idempotent. `object` is the one last Put with this key.
  virtual absl::Status Remove(const southbound::v1::Object& object) = 0;

  // Compares what the data plane really holds against `expected` (every object, in dependency order), repairs what
  // differs and removes what is ours and unexpected, without touching what is right. Used after the agent restarts and
  // periodically. `repair` false: only reports (kept, and repaired/removed meaning "would be").
  virtual absl::StatusOr<Report> Reconcile(const std::vector<southbound::v1::Object>& expected,
                                           bool repair) = 0;

  // The state of every link and policy held, as events.
  virtual std::vector<southbound::v1::Event> Observe() = 0;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_DATAPLANE_H_
