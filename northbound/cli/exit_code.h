// What the program's exit code says, and how a Status becomes one.
#ifndef WAYMARK_NORTHBOUND_CLI_EXIT_CODE_H_
#define WAYMARK_NORTHBOUND_CLI_EXIT_CODE_H_

#include <string>

#include "absl/status/status.h"

namespace waymark::cli {

// A contract with scripts: documented in --help, never renumbered.
enum class ExitCode : int {
  kOk = 0,
  kFailed = 1,       // the request was refused or failed
  kUsage = 2,        // the command line itself is wrong
  kUnreachable = 3,  // no controller answers at the address
  kNotFound = 4,     // what was named does not exist
  kTimedOut = 5,
};

// An error in the command line, as apart from one that the server found: exits with kUsage.
absl::Status UsageError(const std::string& message);

// Payloads of a Status from the server: the resource and field at fault, as its ErrorInfo names
// them.
inline constexpr char kResourcePayload[] = "waymark.cli/resource";
inline constexpr char kFieldPayload[] = "waymark.cli/field";
// Empty when there is none.
std::string PayloadOf(const absl::Status& status, const char* url);

// kOk for OK; kUsage only for UsageError; by the status code otherwise.
ExitCode ExitCodeOf(const absl::Status& status);

}  // namespace waymark::cli

#endif  // WAYMARK_NORTHBOUND_CLI_EXIT_CODE_H_
