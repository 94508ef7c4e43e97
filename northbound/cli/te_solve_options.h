// The flags of `waymark te solve`, read.
#ifndef WAYMARK_NORTHBOUND_CLI_TE_SOLVE_OPTIONS_H_
#define WAYMARK_NORTHBOUND_CLI_TE_SOLVE_OPTIONS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "controller/base/srv6.h"
#include "controller/compute/mesh/allocate.h"
#include "controller/compute/mesh/optimize.h"
#include "northbound/cli/te.h"

namespace waymark::cli {

// If not given.
inline constexpr char kTeThreads[] = "2", kTeTimeLimit[] = "10s";

// --max-paths and --weights as given; where empty, the value stays. Usage errors.
absl::Status ReadTePaths(const std::string& max_paths, const std::string& weights, int* paths,
                         int* weight_total);

// Of every path; 0: no bound.
struct TeBounds {
  int64_t max_delay_ns = 0;
  int max_hops = 0;
  double max_stretch = 0;

  void Set(MeshProblem* problem) const;
};

// --max-delay, --max-hops and --max-stretch as given; where empty, the value stays. Usage errors.
absl::Status ReadTeBounds(const std::string& max_delay, const std::string& max_hops,
                          const std::string& max_stretch, TeBounds* bounds);

struct TeSolveOptions {
  struct Class {
    std::string name;  // empty: there are no classes
    TeFiles files;
    TeBounds bounds;
  };
  MeshOptions mesh;
  std::optional<Sharing> sharing;  // none: everything is carried
  int max_segments = kMaxUsids;
  bool balance = false;
  absl::Duration exact;        // for how long the optimum may be sought; 0: not at all
  std::vector<Class> classes;  // the strongest first; one at least

  std::vector<std::string> ClassNames() const;
};

// A usage error names the flag.
absl::StatusOr<TeSolveOptions> ReadTeSolveOptions(const TeSolveArgs& args);

// --time-limit as given; if it is not, kTeTimeLimit and what each class has for --exact.
std::string TeTimeLimit(const TeSolveArgs& args, const TeSolveOptions& options);

// "routes.csv" of class "gold": "routes.gold.csv"; of class "": itself.
std::string FileOfClass(const std::string& file, const std::string& name);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_TE_SOLVE_OPTIONS_H_
