#include "controller/store/memory_store.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "controller/store/mutations.h"

namespace waymark {

// Delivers on the loop, one task at a time, so that changes arrive in order.
class MemoryStore::Watcher : public std::enable_shared_from_this<MemoryStore::Watcher> {
 public:
  Watcher(EventLoop& loop, std::shared_ptr<State> state, Revision after, OnChange on_change)
      : loop_(loop), state_(std::move(state)), cursor_(after), on_change_(std::move(on_change)) {}

  // Lock of the state held.
  void Wake() {
    if (posted_ || cursor_ >= state_->current) return;
    posted_ = true;
    auto task = [self = shared_from_this()] { self->Deliver(); };
    // Timers don't count against the loop's cap: a full loop only delays the watcher.
    if (!loop_.Post(task)) loop_.RunAfter(absl::ZeroDuration(), task);
  }

  void Close() {
    // Waits for a running callback; recursive, since a callback may end its own subscription.
    std::lock_guard<std::recursive_mutex> lock(callback_mutex_);
    closed_ = true;
  }

  // Lock of the state held.
  Revision cursor() const { return cursor_; }

 private:
  void Deliver() {
    std::lock_guard<std::recursive_mutex> callback(callback_mutex_);
    if (closed_) return;
    std::shared_ptr<const ChangeSet> set;
    {
      std::lock_guard<std::mutex> lock(state_->mutex);
      set = state_->log.at(cursor_ + 1);
    }
    on_change_(*set);
    std::lock_guard<std::mutex> lock(state_->mutex);
    ++cursor_;
    posted_ = false;
    if (!closed_) Wake();
  }

  EventLoop& loop_;
  const std::shared_ptr<State> state_;
  bool posted_ = false;
  Revision cursor_;
  std::recursive_mutex callback_mutex_;
  bool closed_ = false;
  const OnChange on_change_;
};

namespace {

template <typename WatcherT>
class MemorySubscription final : public Subscription {
 public:
  explicit MemorySubscription(std::shared_ptr<WatcherT> watcher) : watcher_(std::move(watcher)) {}
  ~MemorySubscription() override { watcher_->Close(); }

