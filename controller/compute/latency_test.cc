#include "controller/compute/latency.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <queue>
#include <tuple>

#include "controller/compute/test_network.h"

namespace waymark {
namespace {

using Links = std::vector<LinkId>;

// a -- b -- c -- d, 10 Gbit/s and 1 ms a hop.
class LatencyTest : public testing::Test {
 protected:
  LatencyTest() {
    for (const char* id : {"a", "b", "c", "d"}) network_.Node(id);
    network_.Fibre("a", "b");
    network_.Fibre("b", "c");
    network_.Fibre("c", "d");
    snapshot_ = network_.Build();
  }
  Links Path(const std::vector<std::string>& links) {
    Links path;
    for (const std::string& link : links) path.push_back(*snapshot_->FindLink("links/" + link));
    return path;
  }
  TestNetwork network_;
  std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(LatencyTest, OneFlowWaitsForOneFrameBelowAndItsOwnBurst) {
  QueueLoads loads(*snapshot_);
  const Links path = Path({"a--b"});
  ASSERT_TRUE(loads.Add("p", path, 7, 0, 0).ok());
  const LatencyBound bound = loads.PathLatency(path, 7);
  EXPECT_EQ(bound.propagation_ns, 1'000'000);
  EXPECT_EQ(bound.waiting_ns, 9'933);  // (3,200 + 9,216) bytes at 10 Gbit/s: 9,932.8
  EXPECT_EQ(bound.forwarding_ns, 10'000);
  EXPECT_EQ(bound.latency_ns, 1'019'933);
}

TEST_F(LatencyTest, OnlyQueuesAboveTakeRateAndOnlyThoseBelowOneFrame) {
  QueueLoads loads(*snapshot_);
  const Links path = Path({"a--b"});
  ASSERT_TRUE(loads.Add("high", path, 6, 6'000'000'000, 100'000).ok());
  ASSERT_TRUE(loads.Add("mine", path, 5, 1'000'000'000, 20'000).ok());
  ASSERT_TRUE(loads.Add("same", path, 5, 1'000'000'000, 30'000).ok());
  ASSERT_TRUE(loads.Add("low", path, 4, 2'000'000'000, 1'000'000).ok());
  // (100,000 + 20,000 + 30,000 + 9,216) bytes at 10 - 6 Gbit/s.
  EXPECT_EQ(loads.PathLatency(path, 5).waiting_ns, 318'432);
  // (100,000 + 9,216) bytes at 10 Gbit/s: 87,372.8.
  EXPECT_EQ(loads.PathLatency(path, 6).waiting_ns, 87'373);
}

TEST_F(LatencyTest, BurstsGrowByRateTimesTheStepUpstream) {
  QueueLoads loads(*snapshot_);
  const Links path = Path({"a--b", "b--c", "c--d"});
  ASSERT_TRUE(loads.Add("p", path, 7, 1'000'000'000, 10'000).ok());
  // A hop's step is 50 us: 6,250 bytes more at each next hop. (10,000 + 9,216), + 6,250, + 12,500.
  EXPECT_EQ(loads.PathLatency(path, 7).waits_ns, (std::vector<int64_t>{15'373, 20'373, 25'373}));
  EXPECT_EQ(loads.HopBudget(path[0], 7), 50'000);
  // A neighbour on the first link alone raises its step, and so the bursts behind it:
  // (10,000 + 50,000 + 9,216) bytes: 55,373 + 10,000 ns, above 62,500 and so 78,125 ns.
  ASSERT_TRUE(loads.Add("q", Path({"a--b"}), 7, 0, 50'000).ok());
  EXPECT_EQ(loads.HopBudget(path[0], 7), 78'125);
  EXPECT_EQ(loads.PathLatency(path, 7).waits_ns[1], 23'186);  // 10,000 + 9,765.625 + 9,216
}

TEST_F(LatencyTest, NoBoundWhereRatesExceedTheCapacity) {
  QueueLoads loads(*snapshot_);
  const Links path = Path({"a--b", "b--c"});
  ASSERT_TRUE(loads.Add("p", Path({"b--c"}), 5, 10'000'000'000, 1'600).ok());
  EXPECT_TRUE(loads.PathLatency(Path({"b--c"}), 5).bounded());
  ASSERT_TRUE(loads.Add("q", path, 5, 1, 1'600).ok());
  const LatencyBound bound = loads.PathLatency(path, 5);
  EXPECT_EQ(bound.latency_ns, 0);
  EXPECT_EQ(bound.no_bound,
            "what is committed at and above queue 5 of links/b--c exceeds its 10 Gbit/s");
  EXPECT_TRUE(loads.PathLatency(path, 6).bounded());
  EXPECT_TRUE(loads.Remove("q"));
  EXPECT_TRUE(loads.PathLatency(path, 5).bounded());
}

TEST_F(LatencyTest, NoBoundBehindALinkWithout) {
  QueueLoads loads(*snapshot_);
  ASSERT_TRUE(loads.Add("p", Path({"a--b", "b--c"}), 5, 10'000'000'001, 1'600).ok());
  ASSERT_TRUE(loads.Add("q", Path({"b--c"}), 4, 1, 1'600).ok());
  const LatencyBound bound = loads.PathLatency(Path({"b--c"}), 4);
  EXPECT_EQ(bound.no_bound,
            "flows reach queue 4 of links/b--c from a link without a bound of its own");
}

TEST_F(LatencyTest, UnreservedQueuesHaveNoBound) {
  QueueLoads loads(*snapshot_);
  const Links path = Path({"a--b"});
  EXPECT_FALSE(loads.PathLatency(path, 0).bounded());
  EXPECT_TRUE(loads.PathLatency(path, 1).bounded());
  loads.MarkUnreserved(3);
  EXPECT_EQ(loads.PathLatency(path, 3).no_bound, "queue 3 carries traffic that nothing reserved");
  EXPECT_TRUE(loads.PathLatency(path, 4).bounded());
}

TEST_F(LatencyTest, GuardNamesWhoWouldBeLate) {
  QueueLoads loads(*snapshot_);
  const Links path = Path({"a--b", "b--c"});
  const int64_t now = loads.LatencyIfAdded(path, 6, 1'000'000, 0).latency_ns;
  ASSERT_TRUE(loads.Add("policies/z", path, 6, 1'000'000, 0, now + 10'000).ok());
  ASSERT_TRUE(loads.Add("policies/y", path, 7, 0, 1, now + 10'000).ok());
  EXPECT_EQ(loads.OverLimit(), std::nullopt);
  EXPECT_EQ(loads.OverLimitIfAdded(Path({"b--c"}), 5, 0, 100'000), std::nullopt);
  EXPECT_EQ(loads.OverLimitIfAdded(Path({"b--c"}), 6, 0, 100'000), "policies/z");
  EXPECT_EQ(loads.OverLimitIfAdded(Path({"b--c"}), 7, 0, 100'000), "policies/y");
  EXPECT_EQ(loads.OverLimit(), std::nullopt);
}

TEST_F(LatencyTest, BadInputChangesNothing) {
  QueueLoads loads(*snapshot_);
  const Links path = Path({"a--b"});
  EXPECT_EQ(loads.Add("p", path, 8, 1, 1).message(), "queue is 8: give 0 to 7");
  EXPECT_EQ(loads.Add("p", path, 1, -1, 1).message(), "rate_bps is -1: give 0 to 10^16");
  EXPECT_FALSE(loads.Add("p", path, 1, 1, 1'000'000'001).ok());
  EXPECT_FALSE(loads.Add("p", path, 1, 1, 1, -1).ok());
  EXPECT_FALSE(loads.Add("p", Links{path[0], static_cast<LinkId>(6)}, 1, 1, 1).ok());
  EXPECT_FALSE(loads.Add("p", Links{LinkId::kNone}, 1, 1, 1).ok());
  EXPECT_FALSE(loads.Remove("p"));
  EXPECT_FALSE(loads.LatencyIfAdded(path, 9, 0, 0).bounded());
}

TEST_F(LatencyTest, AbsurdLoadsOverflowNothing) {
  QueueLoads loads(*snapshot_);
  const Links path = Path({"a--b", "b--c", "c--d"});
  for (int i = 0; i < 2'000; ++i) {
    ASSERT_TRUE(loads.Add("p", path, 7, 10'000'000'000'000'000, 1'000'000'000, INT64_MAX).ok());
  }
  EXPECT_FALSE(loads.PathLatency(path, 7).bounded());
  EXPECT_EQ(loads.OverLimit(), "p");
  EXPECT_TRUE(loads.Remove("p"));
  EXPECT_TRUE(loads.PathLatency(path, 7).bounded());
}

TEST(BurstTest, DefaultIsTwoFramesOrFourTenthsOfAMillisecond) {
  EXPECT_EQ(BurstBytes(0, 0), 3'200);
  EXPECT_EQ(BurstBytes(0, 64'000'000), 3'200);
  EXPECT_EQ(BurstBytes(0, 1'000'000'000), 50'000);
  EXPECT_EQ(BurstBytes(7, 1'000'000'000), 7);
  EXPECT_EQ(BurstBytes(0, 10'000'000'000'000'000), 500'000'000'000);
}

TEST(FailoverTest, DetectionSwitchAndWhatProtectIsSlowerBy) {
  const LatencyBound working = {
      .latency_ns = 5'100'000, .propagation_ns = 5'000'000, .waiting_ns = 100'000};
  const LatencyBound back = {
      .latency_ns = 5'200'000, .propagation_ns = 5'000'000, .waiting_ns = 200'000};
  const LatencyBound protect = {.latency_ns = 9'000'000, .propagation_ns = 8'900'000};
  const FailoverBound bound = FailoverTime(10'000, working, back, protect);
  EXPECT_EQ(bound.detection_ns, 30'000'000 + 10'300'000 + 4 * 300'000 + 5'000'000);
  EXPECT_EQ(bound.added_ns, 4'000'000);
  EXPECT_EQ(bound.failover_ns, bound.detection_ns + 1'000'000 + 4'000'000);
  EXPECT_EQ(FailoverTime(10'000, protect, back, working).added_ns, 0);
  EXPECT_EQ(FailoverTime(1'000, working, back, protect).detection_ns,
            3'000'000 + 10'300'000 + 1'200'000 + 2'000'000);
  EXPECT_EQ(FailoverTime(0, working, back, protect).failover_ns, 0);
  EXPECT_EQ(FailoverTime(10'000, working, {.no_bound = "why"}, protect).no_bound, "why");
}

// ---- Random loads ----

struct TestFlow {
  Links links;
  uint32_t queue;
  int64_t rate_bps;
  int64_t burst_bytes;
};

// Rings and chords, 1 to 10 ns a bit, with short fibres.
std::shared_ptr<const Snapshot> SmallRing(std::mt19937& random, int nodes) {
  TestNetwork network;
  for (int i = 0; i < nodes; ++i) network.Node("n" + std::to_string(i));
  const auto add = [&](int from, int to) {
    v1::Link& link = network.Fibre("n" + std::to_string(from), "n" + std::to_string(to), 0);
    const int64_t capacities[] = {100'000'000, 250'000'000, 500'000'000, 1'000'000'000};
    for (v1::Link* each : {&link, &network.Link(link.reverse())}) {
      each->set_capacity_bps(capacities[random() % 4]);
      each->set_delay_ns(random() % 2 == 0 ? 0 : random() % 20'000);
    }
  };
  for (int i = 0; i < nodes; ++i) add(i, (i + 1) % nodes);
  if (nodes > 3) add(0, 2);
  return network.Build();
}

std::vector<TestFlow> RandomFlows(std::mt19937& random, const Snapshot& snapshot, int count,
                                  int64_t most_rate) {
  const SearchGraph graph(snapshot, {}, {});
  const auto nodes = static_cast<uint32_t>(snapshot.nodes().size());
  std::vector<TestFlow> flows;
  for (int i = 0; i < count; ++i) {
    const uint32_t from = random() % nodes, to = (from + 1 + random() % (nodes - 1)) % nodes;
    const auto paths = AllPaths(graph, static_cast<NodeId>(from), static_cast<NodeId>(to));
    flows.push_back({.links = paths[random() % paths.size()].links,
                     .queue = 5 + static_cast<uint32_t>(random() % 3),
                     .rate_bps = 100'000 + static_cast<int64_t>(random() % most_rate),
                     .burst_bytes = 1'600 + static_cast<int64_t>(random() % 8'000)});
  }
  return flows;
}

TEST(QueueLoadsTest, OrderAndHistoryDoNotMatter) {
  std::mt19937 random(4);
  int raised = 0, boundless = 0;
  for (int round = 0; round < 300; ++round) {
    const auto snapshot = SmallRing(random, 3 + random() % 4);
    std::vector<TestFlow> flows = RandomFlows(random, *snapshot, 20, 30'000'000);
    QueueLoads fresh(*snapshot), worn(*snapshot);
    for (size_t i = 0; i < flows.size(); i += 2) {
      const TestFlow& f = flows[i];
      ASSERT_TRUE(fresh.Add(std::to_string(i), f.links, f.queue, f.rate_bps, f.burst_bytes).ok());
    }
    std::vector<size_t> order;
    for (size_t i = 0; i < flows.size(); ++i) order.push_back(i);
    std::shuffle(order.begin(), order.end(), random);
    for (const size_t i : order) {
      const TestFlow& f = flows[i];
      ASSERT_TRUE(worn.Add(std::to_string(i), f.links, f.queue, f.rate_bps, f.burst_bytes).ok());
    }
    std::shuffle(order.begin(), order.end(), random);
    for (const size_t i : order) {
      if (i % 2 == 0) continue;
      ASSERT_TRUE(worn.Remove(std::to_string(i)));
    }
    for (size_t link = 0; link < snapshot->links().size(); ++link) {
      for (uint32_t q = 0; q < kQueues; ++q) {
        const LinkId id = static_cast<LinkId>(link);
        ASSERT_EQ(fresh.HopWait(id, q), worn.HopWait(id, q));
        ASSERT_EQ(fresh.HopBudget(id, q), worn.HopBudget(id, q));
        if (q < 5) continue;
        if (!fresh.HopWait(id, q)) {
          ++boundless;
          continue;
        }
        ASSERT_LE(*fresh.HopWait(id, q), *fresh.HopBudget(id, q));
        raised += *fresh.HopBudget(id, q) > kLeastHopBudgetNs;
      }
    }
  }
  EXPECT_GT(raised, 1000);
  EXPECT_GT(boundless, 0);
}

// The least name that is over its limit, by asking each guarded path.
std::optional<std::string> OverByAsking(
    const QueueLoads& loads, const std::map<std::string, std::pair<TestFlow, int64_t>>& in) {
  for (const auto& [name, guarded] : in) {
    const auto& [flow, limit] = guarded;
    if (limit == 0) continue;
    const LatencyBound bound = loads.PathLatency(flow.links, flow.queue);
    if (!bound.bounded() || bound.latency_ns > limit) return name;
  }
  return std::nullopt;
}

TEST(QueueLoadsTest, GuardsFollowEveryChange) {
  std::mt19937 random(5);
  int over = 0, fine = 0;
  for (int round = 0; round < 200; ++round) {
    const auto snapshot = SmallRing(random, 3 + random() % 4);
    const std::vector<TestFlow> flows = RandomFlows(random, *snapshot, 24, 30'000'000);
    QueueLoads loads(*snapshot);
    std::map<std::string, std::pair<TestFlow, int64_t>> in;
    for (int step = 0; step < 60; ++step) {
      const size_t i = random() % flows.size();
      const std::string name = "p" + std::to_string(i);
      const TestFlow& f = flows[i];
      if (in.erase(name) > 0) {
        ASSERT_TRUE(loads.Remove(name));
      } else {
        const int64_t limit = random() % 3 == 0 ? 0 : 20'000 + random() % 3'000'000;
        ASSERT_TRUE(loads.Add(name, f.links, f.queue, f.rate_bps, f.burst_bytes, limit).ok());
        in[name] = {f, limit};
      }
      if (random() % 40 == 0) loads.MarkUnreserved(5);
      const auto expected = OverByAsking(loads, in);
      ASSERT_EQ(loads.OverLimit(), expected);
      (expected ? over : fine) += 1;
    }
  }
  EXPECT_GT(over, 1000);
  EXPECT_GT(fine, 300);
}

// ---- Simulation: every frame, strict priority, sources as greedy as their token bucket lets them
// ----

class Simulation {
 public:
  Simulation(const Snapshot& snapshot, const std::vector<TestFlow>& flows, std::mt19937& random)
      : snapshot_(snapshot), flows_(flows), random_(random), ports_(snapshot.links().size()) {}

  // The longest that any frame of each flow took.
  std::vector<int64_t> Run(int64_t end_ns) {
    worst_.assign(flows_.size(), 0);
    for (size_t f = 0; f < flows_.size(); ++f) {
      const int64_t offset = random_() % 3 == 0 ? random_() % 2'000'000 : 0;
      tokens_.push_back(static_cast<double>(flows_[f].burst_bytes * 8));
      filled_.push_back(offset);
      At(offset, Event::kSource, f);
    }
    while (!events_.empty() && events_.top().time <= end_ns) {
      const Event event = events_.top();
      events_.pop();
      now_ = event.time;
      if (event.kind == Event::kSource) Source(event.what);
      if (event.kind == Event::kArrive) Arrive(event.what);
      if (event.kind == Event::kSent) Sent(event.what);
    }
    return worst_;
  }

 private:
  struct Event {
    enum Kind { kSource, kArrive, kSent };
    int64_t time;
    int64_t number;
    Kind kind;
    size_t what;
    bool operator<(const Event& other) const {
      return std::tie(time, number) > std::tie(other.time, other.number);
    }
  };
  struct Frame {
    size_t flow;
    size_t hop;
    int64_t bits;
    int64_t born;
  };
  struct Port {
    std::array<std::queue<size_t>, kQueues> waiting;
    bool busy = false;
    bool sending_own = false;
    size_t sending = 0;
  };

  void At(int64_t time, Event::Kind kind, size_t what) {
    events_.push({time, next_number_++, kind, what});
  }

  // Sends while there are tokens, all at once; then as soon as there are, or after a pause that
  // fills the bucket.
  void Source(size_t f) {
    const TestFlow& flow = flows_[f];
    const double full = static_cast<double>(flow.burst_bytes * 8);
    tokens_[f] = std::min(full, tokens_[f] + static_cast<double>(now_ - filled_[f]) *
                                                 static_cast<double>(flow.rate_bps) / 1e9);
    filled_[f] = now_;
    const int64_t bits = 8 * (random_() % 2 == 0 ? 1'600 : 64 + random_() % 1'536);
    while (tokens_[f] >= static_cast<double>(bits)) {
      tokens_[f] -= static_cast<double>(bits);
      frames_.push_back({f, 0, bits, now_});
      Forward(frames_.size() - 1, 0);
    }
    const double missing = static_cast<double>(bits) - tokens_[f];
    const double all = full - tokens_[f];
    const double wait = (random_() % 8 == 0 ? all : missing) / static_cast<double>(flow.rate_bps);
    At(now_ + static_cast<int64_t>(wait * 1e9) + 1, Event::kSource, f);
  }

  void Forward(size_t frame, int64_t propagation_ns) {
    const int64_t taken = random_() % 2 == 0 ? 0 : random_() % (kForwardingDelayNs + 1);
    At(now_ + propagation_ns + taken, Event::kArrive, frame);
  }

  void Arrive(size_t number) {
    const Frame& frame = frames_[number];
    const LinkId link = flows_[frame.flow].links[frame.hop];
    Port& port = ports_[Index(link)];
    port.waiting[flows_[frame.flow].queue].push(number);
    // An idle link has just begun to send a long frame of queue 0.
    if (!port.busy) SendOther(link);
  }

  int64_t SendingTime(LinkId link, int64_t bits) const {
    return bits * (1'000'000'000 / snapshot_.link(link).capacity_bps);
  }

  void SendOther(LinkId link) {
    Port& port = ports_[Index(link)];
    port.busy = true;
    port.sending_own = false;
    At(now_ + SendingTime(link, kLongestFrameBytes * 8), Event::kSent, Index(link));
  }

  void Sent(size_t link_number) {
    const LinkId link = static_cast<LinkId>(link_number);
    Port& port = ports_[link_number];
    if (port.sending_own) Delivered(port.sending, link);
    port.busy = false;
    for (size_t q = kQueues; q-- > 0;) {
      if (port.waiting[q].empty()) continue;
      port.sending = port.waiting[q].front();
      port.waiting[q].pop();
      port.busy = port.sending_own = true;
      At(now_ + SendingTime(link, frames_[port.sending].bits), Event::kSent, link_number);
      return;
    }
  }

  void Delivered(size_t number, LinkId link) {
    Frame& frame = frames_[number];
    const int64_t propagation = snapshot_.link(link).delay_ns;
    if (++frame.hop < flows_[frame.flow].links.size()) return Forward(number, propagation);
    worst_[frame.flow] = std::max(worst_[frame.flow], now_ + propagation - frame.born);
  }

  const Snapshot& snapshot_;
  const std::vector<TestFlow>& flows_;
  std::mt19937& random_;
  std::vector<Port> ports_;
  std::vector<Frame> frames_;
  std::vector<double> tokens_;
  std::vector<int64_t> filled_;
  std::vector<int64_t> worst_;
  std::priority_queue<Event> events_;
  int64_t next_number_ = 0;
  int64_t now_ = 0;
};

TEST(LatencyOracleTest, NoFrameIsEverLaterThanTheBound) {
  std::mt19937 random(5);
  int bounded = 0, near = 0;
  double nearest = 0;
  for (int round = 0; round < 250; ++round) {
    const auto snapshot = SmallRing(random, 3 + random() % 3);
    const std::vector<TestFlow> flows =
        RandomFlows(random, *snapshot, 1 + random() % 14, 9'000'000);
    QueueLoads loads(*snapshot);
    for (const TestFlow& flow : flows) {
      ASSERT_TRUE(loads.Add("p", flow.links, flow.queue, flow.rate_bps, flow.burst_bytes).ok());
    }
    const std::vector<int64_t> worst = Simulation(*snapshot, flows, random).Run(40'000'000);
    for (size_t f = 0; f < flows.size(); ++f) {
      const LatencyBound bound = loads.PathLatency(flows[f].links, flows[f].queue);
      if (!bound.bounded()) continue;
      ++bounded;
      ASSERT_LE(worst[f], bound.latency_ns) << "round " << round << " flow " << f;
      const double part = static_cast<double>(worst[f]) / static_cast<double>(bound.latency_ns);
      near += part > 0.6;
      nearest = std::max(nearest, part);
    }
  }
  EXPECT_GT(bounded, 1000);
  // And the bound is not far off either.
  EXPECT_GT(near, 100);
  EXPECT_GT(nearest, 0.85);
}

}  // namespace
}  // namespace waymark
