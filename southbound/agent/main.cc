// waymark-agent: the switch's agent.
//
//   main thread      waits for a signal
//   "agent" loop     AgentCore and SessionClient: every decision
//   gRPC's threads   SessionClient::Stream -> loop
//   data plane's     events -> AgentCore's inbox -> loop
//   metrics' thread  serves /metrics
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iostream>
#include <memory>
#include <random>
#include <sstream>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "controller/base/clock.h"
#include "controller/base/event_loop.h"
#include "controller/base/log.h"
#include "controller/base/metrics.h"
#include "southbound/agent/agent_core.h"
#include "southbound/agent/dataplane_factory.h"
#include "southbound/agent/session_client.h"
#include "southbound/agent/state_file.h"
#include "southbound/agent/validate.h"

namespace waymark {
namespace {

constexpr char kVersion[] = "0.1.0";

constexpr char kAbout[] =
    "The agent of one Waymark switch. It connects to the controller, programs what it is told into "
    "the\n"
    "data plane, and reports links, policies and results. It keeps its objects in --state-dir, so "
    "that a\n"
    "restart compares and repairs instead of starting over; stopping it leaves all forwarding in "
    "place.\n";

struct Flags {
  std::string node;
  std::string dataplane = "linux";
  std::string state_dir;
  std::string metrics;
  std::string netns;
  std::string log_level = "info";
  std::string tls_ca;
  std::string tls_cert;
  std::string tls_key;
  size_t object_limit = 200'000;
  int read_back_seconds = 30;
  SessionClientOptions session;
};

void AddFlags(CLI::App* app, Flags* flags) {
  app->add_option("--node", flags->node,
                  "Node id of this switch, as in the topology (without nodes/)")
      ->required();
  app->add_option("--controller", flags->session.controller,
                  "Controller's address for agents: HOST:PORT or unix:PATH")
      ->required();
  app->add_option("--state-dir", flags->state_dir,
                  "Folder for this agent's objects; made if missing; one agent each")
      ->required();
  app->add_option("--dataplane", flags->dataplane,
                  "linux: this kernel (needs CAP_NET_ADMIN); sim:SOCKET: a simulated fabric")
      ->capture_default_str();
  app->add_option("--netns", flags->netns,
                  "Work in the network namespace /var/run/netns/NAME (connection and metrics too)");
  app->add_option("--metrics", flags->metrics, "Serve Prometheus metrics on HOST:PORT");
  app->add_option("--log-level", flags->log_level, "debug, info, warning or error")
      ->capture_default_str();
  app->add_option("--tls-ca", flags->tls_ca, "PEM file: authority of the controller; turns TLS on");
  app->add_option("--tls-cert", flags->tls_cert,
                  "PEM file: this node's certificate, its common name the node id");
  app->add_option("--tls-key", flags->tls_key, "PEM file: the certificate's private key");
  app->add_option(
      "--tls-server-name", flags->session.tls.server_name,
      "Name to expect in the controller's certificate, if not the host of --controller");
  app->add_option("--object-limit", flags->object_limit, "Most objects to hold")
      ->capture_default_str()
      ->check(CLI::Range(size_t{1}, size_t{10'000'000}));
  app->add_option("--read-back-seconds", flags->read_back_seconds,
                  "How often to compare the data plane with the table and repair it")
      ->capture_default_str()
      ->check(CLI::Range(1, 86'400));
  app->set_version_flag("--version", std::string("waymark-agent ") + kVersion);
}

absl::Status ReadPem(const std::string& flag, const std::string& path, std::string* text) {
  if (path.empty()) return absl::OkStatus();
  std::ifstream file(path);
  std::stringstream bytes;
  bytes << file.rdbuf();
  *text = bytes.str();
  if (file && text->find("-----BEGIN") != std::string::npos) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", path, " is not a readable PEM file"));
}

absl::Status EnterNetns(const std::string& name) {
  if (name.empty()) return absl::OkStatus();
  if (name.find('/') != std::string::npos) {
    return absl::InvalidArgumentError("--netns takes a name as shown by `ip netns`, not a path");
  }
  const std::string path = "/var/run/netns/" + name;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) {
    return absl::NotFoundError(
        absl::StrCat("--netns: cannot open ", path, ": `ip netns add ", name, "` makes it"));
  }
  const bool entered = setns(fd, CLONE_NEWNET) == 0;
  close(fd);
  if (entered) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("--netns: may not enter ", path, ": run the agent as root"));
}

std::string RandomInstance() {
  std::random_device random;
  char text[17];
  std::snprintf(text, sizeof(text), "%08x%08x", random(), random());
  return text;
}

absl::Status Prepare(Flags* flags) {
  LogLevel level;
  if (!ParseLogLevel(flags->log_level, &level)) {
    return absl::InvalidArgumentError("--log-level must be debug, info, warning or error");
  }
  InitLog("waymark-agent", level);
  if (!IsValidId(flags->node)) {
    return absl::InvalidArgumentError(
        absl::StrCat("--node must be 1..", kMaxIdLength, " printable characters without spaces"));
  }
  AgentTls& tls = flags->session.tls;
  if (auto s = ReadPem("--tls-ca", flags->tls_ca, &tls.ca); !s.ok()) return s;
  if (auto s = ReadPem("--tls-cert", flags->tls_cert, &tls.certificate); !s.ok()) return s;
  if (auto s = ReadPem("--tls-key", flags->tls_key, &tls.key); !s.ok()) return s;
  if (auto s = ValidateSessionClientOptions(flags->session); !s.ok()) return s;
  // Before any thread: a namespace is a thread's own, and threads inherit it.
  return EnterNetns(flags->netns);
}

absl::Status Run(Flags flags) {
  if (auto s = Prepare(&flags); !s.ok()) return s;
  // Threads inherit the mask, so that only sigwait below takes these.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);

  Metrics metrics;
  if (!flags.metrics.empty()) {
    if (auto s = metrics.Serve(flags.metrics); !s.ok()) return s;
  }
  auto store = StateFile::Open(flags.state_dir);
  if (!store.ok()) return store.status();
  auto dataplane = MakeDataPlane(flags.dataplane, flags.node, &metrics);
  if (!dataplane.ok()) return dataplane.status();
  AgentOptions options;
  options.node = flags.node;
  options.version = kVersion;
  options.instance = RandomInstance();
  options.object_limit = flags.object_limit;
  options.read_back_interval = absl::Seconds(flags.read_back_seconds);

  ThreadEventLoop loop("agent", RealClock());
  auto core = std::make_unique<AgentCore>(options, &loop, dataplane->get(), store->get(), &metrics);
  std::mt19937_64 random{std::random_device()()};
  auto client = std::make_unique<SessionClient>(
      flags.session, &loop, core.get(), &metrics,
      [&random] { return std::uniform_real_distribution<double>(0, 1)(random); });

  absl::Status started;
  // AgentCore -> SessionClient (answers, events); SessionClient -> AgentCore (messages).
  if (!loop.RunAndWait([&] {
        core->SetLink(client.get());
        started = core->Start();
        if (started.ok()) client->Start();
      })) {
    started = absl::InternalError("the agent's loop does not run");
  }
  if (started.ok()) {
    Log(LogLevel::kInfo, "agent started",
        {{"node", flags.node}, {"dataplane", flags.dataplane}, {"version", kVersion}});
    int number = 0;
    sigwait(&signals, &number);
    Log(LogLevel::kInfo, "agent stops; forwarding stays as it is", {{"signal", number}});
  }
  const bool ended = loop.RunAndWait([&] {
    core->SetLink(nullptr);
    client.reset();
    core.reset();
  });
  return ended ? started : absl::InternalError("the agent's loop does not run");
}

}  // namespace
}  // namespace waymark

int main(int argc, char** argv) {
  CLI::App app(waymark::kAbout, "waymark-agent");
  waymark::Flags flags;
  waymark::AddFlags(&app, &flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  // gRPC's own lines have no form; what matters of them is in ours.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  const absl::Status status = waymark::Run(std::move(flags));
  if (status.ok()) return 0;
  std::cerr << "waymark-agent: " << std::string(status.message()) << "\n";
  return 1;
}
