#include "controller/store/disk.h"

#include <rocksdb/write_batch.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/store/record.h"

namespace waymark {
namespace {

constexpr size_t kCopyBatchBytes = size_t{4} << 20;

std::string Space(char space) { return std::string(1, space); }

absl::Status Corrupt(const std::string& folder, const std::string& what) {
  return absl::DataLossError(absl::StrCat("the store in ", folder, " is corrupt: ", what,
                                          "; restore a backup into an empty folder"));
}

absl::Status Corrupt(const std::string& folder, const absl::Status& why) {
  return Corrupt(folder, std::string(why.message()));
}

rocksdb::ReadOptions ScanOptions(const rocksdb::Snapshot* snapshot) {
  rocksdb::ReadOptions options;
  options.verify_checksums = true;
  options.fill_cache = false;
  options.readahead_size = size_t{1} << 20;
  options.snapshot = snapshot;
  return options;
}

// Calls `visit(raw key, value)` for all keys of a space, from `start` on, until one returns an
// error.
template <typename Visit>
absl::Status Scan(rocksdb::DB& db, const rocksdb::Snapshot* snapshot, const std::string& start,
                  const std::string& folder, Visit visit) {
  const std::string end = PrefixEnd(start.substr(0, 1));
  const rocksdb::Slice bound(end);
  rocksdb::ReadOptions options = ScanOptions(snapshot);
  options.iterate_upper_bound = &bound;
  std::unique_ptr<rocksdb::Iterator> it(db.NewIterator(options));
  for (it->Seek(start); it->Valid(); it->Next()) {
    if (absl::Status s = visit(View(it->key()), View(it->value())); !s.ok()) return s;
  }
  return it->status().ok() ? absl::OkStatus() : DiskStatus(it->status(), "reading", folder);
}

absl::StatusOr<Revision> ReadOldest(rocksdb::DB& db, const rocksdb::Snapshot* snapshot,
                                    const std::string& folder) {
  std::string value;
  const rocksdb::Status status = db.Get(ScanOptions(snapshot), std::string(kOldestKey), &value);
  if (status.IsNotFound()) return Corrupt(folder, "the record of its oldest revision is missing");
  if (!status.ok()) return DiskStatus(status, "reading", folder);
  auto oldest = DecodeOldest(value);
  return oldest.ok() ? oldest : Corrupt(folder, oldest.status());
}

// The log, from the oldest revision: changes a revision in `counts`.
absl::Status VerifyLog(rocksdb::DB& db, const std::string& folder, DiskState& state,
                       std::vector<uint32_t>& counts) {
  const Revision first = std::max<Revision>(state.oldest, 1);
  state.current = first - 1;
  absl::Status status =
      Scan(db, nullptr, LogKey(first), folder, [&](std::string_view raw, std::string_view value) {
        Revision revision = 0;
        if (!ParseLogKey(raw, &revision) || revision != state.current + 1) {
          return Corrupt(folder, absl::StrCat("the change log lacks revision ", state.current + 1));
        }
        auto entry = DecodeLog(raw, value);
        if (!entry.ok()) return Corrupt(folder, entry.status());
        if (entry->time < state.time) {
          return Corrupt(folder, absl::StrCat("time goes back at revision ", revision));
        }
        state.current = revision;
        state.time = entry->time;
        counts.push_back(static_cast<uint32_t>(entry->items.size()));
        return absl::OkStatus();
      });
  if (status.ok() && state.current < state.oldest) {
    return Corrupt(folder, absl::StrCat("the change log lacks revision ", state.oldest));
  }
  return status;
}

absl::Status VerifyData(rocksdb::DB& db, const std::string& folder, DiskState& state,
                        std::vector<uint32_t>& counts) {
  const Revision first = std::max<Revision>(state.oldest, 1);
  std::string last_key;
  return Scan(db, nullptr, Space(kDataSpace), folder,
              [&](std::string_view raw, std::string_view value) {
                std::string_view key;
                Revision revision = 0;
                if (!ParseDataKey(raw, &key, &revision))
                  return Corrupt(folder, "a key is malformed");
                auto data = DecodeData(raw, value);
                if (!data.ok()) return Corrupt(folder, data.status());
                if (revision > state.current) {
                  return Corrupt(folder, absl::StrCat(std::string(key), " has revision ", revision,
                                                      ", which the change log lacks"));
                }
                if (revision >= first) --counts[revision - first];
                if (key != last_key) {
                  last_key = std::string(key);
                  if (data->put) state.live.emplace(last_key, Live{data->created, revision});
                }
                return absl::OkStatus();
              });
}

absl::Status Put(rocksdb::DB& db, rocksdb::WriteBatch& batch, bool force,
                 const std::string& target) {
  if (!force && batch.GetDataSize() < kCopyBatchBytes) return absl::OkStatus();
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  const rocksdb::Status status = db.Write(options, &batch);
  batch.Clear();
  return status.ok() ? absl::OkStatus() : DiskStatus(status, "writing", target);
}

absl::Status CopyRecords(rocksdb::DB& db, const rocksdb::Snapshot* snapshot, Revision upto,
                         const std::string& from_folder, rocksdb::DB& to,
                         const std::string& target) {
  rocksdb::WriteBatch batch;
  auto oldest = ReadOldest(db, snapshot, from_folder);
  if (!oldest.ok()) return oldest.status();
  batch.Put(std::string(kOldestKey), EncodeOldest(*oldest));
  const auto copy = [&](std::string_view raw, std::string_view value) {
    batch.Put({raw.data(), raw.size()}, {value.data(), value.size()});
    return Put(to, batch, false, target);
  };
  absl::Status status = Scan(db, snapshot, Space(kDataSpace), from_folder,
                             [&](std::string_view raw, std::string_view value) {
                               std::string_view key;
                               Revision revision = 0;
                               auto data = DecodeData(raw, value);
                               if (!data.ok()) return Corrupt(from_folder, data.status());
                               ParseDataKey(raw, &key, &revision);
                               return revision <= upto ? copy(raw, value) : absl::OkStatus();
                             });
  if (!status.ok()) return status;
  status = Scan(db, snapshot, LogKey(std::max<Revision>(*oldest, 1)), from_folder,
                [&](std::string_view raw, std::string_view value) {
                  Revision revision = 0;
                  auto entry = DecodeLog(raw, value);
                  if (!entry.ok()) return Corrupt(from_folder, entry.status());
                  ParseLogKey(raw, &revision);
                  return revision <= upto ? copy(raw, value) : absl::OkStatus();
                });
  if (!status.ok()) return status;
  status = Put(to, batch, true, target);
  if (!status.ok()) return status;
  const rocksdb::Status flushed = to.Flush(rocksdb::FlushOptions());
  return flushed.ok() ? absl::OkStatus() : DiskStatus(flushed, "writing", target);
}

absl::StatusOr<std::unique_ptr<rocksdb::DB>> MakeDatabase(const StoreFolder& folder,
                                                          rocksdb::Env* env) {
  rocksdb::Options options = DiskOptions(env);
  options.create_if_missing = true;
  options.error_if_exists = true;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options, folder.rocksdb_path(), &db);
  if (!status.ok()) return DiskStatus(status, "making a store", folder.path());
  return std::unique_ptr<rocksdb::DB>(db);
}

}  // namespace

