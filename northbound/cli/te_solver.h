// The work of `waymark te solve` on one matrix after the other.
#ifndef WAYMARK_NORTHBOUND_CLI_TE_SOLVER_H_
#define WAYMARK_NORTHBOUND_CLI_TE_SOLVER_H_

#include <optional>
#include <ostream>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/base/clock.h"
#include "controller/compute/mesh/optimize.h"
#include "controller/compute/mesh/segment_limit.h"
#include "northbound/cli/context.h"
#include "northbound/cli/path_limits.h"
#include "northbound/cli/te_availability.h"
#include "northbound/cli/te_input.h"
#include "northbound/cli/te_pool.h"
#include "northbound/cli/te_routes.h"
#include "northbound/cli/te_scenarios.h"
#include "northbound/cli/te_solve_options.h"
#include "northbound/cli/te_solved.h"

namespace waymark::cli {

// A line that a person at a terminal sees change while a run takes long.
class TeProgress {
 public:
  explicit TeProgress(Context& context)
      : err_(context.io().err),
        shown_(context.io().interactive),
        clock_(context.clock()),
        begin_(clock_.Monotonic()),
        shown_at_(begin_) {}

  void Show(const MeshProgress& at);
  // A message may follow.
  ~TeProgress() {
    if (open_) err_ << '\n';
  }
  TeProgress(const TeProgress&) = delete;
  TeProgress& operator=(const TeProgress&) = delete;

 private:
  std::ostream& err_;
  const bool shown_;
  const Clock& clock_;
  const absl::Duration begin_;
  absl::Duration shown_at_;
  bool open_ = false;
};

// Borrows all that it is given.
class TeSolver {
 public:
  TeSolver(Context& context, const TeSolveOptions& options, bool shorten, const PathLimits& limits);

  // What the routes are to outlive, and to be measured by. Null: nothing.
  struct Failing {
    const std::vector<Scenario>* outlive = nullptr;
    const FailureModel* model = nullptr;
    double target = 0;  // of availability
    // Stronger classes, which answer to failures themselves, and the links as they are without
    // them.
    std::vector<MeshTraffic> stronger;
    std::vector<MeshLink> whole;
  };
  // Of `input`'s problem, whose graph is the same each time; its links have what stronger classes
  // leave. Best so far, and plan.stopped, when the limits end it.
  absl::StatusOr<TeSolved> Solve(const TeInput& input, const Failing& failing);

 private:
  // The routes, and what is granted where not all need be carried.
  absl::Status Route(const MeshProblem& problem, TeSolved* solved) const;
  // To the optimum, in the time that this may take.
  absl::Status Polish(const MeshProblem& problem, TeSolved* solved) const;
  absl::StatusOr<LimitedRoutes> Limited(const MeshProblem& carried, const TeSolved& solved) const;
  // Of as few segments as are allowed, in `carried`.
  absl::Status Limit(const MeshProblem& carried, TeSolved* solved);
  absl::Status LeaveOutTooLong(const MeshProblem& carried, TeSolved* solved);
  absl::Status Shorten(const MeshProblem& carried, TeSolved* solved);
  absl::Status Balance(const MeshProblem& carried, TeSolved* solved);

  Context& context_;
  const TeSolveOptions& options_;
  const bool shorten_;
  const PathLimits& limits_;
  TePool pool_;
  TeProgress progress_;
  MeshOptions mesh_;
  std::optional<TeSegments> segments_;
  SegmentRules rules_;
};

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_TE_SOLVER_H_
