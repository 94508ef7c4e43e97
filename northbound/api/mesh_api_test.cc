// MeshService as the API serves it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "northbound/api/testing.h"
#include "waymark/v1/guarantees.grpc.pb.h"

namespace waymark {
namespace {

using grpc::StatusCode;
using testing::ElementsAre;
using testing::HasSubstr;

v1::MeshStatus Solved() {
  v1::MeshStatus status;
  status.set_run(7);
  status.set_result("committed");
  status.add_classes()->set_traffic_class("trafficClasses/rest");
  return status;
}

template <typename Method, typename Request, typename Reply>
grpc::Status Call(Server& server, Method method, const Request& request, Reply* reply) {
  grpc::ClientContext context;
  return (server.mesh.get()->*method)(&context, request, reply);
}

grpc::Status Get(Server& server, const v1::GetMeshStatusRequest& request, v1::MeshStatus* reply) {
  return Call(server, &v1::MeshService::Stub::GetMeshStatus, request, reply);
}
grpc::Status Optimize(Server& server, const v1::OptimizeMeshRequest& request,
                      v1::OptimizeMeshResponse* reply) {
  return Call(server, &v1::MeshService::Stub::OptimizeMesh, request, reply);
}
grpc::Status Cancel(Server& server, const v1::CancelMeshRunRequest& request,
                    v1::MeshStatus* reply) {
  return Call(server, &v1::MeshService::Stub::CancelMeshRun, request, reply);
}

TEST(MeshApiTest, PassesOnWhatIsAskedAndWhatTheOptimiserSays) {
  Server server;
  server.mesh_queries.Answer(Solved());
  v1::MeshStatus status;
  v1::GetMeshStatusRequest get;
  get.set_newer_than(3);
  get.mutable_wait()->set_seconds(60);
  ASSERT_TRUE(Get(server, get, &status).ok());
  EXPECT_EQ(status.SerializeAsString(), Solved().SerializeAsString());
  v1::OptimizeMeshRequest optimize;
  optimize.mutable_time_limit()->set_nanos(500'000'000);
  v1::OptimizeMeshResponse run;
  ASSERT_TRUE(Optimize(server, optimize, &run).ok());
  EXPECT_EQ(run.run(), 8);
  v1::CancelMeshRunRequest cancel;
  cancel.set_run(8);
  ASSERT_TRUE(Cancel(server, cancel, &status).ok());
  EXPECT_EQ(status.run(), 7);
  EXPECT_THAT(server.mesh_queries.asked(),
              ElementsAre("status 3 1m", HasSubstr("500ms"), "cancel 8"));
  server.mesh_queries.Answer(absl::FailedPreconditionError("no run is under way"));
  EXPECT_EQ(Cancel(server, {}, &status).error_code(), StatusCode::FAILED_PRECONDITION);
}

TEST(MeshApiTest, FieldsOutOfRangeAreNamed) {
  Server server;
  v1::MeshStatus status;
  v1::OptimizeMeshResponse run;
  const auto expect = [](const grpc::Status& got, const char* field) {
    EXPECT_EQ(got.error_code(), StatusCode::INVALID_ARGUMENT);
    EXPECT_THAT(got.error_message(), HasSubstr(field));
  };
  v1::GetMeshStatusRequest get;
  get.mutable_wait()->set_seconds(61);
  expect(Get(server, get, &status), "wait");
  get.Clear();
  get.set_newer_than(-1);
  expect(Get(server, get, &status), "newer_than");
  v1::OptimizeMeshRequest optimize;
  for (const auto& [seconds, nanos] : {std::pair{601, 0}, {-1, 0}, {1, -1}, {1, 1'000'000'000}}) {
    optimize.mutable_time_limit()->set_seconds(seconds);
    optimize.mutable_time_limit()->set_nanos(nanos);
    expect(Optimize(server, optimize, &run), "time_limit");
  }
  v1::CancelMeshRunRequest cancel;
  cancel.set_run(-1);
  expect(Cancel(server, cancel, &status), "run");
  EXPECT_TRUE(server.mesh_queries.asked().empty());
}

TEST(MeshApiTest, OnlyOperatorsSayWhatIsMeasured) {
  Server server, viewer("viewer");
  v1::MeshStatus status;
  status.add_measured()->set_rates(2);
  for (Server* one : {&server, &viewer}) one->mesh_queries.Answer(status);
  v1::SetMeasuredTrafficRequest set;
  set.add_rates();
  v1::RemoveMeasuredTrafficRequest remove;
  remove.set_traffic_class("trafficClasses/gold");
  v1::MeasuredTraffic told;
  const auto send = [&](Server& to) {
    return Call(to, &v1::MeshService::Stub::SetMeasuredTraffic, set, &told);
  };
  const auto forget = [&](Server& to) {
    return Call(to, &v1::MeshService::Stub::RemoveMeasuredTraffic, remove, &told);
  };
  ASSERT_TRUE(send(server).ok());
  EXPECT_EQ(told.rates(), 2);
  ASSERT_TRUE(forget(server).ok());
  EXPECT_THAT(server.mesh_queries.asked(),
              ElementsAre(testing::AllOf(testing::StartsWith("measured "), testing::EndsWith(" 1")),
                          "forget trafficClasses/gold"));
  server.mesh_queries.Answer(absl::InvalidArgumentError("headroom: is 0.5: give 1 to 10"));
  const grpc::Status refused = send(server);
  EXPECT_EQ(refused.error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(refused.error_message(), HasSubstr("headroom"));
  EXPECT_EQ(send(viewer).error_code(), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(forget(viewer).error_code(), StatusCode::PERMISSION_DENIED);
}

TEST(MeshApiTest, GuaranteesAreForTheNocAndTheirCustomers) {
  Server viewer("viewer"), customer("customer:bank");
  v1::ListMeshGuaranteesResponse held;
  held.set_revision(5);
  const auto ask = [&](Server& server, const std::string& parent, bool whole = false) {
    const auto stub = v1::GuaranteeService::NewStub(server.channel);
    grpc::ClientContext context;
    v1::ListMeshGuaranteesRequest request;
    request.set_parent(parent);
    request.set_whole(whole);
    v1::ListMeshGuaranteesResponse reply;
    grpc::Status status = stub->ListMeshGuarantees(&context, request, &reply);
    EXPECT_EQ(reply.revision(), status.ok() ? 5 : 0);
    return status;
  };
  const auto asked = [](Server& server) { return server.paths.seen().guarantees.parent(); };
  for (Server* server : {&viewer, &customer}) server->paths.Answer({.guarantees = held});
  EXPECT_TRUE(ask(viewer, "").ok());
  EXPECT_EQ(asked(viewer), "");
  EXPECT_TRUE(ask(viewer, "customers/x/services/y", true).ok());
  EXPECT_TRUE(viewer.paths.seen().guarantees.whole());
  for (const char* all : {"", "customers/-"}) {
    EXPECT_TRUE(ask(customer, all).ok());
    EXPECT_EQ(asked(customer), "customers/bank");
  }
  EXPECT_TRUE(ask(customer, "customers/bank/services/y").ok());
  EXPECT_EQ(asked(customer), "customers/bank/services/y");
  EXPECT_EQ(ask(customer, "customers/x").error_code(), StatusCode::NOT_FOUND);
  EXPECT_EQ(ask(viewer, "nodes/zrh").error_code(), StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(ask(viewer, "", true).error_code(), StatusCode::INVALID_ARGUMENT);
  viewer.paths.Answer({.status = absl::NotFoundError("parent: customers/x does not exist")});
  EXPECT_EQ(ask(viewer, "customers/x").error_code(), StatusCode::NOT_FOUND);
}

TEST(MeshApiTest, GuaranteesComeInPages) {
  Server server;
  v1::ListMeshGuaranteesResponse held;
  held.set_revision(5);
  held.set_next_page_token("customers/bank/services/m");
  server.paths.Answer({.guarantees = held});
  const auto stub = v1::GuaranteeService::NewStub(server.channel);
  v1::ListMeshGuaranteesRequest request;
  v1::ListMeshGuaranteesResponse reply;
  const auto ask = [&] {
    grpc::ClientContext context;
    return stub->ListMeshGuarantees(&context, request, &reply);
  };
  ASSERT_TRUE(ask().ok());
  EXPECT_EQ(server.paths.seen().guarantees.page_size(), 100);
  request.set_page_size(5'000);
  request.set_page_token(reply.next_page_token());
  ASSERT_TRUE(ask().ok());
  EXPECT_EQ(server.paths.seen().guarantees.page_size(), 1'000);
  EXPECT_EQ(server.paths.seen().guarantees.page_token(), "customers/bank/services/m");
  // A page of another list, no page, no size.
  request.set_parent("customers/bank");
  EXPECT_EQ(ask().error_code(), StatusCode::INVALID_ARGUMENT);
  request.set_page_token("x");
  EXPECT_EQ(ask().error_code(), StatusCode::INVALID_ARGUMENT);
  request.clear_page_token();
  request.set_page_size(-1);
  EXPECT_EQ(ask().error_code(), StatusCode::INVALID_ARGUMENT);
}

TEST(MeshApiTest, ViewersLookAndOnlyOperatorsSteer) {
  Server viewer("viewer"), customer("customer:bank");
  v1::MeshStatus status;
  v1::OptimizeMeshResponse run;
  EXPECT_TRUE(Get(viewer, {}, &status).ok());
  EXPECT_EQ(Optimize(viewer, {}, &run).error_code(), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Cancel(viewer, {}, &status).error_code(), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Get(customer, {}, &status).error_code(), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Optimize(customer, {}, &run).error_code(), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(Cancel(customer, {}, &status).error_code(), StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(viewer.mesh_queries.asked().size(), 1u);
  EXPECT_TRUE(customer.mesh_queries.asked().empty());
}

TEST(MeshApiTest, WithoutAnOptimiserItSaysSo) {
  Server server;
  NorthboundServer::Options options;
  options.listen = "127.0.0.1:0";
  auto bare = NorthboundServer::Start(
      {server.store, server.view, *server.committer, server.watch_loop, server.backup_loop,
       RealClock(), server.metrics, server.paths, server.programming},
      options);
  ASSERT_TRUE(bare.ok()) << bare.status();
  const auto stub = v1::MeshService::NewStub(grpc::CreateChannel(
      absl::StrCat("127.0.0.1:", (*bare)->port()), grpc::InsecureChannelCredentials()));
  v1::MeshStatus status;
  v1::OptimizeMeshResponse run;
  grpc::ClientContext get, optimize, cancel;
  EXPECT_EQ(stub->GetMeshStatus(&get, {}, &status).error_code(), StatusCode::UNAVAILABLE);
  EXPECT_EQ(stub->OptimizeMesh(&optimize, {}, &run).error_code(), StatusCode::UNAVAILABLE);
  EXPECT_EQ(stub->CancelMeshRun(&cancel, {}, &status).error_code(), StatusCode::UNAVAILABLE);
  (*bare)->Shutdown(absl::ZeroDuration());
}

}  // namespace
}  // namespace waymark
