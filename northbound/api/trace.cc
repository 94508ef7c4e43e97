#include "northbound/api/trace.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "controller/base/srv6.h"
#include "northbound/api/errors.h"

namespace waymark {
namespace {

std::string IdOf(const std::string& name) { return name.substr(name.rfind('/') + 1); }

const v1::ServiceEndpoint* EndpointAt(const v1::Service& service, const std::string& site) {
  for (const v1::ServiceEndpoint& endpoint : service.endpoints()) {
    if (endpoint.site() == site) return &endpoint;
  }
  return nullptr;
}

absl::Status CheckMark(const v1::TraceRequest& request) {
  if (request.mark_case() == v1::TraceRequest::kDscp && request.dscp() > 63) {
    return InvalidField("", "dscp", absl::StrCat("is ", request.dscp(), ": give 0 to 63"));
  }
  if (request.mark_case() == v1::TraceRequest::kPcp && request.pcp() > 7) {
    return InvalidField("", "pcp", absl::StrCat("is ", request.pcp(), ": give 0 to 7"));
  }
  return absl::OkStatus();
}

bool CarriesTraffic(const v1::Path& path) {
  return path.state() != v1::DOWN && path.state() != v1::BLOCKED;
}

// Follows a path's uSIDs along its links.
class SidWalk {
 public:
  SidWalk(const Model& model, const v1::Path& path) : model_(model), path_(path) {}

  uint32_t Leave(const std::string& node, const v1::Link* link) {
    // A node's own uSID is used up on arrival.
    const auto* here = model_.Find<v1::Node>(node);
    if (here != nullptr && next_ < path_.sids_size() && path_.sids(next_) == here->node_sid()) {
      ++next_;
    }
    if (next_ >= path_.sids_size()) return 0;
    const uint32_t sid = path_.sids(next_);
    if (link != nullptr && sid == link->adjacency_sid()) ++next_;
    return sid;
  }

