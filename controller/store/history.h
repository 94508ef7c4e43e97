// What has been published: the newest and oldest revision, and the watchers that follow.
#ifndef WAYMARK_CONTROLLER_STORE_HISTORY_H_
#define WAYMARK_CONTROLLER_STORE_HISTORY_H_

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "controller/store/store.h"

namespace waymark {

using SharedChangeSet = std::shared_ptr<const ChangeSet>;

// Each watcher has a thread and reads at its own pace: recent changes from memory, older ones from
// the log on disk. Nothing is queued for it, so a slow one costs nothing but its thread.
// Thread-safe.
class History {
 public:
  // Reads one revision from the log. Any thread.
  using ReadLog = std::function<absl::StatusOr<ChangeSet>(Revision)>;
  using OnError = std::function<void(const absl::Status&)>;

  // Most watchers at once: each is a thread.
  static constexpr size_t kMaxWatchers = 256;

  // `on_error` hears of a log that a watcher could not read.
  History(Revision oldest, Revision current, ReadLog read_log, OnError on_error);
  // Stops all watchers and waits for their callbacks. Subscriptions may outlive it.
  ~History();

  Revision current() const { return current_.load(std::memory_order_acquire); }
  Revision oldest() const { return oldest_.load(std::memory_order_acquire); }

  // The next revisions, durable by now. One caller at a time.
  void Publish(std::span<const SharedChangeSet> sets);

  // OUT_OF_RANGE; RESOURCE_EXHAUSTED at kMaxWatchers.
  absl::StatusOr<std::unique_ptr<Subscription>> Watch(Revision after, Store::OnChange on_change);

  // From now on, `oldest` is the oldest readable. OUT_OF_RANGE if it is in the future;
  // FAILED_PRECONDITION if a watcher still needs what would go.
  absl::Status Forget(Revision oldest);

 private:
  class Watcher;
  class Handle;
  void Follow(Watcher& watcher);
  // The next change set for the watcher; null: stop. Lock not held.
  SharedChangeSet Next(Watcher& watcher);
  void Stop(const std::shared_ptr<Watcher>& watcher);
  // Joins threads that stopped themselves. Lock held: they have nothing left to do but end.
  void Reap();

  // Recent sets kept for watchers that keep up.
  static constexpr size_t kRecentSets = 512;
  static constexpr size_t kRecentBytes = size_t{8} << 20;

  const ReadLog read_log_;
  const OnError on_error_;
  std::mutex mutex_;
  std::condition_variable published_;
  std::atomic<Revision> current_;
  std::atomic<Revision> oldest_;
  // Consecutive, the last is current_.
  std::deque<SharedChangeSet> recent_;
  size_t recent_bytes_ = 0;
  std::set<std::shared_ptr<Watcher>> watchers_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_STORE_HISTORY_H_
