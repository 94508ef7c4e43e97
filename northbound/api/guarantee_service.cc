#include "northbound/api/guarantee_service.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "northbound/api/errors.h"
#include "northbound/api/kinds.h"
#include "northbound/api/path_calls.h"

namespace waymark {
namespace {

absl::Status Check(const v1::ListMeshGuaranteesRequest& request) {
  const std::string& parent = request.parent();
  const auto kind = KindOfName(parent);
  const bool all = parent.empty() || parent == "customers/-";
  if (!all && kind != Kind::kCustomer && kind != Kind::kService) {
    return InvalidField("", "parent",
                        absl::StrCat(Quoted(parent), " has no guarantees: write customers/ID, ",
                                     "customers/ID/services/ID, or leave it empty"));
  }
  if (!request.whole() || kind == Kind::kService) return absl::OkStatus();
  return InvalidField("", "whole", "is for one service: name it as parent");
}

}  // namespace

grpc::ServerUnaryReactor* GuaranteeServiceImpl::ListMeshGuarantees(
    grpc::CallbackServerContext* context, const v1::ListMeshGuaranteesRequest* request,
    v1::ListMeshGuaranteesResponse* reply) {
  return dispatcher_.Serve(context, "/waymark.v1.GuaranteeService/ListMeshGuarantees", *request,
                           [=, this](const Caller& caller, const Dispatcher::Done& done) {
                             if (auto s = Check(*request); !s.ok()) return done(s);
                             v1::ListMeshGuaranteesRequest own = *request;
                             // Of all, what a customer sees is his own.
                             if (caller.role == Role::kCustomer && !caller.Sees(own.parent())) {
                               own.set_parent(caller.customer);
                             }
                             paths_.ListMeshGuarantees(own, LimitsOf(context),
                                                       AnswerInto(reply, done));
                           });
}

}  // namespace waymark
