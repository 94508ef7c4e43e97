// What the tests of this folder share.
#ifndef WAYMARK_CONTROLLER_STORE_STORE_TESTING_H_
#define WAYMARK_CONTROLLER_STORE_STORE_TESTING_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <condition_variable>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "controller/base/clock.h"
#include "controller/store/rocksdb_store.h"
#include "controller/store/store.h"

namespace waymark {

// Wall-clock time stands still until set.
class TestClock final : public Clock {
 public:
  absl::Time Now() const override {
    std::lock_guard<std::mutex> lock(mutex_);
    return now_;
  }
  absl::Duration Monotonic() const override { return RealClock().Monotonic(); }
  void Set(absl::Time now) {
    std::lock_guard<std::mutex> lock(mutex_);
    now_ = now;
  }

 private:
  mutable std::mutex mutex_;
  absl::Time now_ = absl::FromUnixSeconds(1'700'000'000);
};

// A folder of its own, removed at the end.
class TestFolder {
 public:
  TestFolder() {
    std::string path = testing::TempDir() + "/storeXXXXXX";
    EXPECT_NE(mkdtemp(path.data()), nullptr);
    path_ = path;
  }
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// Collects what a watcher gets.
class Collector {
 public:
  Store::OnChange Callback() {
    return [this](const ChangeSet& set) {
      std::lock_guard<std::mutex> lock(mutex_);
      sets_.push_back(set);
      arrived_.notify_all();
    };
  }
  // Waits until `count` have come.
  std::vector<ChangeSet> Wait(size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    EXPECT_TRUE(
        arrived_.wait_for(lock, std::chrono::seconds(60), [&] { return sets_.size() >= count; }))
        << "only " << sets_.size() << " of " << count << " changes came";
    return sets_;
  }
  size_t size() {
    std::lock_guard<std::mutex> lock(mutex_);
    return sets_.size();
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<ChangeSet> sets_;
};

inline RocksDbStore::Options TestOptions(const std::string& folder, bool create) {
  RocksDbStore::Options options;
  options.folder = folder;
  options.create = create;
  options.min_free_bytes = 0;
  return options;
}

// Everything that can be read now.
inline std::map<std::string, std::string> Contents(const Store& store) {
  std::map<std::string, std::string> contents;
  auto records = store.List("");
  EXPECT_TRUE(records.ok()) << records.status();
  if (!records.ok()) return contents;
  for (Record& r : *records) contents.emplace(std::move(r.key), std::move(r.value));
  return contents;
}

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_STORE_STORE_TESTING_H_
