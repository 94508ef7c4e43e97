// With threads of its own: for ThreadSanitizer.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "controller/compute/mesh/mesh_testing.h"
#include "controller/compute/mesh/optimize.h"

namespace waymark {
namespace {

ParallelFor TwoThreads() {
  return [](int count, const std::function<void(int)>& task) {
    std::atomic<int> next = 0;
    const auto work = [&] {
      for (int i = next++; i < count; i = next++) task(i);
    };
    std::thread other(work);
    work();
    other.join();
  };
}

TEST(OptimizeThreadsTest, ThePlanOfTwoThreadsIsThatOfOne) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 12; ++i) {
    const MeshProblem problem = SmallMesh(random, 16);
    const MeshOptions options = {.gap = 0.01, .max_rounds = 40};
    MeshOptions threaded = options;
    threaded.parallel = TwoThreads();
    const auto one = OptimizeMesh(problem, options);
    const auto two = OptimizeMesh(problem, threaded);
    ASSERT_TRUE(one.ok() && two.ok());
    EXPECT_EQ(one->routes, two->routes);
    EXPECT_EQ(one->mlu, two->mlu);
    EXPECT_EQ(one->lower_bound, two->lower_bound);
    EXPECT_EQ(one->rounds, two->rounds);
  }
}

TEST(OptimizeThreadsTest, StoppedFromAnotherThread) {
  std::mt19937_64 random(2);
  const MeshProblem problem = SmallMesh(random, 40);
  std::atomic<bool> stop = false;
  std::atomic<int> asked = 0;
  std::thread stopper([&] {
    while (asked < 3) std::this_thread::yield();
    stop = true;
  });
  const auto plan = OptimizeMesh(problem, {.gap = 1e-6,
                                           .max_rounds = 1'000'000,
                                           .stop =
                                               [&] {
                                                 ++asked;
                                                 return stop.load();
                                               },
                                           .parallel = TwoThreads()});
  asked = 3;  // had it ended by itself, the stopper would wait for ever
  stopper.join();
  ASSERT_TRUE(plan.ok());
  EXPECT_LE(plan->lower_bound, plan->mlu);
}

}  // namespace
}  // namespace waymark
