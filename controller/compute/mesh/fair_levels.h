// Private to this folder. Max-min fair rates over all routings: nobody can have more without
// somebody having less who has no more anyway.
//
// Iterated concurrent flow (Nace and Pioro 2008): the highest level t at which each demand gets
// min(t, its rate) is found, those that stay at it are frozen, and it goes on with the others.
// - A level: t falls from above by Newton's method to where the network carries it. Prices l
//   certify: no t for which sum(rate at t * distance) > sum(capacity * l) can be had (weak
//   duality).
// - Who stays: the links that are as full as the fullest, but for the gap, and whose price is not
//   next to nothing, hold a level down; a demand all of whose ways lead over such links stays. So
//   those who have only such a link in common stay together, however long their ways are. Prices
//   tell links apart only once the soft maximum is sharp: a level is not left before, if it can be
//   had. In doubt a demand goes on, and the next level, which is then no higher, tells again.
// - Those that stay, and those that have all they ask for, give back a gap, so that their full
//   links do not hide those that fill next. FillFairly() on the routes makes that good in the end.
#ifndef WAYMARK_CONTROLLER_COMPUTE_MESH_FAIR_LEVELS_H_
#define WAYMARK_CONTROLLER_COMPUTE_MESH_FAIR_LEVELS_H_

#include <vector>

#include "controller/compute/mesh/path_mlu.h"
#include "controller/compute/mesh/problem.h"

namespace waymark {

struct FairRates {
  std::vector<double> rate;  // by demand; flow->pairs() carries them, with an MLU of about 1
  // No routing gives every demand min(this, its rate); certified, also when stopped.
  double least_bound = 0;
  int levels = 0;
};

// `flow` has the rates of the problem, more than it can carry. until.max_rounds is of each level.
// When stopped, those that are still rising have the level reached.
FairRates ShareFairly(const MeshProblem& problem, PathMlu* flow, const PathMlu::Until& until);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_MESH_FAIR_LEVELS_H_
