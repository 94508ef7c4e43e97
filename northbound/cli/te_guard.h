// `te solve --protected`: which failures the routes are to outlive, and how they do.
#ifndef WAYMARK_NORTHBOUND_CLI_TE_GUARD_H_
#define WAYMARK_NORTHBOUND_CLI_TE_GUARD_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/mesh/optimize.h"
#include "controller/compute/mesh/protect.h"
#include "controller/compute/mesh/segment_limit.h"
#include "northbound/cli/context.h"
#include "northbound/cli/te.h"
#include "northbound/cli/te_input.h"
#include "northbound/cli/te_print.h"
#include "northbound/cli/te_scenarios.h"

namespace waymark::cli {

// The failures that --protected, --fail and --fail-file name; nothing when none of them is given.
// A usage error, NOT_FOUND, or FAILED_PRECONDITION where the graph has none of what is to fail.
absl::StatusOr<std::optional<std::vector<Scenario>>> ReadFailures(Context& context,
                                                                  const TeInput& input,
                                                                  const TeSolveArgs& args);

// Routes that outlive single failures, with what these do to them.
struct Guarded {
  std::vector<Scenario> scenarios;
  ProtectPlan plan;
  // Of plan.cut: demands whose own end failed.
  size_t at_nodes = 0;

  std::string Worst() const {
    return plan.worst_failure < 0 ? "" : scenarios[plan.worst_failure].name;
  }
  // No failure overloads a link or takes all routes of a demand that could have another.
  bool holds() const { return plan.exposed.empty() && plan.worst_mlu <= 1; }

  // What is said of them: figures as JSON and in a table, a warning unless they hold (else empty),
  // and the end of a message that work was broken off.
  void AddTo(TeJson* json) const;
  std::string WorstText() const;
  std::string LostText() const;
  std::string Warning(const std::string& traffic_class) const;
  std::string Unfinished() const;
};

// Backups for `plan`'s routes, which may move; of no more segments than the rules allow.
// Utilisations are of `problem`'s links with all that `stronger` classes load them with.
absl::StatusOr<Guarded> Guard(const MeshProblem& problem, std::vector<MeshTraffic> stronger,
                              const MeshOptions& options, const SegmentRules& rules,
                              const MeshPlan& plan, std::vector<Scenario> scenarios);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_TE_GUARD_H_
