// Private to this folder. Pairs of segments between the same two nodes that sources have shifted
// flow between, to do it again without looking for them.
//
// Sources that share links wait for each other: what one moves makes room for another, and so on
// across the network, a little in each round. What they move between stays the same all the while,
// so going over those pairs again and again does what further rounds would do, for a fraction of
// their cost (pairs of alternative segments: Bar-Gera 2010).
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_SEGMENT_PAIRS_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_SEGMENT_PAIRS_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "controller/compute/mesh/soft_max.h"

namespace waymark {

class SegmentPairs {
 public:
  void Clear();
  // `links`: `away` of the segment that flow was moved away from, then those of the other; no link
  // twice. `source`: its row.
  void Add(int32_t source, std::span<const int32_t> links, size_t away);
  size_t size() const { return pairs_.size(); }

  // Moves flow of each pair's sources, in proportion to what they have on the dearer segment, to
  // the other until their prices meet or there is none left. What is less than `tolerance` dearer,
  // relatively, stays. `flow`: a row of link_count for each source; loads in `soft_max` follow. How
  // many pairs moved. O(total length of the pairs, by source).
  size_t Even(double tolerance, size_t link_count, std::span<double> flow, SoftMax* soft_max);

 private:
  struct Pair {
    size_t begin, middle, end;  // of links_
    int32_t first_user, last_user;
  };
  struct User {
    int32_t source, next;  // next: of users_; -1: none
  };
  std::span<const int32_t> From(size_t begin, size_t end) const {
    return std::span(links_).subspan(begin, end - begin);
  }
  // Where the pair is in table_, or is to be.
  size_t Slot(std::span<const int32_t> links, size_t away) const;
  void Grow();
  bool EvenOne(const Pair& pair, double tolerance, size_t link_count, std::span<double> flow,
               SoftMax* soft_max);

  std::vector<int32_t> links_;
  std::vector<Pair> pairs_;
  std::vector<User> users_;
  std::vector<int32_t> table_;  // of pairs_, by hash; -1: free. A power of two, half full at most
  std::vector<double> most_;    // by user of the pair at hand
  FlowDirection direction_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_SEGMENT_PAIRS_H_
