#include "northbound/cli/fake_server.h"

#include <condition_variable>

#include "northbound/cli/error_detail.h"

namespace waymark::cli {

using grpc::ServerContext;
using grpc::Status;
using v1::Resource;

struct FakeServer::State {
  mutable std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
  std::map<std::string, Resource> resources;
  int page_size = 1000;
  Status failure = Status::OK;
  v1::TraceResponse trace;
  v1::ComputePathResponse paths;
  v1::ExplainServiceResponse explanation;
  v1::ReoptimizeResponse plan;
  std::vector<v1::MeshStatus> mesh{1};
  std::vector<std::string> mesh_requests;
  v1::ListMeshGuaranteesResponse guarantees;
  v1::ComputePathRequest last_paths;
  v1::ReoptimizeRequest last_plan;
  int plans = 0;
  std::vector<v1::WatchEvent> events;
  v1::ServerInfo info;
  v1::Programming programming;
  v1::Rollout rollout;
  v1::RevisionJourney journey;
  v1::FreezeRequest last_freeze;
  int64_t last_journey = 0;
  v1::ApplyRequest last_apply;
  v1::TraceRequest last_trace;
  v1::WatchRequest last_watch;
  v1::GetRequest last_get;
  v1::ListRequest last_list;
  int applies = 0;
  int watches = 0;
  int infos = 0;

  template <typename Item>
  Status Get(const v1::GetRequest& request, const Item& (Resource::*item)() const, Item* out) {
    const std::lock_guard<std::mutex> lock(mutex);
    last_get = request;
    if (!failure.ok()) return failure;
    const auto found = resources.find(request.name());
    if (found == resources.end()) {
      return RefusedStatus(grpc::StatusCode::NOT_FOUND, "NOT_FOUND", request.name(), "",
                           "does not exist");
    }
    *out = (found->second.*item)();
    return Status::OK;
  }

  // The page token is the name to begin with.
  template <typename Response, typename Item>
  Status List(const v1::ListRequest& request, Kind kind, const Item& (Resource::*item)() const,
              Item* (Response::*add)(), Response* response) {
    const std::lock_guard<std::mutex> lock(mutex);
    last_list = request;
    if (!failure.ok()) return failure;
    const std::string prefix = request.parent() + "/";
    const bool all = request.parent().empty() || request.parent() == "customers/-";
    int sent = 0;
    for (const auto& [name, resource] : resources) {
      Kind found;
      if (!KindOfName(name, &found) || found != kind || name < request.page_token()) continue;
      const v1::Policy& policy = resource.policy();
      const bool of_policy = policy.service() == request.parent() ||
                             policy.headend() == request.parent() ||
                             policy.endpoint() == request.parent();
      if (!all && !name.starts_with(prefix) && !of_policy) continue;
      if (sent++ == page_size) {
        response->set_next_page_token(name);
        break;
      }
      *(response->*add)() = (resource.*item)();
    }
    return Status::OK;
  }
};

#define WAYMARK_FAKE_KIND(Type, Plural, item, items)                                        \
  Status Get##Type(ServerContext*, const v1::GetRequest* request, v1::Type* out) override { \
    return state_.Get(*request, &Resource::item, out);                                      \
  }                                                                                         \
  Status List##Plural(ServerContext*, const v1::ListRequest* request,                       \
                      v1::List##Plural##Response* out) override {                           \
    return state_.List(*request, Kind::k##Type, &Resource::item,                            \
                       &v1::List##Plural##Response::add_##items, out);                      \
  }

class FakeServer::Topology final : public v1::TopologyService::Service {
 public:
  explicit Topology(State& state) : state_(state) {}
  WAYMARK_FAKE_KIND(Node, Nodes, node, nodes)
  WAYMARK_FAKE_KIND(Link, Links, link, links)
  WAYMARK_FAKE_KIND(Srlg, Srlgs, srlg, srlgs)

 private:
  State& state_;
};

class FakeServer::Customers final : public v1::CustomerService::Service {
 public:
  explicit Customers(State& state) : state_(state) {}
  WAYMARK_FAKE_KIND(Customer, Customers, customer, customers)
  WAYMARK_FAKE_KIND(Site, Sites, site, sites)
  WAYMARK_FAKE_KIND(ClassMap, ClassMaps, class_map, class_maps)
  WAYMARK_FAKE_KIND(Service, Services, service, services)
  WAYMARK_FAKE_KIND(TrafficClass, TrafficClasses, traffic_class, traffic_classes)

 private:
  State& state_;
};

class FakeServer::Policies final : public v1::PolicyService::Service {
 public:
  explicit Policies(State& state) : state_(state) {}
  WAYMARK_FAKE_KIND(Policy, Policies, policy, policies)
  WAYMARK_FAKE_KIND(Agent, Agents, agent, agents)

