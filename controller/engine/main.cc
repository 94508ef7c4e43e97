// waymarkd: the controller. Every thread and every queue of it is made in Run, and nowhere else.
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "controller/base/clock.h"
#include "controller/base/event_loop.h"
#include "controller/base/log.h"
#include "controller/base/metrics.h"
#include "controller/base/version.h"
#include "controller/engine/engine.h"
#include "controller/engine/epoch.h"
#include "controller/engine/mesh_optimizer.h"
#include "controller/engine/path_queries.h"
#include "controller/store/rocksdb_store.h"
#include "northbound/api/committer.h"
#include "northbound/api/server.h"
#include "southbound/session/southbound_server.h"

namespace waymark {
namespace {

constexpr char kAbout[] =
    R"(waymarkd, Waymark's controller: keeps what operators and customers ask for in a durable store, computes routes,
programs the switches through their agents, and serves the northbound gRPC API to the `waymark` command.

First start, which makes the store:   waymarkd --data-dir=/var/lib/waymark --init
Every later start:                    waymarkd --data-dir=/var/lib/waymark
After a disaster:                     waymarkd --data-dir=/var/lib/waymark --restore-from=/backup/waymark

SIGTERM or Ctrl-C ends it; the switches keep forwarding without it.)";

struct Flags {
  std::string data_dir;
  bool init = false;
  std::string restore_from;
  std::string northbound = "localhost:9341";
  std::string southbound = "localhost:9340";
  std::string metrics = "localhost:9342";
  NorthboundServer::Options api;
  std::string southbound_ca, southbound_cert, southbound_key;
  bool insecure_southbound = false;
  int waves_above = 100;
  std::string log_level = "info";
};

// SIGTERM and SIGINT are read, not handled: blocked before any thread exists, so that none is
// interrupted.
int BlockSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return signalfd(-1, &set, SFD_CLOEXEC);
}

absl::StatusOr<std::string> ReadPem(const std::string& flag, const std::string& path) {
  std::ifstream file(path);
  std::stringstream text;
  if (file) text << file.rdbuf();
  if (!file || text.str().empty()) {
    return absl::InvalidArgumentError(absl::StrCat(flag, ": cannot read ", path));
  }
  return text.str();
}

// None when no TLS flag is set. An agent speaks for its switch, so without certificates only agents
// of this machine are believed.
absl::StatusOr<std::optional<ServerTls>> SouthboundTls(const Flags& flags) {
  if (flags.southbound_ca.empty() && flags.southbound_cert.empty() &&
      flags.southbound_key.empty()) {
    const bool local =
        flags.southbound.starts_with("unix:") || flags.southbound.starts_with("localhost:") ||
        flags.southbound.starts_with("127.") || flags.southbound.starts_with("[::1]");
    if (!local && !flags.insecure_southbound) {
      return absl::InvalidArgumentError(
          absl::StrCat("--southbound=", flags.southbound,
                       " is open to other machines and has no TLS: give --southbound-ca, "
                       "--southbound-cert and --southbound-key (or --insecure-southbound)"));
    }
    return std::optional<ServerTls>();
  }
  ServerTls tls;
  for (const auto& [flag, path, to] :
       {std::tuple{"--southbound-ca", &flags.southbound_ca, &tls.ca},
        std::tuple{"--southbound-cert", &flags.southbound_cert, &tls.certificate},
        std::tuple{"--southbound-key", &flags.southbound_key, &tls.key}}) {
    absl::StatusOr<std::string> pem = ReadPem(flag, *path);
    if (!pem.ok()) return pem.status();
    *to = *std::move(pem);
  }
  return std::optional<ServerTls>(std::move(tls));
}

