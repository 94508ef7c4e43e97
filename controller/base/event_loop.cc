#include "controller/base/event_loop.h"

#include <pthread.h>

#include <future>
#include <memory>
#include <utility>

#include "absl/time/clock.h"

namespace waymark {

ThreadEventLoop::ThreadEventLoop(const std::string& name, const Clock& clock, size_t cap)
    : clock_(clock), cap_(cap), thread_([this] { Run(); }) {
  pthread_setname_np(thread_.native_handle(), name.substr(0, 15).c_str());
}

ThreadEventLoop::~ThreadEventLoop() { Stop(); }

void ThreadEventLoop::Stop() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool ThreadEventLoop::Post(Task task) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (stopping_ || tasks_.size() >= cap_) return false;
    tasks_.push_back(std::move(task));
  }
  wake_.notify_one();
  return true;
}

EventLoop::TimerId ThreadEventLoop::RunAfter(absl::Duration delay, Task task) {
  TimerId id;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    id = next_timer_++;
    const absl::Duration due = clock_.Monotonic() + std::max(delay, absl::ZeroDuration());
    timers_.emplace(std::make_pair(due, id), std::move(task));
    due_.emplace(id, due);
  }
  wake_.notify_one();
  return id;
}

void ThreadEventLoop::Cancel(TimerId id) {
  std::lock_guard<std::mutex> lock(mutex_);
  auto it = due_.find(id);
  if (it == due_.end()) return;
  timers_.erase({it->second, id});
  due_.erase(it);
}

bool ThreadEventLoop::RunAndWait(Task task) {
  auto done = std::make_shared<std::promise<void>>();
  std::future<void> waiting = done->get_future();
  if (!Post([task = std::move(task), done] {
        task();
        done->set_value();
      })) {
    return false;
  }
  done.reset();
  try {
    waiting.get();
  } catch (const std::future_error&) {
    return false;  // The loop stopped and dropped the task.
  }
  return true;
}

size_t ThreadEventLoop::queue_length() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return tasks_.size();
}

void ThreadEventLoop::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stopping_) {
    Task task;
    if (!timers_.empty() && timers_.begin()->first.first <= clock_.Monotonic()) {
      task = std::move(timers_.begin()->second);
      due_.erase(timers_.begin()->first.second);
      timers_.erase(timers_.begin());
    } else if (!tasks_.empty()) {
      task = std::move(tasks_.front());
      tasks_.pop_front();
    } else if (timers_.empty()) {
      wake_.wait(lock);
      continue;
    } else {
      const absl::Duration wait = timers_.begin()->first.first - clock_.Monotonic();
      wake_.wait_for(lock, absl::ToChronoNanoseconds(wait));
      continue;
    }
    lock.unlock();
    task();
    task = nullptr;  // What it holds is released outside the lock.
    lock.lock();
  }
  // What is left is dropped outside the lock: its destructors may post.
  std::deque<Task> tasks = std::move(tasks_);
  auto timers = std::move(timers_);
  due_.clear();
  lock.unlock();
}

bool SimulatedEventLoop::Post(Task task) {
  if (tasks_.size() >= cap_) return false;
  tasks_.push_back(std::move(task));
  return true;
}

EventLoop::TimerId SimulatedEventLoop::RunAfter(absl::Duration delay, Task task) {
  const TimerId id = next_timer_++;
  const absl::Duration due = now_ + std::max(delay, absl::ZeroDuration());
  timers_.emplace(std::make_pair(due, id), std::move(task));
  due_.emplace(id, due);
  return id;
}

void SimulatedEventLoop::Cancel(TimerId id) {
  auto it = due_.find(id);
  if (it == due_.end()) return;
  timers_.erase({it->second, id});
  due_.erase(it);
}

size_t SimulatedEventLoop::RunUntilIdle() {
  size_t ran = 0;
  while (!tasks_.empty()) {
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    ++ran;
  }
  return ran;
}

void SimulatedEventLoop::Advance(absl::Duration by) {
  const absl::Duration end = now_ + by;
  RunUntilIdle();
  while (!timers_.empty() && timers_.begin()->first.first <= end) {
    now_ = std::max(now_, timers_.begin()->first.first);
    Task task = std::move(timers_.begin()->second);
    due_.erase(timers_.begin()->first.second);
    timers_.erase(timers_.begin());
    task();
    RunUntilIdle();
  }
  now_ = end;
}

}  // namespace waymark
