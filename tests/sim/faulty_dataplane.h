// A data plane that tells of every change as it is made, and fails when it is told to.
#ifndef WAYMARK_TESTS_SIM_FAULTY_DATAPLANE_H_
#define WAYMARK_TESTS_SIM_FAULTY_DATAPLANE_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "southbound/dataplane/dataplane.h"

namespace waymark {

struct DataPlaneFaults {
  // Asked before each change: an error, and nothing changes.
  std::function<absl::Status(const std::string& node, const southbound::v1::Object&)> refuse;
  // Asked before each change: true, and nothing changes though it says so.
  std::function<bool(const std::string& node)> deaf;
  // After each change, with the object put or removed; a reconciliation gives an empty one.
  std::function<void(const std::string& node, const southbound::v1::Object&)> changed;
};

class FaultyDataPlane final : public DataPlane {
 public:
  // `faults` must outlive it.
  FaultyDataPlane(std::string node, std::unique_ptr<DataPlane> real, const DataPlaneFaults& faults)
      : node_(std::move(node)), real_(std::move(real)), faults_(faults) {}

  std::string name() const override { return real_->name(); }
  absl::Status Start(EventSink sink) override { return real_->Start(std::move(sink)); }
  absl::Status Put(const southbound::v1::Object& object) override {
    if (absl::Status status = faults_.refuse(node_, object); !status.ok()) return status;
    if (faults_.deaf(node_)) return absl::OkStatus();
    absl::Status status = real_->Put(object);
    faults_.changed(node_, object);
    return status;
  }
  absl::Status Remove(const southbound::v1::Object& object) override {
    if (absl::Status status = faults_.refuse(node_, object); !status.ok()) return status;
    if (faults_.deaf(node_)) return absl::OkStatus();
    absl::Status status = real_->Remove(object);
    faults_.changed(node_, object);
    return status;
  }
  absl::StatusOr<Report> Reconcile(const std::vector<southbound::v1::Object>& expected,
                                   bool repair) override {
    absl::StatusOr<Report> report = real_->Reconcile(expected, repair);
    if (repair) faults_.changed(node_, southbound::v1::Object());
    return report;
  }
  std::vector<southbound::v1::Event> Observe() override { return real_->Observe(); }

 private:
  const std::string node_;
  const std::unique_ptr<DataPlane> real_;
  const DataPlaneFaults& faults_;
};

}  // namespace waymark

#endif  // WAYMARK_TESTS_SIM_FAULTY_DATAPLANE_H_
