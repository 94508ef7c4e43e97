// Folders, backups, full and failing disks.
#include "controller/store/rocksdb_store.h"

#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <future>
#include <thread>

#include "controller/base/metrics.h"
#include "controller/store/disk.h"
#include "controller/store/faulty_file_system.h"
#include "controller/store/record.h"
#include "controller/store/store_folder.h"
#include "controller/store/store_testing.h"

namespace waymark {
namespace {

namespace fs = std::filesystem;
using Code = absl::StatusCode;

std::unique_ptr<Store> Make(const std::string& folder) {
  auto store = RocksDbStore::Open(TestOptions(folder, true));
  EXPECT_TRUE(store.ok()) << store.status();
  return store.ok() ? *std::move(store) : nullptr;
}

// Opening fails with `code`, names the folder and says `advice`.
void ExpectRefused(const std::string& folder, bool create, Code code, const std::string& advice) {
  auto store = RocksDbStore::Open(TestOptions(folder, create));
  EXPECT_EQ(store.status().code(), code) << store.status();
  EXPECT_NE(store.status().message().find(folder), std::string::npos) << store.status();
  EXPECT_NE(store.status().message().find(advice), std::string::npos) << store.status();
}

void Touch(const std::string& file, const std::string& text = "x") {
  std::ofstream(file, std::ios::binary) << text;
}

TEST(RocksDbStoreTest, NeverStartsEmptyByItself) {
  TestFolder dir;
  ExpectRefused(dir / "absent", false, Code::kNotFound, "--init");
  EXPECT_FALSE(fs::exists(dir / "absent"));
  fs::create_directory(dir / "empty");
  ExpectRefused(dir / "empty", false, Code::kNotFound, "--init");
  EXPECT_TRUE(fs::is_empty(dir / "empty"));
  fs::create_directory(dir / "files");
  Touch(dir / "files/notes.txt");
  ExpectRefused(dir / "files", false, Code::kFailedPrecondition, "restore a backup");
  ExpectRefused(dir / "files", true, Code::kFailedPrecondition, "restore a backup");
  Touch(dir / "file");
  EXPECT_FALSE(RocksDbStore::Open(TestOptions(dir / "file", true)).ok());
}

TEST(RocksDbStoreTest, CreateOpensWhatIsThere) {
  TestFolder dir;
  fs::create_directories(dir / "store/lost+found");
  ASSERT_TRUE(Make(dir / "store")->CommitAndWait({{"a", "1", {}}}).ok());
  EXPECT_EQ(Make(dir / "store")->Get("a")->value, "1");
  auto plain = RocksDbStore::Open(TestOptions(dir / "store", false));
  ASSERT_TRUE(plain.ok()) << plain.status();
  EXPECT_EQ((*plain)->current(), 1);
}

TEST(RocksDbStoreTest, KeepsEverythingOverRestarts) {
  TestFolder dir;
  const std::string folder = dir / "store";
  for (int run = 0; run < 4; ++run) {
    auto store = Make(folder);
    EXPECT_EQ(store->current(), run * 3);
    ASSERT_TRUE(store->CommitAndWait({{"a", std::to_string(run), {}}, {"b", "x", {}}}).ok());
    ASSERT_TRUE(store->CommitAndWait({{"b", {}, {}}}).ok());
    ASSERT_TRUE(store->CommitAndWait({{"n:" + std::to_string(run), "", 0}}).ok());
    if (run == 2) {
      ASSERT_TRUE(store->Compact(8).ok());
    }
  }
  auto store = Make(folder);
  EXPECT_EQ(store->oldest(), 8);
  EXPECT_EQ(store->Get("a")->created, 1);
  EXPECT_EQ(store->Get("a", 9)->value, "2");
  EXPECT_EQ(store->Get("b").status().code(), Code::kNotFound);
  EXPECT_EQ(store->CommitAndWait({{"a", "z", 9}}).status().code(), Code::kAborted);
  EXPECT_EQ(store->CommitAndWait({{"a", "z", 10}}).value(), 13);
  Collector collector;
  auto watch = store->Watch(8, collector.Callback());
  ASSERT_TRUE(watch.ok());
  EXPECT_EQ(collector.Wait(5).back().changes[0].value, "z");
}

TEST(RocksDbStoreTest, OneProcessAtATime) {
  TestFolder dir;
  auto store = Make(dir / "store");
  ExpectRefused(dir / "store", true, Code::kUnavailable, "another process");
  EXPECT_EQ(RestoreStore(dir / "store", dir / "copy").status().code(), Code::kUnavailable);
  store.reset();
  EXPECT_NE(Make(dir / "store"), nullptr);
}

TEST(RocksDbStoreTest, UnwritableFolder) {
  auto store = RocksDbStore::Open(TestOptions("/proc/waymark-store", true));
  EXPECT_FALSE(store.ok());
  EXPECT_NE(store.status().message().find("/proc/waymark-store"), std::string::npos);
  store = RocksDbStore::Open(TestOptions("/proc/sys", true));
  EXPECT_EQ(store.status().code(), Code::kFailedPrecondition) << store.status();
  if (geteuid() == 0) return;
  TestFolder dir;
  fs::create_directory(dir / "fixed");
  ASSERT_EQ(chmod((dir / "fixed").c_str(), 0555), 0);
  EXPECT_EQ(RocksDbStore::Open(TestOptions(dir / "fixed", true)).status().code(),
            Code::kPermissionDenied);
}

TEST(RocksDbStoreTest, ANewerFormatIsRefused) {
  TestFolder dir;
  Make(dir / "store");
  // The header is 8 bytes of magic, the format, two revisions, and their CRC.
  std::fstream header(dir / "store/waymark-store", std::ios::in | std::ios::out | std::ios::binary);
  std::string bytes(32, '\0');
  header.read(bytes.data(), 32);
  bytes[8] = static_cast<char>(kStoreFormat + 1);
  const uint32_t crc = Crc(std::string_view(bytes).substr(0, 28));
  for (int i = 0; i < 4; ++i) bytes[28 + i] = static_cast<char>(crc >> (8 * i));
  header.seekp(0);
  header.write(bytes.data(), 32);
  header.close();
  ExpectRefused(dir / "store", true, Code::kFailedPrecondition, "format 2");
}

TEST(RocksDbStoreTest, BackupWhileInUseAndRestore) {
  TestFolder dir;
  auto store = Make(dir / "store");
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(store->CommitAndWait({{"k" + std::to_string(i % 10), std::to_string(i), {}}}).ok());
  }
  ASSERT_TRUE(store->Compact(50).ok());
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    while (!stop) ASSERT_TRUE(store->CommitAndWait({{"live", "x", {}}}).ok());
  });
  auto revision = store->Backup(dir / "backup");
  stop = true;
  writer.join();
  ASSERT_TRUE(revision.ok()) << revision.status();
  EXPECT_GE(*revision, 100);
  // A second one does not touch the first.
  EXPECT_EQ(store->Backup(dir / "backup").status().code(), Code::kFailedPrecondition);
  EXPECT_EQ(RestoreStore(dir / "backup", dir / "store").status().code(), Code::kUnavailable);
  auto restored = RestoreStore(dir / "backup", dir / "restored");
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(*restored, *revision);
  EXPECT_EQ(RestoreStore(dir / "backup", dir / "restored").status().code(),
            Code::kFailedPrecondition);
  for (const char* name : {"restored", "backup"}) {
    auto copy = RocksDbStore::Open(TestOptions(dir / name, false));
    ASSERT_TRUE(copy.ok()) << copy.status();
    EXPECT_EQ((*copy)->current(), *revision);
    EXPECT_EQ((*copy)->oldest(), 50);
    EXPECT_EQ((*copy)->Get("k3", 60)->value, "53");
    EXPECT_EQ((*copy)->TimeOf(70).value(), store->TimeOf(70).value());
    EXPECT_EQ((*copy)->CommitAndWait({{"after", "x", {}}}).value(), *revision + 1);
  }
}

