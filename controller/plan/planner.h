// Plans made one after another, each from what has changed since the one before.
//
//   services --> mesh routes --\           /--> policies --> objects
//       \                       > pinned --
//        \--> underlay --------/           \--> guarantees
//
// Each node of this graph keeps what it has made, and looks again at what a change concerns:
//   services    those that changed, or refer to a site or class map that did; all of them as long
//               as two ask for one port, because then each may depend on any other;
//   underlay    after a link went up or down: shortest paths of all, and the routes that differ;
//   mesh routes headends whose pairs, stored routes or links have changed;
//   pinned      each demand takes room that the next may want, and guarantees take theirs from the
//               same ledger. So all of them, in their order, if a link has changed, a stored fact
//               is not as it was planned, or anybody is not as asked: degraded, down, or refused
//               with hope for another's room. Else the demands of services that have changed, as
//               long as they find room beside all others and leave those that are refused as
//               little as they had (placer.h), and the promises of whom they slow down;
//   policies    those whose routes, placement or segments differ;
//   objects     those of policies and services that differ.
// A change of topology or of a traffic class concerns everything: all is computed anew.
#ifndef WAYMARK_CONTROLLER_PLAN_PLANNER_H_
#define WAYMARK_CONTROLLER_PLAN_PLANNER_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "controller/plan/plan.h"

namespace waymark {

// One thread at a time.
class Planner {
 public:
  Planner();
  ~Planner();

  // The same plan as MakePlan(input), if `changes` names all that differs from the input of the
  // last call, but for links down and options (those must stay). What `input` refers to must stay
  // until the next call: snapshot and intents are referred to. What the last plan wants stored
  // counts as a change when it has been, and where it has not been, the next call must be with
  // PlanChanges::All(). What plans share is shared in memory.
  Plan Make(const PlanInput& input, const PlanChanges& changes);

  struct Runs {
    int64_t incremental = 0, full = 0;
  };
  // By node of the graph above.
  const std::map<std::string, Runs>& runs() const;

 private:
  class Memory;
  std::unique_ptr<Memory> memory_;
};

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_PLAN_PLANNER_H_
