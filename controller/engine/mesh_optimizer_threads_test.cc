// The optimiser on a thread of its own beside the engine's, while the network changes under it.
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

#include "controller/engine/engine_testing.h"
#include "controller/engine/mesh_optimizer.h"
#include "controller/store/memory_store.h"

namespace waymark {
namespace {

TEST(MeshOptimizerThreadsTest, SolvesBesideAnEngineThatKeepsChangingAndStops) {
  v1::Bundle bundle = TriangleBundle();
  bundle.mutable_traffic_classes(0)->set_treatment(v1::MESH);
  bundle.mutable_traffic_classes(0)->clear_protection();
  Metrics metrics;
  NetworkViewHolder views;
  ThreadEventLoop loop("engine", RealClock()), own("mesh", RealClock());
  MemoryStore store(loop);
  ASSERT_TRUE(store.CommitAndWait(MutationsOf(bundle)).ok());
  Engine::Options options;
  options.hear_agents = absl::Milliseconds(1);
  Engine engine(store, views, loop, metrics, options);
  absl::Status started;
  ASSERT_TRUE(loop.RunAndWait([&] { started = engine.Start(); }));
  ASSERT_TRUE(started.ok()) << started;
  MeshOptimizer::Options often;
  often.gather = often.period = often.retry = absl::Milliseconds(1);
  MeshOptimizer optimizer(store, engine, views, own, metrics, often);
  ASSERT_TRUE(optimizer.Start().ok());

  std::mutex mutex;
  std::condition_variable changed;
  bool direct = false;
  const auto subscription = views.Subscribe([&](const std::shared_ptr<const NetworkView>& view) {
    const auto found = view->policies.find("policies/a:1:b");
    std::lock_guard<std::mutex> lock(mutex);
    direct = found != view->policies.end() && found->second->working_size() == 1;
    changed.notify_all();
  });
  v1::Service line = bundle.services(0);
  for (int i = 1; i <= 50; ++i) {
    line.mutable_rates(0)->set_cir_bps(1'000'000'000 + i);
    ASSERT_TRUE(
        store.CommitAndWait({{StoreKey(kServicePrefix, line.name()), line.SerializeAsString(), {}}})
            .ok());
  }
  // With a--c as narrow as that, all of it belongs on a--b.
  v1::Link narrow = bundle.links(2);
  narrow.set_capacity_bps(1'000);
  ASSERT_TRUE(
      store.CommitAndWait({{StoreKey(kLinkPrefix, narrow.name()), narrow.SerializeAsString(), {}}})
          .ok());
  {
    std::unique_lock<std::mutex> lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(60), [&] { return direct; }));
  }
  optimizer.Stop();
  own.Stop();
  ASSERT_TRUE(loop.RunAndWait([&] { engine.Stop(); }));
  loop.Stop();
}

}  // namespace
}  // namespace waymark
