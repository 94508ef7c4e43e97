// Private to this folder. What a path costs, as one number, so that searches add and compare in one
// step.
//
//   bits  127..112  nodes and links in gentle maintenance that it uses
//         111..64   objective (te_metric; nanoseconds; SearchGraph::objective_unit of money)
//          63..48   hops
//          47..0    delay, ns
//
// The order of the numbers is the order of Metric: fewer avoided places, then the objective, hops,
// delay. Every link costs a hop, so every cost is positive, whatever its objective and delay: a
// shortest path has no cycle, and of two nodes on it the nearer one is settled first. Fields cannot
// overflow into each other: Snapshot's ranges (delay 10^10 ns, te_metric below 2^24) leave room for
// paths of 28,000 hops, and SearchGraph takes coarser units of money where thousandths would not
// fit.
#ifndef WAYMARK_CONTROLLER_COMPUTE_PATH_COST_H_
#define WAYMARK_CONTROLLER_COMPUTE_PATH_COST_H_

#include <cstdint>

namespace waymark {

__extension__ typedef unsigned __int128 PathCost;

inline constexpr int kObjectiveBits = 48;
inline constexpr int kDelayBits = 48;
inline constexpr PathCost kNoPathCost = ~PathCost{0};

constexpr PathCost MakePathCost(uint64_t avoided, uint64_t objective, uint64_t hops,
                                uint64_t delay_ns) {
  return PathCost{avoided << kObjectiveBits | objective} << 64 | (hops << kDelayBits | delay_ns);
}
constexpr int64_t HopsOf(PathCost cost) {
  return static_cast<int64_t>(static_cast<uint64_t>(cost) >> kDelayBits);
}
constexpr int64_t DelayOf(PathCost cost) {
  return static_cast<int64_t>(static_cast<uint64_t>(cost) & ((uint64_t{1} << kDelayBits) - 1));
}
// Avoided places and objective, as Metric::cost.
constexpr int64_t HighOf(PathCost cost) { return static_cast<int64_t>(cost >> 64); }

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_PATH_COST_H_
