// `--availability`: how probably what fails, and how much of the time demands are served all the
// same.
#ifndef WAYMARK_NORTHBOUND_CLI_TE_AVAILABILITY_H_
#define WAYMARK_NORTHBOUND_CLI_TE_AVAILABILITY_H_

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "controller/compute/mesh/failure_states.h"
#include "controller/compute/mesh/parallel.h"
#include "northbound/cli/te.h"
#include "northbound/cli/te_input.h"
#include "northbound/cli/te_print.h"
#include "northbound/cli/te_scenarios.h"

namespace waymark::cli {

// What can fail, and the states that are looked at.
struct FailureModel {
  std::vector<Scenario> elements;
  std::vector<std::vector<int32_t>> links;  // of each, by number
  FailureStates states;
};

// A usage error for flags that say how probably what fails where nobody asks for it.
absl::Status CheckAvailabilityFlags(const TeAvailabilityArgs& args);

// Fibres, nodes and risk groups by their MTBF and MTTR; fibres that state none by
// --failure-probability. Usage errors; FAILED_PRECONDITION where nothing is known to fail.
absl::StatusOr<FailureModel> ReadFailureModel(const TeInput& input, const TeAvailabilityArgs& args);

// The target of a class ("": there are none); 0: none. A usage error for what is no target, or
// names none of `classes`.
absl::StatusOr<double> AvailabilityTarget(const TeAvailabilityArgs& args,
                                          const std::vector<std::string>& classes,
                                          const std::string& name);

// The most probable states with failures which, with that without any, come to the target.
// FAILED_PRECONDITION where those that are looked at do not.
absl::StatusOr<std::vector<Scenario>> StatesToOutlive(const FailureModel& model, double target);

// What routes come to.
struct TeAvailability {
  double target = 0;
  MeshAvailability mesh;
  size_t states = 0;
  double mass = 0, residual = 0;

  // Demands with a rate whose certain availability is below the target, the worst first.
  std::vector<int32_t> Below(const TeInput& input) const;
  // The worst of all with a rate; -1: there are none.
  int32_t Worst(const TeInput& input) const;
  TeJson Json(const TeInput& input) const;
  std::string Text(const TeInput& input) const;
  // Empty if the target is met.
  std::string Warning(const TeInput& input) const;
};

TeAvailability MeasureTe(const MeshProblem& problem, const MeshRoutes& routes,
                         std::span<const MeshTraffic> stronger, const FailureModel& model,
                         double target, const std::function<bool()>& stop,
                         const ParallelFor& parallel);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_TE_AVAILABILITY_H_
