// A carrier of 350 nodes and 1,400 directed links.
#include <benchmark/benchmark.h>

#include "controller/compute/disjoint_pair.h"
#include "controller/compute/k_shortest.h"
#include "controller/compute/mesh_paths.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

constexpr int kNodes = 350;

const Snapshot& Carrier() {
  static const auto snapshot = CarrierNetwork(7, kNodes, 700);
  return *snapshot;
}

// A fixed sequence of pairs that covers the network.
struct Pairs {
  int from = 0;
  int step = 1;
  std::pair<NodeId, NodeId> Next() {
    from = (from + 37) % kNodes;
    step = step % (kNodes - 1) + 1;
    return {static_cast<NodeId>(from), static_cast<NodeId>((from + step) % kNodes)};
  }
};

void BM_SearchGraph(benchmark::State& state) {
  PathConstraints constraints;
  constraints.allowed_jurisdictions = {"CH", "DE"};
  for (auto _ : state) benchmark::DoNotOptimize(SearchGraph(Carrier(), constraints, {}));
}
BENCHMARK(BM_SearchGraph);

void BM_CheapestPath(benchmark::State& state) {
  const SearchGraph graph(Carrier(), {}, {});
  Pairs pairs;
  for (auto _ : state) {
    const auto [from, to] = pairs.Next();
    benchmark::DoNotOptimize(CheapestPath(graph, from, to));
  }
}
BENCHMARK(BM_CheapestPath);

// A bound of 1.1 times the least delay, with the objective pulling elsewhere.
void BM_CheapestPathTightDelay(benchmark::State& state) {
  const SearchGraph by_delay(Carrier(), {.objective = v1::MIN_DELAY}, {});
  Pairs pairs;
  for (auto _ : state) {
    const auto [from, to] = pairs.Next();
    state.PauseTiming();
    const int64_t least = CheapestPath(by_delay, from, to).path.metric.delay_ns;
    state.ResumeTiming();
    const SearchGraph graph(Carrier(),
                            {.objective = v1::MIN_COST, .max_delay_ns = least + least / 10}, {});
    benchmark::DoNotOptimize(CheapestPath(graph, from, to));
  }
}
BENCHMARK(BM_CheapestPathTightDelay);

void BM_DisjointPair(benchmark::State& state) {
  const Protection protection = {true, state.range(0) > 0, state.range(0) > 1, state.range(0) > 2};
  const SearchGraph graph(Carrier(), {}, {});
  Pairs pairs;
  int64_t spent = 0, found = 0;
  for (auto _ : state) {
    const auto [from, to] = pairs.Next();
    const PairResult pair = DisjointPair(graph, protection, from, to);
    spent += pair.outcome == Outcome::kBudgetSpent;
    found += pair.has_pair();
  }
  state.counters["budget_spent"] = static_cast<double>(spent) / state.iterations();
  state.counters["found"] = static_cast<double>(found) / state.iterations();
}
BENCHMARK(BM_DisjointPair)->DenseRange(0, 3)->ArgName("levels")->Unit(benchmark::kMicrosecond);

void BM_KShortest(benchmark::State& state) {
  const SearchGraph graph(Carrier(), {}, {});
  Pairs pairs;
  for (auto _ : state) {
    const auto [from, to] = pairs.Next();
    benchmark::DoNotOptimize(KShortestPaths(graph, from, to, 16));
  }
}
BENCHMARK(BM_KShortest)->Unit(benchmark::kMicrosecond);

void BM_MeshPaths(benchmark::State& state) {
  const SearchGraph graph(Carrier(), {}, {});
  Pairs pairs;
  for (auto _ : state) {
    const auto [from, to] = pairs.Next();
    benchmark::DoNotOptimize(MeshPaths(graph, from, to, 4));
  }
}
BENCHMARK(BM_MeshPaths)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace waymark
