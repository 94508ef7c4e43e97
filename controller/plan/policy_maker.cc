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

v1::Policy PolicyMaker::NewPolicy(const PolicyIdentity& identity, const v1::Status& status) const {
  const NodeInfo& endpoint = snapshot_.node(identity.pair.second);
  v1::Policy policy;
  policy.set_name(Name(identity));
  policy.set_headend(snapshot_.node(identity.pair.first).name);
  policy.set_color(identity.color);
  policy.set_endpoint(endpoint.name);
  policy.set_traffic_class(identity.traffic_class->name());
  policy.set_binding_sid(ToString(BindingSid(endpoint.node_sid, identity.color)));
  *policy.mutable_status() = status;
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

MadePolicy PolicyMaker::Join(const PolicyIdentity& identity, v1::Policy policy,
                             PolicyObject policy_object) const {
  MadePolicy made;
  *made.object.mutable_policy() = std::move(policy_object);
  PlannedPolicy planned;
  planned.headend_id = std::string(ResourceId(snapshot_.node(identity.pair.first).name));
  planned.object_key = ObjectKey(made.object);
  planned.pair = identity.pair;
  planned.policy = std::move(policy);
  made.planned = std::make_shared<const PlannedPolicy>(std::move(planned));
  return made;
}

MadePolicy PolicyMaker::Pinned(const PolicyIdentity& identity, const PlacedPolicy& placed) const {
  v1::Policy policy = NewPolicy(identity, placed.status);
  policy.set_service(identity.service);
  policy.set_reserved_bps(placed.reserved_bps);
  PolicyObject object = NewObject(identity);
  object.set_probe_interval_us(options_.pinned_probe_interval_us);
  if (!placed.working.empty()) {
    const Sids sids = StrictSids(snapshot_, placed.working);
    *policy.add_working() = PathMessage(snapshot_, placed.working, 1, sids);
    *object.add_working() = SegmentListMessage(snapshot_, placed.working, 1, sids);
  }
  if (!placed.protect.empty()) {
    const Sids sids = StrictSids(snapshot_, placed.protect);
    *policy.mutable_protect() = PathMessage(snapshot_, placed.protect, 1, sids);
    *object.mutable_protect() = SegmentListMessage(snapshot_, placed.protect, 1, sids);
  }
  return Join(identity, std::move(policy), std::move(object));
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
  v1::Policy policy = NewPolicy(identity, status);
  PolicyObject object = NewObject(identity);
  object.set_probe_interval_us(options_.mesh_probe_interval_us);
  const MeshRoutes& routes = headend.routes;
  for (size_t i = routes.first_route(number); i < routes.first_route(number + 1); ++i) {
    const std::vector<LinkId> links = LinkIdsOf(routes.links(i));
    const uint32_t weight = static_cast<uint32_t>(routes.weight(i));
    const Sids sids = MeshSids(shortest_, traffic_class, links);
    *policy.add_working() = PathMessage(snapshot_, links, weight, sids);
    *object.add_working() = SegmentListMessage(snapshot_, links, weight, sids);
  }
  return Join(identity, std::move(policy), std::move(object));
}

}  // namespace waymark
