// Private to this folder. The least walk through the legs of an explicit path: each leg passes no
// node twice, two legs may pass the same one.
#ifndef WAYMARK_CONTROLLER_COMPUTE_WALK_SEARCH_H_
#define WAYMARK_CONTROLLER_COMPUTE_WALK_SEARCH_H_

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "controller/compute/explicit_hops.h"
#include "controller/compute/search_graph.h"
#include "controller/compute/work_limit.h"

namespace waymark {

// Node `state % nodes` within leg `state / nodes`; the number of legs stands for the end.
using WalkState = int32_t;

class WalkSearch {
 public:
  // `plan` without problem; both are referenced. O(legs * (n + m) log n).
  WalkSearch(const SearchGraph& graph, const HopPlan& plan);

  // First leg that no admitted way makes, by itself; nullopt: all have one.
  std::optional<size_t> BrokenLeg() const { return broken_leg_; }
  // Lower bounds of the whole walk; the bounds of the graph are not regarded. No broken leg.
  Metric Least() const { return metric_to_end_[start_]; }
  int64_t LeastDelay();
  int64_t LeastHops();

  // The least walk by (metric, link numbers) that keeps the graph's bounds, uses none of
  // `banned_links` (null: none are) and passes none of the `banned` states. nullopt: none, or the
  // work has ended; a unit of work is a label.
  std::optional<ComputedPath> Run(const std::vector<bool>* banned_links,
                                  std::span<const WalkState> banned, WorkMeter& work);

  // After each link of a walk, in order.
  std::vector<WalkState> StatesOf(std::span<const LinkId> links) const;

 private:
  struct Label;
  class Queue;

  // Where a link leads from a state; kNowhere when it may not be used there.
  static constexpr WalkState kNowhere = -1;
  WalkState Follow(WalkState state, LinkId link) const;
  bool MayPass(size_t leg, NodeId node) const;

  // Least `project`ed metric to the end, by state.
  template <typename Project>
  std::vector<Metric> ToEnd(Project project);
  void ComputeBounds();
  std::optional<ComputedPath> Search(bool bounded, const std::vector<bool>* banned_links,
                                     WorkMeter& work);
  bool MeetsBounds(const Metric& metric) const;

  const SearchGraph& graph_;
  const Snapshot& snapshot_;
  const HopPlan& plan_;
  const int32_t nodes_;
  const WalkState start_;
  std::optional<size_t> broken_leg_;
  std::vector<Metric> metric_to_end_;
  std::vector<int64_t> delay_to_end_, hops_to_end_;  // empty until a search needs them
  std::vector<bool> banned_;                         // states, of the current run
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_WALK_SEARCH_H_
