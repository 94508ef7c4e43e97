// waymark-lab: brings up the example carrier with the real programs, proves it, and keeps it up for
// trying.
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "controller/base/clock.h"
#include "tests/lab/control.h"
#include "tests/lab/linux_world.h"
#include "tests/lab/proof.h"
#include "tests/lab/sim_world.h"

namespace waymark::lab {
namespace {

struct Flags {
  bool once = false;
  bool verbose = false;
  std::string dataplane = "linux";
  std::string bin = "bazel-bin";
  std::string example = "deploy/example";
  std::string prefix;
  std::string northbound;
  std::string metrics = "off";
  std::string then;
};

absl::Duration Since(absl::Duration start) { return RealClock().Monotonic() - start; }

void Say(const std::string& text) {
  std::printf("\033[1m==>\033[0m %s\n", text.c_str());
  std::fflush(stdout);
}

// Ctrl-C and SIGTERM arrive here and nowhere else, so that a child or a half-built world is never
// left behind.
class Signals {
 public:
  Signals() {
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, signal);
    sigprocmask(SIG_BLOCK, &set, nullptr);
    fd_ = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
  }
  ~Signals() { close(fd_); }

  bool Arrived(absl::Duration wait = absl::ZeroDuration()) const {
    pollfd p{fd_, POLLIN, 0};
    return poll(&p, 1,
                wait == absl::InfiniteDuration()
                    ? -1
                    : static_cast<int>(absl::ToInt64Milliseconds(wait))) > 0;
  }

 private:
  int fd_;
};

// A folder that goes when we go.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    const char* base = std::getenv("TMPDIR");
    path_ = absl::StrCat(base != nullptr ? base : "/tmp", "/waymark-XXXXXX");
    if (mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty() && !keep_) std::filesystem::remove_all(path_, ignored);
  }
  const std::string& path() const { return path_; }
  void Keep() { keep_ = true; }

 private:
  std::string path_;
  bool keep_ = false;
};

class Lab {
 public:
  Lab(const Flags& flags, const std::string& folder)
      : flags_(flags),
        control_({flags.bin, folder,
                  !flags.northbound.empty() ? flags.northbound
                  : flags.once              ? "unix:" + folder + "/northbound.sock"
                                            : "localhost:9341",
                  flags.metrics, flags.verbose}) {
    if (flags.dataplane == "sim") {
      world_ = std::make_unique<SimWorld>(
          control_.program("southbound/dataplane/waymark-sim-fabric"), folder);
    } else {
      world_ = std::make_unique<LinuxWorld>(flags.prefix);
    }
  }

  absl::Status Up(const Signals& signals);
  bool Prove(const Signals& signals);
  // Runs `command` in a shell with WAYMARK_SERVER set; its output is shown.
  absl::Status Then(const std::string& command) const;
  void PrintHints() const;
  absl::Status Down() {
    absl::Status status = control_.StopAll();
    world_.reset();
    return status;
  }
  absl::Status CheckRunning() { return control_.CheckRunning(); }

 private:
  const Flags flags_;
  Control control_;
  std::unique_ptr<World> world_;
  Carrier carrier_;
};

absl::Status Lab::Up(const Signals& signals) {
  const absl::Duration start = RealClock().Monotonic();
  Say("starting the controller, waymarkd, with an empty store");
  if (absl::Status s = control_.MakeCertificates({"waymarkd"}); !s.ok()) return s;
  if (absl::Status s = control_.StartController(true); !s.ok()) return s;
  Say("applying the example through the northbound API: waymark apply -f " + flags_.example);
  absl::StatusOr<std::string> applied = control_.Cli({"apply", "-y", "-f", flags_.example});
  if (!applied.ok()) return applied.status();
  const size_t last_line = applied->rfind('\n', applied->size() - 2);
  std::printf("    %s",
              applied->substr(last_line == std::string::npos ? 0 : last_line + 1).c_str());
  absl::StatusOr<Carrier> carrier = ReadCarrier(control_);
  if (!carrier.ok()) return carrier.status();
  carrier_ = *std::move(carrier);
  if (signals.Arrived()) return absl::CancelledError("interrupted");

  Say(absl::StrFormat("building the carrier (%s): %d switches, %d fibre pairs, %d customers' sites",
                      world_->name(), carrier_.nodes.size(), carrier_.links.size() / 2,
                      carrier_.hosts.size()));
  if (absl::Status s = world_->Build(carrier_); !s.ok()) return s;
  if (absl::Status s = control_.MakeCertificates(carrier_.nodes); !s.ok()) return s;
  if (signals.Arrived()) return absl::CancelledError("interrupted");
  Say("starting one waymark-agent a switch");
  for (const std::string& node : carrier_.nodes) {
    if (absl::Status s = control_.StartAgent(node, world_->AgentFlags(node)); !s.ok()) return s;
  }
  Say("waiting until every switch has confirmed and every service is up");
  absl::StatusOr<std::string> up =
      control_.Cli({"wait", "--for=up", "--timeout=60s"}, absl::Seconds(70));
  if (absl::Status s = control_.CheckRunning(); !s.ok()) return s;
  if (!up.ok()) return up.status();
  std::printf("    up after %.1f s\n", absl::ToDoubleSeconds(Since(start)));
  return absl::OkStatus();
}

