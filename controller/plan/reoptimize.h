// What pinned policies would gain if they were placed anew. Nothing here moves anything: a valid
// pinned path stays where it is until an operator has seen the list of moves and asked for it.
//
// Policies are taken one after the other, in the order of plan.h: each gives its bandwidth back, is
// placed as if it were new on what all others hold, and moves if the gain is large enough, or if it
// was BLOCKED or DEGRADED and would not be; otherwise it takes its place back. Of a pair one of
// whose paths is down the other stays (and becomes the working path) where it finds a partner that
// is up; else a pair that is up is offered, whatever it costs. Both directions of a
// demand move together. No move takes bandwidth from another policy, whatever its priority, and
// none leaves a policy without a constraint that it met before. Afterwards, what is still BLOCKED
// is tried once more on the room that the moves have made.
#ifndef WAYMARK_CONTROLLER_PLAN_REOPTIMIZE_H_
#define WAYMARK_CONTROLLER_PLAN_REOPTIMIZE_H_

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "controller/plan/plan.h"
#include "waymark/stored/v1/stored.pb.h"

namespace waymark {

struct ReoptimizeOptions {
  // "customers/{customer}/services/{service}": only policies of this service move; empty: all.
  std::string service;
  // Moves that gain less are left out, in percent of the old objective; 0 to 100 (clamped). At 0, a
  // move needs a gain greater than nothing.
  double min_gain_percent = 0;
  // Asked before each policy, on the calling thread: once true, it ends soon, without an answer.
  // Empty: never.
  std::function<bool()> stop = nullptr;
};

struct PlacementMove {
  std::string policy;
  // `before` has no working path when the policy is BLOCKED.
  stored::v1::Placement before, after;
  // Of working and protect together, in the units of the class's objective (te metric; nanoseconds;
  // cost). 0 before when BLOCKED.
  double old_objective = 0, new_objective = 0;
  // "te metric 70 -> 50", "was BLOCKED: ...", "protect path: links/a--b down; another is up: ...".
  std::string reason;
};

struct Reoptimization {
  // Called off by `stop`: nothing else is set.
  bool stopped = false;
  // By policy name.
  std::vector<PlacementMove> moves;
  // Of `moves`: were BLOCKED or DEGRADED, or had a path that is down, and would not. Sorted.
  std::vector<std::string> mended;
  // What PlanInput::placements would be after the moves: all of them, by policy name.
  std::map<std::string, stored::v1::Placement> placements;
  // 16 hex digits: a hash of the moves and of all placements before them. Equal input gives equal
  // names; it changes whenever a placement or what is to be moved does.
  std::string name;
};

// Pure, as MakePlan. Cost: that of MakePlan and one solve a pinned policy.
Reoptimization Reoptimize(const PlanInput& input, const ReoptimizeOptions& options);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_REOPTIMIZE_H_
