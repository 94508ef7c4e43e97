// Segment lists of all paths of a carrier: 350 nodes, 1,400 directed links.
#include <benchmark/benchmark.h>

#include "controller/compute/constrained_path.h"
#include "controller/compute/segments.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

const Snapshot& Carrier() {
  static const auto snapshot = CarrierNetwork(7, 350, 700);
  return *snapshot;
}

// Between all pairs, least by delay: seldom the underlay's paths as a whole.
std::vector<std::vector<LinkId>> Paths() {
  const SearchGraph graph(Carrier(), {.objective = v1::MIN_DELAY}, {});
  std::vector<std::vector<LinkId>> paths;
  for (int32_t to = 0; to < 350; ++to) {
    PathSearch search(graph, static_cast<NodeId>(to));
    for (int32_t from = 0; from < 350; ++from) {
      if (from == to) continue;
      paths.push_back(search.Run(static_cast<NodeId>(from)).path.links);
    }
  }
  return paths;
}

void BM_Table(benchmark::State& state) {
  for (auto _ : state) {
    UniqueShortestPaths table(Carrier());
    table.FillAll();
    benchmark::DoNotOptimize(table);
  }
}
BENCHMARK(BM_Table)->Unit(benchmark::kMillisecond);

// Items: paths, each encoded strictly and with the fewest uSIDs.
void BM_EncodeBoth(benchmark::State& state) {
  const auto paths = Paths();
  UniqueShortestPaths table(Carrier());
  table.FillAll();
  std::vector<Segment> segments;
  std::vector<uint32_t> sids;
  int64_t strict = 0, fewest = 0;
  for (auto _ : state) {
    for (const auto& path : paths) {
      EncodeStrict(path, &segments);
      if (ToSids(Carrier(), segments, &sids).ok()) strict += static_cast<int64_t>(sids.size());
      EncodeFewest(std::as_const(table), path, &segments);
      if (ToSids(Carrier(), segments, &sids).ok()) fewest += static_cast<int64_t>(sids.size());
    }
  }
  const auto count = static_cast<double>(state.iterations() * static_cast<int64_t>(paths.size()));
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(paths.size()));
  state.counters["strict_usids"] = static_cast<double>(strict) / count;
  state.counters["fewest_usids"] = static_cast<double>(fewest) / count;
}
BENCHMARK(BM_EncodeBoth)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace waymark