 private:
  std::shared_ptr<WatcherT> watcher_;
};

}  // namespace

MemoryStore::MemoryStore(EventLoop& loop) : loop_(loop) {}
MemoryStore::~MemoryStore() = default;

const MemoryStore::State::Version* MemoryStore::At(const std::vector<State::Version>& versions,
                                                   Revision as_of) {
  const auto after =
      std::upper_bound(versions.begin(), versions.end(), as_of,
                       [](Revision r, const State::Version& v) { return r < v.revision; });
  if (after == versions.begin()) return nullptr;
  const State::Version& version = *std::prev(after);
  return version.value ? &version : nullptr;
}

void MemoryStore::Commit(std::vector<Mutation> mutations, Done done) {
  done(Apply(std::move(mutations)));
}

absl::StatusOr<Revision> MemoryStore::Apply(std::vector<Mutation> mutations) {
  if (absl::Status status = CheckAndSort(mutations); !status.ok()) return status;
  State& state = *state_;
  std::lock_guard<std::mutex> lock(state.mutex);
  if (!state.failure.ok()) return state.failure;
  for (const Mutation& m : mutations) {
    if (!m.expected) continue;
    const auto it = state.records.find(m.key);
    const State::Version* now = it == state.records.end() ? nullptr : At(it->second, state.current);
    const Revision modified = now == nullptr ? 0 : now->revision;
    if (modified != *m.expected) return ExpectedError(m.key, *m.expected, modified);
  }
  auto set = std::make_shared<ChangeSet>();
  set->revision = state.current + 1;
  set->time = loop_.clock().Now();
  if (!state.log.empty()) set->time = std::max(set->time, state.log.rbegin()->second->time);
  for (Mutation& m : mutations) {
    const auto it = state.records.find(m.key);
    const State::Version* now = it == state.records.end() ? nullptr : At(it->second, state.current);
    if (now == nullptr && !m.value) continue;
    const Revision created = now == nullptr ? set->revision : now->created;
    set->changes.push_back(Change{m.key, m.value, now == nullptr});
    state.records[m.key].push_back({set->revision, m.value ? created : 0, std::move(m.value)});
  }
  if (set->changes.empty()) return state.current;
  state.current = set->revision;
  state.log.emplace(set->revision, std::move(set));
  std::erase_if(state.watchers, [](const std::weak_ptr<Watcher>& w) { return w.expired(); });
  for (const std::weak_ptr<Watcher>& w : state.watchers) {
    if (auto watcher = w.lock()) watcher->Wake();
  }
  return state.current;
}

Revision MemoryStore::current() const {
  std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->current;
}

Revision MemoryStore::oldest() const {
  std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->oldest;
}

absl::StatusOr<Record> MemoryStore::Get(const std::string& key, Revision as_of) const {
  const State& state = *state_;
  std::lock_guard<std::mutex> lock(state.mutex);
  if (as_of == 0) as_of = state.current;
  if (absl::Status s = CheckReadable(as_of, state.oldest, state.current); !s.ok()) return s;
  const auto it = state.records.find(key);
  const State::Version* version = it == state.records.end() ? nullptr : At(it->second, as_of);
  if (version == nullptr) return KeyNotFound(key, as_of);
  return Record{key, *version->value, version->created, version->revision};
}

absl::StatusOr<std::vector<Record>> MemoryStore::List(const std::string& prefix, Revision as_of,
                                                      const std::string& after,
                                                      size_t limit) const {
  const State& state = *state_;
  std::lock_guard<std::mutex> lock(state.mutex);
  if (as_of == 0) as_of = state.current;
  if (absl::Status s = CheckReadable(as_of, state.oldest, state.current); !s.ok()) return s;
  std::vector<Record> found;
  auto it = after < prefix ? state.records.lower_bound(prefix) : state.records.upper_bound(after);
  for (; it != state.records.end() && it->first.starts_with(prefix); ++it) {
    if (limit != 0 && found.size() == limit) break;
    const State::Version* version = At(it->second, as_of);
    if (version == nullptr) continue;
    found.push_back({it->first, *version->value, version->created, version->revision});
  }
  return found;
}

absl::StatusOr<Revision> MemoryStore::RevisionAt(absl::Time time) const {
  std::lock_guard<std::mutex> lock(state_->mutex);
  for (auto it = state_->log.rbegin(); it != state_->log.rend(); ++it) {
    if (it->second->time <= time) return it->first;
  }
  return absl::OutOfRangeError(
      absl::StrCat("no revision is kept from ", absl::FormatTime(time), " or before"));
}

absl::StatusOr<absl::Time> MemoryStore::TimeOf(Revision revision) const {
  std::lock_guard<std::mutex> lock(state_->mutex);
  if (revision <= 0) return absl::OutOfRangeError("revisions start at 1");
  if (absl::Status s = CheckReadable(revision, state_->oldest, state_->current); !s.ok()) return s;
  return state_->log.at(revision)->time;
}

absl::StatusOr<std::unique_ptr<Subscription>> MemoryStore::Watch(Revision after,
                                                                 OnChange on_change) {
  std::lock_guard<std::mutex> lock(state_->mutex);
  if (absl::Status s = CheckReadable(after, state_->oldest, state_->current); !s.ok()) return s;
  auto watcher = std::make_shared<Watcher>(loop_, state_, after, std::move(on_change));
  state_->watchers.push_back(watcher);
  watcher->Wake();
  return std::make_unique<MemorySubscription<Watcher>>(std::move(watcher));
}

absl::StatusOr<Revision> MemoryStore::Backup(const std::string& folder) {
  return absl::UnimplementedError("a memory store has no backup: " + folder + " is not written");
}

absl::Status MemoryStore::Compact(Revision before) {
  State& state = *state_;
  std::lock_guard<std::mutex> lock(state.mutex);
  if (before > state.current) return CheckReadable(before, state.oldest, state.current);
  if (before <= state.oldest) return absl::OkStatus();
  for (const std::weak_ptr<Watcher>& w : state.watchers) {
    const auto watcher = w.lock();
    if (watcher == nullptr || watcher->cursor() + 1 >= before) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        "a watcher is still at revision ", watcher->cursor(), ": compact to there, or later"));
  }
  state.oldest = before;
  state.log.erase(state.log.begin(), state.log.lower_bound(before));
  for (auto it = state.records.begin(); it != state.records.end();) {
    auto& versions = it->second;
    auto keep =
        std::upper_bound(versions.begin(), versions.end(), before,
                         [](Revision r, const State::Version& v) { return r < v.revision; });
    if (keep != versions.begin() && std::prev(keep)->value) --keep;
    versions.erase(versions.begin(), keep);
    it = versions.empty() ? state.records.erase(it) : std::next(it);
  }
  return absl::OkStatus();
}

void MemoryStore::FailCommits(absl::Status status) {
  std::lock_guard<std::mutex> lock(state_->mutex);
  state_->failure = std::move(status);
}

}  // namespace waymark
