#include "controller/store/committer.h"

#include <pthread.h>

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "controller/store/mutations.h"
#include "controller/store/record.h"

namespace waymark {
namespace {

constexpr absl::Duration kResumeEvery = absl::Seconds(5);

}  // namespace

Committer::Committer(rocksdb::DB& db, StoreFolder& folder, Health& health, History& history,
                     const Clock& clock, Metrics* metrics, CommitLimits limits, DiskState state)
    : db_(db),
      folder_(folder),
      health_(health),
      history_(history),
      clock_(clock),
      limits_(limits),
      live_(std::move(state.live)),
      last_(state.current),
      last_time_(state.time),
      next_resume_(clock.Monotonic()) {
  if (metrics != nullptr) {
    meters_.committed =
        &metrics->Counter("waymark_store_commits_total", "Commits answered", {{"result", "ok"}});
    meters_.refused =
        &metrics->Counter("waymark_store_commits_total", "Commits answered", {{"result", "error"}});
    meters_.queued = &metrics->Gauge("waymark_store_queued_commits", "Commits waiting");
    meters_.group = &metrics->Histogram("waymark_store_group_commits", "Commits sharing one sync",
                                        {1, 2, 4, 8, 16, 32, 64, 128, 256, 1024});
    meters_.seconds =
        &metrics->Histogram("waymark_store_write_seconds", "Time to write and sync one group",
                            {0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10});
  }
  thread_ = std::thread([this] { Run(); });
  pthread_setname_np(thread_.native_handle(), "store-commit");
}

Committer::~Committer() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Committer::Commit(std::vector<Mutation> mutations, Store::Done done) {
  Pending commit{{}, std::move(done), 0, 0};
  // Refusals keep their place in the queue, without their mutations.
  if (absl::Status status = CheckAndSort(mutations); !status.ok()) {
    commit.result = std::move(status);
  } else {
    commit.bytes = MutationBytes(mutations);
  }
  {
    std::unique_lock<std::mutex> lock(mutex_);
    const bool full = queue_.size() >= limits_.queued_commits ||
                      queued_bytes_ + commit.bytes > limits_.queued_bytes;
    if (full && commit.result.ok()) {
      commit.bytes = 0;
      commit.result = absl::ResourceExhaustedError(absl::StrCat(
          "the store's queue is full with ", queue_.size(), " commits: retry a little later"));
    }
    if (commit.result.ok()) commit.mutations = std::move(mutations);
    if (queue_.size() >= 2 * limits_.queued_commits) {
      lock.unlock();
      commit.done(std::move(commit.result));
      return;
    }
    queued_bytes_ += commit.bytes;
    queue_.push_back(std::move(commit));
    // Whoever is busy looks at the queue when he is done.
    if (busy_) return;
  }
  wake_.notify_one();
}

bool Committer::TryCommitHere(std::vector<Mutation>& mutations, absl::StatusOr<Revision>& result) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (busy_ || stopping_ || !queue_.empty()) return false;
    busy_ = true;
  }
  std::vector<Pending> group(1);
  Pending& commit = group.front();
  commit.done = [&result](absl::StatusOr<Revision> r) { result = std::move(r); };
  if (absl::Status status = CheckAndSort(mutations); !status.ok()) {
    commit.result = std::move(status);
  } else {
    commit.bytes = MutationBytes(mutations);
    commit.mutations = std::move(mutations);
    Process(group);
  }
  Answer(group);
  bool waiting;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    busy_ = false;
    waiting = !queue_.empty() || stopping_;
  }
  if (waiting) wake_.notify_one();
  return true;
}

void Committer::Run() {
  std::vector<Pending> group;
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return !busy_ && (stopping_ || !queue_.empty()); });
    busy_ = true;
    group.clear();
    group.swap(queue_);
    queued_bytes_ = 0;
    const bool stopping = stopping_;
    lock.unlock();
    if (stopping) {
      for (Pending& commit : group) {
        if (commit.result.ok()) commit.result = absl::CancelledError("the store is closing");
      }
    } else {
      Process(group);
    }
    Answer(group);
    lock.lock();
    busy_ = false;
    if (stopping && queue_.empty()) return;
  }
}

void Committer::Process(std::vector<Pending>& group) {
  size_t bytes = 0;
  for (const Pending& commit : group) bytes += commit.bytes;
  const absl::Status admitted = Admit(bytes);
  for (Pending& commit : group) {
    if (!commit.result.ok()) continue;
    if (admitted.ok()) {
      Stage(commit);
    } else {
      commit.result = admitted;
    }
  }
  if (sets_.empty()) return;
  const absl::Duration start = clock_.Monotonic();
  const Revision first = sets_.front()->revision;
  const absl::Status written = Write();
  if (meters_.group != nullptr) {
    meters_.group->Observe(static_cast<double>(sets_.size()));
    meters_.seconds->Observe(absl::ToDoubleSeconds(clock_.Monotonic() - start));
  }
  batch_.Clear();
  sets_.clear();
  if (written.ok()) return;
  for (Pending& commit : group) {
    // Commits that changed nothing, but after one of this group, saw what is not to be.
    if (commit.result.ok() && *commit.result >= first) commit.result = written;
  }
}