  Status Trace(ServerContext*, const v1::TraceRequest* request, v1::TraceResponse* out) override {
    const std::lock_guard<std::mutex> lock(state_.mutex);
    state_.last_trace = *request;
    if (!state_.failure.ok()) return state_.failure;
    *out = state_.trace;
    return Status::OK;
  }

  Status ComputePath(ServerContext*, const v1::ComputePathRequest* request,
                     v1::ComputePathResponse* out) override {
    const std::lock_guard<std::mutex> lock(state_.mutex);
    state_.last_paths = *request;
    if (!state_.failure.ok()) return state_.failure;
    *out = state_.paths;
    return Status::OK;
  }

  Status ExplainService(ServerContext*, const v1::ExplainServiceRequest* request,
                        v1::ExplainServiceResponse* out) override {
    const std::lock_guard<std::mutex> lock(state_.mutex);
    state_.last_get.set_name(request->name());
    if (!state_.failure.ok()) return state_.failure;
    *out = state_.explanation;
    return Status::OK;
  }

  Status Reoptimize(ServerContext*, const v1::ReoptimizeRequest* request,
                    v1::ReoptimizeResponse* out) override {
    const std::lock_guard<std::mutex> lock(state_.mutex);
    state_.last_plan = *request;
    ++state_.plans;
    if (!state_.failure.ok()) return state_.failure;
    *out = state_.plan;
    if (request->apply()) {
      out->set_applied(true);
      out->set_revision(8);
    }
    return Status::OK;
  }

 private:
  State& state_;
};

#undef WAYMARK_FAKE_KIND

class FakeServer::Mesh final : public v1::MeshService::Service {
 public:
  explicit Mesh(State& state) : state_(state) {}

  Status GetMeshStatus(ServerContext*, const v1::GetMeshStatusRequest*,
                       v1::MeshStatus* out) override {
    const std::lock_guard<std::mutex> lock(state_.mutex);
    *out = state_.mesh.front();
    if (state_.mesh.size() > 1) state_.mesh.erase(state_.mesh.begin());
    return state_.failure;
  }

  Status OptimizeMesh(ServerContext*, const v1::OptimizeMeshRequest* request,
                      v1::OptimizeMeshResponse* out) override {
    const std::lock_guard<std::mutex> lock(state_.mutex);
    state_.mesh_requests.push_back("optimize " + request->ShortDebugString());
    const v1::MeshStatus& last = state_.mesh.back();
    out->set_run(last.has_under_way() ? last.under_way().run() : last.run());
    return state_.failure;
  }

  Status CancelMeshRun(ServerContext*, const v1::CancelMeshRunRequest* request,
                       v1::MeshStatus* out) override {
    const std::lock_guard<std::mutex> lock(state_.mutex);
    state_.mesh_requests.push_back("cancel " + request->ShortDebugString());
    *out = state_.mesh.front();
    return state_.failure;
  }

  Status SetMeasuredTraffic(ServerContext*, const v1::SetMeasuredTrafficRequest* request,
                            v1::MeasuredTraffic* out) override {
    const std::lock_guard<std::mutex> lock(state_.mutex);
    state_.mesh_requests.push_back("measured " + request->ShortDebugString());
    out->set_traffic_class(request->traffic_class());
    out->set_rates(request->rates_size());
    for (const v1::MeasuredRate& rate : request->rates()) out->set_bps(out->bps() + rate.bps());
    out->set_headroom(request->headroom());
    return state_.failure;
  }

  Status RemoveMeasuredTraffic(ServerContext*, const v1::RemoveMeasuredTrafficRequest* request,
                               v1::MeasuredTraffic* out) override {
    const std::lock_guard<std::mutex> lock(state_.mutex);
    state_.mesh_requests.push_back("forget " + request->ShortDebugString());
    out->set_traffic_class(request->traffic_class());
    return state_.failure;
  }

 private:
  State& state_;
};

class FakeServer::Programming final : public v1::ProgrammingService::Service {
 public:
  explicit Programming(State& state) : state_(state) {}

