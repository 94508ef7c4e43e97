// Child processes of the lab: run to completion, or run beside us with their output in a log file.
#ifndef WAYMARK_TESTS_LAB_PROCESS_H_
#define WAYMARK_TESTS_LAB_PROCESS_H_

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace waymark::lab {

struct CommandResult {
  int exit_code = 0;
  std::string output;  // standard output
  std::string errors;  // standard error
};

// Runs and waits. An error only when it could not be started or did not end within `timeout` (then
// it is killed).
absl::StatusOr<CommandResult> RunCommand(const std::vector<std::string>& command,
                                         absl::Duration timeout = absl::Seconds(30),
                                         const std::string& input = "");
// The same; a non-zero exit is an error that quotes what the command said.
absl::StatusOr<std::string> RunChecked(const std::vector<std::string>& command,
                                       absl::Duration timeout = absl::Seconds(30),
                                       const std::string& input = "");

// A process that runs beside us. It dies with us (PR_SET_PDEATHSIG). Destruction terminates it.
class Process {
 public:
  Process() = default;
  // Standard output and error are appended to `log_file`.
  static absl::StatusOr<Process> Start(const std::vector<std::string>& command,
                                       const std::string& log_file);
  Process(Process&& other) noexcept;
  Process& operator=(Process&& other) noexcept;
  ~Process();

  pid_t pid() const { return pid_; }
  bool Running();
  // kill -9, and waits until it is gone.
  void Kill();
  // SIGTERM, then SIGKILL after `patience`. Returns its wait status, -1 if it was not running.
  int Terminate(absl::Duration patience = absl::Seconds(5));

 private:
  pid_t pid_ = -1;
};

}  // namespace waymark::lab

#endif  // WAYMARK_TESTS_LAB_PROCESS_H_
