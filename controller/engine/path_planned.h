// What the planner would give a service that came now: the answer to whoever asks for a class's
// path. Pure.
#ifndef WAYMARK_CONTROLLER_ENGINE_PATH_PLANNED_H_
#define WAYMARK_CONTROLLER_ENGINE_PATH_PLANNED_H_

#include <functional>

#include "controller/engine/path_answers.h"
#include "controller/engine/path_question.h"
#include "controller/compute/path_solver.h"

namespace waymark {

// References must outlive the call only.
struct PlannedQuery {
  const PathWorld& world;
  // Of a pinned class, without explicit hops, one path or a pair.
  const PathQuestion& question;
  const LinkState& link_state;
  // As if there were no other services.
  bool alone = false;
  const std::function<bool()>& stop;
};

struct PlannedAnswer {
  // kFound: the route that a service would get, working first; else no paths, and kBudgetSpent, for
  // the planner tries good routes and not all.
  PathSolution solution;
  // Both directions take the same fibres.
  bool corouted = true;
  // The other direction would be placed too, if apart.
  bool way_back = true;
  // `stop` ended it first.
  bool stopped = false;
};

// As a plan, O(all services), without explanations: what stands is kept, what is weaker gives way.
PlannedAnswer PlanOne(const PlannedQuery& query);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_ENGINE_PATH_PLANNED_H_
