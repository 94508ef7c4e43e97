// One AgentCore on a simulated loop, with a fake data plane, a real state file and a link that
// records.
#ifndef WAYMARK_SOUTHBOUND_AGENT_CORE_FIXTURE_H_
#define WAYMARK_SOUTHBOUND_AGENT_CORE_FIXTURE_H_

#include <gtest/gtest.h>

#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "southbound/agent/agent_core.h"
#include "southbound/agent/fake_dataplane.h"
#include "southbound/agent/state_file.h"
#include "southbound/agent/test_objects.h"

namespace waymark {

class RecordingLink final : public ControllerLink {
 public:
  void Reply(southbound::v1::AgentMessage message) override {
    replies.push_back(std::move(message));
  }
  void Notify(southbound::v1::Event event) override { events.push_back(std::move(event)); }
  void Disconnect(const absl::Status& reason) override { disconnects.push_back(reason); }

  std::vector<southbound::v1::AgentMessage> replies;
  std::vector<southbound::v1::Event> events;
  std::vector<absl::Status> disconnects;
};

class CoreFixture : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    directory_ = testing::TempDir() + "/core-" + info->name();
    std::filesystem::remove_all(directory_);
    io_ = StateFile::Io::Real();
    options_.node = "zrh1";
    options_.version = "1";
    options_.instance = "i";
  }

  // As after a kill: what was not in the file or the data plane is gone.
  absl::Status StartAgent() {
    core_.reset();
    store_.reset();
    auto store = StateFile::Open(directory_, io_);
    if (!store.ok()) return store.status();
    store_ = std::move(*store);
    core_ = std::make_unique<AgentCore>(options_, &loop_, &dataplane_, store_.get(), &metrics_);
    core_->SetLink(&link_);
    return core_->Start();
  }

  southbound::v1::AgentMessage Send(southbound::v1::ControllerMessage message) {
    const size_t before = link_.replies.size();
    core_->OnMessage(std::move(message));
    return link_.replies.size() > before ? link_.replies.back() : southbound::v1::AgentMessage();
  }

  southbound::v1::BatchResult Send(const southbound::v1::Batch& batch, uint64_t epoch = 1) {
    southbound::v1::ControllerMessage message;
    message.set_epoch(epoch);
    *message.mutable_batch() = batch;
    return Send(std::move(message)).batch_result();
  }

  // Node, links a and b, instance 100: operation ids 1..4 of batch 1, complete.
  void SendBase() {
    TestBatch base(1, 10, 1);
    base.Put(TestNode()).Put(TestLink("a")).Put(TestLink("b")).Put(TestInstance(100));
    ObjectTable want;
    for (const auto& operation : base.batch.operations()) want.Put(operation.put());
    base.batch.set_expected_digest(want.digest());
    const auto result = Send(base.batch);
    for (const auto& one : result.results()) {
      ASSERT_EQ(one.status(), southbound::v1::FIB_ACKED) << one.error();
    }
    loop_.Advance(absl::Milliseconds(1));
    dataplane_.calls.clear();
  }

  double Metric(const std::string& line) const {
    const std::string text = "\n" + metrics_.Text();
    const size_t at = text.find("\n" + line + " ");
    return at == std::string::npos ? -1 : std::stod(text.substr(at + line.size() + 2));
  }

  static std::vector<int> Statuses(const southbound::v1::BatchResult& result) {
    std::vector<int> statuses;
    for (const auto& one : result.results()) statuses.push_back(one.status());
    return statuses;
  }

  std::string directory_;
  StateFile::Io io_;
  AgentOptions options_;
  SimulatedEventLoop loop_;
  FakeDataPlane dataplane_;
  Metrics metrics_;
  RecordingLink link_;
  std::unique_ptr<StateFile> store_;
  std::unique_ptr<AgentCore> core_;
};

}  // namespace waymark

#endif  // WAYMARK_SOUTHBOUND_AGENT_CORE_FIXTURE_H_
