// ComputePath, ExplainService and Reoptimize as the API serves them: what is refused before anyone
// computes, what is passed on, and what is remembered.
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "northbound/api/testing.h"

namespace waymark {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

v1::ComputePathRequest GoodRequest() {
  v1::ComputePathRequest request;
  request.set_from("nodes/a");
  request.set_to("nodes/b");
  return request;
}

grpc::Status Compute(Server& server, const v1::ComputePathRequest& request,
                     v1::ComputePathResponse* reply = nullptr) {
  grpc::ClientContext context;
  v1::ComputePathResponse ignored;
  return server.policies->ComputePath(&context, request, reply == nullptr ? &ignored : reply);
}

grpc::Status Reoptimize(Server& server, const v1::ReoptimizeRequest& request,
                        v1::ReoptimizeResponse* reply = nullptr) {
  grpc::ClientContext context;
  v1::ReoptimizeResponse ignored;
  return server.policies->Reoptimize(&context, request, reply == nullptr ? &ignored : reply);
}

struct Row {
  const char* what;
  std::function<void(v1::ComputePathRequest&)> spoil;
  const char* field;
};

using R = v1::ComputePathRequest;

std::vector<Row> EndRows() {
  return {
      {"no from", [](R& r) { r.clear_from(); }, "from"},
      {"a link as from", [](R& r) { r.set_from("links/a--b"); }, "from"},
      {"no to", [](R& r) { r.clear_to(); }, "to"},
      {"both ends the same", [](R& r) { r.set_to("nodes/a"); }, "to"},
      {"a class that is none", [](R& r) { r.set_traffic_class("voice"); }, "traffic_class"},
      {"1001 paths", [](R& r) { r.set_paths(1'001); }, "paths"},
      {"a billion paths", [](R& r) { r.set_paths(1'000'000'000); }, "paths"},
      {"nine disjoint paths",
       [](R& r) {
         r.mutable_constraints()->add_disjoint(v1::LINK);
         r.set_paths(9);
       },
       "paths"},
      {"one disjoint path",
       [](R& r) {
         r.mutable_constraints()->add_disjoint(v1::LINK);
         r.set_paths(1);
       },
       "paths"},
      {"a negative revision", [](R& r) { r.set_as_of(-1); }, "as_of"},
      {"two pasts",
       [](R& r) {
         r.set_as_of(1);
         r.mutable_as_of_time()->set_seconds(1);
       },
       "as_of_time"},
      {"a time out of range", [](R& r) { r.mutable_as_of_time()->set_nanos(-1); }, "as_of_time"},
  };
}

std::vector<Row> ConstraintRows() {
  return {
      {"objective 9",
       [](R& r) { r.mutable_constraints()->set_objective(static_cast<v1::Objective>(9)); },
       "constraints.objective"},
      {"negative delay", [](R& r) { r.mutable_constraints()->set_max_delay_ns(-1); },
       "constraints.max_delay_ns"},
      {"endless latency",
       [](R& r) {
         r.mutable_constraints()->set_max_latency_ns(std::numeric_limits<int64_t>::max());
       },
       "constraints.max_latency_ns"},
      {"negative bandwidth", [](R& r) { r.mutable_constraints()->set_bandwidth_bps(-1); },
       "constraints.bandwidth_bps"},
      {"65 hops", [](R& r) { r.mutable_constraints()->set_max_hops(65); }, "constraints.max_hops"},
      {"no country", [](R& r) { r.mutable_constraints()->add_allowed_jurisdictions("ZZ"); },
       "constraints.allowed_jurisdictions[0]"},
      {"allowed and forbidden",
       [](R& r) {
         r.mutable_constraints()->add_allowed_jurisdictions("CH");
         r.mutable_constraints()->add_forbidden_jurisdictions("CH");
       },
       "constraints.forbidden_jurisdictions"},
      {"provider allowed and forbidden",
       [](R& r) {
         r.mutable_constraints()->add_allowed_providers("north");
         r.mutable_constraints()->add_forbidden_providers("north");
       },
       "constraints.forbidden_providers"},
      {"affinity required and excluded",
       [](R& r) {
         r.mutable_constraints()->add_include_all("gold");
         r.mutable_constraints()->add_exclude("gold");
       },
       "constraints.exclude"},
      {"level 6",
       [](R& r) { r.mutable_constraints()->add_disjoint(static_cast<v1::Disjointness>(6)); },
       "constraints.disjoint[0]"},
      {"a level twice",
       [](R& r) {
         r.mutable_constraints()->add_disjoint(v1::SRLG);
         r.mutable_constraints()->add_disjoint(v1::SRLG);
       },
       "constraints.disjoint[1]"},
      {"pair objective 3",
       [](R& r) { r.mutable_constraints()->set_pair_objective(static_cast<v1::PairObjective>(3)); },
       "constraints.pair_objective"},
      {"a pair objective of one path",
       [](R& r) { r.mutable_constraints()->set_pair_objective(v1::MIN_MAX); },
       "constraints.pair_objective"},
      {"shared risks of one path",
       [](R& r) { r.mutable_constraints()->set_allow_shared_risks(true); },
       "constraints.allow_shared_risks"},
      {"always available", [](R& r) { r.mutable_constraints()->set_availability_target(1); },
       "constraints.availability_target"},
      {"priority 8", [](R& r) { r.mutable_constraints()->set_setup_priority(8); },
       "constraints.setup_priority"},
      {"NaN availability", [](R& r) { r.mutable_constraints()->set_availability_target(kNan); },
       "constraints.availability_target"},
      {"queue 8", [](R& r) { r.mutable_constraints()->set_queue(8); }, "constraints.queue"},
      {"65 explicit hops",
       [](R& r) {
         for (int i = 0; i < 65; ++i) {
           r.mutable_constraints()->add_explicit_hops()->set_resource(absl::StrCat("nodes/n", i));
         }
       },
       "constraints.explicit_hops"},
      {"a hop that is no place",
       [](R& r) { r.mutable_constraints()->add_explicit_hops()->set_resource("srlgs/duct"); },
       "constraints.explicit_hops[0].resource"},
      {"a hop twice",
       [](R& r) {
         r.mutable_constraints()->add_explicit_hops()->set_resource("nodes/c");
         r.mutable_constraints()->add_explicit_hops()->set_resource("nodes/c");
       },
       "constraints.explicit_hops[1].resource"},
      {"a customer excluded",
       [](R& r) { r.mutable_constraints()->add_exclude_resources("customers/bank"); },
       "constraints.exclude_resources[0]"},
      {"a risk group listed twice",
       [](R& r) {
         r.mutable_constraints()->add_exclude_resources("srlgs/duct");
         r.mutable_constraints()->add_exclude_resources("srlgs/duct");
       },
       "constraints.exclude_resources[1]"},
      {"an end excluded", [](R& r) { r.mutable_constraints()->add_exclude_resources("nodes/b"); },
       "constraints.exclude_resources[0]"},
      {"a hop excluded",
       [](R& r) {
         r.mutable_constraints()->add_explicit_hops()->set_resource("nodes/c");
         r.mutable_constraints()->add_exclude_resources("nodes/c");
       },
       "constraints.exclude_resources[0]"},
  };
}

TEST(PathApiTest, BadComputePathRequestsNameTheFieldAndReachNobody) {
  Server server;
  for (const std::vector<Row>& rows : {EndRows(), ConstraintRows()}) {
    for (const Row& row : rows) {
      v1::ComputePathRequest request = GoodRequest();
      row.spoil(request);
      const grpc::Status status = Compute(server, request);
      EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << row.what;
      const Problems problems = ProblemsOf(status);
      ASSERT_FALSE(problems.empty()) << row.what;
      EXPECT_EQ(problems[0].field(), row.field) << row.what << ": " << Describe(status);
    }
  }
  EXPECT_EQ(server.paths.seen().asked, 0);
}

TEST(PathApiTest, ComputePathPassesRequestDeadlineAndReply) {
  Server server;
  FakePathQueries::Answers answers;
  answers.compute.set_outcome(v1::FOUND);
  answers.compute.set_revision(12);
  server.paths.Answer(answers);
  v1::ComputePathRequest request = GoodRequest();
  request.set_paths(1'000);
  request.mutable_constraints()->set_setup_priority(0);
  grpc::ClientContext context;
  const absl::Time deadline = RealClock().Now() + absl::Seconds(40);
  context.set_deadline(absl::ToChronoTime(deadline));
  v1::ComputePathResponse reply;
  const grpc::Status status = server.policies->ComputePath(&context, request, &reply);
  ASSERT_TRUE(status.ok()) << Describe(status);
  EXPECT_EQ(reply.revision(), 12);
  const FakePathQueries::Seen seen = server.paths.seen();
  EXPECT_EQ(seen.compute.paths(), 1'000u);
  EXPECT_LT(absl::AbsDuration(seen.limits.deadline - deadline), absl::Seconds(5));
}

TEST(PathApiTest, AnErrorOfTheComputationKeepsItsField) {
  Server server;
  server.paths.Answer({.status = absl::NotFoundError("to: nodes/b does not exist")});
  const grpc::Status status = Compute(server, GoodRequest());
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  ASSERT_EQ(ProblemsOf(status).size(), 1u);
  EXPECT_EQ(ProblemsOf(status)[0].field(), "to");
  EXPECT_EQ(ProblemsOf(status)[0].description(), "nodes/b does not exist");

  server.paths.Answer({.status = absl::ResourceExhaustedError("Queue full: try again")});
  const grpc::Status full = Compute(server, GoodRequest());
  EXPECT_EQ(full.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(ProblemsOf(full).at(0).field(), "");
}

TEST(PathApiTest, ACustomerHasHisOwnServicesExplainedAndNothingElse) {
  Server server("customer:bank");
  v1::ExplainServiceRequest request;
  v1::ExplainServiceResponse reply;
  const auto explain = [&](const char* name) {
    grpc::ClientContext context;
    request.set_name(name);
    return server.policies->ExplainService(&context, request, &reply).error_code();
  };
  EXPECT_EQ(explain("customers/bank/services/lan"), grpc::StatusCode::OK);
  EXPECT_EQ(explain("customers/shop/services/lan"), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(server.paths.seen().asked, 1);
  EXPECT_EQ(Compute(server, GoodRequest()).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Reoptimize(server, {}).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(server.paths.seen().asked, 1);
}

TEST(PathApiTest, AServiceNameMustBeOne) {
  Server server;
  for (const char* name : {"", "bank/lan", "customers/bank"}) {
    grpc::ClientContext context;
    v1::ExplainServiceRequest request;
    v1::ExplainServiceResponse reply;
    request.set_name(name);
    const grpc::Status status = server.policies->ExplainService(&context, request, &reply);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << name;
    EXPECT_EQ(ProblemsOf(status).at(0).field(), "name");
  }
  EXPECT_EQ(server.paths.seen().asked, 0);
}

TEST(PathApiTest, BadReoptimizeRequests) {
  Server server;
  const auto field = [&](const std::function<void(v1::ReoptimizeRequest&)>& spoil) {
    v1::ReoptimizeRequest request;
    spoil(request);
    const grpc::Status status = Reoptimize(server, request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    return ProblemsOf(status).empty() ? "" : ProblemsOf(status)[0].field();
  };
  using Q = v1::ReoptimizeRequest;
  EXPECT_EQ(field([](Q& q) { q.set_min_gain_percent(kNan); }), "min_gain_percent");
  EXPECT_EQ(field([](Q& q) { q.set_min_gain_percent(-1); }), "min_gain_percent");
  EXPECT_EQ(field([](Q& q) { q.set_min_gain_percent(100.5); }), "min_gain_percent");
  EXPECT_EQ(field([](Q& q) { q.set_service("bank"); }), "service");
  EXPECT_EQ(field([](Q& q) { q.set_apply(true); }), "expected_plan");
  EXPECT_EQ(field([](Q& q) { q.set_expected_plan(std::string(65, 'x')); }), "expected_plan");
  EXPECT_EQ(field([](Q& q) { q.set_request_id("a\nb"); }), "request_id");
  EXPECT_EQ(server.paths.seen().asked, 0);
}

TEST(PathApiTest, AViewerMayAskButNotApply) {
  Server server("viewer");
  v1::ReoptimizeRequest request;
  EXPECT_TRUE(Reoptimize(server, request).ok());
  request.set_apply(true);
  request.set_expected_plan("p1");
  EXPECT_EQ(Reoptimize(server, request).error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(server.paths.seen().asked, 1);
}

TEST(PathApiTest, ARepeatedApplyIsAnsweredFromMemoryEvenAfterARestart) {
  ThreadEventLoop loop("outer", RealClock());
  MemoryStore store(loop);
  v1::ReoptimizeRequest request;
  request.set_apply(true);
  request.set_expected_plan("p1");
  request.set_request_id("r-1");
  {
    Server server("operator", &store);
    FakePathQueries::Answers answers;
    answers.reoptimize.set_plan("p1");
    answers.reoptimize.set_applied(true);
    answers.reoptimize.set_revision(5);
    server.paths.Answer(answers);
    ASSERT_TRUE(Reoptimize(server, request).ok());
    // What could not be done is not remembered.
    answers.status = absl::FailedPreconditionError("expected_plan: the plan is another now");
    server.paths.Answer(answers);
    v1::ReoptimizeRequest failing = request;
    failing.set_request_id("r-2");
    EXPECT_EQ(Reoptimize(server, failing).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_EQ(Reoptimize(server, failing).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
    EXPECT_EQ(server.paths.seen().asked, 3);
    v1::ReoptimizeResponse reply;
    ASSERT_TRUE(Reoptimize(server, request, &reply).ok());
    EXPECT_EQ(reply.revision(), 5);
    EXPECT_EQ(server.paths.seen().asked, 3);
  }
  Server server("operator", &store);
  v1::ReoptimizeResponse reply;
  ASSERT_TRUE(Reoptimize(server, request, &reply).ok());
  EXPECT_TRUE(reply.applied());
  EXPECT_EQ(server.paths.seen().asked, 0);
  request.set_expected_plan("p2");
  const grpc::Status reused = Reoptimize(server, request);
  EXPECT_EQ(ProblemsOf(reused).at(0).field(), "request_id") << Describe(reused);
}

}  // namespace
}  // namespace waymark