bool Lab::Prove(const Signals& signals) {
  Say("the proof: customers' frames, captured on the way");
  Proof::Options options;
  options.interrupted = [&] { return signals.Arrived(); };
  // The simulated carrier forwards in no time: a shorter stream says as much.
  if (world_->name() == "sim") options.stream = absl::Milliseconds(800);
  Proof proof(*world_, control_, carrier_, options);
  const absl::Duration start = RealClock().Monotonic();
  int rows = 0, hold = 0;
  std::printf("\n  %-4s %-5s %-66s %s\n", "no", "", "claim", "seen on the wire");
  const bool ok = proof.Run([&](const ProofRow& row) {
    if (row.tried) ++rows;
    if (row.tried && row.holds) ++hold;
    const char* verdict = !row.tried ? "-" : row.holds ? "ok" : "FAIL";
    std::printf("  %-4s %-5s %-66s %s\n", row.number.c_str(), verdict, row.claim.c_str(),
                row.seen.c_str());
    std::fflush(stdout);
  });
  std::printf("\n");
  Say(absl::StrFormat("%d of %d hold, %.1f s", hold, rows, absl::ToDoubleSeconds(Since(start))));
  return ok;
}

absl::Status Lab::Then(const std::string& command) const {
  Say("then: " + command);
  absl::StatusOr<std::string> output = RunChecked(
      {"env", "WAYMARK_SERVER=" + control_.server(), "sh", "-c", command}, absl::Seconds(120));
  if (!output.ok()) return output.status();
  std::printf("%s", output->c_str());
  return absl::OkStatus();
}

void Lab::PrintHints() const {
  const std::string waymark = control_.CommandPrefix();
  std::printf("\nIt stays up until Ctrl-C. In another terminal, from this folder:\n\n");
  const auto hint = [](const std::string& command) { std::printf("    %s\n", command.c_str()); };
  hint(waymark + " get services");
  hint(waymark + " trace storage/replica --from storage/lon --to storage/sin --dscp EF");
  hint(waymark + " trace callcentre/voice --from callcentre/mum --to callcentre/lon --pcp 5");
  hint(waymark + " describe service bank/core");
  hint(waymark + " path list bank/core");
  hint(waymark + " path explain storage/replica");
  hint(waymark + " path compute --from lon --to sin --class realtime --explain");
  hint(waymark + " path compute --from zrh --to gva --class swiss --max-delay 1ms    # refused: why");
  hint(waymark + " plan reoptimize");
  hint(waymark + " watch services");
  hint(waymark + " agent list");
  const std::string send =
      world_->TryCommand(carrier_.hosts.at("storage/lon"), carrier_.hosts.at("storage/sin"));
  if (!send.empty()) {
    hint(send);
    const LabLink& link = carrier_.links.begin()->second;
    hint(absl::StrCat("ip -n ", flags_.prefix, link.source, " link set ", link.interface,
                      " down    # cut ", link.id, "; then: ", waymark, " get links"));
    hint(absl::StrCat("ip -n ", flags_.prefix, link.source, " link set ", link.interface, " up"));
  }
  std::printf("\nLogs are in %s\n", control_.folder().c_str());
  std::fflush(stdout);
}

int Main(const Flags& flags) {
  Signals signals;
  TemporaryFolder folder;
  if (folder.path().empty()) {
    std::fprintf(stderr, "error: cannot make a temporary folder; is $TMPDIR or /tmp writable?\n");
    return 1;
  }
  Lab lab(flags, folder.path());
  absl::Status status = lab.Up(signals);
  bool holds = false;
  if (status.ok() && !signals.Arrived()) {
    holds = lab.Prove(signals);
    if (!flags.then.empty() && !signals.Arrived()) status = lab.Then(flags.then);
    if (status.ok() && !flags.once && !signals.Arrived()) {
      lab.PrintHints();
      while (status.ok() && !signals.Arrived(absl::Seconds(1))) status = lab.CheckRunning();
    }
  }
  Say("taking everything down");
  absl::Status down = lab.Down();
  if (status.ok()) status = down;
  if (!status.ok()) {
    std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
    if (!absl::IsCancelled(status)) {
      folder.Keep();
      std::fprintf(stderr, "logs are kept in %s\n", folder.path().c_str());
    }
    return 1;
  }
  return holds ? 0 : 1;
}

}  // namespace
}  // namespace waymark::lab

int main(int argc, char** argv) {
  waymark::lab::Flags flags;
  CLI::App app("Brings up the example carrier, proves it with customers' frames, keeps it up.");
  app.add_flag("--once", flags.once, "Exit after the proof: 0 if every row holds, else 1");
  app.add_flag("--verbose", flags.verbose, "Let controller and agents log everything");
  app.add_option("--dataplane", flags.dataplane, "linux or sim")
      ->check(CLI::IsMember({"linux", "sim"}));
  app.add_option("--bin", flags.bin, "Folder of the built programs");
  app.add_option("--example", flags.example, "Folder of the carrier's YAML files");
  app.add_option("--prefix", flags.prefix,
                 "What the network namespaces' names begin with; default wm-, with --once wmPID-");
  app.add_option("--northbound", flags.northbound,
                 "The controller's address; default localhost:9341, with --once a Unix socket");
  app.add_option("--metrics", flags.metrics, "The controller's /metrics address; default: off");
  app.add_option("--then", flags.then,
                 "After the proof, run this in a shell with WAYMARK_SERVER set; it must succeed");
  CLI11_PARSE(app, argc, argv);
  if (flags.prefix.empty()) {
    flags.prefix = flags.once ? absl::StrCat("wm", getpid(), "-") : "wm-";
  }
  return waymark::lab::Main(flags);
}
