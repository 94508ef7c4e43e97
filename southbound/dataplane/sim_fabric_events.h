// One reader of a switch's events over gRPC.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_SIM_FABRIC_EVENTS_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_SIM_FABRIC_EVENTS_H_

#include <grpcpp/grpcpp.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "southbound/dataplane/sim_fabric.h"

namespace waymark {

// Deletes itself when gRPC is done with it. Events that wait for a slow reader are merged: the
// latest of each link and policy, so at most one of each.
class SimEventStream final : public grpc::ServerWriteReactor<southbound::v1::Event> {
 public:
  SimEventStream(std::shared_ptr<SimFabric> fabric, const std::string& node);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  void Add(const southbound::v1::Event& event);
  // mutex_ is held.
  void Queue(const southbound::v1::Event& event);
  void WriteNext();
  void End(const grpc::Status& status);

  const std::shared_ptr<SimFabric> fabric_;
  uint64_t watcher_ = 0;
  std::mutex mutex_;
  std::map<std::string, southbound::v1::Event> waiting_;
  southbound::v1::Event writing_;
  bool busy_ = false;
  bool cancelled_ = false;
  bool ended_ = false;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_SIM_FABRIC_EVENTS_H_
