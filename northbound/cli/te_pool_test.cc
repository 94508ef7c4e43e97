#include "northbound/cli/te_pool.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <numeric>
#include <set>
#include <thread>
#include <vector>

namespace waymark::cli {
namespace {

TEST(TePoolTest, RunsEachTaskOnceAndSeesWhatItWrote) {
  for (const int threads : {1, 2, 5}) {
    TePool pool(threads);
    std::vector<int> times(300);
    for (int round = 0; round < 3000; ++round) {
      const int count = round % 300;
      // Plain ints: a race or a task that is not seen would show.
      pool.Run(count, [&](int i) { times[i] += i + 1; });
      for (int i = 0; i < count; ++i) {
        ASSERT_EQ(times[i], i + 1) << threads << " threads, round " << round;
        times[i] = 0;
      }
    }
  }
}

TEST(TePoolTest, CallerNeedsNoHelp) {
  TePool pool(3);
  int64_t sum = 0;
  pool.Run(0, [&](int) { ++sum; });
  EXPECT_EQ(sum, 0);
  pool.Run(1, [&](int i) { sum += 7 + i; });
  EXPECT_EQ(sum, 7);
}

TEST(TePoolTest, TasksRunAtTheSameTime) {
  TePool pool(2);
  std::mutex mutex;
  std::condition_variable changed;
  int here = 0;
  std::set<std::thread::id> ids;
  // Each waits for the other: one thread alone would never end.
  for (int round = 1; round <= 50; ++round) {
    pool.Run(2, [&](int) {
      std::unique_lock lock(mutex);
      ++here;
      ids.insert(std::this_thread::get_id());
      changed.notify_all();
      changed.wait(lock, [&] { return here >= 2 * round; });
    });
  }
  EXPECT_EQ(here, 100);
  EXPECT_EQ(ids.size(), 2u);
}

TEST(TePoolTest, SleepersWake) {
  TePool pool(4);
  std::vector<int64_t> parts(64);
  int64_t all = 0;
  for (int round = 0; round < 50; ++round) {
    // Long enough alone for the others to have gone to sleep.
    volatile int64_t waste = 0;
    for (int i = 0; i < 400'000; ++i) waste = waste + i;
    pool.Run(64, [&](int i) {
      int64_t sum = 0;
      for (int k = 0; k < 1000; ++k) sum += k % (i + 1);
      parts[i] = sum;
    });
    all += std::accumulate(parts.begin(), parts.end(), int64_t{0});
  }
  int64_t expected = 0;
  for (int i = 0; i < 64; ++i) {
    for (int k = 0; k < 1000; ++k) expected += k % (i + 1);
  }
  EXPECT_EQ(all, expected * 50);
}

TEST(TePoolTest, EndsWhileThreadsLookForWorkOrSleep) {
  for (int round = 0; round < 200; ++round) {
    TePool pool(3);
    int64_t sum = 0;
    if (round % 2 == 0) pool.Run(1, [&](int) { ++sum; });
    if (round % 5 == 0) pool.Run(9, [](int) {});
  }
}

}  // namespace
}  // namespace waymark::cli
