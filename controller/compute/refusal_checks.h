// For tests: explanations of refusals against brute force. Every constraint that is named really
// blocks, no smaller set does, every change really helps and no smaller one would.
#ifndef WAYMARK_CONTROLLER_COMPUTE_REFUSAL_CHECKS_H_
#define WAYMARK_CONTROLLER_COMPUTE_REFUSAL_CHECKS_H_

#include <random>
#include <set>
#include <string>
#include <vector>

#include "controller/compute/refusal.h"
#include "controller/compute/refusal_change.h"

namespace waymark {

// Between the nodes 0 and 1 of the world. With nothing of availability and latency.
RefusalWorld RandomWorld(std::mt19937& random);
// With an availability target, or a bound on latency and at times a target too.
RefusalWorld RandomTargetWorld(std::mt19937& random, bool latency);

// All routes: single paths, or pairs (working, protect).
std::vector<std::vector<std::vector<LinkId>>> Routes(const RefusalWorld& world);
inline bool Possible(const RefusalWorld& world) { return !Routes(world).empty(); }

// The beginnings of the names of all constraints that a world may have.
std::vector<std::string> ConstraintKinds();
std::string KindOf(const std::string& name);
std::set<std::string> KindsOf(const std::vector<std::string>& names);
// With these constraints alone.
RefusalWorld With(const RefusalWorld& world, const std::set<std::string>& kept);

RefusalExplanation Told(const RefusalWorld& world, WorkLimit limit = {.budget = 100'000},
                        int64_t attempt = kExplainAttempt);

// Each fails the test that calls it; for ASSERT_NO_FATAL_FAILURE. That there is no route, and that
// the explanation is complete, is for the caller to see to.
// Of conflicts: with these alone there is no route; without any one of them there is; no set of
// fewer does that; of equally small ones all are told, up to four; without all of them there is a
// route.
void CheckConflicts(const RefusalWorld& world, const RefusalExplanation& told);
// Without any two of the constraints there is no route either.
void CheckBeyondHelp(const RefusalWorld& world);
// It helps, with the route that is given, and no smaller one would.
void CheckRelaxation(const RefusalWorld& world, const RefusalRelaxation& relaxation);
// That route is, by the objective, what one who asks under the change would get.
void CheckBest(const RefusalWorld& world, const RefusalRelaxation& relaxation);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_REFUSAL_CHECKS_H_
