// An ordered map from strings whose copies share what is equal: a copy costs one pointer for each
// few hundred entries, and a change afterwards copies only the block that it falls into. So each
// state of something large can be kept as an immutable value of its own (the plan in force and the
// next one, the view that readers hold and the one being built), and what differs between two of
// them is found without looking at what they share. The idea is Driscoll, Sarnak, Sleator, Tarjan,
// "Making data structures persistent" (1989), with one level of blocks instead of a tree: maps
// here have 10^2 to 10^6 entries.
#ifndef WAYMARK_CONTROLLER_BASE_SHARED_MAP_H_
#define WAYMARK_CONTROLLER_BASE_SHARED_MAP_H_

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace waymark {

// Values are copied with their block: let them be small or pointers to what is immutable. Const
// calls are safe from any thread, also on copies that share blocks with a map that is changed
// meanwhile. n: entries; b: entries of a block, at most kMostInBlock.
template <typename V>
class SharedMap {
 public:
  using Entry = std::pair<std::string, V>;
  static constexpr size_t kMostInBlock = 256;

 private:
  struct Block {
    std::atomic<uint32_t> holders = 1;
    std::vector<Entry> entries;  // by key; never empty in a map
  };

  // Counts by hand: that nobody else holds a block must be known with all that they did to it.
  class Held {
   public:
    explicit Held(Block* block) : block_(block) {}
    Held(const Held& other) : block_(other.block_) {
      if (block_ != nullptr) block_->holders.fetch_add(1, std::memory_order_relaxed);
    }
    Held(Held&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
    Held& operator=(Held other) noexcept {
      std::swap(block_, other.block_);
      return *this;
    }
    ~Held() {
      if (block_ != nullptr && block_->holders.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        delete block_;
      }
    }

    const std::vector<Entry>& entries() const { return block_->entries; }
    // To be changed: copied first where others hold it.
    std::vector<Entry>& Own() {
      if (block_->holders.load(std::memory_order_acquire) != 1) {
        Held own(new Block);
        own.block_->entries = block_->entries;
        *this = std::move(own);
      }
      return block_->entries;
    }
    bool operator==(const Held& other) const { return block_ == other.block_; }

   private:
    Block* block_;
  };

 public:
  class const_iterator {
   public:
    using iterator_category = std::bidirectional_iterator_tag;
    using value_type = Entry;
    using difference_type = std::ptrdiff_t;
    using pointer = const Entry*;
    using reference = const Entry&;

    const_iterator() = default;
    reference operator*() const { return (*blocks_)[block_].entries()[at_]; }
    pointer operator->() const { return &**this; }
    const_iterator& operator++() {
      if (++at_ == (*blocks_)[block_].entries().size()) NextBlock();
      return *this;
    }
    const_iterator operator++(int) {
      const_iterator before = *this;
      ++*this;
      return before;
    }
    const_iterator& operator--() {
      if (at_ == 0) at_ = (*blocks_)[--block_].entries().size();
      --at_;
      return *this;
    }
    bool operator==(const const_iterator& other) const {
      return block_ == other.block_ && at_ == other.at_;
    }

   private:
    friend class SharedMap;
    const_iterator(const std::vector<Held>* blocks, size_t block, size_t at)
        : blocks_(blocks), block_(block), at_(at) {}
    bool AtEnd() const { return block_ == blocks_->size(); }
    bool AtBlock() const { return at_ == 0; }
    const Held& HeldBlock() const { return (*blocks_)[block_]; }
    void NextBlock() {
      ++block_;
      at_ = 0;
    }

    const std::vector<Held>* blocks_ = nullptr;
    size_t block_ = 0, at_ = 0;
  };
  using iterator = const_iterator;
  using value_type = Entry;

  const_iterator begin() const { return {&blocks_, 0, 0}; }
  const_iterator end() const { return {&blocks_, blocks_.size(), 0}; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

  // O(log n). Iterators hold until the map is changed.
  const_iterator lower_bound(std::string_view key) const {
    const size_t block = BlockOf(key);
    if (block == blocks_.size()) return end();
    const size_t at = PlaceIn(blocks_[block].entries(), key);
    return at < blocks_[block].entries().size() ? const_iterator(&blocks_, block, at)
                                                : const_iterator(&blocks_, block + 1, 0);
  }
  const_iterator upper_bound(std::string_view key) const {
    const_iterator at = lower_bound(key);
    if (at != end() && at->first == key) ++at;
    return at;
  }
  const_iterator find(std::string_view key) const {
    const const_iterator at = lower_bound(key);
    return at != end() && at->first == key ? at : end();
  }
  bool contains(std::string_view key) const { return find(key) != end(); }
  const V& at(std::string_view key) const {
    const const_iterator found = find(key);
    if (found == end()) throw std::out_of_range("no such key");
    return found->second;
  }

  // To be changed; made where it is not there. O(log n + b), and O(n / b) where a block is split.
  V& operator[](std::string_view key) {
    if (blocks_.empty()) blocks_.emplace_back(new Block);
    size_t block = BlockOf(key);
    std::vector<Entry>* entries = &blocks_[block].Own();
    size_t at = PlaceIn(*entries, key);
    if (at < entries->size() && (*entries)[at].first == key) return (*entries)[at].second;
    ++size_;
    if (entries->size() == kMostInBlock) {
      // What comes in order fills blocks; what comes anywhere halves them.
      const bool in_order = block + 1 == blocks_.size() && at == entries->size();
      const size_t stays = in_order ? at : entries->size() / 2;
      Held behind(new Block);
      std::vector<Entry>& moved = behind.Own();
      moved.assign(std::make_move_iterator(entries->begin() + static_cast<ptrdiff_t>(stays)),
                   std::make_move_iterator(entries->end()));
      entries->erase(entries->begin() + static_cast<ptrdiff_t>(stays), entries->end());
      blocks_.insert(blocks_.begin() + static_cast<ptrdiff_t>(block) + 1, std::move(behind));
      if (at >= stays && (at > stays || in_order)) {
        at -= stays;
        ++block;
      }
      entries = &blocks_[block].Own();
    }
    const auto place = entries->begin() + static_cast<ptrdiff_t>(at);
    return entries->emplace(place, std::string(key), V())->second;
  }

  // True if it was there. O(log n + b), and O(n / b) where a block becomes empty.
  bool erase(std::string_view key) {
    const const_iterator found = find(key);
    if (found == end()) return false;
    std::vector<Entry>& entries = blocks_[found.block_].Own();
    entries.erase(entries.begin() + static_cast<ptrdiff_t>(found.at_));
    if (entries.empty()) blocks_.erase(blocks_.begin() + static_cast<ptrdiff_t>(found.block_));
    --size_;
    return true;
  }

  void clear() {
    blocks_.clear();
    size_ = 0;
  }

  // visit(key, const V* before, const V* after), null where it is not there, in the order of keys,
  // for all that may differ: what is in blocks that the two do not share. O(those).
  template <typename Visit>
  static void ForEachUnshared(const SharedMap& before, const SharedMap& after, Visit visit) {
    const_iterator a = before.begin(), b = after.begin();
    while (!a.AtEnd() || !b.AtEnd()) {
      if (!a.AtEnd() && !b.AtEnd() && a.AtBlock() && b.AtBlock() &&
          a.HeldBlock() == b.HeldBlock()) {
        a.NextBlock();
        b.NextBlock();
        continue;
      }
      const int order = b.AtEnd() ? -1 : a.AtEnd() ? 1 : a->first.compare(b->first);
      const V* const was = order <= 0 ? &a->second : nullptr;
      const V* const is = order >= 0 ? &b->second : nullptr;
      visit(order <= 0 ? a->first : b->first, was, is);
      if (order <= 0) ++a;
      if (order >= 0) ++b;
    }
  }

 private:
  // Where the key is or would be; the last block takes what is behind all. blocks_.size(): none.
  size_t BlockOf(std::string_view key) const {
    const auto behind = std::upper_bound(
        blocks_.begin(), blocks_.end(), key, [](std::string_view wanted, const Held& block) {
          return !block.entries().empty() && wanted < block.entries().front().first;
        });
    return behind == blocks_.begin() ? 0 : static_cast<size_t>(behind - blocks_.begin()) - 1;
  }
  static size_t PlaceIn(const std::vector<Entry>& entries, std::string_view key) {
    const auto at = std::lower_bound(
        entries.begin(), entries.end(), key,
        [](const Entry& entry, std::string_view wanted) { return entry.first < wanted; });
    return static_cast<size_t>(at - entries.begin());
  }

  std::vector<Held> blocks_;
  size_t size_ = 0;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_BASE_SHARED_MAP_H_
