// Private to this folder. The cheapest ways of few segments from one node to all others.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_SEGMENT_SEARCH_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_SEGMENT_SEARCH_H_

#include <cstdint>
#include <span>
#include <vector>

#include "controller/compute/mesh/problem.h"
#include "controller/compute/mesh/segment_limit.h"

namespace waymark {

// Memory: 8 bytes * nodes^2, and 12 * nodes * stages.
class SegmentSearch {
 public:
  static constexpr int32_t kMostNodes = 8'192;

  // Both must outlive this.
  SegmentSearch(const MeshProblem& problem, const SegmentRules& rules);

  // What links cost, all >= 0. O(n^2).
  void SetPrices(std::span<const double> length);
  // O(stages * n^2), of which there are as many as help.
  void Run(int32_t source);
  // By the cheapest way, no node twice. False: there is none of so few segments.
  bool RouteTo(int32_t target, std::vector<int32_t>* links);

 private:
  // How a node was reached: from which, and by which link; -1: by the segment to it.
  struct Step {
    int32_t from = -1, link = -1;
  };
  struct Stage {
    std::vector<double> cost;
    std::vector<Step> step;  // from = -1: as in the stage before
  };
  size_t Cell(int32_t from, int32_t to) const {
    return static_cast<size_t>(from) * static_cast<size_t>(problem_.node_count) +
           static_cast<size_t>(to);
  }
  void PriceRow(int32_t from, std::span<const double> length);
  bool Extend(const Stage& last, const std::vector<bool>& fresh, Stage* next,
              std::vector<bool>* reached) const;

  const MeshProblem& problem_;
  const SegmentRules& rules_;
  std::vector<int32_t> last_link_;  // by (from, to)
  std::vector<double> segment_;     // price of the segment, by (from, to); infinite: none
  std::vector<double> length_;
  std::vector<std::vector<int32_t>> out_;  // links by tail
  std::vector<Stage> stages_;
  int32_t source_ = 0;
  std::vector<int32_t> place_;  // of CutLoops
  std::vector<int32_t> chain_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_SEGMENT_SEARCH_H_
