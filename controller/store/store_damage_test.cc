// A damaged store is refused, or shows exactly what was committed: never anything else.
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "controller/store/disk.h"
#include "controller/store/record.h"
#include "controller/store/rocksdb_store.h"
#include "controller/store/store_testing.h"

namespace waymark {
namespace {

namespace fs = std::filesystem;
using Code = absl::StatusCode;

std::string ReadAll(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

void WriteAll(const std::string& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary | std::ios::trunc) << bytes;
}

enum class Where { kLog, kTable };

class DamageTest : public testing::TestWithParam<Where> {
 protected:
  void SetUp() override {
    auto store = RocksDbStore::Open(TestOptions(dir_ / "good", true));
    ASSERT_TRUE(store.ok()) << store.status();
    for (int i = 0; i < 40; ++i) {
      const std::string value = "value" + std::to_string(i) + std::string(50, 'v');
      ASSERT_TRUE((*store)->CommitAndWait({{"k" + std::to_string(i % 7), value, {}}}).ok());
    }
    // Moves everything from the log to a table.
    if (GetParam() == Where::kTable) {
      ASSERT_TRUE((*store)->Compact(1).ok());
    }
    contents_ = Contents(**store);
  }

  std::string Fresh() {
    const std::string folder = dir_ / "damaged";
    fs::remove_all(folder);
    fs::copy(dir_ / "good", folder, fs::copy_options::recursive);
    return folder;
  }

  std::vector<std::string> Files(const std::string& folder, const std::string& suffix) {
    std::vector<std::string> files;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      const std::string path = entry.path().string();
      if (entry.is_regular_file() && path.ends_with(suffix)) files.push_back(path);
    }
    return files;
  }

  // True if it was refused.
  bool Check(const std::string& folder, const std::string& what) {
    auto store = RocksDbStore::Open(TestOptions(folder, false));
    if (store.ok()) {
      EXPECT_EQ((*store)->current(), 40) << what;
      EXPECT_EQ(Contents(**store), contents_) << what;
      return false;
    }
    EXPECT_NE(store.status().message().find(folder), std::string::npos) << store.status();
    return true;
  }

  // The files whose loss or change must always be noticed.
  std::string Suffix() const { return GetParam() == Where::kLog ? ".log" : ".sst"; }

  TestFolder dir_;
  std::map<std::string, std::string> contents_;
};

TEST_P(DamageTest, FlippedBits) {
  int refused = 0;
  int tried = 0;
  const std::string good = dir_ / "good";
  for (const std::string& file : Files(good, "")) {
    const std::string bytes = ReadAll(file);
    const size_t step = std::max<size_t>(1, bytes.size() / 16);
    for (size_t at = 0; at < bytes.size(); at += step) {
      const std::string folder = Fresh();
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
      const std::string name = file.substr(good.size());
      WriteAll(folder + name, damaged);
      ++tried;
      if (Check(folder, name + " at " + std::to_string(at))) ++refused;
    }
  }
  EXPECT_GT(refused, tried / 4);
}

TEST_P(DamageTest, TruncatedFiles) {
  for (const int parts : {0, 1, 2, 3}) {
    const std::string folder = Fresh();
    // Tables may be several: every one is cut. The newest log may be empty, and cutting it no loss.
    for (const std::string& file : Files(folder, Suffix())) {
      fs::resize_file(file, fs::file_size(file) * parts / 4);
    }
    EXPECT_TRUE(Check(folder, "truncated"));
    EXPECT_EQ(RocksDbStore::Open(TestOptions(folder, true)).status().code(), Code::kDataLoss);
  }
}

TEST_P(DamageTest, MissingFiles) {
  for (const std::string& suffix : {Suffix(), std::string("CURRENT"), std::string("MANIFEST")}) {
    const std::string folder = Fresh();
    for (const auto& entry : fs::directory_iterator(folder + "/rocksdb")) {
      const std::string name = entry.path().filename();
      if (name.ends_with(suffix) || name.starts_with(suffix)) fs::remove(entry.path());
    }
    auto store = RocksDbStore::Open(TestOptions(folder, true));
    EXPECT_EQ(store.status().code(), Code::kDataLoss) << suffix << ": " << store.status();
    EXPECT_TRUE(Check(folder, suffix));
  }
  const std::string folder = Fresh();
  fs::remove_all(folder + "/rocksdb");
  EXPECT_EQ(RocksDbStore::Open(TestOptions(folder, true)).status().code(), Code::kDataLoss);
  fs::remove_all(Fresh() + "/waymark-store");
  EXPECT_EQ(RocksDbStore::Open(TestOptions(folder, true)).status().code(),
            Code::kFailedPrecondition);
}

INSTANTIATE_TEST_SUITE_P(Places, DamageTest, testing::Values(Where::kLog, Where::kTable),
                         [](const testing::TestParamInfo<Where>& info) {
                           return info.param == Where::kLog ? "Log" : "Table";
                         });

// Changes below RocksDB's checksums are noticed by ours.
class ForgeryTest : public testing::Test {
 protected:
  void SetUp() override {
    auto store = RocksDbStore::Open(TestOptions(folder_, true));
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_TRUE((*store)->CommitAndWait({{"a", "right", {}}}).ok());
    ASSERT_TRUE((*store)->CommitAndWait({{"b", "right", {}}}).ok());
    ASSERT_TRUE((*store)->CommitAndWait({{"a", {}, {}}, {"c", "right", {}}}).ok());
  }

