#include "tests/lab/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "controller/base/clock.h"

namespace waymark::lab {
namespace {

std::vector<char*> Argv(const std::vector<std::string>& command) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  return argv;
}

// Between fork and exec only async-signal-safe calls are allowed.
[[noreturn]] void Exec(char* const* argv, int in, int out, int err) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  // A terminal's Ctrl-C is for us; we take the children down in order.
  setpgid(0, 0);
  dup2(in, STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  execvp(argv[0], argv);
  _exit(127);
}

// Waits for the end of `pid` with a deadline: a pidfd becomes readable when the process ends.
bool WaitUntilDone(pid_t pid, absl::Duration patience) {
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid, 0));
  if (fd < 0) return true;
  pollfd p{fd, POLLIN, 0};
  const int ready = poll(&p, 1, static_cast<int>(absl::ToInt64Milliseconds(patience)));
  close(fd);
  return ready > 0;
}

}  // namespace

absl::StatusOr<CommandResult> RunCommand(const std::vector<std::string>& command,
                                         absl::Duration timeout, const std::string& input) {
  int in[2], out[2], err[2];
  if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC)) {
    return absl::InternalError(absl::StrCat("pipe: ", strerror(errno)));
  }
  const std::vector<char*> argv = Argv(command);
  const pid_t pid = fork();
  if (pid < 0) return absl::InternalError(absl::StrCat("fork: ", strerror(errno)));
  if (pid == 0) Exec(argv.data(), in[0], out[1], err[1]);
  close(in[0]);
  close(out[1]);
  close(err[1]);
  // Inputs of the lab are short: they fit a pipe's buffer.
  if (!input.empty() && write(in[1], input.data(), input.size()) < 0) errno = 0;
  close(in[1]);
  CommandResult result;
  const absl::Duration deadline = RealClock().Monotonic() + timeout;
  pollfd fds[2] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
  std::string* texts[2] = {&result.output, &result.errors};
  bool expired = false;
  for (int open = 2; open > 0 && !expired;) {
    const absl::Duration left = deadline - RealClock().Monotonic();
    if (left <= absl::ZeroDuration() ||
        poll(fds, 2, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1) <= 0) {
      expired = true;
      break;
    }
    for (int i = 0; i < 2; ++i) {
      if (fds[i].revents == 0) continue;
      char buffer[65536];
      const ssize_t n = read(fds[i].fd, buffer, sizeof buffer);
      if (n > 0) {
        texts[i]->append(buffer, n);
      } else {
        fds[i].fd = -1;
        --open;
      }
    }
  }
  close(out[0]);
  close(err[0]);
  if (expired) kill(pid, SIGKILL);
  int status = 0;
  waitpid(pid, &status, 0);
  if (expired) {
    return absl::DeadlineExceededError(absl::StrCat(
        "`", absl::StrJoin(command, " "), "` did not end within ", absl::FormatDuration(timeout)));
  }
  result.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

absl::StatusOr<std::string> RunChecked(const std::vector<std::string>& command,
                                       absl::Duration timeout, const std::string& input) {
  absl::StatusOr<CommandResult> result = RunCommand(command, timeout, input);
  if (!result.ok()) return result.status();
  if (result->exit_code != 0) {
    return absl::InternalError(absl::StrCat("`", absl::StrJoin(command, " "), "` failed (",
                                            result->exit_code, "): ", result->errors,
                                            result->errors.empty() ? result->output : ""));
  }
  return std::move(result->output);
}

absl::StatusOr<Process> Process::Start(const std::vector<std::string>& command,
                                       const std::string& log_file) {
  const int log = open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  if (log < 0) return absl::InternalError(absl::StrCat(log_file, ": ", strerror(errno)));
  const int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
  const std::vector<char*> argv = Argv(command);
  const pid_t pid = fork();
  if (pid == 0) Exec(argv.data(), null, log, log);
  close(log);
  close(null);
  if (pid < 0) return absl::InternalError(absl::StrCat("fork: ", strerror(errno)));
  Process process;
  process.pid_ = pid;
  return process;
}

Process::Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

Process& Process::operator=(Process&& other) noexcept {
  if (this != &other) {
    Terminate();
    pid_ = std::exchange(other.pid_, -1);
  }
  return *this;
}

Process::~Process() { Terminate(); }

bool Process::Running() {
  if (pid_ < 0) return false;
  if (waitpid(pid_, nullptr, WNOHANG) == 0) return true;
  pid_ = -1;
  return false;
}

void Process::Kill() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

int Process::Terminate(absl::Duration patience) {
  if (pid_ < 0) return -1;
  kill(pid_, SIGTERM);
  if (!WaitUntilDone(pid_, patience)) kill(pid_, SIGKILL);
  int status = -1;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return status;
}

}  // namespace waymark::lab
