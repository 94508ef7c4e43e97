// For tests of the engine: one of three switches, restarted, frozen and asked how far changes are.
#ifndef WAYMARK_CONTROLLER_ENGINE_ENGINE_PROGRAMMING_TESTING_H_
#define WAYMARK_CONTROLLER_ENGINE_ENGINE_PROGRAMMING_TESTING_H_

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controller/engine/engine.h"
#include "controller/engine/engine_testing.h"
#include "controller/store/memory_store.h"

namespace waymark {

// A store on which commits can fail, or take time.
class FailingStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;

  void Commit(std::vector<Mutation> mutations, Done done) override {
    if (fails) return done(absl::ResourceExhaustedError("disk full"));
    ++commits;
    if (loop == nullptr) return ForwardingStore::Commit(std::move(mutations), std::move(done));
    loop->RunAfter(takes, [this, mutations = std::move(mutations), done = std::move(done)] {
      ForwardingStore::Commit(mutations, done);
    });
  }

  bool fails = false;
  int commits = 0;
  // Null: they take no time.
  EventLoop* loop = nullptr;
  absl::Duration takes;
};

class EngineProgrammingTest : public testing::Test {
 protected:
  EngineProgrammingTest() {
    EXPECT_TRUE(memory_.CommitAndWait(MutationsOf(bundle_)).ok());
    Restart();
  }
  ~EngineProgrammingTest() override { engine_->Stop(); }

  // A new controller on the same store, and agents that hold what they held.
  void Restart() {
    for (const auto& agent : agents_) held_[agent->node()] = agent->held;
    agents_.clear();
    if (engine_ != nullptr) engine_->Stop();
    Engine::Options options;
    options.hear_agents = absl::Milliseconds(100);
    options.switches.waves = waves_;
    engine_ = std::make_unique<Engine>(store_, views_, loop_, metrics_, options);
    ASSERT_TRUE(engine_->Start().ok());
    loop_.Advance(absl::Milliseconds(50));
    for (const auto& [node, held] : held_) {
      agents_.push_back(std::make_shared<FakeAgent>(*engine_, node));
      agents_.back()->held = held;
      ASSERT_TRUE(agents_.back()->Connect().ok());
    }
    Settle();
  }
  void Settle() {
    for (int round = 0; round < 50; ++round) {
      loop_.Advance(absl::Milliseconds(200));
      bool any = false;
      for (const auto& agent : agents_) any = agent->Run() || any;
      if (!any && round > 1) return;
    }
    FAIL() << "does not come to rest";
  }
  int Batches() const {
    int batches = 0;
    for (const auto& agent : agents_) batches += agent->batches;
    return batches;
  }
  void ChangeLine(uint32_t vlan) {
    v1::Service line = bundle_.services(0);
    line.mutable_endpoints(0)->set_vlan(vlan);
    ASSERT_TRUE(
        memory_
            .CommitAndWait({{StoreKey(kServicePrefix, line.name()), line.SerializeAsString(), {}}})
            .ok());
  }
  absl::StatusOr<v1::Programming> Freeze(const std::string& reason) {
    absl::StatusOr<v1::Programming> told = absl::UnknownError("no answer");
    engine_->Freeze(reason, "alice", [&](auto answer) { told = std::move(answer); });
    Settle();
    return told;
  }
  absl::StatusOr<v1::Programming> Unfreeze() {
    absl::StatusOr<v1::Programming> told = absl::UnknownError("no answer");
    engine_->Unfreeze("bob", [&](auto answer) { told = std::move(answer); });
    Settle();
    return told;
  }
  v1::Programming Programming() {
    v1::Programming told;
    engine_->GetProgramming([&](auto answer) { told = *answer; });
    loop_.Advance(absl::ZeroDuration());
    return told;
  }
  absl::StatusOr<v1::RevisionJourney> Trace(Revision revision) {
    absl::StatusOr<v1::RevisionJourney> told = absl::UnknownError("no answer");
    engine_->TraceRevision(revision, [&](auto answer) { told = std::move(answer); });
    loop_.Advance(absl::ZeroDuration());
    return told;
  }
  bool LineHasVlan(uint32_t vlan) const {
    bool has = false;
    for (const auto& [key, entry] : agents_[0]->held.entries()) {
      has = has || (entry.object->has_attachment() && entry.object->attachment().vlan() == vlan);
    }
    return has;
  }
  double Plans() {
    const std::string text = metrics_.Text();
    const std::string name = "waymark_engine_plan_seconds_count ";
    const size_t at = text.find(name);
    return at == std::string::npos ? 0 : std::stod(text.substr(at + name.size()));
  }

  // Two switches go in waves already, for a minute each: whoever waits is seen to wait.
  static Waves::Options SlowWaves() {
    Waves::Options waves;
    waves.share = 0;
    waves.least_switches = 2;
    waves.soak = absl::Minutes(1);
    waves.young = -absl::InfiniteDuration();
    return waves;
  }
  // What a and b hold in common changes.
  void ChangeBothEnds(uint32_t vlan) {
    v1::Service line = bundle_.services(0);
    for (v1::ServiceEndpoint& endpoint : *line.mutable_endpoints()) {
      endpoint.set_vlan(vlan);
    }
    ASSERT_TRUE(
        memory_
            .CommitAndWait({{StoreKey(kServicePrefix, line.name()), line.SerializeAsString(), {}}})
            .ok());
  }
  v1::Rollout Rollout() {
    v1::Rollout told;
    engine_->GetRollout([&](auto answer) { told = *answer; });
    loop_.Advance(absl::ZeroDuration());
    return told;
  }
  void FinishRollout() {
    for (int i = 0; i < 100 && Rollout().state() == v1::ROLLOUT_RUNNING; ++i) {
      Settle();
      loop_.Advance(absl::Seconds(5));
    }
  }
  absl::StatusOr<v1::Rollout> Stop(bool abort) {
    absl::StatusOr<v1::Rollout> told = absl::UnknownError("no answer");
    const auto tell = [&](auto answer) { told = std::move(answer); };
    if (abort) {
      engine_->AbortRollout("it is wrong", "carol", tell);
    } else {
      engine_->PauseRollout("to look", "alice", tell);
    }
    Settle();
    return told;
  }
  absl::StatusOr<v1::Rollout> Resume() {
    absl::StatusOr<v1::Rollout> told = absl::UnknownError("no answer");
    engine_->ResumeRollout("bob", [&](auto answer) { told = std::move(answer); });
    Settle();
    return told;
  }

  SimulatedEventLoop loop_;
  Metrics metrics_;
  Waves::Options waves_;
  MemoryStore memory_{loop_};
  FailingStore store_{memory_};
  NetworkViewHolder views_;
  v1::Bundle bundle_ = TriangleBundle();
  std::map<std::string, ObjectTable> held_ = {{"a", {}}, {"b", {}}, {"c", {}}};
  std::unique_ptr<Engine> engine_;
  std::vector<std::shared_ptr<FakeAgent>> agents_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_ENGINE_PROGRAMMING_TESTING_H_
