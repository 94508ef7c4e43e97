// Private to this folder. Services that arrive together are placed together: where one of them is
// refused because those before it took the room, these are moved, if all of them still find a
// place.
#ifndef WAYMARK_CONTROLLER_PLAN_PLACER_JOINT_H_
#define WAYMARK_CONTROLLER_PLAN_PLACER_JOINT_H_

#include <set>
#include <utility>
#include <vector>

#include "controller/plan/placer.h"

namespace waymark {

// While it runs, the new ones hold their bandwidth tentatively: what may give way and what may not
// is then a matter of priorities, for the solver and the ledger alike. Local search, deterministic,
// of bounded work; never moves what was placed before this plan, and never leaves one without a
// place that had one.
class Placer::JointSearch {
 public:
  // Of one plan, in solves.
  static constexpr int kSolves = 300;
  // To find routes that keep an availability target or latency bounds costs as much as so many.
  static constexpr int kSolvesOfAlternatives = 8;
  static constexpr size_t kMostAlternatives = 4;
  // One displaces some, each of which may displace some in turn.
  static constexpr int kDepth = 3;
  // Whoever displaces more at once is unlikely to find a place for all.
  static constexpr size_t kMostDisplaced = 8;

  // `movable`: placed in this plan. Keeps references.
  JointSearch(Placer* placer, std::vector<PinnedJob*> movable);

  // In order. Those that find a place are settled.
  void Run(const std::vector<PinnedJob*>& refused);

 private:
  // Before a change: to be undone, last first.
  struct Undo {
    PinnedJob* job;
    bool placed;
    Route route;
    int64_t reserved_bps;
  };

  bool Displace(PinnedJob* job, int depth);
  bool DisplaceFrom(PinnedJob* job, const Route& route, int depth);
  bool PlaceFree(PinnedJob* job);
  // Takes them from what is left.
  bool MaySolve(int solves);
  void Note(PinnedJob* job);
  void RollBack(size_t to);
  void Rebook(PinnedJob* job, int hold);

  Placer* const placer_;
  std::vector<PinnedJob*> movable_;
  std::vector<Undo> undo_;
  // Those that must not be moved again in this attempt.
  std::set<const PinnedJob*> settled_;
  int solves_ = kSolves;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_PLACER_JOINT_H_