absl::Status Run(const Flags& flags, int signals) {
  const Clock& clock = RealClock();
  Metrics metrics;
  if (flags.metrics != "off") {
    if (absl::Status s = metrics.Serve(flags.metrics); !s.ok()) return s;
  }
  if (!flags.restore_from.empty()) {
    absl::StatusOr<Revision> restored = RestoreStore(flags.restore_from, flags.data_dir);
    if (!restored.ok()) return restored.status();
    Log(LogLevel::kInfo, "store restored", {{"from", flags.restore_from}, {"revision", *restored}});
  }

  // The store has threads of its own: one commits, one serves each watcher.
  absl::StatusOr<std::unique_ptr<Store>> store =
      RocksDbStore::Open({.folder = flags.data_dir, .create = flags.init, .metrics = &metrics});
  if (!store.ok()) return store.status();
  absl::StatusOr<uint64_t> epoch = TakeNextEpoch(flags.data_dir, clock);
  if (!epoch.ok()) return epoch.status();

  // Loops, each with one thread and a capped queue.
  // store changes, agents' messages -> engine -> agents, published view
  ThreadEventLoop engine_loop("engine", clock);
  // API changes -> committer -> store
  ThreadEventLoop commit_loop("committer", clock, 10'000);
  // store changes, published views -> watchers of the API
  ThreadEventLoop watch_loop("watch", clock);
  // BackupStore calls -> folder
  ThreadEventLoop backup_loop("backup", clock, 16);
  // timers of the agents' streams
  ThreadEventLoop session_loop("session", clock);
  // questions of the API, store changes -> path computation -> answers
  ThreadEventLoop paths_loop("paths", clock, 64);
  // store changes, published views -> mesh optimiser -> engine
  ThreadEventLoop mesh_loop("mesh", clock);

  NetworkViewHolder views;
  Engine::Options engine_options;
  engine_options.switches.waves.share = flags.waves_above / 100.0;
  Engine engine(**store, views, engine_loop, metrics, engine_options);
  absl::Status started;
  (void)engine_loop.RunAndWait([&] { started = engine.Start(); });
  if (!started.ok()) return started;

  // Whatever ends this function: the engine is still before what it uses goes.
  const absl::Cleanup still = [&] {
    (void)engine_loop.RunAndWait([&] { engine.Stop(); });
    engine_loop.Stop();
  };

  EnginePathQueries paths(**store, engine, views, paths_loop, metrics,
                          EnginePathQueries::Options());
  if (absl::Status s = paths.Start(); !s.ok()) return s;
  const absl::Cleanup no_more_paths = [&] { paths_loop.Stop(); };

  MeshOptimizer mesh(**store, engine, views, mesh_loop, metrics, MeshOptimizer::Options());
  if (absl::Status s = mesh.Start(); !s.ok()) return s;
  const absl::Cleanup no_more_mesh = [&] {
    mesh.Stop();
    mesh_loop.Stop();
  };

  absl::StatusOr<std::unique_ptr<Committer>> committer =
      Committer::Open(**store, commit_loop, metrics);
  if (!committer.ok()) return committer.status();
  NorthboundServer::Options api = flags.api;
  api.listen = flags.northbound;
  api.identity = {std::string(kVersion), *epoch, clock.Now()};
  absl::StatusOr<std::unique_ptr<NorthboundServer>> northbound = NorthboundServer::Start(
      {**store, views, **committer, watch_loop, backup_loop, clock, metrics, paths, engine, &mesh},
      api);
  if (!northbound.ok()) return northbound.status();

  absl::StatusOr<std::optional<ServerTls>> tls = SouthboundTls(flags);
  if (!tls.ok()) return tls.status();
  SouthboundServer southbound({.epoch = *epoch, .version = std::string(kVersion)}, &engine,
                              &session_loop, &metrics);
  absl::StatusOr<int> port = southbound.Start(flags.southbound, *tls);
  if (!port.ok()) return port.status();

  (*northbound)->SetReady(true);
  Log(LogLevel::kInfo, "serving",
      {{"version", kVersion},
       {"northbound", flags.northbound},
       {"southbound", flags.southbound},
       {"metrics", flags.metrics},
       {"revision", (*store)->current()},
       {"epoch", *epoch}});

  signalfd_siginfo info;
  while (read(signals, &info, sizeof info) < 0 && errno == EINTR) {
  }
  Log(LogLevel::kInfo, "stopping; the switches keep forwarding");
  (*northbound)->SetReady(false);
  // Or calls would wait for the end of a solve.
  mesh.Stop();
  (*northbound)->Shutdown(absl::Seconds(5));
  southbound.Shutdown();
  Log(LogLevel::kInfo, "stopped", {{"revision", (*store)->current()}});
  return absl::OkStatus();
}

// What is wrong with it as an address to listen on, before anything is made; empty: nothing.
std::string BadAddress(const std::string& address) {
  if (address.starts_with("unix:/")) return "";
  const size_t colon = address.rfind(':');
  const std::string port = colon == std::string::npos ? "" : address.substr(colon + 1);
  const bool number = !port.empty() && port.size() <= 5 &&
                      port.find_first_not_of("0123456789") == std::string::npos &&
                      std::stoi(port) <= 65'535;
  if (number && colon > 0) return "";
  return absl::StrCat("\"", address, "\" is no address: write HOST:PORT or unix:/PATH");
}

void AddFlags(CLI::App& app, Flags& flags) {
  const auto address = CLI::Validator([](std::string& text) { return BadAddress(text); }, "");
  const auto metrics_address = CLI::Validator(
      [](std::string& text) { return text == "off" ? std::string() : BadAddress(text); }, "");
  app.set_version_flag("--version", std::string(kVersion));
  app.add_option("--data-dir", flags.data_dir, "Folder of the store")->required();
  app.add_flag("--init", flags.init, "Make the store if the folder is absent or empty");
  app.add_option("--restore-from", flags.restore_from,
                 "First copy this backup into --data-dir, which must be absent or empty");
  app.add_option("--northbound", flags.northbound, "Where the API listens: HOST:PORT or unix:/PATH")
      ->check(address)
      ->capture_default_str();
  app.add_option("--southbound", flags.southbound, "Where agents connect: HOST:PORT or unix:/PATH")
      ->check(address)
      ->capture_default_str();
  app.add_option("--metrics", flags.metrics, "Where /metrics is served: HOST:PORT, or off")
      ->check(metrics_address)
      ->capture_default_str();
  app.add_option("--northbound-cert", flags.api.tls_certificate,
                 "PEM file, with the next two: TLS");
  app.add_option("--northbound-key", flags.api.tls_key, "PEM file");
  app.add_option(
      "--northbound-client-ca", flags.api.tls_client_ca,
      "PEM file: who signs clients' certificates. OU waymark-operator, waymark-viewer or "
      "waymark-customer (CN: its id) gives the role");
  app.add_option("--plaintext-role", flags.api.plaintext_role,
                 "Without TLS, what every client may do: operator, viewer or customer:ID")
      ->capture_default_str();
  app.add_flag("--allow-remote-plaintext", flags.api.allow_remote_plaintext,
               "Serve the API without TLS to other machines too");
  app.add_option("--backup-root", flags.api.backup_root,
                 "Where BackupStore may write; empty: anywhere");
  app.add_option("--southbound-ca", flags.southbound_ca,
                 "PEM file: who signs agents' certificates (CN: the node's id)");
  app.add_option("--southbound-cert", flags.southbound_cert, "PEM file");
  app.add_option("--southbound-key", flags.southbound_key, "PEM file");
  app.add_flag("--insecure-southbound", flags.insecure_southbound,
               "Believe agents of other machines without certificates");
  app.add_option(
         "--waves-above", flags.waves_above,
         "A change that touches more than this part of the switches, in percent, and ten of "
         "them or more, goes out in waves, each when the one before it does well; 100: all "
         "at once")
      ->check(CLI::Range(0, 100))
      ->capture_default_str();
  app.add_option("--log-level", flags.log_level, "debug, info, warning or error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
}

}  // namespace
}  // namespace waymark

int main(int argc, char** argv) {
  waymark::Flags flags;
  CLI::App app(waymark::kAbout, "waymarkd");
  waymark::AddFlags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  // gRPC's own lines have no form; what matters of them is in ours.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  waymark::LogLevel level = waymark::LogLevel::kInfo;
  waymark::ParseLogLevel(flags.log_level, &level);
  waymark::InitLog("waymarkd", level);
  const int signals = waymark::BlockSignals();
  const absl::Status status = waymark::Run(flags, signals);
  if (status.ok()) return 0;
  waymark::Log(waymark::LogLevel::kError, "cannot run", {{"error", status.ToString()}});
  std::fprintf(stderr, "waymarkd: %s\n", std::string(status.message()).c_str());
  return 1;
}
