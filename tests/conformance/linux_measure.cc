// Measures the Linux data plane in namespaces, and prints figures: how long many policies take to
// put, what a stream loses while the handle is replaced and while a path breaks, what TCP reaches.
// Needs root; TCP needs iperf3.
#include <poll.h>
#include <time.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <set>
#include <thread>

#include "controller/base/clock.h"
#include "nlohmann/json.hpp"
#include "tests/conformance/carrier.h"
#include "tests/conformance/linux_world.h"
#include "tests/lab/process.h"

namespace waymark {
namespace {

using southbound::v1::INSTANCE_E_LAN;

constexpr uint32_t kColor = 7;
constexpr int kPolicies = 1'000;
constexpr uint32_t kProbeMicroseconds = 10'000;

absl::Duration Now() { return RealClock().Monotonic(); }

// Frames from one host to another, a thousand a second, each with a text of its own.
class Stream {
 public:
  Stream(DataPlaneWorld& world, TestCarrier& carrier) : world_(world) {
    world_.Receive("hd");
    frame_.to = carrier.Mac("hd");
    frame_.from = carrier.Mac("ha");
    frame_.ip_bytes = 200;
    thread_ = std::thread([this] { Run(); });
  }
  // Prints what was lost.
  void End(const char* what) {
    stop_ = true;
    thread_.join();
    world_.Drain();
    std::set<std::string> seen;
    for (const std::string& frame : world_.Receive("hd")) {
      const size_t at = frame.find("stream:");
      if (at != std::string::npos) seen.insert(frame.substr(at, 15));
    }
    printf("%-60s %d of %d frames lost\n", what, sent_ - static_cast<int>(seen.size()), sent_);
    fflush(stdout);
  }

 private:
  void Run() {
    timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    while (!stop_) {
      char text[16];
      snprintf(text, sizeof text, "stream:%08d", sent_);
      frame_.text = text;
      if (world_.Send("ha", MakeFrame(frame_)).ok()) ++sent_;
      next.tv_nsec += 1'000'000;
      if (next.tv_nsec >= 1'000'000'000) {
        next.tv_nsec -= 1'000'000'000;
        ++next.tv_sec;
      }
      clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, nullptr);
    }
  }

