#include "southbound/dataplane/sim_dataplane.h"

#include <utility>

#include "controller/base/log.h"

namespace waymark {

SimDataPlane::~SimDataPlane() {
  if (watcher_) fabric_->Detach(*watcher_);
}

absl::Status SimDataPlane::Start(EventSink sink) {
  if (watcher_) return absl::FailedPreconditionError("sim data plane: started already");
  const absl::StatusOr<uint64_t> watcher = fabric_->Attach(node_, std::move(sink));
  if (!watcher.ok()) return absl::FailedPreconditionError(watcher.status().message());
  watcher_ = *watcher;
  return absl::OkStatus();
}

absl::Status SimDataPlane::Put(const southbound::v1::Object& object) {
  return fabric_->Put(node_, object);
}

absl::Status SimDataPlane::Remove(const southbound::v1::Object& object) {
  return fabric_->Remove(node_, object);
}

absl::StatusOr<DataPlane::Report> SimDataPlane::Reconcile(
    const std::vector<southbound::v1::Object>& expected, bool repair) {
  return fabric_->Reconcile(node_, expected, repair);
}

std::vector<southbound::v1::Event> SimDataPlane::Observe() {
  absl::StatusOr<std::vector<southbound::v1::Event>> events = fabric_->Observe(node_);
  if (events.ok()) return *std::move(events);
  Log(LogLevel::kError, "sim data plane lost its switch",
      {{"node", node_}, {"reason", events.status().ToString()}});
  return {};
}

}  // namespace waymark
