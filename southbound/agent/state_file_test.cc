#include "southbound/agent/state_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "southbound/agent/test_objects.h"

namespace waymark {
namespace {

using southbound::v1::Operation;

std::string FreshDirectory(const std::string& name) {
  const std::string path = testing::TempDir() + "/" + name;
  std::filesystem::remove_all(path);
  return path;
}

std::string ReadAll(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

void WriteAll(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

std::vector<Operation> Puts(int first, int count) {
  std::vector<Operation> operations;
  for (int i = first; i < first + count; ++i) {
    *operations.emplace_back().mutable_put() = TestRoute(i, {"a"});
  }
  return operations;
}

std::unique_ptr<StateFile> OpenOrDie(const std::string& dir,
                                     StateFile::Io io = StateFile::Io::Real()) {
  auto file = StateFile::Open(dir, std::move(io));
  EXPECT_TRUE(file.ok()) << file.status();
  return file.ok() ? std::move(*file) : nullptr;
}

// Hundreds of restarts need no disk.
StateFile::Io WithoutSync() {
  StateFile::Io io = StateFile::Io::Real();
  io.sync = [](int) { return 0; };
  return io;
}

TEST(StateFile, RemembersWhatWasCommitted) {
  const std::string dir = FreshDirectory("remembers");
  uint64_t digest;
  {
    auto file = OpenOrDie(dir);
    auto image = file->Load();
    ASSERT_TRUE(image.ok()) << image.status();
    EXPECT_EQ(image->mark, StateMark());
    ASSERT_TRUE(file->Commit({3, 17, true}, Puts(2, 3)).ok());
    Operation remove;
    remove.set_delete_("route:3");
    ASSERT_TRUE(file->Commit({4, 18, true}, std::vector<Operation>{remove}).ok());
    ObjectTable table;
    table.Put(TestRoute(2, {"a"}));
    table.Put(TestRoute(4, {"a"}));
    digest = table.digest();
  }
  auto image = OpenOrDie(dir)->Load();
  ASSERT_TRUE(image.ok());
  EXPECT_EQ(image->mark, (StateMark{4, 18, true}));
  EXPECT_EQ(image->table.digest(), digest);
}

TEST(StateFile, TornAtEveryByteKeepsEveryWholeRecord) {
  const std::string dir = FreshDirectory("torn");
  const std::string path = dir + "/objects.log";
  std::vector<size_t> ends;
  std::vector<uint64_t> digests;
  {
    auto file = OpenOrDie(dir, WithoutSync());
    ASSERT_TRUE(file->Load().ok());
    ObjectTable table;
    ends.push_back(file->size_bytes());
    digests.push_back(table.digest());
    for (int i = 0; i < 3; ++i) {
      ASSERT_TRUE(file->Commit({1, i + 1, true}, Puts(i + 2, 1)).ok());
      table.Put(TestRoute(i + 2, {"a"}));
      ends.push_back(file->size_bytes());
      digests.push_back(table.digest());
    }
  }
  const std::string whole = ReadAll(path);
  for (size_t cut = ends[0]; cut <= whole.size(); ++cut) {
    for (const bool zeros : {false, true}) {
      WriteAll(path, whole.substr(0, cut) + std::string(zeros ? 4096 : 0, '\0'));
      size_t records = 0;
      while (records + 1 < ends.size() && ends[records + 1] <= cut) ++records;
      // A record cut inside and then zeroed cannot be told from a damaged one: both are safe, none
      // invents objects.
      const bool clean = !zeros || cut == ends[records];
      {
        auto file = OpenOrDie(dir, WithoutSync());
        auto image = file->Load();
        ASSERT_TRUE(image.ok()) << image.status();
        if (clean) {
          EXPECT_EQ(image->table.digest(), digests[records]) << "cut at " << cut;
          EXPECT_EQ(image->mark.complete, records > 0);
          EXPECT_EQ(image->mark.last_revision, static_cast<int64_t>(records));
        } else if (image->table.digest() != digests[records]) {
          EXPECT_EQ(image->table.size(), records < 3 && image->mark.complete ? records : 0u);
        }
        ASSERT_TRUE(file->Commit({9, 9, true}, Puts(100, 1)).ok());
      }
      auto again = OpenOrDie(dir, WithoutSync())->Load();
      ASSERT_TRUE(again.ok());
      EXPECT_NE(again->table.Find("route:100"), nullptr) << "cut at " << cut;
    }
  }
}

TEST(StateFile, DamageAnywhereMeansEmptyAndIncompleteButFenced) {
  const std::string dir = FreshDirectory("damage");
  const std::string path = dir + "/objects.log";
  size_t first_end = 0;
  {
    auto file = OpenOrDie(dir, WithoutSync());
    ASSERT_TRUE(file->Load().ok());
    ASSERT_TRUE(file->Commit({5, 1, true}, Puts(2, 1)).ok());
    first_end = file->size_bytes();
    ASSERT_TRUE(file->Commit({5, 2, true}, Puts(3, 1)).ok());
    ASSERT_TRUE(file->Commit({5, 3, true}, Puts(4, 1)).ok());
  }
  const std::string whole = ReadAll(path);
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string bad = whole;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    WriteAll(path, bad);
    std::filesystem::remove(path + ".damaged");
    auto image = OpenOrDie(dir, WithoutSync())->Load();
    ASSERT_TRUE(image.ok()) << image.status();
    EXPECT_EQ(image->table.size(), 0u) << "byte " << at;
    EXPECT_FALSE(image->mark.complete) << "byte " << at;
    EXPECT_EQ(image->mark.highest_epoch, at >= first_end ? 5u : image->mark.highest_epoch)
        << "byte " << at;
    EXPECT_EQ(ReadAll(path + ".damaged"), bad);
  }
}

TEST(StateFile, RandomBytesAreDamage) {
  const std::string dir = FreshDirectory("random");
  OpenOrDie(dir);
  WriteAll(dir + "/objects.log", std::string(5000, '\xa5'));
  auto image = OpenOrDie(dir)->Load();
  ASSERT_TRUE(image.ok());
  EXPECT_FALSE(image->mark.complete);
}

TEST(StateFile, FullDiskLeavesTheOldStateAndSaysSo) {
  const std::string dir = FreshDirectory("full");
  int64_t room = 1 << 20;
  StateFile::Io io = StateFile::Io::Real();
  io.write = [&room](int fd, const char* data, size_t size) -> int64_t {
    if (room <= 0) {
      errno = ENOSPC;
      return -1;
    }
    const size_t part = std::min<size_t>(size, static_cast<size_t>(room));
    room -= static_cast<int64_t>(part);
    return ::write(fd, data, part);
  };
  auto file = OpenOrDie(dir, io);
  ASSERT_TRUE(file->Load().ok());
  ASSERT_TRUE(file->Commit({1, 1, true}, Puts(2, 1)).ok());
  room = 10;  // Part of the record gets through.
  const absl::Status full = file->Commit({1, 2, true}, Puts(3, 1));
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_NE(full.ToString().find("--state-dir"), std::string::npos);
  room = 1 << 20;
  ASSERT_TRUE(file->Commit({1, 3, true}, Puts(4, 1)).ok());
  file.reset();
  auto image = OpenOrDie(dir)->Load();
  ASSERT_TRUE(image.ok());
  EXPECT_EQ(image->table.Find("route:3"), nullptr);
  EXPECT_NE(image->table.Find("route:4"), nullptr);
  EXPECT_EQ(image->mark.last_revision, 3);
}

TEST(StateFile, AfterAFailedSyncTheFileIsRewrittenBeforeItIsTrusted) {
  const std::string dir = FreshDirectory("sync");
  bool broken = false;
  StateFile::Io io = StateFile::Io::Real();
  io.sync = [&broken](int fd) {
    errno = EIO;
    return broken ? -1 : fsync(fd);
  };
  auto file = OpenOrDie(dir, io);
  ASSERT_TRUE(file->Load().ok());
  broken = true;
  EXPECT_FALSE(file->Commit({1, 1, true}, Puts(2, 1)).ok());
  broken = false;
  EXPECT_EQ(file->Commit({1, 1, true}, Puts(2, 1)).code(), absl::StatusCode::kUnavailable);
  ASSERT_TRUE(file->Compact({1, 0, true}, ObjectTable()).ok());
  EXPECT_TRUE(file->Commit({1, 1, true}, Puts(2, 1)).ok());
}

TEST(StateFile, CompactsToTheTable) {
  const std::string dir = FreshDirectory("compacts");
  auto file = OpenOrDie(dir, WithoutSync());
  ASSERT_TRUE(file->Load().ok());
  const std::vector<Operation> operations = Puts(2, 10'000);
  ObjectTable table;
  for (const Operation& operation : operations) table.Put(operation.put());
  StateMark mark{2, 0, true};
  uint64_t largest = 0;
  for (int round = 0; round < 60; ++round) {
    ++mark.last_revision;
    ASSERT_TRUE(file->Commit(mark, operations).ok());
    largest = std::max(largest, file->size_bytes());
    ASSERT_TRUE(file->Compact(mark, table).ok());
  }
  EXPECT_GT(largest, 4u << 20);
  EXPECT_LT(largest, 5u << 20);
  EXPECT_LT(file->size_bytes(), largest);
  file.reset();
  auto image = OpenOrDie(dir)->Load();
  ASSERT_TRUE(image.ok());
  EXPECT_EQ(image->table.digest(), table.digest());
  EXPECT_EQ(image->mark, mark);
}

TEST(StateFile, OneAgentADirectory) {
  const std::string dir = FreshDirectory("locked");
  auto first = OpenOrDie(dir);
  auto second = StateFile::Open(dir);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kAlreadyExists);
  EXPECT_NE(second.status().ToString().find(dir), std::string::npos);
}

TEST(StateFile, AFolderThatCannotBeMadeIsNamed) {
  const std::string dir = FreshDirectory("file-in-the-way");
  WriteAll(dir, "x");
  auto file = StateFile::Open(dir + "/sub");
  EXPECT_FALSE(file.ok());
  EXPECT_NE(file.status().ToString().find(dir), std::string::npos);
}

}  // namespace
}  // namespace waymark
