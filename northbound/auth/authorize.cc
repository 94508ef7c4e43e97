#include "northbound/auth/authorize.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "waymark/v1/services.pb.h"

namespace waymark {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// What a customer may do with a method. The NOC viewer may call what only reads.
enum class Customers {
  kDenied,
  // Nothing in request or reply belongs to anyone, or the handler narrows the reply to what the
  // caller sees.
  kNarrowed,
  // `name` must be his own.
  kOwnName,
  // `parent`, if it names one customer, must be his own.
  kOwnParent,
  // `service` must be his own.
  kOwnService,
  // The one resource of the request must be his own.
  kOwnResource,
  // Only class maps, and only his own.
  kOwnClassMaps,
};

struct Row {
  bool writes;
  Customers customers;
  // It writes only when its field `apply` is set.
  bool only_when_applied = false;
};

using Table = std::map<std::string, Row, std::less<>>;

void AddKind(Table& table, const std::string& service, const std::string& kind,
             const std::string& plural, Customers get, Customers list, bool customers_write) {
  const std::string prefix = "/waymark.v1." + service + "/";
  const Customers resource = customers_write ? Customers::kOwnResource : Customers::kDenied;
  const Customers name = customers_write ? Customers::kOwnName : Customers::kDenied;
  table[prefix + "Get" + kind] = {false, get};
  table[prefix + "List" + plural] = {false, list};
  table[prefix + "Create" + kind] = {true, resource};
  table[prefix + "Update" + kind] = {true, resource};
  table[prefix + "Delete" + kind] = {true, name};
}

Table MakeTable() {
  using enum Customers;
  Table t;
  AddKind(t, "TopologyService", "Node", "Nodes", kDenied, kDenied, false);
  AddKind(t, "TopologyService", "Link", "Links", kDenied, kDenied, false);
  AddKind(t, "TopologyService", "Srlg", "Srlgs", kDenied, kDenied, false);
  AddKind(t, "CustomerService", "Customer", "Customers", kOwnName, kNarrowed, false);
  AddKind(t, "CustomerService", "Site", "Sites", kOwnName, kOwnParent, false);
  AddKind(t, "CustomerService", "ClassMap", "ClassMaps", kOwnName, kOwnParent, true);
  AddKind(t, "CustomerService", "Service", "Services", kOwnName, kOwnParent, false);
  AddKind(t, "CustomerService", "TrafficClass", "TrafficClasses", kNarrowed, kNarrowed, false);
  t["/waymark.v1.PolicyService/GetPolicy"] = {false, kNarrowed};
  t["/waymark.v1.PolicyService/ListPolicies"] = {false, kNarrowed};
  t["/waymark.v1.PolicyService/Trace"] = {false, kOwnService};
  t["/waymark.v1.PolicyService/ComputePath"] = {false, kDenied};
  t["/waymark.v1.PolicyService/ExplainService"] = {false, kOwnName};
  t["/waymark.v1.PolicyService/Reoptimize"] = {true, kDenied, /*only_when_applied=*/true};
  t["/waymark.v1.PolicyService/GetAgent"] = {false, kDenied};
  t["/waymark.v1.PolicyService/ListAgents"] = {false, kDenied};
  t["/waymark.v1.MeshService/GetMeshStatus"] = {false, kDenied};
  t["/waymark.v1.MeshService/OptimizeMesh"] = {true, kDenied};
  t["/waymark.v1.MeshService/CancelMeshRun"] = {true, kDenied};
  t["/waymark.v1.MeshService/SetMeasuredTraffic"] = {true, kDenied};
  t["/waymark.v1.MeshService/RemoveMeasuredTraffic"] = {true, kDenied};
  t["/waymark.v1.ProgrammingService/GetProgramming"] = {false, kDenied};
  t["/waymark.v1.ProgrammingService/Freeze"] = {true, kDenied};
  t["/waymark.v1.ProgrammingService/Unfreeze"] = {true, kDenied};
  t["/waymark.v1.ProgrammingService/GetRollout"] = {false, kDenied};
  t["/waymark.v1.ProgrammingService/PauseRollout"] = {true, kDenied};
  t["/waymark.v1.ProgrammingService/AbortRollout"] = {true, kDenied};
  t["/waymark.v1.ProgrammingService/ResumeRollout"] = {true, kDenied};
  t["/waymark.v1.ProgrammingService/TraceRevision"] = {false, kDenied};
  t["/waymark.v1.GuaranteeService/ListMeshGuarantees"] = {false, kOwnParent};
  t["/waymark.v1.ChangeService/Apply"] = {true, kOwnClassMaps};
  t["/waymark.v1.ChangeService/Watch"] = {false, kNarrowed};
  t["/waymark.v1.ChangeService/GetServerInfo"] = {false, kNarrowed};
  t["/waymark.v1.ChangeService/BackupStore"] = {true, kDenied};
  return t;
}

// Repeats no more of a name than a name can have.
absl::Status NotFound(const std::string& name) {
  const bool plain =
      std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 127; });
  return absl::NotFoundError(
      absl::StrCat(plain && name.size() <= 200 ? name : "the resource", " does not exist"));
}

