// waymark-sim-fabric: the kernels of a whole simulated carrier in one unprivileged process.
#include <signal.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "controller/base/clock.h"
#include "controller/base/event_loop.h"
#include "controller/base/log.h"
#include "southbound/dataplane/sim_fabric.h"
#include "southbound/dataplane/sim_fabric_server.h"

namespace waymark {
namespace {

constexpr char kAbout[] =
    "Plays the kernels of all switches of a carrier, the wires between them and the hosts at "
    "their\n"
    "ports, in one process without privileges. waymark-agent attaches with --dataplane=sim; "
    "switches,\n"
    "wires and hosts are made over the same socket (waymark.sim.v1.SimFabricService). Forwarding "
    "goes\n"
    "on when agents and controller end; it ends with this process (SIGTERM or SIGINT).";

int Run(const std::string& socket) {
  // Before any thread, so that all inherit it and only sigwait takes them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  ThreadEventLoop loop("sim-fabric", RealClock());
  const std::shared_ptr<SimFabric> fabric = SimFabric::Create(loop);
  const auto server = SimFabricServer::Start(fabric, socket);
  if (!server.ok()) {
    std::fprintf(stderr, "waymark-sim-fabric: %s\n", server.status().ToString().c_str());
    return 1;
  }
  Log(LogLevel::kInfo, "sim fabric serves", {{"socket", socket}});
  int received = 0;
  sigwait(&signals, &received);
  Log(LogLevel::kInfo, "sim fabric ends", {{"signal", received}});
  loop.Stop();
  return 0;
}

}  // namespace
}  // namespace waymark

int main(int argc, char** argv) {
  CLI::App app(waymark::kAbout, "waymark-sim-fabric");
  std::string socket;
  std::string log_level = "info";
  app.add_option("--socket", socket, "Path of the Unix socket to serve on (at most 100 bytes)")
      ->required()
      ->type_name("PATH");
  app.add_option("--log-level", log_level, "debug, info, warning or error")
      ->type_name("LEVEL")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  waymark::LogLevel level;
  if (!waymark::ParseLogLevel(log_level, &level)) {
    std::fprintf(stderr,
                 "waymark-sim-fabric: --log-level: must be debug, info, warning or error\n");
    return 2;
  }
  waymark::InitLog("waymark-sim-fabric", level);
  return waymark::Run(socket);
}
