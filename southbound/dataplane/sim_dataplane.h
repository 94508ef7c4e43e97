// A handle on one switch of a simulated fabric in this process.
#ifndef WAYMARK_SOUTHBOUND_DATAPLANE_SIM_DATAPLANE_H_
#define WAYMARK_SOUTHBOUND_DATAPLANE_SIM_DATAPLANE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "southbound/dataplane/dataplane.h"
#include "southbound/dataplane/sim_fabric.h"

namespace waymark {

// Threads and errors as DataPlane says. The sink runs on the fabric's loop; the destructor waits
// for a call of it that is under way, so it must not run inside one.
class SimDataPlane final : public DataPlane {
 public:
  // The switch need not exist before Start.
  SimDataPlane(std::shared_ptr<SimFabric> fabric, std::string node)
      : fabric_(std::move(fabric)), node_(std::move(node)) {}
  ~SimDataPlane() override;

  std::string name() const override { return "sim"; }
  // FAILED_PRECONDITION: the fabric has no such switch, or this was started before.
  absl::Status Start(EventSink sink) override;
  absl::Status Put(const southbound::v1::Object& object) override;
  absl::Status Remove(const southbound::v1::Object& object) override;
  absl::StatusOr<Report> Reconcile(const std::vector<southbound::v1::Object>& expected,
                                   bool repair) override;
  std::vector<southbound::v1::Event> Observe() override;

 private:
  const std::shared_ptr<SimFabric> fabric_;
  const std::string node_;
  std::optional<uint64_t> watcher_;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_DATAPLANE_SIM_DATAPLANE_H_
