#include "controller/compute/promise.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "controller/compute/disjoint_pair.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

using Links = std::vector<LinkId>;

class PromiseTest : public testing::Test {
 protected:
  PromiseTest() {
    for (const char* id : {"a", "b", "c", "d"}) network_.Node(id);
    for (const auto& [x, y] : {std::pair{"a", "b"}, {"b", "d"}}) network_.Fibre(x, y, 1'000);
    for (const auto& [x, y] : {std::pair{"a", "c"}, {"c", "d"}}) network_.Fibre(x, y, 3'000);
    network_.Link("links/a--b").set_mtbf_hours(99);
    network_.Link("links/a--b").set_mttr_hours(1);
    network_.Link("links/c--d").set_mtbf_hours(98);
    network_.Link("links/c--d").set_mttr_hours(2);
    for (const char* link : {"links/a--b", "links/c--d"}) network_.Link(link).set_provider("alpha");
  }
  Links Path(const std::vector<std::string>& links) {
    Links path;
    for (const std::string& link : links) path.push_back(*snapshot_->FindLink("links/" + link));
    return path;
  }
  // Two flows: both directions of what a placed service has.
  v1::Promise Make(PromiseQuery query, const Links& working, const Links& protect) {
    QueueLoads loads(*snapshot_);
    if (query.in_loads) {
      for (const Links& path : {working, protect}) {
        EXPECT_TRUE(loads.Add("p", path, query.queue, query.rate_bps, query.burst_bytes).ok());
      }
    }
    query.working = working;
    query.protect = protect;
    return MakePromise(*snapshot_, AvailabilityModel(*snapshot_), loads, query);
  }
  static std::string Term(const v1::Promise& promise, const std::string& label) {
    for (const v1::PromiseTerm& term : promise.terms()) {
      if (term.label() == label) return term.value();
    }
    return "";
  }

  TestNetwork network_;
  std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(PromiseTest, FiguresAndTheirArithmetic) {
  snapshot_ = network_.Build();
  const v1::Promise promise = Make({.queue = 6, .burst_bytes = 3'284, .probe_interval_us = 10'000},
                                   Path({"a--b", "b--d"}), Path({"a--c", "c--d"}));
  // 12,500 bytes at 10 Gbit/s: 10 us, and 10 us of forwarding, at each of two hops.
  EXPECT_EQ(promise.working_latency_ns(), 2'040'000);
  EXPECT_EQ(promise.protect_latency_ns(), 6'040'000);
  // Nothing of its own on the way back: (9,216 bytes) 7.373 us a hop.
  const int64_t back = 2'034'746;
  EXPECT_EQ(promise.failover_ns(), 30'000'000 + 2'040'000 + back + 4 * (40'000 + 34'746) +
                                       5'000'000 + 1'000'000 + 4'040'000);
  EXPECT_DOUBLE_EQ(promise.availability(), 1 - 0.01 * 0.02);
  EXPECT_DOUBLE_EQ(promise.downtime_minutes_a_year(), 0.01 * 0.02 * 525'960);
  EXPECT_EQ(std::vector<std::string>(promise.shared_risks().begin(), promise.shared_risks().end()),
            std::vector<std::string>{"provider alpha"});
  EXPECT_EQ(Term(promise, "working, propagation"), "2.0 ms");
  EXPECT_EQ(Term(promise, "working, forwarding"), "20 us = 2 x 10 us");
  EXPECT_EQ(Term(promise, "working, queueing and serialisation"), "20 us = 10 us + 10 us");
  EXPECT_EQ(Term(promise, "working latency"), "2.04 ms");
  EXPECT_EQ(Term(promise, "failover, detection"),
            "39.374 ms = 3 probes x 10.0 ms + 9.374 ms for the last to come back");
  EXPECT_EQ(Term(promise, "failover, what protect is slower by"), "4.04 ms");
  EXPECT_EQ(
      Term(promise, "latency holds within"),
      "one burst of 3284 bytes, no bandwidth being asked for, while all flows keep to theirs");
  EXPECT_EQ(Term(promise, "availability, working path alone"), "99.0 % = links/a--b");
}

TEST_F(PromiseTest, FiguresAloneAreTheSame) {
  snapshot_ = network_.Build();
  const Links working = Path({"a--b", "b--d"}), protect = Path({"a--c", "c--d"});
  PromiseQuery query = {.queue = 6, .rate_bps = 1'000'000, .probe_interval_us = 10'000};
  v1::Promise full = Make(query, working, protect);
  query.detail = PromiseDetail::kFigures;
  const v1::Promise figures = Make(query, working, protect);
  EXPECT_EQ(figures.terms_size(), 0);
  full.clear_terms();
  EXPECT_EQ(figures.SerializeAsString(), full.SerializeAsString());
  query.in_loads = false;
  EXPECT_EQ(Make(query, working, protect).SerializeAsString(), figures.SerializeAsString());
}

TEST_F(PromiseTest, WhatCannotBePromisedSaysWhy) {
  snapshot_ = network_.Build();
  const Links working = Path({"a--b", "b--d"}), protect = Path({"a--c", "c--d"});
  PromiseQuery query = {.queue = 0, .probe_interval_us = 10'000, .detail = PromiseDetail::kFigures};
  v1::Promise promise = Make(query, working, protect);
  EXPECT_EQ(promise.working_latency_ns(), 0);
  EXPECT_EQ(promise.failover_ns(), 0);
  EXPECT_EQ(Term(promise, "working latency"),
            "no bound: queue 0 carries traffic that nothing reserved");
  query.queue = 6;
  query.probe_interval_us = 0;
  promise = Make(query, working, protect);
  EXPECT_GT(promise.working_latency_ns(), 0);
  EXPECT_EQ(Term(promise, "failover"),
            "no bound: the paths are not probed: their two directions use different fibres");
  query.in_loads = false;
  query.queue = 9;
  promise = Make(query, working, protect);
  EXPECT_EQ(promise.working_latency_ns(), 0);
  EXPECT_EQ(Term(promise, "latency"), "no bound: queue is 9: give 0 to 7");
}

TEST_F(PromiseTest, UnprotectedHasNoFailover) {
  for (const char* link : {"links/a--b", "links/c--d"}) network_.Link(link).set_mtbf_hours(0);
  snapshot_ = network_.Build();
  const v1::Promise promise =
      Make({.queue = 6, .probe_interval_us = 10'000}, Path({"a--b", "b--d"}), {});
  EXPECT_GT(promise.working_latency_ns(), 0);
  EXPECT_EQ(promise.protect_latency_ns(), 0);
  EXPECT_EQ(promise.failover_ns(), 0);
  EXPECT_EQ(promise.availability(), 0);
  EXPECT_EQ(Term(promise, "availability"), "nothing on the path states its MTBF and MTTR");
}

TEST(PromiseOracleTest, SharedRisksAreThoseOfThePathRisks) {
  std::mt19937 random(6);
  int shared = 0;
  for (int round = 0; round < 1000; ++round) {
    const auto snapshot = RandomNetwork(random, 3 + random() % 4, 3 + random() % 8);
    const SearchGraph graph(*snapshot, {}, {.ignore_forbid = true});
    const NodeId from = static_cast<NodeId>(0), to = static_cast<NodeId>(1);
    const auto paths = AllPaths(graph, from, to);
    if (paths.empty()) continue;
    const Links working = paths[random() % paths.size()].links;
    const Links protect = paths[random() % paths.size()].links;
    const QueueLoads loads(*snapshot);
    const v1::Promise promise = MakePromise(*snapshot, AvailabilityModel(*snapshot), loads,
                                            {.working = working, .protect = protect, .queue = 1});
    const PathRisks risks(*snapshot, {.link = true, .node = true, .srlg = true, .provider = true},
                          from, to);
    const auto of_protect = risks.Of(protect);
    std::vector<std::string> expected;
    for (const int32_t risk : risks.Of(working)) {
      if (std::binary_search(of_protect.begin(), of_protect.end(), risk)) {
        expected.push_back(risks.Name(risk));
      }
    }
    ASSERT_EQ(
        std::vector<std::string>(promise.shared_risks().begin(), promise.shared_risks().end()),
        expected);
    shared += !expected.empty();
  }
  EXPECT_GT(shared, 300);
}

}  // namespace
}  // namespace waymark
