// Hoses on one thread: the exact worst loads of thousands of them, admission of a new one, and
// linear programmes solved by COIN CLP in the same run.
//
//   hose_benchmark [TOPOLOGY...]     without one: a seeded carrier of 350 nodes
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "controller/base/clock.h"
#include "controller/compute/mesh/hose.h"
#include "controller/compute/mesh/hose_linear_program.h"
#include "controller/compute/mesh/hose_optimize.h"
#include "controller/compute/mesh/optimize.h"
#include "tests/bench/te_instance.h"

namespace waymark::bench {
namespace {

constexpr int kHoses = 5'500;
constexpr int kSites = 20;
constexpr int kAdmissions = 40, kRefusals = 5;

double Seconds() { return absl::ToDoubleSeconds(RealClock().Monotonic()); }

class Draw {
 public:
  explicit Draw(uint32_t seed) : random_(seed) {}
  int Number(int low, int high) { return low + static_cast<int>(random_() % (high - low + 1)); }
  double Part() { return static_cast<double>(random_() % 1'000'000) / 1'000'000; }

  // Sites at nodes drawn at random; rates 1 to 100, both ways alike for two of three.
  Hose Sites(int count, int nodes, double unit) {
    Hose hose;
    for (int i = 0; i < count; ++i) {
      const double ingress = unit * Number(1, 100);
      const double egress = Number(0, 2) > 0 ? ingress : unit * Number(1, 100);
      hose.sites.push_back({Number(0, nodes - 1), ingress, egress});
    }
    return hose;
  }

