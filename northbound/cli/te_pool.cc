#include "northbound/cli/te_pool.h"

namespace waymark::cli {
namespace {

// Some tens of microseconds: about what waking a thread takes.
constexpr int kSpins = 2'000;

void Pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

constexpr uint64_t kTaskMask = 0xffff'ffff;

}  // namespace

TePool::TePool(int threads) {
  for (int i = 1; i < threads; ++i) threads_.emplace_back([this] { Work(); });
}

TePool::~TePool() {
  {
    const std::lock_guard lock(mutex_);
    ending_.store(true);
  }
  begun_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void TePool::Run(int count, const std::function<void(int)>& task) {
  if (threads_.empty() || count <= 1) {
    for (int i = 0; i < count; ++i) task(i);
    return;
  }
  const uint64_t run = Number(state_.load()) + 1;
  task_.store(&task);
  count_.store(count);
  done_.store(0);
  state_.store((run << 32) | static_cast<uint64_t>(count));
  // A thread counts itself as asleep before it looks at state_ for the last time: one of the two
  // sees the other.
  if (sleepers_.load() > 0) {
    { const std::lock_guard lock(mutex_); }
    begun_.notify_all();
  }
  Help(run);
  for (int i = 0; i < kSpins; ++i) {
    if (done_.load() == count) return;
    Pause();
  }
  std::unique_lock lock(mutex_);
  caller_sleeps_.store(true);
  finished_.wait(lock, [&] { return done_.load() == count; });
  caller_sleeps_.store(false);
}

void TePool::Help(uint64_t run) {
  uint64_t state = state_.load();
  while (Number(state) == run && (state & kTaskMask) > 0) {
    const auto* const task = task_.load();
    const int count = count_.load();
    // Where this succeeds, the Run was not over when task and count were read: they are its own.
    if (!state_.compare_exchange_weak(state, state - 1)) continue;
    (*task)(count - static_cast<int>(state & kTaskMask));
    if (done_.fetch_add(1) + 1 == count && caller_sleeps_.load()) {
      { const std::lock_guard lock(mutex_); }
      finished_.notify_one();
    }
    state = state_.load();
  }
}

void TePool::Work() {
  for (uint64_t run = 0; Await(run);) {
    run = Number(state_.load());
    Help(run);
  }
}

bool TePool::Await(uint64_t run) {
  for (int i = 0; i < kSpins; ++i) {
    if (ending_.load()) return false;
    if (Number(state_.load()) != run) return true;
    Pause();
  }
  std::unique_lock lock(mutex_);
  sleepers_.fetch_add(1);
  begun_.wait(lock, [&] { return ending_.load() || Number(state_.load()) != run; });
  sleepers_.fetch_sub(1);
  return !ending_.load();
}

}  // namespace waymark::cli
