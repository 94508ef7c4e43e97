// Durable commits a second through the store, beside raw RocksDB doing one synced Put a commit:
// same threads, same number of commits, same database options, same disk, in alternating pairs.
//
//   store_benchmark FOLDER [SECONDS]
//
// FOLDER is made and must be on the disk to be measured; what this program put there is removed at
// the end.
#include <rocksdb/db.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "controller/base/clock.h"
#include "controller/store/disk.h"
#include "controller/store/rocksdb_store.h"

namespace waymark {
namespace {

constexpr size_t kValueBytes = 200;
// Many short pairs: what else the machine does drifts more slowly, and meets both sides.
constexpr int kPairs = 31;
// As many keys as a large carrier has services.
constexpr int kKeys = 20'000;

std::string Key(int writer, int i) {
  return "service:customers/c" + std::to_string(writer) + "/services/s" +
         std::to_string((i * 64 + writer) % kKeys);
}

// Varying, so that compression can't flatter either side.
std::string Value(int writer, int i) {
  std::string value(kValueBytes, '\0');
  uint64_t x = static_cast<uint64_t>(writer) << 32 | static_cast<uint32_t>(i);
  for (char& c : value) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    c = static_cast<char>(x >> 56);
  }
  return value;
}

using CommitOne = std::function<bool(int writer, int i)>;

// Commits a second.
double Measure(int writers, absl::Duration time, const CommitOne& commit) {
  std::atomic<int64_t> commits = 0;
  std::atomic<bool> failed = false;
  const Clock& clock = RealClock();
  const absl::Duration start = clock.Monotonic();
  std::vector<std::thread> threads;
  for (int writer = 0; writer < writers; ++writer) {
    threads.emplace_back([&, writer] {
      for (int i = 0; clock.Monotonic() - start < time; ++i) {
        if (!commit(writer, i)) {
          failed = true;
          return;
        }
        ++commits;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  if (failed) {
    std::fprintf(stderr, "a commit failed: is the disk full?\n");
    std::exit(1);
  }
  return static_cast<double>(commits) / absl::ToDoubleSeconds(clock.Monotonic() - start);
}

double Quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  return values[static_cast<size_t>(static_cast<double>(values.size() - 1) * q)];
}

double Median(const std::vector<double>& values) { return Quantile(values, 0.5); }

void Report(int writers, absl::Duration time, Store& store, rocksdb::DB& raw) {
  rocksdb::WriteOptions sync;
  sync.sync = true;
  const CommitOne through_store = [&](int writer, int i) {
    return store.CommitAndWait({{Key(writer, i), Value(writer, i), {}}}).ok();
  };
  const CommitOne through_raw = [&](int writer, int i) {
    return raw.Put(sync, Key(writer, i), Value(writer, i)).ok();
  };
  std::vector<double> ours;
  std::vector<double> theirs;
  std::vector<double> ratios;
  for (int pair = 0; pair < kPairs; ++pair) {
    // Whoever goes first meets the other's leftovers in turn.
    if (pair % 2 == 0) ours.push_back(Measure(writers, time, through_store));
    theirs.push_back(Measure(writers, time, through_raw));
    if (pair % 2 == 1) ours.push_back(Measure(writers, time, through_store));
    ratios.push_back(ours.back() / theirs.back());
  }
  std::printf("%7d  %13.0f  %17.0f  %8.2f  %5.2f..%.2f\n", writers, Median(ours), Median(theirs),
              Median(ratios), Quantile(ratios, 0.25), Quantile(ratios, 0.75));
  std::fflush(stdout);
}

int Main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: store_benchmark FOLDER [SECONDS a measurement, 0.3 by default]\n");
    return 2;
  }
  const std::string folder = std::string(argv[1]) + "/store-benchmark";
  const double seconds = argc == 3 ? std::atof(argv[2]) : 0.3;
  if (!(seconds > 0 && seconds <= 3600)) {
    std::fprintf(stderr, "SECONDS must be over 0 and at most 3600\n");
    return 2;
  }
  std::filesystem::remove_all(folder);
  RocksDbStore::Options options;
  options.folder = folder + "/store";
  options.create = true;
  auto store = RocksDbStore::Open(options);
  if (!store.ok()) {
    std::fprintf(stderr, "%s\n", store.status().ToString().c_str());
    return 1;
  }
  rocksdb::Options raw_options = DiskOptions(nullptr);
  raw_options.create_if_missing = true;
  rocksdb::DB* raw = nullptr;
  const rocksdb::Status opened = rocksdb::DB::Open(raw_options, folder + "/raw", &raw);
  if (!opened.ok()) {
    std::fprintf(stderr, "%s\n", opened.ToString().c_str());
    return 1;
  }
  std::unique_ptr<rocksdb::DB> owned(raw);
  std::printf("%zu-byte values, %d alternating pairs of %.1f s, medians, on %s\n", kValueBytes,
              kPairs, seconds, argv[1]);
  std::printf("writers  store commits/s  raw RocksDB sync/s  ratio  middle half\n");
  for (const int writers : {1, 64}) Report(writers, absl::Seconds(seconds), **store, *raw);
  store->reset();
  owned.reset();
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace waymark

int main(int argc, char** argv) { return waymark::Main(argc, argv); }
