// A session that keeps what it is sent, for tests.
#ifndef WAYMARK_CONTROLLER_ENGINE_FAKE_SESSION_H_
#define WAYMARK_CONTROLLER_ENGINE_FAKE_SESSION_H_

#include <string>
#include <utility>
#include <vector>

#include "controller/base/object.h"
#include "southbound/session/switch_session.h"

namespace waymark {

class FakeSession final : public SwitchSession {
 public:
  explicit FakeSession(std::string node) : node_(std::move(node)) {}
  const std::string& node() const override { return node_; }
  absl::Status Send(southbound::v1::ControllerMessage message) override {
    if (!send_status.ok()) return send_status;
    sent.push_back(std::move(message));
    return absl::OkStatus();
  }
  void Close(absl::Status reason) override { closed = reason; }

  std::vector<southbound::v1::ControllerMessage> sent;
  absl::Status closed;
  absl::Status send_status;

 private:
  std::string node_;
};

// What an agent that takes everything answers; `held`, what it holds, changes with it.
inline southbound::v1::AgentMessage Acknowledge(
    const southbound::v1::Batch& batch, ObjectTable& held,
    southbound::v1::ResultStatus status = southbound::v1::FIB_ACKED) {
  southbound::v1::AgentMessage message;
  auto& result = *message.mutable_batch_result();
  result.set_batch_id(batch.id());
  for (const auto& operation : batch.operations()) {
    auto& one = *result.add_results();
    one.set_id(operation.id());
    one.set_status(status);
    if (status == southbound::v1::REJECTED) continue;
    if (operation.has_put()) {
      held.Put(operation.put());
    } else {
      held.Erase(operation.delete_());
    }
  }
  result.set_digest(held.digest());
  return message;
}

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_FAKE_SESSION_H_