 private:
  std::mt19937 random_;
};

// Some pairs on several routes, as an optimiser leaves them: between all nodes.
MeshPlan Routes(const TeInstance& instance) {
  auto plan = OptimizeMesh(instance.problem, {});
  if (!plan.ok()) std::exit(1);
  return *std::move(plan);
}

void Many(const TeInstance& instance, const HoseRoutes& routes) {
  Draw draw(3);
  std::vector<Hose> hoses;
  size_t sites = 0;
  for (int h = 0; h < kHoses; ++h) {
    // Most are small, some large; the mean is kSites.
    const int count = 2 + static_cast<int>(-std::log(1 - draw.Part()) * (kSites - 2));
    hoses.push_back(draw.Sites(std::min(count, kMostHoseSites), instance.problem.node_count, 1e6));
    sites += hoses.back().sites.size();
  }
  HoseLoader loader;
  size_t problems = 0;
  double most = 0;
  const double begin = Seconds();
  for (const Hose& hose : hoses) {
    const double start = Seconds();
    problems += loader.Load(hose, {&routes, 1}).size();
    most = std::max(most, Seconds() - start);
  }
  const double seconds = Seconds() - begin;
  std::printf("  %-34s %.2f s: %d hoses of %.1f sites, %zu links, the longest %.1f ms\n",
              "exact worst loads", seconds, kHoses, static_cast<double>(sites) / kHoses, problems,
              most * 1e3);
}

void BesideClp(const TeInstance& instance, const HoseRoutes& routes) {
  Draw draw(5);
  const Hose hose = draw.Sites(kSites, instance.problem.node_count, 1e6);
  HoseLoader loader;
  double begin = Seconds();
  const auto loads = loader.Load(hose, {&routes, 1});
  const double ours = Seconds() - begin;
  double apart = 0;
  begin = Seconds();
  for (const HoseLinkLoad& load : loads) {
    const auto optimum = WorstLoadOptimum(hose, {&routes, 1}, load.link);
    if (optimum) apart = std::max(apart, std::abs(*optimum - load.load) / load.load);
  }
  const double theirs = Seconds() - begin;
  std::printf("  %-34s %.2f ms; CLP %.1f ms, %.0fx; apart by %.1g at most\n",
              "worst loads of one hose", ours * 1e3, theirs * 1e3, theirs / ours, apart);
}

std::string Spread(std::vector<double> seconds) {
  std::ranges::sort(seconds);
  char text[100];
  std::snprintf(text, sizeof(text), "median %.1f ms, 95 %% %.1f ms, most %.1f ms",
                seconds[seconds.size() / 2] * 1e3, seconds[seconds.size() * 95 / 100] * 1e3,
                seconds.back() * 1e3);
  return text;
}

// One more E-LAN beside what the links carry already, at `tightness` of the rates that just fit on
// shortest paths.
void Admit(const TeInstance& instance, double tightness, int admissions) {
  MeshProblem links = {.node_count = instance.problem.node_count, .links = instance.problem.links};
  std::vector<double> seconds, processor;
  int fits = 0, rounds = 0;
  for (int i = 0; i < admissions; ++i) {
    Draw draw(100 + i);
    HoseOptions options = {.limit = 1};
    std::vector<double> room;
    for (const MeshLink& link : links.links) {
      options.background.push_back(link.capacity * 0.6 * draw.Part());
      room.push_back(link.capacity - options.background.back());
    }
    Hose hose = draw.Sites(kSites, links.node_count, 1);
    HoseOptions shortest = options;
    shortest.max_rounds = 0;
    shortest.limit = 1e18;
    auto plan = OptimizeHose(links, {&hose, 1}, shortest);
    if (!plan.ok()) std::exit(1);
    for (size_t e = 0; e < room.size(); ++e) plan->load[e] -= options.background[e];
    const double scale = FitHoses(plan->load, room).scale * tightness;
    for (HoseSite& site : hose.sites) {
      site.ingress *= scale;
      site.egress *= scale;
    }
    const double begin = Seconds();
    const std::clock_t busy = std::clock();
    plan = OptimizeHose(links, {&hose, 1}, options);
    processor.push_back(static_cast<double>(std::clock() - busy) / CLOCKS_PER_SEC);
    seconds.push_back(Seconds() - begin);
    fits += plan->mlu <= 1;
    rounds += plan->rounds;
  }
  char name[64];
  std::snprintf(name, sizeof(name), "admission, %.2f of shortest", tightness);
  std::printf("  %-34s %s; %d of %d fit, the rest refused, %.1f moves\n", name,
              Spread(seconds).c_str(), fits, admissions, static_cast<double>(rounds) / admissions);
  // What others on the machine do not change.
  std::printf("  %-34s %s\n", "  processor time", Spread(processor).c_str());
}

// The best routes of small hoses, against the optimum of any fractional routing.
void Oblivious() {
  for (int i = 0; i < 6; ++i) {
    Draw draw(200 + i);
    // A ring with chords.
    const int nodes = 8 + i;
    MeshProblem problem = {.node_count = nodes};
    const auto link = [&](int a, int b) {
      const double capacity = draw.Number(1, 4) * 10;
      problem.links.push_back({a, b, capacity});
      problem.links.push_back({b, a, capacity});
    };
    for (int n = 0; n < nodes; ++n) link(n, (n + 1) % nodes);
    for (int n = 0; n < nodes / 2; ++n) link(n, (n + 3 + n % 3) % nodes);
    const Hose hose = draw.Sites(6, nodes, 0.1);
    double begin = Seconds();
    const auto plan = OptimizeHose(problem, {&hose, 1}, {});
    const double ours = Seconds() - begin;
    begin = Seconds();
    const auto optimum = ObliviousOptimum(problem, {&hose, 1}, 60);
    const double theirs = Seconds() - begin;
    if (!plan.ok() || !optimum) continue;
    std::printf(
        "  %2d nodes, %2zu links, 6 sites            MLU %.5f, bound %.5f, %.1f ms; CLP "
        "%.5f, %.1f ms\n",
        nodes, problem.links.size(), plan->mlu, plan->lower_bound, ours * 1e3, *optimum,
        theirs * 1e3);
  }
}

void Run(const TeInstance& instance) {
  std::printf("%s: %d nodes, %zu links\n", instance.name.c_str(), instance.problem.node_count,
              instance.problem.links.size());
  const MeshPlan plan = Routes(instance);
  const HoseRoutes routes = RoutesOfDemands(instance.problem, plan.routes);
  Many(instance, routes);
  BesideClp(instance, routes);
  for (const double tightness : {0.9, 1.3, 2.0}) Admit(instance, tightness, kAdmissions);
  // Refused when no routes are found that fit, after a search of seconds.
  Admit(instance, 8.0, kRefusals);
  std::fflush(stdout);
}

}  // namespace
}  // namespace waymark::bench

int main(int argc, char** argv) {
  auto instances =
      waymark::bench::LoadTeInstances(std::vector<std::string>(argv + 1, argv + argc), "");
  // Of the seeded ones the largest.
  if (argc == 1) instances.erase(instances.begin(), instances.end() - 1);
  for (const auto& instance : instances) waymark::bench::Run(instance);
  std::printf("oblivious routes\n");
  waymark::bench::Oblivious();
}
