#include "controller/compute/refusal.h"

#include <gtest/gtest.h>

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
  EXPECT_EQ(refusal.blocking_constraint, "max_delay 14.5 ms");
  EXPECT_EQ(refusal.relaxation,
            "max delay 14.5 ms -> 40.0 ms or protection LINK: drop it or add a second way from "
            "nodes/zrh to nodes/lon");
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
  EXPECT_EQ(refusal.relaxation,
            "protection PROVIDER: drop it or add a second provider into nodes/zrh");
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
  EXPECT_EQ(refusal.blocking_constraint, "max_delay 12.0 ms and allowed_jurisdictions [CH, GB]");
  EXPECT_EQ(refusal.relaxation, "max delay 12.0 ms -> 14.3 ms and allow jurisdiction DE");
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

TEST(TextTest, RoundsToTheSafeSide) {
  EXPECT_EQ(DelayText(14'300'000), "14.3 ms");
  EXPECT_EQ(DelayText(14'300'001), "14.301 ms");
  EXPECT_EQ(DelayText(1'999'999'9), "20.0 ms");
  EXPECT_EQ(DelayText(850'000), "850 us");
  EXPECT_EQ(DelayText(7), "7 ns");
  EXPECT_EQ(BandwidthText(4'500'000), "4.5 Mbit/s");
  EXPECT_EQ(BandwidthText(9'999'999'999), "9.999 Gbit/s");
  EXPECT_EQ(BandwidthText(10'000'000'000'000'000), "10000 Tbit/s");
}

}  // namespace
}  // namespace waymark
