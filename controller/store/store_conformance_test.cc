// What every Store does, over each implementation.
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>
#include <thread>

#include "controller/base/event_loop.h"
#include "controller/store/memory_store.h"
#include "controller/store/rocksdb_store.h"
#include "controller/store/store.h"
#include "controller/store/store_testing.h"

namespace waymark {
namespace {

enum class Kind { kMemory, kRocksDb };

class StoreConformance : public testing::TestWithParam<Kind> {
 protected:
  void SetUp() override {
    if (GetParam() == Kind::kMemory) {
      store_ = std::make_unique<MemoryStore>(loop_);
      return;
    }
    RocksDbStore::Options options = TestOptions(folder_ / "store", true);
    options.clock = &clock_;
    auto store = RocksDbStore::Open(options);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  Revision Put(const std::string& key, const std::string& value) {
    auto revision = store_->CommitAndWait({{key, value, {}}});
    EXPECT_TRUE(revision.ok()) << revision.status();
    return revision.value_or(-1);
  }
  Revision Delete(const std::string& key) {
    return store_->CommitAndWait({{key, {}, {}}}).value_or(-1);
  }
  std::string ValueOf(const std::string& key, Revision as_of = 0) {
    auto record = store_->Get(key, as_of);
    return record.ok() ? record->value : "-";
  }
  absl::StatusCode CommitError(std::vector<Mutation> mutations) {
    return store_->CommitAndWait(std::move(mutations)).status().code();
  }
  std::vector<std::string> Keys(const std::string& prefix, Revision as_of = 0,
                                const std::string& after = "", size_t limit = 0) {
    std::vector<std::string> keys;
    auto records = store_->List(prefix, as_of, after, limit);
    EXPECT_TRUE(records.ok()) << records.status();
    if (!records.ok()) return keys;
    for (const Record& r : *records) keys.push_back(r.key);
    return keys;
  }

  TestFolder folder_;
  TestClock clock_;
  ThreadEventLoop loop_{"watch", clock_};
  std::unique_ptr<Store> store_;
};

using Strings = std::vector<std::string>;

TEST_P(StoreConformance, BeginsEmpty) {
  EXPECT_EQ(store_->current(), 0);
  EXPECT_EQ(store_->oldest(), 0);
  EXPECT_EQ(store_->Get("a").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Keys(""), Strings{});
  EXPECT_EQ(store_->TimeOf(0).status().code(), absl::StatusCode::kOutOfRange);
}

TEST_P(StoreConformance, OneCommitIsOneRevision) {
  EXPECT_EQ(Put("a", "1"), 1);
  auto two = store_->CommitAndWait({{"b", "2", {}}, {"a", "3", {}}});
  ASSERT_TRUE(two.ok());
  EXPECT_EQ(*two, 2);
  EXPECT_EQ(store_->current(), 2);
  auto a = store_->Get("a");
  ASSERT_TRUE(a.ok());
  EXPECT_EQ(a->value, "3");
  EXPECT_EQ(a->created, 1);
  EXPECT_EQ(a->modified, 2);
  EXPECT_EQ(ValueOf("b"), "2");
}

TEST_P(StoreConformance, EmptyCommitsMakeNoRevision) {
  Put("a", "1");
  EXPECT_EQ(store_->CommitAndWait({}).value(), 1);
  EXPECT_EQ(Delete("not there"), 1);
  EXPECT_EQ(store_->current(), 1);
}

TEST_P(StoreConformance, DeletedAndMadeAgainIsNew) {
  Put("a", "1");
  EXPECT_EQ(Delete("a"), 2);
  EXPECT_EQ(ValueOf("a"), "-");
  Put("a", "");
  auto a = store_->Get("a");
  ASSERT_TRUE(a.ok());
  EXPECT_EQ(a->value, "");
  EXPECT_EQ(a->created, 3);
}

TEST_P(StoreConformance, ExpectedGuardsTheWholeCommit) {
  Put("a", "1");
  EXPECT_EQ(CommitError({{"a", "2", 0}}), absl::StatusCode::kAborted);
  EXPECT_EQ(CommitError({{"b", "2", 1}}), absl::StatusCode::kAborted);
  EXPECT_EQ(CommitError({{"0", "x", {}}, {"a", "2", 7}, {"c", "x", {}}}),
            absl::StatusCode::kAborted);
  EXPECT_EQ(CommitError({{"a", {}, 7}}), absl::StatusCode::kAborted);
  EXPECT_EQ(store_->current(), 1);
  EXPECT_EQ(Keys(""), Strings{"a"});
  EXPECT_EQ(CommitError({{"a", "2", 1}, {"b", "1", 0}}), absl::StatusCode::kOk);
  EXPECT_EQ(CommitError({{"a", {}, 2}}), absl::StatusCode::kOk);
  EXPECT_EQ(CommitError({{"a", {}, 0}}), absl::StatusCode::kOk);
}

TEST_P(StoreConformance, RefusesBadCommits) {
  const absl::StatusCode invalid = absl::StatusCode::kInvalidArgument;
  EXPECT_EQ(CommitError({{"", "x", {}}}), invalid);
  EXPECT_EQ(CommitError({{std::string("a\0b", 3), "x", {}}}), invalid);
  EXPECT_EQ(CommitError({{std::string(1025, 'k'), "x", {}}}), invalid);
  EXPECT_EQ(CommitError({{"a", "1", {}}, {"b", "1", {}}, {"a", {}, {}}}), invalid);
  std::vector<Mutation> many;
  for (int i = 0; i <= 100'000; ++i) many.push_back({"k" + std::to_string(i), "", {}});
  EXPECT_EQ(CommitError(many), invalid);
  EXPECT_EQ(CommitError({{"a", std::string((size_t{64} << 20) + 1, 'x'), {}}}), invalid);
  EXPECT_EQ(store_->current(), 0);
  EXPECT_EQ(Keys(""), Strings{});
  many.pop_back();
  EXPECT_EQ(CommitError(many), absl::StatusCode::kOk);
  EXPECT_EQ(CommitError({{std::string(1024, 'k'), "x", {}}}), absl::StatusCode::kOk);
}

TEST_P(StoreConformance, ReadsAnyRevision) {
  Put("a", "1");
  Put("b", "2");
  Put("a", "3");
  Delete("a");
  Put("a", "5");
  EXPECT_EQ(ValueOf("a", 1), "1");
  EXPECT_EQ(ValueOf("a", 2), "1");
  EXPECT_EQ(ValueOf("a", 3), "3");
  EXPECT_EQ(ValueOf("a", 4), "-");
  EXPECT_EQ(ValueOf("a", 5), "5");
  EXPECT_EQ(ValueOf("b", 1), "-");
  EXPECT_EQ(Keys("", 1), Strings{"a"});
  EXPECT_EQ(Keys("", 4), Strings{"b"});
  EXPECT_EQ(store_->Get("a", 6).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(store_->List("", 6).status().code(), absl::StatusCode::kOutOfRange);
}

TEST_P(StoreConformance, ListsInOrderAndInPages) {
  for (const char* key : {"n:b", "n:a", "m:z", "n:a!", "n:aa", "o:a", "n:", "n:\xff"})
    Put(key, "x");
  // Many versions of one key are stepped over.
  for (int i = 0; i < 40; ++i) Put("n:a", std::to_string(i));
  EXPECT_EQ(Keys("n:"), (Strings{"n:", "n:a", "n:a!", "n:aa", "n:b", "n:\xff"}));
  EXPECT_EQ(Keys("n:a"), (Strings{"n:a", "n:a!", "n:aa"}));
  EXPECT_EQ(Keys("n:", 0, "n:a", 2), (Strings{"n:a!", "n:aa"}));
  EXPECT_EQ(Keys("n:", 0, "n:b"), Strings{"n:\xff"});
  EXPECT_EQ(Keys("n:", 0, "a", 1), Strings{"n:"});
  EXPECT_EQ(Keys("n:", 0, "z"), Strings{});
  EXPECT_EQ(Keys("n:", 8, "n:a", 1), Strings{"n:a!"});
}

TEST_P(StoreConformance, TimeNeverGoesBack) {
  const absl::Time start = clock_.Now();
  Put("a", "1");
  clock_.Set(start + absl::Seconds(10));
  Put("a", "2");
  clock_.Set(start - absl::Hours(1));
  Put("a", "3");
  clock_.Set(start + absl::Seconds(20));
  Put("a", "4");
  EXPECT_EQ(store_->TimeOf(1).value(), start);
  EXPECT_EQ(store_->TimeOf(3).value(), start + absl::Seconds(10));
  EXPECT_EQ(store_->RevisionAt(start).value(), 1);
  EXPECT_EQ(store_->RevisionAt(start + absl::Seconds(9)).value(), 1);
  EXPECT_EQ(store_->RevisionAt(start + absl::Seconds(10)).value(), 3);
  EXPECT_EQ(store_->RevisionAt(absl::InfiniteFuture()).value(), 4);
  EXPECT_EQ(store_->RevisionAt(start - absl::Seconds(1)).status().code(),
            absl::StatusCode::kOutOfRange);
  EXPECT_EQ(store_->TimeOf(5).status().code(), absl::StatusCode::kOutOfRange);
}

TEST_P(StoreConformance, WatchGivesHistoryThenLive) {
  Put("a", "1");
  ASSERT_TRUE(store_->CommitAndWait({{"c", "2", {}}, {"a", {}, {}}, {"b", "2", {}}}).ok());
  Collector all;
  Collector some;
  auto watch_all = store_->Watch(0, all.Callback());
  auto watch_some = store_->Watch(2, some.Callback());
  ASSERT_TRUE(watch_all.ok() && watch_some.ok());
  Put("b", "3");
  const auto sets = all.Wait(3);
  ASSERT_EQ(sets.size(), 3u);
  EXPECT_EQ(sets[0].revision, 1);
  EXPECT_EQ(sets[0].time, store_->TimeOf(1).value());
  ASSERT_EQ(sets[1].changes.size(), 3u);
  EXPECT_EQ(sets[1].changes[0].key, "a");
  EXPECT_EQ(sets[1].changes[0].value, std::nullopt);
  EXPECT_FALSE(sets[1].changes[0].created);
  EXPECT_EQ(sets[1].changes[1].key, "b");
  EXPECT_TRUE(sets[1].changes[1].created);
  EXPECT_EQ(sets[1].changes[2].value, "2");
  EXPECT_FALSE(sets[2].changes[0].created);
  EXPECT_EQ(some.Wait(1).front().revision, 3);
  EXPECT_EQ(store_->Watch(4, all.Callback()).status().code(), absl::StatusCode::kOutOfRange);
}

TEST_P(StoreConformance, AWatcherSeesOnlyWhatCanBeRead) {
  std::atomic<int> wrong = 0;
  Collector collector;
  auto watch = store_->Watch(0, [&, next = collector.Callback()](const ChangeSet& set) {
    if (store_->current() < set.revision) ++wrong;
    if (ValueOf("a", set.revision) != *set.changes[0].value) ++wrong;
    next(set);
  });
  ASSERT_TRUE(watch.ok());
  for (int i = 0; i < 20; ++i) Put("a", std::to_string(i));
  collector.Wait(20);
  EXPECT_EQ(wrong, 0);
}

TEST_P(StoreConformance, AnEndedWatchIsSilent) {
  Collector collector;
  auto watch = store_->Watch(0, collector.Callback());
  ASSERT_TRUE(watch.ok());
  Put("a", "1");
  collector.Wait(1);
  watch->reset();
  Put("a", "2");
  Collector other;
  auto second = store_->Watch(0, other.Callback());
  other.Wait(2);
  EXPECT_EQ(collector.size(), 1u);
}

TEST_P(StoreConformance, AWatcherMayEndItself) {
  std::unique_ptr<Subscription> mine;
  std::promise<void> started;
  std::promise<void> ended;
  std::atomic<int> calls = 0;
  auto watch = store_->Watch(0, [&](const ChangeSet&) {
    if (calls++ == 0) started.get_future().wait();
    mine.reset();
    ended.set_value();
  });
  ASSERT_TRUE(watch.ok());
  mine = *std::move(watch);
  started.set_value();
  Put("a", "1");
  ended.get_future().wait();
  Put("a", "2");
  Collector other;
  auto second = store_->Watch(0, other.Callback());
  other.Wait(2);
  EXPECT_EQ(calls, 1);
}

TEST_P(StoreConformance, ASlowWatcherDoesNotDelayCommits) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  Collector collector;
  auto watch = store_->Watch(0, [released, next = collector.Callback()](const ChangeSet& set) {
    released.wait();
    next(set);
  });
  ASSERT_TRUE(watch.ok());
  // More than is kept in memory for watchers: the rest comes from the log.
  for (int i = 0; i < 600; ++i) Put("a", std::to_string(i));
  release.set_value();
  const auto sets = collector.Wait(600);
  for (size_t i = 0; i < sets.size(); ++i) {
    ASSERT_EQ(sets[i].revision, static_cast<Revision>(i + 1));
    ASSERT_EQ(*sets[i].changes.at(0).value, std::to_string(i));
  }
}

TEST_P(StoreConformance, SixtyFourWritersAndAWatcher) {
  constexpr int kWriters = 64;
  constexpr int kCommits = 20;
  Collector collector;
  auto watch = store_->Watch(0, collector.Callback());
  ASSERT_TRUE(watch.ok());
  std::mutex mutex;
  std::set<Revision> revisions;
  std::vector<std::thread> threads;
  for (int w = 0; w < kWriters; ++w) {
    threads.emplace_back([&, w] {
      for (int i = 0; i < kCommits; ++i) {
        const std::string value = std::to_string(w) + "/" + std::to_string(i);
        auto revision =
            store_->CommitAndWait({{"shared", value, {}}, {"own:" + std::to_string(w), value, {}}});
        ASSERT_TRUE(revision.ok()) << revision.status();
        EXPECT_EQ(ValueOf("shared", *revision), value);
        std::lock_guard<std::mutex> lock(mutex);
        EXPECT_TRUE(revisions.insert(*revision).second);
      }
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(store_->current(), kWriters * kCommits);
  const auto sets = collector.Wait(kWriters * kCommits);
  for (size_t i = 0; i < sets.size(); ++i) {
    ASSERT_EQ(sets[i].revision, static_cast<Revision>(i + 1));
    ASSERT_EQ(sets[i].changes.size(), 2u);
    EXPECT_EQ(sets[i].changes[0].value, sets[i].changes[1].value);
    EXPECT_EQ(ValueOf("shared", sets[i].revision), *sets[i].changes[1].value);
  }
}

TEST_P(StoreConformance, OrderOfCallsIsOrderOfCommits) {
  std::mutex mutex;
  std::condition_variable all;
  std::vector<Revision> order;
  for (int i = 0; i < 200; ++i) {
    store_->Commit({{"a", std::to_string(i), {}}}, [&](absl::StatusOr<Revision> r) {
      std::lock_guard<std::mutex> lock(mutex);
      order.push_back(r.value_or(-1));
      all.notify_all();
    });
  }
  std::unique_lock<std::mutex> lock(mutex);
  ASSERT_TRUE(all.wait_for(lock, std::chrono::seconds(60), [&] { return order.size() == 200; }));
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(order[i], i + 1);
    EXPECT_EQ(ValueOf("a", i + 1), std::to_string(i));
  }
}

TEST_P(StoreConformance, CompactionForgetsOnlyWhatItMay) {
  Put("a", "1");
  Put("b", "2");
  Delete("b");
  Put("a", "4");
  Put("c", "5");
  Put("a", "6");
  ASSERT_TRUE(store_->Compact(5).ok());
  EXPECT_EQ(store_->oldest(), 5);
  EXPECT_EQ(store_->Get("a", 4).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(store_->List("", 4).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(store_->TimeOf(4).status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(store_->Watch(4, [](const ChangeSet&) {}).status().code(),
            absl::StatusCode::kOutOfRange);
  EXPECT_EQ(ValueOf("a", 5), "4");
  EXPECT_EQ(ValueOf("b", 5), "-");
  EXPECT_EQ(Keys("", 5), (Strings{"a", "c"}));
  EXPECT_EQ(ValueOf("a"), "6");
  EXPECT_EQ(store_->Get("a")->created, 1);
  Collector collector;
  auto watch = store_->Watch(5, collector.Callback());
  EXPECT_EQ(collector.Wait(1).front().revision, 6);
  EXPECT_TRUE(store_->Compact(3).ok());
  EXPECT_EQ(store_->oldest(), 5);
  EXPECT_EQ(store_->Compact(7).code(), absl::StatusCode::kOutOfRange);
}

TEST_P(StoreConformance, CompactionWaitsForWatchers) {
  std::promise<void> release;
  std::shared_future<void> released = release.get_future().share();
  Collector collector;
  auto watch = store_->Watch(0, [released, next = collector.Callback()](const ChangeSet& set) {
    released.wait();
    next(set);
  });
  for (int i = 0; i < 5; ++i) Put("a", std::to_string(i));
  EXPECT_EQ(store_->Compact(5).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(store_->oldest(), 0);
  EXPECT_EQ(ValueOf("a", 1), "0");
  release.set_value();
  EXPECT_EQ(collector.Wait(5).size(), 5u);
}

INSTANTIATE_TEST_SUITE_P(Stores, StoreConformance, testing::Values(Kind::kMemory, Kind::kRocksDb),
                         [](const testing::TestParamInfo<Kind>& info) {
                           return info.param == Kind::kMemory ? "Memory" : "RocksDb";
                         });

}  // namespace
}  // namespace waymark
