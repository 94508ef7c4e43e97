// Where demand comes from, and what is granted of it.
#include <gtest/gtest.h>

#include <cmath>

#include "controller/engine/mesh_holds.h"
#include "controller/engine/mesh_optimizer_testing.h"
#include "controller/engine/mesh_solve.h"
#include "controller/engine/mesh_work.h"
#include "controller/engine/resources.h"

namespace waymark {
namespace {

TEST_F(MeshOptimizerTest, WhatIsMeasuredCountsUntilItIsForgotten) {
  Start();
  Pass(absl::Seconds(40));
  ASSERT_NEAR(Mlu(), 0.8, 1e-9);
  v1::SetMeasuredTrafficRequest request;
  request.set_traffic_class("trafficClasses/gold");
  request.set_headroom(1.5);
  const auto add = [&](const std::string& from, const std::string& to, int64_t bps) {
    v1::MeasuredRate& rate = *request.add_rates();
    rate.set_from(from);
    rate.set_to(to);
    rate.set_bps(bps);
  };
  absl::StatusOr<v1::MeasuredTraffic> told = absl::UnknownError("");
  const auto hear = [&](absl::StatusOr<v1::MeasuredTraffic> answer) { told = std::move(answer); };
  const auto set = [&] {
    told = absl::UnknownError("");
    optimizer_->SetMeasured(request, "anna", hear);
    Pass(absl::Milliseconds(10));
    return std::string(told.status().message());
  };
  // A site counts for its node, and adds up with it; b to c is not covered.
  add("nodes/a", "nodes/b", 1'500'000'000);
  add("customers/c/sites/a", "customers/c/sites/b", 500'000'000);
  add("nodes/b", "nodes/a", 2'000'000'000);
  add("nodes/c", "nodes/b", 0);
  request.set_validate_only(true);
  EXPECT_EQ(set(), "");
  EXPECT_TRUE(Status().measured().empty());
  request.set_validate_only(false);
  EXPECT_EQ(set(), "");
  ASSERT_TRUE(told.ok());
  EXPECT_EQ(told->rates(), 4);
  EXPECT_EQ(told->bps(), 4'000'000'000);
  Pass(absl::Seconds(1));
  ASSERT_EQ(Status().measured_size(), 1);
  EXPECT_EQ(Status().measured(0).by(), "anna");
  // Damped as any change of demand.
  EXPECT_EQ(Solves(), 1);
  Pass(absl::Seconds(35));
  EXPECT_EQ(Solves(), 2);
  EXPECT_EQ(Status().classes(0).demand_bps(), 3'000'000'000 * 2 + 3 * 8'000'000'000);
  EXPECT_EQ(Status().classes(0).measured_pairs(), 3);
  // What cannot be is refused, and changes nothing.
  const Revision revision = store_.current();
  const auto refused = [&](const std::string& field, const auto& spoil) {
    const v1::SetMeasuredTrafficRequest good = request;
    spoil();
    EXPECT_EQ(set().substr(0, field.size()), field);
    EXPECT_TRUE(absl::IsInvalidArgument(told.status()));
    request = good;
  };
  refused("rates[4]:", [&] { add("nodes/a", "nodes/b", 1); });
  refused("rates[4].to:", [&] { add("nodes/a", "nodes/a", 1); });
  refused("rates[4].to:", [&] { add("nodes/a", "nodes/x", 1); });
  refused("rates[4].from:", [&] { add("links/a--b", "nodes/x", 1); });
  refused("rates[4].bps:", [&] { add("nodes/a", "nodes/c", -1); });
  refused("rates[0].bps:", [&] { request.mutable_rates(0)->set_bps(INT64_MAX); });
  refused("traffic_class:", [&] { request.clear_traffic_class(); });
  refused("rates:", [&] { request.clear_rates(); });
  refused("headroom:", [&] { request.set_headroom(0.5); });
  refused("headroom:", [&] { request.set_headroom(std::nan("")); });
  EXPECT_EQ(store_.current(), revision);
  optimizer_->RemoveMeasured("trafficClasses/gold", hear);
  Pass(absl::Seconds(35));
  ASSERT_TRUE(told.ok()) << told.status();
  EXPECT_EQ(told->rates(), 4);
  EXPECT_EQ(Status().measured_size(), 0);
  EXPECT_EQ(Status().classes(0).demand_bps(), 6 * 8'000'000'000);
  optimizer_->RemoveMeasured("trafficClasses/gold", hear);
  EXPECT_TRUE(absl::IsNotFound(told.status()));
}

TEST_F(MeshOptimizerTest, ExcessRatesAreGrantedWhatGuaranteesLeave) {
  // 6 of a link's 10 are promised; of 5 more, 4 have room.
  bundle_.mutable_services(0)->mutable_rates(0)->set_cir_bps(6'000'000'000);
  bundle_.mutable_services(0)->mutable_rates(0)->set_eir_bps(5'000'000'000);
  Start();
  Pass(absl::Seconds(1));
  v1::MeshClassStatus gold = Status().classes(0);
  EXPECT_EQ(gold.elastic_bps(), 30'000'000'000);
  EXPECT_NEAR(static_cast<double>(gold.elastic_granted_bps()), 24e9, 10);
  EXPECT_EQ(gold.elastic_short(), 6);
  ASSERT_EQ(gold.least_granted_size(), 6);
  EXPECT_EQ(gold.least_granted(0).asked_bps(), 5'000'000'000);
  EXPECT_NEAR(static_cast<double>(gold.least_granted(0).granted_bps()), 4e9, 10);
  // All fits.
  v1::Service line = bundle_.services(0);
  line.mutable_rates(0)->set_cir_bps(6'000'000'000);
  line.mutable_rates(0)->set_eir_bps(3'000'000'000);
  ASSERT_TRUE(
      store_.CommitAndWait({{StoreKey(kServicePrefix, kLine), line.SerializeAsString(), {}}}).ok());
  Pass(absl::Seconds(40));
  gold = Status().classes(0);
  EXPECT_EQ(gold.elastic_granted_bps(), gold.elastic_bps());
  EXPECT_EQ(gold.elastic_bps(), 18'000'000'000);
  EXPECT_EQ(gold.elastic_short(), 0);
}

TEST_F(MeshOptimizerTest, BulkTakesWhatTheLedgerHasLeftClassAfterClass) {
  bundle_.mutable_services(0)->mutable_rates(0)->set_cir_bps(0);
  bundle_.mutable_services(0)->mutable_rates(0)->set_eir_bps(7'000'000'000);
  Start();
  Pass(absl::Seconds(1));
  Resources resources;
  ASSERT_TRUE(resources.Load(store_, store_.current()).ok());
  auto work = MakeMeshWork(resources, {});
  ASSERT_TRUE(work.ok()) << work.status();
  // The same again, weaker: it has what the first leaves of 10 a link.
  work->classes.push_back(work->classes[0]);
  work->classes[1].traffic_class = "trafficClasses/weak";
  auto results = SolveMesh(*work, {});
  ASSERT_TRUE(results.ok()) << results.status();
  (*results)[0].routes = (*results)[1].routes = work->classes[0].present;
  Ledger ledger(*work->snapshot);
  GrantElastic(*work, &*results, &ledger);
  for (const double granted : (*results)[0].elastic_granted) EXPECT_NEAR(granted, 7e9, 10);
  for (const double granted : (*results)[1].elastic_granted) EXPECT_NEAR(granted, 3e9, 10);
  const LinkId link = *work->snapshot->FindLink("links/a--b");
  EXPECT_NEAR(static_cast<double>(ledger.Usage(link).bulk), 10e9, 10);
  // It stands in nobody's way.
  EXPECT_EQ(ledger.Residual(link), ledger.Usage(link).reservable);
}

}  // namespace
}  // namespace waymark