absl::Status Committer::Admit(size_t bytes) {
  if (!health_.failed() && health_.background() && clock_.Monotonic() >= next_resume_) {
    next_resume_ = clock_.Monotonic() + kResumeEvery;
    const rocksdb::Status resumed = db_.Resume();
    if (resumed.ok()) {
      health_.ClearBackground();
    } else {
      Log(LogLevel::kWarning, "store can't resume yet",
          {{"folder", folder_.path()}, {"error", resumed.ToString()}});
    }
  }
  if (!health_.ok()) return health_.status();
  // Refused before anything is written, a commit leaves the store as sound as it was.
  const auto free = FreeBytes(folder_.path());
  if (!free.ok()) return absl::UnavailableError(free.status().message());
  if (*free >= limits_.min_free_bytes + 2 * bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("the disk of ", folder_.path(), " is full: ", *free, " bytes are free, ",
                   limits_.min_free_bytes + 2 * bytes, " are needed; free some space"));
}

absl::Status Committer::CheckExpected(const std::vector<Mutation>& mutations) const {
  for (const Mutation& m : mutations) {
    if (!m.expected) continue;
    const auto it = live_.find(m.key);
    const Revision modified = it == live_.end() ? 0 : it->second.modified;
    if (modified != *m.expected) return ExpectedError(m.key, *m.expected, modified);
  }
  return absl::OkStatus();
}

void Committer::Stage(Pending& commit) {
  if (absl::Status status = CheckExpected(commit.mutations); !status.ok()) {
    commit.result = std::move(status);
    return;
  }
  auto set = std::make_shared<ChangeSet>();
  set->revision = last_ + 1;
  set->changes.reserve(commit.mutations.size());
  for (Mutation& m : commit.mutations) {
    auto it = live_.find(m.key);
    const bool exists = it != live_.end();
    if (!exists && !m.value) continue;
    DataValue data{m.value.has_value(), 0, {}};
    if (m.value) {
      data.created = exists ? it->second.created : set->revision;
      data.value = *m.value;
    }
    const std::string raw = DataKey(m.key, set->revision);
    batch_.Put(raw, EncodeData(raw, data));
    if (!m.value) {
      live_.erase(it);
    } else if (exists) {
      it->second.modified = set->revision;
    } else {
      live_.emplace(m.key, Live{set->revision, set->revision});
    }
    set->changes.push_back({std::move(m.key), std::move(m.value), !exists});
  }
  commit.result = last_;
  if (set->changes.empty()) return;
  // Time never goes back from one revision to the next, though the wall clock may.
  set->time = last_time_ = std::max(last_time_, clock_.Now());
  const std::string raw = LogKey(set->revision);
  batch_.Put(raw, EncodeLog(raw, *set));
  commit.result = last_ = set->revision;
  sets_.push_back(std::move(set));
}

absl::Status Committer::Write() {
  rocksdb::WriteOptions options;
  options.sync = true;
  if (const rocksdb::Status status = db_.Write(options, &batch_); !status.ok()) {
    return WriteFailed(status);
  }
  // Without its mark this group is still safe, but a later loss of it would not be noticed.
  if (absl::Status status = folder_.SetDurable(last_); !status.ok()) health_.Fail(status);
  history_.Publish(sets_);
  return absl::OkStatus();
}

absl::Status Committer::WriteFailed(const rocksdb::Status& status) {
  absl::Status why = DiskStatus(status, "storing a commit", folder_.path());
  if (absl::IsDataLoss(why)) why = absl::UnavailableError(why.message());
  // The write may have reached the log all the same: the fence keeps it from turning up after a
  // restart.
  if (absl::Status fenced = folder_.SetFence(sets_.front()->revision); !fenced.ok()) {
    why = absl::Status(why.code(), absl::StrCat(std::string(why.message()),
                                                "; it may turn out to be stored after a restart (",
                                                std::string(fenced.message()), ")"));
  }
  health_.Fail(why);
  return why;
}

void Committer::Answer(std::vector<Pending>& group) {
  size_t refused = 0;
  for (Pending& commit : group) {
    if (!commit.result.ok()) ++refused;
    commit.done(std::move(commit.result));
  }
  if (meters_.committed == nullptr) return;
  meters_.committed->Increment(static_cast<double>(group.size() - refused));
  meters_.refused->Increment(static_cast<double>(refused));
  std::lock_guard<std::mutex> lock(mutex_);
  meters_.queued->Set(static_cast<double>(queue_.size()));
}

}  // namespace waymark
