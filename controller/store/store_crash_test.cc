// A process that commits is killed at any moment: what it was told is stored is there, and nothing
// is there by halves.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "controller/store/rocksdb_store.h"
#include "controller/store/store_testing.h"

namespace waymark {
namespace {

constexpr char kChild[] = "WAYMARK_STORE_CRASH_TEST_FOLDER";
constexpr int kThreads = 8;

struct Ack {
  Revision revision;
  int64_t value;
};

// Two records a commit, always equal. Acks go to standard output, whole: they are shorter than
// PIPE_BUF.
int RunChild(const std::string& folder) {
  auto store = RocksDbStore::Open(TestOptions(folder, true));
  if (!store.ok()) return 1;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&store, t] {
      const std::string name = std::to_string(t);
      for (int64_t i = (*store)->current() * kThreads + t;; i += kThreads) {
        const std::string value = std::to_string(i);
        auto revision =
            (*store)->CommitAndWait({{"left:" + name, value, {}}, {"right:" + name, value, {}}});
        if (!revision.ok()) _exit(2);
        const Ack ack{*revision, i};
        if (write(STDOUT_FILENO, &ack, sizeof ack) != sizeof ack) _exit(3);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return 0;
}

// Starts a child on the folder, kills it after `acks` acknowledgements, and returns all that it
// gave.
std::map<Revision, int64_t> KillAfter(const std::string& folder, size_t acks) {
  int ends[2];
  EXPECT_EQ(pipe2(ends, O_CLOEXEC), 0);
  setenv(kChild, folder.c_str(), 1);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    execl("/proc/self/exe", "store_crash_test", nullptr);
    _exit(4);
  }
  unsetenv(kChild);
  close(ends[1]);
  std::map<Revision, int64_t> acknowledged;
  Ack ack;
  while (read(ends[0], &ack, sizeof ack) == sizeof ack) {
    EXPECT_TRUE(acknowledged.emplace(ack.revision, ack.value).second);
    if (acknowledged.size() == acks) kill(child, SIGKILL);
  }
  close(ends[0]);
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
  return acknowledged;
}

TEST(StoreCrashTest, AcknowledgedMeansThereWholeMeansWhole) {
  TestFolder dir;
  const std::string folder = dir / "store";
  std::map<Revision, int64_t> acknowledged;
  for (const size_t acks : {1, 50, 333, 1000}) {
    acknowledged.merge(KillAfter(folder, acks));
    auto store = RocksDbStore::Open(TestOptions(folder, false));
    ASSERT_TRUE(store.ok()) << store.status();
    ASSERT_GE((*store)->current(), acknowledged.rbegin()->first);
    Collector collector;
    auto watch = (*store)->Watch(0, collector.Callback());
    ASSERT_TRUE(watch.ok());
    const auto sets = collector.Wait(static_cast<size_t>((*store)->current()));
    std::map<Revision, std::string> stored;
    for (const ChangeSet& set : sets) {
      ASSERT_EQ(set.changes.size(), 2u);
      EXPECT_EQ(set.changes[0].value, set.changes[1].value);
      stored[set.revision] = *set.changes[0].value;
    }
    for (const auto& [revision, value] : acknowledged) {
      EXPECT_EQ(stored[revision], std::to_string(value)) << "revision " << revision;
    }
  }
}

}  // namespace
}  // namespace waymark

int main(int argc, char** argv) {
  if (const char* folder = getenv("WAYMARK_STORE_CRASH_TEST_FOLDER")) {
    return waymark::RunChild(folder);
  }
  testing::InitGoogleTest(&argc, argv);
  return RUN_ALL_TESTS();
}
