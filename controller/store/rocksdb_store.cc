#include "controller/store/rocksdb_store.h"

#include <rocksdb/db.h>

#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "controller/store/committer.h"
#include "controller/store/compaction.h"
#include "controller/store/disk.h"
#include "controller/store/health.h"
#include "controller/store/history.h"
#include "controller/store/mutations.h"
#include "controller/store/reader.h"
#include "controller/store/record.h"
#include "controller/store/store_folder.h"

namespace waymark {
namespace {

// Wires the parts. Members are destroyed in reverse: commits stop, then watchers, then the
// database.
class Impl final : public Store {
 public:
  Impl(const RocksDbStore::Options& options, std::unique_ptr<StoreFolder> folder,
       std::shared_ptr<Health> health, std::unique_ptr<rocksdb::DB> db, DiskState state)
      : folder_(std::move(folder)),
        health_(std::move(health)),
        db_(std::move(db)),
        reader_(*db_, folder_->path()),
        // log on disk -> watchers
        history_(
            state.oldest, state.current, [this](Revision r) { return reader_.ReadLog(r); },
            [this](const absl::Status& error) { health_->Fail(error); }),
        // callers -> queue -> commit thread -> log on disk -> history
        committer_(*db_, *folder_, *health_, history_, *options.clock, options.metrics,
                   {options.queued_commits, options.queued_bytes, options.min_free_bytes},
                   std::move(state)) {}

  void Commit(std::vector<Mutation> mutations, Done done) override {
    committer_.Commit(std::move(mutations), std::move(done));
  }

  absl::StatusOr<Revision> CommitAndWait(std::vector<Mutation> mutations) override {
    absl::StatusOr<Revision> result = 0;
    if (committer_.TryCommitHere(mutations, result)) return result;
    return Store::CommitAndWait(std::move(mutations));
  }

  Revision current() const override { return history_.current(); }
  Revision oldest() const override { return history_.oldest(); }

  absl::StatusOr<Record> Get(const std::string& key, Revision as_of) const override {
    return reader_.Get(key, as_of, history_);
  }

  absl::StatusOr<std::vector<Record>> List(const std::string& prefix, Revision as_of,
                                           const std::string& after, size_t limit) const override {
    return reader_.List(prefix, as_of, after, limit, history_);
  }

  absl::StatusOr<Revision> RevisionAt(absl::Time time) const override {
    return reader_.RevisionAt(time, history_);
  }

  absl::StatusOr<absl::Time> TimeOf(Revision revision) const override {
    return reader_.TimeOf(revision, history_);
  }

  absl::StatusOr<std::unique_ptr<Subscription>> Watch(Revision after, OnChange on_change) override {
    return history_.Watch(after, std::move(on_change));
  }

  absl::StatusOr<Revision> Backup(const std::string& folder) override {
    Revision revision;
    const rocksdb::Snapshot* snapshot;
    {
      // A compaction in between could forget the revision that is to be copied.
      std::lock_guard<std::mutex> lock(compaction_mutex_);
      revision = history_.current();
      snapshot = db_->GetSnapshot();
    }
    const absl::Status status = CopyStore(*db_, snapshot, revision, folder_->path(), folder);
    db_->ReleaseSnapshot(snapshot);
    if (!status.ok()) return status;
    return revision;
  }

  absl::Status Compact(Revision before) override {
    std::lock_guard<std::mutex> lock(compaction_mutex_);
    if (!health_->ok()) return health_->status();
    if (before <= history_.oldest()) return absl::OkStatus();
    // First in memory: who reads after this is refused what is about to go.
    if (absl::Status status = history_.Forget(before); !status.ok()) return status;
    return CompactDatabase(*db_, before, folder_->path());
  }

 private:
  const std::unique_ptr<StoreFolder> folder_;
  // Shared with RocksDB, which reports errors to it.
  const std::shared_ptr<Health> health_;
  const std::unique_ptr<rocksdb::DB> db_;
  const Reader reader_;
  std::mutex compaction_mutex_;
  History history_;
  Committer committer_;
};

absl::Status NotThere(const std::string& folder) {
  return absl::NotFoundError(
      absl::StrCat("there is no store in ", folder,
                   ": to begin with an empty one, start once with --init; if "
                   "there was one, restore a backup"));
}

absl::Status Removed(rocksdb::DB& db, StoreFolder& folder) {
  const Revision fence = folder.header().fence;
  if (fence == 0) return absl::OkStatus();
  if (absl::Status status = RollBack(db, fence, folder.path()); !status.ok()) return status;
  Log(LogLevel::kWarning, "store removed commits that had been refused",
      {{"folder", folder.path()}, {"from_revision", fence}});
  return folder.SetFence(0);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> RocksDbStore::Open(const Options& options) {
  auto folder = StoreFolder::Open(options.folder, options.create, StoreFolder::Lock::kExclusive);
  if (absl::IsNotFound(folder.status()) && !options.create) return NotThere(options.folder);
  if (!folder.ok()) return folder.status();
  if ((*folder)->content() == StoreFolder::Content::kEmpty) {
    if (!options.create) return NotThere(options.folder);
    if (absl::Status s = CreateStore(**folder, options.env); !s.ok()) return s;
  }
  auto health = std::make_shared<Health>(options.folder);
  rocksdb::Options disk = DiskOptions(options.env);
  disk.listeners.push_back(health);
  auto db = OpenDatabase(**folder, OpenMode::kReadWrite, disk);
  if (!db.ok()) return db.status();
  if (absl::Status s = Removed(**db, **folder); !s.ok()) return s;
  auto state = Verify(**db, (*folder)->header().durable, options.folder);
  if (!state.ok()) return state.status();
  Log(LogLevel::kInfo, "store opened",
      {{"folder", options.folder}, {"revision", state->current}, {"oldest", state->oldest}});
  return std::make_unique<Impl>(options, *std::move(folder), std::move(health), *std::move(db),
                                *std::move(state));
}

absl::StatusOr<Revision> RestoreStore(const std::string& backup_folder,
                                      const std::string& data_folder) {
  auto folder = StoreFolder::Open(backup_folder, /*make=*/false, StoreFolder::Lock::kShared);
  if (!folder.ok()) return folder.status();
  if ((*folder)->content() == StoreFolder::Content::kEmpty) {
    return absl::NotFoundError(
        absl::StrCat("there is no backup in ", backup_folder, ": the folder is empty"));
  }
  auto db = OpenDatabase(**folder, OpenMode::kReadOnly, DiskOptions(nullptr));
  if (!db.ok()) return db.status();
  auto state = Verify(**db, (*folder)->header().durable, backup_folder);
  if (!state.ok()) return state.status();
  const Revision fence = (*folder)->header().fence;
  const Revision upto = fence == 0 ? state->current : fence - 1;
  absl::Status status = CopyStore(**db, nullptr, upto, backup_folder, data_folder);
  if (!status.ok()) return status;
  return upto;
}

}  // namespace waymark
