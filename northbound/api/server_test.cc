// Listening, roles, health, reflection, and what random bytes do.
#include "northbound/api/server.h"

#include <google/protobuf/text_format.h>
#include <grpc/support/time.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "northbound/api/testing.h"

namespace waymark {
namespace {

using google::protobuf::MethodDescriptor;

grpc::ByteBuffer Bytes(const std::string& bytes) {
  grpc::Slice slice(bytes);
  return grpc::ByteBuffer(&slice, 1);
}

std::string Text(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  if (!buffer.Valid() || !buffer.Dump(&slices).ok()) return "";
  std::string text;
  for (const auto& slice : slices) text.append(slice.begin(), slice.end());
  return text;
}

// A unary call of raw bytes.
grpc::Status CallRaw(Server& server, const std::string& method, const std::string& request,
                     std::string* reply = nullptr) {
  grpc::GenericStub stub(server.channel);
  grpc::ClientContext context;
  context.set_deadline(gpr_time_from_seconds(60, GPR_TIMESPAN));
  grpc::CompletionQueue queue;
  auto call = stub.PrepareUnaryCall(&context, method, Bytes(request), &queue);
  call->StartCall();
  grpc::ByteBuffer response;
  grpc::Status status;
  call->Finish(&response, &status, nullptr);
  void* tag = nullptr;
  bool ok = false;
  EXPECT_TRUE(queue.Next(&tag, &ok));
  if (reply != nullptr) *reply = Text(response);
  return status;
}

std::vector<const MethodDescriptor*> UnaryMethods() {
  std::vector<const MethodDescriptor*> methods;
  for (const char* name :
       {"waymark/v1/services.proto", "waymark/v1/mesh.proto", "waymark/v1/programming.proto"}) {
    const auto* file = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name);
    for (int s = 0; s < file->service_count(); ++s) {
      for (int m = 0; m < file->service(s)->method_count(); ++m) {
        const auto* method = file->service(s)->method(m);
        if (!method->server_streaming()) methods.push_back(method);
      }
    }
  }
  return methods;
}

std::string PathOf(const MethodDescriptor* method) {
  return absl::StrCat("/", method->service()->full_name(), "/", method->name());
}

// As an empty request asks it to.
bool Reads(const MethodDescriptor* method) {
  const std::string& name = method->name();
  return name.starts_with("Get") || name.starts_with("List") || name.starts_with("Trace") ||
         name == "ComputePath" || name == "ExplainService" || name == "Reoptimize";
}

NorthboundServer::Parts PartsOf(Server& s) {
  return {s.store,     s.view,    *s.committer, s.watch_loop, s.backup_loop,
          RealClock(), s.metrics, s.paths,      s.programming};
}

TEST(ServerTest, EveryMethodIsServedAndViewersCannotWrite) {
  Server noc, viewer("viewer"), customer("customer:bank");
  for (const MethodDescriptor* method : UnaryMethods()) {
    const std::string path = PathOf(method);
    // The default implementation of a method that nobody wrote.
    EXPECT_NE(CallRaw(noc, path, "").error_code(), grpc::StatusCode::UNIMPLEMENTED) << path;
    const bool denied =
        CallRaw(viewer, path, "").error_code() == grpc::StatusCode::PERMISSION_DENIED;
    EXPECT_EQ(denied, !Reads(method)) << path;
    const grpc::Status status = CallRaw(customer, path, "");
    if (path.find("TopologyService") != std::string::npos) {
      EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED) << path;
      EXPECT_EQ(ProblemsOf(status).at(0).reason(), "PERMISSION_DENIED");
    }
  }
  // An empty Apply changes nothing and is no error.
  EXPECT_EQ(noc.store.current(), 0);
}

