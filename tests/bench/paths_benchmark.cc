// Path computation beside LEMON, Boost and a bare loop, on one thread, on the same networks in the
// same run.
//
//   paths_benchmark [TOPOLOGY...]     without one: a seeded carrier of 350 nodes
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <fstream>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "controller/compute/disjoint_pair.h"
#include "controller/compute/k_shortest.h"
#include "controller/compute/segments.h"
#include "controller/compute/shortest_paths.h"
#include "tests/bench/network.h"
#include "tests/bench/peers.h"
#include "tests/bench/timing.h"

namespace waymark::bench {
namespace {

constexpr int kRounds = 7;
constexpr size_t kPairs = 4000;
constexpr int32_t kEdges = 340;
constexpr size_t kThreads = 2;
// No bound on hops: the peers have none either.
constexpr int kAnyHops = 10'000;
constexpr SearchGraph::Environment kOnPaper = {.most_hops = kAnyHops};

using Pairs = std::vector<std::pair<int32_t, int32_t>>;

// Seeded; by target, as an all-pairs run would take them: `sources` for each of some targets.
Pairs DrawPairs(int32_t nodes) {
  std::mt19937 random(1);
  Pairs pairs;
  const size_t sources = std::min<size_t>(static_cast<size_t>(nodes) - 1, 100);
  while (pairs.size() < kPairs) {
    const int32_t to = static_cast<int32_t>(random() % static_cast<uint32_t>(nodes));
    for (size_t i = 0; i < sources; ++i) {
      const int32_t from = static_cast<int32_t>(random() % static_cast<uint32_t>(nodes));
      if (from != to) pairs.emplace_back(from, to);
    }
  }
  return pairs;
}

std::vector<PlainLink> PlainLinks(const Snapshot& snapshot) {
  std::vector<PlainLink> links;
  for (const LinkInfo& link : snapshot.links()) {
    links.push_back({Index(link.source), Index(link.target), link.te_metric});
  }
  return links;
}

void PrintSides(const char* title, const std::vector<Side>& sides, double per, const char* unit) {
  std::printf("  %s\n", title);
  for (const Side& side : sides) {
    std::printf("    %-46s %10.2f %s  %6.2fx of Waymark\n", side.name.c_str(), side.Median() / per,
                unit, side.Median() / sides[0].Median());
  }
}

void CheckEqual(const char* what, uint64_t ours, uint64_t theirs) {
  if (ours == theirs) return;
  std::printf("    DIFFERENT ANSWERS: %s: %llu and %llu\n", what,
              static_cast<unsigned long long>(ours), static_cast<unsigned long long>(theirs));
}

void AllShortest(const Snapshot& snapshot) {
  const int32_t nodes = static_cast<int32_t>(snapshot.nodes().size());
  const auto links = PlainLinks(snapshot);
  const auto graph = MetricGraph::Make(snapshot, LinkMetricKind::kTeMetric);
  if (!graph.ok()) return;
  ShortestPaths ours(*graph);
  const size_t count = static_cast<size_t>(nodes);
  std::vector<uint32_t> distance(count * count);
  std::vector<LinkId> next(count * count);
  const auto total = [&](size_t rows) {
    uint64_t sum = 0;
    for (size_t i = 0; i < rows * count; ++i) {
      sum += distance[i] == MetricGraph::kUnreachable ? 0 : distance[i];
    }
    return sum;
  };
  auto bare = BareLoop(nodes, links);
  auto lemon = LemonDijkstra(nodes, links);
  auto boost = BoostDijkstra(nodes, links);
  auto lemon_smart = LemonSmartDijkstra(nodes, links);
  auto boost_lists = BoostListsDijkstra(nodes, links);
  uint64_t sums[7] = {};
  std::vector<Side> sides = {
      {"Waymark, ties settled by link number",
       [&] {
         ours.All(distance, next);
         sums[0] = total(count);
       },
       {}},
      {"bare loop: the limit", [&] { sums[1] = bare->AllShortestPaths(); }, {}},
      {"LEMON, static graph", [&] { sums[2] = lemon->AllShortestPaths(); }, {}},
      {"LEMON, smart graph", [&] { sums[3] = lemon_smart->AllShortestPaths(); }, {}},
      {"Boost, compressed sparse rows", [&] { sums[4] = boost->AllShortestPaths(); }, {}},
      {"Boost, adjacency list", [&] { sums[5] = boost_lists->AllShortestPaths(); }, {}},
      {"Waymark, one target after another",
       [&] {
         sums[6] = 0;
         for (int32_t target = 0; target < nodes; ++target) {
           ours.To(static_cast<NodeId>(target), std::span(distance).first(count),
                   std::span(next).first(count));
           sums[6] += total(1);
         }
       },
       {}},
  };
  TakeTurns(sides, kRounds);
  PrintSides("all-to-all shortest paths", sides, 1e-3, "ms");
  for (int i = 1; i < 7; ++i) CheckEqual(sides[i].name.c_str(), sums[0], sums[i]);
}

void Disjoint(const Snapshot& snapshot, const Pairs& pairs) {
  const SearchGraph graph(snapshot, {.max_hops = kAnyHops}, kOnPaper);
  LemonSuurballe lemon(static_cast<int32_t>(snapshot.nodes().size()), PlainLinks(snapshot));
  uint64_t sums[2] = {};
  const auto run = [&](const Protection& protection, bool shared) {
    uint64_t sum = 0;
    std::optional<PathSearch> search;
    for (const auto& [from, to] : pairs) {
      if (!shared || !search || Index(search->target()) != to) {
        search.emplace(graph, static_cast<NodeId>(to));
      }
      const PairResult pair = DisjointPair(*search, protection, static_cast<NodeId>(from), {});
      if (pair.has_pair()) {
        sum += static_cast<uint64_t>(pair.working.metric.cost + pair.protect.metric.cost);
      }
    }
    return sum;
  };
  std::vector<Side> sides = {
      {"Waymark, link-disjoint, targets in turn", [&] { sums[0] = run({.link = true}, true); }, {}},
      {"Waymark, link-disjoint, each pair alone", [&] { run({.link = true}, false); }, {}},
      {"Waymark, node-disjoint, targets in turn",
       [&] { run({.link = true, .node = true}, true); },
       {}},
      {"LEMON Suurballe, link-disjoint", [&] { sums[1] = lemon.Run(pairs); }, {}},
  };
  TakeTurns(sides, kRounds);
  PrintSides("disjoint pairs", sides, static_cast<double>(pairs.size()) * 1e-6, "us a pair");
  CheckEqual("total length", sums[0], sums[1]);
}

// Bounds of 1.1 times the least delay, with the objective pulling elsewhere, one provider in twenty
// forbidden and one affinity excluded. The masks are applied when the graph of a class is made,
// which is timed by itself: it serves all pairs of the class.
void Constrained(const Snapshot& snapshot, const Pairs& pairs) {
  const SearchGraph plain(snapshot, {.max_hops = kAnyHops}, kOnPaper);
  const SearchGraph by_delay(snapshot,
                             {.objective = v1::MIN_DELAY,
                              .max_hops = kAnyHops,
                              .forbidden_providers = {"provider3"},
                              .exclude = {"satellite"}},
                             kOnPaper);
  std::vector<SearchGraph> bounded;
  Pairs asked;
  for (size_t i = 0; i < pairs.size() && asked.size() < 500; i += 7) {
    // Under the same masks, so that every question has an answer.
    const PathResult least = CheapestPath(by_delay, static_cast<NodeId>(pairs[i].first),
                                          static_cast<NodeId>(pairs[i].second));
    if (least.outcome != Outcome::kFound) continue;
    const int64_t delay = least.path.metric.delay_ns;
    bounded.emplace_back(snapshot,
                         PathConstraints{.max_delay_ns = delay + delay / 10,
                                         .max_hops = kAnyHops,
                                         .forbidden_providers = {"provider3"},
                                         .exclude = {"satellite"}},
                         kOnPaper);
    asked.push_back(pairs[i]);
  }
  if (asked.empty()) return;
  const auto run = [&](bool constrained) {
    for (size_t i = 0; i < asked.size(); ++i) {
      CheapestPath(constrained ? bounded[i] : plain, static_cast<NodeId>(asked[i].first),
                   static_cast<NodeId>(asked[i].second));
    }
  };
  std::vector<Side> sides = {
      {"plain cheapest path, each pair alone", [&] { run(false); }, {}},
      {"with delay bound and masks", [&] { run(true); }, {}},
      {"making the graph of the class, masks and all",
       [&] {
         for (size_t i = 0; i < asked.size(); ++i) {
           SearchGraph(snapshot,
                       {.max_hops = kAnyHops,
                        .forbidden_providers = {"provider3"},
                        .exclude = {"satellite"}},
                       kOnPaper);
         }
       },
       {}},
  };
  TakeTurns(sides, kRounds);
  PrintSides("constrained paths", sides, static_cast<double>(asked.size()) * 1e-6, "us each");
}

void KShortest(const Snapshot& snapshot, const Pairs& pairs) {
  const SearchGraph graph(snapshot, {.max_hops = kAnyHops}, kOnPaper);
  const auto run = [&](size_t k, bool shared) {
    std::optional<PathSearch> search;
    for (const auto& [from, to] : pairs) {
      if (!shared || !search || Index(search->target()) != to) {
        search.emplace(graph, static_cast<NodeId>(to));
      }
      KShortestPaths(*search, static_cast<NodeId>(from), k);
    }
  };
  std::vector<Side> sides = {
      {"k = 4, targets in turn", [&] { run(4, true); }, {}},
      {"k = 4, each pair alone", [&] { run(4, false); }, {}},
      {"k = 16, targets in turn", [&] { run(16, true); }, {}},
  };
  TakeTurns(sides, kRounds);
  PrintSides("k shortest paths", sides, static_cast<double>(pairs.size()) * 1e-6, "us a pair");
}

double ResidentMebibytes() {
  std::ifstream statm("/proc/self/statm");
  double size = 0, resident = 0;
  statm >> size >> resident;
  return resident * 4096 / (1 << 20);
}

// What a carrier's controller would hold of one pair and class.
struct Placed {
  std::vector<Segment> working, protect;
};

// Four classes: cheapest; fastest; cheapest within 1.5 times the delay that half of the pairs need,
// with one link in twenty closed to it; fastest with another twentieth closed.
std::vector<PathConstraints> Classes(const Snapshot& snapshot, const Pairs& pairs) {
  std::mt19937 random(3);
  std::vector<PathConstraints> classes(4);
  for (PathConstraints& constraints : classes) constraints.max_hops = kAnyHops;
  classes[1].objective = classes[3].objective = v1::MIN_DELAY;
  std::vector<int64_t> delays;
  const SearchGraph by_delay(snapshot, classes[1], kOnPaper);
  for (size_t i = 0; i < pairs.size(); i += 20) {
    delays.push_back(CheapestPath(by_delay, static_cast<NodeId>(pairs[i].first),
                                  static_cast<NodeId>(pairs[i].second))
                         .path.metric.delay_ns);
  }
  std::nth_element(delays.begin(), delays.begin() + static_cast<ptrdiff_t>(delays.size() / 2),
                   delays.end());
  classes[2].max_delay_ns = delays[delays.size() / 2] * 3 / 2 + 1;
  for (const LinkInfo& link : snapshot.links()) {
    const uint32_t die = random() % 20;
    if (die < 2) classes[2 + die].exclude_resources.push_back(link.name);
  }
  return classes;
}

void Scale(const Snapshot& snapshot, const Pairs& pairs) {
  const int32_t edges = std::min(kEdges, static_cast<int32_t>(snapshot.nodes().size()));
  const std::vector<PathConstraints> classes = Classes(snapshot, pairs);
  const double before = ResidentMebibytes();
  std::vector<Placed> placed(classes.size() * static_cast<size_t>(edges) *
                             static_cast<size_t>(edges));
  std::atomic<size_t> found = 0, refused = 0, undecided = 0;
  const absl::Duration begin = RealClock().Monotonic();
  UniqueShortestPaths table(snapshot);
  table.FillAll();
  std::vector<SearchGraph> graphs;
  for (const PathConstraints& constraints : classes)
    graphs.emplace_back(snapshot, constraints, kOnPaper);
  std::atomic<int32_t> next = 0;
  const auto work = [&] {
    const UniqueShortestPaths& rows = table;
    for (int32_t job = next++; job < edges * static_cast<int32_t>(classes.size()); job = next++) {
      const int32_t to = job % edges;
      PathSearch search(graphs[static_cast<size_t>(job / edges)], static_cast<NodeId>(to));
      for (int32_t from = 0; from < edges; ++from) {
        if (from == to) continue;
        const PairResult pair = DisjointPair(search, {.link = true, .node = true},
                                             static_cast<NodeId>(from), PairOptions());
        if (!pair.has_pair()) {
          ++(pair.outcome == Outcome::kInfeasible ? refused : undecided);
          continue;
        }
        Placed& place = placed[static_cast<size_t>(job) * static_cast<size_t>(edges) +
                               static_cast<size_t>(from)];
        EncodeFewest(rows, pair.working.links, &place.working);
        EncodeFewest(rows, pair.protect.links, &place.protect);
        ++found;
      }
    }
  };
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kThreads; ++i) threads.emplace_back(work);
  for (std::thread& thread : threads) thread.join();
  const double seconds = absl::ToDoubleSeconds(RealClock().Monotonic() - begin);
  std::printf(
      "  %d edge nodes, all ordered pairs, %zu classes, working, node-disjoint protect, segment "
      "lists\n",
      edges, classes.size());
  std::printf(
      "    %.2f s on %zu threads; %zu placed, %zu proven impossible, %zu undecided; %.0f MiB "
      "more\n",
      seconds, kThreads, found.load(), refused.load(), undecided.load(),
      ResidentMebibytes() - before);
}

void Run(const Network& network) {
  const Snapshot& snapshot = *network.snapshot;
  std::printf("%s: %zu nodes, %zu links\n", network.name.c_str(), snapshot.nodes().size(),
              snapshot.links().size());
  const Pairs pairs = DrawPairs(static_cast<int32_t>(snapshot.nodes().size()));
  AllShortest(snapshot);
  Disjoint(snapshot, pairs);
  Constrained(snapshot, pairs);
  KShortest(snapshot, pairs);
  Scale(snapshot, pairs);
  std::printf("  memory of the process %.0f MiB\n\n", ResidentMebibytes());
}

}  // namespace
}  // namespace waymark::bench

int main(int argc, char** argv) {
  for (const auto& network :
       waymark::bench::LoadNetworks(std::vector<std::string>(argv + 1, argv + argc))) {
    waymark::bench::Run(network);
  }
}
