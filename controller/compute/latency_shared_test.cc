// Queues with shared protect paths that stand by.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "controller/compute/latency.h"
#include "controller/compute/ledger.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

using Links = std::vector<LinkId>;

struct SharedFlow {
  std::string name;
  Links links;
  uint32_t queue = 7;
  int64_t rate_bps = 0;
  int64_t burst_bytes = 0;
  std::vector<int32_t> risks;
};

absl::Status AddTo(const SharedFlow& flow, QueueLoads* loads) {
  return loads->AddShared(flow.name, flow.links, flow.queue, flow.rate_bps, flow.burst_bytes, 0,
                          flow.risks);
}

TEST(SharedLoadsTest, OnlyWhatFailsTogetherCountsTogether) {
  TestNetwork network;
  network.Node("a");
  network.Node("b");
  network.Fibre("a", "b");
  const auto snapshot = network.Build();
  const Links path = {*snapshot->FindLink("links/a--b")};
  QueueLoads loads(*snapshot);
  ASSERT_TRUE(AddTo({"one", path, 7, 6'000'000'000, 100'000, {1, 5}}, &loads).ok());
  const int64_t alone = loads.PathLatency(path, 7).waiting_ns;
  ASSERT_TRUE(AddTo({"two", path, 7, 6'000'000'000, 50'000, {2, 4}}, &loads).ok());
  EXPECT_EQ(loads.PathLatency(path, 7).waiting_ns, alone);
  ASSERT_TRUE(AddTo({"three", path, 7, 1'000'000'000, 10'000, {0, 5, 9}}, &loads).ok());
  // (100,000 + 10,000 + 9,216) bytes at 10 Gbit/s.
  EXPECT_EQ(loads.PathLatency(path, 7).waiting_ns, 95'373);
  // What is below waits for the worst of above: 9,216 + 3,200 bytes more at 10 - 7 Gbit/s.
  ASSERT_TRUE(loads.Add("low", path, 6, 0, 0).ok());
  EXPECT_EQ(loads.PathLatency(path, 6).waiting_ns, 326'443);
  ASSERT_TRUE(AddTo({"four", path, 7, 6'000'000'000, 100'000, {4}}, &loads).ok());
  EXPECT_NE(loads.PathLatency(path, 7).no_bound.find("exceeds"), std::string::npos);
  EXPECT_TRUE(loads.Remove("four"));
  EXPECT_TRUE(loads.Remove("three"));
  EXPECT_TRUE(loads.Remove("low"));
  EXPECT_EQ(loads.PathLatency(path, 7).waiting_ns, alone);
}

// Whatever risk fails, what then sends keeps the bound that was given for all; and neither order
// nor history of the flows matters.
TEST(SharedLoadsTest, EveryFailureKeepsTheBound) {
  std::mt19937 random(11);
  int bounded = 0, tighter = 0;
  for (int round = 0; round < 300; ++round) {
    TestNetwork network;
    const int nodes = 4 + static_cast<int>(random() % 3);
    for (int i = 0; i < nodes; ++i) network.Node("n" + std::to_string(i));
    for (int i = 0; i < nodes; ++i) {
      v1::Link& link =
          network.Fibre("n" + std::to_string(i), "n" + std::to_string((i + 1) % nodes));
      link.set_capacity_bps(500'000'000);
      network.Link(link.reverse()).set_capacity_bps(500'000'000);
    }
    network.Fibre("n0", "n2");
    const auto snapshot = network.Build();
    const SearchGraph graph(*snapshot, {}, {});
    const Ledger ledger(*snapshot);
    std::vector<SharedFlow> flows;
    for (int i = 0; i < 12; ++i) {
      const uint32_t from = static_cast<uint32_t>(random()) % static_cast<uint32_t>(nodes);
      const uint32_t to =
          (from + 1 + static_cast<uint32_t>(random()) % static_cast<uint32_t>(nodes - 1)) %
          static_cast<uint32_t>(nodes);
      const auto paths = AllPaths(graph, static_cast<NodeId>(from), static_cast<NodeId>(to));
      SharedFlow flow{.name = std::to_string(i),
                      .links = paths[random() % paths.size()].links,
                      .queue = 6 + static_cast<uint32_t>(random() % 2),
                      .rate_bps = 1'000'000 + static_cast<int64_t>(random() % 80'000'000),
                      .burst_bytes = 1'600 + static_cast<int64_t>(random() % 8'000),
                      .risks = {}};
      if (random() % 3 != 0) flow.risks = ledger.RisksOf(paths[random() % paths.size()].links);
      flows.push_back(std::move(flow));
    }
    QueueLoads loads(*snapshot), worn(*snapshot), all(*snapshot);
    std::set<int32_t> risks = {-1};
    for (const SharedFlow& flow : flows) {
      ASSERT_TRUE(AddTo(flow, &loads).ok());
      risks.insert(flow.risks.begin(), flow.risks.end());
      SharedFlow always = flow;
      always.risks.clear();
      ASSERT_TRUE(AddTo(always, &all).ok());
    }
    std::vector<SharedFlow> shuffled = flows;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    for (const SharedFlow& flow : shuffled) {
      SharedFlow other = flow;
      other.name = "gone " + flow.name;
      ASSERT_TRUE(AddTo(other, &worn).ok());
      ASSERT_TRUE(AddTo(flow, &worn).ok());
    }
    for (const SharedFlow& flow : flows) ASSERT_TRUE(worn.Remove("gone " + flow.name));
    for (const SharedFlow& flow : flows) {
      const LatencyBound bound = loads.PathLatency(flow.links, flow.queue);
      const LatencyBound again = worn.PathLatency(flow.links, flow.queue);
      ASSERT_EQ(bound.bounded(), again.bounded());
      ASSERT_EQ(bound.latency_ns, again.latency_ns);
      const LatencyBound most = all.PathLatency(flow.links, flow.queue);
      if (!bound.bounded()) {
        EXPECT_FALSE(most.bounded());
        continue;
      }
      ++bounded;
      tighter += !most.bounded() || most.latency_ns > bound.latency_ns;
      for (const int32_t risk : risks) {
        QueueLoads failed(*snapshot);
        bool sends = false;
        for (SharedFlow active : flows) {
          if (!active.risks.empty() &&
              !std::binary_search(active.risks.begin(), active.risks.end(), risk)) {
            continue;
          }
          sends = sends || active.name == flow.name;
          active.risks.clear();
          ASSERT_TRUE(AddTo(active, &failed).ok());
        }
        if (!sends) continue;
        const LatencyBound then = failed.PathLatency(flow.links, flow.queue);
        ASSERT_TRUE(then.bounded());
        ASSERT_LE(then.latency_ns, bound.latency_ns);
      }
    }
  }
  EXPECT_GT(bounded, 500);
  EXPECT_GT(tighter, 200);
}

}  // namespace
}  // namespace waymark
