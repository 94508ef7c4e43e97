// What `waymark te solve` has found for one matrix, and how it is shown.
#ifndef WAYMARK_NORTHBOUND_CLI_TE_SOLVED_H_
#define WAYMARK_NORTHBOUND_CLI_TE_SOLVED_H_

#include <optional>
#include <string>
#include <vector>

#include "controller/compute/mesh/allocate.h"
#include "controller/compute/mesh/evaluate.h"
#include "controller/compute/mesh/optimize.h"
#include "controller/compute/mesh/stretch.h"
#include "northbound/cli/context.h"
#include "northbound/cli/te_availability.h"
#include "northbound/cli/te_guard.h"
#include "northbound/cli/te_input.h"
#include "northbound/cli/te_print.h"

namespace waymark::cli {

// Of demands in a message.
inline constexpr size_t kTeNamed = 10;

// Every figure is of the routes as they are written.
struct TeSolved {
  MeshPlan plan;
  // Where not all demands need be carried: who gets how much. The routes are in `plan` all the
  // same.
  std::optional<MeshAllocation> allocation;
  // Whether plan.fractional_mlu is the optimum; none: it was not sought.
  std::optional<bool> exact;
  bool exact_out_of_time = false;  // not found in the time that it was given
  MeshLoads loads;                 // of what is carried
  MeshStretch stretch;
  double seconds = 0;
  std::optional<int> most_segments;  // none: the time was over before they were counted
  // Demands that no path of so few segments as are allowed could be found for, ascending; without
  // paths.
  std::vector<int32_t> too_long;
  // Likewise those that none was looked for before the time was over. There is no bound then: that
  // of all demands would not be one of those that are carried.
  std::vector<int32_t> unsought;
  std::optional<Guarded> guarded;
  std::optional<TeAvailability> availability;

  // None without a bound, and for max-min shares.
  std::optional<double> gap() const;
  bool Reached(double asked_gap) const { return gap().has_value() && *gap() <= asked_gap; }
};

// Of the matrix that `input` has, its objective included.
TeJson SolvedJson(const TeInput& input, const TeSolved& solved, double asked_gap);
// Of MostSegments, in a table.
std::string SegmentsText(const std::optional<int>& most);
void ShowSolved(Context& context, const TeInput& input, const TeSolved& solved);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_TE_SOLVED_H_
