// The commands, one function each: arguments as the command line gave them; output on
// context.out(). All block, and return what main turns into a message and an exit code.
#ifndef WAYMARK_NORTHBOUND_CLI_COMMANDS_H_
#define WAYMARK_NORTHBOUND_CLI_COMMANDS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "northbound/cli/context.h"
#include "northbound/cli/te.h"
#include "waymark/v1/programming.pb.h"

namespace waymark::cli {

struct GetArgs {
  std::string kind;
  std::vector<std::string> names;  // none: all
  std::string customer;
};
absl::Status RunGet(Context& context, const GetArgs& args);
// One name; with everything that refers to it.
absl::Status RunDescribe(Context& context, const GetArgs& args);

struct ApplyArgs {
  std::vector<std::string> files;  // files, folders, "-"
  std::string request_id;
  bool validate_only = false;
  bool yes = false;
};
absl::Status RunApply(Context& context, const ApplyArgs& args);

struct DeleteArgs {
  std::string kind;
  std::vector<std::string> names;
  std::string customer;
  std::vector<std::string> files;
  bool validate_only = false;
  bool yes = false;
};
absl::Status RunDelete(Context& context, const DeleteArgs& args);

struct WatchArgs {
  std::string kind;  // empty: all
  std::string customer;
  int64_t from = 0;
  bool once = false;       // stop at the first bookmark
  bool no_status = false;  // only changes of what is stored
};
absl::Status RunWatch(Context& context, const WatchArgs& args);

struct WaitArgs {
  std::string what;  // "converged" or "up"
  std::vector<std::string> services;
  std::string customer;
  absl::Duration limit = absl::Seconds(60);
};
absl::Status RunWait(Context& context, const WaitArgs& args);

struct TraceArgs {
  std::string service;
  std::string from;
  std::string to;
  std::string dscp;  // number or name; empty: not given
  int pcp = -1;      // -1: not given
  std::string customer;
};
absl::Status RunTrace(Context& context, const TraceArgs& args);

struct ImportArgs {
  std::string file;
  std::string format = "auto";
  bool validate_only = false;
  bool replace = false;
  bool yes = false;
};
absl::Status RunTopologyImport(Context& context, const ImportArgs& args);

struct ExportArgs {
  std::string format;  // empty: as `output` ends, else "rfc8345"
  std::string graph;   // a file to convert; empty: the server's topology
  std::string output;  // empty: standard output
};
absl::Status RunTopologyExport(Context& context, const ExportArgs& args);

// As the flags of `path compute` give them; path_command.h reads and checks them.
struct PathComputeArgs {
  std::string graph;  // a file; empty: the network of the controller
  std::string format = "auto";
  std::string from, to;
  std::string traffic_class;
  std::string metric;  // "weight", "delay", "cost"; empty: weight, or the class's
  std::string paths;   // --k
  std::vector<std::string> disjoint;
  bool min_max = false;
  bool allow_shared_risks = false;
  std::string max_delay, max_latency, bandwidth, max_hops, queue, setup_priority, availability;
  std::vector<std::string> allowed_jurisdictions, forbidden_jurisdictions;
  std::vector<std::string> allowed_providers, forbidden_providers;
  std::vector<std::string> include_any, include_all, exclude;
  std::vector<std::string> via, avoid;
  bool explain = false;
  // Of the live network only.
  bool ignore_link_state = false, ignore_reservations = false;
  // Of a file only.
  bool all_pairs = false;
  std::string routes, threads, time_limit, failure_probability;
  bool progress = false;
};
// On the file of --graph, or on the live network.
absl::Status RunPathCompute(Context& context, const PathComputeArgs& args);
absl::Status RunPathComputeOffline(Context& context, const PathComputeArgs& args);
absl::Status RunPathComputeLive(Context& context, const PathComputeArgs& args);

struct PathListArgs {
  std::string service, node, traffic_class, customer;  // empty: all
};
// Policies, each with its paths and what is promised of them.
absl::Status RunPathList(Context& context, const PathListArgs& args);

struct PathExplainArgs {
  std::string service, customer;
};
absl::Status RunPathExplain(Context& context, const PathExplainArgs& args);

struct ReoptimizeArgs {
  std::string service, customer;  // empty: all pinned policies
  double min_gain = 5;            // percent
  bool apply = false;
  bool yes = false;
  std::string request_id;
};
absl::Status RunReoptimize(Context& context, const ReoptimizeArgs& args);

absl::Status RunMeshStatus(Context& context);
struct MeshGuaranteesArgs {
  std::string service, customer;  // empty: all
  bool whole = false;             // all of the matrices; of one service
};
absl::Status RunMeshGuarantees(Context& context, const MeshGuaranteesArgs& args);
struct MeshOptimizeArgs {
  std::string time_limit;  // empty: the controller's own
  bool no_wait = false;
};
absl::Status RunMeshOptimize(Context& context, const MeshOptimizeArgs& args);
// 0: whichever is under way or waits.
absl::Status RunMeshCancel(Context& context, int64_t run);
struct MeshMeasureArgs {
  TeFiles files;  // without a graph nodes and sites go by name
  std::string traffic_class, headroom;
  bool validate_only = false;
};
// Sends a matrix as what was measured of a class.
absl::Status RunMeshMeasure(Context& context, const MeshMeasureArgs& args);
absl::Status RunMeshForget(Context& context, const std::string& traffic_class);
struct FreezeArgs {
  std::string reason;
  bool yes = false;
};
// Nothing more is sent to switches, until RunUnfreeze.
absl::Status RunFreeze(Context& context, const FreezeArgs& args);
absl::Status RunUnfreeze(Context& context, const FreezeArgs& args);
enum class RolloutVerb { kStatus, kPause, kAbort, kResume };
struct RolloutArgs {
  std::string reason;  // to pause and to abort
  bool yes = false;    // to resume
};
// Of a large change that goes out in waves.
absl::Status RunRollout(Context& context, RolloutVerb verb, const RolloutArgs& args);
// How far a change has come; 0: the latest.
absl::Status RunTraceRevision(Context& context, int64_t revision);
// "on", or since when, by whom and why it is frozen.
std::string ProgrammingText(const v1::Programming& programming);

absl::Status RunInfo(Context& context);
absl::Status RunBackup(Context& context, const std::string& folder);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_COMMANDS_H_
