#include "northbound/cli/client.h"

#include <google/protobuf/util/time_util.h>
#include <grpc/support/time.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "northbound/cli/error_detail.h"
#include "northbound/cli/exit_code.h"
#include "northbound/cli/format.h"

namespace waymark::cli {
namespace {

using v1::Resource;

constexpr int kPageSize = 1000;
// A page of 1,000 services with many endpoints can pass gRPC's 4 MB default.
constexpr int kMaxMessageBytes = 256 << 20;
constexpr int kGuaranteesAPage = 1'000;

absl::StatusOr<std::string> ReadTlsFile(const std::string& flag, const std::string& path) {
  if (path.empty()) return std::string();
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in || text.empty()) {
    return UsageError(absl::StrCat(flag, ": cannot read \"", path,
                                   "\": name a PEM file that exists and may be read"));
  }
  return text;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(
    const ConnectOptions& options) {
  const bool files =
      !options.ca_file.empty() || !options.cert_file.empty() || !options.key_file.empty();
  if (!options.tls && !files && options.tls_name.empty()) return grpc::InsecureChannelCredentials();
  if (options.cert_file.empty() != options.key_file.empty()) {
    return UsageError("--cert and --key belong together: give both or neither");
  }
  grpc::SslCredentialsOptions tls;
  auto ca = ReadTlsFile("--ca", options.ca_file);
  if (!ca.ok()) return ca.status();
  auto cert = ReadTlsFile("--cert", options.cert_file);
  if (!cert.ok()) return cert.status();
  auto key = ReadTlsFile("--key", options.key_file);
  if (!key.ok()) return key.status();
  tls.pem_root_certs = *ca;
  tls.pem_cert_chain = *cert;
  tls.pem_private_key = *key;
  return grpc::SslCredentials(tls);
}

template <typename Request>
void SetAsOf(const AsOf& as_of, Request* request) {
  if (as_of.revision > 0) request->set_as_of(as_of.revision);
  if (as_of.time != absl::InfinitePast()) {
    const absl::Duration since = as_of.time - absl::UnixEpoch();
    absl::Duration rest;
    const int64_t seconds = absl::IDivDuration(since, absl::Seconds(1), &rest);
    request->mutable_as_of_time()->set_seconds(seconds);
    request->mutable_as_of_time()->set_nanos(static_cast<int32_t>(absl::ToInt64Nanoseconds(rest)));
  }
}

// gRPC wraps the reason into an account of its own subchannels, which helps nobody at night.
std::string ConnectReason(const std::string& message) {
  for (const char* known :
       {"Connection refused", "No such file or directory", "Permission denied",
        "Network is unreachable", "No route to host", "Connection reset", "DNS resolution failed",
        "Timeout", "CERTIFICATE_VERIFY_FAILED", "WRONG_VERSION_NUMBER", "Socket closed"}) {
    if (message.find(known) != std::string::npos) return known;
  }
  return message;
}

}  // namespace

absl::Status ReadableError(const grpc::Status& status, const std::string& server) {
  if (status.ok()) return absl::OkStatus();
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  v1::ErrorInfo info;
  std::string text;
  if (DecodeErrorInfo(status.error_details(), &info)) {
    if (!info.resource().empty()) absl::StrAppend(&text, info.resource(), ": ");
    if (!info.field().empty()) absl::StrAppend(&text, info.field(), ": ");
    absl::StrAppend(&text,
                    info.description().empty() ? status.error_message() : info.description());
    if (!info.reason().empty()) absl::StrAppend(&text, " (", info.reason(), ")");
  } else if (code == absl::StatusCode::kUnavailable) {
    text = absl::StrCat("cannot reach the controller at ", server, ": ",
                        ConnectReason(status.error_message()),
                        ". Is waymarkd running? Name its address with --server or WAYMARK_SERVER");
  } else if (code == absl::StatusCode::kDeadlineExceeded) {
    text = absl::StrCat("the controller at ", server,
                        " did not answer in time; give it longer with --timeout");
  } else if (code == absl::StatusCode::kUnimplemented) {
    text = absl::StrCat("the server at ", server,
                        " does not know this call: is it a Waymark controller of this version?");
  } else {
    text = status.error_message();
  }
  absl::Status readable(code, Printable(text));
  if (!info.resource().empty()) {
    readable.SetPayload(kResourcePayload, absl::Cord(info.resource()));
    readable.SetPayload(kFieldPayload, absl::Cord(info.field()));
  }
  return readable;
}

absl::StatusOr<std::unique_ptr<Client>> Client::Create(const ConnectOptions& options,
                                                       const Clock& clock) {
  auto credentials = Credentials(options);
  if (!credentials.ok()) return credentials.status();
  grpc::ChannelArguments args;
  args.SetMaxReceiveMessageSize(kMaxMessageBytes);
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  if (!options.tls_name.empty()) args.SetSslTargetNameOverride(options.tls_name);
  return std::unique_ptr<Client>(
      new Client(options, clock, grpc::CreateCustomChannel(options.server, *credentials, args)));
}

Client::Client(const ConnectOptions& options, const Clock& clock,
               const std::shared_ptr<grpc::Channel>& channel)
    : options_(options),
      clock_(clock),
      topology_(channel),
      customer_(channel),
      policy_(channel),
      programming_(channel),
      change_(channel),
      mesh_(channel),
      guarantees_(channel) {}

void Client::Prepare(grpc::ClientContext& context, absl::Duration limit) const {
  if (limit != absl::InfiniteDuration()) {
    context.set_deadline(absl::ToChronoTime(clock_.Now() + limit));
  }
}

template <typename Stub, typename Request, typename Response>
absl::Status Client::Call(Stub& stub,
                          grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                       Response*),
                          const Request& request, Response* response) const {
  grpc::ClientContext context;
  Prepare(context, options_.timeout);
  return ReadableError((stub.*method)(&context, request, response), options_.server);
}

