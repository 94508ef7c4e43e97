#include "southbound/dataplane/sim_fabric_events.h"

#include <utility>

#include "controller/base/object.h"
#include "southbound/dataplane/sim_grpc.h"

namespace waymark {

SimEventStream::SimEventStream(std::shared_ptr<SimFabric> fabric, const std::string& node)
    : fabric_(std::move(fabric)) {
  const absl::StatusOr<uint64_t> watcher =
      fabric_->Attach(node, [this](const southbound::v1::Event& event) { Add(event); });
  const std::lock_guard<std::mutex> lock(mutex_);
  if (!watcher.ok()) {
    End(ToGrpc(watcher.status()));
    return;
  }
  watcher_ = *watcher;
  // Attached first, so that no change falls between; under the lock, so that a newer event waits
  // behind the older state.
  const absl::StatusOr<std::vector<southbound::v1::Event>> present = fabric_->Observe(node);
  if (!present.ok()) {
    End(ToGrpc(present.status()));
    return;
  }
  for (const southbound::v1::Event& event : *present) Queue(event);
}

void SimEventStream::Add(const southbound::v1::Event& event) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Queue(event);
}

void SimEventStream::Queue(const southbound::v1::Event& event) {
  if (ended_) return;
  const std::string key = event.has_link()
                              ? "link:" + event.link().link()
                              : PolicyKey(event.policy().color(), event.policy().endpoint_sid());
  waiting_[key] = event;
  WriteNext();
}

void SimEventStream::WriteNext() {
  if (busy_ || ended_ || waiting_.empty()) return;
  busy_ = true;
  writing_ = std::move(waiting_.begin()->second);
  waiting_.erase(waiting_.begin());
  StartWrite(&writing_);
}

void SimEventStream::End(const grpc::Status& status) {
  if (std::exchange(ended_, true)) return;
  Finish(status);
}

void SimEventStream::OnWriteDone(bool ok) {
  const std::lock_guard<std::mutex> lock(mutex_);
  busy_ = false;
  if (ok && !cancelled_) return WriteNext();
  End(grpc::Status::CANCELLED);
}

void SimEventStream::OnCancel() {
  const std::lock_guard<std::mutex> lock(mutex_);
  cancelled_ = true;
  if (!busy_) End(grpc::Status::CANCELLED);  // Otherwise once the write is done.
}

void SimEventStream::OnDone() {
  // The sink is not running any more once Detach returns.
  if (watcher_ != 0) fabric_->Detach(watcher_);
  delete this;
}

}  // namespace waymark