  Status GetProgramming(grpc::ServerContext*, const v1::GetProgrammingRequest*,
                        v1::Programming* out) override {
    const std::lock_guard<std::mutex> lock(state_.mutex);
    *out = state_.programming;
    return state_.failure;
  }
  Status Freeze(grpc::ServerContext*, const v1::FreezeRequest* request,
                v1::Programming* out) override {
    const std::lock_guard<std::mutex> lock(state_.mutex);
    state_.last_freeze = *request;
    state_.programming.set_frozen(true);
    state_.programming.set_reason(request->reason());
    *out = state_.programming;
    return state_.failure;
  }
  Status Unfreeze(grpc::ServerContext*, const v1::UnfreezeRequest*, v1::Programming*) override {
    const std::lock_guard<std::mutex> lock(state_.mutex);
    state_.programming.Clear();
    return state_.failure;
  }
  Status GetRollout(grpc::ServerContext*, const v1::GetRolloutRequest*, v1::Rollout* out) override {
    const std::lock_guard<std::mutex> lock(state_.mutex);
    *out = state_.rollout;
    return state_.failure;
  }
  Status PauseRollout(grpc::ServerContext*, const v1::PauseRolloutRequest* request,
                      v1::Rollout* out) override {
    return Stop(v1::ROLLOUT_PAUSED, request->reason(), out);
  }
  Status AbortRollout(grpc::ServerContext*, const v1::AbortRolloutRequest* request,
                      v1::Rollout* out) override {
    return Stop(v1::ROLLOUT_ABORTED, request->reason(), out);
  }
  Status ResumeRollout(grpc::ServerContext*, const v1::ResumeRolloutRequest*,
                       v1::Rollout* out) override {
    return Stop(v1::ROLLOUT_RUNNING, "", out);
  }
  Status TraceRevision(grpc::ServerContext*, const v1::TraceRevisionRequest* request,
                       v1::RevisionJourney* out) override {
    const std::lock_guard<std::mutex> lock(state_.mutex);
    state_.last_journey = request->revision();
    *out = state_.journey;
    return state_.failure;
  }

 private:
  Status Stop(v1::RolloutState state, const std::string& reason, v1::Rollout* out) {
    const std::lock_guard<std::mutex> lock(state_.mutex);
    state_.rollout.set_state(state);
    state_.rollout.set_reason(reason);
    *out = state_.rollout;
    return state_.failure;
  }

  State& state_;
};

class FakeServer::Guarantees final : public v1::GuaranteeService::Service {
 public:
  explicit Guarantees(State& state) : state_(state) {}

  Status ListMeshGuarantees(ServerContext*, const v1::ListMeshGuaranteesRequest* request,
                            v1::ListMeshGuaranteesResponse* out) override {
    const std::lock_guard<std::mutex> lock(state_.mutex);
    state_.mesh_requests.push_back("guarantees " + request->ShortDebugString());
    // A service a page.
    *out = state_.guarantees;
    const int all = out->guarantees_size();
    const int at = request->page_token().empty() ? 0 : std::stoi(request->page_token());
    if (at + 1 < all) out->set_next_page_token(std::to_string(at + 1));
    if (all == 0) return state_.failure;
    const v1::MeshGuarantee one = out->guarantees(at);
    out->clear_guarantees();
    *out->add_guarantees() = one;
    return state_.failure;
  }

 private:
  State& state_;
};

class FakeServer::Changes final : public v1::ChangeService::Service {
 public:
  Changes(State& state, FakeServer& server) : state_(state), server_(server) {}

  Status Apply(ServerContext*, const v1::ApplyRequest* request, v1::ApplyResponse* out) override {
    {
      const std::lock_guard<std::mutex> lock(state_.mutex);
      ++state_.applies;
      state_.last_apply = *request;
      if (!state_.failure.ok()) return state_.failure;
    }
    out->set_revision(7);
    const auto created = [&](const auto& items) {
      for (const auto& item : items) {
        auto* result = out->add_results();
        result->set_name(item.name());
        result->set_change(v1::CREATED);
      }
    };
    created(request->put().nodes());
    created(request->put().links());
    created(request->put().customers());
    created(request->put().services());
    for (const std::string& name : request->delete_()) {
      auto* result = out->add_results();
      result->set_name(name);
      result->set_change(v1::DELETED);
    }
    if (!request->validate_only()) server_.PutBundle(request->put());
    return Status::OK;
  }

  Status Watch(ServerContext* context, const v1::WatchRequest* request,
               grpc::ServerWriter<v1::WatchEvent>* writer) override {
    std::vector<v1::WatchEvent> events;
    {
      const std::lock_guard<std::mutex> lock(state_.mutex);
      state_.last_watch = *request;
      ++state_.watches;
      if (!state_.failure.ok()) return state_.failure;
      events = state_.events;
    }
    for (const auto& event : events) writer->Write(event);
    std::unique_lock<std::mutex> lock(state_.mutex);
    // A cancelled call does not wake the condition: it is looked at as often as this.
    while (!state_.stopping && !context->IsCancelled()) {
      state_.changed.wait_for(lock, std::chrono::milliseconds(20));
    }
    return Status::OK;
  }

  Status GetServerInfo(ServerContext*, const google::protobuf::Empty*,
                       v1::ServerInfo* out) override {
    const std::lock_guard<std::mutex> lock(state_.mutex);
    ++state_.infos;
    if (!state_.failure.ok()) return state_.failure;
    *out = state_.info;
    return Status::OK;
  }

