#include "northbound/api/policy_service.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "northbound/api/errors.h"
#include "northbound/api/path_calls.h"
#include "northbound/api/path_requests.h"
#include "northbound/api/trace.h"

namespace waymark {
namespace {

template <typename Request>
absl::Status CheckNow(const Request& request) {
  if (request.as_of() == 0 && !request.has_as_of_time()) return absl::OkStatus();
  return InvalidField("", request.as_of() == 0 ? "as_of_time" : "as_of",
                      "is for stored resources: policies and agents are of now only; leave it out");
}

template <typename Map, typename Message>
absl::Status Find(const Map& map, const std::string& name, Message* reply) {
  const auto it = map.find(name);
  if (it == map.end()) return ResourceNotFound(name);
  *reply = *it->second;
  return absl::OkStatus();
}

// `wanted` says which values belong to the list; `add` appends one to the reply.
template <typename Map, typename Wanted, typename Add, typename Reply>
absl::Status ListMap(const Map& map, const std::string& list, const v1::ListRequest& request,
                     Revision revision, Wanted wanted, Add add, Reply* reply) {
  const auto size = CheckPageSize(request.page_size());
  if (!size.ok()) return size.status();
  auto it = map.begin();
  if (!request.page_token().empty()) {
    const auto token = DecodePageToken(request.page_token(), list);
    if (!token.ok()) return token.status();
    it = map.upper_bound(token->after);
  }
  reply->set_revision(revision);
  std::string last;
  int count = 0;
  for (; it != map.end(); ++it) {
    if (!wanted(*it->second)) continue;
    if (count++ == *size) {
      reply->set_next_page_token(EncodePageToken({list, revision, true, last}));
      break;
    }
    last = it->first;
    add(*it->second);
  }
  return absl::OkStatus();
}

absl::Status CheckParent(const std::string& parent) {
  if (parent.empty() || parent == "customers/-") return absl::OkStatus();
  const auto kind = KindOfName(parent);
  if (kind == Kind::kCustomer || kind == Kind::kService || kind == Kind::kNode) {
    return absl::OkStatus();
  }
  return InvalidField("", "parent",
                      absl::StrCat(Quoted(parent), " owns no policies: write customers/ID, ",
                                   "customers/ID/services/ID or nodes/ID, or leave it empty"));
}

bool IsUnder(const v1::Policy& policy, const std::string& parent) {
  if (parent.empty()) return true;
  if (parent == "customers/-") return !policy.service().empty();
  if (parent.starts_with("nodes/")) return policy.headend() == parent;
  return policy.service() == parent || policy.service().starts_with(parent + "/");
}

}  // namespace

grpc::ServerUnaryReactor* PolicyServiceImpl::GetPolicy(grpc::CallbackServerContext* context,
                                                       const v1::GetRequest* request,
                                                       v1::Policy* reply) {
  return rooms_.dispatcher.Serve(
      context, "/waymark.v1.PolicyService/GetPolicy", *request,
      [=, this](const Caller& caller, const Dispatcher::Done& done) {
        if (absl::Status s = CheckNow(*request); !s.ok()) return done(s);
        const auto view = rooms_.view.Get();
        const auto it = view->policies.find(request->name());
        if (it == view->policies.end() || !caller.SeesPolicyOf(it->second->service())) {
          return done(ResourceNotFound(request->name()));
        }
        *reply = *it->second;
        done(absl::OkStatus());
      });
}

grpc::ServerUnaryReactor* PolicyServiceImpl::ListPolicies(grpc::CallbackServerContext* context,
                                                          const v1::ListRequest* request,
                                                          v1::ListPoliciesResponse* reply) {
  return rooms_.dispatcher.Serve(
      context, "/waymark.v1.PolicyService/ListPolicies", *request,
      [=, this](const Caller& caller, const Dispatcher::Done& done) {
        if (absl::Status s = CheckNow(*request); !s.ok()) return done(s);
        if (absl::Status s = CheckParent(request->parent()); !s.ok()) return done(s);
        const auto view = rooms_.view.Get();
        done(ListMap(
            view->policies, "policies:" + request->parent(), *request, view->computed_from,
            [&](const v1::Policy& p) {
              return caller.SeesPolicyOf(p.service()) && IsUnder(p, request->parent());
            },
            [&](const v1::Policy& p) { *reply->add_policies() = p; }, reply));
      });
}

grpc::ServerUnaryReactor* PolicyServiceImpl::Trace(grpc::CallbackServerContext* context,
                                                   const v1::TraceRequest* request,
                                                   v1::TraceResponse* reply) {
  return rooms_.dispatcher.Serve(context, "/waymark.v1.PolicyService/Trace", *request,
                                 [=, this](const Caller&, const Dispatcher::Done& done) {
                                   const auto view = rooms_.view.Get();
                                   absl::StatusOr<v1::TraceResponse> traced =
                                       rooms_.committer.WithModel([&](const Model& model) {
                                         return waymark::Trace(model, *view, *request);
                                       });
                                   if (traced.ok()) *reply = *std::move(traced);
                                   done(traced.status());
                                 });
}

grpc::ServerUnaryReactor* PolicyServiceImpl::ComputePath(grpc::CallbackServerContext* context,
                                                         const v1::ComputePathRequest* request,
                                                         v1::ComputePathResponse* reply) {
  return rooms_.dispatcher.Serve(context, "/waymark.v1.PolicyService/ComputePath", *request,
                                 [=, this](const Caller&, const Dispatcher::Done& done) {
                                   absl::Status s = ValidateComputePath(*request);
                                   if (s.ok() && request->has_as_of_time()) {
                                     s = rooms_.reader.CheckPast(request->as_of_time());
                                   }
                                   if (!s.ok()) return done(s);
                                   rooms_.paths.ComputePath(*request, LimitsOf(context),
                                                            AnswerInto(reply, done));
                                 });
}

grpc::ServerUnaryReactor* PolicyServiceImpl::ExplainService(
    grpc::CallbackServerContext* context, const v1::ExplainServiceRequest* request,
    v1::ExplainServiceResponse* reply) {
  return rooms_.dispatcher.Serve(context, "/waymark.v1.PolicyService/ExplainService", *request,
                                 [=, this](const Caller&, const Dispatcher::Done& done) {
                                   if (absl::Status s = ValidateExplainService(*request); !s.ok())
                                     return done(s);
                                   rooms_.paths.ExplainService(*request, LimitsOf(context),
                                                               AnswerInto(reply, done));
                                 });
}

grpc::ServerUnaryReactor* PolicyServiceImpl::Reoptimize(grpc::CallbackServerContext* context,
                                                        const v1::ReoptimizeRequest* request,
                                                        v1::ReoptimizeResponse* reply) {
  static constexpr char kMethod[] = "/waymark.v1.PolicyService/Reoptimize";
  return rooms_.dispatcher.Serve(
      context, kMethod, *request, [=, this](const Caller& caller, const Dispatcher::Done& done) {
        if (absl::Status s = ValidateReoptimize(*request); !s.ok()) return done(s);
        const auto ask = [=, this](PathQueries::Done<v1::ReoptimizeResponse> answer) {
          rooms_.paths.Reoptimize(*request, LimitsOf(context), std::move(answer));
        };
        // Without apply nothing changes, so that there is nothing to repeat.
        if (!request->apply() || request->request_id().empty()) {
          return ask(AnswerInto(reply, done));
        }
        const uint64_t hash = HashRequest(kMethod, caller, *request);
        rooms_.committer.Recall(
            request->request_id(), hash, [=, this](absl::StatusOr<std::string> first) {
              if (first.ok()) {
                return done(reply->ParseFromString(*first)
                                ? absl::OkStatus()
                                : absl::DataLossError("the stored reply does not parse"));
              }
              if (!absl::IsNotFound(first.status())) return done(first.status());
              ask([=, this](absl::StatusOr<v1::ReoptimizeResponse> answer) {
                if (!answer.ok()) return done(WithField(answer.status()));
                *reply = *std::move(answer);
                // What is done is done, remembered or not: the committer logs a failure.
                rooms_.committer.Remember(request->request_id(), hash, reply->SerializeAsString(),
                                          [done](const absl::Status&) { done(absl::OkStatus()); });
              });
            });
      });
}

grpc::ServerUnaryReactor* PolicyServiceImpl::GetAgent(grpc::CallbackServerContext* context,
                                                      const v1::GetRequest* request,
                                                      v1::Agent* reply) {
  return rooms_.dispatcher.Serve(context, "/waymark.v1.PolicyService/GetAgent", *request,
                                 [=, this](const Caller&, const Dispatcher::Done& done) {
                                   absl::Status s = CheckNow(*request);
                                   const auto view = rooms_.view.Get();
                                   done(s.ok() ? Find(view->agents, request->name(), reply) : s);
                                 });
}

grpc::ServerUnaryReactor* PolicyServiceImpl::ListAgents(grpc::CallbackServerContext* context,
                                                        const v1::ListRequest* request,
                                                        v1::ListAgentsResponse* reply) {
  return rooms_.dispatcher.Serve(
      context, "/waymark.v1.PolicyService/ListAgents", *request,
      [=, this](const Caller&, const Dispatcher::Done& done) {
        if (absl::Status s = CheckNow(*request); !s.ok()) return done(s);
        if (!request->parent().empty()) {
          return done(InvalidField("", "parent", "agents have no parent: leave it empty"));
        }
        const auto view = rooms_.view.Get();
        done(ListMap(
            view->agents, "agents", *request, view->computed_from,
            [](const v1::Agent&) { return true; },
            [&](const v1::Agent& agent) { *reply->add_agents() = agent; }, reply));
      });
}

}  // namespace waymark
