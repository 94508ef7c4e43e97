// An outcome as the API says it.
#ifndef WAYMARK_CONTROLLER_COMPUTE_OUTCOME_MESSAGE_H_
#define WAYMARK_CONTROLLER_COMPUTE_OUTCOME_MESSAGE_H_

#include "controller/compute/search_graph.h"
#include "waymark/v1/services.pb.h"

namespace waymark {

inline v1::PathOutcome OutcomeMessage(Outcome outcome) {
  switch (outcome) {
    case Outcome::kFound:
      return v1::FOUND;
    case Outcome::kInfeasible:
      return v1::INFEASIBLE;
    case Outcome::kBudgetSpent:
      return v1::BUDGET_SPENT;
  }
  return v1::PATH_OUTCOME_UNSPECIFIED;
}

}  // namespace waymark

#endif  // WAYMARK_CONTROLLER_COMPUTE_OUTCOME_MESSAGE_H_
