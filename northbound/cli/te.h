// `waymark te`: any-to-any traffic on files, without a controller.
#ifndef WAYMARK_NORTHBOUND_CLI_TE_H_
#define WAYMARK_NORTHBOUND_CLI_TE_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "northbound/cli/context.h"

namespace waymark::cli {

// The files of every `te` command, as the command line gave them.
struct TeFiles {
  std::string graph, demands;
  std::string format = "auto", demands_format = "auto";
  std::string matrix;  // --matrix
};

// How much of the time demands are to be served, whatever fails.
struct TeAvailabilityArgs {
  std::vector<std::string> targets;  // --availability: SHARE or CLASS=SHARE; empty: not asked for
  std::string probability, cut_off;  // --failure-probability, --cut-off; empty: the default
};

// Where paths may lead, as `waymark path compute` has it; of several classes also CLASS=VALUE.
struct TePlaceArgs {
  std::vector<std::string> allowed_jurisdictions, forbidden_jurisdictions;
  std::vector<std::string> allowed_providers, forbidden_providers;
  std::vector<std::string> include_any, include_all, exclude, avoid;

  friend bool operator==(const TePlaceArgs&, const TePlaceArgs&) = default;
};

struct TeSolveArgs {
  TeFiles files;
  std::string max_paths, weights, time_limit, gap, threads;  // empty: the default
  std::string routes;                                        // where the CSV goes; empty: nowhere
  bool allow_unreachable = false;
  std::string protect;            // --protected: link, node, srlg, joined by commas; empty: nothing
  std::vector<std::string> fail;  // failures to outlive, as te whatif has them
  std::string fail_file;          // more of these, one a line; empty: none
  TeAvailabilityArgs availability;
  std::string exact;         // --exact: for how long; empty: not at all
  std::string max_segments;  // of every path; empty: what a packet holds
  // Of every path, VALUE or CLASS=VALUE; empty: no bound.
  std::vector<std::string> max_delay, max_hops, max_stretch;
  TePlaceArgs places;
  std::string objective = "mlu";  // or max-min, throughput
  bool balance = false, shorten = false;
  std::string granted;               // where granted rates go as CSV; empty: nowhere
  std::vector<std::string> classes;  // --class NAME=FILE, the strongest first, for --demands

  bool protects() const {
    return !protect.empty() || !fail.empty() || !fail_file.empty() || !availability.targets.empty();
  }
};
// Routes for all demands at once. DEADLINE_EXCEEDED or CANCELLED after the best so far has been
// written and shown; FAILED_PRECONDITION naming demands that nothing can carry.
absl::Status RunTeSolve(Context& context, const TeSolveArgs& args);

struct TeEvaluateArgs {
  TeFiles files;
  std::string routes;
  TePlaceArgs places;  // checked, not kept to
  TeAvailabilityArgs availability;
};
// What a routes file does to the links.
absl::Status RunTeEvaluate(Context& context, const TeEvaluateArgs& args);

struct TeWhatifArgs {
  TeFiles files;
  std::string routes;
  std::vector<std::string> fail;
  std::string threads;
  bool react = false;  // also what a controller answers at once
};
// What it does to them after failures. Ends as RunTeSolve does when it is interrupted.
absl::Status RunTeWhatif(Context& context, const TeWhatifArgs& args);

struct TeHoseArgs {
  TeFiles files;  // demands may be empty: none
  TePlaceArgs places;
  std::string hoses;                                    // the file
  std::string max_paths, weights, time_limit, threads;  // empty: the default
  std::string max_delay, max_hops, max_stretch;         // of every path; empty: no bound
  std::string routes;                                   // where the CSV goes; empty: nowhere
};
// Routes for services that state rates by site, and whether they fit. Ends as RunTeSolve does.
absl::Status RunTeHose(Context& context, const TeHoseArgs& args);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_TE_H_
