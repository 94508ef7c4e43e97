// A room's single writer. Everything that changes a room's state runs on its loop, one task after
// another, so that the state needs no lock. Other threads only Post.
#ifndef WAYMARK_CONTROLLER_BASE_EVENT_LOOP_H_
#define WAYMARK_CONTROLLER_BASE_EVENT_LOOP_H_

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>

#include "absl/time/time.h"
#include "controller/base/clock.h"

namespace waymark {

class EventLoop {
 public:
  using Task = std::function<void()>;
  using TimerId = uint64_t;

  virtual ~EventLoop() = default;

  // Runs `task` on the loop, after all tasks posted before. Any thread. False, and nothing queued,
  // when the queue is at its cap or the loop has stopped: the caller must merge, retry or refuse.
  [[nodiscard]] virtual bool Post(Task task) = 0;

  // Runs `task` on the loop after `delay` (not before). Any thread. Timers due at the same instant
  // run in the order of their creation. Timers don't count against the cap.
  virtual TimerId RunAfter(absl::Duration delay, Task task) = 0;
  // No effect when it has run. Loop thread: then it will not run. Other threads: it may be running.
  virtual void Cancel(TimerId id) = 0;

  virtual const Clock& clock() const = 0;
};

// A loop with a thread of its own. The destructor (or Stop) finishes the running task, drops the
// rest and joins; it must not be called from the loop.
class ThreadEventLoop final : public EventLoop {
 public:
  // `name`: at most 15 characters, shown by ps and gdb. `cap`: most tasks waiting.
  ThreadEventLoop(const std::string& name, const Clock& clock, size_t cap = 100'000);
  ~ThreadEventLoop() override;

  bool Post(Task task) override;
  TimerId RunAfter(absl::Duration delay, Task task) override;
  void Cancel(TimerId id) override;
  const Clock& clock() const override { return clock_; }

  void Stop();
  // Posts `task` and waits for it. Not from the loop. False if the loop did not take it.
  bool RunAndWait(Task task);
  size_t queue_length() const;

 private:
  void Run();

  const Clock& clock_;
  const size_t cap_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::deque<Task> tasks_;
  TimerId next_timer_ = 1;
  // Ordered by due time, then by creation.
  std::map<std::pair<absl::Duration, TimerId>, Task> timers_;
  std::map<TimerId, absl::Duration> due_;
  std::thread thread_;
};

// A loop and a clock for tests and simulation: nothing runs until asked, time moves only by
// Advance. One thread.
class SimulatedEventLoop final : public EventLoop, private Clock {
 public:
  explicit SimulatedEventLoop(absl::Time start = absl::FromUnixSeconds(1'700'000'000),
                              size_t cap = 100'000)
      : start_(start), cap_(cap) {}

  bool Post(Task task) override;
  TimerId RunAfter(absl::Duration delay, Task task) override;
  void Cancel(TimerId id) override;
  const Clock& clock() const override { return *this; }

  // Runs posted tasks, and what they post, until none is left. Returns how many ran.
  size_t RunUntilIdle();
  // Moves time forward, running tasks and timers in order as they come due.
  void Advance(absl::Duration by);
  // Someone sets the wall clock: Now() changes, Monotonic() and timers do not.
  void SetWallClock(absl::Duration ahead_by) { start_ += ahead_by; }

 private:
  absl::Time Now() const override { return start_ + now_; }
  absl::Duration Monotonic() const override { return now_; }

  absl::Time start_;
  absl::Duration now_;
  size_t cap_;
  std::deque<Task> tasks_;
  TimerId next_timer_ = 1;
  std::map<std::pair<absl::Duration, TimerId>, Task> timers_;
  std::map<TimerId, absl::Duration> due_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_BASE_EVENT_LOOP_H_
