// The path and plan commands against a fake controller.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "northbound/cli/fake_server.h"
#include "northbound/cli/run_for_test.h"

namespace waymark::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

v1::Path MakePath(const std::vector<std::string>& nodes, int64_t delay_ns) {
  v1::Path path;
  for (const std::string& node : nodes) path.add_nodes("nodes/" + node);
  for (size_t i = 1; i < nodes.size(); ++i) {
    path.add_links(absl::StrCat("links/", nodes[i - 1], "--", nodes[i]));
  }
  path.set_delay_ns(delay_ns);
  path.set_te_metric(30);
  return path;
}

v1::Promise MakePromise() {
  v1::Promise promise;
  promise.set_working_latency_ns(1'699'001);
  promise.set_protect_latency_ns(2'500'000);
  promise.set_failover_ns(51'000'000);
  promise.set_availability(0.9999912);
  promise.set_downtime_minutes_a_year(4.63);
  promise.add_shared_risks("srlgs/duct");
  v1::PromiseTerm& term = *promise.add_terms();
  term.set_label("propagation");
  term.set_value("1.592 ms");
  return promise;
}

class PathLiveTest : public testing::Test {
 protected:
  PathLiveTest() {
    v1::Bundle b;
    b.add_nodes()->set_name("nodes/zrh");
    b.add_traffic_classes()->set_name("trafficClasses/voice");
    b.add_traffic_classes()->set_name("trafficClasses/data");
    auto* service = b.add_services();
    service->set_name("customers/bank/services/core");
    service->set_class_map("customers/bank/classMaps/marks");
    b.add_class_maps()->set_name("customers/bank/classMaps/marks");
    server_.PutBundle(b);
    v1::Resource r;
    v1::Policy& policy = *r.mutable_policy();
    policy.set_name("policies/zrh:257:gva");
    policy.set_headend("nodes/zrh");
    policy.set_endpoint("nodes/gva");
    policy.set_traffic_class("trafficClasses/voice");
    policy.set_service("customers/bank/services/core");
    *policy.add_working() = MakePath({"zrh", "brn", "gva"}, 1'592'000);
    *policy.mutable_protect() = MakePath({"zrh", "bsl", "gva"}, 2'400'000);
    *policy.mutable_promise() = MakePromise();
    policy.mutable_status()->set_state(v1::UP);
    server_.Put(r);
  }

  Ran Run(std::vector<std::string> args, const std::string& in = "", bool interactive = false) {
    args.insert(args.begin(), {"--server", server_.address()});
    return Waymark(args, in, interactive);
  }

  FakeServer server_;
};