  Status BackupStore(ServerContext*, const v1::BackupStoreRequest*,
                     v1::BackupStoreResponse* out) override {
    out->set_revision(7);
    out->set_bytes(4096);
    return Status::OK;
  }

 private:
  State& state_;
  FakeServer& server_;
};

FakeServer::FakeServer() : state_(std::make_unique<State>()) {
  services_.push_back(std::make_unique<Topology>(*state_));
  services_.push_back(std::make_unique<Customers>(*state_));
  services_.push_back(std::make_unique<Policies>(*state_));
  services_.push_back(std::make_unique<Mesh>(*state_));
  services_.push_back(std::make_unique<Programming>(*state_));
  services_.push_back(std::make_unique<Guarantees>(*state_));
  services_.push_back(std::make_unique<Changes>(*state_, *this));
  grpc::ServerBuilder builder;
  builder.AddListeningPort(address(), grpc::InsecureServerCredentials());
  for (const auto& service : services_) builder.RegisterService(service.get());
  server_ = builder.BuildAndStart();
}

FakeServer::~FakeServer() {
  {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->stopping = true;
  }
  state_->changed.notify_all();
  if (server_ != nullptr) server_->Shutdown();
}

void FakeServer::Put(const Resource& resource) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->resources[NameOf(resource)] = resource;
}

void FakeServer::PutBundle(const v1::Bundle& bundle) {
  Resource r;
  for (const auto& item : bundle.nodes()) *r.mutable_node() = item, Put(r);
  for (const auto& item : bundle.links()) *r.mutable_link() = item, Put(r);
  for (const auto& item : bundle.srlgs()) *r.mutable_srlg() = item, Put(r);
  for (const auto& item : bundle.customers()) *r.mutable_customer() = item, Put(r);
  for (const auto& item : bundle.sites()) *r.mutable_site() = item, Put(r);
  for (const auto& item : bundle.traffic_classes()) *r.mutable_traffic_class() = item, Put(r);
  for (const auto& item : bundle.class_maps()) *r.mutable_class_map() = item, Put(r);
  for (const auto& item : bundle.services()) *r.mutable_service() = item, Put(r);
}

void FakeServer::set_page_size(int size) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->page_size = size;
}

void FakeServer::FailWith(const Status& status) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->failure = status;
}

void FakeServer::set_trace(const v1::TraceResponse& response) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->trace = response;
}

void FakeServer::set_paths(const v1::ComputePathResponse& response) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->paths = response;
}

void FakeServer::set_explanation(const v1::ExplainServiceResponse& response) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->explanation = response;
}

void FakeServer::set_plan(const v1::ReoptimizeResponse& response) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->plan = response;
}

void FakeServer::set_mesh(std::vector<v1::MeshStatus> statuses) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->mesh = std::move(statuses);
}

void FakeServer::set_guarantees(const v1::ListMeshGuaranteesResponse& response) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->guarantees = response;
}

std::vector<std::string> FakeServer::mesh_requests() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->mesh_requests;
}

void FakeServer::set_events(std::vector<v1::WatchEvent> events) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->events = std::move(events);
}

void FakeServer::set_programming(const v1::Programming& programming) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->programming = programming;
}

void FakeServer::set_rollout(const v1::Rollout& rollout) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->rollout = rollout;
}

void FakeServer::set_journey(const v1::RevisionJourney& journey) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->journey = journey;
}

v1::FreezeRequest FakeServer::last_freeze() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->last_freeze;
}

int64_t FakeServer::last_journey() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->last_journey;
}

void FakeServer::set_info(const v1::ServerInfo& info) {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  state_->info = info;
}

v1::ApplyRequest FakeServer::last_apply() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->last_apply;
}

v1::TraceRequest FakeServer::last_trace() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->last_trace;
}

v1::ComputePathRequest FakeServer::last_paths() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->last_paths;
}

v1::ReoptimizeRequest FakeServer::last_plan() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->last_plan;
}

int FakeServer::plans() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->plans;
}

int FakeServer::watches() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->watches;
}

int FakeServer::infos() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->infos;
}

v1::WatchRequest FakeServer::last_watch() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->last_watch;
}

v1::GetRequest FakeServer::last_get() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->last_get;
}

v1::ListRequest FakeServer::last_list() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->last_list;
}

int FakeServer::applies() const {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  return state_->applies;
}

grpc::Status RefusedStatus(grpc::StatusCode code, const std::string& reason,
                           const std::string& resource, const std::string& field,
                           const std::string& description) {
  v1::ErrorInfo info;
  info.set_reason(reason);
  info.set_resource(resource);
  info.set_field(field);
  info.set_description(description);
  return grpc::Status(code, description, EncodeErrorInfo(code, description, info));
}

}  // namespace waymark::cli