template <typename Stub, typename Item>
absl::StatusOr<Resource> Client::GetOne(
    Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const v1::GetRequest&, Item*),
    Item* (Resource::*slot)(), const std::string& name, const AsOf& as_of) const {
  v1::GetRequest request;
  request.set_name(name);
  SetAsOf(as_of, &request);
  Resource resource;
  if (auto s = Call(stub, method, request, (resource.*slot)()); !s.ok()) return s;
  return resource;
}

template <typename Stub, typename Response, typename Item>
absl::StatusOr<std::vector<Resource>> Client::ListAll(
    Stub& stub,
    grpc::Status (Stub::*method)(grpc::ClientContext*, const v1::ListRequest&, Response*),
    const google::protobuf::RepeatedPtrField<Item>& (Response::*items)() const,
    Item* (Resource::*slot)(), const std::string& parent, const AsOf& as_of) const {
  v1::ListRequest request;
  request.set_parent(parent);
  request.set_page_size(kPageSize);
  SetAsOf(as_of, &request);
  std::vector<Resource> all;
  while (true) {
    Response page;
    if (auto s = Call(stub, method, request, &page); !s.ok()) return s;
    for (const Item& item : (page.*items)()) *(all.emplace_back().*slot)() = item;
    // A server that repeats a token would keep us here for ever.
    if (page.next_page_token().empty() || page.next_page_token() == request.page_token()) break;
    request.set_page_token(page.next_page_token());
  }
  return all;
}

absl::StatusOr<Resource> Client::Get(Kind kind, const std::string& name, const AsOf& as_of) {
  using T = v1::TopologyService::Stub;
  using C = v1::CustomerService::Stub;
  using P = v1::PolicyService::Stub;
  switch (kind) {
    case Kind::kNode:
      return GetOne(topology_, &T::GetNode, &Resource::mutable_node, name, as_of);
    case Kind::kLink:
      return GetOne(topology_, &T::GetLink, &Resource::mutable_link, name, as_of);
    case Kind::kSrlg:
      return GetOne(topology_, &T::GetSrlg, &Resource::mutable_srlg, name, as_of);
    case Kind::kCustomer:
      return GetOne(customer_, &C::GetCustomer, &Resource::mutable_customer, name, as_of);
    case Kind::kSite:
      return GetOne(customer_, &C::GetSite, &Resource::mutable_site, name, as_of);
    case Kind::kTrafficClass:
      return GetOne(customer_, &C::GetTrafficClass, &Resource::mutable_traffic_class, name, as_of);
    case Kind::kClassMap:
      return GetOne(customer_, &C::GetClassMap, &Resource::mutable_class_map, name, as_of);
    case Kind::kService:
      return GetOne(customer_, &C::GetService, &Resource::mutable_service, name, as_of);
    case Kind::kPolicy:
      return GetOne(policy_, &P::GetPolicy, &Resource::mutable_policy, name, as_of);
    case Kind::kAgent:
      return GetOne(policy_, &P::GetAgent, &Resource::mutable_agent, name, as_of);
  }
  return absl::InternalError("unknown kind");
}

