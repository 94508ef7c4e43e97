#include "controller/store/reader.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "controller/store/disk.h"
#include "controller/store/mutations.h"
#include "controller/store/record.h"

namespace waymark {
namespace {

// Versions of one key that are stepped over before a seek is cheaper.
constexpr int kSteps = 8;

// Moves from any version of `key` to the first version of another key.
void SkipKey(rocksdb::Iterator& it, const std::string& key) {
  std::string_view at;
  Revision revision = 0;
  for (int i = 0; i < kSteps; ++i) {
    it.Next();
    if (!it.Valid() || !ParseDataKey(View(it.key()), &at, &revision) || at != key) return;
  }
  it.Seek(AfterData(key));
}

}  // namespace

absl::Status Reader::ReadError(const rocksdb::Status& status, const std::string& what) const {
  return DiskStatus(status, absl::StrCat("reading ", what), folder_);
}

absl::StatusOr<Record> Reader::Get(const std::string& key, Revision as_of,
                                   const History& history) const {
  if (as_of == 0) as_of = history.current();
  if (absl::Status s = CheckReadable(as_of, 0, history.current()); !s.ok()) return s;
  const std::string end = AfterData(key);
  const rocksdb::Slice bound(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &bound;
  std::unique_ptr<rocksdb::Iterator> it(db_.NewIterator(options));
  // Only now: a compaction that began before the iterator was made has announced itself.
  if (absl::Status s = CheckReadable(as_of, history.oldest(), as_of); !s.ok()) return s;
  it->Seek(DataKey(key, as_of));
  if (!it->status().ok()) return ReadError(it->status(), key);
  std::string_view found;
  Revision modified = 0;
  if (!it->Valid() || !ParseDataKey(View(it->key()), &found, &modified) || found != key) {
    return KeyNotFound(key, as_of);
  }
  auto data = DecodeData(View(it->key()), View(it->value()));
  if (!data.ok()) return data.status();
  if (!data->put) return KeyNotFound(key, as_of);
  return Record{key, std::string(data->value), data->created, modified};
}

absl::StatusOr<std::vector<Record>> Reader::List(const std::string& prefix, Revision as_of,
                                                 const std::string& after, size_t limit,
                                                 const History& history) const {
  if (as_of == 0) as_of = history.current();
  if (absl::Status s = CheckReadable(as_of, 0, history.current()); !s.ok()) return s;
  const std::string start = std::string(1, kDataSpace) + prefix;
  const std::string end = PrefixEnd(start);
  const rocksdb::Slice bound(end);
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &bound;
  std::unique_ptr<rocksdb::Iterator> it(db_.NewIterator(options));
  if (absl::Status s = CheckReadable(as_of, history.oldest(), as_of); !s.ok()) return s;
  it->Seek(after < prefix ? start : AfterData(after));
  std::vector<Record> records;
  std::string key = after;
  while (it->Valid() && (limit == 0 || records.size() < limit)) {
    std::string_view found;
    Revision modified = 0;
    if (!ParseDataKey(View(it->key()), &found, &modified)) {
      return absl::DataLossError(absl::StrCat("after ", key, ": a key is malformed"));
    }
    if (modified > as_of) {
      it->Seek(DataKey(std::string(found), as_of));
      continue;
    }
    key = std::string(found);
    auto data = DecodeData(View(it->key()), View(it->value()));
    if (!data.ok()) return data.status();
    if (data->put) records.push_back({key, std::string(data->value), data->created, modified});
    SkipKey(*it, key);
  }
  if (!it->status().ok()) return ReadError(it->status(), absl::StrCat("after ", key));
  return records;
}

absl::StatusOr<std::string> Reader::Read(const std::string& raw, const std::string& what) const {
  std::string value;
  const rocksdb::Status status = db_.Get(rocksdb::ReadOptions(), raw, &value);
  if (status.IsNotFound()) {
    return absl::DataLossError(
        absl::StrCat(what, " is missing from the store in ", folder_, ": restore a backup"));
  }
  if (!status.ok()) return ReadError(status, what);
  return value;
}

absl::StatusOr<absl::Time> Reader::TimeOf(Revision revision, const History& history) const {
  if (revision <= 0) return absl::OutOfRangeError("revisions start at 1");
  const auto readable = [&] {
    return CheckReadable(revision, history.oldest(), history.current());
  };
  if (absl::Status s = readable(); !s.ok()) return s;
  const std::string raw = LogKey(revision);
  auto bytes = Read(raw, absl::StrCat("the log of revision ", revision));
  if (!bytes.ok()) {
    // A compaction may just have taken it.
    const absl::Status s = readable();
    return s.ok() ? bytes.status() : s;
  }
  auto entry = DecodeLog(raw, *bytes);
  if (!entry.ok()) return entry.status();
  return entry->time;
}

absl::StatusOr<Revision> Reader::RevisionAt(absl::Time time, const History& history) const {
  // The newest revision in [low, high] at or before `time`, if there is one.
  Revision low = std::max<Revision>(history.oldest(), 1);
  Revision high = history.current();
  Revision found = 0;
  while (low <= high) {
    const Revision middle = low + (high - low) / 2;
    auto at = TimeOf(middle, history);
    if (!at.ok()) return at.status();
    if (*at <= time) {
      found = middle;
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  if (found != 0) return found;
  return absl::OutOfRangeError(
      absl::StrCat("no revision is kept from ", absl::FormatTime(time), " or before"));
}

absl::StatusOr<ChangeSet> Reader::ReadLog(Revision revision) const {
  const std::string raw = LogKey(revision);
  auto bytes = Read(raw, absl::StrCat("the log of revision ", revision));
  if (!bytes.ok()) return bytes.status();
  auto entry = DecodeLog(raw, *bytes);
  if (!entry.ok()) return entry.status();
  ChangeSet set{revision, entry->time, {}};
  set.changes.reserve(entry->items.size());
  for (LogEntry::Item& item : entry->items) {
    Change change{std::move(item.key), std::nullopt, item.created};
    if (item.put) {
      const std::string raw_data = DataKey(change.key, revision);
      auto value = Read(raw_data, change.key);
      if (!value.ok()) return value.status();
      auto data = DecodeData(raw_data, *value);
      if (!data.ok()) return data.status();
      change.value = std::string(data->value);
    }
    set.changes.push_back(std::move(change));
  }
  return set;
}

}  // namespace waymark
