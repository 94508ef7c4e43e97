// What is shown of the mesh optimiser, and how it is steered.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "northbound/cli/cli_testing.h"

namespace waymark::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

v1::MeshStatus Solved(int64_t run, const std::string& result) {
  v1::MeshStatus status;
  status.set_version(10 * run);
  status.set_run(run);
  status.set_reason("the network changed");
  status.set_result(result);
  status.mutable_ended()->set_seconds(1'700'000'000);
  status.mutable_solved()->set_seconds(1'700'000'000);
  status.set_seconds(0.25);
  v1::MeshClassStatus& bulk = *status.add_classes();
  bulk.set_traffic_class("trafficClasses/bulk");
  bulk.set_mlu(1.2);
  bulk.set_lower_bound(1.19);
  bulk.set_demand_bps(48'000'000'000);
  bulk.set_granted_bps(40'000'000'000);
  bulk.set_policies(20);
  bulk.set_changed(3);
  bulk.set_partial(true);
  bulk.set_elastic_bps(30'000'000'000);
  bulk.set_elastic_granted_bps(24'000'000'000);
  v1::MeshGrant& least = *bulk.add_least_granted();
  least.set_from("nodes/a");
  least.set_to("nodes/b");
  least.set_asked_bps(5'000'000'000);
  least.set_granted_bps(4'000'000'000);
  return status;
}

v1::MeshStatus Solving(v1::MeshStatus status) {
  v1::MeshRun& run = *status.mutable_under_way();
  run.set_run(status.run() + 1);
  run.set_reason("asked by anna");
  run.set_phase("solving");
  run.set_classes_done(1);
  run.set_classes(3);
  run.set_traffic_class("trafficClasses/bulk");
  run.set_seconds(0.84);
  run.set_time_limit_seconds(10);
  return status;
}

TEST_F(CliTest, MeshStatusSaysWhatWasFoundWhatGoesOnAndWhatIsNext) {
  EXPECT_EQ(Run({"mesh", "status"}).out, "no run has ended yet\n");
  v1::MeshStatus status = Solving(Solved(7, "unchanged"));
  status.mutable_next()->set_seconds(1'700'000'030);
  status.set_next_reason("demands or reservations changed");
  server_.set_mesh({status});
  const Ran ran = Run({"mesh", "status"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr(", the network changed: nothing worth moving\n"
                                 "under way: run 8, asked by anna: 1 of 3 classes solved, at bulk; "
                                 "0.8 of at most 10.0 s\n"
                                 "next run at "));
  EXPECT_THAT(ran.out, HasSubstr(": demands or reservations changed\nsolved "));
  EXPECT_THAT(ran.out,
              HasSubstr(" in 0.250 s\n"
                        "CLASS  MLU                   LOWER BOUND  DEMAND  GRANTED  EXCESS GRANTED"
                        "                     POLICIES  MOVED\n"
                        "bulk   120.0 % (time limit)  119.0 %      48G     40G      "
                        "24G of 30G, least 4G of 5G a to b  20        3\n"));
  EXPECT_THAT(Run({"mesh", "status", "-o", "json"}).out, HasSubstr("\"lower_bound\": 1.19"));
  EXPECT_EQ(Run({"mesh", "status", "-o", "name"}).out, "bulk\n");
  status.set_result("failed");
  status.set_error("no\x1b[2J");
  server_.set_mesh({status});
  const std::string failed = Run({"mesh", "status"}).out;
  EXPECT_THAT(failed, HasSubstr("failed, the routes stay as they are: no"));
  EXPECT_THAT(failed, Not(HasSubstr("\x1b")));
}

TEST_F(CliTest, MeshOptimizeFollowsItsRun) {
  server_.set_mesh({Solved(6, "kept"), Solving(Solved(6, "kept")), Solved(7, "stale"),
                    Solved(8, "committed"), Solved(7, "committed")});
  const Ran ran = Run({"mesh", "optimize", "--time-limit", "1500ms"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.err, HasSubstr("run 7, asked by anna: 1 of 3 classes"));
  EXPECT_THAT(ran.out, HasSubstr("run 8 ended"));
  EXPECT_THAT(ran.out, HasSubstr("better routes stored"));
  EXPECT_EQ(Run({"mesh", "optimize", "--no-wait"}).out, "run 7\n");
  server_.set_mesh({Solved(9, "cancelled")});
  EXPECT_NE(Run({"mesh", "optimize"}).code, 0);
  server_.set_mesh({Solved(9, "kept")});
  EXPECT_EQ(Run({"mesh", "cancel", "--run", "9"}).out, "cancelled\n");
  EXPECT_EQ(Run({"mesh", "cancel"}).code, 0);
  EXPECT_THAT(server_.mesh_requests(),
              ElementsAre("optimize time_limit { seconds: 1 nanos: 500000000 }", "optimize ",
                          "optimize ", "cancel run: 9", "cancel "));
  EXPECT_EQ(Run({"mesh", "optimize", "--time-limit", "-1s"}).code, 2);
  EXPECT_EQ(Run({"mesh", "cancel", "--run", "-1"}).code, 2);
  EXPECT_EQ(Run({"mesh"}).code, 2);
}

v1::ListMeshGuaranteesResponse Guaranteed() {
  v1::ListMeshGuaranteesResponse all;
  v1::MeshGuarantee& core = *all.add_guarantees();
  core.set_service("customers/bank/services/core");
  core.mutable_status()->set_state(v1::UP);
  core.set_worst_link("links/zrh--gva");
  core.set_worst_link_bps(6'000'000'000);
  core.set_worst_link_promisable_bps(10'000'000'000);
  v1::MeshTraffic& traffic = *core.add_worst_matrix();
  traffic.set_from("nodes/zrh");
  traffic.set_to("nodes/gva");
  traffic.set_bps(6'000'000'000);
  traffic.set_share(0.5);
  core.set_worst_from("customers/bank/sites/zrh");
  core.set_worst_to("customers/bank/sites/gva");
  core.set_worst_latency_ns(1'602'000);
  for (const char* site : {"zrh", "gva"}) {
    core.add_sites(absl::StrCat("customers/bank/sites/", site));
  }
  for (const int64_t latency : {0, 1'602'000, -1, 0}) core.add_latency_ns(latency);
  return all;
}

TEST_F(CliTest, MeshGuaranteesShowTheWorstCaseAndTheWholeOnRequest) {
  v1::ListMeshGuaranteesResponse all = Guaranteed();
  v1::MeshGuarantee& failed = *all.add_guarantees();
  failed.set_service("customers/bank/services/wide");
  failed.mutable_status()->set_state(v1::BLOCKED);
  failed.mutable_status()->set_reason("too little room");
  server_.set_guarantees(all);
  Ran ran = Run({"mesh", "guarantees", "--customer", "bank"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("bank/core  held"));
  EXPECT_THAT(ran.out, HasSubstr("zrh--gva, 6G of 10G"));
  EXPECT_THAT(ran.out, HasSubstr("bank/wide  BLOCKED: too little room"));
  server_.set_guarantees(Guaranteed());
  ran = Run({"mesh", "guarantees", "bank/core", "--whole"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("1.602 ms"));
  EXPECT_THAT(ran.out, HasSubstr("50.0 %"));
  EXPECT_THAT(ran.out, HasSubstr("none"));
  EXPECT_THAT(server_.mesh_requests(),
              ElementsAre("guarantees parent: \"customers/bank\" page_size: 1000",
                          "guarantees parent: \"customers/bank\" page_size: 1000 page_token: \"1\"",
                          "guarantees parent: \"customers/bank/services/core\" whole: true "
                          "page_size: 1000"));
  EXPECT_EQ(Run({"mesh", "guarantees", "--whole"}).code, 2);
  Populate();
  const std::string described = Run({"describe", "service", "bank/core"}).out;
  EXPECT_THAT(described, HasSubstr("Guarantee\n"));
  EXPECT_THAT(described, HasSubstr("6G of 10G"));
}

TEST_F(CliTest, MeasuredTrafficGoesByTheNamesOfNodesAndSites) {
  Populate();
  const auto measure = [&](const std::string& csv, std::vector<std::string> more = {}) {
    std::vector<std::string> words = {"mesh", "measure", "-", "--class", "gold"};
    words.insert(words.end(), more.begin(), more.end());
    return Run(words, csv);
  };
  Ran ran = measure("Zürich,gva,2G\ngva,nodes/zrh,5e8\n", {"--headroom", "1.3"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "2 rates, 2.5G together, count 1.3 times for class gold\n");
  EXPECT_THAT(server_.mesh_requests(),
              ElementsAre("measured traffic_class: \"trafficClasses/gold\" "
                          "rates { from: \"nodes/gva\" to: \"nodes/zrh\" bps: 500000000 } "
                          "rates { from: \"nodes/zrh\" to: \"nodes/gva\" bps: 2000000000 } "
                          "headroom: 1.3"));
  // Nothing says what the first node here would be.
  ran = measure("0,1,2G\n");
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("\"0\" is no node"));
  ran = measure("DEMANDS 1\nlabel src dest bw\nd 0 1 5\n");
  EXPECT_THAT(ran.err, HasSubstr("give the graph's file that it goes with"));
  EXPECT_EQ(measure("zrh,gva,1\n", {"--headroom", "0.9"}).code, 2);
  EXPECT_EQ(measure("zrh,gva,1\n", {"--headroom", "nan"}).code, 2);
  EXPECT_EQ(server_.mesh_requests().size(), 1u);
  ran = measure("zrh,gva,1G\n", {"--validate-only"});
  EXPECT_THAT(ran.out, HasSubstr("checked, nothing stored"));
  EXPECT_THAT(Run({"mesh", "forget", "--class", "gold"}).out, HasSubstr("of class gold forgotten"));
  EXPECT_EQ(server_.mesh_requests().back(), "forget traffic_class: \"trafficClasses/gold\"");
  v1::MeshStatus status = Solved(7, "committed");
  v1::MeasuredTraffic& one = *status.add_measured();
  one.set_traffic_class("trafficClasses/bulk");
  one.set_rates(20);
  one.set_bps(3'000'000'000);
  one.set_headroom(1.3);
  one.set_by("anna");
  server_.set_mesh({status});
  EXPECT_THAT(Run({"mesh", "status"}).out, testing::ContainsRegex("bulk +20 +3G +1.3 +0 .* anna"));
}

TEST_F(CliTest, MeshRunThatDoesNotEndIsNotWaitedForForEver) {
  server_.set_mesh({Solving(Solved(6, "kept"))});
  Ran ran = Run({"--timeout", "300ms", "mesh", "optimize"});
  EXPECT_NE(ran.code, 0);
  EXPECT_THAT(ran.err, HasSubstr("run 7 has not ended after 300ms; it goes on"));
  server_.FailWith(grpc::Status(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many wait"));
  ran = Run({"mesh", "optimize"});
  EXPECT_NE(ran.code, 0);
  EXPECT_THAT(ran.err, HasSubstr("too many wait"));
}

}  // namespace
}  // namespace waymark::cli
