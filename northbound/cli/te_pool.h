// Threads that share the small, frequent loops of a solver.
#ifndef WAYMARK_NORTHBOUND_CLI_TE_POOL_H_
#define WAYMARK_NORTHBOUND_CLI_TE_POOL_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace waymark::cli {

// A loop may be shorter than waking a thread takes, so that threads look for work a while before
// they sleep, and the calling thread works too and never waits for one that is still asleep.
class TePool {
 public:
  // `threads` counts the calling one: 1 to 64.
  explicit TePool(int threads);
  ~TePool();
  TePool(const TePool&) = delete;
  TePool& operator=(const TePool&) = delete;

  // Runs task(0) to task(count - 1), each once, in any order and perhaps at the same time; returns
  // when all are done. What tasks wrote is then seen by the caller. One caller at a time, not from
  // inside a task. `task` must not throw.
  void Run(int count, const std::function<void(int)>& task);

 private:
  // Of one Run: its number in the upper half, how many tasks nobody has taken in the lower.
  static uint64_t Number(uint64_t state) { return state >> 32; }
  // Takes tasks of that Run until none is left.
  void Help(uint64_t run);
  void Work();
  // True when a Run after `run` began, false when the pool ends.
  bool Await(uint64_t run);

  std::atomic<uint64_t> state_{0};
  // Of the Run in state_: written before it, and not again before its tasks are done.
  std::atomic<const std::function<void(int)>*> task_{nullptr};
  std::atomic<int> count_{0};
  std::atomic<int> done_{0};

  std::mutex mutex_;
  std::condition_variable begun_, finished_;
  std::atomic<int> sleepers_{0};
  std::atomic<bool> caller_sleeps_{false};
  std::atomic<bool> ending_{false};
  std::vector<std::thread> threads_;
};

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_TE_POOL_H_
