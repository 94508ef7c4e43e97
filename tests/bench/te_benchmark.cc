// The mesh optimiser on two threads, beside a linear programme solved by COIN CLP in the same run.
//
//   te_benchmark [TOPOLOGY[=DEMANDS]...]     without one: seeded carriers
//
// WAYMARK_BENCH_REFERENCE: optimal MLUs, NAME=VALUE separated by blanks (te_instance.h).
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "controller/base/clock.h"
#include "controller/compute/k_shortest.h"
#include "controller/compute/mesh/allocate.h"
#include "controller/compute/mesh/linear_program.h"
#include "controller/compute/mesh/min_mlu.h"
#include "controller/compute/mesh/optimize.h"
#include "northbound/cli/te_pool.h"
#include "tests/bench/te_failures.h"
#include "tests/bench/te_instance.h"

namespace waymark::bench {
namespace {

constexpr int kThreads = 2;
constexpr int kRuns = 5;
// Of the edge formulation; with more, CLP gets the paths of the 4 shortest.
constexpr size_t kMostEdgeVariables = 60'000;
constexpr size_t kMostPathVariables = 200'000;
constexpr double kMostLpSeconds = 60;
constexpr int kAnyHops = 10'000;
constexpr double kMostShareSeconds = 20;

double Seconds() { return absl::ToDoubleSeconds(RealClock().Monotonic()); }

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// Most memory that the process has had, MiB.
double PeakMebibytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word == "VmHWM:") {
      double kib = 0;
      status >> kib;
      return kib / 1024;
    }
  }
  return 0;
}

// How long one solve took to come near enough; negative: it did not.
struct Reached {
  std::array<double, 2> certified = {-1, -1}, reference = {-1, -1};  // 1 % and 0.1 %
  double mlu = 0, bound = 0;
  int rounds = 0;
};

Reached Solve(const TeInstance& instance, const ParallelFor& parallel) {
  constexpr std::array<double, 2> kWithin = {0.01, 0.001};
  Reached reached;
  const double begin = Seconds();
  MinMlu solver(instance.problem, parallel);
  solver.Refine({.gap = kWithin[1], .progress = [&](const MeshProgress& at) {
                   const double now = Seconds() - begin;
                   for (size_t i = 0; i < 2; ++i) {
                     if (reached.certified[i] < 0 && at.mlu <= (1 + kWithin[i]) * at.lower_bound)
                       reached.certified[i] = now;
                     if (reached.reference[i] < 0 &&
                         at.mlu <= (1 + kWithin[i]) * instance.reference)
                       reached.reference[i] = now;
                   }
                 }});
  reached.mlu = solver.mlu();
  reached.bound = solver.lower_bound();
  reached.rounds = solver.rounds();
  return reached;
}

std::string Milliseconds(const std::vector<Reached>& runs, std::array<double, 2> Reached::*times,
                         size_t index) {
  std::vector<double> values;
  for (const Reached& run : runs) values.push_back((run.*times)[index]);
  const double median = Median(values);
  if (median < 0) return "not reached";
  char text[32];
  std::snprintf(text, sizeof(text), "%.1f ms", median * 1e3);
  return text;
}

void Fractional(const TeInstance& instance, const ParallelFor& parallel) {
  std::vector<Reached> runs;
  for (int run = -1; run < kRuns; ++run) {
    const Reached reached = Solve(instance, parallel);
    if (run >= 0) runs.push_back(reached);
  }
  std::printf("  %-34s 1 %%: %s, 0.1 %%: %s\n", "certified by its own bound within",
              Milliseconds(runs, &Reached::certified, 0).c_str(),
              Milliseconds(runs, &Reached::certified, 1).c_str());
  if (instance.reference > 0) {
    std::printf("  %-34s 1 %%: %s, 0.1 %%: %s\n", "of the reference within",
                Milliseconds(runs, &Reached::reference, 0).c_str(),
                Milliseconds(runs, &Reached::reference, 1).c_str());
  }
  std::printf("  %-34s MLU %.9g, bound %.9g, %d rounds\n", "fractional", runs[0].mlu, runs[0].bound,
              runs[0].rounds);
}

struct Routed {
  double seconds = 0;  // median
  double mlu = 0;
};

// What a switch takes, at a gap of 1 %.
Routed Whole(const TeInstance& instance, const ParallelFor& parallel) {
  std::vector<double> seconds;
  std::optional<MeshPlan> plan;
  for (int run = -1; run < kRuns; ++run) {
    const double begin = Seconds();
    auto made = OptimizeMesh(instance.problem, {.parallel = parallel});
    if (run >= 0) seconds.push_back(Seconds() - begin);
    if (!made.ok()) {
      std::printf("  %s\n", std::string(made.status().message()).c_str());
      return {};
    }
    plan = *std::move(made);
  }
  size_t most = 0, pairs = 0;
  for (size_t d = 0; d < plan->routes.demand_count(); ++d) {
    const size_t paths = plan->routes.first_route(d + 1) - plan->routes.first_route(d);
    most = std::max(most, paths);
    pairs += paths > 0;
  }
  std::printf(
      "  %-34s MLU %.9g (%.4f of the bound%s), %.1f ms, %zu paths of %zu pairs, at most %zu\n",
      "8 paths, weights of 64", plan->mlu, plan->mlu / plan->lower_bound,
      instance.reference > 0
          ? (", " + std::to_string(plan->mlu / instance.reference) + " of the reference").c_str()
          : "",
      Median(seconds) * 1e3, plan->routes.route_count(), pairs, most);
  return {Median(seconds), plan->mlu};
}