TEST_F(PathLiveTest, ComputeSendsTheRequestAndShowsThePromise) {
  v1::ComputePathResponse response;
  response.set_outcome(v1::FOUND);
  *response.add_paths() = MakePath({"zrh", "brn", "gva"}, 1'592'000);
  *response.mutable_promise() = MakePromise();
  v1::PathAlternative& other = *response.add_alternatives();
  *other.mutable_path() = MakePath({"zrh", "mil", "gva"}, 1'000'000);
  other.set_ruled_out("allowed_jurisdictions [CH]: nodes/mil is in IT");
  response.set_revision(9);
  server_.set_paths(response);
  const Ran ran = Run({"path", "compute", "--from", "zrh", "--to", "gva", "--class", "voice",
                       "--explain", "--as-of", "7"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(server_.last_paths().from(), "nodes/zrh");
  EXPECT_EQ(server_.last_paths().traffic_class(), "trafficClasses/voice");
  EXPECT_TRUE(server_.last_paths().explain());
  EXPECT_EQ(server_.last_paths().as_of(), 7);
  EXPECT_THAT(ran.out, HasSubstr("zrh - brn - gva"));
  EXPECT_THAT(ran.out, HasSubstr("Latency, working:  1.700 ms at most"));
  EXPECT_THAT(ran.out, HasSubstr("Failover:          51.000 ms at most"));
  EXPECT_THAT(ran.out, HasSubstr("99.99912 %, 4.63 minutes a year down"));
  EXPECT_THAT(ran.out, HasSubstr("Shared risks:      duct"));
  EXPECT_THAT(ran.out, HasSubstr("propagation:  1.592 ms"));
  EXPECT_THAT(ran.out, HasSubstr("nodes/mil is in IT"));
}

TEST_F(PathLiveTest, ARefusalSaysWhatWouldHelpAndFails) {
  v1::ComputePathResponse response;
  response.set_outcome(v1::INFEASIBLE);
  response.mutable_status()->set_reason("no path meets max delay 1.0 ms");
  response.add_blocking_constraints("max_delay 1.0 ms");
  v1::Relaxation& relaxation = *response.add_relaxations();
  relaxation.set_change("max delay 1.0 ms -> 1.592 ms");
  *relaxation.add_paths() = MakePath({"zrh", "brn", "gva"}, 1'592'000);
  server_.set_paths(response);
  const Ran ran = Run({"path", "compute", "--from", "zrh", "--to", "gva", "--max-delay", "1ms"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("In the way: max_delay 1.0 ms"));
  EXPECT_THAT(ran.out, HasSubstr("Would work: max delay 1.0 ms -> 1.592 ms"));
  EXPECT_THAT(ran.err, HasSubstr("no path meets max delay 1.0 ms"));
}

TEST_F(PathLiveTest, ListShowsBothPathsAndTheFigures) {
  const Ran all = Run({"path", "list"});
  EXPECT_EQ(all.code, 0) << all.err;
  EXPECT_THAT(all.out,
              HasSubstr("zrh - brn - gva  zrh - bsl - gva  1.700 ms / 2.500 ms  99.99912 %"));
  EXPECT_THAT(all.out, HasSubstr("bank/core"));
  // The fake does not narrow lists; that it was asked to is what counts.
  Run({"path", "list", "bank/core"});
  EXPECT_EQ(server_.last_list().parent(), "customers/bank/services/core");
  Run({"path", "list", "--node", "zrh"});
  EXPECT_EQ(server_.last_list().parent(), "nodes/zrh");
  EXPECT_THAT(Run({"path", "list", "--class", "voice"}).out, HasSubstr("zrh"));
  EXPECT_EQ(Run({"path", "list", "--class", "data"}).out, "no policies\n");
  EXPECT_THAT(Run({"path", "list", "-o", "json"}).out, HasSubstr("working_latency_ns"));
}

TEST_F(PathLiveTest, ListRefusesWhatItCannotShow) {
  EXPECT_EQ(Run({"path", "list", "bank/none"}).code, 4);
  EXPECT_EQ(Run({"path", "list", "--class", "gold"}).code, 4);
  EXPECT_EQ(Run({"path", "list", "bank/core", "--node", "zrh"}).code, 2);
  EXPECT_EQ(Run({"path", "list", "--as-of", "3"}).code, 2);
}

TEST_F(PathLiveTest, ExplainShowsEachPolicy) {
  v1::ExplainServiceResponse response;
  v1::PolicyExplanation& up = *response.add_policies();
  up.set_policy("policies/zrh:257:gva");
  up.mutable_status()->set_state(v1::UP);
  *up.add_working() = MakePath({"zrh", "brn", "gva"}, 1'592'000);
  up.set_chosen("the least te metric of 3 pairs");
  v1::PolicyExplanation& blocked = *response.add_policies();
  blocked.set_policy("policies/gva:257:zrh");
  blocked.mutable_status()->set_state(v1::BLOCKED);
  blocked.mutable_status()->set_reason("no path");
  blocked.add_blocking_constraints("max_delay 1.0 ms");
  blocked.add_blocking_constraints("allowed_jurisdictions [CH]");
  blocked.add_relaxations()->set_change("allow jurisdiction DE");
  server_.set_explanation(response);
  const Ran ran = Run({"path", "explain", "bank/core"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(server_.last_get().name(), "customers/bank/services/core");
  EXPECT_THAT(ran.out, HasSubstr("the least te metric of 3 pairs"));
  EXPECT_THAT(ran.out,
              HasSubstr("Together impossible: max_delay 1.0 ms; allowed_jurisdictions [CH]"));
  EXPECT_THAT(ran.out, HasSubstr("Would work: allow jurisdiction DE"));
  EXPECT_THAT(Run({"path", "explain", "bank/core", "-o", "yaml"}).out, HasSubstr("chosen:"));
  server_.set_explanation({});
  EXPECT_THAT(Run({"path", "explain", "bank/core"}).out, HasSubstr("no pinned policies"));
}

v1::ReoptimizeResponse OneMove() {
  v1::ReoptimizeResponse plan;
  plan.set_plan("00ff");
  v1::PolicyMove& move = *plan.add_moves();
  move.set_policy("policies/zrh:257:gva");
  move.add_old_working("links/zrh--bsl");
  move.add_new_working("links/zrh--brn");
  move.set_reason("te metric 70 -> 50");
  return plan;
}

TEST_F(PathLiveTest, ReoptimizeMovesNothingByItself) {
  server_.set_plan(OneMove());
  const Ran ran = Run({"plan", "reoptimize", "--service", "bank/core"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_FALSE(server_.last_plan().apply());
  EXPECT_EQ(server_.last_plan().service(), "customers/bank/services/core");
  EXPECT_EQ(server_.last_plan().min_gain_percent(), 5);
  EXPECT_THAT(ran.out, HasSubstr("te metric 70 -> 50"));
  EXPECT_THAT(ran.out, HasSubstr("zrh--bsl  zrh--brn"));
  EXPECT_THAT(ran.out, HasSubstr("nothing has moved"));
  EXPECT_EQ(server_.plans(), 1);
}

// Where there is nothing better, its status says why.
TEST_F(PathLiveTest, ReoptimizeTellsWhyWhatIsNotAsAskedStays) {
  server_.set_plan({});
  EXPECT_THAT(Run({"plan", "reoptimize"}).out, Not(HasSubstr("not as asked")));
  v1::Resource r;
  r.mutable_policy()->set_name("policies/gva:257:zrh");
  r.mutable_policy()->set_service("customers/bank/services/core");
  v1::Status& status = *r.mutable_policy()->mutable_status();
  status.set_state(v1::DEGRADED);
  status.set_reason("unprotected: no two disjoint paths from gva to zrh meet link state");
  status.set_blocking_constraint("link state");
  server_.Put(r);
  v1::Resource service;
  service.mutable_service()->set_name("customers/bank/services/core");
  *service.mutable_service()->mutable_status() = status;
  server_.Put(service);
  const Ran one = Run({"plan", "reoptimize", "--service", "bank/core"});
  EXPECT_EQ(one.code, 0) << one.err;
  EXPECT_THAT(one.out, HasSubstr("nothing to gain"));
  EXPECT_THAT(one.out, HasSubstr("gva:257:zrh  DEGRADED: unprotected: no two disjoint paths from "
                                 "gva to zrh meet link state\n"));
  EXPECT_THAT(one.out, Not(HasSubstr("zrh:257:gva")));
  EXPECT_THAT(Run({"plan", "reoptimize"}).out, HasSubstr("  bank/core  DEGRADED: unprotected"));
  v1::ReoptimizeResponse plan = OneMove();
  plan.add_mended("policies/gva:257:zrh");
  server_.set_plan(plan);
  EXPECT_THAT(Run({"plan", "reoptimize", "--service", "bank/core"}).out,
              Not(HasSubstr("not as asked")));
}

TEST_F(PathLiveTest, ReoptimizeAppliesThePlanThatWasShownAndConfirmed) {
  server_.set_plan(OneMove());
  const Ran no = Run({"plan", "reoptimize", "--apply"}, "n\n", true);
  EXPECT_NE(no.code, 0);
  EXPECT_THAT(no.err, HasSubstr("zrh--bsl  zrh--brn"));
  EXPECT_THAT(no.err, HasSubstr("Move 1 policy?"));
  EXPECT_EQ(server_.plans(), 1);
  const Ran yes = Run({"plan", "reoptimize", "--apply", "--min-gain", "0"}, "y\n", true);
  EXPECT_EQ(yes.code, 0) << yes.err;
  EXPECT_TRUE(server_.last_plan().apply());
  EXPECT_EQ(server_.last_plan().expected_plan(), "00ff");
  EXPECT_THAT(yes.out, HasSubstr("moved 1 policy by plan 00ff, revision 8"));
  // Nobody at a terminal has agreed, whatever comes through the pipe.
  const int plans = server_.plans();
  for (const char* in : {"n\n", "y\n", ""}) {
    const Ran piped = Run({"plan", "reoptimize", "--apply"}, in, false);
    EXPECT_EQ(piped.code, 2);
    EXPECT_THAT(piped.err, HasSubstr("--yes"));
  }
  EXPECT_EQ(server_.plans(), plans + 3);
  EXPECT_FALSE(server_.last_plan().apply());
  // --yes asks nobody.
  const Ran flag = Run({"plan", "reoptimize", "--apply", "--yes"}, "", true);
  EXPECT_EQ(flag.code, 0);
  EXPECT_THAT(flag.err, Not(HasSubstr("?")));
  EXPECT_EQ(Run({"plan", "reoptimize", "--min-gain", "101"}).code, 2);
  EXPECT_EQ(Run({"plan", "reoptimize", "--min-gain", "nan"}).code, 2);
  EXPECT_EQ(Run({"plan", "reoptimize", "--as-of", "3"}).code, 2);
}

TEST_F(PathLiveTest, NothingIsAlwaysAvailable) {
  const Ran ran = Run({"path", "compute", "--from", "zrh", "--to", "gva", "--availability", "1"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_THAT(ran.err, HasSubstr("at most 0.999999999"));
}

TEST_F(PathLiveTest, NothingToGainIsSaid) {
  server_.set_plan({});
  const Ran ran = Run({"plan", "reoptimize", "--apply"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_THAT(ran.out, HasSubstr("nothing to gain"));
  EXPECT_EQ(server_.plans(), 1);
}

TEST_F(PathLiveTest, DescribeShowsPromiseAndRiskSheet) {
  const Ran policy = Run({"describe", "policy", "zrh:257:gva"});
  EXPECT_EQ(policy.code, 0) << policy.err;
  EXPECT_THAT(policy.out, HasSubstr("How it comes about"));
  const Ran service = Run({"describe", "service", "bank/core"});
  EXPECT_EQ(service.code, 0) << service.err;
  EXPECT_THAT(service.out, HasSubstr("Risk sheet"));
  EXPECT_THAT(
      service.out,
      HasSubstr("99.99912 %    4.63 min     1.700 ms         2.500 ms         51.000 ms  duct"));
}

TEST_F(PathLiveTest, HelpAndCompletionKnowTheCommands) {
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"path", "list"}, {"path", "explain"}, {"plan", "reoptimize"}}) {
    std::vector<std::string> args = command;
    args.push_back("--help");
    const Ran ran = Run(args);
    EXPECT_EQ(ran.code, 0);
    EXPECT_THAT(ran.out, HasSubstr(absl::StrCat("waymark ", command[0], " ", command[1])));
  }
  EXPECT_THAT(Run({"completion", "bash"}).out, HasSubstr("\"plan reoptimize\""));
}

}  // namespace
}  // namespace waymark::cli
