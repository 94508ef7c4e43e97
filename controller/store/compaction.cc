#include "controller/store/compaction.h"

#include <rocksdb/write_batch.h>

#include <memory>
#include <utility>
#include <vector>

#include "controller/store/disk.h"
#include "controller/store/record.h"

namespace waymark {
namespace {

constexpr size_t kBatchBytes = size_t{1} << 20;

class Sweep {
 public:
  Sweep(rocksdb::DB& db, Revision oldest, const std::string& folder)
      : db_(db), oldest_(oldest), folder_(folder) {}

  absl::Status Log() {
    const std::string end = LogKey(oldest_);
    auto it = Iterate(end);
    for (it->Seek(LogKey(1)); it->Valid(); it->Next()) {
      if (absl::Status s = Delete(it->key().ToString()); !s.ok()) return s;
    }
    return Finish(*it);
  }

  absl::Status Data() {
    const std::string end = PrefixEnd(std::string(1, kDataSpace));
    auto it = Iterate(end);
    std::string last_key;
    bool have_shown = false;
    for (it->Seek(std::string(1, kDataSpace)); it->Valid(); it->Next()) {
      std::string_view key;
      Revision revision = 0;
      const std::string_view raw = View(it->key());
      if (!ParseDataKey(raw, &key, &revision)) continue;
      if (key != last_key) {
        if (absl::Status s = DeleteDoomed(); !s.ok()) return s;
        last_key = std::string(key);
        have_shown = false;
      }
      if (revision > oldest_) continue;
      auto data = DecodeData(raw, View(it->value()));
      if (!data.ok()) return data.status();
      // The newest version up to `oldest` is what `oldest` shows, unless it is a deletion.
      if (have_shown || !data->put) doomed_.emplace_back(raw);
      have_shown = true;
    }
    if (absl::Status s = DeleteDoomed(); !s.ok()) return s;
    return Finish(*it);
  }

 private:
  std::unique_ptr<rocksdb::Iterator> Iterate(const std::string& end) {
    bound_ = rocksdb::Slice(end);
    rocksdb::ReadOptions options;
    options.fill_cache = false;
    options.iterate_upper_bound = &bound_;
    return std::unique_ptr<rocksdb::Iterator>(db_.NewIterator(options));
  }

  absl::Status Delete(const std::string& raw) {
    batch_.Delete(raw);
    return batch_.GetDataSize() < kBatchBytes ? absl::OkStatus() : Write();
  }

  // Oldest first: were a deletion gone before the version that it hides, a crash in between would
  // bring that back.
  absl::Status DeleteDoomed() {
    for (auto raw = doomed_.rbegin(); raw != doomed_.rend(); ++raw) {
      if (absl::Status s = Delete(*raw); !s.ok()) return s;
    }
    doomed_.clear();
    return absl::OkStatus();
  }

  absl::Status Write() {
    const rocksdb::Status status = db_.Write(rocksdb::WriteOptions(), &batch_);
    batch_.Clear();
    return status.ok() ? absl::OkStatus() : DiskStatus(status, "compacting", folder_);
  }

  absl::Status Finish(const rocksdb::Iterator& it) {
    if (!it.status().ok()) return DiskStatus(it.status(), "compacting", folder_);
    return Write();
  }

  rocksdb::DB& db_;
  const Revision oldest_;
  const std::string folder_;
  rocksdb::Slice bound_;
  rocksdb::WriteBatch batch_;
  // Versions of one key, newest first.
  std::vector<std::string> doomed_;
};

}  // namespace

absl::Status CompactDatabase(rocksdb::DB& db, Revision oldest, const std::string& folder) {
  rocksdb::WriteOptions sync;
  sync.sync = true;
  const rocksdb::Status status = db.Put(sync, std::string(kOldestKey), EncodeOldest(oldest));
  if (!status.ok()) return DiskStatus(status, "compacting", folder);
  Sweep sweep(db, oldest, folder);
  if (absl::Status s = sweep.Log(); !s.ok()) return s;
  if (absl::Status s = sweep.Data(); !s.ok()) return s;
  const rocksdb::Status compacted =
      db.CompactRange(rocksdb::CompactRangeOptions(), nullptr, nullptr);
  return compacted.ok() ? absl::OkStatus() : DiskStatus(compacted, "compacting", folder);
}

}  // namespace waymark