// Twice what fits, shared.
void Shares(const TeInstance& instance, double mlu, const ParallelFor& parallel) {
  MeshProblem problem = instance.problem;
  for (MeshDemand& demand : problem.demands) demand.rate *= 2 / mlu;
  for (const auto& [name, sharing] :
       {std::pair("max-min shares of twice what fits", Sharing::kMaxMin),
        {"most in all of twice what fits", Sharing::kThroughput}}) {
    const double begin = Seconds();
    const auto shares = AllocateMesh(
        problem, sharing,
        {.stop = [&] { return Seconds() - begin > kMostShareSeconds; }, .parallel = parallel});
    if (!shares.ok()) {
      std::printf("  %-34s %s\n", name, std::string(shares.status().message()).c_str());
      continue;
    }
    std::printf("  %-34s %.1f ms%s, %.4f of what is asked for", name, (Seconds() - begin) * 1e3,
                shares->stopped ? " (stopped)" : "", shares->carried / shares->offered);
    if (sharing == Sharing::kThroughput) {
      std::printf(", %.4f of the bound\n", shares->carried / shares->upper_bound);
    } else {
      std::printf(", the least %.4f of its bound\n", shares->least / shares->least_bound);
    }
  }
}

std::vector<std::vector<std::vector<int32_t>>> FourShortest(const TeInstance& instance) {
  const SearchGraph graph(*instance.snapshot, {.max_hops = kAnyHops}, {.most_hops = kAnyHops});
  std::vector<std::vector<std::vector<int32_t>>> paths(instance.problem.demands.size());
  std::vector<std::vector<size_t>> by_target(instance.problem.node_count);
  for (size_t d = 0; d < paths.size(); ++d) by_target[instance.problem.demands[d].to].push_back(d);
  for (size_t target = 0; target < by_target.size(); ++target) {
    PathSearch search(graph, static_cast<NodeId>(target));
    for (const size_t d : by_target[target]) {
      const NodeId from = static_cast<NodeId>(instance.problem.demands[d].from);
      for (const ComputedPath& path : KShortestPaths(search, from, 4).paths) {
        std::vector<int32_t>& links = paths[d].emplace_back();
        for (const LinkId link : path.links) links.push_back(Index(link));
      }
    }
  }
  return paths;
}

void PrintProgramme(const char* name, const std::optional<double>& optimum, double begin,
                    double ours) {
  const double seconds = Seconds() - begin;
  if (!optimum) {
    std::printf("  %-34s no answer within %.0f s\n", name, kMostLpSeconds);
    return;
  }
  std::printf("  %-34s MLU %.9g, %.1f ms, %.0fx of Waymark\n", name, *optimum, seconds * 1e3,
              seconds / ours);
}

void Programmes(const TeInstance& instance, double ours) {
  if (instance.sources() * instance.problem.links.size() <= kMostEdgeVariables) {
    const double begin = Seconds();
    PrintProgramme("CLP, all paths (edges)", EdgeOptimum(instance.problem, kMostLpSeconds), begin,
                   ours);
  }
  if (instance.problem.demands.size() * 4 <= kMostPathVariables) {
    const auto paths = FourShortest(instance);
    const double begin = Seconds();
    PrintProgramme("CLP, 4 shortest paths", PathOptimum(instance.problem, paths, kMostLpSeconds),
                   begin, ours);
  } else {
    std::printf("  %-34s too large: %zu pairs\n", "CLP", instance.problem.demands.size());
  }
}

void Run(const TeInstance& instance, const ParallelFor& parallel) {
  std::printf("%s: %d nodes, %zu links, %zu pairs\n", instance.name.c_str(),
              instance.problem.node_count, instance.problem.links.size(),
              instance.problem.demands.size());
  Fractional(instance, parallel);
  const Routed ours = Whole(instance, parallel);
  Failures(instance, parallel);
  if (ours.mlu > 0) Shares(instance, ours.mlu, parallel);
  // Before CLP, whose memory is its own. Of all instances so far.
  std::printf("  %-34s %.0f MiB\n", "memory of the process, peak", PeakMebibytes());
  Programmes(instance, ours.seconds);
  std::printf("\n");
  std::fflush(stdout);
}

}  // namespace
}  // namespace waymark::bench

int main(int argc, char** argv) {
  const char* references = std::getenv("WAYMARK_BENCH_REFERENCE");
  waymark::cli::TePool pool(waymark::bench::kThreads);
  const waymark::ParallelFor parallel = [&](int count, const auto& task) { pool.Run(count, task); };
  for (const auto& instance : waymark::bench::LoadTeInstances(
           std::vector<std::string>(argv + 1, argv + argc), references ? references : "")) {
    waymark::bench::Run(instance, parallel);
  }
}
