#include "controller/plan/service_objects.h"

#include <map>
#include <set>

namespace waymark {
namespace {

using southbound::v1::AttachmentObject;
using southbound::v1::Object;

southbound::v1::InstanceType InstanceTypeOf(v1::ServiceType type) {
  switch (type) {
    case v1::E_LINE:
      return southbound::v1::INSTANCE_E_LINE;
    case v1::E_TREE:
      return southbound::v1::INSTANCE_E_TREE;
    default:
      return southbound::v1::INSTANCE_E_LAN;
  }
}

// What every attachment of the service says alike.
AttachmentObject CommonAttachment(const ResolvedService& service) {
  AttachmentObject common;
  common.set_vni(service.service->vni());
  std::map<uint32_t, uint32_t> dscp, pcp;
  for (const v1::ClassRule& rule : service.class_map->rules()) {
    const uint32_t color = service.ColorOf(*service.classes.at(rule.traffic_class()));
    for (const uint32_t mark : rule.dscp()) dscp.emplace(mark, color);
    for (const uint32_t mark : rule.pcp()) pcp.emplace(mark, color);
  }
  for (const auto& [mark, color] : dscp) {
    southbound::v1::ClassEntry* entry = common.add_classes();
    entry->set_dscp(mark);
    entry->set_color(color);
  }
  for (const auto& [mark, color] : pcp) {
    southbound::v1::ClassEntry* entry = common.add_classes();
    entry->set_pcp(mark);
    entry->set_color(color);
  }
  common.set_default_color(
      service.ColorOf(*service.classes.at(service.class_map->default_class())));
  return common;
}

}  // namespace

std::vector<std::pair<std::string, Object>> ServiceObjects(const Snapshot& snapshot,
                                                           const ResolvedService& service) {
  std::map<NodeId, std::set<uint32_t>> remotes;
  for (const ResolvedEndpoint& endpoint : service.endpoints) remotes[endpoint.node];
  // Leaves have no pair with leaves, so they do not flood to each other either.
  for (const auto& [pair, count] : service.node_pairs) {
    remotes[pair.first].insert(snapshot.node(pair.second).node_sid);
  }
  std::map<std::pair<std::string, std::string>, Object> ordered;
  const auto add = [&](NodeId node, Object object) {
    std::string id(ResourceId(snapshot.node(node).name));
    std::string key = ObjectKey(object);
    ordered.emplace(std::pair(std::move(id), std::move(key)), std::move(object));
  };
  for (const auto& [node, sids] : remotes) {
    Object instance;
    instance.mutable_instance()->set_vni(service.service->vni());
    instance.mutable_instance()->set_type(InstanceTypeOf(service.service->type()));
    for (const uint32_t sid : sids) instance.mutable_instance()->add_remote_sids(sid);
    add(node, std::move(instance));
  }
  const AttachmentObject common = CommonAttachment(service);
  for (const ResolvedEndpoint& endpoint : service.endpoints) {
    Object attachment;
    *attachment.mutable_attachment() = common;
    attachment.mutable_attachment()->set_interface(endpoint.interface);
    attachment.mutable_attachment()->set_vlan(endpoint.vlan);
    attachment.mutable_attachment()->set_leaf(endpoint.leaf);
    add(endpoint.node, std::move(attachment));
  }
  std::vector<std::pair<std::string, Object>> objects;
  for (auto& [key, object] : ordered) objects.emplace_back(key.first, std::move(object));
  return objects;
}

}  // namespace waymark
