// What the southbound stream costs beside bare gRPC: acknowledged changes at many agents, routes in
// one stream, memory of a held agent, and the re-synchronisation of one that is a little off.
//
//   southbound_benchmark [FOLDER]     FOLDER for sockets, else /tmp
//
// Agents run in a process of their own; "bare" exchanges the same messages with bare streams of
// another: what gRPC and Protobuf take for them alone.
#include <malloc.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "controller/base/log.h"
#include "controller/plan/diff.h"
#include "tests/bench/southbound_rig.h"
#include "tests/bench/timing.h"

namespace waymark::bench {
namespace {

constexpr int kAgents = 340;
constexpr int kManyAgents = 3'000;
constexpr int kRounds = 15;
constexpr uint32_t kFirstRoute = 10'000;  // of node SIDs

using Desired = std::map<std::string, ObjectTable>;

Desired Base(int agents, int count) {
  Desired desired;
  for (int i = 0; i < agents; ++i) desired[NodeOf(i)] = BaseOf(i, count);
  return desired;
}

// What the controller sends an agent that gets so many routes.
std::vector<southbound::v1::ControllerMessage> BatchesOf(uint32_t routes) {
  std::vector<southbound::v1::ControllerMessage> messages;
  for (uint32_t k = 0; k < routes; ++k) {
    if (k % kMaxBatchOperations == 0) {
      messages.emplace_back().set_epoch(1);
      messages.back().mutable_batch()->set_id(1 + messages.size());
      messages.back().mutable_batch()->set_revision(1'000);
    }
    auto& operation = *messages.back().mutable_batch()->add_operations();
    operation.set_id(100'000 + k);
    *operation.mutable_put() = RouteOf(0, kFirstRoute + k);
  }
  messages.back().mutable_batch()->set_expected_digest(~uint64_t{0});
  return messages;
}

int64_t ResidentBytes() {
  malloc_trim(0);
  std::ifstream statm("/proc/self/statm");
  int64_t pages = 0;
  statm >> pages >> pages;
  return pages * sysconf(_SC_PAGESIZE);
}

[[noreturn]] void Fail(const char* what) {
  std::cerr << "southbound_benchmark: " << what << " within a minute\n";
  std::exit(1);
}

void Check(bool reached, const char* what) {
  if (!reached) Fail(what);
}

void PrintRow(const std::string& what, const Side& ours, const Side& bare, const char* goal) {
  std::printf("%-34s %10.2f ms %10.2f ms %8.2fx   %s\n", what.c_str(), ours.Median() * 1e3,
              bare.Median() * 1e3, ours.Median() / bare.Median(), goal);
}

// Each round gives every agent the routes and takes them away in the next, so that the tables stay
// alike.
class Changes {
 public:
  Changes(Controller& controller, EchoServer& bare, int agents)
      : controller_(controller), bare_(bare), agents_(agents), base_(Base(agents, agents)) {
    Check(controller_.Program(base_), "the agents do not hold their links");
  }

  void Measure(uint32_t routes, const char* goal) {
    Desired more = base_;
    for (int i = 0; i < agents_; ++i) {
      for (uint32_t k = 0; k < routes; ++k) {
        more[NodeOf(i)].Put(RouteOf(i, kFirstRoute + k));
      }
    }
    const auto batches = BatchesOf(routes);
    bool given = false;
    std::vector<Side> sides(2);
    sides[0].name = "ours";
    sides[0].run = [&] {
      given = !given;
      Check(controller_.Program(given ? more : base_), "routes are not acknowledged");
    };
    sides[1].name = "bare";
    sides[1].run = [&] {
      Check(bare_.Echo(static_cast<size_t>(agents_), batches), "bare streams do not answer");
    };
    TakeTurns(sides, kRounds);
    Check(controller_.Program(base_), "routes are not taken back");
    PrintRow(absl::StrCat(agents_, " agents ack ", routes, routes == 1 ? " route" : " routes"),
             sides[0], sides[1], goal);
  }

 private:
  Controller& controller_;
  EchoServer& bare_;
  const int agents_;
  const Desired base_;
};

// 20,000 routes at one agent of `agents`.
void MeasureOneStream(Controller& controller, EchoServer& bare, int agents) {
  constexpr uint32_t kRoutes = 20'000;
  const Desired base = Base(agents, agents);
  Desired more = base;
  for (uint32_t k = 0; k < kRoutes; ++k) {
    more[NodeOf(0)].Put(RouteOf(0, kFirstRoute + k));
  }
  const auto batches = BatchesOf(kRoutes);
  std::vector<double> ours, echo;
  for (int round = 0; round < 5; ++round) {
    absl::Duration begin = RealClock().Monotonic();
    Check(controller.Program(more), "routes are not acknowledged");
    ours.push_back(absl::ToDoubleSeconds(RealClock().Monotonic() - begin));
    Check(controller.Program(base), "routes are not taken back");
    begin = RealClock().Monotonic();
    Check(bare.Echo(1, batches), "bare streams do not answer");
    echo.push_back(absl::ToDoubleSeconds(RealClock().Monotonic() - begin));
  }
  const double mine = kRoutes / Side{"", {}, ours}.Median();
  const double raw = kRoutes / Side{"", {}, echo}.Median();
  std::printf("%-34s %9.0f /s  %10.0f /s  %8.2fx   at least 0.5\n", "routes in one stream", mine,
              raw, mine / raw);
}

// One agent holds 10,000 routes; while it is away, every hundredth changes.
void MeasureResync(Controller& controller, int agents) {
  constexpr uint32_t kRoutes = 10'000;
  const Desired base = Base(agents, agents);
  Desired more = base;
  for (uint32_t k = 0; k < kRoutes; ++k) {
    more[NodeOf(0)].Put(RouteOf(0, kFirstRoute + k));
  }
  controller.TakeTraffic();
  Check(controller.Program(more), "routes are not acknowledged");
  const Traffic whole = controller.TakeTraffic();
  for (uint32_t k = 0; k < kRoutes; k += 100) {
    more[NodeOf(0)].Put(RouteOf(0, kFirstRoute + k, /*backwards=*/true));
  }
  controller.CloseSession(NodeOf(0));
  controller.Want(more);
  controller.TakeTraffic();
  Check(controller.AwaitConverged(), "the agent is not in step again");
  const Traffic off = controller.TakeTraffic();
  const double share = static_cast<double>(off.bytes_out + off.bytes_in) /
                       static_cast<double>(whole.bytes_out + whole.bytes_in);
  std::printf("%-34s %9.1f kB  %10.1f kB  %8.1f %%  at most 5 %%\n",
              "re-sync, 100 of 10,000 routes off", (off.bytes_out + off.bytes_in) / 1e3,
              (whole.bytes_out + whole.bytes_in) / 1e3, share * 100);
  Check(controller.Program(base), "routes are not taken back");
}

double HeldBytes(const std::string& folder, bool bare) {
  const std::string address = absl::StrCat("unix:", folder, bare ? "/held-bare" : "/held");
  if (bare) {
    EchoServer server(address);
    const Child first("echoes", 1, address);
    Check(server.AwaitConnected(1), "a bare stream does not connect");
    const int64_t before = ResidentBytes();
    const Child rest("echoes", kManyAgents, address);
    Check(server.AwaitConnected(1 + kManyAgents), "bare streams do not connect");
    return static_cast<double>(ResidentBytes() - before) / kManyAgents;
  }
  Controller controller(address);
  const Desired base = Base(kManyAgents, kManyAgents);
  controller.Want(base);
  const int64_t before = ResidentBytes();
  const Child agents("agents", kManyAgents, address);
  Check(controller.AwaitConnected(kManyAgents), "agents do not connect");
  Check(controller.AwaitConverged(), "agents do not hold their links");
  return static_cast<double>(ResidentBytes() - before) / kManyAgents;
}

int Run(const std::string& folder) {
  std::printf("%-34s %13s %13s %9s   %s\n", "", "ours", "bare", "ratio", "goal");
  {
    const std::string ours = absl::StrCat("unix:", folder, "/agents");
    const std::string raw = absl::StrCat("unix:", folder, "/bare");
    Controller controller(ours);
    EchoServer bare(raw);
    controller.Want(Base(kAgents, kAgents));
    const Child agents("agents", kAgents, ours);
    const Child echoes("echoes", kAgents, raw);
    Check(bare.AwaitConnected(kAgents), "bare streams do not connect");
    Changes changes(controller, bare, kAgents);
    changes.Measure(1, "at most 1.3");
    changes.Measure(100, "at most 1.3");
    MeasureOneStream(controller, bare, kAgents);
    MeasureResync(controller, kAgents);
  }
  const double bare = HeldBytes(folder, /*bare=*/true);
  const double held = HeldBytes(folder, /*bare=*/false);
  std::printf("%-34s %9.1f kB  %10.1f kB  %8.2fx   at most 50 kB\n",
              "memory of each of 3,000 agents", held / 1e3, bare / 1e3, held / bare);
  return 0;
}

}  // namespace
}  // namespace waymark::bench

int main(int argc, char** argv) {
  using namespace waymark;
  setenv("GRPC_VERBOSITY", "NONE", 0);
  InitLog("southbound_benchmark", LogLevel::kError);
  rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  int count = 0;
  if (argc == 4 && absl::SimpleAtoi(argv[2], &count)) {
    if (std::strcmp(argv[1], "agents") == 0) return bench::RunAgents(count, argv[3]);
    if (std::strcmp(argv[1], "echoes") == 0) return bench::RunEchoes(count, argv[3]);
  }
  return bench::Run(argc > 1 ? argv[1] : "/tmp");
}