  DataPlaneWorld& world_;
  FrameSpec frame_;
  int sent_ = 0;
  std::atomic<bool> stop_ = false;
  std::thread thread_;
};

void Pause(int milliseconds) { poll(nullptr, 0, milliseconds); }

void MeasureTcp(DataPlaneWorld& world, const char* what) {
  const std::string a = LinuxNamespace(world, "host-ha"), d = LinuxNamespace(world, "host-hd");
  for (const auto& [ns, address] : {std::pair{a, "10.9.0.1/24"}, std::pair{d, "10.9.0.2/24"}}) {
    (void)lab::RunCommand({"ip", "-n", ns, "addr", "add", address, "dev", "eth0"});
  }
  (void)lab::RunCommand({"ip", "netns", "exec", d, "iperf3", "-s", "-1", "-D"});
  Pause(500);
  const auto result = lab::RunCommand(
      {"ip", "netns", "exec", a, "iperf3", "-c", "10.9.0.2", "-t", "4", "-J"}, absl::Seconds(20));
  if (!result.ok()) return;
  const nlohmann::json json = nlohmann::json::parse(result->output, nullptr, false);
  if (!json.is_object() || !json["end"].contains("sum_received")) return;
  printf("%-60s %.2f Gbit/s\n", what,
         json["end"]["sum_received"]["bits_per_second"].get<double>() / 1e9);
  fflush(stdout);
}

void MeasurePolicies(TestCarrier& carrier) {
  std::vector<southbound::v1::Object> objects;
  for (int i = 0; i < kPolicies; ++i) {
    objects.push_back(carrier.PolicyObjectOf(
        "a", "d",
        {.color = 1'000u + i,
         .dscp = 10,
         .working = {{i % 2 == 0 ? "a-b" : "a-c", i % 2 == 0 ? "b-d" : "c-d"}},
         .protect = {"a-d"},
         .probe_interval_us = kProbeMicroseconds * 10}));
  }
  absl::Duration start = Now();
  for (const auto& object : objects) carrier.Put("a", object);
  printf("%-60s %.0f ms\n", "put 1,000 policies (2 lists each, probed)",
         absl::ToDoubleMilliseconds(Now() - start));
  start = Now();
  for (const auto& object : objects) carrier.Put("a", object);
  printf("%-60s %.0f ms\n", "put them again, unchanged", absl::ToDoubleMilliseconds(Now() - start));
  timespec before, after;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  Pause(4'000);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  printf("%-60s %.1f %%\n", "CPU of 2,000 lists probed at 100 ms (20,000 probes/s)",
         ((after.tv_sec - before.tv_sec) + (after.tv_nsec - before.tv_nsec) * 1e-9) / 4 * 100);
  fflush(stdout);
}

int Main() {
  auto made = MakeLinuxWorld();
  if (!made.ok()) {
    fprintf(stderr, "%s\n", made.status().ToString().c_str());
    return 1;
  }
  DataPlaneWorld& world = **made;
  TestCarrier carrier(world);
  for (const char* node : {"a", "b", "c", "d"}) carrier.AddSwitch(node);
  for (const auto& [x, y] : {std::pair{"a", "b"}, {"b", "d"}, {"a", "c"}, {"c", "d"}, {"a", "d"}}) {
    carrier.AddLink(x, y);
  }
  carrier.PutRoutes();
  carrier.AddHost("ha", "a");
  carrier.AddHost("hd", "d");
  for (const auto& [from, to] : {std::pair{"a", "d"}, {"d", "a"}}) {
    const auto by = [&, f = std::string(from), t = std::string(to)](const char* via) {
      return std::vector<std::string>{f + "-" + via, std::string(via) + "-" + t};
    };
    carrier.PutPolicy(from, to,
                      {.color = kColor,
                       .dscp = 46,
                       .working = {by("b")},
                       .protect = by("c"),
                       .probe_interval_us = kProbeMicroseconds,
                       .wait_to_restore_ms = 500});
  }
  carrier.PutService(100, INSTANCE_E_LAN, {"ha", "hd"}, {.default_color = kColor});
  carrier.Acquaint("ha", "hd");
  MeasureTcp(world, "TCP, one flow, two hops, E-LAN on whole ports");
  {
    Stream stream(world, carrier);
    Pause(500);
    for (const char* node : {"a", "d"}) {
      const absl::Duration start = Now();
      (void)world.Reopen(node);
      (void)world.At(node).Reconcile(carrier.Expected(node), true);
      printf("%-60s %.0f ms\n", "new handle, reconciled",
             absl::ToDoubleMilliseconds(Now() - start));
    }
    Pause(500);
    stream.End("handles replaced under a 1 kHz stream");
  }
  {
    Stream stream(world, carrier);
    Pause(500);
    (void)world.CutWire(carrier.Wire("b-d"));
    Pause(1'000);
    stream.End("remote link cut, probes each 10 ms");
  }
  {
    Stream stream(world, carrier);
    (void)world.RestoreWire(carrier.Wire("b-d"));
    Pause(2'000);
    stream.End("and back after wait-to-restore");
  }
  {
    Stream stream(world, carrier);
    Pause(500);
    (void)world.CutWire(carrier.Wire("a-b"));
    Pause(1'000);
    stream.End("own link cut (carrier)");
  }
  (void)world.RestoreWire(carrier.Wire("a-b"));
  Pause(1'500);
  MeasurePolicies(carrier);
  {
    Stream stream(world, carrier);
    const absl::Duration start = Now();
    (void)world.Reopen("a");
    const auto report = world.At("a").Reconcile(carrier.Expected("a"), true);
    printf("%-60s %.0f ms\n", "new handle with 1,000 policies, reconciled",
           absl::ToDoubleMilliseconds(Now() - start));
    if (report.ok())
      printf("   kept %zu, repaired %zu\n", report->kept.size(), report->repaired.size());
    Pause(500);
    stream.End("under a 1 kHz stream");
  }
  return 0;
}

}  // namespace
}  // namespace waymark

int main() { return waymark::Main(); }
