#include "controller/store/history.h"

#include <pthread.h>

#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/store/mutations.h"

namespace waymark {
namespace {

size_t Bytes(const ChangeSet& set) {
  size_t bytes = sizeof set;
  for (const Change& c : set.changes) {
    bytes += sizeof c + c.key.size() + (c.value ? c.value->size() : 0);
  }
  return bytes;
}

}  // namespace

class History::Watcher {
 public:
  Watcher(Revision after, Store::OnChange callback)
      : cursor(after), on_change(std::move(callback)) {}

  // Guarded by History::mutex_.
  Revision cursor;
  bool stopping = false;
  bool finished = false;

  const Store::OnChange on_change;
  std::thread thread;
};

// The history may go first; then there is nothing left to stop.
class History::Handle final : public Subscription {
 public:
  Handle(History* history, std::shared_ptr<Watcher> watcher)
      : history_(history), watcher_(std::move(watcher)) {}
  ~Handle() override {
    if (watcher_->thread.joinable()) history_->Stop(watcher_);
  }

 private:
  History* const history_;
  const std::shared_ptr<Watcher> watcher_;
};

History::History(Revision oldest, Revision current, ReadLog read_log, OnError on_error)
    : read_log_(std::move(read_log)),
      on_error_(std::move(on_error)),
      current_(current),
      oldest_(oldest) {}

History::~History() {
  std::set<std::shared_ptr<Watcher>> watchers;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    watchers = watchers_;
  }
  for (const auto& watcher : watchers) Stop(watcher);
}

void History::Publish(std::span<const SharedChangeSet> sets) {
  // Freed outside the lock.
  std::vector<SharedChangeSet> dropped;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const SharedChangeSet& set : sets) {
      recent_bytes_ += Bytes(*set);
      recent_.push_back(set);
    }
    while (recent_.size() > kRecentSets || recent_bytes_ > kRecentBytes) {
      recent_bytes_ -= Bytes(*recent_.front());
      dropped.push_back(std::move(recent_.front()));
      recent_.pop_front();
    }
    current_.store(sets.back()->revision, std::memory_order_release);
  }
  published_.notify_all();
}

absl::StatusOr<std::unique_ptr<Subscription>> History::Watch(Revision after,
                                                             Store::OnChange on_change) {
  auto watcher = std::make_shared<Watcher>(after, std::move(on_change));
  std::lock_guard<std::mutex> lock(mutex_);
  if (absl::Status s = CheckReadable(after, oldest_, current_); !s.ok()) return s;
  Reap();
  if (watchers_.size() >= kMaxWatchers) {
    return absl::ResourceExhaustedError(
        absl::StrCat("the store has ", kMaxWatchers, " watchers already: close some"));
  }
  watchers_.insert(watcher);
  watcher->thread = std::thread([this, watcher] { Follow(*watcher); });
  pthread_setname_np(watcher->thread.native_handle(), "store-watch");
  return std::make_unique<Handle>(this, std::move(watcher));
}

SharedChangeSet History::Next(Watcher& watcher) {
  Revision next;
  {
    std::unique_lock<std::mutex> lock(mutex_);
    published_.wait(lock, [&] { return watcher.stopping || watcher.cursor < current_; });
    if (watcher.stopping) return nullptr;
    next = watcher.cursor + 1;
    if (!recent_.empty() && next >= recent_.front()->revision) {
      return recent_[static_cast<size_t>(next - recent_.front()->revision)];
    }
  }
  auto set = read_log_(next);
  if (set.ok()) return std::make_shared<const ChangeSet>(*std::move(set));
  // To skip a revision would be a wrong answer: the watcher stops here, and the store says so.
  on_error_(set.status());
  return nullptr;
}

void History::Follow(Watcher& watcher) {
  while (const SharedChangeSet set = Next(watcher)) {
    watcher.on_change(*set);
    std::lock_guard<std::mutex> lock(mutex_);
    if (watcher.stopping) break;
    watcher.cursor = set->revision;
  }
  std::lock_guard<std::mutex> lock(mutex_);
  watcher.finished = true;
}

void History::Stop(const std::shared_ptr<Watcher>& watcher) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    watcher->stopping = true;
    // From its own callback it can't be waited for: no other callback follows, and its thread is
    // joined later.
    if (watcher->thread.get_id() == std::this_thread::get_id()) return;
    watchers_.erase(watcher);
  }
  published_.notify_all();
  watcher->thread.join();
}

void History::Reap() {
  std::erase_if(watchers_, [](const std::shared_ptr<Watcher>& watcher) {
    if (!watcher->stopping || !watcher->finished) return false;
    watcher->thread.join();
    return true;
  });
}

absl::Status History::Forget(Revision oldest) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (oldest > current_) return CheckReadable(oldest, oldest_, current_);
  if (oldest <= oldest_) return absl::OkStatus();
  for (const auto& watcher : watchers_) {
    if (watcher->stopping || watcher->cursor + 1 >= oldest) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        "a watcher is still at revision ", watcher->cursor, ": compact to there, or later"));
  }
  oldest_.store(oldest, std::memory_order_release);
  return absl::OkStatus();
}

}  // namespace waymark
