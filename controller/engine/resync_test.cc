#include "controller/engine/resync.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"

namespace waymark {
namespace {

using southbound::v1::Get;
using southbound::v1::GetResponse;
using southbound::v1::Object;

Object Route(uint32_t sid, const std::string& link = "x") {
  Object object;
  object.mutable_route()->set_node_sid(sid);
  object.mutable_route()->add_links(link);
  return object;
}

ObjectTable Routes(uint32_t count) {
  ObjectTable table;
  for (uint32_t sid = 1; sid <= count; ++sid) table.Put(Route(sid));
  return table;
}

// What an agent that holds `held` answers, in chunks of that many elements. `knows_buckets`: false
// for one of the release before.
std::vector<GetResponse> Answer(const ObjectTable& held, const Get& get, bool knows_buckets = true,
                                int chunk = 100) {
  std::vector<GetResponse> chunks(1);
  const auto room = [&chunks, chunk] {
    if (chunks.back().hashes_size() + chunks.back().bucket_digests_size() == chunk) {
      chunks.emplace_back();
    }
    return &chunks.back();
  };
  const bool buckets = knows_buckets && get.buckets() != 0;
  if (buckets && (get.only().empty() || get.only_of() != 0)) {
    const std::vector<uint32_t> digests = held.BucketDigests(get.buckets());
    std::vector<uint32_t> coarse(get.only().begin(), get.only().end());
    const uint32_t step = coarse.empty() ? 1 : get.only_of();
    if (coarse.empty()) coarse.push_back(0);
    for (const uint32_t first : coarse) {
      for (uint32_t bucket = first; bucket < get.buckets(); bucket += step) {
        room()->add_bucket_digests(digests[bucket]);
      }
    }
  } else {
    for (const auto& [key, entry] : held.entries()) {
      if (buckets && std::find(get.only().begin(), get.only().end(),
                               BucketOf(key, get.buckets())) == get.only().end()) {
        continue;
      }
      auto* hash = room()->add_hashes();
      hash->set_key(key);
      hash->set_hash(entry.hash);
    }
  }
  chunks.back().set_last(true);
  return chunks;
}

// Asks until all is known; checks that it is the truth.
Resync Settle(const ObjectTable& desired, const ObjectTable& held, bool knows_buckets = true) {
  Resync resync;
  Get get = resync.Begin(desired, held.digest(), static_cast<int64_t>(held.size()));
  for (int question = 1; !resync.done(); ++question) {
    EXPECT_LE(question, 3);
    std::optional<Get> next;
    for (const GetResponse& chunk : Answer(held, get, knows_buckets)) {
      auto taken = resync.Take(chunk, desired);
      EXPECT_TRUE(taken.ok()) << taken.status();
      if (!taken.ok()) return resync;
      next = *std::move(taken);
    }
    if (next.has_value()) get = *std::move(next);
  }
  std::map<std::string, uint64_t> truth;
  for (const auto& [key, entry] : held.entries()) truth[key] = entry.hash;
  EXPECT_EQ(resync.TakeHeld().hashes(), truth);
  return resync;
}

TEST(Resync, CostsWhatDiffers) {
  const ObjectTable desired = Routes(10'000);
  ObjectTable held = desired;
  for (uint32_t sid = 1; sid <= 10'000; sid += 300) held.Put(Route(sid, "another"));
  for (uint32_t sid = 100; sid <= 10'000; sid += 300) held.Erase(absl::StrCat("route:", sid));
  for (uint32_t sid = 20'000; sid < 20'033; ++sid) held.Put(Route(sid));
  const size_t told = Settle(desired, held).told();
  EXPECT_GE(told, 67u);
  EXPECT_LT(told, 100u * 16) << "that many keys share a bucket with one of a hundred";
}

TEST(Resync, FindsTheTruthWhateverDiffers) {
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    const ObjectTable desired = Routes(random() % 600);
    ObjectTable held = random() % 8 == 0 ? ObjectTable() : desired;
    for (uint32_t i = random() % 40; i > 0; --i) {
      const uint32_t sid = 1 + random() % 700;
      if (random() % 2 == 0) {
        held.Put(Route(sid, absl::StrCat("l", random() % 2)));
      } else {
        held.Erase(absl::StrCat("route:", sid));
      }
    }
    Settle(desired, held, /*knows_buckets=*/random() % 4 != 0);
  }
}

TEST(Resync, OfAnOlderAgentTakesEverything) {
  const ObjectTable desired = Routes(500);
  EXPECT_EQ(Settle(desired, Routes(300), /*knows_buckets=*/false).told(), 300u);
  EXPECT_EQ(Settle(desired, ObjectTable(), /*knows_buckets=*/false).told(), 0u);
}

TEST(Resync, FewObjectsAreAskedForAtOnce) {
  Resync resync;
  EXPECT_EQ(resync.Begin(Routes(20), 1, 30).buckets(), 0u);
  EXPECT_EQ(resync.Begin(Routes(20), 1, 1'000'000'000'000).buckets(), kMostBuckets / 8);
}

TEST(Resync, AnswersToSomethingElseAreRefused) {
  const ObjectTable desired = Routes(500);
  const ObjectTable held = Routes(499);
  Resync resync;
  GetResponse response;
  response.set_last(true);
  EXPECT_FALSE(resync.Take(response, desired).ok()) << "nothing was asked";

  const auto begin = [&] { return resync.Begin(desired, held.digest(), 499); };
  const auto all = [&](const Get& get) { return Answer(held, get, true, 1 << 20).front(); };
  Get get = begin();
  response.add_bucket_digests(1);
  EXPECT_FALSE(resync.Take(response, desired).ok()) << "too few digests";
  get = begin();
  response.mutable_bucket_digests()->Resize(static_cast<int>(get.buckets()) + 1, 0);
  EXPECT_FALSE(resync.Take(response, desired).ok()) << "too many digests";
  get = begin();
  response = all(get);
  response.add_hashes()->set_key("route:1");
  EXPECT_FALSE(resync.Take(response, desired).ok()) << "digests and hashes";

  get = begin();
  auto finer = resync.Take(all(get), desired);
  ASSERT_TRUE(finer.ok());
  ASSERT_TRUE(finer->has_value());
  EXPECT_EQ((*finer)->only_size(), 1);
  auto hashes = resync.Take(all(**finer), desired);
  ASSERT_TRUE(hashes.ok());
  ASSERT_TRUE(hashes->has_value());
  ASSERT_EQ((*hashes)->only_size(), 1);
  GetResponse unasked;
  for (uint32_t sid = 1; unasked.hashes().empty(); ++sid) {
    const std::string key = absl::StrCat("route:", sid);
    if (BucketOf(key, (*hashes)->buckets()) != (*hashes)->only(0)) {
      unasked.add_hashes()->set_key(key);
    }
  }
  EXPECT_FALSE(resync.Take(unasked, desired).ok());
}

// As when the lower halves of two sums are the same.
TEST(Resync, ThatDoesNotAddUpAsksForEverything) {
  const ObjectTable desired = Routes(500);
  ObjectTable held = desired;
  held.Put(Route(1'000));
  Resync resync;
  const auto coarse = Answer(desired, resync.Begin(desired, held.digest(), 501), true, 1 << 20);
  auto next = resync.Take(coarse.front(), desired);
  ASSERT_TRUE(next.ok());
  ASSERT_TRUE(next->has_value());
  EXPECT_FALSE(resync.done());
  EXPECT_EQ((*next)->buckets(), 0u);
  ASSERT_TRUE(resync.Take(Answer(held, **next, true, 1 << 20).front(), desired).ok());
  EXPECT_TRUE(resync.done());
  EXPECT_EQ(resync.TakeHeld().digest(), held.digest());
}

}  // namespace
}  // namespace waymark
