#include "controller/plan/policy_maker.h"

#include <utility>

#include "controller/base/object.h"
#include "controller/base/srv6.h"
#include "controller/plan/mesh_codec.h"
#include "controller/plan/placer.h"

namespace waymark {

using southbound::v1::PolicyObject;

std::string PolicyMaker::Name(const PolicyIdentity& identity) const {
  return PolicyName(snapshot_.node(identity.pair.first).name, identity.color,
                    snapshot_.node(identity.pair.second).name);
}

PlannedPolicy PolicyMaker::NewPolicy(const PolicyIdentity& identity, v1::Status status) const {
  PlannedPolicy policy;
  policy.status = std::move(status);
  policy.color = identity.color;
  policy.traffic_class = identity.traffic_class->name();
  policy.service = identity.service;
  policy.pair = identity.pair;
  policy.snapshot = kept_snapshot_;
  policy.headend_id = std::string(ResourceId(snapshot_.node(identity.pair.first).name));
  return policy;
}

PolicyObject PolicyMaker::NewObject(const PolicyIdentity& identity) const {
  PolicyObject object;
  object.set_color(identity.color);
  object.set_endpoint_sid(snapshot_.node(identity.pair.second).node_sid);
  object.set_dscp(identity.traffic_class->dscp());
  object.set_wait_to_restore_ms(options_.wait_to_restore_ms);
  return object;
}

MadePolicy PolicyMaker::Join(PlannedPolicy planned, PolicyObject policy_object) {
  MadePolicy made;
  *made.object.mutable_policy() = std::move(policy_object);
  planned.object_key = ObjectKey(made.object);
  made.planned = std::make_shared<const PlannedPolicy>(std::move(planned));
  return made;
}

MadePolicy PolicyMaker::Pinned(const PolicyIdentity& identity, const PlacedPolicy& placed) const {
  PlannedPolicy policy = NewPolicy(identity, placed.status);
  policy.reserved_bps = placed.reserved_bps;
  PolicyObject object = NewObject(identity);
  object.set_probe_interval_us(options_.pinned_probe_interval_us);
  if (!placed.working.empty()) {
    policy.working.push_back({placed.working, StrictSids(snapshot_, placed.working), 1});
    *object.add_working() =
        SegmentListMessage(snapshot_, placed.working, 1, policy.working.back().sids);
  }
  if (!placed.protect.empty()) {
    policy.protect = {placed.protect, StrictSids(snapshot_, placed.protect), 1};
    *object.mutable_protect() =
        SegmentListMessage(snapshot_, placed.protect, 1, policy.protect.sids);
  }
  return Join(std::move(policy), std::move(object));
}

// Shared: one policy a class and pair of edge nodes, however many services need it.
MadePolicy PolicyMaker::Mesh(const v1::TrafficClass& traffic_class, NodeId from,
                             const MeshHeadend& headend, size_t number) const {
  const PolicyIdentity identity = {
      "", &traffic_class, Color(0, traffic_class.class_index()), {from, headend.endpoints[number]}};
  v1::Status status;
  status.set_state(v1::PENDING);
  if (const auto why = headend.blocked.find(number); why != headend.blocked.end()) {
    SetRefusal(why->second, v1::BLOCKED, &status);
  }
  PlannedPolicy policy = NewPolicy(identity, std::move(status));
  PolicyObject object = NewObject(identity);
  object.set_probe_interval_us(options_.mesh_probe_interval_us);
  const MeshRoutes& routes = headend.routes;
  policy.working.reserve(routes.first_route(number + 1) - routes.first_route(number));
  for (size_t i = routes.first_route(number); i < routes.first_route(number + 1); ++i) {
    PlannedPath& path = policy.working.emplace_back();
    path.links = LinkIdsOf(routes.links(i));
    path.sids = MeshSids(shortest_, traffic_class, path.links);
    path.weight = static_cast<uint32_t>(routes.weight(i));
    *object.add_working() = SegmentListMessage(snapshot_, path.links, path.weight, path.sids);
  }
  return Join(std::move(policy), std::move(object));
}

v1::Policy PlannedPolicy::Message() const {
  const NodeInfo& endpoint = snapshot->node(pair.second);
  const std::string& headend = snapshot->node(pair.first).name;
  v1::Policy policy;
  policy.set_name(PolicyName(headend, color, endpoint.name));
  policy.set_headend(headend);
  policy.set_color(color);
  policy.set_endpoint(endpoint.name);
  policy.set_traffic_class(traffic_class);
  policy.set_service(service);
  policy.set_reserved_bps(reserved_bps);
  policy.set_binding_sid(ToString(BindingSid(endpoint.node_sid, color)));
  for (const PlannedPath& path : working) {
    *policy.add_working() = PathMessage(*snapshot, path.links, path.weight, path.sids);
  }
  if (!protect.links.empty()) {
    *policy.mutable_protect() = PathMessage(*snapshot, protect.links, protect.weight, protect.sids);
  }
  *policy.mutable_status() = status;
  return policy;
}

}  // namespace waymark