 private:
  const Model& model_;
  const v1::Path& path_;
  int next_ = 0;
};

v1::TracePath TraceOne(const Model& model, const v1::Path& path, double share_percent) {
  v1::TracePath traced;
  traced.set_share_percent(share_percent);
  traced.set_delay_ns(path.delay_ns());
  traced.set_state(path.state());
  SidWalk sids(model, path);
  int64_t delay_ns = 0;
  for (int i = 0; i < path.nodes_size(); ++i) {
    v1::TraceHop& hop = *traced.add_hops();
    hop.set_node(path.nodes(i));
    hop.set_delay_ns(delay_ns);
    if (const auto* node = model.Find<v1::Node>(path.nodes(i))) {
      hop.set_jurisdiction(node->jurisdiction());
      hop.set_provider(node->provider());
    }
    if (i >= path.links_size()) continue;
    hop.set_link(path.links(i));
    const auto* link = model.Find<v1::Link>(path.links(i));
    if (link != nullptr) {
      hop.set_interface(link->interface());
      hop.set_provider(link->provider());
      delay_ns += link->delay_ns();
    }
    hop.set_sid(sids.Leave(path.nodes(i), link));
  }
  return traced;
}

void SetStatus(v1::State state, const std::string& reason, v1::TraceResponse& reply) {
  reply.mutable_status()->set_state(state);
  reply.mutable_status()->set_reason(reason);
}

void AddWorking(const Model& model, const v1::Policy& policy, v1::TraceResponse& reply) {
  uint64_t total = 0;
  std::vector<const v1::Path*> alive;
  for (const v1::Path& path : policy.working()) {
    if (!CarriesTraffic(path)) continue;
    alive.push_back(&path);
    // A path of weight 0 would get no share; a single list often has none stated.
    total += std::max<uint32_t>(path.weight(), 1);
  }
  for (const v1::Path* path : alive) {
    const double share = 100.0 * std::max<uint32_t>(path->weight(), 1) / static_cast<double>(total);
    *reply.add_paths() = TraceOne(model, *path, share);
  }
}

void TracePolicy(const Model& model, const v1::Policy& policy, v1::TraceResponse& reply) {
  reply.set_binding_sid(policy.binding_sid());
  reply.set_on_protect(policy.on_protect());
  *reply.mutable_status() = policy.status();
  const bool placed = policy.status().state() != v1::BLOCKED && policy.status().state() != v1::DOWN;
  if (!placed) {
    if (reply.status().reason().empty()) {
      SetStatus(policy.status().state(), absl::StrCat(policy.name(), " carries no traffic"), reply);
    }
    return;
  }
  if (policy.on_protect()) {
    if (CarriesTraffic(policy.protect())) {
      *reply.add_paths() = TraceOne(model, policy.protect(), 100);
    }
  } else {
    AddWorking(model, policy, reply);
    if (policy.has_protect() && policy.protect().nodes_size() > 0) {
      *reply.mutable_protect() = TraceOne(model, policy.protect(), 100);
    }
  }
  if (reply.paths().empty()) {
    SetStatus(v1::DOWN,
              absl::StrCat("no path of ", policy.name(), " is alive: see its links' status"),
              reply);
  } else if (policy.status().state() == v1::PENDING && reply.status().reason().empty()) {
    SetStatus(v1::PENDING, "not every switch on the path has confirmed it yet", reply);
  }
}

// A frame needs the service at its two switches as well as the policy between them.
void AddServiceStatus(const NetworkView& view, const std::string& service,
                      v1::TraceResponse& reply) {
  const auto it = view.statuses.find(service);
  if (it == view.statuses.end() || reply.status().state() != v1::UP) return;
  const v1::State state = it->second->state();
  if (state == v1::PENDING || state == v1::DOWN || state == v1::BLOCKED) {
    *reply.mutable_status() = *it->second;
  }
}

// Both sites on one switch: nothing of it crosses the WAN.
void TraceLocal(const Model& model, const NetworkView& view, const std::string& service,
                const std::string& node, v1::TraceResponse& reply) {
  v1::State state = v1::PENDING;
  std::string reason = "stored; the switch has not confirmed it yet";
  if (const auto it = view.statuses.find(service); it != view.statuses.end()) {
    // The service is degraded or down for the sake of other pairs; this one needs only the switch.
    const bool confirmed = it->second->state() != v1::PENDING;
    state = confirmed ? v1::UP : v1::PENDING;
    if (confirmed) reason.clear();
  }
  v1::Path path;
  path.add_nodes(node);
  path.set_state(state);
  *reply.add_paths() = TraceOne(model, path, 100);
  SetStatus(state, reason, reply);
}

}  // namespace

ClassMatch MatchClass(const v1::ClassMap& map, const v1::TraceRequest& request) {
  for (const v1::ClassRule& rule : map.rules()) {
    const auto has = [](const auto& marks, uint32_t mark) {
      return std::find(marks.begin(), marks.end(), mark) != marks.end();
    };
    if (request.mark_case() == v1::TraceRequest::kDscp && has(rule.dscp(), request.dscp())) {
      return {rule.traffic_class(), absl::StrCat("dscp ", request.dscp())};
    }
    if (request.mark_case() == v1::TraceRequest::kPcp && has(rule.pcp(), request.pcp())) {
      return {rule.traffic_class(), absl::StrCat("pcp ", request.pcp())};
    }
  }
  return {map.default_class(), "default"};
}

std::string PolicyName(const std::string& headend, uint32_t color, const std::string& endpoint) {
  return absl::StrCat("policies/", IdOf(headend), ":", color, ":", IdOf(endpoint));
}

absl::StatusOr<v1::TraceResponse> Trace(const Model& model, const NetworkView& view,
                                        const v1::TraceRequest& request) {
  if (absl::Status s = CheckMark(request); !s.ok()) return s;
  const auto* service = model.Find<v1::Service>(request.service());
  if (service == nullptr) return ResourceNotFound(request.service());
  const v1::ServiceEndpoint* from = EndpointAt(*service, request.from_site());
  const v1::ServiceEndpoint* to = EndpointAt(*service, request.to_site());
  if (from == nullptr || to == nullptr) {
    const std::string& site = from == nullptr ? request.from_site() : request.to_site();
    return InvalidField(
        service->name(), from == nullptr ? "from_site" : "to_site",
        absl::StrCat(Quoted(site), " is no site of the service: see its endpoints"));
  }
  if (from == to) return InvalidField(service->name(), "to_site", "is from_site: name another one");

  // The committer keeps references whole: what a stored service names exists.
  const auto& map = *model.Find<v1::ClassMap>(service->class_map());
  const auto& from_node = model.Find<v1::Site>(from->site())->node();
  const auto& to_node = model.Find<v1::Site>(to->site())->node();
  const ClassMatch match = MatchClass(map, request);
  const auto& traffic_class = *model.Find<v1::TrafficClass>(match.traffic_class);

  v1::TraceResponse reply;
  reply.set_traffic_class(match.traffic_class);
  reply.set_matched(match.matched);
  reply.set_queue(traffic_class.queue());
  reply.set_outer_dscp(traffic_class.dscp());
  reply.set_treatment(traffic_class.treatment());
  reply.set_vni(service->vni());
  reply.set_revision(model.revision);
  if (from->role() == v1::LEAF && to->role() == v1::LEAF) {
    SetStatus(v1::DOWN, "both sites are leaves of an E_TREE: leaves reach roots only", reply);
    return reply;
  }
  if (from_node == to_node) {
    TraceLocal(model, view, service->name(), from_node, reply);
    return reply;
  }
  const uint32_t vni = traffic_class.treatment() == v1::PINNED ? service->vni() : 0;
  reply.set_policy(PolicyName(from_node, Color(vni, traffic_class.class_index()), to_node));
  const auto policy = view.policies.find(reply.policy());
  if (policy != view.policies.end()) {
    TracePolicy(model, *policy->second, reply);
    AddServiceStatus(view, service->name(), reply);
  } else {
    SetStatus(v1::PENDING,
              absl::StrCat("paths are computed as of revision ", view.computed_from,
                           " and this one is not among them yet (the store is at revision ",
                           model.revision, ")"),
              reply);
  }
  return reply;
}

}  // namespace waymark
