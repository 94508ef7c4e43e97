#include "controller/compute/refusal.h"

#include <gtest/gtest.h>

#include "absl/strings/ascii.h"
#include "controller/compute/test_network.h"

namespace waymark {
namespace {

// zrh -- fra -- lon (10 + 4.3 ms, DE between), zrh -- par -- lon (FR between, slower, satellite).
class RefusalTest : public testing::Test {
 protected:
  RefusalTest() {
    network_.Node("zrh", "CH");
    network_.Node("fra", "DE");
    network_.Node("par", "FR");
    network_.Node("lon", "GB");
    Owned("zrh", "fra", 10'000, 10, "alpha");
    Owned("fra", "lon", 4'300, 10, "alpha");
    Owned("zrh", "par", 20'000, 20, "alpha");
    Owned("par", "lon", 20'000, 20, "beta");
  }
  void Owned(const char* a, const char* b, int64_t delay_us, uint32_t metric,
             const char* provider) {
    v1::Link& link = network_.Fibre(a, b, delay_us, metric);
    link.set_provider(provider);
    network_.Link(link.reverse()).set_provider(provider);
  }
  Refusal Explain(const PathConstraints& constraints,
                  const SearchGraph::Environment& environment = {},
                  const std::string& to = "nodes/lon") {
    snapshot_ = network_.Build();
    return ExplainRefusal(*snapshot_, constraints, environment, "nodes/zrh", to);
  }
  TestNetwork network_;
  std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(RefusalTest, Delay) {
  const Refusal refusal = Explain({.max_delay_ns = 12'000'000});
  EXPECT_EQ(refusal.blocking_constraint, "max_delay 12.0 ms");
  EXPECT_EQ(refusal.relaxation, "max delay 12.0 ms -> 14.3 ms");
  EXPECT_EQ(refusal.reason, "no path from nodes/zrh to nodes/lon meets max_delay 12.0 ms");
}

TEST_F(RefusalTest, DelayOfAPairIsThatOfItsSlowerPath) {
  const Refusal refusal = Explain({.max_delay_ns = 14'500'000, .protection = {.link = true}});
  EXPECT_EQ(refusal.blocking_constraint, "max_delay 14.5 ms and protection LINK");
  EXPECT_EQ(
      refusal.relaxation,
      "max delay 14.5 ms -> 40.0 ms or protection LINK: drop all protection, or add a second way "
      "from nodes/zrh to nodes/lon that keeps the other constraints");
}

// All levels that are asked for fall with it: "drop NODE" would leave LINK, which helps nobody.
TEST_F(RefusalTest, ProtectionOfTwoLevelsIsDroppedWhole) {
  const Refusal refusal =
      Explain({.max_delay_ns = 14'500'000, .protection = {.link = true, .node = true}});
  EXPECT_NE(refusal.relaxation.find("protection NODE: drop all protection, or add a second way"),
            std::string::npos)
      << refusal.relaxation;
}

// The objective leads through three countries, a dear way through two; no one country is enough.
TEST_F(RefusalTest, FewestJurisdictionsWhateverTheObjective) {
  TestNetwork world;
  world.Node("a", "CH");
  world.Node("z", "CH");
  const auto chain = [&](const std::vector<std::string>& countries, uint32_t metric) {
    std::string last = "a";
    for (const std::string& country : countries) {
      const std::string id = absl::AsciiStrToLower(country);
      world.Node(id, country);
      world.Fibre(last, id, 1'000, metric);
      last = id;
    }
    world.Fibre(last, "z", 1'000, metric);
  };
  chain({"DE", "FR", "IT", "AT"}, 1);
  chain({"CA", "US"}, 100);
  // Places that lead nowhere, too many to try every pair.
  for (const char* country :
       {"AE", "AR", "AU", "BE", "BG", "BR", "CL", "CN", "CZ", "DK", "EE", "ES", "FI", "GR", "HU",
        "IE", "IN", "JP", "KR", "LT", "LU", "LV", "MX", "NL", "NO", "PL", "PT", "RO", "SE", "SG"}) {
    world.Node(absl::AsciiStrToLower(country), country);
    world.Fibre("a", absl::AsciiStrToLower(country), 1'000, 1);
  }
  const auto snapshot = world.Build();
  const Refusal refusal =
      ExplainRefusal(*snapshot, {.allowed_jurisdictions = {"CH"}}, {}, "nodes/a", "nodes/z");
  EXPECT_EQ(refusal.relaxation, "allow jurisdiction CA, US");
}

TEST_F(RefusalTest, Jurisdictions) {
  const Refusal allowed = Explain({.allowed_jurisdictions = {"CH", "GB"}});
  EXPECT_EQ(allowed.blocking_constraint, "allowed_jurisdictions [CH, GB]");
  EXPECT_EQ(allowed.relaxation, "allow jurisdiction DE");
  const Refusal forbidden = Explain({.forbidden_jurisdictions = {"DE", "FR"}});
  EXPECT_EQ(forbidden.relaxation, "no longer forbid jurisdiction DE");
}

TEST_F(RefusalTest, PlaceThatStatesNoJurisdiction) {
  TestNetwork network;
  network.Node("zrh", "CH");
  network.Node("x", "");
  network.Node("lon", "GB");
  network.Fibre("zrh", "x");
  network.Fibre("x", "lon");
  const auto snapshot = network.Build();
  EXPECT_EQ(
      ExplainRefusal(*snapshot, {.forbidden_jurisdictions = {"RU"}}, {}, "nodes/zrh", "nodes/lon")
          .relaxation,
      "state the jurisdiction of nodes/x");
}

TEST_F(RefusalTest, Bandwidth) {
  for (const char* name : {"links/zrh--fra", "links/zrh--par"}) {
    network_.Link(name).set_capacity_bps(4'000'000'000);
  }
  const Refusal refusal = Explain({.bandwidth_bps = 10'000'000'000});
  EXPECT_EQ(refusal.blocking_constraint, "bandwidth 10 Gbit/s");
  EXPECT_EQ(refusal.relaxation, "bandwidth 10 Gbit/s -> 4 Gbit/s");
}

TEST_F(RefusalTest, HopsProvidersAffinities) {
  EXPECT_EQ(Explain({.max_hops = 1}).relaxation, "max hops 1 -> 2");
  const Refusal provider = Explain({.forbidden_providers = {"alpha"}});
  EXPECT_EQ(provider.blocking_constraint, "forbidden_providers [alpha]");
  EXPECT_EQ(provider.relaxation, "no longer forbid provider alpha");
  const Refusal unknown = Explain({.allowed_providers = {"nobody"}});
  EXPECT_EQ(unknown.relaxation,
            "allow provider alpha and state the provider of nodes/fra, nodes/lon, nodes/zrh");
  EXPECT_EQ(Explain({.include_all = {"gold"}}).relaxation, "drop affinity gold from include_all");
}

TEST_F(RefusalTest, Protection) {
  const Refusal refusal = Explain({.protection = {.link = true, .provider = true}});
  EXPECT_EQ(refusal.blocking_constraint, "protection PROVIDER");
  EXPECT_EQ(
      refusal.relaxation,
      "protection PROVIDER: allow both paths to share provider alpha (only one provider enters "
      "nodes/zrh)");
  EXPECT_EQ(refusal.reason,
            "no two disjoint paths from nodes/zrh to nodes/lon meet protection PROVIDER");
}

TEST_F(RefusalTest, DownAndMaintenance) {
  snapshot_ = network_.Build();
  LinkState state(*snapshot_);
  state.SetDown(*snapshot_->FindLink("links/zrh--fra"));
  state.SetDown(*snapshot_->FindLink("links/zrh--par"));
  const Refusal down = Explain({}, {.link_state = &state});
  EXPECT_EQ(down.blocking_constraint, "link state");
  EXPECT_EQ(down.relaxation, "repair links/zrh--fra");
  network_.Link("links/fra--lon").set_admin_state(v1::FORBID);
  network_.Link("links/par--lon").set_admin_state(v1::FORBID);
  EXPECT_EQ(Explain({}).relaxation, "end the maintenance (admin_state FORBID) of links/fra--lon");
}

TEST_F(RefusalTest, TwoConstraintsTogether) {
  const Refusal refusal =
      Explain({.max_delay_ns = 12'000'000, .allowed_jurisdictions = {"CH", "GB"}});
  EXPECT_EQ(refusal.blocking_constraint,
            "max_delay 12.0 ms; by itself also allowed_jurisdictions [CH, GB]");
  EXPECT_EQ(refusal.relaxation, "max delay 12.0 ms -> 14.3 ms and allow jurisdiction DE");
  EXPECT_EQ(
      refusal.reason,
      "no path from nodes/zrh to nodes/lon meets max_delay 12.0 ms; beside it there is another "
      "conflict");
}

TEST(MoneyTextTest, InTheCostUnit) {
  constexpr int64_t kThousandth = kCostUnit / 1000;
  EXPECT_EQ(MoneyText(12'500, kThousandth), "12.5");
  EXPECT_EQ(MoneyText(2'000'000'500, kThousandth), "2000000.5");
  EXPECT_EQ(MoneyText(0, kThousandth), "0");
  EXPECT_EQ(MoneyText(3, 1), "0.000000003");
  EXPECT_EQ(MoneyText(2'500, 3 * kThousandth), "7.5");
  EXPECT_EQ(MoneyText(int64_t{1} << 47, 7 * kThousandth), "985162418487.296");
}

// The fast way is through DE, the way that keeps out of it is slow: either constraint can give way.
TEST_F(RefusalTest, ConflictOfTwoNamesBothAndWhatEachWouldTake) {
  snapshot_ = network_.Build();
  const PathConstraints constraints = {.max_delay_ns = 20'000'000,
                                       .forbidden_jurisdictions = {"DE"}};
  const RefusalExplanation told = ExplainRefusalInFull(
      {.snapshot = *snapshot_, .constraints = constraints, .from = "nodes/zrh", .to = "nodes/lon"});
  EXPECT_EQ(told.conflicts, (std::vector<std::vector<std::string>>{
                                {"max_delay 20.0 ms", "forbidden_jurisdictions [DE]"}}));
  ASSERT_EQ(told.relaxations.size(), 2u);
  EXPECT_EQ(told.relaxations[0].constraint, "max_delay 20.0 ms");
  EXPECT_EQ(told.relaxations[0].change, "max delay 20.0 ms -> 40.0 ms");
  EXPECT_EQ(told.relaxations[0].paths[0].metric.delay_ns, 40'000'000);
  EXPECT_EQ(told.relaxations[1].change, "no longer forbid jurisdiction DE");
  EXPECT_EQ(told.relaxations[1].paths[0].metric.delay_ns, 14'300'000);
  EXPECT_TRUE(told.complete);
  EXPECT_FALSE(told.possible);
}

TEST_F(RefusalTest, ExplicitHopsAndExcludedResources) {
  EXPECT_EQ(Explain({.exclude_resources = {"nodes/fra", "nodes/par"}}).relaxation,
            "no longer exclude nodes/fra");
  snapshot_ = network_.Build();
  const NodeId par = *snapshot_->FindNode("nodes/par"), fra = *snapshot_->FindNode("nodes/fra");
  const Refusal strict = Explain({.explicit_hops = {{.node = par}, {.node = fra}}});
  EXPECT_EQ(strict.blocking_constraint, "explicit_hops [nodes/par, nodes/fra]");
  EXPECT_EQ(strict.relaxation, "drop explicit hop 1 (nodes/par)");
  const Refusal skipped = Explain({.explicit_hops = {{.node = *snapshot_->FindNode("nodes/lon")}}});
  EXPECT_EQ(skipped.relaxation, "explicit hop 1 (nodes/lon): loose instead of strict");
}

TEST_F(RefusalTest, SetsOfMoreThanTwo) {
  snapshot_ = network_.Build();
  const PathConstraints constraints = {.protection = {.link = true}};
  const RefusalExplanation told = ExplainRefusalInFull({.snapshot = *snapshot_,
                                                        .constraints = constraints,
                                                        .from = "nodes/zrh",
                                                        .to = "nodes/lon",
                                                        .disjoint_paths = 3});
  EXPECT_EQ(told.refusal.reason,
            "no 3 disjoint paths from nodes/zrh to nodes/lon meet protection LINK");
  EXPECT_EQ(told.refusal.relaxation, "disjoint paths 3 -> 2");
  EXPECT_EQ(told.relaxations[0].paths.size(), 2u);
}

// Sharing is for two paths only, so the change names both.
TEST_F(RefusalTest, SetsOfMoreThanTwoThatCouldOnlyShare) {
  TestNetwork one_provider;
  one_provider.Node("zrh");
  one_provider.Node("lon");
  for (const char* by : {"fra", "par", "mil"}) {
    one_provider.Node(by).set_provider("alpha");
    one_provider.Fibre("zrh", by);
    one_provider.Fibre(by, "lon");
  }
  const auto snapshot = one_provider.Build();
  const PathConstraints constraints = {.protection = {.provider = true}};
  const RefusalExplanation told = ExplainRefusalInFull({.snapshot = *snapshot,
                                                        .constraints = constraints,
                                                        .from = "nodes/zrh",
                                                        .to = "nodes/lon",
                                                        .disjoint_paths = 3});
  EXPECT_TRUE(told.refusal.relaxation.starts_with(
      "disjoint paths 3 -> 2, and protection PROVIDER: allow both paths to share provider alpha"))
      << told.refusal.relaxation;
}

// Strict maintenance of the only way, and protection that the topology does not have: each by
// itself is enough.
TEST_F(RefusalTest, SeveralConflictsAreToldApart) {
  TestNetwork line;
  for (const char* node : {"a", "b", "c"}) line.Node(node);
  line.Fibre("a", "b", 1'000'000, 10);
  line.Fibre("b", "c", 1'000'000, 10);
  line.Link("links/a--b").set_admin_state(v1::FORBID);
  const auto snapshot = line.Build();
  const PathConstraints constraints = {.protection = {.link = true}};
  const RefusalExplanation told = ExplainRefusalInFull(
      {.snapshot = *snapshot, .constraints = constraints, .from = "nodes/a", .to = "nodes/c"});
  ASSERT_EQ(told.conflicts.size(), 2u);
  EXPECT_EQ(told.refusal.blocking_constraint,
            told.conflicts[0][0] + "; by itself also " + told.conflicts[1][0]);
}

// A sentence names the first of many; the relaxation itself names all.
TEST_F(RefusalTest, LongListsAreShortInTheSummary) {
  TestNetwork two;
  two.Node("a");
  two.Node("b");
  for (const char* suffix : {"", "-2"}) two.Fibre("a", "b", 1'000, 10, suffix);
  for (int i = 0; i < 7; ++i) {
    const std::string group = "g" + std::to_string(i);
    two.Srlg(group);
    for (const char* link : {"a--b", "b--a", "a--b-2", "b--a-2"}) {
      two.Link("links/" + std::string(link)).add_srlgs("srlgs/" + group);
    }
  }
  const auto snapshot = two.Build();
  const PathConstraints constraints = {.protection = {.link = true, .srlg = true}};
  const RefusalExplanation told = ExplainRefusalInFull(
      {.snapshot = *snapshot, .constraints = constraints, .from = "nodes/a", .to = "nodes/b"});
  EXPECT_EQ(told.refusal.relaxation,
            "protection SRLG: allow both paths to share srlgs/g0, srlgs/g1, srlgs/g2, srlgs/g3 and "
            "3 more");
  ASSERT_EQ(told.relaxations.size(), 1u);
  EXPECT_NE(told.relaxations[0].change.find("srlgs/g6"), std::string::npos);
}

TEST_F(RefusalTest, AvailabilityAndLatencyTargets) {
  network_.Link("links/zrh--fra").set_mtbf_hours(999);
  network_.Link("links/zrh--fra").set_mttr_hours(1);
  network_.Link("links/zrh--par").set_mtbf_hours(99);
  network_.Link("links/zrh--par").set_mttr_hours(1);
  snapshot_ = network_.Build();
  const AvailabilityModel model(*snapshot_);
  const QueueLoads loads(*snapshot_);
  const RouteTargets both = {.availability = 0.9999,
                             .model = &model,
                             .max_latency_ns = 100'000'000,
                             .loads = &loads,
                             .queue = 6};
  const PathConstraints none;
  const RefusalExplanation available = ExplainRefusalInFull({.snapshot = *snapshot_,
                                                             .constraints = none,
                                                             .from = "nodes/zrh",
                                                             .to = "nodes/lon",
                                                             .targets = both});
  EXPECT_EQ(available.refusal.blocking_constraint, "availability_target 99.990 %");
  EXPECT_EQ(available.refusal.relaxation, "availability target 99.990 % -> 99.90 %");
  RouteTargets slow = both;
  slow.availability = 0;
  slow.max_latency_ns = 14'300'000;  // propagation alone
  const RefusalExplanation late = ExplainRefusalInFull({.snapshot = *snapshot_,
                                                        .constraints = none,
                                                        .from = "nodes/zrh",
                                                        .to = "nodes/lon",
                                                        .targets = slow});
  EXPECT_EQ(late.refusal.blocking_constraint, "max_latency 14.3 ms");
  // Twice 10 us of forwarding and 9.933 us of waiting.
  EXPECT_EQ(late.refusal.relaxation, "max latency 14.3 ms -> 14.34 ms");
  slow.queue = 0;
  const RefusalExplanation never = ExplainRefusalInFull({.snapshot = *snapshot_,
                                                         .constraints = none,
                                                         .from = "nodes/zrh",
                                                         .to = "nodes/lon",
                                                         .targets = slow});
  EXPECT_EQ(never.refusal.relaxation,
            "max latency 14.3 ms: drop it, no latency can be promised in queue 0");
}

TEST_F(RefusalTest, WorkEndsEarlyAndSaysSo) {
  snapshot_ = network_.Build();
  const PathConstraints constraints = {.max_delay_ns = 12'000'000,
                                       .allowed_jurisdictions = {"CH", "GB"}};
  for (const int64_t budget : {0, 1, 3, 6}) {
    const RefusalExplanation told = ExplainRefusalInFull({.snapshot = *snapshot_,
                                                          .constraints = constraints,
                                                          .from = "nodes/zrh",
                                                          .to = "nodes/lon",
                                                          .limit = {.budget = budget}});
    EXPECT_FALSE(told.complete) << budget;
    EXPECT_NE(told.refusal.blocking_constraint, "");
  }
  int asked = 0;
  const RefusalExplanation stopped = ExplainRefusalInFull(
      {.snapshot = *snapshot_,
       .constraints = constraints,
       .from = "nodes/zrh",
       .to = "nodes/lon",
       .limit = {.budget = kExplainBudget, .stop = [&asked] { return ++asked > 4; }}});
  EXPECT_FALSE(stopped.complete);
  EXPECT_LT(asked, 20);
}

TEST_F(RefusalTest, PossibleAfterAll) {
  snapshot_ = network_.Build();
  const PathConstraints none;
  const RefusalExplanation told = ExplainRefusalInFull(
      {.snapshot = *snapshot_, .constraints = none, .from = "nodes/zrh", .to = "nodes/lon"});
  EXPECT_TRUE(told.possible);
  EXPECT_EQ(told.refusal.blocking_constraint, "work budget");
}

TEST_F(RefusalTest, NoNetworkToSpeakOf) {
  EXPECT_EQ(Explain({}, {}, "nodes/xyz").reason, "nodes/xyz is not in the topology");
  EXPECT_EQ(Explain({}, {}, "nodes/zrh").reason, "nodes/zrh is both ends of the path");
  network_.Node("island", "CH");
  EXPECT_EQ(Explain({}, {}, "nodes/island").reason,
            "no links connect nodes/zrh to nodes/island, whatever the constraints");
  const auto empty = TestNetwork().Build();
  EXPECT_EQ(ExplainRefusal(*empty, {}, {}, "nodes/a", "nodes/b").reason, "the topology is empty");
}

// n0 to n<hops>, 1 ms each; `close`: and back to n0.
std::shared_ptr<const Snapshot> Chain(int hops, bool close) {
  TestNetwork network;
  const auto name = [](int i) { return "n" + std::to_string(i); };
  for (int i = 0; i <= hops; ++i) network.Node(name(i));
  for (int i = 0; i < hops; ++i) network.Fibre(name(i), name(i + 1));
  if (close) network.Fibre(name(hops), "n0");
  return network.Build();
}

TEST(LongPathRefusalTest, OnPaperTheConstraintIsNamedAndHowMuchIsEnough) {
  const auto chain = Chain(100, false);
  const auto explain = [&](PathConstraints constraints) {
    return ExplainRefusal(*chain, constraints, {.most_hops = kMostHopsOnPaper}, "nodes/n0",
                          "nodes/n100");
  };
  const Refusal hops = explain({.max_hops = 70});
  EXPECT_EQ(hops.blocking_constraint, "max_hops 70");
  EXPECT_EQ(hops.relaxation, "max hops 70 -> 100");
  const Refusal delay = explain({.max_delay_ns = 50'000'000, .max_hops = kMostHopsOnPaper});
  EXPECT_EQ(delay.blocking_constraint, "max_delay 50.0 ms");
  EXPECT_EQ(delay.relaxation, "max delay 50.0 ms -> 100.0 ms");
  const Refusal pair = explain({.max_hops = kMostHopsOnPaper, .protection = {.link = true}});
  EXPECT_EQ(pair.blocking_constraint, "protection LINK");
  const Refusal both = explain({.max_delay_ns = 50'000'000, .max_hops = 70});
  EXPECT_EQ(both.relaxation, "max delay 50.0 ms -> 100.0 ms and max hops 70 -> 100");
}

TEST(LongPathRefusalTest, WhatAPacketHoldsIsNamed) {
  const auto chain = Chain(100, false);
  const Refusal far = ExplainRefusal(*chain, {}, {}, "nodes/n0", "nodes/n100");
  EXPECT_EQ(far.reason,
            "no path from nodes/n0 to nodes/n100 meets max_hops 64 (what a packet holds): the "
            "shortest has 100 hops");
  EXPECT_EQ(far.blocking_constraint, "max_hops 64 (what a packet holds)");
  EXPECT_EQ(ExplainRefusal(*chain, {.max_hops = 10}, {}, "nodes/n0", "nodes/n65").reason,
            "no path from nodes/n0 to nodes/n65 meets max_hops 64 (what a packet holds): the "
            "shortest has 65 hops");
  EXPECT_EQ(ExplainRefusal(*chain, {.max_hops = 10}, {}, "nodes/n0", "nodes/n64").relaxation,
            "max hops 10 -> 64");
}

TEST(LongPathRefusalTest, WhatAPacketHoldsCanConflictWithAConstraint) {
  const auto ring = Chain(100, true);  // 30 hops one way, 71 the other
  const Refusal pair =
      ExplainRefusal(*ring, {.protection = {.link = true}}, {}, "nodes/n0", "nodes/n30");
  EXPECT_EQ(pair.blocking_constraint, "protection LINK and max_hops 64 (what a packet holds)");
  EXPECT_NE(pair.relaxation.find("protection LINK: drop all protection"), std::string::npos);
  const Refusal avoid =
      ExplainRefusal(*ring, {.exclude_resources = {"nodes/n7"}}, {}, "nodes/n0", "nodes/n30");
  EXPECT_EQ(avoid.blocking_constraint,
            "exclude_resources [nodes/n7] and max_hops 64 (what a packet holds)");
  EXPECT_EQ(avoid.relaxation, "no longer exclude nodes/n7");
}

TEST(TextTest, RoundsToTheSafeSide) {
  EXPECT_EQ(DelayText(14'300'000), "14.3 ms");
  EXPECT_EQ(DelayText(14'300'001), "14.301 ms");
  EXPECT_EQ(DelayText(1'999'999'9), "20.0 ms");
  EXPECT_EQ(DelayText(850'000), "850 us");
  EXPECT_EQ(DelayText(7), "7 ns");
  EXPECT_EQ(WeightText(28, 0), "28");
  EXPECT_EQ(WeightText(28, 1), "2.8");
  EXPECT_EQ(WeightText(3000, 2), "30");
  EXPECT_EQ(WeightText(1'050, 6), "0.00105");
  EXPECT_EQ(WeightText(0, 3), "0");
  EXPECT_EQ(BandwidthText(4'500'000), "4.5 Mbit/s");
  EXPECT_EQ(BandwidthText(9'999'999'999), "9.999 Gbit/s");
  EXPECT_EQ(BandwidthText(10'000'000'000'000'000), "10000 Tbit/s");
}

}  // namespace
}  // namespace waymark
