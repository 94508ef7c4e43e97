// Finds the paths that a question asks for, with what it asks of latency and availability. Pure.
#ifndef WAYMARK_CONTROLLER_COMPUTE_PATH_SOLVER_H_
#define WAYMARK_CONTROLLER_COMPUTE_PATH_SOLVER_H_

#include <functional>
#include <string>
#include <vector>

#include "controller/compute/constraints.h"
#include "controller/compute/refusal.h"
#include "controller/compute/route_targets.h"
#include "controller/compute/search_graph.h"

namespace waymark {

struct PathSolution {
  Outcome outcome = Outcome::kInfeasible;
  // As many as asked for, or for the best of one pair all there are; valid whatever the outcome.
  std::vector<ComputedPath> paths;
  // Risks that disjoint paths share, where that is allowed.
  std::vector<std::string> shared_risks;
  // The end of patience; else it is for ExplainRefusal to say.
  Refusal shortfall;
  // Of kBudgetSpent: false where not everything is looked at, however long it may take.
  bool more_work_helps = true;
  // What is wrong with an explicit list of hops as things are, be it for another constraint.
  std::string hop_problem;
};

// What is looked for. constraints.protection.any(): `count` mutually disjoint paths, 2 or more;
// else the best `count`, 1 or more.
struct PathProblem {
  NodeId from = NodeId::kNone, to = NodeId::kNone;
  PathConstraints constraints;
  int count = 1;
};

// Latency bounds and availability targets are no costs of a link. Those of availability have a
// search of their own (compute/availability_search.h), exact within its budget for paths by
// themselves and for pairs. For a latency bound the best paths are tried in order until some keep
// it, which is exact for paths by themselves as long as the tries last, and for disjoint pairs
// finds good ones without a proof (kBudgetSpent). Once `stop` (never empty) is true the best
// so far is the answer.
PathSolution SolvePaths(const Snapshot& snapshot, const SearchGraph::Environment& environment,
                        const PathProblem& question, const RouteTargets& targets,
                        const std::function<bool()>& stop);

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_PATH_SOLVER_H_