std::string TextField(const Message& message, const char* field) {
  const FieldDescriptor* f = message.GetDescriptor()->FindFieldByName(field);
  return message.GetReflection()->GetString(message, f);
}

bool Applies(const Message& request) {
  const FieldDescriptor* f = request.GetDescriptor()->FindFieldByName("apply");
  return request.GetReflection()->GetBool(request, f);
}

absl::Status CheckOwn(const Caller& caller, const std::string& name) {
  return caller.Sees(name) ? absl::OkStatus() : NotFound(name);
}

absl::Status CheckParent(const Caller& caller, const std::string& parent) {
  if (parent.empty() || parent == "customers/-") return absl::OkStatus();
  return CheckOwn(caller, parent);
}

// The resource of a Create or Update request is its only field with a name.
absl::Status CheckResource(const Caller& caller, const Message& request) {
  const auto* descriptor = request.GetDescriptor();
  for (int i = 0; i < descriptor->field_count(); ++i) {
    const FieldDescriptor* field = descriptor->field(i);
    if (field->message_type() == nullptr || field->is_repeated() ||
        field->message_type()->FindFieldByName("name") == nullptr) {
      continue;
    }
    return CheckOwn(caller, TextField(request.GetReflection()->GetMessage(request, field), "name"));
  }
  return absl::PermissionDeniedError("the request names no resource");
}

absl::Status CheckClassMaps(const Caller& caller, const v1::ApplyRequest& request) {
  const v1::Bundle& put = request.put();
  if (put.nodes_size() + put.links_size() + put.srlgs_size() + put.customers_size() +
          put.sites_size() + put.traffic_classes_size() + put.services_size() >
      0) {
    return absl::PermissionDeniedError(
        "a customer changes class maps only: take the other kinds out of the bundle");
  }
  const std::string own = caller.customer + "/classMaps/";
  for (const v1::ClassMap& class_map : put.class_maps()) {
    if (!class_map.name().starts_with(own)) return NotFound(class_map.name());
  }
  for (const std::string& name : request.delete_()) {
    if (!name.starts_with(own)) {
      return caller.Sees(name) ? absl::PermissionDeniedError("a customer deletes class maps only")
                               : NotFound(name);
    }
  }
  return absl::OkStatus();
}

absl::Status CheckCustomer(Customers rule, const Caller& caller, const Message& request) {
  switch (rule) {
    case Customers::kDenied:
      break;
    case Customers::kNarrowed:
      return absl::OkStatus();
    case Customers::kOwnName:
      return CheckOwn(caller, TextField(request, "name"));
    case Customers::kOwnParent:
      return CheckParent(caller, TextField(request, "parent"));
    case Customers::kOwnService:
      return CheckOwn(caller, TextField(request, "service"));
    case Customers::kOwnResource:
      return CheckResource(caller, request);
    case Customers::kOwnClassMaps:
      return CheckClassMaps(caller, static_cast<const v1::ApplyRequest&>(request));
  }
  return absl::PermissionDeniedError("a customer may not call this method: ask the NOC");
}

}  // namespace

absl::Status Authorize(std::string_view method, const Caller& caller, const Message& request) {
  static const Table& table = *new Table(MakeTable());
  const auto row = table.find(method);
  if (row == table.end()) return absl::PermissionDeniedError("nobody may call this method");
  switch (caller.role) {
    case Role::kOperator:
      return absl::OkStatus();
    case Role::kViewer:
      if (!row->second.writes) return absl::OkStatus();
      if (row->second.only_when_applied && !Applies(request)) return absl::OkStatus();
      return absl::PermissionDeniedError("a viewer changes nothing: call as an operator");
    case Role::kCustomer:
      return CheckCustomer(row->second.customers, caller, request);
  }
  return absl::PermissionDeniedError("unknown role");
}

}  // namespace waymark