TEST(ServerTest, CustomersAreApart) {
  Server noc;
  ASSERT_TRUE(noc.Apply(SmallCarrier()).ok());
  Server bank("customer:bank", &noc.memory);
  v1::ListRequest all;
  {
    grpc::ClientContext context;
    v1::ListServicesResponse reply;
    ASSERT_TRUE(bank.customers->ListServices(&context, all, &reply).ok());
    ASSERT_EQ(reply.services_size(), 1);
    EXPECT_EQ(reply.services(0).name(), "customers/bank/services/lan");
  }
  {
    grpc::ClientContext context;
    v1::ListCustomersResponse reply;
    ASSERT_TRUE(bank.customers->ListCustomers(&context, all, &reply).ok());
    ASSERT_EQ(reply.customers_size(), 1);
  }
  const auto get = [&](const char* name) {
    grpc::ClientContext context;
    v1::GetRequest request;
    request.set_name(name);
    v1::Service reply;
    return bank.customers->GetService(&context, request, &reply).error_code();
  };
  EXPECT_EQ(get("customers/bank/services/lan"), grpc::StatusCode::OK);
  // The same answer, whether it exists or not.
  EXPECT_EQ(get("customers/shop/services/lan"), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(get("customers/shop/services/none"), grpc::StatusCode::NOT_FOUND);
  v1::Bundle own;
  *own.add_class_maps() = SmallCarrier().class_maps(0);
  own.mutable_class_maps(0)->set_display_name("mine");
  EXPECT_TRUE(bank.Apply(own).ok());
  own.mutable_class_maps(0)->set_name("customers/shop/classMaps/marks");
  EXPECT_EQ(bank.Apply(own).error_code(), grpc::StatusCode::NOT_FOUND);
  grpc::ClientContext context;
  v1::DeleteRequest del;
  del.set_name("customers/bank/sites/a");
  google::protobuf::Empty empty;
  // His own name, but no class map.
  EXPECT_EQ(bank.customers->DeleteClassMap(&context, del, &empty).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
}

TEST(ServerTest, HealthFollowsReadiness) {
  Server server;
  const std::string check = "/grpc.health.v1.Health/Check";
  std::string reply;
  ASSERT_TRUE(CallRaw(server, check, "", &reply).ok());
  EXPECT_EQ(reply, "\x08\x02");
  server.server->SetReady(true);
  ASSERT_TRUE(CallRaw(server, check, "", &reply).ok());
  EXPECT_EQ(reply, "\x08\x01");
  // HealthCheckRequest.service.
  ASSERT_TRUE(CallRaw(server, check, "\x0a\x18waymark.v1.ChangeService", &reply).ok());
  EXPECT_EQ(reply, "\x08\x01");
}

// Asks one question by reflection, given and answered in text format.
std::string Reflect(Server& server, const std::string& question) {
  const auto message = [](const char* name) {
    const auto* type = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(
        absl::StrCat("grpc.reflection.v1alpha.", name));
    return std::unique_ptr<google::protobuf::Message>(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  };
  const auto request = message("ServerReflectionRequest");
  const auto reply = message("ServerReflectionResponse");
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(question, request.get()));
  grpc::GenericStub stub(server.channel);
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  auto call = stub.PrepareCall(
      &context, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", &queue);
  void* tag = nullptr;
  bool ok = false;
  call->StartCall(nullptr);
  EXPECT_TRUE(queue.Next(&tag, &ok) && ok);
  call->Write(Bytes(request->SerializeAsString()), nullptr);
  EXPECT_TRUE(queue.Next(&tag, &ok) && ok);
  grpc::ByteBuffer buffer;
  call->Read(&buffer, nullptr);
  EXPECT_TRUE(queue.Next(&tag, &ok) && ok);
  EXPECT_TRUE(reply->ParseFromString(Text(buffer)));
  context.TryCancel();
  grpc::Status status;
  call->Finish(&status, nullptr);
  EXPECT_TRUE(queue.Next(&tag, &ok));
  return reply->DebugString();
}

TEST(ServerTest, ReflectionDescribesEveryServiceThatItLists) {
  Server server;
  const std::string list = Reflect(server, "list_services: ''");
  std::vector<std::string> names;
  for (size_t at = 0; (at = list.find("name: \"", at)) != std::string::npos;) {
    at += 7;
    names.push_back(list.substr(at, list.find('"', at) - at));
  }
  for (const char* name :
       {"waymark.v1.TopologyService", "waymark.v1.CustomerService", "waymark.v1.PolicyService",
        "waymark.v1.MeshService", "waymark.v1.ProgrammingService", "waymark.v1.ChangeService",
        "grpc.health.v1.Health"}) {
    EXPECT_EQ(std::count(names.begin(), names.end(), name), 1) << name << " in " << list;
  }
  for (const std::string& name : names) {
    const std::string file = Reflect(server, absl::StrCat("file_containing_symbol: '", name, "'"));
    EXPECT_NE(file.find("file_descriptor_proto: "), std::string::npos) << name << ": " << file;
  }
}

TEST(ServerTest, OpenWatchesLeaveRoomForCalls) {
  Server server;
  NorthboundServer::Options options;
  options.listen = "127.0.0.1:0";
  options.max_concurrent_calls = 1;
  auto small = NorthboundServer::Start(PartsOf(server), options);
  ASSERT_TRUE(small.ok()) << small.status();
  const auto stub = v1::ChangeService::NewStub(grpc::CreateChannel(
      absl::StrCat("127.0.0.1:", (*small)->port()), grpc::InsecureChannelCredentials()));
  grpc::ClientContext watch_context[2];
  for (auto& context : watch_context) {
    const auto reader = stub->Watch(&context, v1::WatchRequest());
    v1::WatchEvent event;
    EXPECT_TRUE(reader->Read(&event));
    grpc::ClientContext call;
    v1::ServerInfo info;
    EXPECT_TRUE(stub->GetServerInfo(&call, {}, &info).ok());
    context.TryCancel();
    while (reader->Read(&event)) {
    }
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
}

TEST(ServerTest, RefusesBadOptions) {
  Server server;
  struct Case {
    std::function<void(NorthboundServer::Options&)> spoil;
    absl::StatusCode code;
    const char* says;
  };
  const std::string taken = absl::StrCat("127.0.0.1:", server.server->port());
  const Case cases[] = {
      {[&](auto& o) { o.listen = taken; }, absl::StatusCode::kUnavailable, "in use"},
      {[](auto& o) {
         o.listen = "192.0.2.1:0";
         o.allow_remote_plaintext = true;
       },
       absl::StatusCode::kUnavailable, "192.0.2.1"},
      {[](auto& o) { o.listen = "0.0.0.0:0"; }, absl::StatusCode::kPermissionDenied, "plaintext"},
      {[](auto& o) { o.listen = "[::]:0"; }, absl::StatusCode::kPermissionDenied, "plaintext"},
      {[](auto& o) { o.listen = "127.0.0.1.example.com:1"; }, absl::StatusCode::kPermissionDenied,
       "plaintext"},
      {[](auto& o) {
         o.listen = "localhost:70000";
         o.allow_remote_plaintext = true;
       },
       absl::StatusCode::kInvalidArgument, "HOST:PORT"},
      {[](auto& o) { o.listen = "unix:relative"; }, absl::StatusCode::kInvalidArgument, "absolute"},
      {[](auto& o) { o.plaintext_role = "root"; }, absl::StatusCode::kInvalidArgument, "role"},
      {[](auto& o) { o.tls_certificate = "/x"; }, absl::StatusCode::kInvalidArgument, "all three"},
      {[](auto& o) { o.tls_certificate = o.tls_key = o.tls_client_ca = "/nowhere.pem"; },
       absl::StatusCode::kInvalidArgument, "/nowhere.pem"},
      {[](auto& o) { o.max_message_bytes = 0; }, absl::StatusCode::kInvalidArgument, "limits"},
  };
  for (const Case& c : cases) {
    NorthboundServer::Options options;
    options.listen = "127.0.0.1:0";
    c.spoil(options);
    const auto started = NorthboundServer::Start(PartsOf(server), options);
    ASSERT_FALSE(started.ok()) << c.says;
    EXPECT_EQ(started.status().code(), c.code) << started.status();
    EXPECT_NE(started.status().ToString().find(c.says), std::string::npos) << started.status();
  }
}

TEST(ServerTest, UnixSocketIsNotStolen) {
  Server server;
  NorthboundServer::Options options;
  options.listen = absl::StrCat("unix:/tmp/waymark-test-", server.server->port(), ".sock");
  auto first = NorthboundServer::Start(PartsOf(server), options);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = NorthboundServer::Start(PartsOf(server), options);
  EXPECT_TRUE(absl::IsUnavailable(second.status())) << second.status();
  first->reset();
  // What a crashed server leaves behind is no obstacle.
  const auto third = NorthboundServer::Start(PartsOf(server), options);
  EXPECT_TRUE(third.ok()) << third.status();
}

TEST(ServerTest, InfoBackupAndMetrics) {
  Server server;
  grpc::ClientContext context;
  v1::ServerInfo info;
  ASSERT_TRUE(server.changes->GetServerInfo(&context, {}, &info).ok());
  EXPECT_EQ(info.version(), "1.2.3");
  EXPECT_EQ(info.epoch(), 7u);
  EXPECT_EQ(info.started().seconds(), 1'000);
  for (const char* bad : {"", "relative", "/a/../b", "/a/./b", "/a\n"}) {
    EXPECT_FALSE(CheckBackupFolder(bad, "").ok()) << bad;
  }
  EXPECT_TRUE(CheckBackupFolder("/var/backups/x", "").ok());
  EXPECT_TRUE(CheckBackupFolder("/var/backups/x", "/var/backups").ok());
  EXPECT_FALSE(CheckBackupFolder("/var/backups2", "/var/backups").ok());
  EXPECT_FALSE(CheckBackupFolder("/var/backups/", "/var/backups").ok());
  grpc::ClientContext backup_context;
  v1::BackupStoreRequest backup;
  backup.set_folder("/nowhere");
  v1::BackupStoreResponse reply;
  // The memory store has none: its error comes through.
  EXPECT_EQ(server.changes->BackupStore(&backup_context, backup, &reply).error_code(),
            grpc::StatusCode::UNIMPLEMENTED);
  const std::string text = server.metrics.Text();
  EXPECT_NE(text.find("grpc_server_handled_total{grpc_code=\"OK\",grpc_method=\"/"
                      "waymark.v1.ChangeService/GetServerInfo\"} 1"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("grpc_server_handling_seconds_count"), std::string::npos);
}

// A valid request of the method, with some fields set to what exists.
std::string Seed(const MethodDescriptor* method) {
  const v1::Bundle b = SmallCarrier();
  if (method->name() == "Apply") {
    v1::ApplyRequest request;
    *request.mutable_put() = b;
    request.add_delete_("nodes/c");
    return request.SerializeAsString();
  }
  if (method->name() == "Trace") {
    v1::TraceRequest request;
    request.set_service(b.services(0).name());
    request.set_from_site(b.sites(0).name());
    request.set_to_site(b.sites(1).name());
    request.set_dscp(46);
    return request.SerializeAsString();
  }
  if (method->name().starts_with("List")) {
    v1::ListRequest request;
    request.set_parent("customers/bank");
    request.set_page_size(3);
    request.set_page_token("MXxub2RlOnwxfDF8bm9kZXMvYQ==");
    return request.SerializeAsString();
  }
  if (method->name().starts_with("Get") || method->name().starts_with("Delete")) {
    v1::DeleteRequest request;
    request.set_name("customers/bank/services/lan");
    return request.SerializeAsString();
  }
  v1::CreateServiceRequest request;
  *request.mutable_service() = b.services(0);
  return request.SerializeAsString();
}

TEST(ServerTest, RandomBytesDoNoHarm) {
  Server server;
  ASSERT_TRUE(server.Apply(SmallCarrier()).ok());
  std::mt19937 random(20240229);
  const auto methods = UnaryMethods();
  for (int round = 0; round < 1'500; ++round) {
    const MethodDescriptor* method = methods[random() % methods.size()];
    // BackupStore writes where it is told.
    if (method->name() == "BackupStore") continue;
    std::string request = Seed(method);
    for (int edits = random() % 6; edits > 0 && !request.empty(); --edits) {
      const size_t at = random() % request.size();
      switch (random() % 4) {
        case 0:
          request[at] = static_cast<char>(random());
          break;
        case 1:
          request.resize(at);
          break;
        case 2:
          request.insert(at, 1, static_cast<char>(random()));
          break;
        default:
          request += request.substr(at);
      }
    }
    const grpc::Status status = CallRaw(server, PathOf(method), request);
    EXPECT_NE(status.error_code(), grpc::StatusCode::UNKNOWN) << PathOf(method);
    EXPECT_NE(status.error_code(), grpc::StatusCode::DATA_LOSS) << PathOf(method);
    EXPECT_NE(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED) << PathOf(method);
  }
  // What is left is whole: it loads, and the same model results.
  Server again("operator", &server.memory);
  EXPECT_EQ(again.committer->WithModel([](const Model& m) { return m.revision; }),
            server.store.current());
}

}  // namespace
}  // namespace waymark