  template <typename Change>
  std::string Forge(Change change) {
    rocksdb::DB* db = nullptr;
    EXPECT_TRUE(rocksdb::DB::Open(DiskOptions(nullptr), folder_ + "/rocksdb", &db).ok());
    change(*db);
    delete db;
    auto store = RocksDbStore::Open(TestOptions(folder_, false));
    EXPECT_EQ(store.status().code(), Code::kDataLoss) << store.status();
    auto restored = RestoreStore(folder_, dir_ / "restored");
    EXPECT_EQ(restored.status().code(), Code::kDataLoss) << restored.status();
    return std::string(store.status().message());
  }

  TestFolder dir_;
  const std::string folder_ = dir_ / "store";
};

TEST_F(ForgeryTest, AnotherValue) {
  const std::string message = Forge([](rocksdb::DB& db) {
    std::string value;
    ASSERT_TRUE(db.Get({}, DataKey("b", 2), &value).ok());
    value.back() = 'X';
    ASSERT_TRUE(db.Put({}, DataKey("b", 2), value).ok());
  });
  EXPECT_NE(message.find("record b of revision 2"), std::string::npos) << message;
}

TEST_F(ForgeryTest, AnotherRecordsValue) {
  Forge([](rocksdb::DB& db) {
    std::string value;
    ASSERT_TRUE(db.Get({}, DataKey("b", 2), &value).ok());
    ASSERT_TRUE(db.Put({}, DataKey("c", 3), value).ok());
  });
}

TEST_F(ForgeryTest, AMissingRecord) {
  const std::string message =
      Forge([](rocksdb::DB& db) { ASSERT_TRUE(db.Delete({}, DataKey("b", 2)).ok()); });
  EXPECT_NE(message.find("records of revision 2 are missing"), std::string::npos) << message;
}

TEST_F(ForgeryTest, AMissingDeletion) {
  Forge([](rocksdb::DB& db) { ASSERT_TRUE(db.Delete({}, DataKey("a", 3)).ok()); });
}

TEST_F(ForgeryTest, AMissingLogEntry) {
  const std::string message =
      Forge([](rocksdb::DB& db) { ASSERT_TRUE(db.Delete({}, LogKey(2)).ok()); });
  EXPECT_NE(message.find("lacks revision 2"), std::string::npos) << message;
}

TEST_F(ForgeryTest, TheLastRevisionGone) {
  const std::string message = Forge([](rocksdb::DB& db) {
    ASSERT_TRUE(db.Delete({}, LogKey(3)).ok());
    ASSERT_TRUE(db.Delete({}, DataKey("a", 3)).ok());
    ASSERT_TRUE(db.Delete({}, DataKey("c", 3)).ok());
  });
  EXPECT_NE(message.find("revision 3 was acknowledged"), std::string::npos) << message;
}

TEST_F(ForgeryTest, NoOldestRevision) {
  Forge([](rocksdb::DB& db) { ASSERT_TRUE(db.Delete({}, std::string(kOldestKey)).ok()); });
}

TEST_F(ForgeryTest, ARecordThatNoCommitMade) {
  Forge([](rocksdb::DB& db) {
    const std::string key = DataKey("d", 4);
    ASSERT_TRUE(db.Put({}, key, EncodeData(key, {true, 4, "x"})).ok());
  });
}

TEST(RecordTest, EveryFlippedBitIsNoticed) {
  const std::string key = DataKey("node:nodes/zrh", 7);
  const std::string bytes = EncodeData(key, {true, 3, "some value"});
  ASSERT_EQ(DecodeData(key, bytes)->value, "some value");
  for (size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    std::string damaged = bytes;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    EXPECT_EQ(DecodeData(key, damaged).status().code(), Code::kDataLoss) << bit;
  }
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeData(key, std::string_view(bytes).substr(0, size)).ok()) << size;
  }
  EXPECT_NE(DecodeData(key, "").status().message().find("node:nodes/zrh"), std::string::npos);
}

TEST(RecordTest, KeysSortByKeyThenNewestFirst) {
  EXPECT_LT(DataKey("a", 2), DataKey("a", 1));
  EXPECT_LT(DataKey("a", 1), AfterData("a"));
  EXPECT_LT(AfterData("a"), DataKey("a\x01", 900));
  EXPECT_LT(DataKey("a", 1), DataKey("a!", 900));
  EXPECT_LT(DataKey("a\xff", 1), DataKey("b", 900));
  EXPECT_LT(LogKey(255), LogKey(256));
  std::string_view key;
  Revision revision = 0;
  const std::string raw = DataKey("node:x", 77);
  ASSERT_TRUE(ParseDataKey(raw, &key, &revision));
  EXPECT_EQ(key, "node:x");
  EXPECT_EQ(revision, 77);
  EXPECT_EQ(PrefixEnd("a\xff\xff"), "b");
}

}  // namespace
}  // namespace waymark
