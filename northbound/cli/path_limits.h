// When `waymark path compute --graph` gives up, and how --all-pairs tells how far it is.
#ifndef WAYMARK_NORTHBOUND_CLI_PATH_LIMITS_H_
#define WAYMARK_NORTHBOUND_CLI_PATH_LIMITS_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/base/clock.h"
#include "controller/compute/constraints.h"
#include "northbound/cli/commands.h"
#include "northbound/cli/path_graph.h"

namespace waymark::cli {

class PathLimits {
 public:
  // The two flags as given. Counts from now. Usage errors: --time-limit that is no duration or none
  // of 24 h at most, --threads outside 1 to 64. Empty: no limit, one thread.
  static absl::StatusOr<PathLimits> Read(Context& context, const std::string& threads,
                                         const std::string& time_limit);

  int threads() const { return threads_; }
  // As given; empty: none.
  const std::string& time_limit() const { return time_limit_; }
  // CANCELLED after an interrupt that an InterruptGuard caught, DEADLINE_EXCEEDED when the time is
  // over. Any thread.
  absl::Status GoOn() const;

 private:
  explicit PathLimits(const Clock& clock) : clock_(&clock) {}

  const Clock* clock_;
  absl::Duration end_ = absl::InfiniteDuration();
  std::string time_limit_;
  int threads_ = 1;
};

// While it lives, SIGINT and SIGTERM end the work at the next GoOn instead of the program at once,
// so that nothing half-written stays behind. One at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

 private:
  void (*interrupt_)(int);
  void (*terminate_)(int);
};

// `--all-pairs`: writes --routes, shows progress, and counts what there was at the end.
absl::Status RunAllPairs(Context& context, const PathComputeArgs& args, const PathLimits& limits,
                         const GraphFile& file, const PathConstraints& constraints);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_PATH_LIMITS_H_
