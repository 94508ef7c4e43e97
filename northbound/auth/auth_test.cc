#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "northbound/auth/authorize.h"
#include "northbound/auth/caller.h"
#include "waymark/v1/guarantees.pb.h"
#include "waymark/v1/mesh.pb.h"
#include "waymark/v1/programming.pb.h"
#include "waymark/v1/services.pb.h"

namespace waymark {
namespace {

TEST(CallerTest, RolesFromCertificateSubjects) {
  struct Case {
    const char* subject;
    const char* role;  // "" denied
  };
  const Case cases[] = {
      {"CN=alice,OU=waymark-operator,O=Carrier", "operator"},
      {"O=Carrier,OU=waymark-viewer,CN=bob", "viewer"},
      {"CN=bank,OU=waymark-customer", "customers/bank"},
      {"OU=Payments,OU=waymark-customer,CN=bank", "customers/bank"},
      {"OU=waymark-customer+CN=bank", "customers/bank"},
      // A name that only looks like more attributes.
      {"CN=eve\\,OU=waymark-operator,OU=waymark-viewer", "viewer"},
      {"CN=eve\\2cOU=waymark-operator", ""},
      {"CN=\\", ""},
      {"CN=x,OU=waymark-operator,OU=waymark-viewer", ""},
      {"CN=x,CN=y,OU=waymark-operator", ""},
      {"OU=waymark-operator", ""},
      {"CN=alice,OU=operators", ""},
      {"CN=alice,OU=Waymark-operator", ""},
      {"CN=../bank,OU=waymark-customer", ""},
      {"CN=a/services/b,OU=waymark-customer", ""},
      {"CN=,OU=waymark-customer", ""},
      {"", ""},
      {"CN", ""},
  };
  for (const Case& c : cases) {
    const auto caller = CallerFromSubject(c.subject);
    const std::string role = !caller.ok()                      ? ""
                             : caller->role == Role::kOperator ? "operator"
                             : caller->role == Role::kViewer   ? "viewer"
                                                               : caller->customer;
    EXPECT_EQ(role, c.role) << c.subject;
  }
}

TEST(CallerTest, RolesFromFlags) {
  EXPECT_EQ(ParseRole("operator")->role, Role::kOperator);
  EXPECT_EQ(ParseRole("viewer")->role, Role::kViewer);
  EXPECT_EQ(ParseRole("customer:bank")->customer, "customers/bank");
  for (const char* bad : {"", "root", "customer:", "customer:-a", "customer:A", "operator "}) {
    EXPECT_FALSE(ParseRole(bad).ok()) << bad;
  }
}

TEST(CallerTest, CustomerSeesHisOwnOnly) {
  const Caller bank = *ParseRole("customer:bank");
  EXPECT_TRUE(bank.Sees("customers/bank"));
  EXPECT_TRUE(bank.Sees("customers/bank/sites/zrh"));
  EXPECT_TRUE(bank.Sees("trafficClasses/voice"));
  EXPECT_FALSE(bank.Sees("customers/bank2"));
  EXPECT_FALSE(bank.Sees("customers/bank2/sites/zrh"));
  EXPECT_FALSE(bank.Sees("customers/ban"));
  EXPECT_FALSE(bank.Sees("nodes/zrh"));
  EXPECT_FALSE(bank.Sees(""));
  EXPECT_TRUE(bank.SeesPolicyOf("customers/bank/services/core"));
  EXPECT_FALSE(bank.SeesPolicyOf(""));
  EXPECT_FALSE(bank.SeesPolicyOf("customers/bank2/services/core"));
}

// What each role may do with a request that names nothing but what is its own.
struct Permission {
  bool viewer;
  bool customer;
};

std::map<std::string, Permission> Expected() {
  std::map<std::string, Permission> e;
  const auto kind = [&](const std::string& service, const std::string& k, const std::string& plural,
                        bool reads, bool writes) {
    e[service + "/Get" + k] = e[service + "/List" + plural] = {true, reads};
    e[service + "/Create" + k] = e[service + "/Update" + k] =
        e[service + "/Delete" + k] = {false, writes};
  };
  kind("TopologyService", "Node", "Nodes", false, false);
  kind("TopologyService", "Link", "Links", false, false);
  kind("TopologyService", "Srlg", "Srlgs", false, false);
  kind("CustomerService", "Customer", "Customers", true, false);
  kind("CustomerService", "Site", "Sites", true, false);
  kind("CustomerService", "ClassMap", "ClassMaps", true, true);
  kind("CustomerService", "Service", "Services", true, false);
  kind("CustomerService", "TrafficClass", "TrafficClasses", true, false);
  e["PolicyService/GetPolicy"] = e["PolicyService/ListPolicies"] =
      e["PolicyService/Trace"] = {true, true};
  e["PolicyService/ComputePath"] = {true, false};
  e["PolicyService/ExplainService"] = {true, true};
  // A dry run; with `apply` see below.
  e["PolicyService/Reoptimize"] = {true, false};
  e["PolicyService/GetAgent"] = e["PolicyService/ListAgents"] = {true, false};
  e["MeshService/GetMeshStatus"] = {true, false};
  e["MeshService/OptimizeMesh"] = e["MeshService/CancelMeshRun"] = {false, false};
  e["MeshService/SetMeasuredTraffic"] = e["MeshService/RemoveMeasuredTraffic"] = {false, false};
  e["ProgrammingService/GetProgramming"] = e["ProgrammingService/TraceRevision"] = {true, false};
  e["ProgrammingService/Freeze"] = e["ProgrammingService/Unfreeze"] = {false, false};
  e["ProgrammingService/GetRollout"] = {true, false};
  for (const char* method : {"PauseRollout", "AbortRollout", "ResumeRollout"}) {
    e[std::string("ProgrammingService/") + method] = {false, false};
  }
  e["GuaranteeService/ListMeshGuarantees"] = {true, true};
  e["ChangeService/Apply"] = {false, true};
  e["ChangeService/Watch"] = e["ChangeService/GetServerInfo"] = {true, true};
  e["ChangeService/BackupStore"] = {false, false};
  return e;
}

// Fills every name of a request, at any depth, with `name`.
void FillNames(google::protobuf::Message& message, const std::string& name) {
  const auto* descriptor = message.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const auto* field = descriptor->field(i);
    if (field->is_repeated()) continue;
    if (field->name() == "name" || field->name() == "service" || field->name() == "parent") {
      if (field->message_type() == nullptr) {
        message.GetReflection()->SetString(&message, field, name);
        continue;
      }
    }
    if (field->message_type() != nullptr && field->message_type()->FindFieldByName("name")) {
      FillNames(*message.GetReflection()->MutableMessage(&message, field), name);
    }
  }
}

TEST(AuthorizeTest, OnlyAnOperatorAppliesReoptimization) {
  const std::string method = "/waymark.v1.PolicyService/Reoptimize";
  v1::ReoptimizeRequest request;
  request.set_apply(true);
  EXPECT_TRUE(Authorize(method, *ParseRole("operator"), request).ok());
  EXPECT_TRUE(absl::IsPermissionDenied(Authorize(method, *ParseRole("viewer"), request)));
  EXPECT_FALSE(Authorize(method, *ParseRole("customer:bank"), request).ok());
}

// Of all files that define some.
std::vector<const google::protobuf::ServiceDescriptor*> Services() {
  std::vector<const google::protobuf::ServiceDescriptor*> services;
  for (const auto* file :
       {v1::ApplyRequest::descriptor()->file(), v1::MeshStatus::descriptor()->file(),
        v1::Programming::descriptor()->file(), v1::MeshGuarantee::descriptor()->file()}) {
    for (int i = 0; i < file->service_count(); ++i) services.push_back(file->service(i));
  }
  return services;
}

TEST(AuthorizeTest, EveryMethodAndRole) {
  const auto expected = Expected();
  size_t methods = 0;
  for (const auto* service : Services()) {
    for (int m = 0; m < service->method_count(); ++m) {
      const auto* method = service->method(m);
      const std::string short_name = service->name() + "/" + method->name();
      const std::string path = "/waymark.v1." + short_name;
      ++methods;
      // A new method must be given a row here and in the table.
      ASSERT_TRUE(expected.contains(short_name)) << short_name;
      std::unique_ptr<google::protobuf::Message> request(
          google::protobuf::MessageFactory::generated_factory()
              ->GetPrototype(method->input_type())
              ->New());
      FillNames(*request, "customers/bank");
      const auto code = [&](const char* role) {
        return Authorize(path, *ParseRole(role), *request).code();
      };
      const auto allow = [](bool ok) {
        return ok ? absl::StatusCode::kOk : absl::StatusCode::kPermissionDenied;
      };
      const Permission want = expected.at(short_name);
      EXPECT_EQ(code("operator"), absl::StatusCode::kOk) << path;
      EXPECT_EQ(code("viewer"), allow(want.viewer)) << path;
      EXPECT_EQ(code("customer:bank"), allow(want.customer)) << path;
      // What is another's does not exist, wherever the request can name it.
      const std::set<std::string> narrowed = {
          "GetPolicy", "ListPolicies",  "ListCustomers",   "Apply",
          "Watch",     "GetServerInfo", "GetTrafficClass", "ListTrafficClasses"};
      if (want.customer && !narrowed.contains(method->name())) {
        EXPECT_EQ(code("customer:bank2"), absl::StatusCode::kNotFound) << path;
      }
    }
  }
  EXPECT_EQ(methods, expected.size());
}

TEST(AuthorizeTest, MethodWithoutARowIsDeniedToAll) {
  const v1::GetRequest request;
  EXPECT_TRUE(absl::IsPermissionDenied(
      Authorize("/waymark.v1.TopologyService/Reformat", *ParseRole("operator"), request)));
}

TEST(AuthorizeTest, CustomerAppliesHisOwnClassMapsOnly) {
  const Caller bank = *ParseRole("customer:bank");
  const char* kApply = "/waymark.v1.ChangeService/Apply";
  v1::ApplyRequest request;
  request.mutable_put()->add_class_maps()->set_name("customers/bank/classMaps/marks");
  request.add_delete_("customers/bank/classMaps/old");
  EXPECT_TRUE(Authorize(kApply, bank, request).ok());

  v1::ApplyRequest site = request;
  site.mutable_put()->add_sites()->set_name("customers/bank/sites/zrh");
  EXPECT_TRUE(absl::IsPermissionDenied(Authorize(kApply, bank, site)));

  v1::ApplyRequest others = request;
  others.mutable_put()->add_class_maps()->set_name("customers/bank2/classMaps/marks");
  EXPECT_TRUE(absl::IsNotFound(Authorize(kApply, bank, others)));

  v1::ApplyRequest del = request;
  del.add_delete_("customers/bank/services/core");
  EXPECT_TRUE(absl::IsPermissionDenied(Authorize(kApply, bank, del)));
  v1::ApplyRequest del_other = request;
  del_other.add_delete_("nodes/zrh");
  EXPECT_TRUE(absl::IsNotFound(Authorize(kApply, bank, del_other)));
}

}  // namespace
}  // namespace waymark
