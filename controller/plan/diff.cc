#include "controller/plan/diff.h"

#include <algorithm>
#include <array>
#include <utility>

namespace waymark {

ObjectRank RankOf(std::string_view key) {
  constexpr std::array<std::string_view, static_cast<size_t>(ObjectRank::kCount)> kKinds = {
      "node:", "link:", "route:", "policy:", "instance:", "attachment:"};
  for (size_t i = 0; i < kKinds.size(); ++i) {
    if (key.starts_with(kKinds[i])) return static_cast<ObjectRank>(i);
  }
  return ObjectRank::kCount;
}

NodeDiff Diff(const ObjectTable& desired, const std::map<std::string, uint64_t>& held) {
  NodeDiff diff;
  // Both tables are in key order, so a stable sort by rank leaves keys in order within a rank.
  std::vector<std::pair<ObjectRank, const ObjectTable::Entry*>> puts;
  for (const auto& [key, entry] : desired.entries()) {
    const auto now = held.find(key);
    if (now != held.end() && now->second == entry.hash) continue;
    puts.emplace_back(RankOf(key), &entry);
    if (now != held.end() && RankOf(key) == ObjectRank::kRoute) diff.changed_routes.insert(key);
  }
  std::stable_sort(puts.begin(), puts.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [rank, entry] : puts) diff.puts.push_back(*entry->object);
  for (const auto& [key, hash] : held) {
    if (desired.Find(key) == nullptr) diff.deletes.push_back(key);
  }
  std::stable_sort(
      diff.deletes.begin(), diff.deletes.end(),
      [](const std::string& a, const std::string& b) { return RankOf(a) > RankOf(b); });
  return diff;
}

}  // namespace waymark