TEST(RocksDbStoreTest, RestoreRefusesWhatIsNoBackup) {
  TestFolder dir;
  fs::create_directory(dir / "empty");
  EXPECT_EQ(RestoreStore(dir / "absent", dir / "to").status().code(), Code::kNotFound);
  EXPECT_EQ(RestoreStore(dir / "empty", dir / "to").status().code(), Code::kNotFound);
  EXPECT_FALSE(fs::exists(dir / "to"));
}

TEST(RocksDbStoreTest, ALowDiskRefusesAndRecovers) {
  TestFolder dir;
  RocksDbStore::Options options = TestOptions(dir / "store", true);
  options.min_free_bytes = uint64_t{1} << 62;
  auto store = RocksDbStore::Open(options);
  ASSERT_TRUE(store.ok()) << store.status();
  const auto refused = (*store)->CommitAndWait({{"a", "1", {}}});
  EXPECT_EQ(refused.status().code(), Code::kResourceExhausted);
  EXPECT_NE(refused.status().message().find(dir / "store"), std::string::npos);
  EXPECT_EQ((*store)->current(), 0);
  store->reset();
  EXPECT_TRUE(Make(dir / "store")->CommitAndWait({{"a", "1", {}}}).ok());
}

class FaultTest : public testing::TestWithParam<Fault> {};

