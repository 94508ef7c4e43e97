#include "tests/conformance/sim_world.h"

#include <map>
#include <utility>

#include "controller/base/event_loop.h"
#include "controller/base/object.h"
#include "southbound/dataplane/sim_dataplane.h"
#include "southbound/dataplane/sim_fabric.h"

namespace waymark {
namespace {

using southbound::v1::Event;
using southbound::v1::Object;

class SimWorld final : public DataPlaneWorld {
 public:
  absl::Status AddSwitch(const std::string& node) override {
    const absl::Status status = fabric_->AddSwitch(node);
    return status.ok() ? Reopen(node) : status;
  }

  absl::Status AddWire(const WorldPort& a, const WorldPort& b) override {
    return fabric_->AddWire({a.node, a.interface}, {b.node, b.interface});
  }

  absl::Status AddHost(const std::string& host, const WorldPort& port) override {
    return fabric_->AddHost(host, {port.node, port.interface});
  }

  absl::Status CutWire(const WorldPort& end) override {
    return fabric_->SetWire({end.node, end.interface}, SimWireState::kCut);
  }

  absl::Status RestoreWire(const WorldPort& end) override {
    return fabric_->SetWire({end.node, end.interface}, SimWireState::kUp);
  }

  DataPlane& At(const std::string& node) override { return *planes_.at(node); }

  absl::Status Reopen(const std::string& node) override {
    planes_.erase(node);
    planes_[node] = std::make_unique<SimDataPlane>(fabric_, node);
    return planes_[node]->Start(
        [this, node](Event event) { events_[node].push_back(std::move(event)); });
  }

  std::vector<Event> TakeEvents(const std::string& node) override {
    return std::exchange(events_[node], {});
  }

  absl::Status Drift(const std::string& node, const Object& object) override {
    return fabric_->Drift(node, ObjectKey(object));
  }

  absl::Status Send(const std::string& host, const std::string& frame) override {
    return fabric_->Send(host, frame).status();
  }

  std::vector<std::string> Receive(const std::string& host) override {
    auto frames = fabric_->Receive(host, SimFabric::kHostQueue);
    return frames.ok() ? *std::move(frames) : std::vector<std::string>();
  }

  uint64_t TxPackets(const WorldPort& from) override {
    const sim::v1::CountersResponse counters = fabric_->Counters(from.node);
    for (const auto& wire : counters.wires()) {
      if (wire.from().interface() == from.interface) return wire.packets();
    }
    return 0;
  }

  bool WaitFor(const std::function<bool()>& predicate, absl::Duration timeout) override {
    const absl::Duration end = loop_.clock().Monotonic() + timeout;
    while (true) {
      loop_.RunUntilIdle();
      if (predicate()) return true;
      if (loop_.clock().Monotonic() >= end) return false;
      loop_.Advance(absl::Milliseconds(1));
    }
  }

  void Drain() override { loop_.RunUntilIdle(); }

 private:
  SimulatedEventLoop loop_;
  std::shared_ptr<SimFabric> fabric_ = SimFabric::Create(loop_);
  std::map<std::string, std::vector<Event>> events_;
  std::map<std::string, std::unique_ptr<DataPlane>> planes_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<DataPlaneWorld>> MakeSimWorld() {
  return std::make_unique<SimWorld>();
}

}  // namespace waymark
