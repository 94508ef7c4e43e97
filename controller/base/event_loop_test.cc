#include "controller/base/event_loop.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace waymark {
namespace {

TEST(ThreadEventLoopTest, RunsTasksInOrderOnItsOwnThread) {
  ThreadEventLoop loop("test", RealClock());
  std::vector<int> ran;
  std::thread::id thread;
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(loop.Post([&ran, i] { ran.push_back(i); }));
  }
  ASSERT_TRUE(loop.RunAndWait([&] { thread = std::this_thread::get_id(); }));
  ASSERT_EQ(ran.size(), 100u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ran[i], i);
  EXPECT_NE(thread, std::this_thread::get_id());
}

TEST(ThreadEventLoopTest, RefusesAtItsCapAndAfterStop) {
  ThreadEventLoop loop("test", RealClock(), 2);
  std::promise<void> running;
  std::promise<void> release;
  ASSERT_TRUE(loop.Post([&] {
    running.set_value();
    release.get_future().wait();
  }));
  running.get_future().wait();
  EXPECT_TRUE(loop.Post([] {}));
  EXPECT_TRUE(loop.Post([] {}));
  EXPECT_FALSE(loop.Post([] { FAIL() << "ran beyond the cap"; }));
  EXPECT_EQ(loop.queue_length(), 2u);
  release.set_value();
  loop.Stop();
  EXPECT_FALSE(loop.Post([] {}));
  EXPECT_FALSE(loop.RunAndWait([] {}));
}

TEST(ThreadEventLoopTest, RunAndWaitReturnsWhenTheLoopDropsTheTask) {
  ThreadEventLoop loop("test", RealClock());
  std::promise<void> running;
  std::promise<void> release;
  ASSERT_TRUE(loop.Post([&] {
    running.set_value();
    release.get_future().wait();
  }));
  running.get_future().wait();
  std::promise<bool> taken;
  std::thread waiter([&] { taken.set_value(loop.RunAndWait([] {})); });
  std::thread stopper([&] { loop.Stop(); });
  release.set_value();
  // Either it ran before the stop or it was dropped; it must return in both cases.
  taken.get_future().get();
  stopper.join();
  waiter.join();
}

TEST(ThreadEventLoopTest, TimersRunAndCanBeCancelled) {
  ThreadEventLoop loop("test", RealClock());
  std::promise<void> fired;
  std::vector<int> ran;
  ASSERT_TRUE(loop.RunAndWait([&] {
    const auto cancelled = loop.RunAfter(absl::ZeroDuration(), [&] { ran.push_back(0); });
    loop.RunAfter(absl::Milliseconds(2), [&] { fired.set_value(); });
    loop.RunAfter(absl::Milliseconds(1), [&] { ran.push_back(1); });
    loop.RunAfter(-absl::Seconds(5), [&] { ran.push_back(2); });
    loop.Cancel(cancelled);
    loop.Cancel(cancelled);
  }));
  ASSERT_EQ(fired.get_future().wait_for(std::chrono::seconds(60)), std::future_status::ready);
  loop.Stop();
  EXPECT_EQ(ran, (std::vector<int>{2, 1}));
}

TEST(ThreadEventLoopTest, DroppedTasksAreReleased) {
  auto held = std::make_shared<int>(1);
  {
    ThreadEventLoop loop("test", RealClock());
    loop.RunAfter(absl::Hours(1), [held] {});
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(SimulatedEventLoopTest, NothingRunsUntilAsked) {
  SimulatedEventLoop loop;
  std::string ran;
  ASSERT_TRUE(loop.Post([&] {
    ran += 'a';
    ASSERT_TRUE(loop.Post([&] { ran += 'c'; }));
  }));
  ASSERT_TRUE(loop.Post([&] { ran += 'b'; }));
  EXPECT_EQ(ran, "");
  EXPECT_EQ(loop.RunUntilIdle(), 3u);
  EXPECT_EQ(ran, "abc");
  EXPECT_EQ(loop.RunUntilIdle(), 0u);
}

TEST(SimulatedEventLoopTest, TimeMovesOnlyByAdvanceAndTimersRunInOrder) {
  SimulatedEventLoop loop(absl::FromUnixSeconds(1000));
  const absl::Duration start = loop.clock().Monotonic();
  std::vector<std::pair<char, absl::Duration>> ran;
  const auto note = [&](char name) {
    return [&ran, &loop, start, name] { ran.emplace_back(name, loop.clock().Monotonic() - start); };
  };
  loop.RunAfter(absl::Seconds(2), note('c'));
  loop.RunAfter(absl::Seconds(1), note('a'));
  loop.RunAfter(absl::Seconds(1), note('b'));
  const auto cancelled = loop.RunAfter(absl::Seconds(1), note('x'));
  loop.RunAfter(absl::Seconds(4), note('d'));
  loop.Cancel(cancelled);
  EXPECT_EQ(loop.RunUntilIdle(), 0u);
  loop.Advance(absl::Seconds(3));
  EXPECT_EQ(ran, (std::vector<std::pair<char, absl::Duration>>{
                     {'a', absl::Seconds(1)}, {'b', absl::Seconds(1)}, {'c', absl::Seconds(2)}}));
  EXPECT_EQ(loop.clock().Now(), absl::FromUnixSeconds(1003));
  loop.Advance(absl::Seconds(1));
  EXPECT_EQ(ran.size(), 4u);
}

TEST(SimulatedEventLoopTest, ATimerSetByATimerRunsInTheSameAdvance) {
  SimulatedEventLoop loop;
  int ticks = 0;
  std::function<void()> tick = [&] {
    ++ticks;
    loop.RunAfter(absl::Seconds(1), tick);
  };
  loop.RunAfter(absl::Seconds(1), tick);
  loop.Advance(absl::Seconds(10));
  EXPECT_EQ(ticks, 10);
}

TEST(SimulatedEventLoopTest, RefusesAtItsCap) {
  SimulatedEventLoop loop(absl::UnixEpoch(), 1);
  EXPECT_TRUE(loop.Post([] {}));
  EXPECT_FALSE(loop.Post([] {}));
  // Timers don't count.
  loop.RunAfter(absl::ZeroDuration(), [] {});
}

}  // namespace
}  // namespace waymark
