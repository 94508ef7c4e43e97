// Private to this folder and those below it. A 4-ary heap: half the levels of a binary one, and the
// children of a node share a cache line or two (LaMarca and Ladner 1996).
#ifndef WAYMARK_CONTROLLER_COMPUTE_MIN_HEAP_H_
#define WAYMARK_CONTROLLER_COMPUTE_MIN_HEAP_H_

#include <cstddef>
#include <utility>
#include <vector>

namespace waymark {

// Least first, by `Less`. Entries that compare equal come in no particular order.
template <typename Entry, typename Less = std::less<Entry>>
class MinHeap {
 public:
  explicit MinHeap(Less less = Less()) : less_(less) {}

  bool empty() const { return entries_.empty(); }
  void clear() { entries_.clear(); }
  const Entry& top() const { return entries_.front(); }

  void Push(const Entry& entry) {
    size_t hole = entries_.size();
    entries_.push_back(entry);
    while (hole > 0) {
      const size_t parent = (hole - 1) / 4;
      if (!less_(entry, entries_[parent])) break;
      entries_[hole] = entries_[parent];
      hole = parent;
    }
    entries_[hole] = entry;
  }

  Entry Pop() {
    const Entry least = entries_.front();
    const Entry last = entries_.back();
    entries_.pop_back();
    const size_t size = entries_.size();
    if (size == 0) return least;
    size_t hole = 0;
    for (;;) {
      const size_t first = hole * 4 + 1;
      if (first >= size) break;
      size_t child = first;
      const size_t end = first + 4 < size ? first + 4 : size;
      for (size_t i = first + 1; i < end; ++i) {
        if (less_(entries_[i], entries_[child])) child = i;
      }
      if (!less_(entries_[child], last)) break;
      entries_[hole] = entries_[child];
      hole = child;
    }
    entries_[hole] = last;
    return least;
  }

 private:
  std::vector<Entry> entries_;
  [[no_unique_address]] Less less_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MIN_HEAP_H_
