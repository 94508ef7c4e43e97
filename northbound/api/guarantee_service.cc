#include "northbound/api/guarantee_service.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "northbound/api/errors.h"
#include "northbound/api/kinds.h"
#include "northbound/api/path_calls.h"
#include "northbound/api/reader.h"

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

// Behind the API a page begins after a name.
absl::Status SetPage(v1::ListMeshGuaranteesRequest* request) {
  const auto size = CheckPageSize(request->page_size());
  if (!size.ok()) return size.status();
  request->set_page_size(*size);
  if (request->page_token().empty()) return absl::OkStatus();
  const auto token = DecodePageToken(request->page_token(), request->parent());
  if (!token.ok()) return token.status();
  request->set_page_token(token->after);
  return absl::OkStatus();
}

void HideName(const std::string& list, v1::ListMeshGuaranteesResponse* page) {
  if (page->next_page_token().empty()) return;
  page->set_next_page_token(EncodePageToken({.list = list,
                                             .revision = page->revision(),
                                             .current = true,
                                             .after = page->next_page_token()}));
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
                             if (auto s = SetPage(&own); !s.ok()) return done(s);
                             const std::string list = own.parent();
                             paths_.ListMeshGuarantees(
                                 own, LimitsOf(context),
                                 [list, answer = AnswerInto(reply, done)](
                                     absl::StatusOr<v1::ListMeshGuaranteesResponse> page) {
                                   if (page.ok()) HideName(list, &*page);
                                   answer(std::move(page));
                                 });
                           });
}

}  // namespace waymark
