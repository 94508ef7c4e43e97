// Mutated controller messages: whatever arrives, the agent answers or ignores it, and its table
// stays whole.
#include <gtest/gtest.h>

#include <random>

#include "southbound/agent/core_fixture.h"
#include "southbound/agent/validate.h"

namespace waymark {
namespace {

using southbound::v1::ControllerMessage;

std::vector<std::string> Seeds() {
  std::vector<std::string> seeds;
  ControllerMessage message;
  message.set_epoch(1);
  TestBatch batch(2, 11, 10);
  auto policy = TestPolicy(7, 2, 0x8001);
  *policy.mutable_policy()->mutable_protect() = TestPolicy(7, 2, 0x8002).policy().working(0);
  batch.Put(TestRoute(2, {"a", "b"})).Put(policy).Put(TestAttachment("c1", 5, 100));
  batch.Delete("link:a").Put(TestLink("c"));
  *message.mutable_batch() = batch.batch;
  seeds.push_back(message.SerializeAsString());
  message.mutable_get()->set_from_dataplane(true);
  seeds.push_back(message.SerializeAsString());
  message.mutable_flush();
  seeds.push_back(message.SerializeAsString());
  message.mutable_welcome()->set_controller_version("1");
  seeds.push_back(message.SerializeAsString());
  return seeds;
}

std::string Mutate(std::string bytes, std::mt19937_64* random) {
  const auto below = [random](size_t n) { return static_cast<size_t>((*random)() % n); };
  for (size_t edits = 1 + below(6); edits > 0; --edits) {
    const size_t at = bytes.empty() ? 0 : below(bytes.size());
    switch (below(5)) {
      case 0:
        if (!bytes.empty()) bytes[at] = static_cast<char>((*random)());
        break;
      case 1:
        if (!bytes.empty()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 2:
        bytes.resize(at);
        break;
      case 3:
        bytes.insert(at, std::string(1 + below(8), static_cast<char>((*random)())));
        break;
      default:
        bytes.insert(at, bytes.substr(below(bytes.size() + 1), below(40)));
        break;
    }
  }
  return bytes;
}

// Whole framing, damaged contents: random bytes alone seldom get past the parser of nested
// messages.
void MutateObjects(southbound::v1::Batch* batch, std::mt19937_64* random) {
  auto& operations = *batch->mutable_operations();
  for (size_t edits = 1 + (*random)() % 2; edits > 0; --edits) {
    auto* operation = &operations[static_cast<int>((*random)() % operations.size())];
    std::string bytes = operation->put().SerializeAsString();
    if (bytes.empty()) continue;
    bytes[(*random)() % bytes.size()] ^= static_cast<char>(1 << ((*random)() % 8));
    southbound::v1::Object object;
    if (object.ParseFromString(bytes)) *operation->mutable_put() = object;
  }
  // The rest may stand for itself.
  if ((*random)() % 2 == 0) {
    const int keep = 1 + static_cast<int>((*random)() % operations.size());
    operations.DeleteSubrange(keep, operations.size() - keep);
  }
}

class AgentFuzzTest : public CoreFixture, public testing::WithParamInterface<int> {};

TEST_P(AgentFuzzTest, NoMessageBreaksTheAgentOrItsTable) {
  directory_ = testing::TempDir() + "/fuzz-" + std::to_string(GetParam());
  std::filesystem::remove_all(directory_);
  io_.sync = [](int) { return 0; };
  ASSERT_TRUE(StartAgent().ok());
  std::mt19937_64 random(static_cast<uint64_t>(GetParam()));
  const std::vector<std::string> seeds = Seeds();
  int parsed = 0;
  for (int round = 0; round < 1'000; ++round) {
    if (round % 200 == 0) {
      core_->OnOpen();
      TestBatch base(1, core_->mark().last_revision, 1);
      base.Put(TestNode()).Put(TestLink("a")).Put(TestLink("b")).Put(TestInstance(100));
      Send(base.batch, std::max<uint64_t>(core_->mark().highest_epoch, 1));
    }
    if (random() % 8 == 0) dataplane_.failures["route:2"] = absl::UnavailableError("not yet");
    if (random() % 8 == 0) dataplane_.failures["policy:7:2"] = absl::InternalError("no");
    if (random() % 4 == 0) dataplane_.failures.clear();
    ControllerMessage message;
    if (random() % 2 == 0) {
      ASSERT_TRUE(message.ParseFromString(seeds[0]));
      MutateObjects(message.mutable_batch(), &random);
    } else if (!message.ParseFromString(Mutate(seeds[random() % seeds.size()], &random))) {
      continue;
    }
    ++parsed;
    // Mutated epochs and revisions would end the test's reach at once: most messages get valid
    // ones.
    if (random() % 16 != 0) message.set_epoch(core_->mark().highest_epoch);
    if (message.epoch() > 1'000'000) message.set_epoch(core_->mark().highest_epoch);
    if (message.has_batch()) {
      message.mutable_batch()->set_revision(core_->mark().last_revision);
      for (auto& operation : *message.mutable_batch()->mutable_operations()) {
        operation.set_id(static_cast<uint64_t>(round) * 100 + operation.id() % 50);
      }
      message.mutable_batch()->set_id(static_cast<uint64_t>(round) + 10);
    }
    Send(message);
    link_.replies.clear();
    link_.events.clear();
    if (round % 20 != 0) continue;
    for (const auto& [key, entry] : core_->rib().table().entries()) {
      ASSERT_TRUE(ValidateForm(*entry.object, "zrh1").ok()) << key;
      // A route to a switch that has since become this one is the controller's to withdraw.
      const absl::Status whole = core_->rib().CheckStored(*entry.object);
      ASSERT_TRUE(whole.ok() || entry.object->has_route()) << key << ": " << whole;
    }
  }
  EXPECT_GT(parsed, 400);
  // Both ways out must have been taken, or this test reaches nothing.
  EXPECT_GT(Metric("waymark_agent_batches_total{result=\"applied\"}"), 30);
  EXPECT_GT(Metric("waymark_agent_batches_total{result=\"rejected\"}"), 100);
  const uint64_t digest = core_->rib().table().digest();
  ASSERT_TRUE(StartAgent().ok());
  EXPECT_EQ(core_->rib().table().digest(), digest);
}

INSTANTIATE_TEST_SUITE_P(Seeds, AgentFuzzTest, testing::Range(1, 5));

}  // namespace
}  // namespace waymark