absl::StatusOr<std::vector<Resource>> Client::List(Kind kind, const std::string& customer,
                                                   const AsOf& as_of) {
  using T = v1::TopologyService::Stub;
  using C = v1::CustomerService::Stub;
  using P = v1::PolicyService::Stub;
  const std::string parent = absl::StrCat("customers/", customer.empty() ? "-" : customer);
  switch (kind) {
    case Kind::kNode:
      return ListAll(topology_, &T::ListNodes, &v1::ListNodesResponse::nodes,
                     &Resource::mutable_node, "", as_of);
    case Kind::kLink:
      return ListAll(topology_, &T::ListLinks, &v1::ListLinksResponse::links,
                     &Resource::mutable_link, "", as_of);
    case Kind::kSrlg:
      return ListAll(topology_, &T::ListSrlgs, &v1::ListSrlgsResponse::srlgs,
                     &Resource::mutable_srlg, "", as_of);
    case Kind::kCustomer:
      return ListAll(customer_, &C::ListCustomers, &v1::ListCustomersResponse::customers,
                     &Resource::mutable_customer, "", as_of);
    case Kind::kSite:
      return ListAll(customer_, &C::ListSites, &v1::ListSitesResponse::sites,
                     &Resource::mutable_site, parent, as_of);
    case Kind::kTrafficClass:
      return ListAll(customer_, &C::ListTrafficClasses,
                     &v1::ListTrafficClassesResponse::traffic_classes,
                     &Resource::mutable_traffic_class, "", as_of);
    case Kind::kClassMap:
      return ListAll(customer_, &C::ListClassMaps, &v1::ListClassMapsResponse::class_maps,
                     &Resource::mutable_class_map, parent, as_of);
    case Kind::kService:
      return ListAll(customer_, &C::ListServices, &v1::ListServicesResponse::services,
                     &Resource::mutable_service, parent, as_of);
    case Kind::kPolicy: {
      auto all = ListAll(policy_, &P::ListPolicies, &v1::ListPoliciesResponse::policies,
                         &Resource::mutable_policy, "", as_of);
      if (all.ok() && !customer.empty()) {
        std::erase_if(
            *all, [&](const Resource& r) { return CustomerOf(r.policy().service()) != customer; });
      }
      return all;
    }
    case Kind::kAgent:
      return ListAll(policy_, &P::ListAgents, &v1::ListAgentsResponse::agents,
                     &Resource::mutable_agent, "", as_of);
  }
  return absl::InternalError("unknown kind");
}

absl::StatusOr<v1::ApplyResponse> Client::Apply(const v1::ApplyRequest& request) {
  v1::ApplyResponse response;
  if (auto s = Call(change_, &v1::ChangeService::Stub::Apply, request, &response); !s.ok()) {
    return s;
  }
  return response;
}

absl::StatusOr<v1::TraceResponse> Client::Trace(const v1::TraceRequest& request) {
  v1::TraceResponse response;
  if (auto s = Call(policy_, &v1::PolicyService::Stub::Trace, request, &response); !s.ok()) {
    return s;
  }
  return response;
}

absl::StatusOr<v1::ComputePathResponse> Client::ComputePath(v1::ComputePathRequest request,
                                                            const AsOf& as_of) {
  SetAsOf(as_of, &request);
  v1::ComputePathResponse response;
  if (auto s = Call(policy_, &v1::PolicyService::Stub::ComputePath, request, &response); !s.ok()) {
    return s;
  }
  return response;
}

