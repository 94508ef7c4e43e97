#include "controller/base/shared_map.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <thread>
#include <vector>

namespace waymark {
namespace {

using Map = SharedMap<int>;
using Oracle = std::map<std::string, int>;

std::string Key(uint64_t number) { return std::to_string(number); }

void ExpectSame(const Map& map, const Oracle& oracle) {
  ASSERT_EQ(map.size(), oracle.size());
  auto it = map.begin();
  for (const auto& [key, value] : oracle) {
    ASSERT_NE(it, map.end());
    ASSERT_EQ(it->first, key);
    ASSERT_EQ(it->second, value);
    ++it;
  }
  ASSERT_EQ(it, map.end());
  for (auto expected = oracle.rbegin(); expected != oracle.rend(); ++expected) {
    --it;
    ASSERT_EQ(it->first, expected->first);
  }
}

TEST(SharedMapTest, IsAnOrderedMap) {
  std::mt19937_64 random(1);
  Map map;
  Oracle oracle;
  for (int step = 0; step < 20'000; ++step) {
    const std::string key = Key(random() % 2'000);
    switch (random() % 4) {
      case 0:
        ASSERT_EQ(map.erase(key), oracle.erase(key) == 1);
        break;
      default:
        map[key] = oracle[key] = step;
    }
    const std::string asked = Key(random() % 2'000);
    const auto expected = oracle.find(asked);
    ASSERT_EQ(map.contains(asked), expected != oracle.end());
    if (expected != oracle.end()) {
      ASSERT_EQ(map.at(asked), expected->second);
    }
    const auto lower = oracle.lower_bound(asked), upper = oracle.upper_bound(asked);
    ASSERT_EQ(map.lower_bound(asked) == map.end(), lower == oracle.end());
    if (lower != oracle.end()) {
      ASSERT_EQ(map.lower_bound(asked)->first, lower->first);
    }
    ASSERT_EQ(map.upper_bound(asked) == map.end(), upper == oracle.end());
    if (upper != oracle.end()) {
      ASSERT_EQ(map.upper_bound(asked)->first, upper->first);
    }
    if (step % 1'000 == 0) {
      ASSERT_NO_FATAL_FAILURE(ExpectSame(map, oracle));
    }
  }
  while (!oracle.empty()) {
    ASSERT_TRUE(map.erase(oracle.begin()->first));
    oracle.erase(oracle.begin());
  }
  ASSERT_NO_FATAL_FAILURE(ExpectSame(map, oracle));
  EXPECT_THROW(map.at("1"), std::out_of_range);
}

TEST(SharedMapTest, WhatComesInOrderFillsItsBlocks) {
  Map map;
  Oracle oracle;
  for (uint64_t i = 0; i < 10'000; ++i) {
    const std::string key = Key(100'000 + i);
    map[key] = oracle[key] = static_cast<int>(i);
  }
  ASSERT_NO_FATAL_FAILURE(ExpectSame(map, oracle));
}

TEST(SharedMapTest, CopiesStayAsTheyWereAndTellWhatDiffers) {
  std::mt19937_64 random(2);
  std::vector<Map> maps(1);
  std::vector<Oracle> oracles(1);
  for (int generation = 0; generation < 60; ++generation) {
    const size_t from = random() % maps.size();
    Map map = maps[from];
    Oracle oracle = oracles[from];
    const uint64_t changes = generation == 0 ? 3'000 : random() % 40;
    for (uint64_t i = 0; i < changes; ++i) {
      const std::string key = Key(random() % 10'000);
      if (random() % 3 == 0) {
        map.erase(key);
        oracle.erase(key);
      } else {
        map[key] = oracle[key] = static_cast<int>(random() % 1'000);
      }
    }
    maps.push_back(std::move(map));
    oracles.push_back(std::move(oracle));
  }
  for (size_t i = 0; i < maps.size(); ++i) {
    ASSERT_NO_FATAL_FAILURE(ExpectSame(maps[i], oracles[i]));
    const size_t other = random() % maps.size();
    Oracle replayed = oracles[i];
    size_t visits = 0;
    std::string last;
    Map::ForEachUnshared(maps[i], maps[other],
                         [&](const std::string& key, const int* before, const int* after) {
                           ASSERT_TRUE(visits++ == 0 || last < key);
                           last = key;
                           const auto was = oracles[i].find(key);
                           ASSERT_EQ(before != nullptr, was != oracles[i].end());
                           if (before != nullptr) {
                             ASSERT_EQ(*before, was->second);
                           }
                           if (after == nullptr) {
                             replayed.erase(key);
                           } else {
                             replayed[key] = *after;
                           }
                         });
    ASSERT_EQ(replayed, oracles[other]);
  }
}

TEST(SharedMapTest, LooksOnlyAtBlocksThatDiffer) {
  Map before;
  for (uint64_t i = 0; i < 100'000; ++i) before[Key(1'000'000 + i)] = 0;
  Map after = before;
  after[Key(1'050'000)] = 1;
  after[Key(1'050'000) + "x"] = 1;
  size_t visits = 0, differ = 0;
  Map::ForEachUnshared(before, after, [&](const std::string&, const int* was, const int* is) {
    ++visits;
    differ += was == nullptr || *was != *is ? 1 : 0;
  });
  EXPECT_EQ(differ, 2u);
  EXPECT_LE(visits, 2 * Map::kMostInBlock);
}

TEST(SharedMapTest, CopiesMayLiveInOtherThreads) {
  Map map;
  for (uint64_t i = 0; i < 1'000; ++i) map[Key(i)] = 0;
  std::vector<std::thread> readers;
  for (int round = 1; round <= 20; ++round) {
    readers.emplace_back([copy = map, round] {
      for (const auto& [key, value] : copy) EXPECT_LT(value, round);
    });
    for (uint64_t i = 0; i < 1'000; i += 100) map[Key(i)] = round;
  }
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace waymark
