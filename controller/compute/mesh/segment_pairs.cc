#include "controller/compute/mesh/segment_pairs.h"

#include <algorithm>
#include <utility>

namespace waymark {
namespace {

constexpr size_t kLeastTable = 256;

size_t HashOf(std::span<const int32_t> links, size_t away) {
  uint64_t hash = away;
  for (const int32_t link : links) {
    hash = (hash ^ static_cast<uint64_t>(link)) * 0x9e3779b97f4a7c15;  // 2^64 / golden ratio
    hash ^= hash >> 32;
  }
  return static_cast<size_t>(hash);
}

double CostOf(std::span<const int32_t> links, std::span<const double> length) {
  double cost = 0;
  for (const int32_t link : links) cost += length[link];
  return cost;
}

}  // namespace

void SegmentPairs::Clear() {
  links_.clear();
  pairs_.clear();
  users_.clear();
  std::ranges::fill(table_, -1);
}

size_t SegmentPairs::Slot(std::span<const int32_t> links, size_t away) const {
  const size_t mask = table_.size() - 1;
  for (size_t slot = HashOf(links, away) & mask;; slot = (slot + 1) & mask) {
    if (table_[slot] < 0) return slot;
    const Pair& pair = pairs_[table_[slot]];
    if (pair.middle - pair.begin == away && std::ranges::equal(From(pair.begin, pair.end), links)) {
      return slot;
    }
  }
}

void SegmentPairs::Grow() {
  table_.assign(std::max(kLeastTable, 2 * table_.size()), -1);
  for (size_t p = 0; p < pairs_.size(); ++p) {
    const Pair& pair = pairs_[p];
    table_[Slot(From(pair.begin, pair.end), pair.middle - pair.begin)] = static_cast<int32_t>(p);
  }
}

void SegmentPairs::Add(int32_t source, std::span<const int32_t> links, size_t away) {
  if (2 * pairs_.size() >= table_.size()) Grow();
  const size_t slot = Slot(links, away);
  const auto user = static_cast<int32_t>(users_.size());
  if (table_[slot] < 0) {
    table_[slot] = static_cast<int32_t>(pairs_.size());
    const size_t begin = links_.size();
    links_.insert(links_.end(), links.begin(), links.end());
    pairs_.push_back({begin, begin + away, links_.size(), user, user});
  } else {
    Pair& pair = pairs_[table_[slot]];
    if (users_[pair.last_user].source == source) return;
    users_[pair.last_user].next = user;
    pair.last_user = user;
  }
  users_.push_back({source, -1});
}

bool SegmentPairs::EvenOne(const Pair& pair, double tolerance, size_t link_count,
                           std::span<double> flow, SoftMax* soft_max) {
  std::span<const int32_t> from = From(pair.begin, pair.middle);
  std::span<const int32_t> onto = From(pair.middle, pair.end);
  const double there = CostOf(from, soft_max->length()), here = CostOf(onto, soft_max->length());
  if (here > there * (1 + tolerance)) {
    std::swap(from, onto);
  } else if (there <= here * (1 + tolerance)) {
    return false;
  }
  most_.clear();
  double all = 0;
  for (int32_t user = pair.first_user; user >= 0; user = users_[user].next) {
    const auto row =
        flow.subspan(static_cast<size_t>(users_[user].source) * link_count, link_count);
    double most = row[from[0]];
    for (const int32_t link : from) most = std::min(most, row[link]);
    most_.push_back(most);
    all += most;
  }
  if (all <= 0) return false;
  const std::span<const double> inverse = soft_max->inverse();
  direction_.Clear();
  for (const int32_t link : from) direction_.Add(link, -inverse[link]);
  for (const int32_t link : onto) direction_.Add(link, inverse[link]);
  const double step = soft_max->StepAlong(direction_, all);
  if (step <= 0) return false;
  const double share = std::min(1.0, step / all);
  size_t i = 0;
  for (int32_t user = pair.first_user; user >= 0; user = users_[user].next, ++i) {
    const auto row =
        flow.subspan(static_cast<size_t>(users_[user].source) * link_count, link_count);
    const double amount = share * most_[i];
    for (const int32_t link : from) row[link] -= amount;
    for (const int32_t link : onto) row[link] += amount;
  }
  for (const int32_t link : from) soft_max->Add(link, -step);
  for (const int32_t link : onto) soft_max->Add(link, step);
  return true;
}

size_t SegmentPairs::Even(double tolerance, size_t link_count, std::span<double> flow,
                          SoftMax* soft_max) {
  size_t moved = 0;
  for (const Pair& pair : pairs_) {
    moved += EvenOne(pair, tolerance, link_count, flow, soft_max) ? 1 : 0;
  }
  return moved;
}

}  // namespace waymark