absl::StatusOr<v1::ExplainServiceResponse> Client::ExplainService(const std::string& name) {
  v1::ExplainServiceRequest request;
  request.set_name(name);
  v1::ExplainServiceResponse response;
  if (auto s = Call(policy_, &v1::PolicyService::Stub::ExplainService, request, &response);
      !s.ok()) {
    return s;
  }
  return response;
}

absl::StatusOr<v1::ReoptimizeResponse> Client::Reoptimize(const v1::ReoptimizeRequest& request) {
  v1::ReoptimizeResponse response;
  if (auto s = Call(policy_, &v1::PolicyService::Stub::Reoptimize, request, &response); !s.ok()) {
    return s;
  }
  return response;
}

absl::StatusOr<v1::MeshStatus> Client::MeshStatus(int64_t newer_than, absl::Duration wait) {
  v1::GetMeshStatusRequest request;
  request.set_newer_than(newer_than);
  *request.mutable_wait() =
      google::protobuf::util::TimeUtil::NanosecondsToDuration(absl::ToInt64Nanoseconds(wait));
  v1::MeshStatus response;
  auto s = Call(mesh_, &v1::MeshService::Stub::GetMeshStatus, request, &response);
  if (!s.ok()) return s;
  return response;
}

absl::StatusOr<int64_t> Client::OptimizeMesh(const v1::OptimizeMeshRequest& request) {
  v1::OptimizeMeshResponse response;
  auto s = Call(mesh_, &v1::MeshService::Stub::OptimizeMesh, request, &response);
  if (!s.ok()) return s;
  return response.run();
}

absl::StatusOr<v1::MeshStatus> Client::CancelMeshRun(int64_t run) {
  v1::CancelMeshRunRequest request;
  request.set_run(run);
  v1::MeshStatus response;
  auto s = Call(mesh_, &v1::MeshService::Stub::CancelMeshRun, request, &response);
  if (!s.ok()) return s;
  return response;
}

absl::StatusOr<v1::MeasuredTraffic> Client::SetMeasured(
    const v1::SetMeasuredTrafficRequest& request) {
  return Ask<v1::MeasuredTraffic>(mesh_, &v1::MeshService::Stub::SetMeasuredTraffic, request);
}

absl::StatusOr<v1::MeasuredTraffic> Client::RemoveMeasured(const std::string& traffic_class) {
  v1::RemoveMeasuredTrafficRequest request;
  request.set_traffic_class(traffic_class);
  return Ask<v1::MeasuredTraffic>(mesh_, &v1::MeshService::Stub::RemoveMeasuredTraffic, request);
}

absl::StatusOr<v1::ListMeshGuaranteesResponse> Client::ListMeshGuarantees(
    v1::ListMeshGuaranteesRequest request) {
  request.set_page_size(kGuaranteesAPage);
  v1::ListMeshGuaranteesResponse all;
  while (true) {
    auto page = Ask<v1::ListMeshGuaranteesResponse>(
        guarantees_, &v1::GuaranteeService::Stub::ListMeshGuarantees, request);
    if (!page.ok()) return page.status();
    request.set_page_token(page->next_page_token());
    page->clear_next_page_token();
    all.MergeFrom(*page);
    if (request.page_token().empty()) return all;
  }
}

absl::StatusOr<std::vector<Resource>> Client::ListPolicies(const std::string& parent) {
  return ListAll(policy_, &v1::PolicyService::Stub::ListPolicies,
                 &v1::ListPoliciesResponse::policies, &Resource::mutable_policy, parent, AsOf());
}

absl::StatusOr<v1::ServerInfo> Client::Info() {
  v1::ServerInfo response;
  const google::protobuf::Empty request;
  if (auto s = Call(change_, &v1::ChangeService::Stub::GetServerInfo, request, &response);
      !s.ok()) {
    return s;
  }
  return response;
}

template <typename Response, typename Stub, typename Request>
absl::StatusOr<Response> Client::Ask(Stub& stub,
                                     grpc::Status (Stub::*method)(grpc::ClientContext*,
                                                                  const Request&, Response*),
                                     const Request& request) const {
  Response response;
  if (auto s = Call(stub, method, request, &response); !s.ok()) return s;
  return response;
}

