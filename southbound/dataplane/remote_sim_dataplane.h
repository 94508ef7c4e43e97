// A handle on one switch of a simulated fabric in another process (waymark-sim-fabric), over its
// Unix socket.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_REMOTE_SIM_DATAPLANE_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_REMOTE_SIM_DATAPLANE_H_

#include <memory>
#include <string>
#include <vector>

#include "southbound/dataplane/dataplane.h"

namespace waymark {

// Threads and errors as DataPlane says. The sink runs on a thread of this object's own; the
// destructor joins it, so it must not run inside the sink. A call that gets no answer within 5 s is
// UNAVAILABLE, as is one while the fabric is away: the agent tries again. When the fabric is back,
// the events start over with the present state of everything.
class RemoteSimDataPlane final : public DataPlane {
 public:
  // `socket`: the path given to waymark-sim-fabric.
  RemoteSimDataPlane(const std::string& socket, std::string node);
  ~RemoteSimDataPlane() override;

  std::string name() const override { return "sim"; }
  // FAILED_PRECONDITION: nothing listens there, the fabric has no such switch, or this was started
  // before.
  absl::Status Start(EventSink sink) override;
  absl::Status Put(const southbound::v1::Object& object) override;
  absl::Status Remove(const southbound::v1::Object& object) override;
  absl::StatusOr<Report> Reconcile(const std::vector<southbound::v1::Object>& expected,
                                   bool repair) override;
  std::vector<southbound::v1::Event> Observe() override;

 private:
  class Events;
  struct Wire;

  const std::string node_;
  std::unique_ptr<Wire> wire_;
  std::unique_ptr<Events> events_;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_REMOTE_SIM_DATAPLANE_H_