TEST_P(FaultTest, AFailedWriteIsNeverSeen) {
  TestFolder dir;
  FaultyFileSystem disk(FaultyFiles::kLog);
  auto env = rocksdb::NewCompositeEnv(
      std::shared_ptr<rocksdb::FileSystem>(&disk, [](rocksdb::FileSystem*) {}));
  RocksDbStore::Options options = TestOptions(dir / "store", true);
  options.env = env.get();
  auto store = RocksDbStore::Open(options);
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE((*store)->CommitAndWait({{"a", "1", {}}}).ok());
  disk.Set(GetParam());
  const auto failed = (*store)->CommitAndWait({{"a", "2", {}}, {"b", "2", {}}});
  EXPECT_EQ(failed.status().code(),
            GetParam() == Fault::kAppend ? Code::kResourceExhausted : Code::kUnavailable)
      << failed.status();
  EXPECT_NE(failed.status().message().find(dir / "store"), std::string::npos) << failed.status();
  disk.Set(Fault::kNone);
  // The disk is well again, but nobody knows what is on it.
  EXPECT_EQ((*store)->CommitAndWait({{"c", "3", {}}}).status().code(), Code::kUnavailable);
  EXPECT_EQ((*store)->current(), 1);
  EXPECT_EQ(Contents(**store), (std::map<std::string, std::string>{{"a", "1"}}));
  store->reset();
  auto again = Make(dir / "store");
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->current(), 1);
  EXPECT_EQ(Contents(*again), (std::map<std::string, std::string>{{"a", "1"}}));
  EXPECT_EQ(again->CommitAndWait({{"a", "4", 1}}).value(), 2);
  again.reset();
  EXPECT_EQ(Contents(*Make(dir / "store")), (std::map<std::string, std::string>{{"a", "4"}}));
}

INSTANTIATE_TEST_SUITE_P(Faults, FaultTest, testing::Values(Fault::kAppend, Fault::kSync));

TEST(RocksDbStoreTest, AFailedFlushLosesNothing) {
  TestFolder dir;
  FaultyFileSystem disk(FaultyFiles::kTable);
  auto env = rocksdb::NewCompositeEnv(
      std::shared_ptr<rocksdb::FileSystem>(&disk, [](rocksdb::FileSystem*) {}));
  RocksDbStore::Options options = TestOptions(dir / "store", true);
  options.env = env.get();
  auto store = RocksDbStore::Open(options);
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE((*store)->CommitAndWait({{"a", "1", {}}}).ok());
  disk.Set(Fault::kAppend);
  // Compaction flushes.
  EXPECT_FALSE((*store)->Compact(1).ok());
  EXPECT_EQ((*store)->Get("a")->value, "1");
  disk.Set(Fault::kNone);
  // Nothing that was acknowledged is in doubt: commits go on once RocksDB has resumed.
  EXPECT_TRUE((*store)->CommitAndWait({{"a", "2", {}}}).ok());
  store->reset();
  EXPECT_EQ(Make(dir / "store")->Get("a")->value, "2");
}

TEST(RocksDbStoreTest, TheQueueIsBoundedAndClosingAnswersAll) {
  TestFolder dir;
  Metrics metrics;
  RocksDbStore::Options options = TestOptions(dir / "store", true);
  options.queued_commits = 4;
  options.metrics = &metrics;
  auto store = RocksDbStore::Open(options);
  ASSERT_TRUE(store.ok()) << store.status();
  std::promise<void> blocked;
  std::promise<void> release;
  (*store)->Commit({{"a", "1", {}}}, [&](absl::StatusOr<Revision>) {
    blocked.set_value();
    release.get_future().wait();
  });
  blocked.get_future().wait();
  std::mutex mutex;
  std::map<Code, int> answers;
  for (int i = 0; i < 12; ++i) {
    (*store)->Commit({{"b", "1", {}}}, [&](absl::StatusOr<Revision> r) {
      std::lock_guard<std::mutex> lock(mutex);
      ++answers[r.status().code()];
    });
  }
  {
    std::lock_guard<std::mutex> lock(mutex);
    EXPECT_EQ(answers[Code::kResourceExhausted], 4);  // Beyond twice the cap.
  }
  release.set_value();
  store->reset();
  EXPECT_EQ(answers[Code::kResourceExhausted], 8);
  EXPECT_EQ(answers[Code::kOk] + answers[Code::kCancelled], 4);
  EXPECT_NE(metrics.Text().find("waymark_store_commits_total{result=\"ok\"}"), std::string::npos)
      << metrics.Text();
}

TEST(RocksDbStoreTest, SubscriptionsMayOutliveTheStore) {
  TestFolder dir;
  auto store = Make(dir / "store");
  Collector collector;
  auto watch = store->Watch(0, collector.Callback());
  ASSERT_TRUE(store->CommitAndWait({{"a", "1", {}}}).ok());
  collector.Wait(1);
  store.reset();
  watch->reset();
}

}  // namespace
}  // namespace waymark