absl::StatusOr<v1::Programming> Client::Programming() {
  return Ask(programming_, &v1::ProgrammingService::Stub::GetProgramming,
             v1::GetProgrammingRequest());
}

absl::StatusOr<v1::Programming> Client::Freeze(const v1::FreezeRequest& request) {
  return Ask(programming_, &v1::ProgrammingService::Stub::Freeze, request);
}

absl::StatusOr<v1::Programming> Client::Unfreeze() {
  return Ask(programming_, &v1::ProgrammingService::Stub::Unfreeze, v1::UnfreezeRequest());
}

absl::StatusOr<v1::Rollout> Client::Rollout() {
  return Ask(programming_, &v1::ProgrammingService::Stub::GetRollout, v1::GetRolloutRequest());
}

absl::StatusOr<v1::Rollout> Client::PauseRollout(const std::string& reason) {
  v1::PauseRolloutRequest request;
  request.set_reason(reason);
  return Ask(programming_, &v1::ProgrammingService::Stub::PauseRollout, request);
}

absl::StatusOr<v1::Rollout> Client::AbortRollout(const std::string& reason) {
  v1::AbortRolloutRequest request;
  request.set_reason(reason);
  return Ask(programming_, &v1::ProgrammingService::Stub::AbortRollout, request);
}

absl::StatusOr<v1::Rollout> Client::ResumeRollout() {
  return Ask(programming_, &v1::ProgrammingService::Stub::ResumeRollout,
             v1::ResumeRolloutRequest());
}

absl::StatusOr<v1::RevisionJourney> Client::TraceRevision(int64_t revision) {
  v1::TraceRevisionRequest request;
  request.set_revision(revision);
  return Ask(programming_, &v1::ProgrammingService::Stub::TraceRevision, request);
}

absl::StatusOr<v1::BackupStoreResponse> Client::Backup(const std::string& folder) {
  v1::BackupStoreRequest request;
  request.set_folder(folder);
  v1::BackupStoreResponse response;
  if (auto s = Call(change_, &v1::ChangeService::Stub::BackupStore, request, &response); !s.ok()) {
    return s;
  }
  return response;
}

absl::Status Client::Watch(const v1::WatchRequest& request, absl::Duration limit,
                           const std::function<bool(const v1::WatchEvent&)>& on_event) {
  grpc::ClientContext context;
  Prepare(context, limit);
  const auto reader = change_.Watch(&context, request);
  v1::WatchEvent event;
  while (reader->Read(&event)) {
    if (on_event(event)) continue;
    context.TryCancel();
    reader->Finish();
    return absl::OkStatus();
  }
  return ReadableError(reader->Finish(), options_.server);
}

absl::Status Client::WatchOrIdle(const v1::WatchRequest& request, absl::Duration limit,
                                 absl::Duration idle,
                                 const std::function<bool(const v1::WatchEvent*)>& on_event) {
  // One operation is under way at any time, so there is one tag.
  grpc::CompletionQueue queue;
  grpc::ClientContext context;
  Prepare(context, limit);
  void* tag = nullptr;
  bool open = false;
  const auto reader = change_.AsyncWatch(&context, request, &queue, nullptr);
  queue.Next(&tag, &open);
  const gpr_timespec pause = gpr_time_from_millis(absl::ToInt64Milliseconds(idle), GPR_TIMESPAN);
  v1::WatchEvent event;
  bool wanted = true;
  while (open && wanted) {
    reader->Read(&event, nullptr);
    while (wanted && queue.AsyncNext(&tag, &open, pause) == grpc::CompletionQueue::TIMEOUT) {
      wanted = on_event(nullptr);
      // The read under way ends with the call.
      if (wanted) continue;
      context.TryCancel();
      queue.Next(&tag, &open);
    }
    if (wanted && open) wanted = on_event(&event);
  }
  if (!wanted) context.TryCancel();
  grpc::Status status;
  reader->Finish(&status, nullptr);
  queue.Next(&tag, &open);
  return wanted ? ReadableError(status, options_.server) : absl::OkStatus();
}

}  // namespace waymark::cli