rocksdb::Options DiskOptions(rocksdb::Env* env) {
  rocksdb::Options options;
  if (env != nullptr) options.env = env;
  options.paranoid_checks = true;
  // A torn last record is a crash before the acknowledgement; anything else that does not match is
  // an error.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  options.max_total_wal_size = uint64_t{64} << 20;
  options.keep_log_file_num = 4;
  options.max_log_file_size = size_t{4} << 20;
  options.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
  options.max_open_files = 512;
  // We decide when to resume after an error.
  options.max_bgerror_resume_count = 0;
  return options;
}

absl::Status DiskStatus(const rocksdb::Status& status, const std::string& doing,
                        const std::string& folder) {
  const std::string why = status.ToString();
  if (status.IsCorruption()) return Corrupt(folder, why);
  if (status.IsNoSpace()) {
    return absl::ResourceExhaustedError(
        absl::StrCat(doing, ": the disk of ", folder, " is full: free some space (", why, ")"));
  }
  return absl::UnavailableError(absl::StrCat(doing, ": ", folder, ": ", why));
}

absl::Status CreateStore(StoreFolder& folder, rocksdb::Env* env) {
  auto db = MakeDatabase(folder, env);
  if (!db.ok()) return db.status();
  rocksdb::WriteOptions sync;
  sync.sync = true;
  const rocksdb::Status status = (*db)->Put(sync, std::string(kOldestKey), EncodeOldest(0));
  if (!status.ok()) return DiskStatus(status, "making a store", folder.path());
  return folder.Create(0);
}

absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenDatabase(const StoreFolder& folder, OpenMode mode,
                                                          const rocksdb::Options& options) {
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status =
      mode == OpenMode::kReadOnly
          ? rocksdb::DB::OpenForReadOnly(options, folder.rocksdb_path(), &db)
          : rocksdb::DB::Open(options, folder.rocksdb_path(), &db);
  if (status.ok()) return std::unique_ptr<rocksdb::DB>(db);
  // The header says that a database is there: what is missing has been lost.
  const bool missing = status.IsInvalidArgument() || status.IsNotFound() ||
                       status.IsPathNotFound() ||
                       status.ToString().find("No such file") != std::string::npos;
  return missing ? Corrupt(folder.path(), status.ToString())
                 : DiskStatus(status, "opening the store", folder.path());
}

absl::Status RollBack(rocksdb::DB& db, Revision from, const std::string& folder) {
  rocksdb::WriteBatch batch;
  absl::Status status =
      Scan(db, nullptr, LogKey(from), folder, [&](std::string_view raw, std::string_view) {
        batch.Delete({raw.data(), raw.size()});
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  status =
      Scan(db, nullptr, Space(kDataSpace), folder, [&](std::string_view raw, std::string_view) {
        std::string_view key;
        Revision revision = 0;
        if (ParseDataKey(raw, &key, &revision) && revision >= from) {
          batch.Delete({raw.data(), raw.size()});
        }
        return absl::OkStatus();
      });
  if (!status.ok()) return status;
  rocksdb::WriteOptions sync;
  sync.sync = true;
  const rocksdb::Status written = db.Write(sync, &batch);
  return written.ok() ? absl::OkStatus() : DiskStatus(written, "removing refused commits", folder);
}

absl::StatusOr<DiskState> Verify(rocksdb::DB& db, Revision durable, const std::string& folder) {
  DiskState state;
  auto oldest = ReadOldest(db, nullptr, folder);
  if (!oldest.ok()) return oldest.status();
  state.oldest = *oldest;
  std::vector<uint32_t> counts;
  if (absl::Status s = VerifyLog(db, folder, state, counts); !s.ok()) return s;
  if (state.current < durable) {
    return Corrupt(folder, absl::StrCat("its newest revision is ", state.current, ", but revision ",
                                        durable, " was acknowledged"));
  }
  if (absl::Status s = VerifyData(db, folder, state, counts); !s.ok()) return s;
  const Revision first = std::max<Revision>(state.oldest, 1);
  for (size_t i = 0; i < counts.size(); ++i) {
    const Revision revision = first + static_cast<Revision>(i);
    // Compaction forgets deletions of the oldest revision.
    if (counts[i] == 0 || revision == state.oldest) continue;
    return Corrupt(folder, absl::StrCat("records of revision ", revision, " are missing"));
  }
  return state;
}

absl::Status CopyStore(rocksdb::DB& db, const rocksdb::Snapshot* snapshot, Revision upto,
                       const std::string& from_folder, const std::string& target) {
  auto folder = StoreFolder::Open(target, /*make=*/true, StoreFolder::Lock::kExclusive);
  if (!folder.ok()) return folder.status();
  if ((*folder)->content() != StoreFolder::Content::kEmpty) {
    return absl::FailedPreconditionError(
        absl::StrCat("the folder ", target, " already holds a store: choose an empty one"));
  }
  auto to = MakeDatabase(**folder, nullptr);
  if (!to.ok()) return to.status();
  absl::Status status = CopyRecords(db, snapshot, upto, from_folder, **to, target);
  to->reset();
  if (status.ok()) status = (*folder)->Create(upto);
  if (!status.ok()) {
    // A half copy would only take the space that was missing; we made this folder's content.
    std::error_code ignored;
    std::filesystem::remove_all((*folder)->rocksdb_path(), ignored);
  }
  return status;
}

}  // namespace waymark
